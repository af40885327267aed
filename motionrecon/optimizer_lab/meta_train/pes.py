"""Persistent evolution strategies: unbiased meta-gradients from truncated unrolls.

Vicol, Metz, Sohl-Dickstein, "Unbiased gradient estimation in unrolled computation graphs with persistent evolution
strategies", ICML 2021, Algorithm 2 with antithetic pairs. Every truncation draws a new perturbation eps; the
difference of its losses is ascribed to the sum xi of all perturbations since the episode began, because the state
that the truncation starts from was shaped by all of them:

    xi <- xi + eps,    g = 1 / (2 std^2 B) sum_i xi_i (L+_i - L-_i),    xi <- 0 where an episode ends.
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
class PES(Antithetic):
    """The estimator."""

    def begin(self, theta: Theta, problems: Problems, key: Array) -> Particles:
        """Return particles of jittered ages without accumulated perturbation."""
        numbers = sum(leaf.size for leaf in jax.tree.leaves(theta))
        zero = jnp.zeros((self.unroll.batch, numbers), jnp.float32)
        return self.particles(theta, problems, key, zero)

    def estimate(
        self, theta: Theta, particles: Particles, problems: Problems, key: Array
    ) -> tuple[Estimate, Particles]:
        """Advance all pairs by one truncation under new perturbations."""
        done, age = antithetic.ages(particles, self.horizon)
        noise = self.draw_noise(key, theta)
        states, losses = self.advance(theta, noise, particles, problems)
        total = jnp.where(done[:, None], 0.0, particles.noise) + noise
        estimate = antithetic.combine(theta, losses, total, self.std, self.delta_clip)
        return estimate, Particles(states, age + self.truncation, total)
