"""A function that differs by numbers alone is the same program, and is compiled once."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.replication.program import digest, trace


@pytest.fixture
def key():
    return jax.random.key(11)


def define(variance, threshold, shift):
    """A notebook cell: a new function every time."""
    model = jc.Gaussian(ddof=1, variance=variance)

    def run(key):
        last = jc.simulate(model, jc.Replace(), key=key, samples=7, generations=3).variance[-1]
        return last + shift, last < threshold

    return run


def test_ten_definitions_compile_once(key, compilations):
    shift = np.arange(3.0)
    for i in range(10):
        run = define(1.0 + i, 0.5 * i, shift + i)
        value, small = jc.monte_carlo(run, key, 200).replay(7)
        np.testing.assert_allclose(value, run(jax.random.fold_in(key, 7))[0], rtol=1e-5)
        assert small == run(jax.random.fold_in(key, 7))[1]
    assert compilations.count == 1


def test_other_programs_compile_anew(key, compilations):
    def with_power(power):
        return lambda key: jax.random.uniform(key, (3,)) ** power

    for power in (2, 3, 2):  # an integer is part of the program
        estimate = jc.monte_carlo(with_power(power), key, 5000)
        np.testing.assert_allclose(estimate.mean, 1 / (power + 1), rtol=0.1)
    assert compilations.count == 2


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "make",
    [
        lambda n: lambda key: jax.lax.scan(lambda c, _: (c + n * jax.random.uniform(key), None), 0.0, length=3)[0],
        lambda n: lambda key: jax.jit(lambda x: x * n)(jax.random.uniform(key)),
        lambda n: lambda key: jax.jit(lambda x: x * np.full(3, float(n)))(jax.random.uniform(key)),
        lambda n: (
            lambda key: jax.pure_callback(
                lambda x: np.float32(n) * x, jnp.zeros(()), jax.random.uniform(key), vmap_method="broadcast_all"
            )
        ),
        lambda n: lambda key: jax.random.uniform(key) ** float(n),
        lambda n: (
            lambda key: jax.lax.cond(jax.random.uniform(key) > 2, lambda: 0.0, lambda: n * jax.random.uniform(key))
        ),
        lambda n: lambda key: jax.random.uniform(jax.random.fold_in(key, n)),
    ],
    ids=["scan", "jit", "array in jit", "callback", "power", "cond", "integer"],
)
def test_numbers_wherever_they_are_written_count(make, key):
    """Never the answer of another function, whatever was computed before."""
    for n in (1, 2, 3):
        estimate = jc.monte_carlo(make(n), key, 20)
        np.testing.assert_allclose(estimate.replay(3), make(n)(jax.random.fold_in(key, 3)), rtol=1e-5)


def test_a_changed_global_is_seen(key):
    values = {"scale": 1.0}

    def run(key):
        return values["scale"] * jax.random.uniform(key)

    before = jc.monte_carlo(run, key, 100).mean
    values["scale"] = 2.0
    assert jc.monte_carlo(run, key, 100).mean == 2 * before


def test_the_digest_tells_programs_and_numbers_apart(key):
    def sign(function):
        program, numbers, _ = trace(function, key)
        return program.digest, digest(numbers)

    one, other = sign(define(1.0, 0.5, np.zeros(3))), sign(define(2.0, 0.5, np.zeros(3)))
    assert one == sign(define(1.0, 0.5, np.zeros(3)))
    assert one[0] == other[0] and one[1] != other[1]
    assert one[0] != sign(define(1.0, 0.5, np.zeros(4)))[0]
    assert one[0] != sign(lambda key: jax.random.uniform(key))[0]


def test_custom_derivatives_do_not_stand_in_the_way(key, compilations):
    def make(n):
        @jax.custom_jvp
        def f(x):
            return x * n

        f.defjvps(lambda t, out, x: t)
        return lambda key: f(jax.random.uniform(key)) + jax.nn.relu(jax.random.normal(key))

    first, second = (jc.monte_carlo(make(jnp.float32(n)), key, 10) for n in (1, 3))
    uniform = jax.random.uniform(jax.random.fold_in(key, 2))
    np.testing.assert_allclose(second.replay(2) - first.replay(2), 2 * uniform, rtol=1e-5)
