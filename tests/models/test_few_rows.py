"""Batches of one, two, and about as many rows as dimensions: sums have the law of rows under every workflow."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import ks_2samp, norm

import jaxcollapse as jc
from jaxcollapse.machine.precision import enable_x64
from jaxcollapse.models.gaussian.multivariate import MultivariateSums

DIM = 3
COVARIANCE = jnp.array([[2.0, 0.6, 0.1], [0.6, 1.0, -0.3], [0.1, -0.3, 0.5]])
ROWS = np.array([[0.5, -1.0], [-1.0, 0.3], [1.2, 0.8]])


def line(**fields):
    return jc.LinearRegression(jc.theory.Spectrum.from_eigenvalues([1.0, 0.5, 0.2]), noise=0.7, **fields)


def tabled(family, **fields):
    table = jc.features.Table(ROWS, intercept=True)
    spectrum = jc.theory.Spectrum(table.eigenvalues, jnp.array([0.4, -0.3, 0.2]))
    return family(spectrum, penalty=0.3, features=table, **fields)


def letters(**fields):
    return jc.Categorical([0.5, 0.3, 0.2], **({"sampling": "binomial"} | fields))


MODELS = {
    "normal mean": lambda **sampling: jc.NormalMean(jnp.arange(3.0), **sampling),
    "exponential": lambda **sampling: jc.Exponential(2.0, **sampling),
    "beta": lambda **sampling: jc.Beta(0.5, **sampling),
    "poisson": lambda **sampling: jc.Poisson(1.5, **sampling),
    "bernoulli": lambda **sampling: jc.Bernoulli(0.4, **sampling),
    "gaussian": lambda **sampling: jc.Gaussian(ddof=0, mean=1.0, **sampling),
    "unbiased gaussian": lambda **sampling: jc.Gaussian(ddof=1, mean=1.0, **sampling),
    "multivariate": lambda **sampling: jc.MultivariateGaussian(COVARIANCE, ddof=0, mean=jnp.ones(3), **sampling),
    "unbiased multivariate": lambda **sampling: jc.MultivariateGaussian(COVARIANCE, ddof=1, **sampling),
    "categorical": lambda **sampling: letters(**sampling),
    "curated": lambda **sampling: jc.Curated(letters(**sampling), rewards=[0.0, 0.5, 1.0], candidates=2),
    "biased": lambda **sampling: jc.Biased(jc.Gaussian(ddof=0, **sampling), lambda params: params.scaled(0.9)),
    "least squares": lambda **sampling: line(**sampling),
    "ridge": lambda **sampling: line(penalty=0.2, **sampling),
    "factors": lambda **sampling: line(**({"sampling": "bartlett"} | sampling)),
    "logistic": lambda **sampling: tabled(jc.LogisticRegression, **sampling),
    "counts": lambda **sampling: tabled(jc.PoissonRegression, **sampling),
}
WORKFLOWS = {
    "replace": jc.Replace(),
    "accumulate": jc.Accumulate(),
    "weighted rows": jc.Accumulate(weight=lambda g: 3.0 / g),
    "window": jc.Window(2),
    "average": jc.MovingAverage(0.3),
    "fresh": jc.Mix("fresh", real_samples=2),
    "fixed": jc.Mix("fixed", weight=0.3, real_samples=1),
    "matrix": jc.Weighted([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.2, 0.0, 0.8]]),
}
SIZES = ([1, 2, DIM + 1], [DIM + 1, 1, DIM], [2, DIM - 1, DIM], [DIM, DIM + 1, 2], [DIM + 1, DIM + 2, DIM + 1])
CASES = list(itertools.product(MODELS, WORKFLOWS, range(len(SIZES))))
CHOSEN = [
    ("multivariate", "replace", 3), ("multivariate", "accumulate", 1), ("multivariate", "fresh", 0),
    ("unbiased multivariate", "matrix", 2), ("gaussian", "window", 0), ("unbiased gaussian", "accumulate", 1),
    ("least squares", "accumulate", 1), ("factors", "average", 0), ("ridge", "fixed", 2), ("logistic", "window", 1),
    ("counts", "accumulate", 0), ("categorical", "matrix", 0), ("bernoulli", "fresh", 0), ("biased", "accumulate", 1),
]  # fmt: skip


def metrics(model, workflow, sizes, seed, count):
    """All metrics of all generations; what is no number at one end, and minus infinity at the other."""
    estimate = jax.jit(
        lambda keys: jax.lax.map(
            lambda key: jc.simulate(model, workflow, key=key, samples=np.array(sizes), generations=3).metrics, keys
        )
    )(jax.random.split(jax.random.key(seed), count))
    return {name: np.nan_to_num(np.asarray(values, float), nan=1e300) for name, values in estimate.items()}


def refused(model, workflow, sizes):
    """Whether a generation has a single row, or rows that count as one, and its variance no divisor."""
    samples, flow = jnp.asarray(SIZES[sizes], float), WORKFLOWS[workflow]
    return "unbiased" in model and bool(flow.rows(samples).min() < 2 or flow.counted(samples).min() < 1 + 1e-6)


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("model", "workflow", "sizes"),
    [case if case in CHOSEN else pytest.param(*case, marks=pytest.mark.slow) for case in CASES],
)
def test_sums_of_few_rows_have_the_law_of_the_rows(model, workflow, sizes, x64, request):
    make, flow = MODELS[model], WORKFLOWS[workflow]
    if refused(model, workflow, sizes):
        with pytest.raises(ValueError, match="samples must be at least 2 for ddof=1|a total weight above 1 for ddof=1"):
            metrics(make(), flow, SIZES[sizes], 1, 1)
        return
    exact = metrics(make(), flow, SIZES[sizes], 1, 3000)
    raw = metrics(make(sampling="raw"), flow, SIZES[sizes], 2, 3000)
    level = 1e-3 / len(CASES) / 3 / len(raw)
    for name, g in itertools.product(raw, range(3)):
        # a number that both ways may give is one number, whatever its last digits
        a, b = (values[name].reshape(3000, 3, -1)[:, g, -1].round(10) for values in (exact, raw))
        assert ks_2samp(a, b).pvalue > level, (name, g)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("double", [True, False], ids=["double", "single"])
@pytest.mark.parametrize("sampling", ["exact", "raw"])
@pytest.mark.parametrize("samples", [1, 2, DIM, DIM + 1])
def test_the_trace_of_a_covariance_of_few_rows_has_its_mean(samples, sampling, double):
    """``(1 - 1/n)^g`` of the truth, to four standard errors; as many directions as rows less one, for ever."""
    with enable_x64(double):
        model = jc.MultivariateGaussian(COVARIANCE.astype(float), ddof=0, mean=jnp.full(3, 5.0), sampling=sampling)
        run = jax.jit(
            lambda keys: jax.lax.map(
                lambda key: jc.simulate(model, jc.Replace(), key=key, samples=samples, generations=3), keys
            )
        )(jax.random.split(jax.random.key(3), 20_000 if samples > 1 else 10))
        trace = np.asarray(run.trace, float)
        exact = (1 - 1 / samples) ** np.arange(1, 4) * 3.5
        error = trace.std(axis=0) / np.sqrt(len(trace))
        assert (np.abs(trace.mean(axis=0) - exact) <= norm.isf(1e-3 / 48 / 2) * error).all()
        left = np.asarray((run.params.log_diagonal > -jnp.inf).sum(axis=-1))
        # In single precision a direction may shrink below the last place x of the rows, some 3e-5 of it: about
        # x log(1/x)^(g-1)/(g-1)! of the chains have lost one, 3e-5, 3e-4 and 3e-3 (80,000 chains).
        rounded = sampling == "raw" and not double
        lost = np.mean(left < min(samples - 1, DIM), axis=0)
        assert left.max() <= min(samples - 1, DIM) and (lost <= rounded * np.array([3e-4, 1e-3, 5e-3])).all()
        assert np.isfinite(run.squared_error).all() and np.isfinite(run.params.unit).all()
        lost = np.isneginf(run.log_determinant)
        assert lost.all() if samples <= DIM else lost.mean() <= 1e-3 * rounded


@pytest.mark.sampled(1)
@pytest.mark.parametrize("double", [True, False], ids=["double", "single"])
def test_rows_in_a_plane_span_a_plane_in_every_pool(double):
    """Thirty batches drawn from a fit to three points: no pool has a third direction, and none has lost the two."""
    with enable_x64(double):
        model = jc.MultivariateGaussian(COVARIANCE.astype(float), ddof=0, mean=jnp.array([3.0, -2.0, 5.0]))
        run = jax.jit(
            lambda keys: jax.lax.map(
                lambda key: jc.simulate(model, jc.Accumulate(), key=key, samples=3, generations=30), keys
            )
        )(jax.random.split(jax.random.key(4), 100))
        assert ((run.params.log_diagonal > -jnp.inf) == jnp.array([True, True, False])).all()
        assert np.isneginf(run.log_determinant).all() and np.isfinite(run.trace).all()


def test_one_small_batch_spoils_no_later_pool(x64):
    """A pool of regular batches stays regular when one of few rows joins it, at machine precision."""
    key = jax.random.key(5)
    model = jc.MultivariateGaussian(COVARIANCE.astype(float), ddof=1)
    rows = [model.truth().mean + jax.random.normal(jax.random.fold_in(key, n), (n, DIM)) for n in (6, 1, 2, 3, 9)]
    sums = [MultivariateSums.of(jc.Samples(batch)) for batch in rows]
    together = jnp.concatenate(rows)
    add, fitted = jax.jit(lambda a, b: a + b), jax.jit(lambda data: model.fit(data))
    for order in itertools.permutations(range(5)):
        pool = sums[0].empty()
        for i in order:
            pool = add(pool, sums[i])
        fit = fitted(pool)
        np.testing.assert_allclose(fit.covariance, np.cov(together.T), rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(fit.mean, together.mean(axis=0), rtol=1e-12)
    stack = jax.tree.map(lambda *leaves: jnp.stack(leaves), *sums)
    np.testing.assert_allclose(model.fit(stack.union()).covariance, np.cov(together.T), rtol=1e-12, atol=1e-14)


def test_scales_far_apart_are_pooled_without_overflow(x64):
    """A collapsed batch beside one that is not, and two collapsed ones: logs of scales, not scales."""
    sums = MultivariateSums.of(jc.Samples(jax.random.normal(jax.random.key(0), (9, DIM))))
    centred = MultivariateSums(sums.weight, jnp.zeros(DIM), sums.factor, sums.log_scale)
    tiny = MultivariateSums(sums.weight, jnp.zeros(DIM), sums.factor, jnp.asarray(-3000.0))
    both = tiny + tiny
    np.testing.assert_allclose(both.log_scale, -3000.0)
    np.testing.assert_allclose(both.factor @ both.factor.T, 2 * sums.factor @ sums.factor.T, rtol=1e-12)
    mixed = tiny + centred
    np.testing.assert_allclose(mixed.factor @ mixed.factor.T, sums.factor @ sums.factor.T, rtol=1e-12)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("family", [jc.Gaussian, lambda **fields: jc.MultivariateGaussian(COVARIANCE, **fields)])
@pytest.mark.parametrize(
    "workflow, samples", [(jc.Accumulate(weight=0.1), 5), (jc.MovingAverage(0.3), [5, 1, 5]), (jc.Accumulate(0.2), 5)]
)
def test_rows_that_count_as_one_have_no_unbiased_variance(family, workflow, samples):
    run = lambda ddof: jc.simulate(  # noqa: E731
        family(ddof=ddof), workflow, key=jax.random.key(0), samples=samples, generations=3
    )
    with pytest.raises(ValueError, match="a total weight above 1 for ddof=1"):
        run(1)
    assert all(np.isfinite(value).all() for value in run(0).metrics.values())
