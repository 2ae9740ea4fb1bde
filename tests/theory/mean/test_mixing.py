"""A mean of real and synthetic data: the golden ratio, the best weights by gradient, and their limits."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxcollapse as jc
from jaxcollapse.theory import mean

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


@pytest.mark.parametrize("ratio", [0.1, 0.25, 1.0, 3.0])
def test_the_curve_against_the_weight_matrix(ratio):
    weight = jnp.array([0.9, 0.3, 0.7, 0.55, 0.2])
    curve = mean.mean_mix(real_weight=weight, ratio=ratio, generations=5)
    workflow = jc.Mix("fresh", weight=weight, real_samples=1000 * ratio)
    factors = mean.inflation(workflow, generations=5, samples=1000.0)
    np.testing.assert_allclose(curve, factors * ratio, rtol=1e-12)  # in units of the real batch
    pooled = mean.mean_mix(real_weight=mean.mean_mix_pooling_weight(ratio=ratio), ratio=ratio, generations=5)
    workflow = jc.Mix("fresh", real_samples=1000 * ratio)
    np.testing.assert_allclose(pooled, ratio * mean.inflation(workflow, generations=5, samples=1000.0), rtol=1e-12)


def test_the_curve_tends_to_its_limit():
    for weight, ratio in ((0.1, 0.3), (0.618, 1.0), (1.0, 2.0)):
        curve = mean.mean_mix(real_weight=weight, ratio=ratio, generations=300)
        np.testing.assert_allclose(curve[-1], mean.mean_mix_limit(real_weight=weight, ratio=ratio), rtol=1e-12)
    alone = mean.mean_mix(real_weight=0.0, ratio=0.5, generations=4)
    np.testing.assert_allclose(alone, 1 + 0.5 * np.arange(4), rtol=1e-12)  # only synthetic data: replacement


def test_the_best_weight_is_its_own_risk():
    for ratio in (1e-6, 0.01, 0.1, 1.0, 10.0, 1e6):
        best = mean.mean_mix_optimal_weight(ratio=ratio)
        np.testing.assert_allclose(mean.mean_mix_limit(real_weight=best, ratio=ratio), best, rtol=1e-12)
        np.testing.assert_allclose(best**2 + ratio * best - ratio, 0.0, atol=1e-12 * max(1.0, ratio))
    np.testing.assert_allclose(mean.mean_mix_optimal_weight(), GOLDEN, rtol=1e-14)
    np.testing.assert_allclose(mean.mean_mix_optimal_weight(ratio=0.1), 0.2702, atol=5e-5)
    assert mean.mean_mix_optimal_weight(ratio=0.0) == 0.0


@pytest.mark.parametrize("ratio", [0.05, 0.5, 1.0, 4.0])
def test_the_best_weight_by_gradient(ratio):
    found = minimise(lambda x: mean.mean_mix_limit(real_weight=jax.nn.sigmoid(x), ratio=ratio), 0.0)
    np.testing.assert_allclose(jax.nn.sigmoid(found), mean.mean_mix_optimal_weight(ratio=ratio), rtol=1e-6)


def test_pooling_wastes_synthetic_data():
    naive = lambda k: float(mean.mean_mix_limit(real_weight=mean.mean_mix_pooling_weight(ratio=k), ratio=k))  # noqa: E731
    for ratio in (0.01, 0.1, 1.0, 7.0):
        np.testing.assert_allclose(naive(ratio), (1 + ratio) / (2 + ratio), rtol=1e-12)
    np.testing.assert_allclose([naive(1.0), naive(0.1)], [0.6667, 0.5238], atol=5e-5)
    ratios = [naive(k) / float(mean.mean_mix_optimal_weight(ratio=k)) for k in (0.01, 0.19)]
    np.testing.assert_allclose(ratios, [5.28, 1.55], atol=5e-3)


@pytest.mark.slow
def test_dynamic_weights():
    fibonacci = [1, 2 / 3, 5 / 8, 13 / 21, 34 / 55]
    np.testing.assert_allclose(mean.mean_mix_dynamic_weight(ratio=1.0, generations=5), fibonacci, rtol=1e-12)
    np.testing.assert_allclose(mean.mean_mix_dynamic_weight(ratio=0.0, generations=9), 1 / np.arange(1, 10), rtol=1e-12)
    for ratio in (0.1, 1.0, 3.0):
        weights = mean.mean_mix_dynamic_weight(ratio=ratio, generations=200)
        np.testing.assert_allclose(
            mean.mean_mix(real_weight=weights, ratio=ratio, generations=200), weights, rtol=1e-12
        )
        np.testing.assert_allclose(weights[-1], mean.mean_mix_optimal_weight(ratio=ratio), rtol=1e-12)
        last = lambda w, k=ratio: mean.mean_mix(real_weight=w, ratio=k, generations=6)[-1]  # noqa: E731
        np.testing.assert_allclose(jax.grad(last)(weights[:6]), 0.0, atol=1e-14)
        curvature = jax.hessian(last)(weights[:6])[1:, 1:]
        assert (jnp.diagonal(curvature) > 0).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mean.mean_mix(real_weight=1.1, ratio=1.0, generations=3), "real_weight must be at most 1"),
        (
            lambda: mean.mean_mix(real_weight=-0.1, ratio=1.0, generations=3),
            "real_weight must be finite and at least 0",
        ),
        (
            lambda: mean.mean_mix(real_weight=[0.5, 0.5], ratio=1.0, generations=3),
            "real_weight must be a number or have shape",
        ),
        (lambda: mean.mean_mix(real_weight=0.5, ratio=-1.0, generations=3), "ratio must be finite and at least 0"),
        (lambda: mean.mean_mix_limit(real_weight=0.0, ratio=1.0), "real_weight must be finite and above 0"),
        (lambda: mean.mean_mix_optimal_weight(ratio="1"), "ratio must be a number"),
        (lambda: mean.mean_mix_dynamic_weight(ratio=1.0, generations=0), "generations must be at least 1"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
