"""Whole-clip inverse kinematics: the poses whose keypoints meet the observed ones, all frames at once.

Least squares by Levenberg-Marquardt. Unknown per frame: root position and 14 rotation vectors in the child
frames (45 numbers). Residuals: keypoints (1 per metre), joint priors and temporal smoothing (per radian),
soles against the floor (per metre). A point p on the branch of a joint at a turns with it as
dp = R d x (p - a) for a rotation vector d in the joint's frame, so the Jacobian is closed form. Frames are
coupled by the smoothing of neighbours alone, so the normal matrix is block tridiagonal with diagonal off-diagonal
blocks and a forward-backward sweep solves it exactly.

Keypoints do not fix the rotation about a straight limb. Priors and smoothing on those axes keep it from flipping.
Everything that belongs to a person or a clip is an argument: one compiled program a padded length and layout.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from motionrecon.fitting.initialize.mocap.sole_calibration import sole_corners
from motionrecon.fitting.initialize.mocap.tridiagonal import solve_tridiagonal
from motionrecon.geometry import rotations
from motionrecon.geometry.joint_frames import tree_frames
from motionrecon.geometry.padding import pad_frames
from motionrecon.geometry.skeleton import ancestor_mask
from motionrecon.jobs.program_store import Program
from motionrecon.types import Sites, Skeleton, Soles

# Weights against 1 per metre of a keypoint's error.
SMOOTH_TWIST = 0.1  # per radian between frames, about the axes keypoints see badly (along limbs, feet, neck)
SMOOTH_SWING = 0.02  # per radian between frames, about the other axes
SMOOTH_ROOT = 0.01  # per metre between frames
HINGE = 0.2  # per radian off the knee's axis
ELBOW = 0.1  # per radian off the elbow's axis
FOOT = 0.03  # per radian of ankle rotation
TRUNK = 0.02  # per radian of spine, chest and neck rotation
BALL_JOINT = 0.005  # per radian of hip and shoulder rotation
LIMIT = 0.5  # per radian that a knee or elbow is bent the wrong way by more than SLACK
SLACK = 0.05  # rad
FLOOR = 0.5  # per metre that a sole is inside the floor
FLOOR_UNSEEN = 1.2  # the same for clips whose forefeet were not observed, so nothing else places the foot
TOLERANCE = 1e-3  # relative decrease of the cost at which iterating stops


class Problem(NamedTuple):
    """One clip's least squares; T includes padding, P = 8 sole corners (see ``sole_corners``)."""

    offsets: Array  # (J, 3) m
    link: Array  # (K,)
    site: Array  # (K, 3) m
    target: Array  # (T, K, 3) m
    weight: Array  # (T, K)
    corner_link: Array  # (P,)
    corner: Array  # (P, 3) m
    attract: Array  # (T, P) per metre, pull of a corner to z = 0
    floor: Array  # () per metre
    prior: Array  # (J, 3) per radian
    bend: Array  # (J, 3) sign of the bend about each axis, 0 where free
    limit: Array  # () per radian
    slack: Array  # () rad
    smooth: Array  # (3 + 3 J,) per metre and per radian
    used: Array  # (T,) 1 for real frames


def _joint_weights(
    names: tuple[str, ...],
) -> tuple[Float[np.ndarray, "J 3"], Float[np.ndarray, "J 3"], Float[np.ndarray, "J 3"]]:
    """Return prior weights, bend signs and smoothing weights, each (J, 3) over the child axes x, y, z."""
    swing, twist = SMOOTH_SWING, SMOOTH_TWIST
    rows = {
        "pelvis": ((0, 0, 0), (0, 0, 0), (swing, swing, swing)),
        "spine": ((TRUNK,) * 3, (0, 0, 0), (twist,) * 3),
        "chest": ((TRUNK,) * 3, (0, 0, 0), (swing, swing, swing)),
        "neck": ((TRUNK,) * 3, (0, 0, 0), (swing, swing, twist)),
        "hip": ((BALL_JOINT,) * 3, (0, 0, 0), (swing, swing, twist)),
        "knee": ((HINGE, 0, HINGE), (0, 1, 0), (twist, swing, twist)),
        "ankle": ((FOOT,) * 3, (0, 0, 0), (twist, swing, swing)),
        "shoulder": ((BALL_JOINT,) * 3, (0, 0, 0), (swing, twist, swing)),
        "elbow": ((ELBOW, ELBOW, 0), (0, 0, -1), (twist, twist, swing)),
    }
    table = [rows[n.replace("left_", "").replace("right_", "")] for n in names]
    prior, bend, smooth = (np.array([r[i] for r in table], dtype=float) for i in range(3))
    bend[names.index("right_elbow")] *= -1.0
    return prior, bend, smooth


def _unseen_arms(skeleton: Skeleton, sites: Sites, weight: np.ndarray) -> list[int]:
    """Return the shoulders and elbows of arms of which nothing but the shoulder was observed."""
    seen = {n for n, w in zip(sites.names, np.asarray(weight).max(axis=0), strict=True) if w > 0}
    sides = [s for s in ("left", "right") if not {f"{s}_{n}" for n in ("elbow", "wrist", "hand")} & seen]
    return [skeleton.names.index(f"{s}_{n}") for s in sides for n in ("shoulder", "elbow")]


def build_problem(
    skeleton: Skeleton,
    sites: Sites,
    target: Float[np.ndarray, "T K 3"],
    weight: Float[np.ndarray, "T K"],
    soles: Soles,
    attract: Float[np.ndarray, "T 8"] | None,
    floor: float = FLOOR,
) -> Problem:
    """Pad a clip and collect everything its least squares needs.

    Args:
      skeleton: the person's skeleton, template joint names.
      sites: K keypoints on it.
      target: (T, K, 3) m, world, ground at z = 0.
      weight: (T, K) in 0..1; 0 = missing.
      soles: contact geometry.
      attract: (T, 8) per metre, pull of each sole corner to the floor; None leaves the floor out altogether.
      floor: per metre that a sole is inside the floor.

    Returns:
      A Problem whose T is ``joint_frames.padded_length``.
    """
    frames = len(target)
    prior, bend, smooth = _joint_weights(skeleton.names)
    prior[_unseen_arms(skeleton, sites, weight)] = 0.0  # their guess hangs; the prior would lift them to the rest pose
    ankles = [skeleton.names.index("left_ankle")] * 4 + [skeleton.names.index("right_ankle")] * 4
    pull = np.zeros((frames, 8)) if attract is None else attract
    fields = Problem(
        offsets=skeleton.offsets, link=np.asarray(sites.link), site=sites.offset,
        target=pad_frames(target), weight=pad_frames(weight, "constant"),
        corner_link=np.array(ankles), corner=sole_corners(soles),
        attract=pad_frames(pull, "constant"), floor=0.0 if attract is None else floor, prior=prior, bend=bend,
        limit=LIMIT, slack=SLACK,
        smooth=np.concatenate([np.full(3, SMOOTH_ROOT), smooth.ravel()]),
        used=pad_frames(np.ones(frames), "constant"),
    )  # fmt: skip
    return Problem(*(jnp.asarray(f, dtype=None if np.asarray(f).dtype.kind == "i" else float) for f in fields))


def solve_poses(
    problem: Problem, skeleton: Skeleton, root_pos: Float[Array, "t 3"], quats: Float[Array, "t J 4"], iterations: int
) -> tuple[Float[np.ndarray, "t 3"], Float[np.ndarray, "t J 4"], float]:
    """Run Levenberg-Marquardt from a start.

    Args:
      problem: from ``build_problem``.
      skeleton: gives the tree (its offsets are not used; the problem's are).
      root_pos: (t, 3) m, t frames before padding.
      quats: (t, J, 4) local.
      iterations: most iterations.

    Returns:
      Root positions (t, 3), local rotations (t, J, 4), neighbours on the same half sphere, and the cost.
    """
    frames = len(root_pos)
    pos, rot = (jnp.asarray(pad_frames(v), dtype=float) for v in (root_pos, quats))
    pos, rot, cost = _solve(problem, skeleton.parents, pos, rot, iterations)
    return np.asarray(pos)[:frames], np.asarray(rot)[:frames], float(cost)


class _Terms(NamedTuple):
    """What cost and normal equations share."""

    joints: Array  # (T, J, 3)
    frames: Array  # (T, J, 3, 3)
    points: Array  # (T, K, 3)
    corners: Array  # (T, P, 3)
    residual: Array  # (T, K, 3)
    angles: Array  # (T, J, 3)
    over: Array  # (T, J, 3) rad past the bend limit, <= 0
    step: Array  # (T - 1, 3 + 3 J)


def _terms(
    problem: Problem, parents: tuple[int, ...], pos: Float[Array, "T 3"], quats: Float[Array, "T J 4"]
) -> _Terms:
    joints, rot = tree_frames(parents, problem.offsets, pos, quats)
    joints, rot = jax.lax.optimization_barrier((joints, rot))  # keeps the compiler from fusing it into every use
    points = joints[:, problem.link] + jnp.sum(rot[:, problem.link] * problem.site[:, None, :], axis=-1)
    carried = rot[:, problem.corner_link]
    corners = joints[:, problem.corner_link] + jnp.sum(carried * problem.corner[:, None, :], axis=-1)
    angles = rotations.log(quats)
    turn = rotations.log(rotations.mul(rotations.conj(quats[:-1]), quats[1:]))
    pair = (problem.used[1:] * problem.used[:-1])[:, None]
    step = pair * problem.smooth * jnp.concatenate([pos[1:] - pos[:-1], turn.reshape(len(turn), -1)], axis=-1)
    over = jnp.minimum(problem.bend * angles + problem.slack, 0.0)
    return _Terms(joints, rot, points, corners, points - problem.target, angles, over, step)


def _cost(problem: Problem, t: _Terms) -> Float[Array, ""]:
    square = jnp.sum(t.residual**2, axis=-1)
    data = jnp.sum(problem.weight**2 * square)
    height = t.corners[..., 2]
    floor = jnp.sum((problem.attract * height) ** 2) + problem.floor**2 * jnp.sum(
        problem.used[:, None] * jnp.minimum(height, 0.0) ** 2
    )
    joint = jnp.sum(problem.used[:, None, None] * ((problem.prior * t.angles) ** 2 + (problem.limit * t.over) ** 2))
    return data + floor + joint + jnp.sum(t.step**2)


def _point_jacobian(t: _Terms, points: Float[Array, "T N 3"], mask: Float[Array, "N J"]) -> Float[Array, "T N 3 3+3*J"]:
    """Return (T, N, 3, 3 + 3 J): motion of points with root position and joint rotation vectors."""
    arm = points[:, :, None, :] - t.joints[:, None, :, :]
    columns = jnp.swapaxes(t.frames, -1, -2)[:, None]  # (T, 1, J, column, xyz)
    turn = jnp.cross(columns, arm[:, :, :, None, :]) * mask[None, :, :, None, None]
    turn = jnp.moveaxis(turn, -1, 2).reshape(*points.shape[:2], 3, -1)
    shift = jnp.broadcast_to(jnp.eye(3), (*points.shape[:2], 3, 3))
    return jnp.concatenate([shift, turn], axis=-1)


def _normal_equations(
    problem: Problem, parents: tuple[int, ...], t: _Terms
) -> tuple[Float[Array, "T n n"], Float[Array, "T n"], Float[Array, "T-1 n"]]:
    """Return blocks (T, n, n), right sides (T, n) and squared couplings (T - 1, n) of one linearisation."""
    mask = jnp.asarray(ancestor_mask(parents), dtype=float)
    frames = t.joints.shape[0]
    jac = _point_jacobian(t, t.points, mask[problem.link])
    rows = problem.weight[..., None, None] * jac
    height = t.corners[..., 2]
    inside = problem.floor**2 * (height < 0.0) * problem.used[:, None]
    scale = jnp.sqrt(problem.attract**2 + inside)
    low = scale[..., None] * _point_jacobian(t, t.corners, mask[problem.corner_link])[:, :, 2, :]
    rows = jnp.concatenate([rows.reshape(frames, -1, rows.shape[-1]), low], axis=1)
    error = jnp.concatenate([(problem.weight[..., None] * t.residual).reshape(frames, -1), scale * height], axis=1)
    block = jnp.swapaxes(rows, 1, 2) @ rows
    right = -jnp.sum(rows * error[..., None], axis=1)
    joint_block, joint_right = _joint_equations(problem, t)
    smooth = (problem.used[1:] * problem.used[:-1])[:, None] * problem.smooth**2
    zero = jnp.zeros((1, smooth.shape[1]))
    diagonal = jnp.concatenate([zero, smooth]) + jnp.concatenate([smooth, zero])
    scaled = problem.smooth * t.step
    right += joint_right + jnp.concatenate([scaled, zero]) - jnp.concatenate([zero, scaled])
    return block + joint_block + diagonal[:, :, None] * jnp.eye(block.shape[-1]), right, smooth


def _joint_equations(problem: Problem, t: _Terms) -> tuple[Float[Array, "T n n"], Float[Array, "T n"]]:
    """Return the share of joint priors and bend limits in blocks (T, n, n) and right sides (T, n)."""
    frames, joints = t.angles.shape[:2]
    jac = rotations.right_jacobian_inverse(t.angles)
    used = problem.used[:, None, None]
    weight = used * (problem.prior**2 + problem.limit**2 * (t.over < 0.0) * problem.bend**2)
    pull = used * (problem.prior**2 * t.angles + problem.limit**2 * problem.bend * t.over)
    small = jnp.sum(jac[..., :, :, None] * (weight[..., :, None] * jac)[..., :, None, :], axis=-3)
    right = -jnp.sum(jac * pull[..., None], axis=-2)
    spread = (small[:, :, :, None, :] * jnp.eye(joints)[:, None, :, None]).reshape(frames, 3 * joints, 3 * joints)
    return jnp.pad(spread, ((0, 0), (3, 0), (3, 0))), jnp.pad(right.reshape(frames, -1), ((0, 0), (3, 0)))


@functools.partial(Program, static_argnames=("parents",))
def _solve(
    problem: Problem, parents: tuple[int, ...], pos: Float[Array, "T 3"], quats: Float[Array, "T J 4"], iterations: int
) -> tuple[Float[Array, "T 3"], Float[Array, "T J 4"], Float[Array, ""]]:
    def body(state):
        i, best, candidate, system, cost, damping, _ = state
        t = _terms(problem, parents, *candidate)
        new_cost = _cost(problem, t)
        good = new_cost < cost  # false for NaN too
        done = good & (cost - new_cost < TOLERANCE * cost)
        keep = functools.partial(jax.tree.map, lambda new, old: jnp.where(good, new, old))
        best, system = keep(candidate, best), keep(_normal_equations(problem, parents, t), system)
        damping = jnp.where(good, jnp.maximum(damping * 0.2, 1e-7), damping * 10.0)
        block, right, coupling = system
        step = solve_tridiagonal(block + damping * jnp.eye(block.shape[-1]), right, coupling)
        turn = rotations.exp(step[:, 3:].reshape(len(step), -1, 3))
        candidate = (best[0] + step[:, :3], rotations.normalize(rotations.mul(best[1], turn)))
        return i + 1, best, candidate, system, jnp.where(good, new_cost, cost), damping, done | (damping > 1e3)

    frames, n = pos.shape[0], problem.smooth.shape[0]
    empty = (jnp.zeros((frames, n, n)), jnp.zeros((frames, n)), jnp.zeros((frames - 1, n)))
    start = (0, (pos, quats), (pos, quats), empty, jnp.asarray(jnp.inf), jnp.asarray(1e-3), False)
    state = jax.lax.while_loop(lambda s: (s[0] <= iterations) & ~s[6], body, start)
    return state[1][0], rotations.continuous(state[1][1]), state[4]
