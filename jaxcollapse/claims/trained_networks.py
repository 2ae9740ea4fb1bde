"""Non-linear networks in the loop: a variational autoencoder of digits, a diffusion model of pentane.

The experiments are those of Gerstgrasser et al. 2024, arXiv:2404.01413, sections 3.2 and 3.3, on data that comes with
the library; what is claimed is of this page. No theorem says what a network of this kind does: each claim is about
single replications, and says what usually happens, in more than half of them. Generation ``g = 1`` is the fit to real
data alone. All workflows are matrices of weights, of one program, on the same random numbers; ``mix`` keeps real data
at a half of all weight.

A network trains for a third of a second, and a claim takes minutes: ``jaxcollapse verify --networks``.
"""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxcollapse.chain.simulate import simulate
from jaxcollapse.chain.workflow import Accumulate, Replace, Weighted
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.models.networks.autoencoder import VAE
from jaxcollapse.models.networks.classifier import Classifier
from jaxcollapse.models.networks.conformers import Diffusion
from jaxcollapse.models.networks.trained import Trained
from jaxcollapse.population import datasets

REFERENCE = None
SAMPLES, HELD_OUT, NOISE, LATENT = 1000, 397, 0.02, 8
_ATOMS, _CONFORMERS, _LEVELS = 5, 1000, 20
_MARGIN, _BOND_MARGIN = 0.03, 0.05


@functools.cache
def autoencoder() -> VAE:
    """Of the digits of scikit-learn: 64-64-64-(8), 3,000 steps of 64 rows, the decoder's mean."""
    x, y = datasets.digits("digit")
    order = np.random.default_rng(0).permutation(len(x))
    test, train = order[:HELD_OUT], order[HELD_OUT:]
    return VAE(x[train], x[test], Classifier(x[train], y[train]), latent=LATENT, noise=NOISE)


@functools.cache
def diffusion() -> Diffusion:
    """Of pentane at 300 K in internal coordinates: 20 levels, 3,000 steps of 128 rows."""
    with jax.ensure_compile_time_eval():
        real = datasets.alkane(jax.random.key(5), 2 * _CONFORMERS, _ATOMS, 300.0)
    return Diffusion(real._replace(x=real.x[_CONFORMERS:]), real.x[:_CONFORMERS], levels=_LEVELS)


def matrices(generations: int) -> dict[str, np.ndarray]:
    """Replace, accumulate, and a mixture with a half of real data: what weight each batch has."""
    sizes = jnp.full(generations, float(SAMPLES))
    half = 0.5 * np.eye(generations)
    half[:, 0] += 0.5
    with jax.ensure_compile_time_eval():
        plain = {"replace": Replace().weights(sizes)[0], "accumulate": Accumulate().weights(sizes)[0]}
    return {**{name: np.asarray(matrix, float) for name, matrix in plain.items()}, "mix": half}


def paths(model: Trained, key: jax.Array, workflows: tuple[str, ...], generations: int) -> dict[str, dict[str, Any]]:
    """The metrics of one replication under each workflow, with the same random numbers."""
    matrix = jnp.asarray(np.stack([matrices(generations)[name] for name in workflows]))
    run = lambda m: simulate(model, Weighted(m), key=key, samples=SAMPLES, generations=generations).metrics  # noqa: E731
    found = jax.lax.map(run, matrix)
    return {name: {metric: v[i] for metric, v in found.items()} for i, name in enumerate(workflows)}


def one_curve(replace: Any, start: Any, weights: np.ndarray) -> Any:
    """What a loop does whose fit is a function of one number: the variance of its pool.

    The function is read off the curve under Replace, which begins at `start`, between the points by straight lines;
    the pool of generation ``g`` has the mean of the variances of its batches with the `weights` of row ``g - 1``.
    """
    known = jnp.concatenate([jnp.asarray(start, replace.dtype)[None], replace])
    order, before = jnp.argsort(known[:-1]), known[:-1]
    found = [known[0]]
    for row in jnp.asarray(weights, replace.dtype):
        pool = row[: len(found)] @ jnp.stack(found)
        found.append(jnp.interp(pool, before[order], replace[order]))
    return jnp.stack(found[1:])


@lenient()
def _event(happened: Any, *numbers: Any) -> Any:
    """An event as 0 or 1; NaN where a number that it is about is none."""
    sound = jnp.stack([jnp.isfinite(number).all() for number in numbers]).all()
    return jnp.where(sound, jnp.asarray(happened, float), jnp.nan)


def _vae(*workflows: str, generations: int) -> Callable:
    return lambda key: paths(autoencoder(), key, workflows, generations)


def _pentane(*workflows: str, generations: int) -> Callable:
    return lambda key: paths(diffusion(), key, workflows, generations)


def _rises(run: Callable, metric: str) -> Callable:
    """At every generation the metric is larger than at the one before."""

    def experiment(key):
        path = run(key)["replace"][metric]
        return _event(jnp.diff(path) > 0, path)

    return experiment


def _falls_from_first(run: Callable, metric: str) -> Callable:
    """At every generation the metric is smaller than at the first."""

    def experiment(key):
        path = run(key)["replace"][metric]
        return _event(path[1:] < path[0], path)

    return experiment


def _below_replace(run: Callable, metric: str) -> Callable:
    """At every generation from the second on the metric is smaller where data accumulates."""

    def experiment(key):
        found = run(key)
        replace, accumulate = found["replace"][metric], found["accumulate"][metric]
        return _event(accumulate[1:] < replace[1:], replace, accumulate)

    return experiment


def _stands(run: Callable, metric: str) -> Callable:
    """From the third generation on the metric moves by less than a quarter of what it moves by under Replace."""

    def experiment(key):
        found = run(key)
        replace, mix = found["replace"][metric], found["mix"][metric]
        return _event(jnp.abs(mix[3:] - mix[2]) < 0.25 * (replace[3:] - replace[2]), replace, mix)

    return experiment
