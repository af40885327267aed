"""Recipes by name: smoke (a minute), laptop and long (half an hour, over an hour for small networks), paper."""

from __future__ import annotations

import dataclasses

from motionrecon.errors import ConfigError
from motionrecon.optimizer_lab.meta_train.recipe import ESTIMATORS, Recipe, Stage, Validation


@dataclasses.dataclass(frozen=True)
class Preset:
    """A recipe but for the rule: each estimator's stage, the default order of stages, and what they share."""

    stages: dict[str, Stage]
    order: tuple[str, ...]
    shared: Recipe


_TWO = ("offset", "augmented")
PRESETS: dict[str, Preset] = {
    "smoke": Preset(
        {
            "pes": Stage("pes", 60, 20, 5, delta_clip=1.0, learning_rate=3e-3, clip=1.0),
            "nres": Stage("nres", 60, 20, 5, delta_clip=1.0, learning_rate=3e-3, clip=1.0),
            "bptt": Stage("bptt", 60, 10, learning_rate=3e-3, clip=1.0),
        },
        ("bptt",),
        Recipe(
            "", (Stage("bptt", 1, 1),), "rosenbrock", dimensions=(4,), replicas=8,
            validation=Validation((6,), 20, 8, 20),
        ),
    ),
    "laptop": Preset(
        {
            "pes": Stage("pes", 12_000, 100, 10, delta_clip=1.0, learning_rate=5e-4, schedule="cosine", clip=1.0),
            "nres": Stage("nres", 12_000, 100, 10, delta_clip=1.0, learning_rate=2e-4, schedule="cosine", clip=1.0),
            "bptt": Stage("bptt", 1_500, 40, problem_clip=1.0, learning_rate=7e-4, schedule="cosine", clip=1.0),
        },
        ("bptt", "pes"),
        Recipe("", (Stage("bptt", 1, 1),), variants=_TWO, quadratics=2, validation=Validation((30, 50), 100, 1, 200)),
    ),
    "long": Preset(
        {
            "pes": Stage("pes", 12_000, 200, 10, delta_clip=1.0, schedule="cosine", clip=1.0, floor=1e-12),
            "nres": Stage("nres", 12_000, 200, 10, delta_clip=1.0, learning_rate=2e-4, schedule="cosine", clip=1.0,
                          floor=1e-12),
            "bptt": Stage("bptt", 1_100, 200, problem_clip=1.0, reach=40, late=1.0, learning_rate=7e-4,
                          schedule="cosine", clip=1.0, floor=1e-12),
        },
        ("bptt",),
        Recipe("", (Stage("bptt", 1, 1),), quadratics=4, dimensions=(4, 8, 16, 32, 64, 128),
               validation=Validation((30, 100), 200, 1, 50)),
    ),
    "paper": Preset(
        {
            "pes": Stage("pes", 50_000, 50, 5, learning_rate=5e-4, clip=3.0, meta_loss="ratio"),
            "nres": Stage("nres", 50_000, 50, 5, learning_rate=5e-4, clip=3.0, meta_loss="ratio"),
            "bptt": Stage("bptt", 10_000, 50, learning_rate=5e-4, clip=3.0, meta_loss="ratio"),
        },
        ("pes",),
        Recipe(
            "", (Stage("pes", 1, 1, 1),), dimensions=(4, 12, 32, 100), quadratics=5,
            validation=Validation((30, 50), 200, 1, 500),
        ),
    ),
}  # fmt: skip


def recipe(name: str, rule: str, estimators: str | None = None, **changes: object) -> Recipe:
    """Return a preset's recipe for a rule.

    Args:
      name: of the preset.
      rule: name of the update rule.
      estimators: the stages, "bptt,pes", each with a number of meta-steps if wanted: "bptt:500,pes:2000"; None: the
        preset's.
      changes: fields of `Recipe`, `Stage` (for every stage) and, with "validation_" before the name, `Validation`
        that depart from the preset; None: as it is.

    Raises:
      ConfigError: the preset or an estimator is unknown, or a value is out of range.
    """
    if name not in PRESETS:
        raise ConfigError(f"--preset {name}: choose from {', '.join(PRESETS)}")
    preset = PRESETS[name]
    given = {key: value for key, value in changes.items() if value is not None}
    of_stage = {key: given.pop(key) for key in list(given) if key in _fields(Stage)}
    prefix = "validation_"
    of_validation = {key[len(prefix) :]: given.pop(key) for key in list(given) if key.startswith(prefix)}
    words = list(preset.order) if estimators is None else [word.strip() for word in estimators.split(",")]
    stages = tuple(_stage(preset, word, of_stage) for word in words)
    validation = dataclasses.replace(preset.shared.validation, **of_validation)
    return dataclasses.replace(preset.shared, rule=rule, stages=stages, validation=validation, **given)


def _stage(preset: Preset, word: str, changes: dict[str, object]) -> Stage:
    name, colon, count = word.partition(":")
    if name not in ESTIMATORS:
        raise ConfigError(
            f"--estimator {word}: choose from {', '.join(ESTIMATORS)}, as in bptt,pes or bptt:500,pes:2000"
        )
    if colon:
        if not count.isdigit():
            raise ConfigError(f"--estimator {word}: after the colon goes a number of meta-steps, as in {name}:500")
        changes = changes | {"meta_steps": int(count)}
    return dataclasses.replace(preset.stages[name], **changes)


def _fields(record: type) -> set[str]:
    return {field.name for field in dataclasses.fields(record)}
