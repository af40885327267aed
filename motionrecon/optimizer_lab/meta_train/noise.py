"""Perturbations of meta-parameters: normal numbers at a third of the cost of JAX's own.

A meta-step of evolution strategies draws as many numbers as the batch has weights, tens of millions for networks of
the paper's width, which with a cryptographic generator takes longer than the inner steps. Here a counter goes through
two rounds of an integer hash (lowbias32, C. Wellons' search for the least biased of the murmur family) with the key
between them, and each 32-bit word gives two numbers.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from motionrecon.types import Array


def normal(key: Array, shape: tuple[int, int], std: float) -> Array:
    """Return N(0, std^2) numbers (B, P) float32: quantiles of the normal distribution at 65,536 equal steps."""
    rows, columns = shape
    words = _words(key, rows, (columns + 1) // 2)
    halves = jax.lax.bitcast_convert_type(words, jnp.uint16).reshape(rows, -1)[:, :columns]
    centered = (halves.astype(jnp.float32) - jnp.float32(32767.5)) * jnp.float32(2.0**-15)
    return jnp.float32(std * 2**0.5) * jax.lax.erf_inv(centered)


def _words(key: Array, rows: int, columns: int) -> Array:
    """Return random words (rows, columns) uint32."""
    first, second = jax.random.bits(key, (2,), jnp.uint32)
    counter = jnp.arange(rows * columns, dtype=jnp.uint32).reshape(rows, columns)
    return _hash(_hash(counter + first) ^ second)


def _hash(word: Array) -> Array:
    word = (word ^ (word >> 16)) * jnp.uint32(0x7FEB352D)
    word = (word ^ (word >> 15)) * jnp.uint32(0x846CA68B)
    return word ^ (word >> 16)
