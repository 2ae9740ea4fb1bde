"""Teachers and students: when a ridge fit to another one's labels does better, and penalties that weigh directions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.theory import Spectrum, regression
from jaxcollapse.theory.regression.effective_penalty import kappa

pytestmark = pytest.mark.usefixtures("x64")
DIM = 60


@jax.jit
def risks(student, teacher, samples, noise, norm):
    """Of a teacher and of a student that has its noiseless labels."""
    noises, penalties = jnp.array([noise, 0.0]), jnp.array([teacher, student])
    return regression.ridge_replace(
        Spectrum.isotropic(DIM, norm=norm), samples=samples, noise=noises, penalty=penalties, generations=2
    )


slope = jax.jit(jax.grad(lambda *arguments: risks(*arguments)[1]))


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize("samples", [(120.0, 90.0), (120.0, 2000.0), (40.0, 90.0)])
def test_only_a_teacher_with_too_small_a_penalty_is_beaten(samples):
    """The best penalty of the teacher, noise^2 d/(T0 |w0|^2), is where a penalty of the student begins to harm."""
    best, setting = 0.8**2 * DIM / samples[0] / 1.3**2, (jnp.array(samples), 0.8, 1.3)
    for share in (0.3, 0.9, 0.99):
        assert slope(1e-7, share * best, *setting) < 0
    for share in (1.01, 1.1, 3.0):
        assert slope(1e-7, share * best, *setting) > 0
        both = np.stack([risks(student, share * best, *setting) for student in np.geomspace(1e-4, 10.0, 12)])
        gains = both[:, 1] - both[:, 0]
        assert gains.min() > 0 and (np.diff(gains) > 0).all()
    np.testing.assert_allclose(slope(1e-7, best, *setting), 0.0, atol=1e-5)
    np.testing.assert_allclose(*risks(0.0, 0.7 * best, *setting), rtol=1e-12)  # it copies the teacher


def test_the_first_gain_of_a_student():
    """With ``w`` the teacher, the risk changes by ``-2 (E|w|^2 - E<w, w0>)/(1 - d/T)`` per unit of penalty."""
    spectrum = Spectrum.isotropic(DIM, norm=1.3)
    moments = (spectrum.signal**2)[None, None]
    for teacher in (0.02, 0.3):
        fit = regression.ridge_equivalent(
            spectrum, samples=[120], noise=[0.8], penalty=teacher, labellers=[[1]], moments=moments
        )
        square = jnp.sum(fit.coefficients[0] ** 2 * spectrum.signal**2 + fit.variance)
        overlap = jnp.sum(fit.coefficients[0] * spectrum.signal**2)
        gain = slope(1e-8, teacher, jnp.array([120.0, 90.0]), 0.8, 1.3)
        np.testing.assert_allclose(gain, -2 * (square - overlap) / (1 - DIM / 90), rtol=1e-5)


def test_numbers_of_a_weak_teacher():
    """d/T0 = d/T = 1/2, noise and truth of norm one: a teacher at a twentieth of its best penalty."""
    setting = (0.025, jnp.array([120.0, 120.0]), 1.0, 1.0)
    np.testing.assert_allclose(risks(0.1, *setting)[0], 0.840, atol=5e-4)
    np.testing.assert_allclose(min(risks(s, *setting)[1] for s in np.linspace(0.4, 0.9, 26)), 0.5423, atol=5e-5)


WEIGHTS = np.geomspace(0.2, 5.0, 8)


@pytest.mark.slow
def test_a_weighted_penalty_is_a_plain_one_in_other_coordinates():
    """The fit to given rows, by its normal equations, and its risk."""
    spectrum = Spectrum.from_eigenvalues(np.linspace(0.5, 2.0, 8), np.linspace(-1.0, 1.0, 8))
    model = jc.LinearRegression(spectrum, noise=0.5, penalty=0.3, sampling="raw")
    seen = jc.LinearRegression(spectrum.weighted(WEIGHTS), noise=0.5, penalty=0.3, sampling="raw")
    x, y = model.sample(jax.random.key(0), model.truth(), 20).rows
    fit = np.linalg.solve(x.T @ x + 0.3 * 20 * np.diag(WEIGHTS), x.T @ y)
    other = seen.fit(jc.Samples((x / np.sqrt(WEIGHTS), y)))
    np.testing.assert_allclose(other / np.sqrt(WEIGHTS), fit, rtol=1e-9)
    np.testing.assert_allclose(seen.metrics(other)["risk"], model.metrics(jnp.asarray(fit))["risk"], rtol=1e-9)
    np.testing.assert_allclose(seen.truth() / np.sqrt(WEIGHTS), model.truth(), rtol=1e-14)


@pytest.mark.slow
def test_the_risk_of_a_weighted_penalty():
    """Bias and variance with ``D = s/(s + kappa gamma)``, and a scale that goes from the weights to the penalty."""
    spectrum = Spectrum.from_eigenvalues(np.linspace(0.5, 2.0, 8), np.linspace(-1.0, 1.0, 8))
    s, w0, setting = np.linspace(0.5, 2.0, 8), np.linspace(-1.0, 1.0, 8), dict(samples=20.0, noise=0.5, generations=1)
    risk = regression.ridge_replace(spectrum.weighted(WEIGHTS), penalty=0.3, **setting)[0]
    k = float(kappa(spectrum.weighted(WEIGHTS), penalty=0.3, samples=20.0))
    shrink = s / (s + k * WEIGHTS)
    np.testing.assert_allclose(k - 0.3, k * shrink.sum() / 20, rtol=1e-12)
    df2 = (shrink**2).sum()
    closed = (s * ((1 - shrink) * w0) ** 2).sum() / (1 - df2 / 20) + 0.25 * df2 / (20 - df2)
    np.testing.assert_allclose(risk, closed, rtol=1e-12)
    scaled = regression.ridge_replace(spectrum.weighted(7 * WEIGHTS), penalty=0.3 / 7, **setting)[0]
    np.testing.assert_allclose(scaled, risk, rtol=1e-12)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1.0, 0.0], "weights must be positive"),
        ([1.0, 1.0, 1.0], r"weights must have shape \(2,\), got \(3,\)"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_weights(weights, message):
    with pytest.raises(ValueError, match=message):
        Spectrum.isotropic(2).weighted(weights)
