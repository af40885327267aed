"""What the objective looks at in a simulated frame, and its closed-form Jacobian in the state.

Points are keypoint sites followed by the P sole points of the feet, the first of the body's contact points.
"""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float, Int

from motionrecon.geometry import rotations
from motionrecon.physics import dynamics, tree
from motionrecon.physics.body import SOLE_POINTS, Body
from motionrecon.types import SimState, Sites


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Features:
    """Quantities of one frame (world axes); a Jacobian has the same fields with a last axis 2 V.

    Attributes:
      points: (K, 3) m, keypoints.
      point_velocity: (K, 3) m/s.
      soles: (P, 3) m, sole points, left foot then right.
      sole_velocity: (P, 3) m/s.
      com: (3,) m, centre of mass.
      com_velocity: (3,) m/s.
      joints: (A, 3) rad, rotation vectors of the joints.
      effort: (A, 3), damping torque of the controllers over the joints' limits, (-kd v) / limit.
    """

    points: Array
    point_velocity: Array
    soles: Array
    sole_velocity: Array
    com: Array
    com_velocity: Array
    joints: Array
    effort: Array


def _marks(body: Body, sites: Sites) -> tuple[Int[Array, " N"], Float[Array, "N 3"]]:
    link = jnp.concatenate([jnp.asarray(sites.link), jnp.array(body.contact_link[:SOLE_POINTS])])
    offset = jnp.concatenate([jnp.asarray(sites.offset), jnp.asarray(body.contact_offset)[:SOLE_POINTS]])
    return link, offset


def _centers(body: Body, p: tree.Pose) -> Float[Array, "J 3"]:
    return p.anchor + tree.matvec(p.axes, jnp.asarray(body.com))


def _effort(body: Body, velocity: Float[Array, " V"]) -> Float[Array, "A 3"]:
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
    com = dynamics.center_of_mass(body, p) + state.position
    momentum = jnp.asarray(body.mass) @ tree.point_velocity(links, _centers(body, p))
    where = where + state.position
    return Features(
        points=where[:k],
        point_velocity=speed[:k],
        soles=where[k:],
        sole_velocity=speed[k:],
        com=com,
        com_velocity=momentum / jnp.sum(jnp.asarray(body.mass)),
        joints=rotations.log(state.quats[1:]),
        effort=_effort(body, state.velocity),
    )


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
    com_speed, com_jac, com_rate = _com_jacobian(body, p, links, psi)
    joints = rotations.log(state.quats[1:])
    a = joints.shape[0]
    blocks = jnp.eye(a, dtype=s.dtype)[:, None, :, None] * rotations.right_jacobian_inverse(joints)[:, :, None, :]
    joint_jac = jnp.pad(blocks.reshape(a, 3, 3 * a), ((0, 0), (0, 0), (6, n)))
    g = body.gains
    scale = -(jnp.asarray(g.kd) / jnp.asarray(g.torque_limit))
    unit = jnp.eye(3 * a, dtype=s.dtype).reshape(a, 3, 3 * a) * scale[:, None, None]
    effort_jac = jnp.pad(unit, ((0, 0), (0, 0), (n + 6, 0)))
    k = len(sites.names)
    com = dynamics.center_of_mass(body, p) + state.position
    where = where + state.position
    value = Features(
        points=where[:k],
        point_velocity=speed[:k],
        soles=where[k:],
        sole_velocity=speed[k:],
        com=com,
        com_velocity=com_speed,
        joints=joints,
        effort=_effort(body, state.velocity),
    )
    slope = Features(
        points=at[:k],
        point_velocity=rate[:k],
        soles=at[k:],
        sole_velocity=rate[k:],
        com=com_jac,
        com_velocity=com_rate,
        joints=joint_jac,
        effort=effort_jac,
    )
    return value, slope


def _com_jacobian(
    body: Body, p: tree.Pose, links: Float[Array, "J 6"], psi: Float[Array, "V 6"]
) -> tuple[Float[Array, " 3"], Float[Array, "3 2*V"], Float[Array, "3 2*V"]]:
    """Return the centre of mass' velocity (3,) and its and the position's Jacobians (3, 2 V), position's first.

    Each coordinate moves the mass of its subtree, and turns its momentum.
    """
    mask, of, _ = tree.masks(body.parents)
    mask, n, s = jnp.asarray(mask), len(of), p.motion
    mass = jnp.asarray(body.mass)
    total = jnp.sum(mass)
    centers = _centers(body, p)
    momentum = mass[:, None] * tree.point_velocity(links, centers)
    below = tree.of_coordinates(mask.T @ mass)[:, None]
    moment = tree.of_coordinates(mask.T @ (mass[:, None] * centers))
    carried = tree.of_coordinates(mask.T @ momentum)
    move = (below * s[:, 3:] + tree.cross(s[:, :3], moment)) / total
    swing = (tree.cross(s[:, :3], carried) + below * psi[:, 3:] + tree.cross(psi[:, :3], moment)) / total
    at = jnp.concatenate([move.T, jnp.zeros((3, n), s.dtype)], axis=1)
    return momentum.sum(axis=0) / total, at, jnp.concatenate([swing.T, move.T], axis=1)
