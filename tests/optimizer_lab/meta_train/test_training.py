"""Training runs from recipe to files: reproducible, resumable, better than random weights."""

import dataclasses
import signal

import jax
import numpy as np
import pytest

from motionrecon.errors import CheckpointError, ConfigError
from motionrecon.models.learned import weights_file
from motionrecon.models.learned.catalog import make_rule
from motionrecon.optimizer_lab.meta_train import presets, run, training_log
from motionrecon.optimizer_lab.meta_train.loop import Limits

RULE = "adafactor-mlp"


def short(estimators="bptt:6,pes:9", **changes):
    return presets.recipe("smoke", RULE, estimators, **{"validation_every": 3} | changes)


def trained(recipe, folder, **more):
    folder.mkdir(exist_ok=True)
    outcome = run.train(recipe, folder, more.pop("limits", Limits()), **more)
    return outcome, weights_file.read(folder / run.WEIGHTS, make_rule(RULE))


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run that nothing interrupted: folder, outcome, weights."""
    folder = tmp_path_factory.mktemp("whole")
    return folder, *trained(short(), folder)


def test_validation_improves_over_random_weights(whole):
    _, outcome, _ = whole
    assert outcome.finished and outcome.meta_steps == 15
    assert outcome.score < outcome.first_score - 0.5, "decades"


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(whole, tmp_path):
    _, _, weights = whole
    _, again = trained(short(), tmp_path / "again")
    assert same(weights, again)
    _, other = trained(short(seed=1), tmp_path / "other")
    assert not same(weights, other)


@pytest.mark.parametrize("after", [3, 12])  # in the first stage, in the second
def test_an_interrupted_run_goes_on_as_if_it_had_not_been(whole, tmp_path, after):
    folder, outcome, weights = whole

    class PowerCutError(Exception):
        pass

    def cut(row):
        if row.meta_step > after:
            raise PowerCutError

    often = Limits(checkpoint_minutes=0.0)
    with pytest.raises(PowerCutError):
        trained(short(), tmp_path, limits=often, told=cut)
    steps = []
    resumed, again = trained(short(), tmp_path, resume=True, told=lambda row: steps.append(row.meta_step))
    assert min(steps) > after - 3
    assert same(weights, again)
    assert resumed.score == outcome.score
    for own, others in ((folder, tmp_path),):
        one, other = (
            [(r["meta_step"], r["validation"]) for r in training_log.read(f) if r["validation"] is not None]
            for f in (own, others)
        )
        assert one == other


def test_pauses_do_not_change_the_weights(whole, tmp_path):
    outcome, _ = trained(short(), tmp_path, limits=Limits(minutes=1e-6))
    assert not outcome.finished and outcome.meta_steps == 0

    class Stopped:  # a signal, as it would come in the middle of things
        at = 0

        def __call__(self, row):
            self.at = row.meta_step
            signal.raise_signal(signal.SIGINT)

    stopped = Stopped()
    with pytest.raises(KeyboardInterrupt):
        trained(short(), tmp_path, resume=True, told=stopped)
    outcome, weights = trained(short(), tmp_path, resume=True)
    assert 0 < stopped.at < 15 and outcome.finished
    assert same(weights, whole[2])
    assert outcome.first_score == whole[1].first_score


def test_resume_from_another_configuration_is_refused_naming_the_difference(whole):
    folder, _, _ = whole
    with pytest.raises(CheckpointError, match=r"seed 5, not 0.*--overwrite"):
        run.train(short(seed=5), folder, Limits(), resume=True)
    with pytest.raises(CheckpointError, match="learning_rate"):
        run.train(short(learning_rate=0.5), folder, Limits(), resume=True)


def test_resume_without_or_with_a_broken_checkpoint_is_refused(whole, tmp_path):
    with pytest.raises(CheckpointError, match="nothing to go on from"):
        run.train(short(), tmp_path, Limits(), resume=True)
    stored = (whole[0] / "checkpoint.npz").read_bytes()
    (tmp_path / "checkpoint.npz").write_bytes(stored[: len(stored) // 2])
    with pytest.raises(CheckpointError, match="cannot be read"):
        run.train(short(), tmp_path, Limits(), resume=True)


def test_what_lies_in_the_folder(whole):
    folder, outcome, _ = whole
    names = {path.name for path in folder.iterdir()}
    assert names == {"weights.npz", "recipe.toml", "log.csv", "curve.png", "checkpoint.npz"}
    assert (folder / "curve.png").read_bytes()[:4] == b"\x89PNG"
    header = weights_file.read_header(folder / "weights.npz")["provenance"]
    assert header["seed"] == 0 and header["validation_decades"] == outcome.score
    rows = training_log.read(folder)
    assert [row["meta_step"] for row in rows if row["validation"] is not None] == [3, 6, 9, 12, 15]
    assert {row["estimator"] for row in rows} == {"bptt", "pes"}


def test_training_can_begin_with_stored_weights(whole, tmp_path):
    folder, outcome, _ = whole
    after, _ = trained(short("bptt:1"), tmp_path, start=folder / "weights.npz")
    assert after.first_score == pytest.approx(outcome.score)


def test_tensorboard_writes_events_or_says_what_to_install(tmp_path):
    log = training_log.TrainingLog(tmp_path, tensorboard=True)
    log.add(training_log.Row(1, 0, "pes", 1.0, -0.5, 2.0, 1e-3, 0, None, -0.1))
    log.close()
    assert list((tmp_path / "tensorboard").iterdir())


def test_tensorboard_that_is_not_installed(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "tensorboardX", None)
    with pytest.raises(ConfigError, match=r"motionrecon\[tensorboard\]"):
        training_log.TrainingLog(tmp_path, tensorboard=True)


def test_more_workers_than_shards_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="--shards 2"):
        run.train(short(), tmp_path, Limits(workers=2))


@pytest.mark.slow
def test_the_smoke_preset_twice_gives_the_same_weights_and_they_are_better_than_random_ones(tmp_path):
    recipe = presets.recipe("smoke", RULE)
    (one, weights), (_, again) = (trained(recipe, tmp_path / name) for name in ("one", "two"))
    assert same(weights, again)
    assert one.score < one.first_score - 2


@pytest.mark.slow
def test_weights_do_not_depend_on_the_number_of_workers(tmp_path):
    recipe = short("pes:4", shards=3)
    weights = [trained(recipe, tmp_path / str(n), limits=Limits(workers=n))[1] for n in (1, 2)]
    assert same(*weights)
    interrupted = tmp_path / "interrupted"
    trained(dataclasses.replace(recipe), interrupted, limits=Limits(workers=2, minutes=1e-6))
    _, resumed = trained(recipe, interrupted, limits=Limits(workers=3), resume=True)
    assert same(weights[0], resumed)
