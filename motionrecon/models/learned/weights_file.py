"""Weights of learned optimizers on disk: decides the format and what is checked before they are used.

An NPZ file of plain arrays, in the order of the pytree's leaves, and a JSON header: format version, rule name, the
rule's fields, the leaves' paths, where the weights come from, and a SHA-256 over the arrays. Weights are refused where
the file is damaged or was written for another architecture.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import jax
import numpy as np

from motionrecon.errors import CheckpointError
from motionrecon.jobs import archive
from motionrecon.models.learned.base import UpdateRule, Weights

VERSION = 1
SHIPPED = Path(__file__).parent / "weights"


def save(path: str | Path, rule: UpdateRule, weights: Weights, provenance: dict[str, Any] | None = None) -> str:
    """Write weights.

    Args:
      path: the ``.npz`` file; its folder exists.
      rule: the rule they belong to.
      weights: the pytree.
      provenance: what made them: command, seed, compute, validation; anything JSON holds.

    Returns:
      The SHA-256 of the arrays.
    """
    leaves, header = _arrays(weights), _architecture(rule, weights)
    header |= {"version": VERSION, "sha256": _digest(leaves), "provenance": provenance or {}}
    archive.write(Path(path), header, {f"leaf_{i}": leaf for i, leaf in enumerate(leaves)})
    return header["sha256"]


def read(path: str | Path, rule: UpdateRule) -> Weights:
    """Read weights for a rule.

    Raises:
      CheckpointError: the file is absent, damaged, of another version or of another architecture; names the
        difference.
    """
    header, leaves = _contents(Path(path))
    like = jax.eval_shape(rule.init_weights, jax.random.PRNGKey(0))
    expected = _architecture(rule, like)
    if isinstance(header.get("fields"), dict):
        header["fields"] = _defaults(rule) | header["fields"]
    for field in ("rule", "fields", "leaves"):
        if header.get(field) != expected[field]:
            raise CheckpointError(
                f"{path}: weights of another architecture: {_difference(field, header.get(field), expected[field])}; "
                f"give weights trained for {rule.name!r}"
            )
    structure = jax.tree_util.tree_structure(like)
    return jax.tree_util.tree_unflatten(structure, leaves)


def read_header(path: str | Path) -> dict[str, Any]:
    """Return what the file says of itself: rule, version, sha256, provenance.

    Raises:
      CheckpointError: see `read`.
    """
    return _contents(Path(path))[0]


def shipped_path(name: str) -> Path:
    """Return where the package keeps the weights of rule ``name``; the file need not exist."""
    return SHIPPED / f"{name}.npz"


def shipped_names() -> tuple[str, ...]:
    """Return the rules whose weights are in the package."""
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.npz")))


def _contents(path: Path) -> tuple[dict[str, Any], list[np.ndarray]]:
    try:
        header, arrays = archive.read(path)
        leaves = [arrays[f"leaf_{i}"] for i in range(len(header["leaves"]))]
    except FileNotFoundError:
        raise CheckpointError(f"{path}: no such weights file; train some with `motionrecon train-optimizer`") from None
    except (archive.ArchiveError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path}: not a weights file, or cut off ({error}); fetch or train it again") from None
    if header.get("version") != VERSION:
        raise CheckpointError(
            f"{path}: weights format {header.get('version')}, this release reads {VERSION}; train them again"
        )
    if header.get("sha256") != _digest(leaves):
        raise CheckpointError(f"{path}: the arrays do not match their checksum; fetch or train the file again")
    return header, leaves


def _architecture(rule: UpdateRule, weights: Weights) -> dict[str, Any]:
    paths = jax.tree_util.tree_flatten_with_path(weights)[0]
    leaves = [[jax.tree_util.keystr(path), list(leaf.shape), str(leaf.dtype)] for path, leaf in paths]
    assert dataclasses.is_dataclass(rule) and not isinstance(rule, type)
    fields = json.loads(json.dumps(dataclasses.asdict(rule)))
    return {"rule": rule.name, "fields": fields, "leaves": leaves}


def _defaults(rule: Any) -> dict[str, Any]:
    """Return the defaults of a rule's fields: what a file has that was written before a field existed."""
    fields = dataclasses.fields(rule)
    return {one.name: one.default for one in fields if isinstance(one.default, bool | int | float | str | None)}


def _arrays(weights: Weights) -> list[np.ndarray]:
    return [np.asarray(leaf) for leaf in jax.tree_util.tree_leaves(weights)]


def _digest(leaves: list[np.ndarray]) -> str:
    digest = hashlib.sha256()
    for leaf in leaves:
        digest.update(str((leaf.shape, leaf.dtype.str)).encode())
        digest.update(np.ascontiguousarray(leaf).tobytes())
    return digest.hexdigest()


def _difference(field: str, found: Any, expected: Any) -> str:
    if field == "fields" and isinstance(found, dict):
        names = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
        return ", ".join(f"{name} is {found.get(name)!r}, not {expected.get(name)!r}" for name in names)
    if field == "leaves":
        return "its arrays have other shapes"
    return f"{field} is {found!r}, not {expected!r}"
