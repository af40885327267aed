"""Problems: what is drawn, what can be measured."""

import jax
import numpy as np
import pytest

from motionrecon.errors import ConfigError
from motionrecon.optimizer_lab.benchmark.objective import make_objective
from motionrecon.optimizer_lab.benchmark.protocol import Problem, Protocol, chosen, draw
from motionrecon.optimizer_lab.problems.classical import FUNCTIONS

PROTOCOL = Protocol(starts=3)


def test_a_problem_is_the_same_every_time_and_all_columns_share_the_starts():
    drawn = {column: draw(Problem("levy", 5, column), PROTOCOL) for column in ("paper", "offset", "rotated")}
    again = draw(Problem("levy", 5, "rotated"), PROTOCOL)
    assert np.array_equal(drawn["rotated"][1], again[1])
    assert np.array_equal(drawn["rotated"][0].rotation, again[0].rotation)
    for column in ("offset", "rotated"):
        assert np.array_equal(drawn[column][1], drawn["paper"][1])
    assert np.all(drawn["paper"][0].offset == 0)
    assert np.array_equal(drawn["offset"][0].offset, drawn["rotated"][0].offset)
    assert np.ptp(drawn["offset"][0].offset) > 0
    assert drawn["offset"][0].rotation is None
    assert drawn["paper"][1].shape == (3, 5)


def test_functions_dimensions_and_seeds_differ():
    first = draw(Problem("levy", 5, "offset"), PROTOCOL)
    for other, protocol in (("sphere", PROTOCOL), ("levy", Protocol(starts=3, seed=1))):
        different = draw(Problem(other, 5, "offset"), protocol)
        assert not np.array_equal(first[1], different[1])
        assert not np.array_equal(first[0].offset, different[0].offset)


def test_one_start_more_leaves_the_others():
    few, many = (draw(Problem("levy", 5, "offset"), Protocol(starts=n)) for n in (3, 4))
    assert np.array_equal(few[0].offset, many[0].offset)


def test_one_objective_is_every_function():
    points = np.random.default_rng(0).uniform(-1, 1, (2, 6))
    problems = [Problem(name, 6, "rotated") for name in FUNCTIONS]
    parameters, _ = draw(problems[0], PROTOCOL)
    every = jax.jit(jax.vmap(lambda x: [problem.task.loss(parameters, x) for problem in problems]))(points)
    for problem, expected in zip(problems, every, strict=True):
        objective = make_objective(problem, parameters)
        assert objective.losses(points) == pytest.approx(np.asarray(expected), rel=1e-9), problem
    value, gradient = objective.value_and_grad(points[0])
    assert value == pytest.approx(float(expected[0]))
    assert gradient == pytest.approx(np.asarray(jax.grad(problem.task.loss, argnums=1)(parameters, points[0])))


def test_perm_is_not_measurable_where_float64_ends():
    assert Problem("perm", 100, "paper").measurable
    assert not Problem("perm", 250, "paper").measurable
    parameters, starts = draw(Problem("perm", 250, "paper"), PROTOCOL)
    assert np.all(np.isinf(make_objective(Problem("perm", 250, "paper"), parameters).losses(np.asarray(starts))))


def test_bad_protocols_are_refused():
    with pytest.raises(ConfigError, match="starts = 0: give 1 or more"):
        Protocol(starts=0)
    with pytest.raises(ConfigError, match="Rosenbrock is not defined for d = 1"):
        chosen(("rosenbrock",), (1,), ("paper",))


def test_turning_by_the_identity_changes_no_value():
    problem = Problem("zakharov", 6, "offset")
    parameters, starts = draw(problem, PROTOCOL)
    assert parameters.rotation is None
    objective = make_objective(problem, parameters)
    assert np.array_equal(objective.parameters.rotation, np.eye(6))
    plain = jax.jit(jax.vmap(problem.task.loss, (None, 0)))(parameters, starts)
    assert objective.losses(np.asarray(starts)) == pytest.approx(np.asarray(plain), rel=1e-14)
