"""Temperature and weak data: closed forms against their recursions, the threshold, the Gaussian case."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxcollapse.theory import discrete, gaussian

pytestmark = pytest.mark.usefixtures("x64")
P = np.array([0.4, 0.3, 0.0, 0.3])


def test_accumulation_takes_a_factor_of_time():
    """The recursion of a pool; on the scale of log time it is a flow, here by small steps from a late generation."""
    path = np.asarray(discrete.temperature_accumulate(P, temperature=0.7, generations=4000))
    pool = path[0] + discrete.temper(path[0], temperature=0.7)
    np.testing.assert_allclose(path[1], pool / 2, rtol=1e-12)
    np.testing.assert_allclose(path[2], (pool + discrete.temper(path[1], temperature=0.7)) / 3, rtol=1e-12)
    q, steps = jnp.asarray(path[1999]), 2000
    for _ in range(steps):
        q = q + (discrete.temper(q, temperature=0.7) - q) * np.log(2) / steps
    np.testing.assert_allclose(q, path[-1], rtol=2e-3, atol=1e-12)


@pytest.mark.parametrize("tau", [0.7, 1.0, 1.6])
def test_the_closed_loop_is_the_recursion(tau):
    q = jnp.asarray(P)
    for law in discrete.temperature_replace(P, temperature=tau, generations=8):
        np.testing.assert_allclose(law, q, rtol=1e-12)
        q = q ** (1 / tau) / jnp.sum(q ** (1 / tau))
    alone = discrete.temperature_mix(P, temperature=tau, real_share=0.0, generations=8)
    np.testing.assert_allclose(alone, discrete.temperature_replace(P, temperature=tau, generations=8), rtol=1e-10)
    end = discrete.temperature_replace(P, temperature=tau, generations=40)[-1]
    ends = {0.7: [1, 0, 0, 0], 1.0: P, 1.6: np.array([1, 1, 0, 1]) / 3}
    np.testing.assert_allclose(end, ends[tau], atol=1e-7)


def test_the_needed_share():
    """A small departure grows by ``(1 - w)/tau``; above the threshold, two symbols forget where they began."""
    tau, tiny = 0.7, 1e-7
    uniform = np.full(3, 1 / 3)
    for share in (0.2, 0.4):
        first = uniform + tiny * np.array([1.0, -0.4, -0.6])
        path = discrete.temperature_mix(uniform, temperature=tau, real_share=share, generations=4, first=first)
        growth = (path[1:] - uniform) / (path[:-1] - uniform)
        np.testing.assert_allclose(growth, (1 - share) / tau, rtol=1e-5)
    threshold = float(discrete.temperature_needed_share(temperature=tau))
    np.testing.assert_allclose(threshold, 0.3, rtol=1e-12)
    ends = [
        discrete.temperature_mix([0.5, 0.5], temperature=tau, real_share=share, generations=2000, first=[0.9, 0.1])[
            -1, 0
        ]
        for share in (threshold - 0.01, threshold + 0.01)
    ]
    assert ends[0] > 0.55 and abs(ends[1] - 0.5) < 1e-6
    assert discrete.temperature_needed_share(temperature=1.2) == 0


def test_the_variance_of_a_gaussian():
    """It is that of a tempered density on a grid; limits; without temperature nothing is lost but by sampling."""
    x = np.linspace(-10, 10, 2001)
    normal = np.exp(-0.5 * x**2) / np.exp(-0.5 * x**2).sum()
    for law, power in zip(discrete.temperature_replace(normal, temperature=0.6, generations=3), (0, 1, 2), strict=True):
        np.testing.assert_allclose(law @ x**2, 0.6**power, rtol=1e-9)

    @jax.jit
    def variances(tau, share, samples):
        return gaussian.variance_mix_tempered(temperature=tau, real_share=share, generations=400, samples=samples)

    path = gaussian.variance_mix_tempered(temperature=1.2, real_share=0.3, generations=400)
    np.testing.assert_allclose(path[-1], 0.3 / (1 - 0.7 * 1.2), rtol=1e-12)
    np.testing.assert_allclose(path[:3], [1.0, 0.3 + 0.84, 0.3 + 0.84 * 1.14], rtol=1e-12)
    np.testing.assert_allclose(variances(1.2, 0.3, 1e12), path, rtol=1e-9)
    np.testing.assert_allclose(variances(0.5, 1.0, 10.0), 0.9, rtol=1e-12)
    np.testing.assert_allclose(variances(0.5, 0.0, 10.0)[:6], 0.9 * (0.9 * 0.5) ** np.arange(6), rtol=1e-12)
    m, v = 0.1, 0.9  # with real data, by the law of total variance
    for expected in variances(0.5, 0.3, 10.0)[:5]:
        np.testing.assert_allclose(v, expected, rtol=1e-12)
        s, gap = 0.5 * v, 0.5 * v / 10 + m + 0.1
        v = 0.3 * 0.9 + 0.7 * 0.9 * s + 0.3 * 0.7 * gap
        m = 0.3**2 * 0.1 + 0.7**2 * (s / 10 + m)


def test_weak_data():
    a, expected = 0.3, []
    for _ in range(10):
        expected.append(a)
        a = float(discrete.weak_data_corrected(a, weak_accuracy=0.15))
    np.testing.assert_allclose(
        discrete.weak_data_accuracy(first=0.3, weak_accuracy=0.15, generations=10), expected, rtol=1e-12
    )
    np.testing.assert_allclose(discrete.weak_data_corrected(jnp.array([0.0, 1.0]), weak_accuracy=0.15), [0.15, 1.0])
    np.testing.assert_allclose(discrete.weak_data_accuracy(first=0.3, weak_accuracy=0.0, generations=5), 0.3)


def test_gradients_exist():
    cold = jax.jit(lambda tau: discrete.temperature_replace(P, temperature=tau, generations=3)[-1, 0])
    np.testing.assert_allclose(jax.jit(jax.grad(cold))(0.8), (cold(0.8 + 1e-6) - cold(0.8 - 1e-6)) / 2e-6, rtol=1e-7)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: discrete.temper([0.5, 0.5], temperature=0.0), "temperature must be positive"),
        (
            lambda: discrete.temperature_replace([0.5, 0.6], temperature=1, generations=2),
            "probabilities must sum to one",
        ),
        (
            lambda: discrete.temperature_replace([0.5, 0.5], temperature=1, generations=0),
            "generations must be at least 1",
        ),
        (
            lambda: discrete.temperature_mix([1.0], temperature=1, real_share=-0.1, generations=2),
            "share must be finite and at",
        ),
        (
            lambda: discrete.temperature_mix([1.0], temperature=1, real_share=0.1, generations=2, first=[0.5]),
            "first must sum to one",
        ),
        (lambda: discrete.temperature_needed_share(temperature=-1), "temperature must be positive"),
        (
            lambda: gaussian.variance_mix_tempered(temperature=1, real_share=0.5, generations=2, samples=0),
            "samples must be finite and at least 1",
        ),
        (lambda: discrete.weak_data_corrected(1.2, weak_accuracy=0.5), "accuracy must be at most 1"),
        (
            lambda: discrete.weak_data_accuracy(first=0.2, weak_accuracy=2, generations=3),
            "weak_accuracy must be at most 1",
        ),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize(("symbols", "share"), [(3, 0.3), (10, 0.2), (50, 0.001)])
def test_collapsed_states_are_fixed_points_up_to_a_temperature(symbols, share):
    """A loop that begins collapsed stays so below it, and becomes uniform above it."""
    critical = float(discrete.temperature_mix_critical(symbols=symbols, real_share=share))
    start = np.r_[0.97, np.full(symbols - 1, 0.03 / (symbols - 1))]
    for factor in (0.9, 0.99, 1.01):
        loop = dict(temperature=factor * critical, real_share=share)
        uniform = np.full(symbols, 1 / symbols)
        end = discrete.temperature_mix(uniform, first=start, generations=2000, **loop)[-1, 0]
        found = discrete.temperature_mix_collapsed(symbols=symbols, **loop)
        assert float(found) == pytest.approx(float(end), rel=1e-6)


def test_of_two_symbols_collapse_sets_in_where_the_uniform_law_becomes_unstable():
    critical = discrete.temperature_mix_critical(symbols=2, real_share=0.4)
    assert float(critical) == pytest.approx(0.6, rel=1e-7)
    near = discrete.temperature_mix_collapsed(symbols=2, temperature=0.599, real_share=0.4)
    assert 0.5 < float(near) < 0.56


def test_the_printed_jump_is_that_of_many_symbols_and_little_novelty():
    critical = discrete.temperature_mix_critical(symbols=10, real_share=0.2)
    assert float(1 / critical) == pytest.approx(1.168, abs=1e-3)
    falls = []  # of the entropy where the uniform law becomes unstable, in units of its own
    for share in (0.001, 0.2, 0.5):
        x = float(discrete.temperature_mix_collapsed(symbols=50, temperature=1 - share, real_share=share))
        falls.append(1 + (x * np.log(x) + (1 - x) * np.log((1 - x) / 49)) / np.log(50))
    np.testing.assert_allclose(falls, [0.6992, 0.572, 0.325], atol=1e-3)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("change", "named"), [({"symbols": 1}, "symbols must"), ({"real_share": 1.0}, "real_share must")]
)
def test_bad_arguments_of_collapsed_states_are_named(change, named):
    with pytest.raises(ValueError, match=named):
        discrete.temperature_mix_critical(**{"symbols": 4, "real_share": 0.3, **change})
