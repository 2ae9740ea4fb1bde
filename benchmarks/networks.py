"""What non-linear networks do in the loop: each metric by generation and workflow, with its standard error.

`python benchmarks/networks.py` trains the two networks of the claims of `jaxcollapse.claims.networks.trained`, a
variational autoencoder of digits and a diffusion model of pentane, under Replace, Accumulate and a mixture with a half
of real data, on the same random numbers. `--replications`, `--only vae` or `--only molecule`, and `--out
FILE.json` change that. It takes a few minutes on two cores.
"""

import argparse
import json
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

import jaxcollapse as jc
from jaxcollapse.claims.networks import trained as networks

WORKFLOWS = ("replace", "accumulate", "mix")
SETTINGS = {"vae": (networks.autoencoder, 6), "molecule": (networks.diffusion, 4)}


def table(name: str, replications: int) -> dict[str, dict[str, dict[str, list[float]]]]:
    """Mean and standard error of every metric under every workflow."""
    make, generations = SETTINGS[name]
    model, matrix = make(), jnp.asarray(np.stack([networks.matrices(generations)[flow] for flow in WORKFLOWS]))

    def run(key, *, flow):
        workflow = jc.Weighted(matrix[flow])
        return jc.simulate(model, workflow, key=key, samples=networks.SAMPLES, generations=generations).metrics

    began = time.perf_counter()
    grid = jc.Grid(flow=np.arange(len(WORKFLOWS)))
    estimate = jc.monte_carlo(run, jax.random.key(0), replications, grid=grid)
    print(f"\n{name}: {replications} replications, {time.perf_counter() - began:.0f} s")
    found: dict[str, dict[str, dict[str, list[float]]]] = {}
    for i, flow in enumerate(WORKFLOWS):
        for metric, mean in estimate.mean.items():
            error = estimate.stderr[metric][i]
            found.setdefault(flow, {})[metric] = {"mean": mean[i].tolist(), "stderr": error.tolist()}
            pairs = zip(mean[i], error, strict=True)
            print(f"  {flow:10} {metric:12}", "  ".join(f"{m:8.4g} ± {e:.2g}" for m, e in pairs))
    if name == "vae":
        start = float(np.asarray(model.rows).var(axis=0).sum())
        curve = jnp.asarray(found["replace"]["variance"]["mean"])
        for flow in WORKFLOWS[1:]:
            predicted = np.asarray(networks.one_curve(curve, start, networks.matrices(generations)[flow]))
            print(f"  {flow:10} variance predicted from Replace alone:", "  ".join(f"{v:.4g}" for v in predicted))
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replications", type=int, default=16)
    parser.add_argument("--only", choices=tuple(SETTINGS))
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    tables = {name: table(name, options.replications) for name in SETTINGS if options.only in (None, name)}
    if options.out:
        options.out.write_text(json.dumps(tables, indent=1), encoding="utf-8")
