"""Methods by name: the classical ones, what a JAX user would take today, and every learned rule with weights."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from pathlib import Path

from motionrecon.errors import ConfigError
from motionrecon.models.learned import catalog, weights_file
from motionrecon.optimizer_lab.benchmark.first_order import ADAM, MOMENTUM, TunedRule
from motionrecon.optimizer_lab.benchmark.optax_lbfgs import OptaxLBFGS
from motionrecon.optimizer_lab.benchmark.optimistix_bfgs import OptimistixBFGS
from motionrecon.optimizer_lab.benchmark.protocol import Protocol
from motionrecon.optimizer_lab.benchmark.rule_methods import RuleMethod
from motionrecon.optimizer_lab.benchmark.runs import Method
from motionrecon.optimizer_lab.benchmark.scipy_methods import ScipyMethod

CONTROL = "shrink-bfgs"  # not an optimizer: wins where minima are at the origin
_BASELINES: dict[str, Callable[[Protocol], Method]] = {
    "scipy-bfgs": lambda _: ScipyMethod("scipy-bfgs", "BFGS", slow_from=500),
    "scipy-lbfgsb": lambda _: ScipyMethod("scipy-lbfgsb", "L-BFGS-B"),
    "adam": lambda protocol: TunedRule(ADAM, protocol.tuning_starts),
    "momentum": lambda protocol: TunedRule(MOMENTUM, protocol.tuning_starts),
    "optax-lbfgs": lambda _: OptaxLBFGS(),
    "optimistix-bfgs": lambda _: OptimistixBFGS(),
    CONTROL: lambda _: ScipyMethod(CONTROL, "BFGS", shrinks=10, slow_from=500),
}
BASELINES = tuple(_BASELINES)


def default_names() -> tuple[str, ...]:
    """Return every baseline and every learned rule whose weights are shipped."""
    return (*BASELINES, *(name for name in catalog.rule_names() if name in weights_file.shipped_names()))


def make_methods(names: tuple[str, ...], protocol: Protocol, weights: Mapping[str, Path] | None = None) -> list[Method]:
    """Return methods by name.

    Args:
      names: of baselines or learned rules.
      protocol: how many starts learning rates are tuned on.
      weights: files to take in place of the shipped weights, by rule.

    Raises:
      ConfigError: a name is unknown, or a rule has no weights.
      CheckpointError: weights cannot be read.
    """
    weights = weights or {}
    for name in weights:
        if name not in names:
            raise ConfigError(f"weights are given for {name}, which is not among the methods; add it to --methods")
    return [_make(name, protocol, weights.get(name)) for name in names]


def _make(name: str, protocol: Protocol, file: Path | None) -> Method:
    if name in _BASELINES:
        if file is not None:
            raise ConfigError(f"{name} is not learned and has no weights")
        return _BASELINES[name](protocol)
    known = (*BASELINES, *catalog.rule_names())
    if name.partition("+")[0] not in known:  # what follows a "+" are switches, the catalog's to refuse
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise ConfigError(f"unknown method {name!r}; {hint}choose from {', '.join(known)}")
    if file is not None:
        rule = catalog.make_rule(name)
        loaded, header = weights_file.read(file, rule), weights_file.read_header(file)
    else:
        rule, loaded = catalog.load(name)
        header = weights_file.read_header(weights_file.shipped_path(name))
    return RuleMethod(rule, loaded, {"weights": header["sha256"][:16]}, protocol.seed)
