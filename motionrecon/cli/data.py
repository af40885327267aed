"""``motionrecon data``: which data sets are known and found, whether their files are whole, what a clip looks like."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

_ROOT = click.option("--data-root", metavar="DIR", help="Where data sets lie. [default: $MOTIONRECON_DATA]")
_DEBUG = click.option("--debug", is_flag=True, help="Print the traceback of an error.")
_SHOWN = 12  # missing files listed one by one


@click.group("data")
def data() -> None:
    """Look at data sets: list, check, show."""


@data.command("list")
@_ROOT
@_DEBUG
def list_all(data_root: str | None, debug: bool) -> None:
    """List the data sets that are known, and those found under the data root."""
    from motionrecon.data.datasets import catalog
    from motionrecon.errors import InputError

    root = catalog.data_root(data_root)
    click.echo(f"data root: {root or 'none (give --data-root or set MOTIONRECON_DATA)'}")
    for name, about in catalog.NAMES.items():
        try:
            found = catalog.open_dataset(name, root)
            where = f"found: {found.root}" if found.root else "always there"
        except InputError as error:
            found, where = None, f"not found ({str(error).split(';')[0].split(': ', 1)[-1]})"
        click.echo(f"{name}: {about}\n  {where}")
        if found is not None:
            for split, text in found.splits.items():
                count = len(found.clips(split))
                click.echo(f"  split {split}: {count} sequence{'' if count == 1 else 's'}; {text}")


@data.command("check")
@click.argument("dataset", metavar="DATASET")
@_ROOT
@_DEBUG
@click.pass_context
def check(ctx: click.Context, /, dataset: str, data_root: str | None, debug: bool) -> None:
    """Read every file of DATASET and say which are present, missing or corrupt (exit code 1 if any is corrupt)."""
    from motionrecon.data.datasets import catalog

    found = catalog.open_dataset(dataset, catalog.data_root(data_root))
    counts: dict[str, int] = {"present": 0, "missing": 0, "corrupt": 0}
    for finding in found.check():
        counts[finding.status] += 1
        if finding.status != "missing" or counts["missing"] <= _SHOWN:
            click.echo(f"{finding.status:<8} {finding.name}: {' '.join(finding.detail.split())}")
        elif counts["missing"] == _SHOWN + 1:
            click.echo("missing  ...")
    click.echo(", ".join(f"{count} {status}" for status, count in counts.items()))
    ctx.exit(1 if counts["corrupt"] else 0)


@data.command("show")
@click.argument("sequence", metavar="SEQUENCE")
@click.option("--dataset", default="synthetic", show_default=True, metavar="NAME", help="synthetic, h36m, aist, mocap.")
@click.option("--split", metavar="NAME", help="Split in which the sequence is. [default: any]")
@click.option("-o", "--output", metavar="FILE", help="Where to write the picture. [default: NAME.png]")
@click.option("--overwrite", is_flag=True, help="Replace the picture.")
@_ROOT
@_DEBUG
def show(
    sequence: str,
    dataset: str,
    split: str | None,
    output: str | None,
    overwrite: bool,
    data_root: str | None,
    debug: bool,
) -> None:
    """Describe SEQUENCE (a key as `eval` prints it) and draw its skeleton in space and on the image plane."""
    import numpy as np

    from motionrecon.data.datasets import catalog
    from motionrecon.errors import InputError
    from motionrecon.results.report import clip_picture

    found = catalog.open_dataset(dataset, catalog.data_root(data_root))
    clip = _find(found, sequence, split)
    path = Path(output or f"{clip.key.replace('/', '_')}.png")
    if path.exists() and not overwrite:
        raise InputError(f"{path}: is there already; use --overwrite, or another name with -o")
    loaded = found.load(clip)
    seen, camera, film = loaded.observation, loaded.camera, loaded.film
    frames = len(seen.confidence)
    missing = float(np.mean(np.asarray(seen.confidence) == 0))
    lines = [
        f"{dataset}: {clip.key}",
        f"  frames  {frames} at {seen.fps:g} Hz ({frames / seen.fps:.2f} s), {100 * missing:.1f} % of points missing",
        f"  points  {len(seen.names)}: {', '.join(seen.names)}",
        f"  floor   {loaded.floor or 'unknown'}",
        f"  camera  {'none' if camera is None else _camera(camera)}",
        f"  2D      {'given by the data set' if loaded.image is not None else 'projected from 3D'}",
        f"  film    {'not there' if film is None else film.path or 'drawn on demand'}",
    ]
    truth = np.asarray(loaded.truth)
    title = f"{dataset}: {clip.key}, {frames} frames at {seen.fps:g} Hz"
    clip_picture.draw(path, title, seen.names, truth, camera, loaded.image)
    click.echo("\n".join([*lines, f"  picture {os.fspath(path)}"]))


def _camera(camera: Any) -> str:
    import numpy as np

    place = -np.asarray(camera.rotation).T @ np.asarray(camera.translation)
    focal = float(np.asarray(camera.intrinsics)[0, 0])
    return f"{camera.size[0]}x{camera.size[1]} px, f {focal:.0f} px, at ({', '.join(f'{v:.2f}' for v in place)}) m"


def _find(dataset: Any, key: str, split: str | None) -> Any:
    from motionrecon.data.datasets.dataset import checked_split
    from motionrecon.errors import InputError
    from motionrecon.option_records import suggestion

    splits = [checked_split(dataset, split)] if split else list(dataset.splits)
    keys: dict[str, Any] = {}
    for name in splits:
        for clip in dataset.clips(name):
            keys.setdefault(clip.key, clip)
    if key not in keys:
        example = suggestion(key, keys) or f" (such as {next(iter(keys), 'none')})"
        raise InputError(f"{key}: no such sequence in {dataset.name}{example}")
    return keys[key]
