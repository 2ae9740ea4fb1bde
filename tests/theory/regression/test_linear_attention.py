"""Linear attention: a step by moments of Gaussian rows, its threshold, and the model that reads contexts."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.theory import Spectrum, regression

pytestmark = pytest.mark.usefixtures("x64")


def test_without_real_rows_errors_grow_by_their_own_factor():
    """The square of the coefficients of an isotropic truth of norm zero, and the mean square of the first context."""
    spectrum, n, d = Spectrum.isotropic(5, norm=0.0), 20.0, 5
    curve = regression.attention_mix(
        spectrum,
        samples=n,
        real_samples=np.array([n, 0, 0, 0]),
        noise=np.array([1.0, 0, 0, 0]),
        gain=1.1,
        generations=4,
    )
    factor = 1.1**2 * (1 + (d + 1) / n)
    np.testing.assert_allclose(curve, 1.1**2 * d / n * factor ** np.arange(4), rtol=1e-12)


def test_the_needed_share_is_where_nothing_grows():
    d, n, gain = 7, 30.0, 1.2
    share = float(regression.attention_mix_needed_share(dim=d, samples=n, gain=gain))
    np.testing.assert_allclose(gain**2 * (1 - share) ** 2 * (1 + (d + 1) / ((1 - share) * n)), 1.0, rtol=1e-12)
    few = regression.attention_mix_needed_share(dim=10, samples=1e8)
    np.testing.assert_allclose(few, 11 / 2e8, rtol=1e-6)
    assert regression.attention_mix_needed_share(dim=3, samples=1e3, gain=0.5) == 0


def test_a_context_by_its_moments():
    """The mean of ``sum y x`` and of its square for one real row, with unequal eigenvalues: Isserlis' theorem."""
    ev, w0 = np.array([1.5, 0.4]), np.array([0.3, -0.8])
    spectrum = Spectrum.from_eigenvalues(ev, w0)
    risk = regression.attention_mix(spectrum, samples=1.0, real_samples=1.0, noise=0.5, generations=1)[0]
    total = ev @ w0**2
    square = 2 * ev**2 * w0**2 + ev * total + 0.25 * ev
    np.testing.assert_allclose(risk, ev @ (square - 2 * w0 * ev * w0 + w0**2), rtol=1e-12)


@pytest.mark.slow
def test_the_model_predicts_itself():
    model = jc.LinearAttention(Spectrum.from_eigenvalues([1.5, 0.4], [0.3, -0.8]), noise=0.5, gain=[1.0, 0.8])
    case = dict(samples=12, generations=4)
    for workflow in (jc.Replace(), jc.Mix("fresh", real_samples=3)):
        run = lambda key, w=workflow: jc.simulate(model, w, key=key, **case).risk  # noqa: E731
        estimate = jc.monte_carlo(run, jax.random.key(0), 20_000)
        prediction = jc.predict(model, workflow, **case).risk
        assert (np.abs(estimate.mean - prediction) < 4.5 * estimate.stderr).all()


def test_unknown_forms_and_wrong_arguments():
    model = jc.LinearAttention(Spectrum.isotropic(2), noise=0.5)
    assert "risk" in jc.predict(model, jc.Accumulate(), samples=9, generations=2).unknown
    with pytest.raises(ValueError, match=r"gain must be a number or have shape \(2,\)"):
        jc.LinearAttention(Spectrum.isotropic(2), noise=0.5, gain=jnp.ones(3))
    with pytest.raises(ValueError, match="real_samples must be finite and at least 1"):
        regression.attention_mix(Spectrum.isotropic(2), samples=5.0, real_samples=0.0, noise=0.5, generations=2)
