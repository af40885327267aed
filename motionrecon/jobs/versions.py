"""Which versions of the packages that shape a result are installed."""

from __future__ import annotations

import importlib.metadata

PACKAGES = (
    "motionrecon",
    "jax",
    "jaxlib",
    "brax",
    "mujoco",
    "mediapipe",
    "numpy",
    "scipy",
    "optax",
    "optimistix",
    "opencv-contrib-python",
)


def installed() -> dict[str, str]:
    """Return the versions by name, of those that are installed."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
