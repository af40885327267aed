"""Departures from the paper's Optimus, each trained alike beside the faithful one.

    python benchmarks/variants.py [--base optimus-small] [--switches leak,adam-residual] [--meta-steps 300] [-o DIR]

Every variant starts from its own random weights and gets the same problems, back-propagation over 40 steps, the same
number of meta-steps and seed. Shown: decades gained on the validation problems (30 and 50 dimensions, 100 steps; the
lower the better) by the untrained weights, the best, and the mean of the last three validations; and seconds. A run
that was stopped goes on where it was, variants that are finished are not trained again.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from motionrecon.jobs import runtime
from motionrecon.models.learned import catalog
from motionrecon.optimizer_lab.meta_train import checkpoint, presets, run, training_log
from motionrecon.optimizer_lab.meta_train.loop import Limits


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base", default="optimus-small")
    parser.add_argument("--switches", default=",".join(catalog.SWITCHES), help="each alone; A+B: both at once")
    parser.add_argument("--meta-steps", type=int, default=300)
    parser.add_argument("--problem-clip", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", type=Path, default=Path("runs/variants"))
    options = parser.parse_args()
    runtime.configure("cpu")
    print("| variant | untrained | best | mean of the last three | s |\n|---|---|---|---|---|", flush=True)
    for switch in ["", *options.switches.split(",")]:
        rule = f"{options.base}+{switch}" if switch else options.base
        recipe = presets.recipe(
            "laptop", rule, f"bptt:{options.meta_steps}", problem_clip=options.problem_clip, variants=("offset",),
            seed=options.seed, validation_every=max(1, options.meta_steps // 10),
        )  # fmt: skip
        folder = options.output / f"{rule}-{options.meta_steps}-{options.seed}"
        begun = (folder / checkpoint.NAME).is_file()
        folder.mkdir(parents=True, exist_ok=True)
        run.train(recipe, folder, Limits(), resume=begun, command="benchmarks/variants.py")
        rows = training_log.read(folder)
        scores = [row["validation"] for row in rows if row["validation"] is not None]
        first = rows[0]["best"]
        print(f"| {switch or 'faithful'} | {first:.2f} | {min(scores):.2f} | {sum(scores[-3:]) / 3:.2f} "
              f"| {rows[-1]['seconds']:.0f} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
