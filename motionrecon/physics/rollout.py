"""Simulate controls over frames, and linearise the motion frame by frame.

A frame is ``SUBSTEPS`` simulation steps; PD targets are interpolated between the knots at its two ends. Shapes: T
frames, A joints, V velocity coordinates.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from motionrecon.geometry import rotations
from motionrecon.physics import pipeline, step_jacobian, tree
from motionrecon.physics.body import BENDS, Body, Ground
from motionrecon.types import Rollout, SimState, Sites

SUBSTEPS = 2  # 1/60 s at 30 Hz; with the joints' least slope as calm as 1/120 s at half the cost (docs/experiments.md)


def _fraction(i: int) -> float:
    return (i + 0.5) / SUBSTEPS


def frame_inputs(start: Float[Array, "A 4"], end: Float[Array, "A 4"], wrench: Float[Array, " 6"]) -> pipeline.Inputs:
    """Return the inputs of a frame's steps, stacked: targets (n, A, 4) between two knots (A, 4), wrench (n, 6)."""
    fractions = jnp.array([_fraction(i) for i in range(SUBSTEPS)], start.dtype)
    targets = jax.vmap(lambda f: rotations.nlerp_unwrapped(start, end, f))(fractions)
    return pipeline.Inputs(targets, jnp.broadcast_to(wrench, (SUBSTEPS, 6)))


def advance(
    body: Body,
    ground: Ground,
    dt: Float[Array, ""],
    state: SimState,
    start: Float[Array, "A 4"],
    end: Float[Array, "A 4"],
    wrench: Float[Array, " 6"],
) -> SimState:
    """Simulate one frame from ``state`` with PD targets from ``start`` to ``end`` (A, 4)."""

    def one(s, inputs):
        return pipeline.step(body, ground, dt, s, inputs), None

    return jax.lax.scan(one, state, frame_inputs(start, end, wrench))[0]


def simulate(
    body: Body,
    ground: Ground,
    dt: Float[Array, ""],
    state: SimState,
    targets: Float[Array, "T A 4"],
    wrench: Float[Array, "T-1 6"],
) -> SimState:
    """Simulate T frames.

    Args:
      body, ground: the person and the ground.
      dt: s, one simulation step.
      state: the first frame's state.
      targets: (T, A, 4) PD targets at the frames.
      wrench: (T - 1, 6) support wrench in each frame.

    Returns:
      States with leading axis T; the first is ``state``.
    """

    def one(s, inputs):
        s = advance(body, ground, dt, s, *inputs)
        return s, s

    _, rest = jax.lax.scan(one, state, (targets[:-1], targets[1:], wrench))
    return jax.tree.map(lambda a, b: jnp.concatenate([a[None], b]), state, rest)


def _interpolation_jacobian(
    start: Float[Array, "A 4"], end: Float[Array, "A 4"], fraction: float
) -> Float[Array, "A 3 6"]:
    """Return (A, 3, 6): how rotations of the two knots turn the interpolated target (all in their own axes)."""

    def law(a, b, z):
        base = rotations.nlerp_unwrapped(a, b, fraction)
        turned = rotations.nlerp_unwrapped(
            rotations.mul(a, rotations.exp(z[:3])), rotations.mul(b, rotations.exp(z[3:])), fraction
        )
        return rotations.log(rotations.mul(rotations.conj(base), turned))

    return jax.vmap(lambda a, b: jax.jacfwd(law, argnums=2)(a, b, jnp.zeros(6, a.dtype)))(start, end)


def frame_steps(
    body: Body,
    ground: Ground,
    dt: Float[Array, ""],
    state: SimState,
    start: Float[Array, "A 4"],
    end: Float[Array, "A 4"],
    wrench: Float[Array, " 6"],
) -> tuple[SimState, SimState, Float[Array, "n 6+3*A"]]:
    """Simulate one frame and keep its steps.

    Returns:
      next state; then the SUBSTEPS states before each step and velocities after it (SUBSTEPS, V).
    """

    def one(s, step_inputs):
        x = pipeline.new_velocity(body, ground, dt, s, step_inputs)
        return pipeline.integrate(s, x, dt), (s, x)

    last, (states, xs) = jax.lax.scan(one, state, frame_inputs(start, end, wrench))
    return last, states, xs


def frame_jacobian(
    body: Body,
    ground: Ground,
    dt: Float[Array, ""],
    steps,
    start: Float[Array, "A 4"],
    end: Float[Array, "A 4"],
    wrench: Float[Array, " 6"],
) -> tuple[
    Float[Array, "12+6*A 12+6*A"], Float[Array, "12+6*A 3*A"], Float[Array, "12+6*A 3*A"], Float[Array, "12+6*A 6"]
]:
    """Differentiate the end of a simulated frame.

    Args:
      body, ground, dt, start, end, wrench: as for ``advance``; everything in the precision of the result.
      steps: states before and velocities after each step (``frame_steps``).

    Returns:
      dz'/dz (2 V, 2 V), dz'/d start (2 V, 3 A), dz'/d end (2 V, 3 A), dz'/d wrench (2 V, 6), with knots turned by
      rotation vectors in their own axes.
    """
    states, xs = steps
    inputs = frame_inputs(start, end, wrench)
    each = jax.vmap(step_jacobian.velocity_jacobian, in_axes=(None, None, None, 0, 0, 0))
    along, aim, push = each(body, ground, dt, states, inputs, xs)
    size, k = along.shape[2], aim.shape[2]
    z = jnp.concatenate([jnp.eye(size, dtype=aim.dtype), jnp.zeros((size, 2 * k + 6), aim.dtype)], axis=1)
    for i in range(SUBSTEPS):  # z: in state, start, end, wrench
        turn = _interpolation_jacobian(start, end, _fraction(i))
        columns = (step_jacobian.block_columns(aim[i], turn[:, :, j : j + 3]) for j in (0, 3))
        direct = jnp.concatenate([*columns, push[i]], axis=1)
        if i == 0:
            dx = jnp.concatenate([along[0], direct], axis=1)
        else:
            before = along[i] @ z
            dx = jnp.concatenate([before[:, :size], before[:, size:] + direct], axis=1)
        z = step_jacobian.carry(dt, xs[i], z, dx)
    return z[:, :size], z[:, size : size + k], z[:, size + k : -6], z[:, -6:]


def read_out(
    body: Body, ground: Ground, dt: Float[Array, ""], states: SimState, targets: Float[Array, "T A 4"], sites: Sites
) -> Rollout:
    """Recompute what acted in each frame from the stored states (no support wrench).

    Args:
      states: leading axis T.
      targets: (T, A, 4).
      sites: keypoints to place on the body.

    Returns:
      A Rollout; torques and contact forces are means over the steps of the frame that follows, the last repeats.
    """

    def one(state, start, end):
        def inner(s, inputs):
            x = pipeline.new_velocity(body, ground, dt, s, inputs)
            f = pipeline.forces(body, ground, dt, s, inputs, x)
            return pipeline.integrate(s, x, dt), (f.torque, f.contact_force)

        _, (torque, force) = jax.lax.scan(inner, state, frame_inputs(start, end, jnp.zeros(6)))
        return torque.mean(axis=0), force.mean(axis=0)

    head = jax.tree.map(lambda a: a[:-1], states)
    torque, force = jax.vmap(one)(head, targets[:-1], targets[1:])
    torque, force = (jnp.concatenate([a, a[-1:]]) for a in (torque, force))

    def where(state):
        p = tree.pose(body, state.quats)
        link = jnp.asarray(sites.link)
        contact = tree.points(body, p, jnp.array(body.contact_link), jnp.asarray(body.contact_offset)) + state.position
        bent = (jnp.asarray(body.contact_stiffness) < BENDS)[:, None] * jnp.array([0.0, 0.0, 1.0], contact.dtype)
        contact = contact - jnp.minimum(bent * contact, 0.0)  # toes lie on the ground that bends them
        marks = tree.points(body, p, link, jnp.asarray(sites.offset))
        mass = jnp.asarray(body.mass)
        com = mass @ (p.anchor + tree.matvec(p.axes, jnp.asarray(body.com))) / jnp.sum(mass)
        return p.anchor + state.position, marks + state.position, com + state.position, contact

    joint_pos, marks, com, contact_pos = jax.vmap(where)(states)
    return Rollout(states, joint_pos, marks, com, torque, contact_pos, force)


def kinematic_states(fps: Float[Array, ""], root_pos: Float[Array, "T 3"], quats: Float[Array, "T J 4"]) -> SimState:
    """Make simulator states of a kinematic motion, with velocities by centred differences.

    Args:
      fps: Hz.
      root_pos: (T, 3) m.
      quats: (T, J, 4) local rotations.
    """

    def rate(forward: Array) -> Array:
        mid = 0.5 * (forward[1:] + forward[:-1])
        return jnp.concatenate([forward[:1], mid, forward[-1:]])

    linear = rate(jnp.diff(root_pos, axis=0) * fps)
    turn = rotations.log(rotations.mul(rotations.conj(quats[:-1]), quats[1:])) * fps
    return SimState(root_pos, quats, jnp.concatenate([linear, rate(turn).reshape(len(root_pos), -1)], axis=1))
