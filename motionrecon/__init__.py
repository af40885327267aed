"""motionrecon: physics-based human motion reconstruction from video, keypoints or motion capture.

The public API, loaded at first use: ``fit``, ``fit_file`` and ``fit_sequence`` (``motionrecon.fitting.fit``), ``load``
(``motionrecon.data.load``) and ``write_results`` (``motionrecon.results.result_folder``); ``minimize`` and
``LearnedOptimizer`` (``motionrecon.models.learned.api``) for functions of one's own.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_LAZY = {
    "fit": "motionrecon.fitting.fit",
    "fit_file": "motionrecon.fitting.fit",
    "fit_sequence": "motionrecon.fitting.fit",
    "LearnedOptimizer": "motionrecon.models.learned.api",
    "load": "motionrecon.data.load",
    "minimize": "motionrecon.models.learned.api",
    "write_results": "motionrecon.results.result_folder",
}


def __getattr__(name: str) -> Any:
    """Load a public name at its first use (PEP 562), so that importing the package loads no JAX."""
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_LAZY[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_LAZY])
