"""A guard against slowness: seven short cases, each timed against a NumPy kernel in the same process.

``python benchmarks/guard.py`` prints a table and exits with status 1 where a ratio has grown to more than 1.5 times
that in ``guard.json``; ``--renew`` writes that file. Ratios are compared and not times, since machines differ, and CPU
times of all threads together, since hours differ: who else is on the machine hardly counts.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

FILE = Path(__file__).with_name("guard.json")
ALLOWED = 1.5
ROUNDS = 3


class Row(NamedTuple):
    """One case: the median ratio of its time to that of the kernel, and the stored one, if there is one."""

    name: str
    ratio: float
    stored: float | None

    @property
    def slowdown(self) -> float:
        """How many times the stored ratio it is; NaN for a new case."""
        return self.ratio / self.stored if self.stored else float("nan")

    @property
    def slow(self) -> bool:
        """Whether that is more than is allowed; a new case is not."""
        return self.slowdown > ALLOWED


def median_ratios(times: dict[str, list[float]], kernel: list[float]) -> dict[str, float]:
    """Of each case, the median over rounds of its time divided by that of the kernel in the same round."""
    return {
        name: statistics.median(own / unit for own, unit in zip(seconds, kernel, strict=True))
        for name, seconds in times.items()
    }


def compared(ratios: dict[str, float], stored: dict[str, float]) -> list[Row]:
    """Every case with the ratio of the file."""
    return [Row(name, ratio, stored.get(name)) for name, ratio in ratios.items()]


def table(rows: list[Row], there: str, here: str) -> str:
    """What is printed."""
    lines = [f"times relative to a NumPy kernel; stored on {there}, measured on {here}", ""]
    lines += [f"{'case':<28}{'ratio':>9}{'stored':>9}{'times':>8}"]
    for row in rows:
        stored, times = ("new", "") if row.stored is None else (f"{row.stored:.3f}", f"{row.slowdown:.2f}")
        lines.append(f"{row.name:<28}{row.ratio:>9.3f}{stored:>9}{times:>8}{'  SLOW' if row.slow else ''}")
    return "\n".join(lines)


def kernel() -> None:
    """What the cases are measured in: draws and arithmetic of NumPy on one core, a few hundredths of a second."""
    rng = np.random.default_rng(0)
    mean, log_variance = np.zeros(2_000), np.zeros(2_000)
    for _ in range(500):
        mean += np.exp(0.5 * log_variance) * rng.standard_normal(2_000) / 10
        log_variance += np.log(rng.chisquare(99.0, 2_000) / 99.0)


def cases() -> dict[str, Callable[[int], None]]:
    """Calls by name, each with the round as its seed."""
    import jax

    import jaxcollapse as jc
    from jaxcollapse.machine.precision import enable_x64

    spectrum = jc.theory.Spectrum.isotropic(100)

    def chain(make: Callable, workflow: jc.Workflow, metric: Callable, count: int, generations: int, **options):
        def call(seed: int) -> None:
            with enable_x64(options.get("double", False)):
                model = make()
                length = generations + (seed if options.get("first") else 0)  # another length is another program
                run = lambda key: metric(  # noqa: E731
                    jc.simulate(model, workflow, key=key, samples=200, generations=length)
                )
                jc.monte_carlo(run, jax.random.key(seed), count, progress=False).mean  # noqa: B018

        return call

    walk = lambda: jc.Gaussian(ddof=1)  # noqa: E731
    ridge = lambda: jc.LinearRegression(spectrum, noise=1.0, penalty=0.1)  # noqa: E731
    curves, last = (lambda run: (run.mean, run.log_variance)), (lambda run: run.variance[-1])
    risk = lambda run: run.risk  # noqa: E731
    return {
        "Gaussian walk, curves": chain(walk, jc.Replace(), curves, 10_000, 500),
        "Gaussian walk, last variance": chain(walk, jc.Replace(), last, 20_000, 500),
        "ridge chain, single": chain(ridge, jc.Replace(), risk, 50_000, 10),
        "ridge chain, double": chain(ridge, jc.Replace(), risk, 20_000, 10, double=True),
        "64 long ridge chains": chain(ridge, jc.Replace(), risk, 64, 400),  # of a tile, no more than is asked for
        "accumulated means": chain(walk, jc.Accumulate(), lambda run: run.mean, 10_000, 100),
        "a first small call": chain(walk, jc.Replace(), lambda run: run.mean, 10, 5, first=True),
    }


def measured(calls: dict[str, Callable[[int], None]], rounds: int) -> dict[str, float]:
    """The median ratios; a first round, in which programs are compiled, does not count."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    units = []
    for seed in range(rounds + 1):
        began = time.process_time()
        kernel()
        units.append(time.process_time() - began)
        for name, call in calls.items():
            began = time.process_time()
            call(seed)
            times[name].append(time.process_time() - began)
    return median_ratios({name: seconds[1:] for name, seconds in times.items()}, units[1:])


def main(arguments: list[str]) -> int:
    """The exit status."""
    import machine

    parser = argparse.ArgumentParser(description="Compare the speed of this copy with the stored one.")
    parser.add_argument("--renew", action="store_true", help="store the ratios of this machine")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args(arguments)
    facts = machine.describe()
    here = f"{facts['processor']}, {facts['cores']} cores"
    ratios = measured(cases(), options.rounds)
    if options.renew:
        kept = {"machine": here, "date": facts["date"], "ratios": {name: round(r, 4) for name, r in ratios.items()}}
        FILE.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    stored = json.loads(FILE.read_text(encoding="utf-8"))
    rows = compared(ratios, stored["ratios"])
    print(table(rows, f"{stored['machine']} ({stored['date']})", here))
    return int(any(row.slow for row in rows))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
