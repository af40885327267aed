"""motionrecon: physics-based human motion reconstruction from video, keypoints or motion capture."""

from importlib import import_module

__version__ = "0.1.0"

_LAZY = {"fit": "motionrecon.fit", "load": "motionrecon.data.load"}


def __getattr__(name: str):
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'motionrecon' has no attribute {name!r}")
