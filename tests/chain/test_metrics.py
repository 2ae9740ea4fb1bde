"""Metrics of one's own: functions of the parameters of each generation, measured beside those of the model."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse as jc

KEY = jax.random.key(0)
SPECTRUM = jc.theory.Spectrum.isotropic(4)


@pytest.mark.parametrize(
    ("workflow", "sampling"), [(jc.Replace(), "exact"), (jc.Accumulate(), "raw")], ids=["replace", "accumulate"]
)
def test_a_metric_is_a_function_of_the_parameters(workflow, sampling):
    """Those of the model itself, whatever it could be reduced to."""
    model = jc.LinearRegression(SPECTRUM, noise=1.0, sampling=sampling)
    risk = lambda w: jnp.sum(SPECTRUM.eigenvalues * (w - SPECTRUM.signal) ** 2)  # noqa: E731
    own = {"again": risk, "outer": lambda w: jnp.outer(w, w), "one": lambda w: 1.0}
    run = jax.jit(lambda key: jc.simulate(model, workflow, key=key, samples=9, generations=3, metrics=own))(KEY)
    np.testing.assert_allclose(run.again, run.risk, rtol=1e-5)
    np.testing.assert_allclose(run.outer, run.params[:, :, None] * run.params[:, None], rtol=1e-5)
    np.testing.assert_array_equal(run.one, [1.0, 1.0, 1.0])


def test_what_is_measured_beside_changes_nothing():
    model = jc.Gaussian(ddof=1)
    setting = dict(key=KEY, samples=9, generations=5)
    plain = jc.simulate(model, jc.Replace(), **setting)
    beside = jc.simulate(model, jc.Replace(), **setting, metrics={"entropy": jc.measures.entropy})
    for name, value in plain.metrics.items():
        np.testing.assert_allclose(beside.metrics[name], value, rtol=1e-6)
    half = 0.5 * (1 + np.log(2 * np.pi) + np.asarray(plain.log_variance))
    np.testing.assert_allclose(beside.entropy, half, rtol=1e-5)


def test_a_metric_that_asks_for_context_has_a_key_of_its_own_and_the_generation():
    def told(law, *, key, generation, **context):
        return jnp.append(jax.random.key_data(key).astype(float), generation)

    run = jc.simulate(jc.NormalMean(0.0), jc.Replace(), key=KEY, samples=9, generations=4, metrics={"told": told})
    np.testing.assert_array_equal(run.told[:, 2], [1, 2, 3, 4])
    assert len(np.unique(run.told[:, :2], axis=0)) == 4


def test_a_sweep_compiles_once(compilations):
    metrics = {"square": jnp.square}

    def run(key, n):
        chain = dict(key=key, samples=n, generations=3, metrics=metrics)
        return jc.simulate(jc.NormalMean(0.0), jc.Replace(), **chain).square

    found = jc.monte_carlo(run, KEY, 500, grid=jc.Grid(n=[10.0, 100.0]), progress=False)
    assert compilations.count == 1
    assert (np.abs(found.mean * np.array([[10.0], [100.0]]) / np.arange(1, 4) - 1) < 0.4).all()
