"""A picture of one clip of a data set: the person in space over the floor, and in the image of the clip's camera."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from motionrecon.geometry import camera as cameras
from motionrecon.jobs.atomic_file import replaced
from motionrecon.types import Camera, Observation

_BONES = (
    ("pelvis", "chest"), ("chest", "neck"), ("pelvis", "neck"), ("neck", "head"), ("head", "head_top"),
    ("neck", "head_top"), ("left_shoulder", "right_shoulder"), ("left_hip", "right_hip"), ("nose", "left_eye"),
    ("nose", "right_eye"),
    *((f"{s}_{a}", f"{s}_{b}") for s in ("left", "right") for a, b in (
        ("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee"), ("knee", "ankle"), ("ankle", "ball"),
        ("ankle", "toe"), ("shoulder", "hip"), ("eye", "ear"))),
)  # fmt: skip
_LEFT, _RIGHT, _MIDDLE = "#1f6fb2", "#c0392b", "#444444"
_STAGES = 4  # times at which the person is drawn in space


def draw(
    path: Path,
    title: str,
    names: tuple[str, ...],
    positions: np.ndarray,
    camera: Camera | None,
    image: Observation | None,
) -> None:
    """Write the picture.

    Args:
      path: PNG file.
      title: above it.
      names: K keypoint names.
      positions: (T, K, 3) m, NaN where unknown; world, floor z = 0.
      camera: of the image, or None.
      image: the data set's own 2D keypoints of the same frames, or None.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure = plt.figure(figsize=(12.0, 5.2))
    space = figure.add_subplot(1, 2, 1, projection="3d")
    frames = np.linspace(0, len(positions) - 1, _STAGES).astype(int)
    _draw_space(space, names, positions, frames)
    plane = figure.add_subplot(1, 2, 2)
    frame = int(frames[len(frames) // 2])
    _draw_image(plane, names, positions[frame], camera, image, frame)
    figure.suptitle(title, fontsize=11)
    figure.tight_layout()
    with replaced(path) as temporary:
        figure.savefig(temporary, dpi=110, format="png")
    plt.close(figure)


def _bones(names: tuple[str, ...]) -> list[tuple[int, int, str]]:
    found = [(names.index(a), names.index(b), a) for a, b in _BONES if a in names and b in names]
    return [
        (i, j, _LEFT if a.startswith("left") else _RIGHT if a.startswith("right") else _MIDDLE) for i, j, a in found
    ]


def _draw_space(axes, names, positions, frames) -> None:
    for frame in frames:
        for i, j, color in _bones(names):
            x, y, z = positions[frame, [i, j]].T
            axes.plot(x, y, z, color=color, linewidth=1.6)
    shown = positions[frames].reshape(-1, 3)
    shown = shown[np.isfinite(shown).all(axis=1)]
    middle = 0.5 * (shown.min(0) + shown.max(0))
    reach = max(float((shown.max(0) - shown.min(0)).max()) * 0.5 + 0.2, 1.0)
    grid = np.arange(-reach, reach + 0.25, 0.5)
    for step in grid:
        axes.plot([middle[0] + step] * 2, middle[1] + np.array([-reach, reach]), [0, 0], color="#cccccc", linewidth=0.6)
        axes.plot(middle[0] + np.array([-reach, reach]), [middle[1] + step] * 2, [0, 0], color="#cccccc", linewidth=0.6)
    axes.set_xlim(middle[0] - reach, middle[0] + reach)
    axes.set_ylim(middle[1] - reach, middle[1] + reach)
    axes.set_zlim(0, 2 * reach)
    axes.set_box_aspect((1, 1, 1))
    axes.view_init(elev=12, azim=-60)
    axes.set(xlabel="x [m]", ylabel="y [m]", zlabel="z [m]", title=f"frames {', '.join(str(f) for f in frames)}")


def _draw_image(axes, names, points, camera, image, frame) -> None:
    if camera is None:
        axes.axis("off")
        axes.text(0.5, 0.5, "no camera", ha="center", va="center")
        return
    pixels = cameras.project_clip(camera, np.nan_to_num(points))
    known = np.isfinite(points).all(axis=-1)
    for i, j, color in _bones(names):
        if known[i] and known[j]:
            axes.plot(*pixels[[i, j]].T, color=color, linewidth=1.8)
    if image is not None:
        seen = np.asarray(image.confidence)[frame] > 0
        axes.plot(
            *np.asarray(image.keypoints2d)[frame][seen].T, "o", color="#e0a800", markersize=4, label="the data set's 2D"
        )
        axes.legend(frameon=False, fontsize=8)
    width, height = camera.size
    axes.set(xlim=(0, width), ylim=(height, 0), aspect="equal", xlabel="px", title=f"image, frame {frame}")
