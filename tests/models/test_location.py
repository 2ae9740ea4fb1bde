"""Robust estimates of a location: what Huber's equation says, and chains in NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import brentq

import jaxcollapse as jc

KEY = jax.random.key(0)
RNG = np.random.default_rng(0)


def by_root(x, weights, corner):
    """The middle between the first point that is not pulled up and the last that is not pulled down."""
    pull = lambda t, e: np.sum(weights * np.clip(x - t, -corner, corner)) + e  # noqa: E731
    ends = [brentq(pull, x.min() - 1, x.max() + 1, args=(e,), xtol=1e-14) for e in (-1e-11, 1e-11)]
    return np.mean(ends)


@pytest.mark.parametrize("corner", [0.05, *(pytest.param(k, marks=pytest.mark.slow) for k in (1.345, 50.0))])
def test_huber_solves_its_equation(corner, x64):
    """With weights, rows that are not there, and heavy tails; its derivative is that of the solution."""
    x, weights = RNG.standard_cauchy(25), RNG.integers(0, 3, 25).astype(float)
    fit = jax.jit(
        lambda rows, corner: jc.Location("cauchy", estimator=corner / 2, scale=2.0).fit(
            jc.Samples(rows, jnp.asarray(weights))
        )
    )
    rows, there = jnp.asarray(x), weights > 0
    known = by_root(x[there], weights[there], corner)
    np.testing.assert_allclose(fit(jnp.where(there, rows, jnp.nan), jnp.asarray(corner)), known, atol=1e-8)
    slopes = jax.grad(fit, (0, 1))(rows, jnp.asarray(corner))
    pushed = jax.random.normal(KEY, (25,))
    step = 1e-7
    near = [fit(rows + h * pushed, jnp.asarray(corner)) for h in (step, -step)]
    np.testing.assert_allclose(slopes[0] @ pushed, (near[0] - near[1]) / (2 * step), rtol=1e-4, atol=1e-6)
    bent = [fit(rows, jnp.asarray(corner * (1 + h))) for h in (step, -step)]
    np.testing.assert_allclose(slopes[1], (bent[0] - bent[1]) / (2 * step * corner), rtol=1e-4, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("n", [5, 30])
def test_chains_in_numpy(n):
    """The spread of Huber's estimates of Laplace rows that accumulate, in units that outliers do not touch."""
    generations, corner = 3, 0.7
    theirs = np.empty((1500, generations))
    for chain in theirs:
        centre, pool = 0.0, np.empty(0)
        for g in range(generations):
            pool = np.append(pool, centre + RNG.laplace(size=n))
            chain[g] = centre = by_root(pool, np.ones(len(pool)), corner)
    model = jc.Location("laplace", estimator=corner)
    run = lambda key: jnp.abs(jc.simulate(model, jc.Accumulate(), key=key, samples=n, generations=3).estimate)  # noqa: E731
    ours = jc.monte_carlo(run, KEY, 4096, progress=False)
    stderr = np.hypot(ours.stderr, np.abs(theirs).std(axis=0) / len(theirs) ** 0.5)
    assert (np.abs(ours.mean - np.abs(theirs).mean(axis=0)) < 4.5 * stderr).all()
    assert (stderr < 0.03 * ours.mean).all()


def test_what_is_predicted():
    """Exact for the mean, to first order for the others, and nothing for the mean of Cauchy rows."""
    sizes = dict(samples=40, generations=3)
    forms = {
        (law, estimator): jc.predict(jc.Location(law, estimator=estimator, scale=3.0), jc.Replace(), **sizes)
        for law, estimator in (("laplace", "mean"), ("laplace", "median"), ("normal", 1.0), ("cauchy", "mean"))
    }
    np.testing.assert_allclose(forms["laplace", "mean"].squared_error, 9 * 2 / 40 * np.arange(1, 4), rtol=1e-6)
    assert forms["laplace", "mean"].forms["squared_error"].exactness == "exact"
    assert forms["laplace", "median"].forms["squared_error"].order == "1/sqrt(n)"
    assert forms["normal", 1.0].forms["squared_error"].order == "1/n"
    assert not forms["cauchy", "mean"].forms and "estimate" in forms["cauchy", "mean"].unknown
    shifted = jc.predict(jc.Location("normal", location=2.0), jc.Replace(), **sizes)
    np.testing.assert_array_equal(shifted.estimate, 2.0)
