"""Sums are right whichever release of JAX is installed, or the user is told why they may not be."""

import os
import subprocess
import sys

import jax
import pytest

SUMS = """
{first}
import jax, jax.numpy as jnp
{before}
import jaxcollapse
k = jax.random.split(jax.random.key(0), 2)
a, w = 0.2 * jax.random.uniform(k[0], (250, 100)), jax.random.uniform(k[1], (250, 100))
f = lambda a, w: w.sum(1, keepdims=True) * (jnp.log1p(-1.5 * a) - jnp.log1p(-2 * a))
print(float(jnp.abs(jax.jit(f)(a, w) - f(a, w)).max()))
"""


def run(before, first=""):
    settings = {key: value for key, value in os.environ.items() if key != "XLA_FLAGS"}
    command = [sys.executable, "-c", SUMS.format(before=before, first=first)]
    return subprocess.run(command, env=settings, capture_output=True, text=True, timeout=120, check=True)


def test_sums_that_are_fused_with_their_surroundings_are_right():
    assert float(run("").stdout) < 1e-4


def test_the_option_is_set_before_jax_is_imported():
    """The import alone sets it, which does not import JAX: whatever is computed first, with or without the package."""
    assert float(run("jnp.ones(3) + 1", first="import jaxcollapse").stdout) < 1e-4


@pytest.mark.skipif(jax.__version__ != "0.10.2", reason="the release that computes them wrongly")
def test_a_first_computation_before_the_import_is_warned_of():
    result = run("jnp.ones(3) + 1")
    assert "computes some sums wrongly on CPU" in result.stderr and float(result.stdout) > 0.1
