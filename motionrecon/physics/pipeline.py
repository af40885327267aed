"""The time stepper: ``init`` and ``step`` in the manner of Brax, with quaternion joints and one symmetric solve a step.

The new velocity x solves r(x) = 0, where r is Newton-Euler's required force at the acceleration (x - v) / dt minus the
controllers' forces, linear in x, and the ground's, linear but for a normal force that never pulls; its slope A / dt is
symmetric positive definite (mass matrix, armature, controller damping, contact damping). Gradients use the implicit
function theorem, dx = -A^-1 dr at fixed x, instead of differentiating the assembly and the factorization.
"""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.custom_derivatives import SymbolicZero
from jax.scipy.linalg import cho_factor, cho_solve
from jaxtyping import Float

from motionrecon.geometry import rotations
from motionrecon.physics import contact, dynamics, pd, tree
from motionrecon.physics.body import Body, Ground
from motionrecon.types import SimState

WRENCH_UNIT = 100.0  # N and N m a unit of the support wrench
NEWTON = 12  # most iterations on the normal forces


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class StepForces:
    """What acted in a step: joint torque (A, 3) N m in child axes, contact force (C, 3) N and position (C, 3) m."""

    torque: Array
    contact_force: Array
    contact_pos: Array


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Inputs:
    """What drives one step.

    Attributes:
      target: (A, 4) PD targets.
      wrench: (6,) support wrench on the root in units of 100 N (world axes) and 100 N m (root axes); zero in results.
    """

    target: Array
    wrench: Array


def init(
    body: Body, position: Float[Array, " 3"], quats: Float[Array, "J 4"], velocity: Float[Array, " 3+3*J"] | None = None
) -> SimState:
    """Make a simulator state.

    Args:
      body: the person.
      position: (3,) m, root.
      quats: (J, 4) local rotations (normalised here).
      velocity: (V,), zero if None.
    """
    v = jnp.zeros(3 + 3 * len(body.parents)) if velocity is None else jnp.asarray(velocity)
    return SimState(jnp.asarray(position), rotations.normalize(jnp.asarray(quats)), v)


def _contact_state(
    body: Body, p: tree.Pose, links: Float[Array, "J 6"], height: Float[Array, ""]
) -> tuple[Float[Array, " C"], Float[Array, "C 3"], Float[Array, "C 3"]]:
    """Depth (C,), positions relative to the root (C, 3) and velocities (C, 3) of the contact points."""
    index = np.array(body.contact_link)
    where = tree.points(body, p, index, jnp.asarray(body.contact_offset))
    depth = jnp.asarray(body.contact_radius) - (where[:, 2] + height)
    return depth, where, tree.point_velocity(links[index], where)


def _residual(
    body: Body, ground: Ground, dt: Float[Array, ""], state: SimState, inputs: Inputs, x: Float[Array, " V"]
) -> tuple[Float[Array, " V"], StepForces]:
    """Return r(x) (V,) and the forces at x (the controllers' and the ground's)."""
    v = state.velocity
    p = tree.pose(body, state.quats)
    links, before, across = tree.velocities(body, p, v)
    acc, _ = dynamics.accelerations(body, p, before, across, (x - v) / dt)
    needed = dynamics.link_forces(dynamics.spatial_inertia(body, p), links, acc)
    depth, where, speed = _contact_state(body, p, links, state.position[2])
    index = np.array(body.contact_link)
    new_links, _, _ = tree.velocities(body, p, x)
    force = contact.forces(body, ground, depth, speed, tree.point_velocity(new_links[index], where), dt)
    onto = jax.ops.segment_sum(dynamics.wrench(where, force), index, len(body.parents))
    torque, slope = pd.torque_law(body.gains, state.quats[1:], inputs.target, v[6:].reshape(-1, 3), dt)
    torque = torque - slope * (x[6:] - v[6:]).reshape(-1, 3)
    applied = jnp.concatenate([WRENCH_UNIT * inputs.wrench, torque.reshape(-1)])
    r = dynamics.project(body, p, needed - onto) + jnp.asarray(body.armature) * (x - v) / dt - applied
    return r, StepForces(torque, force, where + state.position)


def _slope(
    body: Body, ground: Ground, dt: Float[Array, ""], state: SimState, inputs: Inputs, x: Float[Array, " V"] | None
) -> Float[Array, "V V"]:
    """Return dt times the slope of r at x: (V, V), symmetric positive definite; without normal forces if x is None."""
    p = tree.pose(body, state.quats)
    links, _, _ = tree.velocities(body, p, state.velocity)
    depth, where, speed = _contact_state(body, p, links, state.position[2])
    index = np.array(body.contact_link)
    drag = contact.friction(body, ground, depth, speed, dt)
    normal = jnp.zeros_like(drag)
    if x is not None:
        new_links, _, _ = tree.velocities(body, p, x)
        new = tree.point_velocity(new_links[index], where)
        _, normal = contact.normal_force(body, ground, depth, new[:, 2], dt)
    damping = jnp.stack([drag, drag, normal], axis=-1)
    _, slope = pd.torque_law(body.gains, state.quats[1:], inputs.target, state.velocity[6:].reshape(-1, 3), dt)
    arm = jnp.concatenate(
        [-rotations.skew(where), jnp.broadcast_to(jnp.eye(3, dtype=where.dtype), (len(where), 3, 3))], axis=2
    )
    soft = tree.product(jnp.swapaxes(arm, 1, 2), damping[:, :, None] * arm)
    soft = jax.ops.segment_sum(soft, index, len(body.parents))
    matrix = dynamics.assemble(body, p, dynamics.spatial_inertia(body, p) + dt * soft)
    diagonal = jnp.asarray(body.armature) + dt * jnp.concatenate([jnp.zeros(6, slope.dtype), slope.reshape(-1)])
    return matrix + jnp.diag(diagonal)


def _rise(body: Body, p: tree.Pose, where: Float[Array, "C 3"]) -> Float[Array, "C V"]:
    """Return (C, V): vertical velocity of contact points (C, 3) m, from the root, with each velocity coordinate."""
    mask, link, _ = tree.masks(body.parents)
    reach = mask[np.array(body.contact_link)][:, link]
    s = p.motion
    return (s[None, :, 5] + s[None, :, 0] * where[:, 1:2] - s[None, :, 1] * where[:, :1]) * reach


def _solve(body: Body, ground: Ground, dt: Float[Array, ""], state: SimState, inputs: Inputs) -> Float[Array, " V"]:
    """Solve r(x) = 0. Only the normal forces N are not linear in x, so Newton runs on their points' speeds w alone.

    With the slope A of all other terms, x = free + dt A^-1 J' N(w) and w = J x: a problem of C unknowns, whose matrix
    1 + dt (J A^-1 J') D has positive D. Two or three iterations as a rule.
    """
    p = tree.pose(body, state.quats)
    links, _, _ = tree.velocities(body, p, state.velocity)
    depth, where, speed = _contact_state(body, p, links, state.position[2])
    jac = _rise(body, p, where)
    r, _ = _residual(body, ground, dt, state, inputs, state.velocity)
    load, _ = contact.normal_force(body, ground, depth, speed[:, 2], dt)
    factor = cho_factor(_slope(body, ground, dt, state, inputs, None), lower=True)
    right = jnp.concatenate([(r + load @ jac)[:, None], jac.T], axis=1)
    solved = dt * cho_solve(factor, right)
    free, reply = state.velocity - solved[:, 0], solved[:, 1:]
    w_free, coupling = jac @ free, jac @ reply
    eye = jnp.eye(len(load), dtype=load.dtype)
    enough = 1e-10 if load.dtype == jnp.float64 else 1e-5  # m/s

    def newton(carry):
        i, w, _ = carry
        force, slope = contact.normal_force(body, ground, depth, w, dt)
        change = jnp.linalg.solve(eye + coupling * slope, w_free + coupling @ force - w)
        return i + 1, w + change, jnp.max(jnp.abs(change))

    start = (0, speed[:, 2], jnp.asarray(jnp.inf, load.dtype))
    _, w, _ = jax.lax.while_loop(lambda c: (c[0] < NEWTON) & (c[2] > enough), newton, start)
    return free + reply @ contact.normal_force(body, ground, depth, w, dt)[0]


@jax.custom_jvp
def new_velocity(
    body: Body, ground: Ground, dt: Float[Array, ""], state: SimState, inputs: Inputs
) -> Float[Array, " V"]:
    """Return the velocity (V,) after one step of dt seconds."""
    return _solve(body, ground, dt, state, inputs)


def _new_velocity_jvp(primals, tangents):
    x = _solve(*primals)
    leaves, tree_def = jax.tree.flatten(primals)
    slopes = jax.tree.leaves(tangents, is_leaf=lambda t: isinstance(t, SymbolicZero))
    moving = [i for i, t in enumerate(slopes) if not isinstance(t, SymbolicZero)]

    def r(*values):
        full = list(leaves)
        for i, value in zip(moving, values, strict=True):
            full[i] = value
        body, ground, dt, state, inputs = jax.tree.unflatten(tree_def, full)
        return _residual(body, ground, dt, state, inputs, x)[0]

    if not moving:
        return x, jnp.zeros_like(x)
    body, ground, dt, state, inputs = primals
    factor = cho_factor(_slope(body, ground, dt, state, inputs, x), lower=True)
    _, dr = jax.jvp(r, [leaves[i] for i in moving], [slopes[i] for i in moving])
    return x, -cho_solve(factor, dt * dr)


new_velocity.defjvp(_new_velocity_jvp, symbolic_zeros=True)


def integrate(state: SimState, x: Float[Array, " V"], dt: Float[Array, ""]) -> SimState:
    """Move the configuration with the new velocity x (V,) for dt seconds (symplectic Euler on the rotation group)."""
    turn = rotations.exp(dt * x[3:].reshape(-1, 3))
    return SimState(state.position + dt * x[:3], rotations.normalize(rotations.mul(state.quats, turn)), x)


def step(body: Body, ground: Ground, dt: Float[Array, ""], state: SimState, inputs: Inputs) -> SimState:
    """Advance one state by one step.

    Args:
      body: the person.
      ground: the ground.
      dt: s.
      state: one unbatched state.
      inputs: PD targets and support wrench.
    """
    return integrate(state, new_velocity(body, ground, dt, state, inputs), dt)


def forces(
    body: Body, ground: Ground, dt: Float[Array, ""], state: SimState, inputs: Inputs, x: Float[Array, " V"]
) -> StepForces:
    """Read back what acted in the step from ``state`` that ended with velocity ``x`` (V,)."""
    return _residual(body, ground, dt, state, inputs, x)[1]
