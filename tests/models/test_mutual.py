"""Mutual training: the law of raw rows, other families, one design, and data that is shown to several models."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import ks_2samp

import jaxcollapse as jc
from jaxcollapse.models.copies import Shown
from jaxcollapse.models.gaussian.univariate import NormalSums
from jaxcollapse.theory import Spectrum, mutual


def raw_chains(rng, count, *, dim, models, private, public, synthetic, beta, alpha, noise, generations):
    """The protocol on rows, in NumPy: weighted least squares, fresh designs, real data that stays."""
    truth, scale = np.full((count, dim), dim**-0.5), np.sqrt(np.geomspace(1.0, 0.25, dim))

    def rows(n, theta):
        x = scale * rng.normal(size=(count, n, dim))
        return x, np.einsum("rnd,rd->rn", x, theta) + noise * rng.normal(size=(count, n))

    own, shared, others = [rows(private, truth) for _ in range(models)], rows(public, truth), []
    out = []
    for g in range(generations):
        a, theta = alpha if g else 0.0, []
        for k in range(models):
            sources = [(*own[k], (1 - a) * beta), (*shared, (1 - a) * (1 - beta))]
            sources += [(x, y, a / models) for x, y in others]
            gram = sum(w / x.shape[1] * np.einsum("rni,rnj->rij", x, x) for x, _, w in sources)
            moment = sum(w / x.shape[1] * np.einsum("rni,rn->ri", x, y) for x, y, w in sources)
            theta.append(np.linalg.solve(gram, moment[..., None])[..., 0])
        others = [rows(synthetic, t) for t in theta]
        gaps = [((theta[i] - theta[j]) ** 2).sum(-1) for i in range(models) for j in range(i)]
        risk = ((scale * (np.stack(theta) - truth)) ** 2).sum(-1).mean(axis=0)
        out.append(np.stack([risk, np.mean(gaps, axis=0)], axis=-1))
    return np.stack(out, axis=1)


@pytest.mark.slow
def test_copies_have_the_law_of_raw_data(x64):
    """Few rows of every kind, unequal sizes, a covariance: risk and disagreement of three generations."""
    spectrum = Spectrum.from_eigenvalues(jnp.geomspace(1.0, 0.25, 2))

    def exact(key):
        regression = jc.LinearRegression(spectrum, noise=0.5)
        model = jc.Mutual(regression, models=3, private_weight=0.4, public_samples=6)
        workflow = jc.Mix("fixed", weight=0.3, real_samples=5)
        run = jc.simulate(model, workflow, key=key, samples=4, generations=3)
        return jnp.stack([run.risk, run.disagreement], axis=1)

    sizes = dict(private=5, public=6, synthetic=4)
    protocol = dict(dim=2, models=3, **sizes, beta=0.4, alpha=0.7, noise=0.5, generations=3)
    keys = jax.random.split(jax.random.key(1), 4000)
    a = np.asarray(jax.jit(lambda keys: jax.lax.map(exact, keys, batch_size=250))(keys))
    b = raw_chains(np.random.default_rng(0), 4000, **protocol)
    for g in range(3):
        for i in range(2):
            assert ks_2samp(a[:, g, i], b[:, g, i]).pvalue > 1e-3 / 6


@pytest.mark.slow
def test_sample_means_that_train_on_each_other_meet_the_formula(x64):
    """Another family: for means the large-sample formula is exact, here with few rows and weights that change."""
    alphas = [0.0, 0.7, 0.2, 0.9]
    sizes = dict(private_samples=3, public_samples=5, synthetic_samples=2)
    model = jc.Mutual(jc.NormalMean(jnp.zeros(2), variance=0.49), models=3, private_weight=0.4, public_samples=5)
    workflow = jc.Mix("fixed", weight=1 - jnp.asarray(alphas), real_samples=3)

    def run(key):
        chain = jc.simulate(model, workflow, key=key, samples=2, generations=4)
        return jnp.stack([chain.squared_error, chain.disagreement])

    estimate = jc.monte_carlo(run, jax.random.key(0), 40_000, progress=False)
    setting = dict(dim=2, private_weight=0.4, synthetic_weight=alphas, noise=0.7, generations=4)
    expected = mutual.risk(**setting, **sizes, models=3), mutual.disagreement(**setting, private_samples=3)
    np.testing.assert_array_less(np.abs(estimate.mean - np.stack(expected)), 4.2 * np.asarray(estimate.stderr))
    assert (estimate.stderr < 0.01 * np.stack(expected)).all()


def test_without_real_data_all_see_the_same(x64):
    """Each begins with private data; a batch that is shown to all makes one model of them."""
    model = jc.Mutual(jc.NormalMean(jnp.zeros(2)), models=4, private_weight=0.5)
    run = jc.simulate(model, jc.Replace(), key=jax.random.key(0), samples=9, generations=3)
    assert run.disagreement[0] > 1e-3
    np.testing.assert_allclose(run.disagreement[1:], 0.0, atol=1e-24)


def test_a_design_that_is_kept_is_one_for_all_sources(x64):
    @jax.jit
    def grams(key):
        fixed = jc.LinearRegression(Spectrum.isotropic(3), noise=1.0, design="fixed")
        model = jc.Mutual(fixed, models=2, private_weight=0.5, public_samples=9).prepare(key, jnp.array([9.0, 9.0]))
        data = model.real(key, model.truth(), 9), model.sample(key, model.truth(), 9)
        return jnp.concatenate([shown.sets.gram for shown in data])

    np.testing.assert_allclose(*np.broadcast_arrays(grams(jax.random.key(0)), grams(jax.random.key(0))[:1]), rtol=1e-14)


def test_every_model_may_have_a_truth_of_its_own(x64):
    """Private data follows it, public data the common one; here there is no noise."""
    truths = jnp.array([[1.0, 2.0], [3.0, -1.0]])
    model = jc.Mutual(jc.NormalMean(jnp.ones(2), variance=1e-30), models=2, private_weight=0.75)
    run = jc.simulate(model, jc.Mix("fixed"), key=jax.random.key(0), samples=9, generations=1, truth=truths)
    np.testing.assert_allclose(run.params[0], 0.75 * truths + 0.25, rtol=1e-10)
    np.testing.assert_allclose(run.disagreement[0], 0.75**2 * 13, rtol=1e-10)
    np.testing.assert_allclose(run.squared_error[0], 0.75**2 * (1 + 4 + 4) / 2, rtol=1e-10)


def test_shown_data_is_pooled_model_by_model(x64):
    rng = np.random.default_rng(0)
    batches = [[NormalSums.of(jc.Samples(jnp.asarray(rng.normal(size=4)))) for _ in range(3)] for _ in range(2)]
    stack = lambda items: jax.tree.map(lambda *leaves: jnp.stack(leaves), *items)  # noqa: E731
    first, second = (Shown(stack(batch)) for batch in batches)
    pooled = [2.0 * a + b for a, b in zip(*batches, strict=True)]
    for one, other in (
        (2.0 * first + second, Shown(stack(pooled))),
        (stack([2.0 * first, second]).union(), Shown(stack(pooled))),
        (first + first.empty(), first),
        (jax.eval_shape(lambda: first).empty() + second, second),
    ):
        for x, y in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
            np.testing.assert_allclose(x, y, rtol=1e-12)


@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments():
    regression = jc.LinearRegression(Spectrum.isotropic(3), noise=1.0)
    with pytest.raises(TypeError, match="model must be a jaxcollapse Model"):
        jc.Mutual(3.0, models=2, private_weight=0.5)
    with pytest.raises(ValueError, match="must draw sufficient statistics, but this LinearRegression draws rows"):
        raw = jc.LinearRegression(Spectrum.isotropic(3), noise=1.0, sampling="raw")
        jc.Mutual(raw, models=2, private_weight=0.5)
    with pytest.raises(ValueError, match="models must be at least 1"):
        jc.Mutual(regression, models=0, private_weight=0.5)
    with pytest.raises(ValueError, match="private_weight must be at most 1"):
        jc.Mutual(regression, models=2, private_weight=1.5)
    with pytest.raises(ValueError, match="private_weight must be finite and at least 0"):
        jc.Mutual(regression, models=2, private_weight=-0.5)
    with pytest.raises(ValueError, match="public_samples must be finite and at least 1"):
        jc.Mutual(regression, models=2, private_weight=0.5, public_samples=0)
    fixed = jc.LinearRegression(Spectrum.isotropic(3), noise=1.0, design="fixed")
    model = jc.Mutual(fixed, models=2, private_weight=0.5, public_samples=8)
    run = lambda key: jc.simulate(model, jc.Mix("fixed"), key=key, samples=9, generations=2).risk  # noqa: E731
    for function in (run, jax.jit(run)):
        with pytest.raises(ValueError, match="samples must be the same for every batch"):
            function(jax.random.key(0))
