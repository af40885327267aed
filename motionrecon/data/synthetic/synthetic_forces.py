"""What the ground does to the people of the data set ``synthetic``: known, because the generator moves their mass.

The net force on a body is F = m (c'' + g). Its mean over a frame is m ((c'(t + dt) - c'(t)) / dt + g), with the
velocity c' of the centre of mass from positions at ``choreography.RATE``. Between two feet on the ground the generator
divides it by the share of the weight that each is to carry, in walking and running.
"""

from __future__ import annotations

import numpy as np

from motionrecon.data.synthetic import choreography, synthetic_clips
from motionrecon.data.synthetic.mass_model import MassModel
from motionrecon.geometry import skeleton as skeletons
from motionrecon.geometry.world import GRAVITY


def ground_force(name: str, height: float = 1.75, seed: int = 0) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the ground reaction force of a motion, in body weights.

    Args:
      name: one of ``synthetic.MOTIONS``.
      height: stature, m.
      seed: see ``synthetic.motion``.

    Returns:
      The net force (T, 3), world, mean over the frame that follows (the last row repeats), and the left and the right
      foot's (T, 2, 3), or None where the motion has no plan of shares.

    Raises:
      InputError: unknown name or a stature that is not a person's.
    """
    plan, start, stop = synthetic_clips.planned(name, height, seed)
    skeleton, rate = skeletons.template(height), choreography.RATE
    fine = choreography.embody(skeleton, plan, height, start, stop, rate)
    pos, rot = skeletons.clip_poses(fine.skeleton, fine.root_pos, fine.quats)
    com = MassModel(skeleton.names, height).center_of_mass(pos, rot)
    every = round(rate / synthetic_clips.FPS)
    speed = np.gradient(com, 1.0 / rate, axis=0, edge_order=2)
    net = _repeated(np.diff(speed[::every], axis=0)) * synthetic_clips.FPS / GRAVITY + np.array([0.0, 0.0, 1.0])
    if plan.left_share is None:
        return net, None
    first = round(start * rate)
    share = plan.left_share[first : first + len(com)]
    means = [np.trapezoid(share[i : i + every + 1]) / every for i in range(0, len(com) - every, every)]
    share = _repeated(np.array(means))
    return net, np.stack([share[:, None] * net, (1.0 - share)[:, None] * net], axis=1)


def _repeated(values: np.ndarray) -> np.ndarray:
    return np.concatenate([values, values[-1:]])
