"""``motionrecon optimizers``: which optimizers there are, and how large the learned ones are."""

from __future__ import annotations

import click


@click.group("optimizers")
def optimizers() -> None:
    """Say which optimizers there are."""


@optimizers.command("list")
@click.option("--markdown", is_flag=True, help="Print Markdown.")
@click.option("--debug", is_flag=True, help="Print the traceback of an error.")
def list_optimizers(markdown: bool, debug: bool) -> None:
    """List the learned optimizers, their parameter counts beside the paper's, and the others."""
    from motionrecon.jobs import runtime, text_grid

    runtime.configure("cpu")
    from motionrecon.models.learned import listing
    from motionrecon.models.optimizers import registry

    grid = text_grid.Grid("Learned optimizers", listing.HEADER, listing.rows(), listing.NOTES)
    click.echo((text_grid.markdown if markdown else text_grid.text)(grid))
    click.echo(f"\nOthers: gauss-newton, {', '.join(name for name in registry.optimizer_names() if name != 'learned')}")
