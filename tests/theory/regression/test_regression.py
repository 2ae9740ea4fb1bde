"""Closed forms of regression: the figures of the paper, identities between derivations, gradients, errors."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxcollapse.theory import Spectrum, regression
from jaxcollapse.theory.regression.effective_penalty import degrees_of_freedom, kappa

pytestmark = pytest.mark.usefixtures("x64")


def isotropic():
    return Spectrum.isotropic(300)


def power_law():
    return Spectrum.power_law(300, capacity=2.0, source=0.375)


def downstream(spectrum, penalty, generators, samples, noise):
    fixed = dict(noise=noise, generator_samples=600, generator_noise=noise, design="fresh")
    return float(
        regression.ridge_downstream(spectrum, penalty=penalty, generators=generators, samples=samples, **fixed)
    )


@pytest.mark.parametrize(
    ("penalty", "row"),
    [
        (1e-3, [0.0171, 0.0571, 0.0971, 0.2172, 0.4173, 0.8175]),
        (1e-2, [0.0167, 0.0558, 0.0948, 0.2119, 0.4070, 0.7972]),
        (0.1, [0.0308, 0.0620, 0.0933, 0.1872, 0.3436, 0.6564]),
        (0.3, [0.0984, 0.1200, 0.1415, 0.2062, 0.3140, 0.5295]),
        (1.0, [0.3112, 0.3206, 0.3300, 0.3582, 0.4051, 0.4990]),
    ],
)
def test_figure_1a(penalty, row):
    got = [downstream(isotropic(), penalty, n, 1000, 0.2) for n in (0, 1, 2, 5, 10, 20)]
    np.testing.assert_allclose(got, row, atol=5.1e-5)


@pytest.mark.parametrize(
    ("penalty", "row"),
    [
        (1e-4, [0.0082, 0.2673, 0.5265, 1.304, 2.600]),
        (1e-3, [0.0054, 0.0885, 0.1716, 0.4207, 0.8360]),
        (1e-2, [0.0182, 0.0435, 0.0687, 0.1445, 0.2708]),
        (0.1, [0.0986, 0.1054, 0.1123, 0.1328, 0.1669]),
    ],
)
def test_figure_1b_left(penalty, row):
    got = [downstream(power_law(), penalty, n, 10_000, 1.0) for n in (0, 1, 2, 5, 10)]
    np.testing.assert_allclose(got, row, atol=5.1e-4)


@pytest.mark.parametrize(
    ("samples", "row"),
    [
        (1e2, [0.083, 0.140, 0.196, 0.366, 0.648]),
        (1e3, [0.021, 0.071, 0.121, 0.271, 0.522]),
        (1e4, [0.005, 0.110, 0.215, 0.529, 1.053]),
        (1e5, [0.001, 0.259, 0.516, 1.289, 2.577]),
        (1e6, [0.000, 0.573, 1.145, 2.862, 5.724]),
    ],
)
def test_figure_1b_right(samples, row):
    got = [downstream(power_law(), samples**-0.8, n, samples, 1.0) for n in (0, 1, 2, 5, 10)]
    np.testing.assert_allclose(got, row, atol=5.1e-4)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("design", "row"), [("fixed", [0.0043, 0.5043, 0.5043, 0.5043]), ("fresh", [0.0043, 0.5043, 0.7543, 0.9418])]
)
def test_figure_2(design, row):
    fixed = dict(penalty=1e-3, samples=1000, noise=0.1, generator_samples=150, generator_noise=0.0, design=design)
    got = [float(regression.ridge_downstream(isotropic(), generators=n, **fixed)) for n in (0, 1, 2, 4)]
    np.testing.assert_allclose(got, row, atol=5.1e-5)


def test_the_downstream_fit_ends_a_chain():
    """Corollary 4.4 and the recursion are derived apart and agree to rounding."""
    for spectrum in (isotropic(), power_law()):
        for generators in (0, 1, 4):
            chain = regression.ridge_replace(
                spectrum,
                samples=jnp.array([600.0] * generators + [1000.0]),
                noise=jnp.array([0.3] * generators + [0.2]),
                penalty=jnp.array([0.0] * generators + [0.05]),
                generations=generators + 1,
            )[-1]
            terms = regression.ridge_downstream_terms(
                spectrum, penalty=0.05, samples=1000, noise=0.2, generator_samples=600
            )
            np.testing.assert_allclose(
                chain, terms.bias + terms.variance + generators * 0.09 * terms.collapse, rtol=1e-11
            )


@pytest.mark.parametrize("few", [20, 150, 290])
def test_generators_with_few_rows_on_one_design(few):
    """Equation 18 agrees with the recursion, in which generators on one design are one with noise sqrt(n) sigma_0."""
    for spectrum in (isotropic(), power_law()):
        terms = regression.ridge_downstream_terms(
            spectrum, penalty=0.05, samples=1000, noise=0.2, generator_samples=few
        )
        for generators in (1, 4):
            chain = regression.ridge_replace(
                spectrum,
                samples=jnp.array([few, 1000.0]),
                noise=jnp.array([0.3 * generators**0.5, 0.2]),
                penalty=jnp.array([0.0, 0.05]),
                generations=2,
            )[-1]
            np.testing.assert_allclose(
                chain, terms.bias + terms.variance + generators * 0.09 * terms.collapse, rtol=1e-11
            )


def test_generators_near_the_threshold_add_without_bound():
    for few, infinite in ((298, False), (299, True), (300, True), (301, True), (302, False)):
        terms = regression.ridge_downstream_terms(
            power_law(), penalty=0.05, samples=1000, noise=0.2, generator_samples=few
        )
        assert np.isfinite(terms.bias) and np.isinf(terms.collapse) == infinite


def test_isotropic_closed_forms():
    dim, samples, noise, penalty, generators = 60, 100.0, 0.7, 0.2, 1
    phi = dim / samples
    k = 0.5 * (penalty + phi - 1 + np.sqrt((penalty + phi - 1) ** 2 + 4 * penalty))
    spectrum = Spectrum.isotropic(dim, norm=1.5)
    np.testing.assert_allclose(kappa(spectrum, penalty=penalty, samples=samples), k, rtol=1e-13)
    terms = regression.ridge_downstream_terms(
        spectrum, penalty=penalty, samples=samples, noise=noise, generator_samples=200
    )
    clean = (k**2 * 1.5**2 + noise**2 * phi) / ((1 + k) ** 2 - phi)
    np.testing.assert_allclose(terms.bias + terms.variance, clean, rtol=1e-12)
    rho = dim / (200 - dim - 1) / (1 + k) ** 2 * (1 + phi * k**2 / ((1 + k) ** 2 - phi))
    np.testing.assert_allclose(terms.collapse, generators * rho, rtol=1e-12)


def test_the_limit_of_a_ridge_chain():
    """Constant penalty, isotropic: the risk tends to |w0|^2 + s*, with s* from the fixed point."""
    dim, samples, noise, penalty = 60, 100.0, 0.7, 0.2
    phi = dim / samples
    k = 0.5 * (penalty + phi - 1 + np.sqrt((penalty + phi - 1) ** 2 + 4 * penalty))
    rho = 1 / (1 + k)
    star = rho**2 * phi * noise**2 / (1 - phi * rho**2 - rho**2 * (1 + phi - 2 * phi * rho))
    curve = regression.ridge_replace(
        Spectrum.isotropic(dim), samples=samples, noise=noise, penalty=penalty, generations=400
    )
    np.testing.assert_allclose(curve[-1], 1 + star, rtol=1e-10)


def test_minimum_norm_generators_saturate():
    """Isotropic, T0 < d: E|w_n - w0|^2 = (1 - eta^n)|w0|^2 + sigma^2 T0/(d - T0 - 1) (1 - eta^n)/(1 - eta), exactly."""
    dim, few, noise = 50, 20, 0.4
    eta, n = few / dim, np.arange(1, 8)
    curve = regression.ridge_replace(Spectrum.isotropic(dim), samples=few, noise=noise, penalty=0.0, generations=7)
    expected = 1 - eta**n + noise**2 * few / (dim - few - 1) * (1 - eta**n) / (1 - eta)
    np.testing.assert_allclose(curve, expected, rtol=1e-10)


def test_least_squares_rows_agree():
    sizes, noises = jnp.array([30.0, 45.0, 80.0]), jnp.array([0.3, 1.0, 0.5])
    direct = regression.ols_replace(dim=10, samples=sizes, noise=noises, generations=3)
    spectrum = Spectrum.from_eigenvalues(jnp.geomspace(1, 0.01, 10))
    chain = regression.ridge_replace(spectrum, samples=sizes, noise=noises, penalty=0.0, generations=3)
    np.testing.assert_allclose(direct, chain, rtol=1e-12)
    np.testing.assert_allclose(direct[-1], sum(s**2 * 10 / (t - 11) for t, s in zip(sizes, noises, strict=True)))


def test_accumulation_tends_to_its_limits():
    fixed = dict(dim=10, samples=32, noise=1.3)
    for design in ("fresh", "fixed"):
        curve = regression.ols_accumulate(**fixed, generations=20_000, design=design)
        limit = regression.ols_accumulate_limit(**fixed, design=design)
        assert (curve < limit).all()
        np.testing.assert_allclose(curve[-1], limit, rtol=1e-4)
    fresh, one = (regression.ols_accumulate_limit(**fixed, design=design) for design in ("fresh", "fixed"))
    assert fresh < one
    np.testing.assert_allclose(
        regression.ols_accumulate_limit(dim=20, samples=30, noise=1.0, design="fresh")
        / regression.ols_accumulate_limit(dim=20, samples=30, noise=1.0, design="fixed"),
        0.762,
        atol=5e-4,
    )


def test_infinite_expectations():
    for samples in (9, 10, 11):
        assert jnp.isinf(regression.ols_replace(dim=10, samples=samples, noise=1.0, generations=2)).all()
        fixed = dict(penalty=0.1, samples=100, noise=1.0, generators=1, generator_samples=samples, generator_noise=1.0)
        assert jnp.isinf(regression.ridge_downstream(Spectrum.isotropic(10), design="fresh", **fixed))
    curve = regression.ols_accumulate(dim=10, samples=9, noise=1.0, generations=3, design="fresh")
    assert jnp.isinf(curve).all()
    assert jnp.isfinite(regression.ols_replace(dim=10, samples=12, noise=1.0, generations=1)).all()


def test_without_noise_least_squares_is_exact():
    for samples in (10, 11, 12):
        assert (regression.ols_replace(dim=10, samples=samples, noise=0.0, generations=2) == 0).all()
        fixed = dict(dim=10, samples=samples, noise=0.0, generations=2)
        assert (regression.ols_accumulate(**fixed, design="fresh") == 0).all()
    assert jnp.isnan(regression.ols_replace(dim=10, samples=9, noise=0.0, generations=2)).all()


@pytest.mark.parametrize(
    ("exponent", "noise_exponent", "label_noise", "penalty", "error"),
    [(0.5, 0.0, False, 0.4, 0.3), (0.75, 0.0, False, 0.6, 0.45), (0.75, 0.2, False, 0.44, 0.33)]
    + [
        (1.0, 0.0, False, 0.8, 0.6),
        (0.5, 0.0, True, 0.4, 0.3),
        (0.8, 0.0, True, 0.64, 0.48),
        (1.3, 0.0, True, 0.8, 0.6),
    ],
)
def test_adaptive_exponents(exponent, noise_exponent, label_noise, penalty, error):
    rates = regression.adaptive_exponent(
        capacity=2.0, source=0.375, generator_exponent=exponent, noise_exponent=noise_exponent, label_noise=label_noise
    )
    np.testing.assert_allclose([rates.penalty, rates.error], [penalty, error], rtol=1e-12)


def test_adaptive_exponents_where_features_outnumber_rows():
    """T0 = T^1.3 with d of the same order: T^b' = T0 T/d = T, so that b' = 1."""
    rates = regression.adaptive_exponent(
        capacity=2.0, source=0.375, generator_exponent=1.3, dim_exponent=1.3, label_noise=False
    )
    np.testing.assert_allclose([rates.penalty, rates.error], [0.8, 0.6], rtol=1e-12)


@pytest.mark.slow
def test_the_adaptive_penalty_is_the_minimum():
    fixed = dict(samples=10_000, noise=1.0, generators=5, generator_samples=600, generator_noise=1.0)
    best = regression.adaptive_penalty(power_law(), **fixed)

    def risk(log_penalty):
        return regression.ridge_downstream(power_law(), penalty=jnp.exp(log_penalty), design="fresh", **fixed)

    slope = jax.jit(jax.grad(risk))
    assert slope(jnp.log(best) - 1e-6) < 0 < slope(jnp.log(best) + 1e-6)
    clean = regression.adaptive_penalty(
        isotropic(), samples=1000, noise=0.2, generators=0, generator_samples=600, generator_noise=0.0
    )
    np.testing.assert_allclose(clean, 0.2**2 * 300 / 1000, rtol=1e-6)  # the optimal ridge of clean isotropic data
    few = regression.adaptive_penalty(
        isotropic(), samples=1000, noise=0.2, generators=0, generator_samples=100, generator_noise=0.0
    )
    np.testing.assert_allclose(few, clean, rtol=1e-12)  # without generators their rows do not matter


def test_gradients_are_difference_quotients():
    spectrum = power_law()

    def risk(log_penalty, noise, scale):
        population = Spectrum.from_eigenvalues(scale * spectrum.eigenvalues, spectrum.signal)
        settings = dict(generators=3, generator_samples=600, generator_noise=noise, design="fresh")
        return regression.ridge_downstream(
            population, penalty=jnp.exp(log_penalty), samples=900, noise=noise, **settings
        )

    point = (jnp.log(0.01), 0.5, 1.2)
    for i, slope in enumerate(jax.grad(risk, argnums=(0, 1, 2))(*point)):
        up, down = (tuple(v + s * 1e-5 * (i == j) for j, v in enumerate(point)) for s in (1, -1))
        np.testing.assert_allclose(slope, (risk(*up) - risk(*down)) / 2e-5, rtol=1e-6)


@pytest.mark.parametrize("dim", [1, 40, 300])
def test_kappa_solves_its_equation_everywhere(dim):
    penalties = jnp.array([0.0, 1e-8, 1e-3, 1.0, 100.0])
    samples = jnp.array([0.01 * dim + 1, 0.5 * dim + 1, dim, 1.01 * dim, 3 * dim, 300 * dim])
    for spectrum in (Spectrum.isotropic(dim), Spectrum.power_law(dim, capacity=2.0, source=0.4)):
        solve = jax.vmap(lambda p, n, s=spectrum: kappa(s, penalty=p, samples=n), (0, None))
        k = jax.vmap(solve, (None, 0))(penalties, samples)
        df = jax.vmap(jax.vmap(lambda k, s=spectrum: degrees_of_freedom(s, kappa=k)))(k)
        residual = k - penalties - k * df / samples[:, None]
        assert (jnp.abs(residual) <= 1e-12 * (k + 1e-300)).all()
        assert (k >= penalties).all()
        assert (k[2:, 0] == 0).all()


@pytest.mark.slow
def test_kappa_maps_over_a_hundred_thousand_points():
    spectrum = Spectrum.power_law(40, capacity=1.5, source=0.4)
    penalties, samples = jnp.geomspace(1e-9, 1e2, 320), jnp.geomspace(0.4, 1e4, 320)
    solve = jax.vmap(jax.vmap(lambda p, n: kappa(spectrum, penalty=p, samples=n), (0, None)), (None, 0))
    k = solve(penalties, samples)
    df = jnp.sum(spectrum.eigenvalues / (spectrum.eigenvalues + k[..., None]), axis=-1)
    residual = k - penalties - k * df / samples[:, None]
    assert k.size > 100_000
    assert (jnp.abs(residual) <= 1e-12 * k).all()


@pytest.mark.slow
def test_kappa_has_three_derivatives_in_a_scan():
    """Isotropic features: a quadratic equation, in closed form."""

    def closed(penalty):
        linear = penalty + 2.5 - 1
        return 0.5 * (linear + jnp.sqrt(linear**2 + 4 * penalty))

    def scanned(penalty):
        step = lambda total, _: (total + kappa(jnp.ones(500), penalty=penalty, samples=200), None)  # noqa: E731
        return jax.lax.scan(step, 0.0, length=1)[0]

    f, g = scanned, closed
    for _ in range(4):
        np.testing.assert_allclose(f(0.3), g(0.3), rtol=1e-12)
        f, g = jax.grad(f), jax.grad(g)


def test_kappa_has_implicit_gradients():
    eigenvalues = jnp.array([2.0, 1.0, 0.3])

    def f(penalty, samples, first):
        return kappa(eigenvalues.at[0].set(first), penalty=penalty, samples=samples)

    point = (0.1, 2.5, 2.0)
    for i in range(3):
        up, down = (tuple(v + s * 1e-6 * (i == j) for j, v in enumerate(point)) for s in (1, -1))
        quotient = (f(*up) - f(*down)) / 2e-6
        np.testing.assert_allclose(jax.grad(f, argnums=i)(*point), quotient, rtol=1e-7)
        np.testing.assert_allclose(jax.jacfwd(f, argnums=i)(*point), quotient, rtol=1e-7)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: regression.ols_replace(dim=10, samples=8, noise=1.0, generations=2),
            "samples must be at least dim - 1",
        ),
        (lambda: regression.ols_replace(dim=0, samples=8, noise=1.0, generations=2), "dim must be at least 1"),
        (lambda: regression.ols_replace(dim=3, samples=8, noise=-1.0, generations=2), "noise must be finite"),
        (
            lambda: regression.ols_replace(dim=3, samples=[8, 9], noise=1.0, generations=3),
            "samples must be a number or",
        ),
        (lambda: regression.ols_replace(dim=3, samples="8", noise=1.0, generations=3), "samples must be a number or"),
        (
            lambda: regression.ols_accumulate(dim=3, samples=8, noise=1.0, generations=3, design="same"),
            "design must be 'fresh' or 'fixed'",
        ),
        (
            lambda: regression.ols_accumulate(dim=3, samples=[8, 9], noise=1.0, generations=2, design="fixed"),
            "samples must be one number",
        ),
        (
            lambda: regression.ridge_downstream(isotropic(), penalty=-1.0, samples=10, noise=1.0, design="fresh"),
            "penalty must be finite and at least 0",
        ),
        (
            lambda: regression.ridge_downstream(
                isotropic(), penalty=1.0, samples=10, noise=1.0, generators=2, design="fresh"
            ),
            "generator_samples must be given",
        ),
        (
            lambda: regression.ridge_replace(isotropic(), samples=[10, 9], noise=1.0, penalty=0.1, generations=3),
            "samples must be a number or have shape",
        ),
        (
            lambda: regression.adaptive_exponent(capacity=1.0, source=1.0, generator_exponent=1.0, label_noise=True),
            "capacity must be finite and above 1",
        ),
        (
            lambda: regression.adaptive_exponent(capacity=2.0, source=-1.0, generator_exponent=1.0, label_noise=True),
            "source must be positive",
        ),
        (lambda: Spectrum.power_law(3, capacity=0.5, source=1.0), "capacity must be finite and above 1"),
        (lambda: Spectrum.from_eigenvalues([1.0, -0.1]), "eigenvalues must be positive"),
        (lambda: Spectrum.from_eigenvalues([1.0, float("nan")]), "eigenvalues must be positive"),
        (lambda: Spectrum.from_eigenvalues([[1.0]]), "eigenvalues must have shape"),
        (lambda: Spectrum.from_eigenvalues([1.0, 0.5], [1.0]), "signal must have shape"),
        (lambda: kappa(isotropic(), penalty=float("nan"), samples=3), "penalty must be finite"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
