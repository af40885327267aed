"""The force that everything around the body exerts on it together, and where a level ground would have to push.

Newton and Euler need no model of contact: the net external force is m (a - g), and the point of the ground about which
its moment has no horizontal part (the zero-moment point; Vukobratovic and Borovac, Int. J. Humanoid Robotics 1(1),
2004) follows from it and the angular momentum. Twice differentiated paths are noisy, so both momenta are low-passed
(zero-lag Butterworth); at the ends of the clip they are continued as parabolas, because the usual reflection would turn
every clip that begins in flight into one that begins at rest.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from jaxtyping import Float
from scipy.signal import butter, sosfiltfilt

from motionrecon.geometry import skeleton as skeletons
from motionrecon.geometry.world import GRAVITY
from motionrecon.physics import anthropometry
from motionrecon.types import Motion, Soles

CUTOFF = 6.0  # Hz
_END = 0.2  # s, of the clip's ends, to which the parabolas are fitted
_PAD = 0.5  # s, by which the clip is continued


@dataclasses.dataclass(frozen=True)
class NetLoad:
    """What acts on the body from outside, less gravity; world axes.

    Attributes:
      com: (T, 3) m, low-passed centre of mass.
      force: (T, 3) N/kg, net external force without gravity per kilogram of body mass.
      weight: (T,) body weights, its vertical part.
      point: (T, 2) m, zero-moment point on z = 0; meaningless where ``weight`` is near 0, but finite.
    """

    com: Float[np.ndarray, "T 3"]
    force: Float[np.ndarray, "T 3"]
    weight: Float[np.ndarray, " T"]
    point: Float[np.ndarray, "T 2"]


def _continued(values: Float[np.ndarray, "T D"], fps: float, pad: int) -> Float[np.ndarray, "S D"]:
    """Continue (T, D) by ``pad`` rows at both ends along parabolas fitted to the ends."""
    used = min(len(values), max(4, round(_END * fps) + 1))
    degree = min(2, used - 1)
    t = np.arange(used, dtype=float)
    head = np.polynomial.polynomial.polyfit(t, values[:used], degree)
    tail = np.polynomial.polynomial.polyfit(t, values[-used:], degree)
    before = np.polynomial.polynomial.polyval(np.arange(-pad, 0.0), head).T
    after = np.polynomial.polynomial.polyval(used + np.arange(float(pad)), tail).T
    # the parabola passes near the last frame, not through it: shift it, or the joint would be a jolt
    before += values[0] - np.polynomial.polynomial.polyval(0.0, head)
    after += values[-1] - np.polynomial.polynomial.polyval(used - 1.0, tail)
    return np.concatenate([before, values, after])


def low_pass(
    values: Float[np.ndarray, "T D"], fps: float, cutoff: float = CUTOFF
) -> tuple[Float[np.ndarray, "T D"], Float[np.ndarray, "T D"], Float[np.ndarray, "T D"]]:
    """Low-pass a path without lag and differentiate it.

    Args:
      values: (T, D), T of at least 2.
      fps: Hz.
      cutoff: Hz at which the double pass halves the amplitude; at most 0.4 fps is used.

    Returns:
      Values, first and second derivatives by time, each (T, D).
    """
    pad = max(2, round(_PAD * fps))
    wide = _continued(np.asarray(values, dtype=float), fps, pad)
    single = min(cutoff, 0.4 * fps) / (np.sqrt(2.0) - 1.0) ** 0.25  # two passes of order 2 (Winter 2009, 2.2.4)
    wide = sosfiltfilt(butter(2, min(single, 0.49 * fps), fs=fps, output="sos"), wide, axis=0, padtype=None)
    speed = np.gradient(wide, 1.0 / fps, axis=0)
    bend = np.zeros_like(wide)
    bend[1:-1] = (wide[2:] - 2.0 * wide[1:-1] + wide[:-2]) * fps**2
    keep = slice(pad, len(wide) - pad)
    return wide[keep], speed[keep], bend[keep]


def _momentum(motion: Motion, soles: Soles, height: float) -> tuple[Float[np.ndarray, "T 3"], Float[np.ndarray, "T 3"]]:
    """Return the centre of mass (T, 3) m and the angular momentum about it (T, 3) m^2/s per unit of mass."""
    pos, rot = skeletons.clip_poses(motion.skeleton, motion.root_pos, motion.quats)
    mass, center, inertia = anthropometry.link_inertias(motion.skeleton, height, 1.0, soles.heel, soles.toe)
    points = pos + (rot @ center[..., None])[..., 0]
    com = mass @ points
    arm = points - com[:, None]
    rate = np.gradient(arm, 1.0 / motion.fps, axis=0)
    spin = rot.swapaxes(-1, -2) @ np.gradient(rot, 1.0 / motion.fps, axis=0)
    turn = 0.5 * np.stack(
        [spin[..., 2, 1] - spin[..., 1, 2], spin[..., 0, 2] - spin[..., 2, 0], spin[..., 1, 0] - spin[..., 0, 1]], -1
    )
    own = (rot @ (inertia @ turn[..., None]))[..., 0]
    return com, np.sum(mass[:, None] * np.cross(arm, rate) + own, axis=1)


def net_load(motion: Motion, soles: Soles, height: float) -> NetLoad:
    """Find the net external force and the zero-moment point of a kinematic motion.

    With c the centre of mass, f the force per mass, L the angular momentum per mass about c:
    p_x = c_x - (c_z f_x + L'_y) / f_z, p_y = c_y - (c_z f_y - L'_x) / f_z.

    Args:
      motion: T of at least 2 frames, in a world whose ground is z = 0.
      soles: they give the feet's centres of mass.
      height: stature, m (segment masses' places scale with it).

    Returns:
      A NetLoad.
    """
    com, angular = _momentum(motion, soles, height)
    com, _, force = low_pass(com, motion.fps)
    _, torque, _ = low_pass(angular, motion.fps)
    force = force + np.array([0.0, 0.0, GRAVITY])
    up = np.maximum(force[:, 2], 0.05 * GRAVITY)
    across = com[:, 2:] * force[:, :2] + np.stack([torque[:, 1], -torque[:, 0]], axis=1)
    return NetLoad(com, force, force[:, 2] / GRAVITY, com[:, :2] - across / up[:, None])
