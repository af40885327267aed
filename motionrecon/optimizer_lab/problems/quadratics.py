"""Random-spectrum quadratics: the convex problems between Sphere and hopeless, for meta-training."""

from __future__ import annotations

import dataclasses
import math

import jax

from motionrecon.optimizer_lab.problems.augmented import augmented as augment
from motionrecon.optimizer_lab.problems.classical import FUNCTIONS
from motionrecon.optimizer_lab.problems.tasks import Task
from motionrecon.optimizer_lab.problems.transformed import Transform
from motionrecon.types import Array


@dataclasses.dataclass(frozen=True)
class QuadraticTask:
    """The squared length of S Q (x - offset): Hessian 2 Q^T S^2 Q, with eigenvalues log-uniform over a random range.

    Attributes:
      log10_condition: largest decimal logarithm of the condition number; each problem draws its own below it.
      rotated: turn the eigenvectors away from the axes.
      augmented: scale loss and lengths too.
    """

    log10_condition: float = 6.0
    rotated: bool = True
    augmented: bool = False

    @property
    def name(self) -> str:
        """Name in logs."""
        return "quadratic" + "-rotated" * self.rotated + "-augmented" * self.augmented

    def sample(self, key: Array, d: int) -> tuple[Transform, Array]:
        """Draw a problem and a start (d,) from +-10; the offset is from +-5."""
        key, condition_key, spectrum_key, scale_key = jax.random.split(key, 4)
        parameters, x0 = self._sphere.sample(key, d)
        dtype = x0.dtype
        decades = self.log10_condition * jax.random.uniform(condition_key, (), dtype)
        log_scale = -0.5 * math.log(10) * decades * jax.random.uniform(spectrum_key, (d,), dtype)
        if self.augmented:
            parameters, x0 = augment(scale_key, parameters, x0)
        if parameters.log_scale is not None:
            log_scale = log_scale + parameters.log_scale
        return parameters._replace(log_scale=log_scale), x0

    def loss(self, parameters: Transform, x: Array) -> Array:
        """Return the loss () at ``x`` (d,); its minimum is 0."""
        return self._sphere.loss(parameters, x)

    @property
    def _sphere(self) -> Task:
        return Task(FUNCTIONS["sphere"], offset=True, rotated=self.rotated)
