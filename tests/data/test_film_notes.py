"""What a container says of itself reaches the user: square pixels, streams, slow motion."""

import numpy as np
import pytest

from motionrecon.data import film_metadata, film_notes, video
from motionrecon.errors import DataError
from tests.fixtures import films


def told(path, **options):
    return film_notes.sentences(video.probe(path, **options), film_metadata.read(path))


def test_an_ordinary_film_needs_no_word(tmp_path):
    assert told(films.write(tmp_path / "plain.mp4", 30)) == ()
    assert told(films.write(tmp_path / "plain.webm", 30)) == ()


def test_pixels_that_are_not_square(tmp_path):
    films.ffmpeg(
        "-i", films.write(tmp_path / "a.mp4", 10), "-vf", "setsar=1/2", "-c:v", "libx264", tmp_path / "high.mp4"
    )
    (sentence,) = told(tmp_path / "high.mp4")
    assert "2 times as high as wide" in sentence and "96 x 128" in sentence


@pytest.mark.parametrize(("stated", "words"), [("240.0", "SLOW MOTION"), ("2", "A TIME LAPSE"), ("30.1", None)])
def test_the_camera_s_rate(tmp_path, stated, words):
    path = tmp_path / "phone.mp4"
    films.ffmpeg(
        "-i", films.write(tmp_path / "a.mp4", 30), "-c", "copy", "-movflags", "use_metadata_tags", "-metadata",
        f"com.android.capture.fps={stated}", path,
    )  # fmt: skip
    assert film_metadata.read(path).capture == float(stated)
    if words is None:
        assert told(path) == ()
        return
    (sentence,) = told(path)
    assert words in sentence and f"--source-fps {float(stated):g}" in sentence
    (given,) = told(path, source_fps=240.0)
    assert "--source-fps 240: the film plays at 30 Hz" in given
    assert ("recorded at" in given) == (stated != "240.0")


def test_the_first_of_several_films_in_a_file(tmp_path):
    one, other = films.write(tmp_path / "a.mp4", 20), films.write(tmp_path / "b.mp4", 20, size=(128, 96))
    films.ffmpeg("-i", one, "-i", other, "-map", "0", "-map", "1", "-c", "copy", tmp_path / "two.mkv")
    films.ffmpeg(
        "-f", "lavfi", "-i", "sine=duration=1", "-i", one, "-i", other, "-map", "0", "-map", "1", "-map", "2", "-c:v",
        "mpeg2video", "-program", "title=A:st=0:st=1", "-program", "title=B:st=2", tmp_path / "programs.ts",
    )  # fmt: skip
    for name, indices in (("two.mkv", (0, 1)), ("programs.ts", (1, 2))):
        (sentence,) = told(tmp_path / name)
        assert f"{indices[0]}: 96 x 64, {indices[1]}: 128 x 96" in sentence and "the first is used" in sentence
        assert f"-map 0:{indices[1]}" in sentence
        info = video.probe(tmp_path / name)
        assert info.size == (96, 64)
        _, image = next(iter(video.read_frames(info.path, np.array([0.0]))))
        assert image.shape[:2] == (64, 96)


def test_a_first_film_without_pictures_is_passed_over(tmp_path, monkeypatch):
    monkeypatch.setenv("MOTIONRECON_CACHE", str(tmp_path / "cache"))
    one, other = films.write(tmp_path / "a.mp4", 20), films.write(tmp_path / "b.mp4", 20, size=(128, 96))
    films.ffmpeg(
        "-i", one, "-i", other, "-map", "0", "-map", "1", "-c:v", "mpeg2video", "-program", "st=0", "-program", "st=1",
        tmp_path / "two.ts",
    )  # fmt: skip
    packets = np.frombuffer((tmp_path / "two.ts").read_bytes(), np.uint8).reshape(-1, 188)
    program = (packets[:, 1] & 31).astype(int) * 256 + packets[:, 2]
    (tmp_path / "late.ts").write_bytes(packets[program != 0x100].tobytes())  # announced, and never sent
    info = video.probe(tmp_path / "late.ts")
    assert info.size == (128, 96) and info.frames == 20
    assert [films.index_of(i) for _, i in video.read_frames(info.path, np.arange(3) / 30.0)] == [0, 1, 2]
    (sentence,) = told(tmp_path / "late.ts")
    assert sentence == "Stream 0 of the file holds no pictures: stream 1 is used."
    (tmp_path / "none.ts").write_bytes(packets[(program != 0x100) & (program != 0x101)].tobytes())
    with pytest.raises(DataError):
        video.probe(tmp_path / "none.ts")


def test_a_cover_picture_is_no_film(tmp_path):
    film = films.write(tmp_path / "a.mp4", 20)
    films.ffmpeg("-i", film, "-frames:v", "1", tmp_path / "cover.png")
    films.ffmpeg(
        "-i", film, "-i", tmp_path / "cover.png", "-map", "0", "-map", "1", "-c", "copy", "-disposition:v:1",
        "attached_pic", tmp_path / "covered.mp4",
    )  # fmt: skip
    assert len(film_metadata.read(tmp_path / "covered.mp4").streams) == 2
    assert told(tmp_path / "covered.mp4") == ()


def test_an_announced_rate_that_the_frames_do_not_have():
    text = "  Stream #0:0(und): Video: h264 (avc1 / 0x31637661), 1280x720, 9 kb/s, {} fps, {} tbr, 90k tbn (default)"
    read = film_metadata.parsed(text.format("29.97", "240")).streams[0]
    assert (read.size, read.average, read.stated, read.cover) == ((1280, 720), 29.97, 240.0, False)
    info = video.VideoInfo(None, 29.97, (1280, 720), 90, 3.0, 0, True)

    def rate(average, stated):
        return film_notes.sentences(info, film_metadata.parsed(text.format(average, stated)))

    assert "announces 240 Hz and has 29.97 frames" in rate("29.97", "240")[0]
    assert rate("29.97", "59.94") == ()  # fields of an interlaced film
    assert rate("29.98", "30") == ()
    assert rate("29.98", "90k") == ()  # a time base, no rate


def test_a_container_that_cannot_be_asked(tmp_path, monkeypatch):
    (tmp_path / "text.mp4").write_text("this is not a film\n")
    assert film_metadata.read(tmp_path / "text.mp4") == film_metadata.FilmMetadata()
    monkeypatch.setattr(film_metadata.imageio_ffmpeg, "get_ffmpeg_exe", lambda: str(tmp_path / "absent"))
    assert film_metadata.read(films.write(tmp_path / "a.mp4", 10)) == film_metadata.FilmMetadata()
