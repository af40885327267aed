"""Quaternion algebra, ``(w, x, y, z)``, batched over leading axes, with gradients that are finite everywhere.

Rotation vectors are axis times angle in radians. ``exp``/``log`` map rotation vectors to unit quaternions
and back; the Jacobians follow Solà, "A micro Lie theory for state estimation in robotics" (2018), eqs. 143-146.
"""

# pyright: strict, reportUnknownMemberType=false
from __future__ import annotations

import jax.numpy as jnp
from jax import Array

_SMALL = 1e-8  # squared angle below which series are used (relative error < 1e-16 with the terms kept)


def mul(a: Array, b: Array) -> Array:
    """Return the Hamilton product a b; shapes (..., 4)."""
    aw, ax, ay, az = a[..., 0], a[..., 1], a[..., 2], a[..., 3]
    bw, bx, by, bz = b[..., 0], b[..., 1], b[..., 2], b[..., 3]
    return jnp.stack(
        [
            aw * bw - ax * bx - ay * by - az * bz,
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
        ],
        axis=-1,
    )


def conj(q: Array) -> Array:
    """Return the inverse of unit quaternions (..., 4)."""
    return q * jnp.array([1.0, -1.0, -1.0, -1.0], dtype=q.dtype)


def normalize(q: Array) -> Array:
    """Scale (..., 4) to unit length; a zero quaternion stays zero."""
    n2 = jnp.sum(q * q, axis=-1, keepdims=True)
    return q / jnp.sqrt(jnp.where(n2 > 0, n2, 1.0))


def rotate(q: Array, v: Array) -> Array:
    """Rotate vectors v (..., 3) by unit quaternions q (..., 4)."""
    w, u = q[..., :1], q[..., 1:]
    t = 2.0 * jnp.cross(u, v)
    return v + w * t + jnp.cross(u, t)


def to_matrix(q: Array) -> Array:
    """Return rotation matrices (..., 3, 3) of unit quaternions (..., 4)."""
    w, x, y, z = q[..., 0], q[..., 1], q[..., 2], q[..., 3]
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return jnp.stack([jnp.stack(r, axis=-1) for r in rows], axis=-2)


def from_matrix(m: Array) -> Array:
    """Return unit quaternions (..., 4) of rotation matrices (..., 3, 3), w >= 0 (Shepperd's method)."""
    m00, m11, m22 = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    d = [m21 := m[..., 2, 1] - m[..., 1, 2], m02 := m[..., 0, 2] - m[..., 2, 0], m10 := m[..., 1, 0] - m[..., 0, 1]]
    s01, s02, s12 = m[..., 0, 1] + m[..., 1, 0], m[..., 0, 2] + m[..., 2, 0], m[..., 1, 2] + m[..., 2, 1]
    t = jnp.stack([m00 + m11 + m22, m00 - m11 - m22, m11 - m00 - m22, m22 - m00 - m11], axis=-1)
    candidates = jnp.stack(
        [
            jnp.stack([1 + t[..., 0], *d], axis=-1),
            jnp.stack([m21, 1 + t[..., 1], s01, s02], axis=-1),
            jnp.stack([m02, s01, 1 + t[..., 2], s12], axis=-1),
            jnp.stack([m10, s02, s12, 1 + t[..., 3]], axis=-1),
        ],
        axis=-2,
    )
    best = jnp.argmax(t, axis=-1)
    q = normalize(jnp.take_along_axis(candidates, best[..., None, None], axis=-2)[..., 0, :])
    return jnp.where(q[..., :1] < 0, -q, q)


def exp(v: Array) -> Array:
    """Map rotation vectors (..., 3), rad, to unit quaternions (..., 4)."""
    a2 = jnp.sum(v * v, axis=-1, keepdims=True)
    small = a2 < _SMALL
    safe = jnp.where(small, 1.0, a2)
    half = 0.5 * jnp.sqrt(safe)
    k = jnp.where(small, 0.5 - a2 / 48.0, jnp.sin(half) / (2.0 * half))
    w = jnp.where(small, 1.0 - a2 / 8.0, jnp.cos(half))
    return jnp.concatenate([w, k * v], axis=-1)


def log(q: Array) -> Array:
    """Map unit quaternions (..., 4) to rotation vectors (..., 3) of angle at most pi."""
    return log_unwrapped(jnp.where(q[..., :1] < 0, -q, q))


def log_unwrapped(q: Array) -> Array:
    """Map unit quaternions (..., 4) to rotation vectors (..., 3) of angle below 2 pi: q and -q are different turns.

    Continuous at angle pi, where ``log`` jumps.
    """
    w, u = q[..., :1], q[..., 1:]
    n2 = jnp.sum(u * u, axis=-1, keepdims=True)
    small = n2 < _SMALL
    n = jnp.sqrt(jnp.where(small, 1.0, n2))
    k = jnp.where(small, 2.0 / jnp.where(small, w, 1.0) * (1.0 - n2 / 3.0), 2.0 * jnp.arctan2(n, w) / n)
    return k * u


def skew(v: Array) -> Array:
    """Return the cross-product matrices (..., 3, 3) of ``v``: each times w is v x w."""
    x, y, z = v[..., 0], v[..., 1], v[..., 2]
    o = jnp.zeros_like(x)
    rows = [[o, -z, y], [z, o, -x], [-y, x, o]]
    return jnp.stack([jnp.stack(r, axis=-1) for r in rows], axis=-2)


def right_jacobian(v: Array) -> Array:
    """Return J_r (..., 3, 3): exp(v + d) ~ exp(v) exp(J_r d)."""
    a2 = jnp.sum(v * v, axis=-1)[..., None, None]
    small = a2 < _SMALL
    s2 = jnp.where(small, 1.0, a2)
    a = jnp.sqrt(s2)
    b = jnp.where(small, 0.5 - a2 / 24.0, (1.0 - jnp.cos(a)) / s2)
    c = jnp.where(small, 1.0 / 6.0 - a2 / 120.0, (a - jnp.sin(a)) / (s2 * a))
    k = skew(v)
    kk = jnp.sum(k[..., :, :, None] * k[..., None, :, :], axis=-2)
    return jnp.eye(3, dtype=v.dtype) - b * k + c * kk


def right_jacobian_inverse(v: Array) -> Array:
    """Return the inverse of J_r (..., 3, 3): log(exp(v) exp(d)) ~ v + J_r^-1 d; angle below 2 pi."""
    a2 = jnp.sum(v * v, axis=-1)[..., None, None]
    small = a2 < 1e-6
    s2 = jnp.where(small, 1.0, a2)
    a = jnp.sqrt(s2)
    c = jnp.where(small, 1.0 / 12.0 + a2 / 720.0, 1.0 / s2 - (1.0 + jnp.cos(a)) / (2.0 * a * jnp.sin(a)))
    k = skew(v)
    kk = jnp.sum(k[..., :, :, None] * k[..., None, :, :], axis=-2)
    return jnp.eye(3, dtype=v.dtype) + 0.5 * k + c * kk


def nlerp_unwrapped(a: Array, b: Array, t: Array | float) -> Array:
    """Interpolate from a to b (..., 4), normalised linearly, without changing the sign of b; t in 0..1."""
    return normalize((1.0 - t) * a + t * b)


def nlerp(a: Array, b: Array, t: Array | float) -> Array:
    """Interpolate from a to b (..., 4) along the shorter arc, normalised linearly; t in 0..1."""
    sign = jnp.where(jnp.sum(a * b, axis=-1, keepdims=True) < 0, -1.0, 1.0)
    return nlerp_unwrapped(a, sign * b, t)


def continuous(q: Array) -> Array:
    """Flip signs along axis 0 of (T, ..., 4) so that neighbours lie on the same half sphere."""
    dot = jnp.sum(q[1:] * q[:-1], axis=-1)
    flips = jnp.cumprod(jnp.where(dot < 0, -1.0, 1.0), axis=0)
    return q.at[1:].multiply(flips[..., None])
