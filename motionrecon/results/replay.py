"""Simulate a stored result again, from its file alone, and say how far that leads from what is stored.

Two questions: does each stored state, under the stored controls, lead to the next one (the result is a simulation, and
no hidden force acts); and how far do the first state and the controls alone carry (motions on the floor are
chaotic, so there a difference of rounding can grow).
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from motionrecon.errors import DataError
from motionrecon.geometry.padding import pad_frames
from motionrecon.jobs.program_store import Program
from motionrecon.physics import description, rollout, tree
from motionrecon.physics.body import Body, Ground
from motionrecon.results.export import npz
from motionrecon.types import Array, SimState

PREFIX = "simulation_"


@dataclasses.dataclass(frozen=True)
class ReplayReport:
    """What a replay found; T frames, J joints.

    Attributes:
      fps: Hz.
      step_m: (T - 1,) m, largest distance of a joint from where it is stored, one frame after each stored state.
      step_speed: (T - 1,) m/s or rad/s, largest difference of a velocity coordinate there.
      drift_m: (T,) m, largest distance of a joint when the whole clip is simulated from the first state.
      joint_positions: (T, J, 3) m, world, of that simulation of the whole clip.
      unexplained_force: (T - 1,) N, size of the mean force over a frame that gravity and the stored contact forces
        leave of the change of linear momentum of the stored states: a hidden force on the body would show here. What is
        left without one is of first order in the simulation step (momentum is kept at the pose before the step).
      weight: N, of the body.
    """

    fps: float
    step_m: np.ndarray
    step_speed: np.ndarray
    drift_m: np.ndarray
    joint_positions: np.ndarray
    unexplained_force: np.ndarray
    weight: float

    def __str__(self) -> str:
        """Return the findings in three lines."""
        step, last = int(np.argmax(self.step_m)), int(np.argmax(self.drift_m))
        return (
            f"each state leads to the next within {self.step_m[step]:.1e} m (largest after frame {step}, "
            f"{step / self.fps:.2f} s)\n"
            f"the first state and the controls give the clip within {self.drift_m[last]:.1e} m (largest in frame "
            f"{last}, {last / self.fps:.2f} s)\n"
            f"gravity and contacts explain the change of momentum within {self.unexplained_force.max():.1f} N in the "
            f"worst frame, {np.median(self.unexplained_force):.1f} N in the median (weight {self.weight:.0f} N)"
        )


def _joint_positions(body: Body, states: SimState) -> Array:
    return jax.vmap(lambda s: tree.pose(body, s.quats).anchor + s.position)(states)


def _momentum(body: Body, state: SimState) -> Array:
    """Return the linear momentum (3,) kg m/s of a state."""
    p = tree.pose(body, state.quats)
    links, _, _ = tree.velocities(body, p, state.velocity)
    center = p.anchor + tree.matvec(p.axes, jnp.asarray(body.com))
    return jnp.asarray(body.mass) @ tree.point_velocity(links, center)


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Simulated:
    """Every frame simulated from its stored state, and the whole clip from the first.

    Attributes:
      reached: SimStates (T - 1, ...), one frame after each stored state but the last.
      reached_joints: (T - 1, J, 3) m, world, in those states.
      whole_joints: (T, J, 3) m, in the simulation of the whole clip.
      stored_joints: (T, J, 3) m, in the stored states.
      momentum: (T, 3) kg m/s, linear momentum of the stored states.
    """

    reached: SimState
    reached_joints: Array
    whole_joints: Array
    stored_joints: Array
    momentum: Array


@Program
def _simulate(body: Body, ground: Ground, dt: Array, states: SimState, targets: Array) -> Simulated:
    # Both run side by side in one scan, so that the simulator is compiled once.
    advance = jax.vmap(rollout.advance, in_axes=(None, None, None, 0, None, None, None))

    def frame(carried: SimState, inputs):
        stored, start, end = inputs
        both = jax.tree.map(lambda a, b: jnp.stack([a, b]), stored, carried)
        both = advance(body, ground, dt, both, start, end, jnp.zeros(6))
        reached, carried = (jax.tree.map(lambda a, i=i: a[i], both) for i in (0, 1))
        return carried, (reached, carried)

    first, head = (jax.tree.map(lambda a, i=i: a[i], states) for i in (0, slice(-1)))
    _, (reached, rest) = jax.lax.scan(frame, first, (head, targets[:-1], targets[1:]))
    whole = jax.tree.map(lambda a, b: jnp.concatenate([a[None], b]), first, rest)
    after, course, stored = (_joint_positions(body, s) for s in (reached, whole, states))
    return Simulated(reached, after, course, stored, jax.vmap(_momentum, in_axes=(None, 0))(body, states))


def simulate_again(body: Body, ground: Ground, dt: float, states: SimState, targets: Array) -> Simulated:
    """Simulate stored states under stored controls, without any support force.

    Args:
      body: the person.
      ground: the ground.
      dt: s, one simulation step.
      states: T stored states.
      targets: (T, A, 4) PD targets.

    Returns:
      Where that leads, as NumPy arrays.
    """
    t = len(targets)
    padded = jax.tree.map(pad_frames, (states, targets))
    run = jax.tree.map(np.asarray, _simulate(body, ground.arrays(), np.asarray(dt), *padded))
    length = {"reached": t - 1, "reached_joints": t - 1}
    cut = {f.name: length.get(f.name, t) for f in dataclasses.fields(run)}
    return Simulated(**{k: jax.tree.map(lambda a, n=n: a[:n], getattr(run, k)) for k, n in cut.items()})


def load_simulator(arrays: dict[str, np.ndarray], name: str = "motion.npz") -> tuple[Body, Ground, float]:
    """Rebuild the simulator from the content of a ``motion.npz``.

    Args:
      arrays: as ``export.npz.read_motion`` returns them.
      name: for messages.

    Returns:
      The person, the ground, and the length of a simulation step in s.

    Raises:
      DataError: the file was written without the simulator's constants, or steps a frame differently.
    """
    missing = [key for key in description.KEYS if PREFIX + key not in arrays]
    if missing:
        raise DataError(f"{name}: lacks {PREFIX}{missing[0]}, which a replay needs; fit the clip again")
    constants = {key: arrays[PREFIX + key] for key in description.KEYS}
    if int(constants["substeps"]) != rollout.SUBSTEPS:
        raise DataError(
            f"{name}: was simulated in {int(constants['substeps'])} steps a frame, this version makes "
            f"{rollout.SUBSTEPS}; fit the clip again, or replay it with the version that made it"
        )
    return description.rebuild(constants, tuple(str(n) for n in arrays["contact_names"]))


def replay(path: str | Path) -> ReplayReport:
    """Simulate a result again from its ``motion.npz`` alone.

    Args:
      path: the file, or its result folder.

    Returns:
      How far each frame, and the whole clip, leads from what is stored.

    Raises:
      DataError: not a ``motion.npz``, or one without the simulator's constants.
    """
    path = Path(path)
    path = path / "motion.npz" if path.is_dir() else path
    arrays = npz.read_motion(path)
    body, ground, dt = load_simulator(arrays, str(path))
    stored = SimState(*(arrays[f"state_{n}"] for n in ("position", "quaternions", "velocity")))
    if len(stored.position) < 2:
        raise DataError(f"{path}: holds {len(stored.position)} frame; a replay needs two or more")
    run = simulate_again(body, ground, dt, stored, arrays["control_quaternions"])

    def distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.linalg.norm(a - b, axis=-1).max(axis=-1)

    fps, weight = float(arrays["fps"]), body.total_mass * float(body.gravity)
    push = arrays["contact_forces"].sum(axis=1)[:-1] - np.array([0.0, 0.0, weight])
    gap = np.diff(run.momentum, axis=0) * fps - push
    return ReplayReport(
        fps, distance(run.reached_joints, run.stored_joints[1:]),
        np.abs(run.reached.velocity - stored.velocity[1:]).max(axis=-1), distance(run.whole_joints, run.stored_joints),
        run.whole_joints, np.linalg.norm(gap, axis=-1), weight,
    )  # fmt: skip
