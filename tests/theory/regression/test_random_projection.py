"""Ridge on a random projection: one equation from two random matrices, its limits, and the sum that was rederived."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxcollapse.theory import Spectrum, regression

pytestmark = pytest.mark.usefixtures("x64")

DIM = 40
POPULATIONS = (Spectrum.isotropic, lambda dim: Spectrum.power_law(dim, capacity=1.5, source=0.4))
SHIFT = np.linspace(0.03, 0.002, DIM)
SETTING = dict(shift=SHIFT, fraction=0.3, penalty=0.05, samples=60, noise=0.5, generator_noise=0.8)


def both_matrices(spectrum, *, shift, fraction, penalty, samples, noise, generator_noise, width):
    """The excess risk from the squared residuals of real and of synthetic rows, by two nested equations."""
    s, w1 = np.asarray(spectrum.eigenvalues), np.asarray(spectrum.signal)
    dim, p1, p2 = len(s), 1 - fraction, fraction

    def inner(k1):
        return float(regression.kappa(spectrum, penalty=k1 * dim / width, samples=width))

    low, high = penalty, penalty + s.sum()  # k1 - penalty = k1 df1(k(k1))/n, by bisection
    high *= 1 + dim / samples
    for _ in range(200):
        k1 = 0.5 * (low + high)
        excess = k1 - penalty - k1 * np.sum(s / (s + inner(k1))) / samples
        low, high = (k1, high) if excess < 0 else (low, k1)
    k = inner(k1)
    shrink, h = s / (s + k), s / (s + k) ** 2
    c2 = k**2 * h.sum() / (width - np.sum(shrink**2))

    def quadratic(b):
        return np.sum(b * shrink**2) + c2 * np.sum(b * h)

    truth, delta, df2 = s * w1**2, s * np.asarray(shift), quadratic(np.ones(dim))
    both = quadratic(truth + p2**2 * delta)
    real = both - 2 * np.sum(truth * shrink) + np.sum(truth)
    fake = both - 2 * np.sum((truth + p2 * delta) * shrink) + np.sum(truth + delta)
    gamma2 = (p1 * noise**2 + p2 * generator_noise**2 + p1 * real + p2 * fake) / (samples - df2)
    return k, real + gamma2 * df2


@pytest.mark.sampled(1)
@pytest.mark.parametrize("population", POPULATIONS, ids=["isotropic", "power-law"])
@pytest.mark.parametrize(("samples", "width"), [(60, 30), (25, 70), (400, 41)])
def test_the_terms_add_up_to_the_residuals(population, samples, width):
    spectrum, setting = population(DIM), {**SETTING, "samples": samples, "width": width}
    k, risk = both_matrices(spectrum, **setting)
    found = regression.projected_kappa(spectrum, penalty=0.05, samples=samples, width=width)
    np.testing.assert_allclose(found, k, rtol=1e-10)
    np.testing.assert_allclose(sum(regression.projected_strong_collapse_terms(spectrum, **setting)), risk, rtol=1e-9)


@pytest.mark.parametrize("population", POPULATIONS, ids=["isotropic", "power-law"])
def test_the_effective_penalty_solves_its_equation_everywhere(population):
    spectrum = population(DIM)
    penalties, sizes = jnp.geomspace(1e-8, 100, 6), jnp.array([1.0, 12, 39, 40, 41, 500, 1e7])
    grid = jnp.stack(jnp.meshgrid(penalties, sizes, sizes), axis=-1).reshape(-1, 3)

    def residual(point):
        penalty, samples, width = point
        k = regression.projected_kappa(spectrum, penalty=penalty, samples=samples, width=width)
        df1 = jnp.sum(spectrum.eigenvalues / (spectrum.eigenvalues + k))
        target = penalty * DIM / width
        # what one rounding of kappa does to the left side is not its error
        return k * (1 - df1 / samples) * (1 - df1 / width) - target, 1e-13 * k + 1e-12 * target, df1

    excess, rounding, df1 = jax.lax.map(residual, grid)
    assert (jnp.abs(excess) <= rounding).all()
    assert (df1 < jnp.minimum(grid[:, 1], grid[:, 2])).all()


def test_many_columns_leave_ridge_regression():
    """At a penalty that grows with the width; rows and columns play the same part in the equation."""
    for population in POPULATIONS:
        spectrum = population(DIM)
        ridge = regression.ridge_strong_collapse_terms(spectrum, **SETTING)
        wide = {**SETTING, "penalty": 0.05 * 1e11 / DIM, "width": 1e11}
        np.testing.assert_allclose(regression.projected_strong_collapse_terms(spectrum, **wide), ridge, rtol=1e-8)
        one, other = (
            regression.projected_kappa(spectrum, penalty=penalty, samples=n, width=m)
            for penalty, n, m in ((0.03, 25, 30), (0.03 * 25 / 30, 30, 25))
        )
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_an_unpenalised_projection_is_least_squares_in_a_subspace():
    """Isotropic, fewer columns than features: of the truth and of the shift the projection keeps the share m/d."""
    dim, width, samples, fraction = 40, 25, 60, 0.3
    kept, shift = width / dim, 0.01
    terms = regression.projected_strong_collapse_terms(
        Spectrum.isotropic(dim),
        shift=jnp.full(dim, shift),
        fraction=fraction,
        penalty=1e-12,
        samples=samples,
        noise=0.5,
        generator_noise=0.8,
        width=width,
    )
    inside = regression.ridge_strong_collapse_terms(
        Spectrum.isotropic(width, norm=kept**0.5),
        shift=jnp.full(width, shift),
        fraction=fraction,
        penalty=1e-12,
        samples=samples,
        noise=(0.25 + 1 - kept) ** 0.5,
        generator_noise=(0.64 + (1 - kept) * (1 + dim * shift)) ** 0.5,
    )
    np.testing.assert_allclose(sum(terms), 1 - kept + sum(inside), rtol=1e-9)
    many = regression.projected_strong_collapse_terms(
        Spectrum.isotropic(dim), shift=jnp.zeros(dim), fraction=0.0, penalty=1e-12, samples=1e9, noise=0.0, width=width
    )
    np.testing.assert_allclose(sum(many), 1 - kept, rtol=1e-6)


def test_no_synthetic_rows_and_no_shift_cost_nothing():
    for change in (dict(fraction=0.0), dict(shift=jnp.zeros(DIM), generator_noise=0.5)):
        terms = regression.projected_strong_collapse_terms(POPULATIONS[1](DIM), width=30, **{**SETTING, **change})
        clean = regression.projected_strong_collapse_terms(
            POPULATIONS[1](DIM), width=30, **{**SETTING, "fraction": 0.0, "generator_noise": None}
        )
        assert terms.collapse == 0
        np.testing.assert_allclose(terms, clean, rtol=1e-13)


def test_a_drawn_projection_has_the_risk_of_the_equation():
    """Given S, ridge on features of covariance S' Sigma S, with the part of the labels outside of them as noise.

    The signs of the true coefficients are averaged over: the equation does not know them.
    """
    dim, width, samples, fraction, penalty = 300, 200, 250, 0.4, 0.02
    spectrum = Spectrum.from_eigenvalues(jnp.linspace(0.3, 1.7, dim))
    shift = jnp.linspace(0.004, 0.0, dim)
    rng = np.random.default_rng(0)
    eye = np.eye(dim)
    s, w = np.asarray(spectrum.eigenvalues), np.asarray(spectrum.signal)
    root, risks = np.sqrt(s)[:, None], []
    size = lambda matrix, squares: np.sum((root * matrix) ** 2 * np.asarray(squares))  # noqa: E731
    for _ in range(6):
        sketch = rng.standard_normal((dim, width)) / dim**0.5
        cov = sketch.T @ (s[:, None] * sketch)
        k1 = float(regression.kappa(jnp.asarray(np.linalg.eigvalsh(cov)), penalty=penalty, samples=samples))
        hat = sketch @ np.linalg.solve(cov + k1 * np.eye(width), sketch.T * s)  # from a labeller to the mean fit
        df2 = np.sum((root * hat / root.T) ** 2)
        missed = size(hat - eye, w**2)
        real, fake = missed + size(fraction * hat, shift), missed + size(fraction * hat - eye, shift)
        risks.append(real + (0.25 + (1 - fraction) * real + fraction * fake) * df2 / (samples - df2))
    terms = regression.projected_strong_collapse_terms(
        spectrum, shift=shift, fraction=fraction, penalty=penalty, samples=samples, noise=0.5, width=width
    )
    error = np.std(risks, ddof=1) / len(risks) ** 0.5
    assert error < 0.01 * np.mean(risks)
    np.testing.assert_allclose(np.mean(risks), sum(terms), atol=4 * error + 2 / dim * np.mean(risks))


@pytest.mark.slow
def test_gradients_are_difference_quotients():
    def risk(penalty, samples, width, fraction, first):
        spectrum = Spectrum(POPULATIONS[1](DIM).eigenvalues.at[0].set(first), POPULATIONS[1](DIM).signal)
        setting = {**SETTING, "penalty": penalty, "samples": samples, "fraction": fraction}
        return sum(regression.projected_strong_collapse_terms(spectrum, width=width, **setting))

    for point in ((0.05, 60.0, 30.0, 0.3, 1.2), (1e-4, 25.0, 70.0, 0.9, 0.8)):
        point = tuple(map(jnp.float64, point))
        slopes = jax.grad(risk, argnums=tuple(range(5)))(*point)
        for i in range(5):
            step = 1e-5 * point[i]
            up, down = (tuple(v + sign * step * (i == j) for j, v in enumerate(point)) for sign in (1, -1))
            np.testing.assert_allclose(slopes[i], (risk(*up) - risk(*down)) / (2 * step), rtol=1e-5)


def test_a_model_of_the_size_of_the_sample_is_the_worst():
    """The interpolation threshold; and synthetic rows cost wide models more than narrow ones below it."""
    spectrum = Spectrum.isotropic(200)
    setting = dict(shift=jnp.full(200, 0.002), penalty=1e-4, samples=100, noise=0.5)
    widths = jnp.array([30.0, 60, 90, 100, 110, 200, 1000])
    terms = [regression.projected_strong_collapse_terms(spectrum, fraction=0.5, width=m, **setting) for m in widths]
    risks, collapse = (np.array([f(t) for t in terms]) for f in (sum, lambda t: t.collapse))
    assert risks.argmax() == 3
    assert (np.diff(collapse[:4]) > 0).all() and (np.diff(collapse[3:]) < 0).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(width=0), "width must be positive"),
        (dict(penalty=0.0), "penalty must be positive"),
        (dict(samples=0), "samples must be positive"),
        (dict(fraction=1.1), "fraction must be at most 1"),
        (dict(shift=jnp.ones(3)), r"shift must have shape \(40,\)"),
        (dict(shift=-SHIFT), "shift must be finite and at least 0"),
        (dict(noise=-1.0), "noise must be finite and at least 0"),
        (dict(generator_noise=-1.0), "generator_noise must be finite and at least 0"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments(change, message):
    with pytest.raises(ValueError, match=message):
        regression.projected_strong_collapse_terms(POPULATIONS[0](DIM), **{**SETTING, "width": 30, **change})
