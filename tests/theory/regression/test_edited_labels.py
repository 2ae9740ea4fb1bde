"""Edited labels: enumeration of all masks on one design, means, and the theorems as they are printed."""

import itertools

import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.theory import regression

pytestmark = pytest.mark.usefixtures("x64")
X = np.array([[0.3, -1.0], [1.2, 0.4], [-0.6, 0.9], [0.5, 0.5], [-0.2, -1.4]])


def enumerated(share, generations):
    """The mean squared error over all masks of three generations: the error as a linear map of all noises."""
    inverse = np.linalg.pinv(X)
    n, total = len(X), 0.0
    for masks in itertools.product(itertools.product((0, 1), repeat=n), repeat=generations - 1):
        labels = np.concatenate([np.eye(n), np.zeros((n, n * (generations - 1)))], axis=1)
        chance = 1.0
        for g, mask in enumerate(np.array(masks), start=1):
            new = X @ (inverse @ labels)
            new[:, n * g : n * (g + 1)] += np.eye(n)
            labels = mask[:, None] * new + (1 - mask[:, None]) * labels
            chance *= np.prod(np.where(mask, share, 1 - share))
        total += chance * ((inverse @ labels) ** 2).sum()
    return total


def test_all_masks_on_one_design():
    curve = regression.ols_edit_given_design(X, noise=0.7, share=0.35, generations=3)
    np.testing.assert_allclose(curve, [0.49 * enumerated(0.35, g) for g in (1, 2, 3)], rtol=1e-10)


@pytest.mark.slow
def test_on_a_column_of_ones_it_is_the_mean():
    shares = [0.0, 0.2, 0.7, 0.4]
    ones = regression.ols_edit_given_design(np.ones((6, 1)), noise=1.0, share=shares, generations=4)
    factors = jc.theory.mean.inflation(jc.Edit(shares), samples=6, generations=4)
    np.testing.assert_allclose(6 * ones, factors, rtol=1e-10)


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.5, *(pytest.param(p, marks=pytest.mark.slow) for p in (0.2, 0.9))])
def test_means_over_designs(share):
    """The average over designs, by the leverage of a row: within two percent."""
    rng, ratios = np.random.default_rng(0), []
    for _ in range(12):
        exact = regression.ols_edit_given_design(rng.normal(size=(40, 8)), noise=1.0, share=share, generations=8)
        ratios.append(np.asarray(exact) / float(exact[0]))
    curve = np.asarray(regression.ols_edit(dim=8, samples=40, noise=1.0, share=share, mask="fresh", generations=8))
    np.testing.assert_allclose(curve / curve[0], np.mean(ratios, axis=0), rtol=0.02)
    np.testing.assert_allclose(curve[0], 8 / 31, rtol=1e-12)


def test_theorems_as_printed():
    """Their first has no residuals, their second no growth: both are passed."""
    curve = np.asarray(regression.ols_edit_given_design(X, noise=1.0, share=0.5, generations=6))
    printed = curve[0] * (1 + 0.5 * np.arange(6))
    assert (curve[1:] > 1.05 * printed[1:]).all()
    for mask, passes in (("fresh", 3.0), ("fixed", 2.6), ("disjoint", 3.4)):
        late = regression.ols_edit(dim=5, samples=200, noise=1.0, share=0.5 if mask != "disjoint" else 0.2,
                                   mask=mask, generations=7)  # fmt: skip
        assert late[-1] > passes * late[0]


@pytest.mark.slow
def test_what_a_model_predicts():
    model = jc.LinearRegression(jc.theory.Spectrum.isotropic(3), noise=0.5, design="fixed", sampling="raw")
    for share, mask in (([0.0, 0.5, 0.2], "fresh"), (0.3, "fixed"), (0.4, "disjoint")):
        form = jc.predict(model, jc.Edit(share, mask=mask), samples=20, generations=3).forms["risk"]
        curve = regression.ols_edit(dim=3, samples=20, noise=0.5, share=share, mask=mask, generations=3)
        assert form.name == "theory.regression.ols_edit" and form.order == "d/n"
        np.testing.assert_allclose(form.curve, curve, rtol=1e-12)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict(share=1.5), "share must be at most 1"),
        (dict(share=-0.1), "share must be finite and at least 0"),
        (dict(share=[0.1, 0.2]), r"share must be a number or have shape \(3,\)"),
        (dict(share=[0.1, 0.2, 0.3], mask="fixed"), "share must be one number"),
        (dict(mask="once"), "mask must be"),
        (dict(samples=3), "samples must be finite and at least 4"),
        (dict(samples=[9.0, 9.0, 9.0]), "samples must be one number"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments(changes, message):
    with pytest.raises(ValueError, match=message):
        regression.ols_edit(**{**dict(dim=4, samples=9, noise=1.0, share=0.5, mask="fresh", generations=3), **changes})


@pytest.mark.usefixtures("unchecked")
def test_designs_that_are_none():
    assert jnp.isinf(regression.ols_edit(dim=4, samples=5, noise=1.0, share=0.5, mask="fixed", generations=2)).all()
    with pytest.raises(ValueError, match="features must have shape"):
        regression.ols_edit_given_design(np.ones((2, 3)), noise=1.0, share=0.5, generations=3)


def test_one_mask_for_ever():
    """The fixed point of a design, whose edited labels end at predictions with noise of their own; over designs."""
    rng, dim, n, edited = np.random.default_rng(2), 4, 40, 16
    risks = []
    for _ in range(400):
        x = rng.normal(size=(n, dim))
        inverse = np.linalg.inv(x.T @ x)
        kept = inverse @ x[:edited].T @ x[:edited]  # of the last error
        added = inverse @ x[:edited].T @ x[:edited] @ inverse
        fixed = np.linalg.inv(np.eye(dim) - kept) @ inverse @ x[edited:].T  # of the noise that stays
        new = np.linalg.solve(np.eye(dim**2) - np.kron(kept, kept), added.ravel()).reshape(dim, dim)
        risks.append(np.sum(fixed**2) + np.trace(new))
    found = regression.ols_edit_limit(dim=dim, samples=n, noise=1.0, share=edited / n)
    np.testing.assert_allclose(np.mean(risks), found, rtol=0.02)


def test_the_limit_of_one_mask_with_few_features():
    first, share = 3 / (3e6 - 4), 0.4
    found = regression.ols_edit_limit(dim=3, samples=3e6, noise=1.0, share=share) / first
    np.testing.assert_allclose(found, (1 + 2 * share) / (1 - share**2), rtol=1e-5)
    np.testing.assert_allclose(regression.ols_edit_limit(dim=3, samples=30, noise=1.0, share=0.0), 3 / 26, rtol=1e-12)
    assert regression.ols_edit_limit(dim=3, samples=30, noise=1.0, share=0.9) == jnp.inf
