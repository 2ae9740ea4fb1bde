"""Xu, He and Cheng 2025, figure 3: how the variance of a Gaussian collapses, and what replications show of it."""

from collections.abc import Callable
from functools import partial

import jax.numpy as jnp
import numpy as np
from matplotlib.axes import Axes

from jaxcollapse import plot
from jaxcollapse.chain.pooled import Replace
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.figures.figure import Figure, Runs
from jaxcollapse.models.gaussian.univariate import Gaussian
from jaxcollapse.theory import gaussian
from jaxcollapse.theory.papers import XU_2025

_ROWS, _HORIZONS, _LEVEL = 100, np.arange(100, 501, 100), 0.05
_AXIS = "generation T"


def _variance(key):
    run = simulate(Gaussian(ddof=1), Replace(), key=key, samples=_ROWS, generations=int(_HORIZONS[-1]))
    return run.variance[_HORIZONS - 1]


def _over_horizons(function: Callable, *arguments: float, **numbers: int) -> np.ndarray:
    """A closed form at every horizon."""
    law = partial(function, *arguments, samples=_ROWS, ddof=1, **numbers)
    return np.array([float(law(generations=int(t))) for t in _HORIZONS])


def _moments(key):
    """The variance and the square of its error: one program for two panels."""
    variance = _variance(key)
    return jnp.stack([variance, (variance - 1) ** 2])


def _collapsed(ax: Axes, runs: Runs) -> None:
    estimate = runs.estimate(lambda key: 100.0 * (_variance(key) <= _LEVEL))
    theory = 100 * _over_horizons(gaussian.variance_cdf, _LEVEL)
    plot.curves(estimate, theory, x=_HORIZONS, ax=ax, xlabel=_AXIS, ylabel="% of chains with σ̂² ≤ 0.05")


def _of_one_sample(ax: Axes, numbers: np.ndarray, quantile: Callable, runs: Runs, ylabel: str) -> None:
    """Numbers of all chains together, and where they lie: the median and nine tenths of them."""
    low, middle, high = (_over_horizons(quantile, p, replications=runs.replications) for p in (0.05, 0.5, 0.95))
    ax.fill_between(_HORIZONS, low, high, color="#0072B2", alpha=0.2, linewidth=0, label="theory, 90 % of samples")
    ax.plot(_HORIZONS, middle, color="#0072B2", linewidth=1, label="theory, median")
    ax.plot(_HORIZONS, numbers, "o", color="#0072B2", markerfacecolor="white", markersize=4, label="simulation")
    ax.set(yscale="log", xlabel=_AXIS, ylabel=ylabel)
    ax.legend(frameon=False, fontsize="small")


def _largest(ax: Axes, runs: Runs) -> None:
    largest = runs.estimate(_moments).maximum[0]
    _of_one_sample(ax, largest, gaussian.variance_maximum_quantile, runs, "largest σ̂² of all chains")


def _risk(ax: Axes, runs: Runs) -> None:
    estimated = runs.estimate(_moments).mean[1]
    exact = gaussian.variance_risk(samples=_ROWS, generations=int(_HORIZONS[-1]), ddof=1)[_HORIZONS - 1]
    ax.plot(_HORIZONS, exact, color="black", linewidth=1, linestyle="--", label="theory, the true mean")
    _of_one_sample(ax, estimated, gaussian.estimated_risk_quantile, runs, "mean of (σ̂² − 1)² over all chains")


FIGURES = (
    Figure(
        XU_2025,
        "3",
        "the variance of a Gaussian collapses while its mean stays one; few chains carry the risk, so all miss it.",
        "Replace, n = 100, unbiased variance.",
        (_collapsed, _largest, _risk),
        replications=10_000,
        ours="the divisor n − 1, which the paper does not state",
    ),
)
