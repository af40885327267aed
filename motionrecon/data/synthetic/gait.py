"""Walking and running along a path: footsteps, rise and fall of the body, counter-swinging arms."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from scipy.ndimage import gaussian_filter1d

from motionrecon.data.synthetic import carriage
from motionrecon.data.synthetic.choreography import RATE, Path, Plan
from motionrecon.data.synthetic.footwork import Stance, Swing, foot_path, rotate_x, rotate_y, rotate_z, weight_path
from motionrecon.geometry import skeleton as skeletons
from motionrecon.geometry.world import GRAVITY


@dataclasses.dataclass(frozen=True)
class GaitStyle:
    """A gait; lengths are fractions of stature, times s, angles rad.

    Attributes:
      step: length of a step; period: time of a step; contact: time of one foot on the ground.
      width: distance between the lines of the feet.
      strike: pitch of the foot at contact; push_off: at take-off.
      flat, rise: when the sole lies flat and when the heel rises, s after contact.
      lift, skew, tuck: swing of the foot (see ``footwork.Swing``).
      bounce: half the rise and fall of the body in walking.
      lean: of the trunk; elbow: bend of the elbows; swing: rad of arm swing per stature of foot separation.
    """

    step: float
    period: float
    contact: float
    width: float
    strike: float
    push_off: float
    flat: float
    rise: float
    lift: float
    skew: float
    tuck: float
    bounce: float
    lean: float
    elbow: float
    swing: float


WALK = GaitStyle(
    step=0.385, period=0.54, contact=0.66, width=0.085, strike=-0.33, push_off=0.80, flat=0.10, rise=0.50, lift=0.022,
    skew=0.3, tuck=0.0, bounce=0.0095, lean=0.05, elbow=0.35, swing=1.05,
)  # fmt: skip
RUN = GaitStyle(
    step=0.56, period=0.36, contact=0.235, width=0.045, strike=-0.10, push_off=0.85, flat=0.035, rise=0.125, lift=0.115,
    skew=0.8, tuck=0.55, bounce=0.0, lean=0.14, elbow=1.45, swing=0.95,
)  # fmt: skip


def straight(s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lead straight along +x."""
    return np.stack([s, np.zeros_like(s)], axis=-1), np.zeros_like(s)


def curve(radius: float, begin: float, angle: float) -> Path:
    """Lead along +x, after ``begin`` m into an arc to the left of ``radius`` m through ``angle`` rad, then straight."""

    def path(s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        fine = np.linspace(min(s.min(), 0.0) - 0.1, s.max() + 0.1, 4000)
        heading = np.clip((fine - begin) / radius, 0.0, angle)
        ds = fine[1] - fine[0]
        heading = gaussian_filter1d(heading, 0.12 / ds, mode="nearest")
        xy = np.cumsum(np.stack([np.cos(heading), np.sin(heading)], 1), axis=0) * ds
        xy -= [np.interp(0.0, fine, xy[:, k]) for k in (0, 1)]
        return np.stack([np.interp(s, fine, xy[:, k]) for k in (0, 1)], -1), np.interp(s, fine, heading)

    return path


def _steps(style: GaitStyle, path: Path, height: float, count: int):
    """Place ``count`` steps, the left foot on even ones."""
    h, feet = height, ([], [])
    for k in range(count):
        xy, heading = path(np.array([k * style.step * h]))
        side = 1.0 if k % 2 == 0 else -1.0
        place = xy[0] + 0.5 * style.width * h * side * np.array([-math.sin(heading[0]), math.cos(heading[0])])
        on = k * style.period
        feet[k % 2].append(
            Stance(
                on, on + style.contact, on + style.flat, on + style.rise, tuple(place), heading[0] + side * 0.07,
                style.strike, style.push_off, -0.030 * h, 0.104 * h,
            )
        )  # fmt: skip
    return feet


def _bounce(style: GaitStyle, t, feet_down, height: float) -> np.ndarray:
    """Return the height of the centre of mass: two arcs a stride in walking, spring and flight in running."""
    base = 0.555 * height
    if style.contact > style.period:
        middle = 0.5 * (style.contact - style.period)  # middle of the double support, when the body is lowest
        return base - style.bounce * height * np.cos(2 * np.pi * (t - middle) / style.period)
    phase = np.mod(t, style.period)
    flight = style.period - style.contact
    peak = GRAVITY * 0.5 * np.pi * style.period / style.contact
    w = np.pi / style.contact
    v0 = -0.5 * GRAVITY * flight
    s = np.minimum(phase, style.contact)
    z = v0 * s - 0.5 * GRAVITY * s**2 + peak / w * (s - np.sin(w * s) / w)
    f = np.maximum(phase - style.contact, 0.0)
    return base + z + 0.5 * GRAVITY * flight * f - 0.5 * GRAVITY * f**2


def plan(style: GaitStyle, path: Path, height: float, seconds: float) -> tuple[Plan, float]:
    """Plan a gait.

    Args:
      style: how to step.
      path: where to go.
      height: stature, m.
      seconds: s, time wanted.

    Returns:
      The plan and the time (s) at which to begin reading it: before it the gait settles.
    """
    lead = 4
    count = int(np.ceil(seconds / style.period)) + 2 * lead + 2
    left, right = _steps(style, path, height, count)
    t = np.arange(0.0, (count - 2) * style.period, 1.0 / RATE)
    # The first step of the right foot is missing before its first contact: begin with both feet known.
    t0 = 2 * style.period
    soles = skeletons.template_soles(height)
    swing = Swing(style.lift * height, style.skew, style.tuck)
    feet = [
        foot_path(s, [swing] * (len(s) - 1), t + t0, soles.heel[k], soles.toe[k]) for k, s in enumerate((left, right))
    ]
    ankle, foot = np.stack([f[0] for f in feet], 1), np.stack([f[1] for f in feet], 1)
    weight, share, down = weight_path(left, right, t + t0)
    return _carry(style, path, height, t + t0, ankle, foot, weight, share, down), (lead - 2) * style.period


def _carry(style, path, height, t, ankle, foot, weight, share, down) -> Plan:
    """Add pelvis, trunk, arms and the height of the body to the feet."""
    speed = style.step * height / style.period
    _, heading = path((t - 0.25 * style.period) * speed)
    apart = carriage.stride_signal(ankle, heading, 0.035 * RATE) / height
    list_ = 0.05 * gaussian_filter1d(2.0 * share - 1.0, 0.06 * RATE)
    turn = -0.22 * apart
    pelvis = rotate_z(heading + turn) @ rotate_x(list_) @ rotate_y(np.full_like(t, 0.5 * style.lean))
    local = carriage.trunk(-2.1 * turn, np.full_like(t, style.lean), list_)
    flex = np.stack([-apart, apart], 1) * style.swing - 0.6 * style.lean
    elbow = style.elbow + 0.45 * np.maximum(gaussian_filter1d(flex, 0.05 * RATE, axis=0), -0.2)
    local |= carriage.arms(flex, 0.13 if style.elbow < 1 else 0.22, elbow)
    com_z = _bounce(style, t, down, height)
    ends = np.stack([speed * np.array([np.cos(a), np.sin(a)]) for a in (heading[0], heading[-1])])
    return Plan(ankle, foot, local, pelvis, com_z, weight, down, ends, share)
