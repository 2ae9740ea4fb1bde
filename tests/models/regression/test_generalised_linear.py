"""Logistic and Poisson regression: what the fit solves, where there is none, and that sums have the law of rows."""

import itertools

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import expit, ndtr
from scipy.stats import ks_2samp, norm

import jaxcollapse as jc
from jaxcollapse.machine.precision import enable_x64
from jaxcollapse.theory import Spectrum, regression

KINDS = {"logistic": jc.LogisticRegression, "poisson": jc.PoissonRegression}
VARIANCE = {"logistic": lambda t: expit(t) * expit(-t), "poisson": np.exp}
MEAN = {"logistic": expit, "poisson": np.exp}
INFORMATION = {"logistic": regression.logistic_information, "poisson": regression.poisson_information}


def population(length=1.0):
    return Spectrum.from_eigenvalues([2.0, 1.0, 0.5], length * np.array([0.7, -0.4, 0.9]))


def integral(function, *, steepness=1.0):
    """Over a standard normal variate, in pieces that resolve a step at zero."""
    edges = [-12, *(k / steepness for k in (-8, -1, 0, 1, 8) if 8 < 12 * steepness), 12]
    weighted = lambda z: norm.pdf(z) * function(z)  # noqa: E731
    return sum(quad(weighted, a, b, epsabs=1e-13, epsrel=1e-11)[0] for a, b in itertools.pairwise(edges))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("length", [0.0, 1.0, 6.0])
def test_the_information_of_a_gaussian_row(kind, length, x64):
    """Along ``w`` and across it, by quadrature of ``E v(x'w) (a'x)^2``."""
    if kind == "poisson":
        length /= 3
    spectrum = population(length)
    information = np.asarray(INFORMATION[kind](spectrum))
    assert information.shape == (3, 3)
    eigenvalues, w = np.asarray(spectrum.eigenvalues), np.asarray(spectrum.signal)
    scale = np.sqrt(np.sum(eigenvalues * w**2))
    bulk = integral(lambda z: VARIANCE[kind](scale * z))
    square = integral(lambda z: VARIANCE[kind](scale * z) * z**2)
    for a in (np.array([0.7, -0.4, 0.9]), np.array([1.0, 0.2, -3.0])):
        along = np.sum(eigenvalues * w * a) / scale if scale > 0 else 0.0  # a'x = along z + something independent
        exact = square * along**2 + bulk * (np.sum(eigenvalues * a**2) - along**2)
        np.testing.assert_allclose(a @ information @ a, exact, rtol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("length", "b"), [(0.0, 0.4), (1.0, -0.8), (2.5, 1.5)])
def test_the_information_of_a_gaussian_row_with_an_intercept(kind, length, b, x64):
    """By quadrature of ``E v(b + x'w) (c + a'x)^2`` for directions ``(c, a)``."""
    spectrum = population(length / (3 if kind == "poisson" else 1))
    information = np.asarray(INFORMATION[kind](spectrum, intercept=b))
    assert information.shape == (4, 4)
    eigenvalues, w = np.asarray(spectrum.eigenvalues), np.asarray(spectrum.signal)
    scale = np.sqrt(np.sum(eigenvalues * w**2))
    moments = [integral(lambda z, k=k: VARIANCE[kind](b + scale * z) * z**k) for k in range(3)]
    for c, a in ((1.0, np.array([0.7, -0.4, 0.9])), (-0.3, np.array([1.0, 0.2, -3.0]))):
        along = np.sum(eigenvalues * w * a) / scale if scale > 0 else 0.0
        exact = c**2 * moments[0] + 2 * c * along * moments[1] + along**2 * moments[2]
        exact += moments[0] * (np.sum(eigenvalues * a**2) - along**2)
        direction = np.append(c, a)
        np.testing.assert_allclose(direction @ information @ direction, exact, rtol=1e-8)


@pytest.mark.parametrize("kind", ["logistic", pytest.param("poisson", marks=pytest.mark.slow)])
def test_an_intercept_has_no_penalty(kind, x64):
    """The score of the intercept is zero, those of the slopes are the penalty; the metrics are of all of them."""
    model = KINDS[kind](population(0.5), penalty=0.7, intercept=0.4)
    assert model.truth().shape == (4,) and model.truth()[0] == 0.4
    data = model.sample(jax.random.key(1), model.truth(), 80)
    x, y = (np.asarray(part) for part in data.rows)
    assert x.shape == (80, 3)
    fit = jax.jit(lambda data: model.fit(data))(data)
    residual = y - MEAN[kind](float(fit[0]) + x @ np.asarray(fit[1:]))
    score = [residual.sum(), *(x.T @ residual)]
    np.testing.assert_allclose(score, [0.0, *(0.7 * 80 * fit[1:])], atol=1e-8)
    metrics, error = model.metrics(fit), np.asarray(fit - model.truth())
    np.testing.assert_allclose(metrics["squared_error"], error @ error, rtol=1e-12)
    np.testing.assert_allclose(metrics["risk"], error @ np.asarray(model.information()) @ error, rtol=1e-12)


@pytest.mark.slow
def test_an_intercept_of_a_table_is_its_column_of_ones(x64):
    """Without a penalty the two are one model, in another order."""
    rows = np.random.default_rng(0).normal(size=(7, 2))
    plain, ones = jc.features.Table(rows), jc.features.Table(rows, intercept=True)
    own = jc.LogisticRegression(
        Spectrum.from_eigenvalues(plain.eigenvalues, [0.3, -0.2]), features=plain, intercept=0.5
    )
    other = jc.LogisticRegression(Spectrum.from_eigenvalues(ones.eigenvalues, [0.3, -0.2, 0.5]), features=ones)
    last_first = np.array([2, 0, 1])
    np.testing.assert_allclose(own.information(), np.asarray(other.information())[np.ix_(last_first, last_first)])
    runs = [
        jc.simulate(model, jc.Accumulate(), key=jax.random.key(2), samples=60, generations=3) for model in (own, other)
    ]
    np.testing.assert_allclose(runs[0].params, runs[1].params[:, last_first], rtol=1e-6)
    np.testing.assert_allclose(runs[0].accuracy, runs[1].accuracy, rtol=1e-9)
    said = [jc.predict(m, jc.Accumulate(), samples=60, generations=3).risk for m in (own, other)]
    np.testing.assert_allclose(*said, rtol=1e-12)


def newton_in_numpy(x, y, mean, variance, penalty, steps=30):
    """Maximum likelihood with an intercept that has no penalty; None where there is none."""
    x, w = np.column_stack([np.ones(len(x)), x]), np.zeros(x.shape[1] + 1)
    ridge = penalty * len(x) * np.append(0.0, np.ones(len(w) - 1))
    for _ in range(steps):
        curvature = (x.T * variance(x @ w)) @ x + np.diag(ridge)
        change = np.linalg.solve(curvature, x.T @ (y - mean(x @ w)) - ridge * w)
        w = w + change / max(1.0, np.abs(change).max())
        if np.abs(change).max() < 1e-6:
            return w
    return None


@pytest.mark.slow
@pytest.mark.parametrize("n", [12, 50])
def test_chains_without_a_fit_are_a_share_and_the_others_are_those_of_numpy(n):
    """Labels that are all alike have no intercept: how often, and the error of the other chains."""
    spectrum, b, generations, rng = Spectrum.from_eigenvalues([1.0], [0.8]), 1.0, 2, np.random.default_rng(0)
    errors = np.full((2000, generations), np.nan)
    for chain in errors:
        w = np.array([b, 0.8])
        for g in range(generations):
            x = rng.standard_normal((n, 1))
            y = (rng.uniform(size=n) < expit(w[0] + w[1] * x[:, 0])).astype(float)
            w = newton_in_numpy(x, y, expit, VARIANCE["logistic"], 0.1) if 0 < y.sum() < n else None
            if w is None:
                break
            chain[g] = np.sum((w - [b, 0.8]) ** 2)
    model = jc.LogisticRegression(spectrum, penalty=0.1, intercept=b)
    run = lambda key: jc.simulate(model, jc.Replace(), key=key, samples=n, generations=generations)  # noqa: E731
    found = jc.monte_carlo(lambda key: run(key).squared_error, jax.random.key(0), 4096, progress=False).among_finite()
    share = np.isnan(errors).mean(axis=0)
    spread = np.sqrt(share * (1 - share) * (1 / 2000 + 1 / 4096)) + 1e-9
    assert (np.abs(found.missing - share) < 4.5 * spread).all()
    stderr = np.hypot(np.nanstd(errors, axis=0) / np.sqrt(np.sum(~np.isnan(errors), axis=0)), found.stderr)
    assert (np.abs(found.mean - np.nanmean(errors, axis=0)) < 4.5 * stderr).all()
    assert n > 12 or 0.005 < share[0] < share[1]


@pytest.mark.sampled(4)
@pytest.mark.parametrize("square", [1e-6, 0.3, 0.99, 1.01, 30.0, 400.0, 2000.0, 4000.0, 1e6])
@pytest.mark.parametrize("double", [True, False], ids=["double", "single"])
def test_the_information_of_a_steep_regression(square, double):
    """Along ``w``, where ``E v (x'w)^2`` is a small rest, and across it; against quadrature in thirty digits."""
    with enable_x64(double):
        length = jnp.sqrt(jnp.asarray(square))
        spectrum = Spectrum.from_eigenvalues(jnp.array([1.0, 0.5]), jnp.stack([length, 0.0]))
        information = np.asarray(regression.logistic_information(spectrum), float)
        scale = float(length)
    with mpmath.workdps(30):

        def weighted(power):
            """``E v(scale z) z^power``, over what the predictor is."""
            edge = min(80.0, 14 * scale)
            law = lambda t: mpmath.npdf(t / scale) / (4 * scale * mpmath.cosh(t / 2) ** 2)  # noqa: E731
            return 2 * mpmath.quad(lambda t: law(t) * (t / scale) ** power, mpmath.linspace(0, edge, 9))

        along, across = float(weighted(2)), float(0.5 * weighted(0))
    eps = 2.0**-52 if double else 2.0**-23
    np.testing.assert_allclose(information[0, 0], along, rtol=min(eps * (256 + square), 1e-10 if double else np.inf))
    np.testing.assert_allclose(information[1, 1], across, rtol=256 * eps)
    assert information[0, 1] == information[1, 0] == 0


@pytest.mark.parametrize("kind", KINDS)
def test_the_information_of_a_table_is_the_curvature_of_its_likelihood(kind, x64):
    rows = np.random.default_rng(0).normal(size=(20, 3))
    model = KINDS[kind](population())
    curvature = jax.hessian(lambda w: jnp.mean(model.log_partition(rows @ w)))(population().signal)
    np.testing.assert_allclose(INFORMATION[kind](population(), rows=rows), curvature, rtol=1e-12)
    first = regression.maximum_likelihood_error(curvature, samples=50)
    np.testing.assert_allclose(first, np.trace(np.linalg.inv(curvature)) / 50, rtol=1e-12)


def test_the_accuracy_of_a_classifier(x64):
    eigenvalues, w = np.asarray(population().eigenvalues), np.asarray(population().signal)
    scale = np.sqrt(np.sum(eigenvalues * w**2))
    for other in (np.array([1.0, 0.2, -3.0]), w + np.array([0.3, 0.0, 0.0]), w + np.array([0.0, 0.003, 0.0])):
        along = np.sum(eigenvalues * w * other) / scale
        steep = along / np.sqrt(np.sum(eigenvalues * other**2) - along**2)
        gain = lambda z: (expit(scale * z) - 0.5) * (2 * ndtr(steep * z) - 1)  # noqa: B023, E731
        exact = 0.5 + integral(gain, steepness=max(1.0, abs(steep)))
        np.testing.assert_allclose(regression.logistic_accuracy(population(), other), exact, atol=2e-7)
        swapped = regression.logistic_accuracy(population(), -7 * other)
        np.testing.assert_allclose(swapped, 1 - exact, atol=2e-7)
    best = integral(lambda z: expit(scale * abs(z)))
    np.testing.assert_allclose(regression.logistic_accuracy(population(), w), best, rtol=1e-9)
    assert regression.logistic_accuracy(population(), jnp.zeros(3)) == 0.5
    rows = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])  # right for the first row, wrong for the second
    exact = (expit(0.7) + expit(-0.4)) / 2
    accuracy = regression.logistic_accuracy(population(), jnp.ones(3), rows=rows)
    np.testing.assert_allclose(accuracy, exact, rtol=1e-12)


def fitter(kind):
    """A compiled fit of rows, labels and weights, from a start and with a penalty."""

    @jax.jit
    def fit(x, y, weights, previous, penalty):
        return KINDS[kind](population(), penalty=penalty).fit(jc.Samples((x, y), weights), previous=previous)

    return fit


@pytest.mark.parametrize("kind", KINDS)
def test_the_fit_solves_the_score_equations(kind, x64):
    """With weights and a penalty, from starts near and far; rows of no weight may hold anything."""
    model, fit = KINDS[kind](population()), fitter(kind)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 3))
    y = rng.binomial(1, expit(x @ model.truth())) if kind == "logistic" else rng.poisson(np.exp(x @ model.truth()))
    y = y.astype(float)
    weights = np.random.default_rng(0).integers(0, 3, 60).astype(float)
    x[weights == 0], y[weights == 0] = np.inf, np.nan
    present = weights > 0
    for penalty in (0.0, 0.3):
        near = fit(x, y, weights, model.truth(), penalty)
        w = np.asarray(near)
        residual = weights[present] * (y[present] - MEAN[kind](x[present] @ w))
        np.testing.assert_allclose(x[present].T @ residual, penalty * weights.sum() * w, atol=1e-9)
        for start in (jnp.zeros(3), jnp.array([8.0, -6.0, 7.0]), jnp.full(3, 400.0), jnp.full(3, jnp.nan)):
            np.testing.assert_allclose(fit(x, y, weights, start, penalty), near, rtol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_where_there_is_no_fit_it_is_nan(kind):
    """In single precision; a penalty brings it back, and neighbours in a batch are not touched."""
    fit = fitter(kind)
    rng = np.random.default_rng(1)
    x = rng.normal(size=(30, 3)).astype(np.float32)
    ones = np.ones(30, np.float32)
    apart = (x[:, 0] > 0).astype(np.float32)
    few = np.where(np.arange(30) < 2, ones, 0.0)
    halved = x.copy()
    halved[:15, 0] = 0.0  # only the first column tells the labels of the others
    if kind == "logistic":
        random = rng.integers(0, 2, 30).astype(np.float32)
        quasi = np.where(halved[:, 0] == 0, random, halved[:, 0] > 0)
        cases = [(x, apart, ones), (x, random, few), (halved, quasi, ones), (x, random, ones)]
    else:
        counts = rng.poisson(1.0, 30).astype(np.float32)
        halved[15:, 0] = np.abs(halved[15:, 0])
        quasi = np.where(halved[:, 0] == 0, counts, 0.0)
        cases = [(np.abs(x), 0 * counts, ones), (x, counts, few), (halved, quasi, ones), (x, counts, ones)]
    xs, ys, weights = (np.stack([case[i] for case in cases]) for i in range(3))
    start = population().signal.astype(jnp.float32)
    batch = jax.jit(jax.vmap(fit, (0, 0, 0, None, None)))
    fits = np.asarray(batch(xs, ys, weights, start, 0.0))
    assert np.isnan(fits[:3]).all() and np.isfinite(fits[3]).all()
    assert np.isfinite(batch(xs, ys, weights, start, 0.1)).all()
    residual = ys[3] - MEAN[kind](xs[3] @ fits[3])
    np.testing.assert_allclose(xs[3].T @ residual, 0.0, atol=1e-4)


def test_what_cannot_be_counted_is_nan(x64):
    model = jc.PoissonRegression(Spectrum.from_eigenvalues([1.0], [1.0]))
    sample = jax.jit(lambda w: model.sample(jax.random.key(0), w, 50))
    y = np.asarray(sample(jnp.array([40.0])).rows[1])
    means = np.exp(np.asarray(sample(jnp.array([40.0])).rows[0][:, 0]) * 40.0)
    assert (np.isnan(y) == (means > 2**32 - 2**20)).all() and np.isnan(y).any() and not np.isnan(y).all()
    assert np.isnan(model.fit(sample(jnp.array([40.0])))).all()
    assert np.isnan(sample(jnp.array([jnp.nan])).rows[1]).all()


@pytest.mark.parametrize("kind", ["logistic", pytest.param("poisson", marks=pytest.mark.slow)])
def test_sums_over_a_table_have_the_law_of_rows(kind, x64):
    """Three generations of accumulation on a table with an intercept."""
    rows = jc.features.Table(np.random.default_rng(0).normal(size=(7, 2)), intercept=True)
    spectrum = Spectrum.from_eigenvalues(rows.eigenvalues, [0.3, -0.2, 0.5])
    np.testing.assert_allclose(rows.rows.T @ rows.rows / 7, np.diag(rows.eigenvalues), atol=1e-12)

    def paths(sampling):
        model = KINDS[kind](spectrum, features=rows, sampling=sampling, penalty=0.02)
        run = lambda key: jc.simulate(model, jc.Accumulate(), key=key, samples=40, generations=3).params  # noqa: E731
        keys = jax.random.split(jax.random.key(len(sampling)), 2000)
        return np.asarray(jax.jit(jax.vmap(run))(keys))

    exact, raw = paths("exact"), paths("raw")
    for g, j in itertools.product(range(3), range(3)):
        assert ks_2samp(exact[:, g, j], raw[:, g, j]).pvalue > 1e-3 / 18


@pytest.mark.sampled(1)
@pytest.mark.parametrize("workflow", [jc.AccumulateSubsample(), jc.Mix("fixed", weight=1.0)], ids=["subsample", "mix"])
def test_workflows_of_rows(workflow, x64):
    """Real data alone is fitted again and again; the metrics are those of the parameters."""
    model = jc.LogisticRegression(population())
    run = jc.simulate(model, workflow, key=jax.random.key(0), samples=120, generations=3)
    assert np.isfinite(run.params).all()
    same = np.allclose(run.params, run.params[0], rtol=1e-12)
    assert same == isinstance(workflow, jc.Mix)
    error = np.asarray(run.params - population().signal)
    np.testing.assert_allclose(run.squared_error, (error**2).sum(axis=1), rtol=1e-12)
    np.testing.assert_allclose(run.risk, np.einsum("gi,ij,gj->g", error, model.information(), error), rtol=1e-12)
    np.testing.assert_allclose(run.accuracy[1], regression.logistic_accuracy(population(), run.params[1]))


def test_a_fixed_design_has_every_row_equally_often(x64):
    """Sums of labels of as many copies; their mean and variance, and what every row tells about the coefficients."""
    rows = jc.features.Table(np.random.default_rng(0).normal(size=(5, 3)))
    for kind, model_of in KINDS.items():
        model = model_of(Spectrum.from_eigenvalues(rows.eigenvalues, [0.3, -0.2, 0.5]), features=rows, design="fixed")
        keys = jax.random.split(jax.random.key(0), 4000)
        sums = jax.jit(jax.vmap(lambda key: model.sample(key, model.truth(), 200)))(keys)  # noqa: B023
        assert (sums.counts == 40).all()
        predictor = np.asarray(rows.rows @ model.truth())
        for found, exact, spread in (
            (sums.totals.mean(axis=0), 40 * MEAN[kind](predictor), sums.totals.std(axis=0)),
            (sums.totals.var(axis=0), 40 * VARIANCE[kind](predictor), 1.5 * sums.totals.var(axis=0)),
        ):
            assert (np.abs(found - exact) < 4.5 * np.asarray(spread) / np.sqrt(4000)).all()
    with pytest.raises(
        ValueError, match="samples must be multiples of the 5 rows of the table for a fixed design, got 7"
    ):
        jc.simulate(model, jc.Replace(), key=keys[0], samples=[10, 7], generations=2)


def test_tables_that_come_along():
    for columns, labels in (jc.datasets.breast_cancer(), jc.datasets.wine()):
        np.testing.assert_allclose(columns.mean(axis=0), 0.0, atol=1e-12)
        np.testing.assert_allclose(columns.std(axis=0), 1.0, rtol=1e-12)
        assert labels.shape == (len(columns),)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: jc.LogisticRegression(jnp.ones(3)), "spectrum must be a jaxcollapse.theory.Spectrum"),
        (lambda: jc.PoissonRegression(population(), penalty=-1.0), "penalty must be finite and at least 0"),
        (lambda: jc.PoissonRegression(population(), features=3), "features must be a function of a key"),
        (lambda: jc.LogisticRegression(population(), sampling="walk"), "sampling must be 'exact' or 'raw'"),
        (lambda: jc.LogisticRegression(population(), design="fixed"), "needs the rows of a jaxcollapse.features.Table"),
        (lambda: jc.LogisticRegression(population(), design="free"), "design must be 'fresh' or 'fixed'"),
        (
            lambda: jc.LogisticRegression(population(), features=lambda key, n: jnp.ones((n, 2))).sample(
                jax.random.key(0), population().signal, 5
            ),
            r"features\(key, n\) must have shape \(5, 3\)",
        ),
        (
            lambda: jc.LogisticRegression(population(), features=jc.features.Table(np.eye(3))),
            r"features must have 3 columns",
        ),
        (lambda: regression.poisson_information(population(), rows=np.ones(3)), r"must have shape \(rows"),
        (lambda: regression.logistic_accuracy(population(), np.ones(2)), r"coefficients must have shape \(3"),
        (lambda: regression.maximum_likelihood_error(jnp.ones((2, 3)), samples=5), "information must have"),
        (lambda: regression.maximum_likelihood_error(jnp.eye(2), samples=0), "samples must be positive"),
        (lambda: jc.features.Table(np.eye(3), intercept=1), "intercept must be True or False"),
        (lambda: jc.LogisticRegression(population(), intercept=True), "intercept must be the true one, a number"),
        (lambda: jc.PoissonRegression(population(), intercept=[1.0]), "intercept must be one number"),
        (lambda: regression.poisson_information(population(), rows=np.eye(3), intercept=1.0), "column of ones"),
    ],
)  # fmt: skip
def test_wrong_arguments(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
