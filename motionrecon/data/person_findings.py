"""The records of the check of a person: its limits, and what it finds."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class PersonCheckOptions:
    """Limits.

    Attributes:
      least_height, most_height: m, of a person whose height is not given.
      height: share by which the body may differ from a height that is given.
      alike: share by which left and right limbs may differ.
      constant: share of its median by which a bone may vary (10th to 90th percentile)...
      steady: s, ...of its median over so long, so that noise is no change.
      straight: way from shoulders over hips to knees, over the straight way, when stretched.
      headstand: share of frames with shoulders under hips under ankles.
      lying: share of frames without an upright trunk, of a person who...
      travels: m, ...moves so far all the same.
      mirrored: mean sine of the angle by which the hips' line is turned against the feet's direction.
      level: m, between the heights on which feet stand; less than the lowest stairs have.
      tiptoe: m, more where only ankles are known, which rise on tiptoe.
      flips: share of steps from frame to frame in which the hips' or shoulders' line turns about.
      fastest: steps a second; sprinters make five.
      slowest: m s, length of a step over steps a second; walkers have 0.4, in slow motion its factor more.
      climbs: share of those heights' spread that a plane explains on a slope.
    """

    least_height: float = 0.9
    most_height: float = 2.3
    height: float = 0.25
    alike: float = 0.25
    constant: float = 0.3
    steady: float = 0.5
    straight: float = 1.6
    headstand: float = 0.8
    lying: float = 0.95
    travels: float = 1.0
    mirrored: float = 0.5
    level: float = 0.15
    tiptoe: float = 0.08
    flips: float = 0.05
    fastest: float = 6.0
    slowest: float = 1.2
    climbs: float = 0.7


@dataclasses.dataclass(frozen=True)
class Finding:
    """One check.

    Attributes:
      check: its name, in words.
      value: what was measured, in ``unit``.
      limit: what it is measured against, in words.
      passed: False where it fails.
      sentence: what was found, and where it fails what to do about it.
      fatal: whether a failure makes the input no person on level ground; otherwise it is a warning.
    """

    check: str
    value: float
    limit: str
    passed: bool
    sentence: str
    fatal: bool = True
