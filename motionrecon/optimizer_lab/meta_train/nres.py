"""Noise-reuse evolution strategies: unbiased meta-gradients with one perturbation an episode.

Li, Harrison, Sohl-Dickstein, Smith, Metz, "Noise-reuse in online evolution strategies", NeurIPS 2023. The
perturbation is drawn when an episode begins and kept to its end, so a truncation's difference of losses is ascribed
to it alone; nothing accumulates and the variance is lower than that of PES at the same cost:

    g = 1 / (2 std^2 B) sum_i eps_i (L+_i - L-_i),    eps drawn anew where an episode ends.

Consecutive meta-steps see the same B directions, so small batches follow their noise for a whole episode.
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
class NRES(Antithetic):
    """The estimator."""

    def begin(self, theta: Theta, problems: Problems, key: Array) -> Particles:
        """Return particles of jittered ages, each with the perturbation of its episode."""
        draw, rest = jax.random.split(key)
        return self.particles(theta, problems, rest, self.draw_noise(draw, theta))

    def estimate(
        self, theta: Theta, particles: Particles, problems: Problems, key: Array
    ) -> tuple[Estimate, Particles]:
        """Advance all pairs by one truncation, under new perturbations only where an episode begins."""
        done, age = antithetic.ages(particles, self.horizon)
        noise = jax.lax.cond(jnp.any(done), self._redrawn, lambda *kept: kept[3], key, theta, done, particles.noise)
        states, losses = self.advance(theta, noise, particles, problems)
        return antithetic.combine(theta, losses, noise, self.std, self.delta_clip), Particles(
            states, age + self.truncation, noise
        )

    def _redrawn(self, key: Array, theta: Theta, done: Array, noise: Array) -> Array:
        """Return new noise (B, P) for the problems that are ``done`` (B,)."""
        return jnp.where(done[:, None], self.draw_noise(key, theta), noise)
