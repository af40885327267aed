"""Frames come at the times asked for, upright, and every bad file gets its own sentence."""

import os

import numpy as np
import pytest

from motionrecon.data import video
from motionrecon.errors import DataError, InputError
from tests.fixtures import films


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm"])
def test_containers(tmp_path, suffix):
    info = video.probe(films.write(tmp_path / f"clip{suffix}", 24))
    assert info.fps == pytest.approx(30.0, rel=0.01)
    assert info.size == (96, 64)
    assert info.frames == 24
    assert info.duration == pytest.approx(0.8, abs=0.01)
    assert not info.variable_rate
    frames = list(video.read_frames(info.path, video.frame_times(info, 30.0)))
    assert [films.index_of(image) for _, image in frames] == list(range(24))


@pytest.mark.parametrize(("source", "wanted"), [(60.0, 30.0), (30.0, 25.0), (25.0, 50.0)])
def test_nearest_source_frame(tmp_path, source, wanted):
    info = video.probe(films.write(tmp_path / "clip.mp4", 50, source))
    times = video.frame_times(info, wanted)
    frames = list(video.read_frames(info.path, times))
    steady = video.read_frames(info.path, times, steady=True)
    assert [films.index_of(image) for _, image in steady] == [films.index_of(image) for _, image in frames]
    assert len(frames) == len(times)
    np.testing.assert_allclose([time for time, _ in frames], times)
    for time, image in frames:
        assert abs(films.index_of(image) / source - time) <= 0.5 / source + 1e-6


def test_time_range_and_seek(tmp_path):
    info = video.probe(films.write(tmp_path / "clip.mp4", 65, 8.0))
    times = video.frame_times(info, 8.0, (6.0, 7.5))
    assert [films.index_of(image) for _, image in video.read_frames(info.path, times)] == list(range(48, 60))


def test_variable_rate_uses_time_stamps(tmp_path):
    even = films.write(tmp_path / "even.mp4", 30)
    uneven = tmp_path / "uneven.mkv"  # from frame 15 on, twice as slow
    films.ffmpeg(
        "-i", even, "-vf", "setpts='if(lt(N,15),N,15+2*(N-15))/30/TB'", "-fps_mode", "vfr", "-c:v", "libx264", uneven
    )
    info = video.probe(uneven)
    assert info.variable_rate
    times = np.arange(42) / 30.0
    got = [films.index_of(image) for _, image in video.read_frames(uneven, times)]
    stamps = np.where(np.arange(30) < 15, np.arange(30), 15 + 2 * (np.arange(30) - 15)) / 30.0
    assert np.max(np.abs(stamps[got] - times)) < 1.01 / 30.0
    assert got[:15] == list(range(15))
    assert got[40] == 27


def test_rotation_flag_turns_the_picture(tmp_path):
    plain = films.write(tmp_path / "plain.mp4", 10)
    turned = tmp_path / "turned.mp4"
    films.ffmpeg("-display_rotation", "90", "-i", plain, "-c", "copy", turned)
    info = video.probe(turned)
    assert info.size == (64, 96)
    assert info.rotation in (90, 270)
    _, image = next(iter(video.read_frames(turned, np.array([0.0]))))
    assert image.shape[:2] == (96, 64)
    white = [image[8, 8], image[8, -8], image[-8, 8], image[-8, -8]]
    assert int(white[2].mean()) > 200  # a quarter turn to the left brings the upper left corner down
    assert int(white[0].mean()) < 100


def test_truncated_film_gives_what_it_has(tmp_path):
    whole = films.write(tmp_path / "whole.mkv", 300)
    part = tmp_path / "part.mkv"
    part.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    info = video.probe(part)
    frames = list(video.read_frames(part, np.arange(300) / 30.0))
    assert 50 < len(frames) < 250
    assert films.index_of(frames[20][1]) == 20
    assert info.size == (96, 64)


def _bad_files(folder):
    whole = films.write(folder / "whole.mp4", 30)
    (folder / "empty.mp4").touch()
    (folder / "text.mp4").write_text("this is not a film\n" * 20)
    (folder / "cut.mp4").write_bytes(whole.read_bytes()[:1000])
    (folder / "bytes.mp4").write_bytes(np.random.default_rng(0).integers(0, 256, 5000, dtype=np.uint8).tobytes())
    films.ffmpeg("-f", "lavfi", "-i", "sine=duration=1", "-c:a", "aac", folder / "sound.mp4")
    films.ffmpeg("-f", "lavfi", "-i", "sine=duration=1", "-c:a", "aac", folder / "sound.mkv")
    films.write(folder / "single.mp4", 1)
    return {
        "none.mp4": "no such file",
        "": "is a folder",
        "empty.mp4": "is empty",
        "text.mp4": "text file",
        "cut.mp4": "cut off",
        "bytes.mp4": "not a video",
        "sound.mp4": "sound but no picture",
        "sound.mkv": "sound but no picture",
        "single.mp4": "a single frame",
    }


def test_bad_files_have_one_clear_line_and_no_noise(tmp_path, capfd):
    for name, words in _bad_files(tmp_path).items():
        capfd.readouterr()
        with pytest.raises(DataError) as caught:
            video.probe(tmp_path / name)
        message = str(caught.value)
        assert words in message
        assert str(tmp_path / name) in message
        assert "\n" not in message
        assert capfd.readouterr().err == ""


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file(tmp_path):
    path = films.write(tmp_path / "clip.mp4", 5)
    path.chmod(0)
    with pytest.raises(DataError, match="permissions"):
        video.probe(path)


@pytest.mark.parametrize("bad", [(2.0, 1.0), (-1.0, 1.0), (0.0, 9.0), (5.0, 6.0), (float("nan"), 1.0), (0.5, 0.51)])
def test_bad_time_range(tmp_path, bad):
    info = video.probe(films.write(tmp_path / "clip.mp4", 30))
    with pytest.raises(InputError, match="--time-range"):
        video.frame_times(info, 30.0, bad)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
def test_probing_without_decoding_says_the_same(tmp_path, monkeypatch, suffix):
    path = films.write(tmp_path / f"clip{suffix}", 100, 50.0)
    quick = video.probe(path)
    monkeypatch.setattr(video, "_packet_times", lambda _: [])
    assert quick == video.probe(path)


def test_packets_give_the_times_of_the_first_frames(tmp_path):
    stamps = video._packet_times(films.write(tmp_path / "long.mp4", 100, 50.0))
    np.testing.assert_allclose(stamps, np.arange(60) / 50.0, atol=1e-6)
    assert video._packet_times(films.write(tmp_path / "short.mp4", 70, 50.0)) == []  # too few to tell their order


def _corner(image):
    """Which corner of such a film's picture is white: (row, column) of 0 and -1."""
    rows, columns = image.shape[0] // 8, image.shape[1] // 8
    light = {(r, c): image[rows * (1 + 6 * r), columns * (1 + 6 * c)].mean() for r in (0, 1) for c in (0, 1)}
    return max(light, key=lambda place: light[place])


def test_pixels_that_are_not_square_are_made_square(tmp_path):
    plain = films.write(tmp_path / "plain.mp4", 10)
    films.ffmpeg("-i", plain, "-vf", "setsar=2/1", "-c:v", "libx264", tmp_path / "wide.mp4")
    films.ffmpeg("-i", plain, "-vf", "setsar=1/2", "-c:v", "libx264", tmp_path / "high.mp4")
    films.ffmpeg("-display_rotation", "90", "-i", tmp_path / "wide.mp4", "-c", "copy", tmp_path / "turned.mp4")
    films.ffmpeg("-i", plain, "-vf", "setsar=1001/1000", "-c:v", "libx264", tmp_path / "rounded.mp4")
    for name, aspect, size in (
        ("plain", 1.0, (96, 64)),
        ("wide", 2.0, (192, 64)),
        ("high", 0.5, (96, 128)),
        ("turned", 0.5, (64, 192)),
        ("rounded", 1.0, (96, 64)),
    ):
        info = video.probe(tmp_path / f"{name}.mp4")
        assert info.aspect == pytest.approx(aspect) and info.size == size, name
        _, image = next(iter(video.read_frames(info.path, np.array([0.1]))))
        assert image.shape[1::-1] == size
        if name != "turned":
            assert films.index_of(image) == 3 and _corner(image) == (0, 0)


@pytest.mark.parametrize(("turn", "corner"), [(0, (0, 0)), (90, (0, 1)), (180, (1, 1)), (270, (1, 0))])
def test_turned_clockwise_and_mirrored(tmp_path, turn, corner):
    plain = films.write(tmp_path / "plain.mp4", 10)
    for mirror in (False, True):
        info = video.probe(plain, turn=turn, mirror=mirror)
        assert info.size == ((64, 96) if turn in (90, 270) else (96, 64))
        _, image = next(iter(video.read_frames(plain, np.array([0.0]), view=info.view)))
        row, column = corner
        if turn in (0, 180):  # elsewhere the bar code may be as white
            assert _corner(image) == (row, 1 - column if mirror else column)
        expected = np.rot90(next(iter(video.read_frames(plain, np.array([0.0]))))[1], -turn // 90)
        np.testing.assert_array_equal(image, expected[:, ::-1] if mirror else expected)


def test_the_rate_of_the_recording_replaces_the_clock(tmp_path):
    path = films.write(tmp_path / "slow.mp4", 480)
    info = video.probe(path, source_fps=240.0)
    assert info.fps == 240.0 and info.played_fps == pytest.approx(30.0)
    assert info.duration == pytest.approx(2.0, abs=0.01)
    times = video.frame_times(info, 30.0, (1.0, 2.0))  # s of the motion, which plays 8 times as long: a seek
    frames = list(video.read_frames(path, times, steady=True, view=info.view))
    np.testing.assert_allclose([time for time, _ in frames], 1.0 + np.arange(30) / 30.0)
    assert [films.index_of(image) for _, image in frames] == list(range(240, 480, 8))
    with pytest.raises(InputError, match=r"lasts 2\.00 s"):
        video.frame_times(info, 30.0, (1.0, 9.0))
