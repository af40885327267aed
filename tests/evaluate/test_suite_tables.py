"""What a suite prints of rows with known numbers: lines, groups, statistics, goals, where the start is not beaten."""

import pytest

from motionrecon.evaluate import suite, suite_tables
from tests.fixtures.eval_work import row

FILE = {
    "about": "made up", "dataset": "synthetic", "show": ["bfgs", "kinematic"], "optimizers": ["bfgs"],
    "columns": ["kinematic.mpjpe_g_mm", "mpjpe_g_mm"], "parts": [{"clips": ["*"]}],
    "summaries": [{"by": ["name"], "columns": ["median bfgs.mpjpe_g_mm", "max mpjpe_g_mm", "count fallen_percent"]}],
    "goals": [
        {"about": "a", "column": "median mpjpe_g_mm", "where": {"name": "a"}, "at_most": 11.5},
        {"about": "beats its start", "column": "mpjpe_g_mm", "at_most": "kinematic.mpjpe_g_mm"},
        {"about": "far", "column": "max mpjpe_g_mm", "at_least": 1000},
        {"about": "nothing", "column": "mpjpe_g_mm", "where": {"name": ["c"]}, "at_most": 1},
    ],
}  # fmt: skip


@pytest.fixture
def found():
    rows = []
    for start, (a, b) in enumerate(((10.0, 20.0), (12.0, 30.0), (11.0, 40.0))):
        for name, error in (("a", a), ("b", b)):
            common = {"name": name, "part": "", "start": start, "view": ""}
            rows.append(row(name, "bfgs", error, **common))
            rows[-1]["metrics"]["fallen_percent"] = 50.0 if error == 40.0 else 0.0
            rows.append(row(name, "kinematic", 15.0, **common))
    rows.append(row("c", "bfgs", status="failed", reason="gone", name="c", part="", start=0, view=""))
    return suite_tables.content(suite.parse("made", FILE), rows)


def test_a_line_for_every_clip_and_method(found):
    grid = found["grids"][0]
    assert grid.head == ["Clip", "start", "method", "kinematic MPJPE-G", "MPJPE-G"]
    assert grid.rows[:2] == [["a", "0", "bfgs", "15.0", "10.0"], ["a", "0", "kinematic", "15.0", "15.0"]]
    assert len(grid.rows) == 12


def test_groups_and_their_statistics(found):
    (groups,) = found["summaries"]
    of_bfgs = {g["name"]: g["median bfgs.mpjpe_g_mm"] for g in groups}
    assert of_bfgs == {"a": pytest.approx(12.5 - 1.5), "b": 30.0}
    assert groups[1]["max mpjpe_g_mm"] == 40.0 and groups[1]["n"] == 6
    assert groups[1]["count fallen_percent"] == 1.0
    assert found["grids"][1].rows[1] == ["b", "6", "30.0", "40.0", "1"]


def test_goals_are_judged_on_the_first_optimizer(found):
    assert [goal["met"] for goal in found["goals"]] == [True, False, False, None]
    lines = found["lines"]
    assert "met: a: 11 mm (at most 11.5)" in lines
    assert "NOT met: beats its start: 20.5 mm (at most 15)" in lines
    assert "NOT met: far: 40 mm (at least 1000)" in lines
    assert "unknown: nothing: not measured" in lines


def test_clips_that_do_not_beat_their_start_are_named(found):
    (line,) = [line for line in found["lines"] if "does not beat" in line]
    assert line.startswith("bfgs does not beat its start in MPJPE-G: 3 of 6; b (not used) +25")
