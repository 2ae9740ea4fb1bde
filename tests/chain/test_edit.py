"""Edits: which rows are drawn anew, and the variance of a mean of them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.chain.edit import MASKS, edited_variance
from jaxcollapse.theory import mean

KEY = jax.random.key(4)


class Remembered(jc.Model):
    """Whose rows are the generation that drew them; it learns all of them."""

    def truth(self):
        return jnp.zeros(10)

    def sample(self, key, params, n):
        return jc.Samples(jnp.full(n, 1 + jnp.max(params)))

    def fit(self, data, **context):
        return data.weights * data.rows


def drawn_by(workflow, generations=5):
    run = jc.simulate(Remembered(), workflow, key=KEY, samples=10, generations=generations)
    return np.asarray(run.params)


def test_the_same_rows_or_others_or_any():
    fixed = drawn_by(jc.Edit(0.3, mask="fixed"))
    np.testing.assert_array_equal(fixed, [[g] * 3 + [1] * 7 for g in range(1, 6)])
    disjoint = drawn_by(jc.Edit(0.4, mask="disjoint"))
    expected = [[1] * 10, [2] * 4 + [1] * 6, [2] * 4 + [3] * 4 + [1] * 2, *[[2] * 4 + [3] * 4 + [4] * 2] * 2]
    np.testing.assert_array_equal(disjoint, expected)
    fresh = drawn_by(jc.Edit(0.5))
    assert len({tuple(row) for row in fresh}) == 5 and (fresh[:, None] >= 1).all()
    np.testing.assert_array_equal(drawn_by(jc.Edit([0.5, 1.0, 0.0, 0.0, 1.0])).mean(axis=1), [1, 2, 2, 2, 3])


@pytest.mark.sampled(1)
@pytest.mark.parametrize("mask", MASKS)
def test_the_ends(mask, x64):
    """Nothing is edited, or all of it."""
    nothing, all_of_it = (edited_variance(jnp.full(4, p), mask=mask, leverage=0.1) for p in (0.0, 1.0))
    np.testing.assert_allclose(nothing, 1.0)
    np.testing.assert_allclose(all_of_it, [1, 2, 2, 2] if mask == "disjoint" else [1, 2, 3, 4], rtol=1e-12)


def test_limits(x64):
    p = 0.3
    fresh = np.asarray(edited_variance(jnp.full(400, p), mask="fresh", leverage=0.0))
    np.testing.assert_allclose(np.diff(fresh)[0], p * (2 - p))
    np.testing.assert_allclose(np.diff(fresh)[-1], p * (2 - p), rtol=1e-9)
    fixed = edited_variance(jnp.full(80, p), mask="fixed", leverage=0.0)
    np.testing.assert_allclose(fixed[-1], (1 + 2 * p) / (1 - p**2), rtol=1e-12)
    disjoint = np.asarray(edited_variance(jnp.full(1001, 1e-3), mask="disjoint", leverage=0.0))
    np.testing.assert_allclose(disjoint[[500, 1000]], [2 * np.exp(0.5) - 1, 2 * np.e - 1], rtol=2e-3)
    q, n, blocks = 0.25, 3, 4
    by_hand = sum(((1 + q) ** n - (1 + q) ** (n - j)) ** 2 + (1 + q) ** (2 * (n - j)) for j in range(1, n + 1))
    by_hand = q * (by_hand + (blocks - n) * (1 + q) ** (2 * n))
    np.testing.assert_allclose(edited_variance(jnp.full(4, q), mask="disjoint", leverage=0.0)[-1], by_hand, rtol=1e-12)


def means(rng, count, n, share, mask, generations):
    """The variance of means of edited rows, in NumPy, in units of that of the first."""
    rows, found = rng.normal(size=(count, n)), []
    for g in range(1, generations + 1):
        estimate = rows.mean(axis=1, keepdims=True)
        found.append((estimate**2).mean() * n)
        place, each = np.arange(n), round(share * n)
        begin = (g - 1) * each if mask == "disjoint" else 0
        edited = rng.random(rows.shape) < share if mask == "fresh" else (place >= begin) & (place < begin + each)
        rows = np.where(edited, estimate + rng.normal(size=rows.shape), rows)
    return np.array(found)


@pytest.mark.sampled(1)
@pytest.mark.parametrize(("mask", "share"), [("fresh", 0.35), ("fixed", 0.6), ("disjoint", 0.4)])
def test_the_variance_of_means(mask, share, x64):
    """With five rows: what the workflow says of itself to the theory is what rows in NumPy do."""
    count = 60_000
    theory = np.asarray(mean.inflation(jc.Edit(share, mask=mask), samples=5, generations=5))
    found = means(np.random.default_rng(1), count, 5, share, mask, 5)
    np.testing.assert_array_less(np.abs(found / theory - 1), 4.5 * np.sqrt(2 / count))
    assert (4.5 * np.sqrt(2 / count) < 0.03) and theory[-1] > 2


@pytest.mark.sampled(1)
@pytest.mark.parametrize(("mask", "share"), [("fresh", 0.35), ("fixed", 0.6), ("disjoint", 0.4)])
def test_the_covariance_of_means(mask, share, x64):
    """Of five rows, some of which stay: products of the means of two generations, and the variances on the diagonal."""
    count, workflow = 60_000, jc.Edit(share, mask=mask)
    theory = np.asarray(mean.inflation_covariance(workflow, samples=5, generations=5))
    np.testing.assert_allclose(np.diag(theory), mean.inflation(workflow, samples=5, generations=5), rtol=1e-12)
    model = jc.NormalMean(0.0, sampling="raw")
    run = lambda key: jc.simulate(model, workflow, key=key, samples=5, generations=5).params  # noqa: E731
    means = np.asarray(jax.jit(jax.vmap(run))(jax.random.split(jax.random.key(2), count))).reshape(count, 5)
    found, own = 5 * means.T @ means / count, np.diag(theory)
    error = np.sqrt((np.outer(own, own) + theory**2) / count)
    assert (np.abs(found - theory) < 4.5 * error).all() and (4.5 * error < 0.03 * own.max()).all()


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.0, 1.0])
def test_slopes_at_the_ends(share, x64):
    """One-sided differences of the variance of the last generation."""
    variance = lambda p: edited_variance(jnp.full(5, 1.0) * p, mask="fixed", leverage=0.1)[-1]  # noqa: E731
    step = 1e-6 if share == 0 else -1e-6
    difference = (variance(share + step) - variance(share)) / step
    for slope in (jax.grad(variance), jax.jacfwd(variance)):
        np.testing.assert_allclose(slope(share), difference, atol=1e-4)


@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments():
    for share in (1.5, -0.1, [0.2, 1.5]):
        with pytest.raises(ValueError, match="share must be"):
            drawn_by(jc.Edit(share), generations=2)
    with pytest.raises(ValueError, match="share must give one number for each of the 5 generations"):
        drawn_by(jc.Edit([0.1, 0.2]))
    with pytest.raises(ValueError, match="share must be one number or a function"):
        jc.Edit([0.1, 0.2], mask="fixed")
    with pytest.raises(ValueError, match="mask must be"):
        jc.Edit(0.1, mask="once")
    with pytest.raises(ValueError, match="samples must not fall below the 9 of batch 1"):
        jc.simulate(Remembered(), jc.Edit(0.1), key=KEY, samples=[9, 8], generations=2)
    with pytest.raises(ValueError, match="picks single rows"):
        jc.simulate(jc.NormalMean(0.0), jc.Edit(0.1), key=KEY, samples=9, generations=2)
