"""Which functions an optimizer is trained and validated on: families by name."""

from __future__ import annotations

from motionrecon.errors import ConfigError
from motionrecon.optimizer_lab.meta_train.recipe import Recipe
from motionrecon.optimizer_lab.meta_train.tasks import Draw, Group, group_of
from motionrecon.optimizer_lab.problems.classical import FUNCTIONS, ClassicalFunction
from motionrecon.optimizer_lab.problems.quadratics import QuadraticTask
from motionrecon.optimizer_lab.problems.tasks import Task

_FLAGS = {
    "plain": {},
    "offset": {"offset": True},
    "rotated": {"offset": True, "rotated": True},
    "augmented": {"offset": True, "rotated": True, "augmented": True},
}


def groups(recipe: Recipe, d: int, *, replicas: int | None = None, quadratics: int | None = None) -> tuple[Group, ...]:
    """Return the problems of a batch in ``d`` dimensions.

    Functions whose squared gradients leave float32 in ``d`` dimensions (Perm from d = 8 on) are left out.

    Args:
      recipe: names the family and its variants.
      d: dimension.
      replicas: problems of each function and variant; None: the recipe's.
      quadratics: random-spectrum quadratics besides; None: the recipe's.

    Raises:
      ConfigError: the family is not there, or has nothing for ``d``.
    """
    count = recipe.replicas if replicas is None else replicas
    found = []
    for function in family(recipe.tasks):
        if _fits(function, d):
            tasks = [Task(function, **_FLAGS[variant]) for variant in recipe.variants]
            found.append(Group(tasks[0].loss, tuple(Draw(task, count, _like(task)) for task in tasks)))
    extra = recipe.quadratics if quadratics is None else quadratics
    if extra:
        found.append(group_of(QuadraticTask(augmented="augmented" in recipe.variants), extra))
    if not found:
        raise ConfigError(f"dimension {d}: none of the functions of --tasks {recipe.tasks} can be used; give another")
    return tuple(found)


def family(name: str) -> tuple[ClassicalFunction, ...]:
    """Return the functions of a family.

    Raises:
      ConfigError: the family is not there.
    """
    if name == "classical":
        return tuple(FUNCTIONS.values())
    if name == "rosenbrock":
        return (FUNCTIONS["rosenbrock"],)
    if name == "physics":
        raise ConfigError("--tasks physics is not available yet; give classical or rosenbrock")
    raise ConfigError(f"--tasks {name}: choose from classical, rosenbrock, physics")


def _fits(function: ClassicalFunction, d: int) -> bool:
    """Return whether float32 holds the squares of losses and gradients, which the rules' averages are of."""
    largest = function.largest_dimension("float32")
    return d >= function.least_dimension and (largest is None or d <= largest // 2)


def _like(task: Task) -> tuple:
    """Return what the draws of a task depend on besides the dimension."""
    return task.offset, task.rotated, task.augmented, task.start_box, task.offset_box
