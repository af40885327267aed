"""The learned optimizers as a table: their sizes, the paper's beside them, whether weights are shipped."""

from __future__ import annotations

import jax

from motionrecon.models.learned import catalog, weights_file

HEADER = ["Name", "Parameters", "Paper", "Paper's row", "Weights"]
NOTES = [
    "Paper: Table 4. Its networks are not described in full; of the readings that have its counts one was taken for",
    "Optimus (heads, key and hidden sizes are not unique). Its Adafactor MLP 128x4 has the count of two hidden layers;",
    "four of 128 are adafactor-mlp-128x4. Rules without a number beside them are our own.",
]


def rows() -> list[list[str]]:
    """Return a row for each rule, in the order of `HEADER`."""
    shipped = weights_file.shipped_names()
    return [_row(name, name in shipped) for name in catalog.rule_names()]


def _row(name: str, shipped: bool) -> list[str]:
    weights = jax.eval_shape(catalog.make_rule(name).init_weights, jax.random.PRNGKey(0))
    paper = catalog.PAPER_COUNTS.get(name)
    count = catalog.count_weights(weights)
    beside = ["", ""] if paper is None else [f"{paper.count:,}", paper.row]
    return [name, f"{count:,}", *beside, "shipped" if shipped else ""]
