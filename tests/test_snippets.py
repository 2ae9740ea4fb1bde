"""What a user writes first: each snippet runs with these names and keyword names, and its numbers are right."""

import dataclasses

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import optax
import pytest

import jaxcollapse as jc

key = jax.random.key(0)


def close(estimate, theory, sigmas=5.0):
    """Every mean is within this many standard errors of the theory, and those are below 5 % of it."""
    theory = np.asarray(theory)
    assert estimate.mean.shape == estimate.stderr.shape == theory.shape
    assert (estimate.stderr < 0.05 * theory).all()
    return (np.abs(estimate.mean - theory) < sigmas * estimate.stderr).all()


@pytest.fixture(scope="module")
def model():
    return jc.LinearRegression(spectrum=jc.theory.Spectrum.isotropic(100), noise=1.0, penalty=0.0)


# 1. A replace chain of least squares, with its theory


def test_1_a_curve_and_its_theory(model):
    run = lambda k: jc.simulate(model, jc.Replace(), key=k, samples=200, generations=10).risk  # noqa: E731
    est = jc.monte_carlo(run, key, replications=10_000)
    pred = jc.theory.regression.ols_replace(dim=100, samples=200, noise=1.0, generations=10)
    assert est.mean.shape == est.stderr.shape == pred.shape == (10,)
    assert est.count == 10_000 and close(est, pred) and not close(est, 1.03 * pred)
    assert (est.stderr < 0.003 * est.mean).all()

    axes = jc.plot.curves(est, pred)
    drawn = [np.sort(np.asarray(line.get_ydata(), float)) for line in axes.lines]
    for curve in (est.mean, np.asarray(pred)):
        assert any(np.shape(line) == (10,) and np.allclose(line, curve) for line in drawn)
    plt.close("all")


# 2. Accumulation, a growing sample, a decaying penalty: other objects, same call


def accumulate_rows(dim, generations, replications):
    """The same protocol from raw rows in NumPy: mean risk and its standard error."""
    rng = np.random.default_rng(0)
    truth = np.full(dim, dim**-0.5)
    risks = np.empty((replications, generations))
    for replication in range(replications):
        label, gram, moment, rows = truth, 0.0, 0.0, 0
        for g in range(1, generations + 1):
            n = round(dim * g**1.5)
            x = rng.standard_normal((n, dim))
            gram, moment, rows = gram + x.T @ x, moment + x.T @ (x @ label + rng.standard_normal(n)), rows + n
            penalty = 1e-3 + (1e-1 - 1e-3) * max(0, 1 - g / 20)
            label = np.linalg.solve(gram + penalty * rows * np.eye(dim), moment)
            risks[replication, g - 1] = np.sum((label - truth) ** 2)
    return risks.mean(axis=0), risks.std(axis=0, ddof=1) / replications**0.5


def test_2_other_objects_same_call(model):
    penalty = optax.polynomial_schedule(1e-1, 1e-3, 1, 20)
    # fmt: off
    run = jc.simulate(dataclasses.replace(model, penalty=penalty), jc.Accumulate(), key=key, samples=lambda g: 100 * g**1.5, generations=20)  # noqa: E501
    # fmt: on
    assert run.risk.shape == (20,) and run.params.shape == (20, 100)
    np.testing.assert_allclose(run.risk, ((run.params - model.spectrum.signal) ** 2).sum(axis=1), rtol=1e-5)

    small = jc.LinearRegression(spectrum=jc.theory.Spectrum.isotropic(12), noise=1.0, penalty=penalty)
    settings = dict(samples=lambda g: 12 * g**1.5, generations=6)
    est = jc.monte_carlo(lambda k: jc.simulate(small, jc.Accumulate(), key=k, **settings).risk, key, 4096)
    mean, stderr = accumulate_rows(12, 6, 2000)
    assert (np.abs(est.mean - mean) < 5 * np.hypot(est.stderr, stderr)).all()
    assert (np.hypot(est.stderr, stderr) < 0.02 * mean).all()


# 3. The random walk of a Gaussian fit


def test_3_the_law_of_a_collapsing_variance():
    walk = jc.Gaussian(ddof=1)
    # fmt: off
    p05 = jc.monte_carlo(lambda k: jc.simulate(walk, jc.Replace(), key=k, samples=100, generations=500).variance < 0.05, key, 10_000)  # noqa: E501
    # fmt: on
    pred = jc.theory.gaussian.variance_cdf(0.05, samples=100, generations=500, ddof=1)
    assert p05.mean.shape == (500,) and pred.shape == ()
    assert abs(p05.mean[-1] - pred) < 5 * p05.stderr[-1] < 0.03
    assert p05.mean[0] == 0.0 and abs(p05.mean[-101] - pred) > 5 * p05.stderr[-101]


# 4. Adaptive regularisation: differentiate the theory


def test_4_a_gradient_through_the_theory(x64):
    spectrum = jc.theory.Spectrum.power_law(50, capacity=2.0, source=0.375)
    setting = dict(samples=200, noise=0.5, generators=3, generator_samples=150, generator_noise=0.5)
    risk = lambda log_lam: jc.theory.regression.ridge_downstream(  # noqa: E731
        spectrum, penalty=jnp.exp(log_lam), design="fresh", **setting
    )
    both = jax.jit(jax.value_and_grad(risk))  # one program instead of two: compiling it takes seconds
    value, slope = lambda log_lam: both(log_lam)[0], lambda log_lam: both(log_lam)[1]
    np.testing.assert_allclose(slope(0.0), (value(1e-4) - value(-1e-4)) / 2e-4, rtol=1e-6)

    best = jnp.log(jc.theory.regression.adaptive_penalty(spectrum, **setting))
    assert abs(slope(best)) < 1e-6
    assert value(best) < value(best - 0.05) and value(best) < value(best + 0.05)


# 5. My own model: two methods


class Laplace(jc.Model):
    def sample(self, key, params, n):
        return params + jax.random.laplace(key, (n,))

    def fit(self, data, **_):
        return data.mean(lambda row: row)


@pytest.mark.parametrize(
    ("workflow", "growth"),
    [(jc.Replace(), np.arange(1.0, 9)), (jc.Accumulate(), np.cumsum(1 / np.arange(1.0, 9) ** 2))],
    ids=["replace", "accumulate"],
)
def test_5_a_model_of_my_own(workflow, growth):
    """A Laplace variate has variance 2, so that the mean of n rows adds 2/n at every generation."""
    run = lambda k: jc.simulate(Laplace(), workflow, key=k, samples=20, generations=8, truth=3.0).params  # noqa: E731
    est = jc.monte_carlo(lambda k: (run(k) - 3.0) ** 2, key, 4000)
    assert close(est, 2 / 20 * growth)


# 6. My own theorem


def bound():
    return 2 * 20 / 100 * jnp.arange(1.0, 6)


def test_6_a_theorem_of_my_own():
    """The risk of least squares is g d/(T - d - 1): below 2 g d/T if T > 2 (d + 1), above g d/T."""
    model = jc.LinearRegression(spectrum=jc.theory.Spectrum.isotropic(20), noise=1.0, penalty=0.0)
    run = lambda k: jc.simulate(model, jc.Replace(), key=k, samples=100, generations=5).risk  # noqa: E731
    # fmt: off
    claim = jc.Claim(name="my-bound", statement="risk <= 2 d/T", theory=bound, experiment=run, relation="at_most")
    # fmt: on
    verdict = jc.verify(claim, key)
    assert isinstance(verdict, jc.Verdict) and verdict.outcome == "holds"
    assert verdict.summary().startswith("my-bound: holds\n  risk <= 2 d/T\n  every mean respects the bound")
    risk = np.arange(1, 6) * 20 / 79
    assert close(verdict.estimate, risk) and not close(verdict.estimate, 1.03 * risk)

    tight = dataclasses.replace(claim, theory=lambda: bound() / 2)
    assert jc.verify(tight, key).summary().startswith("my-bound: fails\n  risk <= 2 d/T\n  5 of 5 entries disagree")


# 8. Everything in the literature


def test_8_everything_in_the_literature():
    claims = jc.claims.all()
    assert len(claims) >= 29 and all(isinstance(claim, jc.Claim) for claim in claims)
    named = {claim.name: claim for claim in claims}
    assert len(named) == len(claims)

    cheap = [named["gerstgrasser-replace"], named["xu-superlinear-schedule"]]
    verification = jc.verify(cheap, precision="quick")
    assert isinstance(verification, jc.Verification)
    assert [verdict.outcome for verdict in verification] == ["holds", "holds"], verification.summary()
    replace, at_most = verification
    assert replace.notices < 0.06 and close(replace.estimate, jnp.arange(1, 11) * 10 / 21)
    assert (at_most.estimate.mean > 0.98 * at_most.theory).any() and (at_most.upper < 1.03 * at_most.theory).all()
    assert "2 hold, 0 fail, 0 undecided" in verification.summary()
