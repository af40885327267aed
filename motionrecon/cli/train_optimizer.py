"""``motionrecon train-optimizer``: meta-training of a learned optimizer."""

from __future__ import annotations

import math
import shlex
from pathlib import Path
from typing import Any

import click

from motionrecon.cli import options, places
from motionrecon.errors import ConfigError

_HELP = """Train a learned optimizer's weights on families of test functions.

The weights that validate best, their recipe, a log and a curve go to the output folder. A run that was stopped, by
--minutes or from outside, goes on with --resume exactly as if it had not been.

\b
Examples:
  motionrecon train-optimizer --rule optimus-small --preset smoke
  motionrecon train-optimizer --rule optimus --preset laptop --minutes 20
  motionrecon train-optimizer --rule optimus --preset laptop --estimator bptt:500,pes:4000 --seed 1
  motionrecon train-optimizer --rule optimus --preset laptop --minutes 20 --resume
"""


@click.command("train-optimizer", help=_HELP)
@click.option("--rule", default="optimus", show_default=True, metavar="NAME",
              help="Which learned optimizer; see motionrecon.models.learned.catalog.")  # fmt: skip
@click.option("--preset", type=click.Choice(["smoke", "laptop", "long", "paper"]), default="laptop", show_default=True,
              help="Size of the training: a minute, half an hour of a core, over an hour, the paper's.")  # fmt: skip
@click.option("--tasks", type=click.Choice(["classical", "rosenbrock", "physics"]),
              help="Inner problems. [default: the preset's]")  # fmt: skip
@click.option("--estimator", "estimators", metavar="A[:N],B,...",
              help="Stages: pes, nres or bptt, each for N meta-steps. [default: the preset's]")  # fmt: skip
@click.option("--seed", type=int, help="Of everything random. [default: 0]")
@click.option("--minutes", type=float, metavar="M", help="Stop after M minutes; --resume goes on.")
@click.option("--meta-steps", type=int, metavar="N", help="Meta-steps of every stage.")
@click.option("--learning-rate", type=float, metavar="X", help="Adam's, of every stage.")
@click.option("--schedule", type=click.Choice(["constant", "cosine"]), help="Of the learning rate, of every stage.")
@click.option("--horizon", type=int, metavar="N", help="Inner steps of an episode, of every stage.")
@click.option("--truncation", type=int, metavar="N", help="Inner steps of a meta-step (PES, NRES).")
@click.option("--std", type=float, metavar="X", help="Standard deviation of the perturbations (PES, NRES).")
@click.option("--clip", type=float, metavar="X", help="Bound of the meta-gradient's norm.")
@click.option("--problem-clip", type=float, metavar="X", help="Bound of each problem's gradient (BPTT).")
@click.option("--reach", type=int, metavar="N", help="Inner steps that back-propagation goes back (BPTT).")
@click.option("--late", type=float, metavar="X", help="Step t of n counts as (t / n)^X in the meta-loss (BPTT).")
@click.option("--floor", type=float, metavar="X", help="Of the ratio under the logarithm (log-ratio).")
@click.option("--meta-loss", type=click.Choice(["ratio", "log-ratio"]), help="What is minimised, in every stage.")
@click.option("--dimensions", metavar="A,B,...", help="Of the inner problems.")
@click.option("--variants", metavar="A,B,...", help="Of each function: plain, offset, rotated, augmented.")
@click.option("--replicas", type=int, metavar="N", help="Problems of each function and variant in a batch.")
@click.option("--quadratics", type=int, metavar="N", help="Random quadratics in a batch besides.")
@click.option("--shards", type=int, metavar="N", help="Batches of a meta-step, for workers to divide.")
@click.option("--validate-every", "validation_every", type=int, metavar="N", help="Meta-steps between validations.")
@options.parallel(1, "Processes; no result depends on it.")
@click.option("--begin-with", metavar="FILE", help="Weights to begin with. [default: random ones]")
@click.option("--tensorboard", is_flag=True, help="Write TensorBoard event files too (extra [tensorboard]).")
@options.device
@options.placed("Result folder. [default: runs/train-RULE-PRESET]", resume="Go on from the folder's checkpoint.")
@options.told()
@click.pass_context
def train_optimizer(ctx: click.Context, /, overwrite: bool, resume: bool, **given: Any) -> None:
    """Train a learned optimizer: the command's body; users read _HELP."""
    if given["minutes"] is not None and not 0 < given["minutes"] < math.inf:
        raise click.UsageError(f"--minutes {given['minutes']:g}: give a time above 0", ctx)
    from motionrecon.jobs import runtime

    recipe = _recipe(given)
    runtime.configure(given["device"])
    folder = Path(given["output"] or f"runs/train-{given['rule']}-{given['preset']}")
    with places.result_folder(folder, overwrite=overwrite, resume=resume):
        _train(recipe, folder, given, resume=resume)


def _recipe(given: dict[str, Any]) -> Any:
    from motionrecon.models.learned import catalog
    from motionrecon.optimizer_lab.meta_train import presets

    catalog.make_rule(given["rule"])
    kept = ("tasks", "seed", "meta_steps", "learning_rate", "schedule", "horizon", "truncation", "std", "clip",
            "problem_clip", "reach", "late", "floor", "replicas", "quadratics", "shards",
            "validation_every")  # fmt: skip
    changes = {name: given[name] for name in kept}
    changes["meta_loss"] = given["meta_loss"] and given["meta_loss"].replace("-", "_")
    changes["dimensions"] = _numbers(given["dimensions"])
    changes["variants"] = None if given["variants"] is None else tuple(w.strip() for w in given["variants"].split(","))
    recipe = presets.recipe(given["preset"], given["rule"], given["estimators"], **changes)
    from motionrecon.optimizer_lab.meta_train import families

    families.family(recipe.tasks)
    return recipe


def _numbers(text: str | None) -> tuple[int, ...] | None:
    if text is None:
        return None
    try:
        return tuple(int(word) for word in text.split(","))
    except ValueError:
        raise ConfigError(f"--dimensions {text}: give whole numbers with commas between, such as 4,12,32") from None


def _train(recipe: Any, folder: Path, given: dict[str, Any], *, resume: bool) -> None:
    from motionrecon.cli.train_display import TrainDisplay
    from motionrecon.optimizer_lab.meta_train import run
    from motionrecon.optimizer_lab.meta_train.loop import Limits

    limits = Limits(minutes=given["minutes"] or math.inf, workers=given["workers"])
    names = ("rule", "preset", "estimators", "seed")
    title = " ".join(str(given[name]) for name in names if given[name] is not None)
    start = None if given["begin_with"] is None else Path(given["begin_with"])
    with TrainDisplay(title, recipe.meta_steps, quiet=given["quiet"]) as display:
        outcome = run.train(
            recipe, folder, limits, resume=resume, tensorboard=given["tensorboard"], start=start,
            command=_command(), told=display.row,
        )  # fmt: skip
    if not given["quiet"]:
        word = "Done" if outcome.finished else "Paused"
        click.echo(
            f"{word} after {outcome.meta_steps} meta-steps, {outcome.seconds:.0f} s; "
            f"validation {outcome.score:.2f} decades (before: {outcome.first_score:.2f})."
        )
        more = "" if outcome.finished else "; go on with --resume"
        click.echo(f"Results in {folder}: {run.WEIGHTS}, {run.RECIPE}, log.csv, {run.CURVE}{more}")


def _command() -> str:
    import sys

    return shlex.join(["motionrecon", *sys.argv[1:]])
