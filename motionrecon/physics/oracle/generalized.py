"""The same person stepped by Brax's ``generalized`` modules, for comparison with ``pipeline``.

Brax gives kinematics, mass matrix and bias forces in hinge angles; the controllers and the ground are those of ``pd``
and ``contact``, mapped to hinge coordinates and solved implicitly with Brax's mass matrix. Brax's own constraint
solver is left out: it unrolls projected-gradient steps, which is slow and was unstable with these gains.
Two differences to ``pipeline`` remain: a stack of three hinges is singular where its middle angle is 90
degrees, and armature acts on hinge rates, not on the joint's angular velocity. Both vanish for small angles.
"""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from brax import kinematics
from brax.generalized import constraint, dynamics, mass
from brax.generalized.base import State
from jax import Array
from jax.scipy.linalg import cho_factor, cho_solve

from motionrecon.geometry import rotations
from motionrecon.physics import contact, humanoid, pd, rollout, tree
from motionrecon.physics.body import Body, Ground
from motionrecon.types import SimState, Skeleton

_SINGULAR = 1e-6  # damps the map from angular velocity to hinge rates where two hinges line up
_NEWTON = 6  # iterations on the normal forces, as the simulator solves them to the end


class _Topology:
    """A Brax System of which only the tree counts: two persons' are equal, so that they share one compiled program."""

    def __init__(self, system):
        self.system = system.replace(mj_model=None)
        self._key = (system.link_types, tuple(int(p) for p in system.link_parents), tuple(system.link_names))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Topology) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class HingeModel:
    """A Brax System with the body it was built with.

    Attributes:
      body: the person (controllers and contact points).
      link: Brax's links.
      dof: Brax's degrees of freedom.
      gravity: (3,) m/s^2.
      topology: the tree.
      order: Brax's link index of each joint.
    """

    body: Body
    link: object
    dof: object
    gravity: Array
    topology: _Topology = dataclasses.field(metadata={"static": True})
    order: tuple[int, ...] = dataclasses.field(metadata={"static": True})

    def system(self):
        """Return the Brax System with this person's arrays."""
        return self.topology.system.replace(link=self.link, dof=self.dof, gravity=self.gravity)


def hinge_model(system, body: Body, skeleton: Skeleton) -> HingeModel:
    """Join the System and the Body that ``humanoid.build`` made of ``skeleton``."""
    link, dof = jax.tree.map(lambda x: jnp.asarray(x, float), (system.link, system.dof))
    order = tuple(humanoid.link_order(system, skeleton))
    return HingeModel(body, link, dof, jnp.asarray(system.gravity, float), _Topology(system), order)


def hinge_angles(quats: Array) -> Array:
    """Return angles (..., 3) rad of x, y, z hinges that turn by quats (..., 4), the middle one within 90 degrees."""
    m = rotations.to_matrix(quats)
    middle = jnp.arcsin(jnp.clip(m[..., 0, 2], -1.0, 1.0))
    first = jnp.arctan2(-m[..., 1, 2], m[..., 2, 2])
    last = jnp.arctan2(-m[..., 0, 1], m[..., 0, 0])
    return jnp.stack([first, middle, last], axis=-1)


def hinge_rotation(angles: Array) -> Array:
    """Return the rotation (..., 4) of stacks of x, y, z hinges at angles (..., 3) rad."""
    x, y, z = (rotations.exp(angles[..., k, None] * jnp.eye(3)[k]) for k in range(3))
    return rotations.mul(rotations.mul(x, y), z)


def hinge_axes(angles: Array) -> Array:
    """Return E (..., 3, 3): angular velocity in the child's axes = E times hinge rates."""
    _, b, c = angles[..., 0], angles[..., 1], angles[..., 2]
    o, i = jnp.zeros_like(b), jnp.ones_like(b)
    rows = [
        [jnp.cos(b) * jnp.cos(c), jnp.sin(c), o],
        [-jnp.cos(b) * jnp.sin(c), jnp.cos(c), o],
        [jnp.sin(b), o, i],
    ]
    return jnp.stack([jnp.stack(r, axis=-1) for r in rows], axis=-2)


def to_hinges(model: HingeModel, state: SimState) -> tuple[Array, Array]:
    """Return Brax's q (7 + 3 A,) and qd (6 + 3 A,) of a state."""
    back = np.argsort(model.order)[1:] - 1  # joint of each Brax link
    angles = hinge_angles(state.quats[1:])
    axes = hinge_axes(angles)
    gram = jnp.sum(axes[:, :, :, None] * axes[:, :, None, :], axis=1) + _SINGULAR * jnp.eye(3)
    spin = state.velocity[6:].reshape(-1, 3)
    rates = jnp.linalg.solve(gram, jnp.sum(axes * spin[:, :, None], axis=1)[..., None])[..., 0]
    q = jnp.concatenate([state.position, state.quats[0], angles[back].reshape(-1)])
    return q, jnp.concatenate([state.velocity[:6], rates[back].reshape(-1)])


def from_hinges(model: HingeModel, q: Array, qd: Array) -> SimState:
    """Return the state at Brax's q (7 + 3 A,) and qd (6 + 3 A,)."""
    joint = np.array(model.order[1:]) - 1
    angles, rates = q[7:].reshape(-1, 3)[joint], qd[6:].reshape(-1, 3)[joint]
    quats = jnp.concatenate([q[None, 3:7], hinge_rotation(angles)])
    spin = tree.matvec(hinge_axes(angles), rates)
    return SimState(q[:3], quats, jnp.concatenate([qd[:6], spin.reshape(-1)]))


def brax_state(system, q: Array, qd: Array) -> State:
    """Return Brax's generalized state at q, qd, ready for its mass matrix and bias forces."""
    x, xd = kinematics.forward(system, q, qd)
    return dynamics.transform_com(system, State.init(q, qd, x, xd))


def _contact(model: HingeModel, system, state: State, ground: Ground, dt: Array, new: Array) -> tuple[Array, Array]:
    """Return the ground's generalised force (V,) at the new velocity (V,) and its damping (V, V)."""
    body = model.body
    link = jnp.array([model.order[i] for i in body.contact_link])
    where = state.x.pos[link] + rotations.rotate(state.x.rot[link], jnp.asarray(body.contact_offset))
    point = jax.vmap(constraint.point_jacobian, in_axes=(None, None, None, 0, 0))
    jac = point(system, state.root_com, state.cdof, where, link).vel  # (C, V, 3)
    speed = jnp.sum(jac * state.qd[None, :, None], axis=1)
    depth = jnp.asarray(body.contact_radius) - where[:, 2]
    after = jnp.sum(jac * new[None, :, None], axis=1)
    force = contact.forces(body, ground, depth, speed, after, dt)
    drag = contact.friction(body, ground, depth, speed, dt)
    _, normal = contact.normal_force(body, ground, depth, after[:, 2], dt)
    damping = jnp.stack([drag, drag, normal], axis=-1)
    flat = jnp.swapaxes(jac, 1, 2).reshape(-1, jac.shape[1])
    return flat.T @ force.reshape(-1), flat.T @ (damping.reshape(-1, 1) * flat)


def _control(model: HingeModel, q: Array, qd: Array, target: Array, dt: Array) -> tuple[Array, Array]:
    """Return the controllers' hinge torques at the old velocity (3 A,) and their damping (A, 3, 3) in Brax's order."""
    joint = np.array(model.order[1:]) - 1
    back = np.argsort(joint)
    angles = q[7:].reshape(-1, 3)
    axes = hinge_axes(angles)
    spin = tree.matvec(axes, qd[6:].reshape(-1, 3))
    gains = jax.tree.map(lambda g: jnp.asarray(g)[back], model.body.gains)
    torque, slope = pd.torque_law(gains, hinge_rotation(angles), target[back], spin, dt)
    damping = jnp.sum(axes[:, :, :, None] * (slope[:, :, None] * axes)[:, :, None, :], axis=1)
    return jnp.sum(axes * torque[:, :, None], axis=1).reshape(-1), damping


def step(model: HingeModel, ground: Ground, dt: Array, q: Array, qd: Array, target: Array) -> tuple[Array, Array]:
    """Advance Brax's q (7 + 3 A,) and qd (6 + 3 A,) by dt seconds with PD targets (A, 4) in the skeleton's order."""
    system = model.system()
    state = brax_state(system, q, qd)
    torque, stiff = _control(model, q, qd, target, dt)
    a = stiff.shape[0]
    blocks = (jnp.eye(a)[:, None, :, None] * stiff[:, :, None, :]).reshape(3 * a, 3 * a)
    inert = mass.matrix(system, state).at[6:, 6:].add(dt * blocks)
    given = (-dynamics.inverse(system, state)).at[6:].add(torque)
    new = qd
    for _ in range(_NEWTON):
        push, soft = _contact(model, system, state, ground, dt, new)
        residual = inert @ (new - qd) - dt * (given + push)
        new = new - cho_solve(cho_factor(inert + dt * soft, lower=True), residual)
    turned = rotations.normalize(rotations.mul(q[3:7], rotations.exp(dt * new[3:6])))
    return jnp.concatenate([q[:3] + dt * new[:3], turned, q[7:] + dt * new[6:]]), new


def simulate(model: HingeModel, ground: Ground, dt: Array, state: SimState, targets: Array) -> SimState:
    """Simulate T frames with the same controls as ``rollout.simulate``.

    Args:
      model: the person.
      ground: the ground.
      dt: s, one simulation step.
      state: the first frame's state.
      targets: (T, A, 4) PD targets at the frames.

    Returns:
      States with leading axis T; the first is ``state``.
    """

    def inner(s, target):
        return step(model, ground, dt, s[0], s[1], target), None

    def frame(s, knots):
        s, _ = jax.lax.scan(inner, s, rollout.frame_inputs(knots[0], knots[1], jnp.zeros(6)).target)
        return s, from_hinges(model, *s)

    _, rest = jax.lax.scan(frame, to_hinges(model, state), (targets[:-1], targets[1:]))
    return jax.tree.map(lambda a, b: jnp.concatenate([a[None], b]), state, rest)
