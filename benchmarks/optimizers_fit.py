"""The optimizers on one real clip in one run: error, contact, evaluations and speed on one core.

    python benchmarks/optimizers_fit.py [--optimizers gauss_newton lbfgs bfgs adam] [--frames N] [--max-evaluations N]

``mocap/cmu/07_01_walk.bvh``, whole, at 30 Hz. Each optimizer is warmed up first, so that no second is spent compiling.
Evaluations are those of the loss (with its gradient for the scalar ones), summed over the windows.
"""

from __future__ import annotations

import dataclasses

import tables

from motionrecon.config import Config, InputOptions, OptimizerOptions
from motionrecon.fitting import fit

CLIP = "mocap/cmu/07_01_walk.bvh"
COLUMNS = (
    ("optimizer", "optimizer", ""), ("physics_mm", "MPJPE-G mm", ".1f"), ("max_mm", "max mm", ".1f"),
    ("skate_percent", "skate %", ".1f"), ("penetration_mm", "penetration mm", ".1f"),
    ("optimize_s", "optimise s", ".1f"), ("compiled_s", "of it compiling s", ".1f"),
    ("evaluations", "evaluations", "d"), ("realtime", "s motion / s", ".2f"),
    ("fell", "fell", ""),
)  # fmt: skip


def goals(row: dict) -> list[str]:
    """Return what was asked of an optimizer, and whether it holds."""
    if row["optimizer"] == "gauss_newton":
        return [
            tables.goal("gauss_newton MPJPE-G", row["physics_mm"], 4.0, " mm"),
            tables.goal("gauss_newton foot skate", row["skate_percent"], 3.0, " %"),
            tables.goal("gauss_newton penetration", row["penetration_mm"], 5.0, " mm"),
            tables.goal("gauss_newton compute per second of motion", 1.0 / row["realtime"], 1.0, " s"),
        ]
    return [tables.goal("bfgs MPJPE-G", row["physics_mm"], 10.0, " mm")] if row["optimizer"] == "bfgs" else []


def main() -> None:
    """Run the table."""
    parser = tables.parser("The optimizers on one walk, side by side.")
    names = ("gauss_newton", "lbfgs", "bfgs", "adam")
    parser.add_argument("--optimizers", nargs="+", default=list(names), choices=(*names, "scipy_bfgs"))
    parser.add_argument("--frames", type=int, help="fit the first N frames only")
    parser.add_argument("--max-evaluations", type=int, help="limit a window; the optimizer's own by default")
    given = parser.parse_args()
    machine = tables.start(given.cores)
    path = given.samples / CLIP
    if not tables.present(path):
        return
    options = Config(input=InputOptions(fps=30.0))
    sequence = tables.first_frames(fit.observe_file(str(path), options.input), given.frames)
    rows, stages = [], tables.Stages()
    for name in given.optimizers:
        chosen = dataclasses.replace(options, optimizer=OptimizerOptions(name, given.max_evaluations))
        tables.warm_up(sequence, chosen)
        result = fit.fit_sequence(sequence, chosen, progress=stages)
        rows.append({"optimizer": name, **tables.mocap_numbers(result), "compiled_s": stages.take()})
        print(tables.markdown(COLUMNS, rows[-1:]).splitlines()[-1], flush=True)
    where = f"{path.name}, {rows[0]['frames']} frames ({rows[0]['clip_s']:.1f} s), cores: {given.cores}"
    text = "\n".join([where, "", tables.markdown(COLUMNS, rows), "", *(line for row in rows for line in goals(row))])
    print(f"\n{text}")
    tables.save(given.out, machine, text, rows)


if __name__ == "__main__":
    main()
