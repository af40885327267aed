"""PES, NRES and BPTT side by side: validation of the weights against the time of training, one budget for each.

    python benchmarks/meta_training.py --rule optimus-small --minutes 5 -o runs/meta-training

Every estimator trains the same random weights on the same families of problems (the laptop preset's, or another's)
with its own stage of that preset, its learning rate held constant, for the same wall time on one core. The folder gets
``curves.png``, ``table.md`` and each run's own files. Compilation counts, so a second run, with its programs in the
cache, gets further; the table says how long the first meta-step took to come.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from motionrecon.jobs import runtime
from motionrecon.optimizer_lab.meta_train import curves, presets, run, training_log
from motionrecon.optimizer_lab.meta_train.loop import Limits
from motionrecon.optimizer_lab.meta_train.recipe import ESTIMATORS


def measured(folder: Path, minutes: float) -> dict[str, object]:
    """Return a line of the table."""
    rows = training_log.read(folder)
    scores = [(row["seconds"], row["validation"]) for row in rows if row["validation"] is not None]

    def best_by(share: float) -> str:
        seen = [score for seconds, score in scores if seconds <= share * 60 * minutes * 1.02]
        return f"{min(seen):.2f}" if seen else ""

    first, last = rows[0], rows[-1]
    rate = (last["meta_step"] - first["meta_step"]) / max(last["seconds"] - first["seconds"], 1e-9)
    return {
        "estimator": last["estimator"],
        "meta-steps": last["meta_step"],
        "meta-steps/s": f"{rate:.1f}",
        "first after (s)": f"{first['seconds']:.0f}",
        "a quarter": best_by(0.25),
        "half": best_by(0.5),
        "three quarters": best_by(0.75),
        "all": f"{min(score for _, score in scores):.2f}" if scores else "",
        "skipped": last["skipped"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rule", default="optimus-small")
    parser.add_argument("--preset", default="laptop")
    parser.add_argument("--minutes", type=float, default=5.0, help="for each estimator")
    parser.add_argument("--estimators", default=",".join(ESTIMATORS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--validate-every", type=int, help="meta-steps; default: 20 for BPTT, 200 for PES and NRES")
    parser.add_argument("-o", "--output", type=Path, default=Path("runs/meta-training"))
    options = parser.parse_args()
    runtime.configure("cpu")
    folders: dict[str, Path] = {}
    for name in options.estimators.split(","):
        every = options.validate_every or (20 if name == "bptt" else 200)
        recipe = presets.recipe(
            options.preset, options.rule, name, meta_steps=10**6, schedule="constant", seed=options.seed,
            validation_every=every,
        )  # fmt: skip
        folder = options.output / f"{options.rule}-{name}"
        folder.mkdir(parents=True, exist_ok=True)
        outcome = run.train(recipe, folder, Limits(minutes=options.minutes), command="benchmarks/meta_training.py")
        folders[name] = folder
        print(f"{name}: {outcome.first_score:.2f} -> {outcome.score:.2f} decades", flush=True)
    curves.write(options.output / "curves.png", folders)
    lines = [measured(folder, options.minutes) for folder in folders.values()]
    heads = list(lines[0])
    table = [heads, ["---"] * len(heads), *[[str(line[head]) for head in heads] for line in lines]]
    text = "\n".join("| " + " | ".join(cells) + " |" for cells in table) + "\n"
    (options.output / "table.md").write_text(text, encoding="utf-8")
    print(f"\nBest validation (decades) after shares of {options.minutes:g} min, rule {options.rule}:\n\n{text}")


if __name__ == "__main__":
    main()
