"""Tables: published rows as printed, measured rows as measured, and what is missing said so."""

import pytest

from motionrecon.evaluate import published, tables
from motionrecon.jobs import text_grid
from motionrecon.metrics import catalog
from tests.fixtures.eval_work import row


def result(dataset="h36m", split="mocap", mode="mocap", rows=None, partial=False):
    rows = rows if rows is not None else [row("a", "kinematic", 7.0), row("a", "bfgs", 30.0)]
    return {"dataset": dataset, "split": split, "input": mode, "partial": partial, "rows": rows,
            "joint_set": "H36M-17", "joints": ["pelvis"]}  # fmt: skip


def cells(grid, method):
    return next(r for r in grid.rows if r[0] == method)


def test_published_rows_stand_as_printed():
    one, two, three, four = tables.paper_grids([])
    assert cells(one, "DiffPhy + BFGS") == ["DiffPhy + BFGS", "quoted", "38.3", "24.7", "71"]
    assert cells(two, "VIBE") == ["VIBE", "quoted", "207.7", "68.6", "43.6", "16.4", "0.32", "27.4"]
    assert cells(two, "Xie et al.") == ["Xie et al.", "quoted", "-", "68.1", "-", "-", "-", "-"]
    assert cells(two, "OSDCap")[2:5] == ["132.8", "54.8", "39.8"]
    assert cells(three, "Optimus")[2:] == ["149.8", "104.4", "66.4", "12.1", "0.45", "21.5"]
    assert cells(four, "Optimus + BasinHopping")[2:] == ["25.6", "0.352", "832526", "78.9"]


def test_every_quoted_row_names_its_source():
    every = (*published.TABLE1, *published.TABLE2, *published.TABLE3, *published.TABLE4)
    assert all(q.source and any(v is not None for v in q.values.values()) for q in every)
    assert {q.method for q in published.TABLE2 if "NeurIPS" in q.source} == {"PhysPT", "OSDCap"}


def test_what_was_not_measured_is_said_and_never_filled_in():
    for grid in tables.paper_grids([]):
        assert any("ours: not measured" in note for note in grid.notes)
        assert all(r[1] == "quoted" for r in grid.rows)


def test_measured_rows_stand_beside_the_published_ones():
    rows = [
        row("a", "bfgs", 30.0, group="in domain", evaluations=100, seconds=2.0, windows=4, loss=0.5),
        row("b", "bfgs", 20.0, group="out of domain", evaluations=300, seconds=6.0, windows=4, loss=0.7),
    ]
    one, _, _, four = tables.paper_grids([result(rows=rows)])
    assert cells(one, "motionrecon bfgs") == ["motionrecon bfgs", "measured, n=2", "30.0", "20.0", "50"]
    assert cells(four, "motionrecon bfgs")[2:] == ["25.0", "0.600", "0", "20.0"]
    assert not any("not measured" in note for note in (*one.notes, *four.notes))


def test_other_splits_are_marked_and_do_not_fill_the_paper_tables():
    other = result(split="all")
    assert all("not measured" in " ".join(grid.notes) for grid in tables.paper_grids([other]))
    assert cells(tables.filled_by(other)[0], "motionrecon bfgs")[1] == "measured, split all, n=1"
    (three,) = tables.filled_by(result("aist", "paper", "mocap"))
    assert "input mocap" in cells(three, "motionrecon bfgs")[1]
    assert tables.filled_by(result("synthetic", "all", "video")) == []
    assert all("not measured" in " ".join(g.notes) for g in tables.paper_grids([result(partial=True)]))


def test_a_stranger_is_told_the_noise_the_part_and_what_the_baselines_are():
    rows = [row("a", m, 10.0, noise="20 mm") for m in ("kinematic", "smoothed", "bfgs")]
    first, second = tables.run_grids(result(rows=rows, partial=True))
    assert first.title.startswith("h36m, part of split mocap, input mocap, noise 20 mm: joints H36M-17")
    assert second.title.startswith("h36m, part of split mocap, input mocap, noise 20 mm:")
    notes = " ".join(first.notes)
    assert "lower is better" in notes and "smoothed: the same under a Gaussian" in notes
    film = tables.run_grids(result(mode="video"))[0]
    assert film.title.startswith("h36m, split mocap, input video: ")


def test_intervals_below_the_means_and_failures_counted():
    rows = [row(k, "bfgs", e) for k, e in (("a", 10.0), ("b", 20.0), ("c", 60.0))]
    rows.append(row("d", "bfgs", status="failed", reason="the file is gone"))
    grid = tables.measured(rows, "t", catalog.of(("mpjpe_g_mm", "tv_m_per_frame2")))
    assert grid.rows[0] == ["bfgs (1 failed)", "3", "30.0", "-"]
    low, high = (float(v) for v in grid.rows[1][2].split(".."))
    assert 10.0 <= low < 30.0 < high <= 60.0 and grid.rows[1][3] == ""
    assert tables.failures(rows) == ["failed: d (bfgs): the file is gone"]


def test_verdicts_follow_the_paired_interval():
    rows = [row(k, "smoothed", 20.0 + i) for i, k in enumerate("abcd")]
    rows += [row(k, "bfgs", 10.0 + 1.5 * i) for i, k in enumerate("abcd")]
    rows += [row(k, "adam", e) for k, e in zip("abcd", (30.0, 31.0, 12.0, 13.0), strict=True)]
    lines = tables.verdicts(rows)
    assert any(line.startswith("bfgs beats smoothed in MPJPE-G: -9.2") for line in lines)
    assert any(line.startswith("adam cannot be told from smoothed in MPJPE-G") for line in lines)
    assert not any("TV" in line for line in lines)  # unknown


def test_a_tv_below_the_truth_s_is_no_merit():
    rows = [row(k, m, 10.0, truth_tv_m_per_frame2=0.30 + 0.01 * i) for i, k in enumerate("abc")
            for m in ("smoothed", "bfgs")]  # fmt: skip
    for r in rows:
        r["metrics"]["tv_m_per_frame2"] = 0.05 if r["method"] == "smoothed" else 0.28
    lines = tables.verdicts(rows)
    assert any(line.startswith("bfgs is worse than smoothed in TV: +0.230") for line in lines)
    assert any(line.startswith("bfgs beats smoothed in distance of TV from the truth's: -0.230") for line in lines)


@pytest.mark.parametrize("lay", [text_grid.text, text_grid.markdown])
def test_layouts_hold_every_cell(lay):
    grid = tables.paper_grids([])[1]
    text = lay(grid)
    assert all(cell in text for r in grid.rows for cell in r) and grid.title in text
