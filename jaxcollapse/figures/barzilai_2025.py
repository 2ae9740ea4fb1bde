"""Barzilai and Shamir 2025, appendix G: the error of maximum likelihood on accumulating data stays flat."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from matplotlib.axes import Axes
from scipy.special import ellipe

from jaxcollapse import plot
from jaxcollapse.chain.model import Model
from jaxcollapse.chain.pooled import Accumulate
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.figures.figure import Figure, Runs
from jaxcollapse.models.exponential_family import Beta, Exponential
from jaxcollapse.models.gaussian.univariate import Gaussian
from jaxcollapse.theory import mean
from jaxcollapse.theory.papers import BARZILAI_2025

_figure = partial(Figure, BARZILAI_2025)
_SIZES, _GENERATIONS = (20, 50, 100), 100
_NAMES = [f"n = {n}" for n in _SIZES]
_NORMAL = np.sqrt(2 / np.pi)  # the mean distance of a standard normal variate from zero
_TWO_NORMALS = _NORMAL * float(ellipe(0.5))  # that of two, one with half the variance: of a mean and a deviation
_FEW, _SHAPES = 50, np.linspace(0.1, 1.0, 10)


def _run(key, model: Model, samples: int) -> Any:
    return simulate(model, Accumulate(), key=key, samples=samples, generations=_GENERATIONS)


def _growth() -> Array:
    """How many times the first error that of each generation is."""
    return jnp.sqrt(mean.inflation(Accumulate(), generations=_GENERATIONS))


def _distance(ax: Axes, runs: Runs, *, model: Callable[[], Model], distance: Callable, first: float) -> None:
    """The mean distance from the truth; by theory `first` over the root of n at generation one."""

    def distances(key):
        keys = jax.random.split(key, len(_SIZES))
        return jnp.stack([distance(_run(own, model(), n)) for own, n in zip(keys, _SIZES, strict=True)])

    estimate = runs.estimate(distances)
    theory = jnp.stack([first / np.sqrt(n) * _growth() for n in _SIZES])
    plot.curves(estimate, theory, ax=ax, label=_NAMES, xlabel="generation T", ylabel="mean distance from the truth")
    ax.set_ylim(bottom=0)


def _from_standard(run) -> Array:
    return jnp.hypot(run.mean, jnp.exp(0.5 * run.log_variance) - 1)


def _from_one(run) -> Array:
    return jnp.abs(run.estimate - 1)


def _ratio(ax: Axes, runs: Runs) -> None:
    """The mean error of fifty runs at the last generation over that at the first, for several true parameters."""

    def errors(key, shape, samples):
        return jnp.abs(_run(key, Beta(shape), samples).estimate[np.array([0, -1])] - shape)

    def ratio(key, shape, samples):
        first, last = jax.vmap(lambda key: errors(key, shape, samples))(jax.random.split(key, _FEW)).mean(axis=0)
        return last / first

    def ratios(key):
        keys = jax.random.split(key, (len(_SIZES), len(_SHAPES)))
        shapes = jnp.asarray(_SHAPES)
        return jnp.stack(
            [
                jax.lax.map(lambda at, n=n: ratio(at[0], at[1], n), (own, shapes))
                for own, n in zip(keys, _SIZES, strict=True)
            ]
        )

    names = {"label": _NAMES, "xlabel": "true parameter θ", "ylabel": "error at T = 100 / error at T = 1"}
    plot.curves(runs.estimate(ratios), np.full(len(_SHAPES), _growth()[-1]), x=_SHAPES, ax=ax, **names)


def _family(number: str, family: str, model: Callable, distance: Callable, first: float) -> Figure:
    return _figure(
        number,
        f"the error of iterated maximum likelihood for {family}: lines are the limit of large n.",
        f"Accumulate, n = {', '.join(map(str, _SIZES))}.",
        (partial(_distance, model=model, distance=distance, first=first),),
        replications=1000,
        ours="50 runs there",
    )


FIGURES = (
    _family("1", "a Gaussian (μ, σ) = (0, 1)", lambda: Gaussian(ddof=0), _from_standard, _TWO_NORMALS),
    _family("2", "an exponential distribution, θ = 1", Exponential, _from_one, _NORMAL),
    _family("3", "a Beta distribution, θ = 1", Beta, _from_one, _NORMAL),
    _figure(
        "4",
        "no true parameter of a Beta distribution is harder than another; the line is the limit of large n.",
        f"Accumulate, each ratio from {_FEW} runs, n = {', '.join(map(str, _SIZES))}.",
        (_ratio,),
        replications=100,
        ours="one ratio there",
    ),
)
