"""A small person that walks: the motion that the loaders' tests write in each format."""

from collections.abc import Callable

import numpy as np
import pytest

from motionrecon.geometry import skeleton
from motionrecon.geometry.keypoints import MOCAP18


def _walking(frames: int = 30, height: float = 1.75, names: tuple[str, ...] = MOCAP18) -> np.ndarray:
    """Return (T, K, 3) m, z up, facing +x: template sites with swinging limbs, moving forward at 30 Hz."""
    sites = skeleton.template_sites(names, height)
    body = skeleton.template(height)
    rest = np.zeros((len(body.names), 3))
    for j, parent in enumerate(body.parents[1:], start=1):
        rest[j] = rest[parent] + np.asarray(body.offsets)[j]
    points = rest[np.asarray(sites.link)] + np.asarray(sites.offset)
    phase = 2 * np.pi * np.arange(frames)[:, None] / 30.0
    side = np.array([n.startswith("left_") * 1.0 - n.startswith("right_") * 1.0 for n in names])
    low = points[:, 2] < -0.1
    out = np.tile(points, (frames, 1, 1)) + np.array([0.0, 0.0, 0.53 * height])
    out[..., 0] += 1.2 * np.arange(frames)[:, None] / 30.0 + 0.15 * side * low * np.sin(phase)
    return out


@pytest.fixture
def walking() -> Callable[..., np.ndarray]:
    """The function that makes the motion: (frames, height, names) -> (T, K, 3) m."""
    return _walking
