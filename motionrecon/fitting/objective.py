"""The loss of one window, once as a scalar and once as a stage-wise least-squares problem.

Both views come from the same residuals (``objective_terms``) and the same regularisers, so that first-order,
quasi-Newton and learned optimizers minimise exactly what Gauss-Newton minimises. Losses are means over the window's
frames. Shapes: T frames, A joints, V velocity coordinates, n = 2 V state errors.
"""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from motionrecon.fitting.objective_terms import TERMS, Frames, LossWeights, residuals
from motionrecon.geometry import rotations
from motionrecon.models.trajectory.riccati import Policy, Stages
from motionrecon.physics import features, rollout, step_jacobian
from motionrecon.physics.body import Body, Ground
from motionrecon.types import SimState, Sites

NO_WRENCH = 1e8  # price of the support wrench at which it is switched off: it does not act, and a zero one stays zero


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Trajectory:
    """What is optimised in a window: a motion and the controls that should produce it.

    Attributes:
      states: SimState with leading axis T. Simulated from the first state and the controls, unless it is a
        nominal motion with defects (a kinematic one at the start of the ladder).
      knots: (T, A, 3) rad, offsets of the PD targets from the reference ones.
      wrench: (T - 1, 6), support wrench on the root (100 N, 100 N m).
    """

    states: SimState
    knots: Array
    wrench: Array


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class WindowData:
    """Everything a window's loss depends on; all arrays, so that one program serves every clip and person.

    Attributes:
      body, sites: the person.
      dt: s.
      frames: observation with leading axis T.
      reference: (T, A, 4), PD targets the knots are offsets from.
      start: the first state to stay near (free start) or to start from exactly (frozen start).
      free: 1 if first state and first knot are free, 0 if both are frozen.
      weights: LossWeights as arrays.
    """

    body: Body
    sites: Sites
    dt: Array
    frames: Frames
    reference: Array
    start: SimState
    free: Array
    weights: LossWeights


jax.tree_util.register_dataclass(
    LossWeights, data_fields=[f.name for f in dataclasses.fields(LossWeights)], meta_fields=[]
)


def targets(data: WindowData, knots: Float[Array, "T A 3"]) -> Float[Array, "T A 4"]:
    """Return PD targets (T, A, 4) of knot offsets (T, A, 3)."""
    return rotations.mul(data.reference, rotations.exp(knots))


def _start_scale(data: WindowData) -> Float[Array, ""]:
    return data.weights.start / (2 * data.start.velocity.shape[-1])


def _rate_price(data: WindowData) -> Float[Array, " t"]:
    """Return (T - 1,), prices of a squared change from knot to knot: the weight's at 30 Hz, as much a second at any."""
    return data.weights.control_rate * data.frames.calm[:-1] / (30.0 * rollout.SUBSTEPS * data.dt) ** 2


def loss_terms(data: WindowData, price: Float[Array, ""], trajectory: Trajectory) -> dict[str, Array]:
    """Return each term's mean over the frames; their sum is the loss."""
    t = trajectory.knots.shape[0]
    seen = jax.vmap(lambda s: features.features(data.body, data.sites, s))(trajectory.states)
    terms = {
        name: jnp.sum(jax.vmap(lambda f, o, term=term: term(f, o, data.weights))(seen, data.frames) ** 2) / t
        for name, term in TERMS.items()
    }
    valid = data.frames.valid
    first = jax.tree.map(lambda x: x[0], trajectory.states)
    terms["control"] = data.weights.control * jnp.sum(valid[:, None, None] * trajectory.knots**2) / t
    steps = jnp.diff(trajectory.knots, axis=0)
    terms["control_rate"] = jnp.sum(_rate_price(data)[:, None, None] * steps**2) / t
    terms["start"] = data.free * _start_scale(data) * jnp.sum(step_jacobian.difference(first, data.start) ** 2)
    terms["support"] = price * jnp.sum(trajectory.wrench**2) / t
    return terms


def loss(data: WindowData, price: Float[Array, ""], trajectory: Trajectory) -> Float[Array, ""]:
    """Return the scalar loss of a trajectory."""
    return sum(loss_terms(data, price, trajectory).values(), start=jnp.zeros(()))


def simulate(
    data: WindowData, ground: Ground, first: SimState, knots: Float[Array, "T A 3"], wrench: Float[Array, "T-1 6"]
) -> Trajectory:
    """Simulate controls from a first state."""
    states = rollout.simulate(data.body, ground, data.dt, first, targets(data, knots), wrench)
    return Trajectory(states, knots, wrench)


def unflatten(data: WindowData, x: Float[Array, " P"]) -> tuple[SimState, Float[Array, "T A 3"]]:
    """Split flat parameters (T A 3 + 2 V,) into the first state and the knots (T, A, 3)."""
    t, a = data.reference.shape[:2]
    knots = x[: 3 * t * a].reshape(t, a, 3)
    return step_jacobian.retract(data.start, data.free * x[3 * t * a :]), knots


def scalar_loss(data: WindowData, ground: Ground, base: Float[Array, "A 3"], x: Float[Array, " P"]) -> Float[Array, ""]:
    """Return the loss of flat parameters x (P,); the first knot stays at ``base`` (A, 3) when the start is frozen."""
    first, knots = unflatten(data, x)
    knots = knots.at[0].set(data.free * knots[0] + (1.0 - data.free) * base)
    wrench = jnp.zeros((knots.shape[0] - 1, 6))
    return loss(data, jnp.zeros(()), simulate(data, ground, first, knots, wrench))


def _single(tree):
    """Round every array to single precision, in which slopes are half as dear and good enough for a direction."""
    return jax.tree.map(lambda x: jnp.asarray(x, jnp.float32), tree)


def _stage_costs(data: WindowData, trajectory: Trajectory) -> tuple[Float[Array, "T n n"], Float[Array, "T n"]]:
    """Return Q (T, n, n) and gradient (T, n) of the frames' residuals in the state error (Gauss-Newton)."""
    body, weights = _single((data.body, data.weights))
    sites = dataclasses.replace(data.sites, offset=_single(data.sites.offset))

    def one(state, frame):
        value, slope = features.features_jacobian(body, sites, state)

        def r(f):
            return residuals(f, frame, weights)

        value_r, push = jax.linearize(r, value)
        jac = jax.vmap(push, in_axes=-1, out_axes=-1)(slope)
        return jac.T @ jac, jac.T @ value_r

    return jax.vmap(one)(*_single((trajectory.states, data.frames)))


def linearize(data: WindowData, ground: Ground, price: Float[Array, ""], trajectory: Trajectory) -> Stages:
    """Linearise dynamics and costs about a trajectory (whose defects become c), in single precision.

    The wrench's price is the price of its square; costs are sums over frames (T times the loss), halved squares
    doubled back, so that the stages' optimum is the Gauss-Newton step of the loss.
    """
    t, a = data.reference.shape[:2]
    k = 3 * a
    aims = targets(data, trajectory.knots)
    head = jax.tree.map(lambda x: x[:-1], trajectory.states)
    tail = jax.tree.map(lambda x: x[1:], trajectory.states)
    over = (None, None, None, 0, 0, 0, 0)
    world = data.body, ground, data.dt
    reached, states, xs = jax.vmap(rollout.frame_steps, in_axes=over)(
        *world, head, aims[:-1], aims[1:], trajectory.wrench
    )
    single = _single((*world, (states, xs), aims[:-1], aims[1:], trajectory.wrench))
    along, first, second, lift = jax.vmap(rollout.frame_jacobian, in_axes=over)(*single)
    right = _single(rotations.right_jacobian(trajectory.knots))
    columns = jax.vmap(step_jacobian.block_columns)
    first, second = columns(first, right[:-1]), columns(second, right[1:])
    defect = jax.vmap(step_jacobian.difference)(reached, tail)
    q, p = _stage_costs(data, trajectory)
    knots = trajectory.knots.reshape(t, k)
    d = data.weights.control * data.frames.valid
    start = data.free * _start_scale(data) * t
    offset = step_jacobian.difference(jax.tree.map(lambda x: x[0], trajectory.states), data.start)
    q = q.at[0].add(_single(start * jnp.eye(q.shape[-1])))
    p = jnp.concatenate([p.at[0].add(_single(start * offset)), d[:, None] * knots], axis=1)
    rate = _rate_price(data)[:, None]
    lift = jnp.where(price < NO_WRENCH, lift, 0.0)  # beyond any price the wrench is not there at all
    stages = Stages(
        a=jnp.concatenate([along, first + second], 2),
        b=jnp.concatenate([second, lift], 2),
        c=defect,
        q=q,
        d=d,
        p=p,
        r=jnp.concatenate([jnp.broadcast_to(rate, (t - 1, k)), jnp.broadcast_to(price, (t - 1, 6))], axis=1),
        s=jnp.concatenate([rate * jnp.diff(knots, axis=0), price * trajectory.wrench], axis=1),
    )
    return _single(stages)


def _first(data: WindowData, trajectory: Trajectory, z: Float[Array, " n"]) -> SimState:
    """Return the first state to simulate from: moved by z if it is free, the frozen one otherwise."""
    moved = step_jacobian.retract(jax.tree.map(lambda x: x[0], trajectory.states), z)
    return jax.tree.map(lambda m, f: jnp.where(data.free > 0.5, m, f), moved, data.start)


def defects(data: WindowData, ground: Ground, trajectory: Trajectory) -> Float[Array, "t n"]:
    """Return by how much each frame's simulation misses the next state, (T - 1, n)."""
    aims = targets(data, trajectory.knots)
    head, tail = (jax.tree.map(lambda x, s=s: x[s], trajectory.states) for s in (slice(None, -1), slice(1, None)))
    advance = jax.vmap(rollout.advance, in_axes=(None, None, None, 0, 0, 0, 0))
    reached = advance(data.body, ground, data.dt, head, aims[:-1], aims[1:], trajectory.wrench)
    return jax.vmap(step_jacobian.difference)(reached, tail)


def _moved_controls(
    trajectory: Trajectory, policy: Policy, scale: Float[Array, ""]
) -> tuple[int, Float[Array, "T A 3"], Float[Array, "T-1 6"]]:
    """Return the number of state errors n, and knots and wrench moved along the linear model."""
    k = trajectory.knots.shape[1] * 3
    n = policy.z.shape[1] - k
    knots = trajectory.knots + scale * policy.z[:, n:].reshape(trajectory.knots.shape)
    return n, knots, trajectory.wrench + scale * policy.w[:, k:]


def apply_shots(
    data: WindowData,
    ground: Ground,
    price: Float[Array, ""],
    trajectory: Trajectory,
    policy: Policy,
    scale: Float[Array, ""],
) -> tuple[Trajectory, Float[Array, ""], Float[Array, "t n"]]:
    """Move states and controls along the linear model; return the trajectory, its loss and its defects (T - 1, n)."""
    n, knots, wrench = _moved_controls(trajectory, policy, scale)
    states = jax.vmap(step_jacobian.retract)(trajectory.states, scale * policy.z[:, :n])
    new = Trajectory(states, knots, wrench)
    return new, loss(data, price, new), defects(data, ground, new)


def apply_open(
    data: WindowData,
    ground: Ground,
    price: Float[Array, ""],
    trajectory: Trajectory,
    policy: Policy,
    scale: Float[Array, ""],
) -> tuple[Trajectory, Float[Array, ""]]:
    """Simulate the controls that the linear model proposes, scaled; return the trajectory and its loss."""
    n, knots, wrench = _moved_controls(trajectory, policy, scale)
    new = simulate(data, ground, _first(data, trajectory, scale * policy.z[0, :n]), knots, wrench)
    return new, loss(data, price, new)


def apply_closed(
    data: WindowData,
    ground: Ground,
    price: Float[Array, ""],
    trajectory: Trajectory,
    policy: Policy,
    scale: Float[Array, ""],
) -> tuple[Trajectory, Float[Array, ""]]:
    """Simulate with feedback gains about the trajectory: the way to follow a motion with defects."""
    k = trajectory.knots.shape[1] * 3
    n = policy.z.shape[1] - k
    start = _first(data, trajectory, scale * policy.z[0, :n])
    change0 = scale * policy.z[0, n:]

    def one(carry, inputs):
        state, change = carry
        nominal, gain, ff, knot, following, reference, next_reference, push = inputs
        z = jnp.concatenate([step_jacobian.difference(state, nominal), change])
        w = scale * ff + gain @ z
        after = change + w[:k]
        aim = rotations.mul(reference, rotations.exp(knot + change.reshape(-1, 3)))
        end = rotations.mul(next_reference, rotations.exp(following + after.reshape(-1, 3)))
        state = rollout.advance(data.body, ground, data.dt, state, aim, end, push + w[k:])
        return (state, after), (state, after, push + w[k:])

    head = jax.tree.map(lambda x: x[:-1], trajectory.states)
    inputs = (
        head, policy.gain, policy.k, trajectory.knots[:-1], trajectory.knots[1:],
        data.reference[:-1], data.reference[1:], trajectory.wrench,
    )  # fmt: skip
    _, (states, changes, wrench) = jax.lax.scan(one, (start, change0), inputs)
    states = jax.tree.map(lambda a, b: jnp.concatenate([a[None], b]), start, states)
    changes = jnp.concatenate([change0[None], changes]).reshape(trajectory.knots.shape)
    new = Trajectory(states, trajectory.knots + changes, wrench)
    return new, loss(data, price, new)
