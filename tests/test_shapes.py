"""The shapes that annotations of physics and fitting promise are checked wherever the tests call them."""

import dataclasses
import importlib
import inspect
import pkgutil
import re
import typing

import numpy as np
import pytest
from jaxtyping import Float, TypeCheckError, jaxtyped

import motionrecon.fitting
import motionrecon.physics
from motionrecon.fitting.initialize import momentum
from motionrecon.physics import contact, pd, step_jacobian, tree
from motionrecon.physics.body import Ground
from motionrecon.types import PDGains
from tests.fixtures import shape_checker, small_clip


def test_a_wrong_shape_is_refused_with_the_name_of_the_argument():
    gains = PDGains(np.ones(2), np.ones(2), np.ones(2))
    quats, velocity = np.tile([1.0, 0, 0, 0], (2, 1)), np.zeros((2, 3))
    assert pd.torque_law(gains, quats, quats, velocity, 0.01)[0].shape == (2, 3)
    with pytest.raises(TypeCheckError, match="'velocity'"):
        pd.torque_law(gains, quats, quats, velocity.ravel(), 0.01)
    with pytest.raises(TypeCheckError, match="'target'"):
        pd.torque_law(gains, quats, quats[:1], velocity, 0.01)  # broadcasts, and means nothing


def test_axes_of_one_name_agree_over_arguments_and_result():
    with pytest.raises(TypeCheckError, match="'v'"):
        tree.matvec(np.ones((5, 3, 3)), np.ones((5, 4)))
    with pytest.raises(TypeCheckError, match="'speed'"):
        contact.normal_force(None, Ground(), np.zeros(4), np.zeros((4, 1)), 0.01)
    with pytest.raises(TypeCheckError, match="'first'"):
        tree.of_coordinates(np.ones((4, 6)), first=np.ones((2, 6)))
    with pytest.raises(TypeCheckError, match="'z'"):
        step_jacobian.carry(0.01, np.ones(9), np.ones((17, 2)), np.ones((9, 2)))  # state errors are 2 V

    @jaxtyped(typechecker=shape_checker.checked)
    def turned(x: Float[np.ndarray, "a b"]) -> Float[np.ndarray, "b a"]:
        return x

    assert turned(np.ones((2, 2))).shape == (2, 2)
    with pytest.raises(TypeCheckError, match="return value"):
        turned(np.ones((2, 3)))


def functions():
    for room in (motionrecon.physics, motionrecon.fitting):
        for found in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            module = importlib.import_module(found.name)
            for one in vars(module).values():
                if inspect.isroutine(one) and getattr(one, "__module__", "") == module.__name__:
                    yield one


def test_no_annotation_is_left_out_because_it_cannot_be_read():
    """``jaxtyping`` takes what it cannot evaluate for Any, and says nothing."""
    count = 0
    for function in functions():
        written = getattr(function, "__annotations__", {})
        shapes = [name for name, hint in written.items() if re.search(r"(Float|Int|Bool|Shaped)\[", str(hint))]
        if shapes:
            hints = typing.get_type_hints(inspect.unwrap(function), include_extras=True)
            count += sum("jaxtyping" in str(hints[name]) or "Array" in str(hints[name]) for name in shapes)
            assert all(hints[name] is not typing.Any for name in shapes)
    assert count > 300


def test_records_are_checked_when_they_are_made():
    clip = small_clip.prepared()
    with pytest.raises(TypeCheckError, match="'knots'"):
        dataclasses.replace(clip, knots=clip.knots[1:])


def test_kinds_of_numbers_are_checked_and_kinds_of_arrays_are_not():
    path = np.zeros((12, 3))
    assert momentum.calm(path, 30.0).shape == (12,)
    with pytest.raises(TypeCheckError, match="'com_velocity'"):
        momentum.calm(path.astype(int), 30.0)


def test_what_a_program_is_traced_with_is_checked_too():
    problem = small_clip.problem()
    with pytest.raises(TypeCheckError, match="'knots'"):
        problem.simulate(small_clip.knots()[:, :, :2])
