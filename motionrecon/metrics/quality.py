"""The gate after the fit: whether a result is what it claims to be, as checks with value, limit and words.

Every check asks something that a wrong result betrays and a right one does not: a window that fell, a body far from
what was observed, forces that do not carry it, points that nobody saw. A check that cannot be made is left out, unless
its limit was asked for. docs/quality.md has the limits and what recordings score.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from motionrecon.errors import ConfigError
from motionrecon.metrics import catalog, quality_measures
from motionrecon.types import FitResult


@dataclasses.dataclass(frozen=True)
class Kind:
    """What a check asks.

    Attributes:
      key: its name, in metrics.json and for ``--require``.
      limit: where none is asked for; None: the check is made only where one is.
      side: "most" or "least": on which side of the limit a value passes.
      words: a sentence with a place for the value.
      unit: of value and limit, as it stands behind the number.
    """

    key: str
    limit: float | None
    side: Literal["most", "least"]
    words: str
    unit: str


_ALL = (
    Kind("windows", 0.0, "most", "{:.0f} windows failed", ""),
    Kind("error", 80.0, "most", "the body is {:.1f} mm from the observed points", " mm"),
    Kind("error_over_start", 25.0, "most", "it is {:.1f} mm further from them than its start without forces", " mm"),
    Kind("pixels", 8.0, "most", "it is {:.1f} % of its height in the picture from the observed points", " %"),
    Kind("pixels_over_start", 4.0, "most", "it is {:.1f} % of its height further from them than its start", " %"),
    Kind("fallen", 1.0, "most", "{:.1f} % of frames are over 300 mm from the observed points", " %"),
    Kind("force", 0.2, "most", "the mean vertical force is {:.2f} body weights from what carries the body", ""),
    Kind("flight", 10.0, "most", "in {:.1f} % of frames feet are planted and carry nothing", " %"),
    Kind("frames_seen", 50.0, "least", "half of the points or more are observed in {:.0f} % of frames", " %"),
    Kind("points_seen", 50.0, "least", "{:.0f} % of the named points are observed", " %"),
    Kind("skate", 30.0, "most", "planted feet slide in {:.1f} % of frames", " %"),
    Kind("penetration", 20.0, "most", "the deepest point is {:.1f} mm under the ground", " mm"),
)  # fmt: skip
KINDS = {kind.key: kind for kind in _ALL}
_ROW = {"skate": "foot_skate_percent", "penetration": "penetration_mm"}


@dataclasses.dataclass(frozen=True)
class Check:
    """One check of a result; ``name``, ``value``, ``limit``, ``side`` and ``unit`` as in ``Kind``, ``words`` a phrase.

    ``value`` is None where the check was asked for and cannot be made; it fails then.
    """

    name: str
    value: float | None
    limit: float
    side: str
    unit: str
    passed: bool
    words: str


@dataclasses.dataclass(frozen=True)
class Quality:
    """All checks of a result; it passes where all of them do."""

    checks: tuple[Check, ...]

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that fail."""
        return tuple(check for check in self.checks if not check.passed)

    @property
    def sentence(self) -> str:
        """One line: how many checks were passed, or what failed."""
        if not self.failed:
            return f"Quality: passed {len(self.checks)} checks"
        found = "; ".join(check.words for check in self.failed)
        return f"Quality: FAILED {len(self.failed)} of {len(self.checks)} checks: {found}"

    def record(self) -> dict[str, Any]:
        """Return it for metrics.json: plain values."""
        checks = [dataclasses.asdict(check) for check in self.checks]
        return {"passed": not self.failed, "sentence": self.sentence, "checks": checks}


def required(limits: Iterable[str]) -> dict[str, float]:
    """Return limits by name from texts such as "skate=3".

    Raises:
      ConfigError: not of that form, or neither a check nor a metric of one method.
    """
    found = {}
    for text in limits:
        name, _, number = text.partition("=")
        name = name.strip()
        if name not in KINDS and name not in catalog.METHOD_KEYS:
            known = ", ".join(KINDS)
            raise ConfigError(
                f'output.require "{name}": no check of that name; give some of {known}, or a metric\'s key'
            )
        try:
            found[name] = float(number)
        except ValueError:
            raise ConfigError(f'output.require "{text}": give a name and a number, such as skate=3') from None
    return found


def judge(result: FitResult, row: Mapping[str, float | None]) -> Quality:
    """Check a result; limits that its configuration requires replace the usual ones.

    Args:
      result: of a fit.
      row: the physics' measures by key of ``catalog.METHOD_KEYS``.

    Returns:
      Its checks, in the order of ``KINDS``, then metrics that were asked for.
    """
    asked = required((result.config.get("output") or {}).get("require") or ())
    values = quality_measures.measures(result) | {name: row.get(key) for name, key in _ROW.items()}
    checks = []
    for kind in (*KINDS.values(), *(_of_metric(name) for name in asked if name not in KINDS)):
        value = values[kind.key] if kind.key in KINDS else row.get(kind.key)
        limit = asked.get(kind.key, _limit(kind, values))
        if limit is not None and (value is not None or kind.key in asked):
            checks.append(_check(kind, value, float(limit)))
    return Quality(tuple(checks))


def _limit(kind: Kind, values: Mapping[str, float | None]) -> float | None:
    """Return the usual limit; what is added to a start is judged by how far off the start is, too."""
    if kind.key == "error_over_start":
        return max(kind.limit or 0.0, values["start_error"] or 0.0)
    if kind.key == "force":
        return (kind.limit or 0.0) + (values["force_doubt"] or 0.0)
    return kind.limit


def _of_metric(key: str) -> Kind:
    metric = catalog.METRICS[key]
    return Kind(key, None, "most", f"{metric.label} is {{:.{metric.digits}f}}", f" {metric.unit}".rstrip())


def _check(kind: Kind, value: float | None, limit: float) -> Check:
    about = (kind.key, value, limit, kind.side, kind.unit)
    if value is None:
        return Check(*about, False, f"{kind.key} was required and cannot be measured here")
    passed = value <= limit if kind.side == "most" else value >= limit
    return Check(*about, passed, f"{kind.words.format(value)} (at {kind.side} {limit:.3g}{kind.unit})")
