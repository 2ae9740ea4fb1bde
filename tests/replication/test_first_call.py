"""The first call in a process: functions are traced once, and one program is compiled."""

import os
import subprocess
import sys

import jax
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.arguments.numbers import as_floats
from jaxcollapse.chain.schedule import evaluate
from jaxcollapse.machine.precision import enable_x64
from jaxcollapse.replication import moments, tile

KEY = jax.random.key(0)
PROGRAM = """
import logging
import re, jax, jaxcollapse as jc

class Compiled(logging.Handler):
    def emit(self, record):
        found = re.match(r"Compiling (?:jit\\()?(\\w+)", record.getMessage())
        if found:
            print(found[1])

key = jax.random.key(0)
logging.getLogger("jax").addHandler(Compiled())
jax.config.update("jax_log_compiles", True)
model, workflow = {made}
estimate = jc.monte_carlo(
    lambda key: jc.simulate(model, workflow, key=key, samples={samples}, generations=3).metrics, key, 64, progress=False
)
estimate.mean, estimate.stderr
"""


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("made", "samples"),
    [
        ("jc.LinearRegression(jc.theory.Spectrum.isotropic(10), noise=1.0, penalty=0.1), jc.Replace()", "20"),
        ("jc.LinearRegression(jc.theory.Spectrum.isotropic(9, 2), noise=1, penalty=0), jc.Replace()", "[20, 30, 40]"),
    ],
)
def test_one_program_is_compiled(made, samples):
    """None for what is known before: eager operations on sizes and settings would each be another one."""
    program = PROGRAM.format(made=made, samples=samples)
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env={**os.environ}, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["tiles_block"]


class Counted(jc.Gaussian):
    """Says how often it is traced."""

    def refit(self, key, params, n, **context):
        traced.append("refit")
        return super().refit(key, params, n, **context)


traced = []


def test_a_chain_and_a_tile_are_traced_once(monkeypatch):
    traced.clear()
    of_tile = moments.of_tile
    monkeypatch.setattr(moments, "of_tile", lambda *a: traced.append("tile") or of_tile(*a))
    tile.block_of.cache_clear()
    run = lambda key: jc.simulate(Counted(ddof=1), jc.Replace(), key=key, samples=20, generations=3).variance  # noqa: E731
    jc.monte_carlo(run, KEY, 64, progress=False)
    assert traced == ["refit", "tile"]


@pytest.mark.parametrize("double", [False, True])
@pytest.mark.parametrize("value", [0.1, 3, 2**40, 2**63, -7, [0.1, 1e-40, 1e300], np.float32(0.1), np.arange(3), True])
def test_numbers_are_converted_as_jax_converts_them(value, double):
    with enable_x64(double):
        kind = jax.numpy.result_type(np.asarray(value), float)
        with np.errstate(over="ignore"):
            expected = jax.numpy.asarray(np.asarray(value), kind)
        found = as_floats(value)
        assert found.dtype == expected.dtype and not found.weak_type
        np.testing.assert_array_equal(found, expected)
        assert not isinstance(jax.jit(lambda: found)(), jax.core.Tracer)


@pytest.mark.parametrize("double", [False, True])
@pytest.mark.parametrize("norm", [1.0, 2, 0.3, np.float64(1.7), np.float32(1.7), 0.0])
@pytest.mark.parametrize("dim", [1, 3, 10, 1000])
def test_equal_eigenvalues_are_those_of_jax_to_the_last_bit(dim, norm, double):
    """Of its versions that divide by way of the inverse; before JAX 0.7 the quotient is rounded once."""
    last_bits = 0 if jax.__version_info__ >= (0, 7) else 1
    with enable_x64(double):
        ones = jax.numpy.ones(dim)
        spectrum = jc.theory.Spectrum.isotropic(dim, norm)
        for found, expected in ((spectrum.eigenvalues, ones), (spectrum.signal, ones * norm / dim**0.5)):
            assert found.dtype == expected.dtype and not found.weak_type
            np.testing.assert_array_max_ulp(np.asarray(found), np.asarray(expected), last_bits)


def test_a_size_is_known_in_a_transformation():
    """What is given in numbers stays concrete, and what is traced stays traced."""

    @jax.jit
    def inside(x):
        sizes = evaluate(20.4, 3, "samples", 1.0)
        assert not isinstance(sizes, jax.core.Tracer)
        assert isinstance(evaluate(x, 3, "samples", 1.0), jax.core.Tracer)
        model = jc.Gaussian(ddof=1)
        known = jc.simulate(model, jc.Replace(), key=KEY, samples=20.4, generations=3).variance
        return known, jc.simulate(model, jc.Replace(), key=KEY, samples=x, generations=3).variance

    known, given = inside(jax.numpy.float32(20.4))
    np.testing.assert_array_equal(known, given)
