"""Designs: closed forms against gradient descent, and what a perturbation of them costs."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxcollapse.theory import mean

pytestmark = pytest.mark.usefixtures("x64")


def descend(loss, start, steps=4000):
    optimiser = optax.adam(optax.cosine_decay_schedule(0.02, steps))

    def step(carry, _):
        x, memory = carry
        update, memory = optimiser.update(jax.grad(loss)(x), memory)
        return (optax.apply_updates(x, update), memory), None

    return jax.lax.scan(step, (start, optimiser.init(start)), None, steps)[0][0]


@pytest.mark.parametrize("objective", ["final", "sum"])
@pytest.mark.parametrize("cost", [1.0, np.array([1.0, 3.0, 0.5, 2.0, 2.0, 4.0])], ids=["equal", "unequal"])
def test_the_best_sizes_are_those_of_gradient_descent(objective, cost):
    budget, generations = 700.0, 6
    costs = jnp.broadcast_to(jnp.asarray(cost), (generations,))

    def sizes(logits):
        return budget * jax.nn.softmax(logits) / costs

    def loss(logits):
        errors = mean.mean_replace_variance(samples=sizes(logits))
        return jnp.log(errors[-1] if objective == "final" else errors.sum())

    found = sizes(descend(loss, jnp.zeros(generations)))
    best = mean.mean_replace_allocation(budget=budget, generations=generations, objective=objective, cost=cost)
    np.testing.assert_allclose(best @ costs, budget, rtol=1e-12)
    np.testing.assert_allclose(found, best, rtol=1e-4)
    heirs = jnp.arange(generations, 0, -1.0) if objective == "sum" else jnp.ones(generations)
    errors = mean.mean_replace_variance(samples=best)
    value = errors.sum() if objective == "sum" else errors[-1]
    np.testing.assert_allclose(value, jnp.sum(jnp.sqrt(heirs * costs)) ** 2 / budget, rtol=1e-12)


@pytest.mark.parametrize("cost", [1.3, 2.618033988749895, 9.0])
def test_the_best_mixture_is_that_of_gradient_descent(cost):
    def split(x):
        share = jax.nn.sigmoid(x[0])  # of the budget that is spent on real data
        return share / cost, 1 - share, jax.nn.sigmoid(x[1])

    def risk(x):
        real, synthetic, weight = split(x)
        return mean.mean_mix_limit(real_weight=weight, ratio=real / synthetic) / real

    found = descend(lambda x: jnp.log(risk(x)), jnp.zeros(2))
    best = mean.mean_mix_allocation(budget=1.0, real_cost=cost)
    np.testing.assert_allclose(best.real_samples * cost + best.samples, 1.0, rtol=1e-12)
    np.testing.assert_allclose(split(found), best[:3], rtol=1e-4)
    np.testing.assert_allclose(risk(found), best.risk, rtol=1e-8)
    np.testing.assert_allclose(
        best.weight, mean.mean_mix_optimal_weight(ratio=best.real_samples / best.samples), rtol=1e-12
    )
    if cost > 2 and cost < 3:
        np.testing.assert_allclose(best.real_samples, best.samples, rtol=1e-12)


def test_cheap_real_data_needs_no_synthetic_data():
    best = mean.mean_mix_allocation(budget=100.0, real_cost=0.5)
    np.testing.assert_allclose(best, [200.0, 0.0, 1.0, 0.005], rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mean.mean_replace_allocation(budget=0, generations=3, objective="sum"), "budget must be positive"),
        (
            lambda: mean.mean_replace_allocation(budget=9, generations=0, objective="sum"),
            "generations must be at least 1",
        ),
        (
            lambda: mean.mean_replace_allocation(budget=9, generations=3, objective="mean"),
            "objective must be 'final' or 'sum'",
        ),
        (
            lambda: mean.mean_replace_allocation(budget=9, generations=3, objective="sum", cost=[1, 2]),
            "cost must be a number or",
        ),
        (lambda: mean.mean_mix_allocation(budget=9, real_cost=-1), "real_cost must be positive"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
