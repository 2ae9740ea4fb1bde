"""Copies on a graph: what they predict is met, and what is no graph is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.theory import Spectrum

WEIGHTS = [[0.0, 0.75, 0.25], [0.5, 0.5, 0.0]]


def squares(**fields):
    return jc.LinearRegression(Spectrum.from_eigenvalues([1.0, 0.3]), noise=0.5, **fields)


@pytest.mark.slow
@pytest.mark.parametrize(
    "model", [lambda: jc.NormalMean(jnp.array([2.0, 1.0]), variance=0.4), pytest.param(squares, marks=pytest.mark.slow)]
)
def test_a_prediction_is_met(model, x64):
    chain, sizes = (jc.Graph(model(), WEIGHTS), jc.Replace()), dict(samples=12, generations=3)
    estimate = jc.monte_carlo(
        lambda key: jc.simulate(*chain, key=key, **sizes).metrics, jax.random.key(2), 8_000, progress=False
    )
    prediction = jc.predict(*chain, **sizes).metrics
    assert {"disagreement"} < prediction.keys()
    for name, curve in prediction.items():
        gap, stderr = np.abs(estimate.mean[name] - curve), np.asarray(estimate.stderr[name])
        np.testing.assert_array_less(gap, 4.5 * stderr)
        assert (stderr < 0.02 * np.abs(curve)).all()


def test_what_is_not_known():
    for model, workflow in ((squares(penalty=0.1), jc.Replace()), (squares(), jc.Accumulate())):
        assert not jc.predict(jc.Graph(model, WEIGHTS), workflow, samples=12, generations=2).forms


@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments():
    run = lambda model, n: jc.simulate(model, jc.Replace(), key=jax.random.key(0), samples=n, generations=2)  # noqa: E731
    with pytest.raises(ValueError, match="weights must have rows that sum to one"):
        jc.Graph(squares(), [[0.5, 0.6]])
    with pytest.raises(ValueError, match="must draw sufficient statistics"):
        jc.Graph(squares(sampling="raw"), [[0.5, 0.5]])
    with pytest.raises(TypeError, match="model must be a jaxcollapse Model"):
        jc.Graph(3.0, [[0.5, 0.5]])
    with pytest.raises(ValueError, match="weights times samples must be whole numbers of rows, got"):
        run(jc.Graph(squares(), WEIGHTS), 10)
    with pytest.raises(ValueError, match="samples must be the same for every batch"):
        run(jc.Graph(squares(design="fixed"), WEIGHTS), 12)
