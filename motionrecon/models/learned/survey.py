"""A survey: decides how a landscape is smoothed over a span, to find which way lies the valley behind the ripples.

A block of points is scattered over a box around a centre: in every parameter a permuted, evenly spaced grid with a
random shift, so that each parameter sees its whole span in few evaluations while the parameters vary independently.
Gradients are regressed on positions, parameter by parameter, under a Hann window, which suppresses any ripple with two
or more periods in the span far better than a random sample would. What is left is the smoothed landscape's gradient
and curvature; the centre moves to where that gradient vanishes. Where curvatures of single parameters differ no more
than their noise explains they are pooled (James-Stein).
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from motionrecon.types import Array

POINTS = 31  # a prime: k -> (a k + b) mod POINTS is a permutation for any a
_GOLDEN = 0.6180339887498949
_EFFECTIVE = 0.6  # share of the points that the window leaves


class Grid(NamedTuple):
    """Where the points of a block lie in every parameter.

    Attributes:
      multiplier: (d,) int32, a of the permutation k -> (a k + b) mod POINTS, 1 to POINTS - 1.
      offset: (d,) int32, b.
      shift: (d,) position within a grid cell, 0 to 1.
    """

    multiplier: Array
    offset: Array
    shift: Array


class Survey(NamedTuple):
    """A block under way; moments are sums over its points, (d,) each, positions in units of the span.

    Attributes:
      center: (d,) middle of the box.
      span: () half the box's side, in the parameters' unit.
      grid: where its points lie.
      point: () int32, points done.
      weight: (d,) sum of windows.
      t: (d,) window times position.
      g: (d,) window times gradient.
      tt: (d,) ...
      tg: (d,) ...
      gg: (d,) ...
    """

    center: Array
    span: Array
    grid: Grid
    point: Array
    weight: Array
    t: Array
    g: Array
    tt: Array
    tg: Array
    gg: Array


class Smoothed(NamedTuple):
    """What a block found, per parameter (d,), lengths in units of the span.

    Attributes:
      position: mean position.
      gradient: mean gradient.
      curvature: slope of the regression, pooled as far as noise demands.
      noise: standard deviation of the gradients around the regression.
    """

    position: Array
    gradient: Array
    curvature: Array
    noise: Array


def draw_grid(x: Array, key: Array) -> Grid:
    """Draw the grid of a run's first block for parameters like ``x`` (d,)."""
    first, second, third = jax.random.split(key, 3)
    multiplier = jax.random.randint(first, x.shape, 1, POINTS, jnp.int32)
    offset = jax.random.randint(second, x.shape, 0, POINTS, jnp.int32)
    return Grid(multiplier, offset, jax.random.uniform(third, x.shape, x.dtype))


def next_grid(grid: Grid) -> Grid:
    """Return another grid, by arithmetic alone: random generators take long to compile."""
    multiplier = grid.multiplier * 11 % POINTS  # 11 generates all residues but 0
    offset = (grid.offset * 7 + multiplier) % POINTS
    shift = grid.shift + multiplier.astype(grid.shift.dtype) * _GOLDEN
    return Grid(multiplier, offset, shift - jnp.floor(shift))


def begin(center: Array, span: Array, grid: Grid) -> Survey:
    """Start a block around ``center`` (d,)."""
    zeros = jnp.zeros_like(center)
    return Survey(center, jnp.asarray(span, center.dtype), grid, jnp.zeros((), jnp.int32), *(zeros,) * 6)


def proposal(survey: Survey) -> Array:
    """Return the block's next point (d,)."""
    return survey.center + survey.span * _position(survey)


def add(survey: Survey, loss: Array, gradient: Array) -> Survey:
    """Take in the gradient (d,) at the proposal; points without a finite ``loss`` () have no weight."""
    t = _position(survey)
    window = jnp.where(jnp.isfinite(loss), jnp.cos(0.5 * jnp.pi * t) ** 2, 0.0)
    return survey._replace(
        point=survey.point + 1,
        weight=survey.weight + window,
        t=survey.t + window * t,
        g=survey.g + window * gradient,
        tt=survey.tt + window * t * t,
        tg=survey.tg + window * t * gradient,
        gg=survey.gg + window * gradient * gradient,
    )


def smoothed(survey: Survey) -> Smoothed:
    """Regress the block's gradients on its positions."""
    weight = jnp.where(survey.weight > 0, survey.weight, 1.0)
    t, g = survey.t / weight, survey.g / weight
    variance = jnp.maximum(survey.tt / weight - t * t, 1e-6)
    covariance = survey.tg / weight - t * g
    curvature = covariance / variance
    residual = jnp.maximum(survey.gg / weight - g * g - curvature * covariance, 0.0)
    by_noise = jnp.mean(residual / (_EFFECTIVE * POINTS * variance))
    spread = jnp.var(curvature)
    kept = jnp.clip(1.0 - by_noise / jnp.where(spread > 0, spread, 1.0), 0.0, 1.0)
    mean = jnp.mean(curvature)
    return Smoothed(t, g, mean + kept * (curvature - mean), jnp.sqrt(residual))


def newton_step(found: Smoothed, longest: float = 2.0) -> Array:
    """Return the way (d,) from the centre to where the smoothed gradient vanishes, in spans, at most ``longest``."""
    convex = found.curvature > 0
    step = found.position - found.gradient / jnp.where(convex, found.curvature, 1.0)
    return jnp.clip(jnp.where(convex, step, -longest * jnp.sign(found.gradient)), -longest, longest)


def _position(survey: Survey) -> Array:
    cell = jnp.mod(survey.grid.multiplier * survey.point + survey.grid.offset, POINTS)
    return 2.0 * (cell + survey.grid.shift) / POINTS - 1.0
