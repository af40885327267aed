"""Compliant ground contact at points of the body, implicit in the new velocity, never sticky.

Normal force: stiffness times a softplus of the depth, with damping that fades as the point leaves the ground, so that
the ground does not pull. Friction: regularised Coulomb with the coefficient taken at the old velocity, hence linear in
the new one. A point with a radius touches when it is that high; its force acts at the point itself.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array

from motionrecon.physics.body import Ground


def coefficients(ground: Ground, depth: Array, velocity: Array, dt: Array) -> tuple[Array, Array]:
    """Linearise contact forces in the new point velocity w: force = push - damping * w.

    Args:
      ground: the ground.
      depth: (C,) m, positive inside the ground.
      velocity: (C, 3) m/s, old point velocities.
      dt: s.

    Returns:
      push (C, 3) N (vertical) and damping (C, 3) N s/m per world axis.
    """
    scaled = depth / ground.width
    spring = ground.enabled * ground.stiffness * ground.width * jax.nn.softplus(scaled)
    slope = ground.enabled * ground.stiffness * jax.nn.sigmoid(scaled)
    damper = 2.0 * jnp.sqrt(3.0 / ground.stiffness) * ground.damping_ratio  # s, damping per stiffness
    full = slope * (dt + damper)
    # leaving speed that counts: smooth positive part, a few mm/s wide
    leaving = 0.5 * (velocity[:, 2] + jnp.sqrt(velocity[:, 2] ** 2 + 1e-4))
    normal = full * spring / (spring + full * leaving + 1e-9)
    slip = jnp.sqrt(velocity[:, 0] ** 2 + velocity[:, 1] ** 2 + ground.slip_speed**2)
    tangential = ground.friction * spring / slip
    push = jnp.stack([jnp.zeros_like(spring), jnp.zeros_like(spring), spring], axis=-1)
    return push, jnp.stack([tangential, tangential, normal], axis=-1)
