"""No option is dropped without a word: one table of options and kinds of input."""

import dataclasses
import json

import numpy as np
import pytest

from motionrecon import config
from motionrecon.config import InputOptions
from motionrecon.data.synthetic import synthetic_clips
from motionrecon.fitting import fit, observe, read_input, unused_options
from motionrecon.fitting.unused_options import USED, Door
from motionrecon.geometry.keypoints import COCO17
from motionrecon.models.detectors.pose_estimator import DetectorOptions
from motionrecon.types import Film, Sequence
from tests.fixtures import films

GIVEN = {
    "person": 2, "camera": "c.toml", "static_camera": False, "keypoints": "k.json", "image_size": (640, 480),
    "layout": "coco17", "asf": "s.asf", "rotate": 180, "mirror": True, "time_range": (0.0, 1.0), "fps": 25.0,
    "source_fps": 60.0, "truth": "t.npz", "markers": "m.toml", "static": "s.c3d",
    "field_of_view": 50.0,
}  # fmt: skip


def flag(name: str) -> str:
    """As it is typed."""
    return {"static_camera": "--moving-camera", "field_of_view": "--fov"}.get(name, "--" + name.replace("_", "-"))


def flat(sequence: Sequence) -> Sequence:
    return dataclasses.replace(sequence, observation=dataclasses.replace(sequence.observation, keypoints3d=None))


@pytest.fixture(scope="module")
def wave() -> Sequence:
    return synthetic_clips.load("wave/side")


@pytest.fixture
def inputs(tmp_path, wave):
    """For each kind a file that is recognised as such, and what was read of it."""
    files = {
        Door.FILM: "a.mp4", Door.KEYED_FILM: "a.mp4", Door.PEOPLE: "a.json", Door.TRACK2D: "flat.npz",
        Door.TABLE2D: "flat.csv", Door.ARRAY3D: "bare.npz", Door.NAMED3D: "a.c3d", Door.AMC: "a.amc", Door.RIG: "a.bvh",
    }  # fmt: skip
    (tmp_path / "a.json").write_text('{"keypoints": []}')
    (tmp_path / "a.bvh").write_text("HIERARCHY\n")
    (tmp_path / "a.amc").write_text(":FULLY-SPECIFIED\n")
    (tmp_path / "a.c3d").write_bytes(b"\x02\x50" + bytes(510))
    (tmp_path / "flat.csv").write_text("nose_x,nose_y\n")
    np.savez(tmp_path / "flat.npz", keypoints=np.zeros((3, 17, 3)))
    np.savez(tmp_path / "bare.npz", positions=np.zeros((3, 17, 3)))
    two = {Door.PEOPLE, Door.TRACK2D, Door.TABLE2D, Door.KEYED_FILM, Door.FILM}
    return {door: (str(tmp_path / f), flat(wave) if door in two else wave) for door, f in files.items()}


def test_every_option_is_in_the_table():
    assert set(USED) == {f.name for f in dataclasses.fields(InputOptions)} | {"detector"}
    assert set(GIVEN) == {f.name for f in dataclasses.fields(InputOptions)}
    assert all(why or used == frozenset(Door) for used, why in USED.values())


@pytest.mark.parametrize("door", [door for door in Door if door is not Door.CLIP])
def test_each_option_of_each_kind_is_used_or_told(inputs, door):
    source, clip = inputs[door]
    assert unused_options.sentences(source, InputOptions(), DetectorOptions(), clip) == ()
    keyed = {"keypoints": "k.json"} if door is Door.KEYED_FILM else {}
    for name, value in GIVEN.items():
        if name == "keypoints":
            continue
        told = unused_options.sentences(source, InputOptions(**keyed, **{name: value}), None, clip)
        if door in USED[name][0]:
            assert told == (), name
        else:
            assert len(told) == 1 and told[0].startswith(flag(name)) and door.value in told[0]
    told = unused_options.sentences(source, InputOptions(**keyed), DetectorOptions(name="rtmpose"), clip)
    assert bool(told) == (door is not Door.FILM)


def test_sentences_read_as_the_user_typed(inputs):
    source, clip = inputs[Door.RIG]
    told = unused_options.sentences(source, InputOptions(image_size=(640, 480), mirror=True, person=2), None, clip)
    assert {t.split(" is not used")[0] for t in told} == {"--person 2", "--image-size 640 480", "--mirror"}


def test_a_file_that_names_its_points_has_their_order(tmp_path, wave):
    points = np.asarray(wave.observation.keypoints3d)
    np.savez(tmp_path / "named.npz", positions=points, names=np.array(wave.observation.names), fps=30.0)
    options = InputOptions(layout="coco17", image_size=(64, 48))
    read = read_input.observe_file(str(tmp_path / "named.npz"), options)
    told = [w for w in read.warnings if "is not used" in w]
    assert len(told) == 2 and "--layout coco17" in told[1] and "named 3D points" in told[1]


def test_two_dimensional_keypoints_use_theirs(tmp_path):
    rng = np.random.default_rng(0)
    body = np.concatenate([100 + 50 * rng.random((20, 17, 2)), np.ones((20, 17, 1))], axis=-1)
    (tmp_path / "k.json").write_text(json.dumps({"keypoints": body.tolist(), "fps": 30}))
    options = InputOptions(layout="coco17", image_size=(640, 480), person=1, asf="x.asf", rotate=90)
    read = read_input.observe_file(str(tmp_path / "k.json"), options)
    assert read.observation.names == COCO17 and read.image_size == (640, 480)
    told = [w.split(" is not used")[0] for w in read.warnings if "is not used" in w]
    assert told == ["--rotate 90", "--asf x.asf"]


def test_a_film_is_told_what_it_does_not_use_and_gets_the_rest(tmp_path, wave, monkeypatch):
    heard = {}

    def looked_for(path, **given):
        heard.update(given)
        return dataclasses.replace(flat(wave), film=Film(path))

    monkeypatch.setattr(observe, "observe_video", looked_for)
    path = films.write(tmp_path / "a.mp4", 30)
    options = InputOptions(
        image_size=(64, 48), layout="coco17", rotate=270, mirror=True, source_fps=240.0, person=2, fps=50.0,
        time_range=(0.0, 0.1),
    )  # fmt: skip
    read = read_input.observe_file(str(path), options)
    told = [w.split(" is not used")[0] for w in read.warnings if "is not used" in w]
    assert told == ["--image-size 64 48", "--layout coco17"]
    wanted = {"rotate": 270, "mirror": True, "source_fps": 240.0, "person": 2, "fps": 50.0, "time_range": (0.0, 0.1)}
    assert {name: heard[name] for name in wanted} == wanted


@pytest.mark.parametrize("seen", ["flat", "solid"])
def test_a_clip_that_was_read_before_uses_hardly_any(monkeypatch, wave, seen):
    monkeypatch.setattr(fit, "fit_sequence", lambda sequence, *_, **__: sequence)
    given = {name: value for name, value in GIVEN.items() if name != ("camera" if seen == "flat" else "field_of_view")}
    options = config.Config(input=InputOptions(**given), detector=DetectorOptions(name="rtmpose"))
    clip = flat(wave) if seen == "flat" else wave
    told = [w.split(" ")[0] for w in fit.fit(clip, options).warnings if "is not used" in w]
    used = {"truth"} | ({"field_of_view", "static_camera"} if seen == "flat" else set())
    assert sorted(told) == sorted([*map(flag, given.keys() - used), "--detector"])
    assert fit.fit(clip).warnings == clip.warnings


def test_turning_is_checked():
    assert config.from_dict({"input": {"rotate": 0}}).input.rotate == 0
    with pytest.raises(config.ConfigError, match=r"input\.rotate: 45 is not one of"):
        config.from_dict({"input": {"rotate": 45}})
