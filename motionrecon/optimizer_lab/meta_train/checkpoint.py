"""A training run on disk, so that an interrupted one goes on exactly where it was."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import jax
import numpy as np

from motionrecon.errors import CheckpointError
from motionrecon.jobs import archive
from motionrecon.optimizer_lab.meta_train.recipe import Recipe, as_dict, differences, from_dict
from motionrecon.optimizer_lab.meta_train.shards import Place

NAME = "checkpoint.npz"
VERSION = 1
Leaves = list[np.ndarray]


@dataclasses.dataclass
class Snapshot:
    """Everything that a run goes on from.

    Attributes:
      recipe: of the run.
      place: the meta-step that comes next.
      theta: leaves of the weights.
      outer: leaves of the meta-optimizer's state.
      best: leaves of the best weights so far.
      best_score: their validation, decades.
      first_score: that of the weights at the start.
      particles: shard to dimension to leaves of its particles.
      seconds: of training so far.
      rows: lines of the log that belong to it.
    """

    recipe: Recipe
    place: Place
    theta: Leaves
    outer: Leaves
    best: Leaves
    best_score: float
    first_score: float
    particles: list[dict[int, Leaves]]
    seconds: float
    rows: int


def leaves(tree: Any) -> Leaves:
    """Return a pytree's leaves as NumPy arrays."""
    return [np.asarray(leaf) for leaf in jax.tree.leaves(tree)]


def like(stored: Leaves, tree: Any) -> Any:
    """Return stored leaves as a pytree with the structure and types of ``tree``."""
    structure = jax.tree.structure(tree)
    kept = [jax.numpy.asarray(a, t.dtype) for a, t in zip(stored, jax.tree.leaves(tree), strict=True)]
    return jax.tree.unflatten(structure, kept)


def save(folder: Path, snapshot: Snapshot) -> None:
    """Store a run in its folder, whole or not at all."""
    arrays: dict[str, np.ndarray] = {}
    counts: dict[str, int] = {}

    def put(name: str, own: Leaves) -> None:
        counts[name] = len(own)
        arrays.update({f"{name}.{i}": leaf for i, leaf in enumerate(own)})

    for name in ("theta", "outer", "best"):
        put(name, getattr(snapshot, name))
    for shard, dimensions in enumerate(snapshot.particles):
        for d, own in dimensions.items():
            put(f"particles.{shard}.{d}", own)
    header = {
        "version": VERSION, "recipe": as_dict(snapshot.recipe), "place": list(snapshot.place), "counts": counts,
        "best_score": snapshot.best_score,
        "first_score": snapshot.first_score, "seconds": snapshot.seconds, "rows": snapshot.rows,
    }  # fmt: skip
    archive.write(folder / NAME, header, arrays)


def load(folder: Path, recipe: Recipe) -> Snapshot:
    """Return the run stored in a folder.

    Raises:
      CheckpointError: there is none, it is damaged, or it is one of another recipe; names the differences.
    """
    path = folder / NAME
    if not path.is_file():
        raise CheckpointError(f"{path}: no such file, so there is nothing to go on from; leave out --resume")
    try:
        header, arrays = archive.read(path)
        stored = {name: [arrays[f"{name}.{i}"] for i in range(count)] for name, count in header["counts"].items()}
        version, before = header["version"], from_dict(header["recipe"])
    except (archive.ArchiveError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path}: cannot be read ({error}); begin anew with --overwrite") from None
    if version != VERSION:
        raise CheckpointError(f"{path}: format {version}, this release reads {VERSION}; begin anew with --overwrite")
    other = differences(before, recipe)
    if other:
        raise CheckpointError(
            f"{path}: belongs to another configuration ({'; '.join(other)}); repeat the options it was begun with, "
            "or begin anew with --overwrite"
        )
    particles: list[dict[int, Leaves]] = [{} for _ in range(recipe.shards)]
    for name, own in stored.items():
        if name.startswith("particles."):
            _, shard, d = name.split(".")
            particles[int(shard)][int(d)] = own
    theta, outer, best = (stored[name] for name in ("theta", "outer", "best"))
    scores = header["best_score"], header["first_score"]
    return Snapshot(
        recipe, Place(*header["place"]), theta, outer, best, *scores, particles, header["seconds"], header["rows"]
    )
