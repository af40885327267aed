"""Options: defaults < file < flags; a wrong key or value is told where it is and what would be right."""

import dataclasses
import subprocess
import sys
import tomllib

import pytest

from motionrecon import config
from motionrecon.config import Config
from motionrecon.errors import ConfigError


def test_flags_win_over_file_and_file_over_defaults(tmp_path):
    path = tmp_path / "run.toml"
    path.write_text("[optimizer]\nwindow = 40\noverlap = 20\n[person]\nheight = 2\n[input]\ntime_range = [1, 2.5]\n")
    loaded = config.load(path, {"optimizer": {"window": 30}})
    assert (loaded.optimizer.window, loaded.optimizer.overlap) == (30, 20)
    assert loaded.optimizer.name == Config().optimizer.name
    assert loaded.person.height == 2.0
    assert isinstance(loaded.person.height, float)
    assert loaded.input.time_range == (1.0, 2.5)


def test_toml_round_trip(tmp_path):
    wanted = config.from_dict(
        {
            "input": {"time_range": (0.5, 3.0), "person": 2, "camera": "cam.toml", "image_size": (640, 480)},
            "person": {"mass": 61.5},
            "output": {"formats": ["npz", "trc"], "overlay": False},
            "run": {"device": "cpu"},
        }
    )
    config.write(wanted, tmp_path / "config.toml")
    assert config.load(tmp_path / "config.toml") == wanted
    assert [path.name for path in tmp_path.iterdir()] == ["config.toml"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"optimiser": {}}, ['unknown key "optimiser"', '"optimizer"']),
        ({"height": 1.8}, ['unknown key "height"', "[person]"]),
        ({"person": {"heigth": 1.8}}, ['unknown key "person.heigth"', '"person.height"']),
        ({"optimizer": {"name": "gauss_netwon"}}, ["optimizer.name", '"gauss_newton"?']),
        ({"person": {"height": -1.8}}, ["person.height -1.8", "between 0.5 and 2.6"]),
        ({"person": {"height": 175}}, ["person.height 175", "metres"]),
        ({"person": {"height": float("nan")}}, ["person.height", "a number"]),
        ({"person": {"mass": 0}}, ["person.mass 0", "kilograms"]),
        ({"person": {"strength": 0.0}}, ["person.strength 0", "between 0.2 and 5"]),
        ({"person": {"sole_thickness": 20}}, ["person.sole_thickness 20", "metres between 0 and 0.2"]),
        ({"input": {"field_of_view": 1.05}}, ["input.field_of_view 1.05", "degrees"]),
        ({"input": {"field_of_view": 70, "camera": "c.toml"}}, ["input.field_of_view", "one of --fov and --camera"]),
        ({"input": {"time_range": [4, 2]}}, ["input.time_range 4 2", "the start (0 or later) before the end"]),
        ({"input": {"time_range": [2]}}, ["input.time_range", "a list of 2"]),
        ({"input": {"person": 0}}, ["input.person 0", "1 for the leftmost"]),
        ({"input": {"person": "smallest"}}, ["input.person", '"largest"']),
        ({"input": {"fps": 0}}, ["input.fps 0", "between 1 and 1000"]),
        ({"input": {"image_size": [0, 480]}}, ["input.image_size 0 480", "pixels"]),
        ({"input": 3}, ["input", "[input]"]),
        ({"optimizer": {"overlap": 26}}, ["optimizer.overlap 26", "the window's 26"]),
        ({"optimizer": {"overlap": 0}}, ["optimizer.overlap 0", "1 or more"]),
        ({"optimizer": {"overlap": -1}}, ["optimizer.overlap -1"]),
        ({"optimizer": {"window": 2}}, ["optimizer.window 2"]),
        ({"optimizer": {"window": 26.5}}, ["optimizer.window", "a whole number"]),
        ({"optimizer": {"max_evaluations": 0}}, ["optimizer.max_evaluations 0"]),
        ({"optimizer": {"ladder": 1}}, ["optimizer.ladder", "true or false"]),
        ({"output": {"formats": ["bhv"]}}, ['"bhv"', '"bvh"?']),
        ({"output": {"formats": "npz"}}, ["output.formats", "a list"]),
        ({"run": {"device": "tpu"}}, ["run.device", '"gpu"']),
    ],
)
def test_wrong_values_are_named(values, words):
    with pytest.raises(ConfigError) as caught:
        config.from_dict(values, origin="run.toml: ")
    message = str(caught.value)
    assert message.startswith("run.toml: ")
    assert "\n" not in message
    for word in words:
        assert word in message


@pytest.mark.parametrize("content", ["[person\n", b"\xff\xfe\x00", None])
def test_unreadable_file(tmp_path, content):
    path = tmp_path / "run.toml"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigError, match=r"run\.toml: "):
        config.load(path)


def test_reading_options_loads_no_jax():
    code = "import sys; from motionrecon import config; config.dumps(config.load()); print('jax' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("section", ["detector", "weights"])
def test_sections_of_other_modules(section):
    record = getattr(config.resolve(Config()), section)
    assert record is not None
    plain = config.to_dict(config.resolve(Config()))[section]
    assert getattr(config.resolve(config.from_dict({section: plain})), section) == record
    first = next(field.name for field in dataclasses.fields(record) if field.type in ("float", float, "str", str))
    with pytest.raises(ConfigError, match=f'unknown key "{section}.{first}x"; did you mean "{section}.{first}"'):
        config.from_dict({section: {first + "x": 1}})


def test_resolved_configuration_is_toml_that_reads_back():
    resolved = config.resolve(Config())
    assert config.resolve(config.from_dict(tomllib.loads(config.dumps(resolved)))) == resolved


def test_weights_that_are_not_named_stay_open(tmp_path):
    path = tmp_path / "run.toml"
    path.write_text("[weights]\nplanted = 2\n")
    loaded = config.load(path, {"person": {"height": 1.8}})
    assert loaded.weights == {"planted": 2.0}
    assert config.to_dict(loaded)["weights"] == {"planted": 2.0}
    assert config.resolve(loaded).weights.planted == 2.0
