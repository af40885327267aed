"""Progress: plain lines where nobody watches a terminal, bars where somebody does, nothing when quiet."""

import io
import re

from rich.console import Console

from motionrecon.cli import display
from motionrecon.cli.display import Display


def watched(terminal=False, **options):
    console = Console(file=io.StringIO(), force_terminal=terminal, width=100)
    with Display("walk.mp4 -> runs/walk", console=console, **options) as shown:
        shown.stage("read")
        shown.stage("optimize")
        for index in range(3):
            shown.window(index, 3, 0.5 / (index + 1), 4.0 + index)
        shown.message("The focal length is a guess.")
        shown.message("The focal length is a guess.")
    return console.file.getvalue(), shown


def test_plain_lines():
    text, shown = watched()
    assert "Reading the input ..." in text
    assert "window 3/3, loss 0.1667, 6.0 mm off so far" in text
    assert text.count("focal length") == 1
    assert "\x1b" not in text
    assert shown.messages == ["The focal length is a guess."]


def test_every_window_when_verbose():
    assert watched(verbose=True)[0].count("window") == 3


def test_quiet_shows_nothing_but_keeps_the_log():
    text, shown = watched(quiet=True)
    assert text == ""
    assert sum("window" in line for line in shown.lines) == 3


def test_bars_in_a_terminal():
    text, _ = watched(terminal=True)
    assert "\x1b[" in text
    assert "Simulating" in text


def test_brackets_in_names_are_no_markup():
    console = Console(file=io.StringIO())
    with Display("clip[red].mp4", console=console):
        pass
    assert "clip[red].mp4" in console.file.getvalue()


def detecting(monkeypatch, terminal=False, every=1.0):
    """Look for a person in six frames, one in ``every`` seconds."""
    now = [100.0]
    monkeypatch.setattr(display.time, "monotonic", lambda: now[0])
    console = Console(file=io.StringIO(), force_terminal=terminal, width=100)
    with Display("walk.mp4", console=console) as shown:
        shown.stage("detect")
        for done in range(1, 7):
            now[0] += every
            shown.frames(done, 6)
    return console.file.getvalue(), shown


def test_detection_tells_frames_and_time_left(monkeypatch):
    text, shown = detecting(monkeypatch, every=10.0)
    assert [line for line in text.splitlines() if "frames" in line] == [
        "1 of 6 frames", *(f"{n} of 6 frames, {10 * (6 - n)} s left" for n in range(2, 6)), "6 of 6 frames"
    ]  # fmt: skip
    assert not any("frames" in line for line in shown.lines)  # a log of a long film stays short


def test_detection_prints_a_line_every_few_seconds_only(monkeypatch):
    assert re.findall(r"(\d) of 6 frames", detecting(monkeypatch, every=2.0)[0]) == ["1", "4", "6"]


def test_detection_moves_a_bar(monkeypatch):
    text, _ = detecting(monkeypatch, terminal=True)
    assert "Finding the person" in text and "\n1 of 6" not in text


def test_a_word_about_the_stage():
    console = Console(file=io.StringIO())
    with Display("walk.mp4", console=console) as shown:
        shown.stage("detect")
        shown.detail("reused")
    assert "Finding the person: reused" in console.file.getvalue()
    assert any("Finding the person: reused" in line for line in shown.lines)
