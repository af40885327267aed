"""A table in its three forms."""

from motionrecon.jobs import text_grid
from motionrecon.jobs.text_grid import Grid

GRID = Grid("Title", ["Method", "a, b"], [["long name", "1"], ["x", "22"]], ["a note"])


def test_text_is_aligned():
    lines = text_grid.text(GRID).splitlines()
    assert lines == ["Title", "Method     a, b", "---------------", "long name     1", "x            22", "a note"]


def test_markdown():
    lines = text_grid.markdown(GRID).splitlines()
    assert lines[0] == "### Title"
    assert lines[2:4] == ["| Method | a, b |", "|---|---|"]
    assert lines[-1] == "- a note"


def test_commas_are_quoted():
    assert text_grid.comma_separated(GRID) == 'Method,"a, b"\nlong name,1\nx,22\n'
