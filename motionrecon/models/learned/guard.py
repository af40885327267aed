"""A nonmonotone guard: decides which proposed points a run goes on from.

A point whose loss is above every one of the last accepted losses, or cannot be evaluated, is taken back: the run goes
on from the last accepted point with a shorter step (Grippo, Lampariello and Lucidi 1986, without their condition of
sufficient decrease). The first steps must not rise above the start. A single loss above the last one is no reason:
momentum and the way out of a local minimum need some.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp

from motionrecon.types import Array

MEMORY = 10  # accepted losses that a new one is compared with
SHORTER = 0.25  # of the step that was taken back


class GuardState(NamedTuple):
    """The last accepted point (d,), its loss () and gradient (d,), and the last accepted losses (`MEMORY`,)."""

    x: Array
    loss: Array
    gradient: Array
    recent: Array


def init(x: Array, loss: Array, gradient: Array) -> GuardState:
    """Return the state at the start ``x`` (d,)."""
    return GuardState(x, loss, gradient, jnp.full(MEMORY, loss))


def judge(state: GuardState, x: Array, loss: Array, gradient: Array) -> tuple[Array, GuardState]:
    """Accept a point or take it back.

    Args:
      state: before.
      x: (d,) the point.
      loss: () its loss, +inf where it could not be evaluated.
      gradient: (d,) its gradient.

    Returns:
      () bool, whether it was taken back; and the state, whose point, loss and gradient the run goes on from.
    """
    back = ~(loss <= jnp.max(state.recent)) | ~jnp.isfinite(loss)
    recent = jnp.where(back, state.recent, jnp.concatenate([state.recent[1:], loss[None]]))
    x, gradient = jnp.where(back, state.x, x), jnp.where(back, state.gradient, gradient)
    return back, GuardState(x, jnp.where(back, state.loss, loss), gradient, recent)
