"""Progress: plain lines where nobody watches a terminal, bars where somebody does, nothing when quiet."""

import io

from rich.console import Console

from motionrecon.cli.display import Display


def watched(terminal=False, **options):
    console = Console(file=io.StringIO(), force_terminal=terminal, width=100)
    with Display("walk.mp4 -> runs/walk", console=console, **options) as display:
        display.stage("read")
        display.stage("optimize")
        for index in range(3):
            display.window(index, 3, 0.5 / (index + 1))
        display.message("The focal length is a guess.")
        display.message("The focal length is a guess.")
    return console.file.getvalue(), display


def test_plain_lines():
    text, display = watched()
    assert "Reading the input ..." in text
    assert "window 3/3, loss 0.1667" in text
    assert text.count("focal length") == 1
    assert "\x1b" not in text
    assert display.messages == ["The focal length is a guess."]


def test_every_window_when_verbose():
    assert watched(verbose=True)[0].count("window") == 3


def test_quiet_shows_nothing_but_keeps_the_log():
    text, display = watched(quiet=True)
    assert text == ""
    assert sum("window" in line for line in display.lines) == 3


def test_bars_in_a_terminal():
    text, _ = watched(terminal=True)
    assert "\x1b[" in text
    assert "Simulating" in text


def test_brackets_in_names_are_no_markup():
    console = Console(file=io.StringIO())
    with Display("clip[red].mp4", console=console):
        pass
    assert "clip[red].mp4" in console.file.getvalue()
