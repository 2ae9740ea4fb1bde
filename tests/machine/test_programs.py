"""What traced programs consist of."""

import jax
import jax.numpy as jnp
import pytest

from jaxcollapse.machine.programs import work
from jaxcollapse.replication.run import Run

KEY = jax.random.key(0)


def loop(length):
    return lambda x: jax.lax.fori_loop(0, length, lambda _, value: 2.0 * value + 1.0, x)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x: x + 1.0, 5),
        (jax.jit(lambda x: jnp.exp(x) + 1.0), 10),
        (loop(7), 7 * 11),  # the counter is a number as well
        (lambda x: jax.lax.cond(x[0] > 0, loop(7), lambda x: x, x), 1 + 1 + 1 + 1 + 7 * 11),
    ],
)
def test_numbers_that_a_program_computes(function, expected):
    assert work(jax.make_jaxpr(function)(jnp.zeros(5)).jaxpr) == expected


def test_a_tile_of_long_replications_is_short():
    """A run of few of them computes a whole tile."""
    tiles = [Run(lambda key, n=n: loop(n)(jax.random.uniform(key)), KEY).tile for n in (10, 10**7, 10**8)]
    assert tiles[0] == 1024 and tiles[1] < 1024 and 1 <= tiles[2] < tiles[1]
