"""What the objective looks at in a simulated frame, and its closed-form Jacobian in the state.

Points are keypoint sites followed by the eight sole points of the feet.
"""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
from jax import Array

from motionrecon import rotations
from motionrecon.physics import dynamics, tree
from motionrecon.physics.body import Body
from motionrecon.types import SimState, Sites

SOLE_POINTS = 8


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Features:
    """Quantities of one frame (world axes); a Jacobian has the same fields with a last axis 2 V.

    Attributes:
      points: (K, 3) m, keypoints.
      point_velocity: (K, 3) m/s.
      soles: (8, 3) m, sole points (left heel inner, outer, toe inner, outer, then right).
      sole_velocity: (8, 3) m/s.
      com: (3,) m, centre of mass.
      joints: (A, 3) rad, rotation vectors of the joints.
      effort: (A, 3), damping torque of the controllers over the joints' limits, (-kd v) / limit.
    """

    points: Array
    point_velocity: Array
    soles: Array
    sole_velocity: Array
    com: Array
    joints: Array
    effort: Array


def _marks(body: Body, sites: Sites) -> tuple[Array, Array]:
    link = jnp.concatenate([jnp.asarray(sites.link), jnp.array(body.contact_link[:SOLE_POINTS])])
    offset = jnp.concatenate([jnp.asarray(sites.offset), jnp.asarray(body.contact_offset)[:SOLE_POINTS]])
    return link, offset


def _effort(body: Body, velocity: Array) -> Array:
    g = body.gains
    return -(jnp.asarray(g.kd) / jnp.asarray(g.torque_limit))[:, None] * velocity[6:].reshape(-1, 3)


def features(body: Body, sites: Sites, state: SimState) -> Features:
    """Compute the features of one state."""
    p = tree.pose(body, state.quats)
    links, _, _ = tree.velocities(body, p, state.velocity)
    link, offset = _marks(body, sites)
    where = tree.points(body, p, link, offset)
    speed = tree.point_velocity(links[link], where)
    k = len(sites.names)
    com = dynamics.centre_of_mass(body, p) + state.position
    where = where + state.position
    joints = rotations.log(state.quats[1:])
    return Features(where[:k], speed[:k], where[k:], speed[k:], com, joints, _effort(body, state.velocity))


def features_jacobian(body: Body, sites: Sites, state: SimState) -> tuple[Features, Features]:
    """Compute features and their Jacobian in the state error (2 V,)."""
    p = tree.pose(body, state.quats)
    links, before, _ = tree.velocities(body, p, state.velocity)
    mask, of, _ = tree.masks(body.parents)
    mask = jnp.asarray(mask)
    link, offset = _marks(body, sites)
    where = tree.points(body, p, link, offset)
    speed = tree.point_velocity(links[link], where)
    s, n = p.motion, len(of)
    reach = mask[link][:, of][:, :, None]  # (P, V, 1)
    turn = jnp.broadcast_to(s[None, :, :3], (len(link), n, 3))
    move = (s[None, :, 3:] + tree.cross(turn, where[:, None, :])) * reach
    shift = jnp.concatenate([jnp.zeros(3, s.dtype), state.velocity[:3]])
    pre = tree.of_coordinates(jnp.concatenate([shift[None], before[1:]]), jnp.zeros_like(shift))
    psi = tree.motion_cross(pre, s)
    drift = psi[None, :, 3:] + tree.cross(jnp.broadcast_to(psi[None, :, :3], turn.shape), where[:, None, :])
    swing = (tree.cross(turn, speed[:, None, :]) + drift) * reach
    move, swing = jnp.swapaxes(move, 1, 2), jnp.swapaxes(swing, 1, 2)  # (P, 3, V)
    at = jnp.concatenate([move, jnp.zeros_like(move)], axis=2)
    rate = jnp.concatenate([swing, move], axis=2)
    # centre of mass: each coordinate moves the mass of its subtree
    mass = jnp.asarray(body.mass)
    centres = p.anchor + tree.matvec(p.axes, jnp.asarray(body.com))
    below = mask.T @ mass
    moment = tree.of_coordinates(mask.T @ (mass[:, None] * centres))
    com_jac = (tree.of_coordinates(below)[:, None] * s[:, 3:] + tree.cross(s[:, :3], moment)) / jnp.sum(mass)
    com_jac = jnp.concatenate([com_jac.T, jnp.zeros((3, n), s.dtype)], axis=1)
    joints = rotations.log(state.quats[1:])
    a = joints.shape[0]
    blocks = jnp.eye(a, dtype=s.dtype)[:, None, :, None] * rotations.right_jacobian_inverse(joints)[:, :, None, :]
    joint_jac = jnp.pad(blocks.reshape(a, 3, 3 * a), ((0, 0), (0, 0), (6, n)))
    g = body.gains
    scale = -(jnp.asarray(g.kd) / jnp.asarray(g.torque_limit))
    unit = jnp.eye(3 * a, dtype=s.dtype).reshape(a, 3, 3 * a) * scale[:, None, None]
    effort_jac = jnp.pad(unit, ((0, 0), (0, 0), (n + 6, 0)))
    k = len(sites.names)
    com = dynamics.centre_of_mass(body, p) + state.position
    where = where + state.position
    value = Features(where[:k], speed[:k], where[k:], speed[k:], com, joints, _effort(body, state.velocity))
    slope = Features(at[:k], rate[:k], at[k:], rate[k:], com_jac, joint_jac, effort_jac)
    return value, slope
