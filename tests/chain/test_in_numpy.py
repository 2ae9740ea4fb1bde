"""Chains as they are written in a script: loops over arrays of NumPy, at two sizes each.

What `simulate` offers beside the plain loop is said once more in a few lines without it: more dimensions than rows, a
chain that stops, metrics of one's own, averages of estimates, real rows at first, weights of batches, corrected rows.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import ndtr

import jaxcollapse as jc

GENERATIONS, REPLICATIONS = 3, 1500
DIM, FACES, LIMIT = 4, 3, 60


class Row(NamedTuple):
    """The same numbers of one replication: from a key and a size, and from a generator of NumPy and a size."""

    name: str
    sizes: tuple[int, int]
    ours: Callable[[Any, int], Any]
    theirs: Callable[[np.random.Generator, int], Any]
    precise: float = 0.03
    """How small the standard error is, relative to the mean."""


def chain(model, workflow, key, n, generations=GENERATIONS, **options):
    return jc.simulate(model, workflow, key=key, samples=n, generations=generations, **options)


def few_rows(key, n):
    run = chain(jc.MultivariateGaussian(jnp.eye(DIM), ddof=1), jc.Replace(), key, n)
    return jnp.sqrt(run.trace)


def few_rows_in_numpy(rng, n):
    mean, root, found = np.zeros(DIM), np.eye(DIM), []  # the covariance is root' root
    for _ in range(GENERATIONS):
        rows = mean + rng.normal(size=(n, len(root))) @ root
        mean, root = rows.mean(axis=0), (rows - rows.mean(axis=0)) / (n - 1) ** 0.5
        found.append((root**2).sum() ** 0.5)
    return found


def until_one_is_left(key, n):
    run = chain(jc.Categorical(np.full(FACES, 1 / FACES)), jc.Replace(), key, n, LIMIT, until=lambda p: p.max() == 1)
    return run.until.time


def until_one_is_left_in_numpy(rng, n):
    p = np.full(FACES, 1 / FACES)
    for generation in range(1, LIMIT + 1):
        p = rng.multinomial(n, p) / n
        if p.max() == 1:
            return generation
    return LIMIT


def own_metrics(key, n):
    model = jc.Gaussian(ddof=1)
    own = {"distance": lambda law: jc.measures.cramer_von_mises(law, model.truth()), "entropy": jc.measures.entropy}
    run = chain(model, jc.Replace(), key, n, metrics=own)
    return jnp.stack([run.distance, run.entropy])


GRID = np.linspace(-6, 6, 241)
DENSITY = np.exp(-(GRID**2) / 2) / np.sqrt(2 * np.pi)


def own_metrics_in_numpy(rng, n):
    mean, deviation, found = 0.0, 1.0, []
    for _ in range(GENERATIONS):
        rows = rng.normal(mean, deviation, n)
        mean, deviation = rows.mean(), rows.std(ddof=1)
        distance = ((ndtr((GRID - mean) / deviation) - ndtr(GRID)) ** 2 * DENSITY).sum() * (GRID[1] - GRID[0])
        found.append([distance, 0.5 * np.log(2 * np.pi * np.e) + np.log(deviation)])
    return np.transpose(found)


def averaged_fits(key, n):
    model = jc.LinearRegression(jc.theory.Spectrum.isotropic(DIM), noise=1.0)
    flow = jc.Mix("fresh", weight=0.4, real_samples=2 * n, average="estimates")
    return chain(model, flow, key, n).risk


def averaged_fits_in_numpy(rng, n):
    def fit(w, rows):
        x = rng.normal(size=(rows, DIM))
        return np.linalg.lstsq(x, x @ w + rng.normal(size=rows), rcond=None)[0]

    w, found = fit(np.zeros(DIM), 2 * n), []
    for generation in range(GENERATIONS):
        if generation:
            w = 0.4 * fit(np.zeros(DIM), 2 * n) + 0.6 * fit(w, n)
        found.append(w @ w)
    return found


def real_rows_at_first(key, n):
    return chain(jc.Gaussian(ddof=1), jc.Mix("fresh", real_samples=n // 2, first="all"), key, n).variance


def real_rows_at_first_in_numpy(rng, n):
    mean, deviation, found = 0.0, 1.0, []
    for _ in range(GENERATIONS):
        rows = np.concatenate([rng.normal(size=n // 2), rng.normal(mean, deviation, n)])
        mean, deviation = rows.mean(), rows.std(ddof=1)
        found.append(deviation**2)
    return found


def fading_batches(key, n):
    flow = jc.Accumulate(weight=lambda batch, g: 0.5 ** (g - batch))
    return chain(jc.Exponential(1.0), flow, key, n).squared_error


def fading_batches_in_numpy(rng, n):
    mean, batches, found = 1.0, [], []
    for generation in range(1, GENERATIONS + 1):
        batches.append(rng.exponential(mean, n))
        weights = np.repeat(0.5 ** (generation - np.arange(1.0, generation + 1)), n)
        mean = np.average(np.concatenate(batches), weights=weights)
        found.append((mean - 1) ** 2)
    return found


def corrected_rows(key, n):
    clipped = jc.Corrected(jc.Gaussian(ddof=0, sampling="raw"), lambda row: jnp.clip(row, -1.0, 1.0))
    return chain(clipped, jc.Accumulate(), key, n).variance


def corrected_rows_in_numpy(rng, n):
    rows, found = rng.normal(size=n), []
    for _ in range(GENERATIONS):
        found.append(rows.var())
        rows = np.append(rows, np.clip(rng.normal(rows.mean(), rows.std(), n), -1.0, 1.0))
    return found


ROWS = (
    Row("more dimensions than rows", (3, 9), few_rows, few_rows_in_numpy),
    Row("until one face is left", (4, 12), until_one_is_left, until_one_is_left_in_numpy, 0.05),
    Row("metrics of one's own", (6, 30), own_metrics, own_metrics_in_numpy, 0.05),
    Row("averages of estimates", (10, 30), averaged_fits, averaged_fits_in_numpy, 0.06),
    Row("real rows at first", (4, 20), real_rows_at_first, real_rows_at_first_in_numpy),
    Row("batches that fade", (4, 20), fading_batches, fading_batches_in_numpy, 0.1),
    Row("corrected rows", (4, 20), corrected_rows, corrected_rows_in_numpy),
)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("place", [0, 1], ids=["small", "large"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_chain_has_the_means_of_a_loop(row, place):
    n, rng = row.sizes[place], np.random.default_rng(place)
    theirs = np.array([row.theirs(rng, n) for _ in range(REPLICATIONS)])
    ours = jc.monte_carlo(lambda key: row.ours(key, n), jax.random.key(place), 4096, progress=False)
    stderr = np.hypot(ours.stderr, theirs.std(axis=0) / REPLICATIONS**0.5)
    assert (np.abs(ours.mean - theirs.mean(axis=0)) <= 4.5 * stderr).all()
    assert (stderr <= row.precise * np.abs(ours.mean)).all()
