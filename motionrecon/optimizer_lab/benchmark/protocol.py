"""What is measured: problems, test columns, starts, budgets.

The paper's protocol: 200 iterations from 64 random starts, values averaged over them; d up to 100 is what optimizers
are trained on, 250 and more is held out. The paper does not print the start boxes; see `problems.classical`.
"""

from __future__ import annotations

import dataclasses
import zlib
from typing import Any, NamedTuple

from motionrecon.errors import ConfigError
from motionrecon.jobs import rows
from motionrecon.optimizer_lab.problems.classical import FUNCTIONS
from motionrecon.optimizer_lab.problems.tasks import Task
from motionrecon.optimizer_lab.problems.transformed import Transform
from motionrecon.types import Array

VERSION = 1
DIMENSIONS = (2, 10, 20, 50, 100, 250, 500, 1000)
HELD_OUT = (250, 500, 1000)


class Column(NamedTuple):
    """A test column: how the functions lie, and what it is there for."""

    name: str
    offset: bool
    rotated: bool
    about: str


COLUMNS = {
    column.name: column
    for column in (
        Column("paper", False, False, "the paper's protocol: starts from U[-10, 10], minima where the formulas have "
               "them, often at the centre of the start box"),
        Column("offset", True, False, "minima moved by U[-5, 5], drawn independently of the starts"),
        Column("rotated", True, True, "moved and turned by a random rotation"),
    )
}  # fmt: skip


class Problem(NamedTuple):
    """One problem: a function, its dimension and a test column, all by name."""

    function: str
    d: int
    column: str

    @property
    def title(self) -> str:
        """Name as in the paper's Table 8."""
        return f"{FUNCTIONS[self.function].title} {self.d}d"

    @property
    def task(self) -> Task:
        """The task whose draws are this problem."""
        column = COLUMNS[self.column]
        return Task(FUNCTIONS[self.function], offset=column.offset, rotated=column.rotated)

    @property
    def measurable(self) -> bool:
        """Whether float64 can hold the function's values where runs start."""
        largest = FUNCTIONS[self.function].largest_dimension("float64")
        return largest is None or self.d <= largest


@dataclasses.dataclass(frozen=True)
class Protocol:
    """How it is measured; rows of different protocols are not mixed.

    Attributes:
      starts: random starts of a problem.
      slow_starts: of those, how many the methods get that cost O(d^3) or form d x d arrays, from d = 500 on.
      tuning_starts: starts on which learning rates of the grid are compared.
      iterations: budget.
      seed: of starts, offsets, rotations.
    """

    starts: int = 64
    slow_starts: int = 8
    tuning_starts: int = 64
    iterations: int = 200
    seed: int = 0

    def __post_init__(self):
        for name in ("starts", "slow_starts", "tuning_starts", "iterations"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} = {getattr(self, name)}: give 1 or more")

    def plain(self) -> dict[str, Any]:
        """Return the fields as JSON holds them."""
        return dataclasses.asdict(self)

    def mark(self) -> str:
        """Return what tells protocols apart in a result folder."""
        return rows.mark({"version": VERSION, **self.plain()})


def draw(problem: Problem, protocol: Protocol) -> tuple[Transform, Array]:
    """Return the problem's offset and rotation, one for all starts, and the starts (S, d), in float64.

    Offset and rotation have a key of their own, so that a column's starts do not depend on them.
    """
    import jax

    key = jax.random.key(protocol.seed)
    for part in (zlib.crc32(problem.function.encode()), problem.d):
        key = jax.random.fold_in(key, part)
    place_key, start_key = jax.random.split(key)
    task = problem.task
    starts = jax.vmap(task.sample_start, (0, None))(jax.random.split(start_key, protocol.starts), problem.d)
    return task.sample_problem(place_key, problem.d), starts


def chosen(functions: tuple[str, ...], dims: tuple[int, ...], columns: tuple[str, ...]) -> list[Problem]:
    """Return the problems of these functions, dimensions and columns, in the order in which they are run.

    Raises:
      ConfigError: a function is not defined in a dimension.
    """
    for name in functions:
        for d in dims:
            FUNCTIONS[name].check_dimension(d)
    return [Problem(function, d, column) for d in dims for column in columns for function in functions]
