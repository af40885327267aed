"""Features of our own beside the paper's 43: what the last step did, by coordinate and for the whole run.

The paper's network sees neither the loss, nor the sizes of things (every channel is normalised), nor its own matrix B.
Here are 5 more channels for each parameter, each divided by its root mean square over the parameters,

    s, y, B y, B g, s - a B y    (s the last step, y the gradient's change, a the size of B y that fits s best)

and 7 numbers for the whole run, the same for all parameters: logarithms of the gradient's and the loss' size against
those at the start, of the last step and the Barzilai-Borwein step against the current step size, the cosines of the
gradient with the last gradient and with the last step, and whether the loss fell. All are unchanged when the loss is
scaled or the problem moved. No derivative is taken through them: back-propagation treats them, like the objective's
gradients, as constants.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

from motionrecon.models.learned.features import normalize
from motionrecon.types import Array

FEATURES = 12
_LARGEST_LOG = 3.0  # of log10(ratio) / 3: nine decades


class RunState(NamedTuple):
    """What the features compare with: the last point (d,), gradient (d,) and loss (), and sizes () at the start."""

    x: Array
    gradient: Array
    loss: Array
    first_loss: Array
    first_gradient: Array


def init(x: Array, loss: Array, gradient: Array) -> RunState:
    """Return the state at the start ``x`` (d,)."""
    return RunState(x, gradient, loss, loss, jnp.linalg.norm(gradient))


def update(
    state: RunState, x: Array, loss: Array, gradient: Array, step_size: Array | float, apply: Callable[[Array], Array]
) -> tuple[Array, RunState]:
    """Return the features of a point and the state that remembers it.

    Args:
      state: of the point before; at the start the start itself, all differences are zero then.
      x: (d,) the point.
      loss: () its loss, +inf where it could not be evaluated.
      gradient: (d,) its gradient, zeros where it could not be evaluated.
      step_size: () root mean square of the step that comes next, before the network's corrections.
      apply: ``v (d,) -> B v (d,)``.

    Returns:
      (d, 12) float32, and the state.
    """
    seen = jnp.isfinite(loss)
    s, y = x - state.x, jnp.where(seen, gradient - state.gradient, 0.0)
    by, bg = apply(y), apply(gradient)
    residual = s - by * _ratio(by @ s, by @ by)
    channels = normalize(jnp.stack([_unit(v) for v in (s, y, by, bg, residual)]))
    norm, step, d = jnp.linalg.norm(gradient), jnp.linalg.norm(s), x.shape[0]
    barzilai_borwein = _ratio(s @ s, jnp.abs(s @ y)) * norm / d**0.5  # the step s^T s / s^T y g, root mean square
    whole = jnp.stack(
        [
            _log(norm, state.first_gradient),
            _log(step, jnp.asarray(step_size * d**0.5)),
            _log(jnp.abs(loss), jnp.abs(state.first_loss)),
            _log(barzilai_borwein, jnp.asarray(step_size)),
            _ratio(gradient @ state.gradient, norm * jnp.linalg.norm(state.gradient)),
            _ratio(gradient @ s, norm * step),
            jnp.where(loss < state.loss, 1.0, -1.0),
        ]
    )
    features = jnp.concatenate([channels.T, jnp.broadcast_to(whole, (d, len(whole)))], -1)
    features = jnp.nan_to_num(features, nan=0.0, posinf=_LARGEST_LOG, neginf=-_LARGEST_LOG).astype(jnp.float32)
    kept = RunState(x, jnp.where(seen, gradient, state.gradient), jnp.where(seen, loss, state.loss), *state[3:])
    return jax.lax.stop_gradient(features), kept


def _unit(vector: Array) -> Array:
    """Return the vector with its largest entry 1, so that small ones are not lost below `normalize`'s floor."""
    return vector / (jnp.max(jnp.abs(vector)) + jnp.finfo(vector.dtype).tiny)


def _ratio(numerator: Array, denominator: Array) -> Array:
    return jnp.where(denominator > 0, numerator / jnp.where(denominator > 0, denominator, 1.0), 0.0)


def _log(value: Array, reference: Array) -> Array:
    """Return log10(value / reference) / 3, between -3 and 3: nine decades either way."""
    tiny = jnp.finfo(value.dtype).tiny
    decades = (jnp.log10(jnp.maximum(value, tiny)) - jnp.log10(jnp.maximum(reference, tiny))) / 3.0
    return jnp.clip(decades, -_LARGEST_LOG, _LARGEST_LOG)
