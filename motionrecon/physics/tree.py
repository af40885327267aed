"""Positions, axes and spatial velocities of the link tree, written densely with an ancestor mask.

All spatial vectors are (angular, linear) in world axes, taken at the root joint's position, which is the origin of
every position in this module. Root coordinates come as a translation (world axes) followed by a rotation (root axes).
"""

from __future__ import annotations

import dataclasses
from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int

from motionrecon.geometry import rotations
from motionrecon.geometry.skeleton import ancestor_mask
from motionrecon.physics.body import Body


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Pose:
    """Geometry of one configuration, relative to the root position.

    Attributes:
      axes: (J, 3, 3), columns are the link axes in the world.
      anchor: (J, 3) m, joint positions.
      motion: (V, 6), spatial axis of each velocity coordinate.
    """

    axes: Array
    anchor: Array
    motion: Array


@lru_cache(maxsize=8)
def _levels(parents: tuple[int, ...]) -> tuple[tuple[list[int], list[int]], ...]:
    """Group joints by depth: (joint indices, parent indices) a level, root excluded."""
    depth = [0] * len(parents)
    for i, p in enumerate(parents):
        depth[i] = 0 if p < 0 else depth[p] + 1
    groups = [[i for i in range(len(parents)) if depth[i] == d] for d in range(1, max(depth) + 1)]
    return tuple((g, [parents[i] for i in g]) for g in groups)


@lru_cache(maxsize=8)
def masks(parents: tuple[int, ...]) -> tuple[Float[np.ndarray, "J J"], Int[np.ndarray, " V"], Float[np.ndarray, "V V"]]:
    """Return (J, J) ancestor-or-self mask, (V,) link of each coordinate, (V, V) mask of coordinate ancestry.

    The last is 1 at [i, j] where coordinate j lies at or above coordinate i on the way to the root.
    """
    mask = ancestor_mask(parents).astype(np.float32)  # exact, and follows the precision of what it multiplies
    link = np.concatenate([np.zeros(6, int), np.repeat(np.arange(1, len(parents)), 3)])
    return mask, link, mask[link][:, link]


def cross(a: Float[Array, "... 3"], b: Float[Array, "... 3"]) -> Float[Array, "... 3"]:
    """Cross product written out (cheaper to compile than jnp.cross)."""
    return jnp.stack(
        [
            a[..., 1] * b[..., 2] - a[..., 2] * b[..., 1],
            a[..., 2] * b[..., 0] - a[..., 0] * b[..., 2],
            a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0],
        ],
        axis=-1,
    )


def motion_cross(a: Float[Array, "... 6"], b: Float[Array, "... 6"]) -> Float[Array, "... 6"]:
    """Spatial cross product of motions (..., 6): the rate of b carried along by a."""
    aw, av, bw, bv = a[..., :3], a[..., 3:], b[..., :3], b[..., 3:]
    return jnp.concatenate([cross(aw, bw), cross(aw, bv) + cross(av, bw)], axis=-1)


def force_cross(a: Float[Array, "... 6"], f: Float[Array, "... 6"]) -> Float[Array, "... 6"]:
    """Spatial cross product of a motion and a force (moment, force) (..., 6): the rate of f carried along by a."""
    aw, av, m, p = a[..., :3], a[..., 3:], f[..., :3], f[..., 3:]
    return jnp.concatenate([cross(aw, m) + cross(av, p), cross(aw, p)], axis=-1)


def matvec(m: Float[Array, "... n m"], v: Float[Array, "... m"]) -> Float[Array, "... n"]:
    """Batched small matrix times vector, the sum written out: a reduction of 3 or 6 terms costs more than its terms."""
    return sum((m[..., i] * v[..., i, None] for i in range(1, m.shape[-1])), start=m[..., 0] * v[..., 0, None])


def product(a: Float[Array, "... n k"], b: Float[Array, "... k m"]) -> Float[Array, "... n m"]:
    """Batched small matrix product (..., N, K) (..., K, M), the sum over K written out."""
    first = a[..., :, 0, None] * b[..., 0, None, :]
    return sum((a[..., :, i, None] * b[..., i, None, :] for i in range(1, a.shape[-1])), start=first)


def of_coordinates(links: Float[Array, " J *N"], first: Float[Array, " *N"] | None = None) -> Float[Array, " 3+3*J *N"]:
    """Spread values of links (J, ...) over the velocity coordinates (V, ...): a broadcast, which beats a gather.

    Args:
      links: one value a link.
      first: (...) value of the root's translation; the root link's own if None.
    """
    joints = jnp.broadcast_to(links[:, None], (links.shape[0], 3, *links.shape[1:])).reshape(-1, *links.shape[1:])
    shift = links[0] if first is None else first
    return jnp.concatenate([jnp.broadcast_to(shift, (3, *links.shape[1:])), joints])


def pose(body: Body, quats: Float[Array, "J 4"]) -> Pose:
    """Compute the geometry of one configuration.

    Args:
      body: the person.
      quats: (J, 4) local rotations.
    """
    local = rotations.to_matrix(quats)
    done = {0: local[0]}
    for joints, parents in _levels(body.parents):
        level = product(jnp.stack([done[i] for i in parents]), jnp.stack([local[i] for i in joints]))
        done |= {joint: level[i] for i, joint in enumerate(joints)}
    axes = jnp.stack([done[i] for i in range(len(body.parents))])
    mask, _, _ = masks(body.parents)
    above = jnp.stack([axes[max(i, 0)] for i in body.parents])
    steps = matvec(above, jnp.asarray(body.offsets)) * (np.array(body.parents) >= 0)[:, None]
    anchor = mask @ steps
    turn = jnp.swapaxes(axes, 1, 2).reshape(-1, 3)  # row 3 b + m is axis m of link b
    turn = jnp.concatenate([turn, cross(of_coordinates(anchor)[3:], turn)], axis=-1)
    shift = jnp.concatenate([jnp.zeros((3, 3), turn.dtype), jnp.eye(3, dtype=turn.dtype)], axis=-1)
    return Pose(axes, anchor, jnp.concatenate([shift, turn], axis=0))


def velocities(
    body: Body, p: Pose, velocity: Float[Array, " V"]
) -> tuple[Float[Array, "J 6"], Float[Array, "J 6"], Float[Array, "J 6"]]:
    """Compute spatial velocities.

    Args:
      body: the person.
      p: its geometry.
      velocity: (V,).

    Returns:
      link velocities (J, 6), velocity before each link's rotation (J, 6), velocity across it (J, 6).
    """
    mask, _, _ = masks(body.parents)
    moved = p.motion * velocity[:, None]
    across = moved[3:].reshape(-1, 3, 6).sum(axis=1)
    root_shift = jnp.concatenate([jnp.zeros(3, velocity.dtype), velocity[:3]])
    links = jnp.asarray(mask) @ across + root_shift
    before = links - across
    return links, before, across


def points(body: Body, p: Pose, link: Int[Array, " N"], offset: Float[Array, "N 3"]) -> Float[Array, "N 3"]:
    """Return positions (N, 3) m, from the root, of points at ``offset`` (N, 3) in the frames of ``link`` (N,)."""
    return p.anchor[link] + matvec(p.axes[link], offset)


def point_velocity(spatial: Float[Array, "*N 6"], position: Float[Array, "*N 3"]) -> Float[Array, "*N 3"]:
    """Return the velocity (..., 3) at ``position`` of a body moving with the spatial velocity (..., 6)."""
    return spatial[..., 3:] + cross(spatial[..., :3], position)
