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
from motionrecon.export import npz
from motionrecon.physics import description, rollout, tree
from motionrecon.physics.body import Body, Ground
from motionrecon.types import Array, SimState

_PAD = 64  # clips are padded to a multiple of this many frames, so that few programs are compiled
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
    centre = p.anchor + tree.matvec(p.axes, jnp.asarray(body.com))
    return jnp.asarray(body.mass) @ tree.point_velocity(links, centre)


@jax.jit
def _replay(body: Body, ground: Ground, dt: Array, states: SimState, targets: Array):
    head = jax.tree.map(lambda a: a[:-1], states)
    free = jnp.zeros(6)
    reached = jax.vmap(rollout.advance, in_axes=(None, None, None, 0, 0, 0, None))(
        body, ground, dt, head, targets[:-1], targets[1:], free
    )
    first = jax.tree.map(lambda a: a[0], states)
    whole = rollout.simulate(body, ground, dt, first, targets, jnp.zeros((targets.shape[0] - 1, 6)))
    places = (_joint_positions(body, s) for s in (reached, whole, states))
    return reached, *places, jax.vmap(_momentum, in_axes=(None, 0))(body, states)


def _pad(array: np.ndarray) -> np.ndarray:
    extra = -len(array) % _PAD
    return np.concatenate([array, np.repeat(array[-1:], extra, axis=0)])


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
    frames = len(stored.position)
    if frames < 2:
        raise DataError(f"{path}: holds {frames} frame; a replay needs two or more")
    reached, steps, whole, truth, momentum = jax.tree.map(
        np.asarray,
        _replay(body, ground.arrays(), dt, jax.tree.map(_pad, stored), _pad(arrays["control_quaternions"])),
    )

    def distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.linalg.norm(a - b, axis=-1).max(axis=-1)

    n = frames - 1
    speed = np.abs(reached.velocity[:n] - stored.velocity[1:]).max(axis=-1)
    weight = body.total_mass * float(body.gravity)
    push = arrays["contact_forces"].sum(axis=1)[:n] - np.array([0.0, 0.0, weight])
    gap = np.diff(momentum[:frames], axis=0) * float(arrays["fps"]) - push
    return ReplayReport(
        float(arrays["fps"]), distance(steps[:n], truth[1:frames]), speed, distance(whole, truth)[:frames],
        whole[:frames], np.linalg.norm(gap, axis=-1), weight,
    )  # fmt: skip
