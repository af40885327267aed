"""How records are made: frozen dataclasses that JAX takes apart and puts together again."""

from __future__ import annotations

import dataclasses
from typing import Any, dataclass_transform

import jax

Array = Any  # jax.Array or numpy.ndarray


@dataclass_transform(frozen_default=True)
def record(*static: str):
    """Make a frozen dataclass a JAX pytree in which the fields named ``static`` are compile-time constants."""

    def wrap(cls):
        cls = dataclasses.dataclass(frozen=True)(cls)
        fields = [f.name for f in dataclasses.fields(cls)]
        return jax.tree_util.register_dataclass(
            cls, data_fields=[f for f in fields if f not in static], meta_fields=list(static)
        )

    return wrap
