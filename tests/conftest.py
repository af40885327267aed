"""Shared fixtures: float64, checked array shapes, the sample data folder, quiet determinism."""

import os
from pathlib import Path

import pytest
from jaxtyping import install_import_hook

from tests.fixtures import shape_checker

# before anything of these rooms is imported: their array annotations hold wherever a test calls them
install_import_hook(["motionrecon.physics", "motionrecon.fitting"], f"{shape_checker.__name__}.checked")

from motionrecon.jobs import runtime  # noqa: E402

runtime.configure("cpu")


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of real sample clips; skips where it is absent (set MOTIONRECON_SAMPLES)."""
    root = Path(os.environ.get("MOTIONRECON_SAMPLES", Path(__file__).parents[1].parent / "shared" / "data"))
    if not root.is_dir():
        pytest.skip(f"no sample data at {root}; set MOTIONRECON_SAMPLES to the folder that holds it")
    return root
