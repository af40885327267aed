"""Every measure of a fit once: its key in files, its label, unit, digits and meaning.

The table on the terminal, the report, the tables of `motionrecon eval` and docs/metrics.md take them from here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable


@dataclasses.dataclass(frozen=True)
class Metric:
    """One measure; lower is better unless ``meaning`` says otherwise.

    Attributes:
      key: in metrics.json and in the rows of evaluations.
      label: as it stands inside a sentence.
      unit: "" for a plain number.
      digits: decimals that are printed.
      meaning: one phrase.
      group: "position", "frames", "smoothness", "ground", "baseline" or "cost".
      short: heading of a narrow column; empty: the label.
      timed: seconds of a machine, which no second run repeats.
    """

    key: str
    label: str
    unit: str
    digits: int
    meaning: str
    group: str
    short: str = ""
    timed: bool = False

    @property
    def title(self) -> str:
        """The label at the head of a row."""
        return self.label[0].upper() + self.label[1:]

    @property
    def heading(self) -> str:
        """The heading of a column."""
        return self.short or self.title

    def shown(self, value: float | None) -> str:
        """Return a value with the metric's digits, or a dash where it is unknown."""
        return "-" if value is None else f"{value:.{self.digits}f}"


def _all() -> Iterable[Metric]:
    mm, frame = "mm", "frames"
    for key, label, digits, meaning, short in (
        ("mpjpe_g_mm", "MPJPE-G", 1, "mean joint error in the world, nothing aligned", ""),
        ("mpjpe_wa_mm", "WA", 1, "MPJPE after one heading and one shift for the whole clip", ""),
        ("mpjpe_mm", "MPJPE", 1, "MPJPE with each frame moved so that the roots (pelvis, else middle of the hips) "
         "coincide", ""),
        ("mpjpe_pa_mm", "MPJPE-PA", 1, "MPJPE with each frame rotated, moved and scaled (Procrustes)", ""),
        ("w_mpjpe_100_mm", "W-MPJPE-100", 1, "chunks of 100 frames after the similarity of their first two (WHAM)",
         "W-100"),
        ("wa_mpjpe_100_mm", "WA-MPJPE-100", 1, "chunks of 100 frames after the similarity of all of them (WHAM)",
         "WA-100"),
    ):  # fmt: skip
        yield Metric(key, label, mm, digits, meaning, "position", short)
    yield Metric(
        "rte_percent", "root translation error", "%", 2,
        "root distance after one rigid alignment, over the length of the path (none below 0.5 m)", "position", "RTE %",
    )  # fmt: skip
    yield Metric(
        "mpjpe_2d_px", "reprojection", "px", 1,
        "mean distance in the image from the observed points (`eval`: from the projected truth)", "position",
        "MPJPE-2d",
    )  # fmt: skip
    for key, label, meaning, short in (
        ("mpjpe_g_p95_mm", "95th percentile of frames", "of the frames' mean errors, nothing aligned", "p95"),
        ("mpjpe_g_max_mm", "worst frame", "largest of the frames' mean errors, nothing aligned", "Max"),
        ("mpjpe_g_first_third_mm", "first third", "MPJPE-G of the clip's first third: drift shows beside the last",
         "1st third"),
        ("mpjpe_g_middle_third_mm", "middle third", "of its middle third", "2nd third"),
        ("mpjpe_g_last_third_mm", "last third", "of its last third", "3rd third"),
    ):  # fmt: skip
        yield Metric(key, label, mm, 1, meaning, frame, short)
    yield Metric(
        "fallen_percent", "fallen", "% of frames", 1, "share of frames whose mean error is over 300 mm: a fall", frame,
        "Fallen %",
    )  # fmt: skip
    yield Metric(
        "accel_error_m_per_s2", "acceleration error", "m/s²", 2, "mean error of joint accelerations, in the world",
        "smoothness", "Accel err",
    )  # fmt: skip
    yield Metric(
        "tv_m_per_frame2", "TV", "m/frame²", 3,
        "change of joint acceleration from frame to frame, mean over frames, summed over joints", "smoothness",
    )  # fmt: skip
    yield Metric("tv_m_per_s2", "TV in seconds", "m/s²", 1, "the same times the square of the rate", "smoothness")
    yield Metric("jitter_m_per_s3", "jitter", "m/s³", 1, "mean jerk", "smoothness")
    for key, label, unit, digits, meaning, short in (
        ("foot_skate_percent", "foot skate", "% of frames", 1,
         "a foot that is planted in the reference moves faster than 0.5 m/s (2 cm at 25 Hz)", "Foot skate"),
        ("foot_sliding_mm", "foot sliding", "mm per 1/30 s", 2, "how far planted feet move", "Sliding"),
        ("penetration_mm", "penetration", mm, 1, "deepest contact point below the ground, mean over frames", "Penetr."),
        ("float_mm", "float", mm, 1, "lowest contact point above the ground while a foot is planted", "Float"),
    ):  # fmt: skip
        yield Metric(key, label, unit, digits, meaning, "ground", short)
    yield Metric(
        "gain_percent", "gain over the best filter", "%", 0,
        "how much closer to the truth than the better of the two best filters; higher is better", "baseline", "Gain %",
    )  # fmt: skip
    yield Metric("filter_width_frames", "width of the filter", frame, 1, "of the Gaussian", "baseline", "Width")
    for key, label, meaning, short in (
        ("frames", "frames", "frames of the clip", ""),
        ("evaluations", "evaluations", "loss evaluations of the whole clip", "Evals"),
        ("steps", "steps", "accepted steps of the whole clip", ""),
        ("windows", "windows", "windows of the clip", ""),
        ("windows_plain", "plain windows", "windows kept from single shooting", "Plain"),
        ("windows_shooting", "multiple-shooting windows", "windows kept from multiple shooting", "Shooting"),
        ("windows_ladder", "ladder windows", "windows kept from the support-wrench ladder", "Ladder"),
        ("failed_windows", "failed windows", "windows that diverged or were not finite", "Failed"),
    ):
        yield Metric(key, label, "", 0, meaning, "cost", short)
    yield Metric("loss", "loss", "", 3, "mean last loss of the windows", "cost")
    for key, label, unit, digits, meaning, short in (
        ("seconds", "seconds", "s", 1, "seconds of search, without compiling (kinematic: of the start)", ""),
        ("compile_seconds", "compiling", "s", 1, "seconds of compiling", "Compile s"),
        ("realtime", "motion per second", "s/s", 2, "seconds of motion per second of search; higher is better",
         "s motion / s"),
        ("peak_mb", "peak memory", "MB", 0, "most memory the worker has held", "Peak MB"),
    ):  # fmt: skip
        yield Metric(key, label, unit, digits, meaning, "cost", short, timed=True)


METRICS: dict[str, Metric] = {metric.key: metric for metric in _all()}
METHOD_KEYS = tuple(m.key for m in METRICS.values() if m.group in ("position", "frames", "smoothness", "ground"))


def of(keys: Iterable[str]) -> tuple[Metric, ...]:
    """Return metrics by key, in the order asked for."""
    return tuple(METRICS[key] for key in keys)


def documentation() -> str:
    """Return the catalog as the Markdown table of docs/metrics.md."""
    lines = ["| key | label | unit | meaning |", "|---|---|---|---|"]
    lines += [f"| `{m.key}` | {m.title} | {m.unit} | {m.meaning} |" for m in METRICS.values()]
    return "\n".join(lines)
