"""Suresh, Thangaraj and Khandavally 2024: how fast a chain of fits collapses."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key
from matplotlib.axes import Axes

from jaxcollapse import plot
from jaxcollapse.chain.pooled import Replace
from jaxcollapse.chain.predict import predict
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.figures.figure import Figure, Runs
from jaxcollapse.models.exponential_family import Bernoulli
from jaxcollapse.models.gaussian.univariate import Gaussian
from jaxcollapse.theory import gaussian
from jaxcollapse.theory.papers import SURESH_2024

_figure = partial(Figure, SURESH_2024)
_ROWS, _LONG, _TOSSES, _SHARE = 100, 2500, 600, 0.2
_TIMES, _EVERY = np.linspace(50, _LONG, 8).astype(int), 10
_FEW, _LEVEL, _LATE = 10, 0.1, np.arange(10, 201, 10)


def _paths(ax: Axes, runs: Runs, path, x, ylabel: str) -> None:
    """Single chains in grey."""
    keys = jax.random.split(runs.key, runs.replications)
    paths = np.asarray(jax.jit(jax.vmap(path))(keys))
    for row, one in enumerate(paths):
        ax.plot(x, one, color="0.7", linewidth=0.6, label=None if row else f"{len(paths)} chains")
    ax.set(xlabel="generation g", ylabel=ylabel)


def _deviation(ax: Axes, runs: Runs) -> None:
    def path(key: Key[Array, ""]) -> Array:
        run = simulate(Gaussian(ddof=1), Replace(), key=key, samples=_ROWS, generations=_LONG)
        return jnp.exp(0.5 * run.log_variance[::_EVERY])

    ax.set_yscale("log")
    _paths(ax, runs, path, np.arange(1, _LONG + 1, _EVERY), "standard deviation")
    levels = jnp.array([0.05, 0.5, 0.95])
    law = partial(gaussian.variance_quantile, samples=_ROWS, ddof=1)
    quantiles = np.array([jax.vmap(partial(law, generations=int(t)))(levels) for t in _TIMES]).T ** 0.5
    ax.fill_between(_TIMES, quantiles[0], quantiles[2], color="#0072B2", alpha=0.2, linewidth=0, label="90 % of chains")
    ax.plot(_TIMES, quantiles[1], color="#0072B2", label="median")
    ax.legend(frameon=False, fontsize="small")
    ax.set_title(f"Gaussian, n = {_ROWS}, unbiased variance", fontsize="small")


def _probability(ax: Axes, runs: Runs) -> None:
    model, sizes = Bernoulli(_SHARE), {"samples": _ROWS, "generations": _TOSSES}
    path = lambda key: simulate(model, Replace(), key=key, **sizes).estimate  # noqa: E731
    g = np.arange(1, _TOSSES + 1)
    _paths(ax, runs, path, g, "probability")
    deviation = np.sqrt(predict(model, Replace(), **sizes).squared_error)
    ax.fill_between(
        g, np.maximum(_SHARE - deviation, 0), _SHARE + deviation, color="#0072B2", alpha=0.2, linewidth=0,
        label="one standard deviation",
    )  # fmt: skip
    ax.axhline(_SHARE, color="#0072B2", label="mean")
    ax.legend(frameon=False, fontsize="small")
    ax.set_title(f"Bernoulli, p = {_SHARE}, n = {_ROWS}", fontsize="small")


def _survival(ax: Axes, runs: Runs) -> None:
    def above(key):
        run = simulate(Gaussian(ddof=1), Replace(), key=key, samples=_FEW, generations=int(_LATE[-1]))
        return run.log_variance[_LATE - 1] > 2 * np.log(_LEVEL)

    law = partial(gaussian.variance_sf, _LEVEL**2, samples=_FEW, ddof=1)
    theory = np.array([float(law(generations=int(t))) for t in _LATE])
    ax.set_yscale("log")
    plot.curves(runs.estimate(above), theory, x=_LATE, ax=ax, ylabel="P(σ̂ > 0.1)")
    bound = gaussian.deviation_bound(_LEVEL, samples=_FEW, generations=int(_LATE[-1]))
    ax.plot(
        np.arange(1, _LATE[-1] + 1), np.minimum(bound, 1), color="0.4", linestyle="--", linewidth=1, label="their bound"
    )
    ax.set_ylim(1e-3, 1.5)
    ax.legend(frameon=False, fontsize="small")


FIGURES = (
    _figure(
        "2",
        "a Gaussian and a coin, each fitted to its own samples; the theory is that of all chains.",
        "Replace.",
        (_deviation, _probability),
        replications=25,
    ),
    _figure(
        "survival",
        "the chance that a Gaussian chain keeps a standard deviation: the exact law, and a bound.",
        f"Replace, n = {_FEW}, unbiased variance, ε = {_LEVEL}.",
        (_survival,),
        replications=10_000,
        ours="1000 chains there",
    ),
)
