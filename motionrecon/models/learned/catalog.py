"""Update rules by name: decides which names exist, and what a wrong one is answered.

A name may be followed by switches of `Optimus`, each a departure from the paper: "optimus-small+leak+adam-residual".

To add a rule: write its module, add a line here, train it, and put its weights into ``weights/``.
"""

from __future__ import annotations

import dataclasses
import difflib
from typing import Any

import jax
import numpy as np

from motionrecon.errors import ConfigError
from motionrecon.models.learned import weights_file
from motionrecon.models.learned.adafactor_mlp import AdafactorMLP
from motionrecon.models.learned.base import UpdateRule, Weights
from motionrecon.models.learned.network import NetworkSize
from motionrecon.models.learned.optimus import Optimus
from motionrecon.models.learned.optimus_qn import OptimusQN

SMALL = NetworkSize(layers=3, width=32, heads=4, key_size=8, hidden=64)

_RULES: dict[str, Any] = {
    "optimus": Optimus(),
    "optimus-no-state": Optimus("optimus-no-state", structure="no_state"),
    "optimus-no-structure": Optimus("optimus-no-structure", structure="none"),
    "adafactor-mlp": AdafactorMLP(),
    "adafactor-mlp-128x4": AdafactorMLP("adafactor-mlp-128x4", width=128, layers=4),
    "adafactor-mlp-512x4": AdafactorMLP("adafactor-mlp-512x4", width=512, layers=4),
    "optimus-small": Optimus("optimus-small", size=SMALL),
    "optimus-low-rank": Optimus("optimus-low-rank", rank=32, linear_attention=True),
    "optimus-leak": Optimus("optimus-leak", size=SMALL, leak=True, per_dimension=True, adam_residual=True,
                            from_start=True),
    "optimus-plus": Optimus("optimus-plus", size=SMALL, exponent_scale=1.0, leak=True, per_dimension=True,
                            adam_residual=True, from_start=True, run_features=True, step_state=True, scale_free=True,
                            guard=True),
    "optimus-qn": OptimusQN(),
    "optimus-qn-descent": OptimusQN("optimus-qn-descent", surveys=False),
}  # fmt: skip

SWITCHES: dict[str, dict[str, Any]] = {
    "leak": {"leak": True},
    "per-dimension": {"per_dimension": True},
    "adam-residual": {"adam_residual": True},
    "from-start": {"from_start": True},
    "run-features": {"run_features": True},
    "step-state": {"step_state": True},
    "scale-free": {"scale_free": True},
    "guard": {"guard": True},
    "low-rank": {"rank": 32},
    "linear-attention": {"linear_attention": True},
    "no-state": {"structure": "no_state"},
    "no-structure": {"structure": "none"},
}


@dataclasses.dataclass(frozen=True)
class PaperCount:
    """A parameter count of the paper's Table 4 and what it is a count of."""

    count: int
    row: str


PAPER_COUNTS = {
    "optimus": PaperCount(832_526, "Optimus"),
    "optimus-no-state": PaperCount(832_526, "Optimus, no state"),
    "optimus-no-structure": PaperCount(832_139, "Optimus, no structure"),
    "adafactor-mlp": PaperCount(22_411, "Adafactor MLP 128x4 (its count is that of two hidden layers)"),
    "adafactor-mlp-512x4": PaperCount(811_531, "Adafactor MLP 512x4"),
}


def rule_names() -> tuple[str, ...]:
    """Return the names that `make_rule` knows."""
    return tuple(_RULES)


def make_rule(name: str) -> UpdateRule:
    """Return the update rule of that name.

    Raises:
      ConfigError: there is none.
    """
    base, *switches = name.split("+")
    if base not in _RULES:
        close = difflib.get_close_matches(base.lower(), _RULES, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise ConfigError(f"unknown learned optimizer {name!r}; {hint}choose from {', '.join(_RULES)}")
    rule = _RULES[base]
    if not switches:
        return rule
    if not isinstance(rule, Optimus):
        raise ConfigError(f"{name!r}: {base} has no switches; those of optimus do")
    changes: dict[str, Any] = {}
    for switch in switches:
        if switch not in SWITCHES:
            raise ConfigError(f"{name!r}: unknown switch {switch!r}; choose from {', '.join(SWITCHES)}")
        changes |= SWITCHES[switch]
    return dataclasses.replace(rule, name=name, **changes)


def count_weights(weights: Weights) -> int:
    """Return how many numbers the weights are."""
    return sum(int(np.size(leaf)) for leaf in jax.tree_util.tree_leaves(weights))


def load(name: str) -> tuple[UpdateRule, Weights]:
    """Return a rule and the weights that the package ships for it.

    Raises:
      ConfigError: there is no such rule, or no weights are shipped for it.
      CheckpointError: the shipped file is damaged.
    """
    rule, path = make_rule(name), weights_file.shipped_path(name)
    if not path.is_file():
        raise ConfigError(
            f"no weights are shipped for {name!r}; choose from {', '.join(weights_file.shipped_names())}, "
            "or train some with `motionrecon train-optimizer`"
        )
    return rule, weights_file.read(path, rule)
