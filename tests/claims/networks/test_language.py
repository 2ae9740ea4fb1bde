"""What claims about language models are made of: real pairs, the models of triples and of rows, and their optimum."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.claims.networks import language

pytestmark = pytest.mark.usefixtures("x64")


def test_pairs_are_shares_of_the_text():
    rows, contexts = language.pairs(language.CLASSES, 0.1)
    np.testing.assert_allclose(rows.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(contexts.sum(), 1, rtol=1e-12)
    text = jc.datasets.text(alphabet=language.CLASSES).tokens
    after = text[1:][text[:-1] == 2]
    np.testing.assert_allclose(rows[2], 0.9 * np.bincount(after, minlength=4) / len(after) + 0.025, rtol=1e-12)


@pytest.mark.slow
def test_the_optimum_has_no_gradient_and_is_the_best_of_many():
    """Of a bilinear model of rank one, which has local optima; a saturated one ends at the entropy."""
    rows, contexts = language.pairs(language.CLASSES, 0.05)
    cells = contexts[:, None] * rows
    for rank, starts in ((1, 6), (3, 2)):
        model = jc.LogBilinear(contexts, symbols=4, rank=rank)
        best = language.best_of(model, cells, model.parameters, starts)
        loss = lambda theta, model=model: -jnp.sum(jnp.asarray(cells) * model(theta))  # noqa: E731
        assert np.abs(jax.grad(loss)(jnp.asarray(best))).max() < 1e-6
        near = best + 0.02 * np.random.default_rng(0).normal(size=(20, model.parameters))
        assert min(float(loss(theta)) for theta in jnp.asarray(near)) >= float(loss(jnp.asarray(best)))
    np.testing.assert_allclose(loss(jnp.asarray(best)), -(cells * np.log(cells)).sum(), rtol=1e-7)


def test_the_model_of_triples_is_additive():
    far, near, contexts = np.array([0, 1, 1]), np.array([1, 0, 1]), np.array([0.2, 0.3, 0.5])
    theta = np.random.default_rng(0).normal(size=10)
    found = np.asarray(language.Additive(far, near, contexts, 2)(jnp.asarray(theta)))
    parts = theta.reshape(5, 2)
    for row, (i, j) in enumerate(zip(far, near, strict=True)):
        p = np.exp(parts[j] + parts[2 + i] + parts[4])
        np.testing.assert_allclose(np.exp(found[row]), contexts[row] * p / p.sum(), rtol=1e-12)


def test_rows_of_real_text_are_bursty():
    """The longer a row, the more so; the published numbers of the pieces of 400."""
    free, kappa = language.burstiness_of_rows()
    assert free == 11 and 1.5 < kappa < 2.0
    tokens = jc.datasets.text(alphabet=language.CLASSES).tokens
    short = jc.MarkovText(tokens[: len(tokens) // 50 * 50].reshape(-1, 50))
    assert float(jc.theory.networks.burstiness(short.counts)) < 1.1


@pytest.mark.slow
def test_all_rows_of_the_small_transformer_sum_to_one():
    log_probability, theta = language.enumerated()
    np.testing.assert_allclose(np.exp(np.asarray(log_probability(jnp.asarray(theta)))).sum(), 1, rtol=1e-12)
