"""JAX settings every entry point needs: 64-bit floats and a compilation cache on disk."""

from __future__ import annotations

import os
from pathlib import Path


def cache_dir() -> Path:
    """Return the folder for caches: ``$MOTIONRECON_CACHE``, else ``$XDG_CACHE_HOME/motionrecon``."""
    root = os.environ.get("MOTIONRECON_CACHE")
    if root:
        return Path(root)
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "motionrecon"


def configure(device: str | None = None) -> None:
    """Switch JAX to float64 with a persistent compilation cache; call before the first computation.

    Args:
      device: "cpu", "gpu" or None for JAX's own choice.
    """
    import jax

    jax.config.update("jax_enable_x64", True)
    if device and device != "auto":
        jax.config.update("jax_platforms", {"gpu": "cuda"}.get(device, device))
    folder = cache_dir() / "xla"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return  # a read-only home only costs compile time
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.5)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)
