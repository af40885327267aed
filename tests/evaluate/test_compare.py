"""Two results side by side: equal means equal digits, and nothing that differs passes."""

import copy
import json

import pytest

from motionrecon.cli.main import run
from motionrecon.errors import DataError
from motionrecon.evaluate import compare
from tests.fixtures.eval_work import row

ROWS = [row("cmu/a.bvh", "bfgs", 10.04, name="a"), row("cmu/b.bvh", "bfgs", 20.0, name="b")]


def written(path, rows):
    path.write_text(json.dumps({"rows": rows}))
    return str(path)


def changed(value, **more):
    rows = copy.deepcopy(ROWS)
    rows[0]["metrics"]["mpjpe_g_mm"] = value
    rows[0] |= more
    return rows


@pytest.mark.parametrize(
    ("value", "tolerance", "code"),
    [
        (10.04, "0", 0),
        (10.01, "0", 0),  # prints 10.0 too
        (10.06, "0", 1),  # prints 10.1
        (10.06, "1", 0),
        (10.3, "2", 1),
        (None, "9", 1),
        (float("nan"), "9", 1),
    ],
)
def test_the_printed_digits_decide(value, tolerance, code, tmp_path, capsys):
    first, second = written(tmp_path / "a.json", ROWS), written(tmp_path / "b.json", changed(value))
    assert run(["tables", "--compare", first, second, "--tolerance", tolerance]) == code
    out = capsys.readouterr().out
    assert ("equal to" in out) == (code == 0) and ("Numbers that differ" in out) == (code == 1)


def test_an_edge_between_two_digits_is_no_difference():
    (error,) = compare.catalog.of(("mpjpe_g_mm",))
    assert compare.Difference(("a",), error, 4.64999999, 4.65000001).printed_alike()
    assert not compare.Difference(("a",), error, 4.649, 4.651).printed_alike()


def test_seconds_are_told_and_not_compared(tmp_path, capsys):
    first = written(tmp_path / "a.json", ROWS)
    assert run(["tables", "--compare", first, written(tmp_path / "b.json", changed(10.04, seconds=99.0))]) == 0
    assert "0.2 and 99.1" in capsys.readouterr().out


def test_what_only_one_has_and_what_failed_is_said(tmp_path, capsys):
    first = written(tmp_path / "a.json", ROWS)
    assert run(["tables", "--compare", first, written(tmp_path / "b.json", ROWS[:1])]) == 0
    assert "a.json, not compared: 1 row: b, bfgs" in capsys.readouterr().out
    failed = changed(10.04, status="failed")
    assert run(["tables", "--compare", first, written(tmp_path / "b.json", failed)]) == 1
    assert "failed in one of them only: a, bfgs" in capsys.readouterr().out
    other = [row("c", "bfgs", 1.0)]
    assert run(["tables", "--compare", first, written(tmp_path / "b.json", other)]) == 1  # nothing in common


def test_rows_that_differ_in_what_is_varied_are_not_mixed(tmp_path):
    rows = [row("a", "bfgs", float(s), seed=s) for s in (0, 1)]
    path = tmp_path / "a.json"
    written(path, rows)
    assert list(compare.read(path)) == [("a", "seed 0", "bfgs"), ("a", "seed 1", "bfgs")]


def test_results_of_the_old_script(tmp_path):
    old = {"clip": "kick", "frames": 150, "ik_mm": 2.1, "physics_mm": 4.3, "p95_mm": 9.0, "max_mm": 10.3,
           "thirds_mm": [1.9, 5.3, 5.7], "skate_percent": 1.3, "penetration_mm": 3.6, "optimize_s": 7.1,
           "evaluations": 400, "plain": 8, "shooting": 6, "ladder": 0}  # fmt: skip
    script = tmp_path / "old.json"
    written(script, [old, {"clip": "gone", "fell": True, "note": "failed: no such file"}])
    found = compare.read(script)
    assert set(found) == {(n, m) for n in ("kick", "gone") for m in ("gauss-newton", "kinematic")}
    new = row("cmu/11_01_kick.amc", "gauss-newton", 4.3, name="kick", frames=150, windows_plain=8, evaluations=401)
    new["metrics"] |= {"mpjpe_g_p95_mm": 9.0, "mpjpe_g_last_third_mm": 5.9}
    (tmp_path / "new.json").write_text(json.dumps({"rows": [new]}))
    together = compare.compare(found, compare.read(tmp_path / "new.json"))
    assert {d.metric.key for d in together.differing(0.0)} == {
        "evaluations", "mpjpe_g_last_third_mm", "foot_skate_percent",
    }  # fmt: skip


@pytest.mark.parametrize("content", ["[]", "{", '{"rows": [{"clip": 1}]}', '{"rows": [1]}'])
def test_refusals(content, tmp_path, capsys):
    path = tmp_path / "bad.json"
    path.write_text(content)
    with pytest.raises(DataError, match="is no result of motionrecon eval"):
        compare.read(path)
    assert run(["tables", "--compare", str(path)]) == 2
    assert run(["tables", "--compare", str(path), "nowhere.json"]) == 2
    assert run(["tables", "--compare", str(path), str(path), "--tolerance", "-1"]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 3
