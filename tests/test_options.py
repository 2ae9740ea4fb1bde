"""The options that JAX offers for strictness and debugging: the examples of public calls run under each of them."""

import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import jaxcollapse

SCRIPT = Path(__file__).parent / "examples_under_option.py"
OPTIONS = (
    "jax_numpy_dtype_promotion=strict",
    "jax_numpy_dtype_promotion=strict,jax_enable_x64=True",
    "jax_enable_x64=True",
    "jax_disable_jit=True",
    "jax_debug_nans=True",
    "jax_enable_checks=True",
    "jax_numpy_rank_promotion=raise",
    "jax_transfer_guard=disallow",
    "jax_transfer_guard=log",
    "jax_default_prng_impl=rbg",
    "jax_default_prng_impl=unsafe_rbg",
)
SAMPLE = (
    "jaxcollapse.replication.estimate",
    "jaxcollapse.models.gaussian.univariate",
    "jaxcollapse.theory.gaussian.univariate",
)
ROOMS = [f"jaxcollapse.{info.name}" for info in pkgutil.iter_modules(jaxcollapse.__path__) if info.ispkg]
ROOMS.remove("jaxcollapse.cli")


def failures(option, modules):
    """The lines of the script but the last, which counts."""
    environment = {**os.environ, "PYTHONPATH": str(SCRIPT.parents[1]), "MPLBACKEND": "Agg"}
    command = [sys.executable, str(SCRIPT), option, *modules]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=550, check=True)
    *lines, last = done.stdout.splitlines()
    assert int(last.split()[0]) > 0
    return lines


@pytest.mark.parametrize("option", OPTIONS)
def test_examples_run_under_every_option(option):
    assert failures(option, SAMPLE) == []


@pytest.mark.slow
@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("option", OPTIONS)
def test_all_examples_run_under_every_option(option, room):
    assert failures(option, [room]) == []
