"""A subclass of a family that changes one method: what stands for several of them is not inherited past it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse as jc

KEY = jax.random.key(3)
REPLICATIONS = 8192


class Shrunk(jc.LinearRegression):
    def fit(self, data, **context):
        return 0.8 * super().fit(data, **context)


class Narrow(jc.Gaussian):
    def fit(self, data, **context):
        return super().fit(data, **context).scaled(0.9)


class Shifted(jc.NormalMean):
    def sample(self, key, params, n):
        return super().sample(key, params + 0.5, n)


class Measured(jc.LinearRegression):
    def metrics(self, params, **context):
        return {"length": jnp.sqrt(jnp.sum(params**2))}


class Halved:
    """A mixin, which comes before the family."""

    def fit(self, data, **context):
        return 0.5 * super().fit(data, **context)


class Mixed(Halved, jc.NormalMean):
    pass


def regression(kind, **fields):
    return kind(jc.theory.Spectrum.isotropic(3), noise=0.5, **fields)


def mean(model, metric):
    run = lambda key: jc.simulate(model, jc.Replace(), key=key, samples=20, generations=4).metrics[metric]  # noqa: E731
    return jc.monte_carlo(run, KEY, REPLICATIONS)


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("make", "metric"),
    [
        pytest.param(lambda **fields: regression(Shrunk, **fields), "risk", marks=pytest.mark.slow),
        (lambda **fields: Narrow(ddof=1, **fields), "log_variance"),
        (lambda **fields: Shifted(0.0, **fields), "squared_error"),
        (lambda **fields: regression(Measured, **fields), "length"),
        pytest.param(lambda **fields: Mixed(2.0, **fields), "squared_error", marks=pytest.mark.slow),
    ],
    ids=["fit of a regression", "fit of a Gaussian", "sample", "metrics", "a mixin"],
)
def test_the_fast_way_has_the_law_of_raw_rows(make, metric):
    """The family's one draw for sample and fit, and its smaller model, know nothing of what a subclass changed."""
    fast, raw = mean(make(), metric), mean(make(sampling="raw"), metric)
    assert (np.abs(fast.mean - raw.mean) < 4.5 * np.hypot(fast.stderr, raw.stderr)).all()


def test_the_changes_are_seen():
    """Exactly, where the mean is known: shrunk coefficients, and a variance that shrinks with every fit."""
    walk = mean(Narrow(ddof=1), "log_variance")
    plain = mean(jc.Gaussian(ddof=1), "log_variance")
    expected = plain.mean + np.log(0.9) * np.arange(1, 5)
    assert (np.abs(walk.mean - expected) < 4.5 * np.hypot(walk.stderr, plain.stderr)).all()


def test_a_family_keeps_its_short_cuts():
    """A subclass that changes none of what they stand for has them, and so has one that defines its own."""

    class Named(jc.Gaussian):
        def predict(self):
            return None

    class Own(jc.Gaussian):
        def fit(self, data, **context):
            return super().fit(data, **context)

        def refit(self, key, params, n, **context):
            return jc.Gaussian.refit(self, key, params, n, **context)

    assert Named.refit is jc.Gaussian.refit and Own.refit is not jc.Model.refit
    assert Shrunk.reduce is jc.Model.reduce and jc.LinearRegression.reduce is not jc.Model.reduce


def test_another_error_of_a_fit_stays_what_it_is():
    class Broken(jc.NormalMean):
        def sample(self, key, params, n):
            return super().sample(key, params, n)

        def fit(self, data, **context):
            raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="^broken"):
        jc.simulate(Broken(0.0), jc.Accumulate(), key=KEY, samples=10, generations=2)
