"""The categorical model: every way of sampling has the law of raw data, and what is lost stays lost."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import chi2, ks_2samp, multinomial

import jaxcollapse as jc
from jaxcollapse.models.discrete.categorical import Counts
from jaxcollapse.theory import discrete

WORKFLOWS = [jc.Replace(), jc.Mix("fresh", weight=0.3)]


def replicate(function, count, seed):
    keys = jax.random.split(jax.random.key(seed), count)
    return jax.tree.map(np.asarray, jax.jit(lambda keys: jax.lax.map(function, keys, batch_size=250))(keys))


@pytest.mark.parametrize("sampling", ["count", "binomial", "raw"])
def test_counts_are_multinomial(sampling, x64):
    """All 35 outcomes of four draws, by a chi-square test; one of the symbols has no probability."""
    p = np.array([0.4, 0.0, 0.3, 0.2, 0.1])
    model = jc.Categorical(p, sampling=sampling)

    def run(key):
        return jnp.round(4 * model.fit(model.sample(key, model.truth(), 4)))

    counts = replicate(run, 20_000, 1)
    assert (counts.sum(axis=1) == 4).all() and (counts[:, 1] == 0).all()
    outcomes = [k for k in itertools.product(range(5), repeat=4) if sum(k) == 4]
    expected = np.array([multinomial.pmf(k, 4, p[p > 0]) for k in outcomes]) * len(counts)
    observed = np.array([(counts[:, [0, 2, 3, 4]] == k).all(axis=1).sum() for k in outcomes])
    assert observed.sum() == len(counts) and len(outcomes) == 35
    assert chi2.sf(((observed - expected) ** 2 / expected).sum(), 34) > 1e-3 / 3


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize("workflow", WORKFLOWS, ids=["replace", "mix"])
def test_every_sampling_has_the_law_of_raw_data(workflow, x64):
    """Along three generations of growing size."""

    def paths(sampling):
        model = jc.Categorical(discrete.zipf(12, exponent=1.0), sampling=sampling)

        def run(key):
            return jc.simulate(model, workflow, key=key, samples=lambda g: 6 + 2 * g, generations=3).metrics

        return {name: np.round(values, 9) for name, values in replicate(run, 2500, len(sampling)).items()}

    raw = paths("raw")
    for sampling in ("count", "binomial"):
        other = paths(sampling)
        for name, g in itertools.product(raw, range(3)):
            assert ks_2samp(raw[name][:, g], other[name][:, g]).pvalue > 1e-3 / (2 * 2 * 4 * 3)


@pytest.mark.parametrize("sampling", ["count", "binomial"])
def test_a_lost_symbol_stays_lost(sampling):
    """Down to the last one, which is certain from then on; in single precision."""
    model = jc.Categorical(discrete.zipf(300, exponent=1.0), sampling=sampling)
    run = jc.simulate(model, jc.Replace(), key=jax.random.key(0), samples=30, generations=400)
    alive = np.asarray(run.params) > 0
    assert (alive[1:] <= alive[:-1]).all() and np.isfinite(run.params).all()
    np.testing.assert_allclose(run.params.sum(axis=1), 1.0, rtol=1e-6)
    np.testing.assert_array_equal(run.support, alive.sum(axis=1))
    np.testing.assert_allclose(run.unseen, np.where(alive, 0.0, model.probabilities).sum(axis=1), rtol=1e-5)
    assert run.support[-1] == 1 and abs(run.diversity[-1]) < 1e-6


@pytest.mark.slow
def test_rounding_draws_no_symbol_without_probability():
    """Sums of single precision over many symbols, of which nine in ten are not there."""
    rng = np.random.default_rng(0)
    weights = rng.pareto(1.0, 100_000) * (rng.uniform(size=100_000) < 0.1)
    weights[-1] = 0.0
    weights /= weights.sum()
    model = jc.Categorical(weights)
    fit = model.fit(model.sample(jax.random.key(0), model.truth(), 1_000_000))
    assert fit.sum() > 0.999 and not np.any(np.asarray(fit)[weights == 0])
    certain = jc.Categorical([0.0, 1.0], sampling="count")  # a uniform number of single precision may be zero
    counts = certain.sample(jax.random.key(0), certain.truth(), 2**24).counts
    np.testing.assert_array_equal(counts, [0, 2**24])
    share = np.add.reduceat(np.asarray(fit, float), np.arange(0, 100_000, 10_000))
    exact = np.add.reduceat(weights, np.arange(0, 100_000, 10_000))
    assert (np.abs(share - exact) < 5 * np.sqrt(exact / 1e6)).all()


@pytest.mark.slow
def test_diversity_is_a_martingale_up_to_a_factor(x64):
    """Sizes of each generation: the mean diversity falls by 1 - 1/n, under Replace."""
    sizes = jnp.array([10.0, 40.0, 5.0, 100.0])
    model = jc.Categorical(discrete.zipf(50, exponent=1.0))
    run = lambda key: jc.simulate(model, jc.Replace(), key=key, samples=sizes, generations=4).diversity  # noqa: E731
    estimate = jc.monte_carlo(run, jax.random.key(0), 20_000, progress=False)
    exact = (1 - (model.probabilities**2).sum()) * np.cumprod(1 - 1 / sizes)
    assert (np.abs(estimate.mean - exact) < 4 * estimate.stderr).all() and (estimate.stderr < 0.005 * exact).all()


def test_the_squared_error_of_accumulated_data(x64):
    """Of ``n`` draws it is ``(1 - sum p^2)/n`` in the mean, and accumulation adds ``1/g^2`` times what is left."""
    model = jc.Categorical(discrete.zipf(8, exponent=0.5))
    run = lambda key: jc.simulate(model, jc.Accumulate(), key=key, samples=50, generations=3).squared_error  # noqa: E731
    estimate = jc.monte_carlo(run, jax.random.key(1), 8_000, progress=False)
    left, exact = 1 - (model.probabilities**2).sum(), []
    for g in range(1, 4):
        exact.append((exact[-1] if exact else 0.0) + left / (50 * g**2))
        left *= 1 - 1 / (50 * g**2)
    assert (np.abs(estimate.mean - np.array(exact)) < 4 * estimate.stderr).all()
    assert (estimate.stderr < 0.01 * np.array(exact)).all()


@pytest.mark.slow
def test_the_survival_of_a_vocabulary(x64):
    """What is unseen and what is left, against the ancestors: exact for real data, close to it later."""
    p = discrete.zipf(400, exponent=1.5)

    def run(key):
        chain = jc.simulate(jc.Categorical(p), jc.Replace(), key=key, samples=300, generations=6)
        return jnp.stack([chain.unseen, chain.support])

    estimate = jc.monte_carlo(run, jax.random.key(2), 4_000, progress=False)
    counts = discrete.effective_samples(samples=300, generations=6)
    theory = np.stack([discrete.unseen(p, samples=counts), discrete.support(p, samples=counts)])
    z = (estimate.mean - theory) / estimate.stderr
    assert (np.abs(z[:, 0]) < 4).all()
    np.testing.assert_allclose(estimate.mean, theory, rtol=0.005)


@pytest.mark.slow
def test_counts_of_pooled_texts_are_those_of_the_pool(x64):
    model = jc.Categorical(jnp.ones(5) / 5, sampling="raw")
    texts = [model.sample(jax.random.key(i), model.truth(), 7) for i in range(2)]
    counts = [Counts(7 * model.fit(text)) for text in texts]
    np.testing.assert_allclose(model.fit(texts[0] + 2.0 * texts[1]), model.fit(counts[0] + 2.0 * counts[1]), rtol=1e-14)
    text = np.concatenate([texts[0].rows, texts[1].rows, texts[1].rows])
    np.testing.assert_allclose(model.fit(texts[0] + 2.0 * texts[1]), np.bincount(text, minlength=5) / 21, rtol=1e-14)


def test_the_cheapest_sampling_is_chosen():
    """Symbols are counted while they are few; a size that is not known needs binomial variates."""

    def inverts(sampling, samples):
        model = jc.Categorical(jnp.arange(1.0, 4.0) / 6, sampling=sampling)

        def run(samples):
            return jc.simulate(model, jc.Replace(), key=jax.random.key(0), samples=samples, generations=2).support

        program = jax.make_jaxpr(run)(10.0) if samples is None else jax.make_jaxpr(lambda: run(samples))()
        return "cummax" in str(program)

    assert inverts("exact", 200) and not inverts("exact", 2000) and not inverts("exact", None)
    assert inverts("count", 2000) and not inverts("binomial", 20)
    with pytest.raises(TypeError, match='sampling="count" needs a number of samples that is known'):
        inverts("count", None)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: jc.Categorical([0.5, -0.5]), "probabilities must be finite and at least 0"),
        (lambda: jc.Categorical([0.0, 0.0]), "probabilities must sum to one, got a sum of 0"),
        (lambda: jc.Categorical([[0.5, 0.5]]), r"probabilities must have shape \(symbols,\), got shape \(1, 2\)"),
        (lambda: jc.Categorical(1.0), r"probabilities must have shape \(symbols,\)"),
        (lambda: jc.Categorical([1.0], sampling="walk"), "sampling must be 'exact' or"),
        (
            lambda: jc.simulate(
                jc.Categorical([1.0]), jc.AccumulateSubsample(), key=jax.random.key(0), samples=3, generations=2
            ),
            'give the model sampling="raw"',
        ),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments(make, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make()
