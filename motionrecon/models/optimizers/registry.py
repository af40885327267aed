"""Optimizers by name: decides which names exist and what a wrong name or option is answered.

To add an optimizer: write its module, add its factory here. Modules are imported on demand, so that choosing BFGS
does not load optax.
"""

from __future__ import annotations

import dataclasses
import difflib
import importlib
from typing import Any

from motionrecon.errors import ConfigError
from motionrecon.models.optimizers.base import Optimizer

_OPTIMIZERS = {
    "adam": ("motionrecon.models.optimizers.gradient", "Adam"),
    "bfgs": ("motionrecon.models.optimizers.bfgs", "BFGS"),
    "learned": ("motionrecon.models.learned.learned_method", "Learned"),
    "lbfgs": ("motionrecon.models.optimizers.scipy_optimizers", "LBFGS"),
    "scipy-bfgs": ("motionrecon.models.optimizers.scipy_optimizers", "ScipyBFGS"),
}


def optimizer_names() -> tuple[str, ...]:
    """Return the names that `make_optimizer` knows, sorted."""
    return tuple(sorted(_OPTIMIZERS))


def make_optimizer(name: str, **options: Any) -> Optimizer:
    """Make a scalar optimizer.

    Args:
      name: one of `optimizer_names`.
      **options: fields of the optimizer's class, e.g. ``learning_rate`` of "adam".

    Raises:
      ConfigError: the name, an option or its value is wrong.
    """
    if name not in _OPTIMIZERS:
        raise ConfigError(f"unknown optimizer {name!r}; {_choices(name, optimizer_names())}")
    module, attribute = _OPTIMIZERS[name]
    factory = getattr(importlib.import_module(module), attribute)
    known = tuple(field.name for field in dataclasses.fields(factory) if field.name != "name")
    for option in options:
        if option not in known:
            raise ConfigError(f"optimizer {name!r} has no option {option!r}; {_choices(option, known)}")
    return factory(**options)


def _choices(wrong: str, known: tuple[str, ...]) -> str:
    if not known:
        return "it takes none"
    close = difflib.get_close_matches(wrong.lower(), known, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"{hint}choose from {', '.join(known)}"
