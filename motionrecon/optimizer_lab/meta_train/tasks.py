"""Inner problems of meta-training: an update rule that minimises test functions.

A batch is several functions times several replicas, of one dimension. The batch axis is explicit: losses are
evaluated function by function over their replicas and concatenated, and the update rule, in which nearly all time
is spent, runs once over the whole batch. All is float32.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable, Sequence
from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp

from motionrecon.models.learned.base import UpdateRule
from motionrecon.optimizer_lab.meta_train.meta_loss import MetaLoss
from motionrecon.optimizer_lab.meta_train.unroll import Theta, select_rows, strong
from motionrecon.optimizer_lab.problems.transformed import Transform
from motionrecon.types import Array


class InnerTask(Protocol):
    """A distribution of problems; `problems.tasks.Task` is one."""

    def sample(self, key: Array, d: int, /) -> tuple[Any, Array]:
        """Return a problem's parameters, a pytree, and a start (d,)."""
        ...

    def loss(self, parameters: Any, x: Array, /) -> Array:
        """Return the excess loss f - f* () at ``x`` (d,)."""
        ...


class Draw(NamedTuple):
    """A number of problems of a task.

    Attributes:
      task: which.
      replicas: how many.
      like: tasks of equal ``like`` draw alike and are drawn together, by the first's ``sample``; random draws take
        longest to compile.
    """

    task: InnerTask
    replicas: int
    like: Hashable


class Group(NamedTuple):
    """Problems that are evaluated together, by ``loss`` of the parameters and x: several draws of one function."""

    loss: Callable[[Any, Array], Array]
    draws: tuple[Draw, ...]

    @property
    def replicas(self) -> int:
        """How many problems."""
        return sum(draw.replicas for draw in self.draws)


def group_of(task: InnerTask, replicas: int) -> Group:
    """Return problems of one task as a group."""
    return Group(task.loss, (Draw(task, replicas, task),))


class Problems(NamedTuple):
    """B problems: parameters as in `RunState`, starts (B, d), and keys (B, 2) for rules that explore at random."""

    parameters: tuple[Any, ...]
    x: Array
    keys: Array


class RunState(NamedTuple):
    """Where B runs stand.

    Attributes:
      parameters: the problems' parameters, one pytree a group, leaves (replicas, ...).
      x: (B, d) the points evaluated last.
      loss: (B,) the losses there, +inf where they cannot be evaluated.
      gradient: (B, d) the gradients there.
      start: (B,) the losses at the starts.
      rule: the update rule's states, leaves (B, ...).
    """

    parameters: tuple[Any, ...]
    x: Array
    loss: Array
    gradient: Array
    start: Array
    rule: Any


@dataclasses.dataclass(frozen=True)
class RuleUnroll:
    """An `unroll.Unroll` of an update rule on test functions; theta are the rule's weights.

    The rule is shown losses and gradients as constants: what is differentiated through is the rule and the points,
    never the objective's gradient, so no second derivatives arise. A step's meta-loss is differentiable in the point
    by the same gradient that the rule is shown.

    Attributes:
      rule: the update rule.
      groups: the functions; B is the sum of their replicas.
      d: dimension of the problems.
      meta_loss: what a step is worth.
    """

    rule: UpdateRule
    groups: tuple[Group, ...]
    d: int
    meta_loss: MetaLoss

    @property
    def batch(self) -> int:
        """B, the number of inner problems."""
        return sum(group.replicas for group in self.groups)

    def draw(self, key: Array) -> Problems:
        """Draw problems, starts and the rule's keys."""
        alike: dict[Hashable, list[Draw]] = {}
        for group in self.groups:
            for draw in group.draws:
                alike.setdefault(draw.like, []).append(draw)
        drawn: dict[Hashable, Any] = {}
        for index, (like, draws) in enumerate(alike.items()):
            keys = jax.random.split(jax.random.fold_in(key, index), sum(draw.replicas for draw in draws))
            drawn[like] = jax.vmap(lambda k, task=draws[0].task: task.sample(k, self.d))(keys)
        taken, parameters, starts = dict.fromkeys(alike, 0), [], []
        for group in self.groups:
            parts = []
            for draw in group.draws:
                first, taken[draw.like] = taken[draw.like], taken[draw.like] + draw.replicas
                part = slice(first, taken[draw.like])
                parts.append(jax.tree.map(lambda leaf, part=part: leaf[part], drawn[draw.like]))
            parameters.append(single(joined([own for own, _ in parts])))
            starts += [start.astype(jnp.float32) for _, start in parts]
        keys = jax.random.split(jax.random.fold_in(key, len(alike)), self.batch)
        return strong(Problems(tuple(parameters), jnp.concatenate(starts), jax.random.key_data(keys)))

    def begin(self, theta: Theta, problems: Problems, *, shared: bool) -> RunState:
        """Evaluate the starts and set the rule up."""
        parameters, x, keys = problems
        loss, gradient = self._evaluate(parameters, x)
        rule = jax.vmap(self.rule.init, (None if shared else 0, 0, 0, 0, 0))(theta, x, loss, gradient, keys)
        return strong(RunState(parameters, x, loss, gradient, loss, rule))

    def select(self, done: Array, fresh: RunState, old: RunState) -> RunState:
        """Take the problems that are ``done`` (B,) from ``fresh`` and the others from ``old``."""
        parts = self._split(done)
        parameters = tuple(select_rows(*one) for one in zip(parts, fresh.parameters, old.parameters, strict=True))
        rest = select_rows(done, fresh[1:], old[1:])
        return RunState(parameters, *rest)

    def advance(self, theta: Theta, state: RunState, *, shared: bool) -> tuple[RunState, Array]:
        """Let the rule make a step in every run and evaluate where it leads."""
        fixed = jax.lax.stop_gradient((state.loss, state.gradient))
        x, rule = jax.vmap(self.rule.step, (None if shared else 0, 0, 0, 0, 0))(theta, state.rule, state.x, *fixed)
        x = x.astype(jnp.float32)
        loss, gradient = self._evaluate(state.parameters, jax.lax.stop_gradient(x))
        along = jnp.sum(gradient * (x - jax.lax.stop_gradient(x)), -1)  # zero, with the derivative that loss has
        value = self.meta_loss(loss + along, state.start)
        return RunState(state.parameters, x, loss, gradient, state.start, rule), value

    def _evaluate(self, parameters: tuple[Any, ...], x: Array) -> tuple[Array, Array]:
        """Return losses (B,) and gradients (B, d); +inf and zeros where either is not finite."""
        losses, gradients = [], []
        for group, own, points in zip(self.groups, parameters, self._split(x), strict=True):
            loss, gradient = jax.vmap(jax.value_and_grad(group.loss, argnums=1))(own, points)
            losses.append(loss)
            gradients.append(gradient)
        loss, gradient = jnp.concatenate(losses), jnp.concatenate(gradients)
        valid = jnp.isfinite(loss) & jnp.all(jnp.isfinite(gradient), -1)
        return jnp.where(valid, loss, jnp.inf), jnp.where(valid[:, None], gradient, 0.0)

    def _split(self, rows: Array) -> Sequence[Array]:
        """Cut an array (B, ...) into the groups' parts."""
        parts, first = [], 0
        for group in self.groups:
            parts.append(rows[first : first + group.replicas])
            first += group.replicas
        return parts


def single(tree: Any) -> Any:
    """Return a pytree with its floating-point arrays in float32."""
    return jax.tree.map(
        lambda leaf: leaf.astype(jnp.float32) if jnp.issubdtype(leaf.dtype, jnp.floating) else leaf, tree
    )


def joined(parts: list[Any]) -> Any:
    """Return the parameters of several draws of one function as one; what some of them lack is the identity there."""
    if len(parts) == 1:
        return parts[0]
    rotated, scaled, weighted = (
        any(getattr(part, name) is not None for part in parts) for name in ("rotation", "log_scale", "log_loss_scale")
    )

    def full(part: Transform) -> Transform:
        count, d = part.offset.shape
        dtype = part.offset.dtype
        rotation, scale, weight = part.rotation, part.log_scale, part.log_loss_scale
        if rotated and rotation is None:
            rotation = jnp.broadcast_to(jnp.eye(d, dtype=dtype), (count, d, d))
        if scaled and scale is None:
            scale = jnp.zeros((count, d), dtype)
        if weighted and weight is None:
            weight = jnp.zeros(count, dtype)
        return Transform(part.offset, rotation, scale, weight)

    return jax.tree.map(lambda *leaves: jnp.concatenate(leaves), *[full(part) for part in parts])
