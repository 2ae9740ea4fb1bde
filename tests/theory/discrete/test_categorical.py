"""Drift of a categorical distribution: the dual chain against the chain itself, limits, bounds and moments."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import multinomial

from jaxcollapse.theory import discrete

pytestmark = pytest.mark.usefixtures("x64")
P, N = np.array([0.5, 0.3, 0.2]), 6


def chain():
    """All states of the chain, its transition matrix, and its law at generation 1."""
    states = np.array([s for s in itertools.product(range(N + 1), repeat=3) if sum(s) == N])
    move = np.stack([multinomial(N, state / N).pmf(states) for state in states])
    return states, move, multinomial(N, P).pmf(states)


def test_the_dual_chain_is_the_chain_read_backwards():
    """Lost symbols, collapse, diversity, distance and the time to collapse, from all 28 states."""
    states, move, law = chain()
    alone = states.max(axis=1) == N
    lost, collapsed, diversity, distance, time = [], [], [], [], 1.0
    for _ in range(400):
        lost.append(law @ (states == 0))
        collapsed.append(law @ alone)
        diversity.append(law @ (1 - ((states / N) ** 2).sum(axis=1)))
        distance.append(law @ ((states / N - P) ** 2).sum(axis=1))
        time += 1 - collapsed[-1]
        law = law @ move
    setting = dict(samples=N, generations=400)
    np.testing.assert_allclose(discrete.categorical_replace_lost(P, **setting), lost, atol=1e-12)
    np.testing.assert_allclose(discrete.categorical_replace_collapsed(P, **setting), collapsed, atol=1e-12)
    np.testing.assert_allclose(discrete.categorical_replace_diversity(P, **setting), diversity, atol=1e-12)
    np.testing.assert_allclose(
        discrete.categorical_replace_diversity(P, samples=N, generations=1)[0] + distance[0], 1 - P @ P, rtol=1e-12
    )
    np.testing.assert_allclose(discrete.categorical_replace_collapse_time(P, samples=N), time, rtol=1e-10)


def test_the_law_of_the_number_of_ancestors():
    law = discrete.categorical_replace_ancestors(samples=30, generations=50)
    np.testing.assert_allclose(law.sum(axis=1), 1.0, rtol=1e-12)
    assert (law >= 0).all() and law[0, 30] == 1 and (law[:, 0] == 0).all()
    np.testing.assert_allclose(law[1] @ jnp.arange(31), 30 * (1 - (29 / 30) ** 30), rtol=1e-12)
    np.testing.assert_allclose(
        discrete.categorical_replace_lost([0.9, 0.1], samples=30, generations=1)[0], [0.1**30, 0.9**30], rtol=1e-12
    )


def test_the_mean_number_of_ancestors_of_many_draws():
    """At first all, then what the law of any number comes to as it grows: the gap falls."""
    limit = lambda n, g: np.asarray(discrete.categorical_replace_ancestors_limit(samples=n, generations=g))  # noqa: E731
    law = lambda n, g: np.asarray(discrete.categorical_replace_ancestors(samples=n, generations=g))  # noqa: E731
    mean = lambda n, g: law(n, g) @ np.arange(n + 1)  # noqa: E731
    np.testing.assert_allclose(limit(80, 1), 80.0, rtol=1e-12)
    gaps = limit(50, 101) / mean(50, 101) - 1
    np.testing.assert_allclose(gaps[[5, 25, 100]], [0.07, 0.03, 0.01], atol=0.005)
    same = [limit(n, n // 2 + 1)[-1] / mean(n, n // 2 + 1)[-1] - 1 for n in (50, 100, 200)]
    assert 0 < same[2] < 0.65 * same[1] < 0.65**2 * same[0]


def test_the_time_to_collapse():
    """The diffusion limits for two symbols and for many, and a text of one draw."""
    np.testing.assert_allclose(discrete.categorical_replace_collapse_time([0.5, 0.5], samples=200), 275.0, atol=0.05)
    np.testing.assert_allclose(
        discrete.categorical_replace_collapse_time(np.full(5000, 1 / 5000), samples=100), 2 * 99, rtol=0.01
    )
    assert discrete.categorical_replace_collapse_time(P, samples=1) == 1


def test_a_poisson_count_is_a_bound_that_rare_symbols_reach():
    exact = 1 - discrete.categorical_replace_lost([0.002, 0.998], samples=500, generations=60)[:, 0]
    bound = discrete.poisson_replace_survival(rate=0.002, samples=500, generations=60)
    assert (bound <= exact).all()
    np.testing.assert_allclose(bound, exact, rtol=0.03)
    late = discrete.poisson_replace_survival(rate=1.0, samples=1, generations=3000)
    np.testing.assert_allclose(late[-1] * 3000, 2.0, rtol=0.01)


@pytest.mark.slow
def test_bounds_hold_and_meet_where_they_must():
    """Around the exact numbers; for two symbols and two draws a chain collapses or is halfway, and all are equal."""
    exact = discrete.categorical_replace_collapsed(P, samples=15, generations=60)
    bounds = discrete.categorical_replace_collapsed_bounds(P, samples=15, generations=60)
    assert (bounds.lower <= exact).all() and (exact <= bounds.upper).all()
    tight = discrete.categorical_replace_collapsed_bounds([0.5, 0.5], samples=2, generations=9)
    np.testing.assert_allclose(
        tight.upper, discrete.categorical_replace_collapsed([0.5, 0.5], samples=2, generations=9), rtol=1e-12
    )
    np.testing.assert_allclose(tight.lower, tight.upper, rtol=1e-12)
    time, around = (
        discrete.categorical_replace_collapse_time(P, samples=15),
        discrete.categorical_replace_collapse_time_bounds(P, samples=15),
    )
    assert around.lower < time < around.upper
    sums = discrete.categorical_replace_collapsed_bounds(P, samples=15, generations=5000)
    np.testing.assert_allclose(around.lower, 1 + (1 - sums.upper).sum(), rtol=1e-9)
    np.testing.assert_allclose(around.upper, 1 + (1 - sums.lower).sum(), rtol=1e-9)
    left = 1 - discrete.categorical_replace_lost([0.005, 0.995], samples=200, generations=20)[:, 0]
    upper = discrete.categorical_replace_survival_bound(probability=0.005, samples=200, generations=20)
    assert (left <= upper).all() and upper[0] < 1.03 * left[0]


def test_a_mixture_with_real_text():
    """Its recursion; without synthetic text there is no drift, and a long one adds less than (1 - S)/(2N + 1)."""
    real, n, spread = 20, 50, 1 - P @ P
    alpha, drift, expected = n / (n + real), 0.0, []
    for _ in range(30):
        expected.append(spread / real + drift)
        drift = alpha**2 * (drift * (1 - 1 / n) + (1 - 1 / real) * spread / n)
    np.testing.assert_allclose(
        discrete.categorical_mix(P, real_samples=real, samples=n, generations=30), expected, rtol=1e-12
    )
    long = discrete.categorical_mix(P, real_samples=real, samples=1e5, generations=10**5)[-1] - spread / real
    np.testing.assert_allclose(long, (1 - 1 / real) * spread / (2 * real + 1), rtol=1e-3)


def test_gradients_exist():
    slope = jax.grad(
        lambda p: discrete.categorical_replace_lost(jnp.stack([p, 1 - p]), samples=5, generations=3)[-1, 0]
    )(0.3)
    step = 1e-6
    values = [
        discrete.categorical_replace_lost([0.3 + s, 0.7 - s], samples=5, generations=3)[-1, 0] for s in (step, -step)
    ]
    np.testing.assert_allclose(slope, (values[0] - values[1]) / (2 * step), rtol=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: discrete.categorical_replace_lost([[0.5, 0.5]], samples=5, generations=3),
            "probabilities must have shape",
        ),
        (
            lambda: discrete.categorical_replace_lost([0.5, -0.5], samples=5, generations=3),
            "probabilities must be finite and at least 0",
        ),
        (
            lambda: discrete.categorical_replace_lost([0.0, 0.0], samples=5, generations=3),
            "probabilities must sum to one, got a sum of 0",
        ),
        (lambda: discrete.categorical_replace_ancestors(samples=0, generations=3), "samples must be at least 1"),
        (lambda: discrete.categorical_replace_ancestors(samples=2.5, generations=3), "samples must be an integer"),
        (
            lambda: discrete.poisson_replace_survival(rate=-1, samples=3, generations=2),
            "rate must be finite and at least 0",
        ),
        (
            lambda: discrete.categorical_mix(P, real_samples=0, samples=3, generations=2),
            "real_samples must be positive",
        ),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()


def test_bounds_of_a_single_symbol():
    """It has collapsed from the start; a symbol without probability does not count."""
    for p in ([1.0], [1.0, 0.0]):
        collapsed = discrete.categorical_replace_collapsed_bounds(p, samples=5, generations=3)
        time = discrete.categorical_replace_collapse_time_bounds(p, samples=5)
        assert collapsed.lower.tolist() == collapsed.upper.tolist() == [1.0] * 3
        assert float(time.lower) == float(time.upper) == 1.0
