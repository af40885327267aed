"""Closed-form Jacobian of one simulation step in state and target, twelve times cheaper than forward-mode AD.

State errors are z = (root position 3, rotation vectors 3 J in the link's axes, velocity V). Turning joint axis S_j
moves its subtree rigidly; with psi_j = V_pre x S_j, xi_j = A_pre x S_j + V_pre x psi_j and B psi = I (psi x V) + psi
x* (I V) + V x* (I psi), the force on each link of the subtree changes by S_j x* f + I xi_j + B psi_j (Featherstone
2008, section 2; Carpentier and Mansard, "Analytical derivatives of rigid body dynamics algorithms", RSS 2018). For
velocities the same holds with eta_j = psi_j + V_j x S_j - S_j / dt and B S_j. The new velocity x then follows from the
implicit function theorem with one factorisation for all right-hand sides.

Axes: J links, A = J - 1 joints with controllers, V = 6 + 3 A velocity coordinates, C contact points, 2 V state errors,
M columns of whatever is carried along; 6 is a spatial vector (angular, linear). Of a coordinate: s = S_j, psi, xi, eta
as above, ``psi'`` (new_psi) at the velocity after the step. Summed over its subtree: ic the inertias, bc the slopes B,
c1 and c3 the contacts' share (``_contact_matrices``).
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from motionrecon.geometry import rotations
from motionrecon.physics import contact, dynamics, pd, pipeline, tree
from motionrecon.physics.body import Body, Ground
from motionrecon.types import SimState


def _cross_matrices(v: Float[Array, "*N 6"]) -> tuple[Float[Array, "*N 6 6"], Float[Array, "*N 6 6"]]:
    """Return (..., 6, 6) matrices of ``motion_cross(v, .)`` and ``force_cross(v, .)``."""
    w, t = rotations.skew(v[..., :3]), rotations.skew(v[..., 3:])
    o = jnp.zeros_like(w)
    motion = jnp.concatenate([jnp.concatenate([w, o], -1), jnp.concatenate([t, w], -1)], -2)
    force = jnp.concatenate([jnp.concatenate([w, t], -1), jnp.concatenate([o, w], -1)], -2)
    return motion, force


def _momentum_slope(inertia: Float[Array, "J 6 6"], velocity: Float[Array, "J 6"]) -> Float[Array, "J 6 6"]:
    """Return B (J, 6, 6): B psi = I (psi x V) + psi x* (I V) + V x* (I psi)."""
    motion, force = _cross_matrices(velocity)
    h = dynamics.matvec(inertia, velocity)
    # psi x* h as a matrix acting on psi: -(h x) in the blocks (moment, force)
    m, f = rotations.skew(h[..., :3]), rotations.skew(h[..., 3:])
    o = jnp.zeros_like(m)
    momentum = -jnp.concatenate([jnp.concatenate([m, f], -1), jnp.concatenate([f, o], -1)], -2)
    return -tree.product(inertia, motion) + momentum + tree.product(force, inertia)


def _contact_matrices(
    body: Body, ground: Ground, p: tree.Pose, state: SimState, x: Float[Array, " V"], dt: Float[Array, ""]
) -> tuple[Float[Array, "J 6"], Float[Array, "J 6 6"], Float[Array, "J 6 6"], Float[Array, "J 6 6"]]:
    """How contact forces change beyond moving rigidly with their links, as link-level matrices.

    Returns:
      wrenches on the links (J, 6), and k1, k2, k3 (J, 6, 6): turning coordinate j changes the wrench on a link of its
      subtree, beyond S_j x* wrench, by k1 S_j + k2 psi_j + k3 psi'_j, with psi' taken at the new velocity.
    """
    index = np.array(body.contact_link)
    links, _, _ = tree.velocities(body, p, state.velocity)
    new_links, _, _ = tree.velocities(body, p, x)
    where = tree.points(body, p, index, jnp.asarray(body.contact_offset))
    depth = jnp.asarray(body.contact_radius) - (where[:, 2] + state.position[2])
    old, new = tree.point_velocity(links[index], where), tree.point_velocity(new_links[index], where)

    def law(d, u, w):
        return contact.forces(body, ground, d, u, w, dt)

    force = law(depth, old, new)
    # every point's force depends on its own values alone: one direction serves all points
    dd = jax.jvp(lambda d: law(d, old, new), (depth,), (jnp.ones_like(depth),))[1]
    axes = jnp.eye(3, dtype=old.dtype)
    du, dw = (
        jnp.stack([jax.jvp(f, (at,), (jnp.broadcast_to(e, at.shape),))[1] for e in axes], axis=-1)
        for f, at in ((lambda u: law(depth, u, new), old), (lambda w: law(depth, old, w), new))
    )
    eye = jnp.broadcast_to(jnp.eye(3, dtype=du.dtype), du.shape)
    arm = jnp.concatenate([-rotations.skew(where), eye], axis=2)  # (C, 3, 6): velocity of the point
    spin = -tree.product(du, rotations.skew(old)) - tree.product(dw, rotations.skew(new)) + rotations.skew(force)
    m1 = jnp.concatenate([spin, jnp.zeros_like(spin)], axis=2) - dd[:, :, None] * arm[:, 2:, :]
    back = jnp.swapaxes(arm, 1, 2)
    stacked = jnp.stack([tree.product(back, m) for m in (m1, tree.product(du, arm), tree.product(dw, arm))], axis=1)
    k = jax.ops.segment_sum(stacked, index, len(body.parents))
    onto = jax.ops.segment_sum(dynamics.wrench(where, force), index, len(body.parents))
    return onto, k[:, 0], k[:, 1], k[:, 2]


def _before(before: Float[Array, "J 6"], shift: Float[Array, " 6"]) -> Float[Array, "3+3*J 6"]:
    """Velocity before each coordinate's joint; the root's translation counts as a joint of its own."""
    return tree.of_coordinates(jnp.concatenate([shift[None], before[1:]]), jnp.zeros_like(shift))


def _force_jacobian(
    body: Body, ground: Ground, p: tree.Pose, state: SimState, x: Float[Array, " V"], dt: Float[Array, ""]
) -> tuple[Float[Array, "V V"], Float[Array, "V V"]]:
    """Derivatives (V, V) of Newton-Euler's forces minus the ground's, in the rotations and in the velocity.

    Columns 0..2 of the first are the root's translation: only the height over the ground matters there.
    """
    mask, _, above = tree.masks(body.parents)
    v = state.velocity
    inertia = dynamics.spatial_inertia(body, p)  # [J, 6, 6]
    onto, k1, k2, k3 = _contact_matrices(body, ground, p, state, x, dt)
    links, before, across = tree.velocities(body, p, v)
    _, new_before, _ = tree.velocities(body, p, x)
    acc, acc_before = dynamics.accelerations(body, p, before, across, (x - v) / dt)
    net = dynamics.link_forces(inertia, links, acc) - onto  # [J, 6]
    slopes = jnp.stack([inertia, _momentum_slope(inertia, links) - k2, -k1, -k3], axis=1)  # [J, 4, 6, 6]
    ic, bc, c1, c3 = jnp.moveaxis(tree.of_coordinates((mask.T @ slopes.reshape(-1, 144)).reshape(-1, 4, 6, 6)), 1, 0)
    shift = jnp.concatenate([jnp.zeros(3, v.dtype), v[:3]])  # the root's velocity after its translation
    s = p.motion  # [V, 6]
    pre = _before(before, shift)  # [V, 6]
    psi = tree.motion_cross(pre, s)  # [V, 6]; new_psi, xi and eta likewise
    new_psi = tree.motion_cross(_before(new_before, jnp.concatenate([jnp.zeros(3, x.dtype), x[:3]])), s)
    xi = tree.motion_cross(tree.of_coordinates(acc_before), s) + tree.motion_cross(pre, psi)
    xi = jnp.concatenate([jnp.zeros_like(xi[:3]), xi[3:]])
    post = tree.of_coordinates(links, shift)
    eta = psi + tree.motion_cross(post, s) - s / dt

    def pulled(matrix: Array) -> Array:
        return jnp.sum(s[:, :, None] * matrix, axis=1)  # [V, 6]: S_i . matrix_i

    # Coordinate i strictly above j sees the whole change of j's subtree; at or below j only what does not move rigidly.
    same = above * above.T
    up = above.T * (1 - same)
    order, up_q = np.array(above), np.array(up)
    order[:3, 3:6] = 0.0  # the root's translation lies above its rotation although both belong to one link
    up_q[:3, 3:6] = 1.0
    # [V, 6], the changes of the subtree's force with each coordinate
    changed = dynamics.matvec(ic, xi) + dynamics.matvec(bc, psi) + dynamics.matvec(c1, s) + dynamics.matvec(c3, new_psi)
    strict = tree.force_cross(s, tree.of_coordinates(mask.T @ net)) + changed  # [V, 6]
    below = jnp.concatenate([pulled(m) for m in (ic, bc, c1, c3)], axis=1)  # [V, 24]
    dq = (s @ strict.T) * up_q + (below @ jnp.concatenate([xi, psi, s, new_psi], axis=1).T) * order
    pushed = dynamics.matvec(ic, eta) + dynamics.matvec(bc, s)  # [V, 6]
    dv = (s @ pushed.T) * up + (below[:, :12] @ jnp.concatenate([eta, s], axis=1).T) * above
    return dq, dv - jnp.diag(jnp.asarray(body.armature)) / dt


def _joint_part(
    body: Body, state: SimState, target: Float[Array, "A 4"], x: Float[Array, " 6+3*A"], dt: Float[Array, ""]
) -> tuple[Float[Array, "A 3 3"], Float[Array, "A 3 3"], Float[Array, "A 3 3"]]:
    """Derivatives (A, 3, 3) of the controllers' torque in joint rotation, old velocity and target rotation."""

    def law(kp, kd, limit, q, t, v, new, turn, aim):
        q = rotations.mul(q, rotations.exp(turn))
        t = rotations.mul(t, rotations.exp(aim))
        gains = type(body.gains)(kp[None], kd[None], limit[None])
        torque, slope = pd.torque_law(gains, q[None], t[None], v[None], dt)
        return (torque - slope * (new - v)[None])[0]

    a = len(body.parents) - 1
    zero = jnp.zeros((a, 3), x.dtype)
    g = body.gains
    jac = jax.vmap(jax.jacfwd(law, argnums=(5, 7, 8)))(
        jnp.asarray(g.kp), jnp.asarray(g.kd), jnp.asarray(g.torque_limit), state.quats[1:], target,
        state.velocity[6:].reshape(-1, 3), x[6:].reshape(-1, 3), zero, zero,
    )  # fmt: skip
    return jac[1], jac[0], jac[2]


def _blocks(values: Float[Array, "N 3 3"]) -> Float[Array, "3*N 3*N"]:
    """Place (N, 3, 3) blocks on the diagonal of a (3 N, 3 N) matrix.

    A product repeats each block along its rows and a mask keeps the diagonal: scatters are slow, and so is an outer
    product with the identity once it is fused into what follows.
    """
    a = values.shape[0]
    along = np.tile(np.eye(3, dtype=values.dtype), (1, a))
    kept = np.kron(np.eye(a), np.ones((3, 3))).astype(values.dtype)
    return (values.reshape(3 * a, 3) @ along) * kept


def block_columns(matrix: Float[Array, "N k"], blocks: Float[Array, "A 3 3"]) -> Float[Array, "N k"]:
    """Multiply (N, 3 A) by block-diagonal (A, 3, 3)."""
    return matrix @ _blocks(blocks)


def velocity_jacobian(
    body: Body, ground: Ground, dt: Float[Array, ""], state: SimState, inputs: pipeline.Inputs, x: Float[Array, " V"]
) -> tuple[Float[Array, "V 2*V"], Float[Array, "V V-6"], Float[Array, "V 6"]]:
    """Differentiate the velocity after one step.

    Args:
      body, ground, dt: as for ``pipeline.step``.
      state: unbatched state before the step.
      inputs: PD targets and support wrench.
      x: (V,) velocity after the step (``pipeline.new_velocity``).

    Returns:
      dx/dz (V, 2 V), dx/d target (V, 3 A) for rotation vectors applied to the targets from the right, and
      dx/d wrench (V, 6).
    """
    p = tree.pose(body, state.quats)
    dq, dv = _force_jacobian(body, ground, p, state, x, dt)
    turn, speed, aim = _joint_part(body, state, inputs.target, x, dt)
    none = jnp.zeros((2, 3, 3), x.dtype)  # the root has no controller
    dq = dq - _blocks(jnp.concatenate([none, turn]))
    dv = dv - _blocks(jnp.concatenate([none, speed]))
    # an explicit inverse: twice as fast as 135 triangular solves, and the matrix is well conditioned by the armature
    inverse = jnp.linalg.inv(pipeline._slope(body, ground, dt, state, inputs, x))
    dz = -dt * (inverse @ jnp.concatenate([dq, dv], axis=1))
    da = dt * block_columns(inverse[:, 6:], aim)
    return dz, da, dt * pipeline.WRENCH_UNIT * inverse[:, :6]


def carry(
    dt: Float[Array, ""], x: Float[Array, " V"], z: Float[Array, "2*V M"], dx: Float[Array, "V M"]
) -> Float[Array, "2*V M"]:
    """Turn errors (2 V, M) before a step and the change dx (V, M) of its velocity into errors after it."""
    n, m = dx.shape
    w = x[3:].reshape(-1, 3) * dt
    back = rotations.to_matrix(rotations.exp(-w))
    right = rotations.right_jacobian(w) * dt
    turned = tree.product(back, z[3:n].reshape(-1, 3, m)) + tree.product(right, dx[3:].reshape(-1, 3, m))
    return jnp.concatenate([z[:3] + dt * dx[:3], turned.reshape(n - 3, m), dx], axis=0)


def step_jacobian(
    body: Body, ground: Ground, dt: Float[Array, ""], state: SimState, inputs: pipeline.Inputs, x: Float[Array, " V"]
) -> tuple[Float[Array, "2*V 2*V"], Float[Array, "2*V V-6"], Float[Array, "2*V 6"]]:
    """Differentiate one step; arguments as ``velocity_jacobian``.

    Returns:
      dz'/dz (2 V, 2 V), dz'/d target (2 V, 3 A) and dz'/d wrench (2 V, 6).
    """
    dz, da, de = velocity_jacobian(body, ground, dt, state, inputs, x)
    size = dz.shape[1]
    start = jnp.concatenate([jnp.eye(size, dtype=dz.dtype), jnp.zeros((size, da.shape[1] + 6), dz.dtype)], axis=1)
    full = carry(dt, x, start, jnp.concatenate([dz, da, de], axis=1))
    return full[:, :size], full[:, size:-6], full[:, -6:]


def retract(state: SimState, z: Float[Array, " n"]) -> SimState:
    """Move an unbatched state by a state error z (2 V,)."""
    n = state.velocity.shape[0]
    turn = rotations.exp(z[3:n].reshape(-1, 3))
    return SimState(state.position + z[:3], rotations.mul(state.quats, turn), state.velocity + z[n:])


def difference(state: SimState, base: SimState) -> Float[Array, " n"]:
    """Return the state error z (2 V,) with ``retract(base, z) = state`` (to first order in rotation vectors' wrap)."""
    turn = rotations.log(rotations.mul(rotations.conj(base.quats), state.quats))
    return jnp.concatenate([state.position - base.position, turn.reshape(-1), state.velocity - base.velocity])
