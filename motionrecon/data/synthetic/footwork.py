"""How feet move: soles that roll over heel and toe without sliding, swings, and where the weight rests."""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy.interpolate import CubicSpline


@dataclasses.dataclass(frozen=True)
class Stance:
    """One time on the ground of one foot; times in s, angles in rad, lengths in m.

    Attributes:
      on, off: first and last contact.
      flat, rise: the sole lies flat from ``flat`` to ``rise``.
      place: (2,) m, the ankle over the ground while flat.
      yaw: direction of the toes.
      pitch_on, pitch_off: pitch of the foot at first and last contact; positive lifts the heel (pivot: toe edge),
        negative lifts the toes (pivot: heel edge).
      weight_on, weight_off: where the weight rests along the foot at first and last contact, from the ankle.
      weight_mid: where it rests in a long stance, or None for a steady roll.
    """

    on: float
    off: float
    flat: float
    rise: float
    place: tuple[float, float]
    yaw: float = 0.0
    pitch_on: float = 0.0
    pitch_off: float = 0.0
    weight_on: float = 0.0
    weight_off: float = 0.0
    weight_mid: float | None = None


@dataclasses.dataclass(frozen=True)
class Swing:
    """How a foot travels to its next stance: lift of the ankle (m), its skew, extra pitch (rad), or way points.

    Attributes:
      lift: height added in the middle.
      skew: moves the top towards take-off (positive).
      pitch: heel lift added in the middle.
      points: rows (time s, forward m, aside m, ankle height m, pitch rad) to pass, relative to ``place`` of the
        stance before; replaces lift and pitch.
      airborne: move relative to the body's own flight (jumps).
    """

    lift: float = 0.05
    skew: float = 0.0
    pitch: float = 0.0
    points: tuple[tuple[float, float, float, float, float], ...] = ()
    airborne: bool = False


def ease(u) -> np.ndarray:
    """Go from 0 to 1 with zero velocity and acceleration at both ends (minimum jerk)."""
    u = np.clip(u, 0.0, 1.0)
    return u**3 * (10.0 - 15.0 * u + 6.0 * u * u)


def _roll(u) -> np.ndarray:
    """Leave 0 gently and arrive at 1 with speed."""
    u = np.clip(u, 0.0, 1.0)
    return u**3 * (2.0 - u)


def rotate_z(angle) -> np.ndarray:
    """Return rotation matrices (..., 3, 3) about z."""
    c, s = np.cos(angle), np.sin(angle)
    o, i = np.zeros_like(c), np.ones_like(c)
    return np.stack([np.stack([c, -s, o], -1), np.stack([s, c, o], -1), np.stack([o, o, i], -1)], -2)


def rotate_y(angle) -> np.ndarray:
    """Return rotation matrices (..., 3, 3) about y."""
    c, s = np.cos(angle), np.sin(angle)
    o, i = np.zeros_like(c), np.ones_like(c)
    return np.stack([np.stack([c, o, s], -1), np.stack([o, i, o], -1), np.stack([-s, o, c], -1)], -2)


def rotate_x(angle) -> np.ndarray:
    """Return rotation matrices (..., 3, 3) about x."""
    c, s = np.cos(angle), np.sin(angle)
    o, i = np.zeros_like(c), np.ones_like(c)
    return np.stack([np.stack([i, o, o], -1), np.stack([o, c, -s], -1), np.stack([o, s, c], -1)], -2)


def stance_pose(stance: Stance, t, heel, toe) -> tuple[np.ndarray, np.ndarray]:
    """Return the ankle (T, 3) m and the pitch (T,) rad of a foot on the ground at times t (T,) s."""
    t = np.asarray(t, float)
    landing = stance.pitch_on * _roll((stance.flat - t) / max(stance.flat - stance.on, 1e-6))
    leaving = stance.pitch_off * _roll((t - stance.rise) / max(stance.off - stance.rise, 1e-6))
    pitch = landing + leaving
    pivot = np.where((pitch > 0)[:, None], toe, heel)
    turned = (rotate_y(pitch) @ pivot[..., None])[..., 0]
    flat = np.array([*stance.place, -heel[2]])
    ankle = flat + ((pivot - turned) @ rotate_z(np.array(stance.yaw)).T)
    return ankle, pitch


def _hermite(a, b, t0: float, t1: float, t) -> np.ndarray:
    """Join (value, velocity, acceleration) a at t0 to b at t1 by a polynomial of degree five."""
    h = t1 - t0
    u = ((t - t0) / h)[:, None]
    p0, v0, a0 = a[0], a[1] * h, a[2] * h * h
    p1, v1, a1 = b[0], b[1] * h, b[2] * h * h
    d = p1 - p0
    c3 = 10 * d - 6 * v0 - 4 * v1 - 1.5 * a0 + 0.5 * a1
    c4 = -15 * d + 8 * v0 + 7 * v1 + 1.5 * a0 - a1
    c5 = 6 * d - 3 * v0 - 3 * v1 - 0.5 * a0 + 0.5 * a1
    return p0 + v0 * u + 0.5 * a0 * u**2 + c3 * u**3 + c4 * u**4 + c5 * u**5


def _edge(stance: Stance, at: float, inward: float, heel, toe):
    """Return value, velocity, acceleration of (ankle, pitch) (4,) at the edge of a stance, from inside."""
    step = 1e-3 * inward
    ankle, pitch = stance_pose(stance, at + step * np.arange(3), heel, toe)
    y = np.column_stack([ankle, pitch])
    return y[0], (-1.5 * y[0] + 2 * y[1] - 0.5 * y[2]) / step, (y[0] - 2 * y[1] + y[2]) / step**2


def foot_path(stances, swings, t, heel, toe, com_z=None) -> tuple[np.ndarray, np.ndarray]:
    """Join stances by swings.

    Args:
      stances: in order of time; the first and last should reach beyond ``t``.
      swings: one fewer than stances.
      t: (T,) s.
      heel: (3,) m, rear edge of the sole in the ankle's frame; toe: (3,) m, front edge.
      com_z: function from times to heights of the centre of mass, for airborne swings.

    Returns:
      Ankle positions (T, 3) m and orientations (T, 3, 3).
    """
    ankle, pitch, yaw = np.zeros((len(t), 3)), np.zeros(len(t)), np.zeros(len(t))
    for s in stances:
        m = (t >= s.on) & (t <= s.off)
        ankle[m], pitch[m] = stance_pose(s, t[m], heel, toe)
        yaw[m] = s.yaw
    for a, b, swing in zip(stances[:-1], stances[1:], swings, strict=True):
        m = (t > a.off) & (t < b.on)
        if not m.any():
            continue
        u = (t[m] - a.off) / (b.on - a.off)
        start, end = _edge(a, a.off, -1.0, heel, toe), _edge(b, b.on, 1.0, heel, toe)
        if swing.points:
            y = _through(a, b, swing, start, end, t[m])
        else:
            y = _plain(a, b, swing, start, end, t[m], u, com_z)
        ankle[m], pitch[m] = y[:, :3], y[:, 3]
        yaw[m] = a.yaw + (b.yaw - a.yaw) * ease(u)
    return ankle, rotate_z(yaw) @ rotate_y(pitch)


def _plain(a, b, swing, start, end, t, u, com_z):
    if not swing.airborne:
        y = _hermite(start, end, a.off, b.on, t)
    else:  # both ends move with the centre of mass in between
        lift = [np.array([0, 0, 1.0, 0]) * com_z(np.array([x]))[0] for x in (a.off, b.on)]
        speed = [
            np.array([0, 0, 1.0, 0]) * (com_z(np.array([x + 1e-3])) - com_z(np.array([x - 1e-3])))[0] / 2e-3
            for x in (a.off, b.on)
        ]
        s = (start[0] - lift[0], start[1] - speed[0], np.zeros(4))
        e = (end[0] - lift[1], end[1] - speed[1], np.zeros(4))
        y = _hermite(s, e, a.off, b.on, t)
        y[:, 2] += com_z(t)
    bump = 64.0 * u**3 * (1 - u) ** 3 * (1.0 + swing.skew * (0.5 - u))
    y[:, 2] += swing.lift * bump
    y[:, 3] += swing.pitch * bump
    return y


def _through(a, b, swing, start, end, t):
    points = np.asarray(swing.points)
    c, s = np.cos(a.yaw), np.sin(a.yaw)
    xy = np.asarray(a.place) + np.column_stack(
        [c * points[:, 1] - s * points[:, 2], s * points[:, 1] + c * points[:, 2]]
    )
    knots = np.concatenate([[a.off], points[:, 0], [b.on]])
    values = np.concatenate([start[0][None], np.column_stack([xy, points[:, 3:]]), end[0][None]])
    return CubicSpline(knots, values, bc_type=((1, start[1]), (1, end[1])))(t)


def weight_point(stance: Stance, t) -> np.ndarray:
    """Return where the weight rests under one foot, (T, 2) m, world."""
    if stance.weight_mid is None:
        x = stance.weight_on + (stance.weight_off - stance.weight_on) * _soft(
            (t - stance.flat) / max(stance.rise - stance.flat, 1e-6)
        )
    else:
        on = ease((t - stance.flat) / 0.35)
        off = ease((t - stance.rise + 0.25) / 0.25)
        x = stance.weight_on * (1 - on) + stance.weight_mid * (on - off) + stance.weight_off * off
    return np.asarray(stance.place) + x[:, None] * np.array([np.cos(stance.yaw), np.sin(stance.yaw)])


def _soft(u) -> np.ndarray:
    u = np.clip(u, 0.0, 1.0)
    return u * u * (3.0 - 2.0 * u)


def weight_path(left, right, t) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Share the weight between the feet.

    Args:
      left: stances of the left foot; right: of the right foot.
      t: (T,) s.

    Returns:
      The point on which the weight rests (T, 2) m; the left foot's share (T,) in 0..1; the number of feet that
      carry, (T,) in 0..2.
    """
    point, share, count = [], [], []
    for stances in (left, right):
        p, on = np.zeros((len(t), 2)), np.zeros(len(t))
        for s in stances:
            m = (t >= s.on) & (t <= s.off)
            p[m], on[m] = weight_point(s, t[m]), 1.0
        point.append(p)
        count.append(on)
        share.append(_share(stances, right if stances is left else left, t, on))
    total = share[0] + share[1]
    w = share[0] / np.where(total > 0, total, 1.0)
    w = np.where(total > 0, w, 0.5)
    return w[:, None] * point[0] + (1 - w[:, None]) * point[1], w, count[0] + count[1]


def _share(own, other, t, on):
    """Take over gradually after landing beside another foot on the ground, give up gradually before leaving it."""
    share = on.copy()
    for s in own:
        for o in other:
            if o.on < s.on < o.off < s.off:  # this one lands while the other still stands
                m = (t >= s.on) & (t <= o.off)
                share[m] = _soft((t[m] - s.on) / (o.off - s.on))
            if s.on < o.on < s.off < o.off:
                m = (t >= o.on) & (t <= s.off)
                share[m] = 1.0 - _soft((t[m] - o.on) / (s.off - o.on))
    return share
