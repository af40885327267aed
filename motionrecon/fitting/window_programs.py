"""The compiled functions of a window; all data are arguments, so that windows, clips and persons share them."""

from __future__ import annotations

import jax

from motionrecon.fitting import objective
from motionrecon.jobs.program_store import Program
from motionrecon.physics import features

_EACH_SCALE = (None, None, None, None, None, 0)

features_over_time = Program(jax.vmap(features.features, in_axes=(None, None, 0)), name="features")
linearize = Program(objective.linearize)
open_loop = Program(jax.vmap(objective.apply_open, in_axes=_EACH_SCALE), name="apply_open")
closed_loop = Program(jax.vmap(objective.apply_closed, in_axes=_EACH_SCALE), name="apply_closed")
shots = Program(jax.vmap(objective.apply_shots, in_axes=_EACH_SCALE), name="apply_shots")
simulate = Program(objective.simulate)
terms = Program(objective.loss_terms)
value_and_grad = Program(jax.value_and_grad(objective.scalar_loss, argnums=3), name="value_and_grad")
