"""Kazdan et al. 2024: replaced, accumulated, or a part of what accumulates; a hundred iterations of each."""

from collections.abc import Callable
from functools import partial

from matplotlib.axes import Axes

from jaxcollapse.chain.pooled import Accumulate, AccumulateSubsample, Replace
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.figures.figure import Figure, Runs
from jaxcollapse.figures.frame import Chain, compare
from jaxcollapse.models.gaussian.univariate import Gaussian
from jaxcollapse.models.regression.linear_regression import LinearRegression
from jaxcollapse.theory import Spectrum
from jaxcollapse.theory.papers import KAZDAN_2024

_figure = partial(Figure, KAZDAN_2024)
_GENERATIONS, _DIM = 100, 10
_SIZES, _ROWS = (10, 32, 100), (32, 100, 316, 1000)
_WORKFLOWS: dict[str, Callable[[], Workflow]] = {
    "replace": Replace,
    "accumulate": Accumulate,
    "a part of what accumulates": AccumulateSubsample,
}


def _gaussian(ax: Axes, runs: Runs, *, name: str, metric: str, ylabel: str) -> None:
    workflow = _WORKFLOWS[name]()
    model = Gaussian(ddof=0, sampling="raw" if workflow.needs_rows else "exact")
    sizes = _SIZES[:2] if workflow.needs_rows else _SIZES  # picking rows of a long pool takes long
    chains = {f"n = {n}": Chain(model, workflow, metric, n, _GENERATIONS) for n in sizes}
    compare(ax, runs, chains, ylabel=ylabel)
    ax.set_ylim(bottom=0.0)
    ax.set_title(name, fontsize="small")


def _regression(ax: Axes, runs: Runs, *, name: str) -> None:
    model = LinearRegression(Spectrum.isotropic(_DIM), noise=1.0, design="fixed")
    chains = {f"T = {rows}": Chain(model, _WORKFLOWS[name](), "risk", rows, _GENERATIONS) for rows in _ROWS}
    ax.set_yscale("log")
    compare(ax, runs, chains, ylabel="excess risk")
    ax.set_title(name, fontsize="small")


def _of_gaussians(number: str, shows: str, metric: str, ylabel: str) -> Figure:
    panels = tuple(partial(_gaussian, name=name, metric=metric, ylabel=ylabel) for name in _WORKFLOWS)
    return _figure(number, shows, "d = 1, divisor n.", panels, replications=100)


FIGURES = (
    _of_gaussians(
        "gaussian-variance", "the variance of a Gaussian that is fitted again and again.", "variance", "mean of σ̂²"
    ),
    _of_gaussians("gaussian-mean", "how far the mean of a Gaussian wanders.", "squared_error", "mean of μ̂²"),
    _figure(
        "regression",
        "least squares on one design, labelled again and again.",
        f"d = {_DIM}, σ² = 1, one design of T rows.",
        tuple(partial(_regression, name=name) for name in ("replace", "accumulate")),
        replications=400,
        ours="100 seeds there",
    ),
)
