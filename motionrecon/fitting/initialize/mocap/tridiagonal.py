"""Symmetric block-tridiagonal systems whose off-diagonal blocks are diagonal: frames coupled by smoothing alone."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float


def solve_tridiagonal(
    block: Float[Array, "T n n"], right: Float[Array, "T n"], coupling: Float[Array, "T-1 n"]
) -> Float[Array, "T n"]:
    """Solve for all frames by block Cholesky, forward then backward.

    Args:
      block: (T, n, n) symmetric diagonal blocks.
      right: (T, n).
      coupling: (T - 1, n); the block between frames t and t + 1 is -diag(coupling[t]).

    Returns:
      (T, n); NaN where the system is not positive definite.
    """
    n = block.shape[-1]
    before = jnp.concatenate([jnp.zeros((1, n)), coupling])

    def forward(carry, item):
        inverse, y = carry
        b, r, c = item
        lower = jnp.linalg.cholesky(b - c[:, None] * inverse * c)
        root = jax.scipy.linalg.solve_triangular(lower, jnp.eye(n), lower=True)
        inverse, y = root.T @ root, r + c * (inverse @ y)
        return (inverse, y), (inverse, y)

    start = (jnp.zeros((n, n)), jnp.zeros(n))
    _, (inverses, ys) = jax.lax.scan(forward, start, (block, right, before))

    def backward(x, item):
        inverse, y, c = item
        x = inverse @ (y + c * x)
        return x, x

    after = jnp.concatenate([coupling, jnp.zeros((1, n))])
    return jax.lax.scan(backward, jnp.zeros(n), (inverses, ys, after), reverse=True)[1]
