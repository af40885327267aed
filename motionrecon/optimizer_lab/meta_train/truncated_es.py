"""Truncated evolution strategies: the biased estimator that PES and NRES mend, for comparison.

Every truncation draws a new perturbation and ascribes its difference of losses to that one alone, as if the state it
starts from did not depend on theta:

    g = 1 / (2 std^2 B) sum_i eps_i (L+_i - L-_i).
"""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp

from motionrecon.optimizer_lab.meta_train import antithetic
from motionrecon.optimizer_lab.meta_train.antithetic import Antithetic, Particles
from motionrecon.optimizer_lab.meta_train.unroll import Estimate, Problems, Theta
from motionrecon.types import Array


@dataclasses.dataclass(frozen=True)
class TruncatedES(Antithetic):
    """The estimator."""

    def begin(self, theta: Theta, problems: Problems, key: Array) -> Particles:
        """Return particles of jittered ages."""
        return self.particles(theta, problems, key, None)

    def estimate(
        self, theta: Theta, particles: Particles, problems: Problems, key: Array
    ) -> tuple[Estimate, Particles]:
        """Advance all pairs by one truncation, both signs from the state of the last one's plus run."""
        _, age = antithetic.ages(particles, self.horizon)
        noise = self.draw_noise(key, theta)
        same = jax.tree.map(lambda leaf: jnp.stack([leaf[0], leaf[0]]), particles.states)
        states, losses = self.advance(theta, noise, particles._replace(states=same), problems)
        return antithetic.combine(theta, losses, noise, self.std, self.delta_clip), Particles(
            states, age + self.truncation, None
        )
