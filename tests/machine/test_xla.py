"""Sums are right whichever release of JAX is installed, or the user is told why they may not be."""

import os
import subprocess
import sys

import jax
import pytest

from jaxcollapse.machine.xla import is_wrong

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


computes_wrongly = pytest.mark.skipif(not is_wrong(jax.__version__), reason="a release that computes them wrongly")


@computes_wrongly
def test_a_first_computation_before_the_import_is_warned_of():
    result = run("jnp.ones(3) + 1")
    assert "computes some sums wrongly on CPU" in result.stderr and float(result.stdout) > 0.1


@computes_wrongly
@pytest.mark.sampled(1)
@pytest.mark.parametrize("option", ["", "--xla_cpu_experimental_ynn_fusion_type="])
def test_a_release_that_nobody_has_tried_is_tried(option):
    """Its options are not known: a sum is computed, once, before the first run."""
    program = """
import warnings, jax, jaxlib.version
jaxlib.version.__version__ = "9.0.0"
import jaxcollapse as jc
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    for _ in range(2):
        jc.monte_carlo(lambda key: jax.random.normal(key), jax.random.key(0), 8, progress=False)
print([str(w.message) for w in caught if "sums wrongly" in str(w.message)])
"""
    settings = {key: value for key, value in os.environ.items() if key != "XLA_FLAGS"} | {"XLA_FLAGS": option}
    done = subprocess.run([sys.executable, "-c", program], env=settings, capture_output=True, text=True, check=True)
    assert done.stdout.count("JAX 9.0.0 computes some sums wrongly") == (option == "")


def test_which_releases_are_wrong():
    assert all(map(is_wrong, ("0.10.2", "0.11.0", "0.11.2", "0.12.0", "0.12.0.1")))
    assert not any(map(is_wrong, ("0.6.2", "0.10.1", "0.12.1", "1.0.0")))


LIGHT = """
import os, sys
{first}
from jaxcollapse.machine.xla import compile_lightly
compile_lightly()
import jax
print(float(jax.numpy.ones(3).sum()), os.environ.get("XLA_FLAGS", ""))
"""


@pytest.mark.parametrize(
    ("flags", "first", "has", "lacks"),
    [
        ("", "", "level=1", "level=2"),
        ("--xla_backend_optimization_level=2", "", "level=2", "level=1"),  # what a user sets stays
        ("", "import jax; jax.devices()", "", "level=1"),  # too late
    ],
)
def test_programs_are_compiled_lightly_where_that_is_possible(flags, first, has, lacks):
    settings = {**os.environ, "XLA_FLAGS": flags}
    command = [sys.executable, "-c", LIGHT.format(first=first)]
    told = subprocess.run(command, env=settings, capture_output=True, text=True, timeout=120, check=True).stdout
    assert told.startswith("3.0") and has in told and lacks not in told
