"""jaxcollapse against batched NumPy, paired and interleaved: medians, ratios with their range, and JSON.

Run ``python benchmarks/run.py --help``. Every repetition times all contestants one after the other, in turns that
start with a different one each time, so that a slow moment of the machine meets all of them. Both sides answer the
same question with the same number of replications, and their means are compared first.
"""

import argparse
import dataclasses
import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import jax
import numpy as np

import jaxcollapse as jc


@dataclasses.dataclass(frozen=True)
class Case:
    """One question and those who answer it: functions of a seed that return mean and standard error."""

    name: str
    question: str
    contestants: dict[str, Callable[[int], tuple[np.ndarray, np.ndarray]]]


def ours(experiment: Callable, replications: int) -> Callable[[int], tuple[np.ndarray, np.ndarray]]:
    def answer(seed):
        estimate = jc.monte_carlo(experiment, jax.random.key(seed), replications, progress=False)
        return estimate.mean, estimate.stderr

    return answer


def summarise(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return values.mean(axis=0), values.std(axis=0, ddof=1) / np.sqrt(len(values))


def gaussian(replications: int) -> Case:
    """The log variance of a Gaussian that is refitted to its own samples."""
    samples, generations = 100, 500

    def exact(key):
        run = jc.simulate(jc.Gaussian(ddof=1), jc.Replace(), key=key, samples=samples, generations=generations)
        return jax.numpy.log(run.variance)

    def numpy_statistic(seed):
        rng = np.random.default_rng(seed)
        steps = np.log(rng.chisquare(samples - 1, (replications, generations)) / (samples - 1))
        return summarise(np.cumsum(steps, axis=1))

    def numpy_rows(seed):
        rng = np.random.default_rng(seed)
        mean, sd = np.zeros((replications, 1)), np.ones((replications, 1))
        path = np.empty((replications, generations))
        for g in range(generations):
            rows = mean + sd * rng.standard_normal((replications, samples))
            mean, sd = rows.mean(axis=1, keepdims=True), rows.std(axis=1, ddof=1, keepdims=True)
            path[:, g] = 2 * np.log(sd[:, 0])
        return summarise(path)

    question = f"Gaussian, Replace, n = {samples}, {generations} generations, {replications:,} replications"
    return Case(
        "gaussian",
        question,
        {"jaxcollapse": ours(exact, replications), "numpy, chi-square": numpy_statistic, "numpy, rows": numpy_rows},
    )


def least_squares(replications: int) -> Case:
    """The excess risk of least squares on its own labels."""
    dim, samples, generations = 100, 200, 5
    model = jc.LinearRegression(spectrum=jc.theory.Spectrum.isotropic(dim), noise=1.0, penalty=0.0)

    def exact(key):
        return jc.simulate(model, jc.Replace(), key=key, samples=samples, generations=generations).risk

    def numpy_rows(seed, batch=64):
        rng = np.random.default_rng(seed)
        path = np.empty((replications, generations))
        for start in range(0, replications, batch):
            size = min(batch, replications - start)
            error = np.zeros((size, dim, 1))
            for g in range(generations):
                design = rng.standard_normal((size, samples, dim))
                labels = design @ error + rng.standard_normal((size, samples, 1))
                transposed = design.transpose(0, 2, 1)
                error = np.linalg.solve(transposed @ design, transposed @ labels)
                path[start : start + size, g] = (error**2).sum(axis=(1, 2))
        return summarise(path)

    question = (
        f"least squares, Replace, d = {dim}, T = {samples}, {generations} generations, {replications:,} replications"
    )
    return Case("least-squares", question, {"jaxcollapse": ours(exact, replications), "numpy, rows": numpy_rows})


def agree(case: Case) -> None:
    """Refuse to time contestants whose answers differ by more than six standard errors."""
    answers = {name: answer(1) for name, answer in case.contestants.items()}
    (reference, (mean, stderr)), *others = answers.items()
    for name, (other, other_stderr) in others:
        z = np.max(np.abs(mean - other) / np.hypot(stderr, other_stderr))
        if not z < 6:
            raise SystemExit(f"{case.name}: {reference} and {name} differ by {z:.1f} standard errors")


def race(case: Case, repetitions: int) -> dict:
    """Seconds of every contestant in every repetition, the first call (with compilation) apart."""
    first = {}
    for name, answer in case.contestants.items():
        began = time.perf_counter()
        answer(0)
        first[name] = time.perf_counter() - began
    agree(case)
    names = list(case.contestants)
    seconds = {name: [] for name in names}
    for repetition in range(repetitions):
        turn = repetition % len(names)
        for name in names[turn:] + names[:turn]:
            began = time.perf_counter()
            case.contestants[name](2 + repetition)
            seconds[name].append(time.perf_counter() - began)
    ours = seconds["jaxcollapse"]
    ratios = {name: sorted(b / a for a, b in zip(ours, seconds[name], strict=True)) for name in names}
    return {
        "case": case.name,
        "question": case.question,
        "repetitions": repetitions,
        "first_call_seconds": first,
        "median_seconds": {name: statistics.median(values) for name, values in seconds.items()},
        "ratio_to_jaxcollapse": {
            name: {"median": statistics.median(r), "smallest": r[0], "largest": r[-1]} for name, r in ratios.items()
        },
        "seconds": seconds,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE", help="gaussian, least-squares (all by default)")
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--scale", type=float, default=1.0, help="factor on the number of replications")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there")
    options = parser.parse_args()
    makers = {"gaussian": (gaussian, 10_000), "least-squares": (least_squares, 1_000)}
    if unknown := set(options.cases) - set(makers):
        parser.error(f"unknown case {sorted(unknown)}: choose from {', '.join(makers)}")
    results = []
    for name in options.cases or makers:
        maker, replications = makers[name]
        result = race(maker(max(2, int(replications * options.scale))), options.repetitions)
        results.append(result)
        print(f"\n{result['question']} (median of {options.repetitions})")
        print(f"{'':<20} {'first call':>11} {'median':>11}   time / time of jaxcollapse (smallest to largest)")
        for contestant, median in result["median_seconds"].items():
            ratio = result["ratio_to_jaxcollapse"][contestant]
            print(
                f"{contestant:<20} {result['first_call_seconds'][contestant]:>9.3f} s {median:>9.4f} s   "
                f"{ratio['median']:.2f} ({ratio['smallest']:.2f} to {ratio['largest']:.2f})"
            )
    if options.json:
        machine = {"cores": os.cpu_count(), "machine": platform.machine(), "python": platform.python_version()}
        versions = {"jax": jax.__version__, "numpy": np.__version__, "jaxcollapse": jc.__version__}
        options.json.write_text(json.dumps({"machine": machine, "versions": versions, "results": results}, indent=1))


if __name__ == "__main__":
    main()
