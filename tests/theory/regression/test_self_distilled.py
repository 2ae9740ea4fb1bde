"""Students on their teacher's predictions: derivatives in the penalty, and the parabola of the mixing share."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxcollapse.theory import Spectrum, regression

pytestmark = pytest.mark.usefixtures("x64")
VALUES, SIGNAL = np.array([2.0, 1.0, 0.4, 0.1]), np.array([0.5, -0.4, 0.7, 0.3])
SETTING = dict(samples=7.0, noise=0.5)


@pytest.fixture
def spectrum(x64):
    return Spectrum.from_eigenvalues(VALUES, SIGNAL)


def risk(spectrum, penalty):
    return regression.ridge_replace(spectrum, **SETTING, penalty=penalty, generations=1)[0]


def test_without_predictions_it_is_the_teacher(spectrum):
    none = regression.ridge_self_distilled(spectrum, **SETTING, penalty=0.3, mixing=0.0)
    assert float(none) == pytest.approx(float(risk(spectrum, 0.3)), rel=1e-12)


@pytest.mark.slow
def test_the_slope_in_the_share_is_that_in_the_penalty(spectrum):
    law = lambda mixing: regression.ridge_self_distilled(spectrum, **SETTING, penalty=0.3, mixing=mixing)  # noqa: E731
    assert float(jax.grad(law)(0.0)) == pytest.approx(
        float(0.3 * jax.grad(lambda penalty: risk(spectrum, penalty))(0.3)), rel=1e-10
    )
    best = regression.ridge_self_distilled_mixing(spectrum, **SETTING, penalty=0.3)
    assert float(jax.grad(law)(best)) == pytest.approx(0.0, abs=1e-12)
    assert float(law(best)) < float(risk(spectrum, 0.3)) and float(jax.grad(jax.grad(law))(0.0)) > 0


def test_the_curvature_for_many_rows_is_that_of_a_fixed_design(spectrum):
    """With many rows ``b' = -s w0/(s + lambda)^2``, and noise of order ``1/n``."""
    s, w, penalty, n = VALUES, SIGNAL, 0.3, 1e7
    law = lambda mixing: regression.ridge_self_distilled(  # noqa: E731
        spectrum, samples=n, noise=0.5, penalty=penalty, mixing=mixing
    )
    kept = s / (s + penalty)
    for mixing in (-1.5, 1.0):
        shrunk = (1 - mixing) * kept + mixing * kept**2
        assert float(law(mixing)) == pytest.approx(np.sum(s * w**2 * (1 - shrunk) ** 2), rel=1e-4)


def test_the_curvature_of_noise_alone_is_exact_for_many_rows():
    """Without a signal ``n`` times the risk is that of a filter of white noise."""
    silent = Spectrum.from_eigenvalues([2.0, 0.4], [0.0, 0.0])
    kept = np.array([2.0, 0.4]) / (np.array([2.0, 0.4]) + 0.3)
    for mixing in (-1.5, 1.0):
        found = 1e7 * regression.ridge_self_distilled(silent, samples=1e7, noise=1.0, penalty=0.3, mixing=mixing)
        assert float(found) == pytest.approx(np.sum(((1 - mixing) * kept + mixing * kept**2) ** 2), rel=1e-5)


def test_few_rows_against_students_that_are_fitted():
    """Two hundred rows and features, averaged over designs: the terms that many rows do not see."""
    rng, d, n, penalty = np.random.default_rng(0), 100, 60, 0.4
    w, mixings, found = np.full(d, d**-0.5), np.array([-1.0, 1.0]), []
    for _ in range(60):
        x = rng.normal(size=(n, d))
        y = x @ w + 0.5 * rng.normal(size=n)
        solve = np.linalg.inv(x.T @ x / n + penalty * np.eye(d)) @ x.T / n
        teacher = solve @ y
        students = [solve @ ((1 - xi) * y + xi * x @ teacher) for xi in mixings]
        found.append([np.sum((student - w) ** 2) for student in students])
    law = [
        float(regression.ridge_self_distilled(Spectrum.isotropic(d), samples=n, noise=0.5, penalty=penalty, mixing=xi))
        for xi in mixings
    ]
    np.testing.assert_allclose(np.mean(found, axis=0), law, rtol=0.025)


def test_two_penalties_give_the_risk_its_slope_and_the_curvature(spectrum):
    """Of a student: derivatives in each penalty alone, and in both."""
    law = lambda a, b: regression.ridge_two_penalties(spectrum, **SETTING, penalty=a, other_penalty=b)  # noqa: E731
    assert float(law(0.3, 0.3)) == pytest.approx(float(risk(spectrum, 0.3)), rel=1e-12)
    slope = 2 * jax.grad(law)(0.3, 0.3)
    bend = jax.grad(lambda b: jax.grad(law)(0.3, b))(0.3)
    student = regression.ridge_self_distilled(spectrum, **SETTING, penalty=0.3, mixing=-0.7)
    moved = -0.7 * 0.3
    assert float(student) == pytest.approx(float(law(0.3, 0.3) + moved * slope + moved**2 * bend), rel=1e-9)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("change", "named"), [({"penalty": 0.0}, "penalty must be positive"), ({"noise": -1.0}, "noise must")]
)
def test_bad_arguments_are_named(change, named, spectrum):
    with pytest.raises(ValueError, match=named):
        regression.ridge_self_distilled(spectrum, **{**SETTING, "penalty": 0.3, "mixing": jnp.zeros(()), **change})
