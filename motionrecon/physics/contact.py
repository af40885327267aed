"""Compliant ground contact at points of the body, implicit in the new velocity; it never pulls.

Normal force: a spring (softplus of the depth) and a damper, both at the end of the step, hence linear in the new
velocity, with the part below zero smoothly cut off: a point that leaves is let go at once. Friction: regularised
Coulomb with load and slip speed taken at the old velocity, hence linear in the new one. A point with a radius touches
when it is that high; its force acts at the point itself.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from motionrecon.physics.body import Body, Ground

CUT = 0.3  # share of the spring's force over which the normal force is cut off smoothly


def _spring(
    body: Body, ground: Ground, depth: Float[Array, " C"], dt: Float[Array, ""]
) -> tuple[Float[Array, " C"], Float[Array, " C"]]:
    """Return the spring's force (C,) N and the normal force's loss a leaving speed (C,) N s/m."""
    scaled = depth / ground.width
    stiffness = ground.enabled * ground.stiffness * jnp.asarray(body.contact_stiffness)
    full = stiffness + 1e-9  # keeps the root's slope finite where the ground is switched off
    damper = 2.0 * jnp.sqrt(3.0 * full) * ground.damping_ratio / full  # s, damping per stiffness
    spring = stiffness * ground.width * jax.nn.softplus(scaled)
    return spring, stiffness * jax.nn.sigmoid(scaled) * (dt + damper)


def _cut(load: Float[Array, " C"], spring: Float[Array, " C"]) -> tuple[Float[Array, " C"], Float[Array, " C"]]:
    """Return the smooth positive part of a load (C,) and its slope: exactly positive, half of the spring's CUT at 0."""
    root = jnp.sqrt(load * load + (CUT * spring) ** 2 + 1e-24)
    slope = 0.5 * (1.0 + load / root)
    # for negative loads the sum of load and root would cancel
    small = 0.5 * ((CUT * spring) ** 2 + 1e-24) / (root + jnp.abs(load))
    return jnp.where(load > 0, 0.5 * (load + root), small), slope


def normal_force(
    body: Body, ground: Ground, depth: Float[Array, " C"], speed: Float[Array, " C"], dt: Float[Array, ""]
) -> tuple[Float[Array, " C"], Float[Array, " C"]]:
    """Compute the force along the vertical; it is never negative.

    Args:
      body: gives the points' share of the stiffness.
      ground: the ground.
      depth: (C,) m, positive inside the ground, before the step.
      speed: (C,) m/s, vertical point velocities after the step.
      dt: s.

    Returns:
      Force (C,) N >= 0 and by how much it falls with the speed (C,) N s/m >= 0.
    """
    spring, full = _spring(body, ground, depth, dt)
    force, slope = _cut(spring - full * speed, spring)
    return force, slope * full


def friction(
    body: Body, ground: Ground, depth: Float[Array, " C"], velocity: Float[Array, "C 3"], dt: Float[Array, ""]
) -> Float[Array, " C"]:
    """Return the friction's damping (C,) N s/m of tangential velocities; (C, 3) m/s are the old point velocities."""
    load, _ = normal_force(body, ground, depth, velocity[:, 2], dt)
    slip = jnp.sqrt(velocity[:, 0] ** 2 + velocity[:, 1] ** 2 + ground.slip_speed**2)
    return ground.friction * load / slip


def forces(
    body: Body,
    ground: Ground,
    depth: Float[Array, " C"],
    old: Float[Array, "C 3"],
    new: Float[Array, "C 3"],
    dt: Float[Array, ""],
) -> Float[Array, "C 3"]:
    """Return contact forces (C, 3) N of points whose velocity goes from ``old`` to ``new`` (C, 3) m/s in a step."""
    load, _ = normal_force(body, ground, depth, new[:, 2], dt)
    drag = friction(body, ground, depth, old, dt)
    return jnp.concatenate([-drag[:, None] * new[:, :2], load[:, None]], axis=1)
