"""Optimus-QN: a quasi-Newton descent over a learned diagonal, and learned surveys that lead out of local minima.

The paper's Optimus learns what a preconditioner should be; what a quasi-Newton matrix finds by itself need not be
learned. Here the matrix is real (`secant_pairs`, `trust_region`) and two networks decide what it cannot know:

- *which parameters stand alone*: the matrix starts from D^theta, D the secant diagonal and theta in [0, 1] predicted
  for each parameter. theta = 1 solves separable problems in a few steps, theta = 0 is plain L-BFGS.
- *where to go when the descent has ended*: blocks of a `survey` over shrinking spans smooth the landscape; the step
  towards the smoothed minimum is corrected parameter by parameter, and a new descent starts from there.

Descent comes first and a survey only when it has converged twice, the second time with curvature of its own, so convex
problems never wait for one. Points are never
lost: the caller keeps the best. Both networks' last layers are zero before training, where theta follows the trust in
D, and the step is the regression's own.

Scaling the loss changes nothing. Translating start and problem changes nothing. Scaling the parameters changes nothing
if ``span`` and ``radius`` are scaled too.
"""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import haiku as hk
import jax
import jax.numpy as jnp

from motionrecon.models.learned import secant_diagonal, survey, trust_region
from motionrecon.models.learned.secant_diagonal import SecantDiagonal
from motionrecon.models.learned.survey import Smoothed, Survey
from motionrecon.models.learned.trust_region import TrustRegion
from motionrecon.types import Array

BLOCKS = 3
_RELATIVE_SPANS = (1.0, 1.0, 0.4)
_PATIENCE = 8  # iterations between two looks at how far the loss has come
_TRUST_NEEDED, _TRUST_STEEPNESS = 0.995, 4000.0  # a diagonal that only seems right costs more than one not used
_ADVANTAGE_NEEDED, _ADVANTAGE_STEEPNESS = 3.0, 10.0
_PAIRS_NEEDED = 5

DESCENT, SURVEY, RESTART = 0, 1, 2


class QNWeights(NamedTuple):
    """What is learned.

    Attributes:
      diagonal: weights of the network that predicts theta.
      survey: weights of the network that corrects a survey's step.
      log_spans: (3,) log of each block's span relative to the rule's.
      log_radius: () log of the first step's length relative to the rule's.
      log_stall: () log of the relative decrease over 8 to 16 iterations below which a descent has ended.
    """

    diagonal: Any
    survey: Any
    log_spans: Array
    log_radius: Array
    log_stall: Array


class QNState(NamedTuple):
    """A run.

    Attributes:
      phase: () int32: descent, survey, or restart (the point asked for is where a descent will begin).
      descent: the descent under way, or the last.
      survey: the block under way, or the last.
      block: () int32, its number.
      best_x: (d,) best point so far; ``best_loss`` () belongs to it.
      age: () int32, iterations of this descent.
      old_loss: () loss at the last look, ``older_loss`` () at the one before.
      fresh: () bool, this descent goes on from where another ended.
    """

    phase: Array
    descent: TrustRegion
    survey: Survey
    block: Array
    best_x: Array
    best_loss: Array
    age: Array
    old_loss: Array
    older_loss: Array
    fresh: Array


@dataclasses.dataclass(frozen=True)
class OptimusQN:
    """The update rule.

    Attributes:
      name: in tables and weights files.
      memory: curvature pairs kept; with as many as steps the matrix is BFGS' own.
      span: half the side of the box that a survey looks over, in the parameters' unit.
      radius: root mean square of the first step over the parameters, in their unit.
      surveys: look for other minima after a descent; without, the rule is a descent method that stays where it ends.
      width: hidden units of the networks.
    """

    name: str = "optimus-qn"
    memory: int = 200
    span: float = 7.0
    radius: float = 0.1
    surveys: bool = True
    width: int = 16

    def init_weights(self, key: Array) -> QNWeights:
        """Return networks whose outputs are zero, spans of 1, 1 and 0.4, a stall at 1e-4."""
        first, second = jax.random.split(key)
        return QNWeights(
            self._network(1).init(first, jnp.zeros((2, _DIAGONAL_INPUTS), jnp.float32)),
            self._network(2).init(second, jnp.zeros((2, _SURVEY_INPUTS), jnp.float32)),
            jnp.log(jnp.array(_RELATIVE_SPANS, jnp.float32)),
            jnp.zeros((), jnp.float32),
            jnp.log(jnp.asarray(1e-4, jnp.float32)),
        )

    def init(self, weights: QNWeights, x: Array, loss: Array, gradient: Array, key: Array) -> QNState:
        """Return the state at the start ``x`` (d,): a descent about to make its first step."""
        zero = jnp.zeros((), jnp.int32)
        block = survey.begin(x, jnp.asarray(self.span, x.dtype), survey.draw_grid(x, key))
        descent = self._begin(weights, x, loss, gradient)
        descent = trust_region.aimed(descent, descent.diagonal.diagonal)
        return QNState(zero, descent, block, zero, x, loss, zero, loss, loss, jnp.zeros((), bool))

    def step(self, weights: QNWeights, state: QNState, x: Array, loss: Array, gradient: Array) -> tuple[Array, QNState]:
        """Return the next point (d,) and the state."""
        better = loss < state.best_loss
        state = state._replace(
            best_x=jnp.where(better, x, state.best_x), best_loss=jnp.where(better, loss, state.best_loss)
        )
        surveying = state.phase == SURVEY
        descended, ended = self._descended(weights, state, x, loss, gradient)
        descended = _where(state.age == 0, state._replace(age=state.age + 1), descended)  # the start, seen in `init`
        looked, center, full = self._looked(weights, state, loss, gradient)
        more = full & (state.block + 1 < BLOCKS)
        again = ~surveying & ended & ~state.fresh  # its pairs may be stale: go on from the same point without them
        turned = jnp.where(surveying, more, ended & state.fresh & self.surveys)
        number = jnp.where(surveying, state.block + 1, 0)
        phase = jnp.where(turned | (surveying & ~full), SURVEY, jnp.where(surveying | again, RESTART, DESCENT))
        state = _where(surveying, state._replace(survey=looked), descended)
        state = state._replace(phase=phase.astype(jnp.int32), fresh=again | (state.fresh & ~surveying))
        spans = self.span * jnp.exp(weights.log_spans).astype(x.dtype)
        block = survey.begin(
            jnp.where(surveying, center, state.best_x), spans[number], survey.next_grid(state.survey.grid)
        )
        renewed = turned | (surveying & full)
        state = state._replace(
            survey=_where(renewed, block, state.survey), block=jnp.where(turned, number, state.block).astype(jnp.int32)
        )
        point = jnp.where(phase == SURVEY, survey.proposal(state.survey), trust_region.proposal(state.descent))
        return jnp.where(phase == RESTART, jnp.where(again, state.best_x, state.survey.center), point), state

    def _begin(self, weights: QNWeights, x: Array, loss: Array, gradient: Array) -> TrustRegion:
        radius = self.radius * jnp.exp(weights.log_radius.astype(x.dtype)) * x.shape[0] ** 0.5
        return trust_region.begin(x, loss, gradient, self.memory, radius)

    def _descended(
        self, weights: QNWeights, state: QNState, x: Array, loss: Array, gradient: Array
    ) -> tuple[QNState, Array]:
        """Go on with a descent, or begin one at ``x``; and whether it has ended ()."""
        restarted = state.phase == RESTART
        learned = trust_region.learn(state.descent, x, gradient, jnp.isfinite(loss))
        judged = trust_region.judged(learned, x, loss, gradient)
        descent = _where(restarted, self._begin(weights, x, loss, gradient), judged)
        descent = trust_region.aimed(descent, self._diagonal(weights, descent.diagonal, descent.gradient))
        age = jnp.where(restarted, 1, state.age + 1)
        look = age % _PATIENCE == 0
        older = jnp.where(restarted, jnp.inf, jnp.where(look, state.old_loss, state.older_loss))
        old_loss = jnp.where(restarted, jnp.inf, jnp.where(look, descent.loss, state.old_loss))
        stall = jnp.exp(weights.log_stall).astype(x.dtype) * jnp.abs(descent.loss)
        ended = (age >= 2 * _PATIENCE) & (older - descent.loss <= stall) | (descent.rejections > _PATIENCE)
        return state._replace(descent=descent, age=age, old_loss=old_loss, older_loss=older), ended

    def _looked(self, weights: QNWeights, state: QNState, loss: Array, gradient: Array) -> tuple[Survey, Array, Array]:
        """Take in a survey's point; returns the block, where its centre goes (d,), and whether it is full ()."""
        block = survey.add(state.survey, loss, gradient)
        found = survey.smoothed(block)
        step = self._corrected(weights, found, survey.newton_step(found), state.block)
        return block, block.center + block.span * step, block.point >= survey.POINTS

    def _diagonal(self, weights: QNWeights, estimate: SecantDiagonal, gradient: Array) -> Array:
        """Return D^theta (d,), theta per parameter from the network."""
        log_diagonal = jnp.log(estimate.diagonal)
        mean = jnp.mean(log_diagonal)
        relative = log_diagonal - mean
        inputs = [
            relative,
            estimate.trust * jnp.ones_like(relative),
            _log_share(gradient),
            _log_share(estimate.s_square),
        ]
        output = self._apply(1, weights.diagonal, inputs)[:, 0]
        trusted = _TRUST_STEEPNESS * (estimate.trust - _TRUST_NEEDED)
        better = _ADVANTAGE_STEEPNESS * (secant_diagonal.advantage(estimate) - _ADVANTAGE_NEEDED)
        theta = jnp.where(estimate.pairs >= _PAIRS_NEEDED, jax.nn.sigmoid(jnp.minimum(trusted, better) + output), 0.0)
        return jnp.exp(mean + theta * relative)

    def _corrected(self, weights: QNWeights, found: Smoothed, step: Array, block: Array) -> Array:
        """Return the step (d,), stretched and shifted by what the network predicts, in spans."""
        noise = found.noise / (jnp.abs(found.gradient) + found.noise + jnp.finfo(step.dtype).tiny)
        mean = jnp.mean(jnp.abs(found.curvature)) + jnp.finfo(step.dtype).tiny
        convexity = found.curvature / mean
        blocks = [jnp.where(block == number, 1.0, 0.0) * jnp.ones_like(step) for number in range(BLOCKS)]
        outputs = self._apply(2, weights.survey, [step, jnp.tanh(step), noise, jnp.tanh(convexity), *blocks])
        return step * jnp.exp(jnp.tanh(outputs[:, 0])) + 0.1 * jnp.tanh(outputs[:, 1])

    def _apply(self, outputs: int, weights: Any, inputs: list[Array]) -> Array:
        stacked = jnp.stack(inputs, -1)
        return self._network(outputs).apply(weights, None, stacked.astype(jnp.float32)).astype(stacked.dtype)

    def _network(self, outputs: int) -> hk.Transformed:
        def network(inputs: Array) -> Array:
            hidden = jnp.tanh(hk.Linear(self.width, name="hidden")(inputs))
            return hk.Linear(outputs, w_init=jnp.zeros, name="output")(hidden)

        return hk.transform(network)


_DIAGONAL_INPUTS, _SURVEY_INPUTS = 4, 4 + BLOCKS


def _log_share(values: Array) -> Array:
    """Return log10 of each value's size relative to the root mean square, between -3 and 3."""
    square = values * values
    tiny = jnp.finfo(values.dtype).tiny
    return jnp.clip(0.5 * jnp.log10((square + tiny) / (jnp.mean(square) + tiny)), -3.0, 3.0)


def _where(condition: Array, first: Any, second: Any) -> Any:
    return jax.tree_util.tree_map(lambda a, b: jnp.where(condition, a, b), first, second)
