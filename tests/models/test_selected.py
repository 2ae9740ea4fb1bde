"""Rows that are corrected, and rows of which the best are kept: against arrays of NumPy, and against closed forms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse as jc

KEY = jax.random.key(0)
MEAN = jc.NormalMean(0.0, sampling="raw")


@pytest.mark.slow
def test_a_correction_by_a_factor_is_known():
    """``e_g = c (e_{g-1} + noise)``: halved rows have a quarter of the variance."""
    model, n = jc.Corrected(MEAN, lambda row: 0.6 * row), 25
    theory = [1 / n]
    for _ in range(4):
        theory.append(0.36 * (theory[-1] + 1 / n))
    run = lambda key: jc.simulate(model, jc.Replace(), key=key, samples=n, generations=5).squared_error  # noqa: E731
    found = jc.monte_carlo(run, KEY, 8192, progress=False)
    assert (found.stderr < 0.02 * np.array(theory)).all() and (np.abs(found.mean - theory) < 4.5 * found.stderr).all()


@pytest.mark.slow
def test_a_correction_may_return_integers():
    """A row that is rounded to an integer, or to whether it is positive, is the same number as a float."""
    for exact, rounded in (
        (lambda row: jnp.round(row), lambda row: jnp.round(row).astype(int)),
        (lambda row: jnp.where(row > 0, 1.0, 0.0), lambda row: row > 0),
    ):
        found = [run(jc.Corrected(MEAN, correct), 20).estimate for correct in (exact, rounded)]
        np.testing.assert_array_equal(*found)


def numpy_chain(rng, n, keep, generations):
    """The variance of a Gaussian that is fitted to the rows nearest to zero."""
    rows, found = rng.standard_normal(n), []
    for _ in range(generations):
        mean, deviation = rows.mean(), rows.std()
        found.append(deviation**2)
        candidates = mean + deviation * rng.standard_normal(round(n / keep))
        rows = candidates[np.argsort(np.abs(candidates))[:n]]
    return found


@pytest.mark.parametrize("n", [6, pytest.param(24, marks=pytest.mark.slow)])
def test_the_best_rows_in_numpy(n):
    rng, keep, generations = np.random.default_rng(0), 0.5, 3
    theirs = np.log([numpy_chain(rng, n, keep, generations) for _ in range(2000)])
    model = jc.Filtered(jc.Gaussian(ddof=0, sampling="raw"), lambda row: -jnp.abs(row), keep=keep)
    run = lambda key: jc.simulate(model, jc.Replace(), key=key, samples=n, generations=generations)  # noqa: E731
    ours = jc.monte_carlo(lambda key: run(key).log_variance, KEY, 8192, progress=False)
    stderr = np.hypot(ours.stderr, theirs.std(axis=0) / len(theirs) ** 0.5)
    assert (np.abs(ours.mean - theirs.mean(axis=0)) < 4.5 * stderr).all()
    assert (stderr < 0.012 * np.abs(ours.mean).max()).all()


@pytest.mark.slow
def test_all_rows_are_kept_or_none_that_must_not():
    params = jnp.zeros(())
    plain = MEAN.sample(KEY, params, 7).rows
    np.testing.assert_array_equal(jc.Filtered(MEAN, jnp.abs, keep=1.0).sample(KEY, params, 7).rows, plain)
    positive = jc.Filtered(MEAN, lambda row: jnp.where(row > 0, 1.0, -jnp.inf), keep=1.0).sample(KEY, params, 7)
    np.testing.assert_array_equal(positive.weights, plain > 0)
    undefined = jc.Filtered(MEAN, lambda row: jnp.sqrt(row), keep=0.5).sample(KEY, params, 40)
    assert (undefined.rows[undefined.weights > 0] > 0).all() and 20 < undefined.weights.sum() <= 40


def test_real_rows_are_left_alone():
    for model in (jc.Corrected(MEAN, lambda row: 0.0 * row), jc.Filtered(MEAN, jnp.abs, keep=0.1)):
        np.testing.assert_array_equal(model.real(KEY, jnp.zeros(()), 7).rows, MEAN.real(KEY, jnp.zeros(()), 7).rows)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: jc.Corrected(jc.NormalMean(0.0), jnp.abs), TypeError, 'statistics: give it sampling="raw"'),
        (lambda: jc.Corrected(MEAN, 0.5), TypeError, "correct must be a function of a row, got 0.5"),
        (lambda: jc.Filtered(3, jnp.abs, keep=0.1), TypeError, "model must be a jaxcollapse Model, got 3"),
        (lambda: jc.Filtered(MEAN, jnp.abs, keep=0.0), ValueError, "keep must be finite and above 0, got 0.0"),
        (lambda: jc.Filtered(MEAN, jnp.abs, keep=10), ValueError, "keep must be at most 1, got 10"),
        (lambda: run(jc.Corrected(MEAN, lambda row: jnp.stack([row, row]))), ValueError, "correct must return a row"),
        (lambda: run(jc.Filtered(MEAN, lambda row: jnp.ones(2), keep=0.5)), ValueError, "score must return one number"),
        (lambda: run(jc.Filtered(MEAN, jnp.abs, keep=0.5), [5, 6, 7]), ValueError, "must be the same for every batch"),
    ],
)  # fmt: skip
def test_what_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


def run(model, samples=5):
    return jc.simulate(model, jc.Replace(), key=KEY, samples=samples, generations=3)
