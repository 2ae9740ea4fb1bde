"""Exact laws of least squares and of the minimum norm, shrinkage, schedules and rates of regularisation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats

from jaxcollapse.theory import Spectrum, regression

pytestmark = pytest.mark.usefixtures("x64")


def test_the_variance_of_the_risk():
    setting = dict(dim=20, samples=40, noise=1.0, generations=8)
    fixed = regression.ols_replace_variance(**setting, design="fixed")
    fresh = regression.ols_replace_variance(**setting, design="fresh")
    np.testing.assert_allclose([fresh[-1], fixed[-1]], [8.24, 16.27], atol=5e-3)
    g = np.arange(1, 9)
    np.testing.assert_allclose(fixed, g**2 * 2 * 20 * 39 / (19**2 * 17), rtol=1e-12)
    spread = g / (19 * 17) + g * (g - 1) / 19**2
    np.testing.assert_allclose(fresh, 20 * 22 * spread - (g * 20 / 19) ** 2, rtol=1e-12)
    law = scipy.stats.f(20, 21, scale=20 / 21)
    np.testing.assert_allclose(fixed[0], law.var(), rtol=1e-12)
    wide = regression.ols_replace_variance(
        dim=20, samples=[40, 23, 40], noise=1.0, generations=3, design="fresh"
    )  # fmt: skip
    assert np.isinf(wide).tolist() == [False, True, True]


def test_the_law_of_the_risk_on_one_design():
    noise = np.array([1.0, 0.5, 2.0])
    for risk in (0.1, 1.0, 30.0):
        cdf = regression.ols_replace_cdf(risk, dim=7, samples=9, noise=noise, generations=3)
        law = scipy.stats.f(7, 3, scale=7 / 3 * np.cumsum(noise**2))
        np.testing.assert_allclose(cdf, law.cdf(risk), rtol=1e-10)
    assert regression.ols_replace_cdf(0.0, dim=7, samples=9, noise=1.0, generations=1)[0] == 0


def test_least_squares_agrees_with_raw_data():
    """Means, variances and a quantile of chains on fresh and fixed designs, and with estimated noise."""
    rng, dim, samples, count = np.random.default_rng(3), 4, 24, 20_000
    scales, test = np.array([1.0, 0.7, 0.5, 0.2]), np.array([0.3, 1.0, 0.1, 0.4])

    def design():
        return rng.standard_normal((count, samples, dim)) * np.sqrt(scales)

    def fit(x, y):
        return np.linalg.solve(np.swapaxes(x, 1, 2) @ x, np.swapaxes(x, 1, 2) @ y[..., None])[..., 0]

    first = design()
    risks = {}
    for name in ("fresh", "fixed", "estimated"):
        w, sigma = np.zeros((count, dim)), np.ones((count, 1))
        for _ in range(3):
            x = first if name == "fixed" else design()
            mean = (x @ w[..., None])[..., 0]
            y = mean + sigma * rng.standard_normal((count, samples))
            w = fit(x, y)
            if name == "estimated":
                sigma = np.sqrt(((y - (x @ w[..., None])[..., 0]) ** 2).mean(1, keepdims=True))
        risks[name] = (w**2 * scales).sum(-1)
        if name == "fresh":
            shifted = (w**2 * test).sum(-1)

    def agrees(values, theory):
        assert abs(values.mean() - float(theory)) < 4 * values.std() / count**0.5, (values.mean(), theory)

    setting = dict(dim=dim, samples=samples, noise=1.0, generations=3)
    for name in ("fresh", "fixed"):
        mean = regression.ols_replace(**setting)[-1]
        agrees(risks[name], mean)
        agrees((risks[name] - float(mean)) ** 2, regression.ols_replace_variance(**setting, design=name)[-1])
    agrees(risks["fixed"] < 0.5, regression.ols_replace_cdf(0.5, **setting)[-1])
    agrees(risks["estimated"], regression.ols_replace_estimated_noise(**setting, ddof="none")[-1])
    spectrum = Spectrum.from_eigenvalues(scales)
    rest = dict(samples=samples, noise=1.0, generations=3)
    agrees(shifted, regression.ols_replace_shifted(spectrum, test_variances=test, **rest)[-1])
    np.testing.assert_allclose(
        regression.ols_replace_shifted(spectrum, test_variances=scales, **rest),
        regression.ols_replace(**setting),
        rtol=1e-12,
    )


def test_estimated_noise():
    setting = dict(dim=10, samples=32, noise=1.3, generations=400)
    unbiased = regression.ols_replace_estimated_noise(**setting, ddof="dim")
    np.testing.assert_allclose(unbiased, regression.ols_replace(**setting), rtol=1e-12)
    biased = regression.ols_replace_estimated_noise(**setting, ddof="none")
    np.testing.assert_allclose(biased[-1], 1.69 * 32 / 21, rtol=1e-12)


def test_shifts_that_cannot_be_learnt():
    spectrum = Spectrum(jnp.array([1.0, 0.0]), jnp.ones(2))
    setting = dict(samples=20, noise=1.0, generations=1)
    assert np.isinf(regression.ols_replace_shifted(spectrum, test_variances=[1.0, 0.1], **setting))
    np.testing.assert_allclose(regression.ols_replace_shifted(spectrum, test_variances=[1.7, 0.0], **setting), 0.1)


def test_data_that_grows_keeps_the_risk_bounded():
    """T_m = T m log^2 m: the risk stays below 3.110 times the first one."""
    m = np.arange(2, 100_000)
    sizes = 1e9 * np.concatenate([[1.0], m * np.log(m) ** 2])
    curve = regression.ols_replace(dim=1, samples=sizes, noise=1.0, generations=len(sizes)) * 1e9
    np.testing.assert_allclose(curve[-1] + 1 / np.log(m[-1]), 3.110, atol=5e-4)  # the rest of the sum is an integral


@pytest.mark.slow
def test_isotropic_fits_with_any_number_of_rows():
    sizes, noises = np.array([20.0, 90.0, 8.0, 52.0]), np.array([0.4, 0.0, 1.0, 0.3])
    fresh = regression.minimum_norm_replace(
        dim=50, samples=sizes, noise=noises, norm=1.5, generations=4, design="fresh"
    )  # fmt: skip
    chain = regression.ridge_replace(
        Spectrum.isotropic(50, norm=1.5), samples=sizes, noise=noises, penalty=0.0, generations=4
    )
    np.testing.assert_allclose(fresh, chain, rtol=1e-11)
    for few in (20, 80):
        fixed = regression.minimum_norm_replace(dim=50, samples=few, noise=0.4, generations=5, design="fixed")
        scaled = [
            regression.minimum_norm_replace(dim=50, samples=few, noise=0.4 * n**0.5, generations=1, design="fresh")[0]
            for n in range(1, 6)
        ]
        np.testing.assert_allclose(fixed, scaled, rtol=1e-12)
    n, eta = np.arange(1, 201), 0.4
    many = regression.minimum_norm_replace(dim=50, samples=20, noise=0.4, generations=200, design="fresh")
    np.testing.assert_allclose(many, 1 - eta**n + 0.16 * 20 / 29 * (1 - eta**n) / (1 - eta), rtol=1e-12)
    for few in (49, 50, 51):
        risk = regression.minimum_norm_replace(dim=50, samples=few, noise=0.4, generations=2, design="fixed")
        assert np.isinf(risk).all()
        quiet = regression.minimum_norm_replace(dim=50, samples=few, noise=0.0, generations=2, design="fresh")
        np.testing.assert_allclose(quiet, 1 - min(few / 50, 1) ** np.arange(1, 3), atol=1e-15)


def _isotropic_chain(aspect, noise, penalties):
    """The last risk of a ridge chain on isotropic features, |w0| = 1, for stacks of penalties (..., generations)."""
    mean, square = 1.0, 1.0
    for lam in np.moveaxis(np.asarray(penalties), -1, 0):
        k = 0.5 * (lam + aspect - 1 + np.sqrt((lam + aspect - 1) ** 2 + 4 * lam))
        rho = 1 / (1 + k)
        square = rho**2 * (square * (1 + aspect - 2 * aspect * rho) + aspect * noise**2) / (1 - aspect * rho**2)
        mean = mean * rho
    return square - 2 * mean + 1


@pytest.mark.slow
def test_the_best_fit_to_fake_labels_is_shrunk():
    dim, samples, noise = 60, 120, 0.5
    generators = dict(generators=3, generator_samples=150, generator_noise=0.5)
    best = regression.ridge_downstream_shrunk(dim=dim, samples=samples, noise=noise, **generators)

    def risk(penalty, factor):  # from the first and second moments of the fit
        aspect, total = dim / samples, 1 + 3 * 0.25 * dim / (150 - dim - 1)
        k = 0.5 * (penalty + aspect - 1 + jnp.sqrt((penalty + aspect - 1) ** 2 + 4 * penalty))
        rho = 1 / (1 + k)
        square = rho**2 * (total * (1 + aspect - 2 * aspect * rho) + aspect * noise**2) / (1 - aspect * rho**2)
        return factor**2 * square - 2 * factor * rho + 1

    np.testing.assert_allclose(risk(best.penalty, best.shrinkage), best.risk, rtol=1e-12)
    slopes = jax.grad(risk, argnums=(0, 1))(best.penalty, best.shrinkage)
    np.testing.assert_allclose(slopes, 0, atol=1e-12)
    grid = jnp.meshgrid(jnp.geomspace(1e-3, 1, 80), jnp.linspace(0.2, 1, 80))
    assert (risk(*grid) > best.risk).all()
    assert risk(grid[0], 1.0).min() > 1.05 * best.risk


@pytest.mark.slow
@pytest.mark.parametrize(
    ("aspect", "noise", "row"),
    [
        (0.5, 0.5, [2.50, 0.770, 1.000, 1.000, 0.767, 1.148]),
        (0.5, 0.2, [0.400, 0.314, 0.346, 0.366, 0.303, 0.358]),
        (0.9, 0.3, [8.10, 0.933, 1.000, 1.000, 0.913, 1.177]),
    ],
)
def test_the_best_schedule_is_back_loaded(aspect, noise, row):
    """Least squares, tuned at the end alone, one tuned penalty, greedy, the best schedule, the best for clean data."""
    generations, grid = 10, np.geomspace(1e-5, 1e6, 6000)
    risk = lambda penalties: _isotropic_chain(aspect, noise, penalties)  # noqa: E731
    before = np.full((len(grid), generations - 1), 1e-13)
    last = risk(np.concatenate([before, grid[:, None]], axis=1)).min()
    constant = risk(np.repeat(grid[:, None], generations, axis=1)).min()
    greedy = np.zeros((1, 0))
    for _ in range(generations):
        tried = np.concatenate([np.repeat(greedy, len(grid), axis=0), grid[:, None]], axis=1)
        greedy = tried[[np.argmin(risk(tried))]]
    best = regression.ridge_replace_optimal_schedule(
        Spectrum.isotropic(90), samples=90 / aspect, noise=noise, generations=generations
    )
    table = [risk(np.full(10, 1e-13)), last, constant, risk(greedy[0]), best.risk[-1]]
    table.append(risk(np.full(10, noise**2 * aspect)))
    np.testing.assert_allclose(risk(best.penalty), best.risk[-1], rtol=1e-10)
    np.testing.assert_allclose(table, row, atol=6e-4, rtol=1e-3)
    assert (best.penalty[-1] > 10 * best.penalty[: generations // 2]).all()
    assert best.risk[-1] < min(table[:4])


@pytest.mark.slow
def test_the_best_penalty_falls_at_the_adaptive_rate():
    """Minimisers of the closed form in 3,000 dimensions: exponents within 0.02 of the rule."""
    cases = [(0.0, 0.0, 0.5), (0.0, 0.0, 0.75), (0.0, 0.2, 0.75), (0.0, 0.0, 1.0)]
    cases += [(1.0, 0.0, 0.5), (1.0, 0.0, 0.8), (1.0, 0.0, 1.0)]
    spectrum = Spectrum.power_law(3000, capacity=2.0, source=0.375)
    noise, extra, exponent = (jnp.array(column)[:, None] for column in zip(*cases, strict=True))
    samples = 3e5 ** (1 / exponent) * jnp.array([1.0, 30.0])
    few = samples**exponent
    cells = (samples, noise + 0 * few, few, jnp.sqrt(samples**extra * (few - 3001) / few))

    def best(cell):
        t, sigma, t0, sigma0 = cell
        setting = dict(samples=t, noise=sigma, generators=1, generator_samples=t0, generator_noise=sigma0)
        penalty = regression.adaptive_penalty(spectrum, **setting)
        risk = regression.ridge_downstream(spectrum, penalty=penalty, design="fresh", **setting)
        return jnp.log(penalty), jnp.log(risk)

    flat = tuple(cell.reshape(-1) for cell in cells)
    logs = [column.reshape(-1, 2) for column in jax.lax.map(best, flat)]
    for i, (sigma, a, b) in enumerate(cases):
        rule = regression.adaptive_exponent(
            capacity=2.0, source=0.375, generator_exponent=b, noise_exponent=a, label_noise=bool(sigma)
        )
        scale = jnp.log(samples[i, 1] / samples[i, 0])
        slopes = [-(column[i, 1] - column[i, 0]) / scale for column in logs]
        np.testing.assert_allclose(slopes, [rule.penalty, rule.error], atol=0.02, err_msg=str((sigma, a, b)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: regression.ols_replace_variance(dim=3, samples=[9, 9], noise=1.0, generations=2, design="fixed"),
            "samples must be one number",
        ),
        (lambda: regression.ols_replace_cdf(-1.0, dim=3, samples=9, noise=1.0, generations=2), "risk must be finite"),
        (lambda: regression.ols_replace_cdf(1.0, dim=3, samples=2, noise=1.0, generations=2), "samples must be finite"),
        (lambda: regression.ols_replace_cdf(1.0, dim=3, samples=9, noise=0.0, generations=2), "noise must be positive"),
        (
            lambda: regression.ols_replace_shifted(
                Spectrum.isotropic(3), test_variances=[1.0], samples=9, noise=1.0, generations=2
            ),
            "test_variances must have shape",
        ),
        (
            lambda: regression.ols_replace_estimated_noise(dim=3, samples=9, noise=1.0, generations=2, ddof="one"),
            "ddof must be 'none' or 'dim'",
        ),
        (
            lambda: regression.minimum_norm_replace(dim=3, samples=[9, 9], noise=1.0, generations=2, design="fixed"),
            "samples must be one number",
        ),
        (
            lambda: regression.ridge_downstream_shrunk(
                dim=3, samples=9, noise=1.0, generators=1, generator_samples=4, generator_noise=1.0
            ),
            "generator_samples must be finite and above 4",
        ),
        (
            lambda: regression.ridge_replace_optimal_schedule(
                Spectrum.isotropic(3), samples=9, noise=1.0, generations=0
            ),
            "generations must be at least 1",
        ),
        (
            lambda: regression.ridge_replace_optimal_schedule(
                Spectrum.isotropic(3), samples=9, noise=1.0, generations=2, steps=0
            ),
            "steps must be at least 1",
        ),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
