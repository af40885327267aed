"""Forces of the generated people: they are what moves their mass, and no foot in the air carries any."""

import numpy as np
import pytest

from motionrecon.data.synthetic import synthetic_clips, synthetic_forces
from motionrecon.errors import InputError
from motionrecon.geometry.world import GRAVITY


def test_a_walk_is_carried_by_its_feet():
    net, feet = synthetic_forces.ground_force("walk")
    assert net.shape == (90, 3) and feet.shape == (90, 2, 3)
    np.testing.assert_allclose(feet.sum(axis=1), net, atol=1e-12)
    step = round(0.54 * 2 * synthetic_clips.FPS)  # frames of a stride, nearly whole
    assert abs(net[: 2 * step, 2].mean() - 1.0) < 0.03
    assert 0.6 < net[:, 2].min() < 0.85 and 1.15 < net[:, 2].max() < 1.35
    assert (feet[..., 2] > -1e-9).all()
    moved = synthetic_clips.motion("walk")
    names = [[f"{side}_{part}" for part in ("ankle", "heel", "toe")] for side in ("left", "right")]
    low = np.stack([synthetic_clips.positions(moved, tuple(n), 1.75)[:, 1:, 2].min(axis=1) for n in names], axis=1)
    assert (feet[low > 0.06][:, 2] < 0.02).all()  # a foot well over the ground


def test_flight_has_no_force_and_a_jump_none_but_weight():
    net, feet = synthetic_forces.ground_force("jump")
    assert feet is None
    flying = net[:, 2] < 0.05
    assert 8 < flying.sum() < 20
    np.testing.assert_allclose(net[flying][1:-1], 0.0, atol=0.02)
    np.testing.assert_allclose(net[:5, 2], 1.0, atol=0.02)


def test_the_impulse_is_the_change_of_momentum():
    net, _ = synthetic_forces.ground_force("run")
    fall = GRAVITY * (net[:-1, 2] - 1.0).sum() / synthetic_clips.FPS
    assert abs(fall) < 2.0  # m/s, no more than a runner's own
    with pytest.raises(InputError, match="unknown"):
        synthetic_forces.ground_force("fly")
