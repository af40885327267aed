"""Random scales for meta-training: what an optimizer must not depend on, varied.

Losses are scaled by up to 10^3 either way; lengths by up to 3 all together (starts and offsets with them) and by up
to 2 coordinate by coordinate, by an amount that is drawn for each problem.
"""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp

from motionrecon.optimizer_lab.problems.transformed import Transform
from motionrecon.types import Array

LOSS_DECADES, LENGTH_FACTOR, COORDINATE_FACTOR = 3.0, 3.0, 2.0


def augmented(key: Array, transform: Transform, x0: Array) -> tuple[Transform, Array]:
    """Return the problem with random scales, and its start ``x0`` (d,) scaled with its lengths.

    Args:
      key: random key.
      transform: offset and rotation; its scales are replaced.
      x0: (d,) the start.
    """
    loss_key, length_key, spread_key, coordinate_key = jax.random.split(key, 4)
    dtype = transform.offset.dtype
    decades = jax.random.uniform(loss_key, (), dtype, -LOSS_DECADES, LOSS_DECADES)
    log_length = math.log(LENGTH_FACTOR) * jax.random.uniform(length_key, (), dtype, -1, 1)
    spread = math.log(COORDINATE_FACTOR) * jax.random.uniform(spread_key, (), dtype)
    # at most 0, so that no coordinate of z leaves the box the function is made for
    each = spread * jax.random.uniform(coordinate_key, x0.shape, dtype, -2, 0)
    length = jnp.exp(-log_length)
    scaled = transform._replace(
        offset=transform.offset * length, log_scale=log_length + each, log_loss_scale=decades * math.log(10)
    )
    return scaled, x0 * length
