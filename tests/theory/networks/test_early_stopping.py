"""Fits that are not trained to the end: each workflow by hand, and all of them by explicit noise."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import gammaln

import jaxcollapse as jc
from jaxcollapse.theory import Spectrum, networks, regression

pytestmark = pytest.mark.usefixtures("x64")
S, W0, N, SIGMA, G = np.array([2.0, 0.5, 0.05]), np.array([1.0, -0.7, 0.4]), 50, 0.6, 7
MADE = {
    "flow": lambda: networks.gradient_flow(1.5),
    "descent": lambda: networks.gradient_descent(0.8, 3),
    "ridge": lambda: networks.ridge_shrinkage(0.3),
}


@pytest.fixture
def filters(x64):
    """Made in double precision."""
    return {name: make() for name, make in MADE.items()}


def design():
    return Spectrum.from_eigenvalues(S, W0)


def error(shrinkage, flow, **changes):
    setting = dict(samples=N, noise=SIGMA, generations=G) | changes
    return networks.early_stopping_squared_error(design(), shrinkage, flow, **setting)


def test_a_filter_is_its_optimiser(filters):
    """Steps of descent and small steps of it; the ridge solution."""
    w = wee = 0.0
    for _ in range(3):
        w = w - 0.8 * S * (w - 1)
    np.testing.assert_allclose(filters["descent"](S), w, rtol=1e-12)
    steps = 40_000
    for _ in range(steps):
        wee = wee - 1.5 / steps * S * (wee - 1)
    np.testing.assert_allclose(filters["flow"](S), wee, rtol=2e-4)
    np.testing.assert_allclose(filters["ridge"](S), np.linalg.solve(np.diag(S + 0.3), S), rtol=1e-12)
    for shrinkage in filters.values():
        np.testing.assert_allclose(shrinkage.missed(S), 1 - shrinkage(S), rtol=1e-10)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("name", MADE)
def test_replace_and_accumulate_by_hand(name, filters):
    f, g = np.asarray(filters[name](S)), np.arange(1, G + 1)[:, None]
    v = SIGMA**2 / (N * S)
    replace = (1 - f**g) ** 2 * W0**2 + v * f**2 * (1 - f ** (2 * g)) / (1 - f**2)
    np.testing.assert_allclose(error(filters[name], jc.Replace()), replace, rtol=1e-10)
    kept = np.exp(gammaln(g + f) - gammaln(1 + f) - gammaln(g + 1))
    variance = [v]
    for k in range(2, G + 1):
        variance.append((1 - (1 - f) / k) ** 2 * variance[-1] + v / k**2)
    accumulate = (1 - f * kept) ** 2 * W0**2 + f**2 * np.array(variance)
    np.testing.assert_allclose(error(filters[name], jc.Accumulate()), accumulate, rtol=1e-10)
    warm = (1 - f) ** 2 * W0**2 + g * v * f**2
    np.testing.assert_allclose(error(filters[name], jc.Replace(), warm=True), warm, rtol=1e-10)


def test_with_a_ridge_it_is_ridge_regression(filters):
    known = regression.ridge_accumulate_given_design(design(), samples=N, noise=SIGMA, penalty=0.3, generations=G)
    np.testing.assert_allclose(error(filters["ridge"], jc.Accumulate()).sum(axis=1), known, rtol=1e-12)


FLOWS = {
    "window": lambda: jc.Window(3),
    "average": lambda: jc.MovingAverage(0.3),
    "fixed": lambda: jc.Mix("fixed", weight=0.4),
    "fresh": lambda: jc.Mix("fresh", weight=0.3),
    "accumulate": lambda: jc.Accumulate(),
}


@pytest.mark.parametrize("warm", [False, True])
@pytest.mark.parametrize("kind", FLOWS)
def test_any_workflow_by_its_noises(warm, kind, filters):
    """The chain is linear in the truth and in every noise: one at a time, each has its own effect."""
    flow = FLOWS[kind]()
    f = np.asarray(filters["flow"](S))
    sizes = (
        np.array([50.0, 20.0, 90.0, 50.0, 35.0, 60.0, 80.0]) if kind in ("window", "accumulate") else np.full(G, 50.0)
    )
    matrix, alone = (np.asarray(part) for part in flow.weights(jnp.asarray(sizes)))

    def chain(truth, noise, fresh):
        models = [truth * np.ones_like(f)]
        for g in range(G):
            target = (1 - matrix[g].sum()) * truth + alone[g] * fresh[g]
            target = target + sum(matrix[g, i] * (models[i] + noise[i] * (50 / sizes[i]) ** 0.5) for i in range(g + 1))
            start = models[-1] if warm and g > 0 else 0.0
            models.append(f * target + (1 - f) * start)
        return np.array(models[1:])

    none, unit = np.zeros(G), np.eye(G)
    bias = (chain(1.0, none, none) - 1) ** 2 * W0**2
    spread = sum(chain(0.0, e, none) ** 2 + chain(0.0, none, e) ** 2 for e in unit)
    np.testing.assert_allclose(
        error(filters["flow"], flow, warm=warm, samples=sizes), bias + spread * SIGMA**2 / (N * S), rtol=1e-10
    )


@pytest.mark.slow
def test_accumulation_forgets_like_a_power():
    """The mean of the coefficients between generations 1,000 and 2,000, without noise."""
    flow = networks.gradient_flow(1.0)
    late = networks.early_stopping_squared_error(
        Spectrum.from_eigenvalues(S, np.ones(3)), flow, jc.Accumulate(), samples=N, noise=0.0, generations=2000
    )
    mean = 1 - np.sqrt(np.asarray(late))
    slope = np.log(mean[1999] / mean[999]) / np.log(2.0)
    np.testing.assert_allclose(slope, -np.asarray(networks.early_stopping_exponent(S, flow)), rtol=2e-3)


def test_a_direction_that_no_row_has_is_not_learnt():
    design = Spectrum([1.0, 0.0], [1.0, 0.5])
    errors = networks.early_stopping_squared_error(
        design, networks.gradient_flow(1.0), jc.Accumulate(), samples=N, noise=SIGMA, generations=3
    )
    np.testing.assert_allclose(errors[:, 1], 0.25, rtol=1e-12)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: networks.gradient_flow(0.0), ValueError, "time must be positive"),
        (lambda: networks.gradient_descent(-1.0, 3), ValueError, "rate must be positive"),
        (lambda: networks.gradient_descent(0.1, 0), ValueError, "steps must be at least 1, got 0"),
        (lambda: networks.ridge_shrinkage(0.0), ValueError, "penalty must be positive"),
        (lambda: error(0.5, jc.Replace()), TypeError, "shrinkage must be made by gradient_flow"),
        (lambda: error(MADE["flow"](), jc.Replace(), warm=1), TypeError, "warm must be True or False, got 1"),
        (lambda: error(MADE["flow"](), jc.Replace(), noise=-1.0), ValueError, "noise must be finite and at least 0"),
        (lambda: networks.early_stopping_exponent([-1.0], MADE["flow"]()), ValueError, "eigenvalues must be finite"),
    ],
)
def test_wrong_arguments(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
