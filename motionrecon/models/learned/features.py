"""The 43 inputs of the paper's networks: decides what a learned optimizer sees of a parameter's history.

The features of Adafactor MLP (Metz et al. 2022, "Practical tradeoffs between memory, compute, and performance in
learned optimizers"), as Appendix C of the Optimus paper lists them, with the readings that reproduce the paper's
parameter counts (Table 4) exactly:

- 3 second-moment decays and 3 Adafactor decays where Appendix C speaks of "the second moment value": 43 inputs and
  9 learnable decays give 22,411 and 811,531; 39 inputs and 7 decays do not.
- the raw gradient is a feature (Fig. 9 adds it to Appendix C's list).
- time features are tanh(t / scale - 1), from 0 on, as in the `learned_optimization` library; Appendix C omits "- 1".
- every channel but time is divided by its root mean square over the parameters (second moment one, floor 1e-5).
- decays are learned through decay = 1 - exp(10 w), w = log(1 - decay0) / 10 + delta, all deltas 0 at first.
- a matrix has Adafactor's factored statistics: means of squared gradients over columns and over rows. A vector has
  none: its row and its column feature are the same unfactored average, so 6 of the 43 inputs are duplicates. The paper
  does not say which its problems are; its test functions are vectors.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from motionrecon.types import Array

MOMENTUM_DECAYS = (0.9, 0.99, 0.999)
SECOND_MOMENT_DECAYS = (0.9, 0.99, 0.999)
ADAFACTOR_DECAYS = (0.9, 0.99, 0.999)
TIME_SCALES = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1e3, 3e3, 1e4, 3e4, 1e5)
FEATURES = 43
DECAYS = len(MOMENTUM_DECAYS) + len(SECOND_MOMENT_DECAYS) + len(ADAFACTOR_DECAYS)

_TINY = 1e-30  # keeps a squared gradient's average positive


class FeatureState(NamedTuple):
    """Running averages, each with a leading axis of 3 decays, of a parameter of shape S (vector or matrix).

    Attributes:
      iteration: () int32, steps done.
      momentum: (3, *S) averages of the gradient.
      second_moment: (3, *S) averages of the squared gradient.
      rows: (3, n) averages of the squared gradient's mean over columns; of a vector the squared gradient itself.
      columns: (3, m) the same over rows; of a vector equal to ``rows``.
    """

    iteration: Array
    momentum: Array
    second_moment: Array
    rows: Array
    columns: Array


def decays(deltas: Array) -> Array:
    """Return the 9 decays for their learned ``deltas`` (9,): momentum, second moment, Adafactor."""
    first = np.array(MOMENTUM_DECAYS + SECOND_MOMENT_DECAYS + ADAFACTOR_DECAYS)
    values = 1.0 - jnp.exp(10.0 * (np.log1p(-first) / 10.0 + deltas))
    return values.at[len(MOMENTUM_DECAYS) :].set(jnp.clip(values[len(MOMENTUM_DECAYS) :], 0.0, 1.0))


def init(parameter: Array) -> FeatureState:
    """Return the averages of a parameter (vector or matrix) before any gradient: zeros.

    Raises:
      ValueError: the parameter has another number of axes.
    """
    if parameter.ndim not in (1, 2):
        raise ValueError(f"features are made of vectors and matrices, not of shape {parameter.shape}")
    full = jnp.zeros((3, *parameter.shape), parameter.dtype)
    rows, columns = (full, full) if parameter.ndim == 1 else (full[:, :, 0], full[:, 0])
    return FeatureState(jnp.zeros((), jnp.int32), full, full, rows, columns)


def update(
    state: FeatureState, deltas: Array, parameter: Array, gradient: Array, *, scale_free: bool = False
) -> tuple[Array, FeatureState]:
    """Take in a gradient and return the features.

    Args:
      state: averages before this gradient.
      deltas: (9,) learned changes of the decays.
      parameter: (*S,) its value, S = (d,) or (n, m).
      gradient: (*S,) the gradient there.
      scale_free: measure gradients in units of their recent size (root of the mean of the fastest second moment), so
        that no constant of the formulas marks a size: a loss times 1000, or the end of a run where gradients are small,
        looks like any other. The paper: False.

    Returns:
      Features (*S, 43) float32, and the averages with this gradient.
    """
    rates = decays(deltas).astype(gradient.dtype)
    largest = jnp.finfo(gradient.dtype).max ** 0.5 / 10.0  # beyond, squares overflow
    gradient = jnp.clip(gradient, -largest, largest)
    square = gradient * gradient
    momentum = _average(state.momentum, rates[:3], gradient)
    second = _average(state.second_moment, rates[3:6], square)
    if parameter.ndim == 1:
        rows = columns = _average(state.rows, rates[6:], square + _TINY)
    else:
        rows = _average(state.rows, rates[6:], jnp.mean(square + _TINY, -1))
        columns = _average(state.columns, rates[6:], jnp.mean(square + _TINY, -2))
    state = FeatureState(state.iteration + 1, momentum, second, rows, columns)
    unit = jax.lax.stop_gradient(jax.lax.rsqrt(jnp.mean(second[0]) + _TINY)) if scale_free else None
    channels = _channels(parameter, gradient, state, unit)
    values = jnp.moveaxis(normalize(channels), 0, -1).astype(jnp.float32)
    time = jnp.broadcast_to(time_features(state.iteration - 1), (*parameter.shape, len(TIME_SCALES)))
    return jnp.concatenate([values, time], -1), state


def _channels(parameter: Array, gradient: Array, averages: FeatureState, unit: Array | None) -> Array:
    """Return the 32 channels (32, *S) before they are normalised; gradients times ``unit`` () where there is one."""
    _, momentum, second, rows, columns = averages
    if unit is not None:
        gradient, momentum = unit * gradient, unit * momentum
        second, rows, columns = (unit * unit * one for one in (second, rows, columns))
    if parameter.ndim == 1:
        tiled_rows = tiled_columns = rows
        factor = jax.lax.rsqrt(jnp.maximum(rows + 1e-9, 1e-9))
        momentum_factor = jax.lax.rsqrt(rows + 1e-6)
    else:
        tiled_rows = jnp.broadcast_to(rows[:, :, None], second.shape)
        tiled_columns = jnp.broadcast_to(columns[:, None, :], second.shape)
        relative = rows / (jnp.mean(rows, -1, keepdims=True) + 1e-9)
        row_factor = jax.lax.rsqrt(jnp.maximum(relative, 1e-9))
        column_factor = jax.lax.rsqrt(jnp.maximum(columns, 1e-9))
        factor = momentum_factor = row_factor[:, :, None] * column_factor[:, None, :]
    scale = jax.lax.rsqrt(second + 1e-6)
    return jnp.concatenate(
        [
            gradient[None],
            parameter[None],
            momentum,
            second,
            momentum * scale,
            scale,
            gradient * factor,
            tiled_rows,
            tiled_columns,
            jax.lax.rsqrt(tiled_rows + 1e-8),
            jax.lax.rsqrt(tiled_columns + 1e-8),
            momentum * momentum_factor,
        ]
    )


def normalize(channels: Array) -> Array:
    """Divide every channel (C, *S) by its root mean square over the parameters S; below 3e-3 it shrinks instead."""
    axes = tuple(range(1, channels.ndim))
    unit = jax.lax.stop_gradient(jnp.maximum(1.0, jnp.max(jnp.abs(channels), axes, keepdims=True)))  # no overflow
    scaled = channels / unit
    return scaled * jax.lax.rsqrt(1e-5 / unit / unit + jnp.mean(scaled * scaled, axes, keepdims=True))


def time_features(iteration: Array) -> Array:
    """Return tanh(t / scale - 1) (11,) float32 of the iteration t ()."""
    return jnp.tanh(iteration.astype(jnp.float32) / np.array(TIME_SCALES, np.float32) - 1.0)


def _average(old: Array, rates: Array, new: Array) -> Array:
    rates = rates.reshape(-1, *(1,) * new.ndim)
    return rates * old + (1.0 - rates) * new


def adam_direction(state: FeatureState) -> Array:
    """Return Adam's direction m / sqrt(v) (*S,) of the first momentum and second second moment, bias-corrected.

    The decays are taken at their initial values, 0.9 and 0.99, for the correction. Gradients below
    1e-6 of the largest count as that large, so that the derivative stays within float32.
    """
    steps = state.iteration.astype(state.momentum.dtype)
    momentum = state.momentum[0] / (1.0 - MOMENTUM_DECAYS[0] ** steps)
    second = state.second_moment[1] / (1.0 - SECOND_MOMENT_DECAYS[1] ** steps)
    unit = jax.lax.stop_gradient(jnp.max(second)) + _TINY
    return momentum * jax.lax.rsqrt(unit) * jax.lax.rsqrt(second / unit + 1e-12)
