"""A whole small benchmark: rows, going on, tables, plots."""

import csv
import json

import jax
import numpy as np
import pytest

from motionrecon.errors import CheckpointError
from motionrecon.models.learned import catalog, weights_file
from motionrecon.optimizer_lab.benchmark import (
    directions,
    first_order,
    methods,
    plots,
    report,
    row,
    run,
    step_time,
    tables,
    workers,
)
from motionrecon.optimizer_lab.benchmark.protocol import Problem, Protocol
from motionrecon.optimizer_lab.benchmark.rule_methods import RuleMethod
from motionrecon.optimizer_lab.benchmark.scipy_methods import ScipyMethod
from motionrecon.optimizer_lab.benchmark.store import Store

PROTOCOL = Protocol(starts=2, slow_starts=1, tuning_starts=2, iterations=20)
PROBLEMS = [Problem(function, 3, column) for column in ("paper", "offset") for function in ("sphere", "rosenbrock")]
NAMES = ("scipy-bfgs", "adam", "adafactor-mlp")


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Untrained weights of the Adafactor MLP in a file."""
    path = tmp_path_factory.mktemp("weights") / "mlp.npz"
    rule = catalog.make_rule("adafactor-mlp")
    weights_file.save(path, rule, rule.init_weights(jax.random.key(0)))
    return {"adafactor-mlp": path}


@pytest.fixture(scope="module")
def folder(tmp_path_factory, weights):
    """A finished run."""
    place = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(first_order, "RATES", np.logspace(-3, 0, 3))
        rows = run.run(PROBLEMS, NAMES, PROTOCOL, place, weights=weights)
        measured = report.figures(NAMES, PROTOCOL, weights, rows, lambda text: None)
    report.write(rows, NAMES, PROTOCOL, place, measured, workers=1)
    return place


def test_everything_is_written(folder):
    names = {path.name for path in folder.iterdir()}
    assert {"results.json", "rows.csv", "tables.md", "profile_paper.png", "profile_offset.png", "values_paper.png",
            "relative_iterations_offset.png", "directions.png", "trajectories.png", "step_time.png",
            "evaluations.png", "table_8_column_paper.csv"} <= names  # fmt: skip
    result = json.loads((folder / "results.json").read_text())
    assert len(result["rows"]) == 12
    assert result["protocol"]["iterations"] == 20
    assert result["step_times"]
    text = (folder / "tables.md").read_text()
    for said in ("Table 8, column paper", "paper Optimus", "Time of one step", "Relative iterations", "control"):
        assert (said in text) is (said != "control"), said
    rows = list(csv.DictReader((folder / "rows.csv").open()))
    assert {r["status"] for r in rows} == {"ok"}
    assert float(next(r for r in rows if r["method"] == "scipy-bfgs" and r["function"] == "sphere")["value"]) < 1e-12


def test_finished_rows_are_not_made_again(folder, weights):
    told = []

    def tell(*news):
        told.append(news)

    rows = run.run(PROBLEMS, NAMES, PROTOCOL, folder, weights=weights, resume=True, told=tell)
    assert len(rows) == 12
    assert not told
    more = [*PROBLEMS, Problem("trid", 3, "offset")]
    run.run(more, ("scipy-bfgs",), PROTOCOL, folder, resume=True, told=tell)
    assert [(done, total, row["function"]) for done, total, row in told] == [(1, 1, "trid")]


def test_rows_of_other_weights_and_failed_rows_are_made_again(folder):
    store = Store(folder, PROTOCOL, resume=True)
    found = store.row(
        PROBLEMS[0], "adafactor-mlp", json.loads((folder / "results.json").read_text())["rows"][2]["weights"]
    )
    assert found is not None
    assert store.row(PROBLEMS[0], "adafactor-mlp", "other") is None
    problem = Problem("levy", 3, "paper")
    store.write({**problem._asdict(), "method": "adam", "status": "failed", "reason": "x"})
    assert store.row(problem, "adam", None) is None
    store.write({**problem._asdict(), "method": "adam", "status": "not measurable", "reason": "x"})
    assert store.row(problem, "adam", None)["status"] == "not measurable"


def test_another_protocol_is_refused(folder):
    with pytest.raises(CheckpointError, match=r"other options \(iterations 20\)"):
        Store(folder, Protocol(starts=2, slow_starts=1, tuning_starts=2, iterations=30), resume=True)


def test_an_unreadable_row_is_named(folder, tmp_path):
    store = Store(tmp_path, PROTOCOL, resume=False)
    store.write({**PROBLEMS[0]._asdict(), "method": "adam", "status": "ok"})
    path = next(tmp_path.glob("rows/paper/*.json"))
    path.write_text("{")
    with pytest.raises(CheckpointError, match=f"{path.name}: cannot be read"):
        store.row(PROBLEMS[0], "adam", None)


def test_a_method_that_raises_is_a_failed_row():
    class Broken:
        name, slow_from = "broken", None

        def run(self, objective, x0s, iterations):
            raise RuntimeError("no")

    found = row.measure(PROBLEMS[0], Broken(), PROTOCOL)
    assert (found["status"], found["reason"]) == ("failed", "RuntimeError: no")
    assert "Traceback" in found["traceback"]
    unmeasurable = row.measure(Problem("perm", 250, "paper"), Broken(), PROTOCOL)
    assert unmeasurable["status"] == "not measurable"


def test_slow_methods_get_fewer_starts_and_the_best_point_counts():
    slow = row.measure(PROBLEMS[1], ScipyMethod("bfgs", "BFGS", slow_from=3), PROTOCOL)
    assert slow["starts"] == len(slow["best"]) == 1
    rates = RuleMethod(first_order.MOMENTUM, np.float64(0.9))  # diverges from the start
    found = row.measure(PROBLEMS[1], rates, PROTOCOL)
    assert found["last"][0] is None or found["last"][0] > found["best"][0]
    assert found["value"] == pytest.approx(np.mean(found["best"]), rel=1e-5)
    assert found["curves"]["iteration"]["mean"][-1] == pytest.approx(found["value"], rel=1e-5)


def test_not_finite_and_absent_methods_in_tables():
    base = {"column": "paper", "d": 2, "function": "sphere"}
    rows = [
        {**base, "method": "a", "status": "ok", "value": None, "starts": 2},
        {**base, "method": "optimistix-bfgs", "status": "failed", "reason": "optimistix-bfgs: not installed; pip"},
        {**base, "method": "b", "status": "ok", "value": 1.0, "starts": 2},
        {**base, "method": "c", "status": "ok", "value": 2.0, "starts": 1},
    ]
    grid = tables.table8(rows, "paper")
    assert grid.rows[0][:5] == ["Sphere 2d", "not finite", "not installed", "**1.00e+00**", "2.00e+00"]
    assert any("2 starts; fewer, for their cost: c 1 (d = 2)" in note for note in grid.notes)


def test_jobs_share_a_program():
    todo = [(p, m) for p in [*PROBLEMS, Problem("sphere", 3, "rotated")] for m in ("adam", "momentum")]
    large = [(Problem(function, 500, "offset"), "adam") for function in ("sphere", "trid", "levy", "ackley", "powell")]
    assert [len(job.problems) for job in workers.jobs(large, PROTOCOL, {})] == [4, 1]
    jobs = workers.jobs(todo, PROTOCOL, {})
    assert [(len(job.problems), job.method) for job in jobs] == [(5, "adam"), (5, "momentum")]
    far = [(Problem("sphere", 250, column), "adam") for column in ("paper", "offset", "rotated")]
    assert [[p.column for p in job.problems] for job in workers.jobs(far, PROTOCOL, {})] == [
        ["paper", "offset"], ["rotated"]
    ]  # fmt: skip


@pytest.mark.slow
def test_two_workers_make_the_same_rows(tmp_path, folder):
    names = ("scipy-bfgs", "scipy-lbfgsb")
    alone, shared = (
        run.run(PROBLEMS, names, PROTOCOL, tmp_path / str(n), count=n) for n in (1, 2)
    )  # fmt: skip
    assert [(r["function"], r["method"], r["value"]) for r in alone] == [
        (r["function"], r["method"], r["value"]) for r in shared
    ]


def test_newton_and_gradient_steps_are_recognised():
    x = np.array([[-1.2, 1.0], [0.5, 2.0]])
    gradient, newton = (np.asarray(a)[:, 0] for a in directions._directions(x[:, None]))
    found = directions.similarity(np.stack([x, x - 0.1 * newton, x - 0.1 * newton], axis=1))
    assert found.newton[0] == pytest.approx(1)
    assert found.gradient[0] < 1
    assert np.isnan(found.newton[1])  # nothing moves
    assert directions.similarity(np.stack([x, x + gradient], axis=1)).gradient[0] == pytest.approx(1)
    a = x[0]
    hessian = np.array([[1200 * a[0] ** 2 - 400 * a[1] + 2, -400 * a[0]], [-400 * a[0], 200]])
    assert newton[0] == pytest.approx(np.linalg.solve(hessian, gradient[0]))


def test_step_times_and_what_is_too_long():
    rule = catalog.make_rule("adafactor-mlp")
    method = RuleMethod(rule, rule.init_weights(jax.random.key(0)))
    times = {(t.method, t.d): t for t in step_time.measure([method], (10, 40))}
    assert len(times) == 6
    assert all(0 < t.seconds < 1 for t in times.values())
    refused = {(t.method, t.d): t for t in step_time.measure([method], (10, 40), step_time.Limits(0.0, 0.0))}
    assert refused["scipy-bfgs", 40].seconds is None
    assert "expected" in refused["scipy-bfgs", 40].note
    assert "needs" in refused["adafactor-mlp", 40].note
    grid = report.step_time_grid([*refused.values()])
    assert any(line[0] == "adafactor-mlp" and line[2] == "-" for line in grid.rows)


def test_every_method_of_a_run_without_options_has_a_colour_of_its_own():
    colors = plots.colors_of(list(methods.default_names()))
    assert len(set(colors.values())) == len(methods.default_names())
