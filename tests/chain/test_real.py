"""Real data that no model drew: rows of a table without replacement, and what a function draws."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import ks_2samp

import jaxcollapse as jc
from jaxcollapse.chain.model import name_of
from jaxcollapse.chain.real import given

KEY = jax.random.key(0)
RNG = np.random.default_rng(0)
X = RNG.normal(size=(12, 3))
Y = X @ [1.0, -1.0, 0.5] + RNG.normal(size=12)
TEXT = RNG.integers(0, 3, 12)


def spectrum():
    return jc.theory.Spectrum.isotropic(3)


def first_fit(model, real, **setting):
    """The parameters of generation 1, on all rows of the table."""
    run = jc.simulate(model, jc.Replace(), key=KEY, samples=12, generations=1, real=real, **setting)
    return jax.tree.map(lambda leaf: leaf[0], run.params)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("sampling", ["exact", "raw"])
def test_the_first_fit_is_that_of_numpy_on_the_table(sampling, x64):
    """Where all rows are drawn their order does not matter, and sums are those of the rows."""
    line = first_fit(jc.Gaussian(ddof=1, sampling=sampling), X[:, 0])
    np.testing.assert_allclose(line.mean, X[:, 0].mean(), rtol=1e-12)
    np.testing.assert_allclose(jnp.exp(line.log_variance), X[:, 0].var(ddof=1), rtol=1e-12)
    law = first_fit(jc.MultivariateGaussian(jnp.eye(3), ddof=0, sampling=sampling), X)
    np.testing.assert_allclose(law.covariance, np.cov(X, rowvar=False, ddof=0), rtol=1e-10)
    fit = first_fit(jc.LinearRegression(spectrum(), noise=1.0, sampling=sampling), (X, Y))
    np.testing.assert_allclose(fit, np.linalg.lstsq(X, Y, rcond=None)[0], rtol=1e-8)
    shares = first_fit(jc.Categorical([0.2, 0.3, 0.5], sampling=sampling), TEXT)
    np.testing.assert_allclose(shares, np.bincount(TEXT, minlength=3) / 12, rtol=1e-12)
    mean = first_fit(jc.Exponential(1.0, sampling=sampling), np.abs(Y))
    np.testing.assert_allclose(mean, np.abs(Y).mean(), rtol=1e-12)


@pytest.mark.parametrize("size", [4, 30])
def test_batches_of_a_table_are_drawn_without_replacement(size, x64):
    """The mean of n of N rows scatters by ``S^2 (1 - n/N)/n``, and n rows of n are all of them."""
    table = RNG.normal(size=40)
    mean = lambda key: jc.simulate(  # noqa: E731
        jc.NormalMean(0.0), jc.Replace(), key=key, samples=size, generations=1, real=table
    ).estimate[0]
    found = np.asarray(jax.jit(jax.vmap(mean))(jax.random.split(KEY, 4000)))
    variance = table.var(ddof=1) * (1 - size / 40) / size
    assert abs(found.mean() - table.mean()) < 5 * (variance / 4000) ** 0.5
    np.testing.assert_allclose(found.var(), variance, rtol=5 * (2 / 4000) ** 0.5)


def mixed_by_numpy(rng, n, generations):
    """Fresh rows of a uniform law beside those of the last normal fit, pooled."""
    for g in range(generations):
        real = rng.uniform(size=n)
        rows = real if g == 0 else np.concatenate([real, rng.normal(mean, deviation, n)])  # noqa: F821
        mean, deviation = rows.mean(), rows.std(ddof=1)
    return mean, deviation**2


@pytest.mark.parametrize(("sampling", "size"), [("exact", 5), ("raw", 20)])
def test_a_function_draws_what_a_workflow_asks_for(sampling, size):
    def uniform(key, n):
        return jax.random.uniform(key, (n,))

    model = jc.Gaussian(ddof=1, sampling=sampling)

    def last(key):
        run = jc.simulate(model, jc.Mix("fresh"), key=key, samples=size, generations=3, real=uniform)
        return run.mean[-1], run.variance[-1]

    found = jax.jit(jax.vmap(last))(jax.random.split(KEY, 3000))
    rng = np.random.default_rng(1)
    for ours, theirs in zip(found, np.transpose([mixed_by_numpy(rng, size, 3) for _ in range(3000)]), strict=True):
        assert ks_2samp(np.asarray(ours), theirs).pvalue > 1e-3


def test_a_model_need_not_know_its_truth():
    class Location(jc.Model):
        def sample(self, key, params, n):
            return params + jax.random.normal(key, (n,))

        def fit(self, data, *, previous, **context):
            return data.median(lambda row: row)

    run = jc.simulate(Location(), jc.Accumulate(), key=KEY, samples=36, generations=3, real=100 + X.ravel())
    assert (abs(run.params - 100) < 1).all()
    with pytest.raises(ValueError, match=r"real must hold rows as Location draws them, of shape \(\), got \(1,\)"):
        jc.simulate(Location(), jc.Replace(), key=KEY, samples=36, generations=3, real=X.ravel()[:, None])


@pytest.mark.parametrize("workflow", [jc.Replace(), jc.Accumulate()], ids=["replace", "accumulate"])
def test_the_rows_a_model_would_draw_are_the_chain_as_it_was(workflow):
    """A function that draws as the model does: equal in law, though the first batch is drawn in another way."""
    model = jc.NormalMean(2.0)
    plain = lambda key, n: 2.0 + jax.random.normal(key, (n,))  # noqa: E731
    run = lambda key, **real: jc.simulate(  # noqa: E731
        model, workflow, key=key, samples=6, generations=3, **real
    ).estimate[-1]
    keys = jax.random.split(KEY, (2, 3000))
    ours = jax.jit(jax.vmap(lambda key: run(key, real=plain)))(keys[0])
    theirs = jax.jit(jax.vmap(run))(keys[1])
    assert ks_2samp(np.asarray(ours), np.asarray(theirs)).pvalue > 1e-3


def test_networks_take_other_rows_than_their_table():
    class Mean(jc.Trained):
        def build(self, key):
            return {"mean": jnp.zeros(3)}

        def loss(self, network, rows, key):
            return jnp.mean((rows - network["mean"]) ** 2)

        def draw(self, network, key, n):
            return network["mean"] + jax.random.normal(key, (n, 3))

        def evaluate(self, network, key):
            return network

    model = Mean(X, steps=60, rate=0.5, batch=8)
    run = jc.simulate(
        model, jc.Replace(), key=KEY, samples=12, generations=1, real=lambda key, n: jnp.full((n, 3), 7.0)
    )
    np.testing.assert_allclose(run.mean, 7.0, rtol=0.05)


def test_errors_speak_of_the_model_that_was_given():
    sizes = jnp.full(2, 12.0)
    assert name_of(given(jc.NormalMean(jnp.zeros(3)), jc.Replace(), sizes, X)) == "NormalMean"
    with pytest.raises(NotImplementedError, match="given rows have a design of their own"):
        jc.simulate(
            jc.LinearRegression(spectrum(), noise=1.0, design="fixed"),
            jc.Replace(), key=KEY, samples=12, generations=2, real=(X, Y),
        )  # fmt: skip


def test_a_symbol_that_is_none_is_not_counted_in_silence():
    assert np.isnan(first_fit(jc.Categorical([0.5, 0.5]), TEXT)).all()
