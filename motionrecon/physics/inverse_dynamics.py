"""First guess of the controls: joint torques that a kinematic motion needs, and PD targets that give them.

The root's six equations of motion are met by forces at body points near the ground (weighted least squares); the
joints' torques follow, and each target is the pose plus the rotation that makes the controller produce that torque.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from motionrecon.physics import dynamics, tree
from motionrecon.physics.body import Body
from motionrecon.types import SimState

REACH = 0.02  # m over the ground within which a point can push
LARGEST_OFFSET = 2.5  # rad; fast joints need about 2 only to overcome the controllers' damping


def contact_points(body: Body, state: SimState) -> tuple[Float[Array, "C 3"], Float[Array, "C 3 V"]]:
    """Return contact positions (C, 3) m in the world and their Jacobians (C, 3, V) in the velocity."""
    p = tree.pose(body, state.quats)
    index = np.array(body.contact_link)
    where = tree.points(body, p, index, jnp.asarray(body.contact_offset))
    mask, link, _ = tree.masks(body.parents)
    turn = jnp.broadcast_to(p.motion[None, :, :3], (len(index), len(link), 3))
    move = (p.motion[None, :, 3:] + tree.cross(turn, where[:, None, :])) * mask[index][:, link][:, :, None]
    return where + state.position, jnp.swapaxes(move, 1, 2)


def required_torque(
    body: Body, state: SimState, acceleration: Float[Array, " V"]
) -> tuple[Float[Array, " V-6"], Float[Array, "C 3"]]:
    """Return joint torques (3 A,) N m that a motion needs, and the ground's forces (C, 3) N assumed.

    Args:
      body: the person.
      state: one state.
      acceleration: (V,) rate of the velocity coordinates.
    """
    p = tree.pose(body, state.quats)
    links, before, across = tree.velocities(body, p, state.velocity)
    acc, _ = dynamics.accelerations(body, p, before, across, acceleration)
    need = dynamics.project(body, p, dynamics.link_forces(dynamics.spatial_inertia(body, p), links, acc))
    need = need + jnp.asarray(body.armature) * acceleration
    where, jac = contact_points(body, state)
    height = where[:, 2] - jnp.asarray(body.contact_radius)
    share = jax.nn.sigmoid((REACH - height) / 0.005)
    weight = jnp.stack([0.5 * share, 0.5 * share, share], axis=1).reshape(-1)
    flat = jac.reshape(-1, jac.shape[-1])
    root = flat[:, :6]
    gram = root.T @ (weight[:, None] * root) + 1e-3 * jnp.eye(6)
    force = weight * (root @ jnp.linalg.solve(gram, need[:6]))
    return (need - flat.T @ force)[6:], force.reshape(-1, 3)


def control_offsets(
    body: Body, states: SimState, fps: Float[Array, ""]
) -> tuple[Float[Array, "T A 3"], Float[Array, "T A 3"]]:
    """Split the offsets of PD targets from a kinematic motion's pose into what its speed and what its torques need.

    A controller damps its joint's velocity, so its target has to run ahead of the pose by kd / kp times that velocity
    before it gives any torque at all.

    Args:
      body: the person.
      states: kinematic states with leading axis T.
      fps: Hz.

    Returns:
      lead (T, A, 3) rad, and torques over kp (T, A, 3) rad, turned after the lead.
    """
    v = states.velocity
    rate = jnp.concatenate([(v[1:2] - v[:1]), 0.5 * (v[2:] - v[:-2]), v[-1:] - v[-2:-1]]) * fps
    torque, _ = jax.vmap(required_torque, in_axes=(None, 0, 0))(body, states, rate)
    torque = torque.reshape(*torque.shape[:1], -1, 3)
    g = body.gains
    limit = 0.95 * jnp.asarray(g.torque_limit)[:, None]
    asked = jnp.arctanh(jnp.clip(torque / limit, -0.9, 0.9)) * limit  # undo the smooth torque limit
    kp, kd = jnp.asarray(g.kp)[:, None], jnp.asarray(g.kd)[:, None]
    lead = jnp.clip(kd / kp * v[:, 6:].reshape(torque.shape), -LARGEST_OFFSET, LARGEST_OFFSET)
    return lead, jnp.clip(asked / kp + lead, -LARGEST_OFFSET, LARGEST_OFFSET) - lead
