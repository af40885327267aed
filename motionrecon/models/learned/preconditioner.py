"""The learned matrix B: decides how rank-one terms are added, how it is normalised and how it is stored.

The paper's recursion (Section 4): B <- (B + sum_l u_l u_l^T) / ||B + sum_l u_l u_l^T||, B = I at first; positive
definite throughout. The norm is not named in the paper: Frobenius here, as it is cheap and differentiable.

Two stores of the same recursion: `Dense` keeps the matrix, O(d^2); `LowRank` keeps B = c I + U diag(w) U^T with the
last r vectors, O(d r), where older terms, which every normalisation has divided down, are dropped.
"""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import jax
import jax.numpy as jnp

from motionrecon.types import Array


@dataclasses.dataclass(frozen=True)
class Recursion:
    """How B is renewed.

    Attributes:
      per_dimension: scale with the dimension: rank-one terms divided by sqrt(d), norm sqrt(d) instead of 1, so that
        B = I is a fixed point without terms and steps do not shrink as 1 / sqrt(d). The paper: False.
      remember: keep B between steps. False is the paper's "no state": B = I + sum u u^T anew at every step.
    """

    per_dimension: bool = False
    remember: bool = True

    def target_norm(self, d: int) -> float:
        """Return the Frobenius norm that B is given in d dimensions."""
        return d**0.5 if self.per_dimension else 1.0

    def scaled(self, vectors: Array) -> Array:
        """Return the vectors u (L, d) as they enter B."""
        return vectors * vectors.shape[1] ** -0.25 if self.per_dimension else vectors


@dataclasses.dataclass(frozen=True)
class Dense:
    """B as a (d, d) matrix."""

    recursion: Recursion = Recursion()

    def init(self, x: Array) -> Array:
        """Return the identity (d, d) in the type of ``x`` (d,)."""
        return jnp.eye(x.shape[0], dtype=x.dtype)

    def update(self, matrix: Array, vectors: Array, leak: Array | float = 0.0) -> Array:
        """Add rank-one terms and normalise.

        Args:
          matrix: (d, d) B.
          vectors: (L, d) the u_l.
          leak: () share of B that is replaced by the identity first.
        """
        identity = jnp.eye(matrix.shape[0], dtype=matrix.dtype)
        vectors = self.recursion.scaled(vectors.astype(matrix.dtype))
        before = (1.0 - leak) * matrix + leak * identity if self.recursion.remember else identity
        matrix = before + vectors.T @ vectors
        norm = jnp.sqrt(jnp.sum(matrix * matrix))
        return matrix * (self.recursion.target_norm(matrix.shape[0]) / norm)

    def apply(self, matrix: Array, vector: Array) -> Array:
        """Return B v (d,)."""
        return matrix @ vector


class LowRankMatrix(NamedTuple):
    """B = identity * I + vectors^T diag(weights) vectors.

    Attributes:
      identity: () c.
      vectors: (r, d) the last rank-one vectors, newest first; zeros before they exist.
      weights: (r,) w.
      gram: (r, r) inner products of the vectors.
    """

    identity: Array
    vectors: Array
    weights: Array
    gram: Array


@dataclasses.dataclass(frozen=True)
class LowRank:
    """B by its last ``rank`` vectors; exact until the first is dropped."""

    rank: int = 32
    recursion: Recursion = Recursion()

    def init(self, x: Array) -> LowRankMatrix:
        """Return the identity in the type of ``x`` (d,)."""
        zeros = jnp.zeros((self.rank, x.shape[0]), x.dtype)
        weights = jnp.zeros(self.rank, x.dtype)
        return LowRankMatrix(jnp.ones((), x.dtype), zeros, weights, jnp.zeros((self.rank, self.rank), x.dtype))

    def update(self, matrix: LowRankMatrix, vectors: Array, leak: Array | float = 0.0) -> LowRankMatrix:
        """Add rank-one terms (L, d) and normalise: O(d r L + r^2)."""
        count, d = vectors.shape
        kept = self.rank - count
        vectors = self.recursion.scaled(vectors.astype(matrix.vectors.dtype))
        all_vectors = jnp.concatenate([vectors, matrix.vectors[:kept]])
        beside = all_vectors @ vectors.T  # (r, L)
        gram = jnp.concatenate([beside[count:].T, matrix.gram[:kept, :kept]], 0)
        gram = jnp.concatenate([beside, gram], 1)
        remembered = (1.0 - leak) * matrix.weights[:kept] if self.recursion.remember else 0.0 * matrix.weights[:kept]
        weights = jnp.concatenate([jnp.ones(count, remembered.dtype), remembered])
        identity = (1.0 - leak) * matrix.identity + leak if self.recursion.remember else jnp.ones_like(matrix.identity)
        weighted = weights[:, None] * gram
        square = identity**2 * d + 2.0 * identity * jnp.trace(weighted) + jnp.sum(weighted * weighted.T)
        scale = self.recursion.target_norm(d) * jax.lax.rsqrt(square)
        return LowRankMatrix(identity * scale, all_vectors, weights * scale, gram)

    def apply(self, matrix: LowRankMatrix, vector: Array) -> Array:
        """Return B v (d,) in O(d r)."""
        return matrix.identity * vector + matrix.vectors.T @ (matrix.weights * (matrix.vectors @ vector))

    def dense(self, matrix: LowRankMatrix) -> Array:
        """Return B as a (d, d) matrix."""
        d = matrix.vectors.shape[1]
        return matrix.identity * jnp.eye(d, dtype=matrix.vectors.dtype) + matrix.vectors.T @ (
            matrix.weights[:, None] * matrix.vectors
        )
