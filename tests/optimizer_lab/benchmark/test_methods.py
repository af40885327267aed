"""Methods against their originals, and what a run leaves behind."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import scipy.optimize

from motionrecon.errors import ConfigError
from motionrecon.models.learned import catalog, weights_file
from motionrecon.optimizer_lab.benchmark import first_order, rule_cost
from motionrecon.optimizer_lab.benchmark.first_order import ADAM, MOMENTUM, TunedRule
from motionrecon.optimizer_lab.benchmark.methods import BASELINES, make_methods
from motionrecon.optimizer_lab.benchmark.objective import make_objective
from motionrecon.optimizer_lab.benchmark.optax_lbfgs import OptaxLBFGS
from motionrecon.optimizer_lab.benchmark.optimistix_bfgs import OptimistixBFGS, installed
from motionrecon.optimizer_lab.benchmark.protocol import Problem, Protocol, draw
from motionrecon.optimizer_lab.benchmark.rule_methods import RuleMethod
from motionrecon.optimizer_lab.benchmark.runs import Runs, in_chunks
from motionrecon.optimizer_lab.benchmark.scipy_methods import ScipyMethod

ITERATIONS = 30


def posed(function, d=4, column="offset", starts=3):
    problem = Problem(function, d, column)
    parameters, x0s = draw(problem, Protocol(starts=starts))
    return make_objective(problem, parameters), np.asarray(x0s)


@pytest.fixture(scope="module")
def rosenbrock():
    return posed("rosenbrock")


def check(runs, objective, x0s, iterations=ITERATIONS):
    assert runs.losses.shape == runs.evaluations.shape == (len(x0s), iterations + 1)
    assert runs.losses[:, 0] == pytest.approx(objective.losses(x0s), rel=1e-9)
    assert np.all(np.diff(runs.evaluations, axis=1) >= 0)
    assert np.all(runs.evaluations[:, 0] == 1)
    best = objective.losses(runs.best_x)
    assert np.all(best <= runs.losses.min(axis=1) * (1 + 1e-9) + 1e-30)
    curve = runs.best_by_evaluation(10_000)
    assert curve[:, 0] == pytest.approx(runs.losses[:, 0])
    assert curve[:, -1] == pytest.approx(best, rel=1e-6, abs=1e-25)
    assert np.all(np.diff(curve, axis=1) <= 0)


@pytest.mark.parametrize("algorithm", ["BFGS", "L-BFGS-B"])
def test_scipy_is_scipy(rosenbrock, algorithm):
    objective, x0s = rosenbrock
    runs = ScipyMethod("scipy", algorithm).run(objective, x0s, ITERATIONS)
    check(runs, objective, x0s)
    for i, x0 in enumerate(x0s):
        own = scipy.optimize.minimize(objective.value_and_grad, x0, jac=True, method=algorithm,
                                      options={"maxiter": ITERATIONS, "gtol": 1e-8})  # fmt: skip
        assert runs.losses[i, -1] == pytest.approx(own.fun, rel=1e-9)
        assert runs.last_x[i] == pytest.approx(own.x)
        assert runs.evaluations[i, -1] == own.nfev == len(runs.by_evaluation[i])


@pytest.mark.parametrize(("rule", "transform"), [(ADAM, optax.adam(0.3)), (MOMENTUM, optax.sgd(1e-4, momentum=0.9))])
def test_first_order_rules_are_optax(rosenbrock, rule, transform):
    objective, x0s = rosenbrock
    rate = 0.3 if rule.name == "adam" else 1e-4
    method = RuleMethod(rule, jnp.asarray(rate))
    runs, points = method.run(objective, x0s, ITERATIONS), method.trajectories(objective, x0s, ITERATIONS)
    check(runs, objective, x0s)
    x, state = x0s[0], transform.init(x0s[0])
    for k in range(5):
        assert points[0, k] == pytest.approx(x, rel=1e-7)
        updates, state = transform.update(jnp.asarray(objective.value_and_grad(x)[1]), state)
        x = np.asarray(x + updates)
    assert runs.losses[0, :5] == pytest.approx(objective.losses(points[0, :5]))


def test_tuning_takes_the_rate_of_the_lowest_mean(rosenbrock, monkeypatch):
    objective, x0s = rosenbrock
    monkeypatch.setattr(first_order, "RATES", np.logspace(-3, 0, 4))
    runs = TunedRule(ADAM, len(x0s)).run(objective, x0s, ITERATIONS)
    means = {
        rate: RuleMethod(ADAM, jnp.asarray(rate)).run(objective, x0s, ITERATIONS).losses.min(axis=1).mean()
        for rate in first_order.RATES
    }
    assert runs.details["learning_rate"] == min(means, key=means.get)
    assert runs.losses.min(axis=1).mean() == pytest.approx(min(means.values()))
    one = TunedRule(ADAM, 1).run(objective, x0s, ITERATIONS)
    assert len(one.losses) == len(x0s)


def test_grid_is_the_papers():
    assert len(first_order.RATES) == 100
    assert first_order.RATES[[0, -1]] == pytest.approx([1e-6, 1])


def test_optax_lbfgs_is_optax(rosenbrock):
    objective, x0s = rosenbrock
    runs = OptaxLBFGS().run(objective, x0s, ITERATIONS)
    check(runs, objective, x0s)
    problem = Problem("rosenbrock", 4, "offset")
    parameters, _ = draw(problem, Protocol(starts=3))

    def loss(x):
        return problem.task.loss(parameters, x)

    solver = optax.lbfgs()
    x, state = jnp.asarray(x0s[0]), solver.init(jnp.asarray(x0s[0]))

    @jax.jit
    def step(x, state):
        value, gradient = optax.value_and_grad_from_state(loss)(x, state=state)
        updates, state = solver.update(gradient, state, x, value=value, grad=gradient, value_fn=loss)
        return optax.apply_updates(x, updates), state

    for k in range(1, 6):
        x, state = step(x, state)
        assert runs.losses[0, k] == pytest.approx(float(loss(x)), rel=1e-6)
    assert runs.losses[:, -1].max() < 1e-2 * runs.losses[:, 0].min()


@pytest.mark.skipif(not installed(), reason="needs the extra [benchmark]")
def test_optimistix_goes_down_and_counts_every_evaluation(rosenbrock):
    objective, x0s = rosenbrock
    runs = OptimistixBFGS().run(objective, x0s, ITERATIONS)
    check(runs, objective, x0s)
    assert np.all(runs.evaluations[:, -1] == ITERATIONS + 1)
    assert np.all(runs.losses[:, -1] < 0.2 * runs.losses[:, 0])


def test_optimistix_says_when_it_is_absent(rosenbrock, monkeypatch):
    monkeypatch.setattr("motionrecon.optimizer_lab.benchmark.optimistix_bfgs.installed", lambda: False)
    with pytest.raises(ConfigError, match=r"not installed; pip install 'motionrecon\[benchmark\]'"):
        OptimistixBFGS().run(*rosenbrock, ITERATIONS)


def test_the_control_wins_at_the_origin_only():
    control, plain = ScipyMethod("control", "BFGS", shrinks=10), ScipyMethod("bfgs", "BFGS")
    for column, wins in (("paper", True), ("offset", False)):
        objective, x0s = posed("ackley", column=column)
        shrunk, runs = (m.run(objective, x0s, 60) for m in (control, plain))
        check(shrunk, objective, x0s, 60)
        best = objective.losses(shrunk.best_x)
        assert bool(best.max() < 1e-6) is wins
        assert objective.losses(runs.best_x).min() > 1


def test_a_start_that_cannot_be_evaluated_leaves_infinite_losses():
    objective, x0s = posed("perm", d=4, column="paper")
    x0s = np.full_like(x0s, 1e100)
    for method in (ScipyMethod("bfgs", "BFGS"), RuleMethod(ADAM, jnp.asarray(0.1))):
        runs = method.run(objective, x0s, 5)
        assert np.all(np.isinf(runs.losses))
        assert not np.any(np.isnan(runs.best_x))


def test_learned_rules_run_and_explain_what_they_cost(rosenbrock):
    objective, x0s = rosenbrock
    rule = catalog.make_rule("adafactor-mlp")
    weights = rule.init_weights(jax.random.key(0))
    method = RuleMethod(rule, weights, {"weights": "abc"})
    runs = method.run(objective, x0s, ITERATIONS)
    check(runs, objective, x0s)
    assert runs.details == {"weights": "abc"}
    assert method.slow_from is None


@pytest.mark.parametrize(
    ("name", "dense"), [("adafactor-mlp", False), ("optimus-small", True), ("optimus-low-rank", False)]
)
def test_dense_rules_are_recognised_and_take_more_memory(name, dense):
    rule = catalog.make_rule(name)
    method = RuleMethod(rule, jax.eval_shape(rule.init_weights, jax.random.key(0)))
    assert method.slow_from == (500 if dense else None)
    growth = rule_cost.bytes_per_run(rule, method.weights, 4000) / rule_cost.bytes_per_run(rule, method.weights, 1000)
    assert (growth > 8) is dense


def test_chunks_join_to_the_whole():
    seen = []

    def double(a, b):
        seen.append(len(a))
        return {"a": 2 * a, "b": b}

    a, b = np.arange(10.0), np.arange(20.0).reshape(10, 2)
    joined = in_chunks(double, (a, b), bytes_each=1.0, budget=4.0)
    assert np.array_equal(joined["a"], 2 * a)
    assert np.array_equal(joined["b"], b)
    assert seen == [4, 4, 4]
    assert in_chunks(double, (a, b), bytes_each=100.0, budget=1.0)["a"].shape == (10,)


def test_losses_by_evaluation_of_a_line_search():
    runs = Runs(np.array([[9.0, 4.0, 6.0]]), np.array([[1, 3, 4]]), np.zeros((1, 1)), np.zeros((1, 1)))
    assert runs.best_by_evaluation(100).tolist() == [[9, 9, 4, 4]]
    assert runs.best_by_evaluation(2).tolist() == [[9, 9]]
    assert runs.best_by_iteration().tolist() == [[9, 4, 4]]


def test_a_rule_with_switches_is_measured_with_weights_of_its_own(tmp_path):
    name, path = "optimus-small+leak", tmp_path / "leak.npz"
    rule = catalog.make_rule(name)
    weights_file.save(path, rule, rule.init_weights(jax.random.key(0)))
    (method,) = make_methods((name,), Protocol(), {name: path})
    assert method.name == name and method.rule == rule
    with pytest.raises(ConfigError, match="unknown switch 'leek'"):
        make_methods(("optimus-small+leek",), Protocol())


def test_unknown_methods_and_absent_weights_are_explained(tmp_path):
    with pytest.raises(ConfigError, match="unknown method 'scipy-bfg'; did you mean 'scipy-bfgs'"):
        make_methods(("scipy-bfg",), Protocol())
    with pytest.raises(ConfigError, match="adam is not learned"):
        make_methods(("adam",), Protocol(), {"adam": tmp_path / "x.npz"})
    with pytest.raises(ConfigError, match="not among the methods"):
        make_methods(("adam",), Protocol(), {"optimus": tmp_path / "x.npz"})
    assert [m.name for m in make_methods(BASELINES, Protocol())] == list(BASELINES)
