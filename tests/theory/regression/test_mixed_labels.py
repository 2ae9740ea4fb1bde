"""Regression on real and synthetic labels: pooled rows, one design and new ones, the best penalty and weight."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from scipy.stats import beta

import jaxcollapse as jc
from jaxcollapse.theory import Spectrum, mean, regression
from jaxcollapse.theory.regression.accumulate import _marchenko_pastur as marchenko_pastur
from jaxcollapse.theory.regression.effective_penalty import degrees_of_freedom, kappa

pytestmark = pytest.mark.usefixtures("x64")
GOLDEN = (np.sqrt(5) - 1) / 2


def minimise(function, start, steps=3000):
    """Adam with a decaying step, then what it found."""
    optimiser = optax.adam(optax.cosine_decay_schedule(0.05, steps))
    gradient = jax.grad(function)

    def step(state, _):
        x, memory = state
        update, memory = optimiser.update(gradient(x), memory)
        return (optax.apply_updates(x, update), memory), None

    start = jnp.asarray(start, float)
    return jax.lax.scan(step, (start, optimiser.init(start)), None, length=steps)[0][0]


def contraction(dim, real, synthetic):
    return float(regression.ols_mix_contraction(dim=dim, real_samples=real, samples=synthetic))


def test_the_contraction_of_pooled_rows():
    np.testing.assert_allclose(contraction(12, 15, 15), 0.428, atol=5e-4)
    np.testing.assert_allclose(contraction(1, 9, 30), beta(15, 4.5).moment(2), rtol=1e-12)
    np.testing.assert_allclose(contraction(5, 1e8, 2e8), 4 / 9, rtol=1e-6)
    for dim, real, synthetic in ((12, 15, 15), (7, 3, 20), (4, 30, 2)):
        # The parts of the real and of the synthetic rows add up to the identity.
        share = synthetic / (real + synthetic)
        difference = contraction(dim, real, synthetic) - contraction(dim, synthetic, real)
        np.testing.assert_allclose(difference, 2 * share - 1, atol=1e-12)
    assert contraction(10, 6, 5) == np.inf


def test_the_contraction_in_two_dimensions():
    """At d = 2 the mean over rows of one kind can be done with the eigenvalues of a matrix beta variate.

    For ``W_s ~ Wishart(n)``, ``W_r ~ Wishart(m)`` the quantity ``tr(W_s W^-2 W_s)/2`` is not a function of these
    eigenvalues alone, so it is averaged over draws, with a tolerance of five standard errors.
    """
    rng = np.random.default_rng(1)
    x = rng.normal(size=(200_000, 14, 2))
    gram = lambda rows: np.einsum("nri,nrj->nij", rows, rows)  # noqa: E731
    synthetic, whole = gram(x[:, :9]), gram(x)
    (a, b), (_, c) = whole[:, 0].T, whole[:, 1].T
    inverse = np.stack([np.stack([c, -b], -1), np.stack([-b, a], -1)], -2) / (a * c - b**2)[:, None, None]
    draws = (np.einsum("nij,njk->nik", inverse, synthetic) ** 2).sum((1, 2)) / 2
    stderr = draws.std() / len(draws) ** 0.5
    assert stderr < 1e-3
    np.testing.assert_allclose(contraction(2, 5, 9), draws.mean(), atol=5 * stderr)


def test_pooled_least_squares():
    curve = regression.ols_mix(dim=12, real_samples=30, samples=30, noise=0.5, generations=400)
    c, added = contraction(12, 30, 30), 0.25 * 12 / 47
    np.testing.assert_allclose(curve[:2], [0.25 * 12 / 17, c * 0.25 * 12 / 17 + added], rtol=1e-12)
    np.testing.assert_allclose(curve[-1], added / (1 - c), rtol=1e-12)
    large = regression.ols_mix(dim=3, real_samples=1e7, samples=4e7, noise=1.0, generations=50)
    factors = mean.mean_mix(real_weight=0.2, ratio=0.25, generations=50)
    np.testing.assert_allclose(large, 3e-7 * factors, rtol=1e-5)
    infinite = regression.ols_mix(dim=5, real_samples=6, samples=30, noise=1.0, generations=3)
    assert jnp.isinf(infinite).all()


@pytest.mark.slow
def test_one_design_and_fresh_labels():
    """The finite-time factor in closed form; bias and variance are those of the first fit."""
    spectrum = Spectrum.from_eigenvalues(jnp.geomspace(1, 0.1, 30), jnp.linspace(0.1, 1.0, 30))
    w, t = 0.4, np.arange(6)
    closed = (w**2 + (1 - w) ** 2) * (1 - (1 - w) ** (2 * t)) / (1 - (1 - w) ** 2) + (1 - w) ** (2 * t)
    for samples in (12, 60):
        curve = regression.minimum_norm_mixed_labels(spectrum, samples=samples, noise=0.5, real_weight=w, generations=6)
        fits = [
            regression.ridge_replace(spectrum, samples=samples, noise=sigma, penalty=0.0, generations=1)[0]
            for sigma in (0.0, 0.5)
        ]
        np.testing.assert_allclose(curve, fits[0] + (fits[1] - fits[0]) * closed, rtol=1e-11)
        best = minimise(
            lambda x, n=samples: regression.minimum_norm_mixed_labels(
                spectrum, samples=n, noise=0.5, real_weight=jax.nn.sigmoid(x), generations=60
            )[-1],
            0.0,
            steps=600,
        )
        np.testing.assert_allclose(jax.nn.sigmoid(best), GOLDEN, rtol=1e-4)
    np.testing.assert_allclose(
        [minimise_finite(t) for t in (1, 2, 3)],
        [2 / 3, 0.631, 0.621],
        atol=5e-4,
    )


def minimise_finite(t):
    """The best constant weight t generations after the first."""
    found = minimise(
        lambda x: mean.mean_mix(real_weight=jax.nn.sigmoid(x), ratio=1.0, generations=t + 1)[-1], 0.0, steps=600
    )
    return float(jax.nn.sigmoid(found))


@pytest.mark.parametrize("samples", [15, 60])
def test_mixed_labels_on_new_designs(samples):
    """Without real labels data is replaced; with nothing else a generation is the first; the limit is a ratio."""
    case = dict(dim=40, samples=samples, noise=0.7, norm=1.3)
    replaced = regression.minimum_norm_replace(**case, generations=5, design="fresh")
    np.testing.assert_allclose(
        regression.minimum_norm_mixed_labels_fresh(**case, real_weight=0.0, generations=5), replaced, rtol=1e-12
    )
    alone = regression.minimum_norm_mixed_labels_fresh(**case, real_weight=1.0, generations=5)
    np.testing.assert_allclose(alone, np.full(5, replaced[0]), rtol=1e-12)

    kept, w = min(samples / 40, 1.0), 0.4
    noise = 0.49 * min(samples, 40) / (abs(samples - 40) - 1)
    limit = ((1 - kept) * 1.69 + (w**2 + (1 - w) ** 2) * noise) / (1 - (1 - w) ** 2 * kept)
    late = regression.minimum_norm_mixed_labels_fresh(**case, real_weight=w, generations=80)[-1]
    np.testing.assert_allclose(late, limit, rtol=1e-12)


def test_mixed_labels_have_no_mean_next_to_as_many_rows_as_columns():
    assert np.isposinf(
        regression.minimum_norm_mixed_labels_fresh(dim=8, samples=9, noise=1.0, real_weight=0.5, generations=2)
    ).all()
    silent = regression.minimum_norm_mixed_labels_fresh(dim=8, samples=9, noise=0.0, real_weight=0.5, generations=2)
    np.testing.assert_array_equal(silent, [0.0, 0.0])


@pytest.mark.slow
def test_ridge_on_one_design_three_ways():
    """The printed difference of transforms, the mean over Marchenko-Pastur eigenvalues, and clean ridge at w = 1."""
    noise, penalty = 0.7, 0.3
    limit, effective = jax.jit(regression.ridge_mixed_labels_limit), jax.jit(kappa)
    spectrum = Spectrum.from_eigenvalues(jnp.geomspace(1, 0.05, 50))
    for samples in (30, 90):
        for w in (0.2, 0.5, 0.9):
            fixed = dict(penalty=penalty, samples=samples, real_weight=w)
            variance = limit(spectrum, noise=noise, **fixed) - limit(spectrum, noise=0.0, **fixed)
            rise = [effective(spectrum, penalty=p, samples=samples) - p for p in (penalty / w, penalty / (2 - w))]
            printed = noise**2 * (w**2 + (1 - w) ** 2) / (2 * (1 - w) * penalty) * (rise[0] - rise[1])
            np.testing.assert_allclose(variance, printed, rtol=1e-10)
        settings = dict(penalty=penalty, samples=samples, noise=noise)
        clean = regression.ridge_replace(spectrum, **settings, generations=1)[0]
        np.testing.assert_allclose(limit(spectrum, **settings, real_weight=1.0), clean, rtol=1e-12)
        isotropic, w = Spectrum.isotropic(60), 0.6
        nodes, weights = marchenko_pastur(jnp.asarray(60 / samples))
        bias = max(0.0, 1 - samples / 60) + weights @ (penalty / (w * nodes + penalty)) ** 2
        spread = weights @ (nodes / ((w * nodes + penalty) * ((2 - w) * nodes + penalty)))
        exact = bias + noise**2 * 60 / samples * (w**2 + (1 - w) ** 2) * spread
        np.testing.assert_allclose(limit(isotropic, **settings, real_weight=w), exact, rtol=1e-10)


def test_a_vanishing_penalty_is_the_minimum_norm():
    spectrum = Spectrum.from_eigenvalues(jnp.geomspace(1, 0.05, 50))
    for samples in (20, 90):
        limit = regression.ridge_mixed_labels_limit(
            spectrum, penalty=1e-10, samples=samples, noise=0.7, real_weight=0.4
        )
        k = kappa(spectrum, penalty=0.0, samples=samples)
        df2 = degrees_of_freedom(spectrum, kappa=k, order=2)
        bias = regression.ridge_replace(spectrum, samples=samples, noise=0.0, penalty=0.0, generations=1)[0]
        factor = mean.mean_mix_limit(real_weight=0.4, ratio=1.0)
        np.testing.assert_allclose(limit, bias + 0.49 * factor * df2 / (samples - df2), rtol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("snr", "best", "risk", "alone"),
    [
        pytest.param(0.3, (3.46, 0.79), 0.856, 0.863, marks=pytest.mark.slow),
        (1.0, (0.839, 0.721), 0.698, 0.721),
        pytest.param(10.0, (0.0589, 0.651), 0.428, 0.454, marks=pytest.mark.slow),
    ],
)
def test_the_best_penalty_and_weight_by_gradient(snr, best, risk, alone):
    """Isotropic, d/T = 1.5; the real labels alone, with their own best penalty, do worse."""
    spectrum = Spectrum.isotropic(15)
    settings = dict(samples=10, noise=snr**-0.5)

    def limit(x):
        return regression.ridge_mixed_labels_limit(
            spectrum, penalty=jnp.exp(x[0]), real_weight=jax.nn.sigmoid(x[1]), **settings
        )

    found = minimise(limit, [np.log(best[0]) + 0.3, 0.3], steps=1500)
    penalty, weight = jnp.exp(found[0]), jax.nn.sigmoid(found[1])
    np.testing.assert_allclose([penalty, weight], best, rtol=2e-2)
    np.testing.assert_allclose(limit(found), risk, atol=5e-4)
    np.testing.assert_allclose(
        weight, regression.ridge_mixed_labels_optimal_weight(spectrum, penalty=penalty, **settings), rtol=1e-4
    )
    tuned = 1.5 / snr  # the optimal ridge of clean isotropic data
    clean = regression.ridge_mixed_labels_limit(spectrum, penalty=tuned, real_weight=1.0, **settings)
    np.testing.assert_allclose(clean, alone, atol=5e-4)


@pytest.mark.slow
def test_the_best_weight_of_ridge_has_its_limits():
    spectrum = Spectrum.from_eigenvalues(jnp.geomspace(1, 0.1, 40))
    settings = dict(samples=80, noise=0.5)
    free = regression.ridge_mixed_labels_optimal_weight(spectrum, penalty=1e-7, **settings)
    np.testing.assert_allclose(free, GOLDEN, rtol=1e-5)
    heavy = regression.ridge_mixed_labels_optimal_weight(spectrum, penalty=30.0, samples=80, noise=0.01)
    assert 0.999 < heavy <= 1.0


@pytest.mark.slow
def test_the_golden_weight_is_not_the_best_for_many_coefficients():
    """With 9 coefficients and 10 rows of each kind: paired differences of simulated risks against 0.685."""
    dim, rows, generations, weights = 9, 10, 8, jnp.array([0.55, GOLDEN, 0.685, 0.75])
    model = jc.LinearRegression(Spectrum.isotropic(dim), noise=1.0)
    reals = jnp.full(generations, float(rows)).at[0].set(3.0 * rows)  # the first fit has no synthetic rows

    def compared(risk):
        risks = jax.lax.map(risk, weights)
        return jnp.delete(risks - risks[2], 2, assume_unique_indices=True)

    def run(key):
        mix = lambda w: jc.Mix("fresh", weight=w, real_samples=reals)  # noqa: E731
        sizes = dict(samples=rows, generations=generations)
        return compared(lambda w: jc.simulate(model, mix(w), key=key, **sizes).risk[-1])

    estimate = jc.monte_carlo(run, jax.random.key(0), 30_000, progress=False)
    chain = lambda w: regression.ridge_mix(  # noqa: E731
        Spectrum.isotropic(dim),
        real_samples=reals,
        samples=rows,
        noise=1.0,
        penalty=0.0,
        real_weight=w,
        generations=generations,
    )
    theory = np.asarray(compared(lambda w: chain(w)[-1]))
    assert (estimate.mean > 8 * estimate.stderr).all()
    np.testing.assert_array_less(np.abs(estimate.mean - theory), 4 * estimate.stderr)


_POOLED = dict(dim=10, real_samples=20, samples=20)
_RIDGE = dict(penalty=0.1, samples=30, noise=1.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: regression.ols_mix_contraction(dim=10, real_samples=4, samples=5),
            r"real_samples \+ samples must be finite and at least 10",
        ),
        (
            lambda: regression.ols_mix(dim=10, real_samples=9, samples=5, noise=1.0, generations=2),
            "real_samples must be finite and at least 10",
        ),
        (lambda: regression.ols_mix(**_POOLED, noise=-1.0, generations=2), "noise must be finite and at least 0"),
        (
            lambda: regression.minimum_norm_mixed_labels(
                Spectrum.isotropic(3), samples=0, noise=1.0, real_weight=0.5, generations=2
            ),
            "samples must be positive",
        ),
        (
            lambda: regression.minimum_norm_mixed_labels_fresh(
                dim=3, samples=2, noise=1.0, real_weight=1.5, generations=2
            ),
            "real_weight must be at most 1",
        ),
        (
            lambda: regression.ridge_mixed_labels_limit(Spectrum.isotropic(3), **_RIDGE, real_weight=0.0),
            "real_weight must be finite and above 0",
        ),
        (
            lambda: regression.ridge_mixed_labels_limit(
                Spectrum.isotropic(3), penalty=0.0, samples=3, noise=1.0, real_weight=0.5
            ),
            "penalty must be positive",
        ),
        (
            lambda: regression.ridge_mixed_labels_optimal_weight(
                Spectrum.isotropic(3), penalty=0.1, samples=3, noise=0.0
            ),
            "noise must be positive",
        ),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
