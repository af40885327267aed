"""The options of a training run as one record: everything its outcome depends on.

Two runs of equal recipes give equal weights. Time limits, worker counts and folders are not part of it.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any, Literal

from motionrecon import option_records
from motionrecon.errors import ConfigError

EstimatorName = Literal["pes", "nres", "bptt"]
ESTIMATORS = ("pes", "nres", "bptt")
VARIANTS = ("plain", "offset", "rotated", "augmented")


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ConfigError(message)


@dataclasses.dataclass(frozen=True)
class Stage:
    """A stretch of training with one estimator; its Adam begins anew, from the best weights so far.

    Attributes:
      estimator: of the meta-gradient.
      meta_steps: updates of the weights.
      horizon: inner steps of an episode (unroll length).
      truncation: inner steps of a meta-step, a divisor of ``horizon``; BPTT ignores it.
      std: standard deviation of the perturbations (PES, NRES).
      delta_clip: bound of the difference of a pair's meta-losses; 0: none (PES, NRES).
      problem_clip: bound of the norm of each problem's gradient; 0: none (BPTT).
      reach: inner steps that back-propagation goes back, a divisor of ``horizon``; 0: the whole episode (BPTT).
      late: step t of n counts as (t / n)^late in the meta-loss; 0: all alike (BPTT).
      learning_rate: Adam's, at its highest.
      schedule: constant, or cosine to zero over ``meta_steps``.
      clip: bound of the meta-gradient's global norm.
      meta_loss: "ratio" f / f_0 (the paper's sum of losses) or "log_ratio", see `meta_loss`.
      floor: added to the ratio under the logarithm: decades below it count little (log_ratio).
    """

    estimator: EstimatorName
    meta_steps: int
    horizon: int
    truncation: int = 5
    std: float = 0.01
    delta_clip: float = 0.0
    problem_clip: float = 0.0
    reach: int = 0
    late: float = 0.0
    learning_rate: float = 5e-4
    schedule: Literal["constant", "cosine"] = "constant"
    clip: float = 3.0
    meta_loss: Literal["ratio", "log_ratio"] = "log_ratio"
    floor: float = 1e-8

    def __post_init__(self):
        """Check the ranges."""
        _require(self.estimator in ESTIMATORS, f"estimator {self.estimator!r}: choose from {', '.join(ESTIMATORS)}")
        _require(self.meta_steps >= 1, f"meta-steps {self.meta_steps}: give 1 or more")
        _require(self.horizon >= 1, f"horizon {self.horizon}: give 1 inner step or more")
        _require(
            self.estimator == "bptt" or (self.truncation >= 1 and self.horizon % self.truncation == 0),
            f"truncation {self.truncation}: give a divisor of the horizon {self.horizon}",
        )
        _require(
            self.reach == 0 or (self.reach > 0 and self.horizon % self.reach == 0),
            f"reach {self.reach}: give a divisor of the horizon {self.horizon}",
        )
        _require(0 <= self.late < math.inf, f"late {self.late:g}: give 0 or more")
        for name in ("std", "learning_rate", "clip", "floor"):
            value = getattr(self, name)
            _require(0 < value < math.inf, f"{name.replace('_', '-')} {value:g}: give a number above 0")


@dataclasses.dataclass(frozen=True)
class Validation:
    """How weights are compared: fixed held-out problems, the mean decades by which the loss falls.

    Attributes:
      dimensions: of the problems; others than those trained on.
      steps: iterations of the optimizer.
      replicas: starts of each function.
      every: meta-steps between validations; each stage ends with one.
    """

    dimensions: tuple[int, ...] = (30, 50)
    steps: int = 100
    replicas: int = 2
    every: int = 100

    def __post_init__(self):
        """Check the ranges."""
        for name in ("steps", "replicas", "every"):
            _require(getattr(self, name) >= 1, f"validation {name} {getattr(self, name)}: give 1 or more")
        _require(bool(self.dimensions), "validation dimensions: give at least one")


@dataclasses.dataclass(frozen=True)
class Recipe:
    """Everything the weights of a training run depend on.

    Attributes:
      rule: name of the update rule in `models.learned.catalog`.
      tasks: family of inner problems: "classical" (the 15 functions), "rosenbrock", "physics".
      stages: one after the other.
      seed: of everything random.
      dimensions: of the inner problems; one is drawn for every meta-step.
      variants: what is done to each function: "plain", "offset", "rotated" (offset too), "augmented" (both too).
      replicas: problems of each function and variant in a batch.
      quadratics: problems of random-spectrum quadratics besides.
      shards: batches of a meta-step, each with its own perturbations; what workers divide between them.
      validation: how weights are compared.
    """

    rule: str
    stages: tuple[Stage, ...]
    tasks: Literal["classical", "rosenbrock", "physics"] = "classical"
    seed: int = 0
    dimensions: tuple[int, ...] = (4, 12, 32)
    variants: tuple[str, ...] = ("offset",)
    replicas: int = 1
    quadratics: int = 0
    shards: int = 1
    validation: Validation = Validation()

    def __post_init__(self):
        """Check the ranges."""
        _require(bool(self.stages), "stages: give at least one")
        _require(0 <= self.seed < 2**31, f"seed {self.seed}: give an integer from 0 to {2**31 - 1}")
        for d in (*self.dimensions, *self.validation.dimensions):
            _require(2 <= d <= 10_000, f"dimension {d}: give an integer from 2 to 10000")
        _require(bool(self.dimensions), "dimensions: give at least one")
        for variant in self.variants:
            _require(variant in VARIANTS, f"variant {variant!r}: choose from {', '.join(VARIANTS)}")
        _require(self.replicas >= 1, f"replicas {self.replicas}: give 1 or more")
        _require(self.quadratics >= 0, f"quadratics {self.quadratics}: give 0 or more")
        _require(bool(self.variants) or self.quadratics > 0, "variants: give at least one")
        _require(self.shards >= 1, f"shards {self.shards}: give 1 or more")

    @property
    def meta_steps(self) -> int:
        """Meta-steps of all stages."""
        return sum(stage.meta_steps for stage in self.stages)


def as_dict(recipe: Recipe) -> dict[str, Any]:
    """Return the recipe as nested dictionaries and lists, for TOML and JSON."""
    return _plain(dataclasses.asdict(recipe))


def from_dict(content: dict[str, Any]) -> Recipe:
    """Return the recipe of `as_dict`'s form.

    Raises:
      ConfigError: a key is unknown or absent, or a value is out of range.
    """
    stages = tuple(option_records.build(Stage, stage, "stages") for stage in content.get("stages", ()))
    return option_records.build(Recipe, {**content, "stages": stages}, "recipe")


def differences(one: Recipe, other: Recipe) -> list[str]:
    """Return "stages.0.horizon 50, not 100" for every option in which ``other`` departs from ``one``."""
    first, second = _leaves(as_dict(one)), _leaves(as_dict(other))
    return [
        f"{key} {second.get(key, 'absent')}, not {first.get(key, 'absent')}"
        for key in dict.fromkeys([*first, *second])
        if first.get(key) != second.get(key)
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, (tuple, list)) else value


def _leaves(value: Any, where: str = "") -> dict[str, Any]:
    if isinstance(value, list) and not any(isinstance(one, dict) for one in value):
        return {where: value}
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if parts is None:
        return {where: value}
    found: dict[str, Any] = {}
    for key, one in parts:
        found |= _leaves(one, f"{where}.{key}" if where else str(key))
    return found
