"""Descent with a quasi-Newton direction, one evaluation a step: decides how far to go and what is accepted.

A step along -H g is cut to a radius. The point it led to is accepted if the loss fell enough (Armijo); the radius then
grows. If not, the radius becomes the minimiser of the parabola through both slopes, and the next try, from the old
point, already knows the new curvature pair.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp

from motionrecon.models.learned import secant_diagonal, secant_pairs
from motionrecon.models.learned.secant_diagonal import SecantDiagonal
from motionrecon.models.learned.secant_pairs import SecantPairs
from motionrecon.types import Array

SUFFICIENT_DECREASE = 1e-4
GROWTH = 4.0
SHORTEST, LONGEST = 0.05, 0.5  # share of a rejected step that is tried next


class TrustRegion(NamedTuple):
    """A descent under way.

    Attributes:
      x: (d,) the point accepted last; ``loss`` () and ``gradient`` (d,) belong to it.
      direction: (d,) -H g, a descent direction.
      share: () how much of it the proposed step is.
      slope: () direction^T gradient, negative.
      radius: () longest step, in the parameters' unit.
      rejections: () int32, tries from ``x`` that failed.
      pairs: curvature pairs.
      diagonal: curvature of single parameters.
    """

    x: Array
    loss: Array
    gradient: Array
    direction: Array
    share: Array
    slope: Array
    radius: Array
    rejections: Array
    pairs: SecantPairs
    diagonal: SecantDiagonal


def begin(x: Array, loss: Array, gradient: Array, memory: int, radius: Array) -> TrustRegion:
    """Start at ``x`` (d,) with a first step along the gradient of length ``radius`` (); `aimed` must follow."""
    size = jnp.linalg.norm(gradient)
    curvature = (size + jnp.finfo(x.dtype).tiny) / radius
    zero = jnp.zeros((), x.dtype)
    return TrustRegion(
        x, loss, gradient, -gradient, zero, zero, jnp.asarray(radius, x.dtype), jnp.zeros((), jnp.int32),
        secant_pairs.empty(memory, x), secant_diagonal.start(x, curvature),
    )  # fmt: skip


def proposal(state: TrustRegion) -> Array:
    """Return the point (d,) to evaluate next."""
    return state.x + state.share * state.direction


def learn(state: TrustRegion, x: Array, gradient: Array, valid: Array) -> TrustRegion:
    """Take in the pair between the accepted point and ``x`` (d,), where it could be evaluated (``valid`` ())."""
    s, y = x - state.x, jnp.where(valid, gradient - state.gradient, 0.0)
    return state._replace(
        pairs=secant_pairs.add(state.pairs, s, y), diagonal=secant_diagonal.update(state.diagonal, s, y)
    )


def judged(state: TrustRegion, x: Array, loss: Array, gradient: Array) -> TrustRegion:
    """Accept or reject the proposal ``x`` (d,) and set the radius; `aimed` must follow."""
    length = state.share * jnp.linalg.norm(state.direction)
    accepted = jnp.isfinite(loss) & (loss <= state.loss + SUFFICIENT_DECREASE * state.share * state.slope)
    slope = gradient @ state.direction
    cut = length >= 0.99 * state.radius
    grown = jnp.where(cut | (slope < 0.5 * state.slope), jnp.maximum(state.radius, GROWTH * length), state.radius)
    grown = jnp.where(state.rejections == 0, jnp.maximum(grown, 2.0 * length), grown)
    bent, rise = slope - state.slope, 2.0 * (loss - state.loss - state.slope * state.share)
    by_slopes = -state.slope * state.share / jnp.where(bent > 0, bent, 1.0)
    by_losses = -state.slope * state.share**2 / jnp.where(rise > 0, rise, 1.0)
    best = jnp.where(bent > 0, by_slopes, by_losses) / jnp.where(state.share > 0, state.share, 1.0)
    best = jnp.clip(jnp.where(jnp.isfinite(loss) & jnp.isfinite(best), best, 0.1), SHORTEST, LONGEST)
    return state._replace(
        x=jnp.where(accepted, x, state.x),
        loss=jnp.where(accepted, loss, state.loss),
        gradient=jnp.where(accepted, gradient, state.gradient),
        radius=jnp.where(accepted, grown, best * length),
        rejections=jnp.where(accepted, 0, state.rejections + 1),
    )


def aimed(state: TrustRegion, diagonal: Array) -> TrustRegion:
    """Choose direction and length over the initial Hessian ``diagonal`` (d,)."""
    direction = -secant_pairs.inverse_times(state.pairs, diagonal, state.gradient)
    slope = direction @ state.gradient
    descends = (slope < 0) & jnp.all(jnp.isfinite(direction))
    direction = jnp.where(descends, direction, -state.gradient / diagonal)
    slope = jnp.where(descends, slope, direction @ state.gradient)
    length = jnp.linalg.norm(direction)
    share = jnp.minimum(1.0, state.radius / jnp.where(length > 0, length, 1.0))
    return state._replace(direction=direction, slope=slope, share=share)
