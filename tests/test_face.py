"""The face of the package: its names are there, and no room is entered before a name in it is asked for."""

import os
import pickle
import subprocess
import sys

import pytest

import jaxcollapse as jc
from jaxcollapse.cli import _words

HEAVY = "{'jax', 'numpy', 'scipy', 'matplotlib', 'equinox', 'rich'}"
"""What takes tenths of a second to import."""


def run(program, **settings):
    """What a new process prints."""
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(command, env={**os.environ, **settings}, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_import_alone_enters_no_room():
    found = run(f"import sys, jaxcollapse; print(*{HEAVY} & sys.modules.keys(), jaxcollapse.__version__)")
    assert found.split() == [jc.__version__]


@pytest.mark.parametrize(
    "line",
    [
        "jaxcollapse show ",
        "jaxcollapse verify --paper xu",
        "jaxcollapse simulate ",
        "jaxcollapse simulate Gaussian ",
        "jaxcollapse simulate Gaussian Replace --set ",
        "jaxcollapse simulate Gaussian Mix --workflow-set ",
        "jaxcollapse new ",
    ],
)
def test_the_tab_key_waits_for_nothing(line):
    program = f"""
import atexit, sys
from jaxcollapse.cli import main
atexit.register(lambda: print("waited for", *{HEAVY} - {{"rich"}} & sys.modules.keys()))
sys.argv = ["jaxcollapse"]
main()
"""
    asked = {"COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
    *offered, last = run(program, _JAXCOLLAPSE_COMPLETE="complete_bash", **asked).splitlines()
    assert offered and last.split() == ["waited", "for"]


def test_a_simulation_waits_only_for_what_it_uses():
    heavy = "{'scipy', 'optax', 'matplotlib', 'pandas', 'xarray', 'rich', 'jinja2'}"
    names = "jc.LinearRegression, jc.theory.Spectrum, jc.simulate, jc.monte_carlo, jc.predict"
    program = f"import sys, jaxcollapse as jc; {names}; print(*{heavy} & sys.modules.keys())"
    assert run(program).split() == []


def test_help_waits_for_no_numbers():
    program = """
import sys
from jaxcollapse.cli import main
sys.argv = ["jaxcollapse", "--help"]
try:
    main()
finally:
    assert not {"jax", "numpy"} & sys.modules.keys()
"""
    assert "verify" in run(program)


def test_the_words_of_the_tab_key_are_those_of_the_code():
    assert _words.FILE.read_text(encoding="utf-8") == _words.text(), "run python docs/readme.py"


def test_a_star_brings_every_public_name_and_no_other():
    program = """
before = set(globals())
from jaxcollapse import *
import jaxcollapse
assert set(globals()) - before - {"before", "jaxcollapse"} == set(dir(jaxcollapse)) == set(jaxcollapse.__all__)
assert simulate is jaxcollapse.simulate and random is jaxcollapse.random
"""
    run(program, MPLBACKEND="Agg")


@pytest.mark.parametrize("name", [*dir(jc), "chain", "machine", "models", "population", "replication", "verification"])
def test_every_name_can_be_the_first_that_is_asked_for(name):
    kept = {key: vars(jc).pop(key) for key in {*dir(jc), name} & vars(jc).keys()}
    try:
        assert name not in vars(jc)
        first = getattr(jc, name)
        assert first is getattr(jc, name) and first is kept.get(name, first)
        assert type(first).__name__ == "module" or first.__module__.startswith("jaxcollapse.")
    finally:
        vars(jc).update(kept)


def test_a_file_of_a_room_does_not_hide_a_name():
    program = """
import jaxcollapse.chain.simulate, jaxcollapse.replication.monte_carlo, jaxcollapse.random.words
import jaxcollapse as jc
assert callable(jc.simulate) and callable(jc.monte_carlo) and callable(jc.random.normal)
assert jc.chain.simulate.simulate is jc.simulate
assert jc.verify.__module__ == "jaxcollapse.verification.decision"
"""
    run(program)


@pytest.mark.parametrize("name", ["Nothing", "_nothing", "__wrapped__", "chain.data", "a b", ""])
def test_what_is_not_there(name):
    assert not hasattr(jc, name)
    with pytest.raises(AttributeError, match="module 'jaxcollapse' has no attribute"):
        getattr(jc, name)


def test_private_names_are_refused_without_entering_a_room():
    """Tools ask every module for `__wrapped__`, `__path__` and the like."""
    program = """
import sys, jaxcollapse
assert not hasattr(jaxcollapse, "__wrapped__") and not hasattr(jaxcollapse, "_x")
assert "jax" not in sys.modules
"""
    run(program)


def test_rooms_compute_nothing_when_they_are_entered():
    """So that it may happen anywhere: within a transformation, in another precision, whatever JAX is told to refuse.

    Claims aside, which hold models with their numbers.
    """
    program = """
import importlib, pkgutil
import jax, jaxcollapse
from jax._src import xla_bridge

def enter(x):
    for module in pkgutil.walk_packages(jaxcollapse.__path__, "jaxcollapse."):
        if not module.name.startswith(("jaxcollapse.claims", "jaxcollapse.__main__")):
            importlib.import_module(module.name)
    return x

jax.eval_shape(enter, jax.ShapeDtypeStruct((), "float32"))
assert not xla_bridge.backends_are_initialized()
"""
    run(program, MPLBACKEND="Agg")


@pytest.mark.slow
def test_the_first_name_may_be_asked_for_within_a_transformation():
    program = """
import jax, jaxcollapse as jc

@jax.jit
def risk(key):
    model = jc.LinearRegression(jc.theory.Spectrum.isotropic(10), noise=1.0, penalty=0.1)
    return jc.simulate(model, jc.Replace(), key=key, samples=20, generations=3).risk

key = jax.random.key(0)
first = risk(key)
from jaxcollapse.machine.precision import enable_x64
with enable_x64(True), jax.numpy_dtype_promotion("strict"):
    jc.random.normal(key), jc.theory.gaussian.variance_cdf(0.05, samples=100, generations=5, ddof=1)
jax.clear_caches()
assert (risk(key) == first).all()
"""
    run(program)


def test_threads_may_ask_at_the_same_time():
    program = """
import concurrent.futures, jaxcollapse as jc
names = ["simulate", "Gaussian", "Replace", "monte_carlo", "theory", "random", "Grid", "Accumulate"] * 2
with concurrent.futures.ThreadPoolExecutor(16) as threads:
    found = list(threads.map(lambda name: getattr(jc, name), names))
assert found[:8] == found[8:] == [getattr(jc, name) for name in names[:8]]
"""
    run(program)


def test_a_pickle_is_read_where_nothing_was_asked_for_yet():
    program = """
import os, pickle, jaxcollapse as jc
model, function, workflow = pickle.loads(bytes.fromhex(os.environ["PICKLE"]))
assert isinstance(model, jc.Gaussian) and function is jc.simulate and type(workflow) is jc.Replace
"""
    run(program, PICKLE=pickle.dumps((jc.Gaussian(ddof=1), jc.simulate, jc.Replace())).hex())
