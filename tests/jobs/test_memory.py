"""A worker's memory is its own, however much its parent holds."""

import multiprocessing

import numpy as np

from motionrecon.jobs import memory


def test_a_spawned_process_does_not_inherit_its_parents_peak():
    held = np.ones(2**27)  # 1 GiB
    assert memory.peak_mb() > 1024
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(memory.peak_mb) < 700
    assert held[0] == 1
