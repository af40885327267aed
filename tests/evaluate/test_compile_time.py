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


def test_compiling_is_booked_to_the_stage_in_which_it_happens():
    compile_time.take()
    watch = compile_time.ByStage()
    watch.stage("compile")
    time.sleep(0.03)
    compile_time.heard("/jax/core/compile/jaxpr_trace_duration", 0.02)
    watch.stage("optimize")
    time.sleep(0.02)
    compile_time.heard("/jax/core/compile/jaxpr_trace_duration", 0.01)
    watch.stage("")
    assert watch.seconds["compile"] == pytest.approx(0.02, rel=1e-3)
    assert watch.seconds["optimize"] == pytest.approx(0.01, rel=1e-3)
