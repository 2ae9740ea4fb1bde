"""A verified mean: the law of its rows, what they cost, and what it refuses."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import kstest, truncnorm

import jaxcollapse as jc

KEY = jax.random.key(0)


@pytest.mark.parametrize(("u", "centre", "radius"), [(1.0, -4.0, 1.5), (-2.0, 5.0, 2.0)])
def test_rows_have_the_truncated_law(u, centre, radius):
    model = jc.Verified(jc.NormalMean(centre, variance=4.0), centre=centre, radius=radius)
    rows = np.asarray(model.sample(KEY, jnp.asarray(u), 4000).rows)
    assert np.abs(rows - centre).max() <= radius * (1 + 1e-5)
    law = truncnorm((centre - radius - u) / 2, (centre + radius - u) / 2, loc=u, scale=2.0)
    assert kstest(rows, law.cdf).pvalue > 0.01
    accepted = np.diff(truncnorm(-np.inf, np.inf, loc=u, scale=2.0).cdf([centre - radius, centre + radius]))[0]
    assert float(model.metrics(jnp.asarray(u))["acceptance"]) == pytest.approx(accepted, rel=1e-4)


def test_real_rows_are_not_verified():
    model = jc.Verified(jc.NormalMean(0.0), centre=0.0, radius=0.1)
    assert float(jnp.abs(model.real(KEY, jnp.zeros(()), 100).rows).max()) > 1.0


@pytest.mark.slow
def test_the_prediction_is_of_the_chain():
    model = jc.Verified(jc.NormalMean(jnp.array([1.0, -1.0])), centre=jnp.array([1.2, -1.0]), radius=1.0)
    sizes = dict(samples=[5, 10, 10], generations=3)
    estimate = jc.monte_carlo(lambda key: jc.simulate(model, jc.Replace(), key=key, **sizes).metrics, KEY, 8192)
    prediction = jc.predict(model, jc.Replace(), **sizes)
    found = estimate.against(prediction, level=0.9999)
    for name in ("estimate", "squared_error"):
        assert ((found[name].lower < 1) & (found[name].upper > 1)).all()
    assert prediction.forms["squared_error"].exactness == "asymptotic"
    assert jc.predict(model, jc.Replace(), samples=5, generations=2).forms["squared_error"].exactness == "exact"
    assert "newest rows alone" in jc.predict(model, jc.Accumulate(), **sizes).summary()


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"model": jc.Gaussian(ddof=1)}, "model must be a jaxcollapse NormalMean"),
        ({"centre": [0.0, 1.0, 2.0]}, "centre must be a number or have shape"),
        ({"centre": float("nan")}, "centre must be finite"),
        ({"radius": 0.0}, "radius must be positive"),
        ({"centre": 30.0}, "radius must let the verifier accept at least 1e-12"),
    ],
)
def test_bad_arguments_are_named(change, named):
    arguments = {"model": jc.NormalMean([0.0, 0.0]), "centre": 0.0, "radius": 1.0, **change}
    with pytest.raises((TypeError, ValueError), match=named):
        jc.Verified(**arguments)
