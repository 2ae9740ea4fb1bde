"""Symmetric mixtures: the maximum of the likelihood, its derivative, and chains in NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import brentq, minimize

import jaxcollapse as jc

KEY = jax.random.key(0)
RNG = np.random.default_rng(0)


def by_root(x, weights, variance):
    """The positive stationary point of the likelihood, or zero."""
    slope = lambda t: weights @ (x * np.tanh(x * t / variance)) / weights.sum() - t  # noqa: E731
    small = 1e-7
    return brentq(slope, small, np.abs(x).max() + 1, xtol=1e-14) if slope(small) > 0 else 0.0


@pytest.mark.sampled(2)
@pytest.mark.parametrize("spread", [0.3, 0.999, 1.001, 4.0])
def test_the_fit_is_the_maximum_on_the_line(spread, x64):
    """Below and above the point at which two clusters become one, with weights and rows that are not there."""
    x, weights = RNG.normal(size=30), RNG.integers(0, 3, 30).astype(float)
    x *= np.sqrt(spread / (weights @ x**2 / weights.sum()))  # the mean square, against a variance of 1
    model = jc.SymmetricMixture(1.0)
    rows = jnp.where(weights > 0, x, jnp.nan)
    known = by_root(x, weights, 1.0)
    assert (known > 0) == (spread > 1)
    for shape in ((), (1,)):
        fit = model.fit(jc.Samples(rows.reshape(30, *shape), jnp.asarray(weights)))
        assert fit.shape == shape
        np.testing.assert_allclose(fit, known, rtol=1e-9, atol=1e-12)


def test_the_fit_has_the_derivatives_of_the_maximum(x64):
    x = RNG.normal(size=20) + 1.5
    fit = lambda rows, variance: jc.SymmetricMixture(1.0, variance=variance).fit(jc.Samples(rows))  # noqa: E731
    rows, along, h = jnp.asarray(x), RNG.normal(size=20), 1e-6
    slopes = jax.grad(fit, (0, 1))(rows, jnp.asarray(0.8))
    known = [(by_root(x + s * along, np.ones(20), 0.8)) for s in (h, -h)]
    np.testing.assert_allclose(slopes[0] @ along, (known[0] - known[1]) / (2 * h), rtol=1e-6)
    known = [by_root(x, np.ones(20), 0.8 + s) for s in (h, -h)]
    np.testing.assert_allclose(slopes[1], (known[0] - known[1]) / (2 * h), rtol=1e-6)


def test_the_fit_in_the_plane_is_a_maximum_of_the_likelihood(x64):
    model = jc.SymmetricMixture([1.5, -0.5], variance=0.7)
    data = model.sample(KEY, model.truth(), 60)
    fit = np.asarray(model.fit(data))
    rows, weights = np.asarray(data.rows), np.ones(60)

    def loss(point):
        along = rows @ point / 0.7
        return weights @ (0.5 * (point @ point) / 0.7 - np.logaddexp(along, -along))

    best = minimize(loss, fit + 0.05, tol=1e-12)
    np.testing.assert_allclose(fit, best.x, atol=1e-6)
    assert loss(fit) <= best.fun + 1e-9


@pytest.mark.parametrize("n", [6, pytest.param(40, marks=pytest.mark.slow)])
def test_chains_in_numpy(n):
    """The distance of the two, and how often they are one, after three generations."""
    generations, theta = 3, 1.2
    theirs = np.empty((1500, generations))
    for chain in theirs:
        point = theta
        for g in range(generations):
            rows = RNG.choice([-1, 1], n) * point + RNG.normal(size=n)
            chain[g] = point = by_root(rows, np.ones(n), 1.0)
    model = jc.SymmetricMixture(theta)
    run = lambda key: jc.simulate(model, jc.Replace(), key=key, samples=n, generations=generations).params  # noqa: E731
    ours = jc.monte_carlo(lambda key: (run(key), run(key) == 0), KEY, 4096, progress=False)
    for mean, stderr, known in zip(ours.mean, ours.stderr, (theirs, theirs == 0), strict=True):
        error = np.hypot(stderr, known.std(axis=0) / len(known) ** 0.5)
        assert (np.abs(mean - known.mean(axis=0)) <= 4.5 * error).all()
        assert (error < 0.03).all()


def test_averages_and_errors_know_no_sign():
    model = jc.SymmetricMixture([1.0, 2.0])
    both = jnp.array([1.0, 2.0]), jnp.array([-1.0, -2.0])
    np.testing.assert_allclose(model.average(both, jnp.array([0.25, 0.75])), [1.0, 2.0])
    assert [float(model.metrics(point)["squared_error"]) for point in both] == [0.0, 0.0]
    assert float(model.metrics(both[1])["separation"]) == 5.0


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: jc.SymmetricMixture([[1.0]]), r"mean must be a number or have shape \(dim,\), got shape \(1, 1\)"),
        (lambda: jc.SymmetricMixture(float("nan")), "mean must be finite"),
        (lambda: jc.SymmetricMixture(1.0, variance=0.0), "variance must be positive"),
        (lambda: jc.SymmetricMixture(1.0, iterations=0), "iterations must be at least 1"),
    ],
)
def test_wrong_arguments(make, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make()
