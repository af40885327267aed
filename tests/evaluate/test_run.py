"""A run: rows kept as they end, nothing done twice, new optimizers and failed rows done on --resume, files whole."""

import csv
import json

import pytest

from motionrecon.data.datasets.dataset import Clip
from motionrecon.data.datasets.synthetic_dataset import Synthetic
from motionrecon.errors import CheckpointError
from motionrecon.evaluate import run, workers
from motionrecon.evaluate.protocol import Protocol
from motionrecon.evaluate.store import Store
from tests.fixtures import eval_work

CLIPS = [Clip(f"walk/{v}", "0", "walk", v) for v in ("side", "front", "oblique")]


@pytest.fixture
def done(monkeypatch):
    """Keys and methods of the tasks that were done; tasks are done at once, in this process."""
    seen = []

    def at_once(tasks, count, **_):
        for task in tasks:
            seen.append((task.clip.key, task.methods))
            made = eval_work.rows(task)
            if task.clip.key in broken:
                made = [row | {"status": "failed", "reason": "a reason", "metrics": {}} for row in made]
            yield task, made

    broken = set()
    monkeypatch.setattr(workers, "run", at_once)
    seen_and_broken = (seen, broken)
    return seen_and_broken


def test_resume_does_only_what_is_missing(tmp_path, done):
    seen, broken = done
    first = Protocol(methods=("bfgs",))
    broken.add("walk/front")
    rows = run.run(first, CLIPS[:2], tmp_path, count=1)
    assert [r["status"] for r in rows if r["method"] == "bfgs"] == ["ok", "failed"]
    seen.clear()
    broken.clear()
    rows = run.run(first, CLIPS, tmp_path, count=1, resume=True)
    assert [key for key, _ in seen] == ["walk/front", "walk/oblique"]
    assert all(r["status"] == "ok" for r in rows) and len(rows) == 9
    seen.clear()
    rows = run.run(Protocol(methods=("bfgs", "adam")), CLIPS, tmp_path, count=1, resume=True)
    assert seen == [(clip.key, ("adam",)) for clip in CLIPS]
    assert [r["method"] for r in rows[:4]] == ["kinematic", "smoothed", "bfgs", "adam"]
    seen.clear()
    run.run(first, CLIPS, tmp_path, count=1, resume=True)
    assert seen == []
    run.run(first, CLIPS, tmp_path, count=1)
    assert len(seen) == 3  # begun anew


def test_rows_are_on_disk_as_soon_as_they_end(tmp_path, done):
    def interrupt(number, total, clip, rows):
        if number == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.run(Protocol(methods=("bfgs",)), CLIPS, tmp_path, count=1, told=interrupt)
    store = Store(tmp_path, Protocol(methods=("bfgs",)), resume=True)
    assert [len(store.rows(clip)) for clip in CLIPS] == [3, 3, 0]


def test_rows_of_another_protocol_are_not_mixed_in(tmp_path, done):
    run.run(Protocol(), CLIPS[:1], tmp_path, count=1)
    with pytest.raises(CheckpointError, match=r"other options \(noise_mm 0.0\)"):
        run.run(Protocol(noise_mm=5.0), CLIPS, tmp_path, count=1, resume=True)
    path = next(path for path in (tmp_path / "rows").iterdir() if path.name != "run.json")
    path.write_text("{")
    with pytest.raises(CheckpointError, match="cannot be read"):
        run.run(Protocol(), CLIPS, tmp_path, count=1, resume=True)


def test_a_failed_row_never_replaces_a_good_one(tmp_path):
    store = Store(tmp_path, Protocol(), resume=False)
    store.write(CLIPS[0], [eval_work.row("walk/side", "kinematic")])
    store.write(CLIPS[0], [eval_work.row("walk/side", "kinematic", status="failed", reason="x")])
    assert store.rows(CLIPS[0])[0]["status"] == "ok"


def test_the_files_of_a_run(tmp_path, done):
    protocol = Protocol(methods=("gauss_newton",))
    rows = run.run(protocol, CLIPS, tmp_path, count=1)
    result = run.content(protocol, Synthetic(), rows, CLIPS, run.machine(1, None))
    assert result["partial"] and result["n"] == {"kinematic": 3, "smoothed": 3, "gauss-newton": 3}
    result["rows"][0].update(curve={"evaluations": [0.0, 5.0], "loss": [1.0, 0.1]})
    files = run.write(result, tmp_path)
    assert {"results.json", "table.md", "rows.csv", "mean.csv", "errors.png", "distribution.png", "loss.png"} == set(
        files
    )
    found = json.loads(files["results.json"].read_text())
    mean = found["mean"]["gauss-newton"]
    expected = sum(len(clip.key) for clip in CLIPS) / 3
    assert mean["mpjpe_g_mm"] == pytest.approx(expected) and mean["tv_m_per_frame2"] is None
    assert found["quoted"]["table2"][0]["method"] == "VIBE" and found["versions"]["jax"] and found["hardware"]["cores"]
    with files["rows.csv"].open() as file:
        table = list(csv.DictReader(file))
    assert [row["sequence"] for row in table[::3]] == [clip.key for clip in CLIPS]
    assert float(table[0]["mpjpe_g_mm"]) == len("walk/side") and table[0]["tv_m_per_frame2"] == ""
    assert files["errors.png"].read_bytes()[:4] == b"\x89PNG"
    assert "| gauss-newton | 3 |" in files["table.md"].read_text()
