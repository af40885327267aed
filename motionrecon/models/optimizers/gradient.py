"""Adam (Kingma & Ba, 2015) by optax behind the protocol: decides what a rejected point means to a first-order method.

One evaluation a step. When a step landed on a rejected point, it is taken back and half of it tried: the gradient
there tells nothing, and repeating the same step would fail again.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from motionrecon.errors import ConfigError
from motionrecon.models.optimizers.counted import CountedProblem
from motionrecon.types import FitStatus, StepInfo

_SHRINK, _GROW, _SMALLEST = 0.5, 1.05, 2.0**-40


@dataclasses.dataclass(frozen=True)
class AdamState:
    """State of Adam.

    Attributes:
      moments: optax's state after the gradient at ``kept``.
      kept: (P,) the last point that was not rejected.
      loss: its loss; grad_norm: the largest absolute component of its gradient.
      update: (P,) the step taken from there, before ``scale``.
      scale: factor on steps, 1 unless points were rejected lately.
    """

    moments: Any
    kept: np.ndarray
    loss: float
    grad_norm: float
    update: np.ndarray
    scale: float = 1.0


@dataclasses.dataclass(frozen=True)
class Adam:
    """Optax's Adam.

    Attributes:
      learning_rate: step size, in parameter units.
      decay_steps: steps over which the rate falls to zero along a cosine; None keeps it constant.
      beta1: decay of the mean of gradients.
      beta2: decay of the mean of squared gradients.
      name: name in reports.
    """

    learning_rate: float = 0.01
    decay_steps: int | None = None
    beta1: float = 0.9
    beta2: float = 0.999
    name: str = "adam"

    def __post_init__(self):
        if not self.learning_rate > 0:
            raise ConfigError(f"adam: learning_rate is {self.learning_rate}; give a positive number")
        if self.decay_steps is not None and self.decay_steps < 1:
            raise ConfigError(f"adam: decay_steps is {self.decay_steps}; give at least 1, or leave it out")
        if not (0 <= self.beta1 < 1 and 0 <= self.beta2 < 1):
            raise ConfigError("adam: beta1 and beta2 must be at least 0 and below 1")

    def init(self, problem: CountedProblem, x: np.ndarray) -> AdamState:
        """Return the state at ``x`` (P,), with moments of zero."""
        init, _ = self._transformation()
        return AdamState(init(jnp.asarray(x)), x, np.inf, np.inf, np.zeros_like(x))

    def step(self, problem: CountedProblem, x: np.ndarray, state: AdamState) -> tuple[np.ndarray, AdamState, StepInfo]:
        """Evaluate at ``x`` and step along Adam's direction; take the step to ``x`` back if ``x`` is rejected."""
        loss, grad = problem.value_and_grad(x)
        if not np.isfinite(loss):
            return self._take_back(state)
        _, update_fn = self._transformation()
        update, moments = update_fn(jnp.asarray(grad), state.moments)
        scale = min(1.0, state.scale * _GROW)
        grad_norm = float(np.max(np.abs(grad), initial=0.0))
        state = AdamState(moments, x, loss, grad_norm, np.asarray(update, np.float64), scale)
        return self._go(state, evaluations=1)

    def _take_back(self, state: AdamState) -> tuple[np.ndarray, AdamState, StepInfo]:
        state = dataclasses.replace(state, scale=state.scale * _SHRINK)
        if not np.isfinite(state.loss):
            return state.kept, state, StepInfo(np.inf, np.inf, 0.0, 1, FitStatus.NON_FINITE)
        if state.scale < _SMALLEST:
            return state.kept, state, StepInfo(state.loss, state.grad_norm, 0.0, 1, FitStatus.STALLED)
        return self._go(state, evaluations=1)

    def _go(self, state: AdamState, evaluations: int) -> tuple[np.ndarray, AdamState, StepInfo]:
        move = state.scale * state.update
        length = float(np.linalg.norm(move))
        return state.kept + move, state, StepInfo(state.loss, state.grad_norm, length, evaluations, FitStatus.MAX_STEPS)

    def _transformation(self) -> tuple[Callable, Callable]:
        return _jitted_adam(self.learning_rate, self.decay_steps, self.beta1, self.beta2)


@functools.lru_cache(maxsize=32)
def _jitted_adam(rate: float, decay_steps: int | None, beta1: float, beta2: float) -> tuple[Callable, Callable]:
    """Make optax's init and update once per setting, so that a run per window does not compile again."""
    schedule = rate if decay_steps is None else optax.cosine_decay_schedule(rate, decay_steps)
    adam = optax.adam(schedule, b1=beta1, b2=beta2)
    return adam.init, jax.jit(adam.update)
