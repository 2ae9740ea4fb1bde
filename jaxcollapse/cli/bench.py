"""`jaxcollapse bench`: how fast this machine is, on three questions whose answers are known."""

import sys
import time
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

import typer

from jaxcollapse.cli._print import print_json
from jaxcollapse.cli._status import Status

EPILOG = f"""\
Examples:
  jaxcollapse bench
  jaxcollapse bench --json > this-machine.json

Ratios against other tools come from `python benchmarks/run.py` in the source
tree.

Exit status:
  {Status.OK:<3}  every mean agrees with its theory
  {Status.FAILED:<3}  one does not
  {Status.INTERRUPTED:<3}  Ctrl-C
"""
_ALLOWED = 5.0
"""Standard errors that the worst of up to 500 entries may be away."""
_CALLS = 3


class Question(NamedTuple):
    """A curve to be simulated, and what is known about it."""

    name: str
    setting: str
    run: Callable[[Any], Any]
    theory: Callable[[], Any]
    replications: int
    error: float = 0.0
    """The relative error of the theory itself, where that is asymptotic."""


def bench(
    json: Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else.")] = False,
) -> None:
    """Measure this machine on three standard questions, in about 20 s.

    For each: the time of the first call, which compiles, and that of a call
    afterwards (the best of 3), replications per second, and how far the means
    are from the theory.
    """
    import jax

    from jaxcollapse.machine.versions import versions

    jax.config.update("jax_enable_compilation_cache", False)
    results = []
    for question in questions():
        if sys.stderr.isatty():
            print(f"{question.name} ...", file=sys.stderr)
        results.append(measure(question, jax.random.key(0)))
    about = versions() | {"precision": str(jax.numpy.result_type(float))}
    if json:
        print_json({"format": "jaxcollapse-bench-1", "versions": about, "questions": results})
    else:
        _show(results, about)
    if not all(result["agrees"] for result in results):
        raise typer.Exit(Status.FAILED)


def questions() -> list[Question]:
    """The three questions: through the public interface, as a user would ask them."""
    import jaxcollapse as jc

    isotropic = jc.theory.Spectrum.isotropic(100)

    def risk(penalty: float, generations: int) -> Callable[[Any], Any]:
        model = jc.LinearRegression(spectrum=isotropic, noise=1.0, penalty=penalty)
        return lambda key: jc.simulate(model, jc.Replace(), key=key, samples=200, generations=generations).risk

    def log_variance(key):
        return jc.simulate(jc.Gaussian(ddof=1), jc.Replace(), key=key, samples=100, generations=500).log_variance

    return [
        Question(
            "ridge chain",
            "d = 100, n = 200, λ = 0.1, 10 generations",
            risk(0.1, 10),
            lambda: jc.theory.regression.ridge_replace(isotropic, samples=200, noise=1.0, penalty=0.1, generations=10),
            100_000,
            error=0.01,  # of order 1/d
        ),
        Question(
            "least squares",
            "d = 100, n = 200, 20 generations",
            risk(0.0, 20),
            lambda: jc.theory.regression.ols_replace(dim=100, samples=200, noise=1.0, generations=20),
            100_000,
        ),
        Question(
            "refitted Gaussian",
            "n = 100, 500 generations",
            log_variance,
            lambda: jc.theory.gaussian.log_variance_mean(samples=100, generations=500, ddof=1),
            20_000,
        ),
    ]


def measure(question: Question, key: Any) -> dict[str, Any]:
    """The times of a question, and how far its answer is from the theory, as what `json` can write."""
    import numpy as np

    from jaxcollapse import monte_carlo

    times = []
    for _ in range(1 + _CALLS):
        began = time.perf_counter()
        estimate = monte_carlo(question.run, key, question.replications, progress=False)
        times.append(time.perf_counter() - began)
    theory = np.asarray(question.theory(), float)
    gap, stderr = np.abs(estimate.mean - theory), np.asarray(estimate.stderr)
    beyond = np.maximum(gap - question.error * np.abs(theory), 0.0) / stderr
    return {
        "name": question.name,
        "setting": question.setting,
        "replications": question.replications,
        "first_call_seconds": times[0],
        "call_seconds": min(times[1:]),
        "replications_per_second": question.replications / min(times[1:]),
        "theory_relative_error": question.error,
        "largest_deviation_in_standard_errors": float(beyond.max()),
        "agrees": bool(beyond.max() <= _ALLOWED),
    }


def _show(results: list[dict[str, Any]], about: dict[str, str]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Column, Table

    heads = ("first call", "later calls", "replications/s", "off theory by")
    table = Table("question", *(Column(head, justify="right") for head in heads), box=SIMPLE_HEAD, pad_edge=False)
    for result in results:
        deviation = f"{result['largest_deviation_in_standard_errors']:.1f} s.e."
        table.add_row(
            result["name"],
            f"{result['first_call_seconds']:.1f} s",
            f"{result['call_seconds']:.2f} s",
            f"{result['replications_per_second']:,.0f}",
            deviation if result["agrees"] else f"[bold red]{deviation}[/bold red]",
        )
    console = Console(highlight=False)
    console.print(table)
    for result in results:
        console.print(f"{result['name']}: {result['setting']}, {result['replications']:,} replications")
    console.print(
        f"\nOff theory: the largest deviation of any generation in standard errors; up to {_ALLOWED:g} agree. The "
        "theory of the ridge chain is asymptotic: 1 % (1/d) is left out.\n"
        f"{about['device']}, {about['precision']}, jax {about['jax']}. Ratios against other tools: python "
        "benchmarks/run.py in the source tree."
    )
