"""Rigid-body dynamics of the tree: spatial inertias, mass matrix and recursive Newton-Euler, densely.

Featherstone, "Rigid Body Dynamics Algorithms" (2008), chapters 5 and 6; recursions over the tree are products with the
ancestor mask, which for 14 links is faster on a CPU than loops.
"""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from motionrecon.geometry import rotations
from motionrecon.physics.body import Body
from motionrecon.physics.tree import Pose, cross, force_cross, masks, matvec, motion_cross, of_coordinates, product


def spatial_inertia(body: Body, p: Pose) -> Float[Array, "J 6 6"]:
    """Return (J, 6, 6) spatial inertias in world axes at the root position."""
    center = p.anchor + matvec(p.axes, jnp.asarray(body.com))
    half = product(p.axes, jnp.asarray(body.inertia))
    turn = product(half, jnp.swapaxes(p.axes, 1, 2))
    c = rotations.skew(center)
    mass = jnp.asarray(body.mass)[:, None, None]
    cc = product(c, c)
    top = jnp.concatenate([turn - mass * cc, mass * c], axis=2)
    bottom = jnp.concatenate([-mass * c, mass * jnp.broadcast_to(jnp.eye(3, dtype=c.dtype), c.shape)], axis=2)
    return jnp.concatenate([top, bottom], axis=1)


def assemble(body: Body, p: Pose, inertia: Float[Array, "J 6 6"]) -> Float[Array, "3+3*J 3+3*J"]:
    """Project spatial inertias (J, 6, 6) of all links on the velocity coordinates: (V, V), symmetric.

    Composite-rigid-body algorithm; also used for contact damping, which is an inertia-like matrix of a link.
    """
    mask, _, above = masks(body.parents)
    composite = (mask.T @ inertia.reshape(-1, 36)).reshape(-1, 6, 6)
    force = matvec(of_coordinates(composite), p.motion)
    lower = (force @ p.motion.T) * above
    same = above * above.T
    return lower + (lower * (1.0 - same)).T


def accelerations(
    body: Body, p: Pose, before: Float[Array, "J 6"], across: Float[Array, "J 6"], acceleration: Float[Array, " 3+3*J"]
) -> tuple[Float[Array, "J 6"], Float[Array, "J 6"]]:
    """Compute spatial accelerations, gravity included as an upward acceleration of the world.

    Args:
      body: the person.
      p: its geometry.
      before: (J, 6) velocity before each link's rotation.
      across: (J, 6) velocity across it.
      acceleration: (V,) rate of the velocity coordinates.

    Returns:
      link accelerations (J, 6) and the accelerations before each link's rotation (J, 6).
    """
    mask, _, _ = masks(body.parents)
    turn = (p.motion[3:] * acceleration[3:, None]).reshape(-1, 3, 6).sum(axis=1)
    own = turn + motion_cross(before, across)
    up = jnp.array([0.0, 0.0, 1.0], acceleration.dtype)
    start = jnp.concatenate([jnp.zeros(3, acceleration.dtype), acceleration[:3] + up * body.gravity])
    links = jnp.asarray(mask) @ own + start
    return links, links - own


def link_forces(
    inertia: Float[Array, "J 6 6"], velocity: Float[Array, "J 6"], acceleration: Float[Array, "J 6"]
) -> Float[Array, "J 6"]:
    """Return (J, 6) net spatial forces that make the links accelerate so."""
    return matvec(inertia, acceleration) + force_cross(velocity, matvec(inertia, velocity))


def project(body: Body, p: Pose, forces: Float[Array, "J 6"]) -> Float[Array, " 3+3*J"]:
    """Turn spatial forces on links (J, 6) into generalised forces (V,) (sum over each coordinate's subtree)."""
    mask, _, _ = masks(body.parents)
    return jnp.sum(p.motion * of_coordinates(mask.T @ forces), axis=-1)


def center_of_mass(body: Body, p: Pose) -> Float[Array, " 3"]:
    """Return the whole-body centre of mass (3,) m relative to the root position."""
    mass = jnp.asarray(body.mass)
    return mass @ (p.anchor + matvec(p.axes, jnp.asarray(body.com))) / jnp.sum(mass)


def wrench(position: Float[Array, "*N 3"], force: Float[Array, "*N 3"]) -> Float[Array, "*N 6"]:
    """Return spatial forces (..., 6) of forces (..., 3) N that act at positions (..., 3) m."""
    return jnp.concatenate([cross(position, force), force], axis=-1)
