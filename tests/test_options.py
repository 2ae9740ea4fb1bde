"""The options that JAX offers for strictness and debugging: public calls, and all models, run under each of them."""

import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse
import jaxcollapse as jc
from jaxcollapse.machine.precision import enable_x64
from jaxcollapse.replication.run import Run
from protocols import GENERATIONS, MODELS, WORKFLOWS

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
    "jax_default_prng_impl=rbg",
    "jax_default_prng_impl=unsafe_rbg",
)
SAMPLE = (
    "jaxcollapse.replication.estimate",
    "jaxcollapse.models.gaussian.univariate",
    "jaxcollapse.theory.mean.workflow",
)
ROOMS = [f"jaxcollapse.{info.name}" for info in pkgutil.iter_modules(jaxcollapse.__path__) if info.ispkg]
ROOMS.remove("jaxcollapse.cli")


ON_PURPOSE = {"jax_debug_nans=True": "jaxcollapse.replication.estimate.Estimate.among_finite:"}  # it counts NaNs


def failures(option, modules):
    """The lines of the script but the last, which counts, and those of examples that do on purpose what is refused."""
    environment = {**os.environ, "PYTHONPATH": str(SCRIPT.parents[1]), "MPLBACKEND": "Agg"}
    command = [sys.executable, str(SCRIPT), option, *modules]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=3000, check=True)
    *lines, last = done.stdout.splitlines()
    assert int(last.split()[0]) > 0
    return [line for line in lines if not line.startswith(ON_PURPOSE.get(option, "\0"))]


TOGETHER = "jax_numpy_dtype_promotion=strict,jax_enable_x64=True"
BY_DEFAULT = (TOGETHER, "jax_disable_jit=True", "jax_enable_checks=True", "jax_transfer_guard=disallow")


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    "option", [pytest.param(option, marks=() if option in BY_DEFAULT else pytest.mark.slow) for option in OPTIONS]
)
def test_examples_run_under_every_option(option):
    assert failures(option, SAMPLE) == []


@pytest.mark.slow
@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("option", OPTIONS)
def test_all_examples_run_under_every_option(option, room):
    assert failures(option, [room]) == []


KEY = jax.random.key(0)
WAYS = [(row, way) for row in MODELS for way in ("exact", "raw") if getattr(row, way) is not None]
QUICK = ("LinearRegression fixed raw",)


@pytest.mark.parametrize(
    ("row", "way"),
    [
        pytest.param(row, way, marks=() if (name := f"{row.name} {way}") in QUICK else pytest.mark.slow, id=name)
        for row, way in WAYS
    ],
)
def test_models_meet_all_workflows_and_are_called_alone_where_nothing_may_be_promoted(row, way):
    with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"):
        model = getattr(row, way)()
        for workflow in WORKFLOWS:
            flow = workflow.make(GENERATIONS)
            if workflow.name in row.refuses or (flow.needs_rows and model.draws_sums):
                continue
            run = lambda key: jc.simulate(model, flow, key=key, samples=row.samples, generations=GENERATIONS)  # noqa: B023, E731
            assert jax.tree.leaves(eqx.filter_eval_shape(run, KEY))
        sizes = jnp.full(GENERATIONS, float(row.samples))
        model = model.prepare(KEY, sizes)
        truth, start = model.truth(), model.start(KEY)

        def alone(key):
            """Two fits, to real rows and to those of the first, and what is measured."""
            now = dict(key=key, generation=jnp.asarray(1))
            real = model.real(key, truth, row.samples)
            first = model.fit(real, newest=real, previous=truth if start is None else start, **now)
            data = model.sample(key, first, row.samples)
            second = model.fit(data, newest=data, previous=first, **now)
            return first, second, model.metrics(second, **now)

        first, second, metrics = eqx.filter_eval_shape(alone, KEY)
        assert jax.tree.structure(first) == jax.tree.structure(second)
        assert metrics


CLAIMS = jc.claims.all()


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    "claim",
    [claim if place % 20 == 0 else pytest.param(claim, marks=pytest.mark.slow) for place, claim in enumerate(CLAIMS)],
    ids=lambda claim: claim.name,
)
def test_claims_are_traced_and_predicted_where_nothing_is_promoted_or_transferred(claim):
    """In the double precision of a verification."""
    with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"), jax.transfer_guard("disallow"):
        with enable_x64(True):
            run = Run(claim.experiment, KEY)
        assert run.tile > 0 and np.isfinite(claim.prediction()).all()


SLOWLY = [
    *(pytest.param(option, marks=pytest.mark.slow) for option in ("strict", "raise", "nan", "checks")),
    pytest.param("no jit", marks=[pytest.mark.slow, pytest.mark.timeout(900)]),
]


@pytest.mark.parametrize("option", ["disallow", *SLOWLY])
def test_a_claim_is_decided_under_every_option(option):
    options = {
        "strict": lambda: jax.numpy_dtype_promotion("strict"), "raise": lambda: jax.numpy_rank_promotion("raise"),
        "disallow": lambda: jax.transfer_guard("disallow"), "no jit": jax.disable_jit,
        "nan": lambda: jax.debug_nans(True), "checks": lambda: jax.enable_checks(True),
    }  # fmt: skip
    claim = jc.claims.get("shumailov-exponents" if option == "disallow" else "kazdan-replace")
    with options[option]():
        verdict = jc.verify(claim, KEY, precision="quick", progress=False)
    assert verdict.outcome == "holds", verdict.summary()
