"""Compiling inside compiling counts once, and only compiling counts."""

import time

import jax
import jax.numpy as jnp
import pytest

from motionrecon.evaluate import compile_time


def test_nested_events_count_once():
    compile_time.take()
    began = time.perf_counter()
    time.sleep(0.05)
    compile_time.heard("/jax/core/compile/jaxpr_trace_duration", 0.02)
    time.sleep(0.03)
    whole = time.perf_counter() - began
    compile_time.heard("/jax/core/compile/jaxpr_trace_duration", whole)
    compile_time.heard("/jax/compilation_cache/compile_time_saved_sec", 100.0)
    assert compile_time.take() == pytest.approx(whole, rel=1e-3)
    assert compile_time.take() == 0.0


def test_a_real_compilation_takes_no_longer_than_it_took():
    compile_time.take()

    @jax.jit
    def inner(x):
        return jnp.sin(x) @ jnp.cos(x).T

    @jax.jit
    def outer(x):
        return sum(inner(x + i) for i in range(5))

    began = time.perf_counter()
    outer(jnp.ones((7, 7))).block_until_ready()
    whole = time.perf_counter() - began
    assert 0.0 < compile_time.take() <= whole
    outer(jnp.ones((7, 7))).block_until_ready()
    assert compile_time.take() < 0.01
