"""From a stage of a recipe to its estimator of the meta-gradient."""

from __future__ import annotations

from motionrecon.models.learned.catalog import make_rule
from motionrecon.optimizer_lab.meta_train import families
from motionrecon.optimizer_lab.meta_train.bptt import BPTT
from motionrecon.optimizer_lab.meta_train.meta_loss import meta_loss
from motionrecon.optimizer_lab.meta_train.nres import NRES
from motionrecon.optimizer_lab.meta_train.pes import PES
from motionrecon.optimizer_lab.meta_train.recipe import Recipe, Stage
from motionrecon.optimizer_lab.meta_train.tasks import RuleUnroll
from motionrecon.optimizer_lab.meta_train.unroll import Estimator, Unroll


def make(stage: Stage, unroll: Unroll) -> Estimator:
    """Return the estimator that a stage asks for, on ``unroll``."""
    if stage.estimator == "bptt":
        return BPTT(unroll, stage.horizon, stage.problem_clip or None, stage.reach or None, stage.late)
    kind = {"pes": PES, "nres": NRES}[stage.estimator]
    return kind(unroll, stage.horizon, stage.truncation, stage.std, stage.delta_clip or None)


def unroll_of(recipe: Recipe, stage: Stage, d: int) -> RuleUnroll:
    """Return the inner problems of a stage in ``d`` dimensions."""
    return RuleUnroll(make_rule(recipe.rule), families.groups(recipe, d), d, meta_loss(stage.meta_loss, stage.floor))
