"""Figures of gait of a walk made by hand, and None where there is none."""

import dataclasses

import numpy as np
import pytest

from motionrecon.biomechanics.gait_events import Contacts
from motionrecon.biomechanics.spatiotemporal import gait_figures
from motionrecon.biomechanics.steps import find_steps
from motionrecon.biomechanics.strides import find_strides

FPS, SPEED, STRIDE, STANCE, WIDTH = 60.0, 1.3, 1.1, 0.68, 0.16  # Hz, m/s, s, s, m


def contacts(starts, stance=STANCE, seconds=5.0) -> Contacts:
    start = np.asarray(starts, float)
    stop = np.minimum(start + stance, seconds)
    return Contacts(np.maximum(start, 0.0), stop, start >= 0.0, start + stance < seconds)


def walk(late=0.0, heading=0.0, seconds=5.0):
    """Contacts, time, feet and centre of mass; the right foot's strikes come ``late`` seconds after half a stride."""
    time = np.arange(int(seconds * FPS)) / FPS
    starts = [np.arange(-1, 6) * STRIDE + 0.2 + f * (0.5 * STRIDE + late) for f in (0, 1)]
    starts = [s[(s + STANCE > 0) & (s < seconds)] for s in starts]
    feet = np.zeros((len(time), 2, 3))
    for f in (0, 1):
        prints = SPEED * (starts[f] + 0.5 * STANCE)
        for t, when in enumerate(time):
            i = max(int(np.searchsorted(starts[f], when, side="right")) - 1, 0)
            share = np.clip((when - starts[f][i] - STANCE) / (STRIDE - STANCE), 0, 1)
            feet[t, f, 0] = prints[i] + share * SPEED * STRIDE
        feet[:, f, 1] = WIDTH * (0.5 - f)
    com = np.stack([SPEED * time, 0 * time, 0.9 + 0 * time], axis=-1)
    c, s = np.cos(heading), np.sin(heading)
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    return tuple(contacts(s, seconds=seconds) for s in starts), time, feet @ turn.T, com @ turn.T


def figures(walked):
    pair, time, feet, com = walked
    steps, strides = find_steps(pair, time, feet, com), find_strides(pair, time, feet)
    return gait_figures(steps, strides, pair)


@pytest.mark.parametrize("heading", [0.0, 2.0])
def test_a_steady_walk(heading):
    found = figures(walk(heading=heading))
    expected = {
        "walking_speed_m_per_s": SPEED, "cadence_steps_per_min": 120.0 / STRIDE, "stride_time_s": STRIDE,
        "stride_length_m": SPEED * STRIDE, "step_length_m": SPEED * STRIDE / 2, "step_time_s": STRIDE / 2,
        "step_width_m": WIDTH, "stance_percent": 100 * STANCE / STRIDE,
        "double_support_percent": 100 * (2 * STANCE - STRIDE) / STRIDE,
    }  # fmt: skip
    for name, value in expected.items():
        assert getattr(found, name) == pytest.approx(value, rel=0.01), name
    assert found.left.strides >= 3 and found.right.strides >= 3


def test_a_limp_shows_in_the_sides():
    found = figures(walk(late=0.1))
    assert found.right.step_time_s == pytest.approx(STRIDE / 2 + 0.1)
    assert found.left.step_time_s == pytest.approx(STRIDE / 2 - 0.1)
    assert found.right.step_length_m == pytest.approx(SPEED * (STRIDE / 2 + 0.1), rel=0.01)
    assert found.left.stride_time_s == pytest.approx(found.right.stride_time_s)


def unknown(found) -> bool:
    values = dataclasses.asdict(found)
    sides = [values.pop("left"), values.pop("right")]
    return all(v is None for v in values.values()) and all(
        v is None or (k == "strides" and v == 0) for side in sides for k, v in side.items()
    )


def test_one_step_has_a_length_but_no_stride():
    pair, time, feet, com = walk(seconds=1.2)
    found = figures((pair, time, feet, com))
    assert found.left.strides == 0 and found.stride_length_m is None and found.double_support_percent is None
    assert found.right.step_time_s == pytest.approx(STRIDE / 2)
    assert found.walking_speed_m_per_s == pytest.approx(SPEED, rel=0.01)


def test_where_there_is_no_gait_all_is_none():
    time = np.arange(300) / FPS
    feet = np.zeros((300, 2, 3))
    feet[:, 0, 1], feet[:, 1, 1] = 0.1, -0.1
    still = np.zeros((300, 3))
    none = contacts([])
    assert unknown(figures(((none, none), time, feet, still)))
    on_the_spot = (contacts([0.2, 1.3, 2.4]), contacts([0.75, 1.85, 2.95]))
    assert unknown(figures((on_the_spot, time, feet, still)))
    ahead = feet + np.stack([1.5 * time, 0 * time, 0 * time], axis=-1)[:, None]
    jumps = (contacts([0.2, 1.3, 2.4], 0.5), contacts([0.22, 1.31, 2.38], 0.5))
    assert unknown(figures((jumps, time, ahead, ahead[:, 0])))
