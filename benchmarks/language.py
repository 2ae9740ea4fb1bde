"""What a transformer does in the loop: ten loops on the text that comes with Python, each metric by generation.

`python benchmarks/language.py` trains a transformer of 15,099 weights (27 letters, rows of 32, width 32, one layer of
two heads) for 300 steps of 32 rows in every generation, on 1,000 rows, with 8 replications of six generations. `--only`
names some of the loops, `--replications` their number, and `--out FILE.json` keeps the table. A loop takes a minute on
two cores.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import jax

import jaxcollapse as jc

SIZES = dict(samples=1000, generations=6)
EPOCHS = 9.6  # of 1,000 rows in batches of 32: 300 steps
LOOPS: dict[str, tuple[Any, dict[str, Any]]] = {
    "replace": (jc.Replace(), {}),
    "accumulate, same steps": (jc.Accumulate(), {}),
    "accumulate, same epochs": (jc.Accumulate(), dict(epochs=EPOCHS)),
    "accumulate-subsample": (jc.AccumulateSubsample(), {}),
    "mix with fixed real rows": (jc.Mix("fixed"), {}),
    "edits at 0.9": (jc.Replace(), dict(edit=0.9)),
    "temperature 0.5, replace": (jc.Replace(), dict(temperature=0.5)),
    "temperature 0.5, accumulate": (jc.Accumulate(), dict(temperature=0.5)),
    "temperature 1.5, replace": (jc.Replace(), dict(temperature=1.5)),
    "warm start, replace": (jc.Replace(), dict(warm=True)),
}


def table(name: str, replications: int) -> dict[str, dict[str, list[float]]]:
    """Mean and standard error of every metric in one loop."""
    workflow, options = LOOPS[name]
    model = jc.Transformer(jc.datasets.text(), **options)
    began, spent = time.perf_counter(), time.process_time()
    run = lambda key: jc.simulate(model, workflow, key=key, **SIZES).metrics  # noqa: E731
    estimate = jc.monte_carlo(run, jax.random.key(0), replications, progress=False)
    took = f"{time.perf_counter() - began:.0f} s, {time.process_time() - spent:.0f} s of processors"
    print(f"\n{name}: {replications} replications, {took}", flush=True)
    found = {}
    for metric, mean in estimate.mean.items():
        error = estimate.stderr[metric]
        found[metric] = {"mean": mean.tolist(), "stderr": error.tolist()}
        print(f"  {metric:10}", "  ".join(f"{m:.3f} ± {e:.3f}" for m, e in zip(mean, error, strict=True)), flush=True)
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replications", type=int, default=8)
    parser.add_argument("--only", nargs="+", choices=tuple(LOOPS), default=list(LOOPS))
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    tables = {name: table(name, given.replications) for name in given.only}
    if given.out:
        given.out.write_text(json.dumps(tables, indent=1), encoding="utf-8")
