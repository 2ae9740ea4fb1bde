"""Everything public can be kept in a file, sent to another process and copied, and computes the same afterwards."""

import copy
import pickle
import subprocess
import sys
import textwrap
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse as jc
import protocols
from jaxcollapse.machine import pickles
from jaxcollapse.machine.precision import enable_x64

Spectrum = jc.theory.Spectrum
KEY = jax.random.key(0)
RIDGE = jc.LinearRegression(Spectrum.isotropic(3), noise=[1.0, 0.5, 0.2], penalty=jc.schedule.polynomial(0.1, -1.0))
WORKFLOWS = {  # made where they are asked for: some models draw and fit when they are made
    **{row.name: partial(row.make, 3) for row in protocols.WORKFLOWS},
    "constant": lambda: jc.Accumulate(weight=jc.schedule.constant(2.0)),
    "polynomial": lambda: jc.Mix("fresh", weight=jc.schedule.polynomial(0.5, -1.0)),
    "listed": lambda: jc.Mix("fixed", weight=[0.1, 0.2, 0.3]),
    "geometric": lambda: jc.MovingAverage(jc.schedule.geometric(0.5, 0.9)),
}
MODELS = {
    **{row.name: row.exact for row in protocols.MODELS},
    "scheduled ridge": lambda: RIDGE,
    "scheduled density": lambda: jc.KernelDensity(jc.schedule.polynomial(0.5, -1.0)),
}


def draw(key):
    return {"a": jax.random.normal(key, (3,)), "b": [jax.random.uniform(key)]}


def by_pickle(thing):
    return pickle.loads(pickle.dumps(thing))


def by_cloudpickle(thing):
    cloudpickle = pytest.importorskip("cloudpickle")
    return pickle.loads(cloudpickle.dumps(thing))


WAYS = [by_pickle, by_cloudpickle, copy.copy, copy.deepcopy]


def assert_same(a, b):
    leaves, others = jax.tree.leaves(a), jax.tree.leaves(b)
    assert jax.tree.structure(a) == jax.tree.structure(b)
    for leaf, other in zip(leaves, others, strict=True):
        np.testing.assert_array_equal(leaf, other)


@pytest.mark.sampled(6)
@pytest.mark.parametrize("name", WORKFLOWS)
def test_workflows_come_back(name):
    """With their schedules, if those have names or cloudpickle is there: what the theory sees of them is the same."""
    workflow, sizes = WORKFLOWS[name](), jnp.array([5.0, 6.0, 7.0])
    for way in (by_cloudpickle, copy.copy, copy.deepcopy):
        assert_same(way(workflow).rows(sizes), workflow.rows(sizes))
        if workflow.evicts is None:  # a buffer keeps parts of batches, which no matrix says
            assert_same(way(workflow).weights(sizes), workflow.weights(sizes))


@pytest.mark.parametrize("way", WAYS)
def test_a_chain_with_schedules_comes_back(way):
    workflow = WORKFLOWS["polynomial"]()

    def risk(model, workflow):
        return jc.simulate(model, workflow, key=KEY, samples=8, generations=3).risk

    assert_same(risk(*way((RIDGE, workflow))), risk(RIDGE, workflow))


@pytest.mark.sampled(12)
@pytest.mark.parametrize("name", MODELS)
def test_models_come_back(name):
    model = MODELS[name]()
    for way in (by_cloudpickle, copy.copy, copy.deepcopy):
        again = way(model)
        assert type(again) is type(model)
        for leaf, other in zip(jax.tree.leaves(model), jax.tree.leaves(again), strict=True):
            assert leaf is other or np.array_equal(leaf, other)
        assert_same(again.truth(), model.truth())


@pytest.mark.parametrize("way", WAYS)
def test_an_estimate_goes_on_where_it_was(way):
    estimate = jc.monte_carlo(draw, KEY, 1500)
    again = way(estimate)
    assert again.count == 1500 and repr(again) == repr(estimate)
    for name in ("mean", "stderr", "skewness", "minimum", "maximum", "usable"):
        assert_same(getattr(again, name), getattr(estimate, name))
    assert_same(again.refine(replications=3000).mean, jc.monte_carlo(draw, KEY, 3000).mean)
    assert_same(again.replay(1200), estimate.replay(1200))


def test_an_estimate_over_a_grid_in_double_precision_comes_back(x64):
    grid = jc.Grid(scale=[1.0, 2.0], shape={"one": 1, "two": jnp.sin})
    function = lambda key, scale, shape: scale * jax.random.normal(key, (2,))  # noqa: E731
    estimate = jc.monte_carlo(function, KEY, 100, grid=grid, dims=("x",))
    with enable_x64(False):
        again = by_cloudpickle(estimate)
        assert_same(again.difference("scale").mean, estimate.difference("scale").mean)
        assert again.coordinates["shape"].tolist() == ["one", "two"]
        assert_same(again.refine(replications=2000).mean, estimate.refine(replications=2000).mean)


def test_without_its_function_the_numbers_of_an_estimate_are_left(monkeypatch):
    """Where cloudpickle is missing, a lambda stays behind."""
    monkeypatch.setattr(pickles.importlib.util, "find_spec", lambda name: None)
    grid = jc.Grid(scale=[1.0, 2.0], f={"sin": lambda x: x, "cos": lambda x: 2 * x})
    estimate = jc.monte_carlo(lambda key, scale, f: f(scale * jax.random.normal(key)), KEY, 100, grid=grid)
    again = by_pickle(by_pickle(estimate))
    assert_same(again.mean, estimate.mean)
    assert_same(again.difference("f").stderr, estimate.difference("f").stderr)
    assert_same(again.coordinates["f"], estimate.coordinates["f"])
    assert repr(again) == repr(estimate)
    for call in (lambda: again.refine(replications=200), lambda: again.replay(3), lambda: again.quantile(0.5)):
        with pytest.raises(
            RuntimeError, match="could not be pickled: install cloudpickle .* numbers are all that is left"
        ):
            call()


def test_a_function_that_computes_something_else_now_is_not_taken_for_the_old_one(monkeypatch):
    monkeypatch.setattr(pickles.importlib.util, "find_spec", lambda name: None)
    data = pickle.dumps(jc.monte_carlo(draw, KEY, 100))
    monkeypatch.setitem(draw.__globals__, "draw", lambda key: {"a": jax.random.normal(key, (3,)) + 1, "b": [key]})
    again = pickle.loads(data)
    assert again.count == 100
    with pytest.raises(RuntimeError, match="differs in|does not work here"):
        again.refine(replications=200)


def test_another_process_reads_an_estimate(tmp_path):
    """Also that of a function of a script, which no other process can import."""
    pytest.importorskip("cloudpickle")
    program = """
        import pickle, sys, jax, jaxcollapse as jc
        if sys.argv[1] == "write":
            scale = 3.0
            def function(key):
                return scale * jax.random.normal(key)
            estimate = jc.monte_carlo(function, jax.random.key(0), 100)
            pickle.dump(estimate, open(sys.argv[2], "wb"))
            estimate = estimate.refine(replications=200)
        else:
            estimate = pickle.load(open(sys.argv[2], "rb")).refine(replications=200)
        print(float(estimate.mean).hex())
    """
    said = [
        subprocess.run(
            [sys.executable, "-c", textwrap.dedent(program), what, str(tmp_path / "estimate")],
            capture_output=True, text=True, timeout=100, check=True,
        ).stdout
        for what in ("write", "read")
    ]  # fmt: skip
    assert said[0] == said[1]


@pytest.mark.parametrize("way", WAYS)
def test_claims_and_verdicts_come_back(way):
    claims = [
        jc.Claim(
            name=name, statement="x", theory=lambda: jnp.ones(2), relation=relation,
            experiment=lambda key: 1 + 0.1 * jax.random.normal(key, (2,)), axis=jc.Axis("g", np.arange(2)),
        )
        for name, relation in (("one", "equal"), ("two", jc.relation.AtMost(tolerance=0.05)))
    ]  # fmt: skip
    verification = jc.verify(claims, KEY, progress=False)
    again = way(verification)
    assert again.summary() == verification.summary()
    assert_same(again.verdicts[0].estimate.mean, verification.verdicts[0].estimate.mean)
    assert jc.verify(way(claims[0]), KEY, progress=False).outcome == "holds"


@pytest.mark.parametrize("way", [by_pickle, copy.deepcopy])
def test_spectra_trajectories_and_grids_come_back(way):
    spectrum = Spectrum.power_law(5, capacity=2.0, source=0.5)
    assert_same(way(spectrum), spectrum)
    run = jc.simulate(RIDGE, jc.Replace(), key=KEY, samples=8, generations=3)
    assert_same(way(run).risk, run.risk)
    grid = way(jc.Grid(n=[1, 2], workflow=[jc.Replace()]))
    assert grid.shape == (2, 1)


@pytest.mark.parametrize("way", [by_pickle, copy.deepcopy])
def test_every_claim_of_the_library_comes_back(way):
    for claim in jc.claims.all():
        again = way(claim)
        assert again.name == claim.name and callable(again.experiment)
        assert not isinstance(again.experiment, pickles.Lost) or way is by_pickle
