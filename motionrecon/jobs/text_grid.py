"""Tables of text and their forms: for a terminal, Markdown, CSV."""

from __future__ import annotations

import csv
import dataclasses
import io


@dataclasses.dataclass(frozen=True)
class Grid:
    """A table of text: title, headings, rows, and notes below."""

    title: str
    head: list[str]
    rows: list[list[str]]
    notes: list[str] = dataclasses.field(default_factory=list)


def text(grid: Grid) -> str:
    """Lay a grid out for a terminal."""
    width = [max(len(row[i]) for row in [grid.head, *grid.rows]) for i in range(len(grid.head))]

    def line(row: list[str]) -> str:
        return "  ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(row, width, strict=True)))

    ruler = "-" * len(line(grid.head))
    return "\n".join([grid.title, line(grid.head), ruler, *(line(r).rstrip() for r in grid.rows), *grid.notes])


def markdown(grid: Grid) -> str:
    """Lay a grid out as Markdown."""
    body = [f"| {' | '.join(c.strip() for c in row)} |" for row in [grid.head, *grid.rows]]
    body.insert(1, "|" + "---|" * len(grid.head))
    return "\n".join([f"### {grid.title}", "", *body, "", *(f"- {note}" for note in grid.notes), ""])


def comma_separated(grid: Grid) -> str:
    """Lay a grid out as CSV, without title and notes."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([grid.head, *grid.rows])
    return out.getvalue()
