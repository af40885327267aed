"""Time of one optimizer step against dimension, up to 10,000 parameters, all in one run (the paper's Fig. 8).

    python benchmarks/step_time.py [--dims 10,100,1000,10000] [--rules optimus,optimus-low-rank] [--seconds 300]

The objective's own time is left out. Learned rules have random weights: a step's time does not depend on them. At
d = 10,000 SciPy's BFGS takes minutes a step and 4 GB, dense Optimus about 10 GB; what is beyond --seconds or
--gigabytes is not run and says so.
"""

from __future__ import annotations

import argparse

import jax

from motionrecon.jobs import runtime
from motionrecon.models.learned import catalog
from motionrecon.optimizer_lab.benchmark import step_time
from motionrecon.optimizer_lab.benchmark.rule_methods import RuleMethod

RULES = "optimus,optimus-low-rank,adafactor-mlp,optimus-qn"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dims", default=",".join(map(str, step_time.DIMENSIONS)))
    parser.add_argument("--rules", default=RULES)
    parser.add_argument("--seconds", type=float, default=300.0, help="longest step of SciPy's BFGS that is run")
    parser.add_argument("--gigabytes", type=float, default=16.0)
    options = parser.parse_args()
    runtime.configure("cpu")
    rules = []
    for name in options.rules.split(","):
        rule = catalog.make_rule(name)
        rules.append(RuleMethod(rule, rule.init_weights(jax.random.key(0)), {}, 0))
    dims = [int(word) for word in options.dims.split(",")]
    limits = step_time.Limits(options.seconds, 1e9 * options.gigabytes)
    base: dict[int, float] = {}
    print(f"{'':20s}" + "".join(f"{f'd = {d}':>24s}" for d in dims))
    last: str | None = None
    for time in step_time.measure(rules, dims, limits):
        if time.method != last:
            print(f"{'' if last is None else chr(10)}{time.method:20s}", end="", flush=True)
            last = time.method
        if time.seconds is None:
            print(f"{time.note.removeprefix('not run: '):>24s}", end="", flush=True)
            continue
        if time.method == step_time.REFERENCE:
            base[time.d] = time.seconds
        beside = f" ({time.seconds / base[time.d]:.2g})" if time.d in base else ""
        print(f"{f'{1000 * time.seconds:.3g} ms' + beside:>24s}", end="", flush=True)
    print(f"\nIn brackets: times {step_time.REFERENCE}.")


if __name__ == "__main__":
    main()
