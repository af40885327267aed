"""Start what every window will call before the first window is there: programs are loaded or compiled by other threads.

Their arguments have the same shapes for every clip and person, so that they are known before a file is read. While the
input is read, a person is detected and the kinematic start is found, the window's programs are made on the other cores.
"""

from __future__ import annotations

import jax
import numpy as np

from motionrecon.fitting import prepare, window_programs
from motionrecon.fitting.objective import Trajectory, WindowData
from motionrecon.fitting.objective_terms import Frames, LossWeights
from motionrecon.geometry import skeleton as skeletons
from motionrecon.jobs import program_store, runtime
from motionrecon.models.trajectory import multiple_shooting, riccati
from motionrecon.models.trajectory.riccati import Policy, Stages
from motionrecon.physics import humanoid
from motionrecon.physics.body import SOLE_POINTS, Ground
from motionrecon.types import SimState, Sites

_HEIGHT, _MASS = 1.70, 65.0  # any person's shapes are everyone's


def _array(*shape: int, dtype=np.float64) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(shape, dtype)


def _states(joints: int, *leading: int) -> SimState:
    return SimState(_array(*leading, 3), _array(*leading, joints, 4), _array(*leading, 6 + 3 * (joints - 1)))


def window_shapes(points: int, frames: int) -> tuple[WindowData, Trajectory]:
    """Return the shapes of a window's data and of its trajectory.

    Args:
      points: K padded keypoints (``prepare.padded_points``).
      frames: T frames of a window.
    """
    skeleton = skeletons.template(_HEIGHT)
    body = humanoid.body(skeleton, skeletons.template_soles(_HEIGHT), _HEIGHT, _MASS)
    k, t, p, a = points, frames, SOLE_POINTS, len(skeleton.names) - 1
    watched = Frames(
        points=_array(t, k, 3), point_velocity=_array(t, k, 3), point_share=_array(t, k), ray=_array(t, 3),
        planted=_array(t, p), sole_height=_array(t, p), swinging=_array(t, p), image=_array(t, k, 2),
        image_share=_array(t, k), com=_array(t, 3), com_velocity=_array(t, 3), joints=_array(t, a, 3),
        limit_low=_array(t, a, 3), limit_high=_array(t, a, 3), camera_rotation=_array(t, 3, 3),
        camera_translation=_array(t, 3), calm=_array(t), valid=_array(t),
    )  # fmt: skip
    data = WindowData(
        body=body,
        sites=Sites(prepare.site_names(k), _array(k, dtype=np.int32), _array(k, 3)),
        dt=_array(),
        frames=watched,
        reference=_array(t, a, 4),
        start=_states(a + 1),
        free=_array(),
        weights=prepare.weights_as_arrays(LossWeights()),
    )
    return data, Trajectory(_states(a + 1, t), _array(t, a, 3), _array(t - 1, 6))


def _policies(data: WindowData) -> tuple[Stages, Policy, jax.ShapeDtypeStruct]:
    """Return the shapes of a window's stages, of their solution, and of the controls' damping."""
    t, a = data.reference.shape[:2]
    n, k = 2 * data.start.velocity.shape[-1], 3 * a
    m, size, kind = k + 6, n + k, np.float32

    def single(*shape: int) -> jax.ShapeDtypeStruct:
        return _array(*shape, dtype=kind)

    stages = Stages(
        a=single(t - 1, n, size), b=single(t - 1, n, m), c=single(t - 1, n), q=single(t, n, n), d=single(t),
        p=single(t, size), r=single(t - 1, m), s=single(t - 1, m),
    )  # fmt: skip
    policy = Policy(z=single(t, size), w=single(t - 1, m), k=single(t - 1, m), gain=single(t - 1, m, size))
    return stages, policy, single(m)


def begin(frames: int, points: int = 1) -> None:
    """Load or compile the programs of windows, the slowest first, in the background; on one core there is none.

    Args:
      frames: frames of a window.
      points: keypoints of the observation; all common layouts are padded to the same number.
    """
    if runtime.threads() < 2:
        return
    for program, arguments in calls(frames, points):
        program_store.begin(program, *arguments)


def calls(frames: int, points: int = 1) -> list[tuple[program_store.Program, tuple]]:
    """Return the programs of windows with the shapes of their arguments, the slowest to compile first."""
    data, trajectory = window_shapes(prepare.padded_points(points), frames)
    stages, policy, damping = _policies(data)
    ground, price, scale = Ground().arrays(), _array(), _array(stages.q.shape[-1])
    one, several = _array(1), _array(len(multiple_shooting.SCALES))
    world = data, ground, price, trajectory
    return [
        (window_programs.linearize, world),
        (window_programs.shots, (*world, policy, several)),
        (window_programs.closed_loop, (*world, policy, one)),
        (window_programs.open_loop, (*world, policy, one)),
        (window_programs.terms, (data, price, trajectory)),
        (window_programs.simulate, (data, ground, data.start, trajectory.knots, trajectory.wrench)),
        (riccati.damped, (stages, damping, _array(dtype=np.float32), _array(), scale, data.free)),
        (window_programs.features_over_time, (data.body, data.sites, trajectory.states)),
    ]
