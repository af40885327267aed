"""Kinematic starts beside one another: where a fit is chaotic, one start says little."""

from __future__ import annotations

import dataclasses

import numpy as np

from motionrecon.geometry.rotations import exp, mul
from motionrecon.types import KinematicStart

PLACE, TURN = 1e-4, 1e-4  # m, rad: far below what any sensor resolves


def nearby(start: KinematicStart, seed: int) -> KinematicStart:
    """Return a start off by seeded noise of 0.1 mm in the root's place and 1e-4 rad in every joint's rotation."""
    rng = np.random.default_rng(seed)
    motion = start.motion
    quats = np.asarray(motion.quats)
    turned = np.asarray(mul(quats, exp(TURN * rng.normal(size=(*quats.shape[:-1], 3)))))
    moved = np.asarray(motion.root_pos) + PLACE * rng.normal(size=np.shape(motion.root_pos))
    return dataclasses.replace(start, motion=dataclasses.replace(motion, root_pos=moved, quats=turned))
