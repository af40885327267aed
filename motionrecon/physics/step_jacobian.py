"""Closed-form Jacobian of one simulation step in state and target, twelve times cheaper than forward-mode AD.

State errors are z = (root position 3, rotation vectors 3 J in the link's axes, velocity V). Turning joint axis S_j moves its
subtree rigidly; with psi_j = V_pre x S_j, xi_j = A_pre x S_j + V_pre x psi_j and
B psi = I (psi x V) + psi x* (I V) + V x* (I psi), the force on each link of the subtree changes by
S_j x* f + I xi_j + B psi_j (Featherstone 2008, section 2; Carpentier and Mansard, "Analytical derivatives of rigid body dynamics
algorithms", RSS 2018). For velocities the same holds with eta_j = psi_j + V_j x S_j - S_j / dt and B S_j. The new velocity x
then follows from the implicit function theorem with one factorisation for all right-hand sides.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.scipy.linalg import cho_factor, cho_solve

from motionrecon import rotations
from motionrecon.physics import contact, dynamics, pd, pipeline, tree
from motionrecon.physics.body import Body, Ground
from motionrecon.types import SimState


def _cross_matrices(v: Array) -> tuple[Array, Array]:
    """Return (..., 6, 6) matrices of ``motion_cross(v, .)`` and ``force_cross(v, .)``."""
    w, t = rotations.skew(v[..., :3]), rotations.skew(v[..., 3:])
    o = jnp.zeros_like(w)
    motion = jnp.concatenate([jnp.concatenate([w, o], -1), jnp.concatenate([t, w], -1)], -2)
    force = jnp.concatenate([jnp.concatenate([w, t], -1), jnp.concatenate([o, w], -1)], -2)
    return motion, force


def _product(a: Array, b: Array) -> Array:
    """Batched small matrix product as a broadcast sum."""
    return jnp.sum(a[..., :, :, None] * b[..., None, :, :], axis=-2)


def _momentum_slope(inertia: Array, velocity: Array) -> Array:
    """Return B (J, 6, 6): B psi = I (psi x V) + psi x* (I V) + V x* (I psi)."""
    motion, force = _cross_matrices(velocity)
    h = dynamics.matvec(inertia, velocity)
    # psi x* h as a matrix acting on psi: -(h x) in the blocks (moment, force)
    m, f = rotations.skew(h[..., :3]), rotations.skew(h[..., 3:])
    o = jnp.zeros_like(m)
    momentum = -jnp.concatenate([jnp.concatenate([m, f], -1), jnp.concatenate([f, o], -1)], -2)
    return -_product(inertia, motion) + momentum + _product(force, inertia)


def _rigid_part(body: Body, p: tree.Pose, state: SimState, x: Array, dt: Array, onto: Array):
    """Derivatives of Newton-Euler's forces minus the rigidly moved contact wrenches.

    Returns:
      dr/dq (V, V - in rotation columns; translation columns are zero) and dr/dv (V, V).
    """
    mask, link, above = tree.masks(body.parents)
    v = state.velocity
    inertia = dynamics.spatial_inertia(body, p)
    links, before, across = tree.velocities(body, p, v)
    acc, acc_before = dynamics.accelerations(body, p, before, across, (x - v) / dt)
    net = dynamics.link_forces(inertia, links, acc) - onto
    composite = (mask.T @ inertia.reshape(-1, 36)).reshape(-1, 6, 6)
    slope = (mask.T @ _momentum_slope(inertia, links).reshape(-1, 36)).reshape(-1, 6, 6)
    subtree = mask.T @ net
    shift = jnp.concatenate([jnp.zeros(3), v[:3]])  # the root's velocity after its translation
    # velocity before and after each coordinate's joint; the root's translation counts as a joint of its own
    pre = before[link].at[:3].set(0.0).at[3:6].set(shift)
    post = links[link].at[:3].set(shift)
    s = p.motion
    psi = tree.motion_cross(pre, s)
    xi = tree.motion_cross(acc_before[link], s) + tree.motion_cross(pre, psi)
    xi = xi.at[:3].set(0.0)
    eta = psi + tree.motion_cross(post, s) - s / dt
    ic, bc = composite[link], slope[link]

    def rows_above(force: Array) -> Array:
        return (s @ force.T) * above.T  # [i, j]: coordinate i at or above j

    def rows_below(a: Array, b: Array) -> Array:
        # [i, j]: S_i . (I_i a_j + B_i b_j), i strictly below j
        si = jnp.sum(s[:, :, None] * ic, axis=1)
        sb = jnp.sum(s[:, :, None] * bc, axis=1)
        return (si @ a.T + sb @ b.T) * above

    same = above * above.T
    moved = dynamics.matvec(ic, xi) + dynamics.matvec(bc, psi)
    strict = tree.force_cross(s, subtree[link]) + moved
    # the root's translation lies above its rotation although both belong to one link
    order = np.array(same)
    order[:3, 3:6] = 0.0
    order[3:6, :3] = 0.0
    lift = np.zeros_like(order)
    lift[:3, 3:6] = 1.0
    q_above = (s @ strict.T) * (above.T * (1 - same) + lift)
    q_rest = rows_below(xi, psi) * (order + (above * (1 - same)))
    dq = (q_above + q_rest).at[:, :3].set(0.0)
    pushed = dynamics.matvec(ic, eta) + dynamics.matvec(bc, s)
    dv = rows_above(pushed) * (1 - same) + rows_below(eta, s)
    dv = dv - jnp.diag(jnp.asarray(body.armature)) / dt
    return dq, dv, psi


def _contact_part(body: Body, ground: Ground, p: tree.Pose, state: SimState, x: Array, dt: Array):
    """Derivatives of contact forces beyond their rigid motion, projected; and the wrench on each link."""
    mask, link, _ = tree.masks(body.parents)
    index = np.array(body.contact_link)
    reach = mask[index][:, link]  # (C, V)
    s = p.motion
    links, before, _ = tree.velocities(body, p, state.velocity)
    new_links, new_before, _ = tree.velocities(body, p, x)
    where = tree.points(body, p, index, jnp.asarray(body.contact_offset))
    depth = jnp.asarray(body.contact_radius) - (where[:, 2] + state.position[2])
    old, new = tree.point_velocity(links[index], where), tree.point_velocity(new_links[index], where)

    def law(d, u, w):
        push, damping = contact.coefficients(ground, d[None], u[None], dt)
        return (push - damping * w)[0]

    force = jax.vmap(law)(depth, old, new)
    dd, du, dw = jax.vmap(jax.jacfwd(law, argnums=(0, 1, 2)))(depth, old, new)

    def at_points(spatial: Array) -> Array:
        # velocity of each contact point under each coordinate's spatial vector: (C, V, 3)
        ang = jnp.broadcast_to(spatial[None, :, :3], (len(index), *spatial[:, :3].shape))
        return spatial[None, :, 3:] + tree.cross(ang, where[:, None, :])

    def psi(pre: Array, v: Array) -> Array:
        full = pre[link].at[:3].set(0.0).at[3:6].set(jnp.concatenate([jnp.zeros(3), v[:3]]))
        return tree.motion_cross(full, s)

    jac = at_points(s) * reach[:, :, None]
    turn = jnp.broadcast_to(s[None, :, :3], jac.shape)
    d_old = tree.cross(turn, old[:, None, :]) + at_points(psi(before, state.velocity))
    d_new = tree.cross(turn, new[:, None, :]) + at_points(psi(new_before, x))
    change = -dd[:, None, :] * jac[:, :, 2:] + dynamics.matvec(du[:, None], d_old) + dynamics.matvec(dw[:, None], d_new)
    dq = (tree.cross(turn, force[:, None, :]) - change) * reach[:, :, None]
    dv = -dynamics.matvec(du[:, None], jac)
    flat = jnp.swapaxes(jac, 1, 2).reshape(-1, jac.shape[1])  # (3 C, V)
    rows = jnp.concatenate([dq, dv], axis=1)
    rows = jnp.swapaxes(rows, 1, 2).reshape(-1, rows.shape[1])
    projected = flat.T @ rows
    onto = jax.ops.segment_sum(dynamics.wrench(where, force), index, len(body.parents))
    return projected[:, : s.shape[0]], projected[:, s.shape[0] :], onto


def _joint_part(body: Body, state: SimState, target: Array, x: Array, dt: Array):
    """Derivatives (A, 3, 3) of the controllers' torque in joint rotation, old velocity and target rotation."""

    def law(kp, kd, limit, q, t, v, new, turn, aim):
        q = rotations.mul(q, rotations.exp(turn))
        t = rotations.mul(t, rotations.exp(aim))
        gains = type(body.gains)(kp[None], kd[None], limit[None])
        torque, slope = pd.torque_law(gains, q[None], t[None], v[None], dt)
        return (torque - slope * (new - v)[None])[0]

    a = len(body.parents) - 1
    zero = jnp.zeros((a, 3))
    g = body.gains
    jac = jax.vmap(jax.jacfwd(law, argnums=(5, 7, 8)))(
        jnp.asarray(g.kp), jnp.asarray(g.kd), jnp.asarray(g.torque_limit), state.quats[1:], target,
        state.velocity[6:].reshape(-1, 3), x[6:].reshape(-1, 3), zero, zero,
    )  # fmt: skip
    return jac[1], jac[0], jac[2]


def _blocks(values: Array, size: int) -> Array:
    """Place (A, 3, 3) blocks on the diagonal of the joint part of a (V, 3 A) matrix."""
    a = values.shape[0]
    wide = jnp.eye(a)[:, None, :, None] * values[:, :, None, :]
    return jnp.concatenate([jnp.zeros((6, 3 * a)), wide.reshape(3 * a, 3 * a)], axis=0)


def step_jacobian(body: Body, ground: Ground, dt: Array, state: SimState, inputs: pipeline.Inputs, x: Array):
    """Differentiate one step.

    Args:
      body, ground, dt: as for ``pipeline.step``.
      state: unbatched state before the step.
      inputs: PD targets and support wrench.
      x: (V,) velocity after the step (``pipeline.new_velocity``).

    Returns:
      dz'/dz (2 V, 2 V), dz'/d target (2 V, 3 A) for rotation vectors applied to the targets from the right, and
      dz'/d wrench (2 V, 6).
    """
    n = x.shape[0]
    p = tree.pose(body, state.quats)
    contact_q, contact_v, onto = _contact_part(body, ground, p, state, x, dt)
    dq, dv, _ = _rigid_part(body, p, state, x, dt, onto)
    turn, speed, aim = _joint_part(body, state, inputs.target, x, dt)
    dq = dq + contact_q
    dq = dq.at[:, 6:].add(-_blocks(turn, n))
    dv = (dv + contact_v).at[:, 6:].add(-_blocks(speed, n))
    da = -_blocks(aim, n)
    de = jnp.eye(n, 6) * -pipeline.WRENCH_UNIT
    factor = cho_factor(pipeline._slope(body, ground, dt, state, inputs), lower=True)
    dx = -dt * cho_solve(factor, jnp.concatenate([dq, dv, da, de], axis=1))
    w = x[3:].reshape(-1, 3) * dt
    back = rotations.to_matrix(rotations.exp(-w))
    right = rotations.right_jacobian(w) * dt
    size = back.shape[0]
    carried = (jnp.eye(size)[:, None, :, None] * back[:, :, None, :]).reshape(3 * size, 3 * size)
    dx_turn = dx[3:].reshape(size, 3, -1)
    turned = jnp.sum(right[:, :, :, None] * dx_turn[:, None, :, :], axis=2).reshape(3 * size, -1)
    turned = turned.at[:, 3:n].add(carried)
    moved = (dt * dx[:3]).at[:, :3].add(jnp.eye(3))
    full = jnp.concatenate([moved, turned, dx], axis=0)
    return full[:, : 2 * n], full[:, 2 * n : -6], full[:, -6:]


def retract(state: SimState, z: Array) -> SimState:
    """Move an unbatched state by a state error z (2 V,)."""
    n = state.velocity.shape[0]
    turn = rotations.exp(z[3:n].reshape(-1, 3))
    return SimState(state.position + z[:3], rotations.mul(state.quats, turn), state.velocity + z[n:])


def difference(state: SimState, base: SimState) -> Array:
    """Return the state error z (2 V,) with ``retract(base, z) = state`` (to first order in rotation vectors' wrap)."""
    turn = rotations.log(rotations.mul(rotations.conj(base.quats), state.quats))
    return jnp.concatenate([state.position - base.position, turn.reshape(-1), state.velocity - base.velocity])
