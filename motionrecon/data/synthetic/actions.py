"""Motions on the spot: squat, jump, kick and wave."""

from __future__ import annotations

import numpy as np

from motionrecon.data.synthetic import carriage
from motionrecon.data.synthetic.choreography import RATE, Plan
from motionrecon.data.synthetic.footwork import (  # fmt: skip
    Stance,
    Swing,
    ease,
    foot_path,
    rotate_x,
    rotate_y,
    rotate_z,
    weight_path,
)
from motionrecon.geometry import skeleton as skeletons
from motionrecon.geometry.world import GRAVITY

_LONG = 100.0  # s, beyond any clip
_STAND = 0.560  # height of the centre of mass in standing, fraction of stature; lowered where legs do not reach


def _standing(side: int, height: float, half: float, toe_out: float, **changes) -> Stance:
    sign = 1.0 if side == 0 else -1.0
    base = dict(
        on=-_LONG, off=_LONG, flat=-_LONG + 1, rise=_LONG - 1, place=(0.0, sign * half * height), yaw=sign * toe_out,
        weight_on=0.03 * height, weight_off=0.03 * height, weight_mid=0.03 * height,
    )  # fmt: skip
    return Stance(**{**base, **changes})


def _feet(stances, swings, t, height: float, com_z=None):
    soles = skeletons.template_soles(height)
    out = [foot_path(stances[k], swings[k], t, soles.heel[k], soles.toe[k], com_z) for k in (0, 1)]
    return np.stack([o[0] for o in out], 1), np.stack([o[1] for o in out], 1)


def _pieces(rows):
    """Join (time, z, velocity, acceleration) rows by polynomials of degree five; returns a function of time."""
    rows = np.asarray(rows, float)

    def z(t):
        t = np.clip(t, rows[0, 0], rows[-1, 0])
        i = np.clip(np.searchsorted(rows[:, 0], t, side="right") - 1, 0, len(rows) - 2)
        (t0, p0, v0, a0), (t1, p1, v1, a1) = rows[i].T, rows[i + 1].T
        h = t1 - t0
        u, d, v0, v1, a0, a1 = (t - t0) / h, p1 - p0, v0 * h, v1 * h, a0 * h * h, a1 * h * h
        c3 = 10 * d - 6 * v0 - 4 * v1 - 1.5 * a0 + 0.5 * a1
        c4 = -15 * d + 8 * v0 + 7 * v1 + 1.5 * a0 - a1
        c5 = 6 * d - 3 * v0 - 3 * v1 - 0.5 * a0 + 0.5 * a1
        return p0 + v0 * u + 0.5 * a0 * u**2 + c3 * u**3 + c4 * u**4 + c5 * u**5

    return z


def _times(seconds: float) -> np.ndarray:
    return np.arange(0.0, seconds + 1.0, 1.0 / RATE)


def squat(height: float, seconds: float, rng) -> Plan:
    """Plan one deep squat with the arms stretched forward."""
    t = _times(seconds)
    depth = (0.20 + 0.03 * rng.uniform(-1, 1)) * height
    down = ease((t - 0.4) / 1.1) - ease((t - 0.55 * seconds - 0.1) / 1.1)
    stances = [[_standing(k, height, 0.075, 0.26)] for k in (0, 1)]
    ankle, foot = _feet(stances, [[], []], t, height)
    weight, _, feet_down = weight_path(stances[0], stances[1], t)
    zero = np.zeros_like(t)
    local = carriage.trunk(zero, 0.45 * down, zero, 0.9)
    flex = np.stack([1.55 * down + 0.02] * 2, 1)
    local |= carriage.arms(flex, 0.10, np.stack([0.20 + 0.05 * down] * 2, 1))
    return Plan(ankle, foot, local, rotate_y(0.35 * down), _STAND * height - depth * down, weight, feet_down)


def jump(height: float, seconds: float, rng) -> Plan:
    """Plan a standing jump: countermovement, push-off over the toes, ballistic flight, landing on the toes."""
    t, h = _times(seconds), height
    speed = 2.25 + 0.15 * rng.uniform(-1, 1)
    air = 2.0 * speed / GRAVITY
    off = 1.12
    on = off + air
    top = (_STAND + 0.020) * h
    rows = [
        (0.0, _STAND * h, 0, 0),
        (0.30, _STAND * h, 0, 0),
        (0.78, (_STAND - 0.135) * h, 0, 11.0),
        (off, top, speed, -GRAVITY),
        (on, top, -speed, -GRAVITY),
        (on + 0.26, (_STAND - 0.115) * h, 0, 9.0),
        (on + 0.95, _STAND * h, 0, 0),
        (_LONG, _STAND * h, 0, 0),
    ]
    com_z = _pieces(rows)
    ahead = 0.16 * h
    stances, swings = [], []
    for k in (0, 1):
        stances.append(
            [
                _standing(k, h, 0.060, 0.08, off=off, rise=off - 0.16, pitch_off=0.62, weight_off=0.100 * h),
                _standing(
                    k,
                    h,
                    0.062,
                    0.08,
                    on=on,
                    flat=on + 0.10,
                    place=(ahead, (0.062 if k == 0 else -0.062) * h),
                    pitch_on=0.45,
                    weight_on=0.095 * h,
                ),
            ]
        )
        swings.append([Swing(airborne=True, lift=0.03 * h, pitch=0.15)])
    ankle, foot = _feet(stances, swings, t, h, com_z)
    weight, _, feet_down = weight_path(stances[0], stances[1], t)
    low = (
        ease((t - 0.30) / 0.48) - ease((t - 0.80) / 0.34) + 0.8 * (ease((t - on) / 0.28) - ease((t - on - 0.30) / 0.7))
    )
    throw = ease((t - 0.75) / 0.42) - ease((t - on + 0.05) / 0.55)
    back = ease((t - 0.25) / 0.40) - ease((t - 0.75) / 0.30)
    local = carriage.trunk(np.zeros_like(t), 0.40 * low, np.zeros_like(t), 0.8)
    flex = 2.0 * throw - 0.75 * back
    local |= carriage.arms(np.stack([flex] * 2, 1), 0.14, np.stack([0.25 + 0.45 * throw + 0.2 * back] * 2, 1))
    return Plan(ankle, foot, local, rotate_y(0.34 * low), com_z(t), weight, feet_down)


def kick(height: float, seconds: float, rng) -> Plan:
    """Plan a kick with the right leg while the left foot carries the body."""
    t, h = _times(seconds), height
    off, on = 0.80, 2.25
    reach = 1.0 + 0.08 * rng.uniform(-1, 1)
    points = (
        (1.12, -0.20 * h, -0.02 * h, 0.175 * h, 1.00),
        (1.42, 0.12 * h, 0.02 * h, 0.125 * h, 0.30),
        (1.60, 0.335 * h * reach, 0.035 * h, 0.290 * h * reach, -0.55),
        (1.90, 0.12 * h, 0.01 * h, 0.150 * h, 0.05),
    )
    left = [_standing(0, h, 0.055, 0.08)]
    right = [
        _standing(1, h, 0.055, 0.08, off=off, rise=off - 0.18, pitch_off=0.40),
        _standing(1, h, 0.055, 0.08, on=on, flat=on + 0.12, pitch_on=-0.10),
    ]
    ankle, foot = _feet([left, right], [[], [Swing(points=points)]], t, h)
    weight, _, feet_down = weight_path(left, right, t)
    shift = ease((t - 0.10) / 0.55) - ease((t - on - 0.05) / 0.60)
    stand = weight_path(left, [], t)[0]
    middle = stand * np.array([1.0, 0.0])
    weight = middle + (stand - middle) * shift[:, None]
    signal = carriage.stride_signal(ankle, np.zeros_like(t), 0.05 * RATE) / h
    lean = 0.14 * (ease((t - 1.2) / 0.35) - ease((t - 1.75) / 0.5))
    pelvis = rotate_z(-0.30 * signal) @ rotate_x(-0.05 * shift) @ rotate_y(-lean)
    local = carriage.trunk(0.55 * signal, 1.2 * lean, -0.08 * shift, 0.9)
    flex = np.stack([-0.9 * signal, 0.9 * signal], 1)
    local |= carriage.arms(flex, 0.14 + 0.40 * shift, np.stack([0.30 + 0.3 * shift] * 2, 1))
    com_z = np.full_like(t, _STAND * h)
    return Plan(ankle, foot, local, pelvis, com_z, weight, feet_down)


def wave(height: float, seconds: float, rng) -> Plan:
    """Plan a greeting: the right arm is raised and the forearm swings from side to side."""
    t = _times(seconds)
    raised = ease((t - 0.2) / 0.8) - ease((t - seconds + 0.9) / 0.8)
    swing = np.sin(2 * np.pi * (1.5 + 0.1 * rng.uniform(-1, 1)) * (t - 0.8)) * ease((t - 0.8) / 0.4)
    stances = [[_standing(k, height, 0.060, 0.12)] for k in (0, 1)]
    ankle, foot = _feet(stances, [[], []], t, height)
    weight, _, feet_down = weight_path(stances[0], stances[1], t)
    weight = weight + np.stack([0 * t, 0.012 * height * raised], 1)
    zero = np.zeros_like(t)
    pelvis = rotate_x(0.02 * raised) @ rotate_z(0.02 * np.sin(1.7 * t))
    local = carriage.trunk(-0.10 * raised, zero + 0.02, 0.05 * raised, 0.6)
    local |= carriage.arms(np.zeros((len(t), 2)), 0.12, np.full((len(t), 2), 0.25))
    up = rotate_z(zero + 0.45) @ rotate_x(zero - 0.25) @ rotate_y(zero - 0.5 * np.pi)
    local["right_shoulder"] = carriage.blend(local["right_shoulder"], up, raised)
    local["right_elbow"] = rotate_z(0.25 + (1.20 + 0.42 * swing) * raised)
    return Plan(ankle, foot, local, pelvis, np.full_like(t, _STAND * height), weight, feet_down)
