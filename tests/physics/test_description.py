"""The simulator's constants survive the way through plain arrays."""

import dataclasses

import jax
import numpy as np
import pytest

from motionrecon.geometry import skeleton
from motionrecon.physics import description, humanoid
from motionrecon.physics.body import Body, Ground


@pytest.fixture(scope="module")
def body() -> Body:
    return humanoid.body(skeleton.template(1.6), skeleton.template_soles(1.6), 1.6, 55.0)


def test_round_trip(body):
    ground = Ground(stiffness=5e4, friction=0.4, enabled=1.0)
    arrays = description.describe(body, ground, 1 / 120)
    assert set(arrays) == set(description.KEYS)
    again, floor, dt = description.rebuild(arrays, body.contact_names)
    assert dt == 1 / 120 and floor.stiffness == 5e4 and floor.friction == 0.4
    for a, b in zip(jax.tree.leaves(again), jax.tree.leaves(body), strict=True):
        np.testing.assert_array_equal(a, b)
    assert jax.tree.structure(again) == jax.tree.structure(body)  # the same compiled program serves both


def test_every_number_is_kept(body):
    """A field added to Body or Ground without being described would make replays wrong."""
    arrays = description.describe(body, Ground(), 1 / 120)
    fields = len(dataclasses.fields(Body)) - 2 + len(dataclasses.fields(body.gains)) + len(dataclasses.fields(Ground))
    assert len(arrays) == fields + 2  # the gains are fields of their own, names are kept apart; step and substeps
    for name, value in arrays.items():
        assert np.asarray(value).dtype.kind in "fi" and np.isfinite(value).all(), name
