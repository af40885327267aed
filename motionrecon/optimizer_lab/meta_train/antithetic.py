"""Antithetic pairs: what the evolution-strategy estimators (PES, NRES, truncated ES) have in common.

Problem i is run twice from the same start, under theta + eps_i and theta - eps_i. Particles end their episodes at
different times: each starts at a random age, so that every meta-step sees all phases of a run.
"""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from motionrecon.optimizer_lab.meta_train import noise as random_noise
from motionrecon.optimizer_lab.meta_train.unroll import Estimate, Problems, State, Theta, Unroll, strong
from motionrecon.types import Array


class Particles(NamedTuple):
    """B antithetic pairs of runs.

    Attributes:
      states: of the inner problems; leading axes (2,) for the signs, then as the unroll has them.
      age: (B,) int32 inner steps since the last reset, the jitter included; -1 - jitter where no run has begun yet.
      noise: (B, P) perturbation that the estimator remembers: the accumulated one (PES) or that of the episode
        (NRES); None where none is.
    """

    states: State
    age: Array
    noise: Array | None


@dataclasses.dataclass(frozen=True)
class Antithetic:
    """What the estimators are given.

    Attributes:
      unroll: the inner problems.
      horizon: inner steps of an episode, a multiple of ``truncation``.
      truncation: inner steps of a meta-step (K).
      std: standard deviation of the perturbations.
      delta_clip: bound of a pair's difference of losses; None: none.
    """

    unroll: Unroll
    horizon: int
    truncation: int
    std: float = 0.01
    delta_clip: float | None = None

    def particles(self, theta: Theta, problems: Problems, key: Array, noise: Array | None) -> Particles:
        """Return particles that begin with the first estimate, their ages spread over the episode in truncations."""
        shapes = jax.eval_shape(lambda t, p: self.unroll.begin(t, p, shared=True), theta, problems)
        states = jax.tree.map(lambda leaf: jnp.zeros((2, *leaf.shape), leaf.dtype), shapes)
        steps = self.horizon // self.truncation
        jitter = self.truncation * jax.random.randint(key, (self.unroll.batch,), 0, steps, jnp.int32)
        return strong(Particles(states, -1 - jitter, noise))

    def draw_noise(self, key: Array, theta: Theta) -> Array:
        """Return N(0, std^2) perturbations (B, P) float32 of the P numbers of theta."""
        numbers = sum(leaf.size for leaf in jax.tree.leaves(theta))
        return random_noise.normal(key, (self.unroll.batch, numbers), self.std)

    def advance(self, theta: Theta, noise: Array, particles: Particles, problems: Problems) -> tuple[State, Array]:
        """Run all pairs for one truncation under theta + noise and theta - noise.

        Returns:
          The states, and the mean meta-losses (2, B) of these steps.
        """
        thetas = perturbed(theta, noise)
        states = renew(self.unroll, thetas, particles, ages(particles, self.horizon)[0], problems)
        return run(self.unroll, thetas, states, self.truncation)


def perturbed(theta: Theta, noise: Array) -> Theta:
    """Return theta + noise and theta - noise, every leaf (2, B, ...), for noise (B, P)."""
    leaves, structure = jax.tree.flatten(theta)
    found, first = [], 0
    for leaf in leaves:
        own = noise[:, first : first + leaf.size].reshape(-1, *leaf.shape)
        found.append(jnp.stack([leaf + own, leaf - own]))
        first += leaf.size
    return jax.tree.unflatten(structure, found)


def ages(particles: Particles, horizon: int) -> tuple[Array, Array]:
    """Return which runs begin anew (B,), and every run's age (B,) as the truncation begins."""
    fresh, over = particles.age < 0, particles.age >= horizon
    return fresh | over, jnp.where(fresh, -1 - particles.age, jnp.where(over, 0, particles.age))


def renew(unroll: Unroll, thetas: Theta, particles: Particles, done: Array, problems: Problems) -> State:
    """Return the states (2, ...) with those of ``done`` (B,) problems begun anew, alike under both signs."""

    def anew(states: State) -> State:
        fresh = jax.vmap(lambda theta: unroll.begin(theta, problems, shared=False))(thetas)
        return strong(jax.vmap(unroll.select, (None, 0, 0))(done, fresh, states))

    return jax.lax.cond(jnp.any(done), anew, lambda states: states, particles.states)


def run(unroll: Unroll, thetas: Theta, states: State, steps: int) -> tuple[State, Array]:
    """Make inner steps under both signs; returns the states, and the mean meta-losses (2, B) of these steps."""

    def body(states: State, _: None) -> tuple[State, Array]:
        states, losses = jax.vmap(lambda theta, state: unroll.advance(theta, state, shared=False))(thetas, states)
        return strong(states), losses

    states, losses = jax.lax.scan(body, states, None, length=steps)
    return states, jnp.mean(losses, axis=0)


def combine(theta: Theta, losses: Array, noise: Array, std: float, delta_clip: float | None) -> Estimate:
    """Return sum_i noise_i (L+_i - L-_i) / (2 std^2 B).

    Args:
      theta: meta-parameters, for the gradient's structure.
      losses: (2, B) L+ and L-.
      noise: (B, P) the perturbation that each difference is ascribed to.
      std: standard deviation of the perturbations.
      delta_clip: bound of abs(L+ - L-); None: none. A bound trades bias for robustness against single wild pairs.
    """
    delta = losses[0] - losses[1]
    if delta_clip is not None:
        delta = jnp.clip(delta, -delta_clip, delta_clip)
    weight = delta / (2 * std**2 * delta.shape[0])
    return Estimate(ravel_pytree(theta)[1](weight @ noise), jnp.mean(losses))
