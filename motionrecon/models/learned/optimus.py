"""Optimus (Gärtner et al. 2023, Algorithm 1) and its ablations: a learned direction times a learned matrix.

One iteration, with features z of the parameters (`features`):

    alpha, d, u_1..u_L = network(z)
    B <- normalised(B + sum_l u_l u_l^T)
    x <- x + B (lambda_a exp(lambda_b alpha) * d)

The paper's choices are the defaults. Each switch departs from it in one respect (see the attributes).
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any, Literal, NamedTuple

import haiku as hk
import jax
import jax.numpy as jnp

from motionrecon.models.learned import features, guard, run_features
from motionrecon.models.learned.network import NetworkSize, optimus_network
from motionrecon.models.learned.preconditioner import Dense, LowRank, Recursion
from motionrecon.types import Array


class OptimusWeights(NamedTuple):
    """What is learned: the network's weights, the decays' changes (9,), and the identity leak's logit ()."""

    network: Any
    decays: Array
    leak: Array | None


class OptimusState(NamedTuple):
    """What a run remembers: features' averages, B, the start (d,), `run_features`' state, log step size (), guard."""

    features: features.FeatureState
    matrix: Any
    start: Array
    run: run_features.RunState | None
    log_step: Array | None
    guard: guard.GuardState | None


@dataclasses.dataclass(frozen=True)
class Optimus:
    """The update rule.

    Attributes:
      name: in tables and weights files.
      size: the network's sizes.
      structure: "full"; "no_state": B is not kept between steps; "none": no B, the network's output is the step.
      step_scale: lambda_a of eq. 2.
      exponent_scale: lambda_b of eq. 2.
      rank: None: B is a matrix; else the number of rank-one vectors that are kept.
      linear_attention: attention in O(d), see `network.LinearAttention`.
      per_dimension: B scaled with the dimension, see `preconditioner.Recursion`.
      leak: a learned share of B is replaced by the identity at every step. In the published recursion the identity's
        share decays geometrically, and after some 50 steps every step lies in a subspace of a few dimensions.
      adam_residual: the network's direction is added to Adam's bias-corrected one (negative, decays 0.9 and 0.99).
      from_start: the parameter feature is x - x_0 instead of x: translating problem and start changes nothing.
      run_features: the network also sees `run_features`: sizes, the loss, curvature pairs and what B makes of them.
      step_state: a step size for the whole run, multiplied at every step by exp(tanh(c) / 2), c the mean over the
        parameters of a third output.
      scale_free: features of the gradient in units of its recent size, see `features.update`.
      guard: points above the last accepted losses are taken back, see `guard`, and the run's step size is quartered.
    """

    name: str = "optimus"
    size: NetworkSize = NetworkSize()
    structure: Literal["full", "no_state", "none"] = "full"
    step_scale: float = 0.1
    exponent_scale: float = 0.1
    rank: int | None = None
    linear_attention: bool = False
    per_dimension: bool = False
    leak: bool = False
    adam_residual: bool = False
    from_start: bool = False
    run_features: bool = False
    step_state: bool = False
    scale_free: bool = False
    guard: bool = False

    @property
    def largest_dimension(self) -> int | None:
        """Number of parameters beyond which B or the attention would not fit a usual memory; None: no limit."""
        dense = (self.rank is None and self.structure != "none") or not self.linear_attention
        return 10_000 if dense else None

    def init_weights(self, key: Array) -> OptimusWeights:
        """Return random weights (haiku's truncated normals), decays as in `features`."""
        inputs = features.FEATURES + (run_features.FEATURES if self.run_features else 0)
        network = self._network().init(key, jnp.zeros((2, inputs), jnp.float32))
        leak = jnp.asarray(-3.0, jnp.float32) if self.leak else None
        return OptimusWeights(network, jnp.zeros(features.DECAYS, jnp.float32), leak)

    def init(self, weights: OptimusWeights, x: Array, loss: Array, gradient: Array, key: Array) -> OptimusState:
        """Return the state at the start ``x`` (d,)."""
        matrix = None if self.structure == "none" else self._store().init(x)
        run = run_features.init(x, loss, gradient) if self.run_features else None
        log_step = jnp.zeros((), x.dtype) if self.step_state or self.guard else None
        kept = guard.init(x, loss, gradient) if self.guard else None
        return OptimusState(features.init(x), matrix, x, run, log_step, kept)

    def step(
        self, weights: OptimusWeights, state: OptimusState, x: Array, loss: Array, gradient: Array
    ) -> tuple[Array, OptimusState]:
        """Return the next point (d,) and the state, see the module's text."""
        run, log_step, matrix, kept = state.run, state.log_step, state.matrix, state.guard
        if kept is not None and log_step is not None:
            back, kept = guard.judge(kept, x, loss, gradient)
            x, loss, gradient = kept.x, kept.loss, kept.gradient
            log_step = log_step + jnp.where(back, math.log(guard.SHORTER), 0.0)
        place = x - state.start if self.from_start else x
        inputs, averages = features.update(state.features, weights.decays, place, gradient, scale_free=self.scale_free)
        if run is not None:
            size = self._step_size(log_step)
            more, run = run_features.update(run, x, loss, gradient, size, lambda v: self._times(matrix, v))
            inputs = jnp.concatenate([inputs, more], -1)
        outputs, vectors = self._network().apply(weights.network, None, inputs)
        outputs = outputs.astype(x.dtype)
        direction = outputs[:, 1]
        if self.adam_residual:
            direction = 0.1 * direction - features.adam_direction(averages).astype(x.dtype)
        if self.step_state and log_step is not None:
            log_step = log_step + 0.5 * jnp.tanh(jnp.mean(outputs[:, 2]))
        step = self._step_size(log_step) * jnp.exp(self.exponent_scale * outputs[:, 0]) * direction
        if self.structure != "none":
            leak = 0.0 if weights.leak is None else jax.nn.sigmoid(weights.leak).astype(x.dtype)
            matrix = self._store().update(matrix, vectors, leak)
        return x + self._times(matrix, step), OptimusState(averages, matrix, state.start, run, log_step, kept)

    def _step_size(self, log_step: Array | None) -> Array | float:
        return self.step_scale if log_step is None else self.step_scale * jnp.exp(log_step)

    def _times(self, matrix: Any, vector: Array) -> Array:
        return vector if self.structure == "none" else self._store().apply(matrix, vector)

    def _store(self) -> Dense | LowRank:
        recursion = Recursion(self.per_dimension, remember=self.structure != "no_state")
        return Dense(recursion) if self.rank is None else LowRank(self.rank, recursion)

    def _network(self) -> hk.Transformed:
        def network(inputs: Array) -> tuple[Array, Array]:
            structure = self.structure != "none"
            heads = 3 if self.step_state else 2
            return optimus_network(
                inputs, self.size, structure=structure, linear_attention=self.linear_attention, outputs=heads
            )

        return hk.transform(network)
