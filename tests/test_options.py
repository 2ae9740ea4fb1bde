"""The options that JAX offers for strictness and debugging: the examples of public calls run under each of them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "examples_under_option.py"
OPTIONS = (
    "jax_numpy_dtype_promotion=strict",
    "jax_numpy_dtype_promotion=strict,jax_enable_x64=True",
    "jax_enable_x64=True",
    "jax_disable_jit=True",
    "jax_debug_nans=True",
    "jax_enable_checks=True",
    "jax_numpy_rank_promotion=raise",
    "jax_transfer_guard=log",
    "jax_default_prng_impl=rbg",
    "jax_default_prng_impl=unsafe_rbg",
)
SAMPLE = ("jaxcollapse.models.exponential_family", "jaxcollapse.models.gaussian.univariate")
ROOMS = ("jaxcollapse.models.discrete", "jaxcollapse.models.regression", "jaxcollapse.models.gaussian.multivariate")
UNMET = {  # examples that sum over generations with `monte_carlo`, or broadcast on their own
    "jax_numpy_dtype_promotion=strict": ("monte_carlo", "estimate"),
    "jax_numpy_dtype_promotion=strict,jax_enable_x64=True": ("monte_carlo", "estimate"),
    "jax_disable_jit=True": ("monte_carlo", "estimate"),
}


def failures(option, modules):
    """The lines of the script but the last, which counts."""
    environment = {**os.environ, "PYTHONPATH": str(SCRIPT.parents[1]), "MPLBACKEND": "Agg"}
    command = [sys.executable, str(SCRIPT), option, *modules]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=550, check=True)
    *lines, last = done.stdout.splitlines()
    assert int(last.split()[0]) > 0
    unmet = UNMET.get(option, ())
    return [line for line in lines if not any(name in line for name in unmet)]


@pytest.mark.parametrize("option", OPTIONS)
def test_examples_run_under_every_option(option):
    assert failures(option, SAMPLE) == []


@pytest.mark.slow
@pytest.mark.parametrize("room", [*ROOMS, "jaxcollapse.chain"])
@pytest.mark.parametrize("option", OPTIONS)
def test_all_examples_run_under_every_option(option, room):
    assert failures(option, [room]) == []
