"""What JAX is told to refuse in the user's code does not stop the library's own; and it still stops the user's."""

import ast
import importlib
import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.machine.leniency import lenient
from test_rooms import FACES, FILES, passed_on

KEY = jax.random.key(0)
REFUSALS = {
    "types": lambda: jax.numpy_dtype_promotion("strict"),
    "ranks": lambda: jax.numpy_rank_promotion("raise"),
    "transfers": lambda: jax.transfer_guard("disallow"),
}
REFUSED = {
    "types": lambda: jnp.ones(2) * jnp.arange(2),
    "ranks": lambda: jnp.ones((2, 2)) * jnp.ones(2),
    "transfers": lambda: jnp.sin(np.ones(2)),
}


@pytest.mark.parametrize("what", REFUSALS)
def test_lenient_allows_inside_and_nothing_outside(what):
    with REFUSALS[what]():
        with lenient():
            REFUSED[what]()
        with pytest.raises((ValueError, RuntimeError)):
            REFUSED[what]()
        with pytest.raises(ZeroDivisionError), lenient():
            1 / 0  # noqa: B018
        with pytest.raises((ValueError, RuntimeError)):
            REFUSED[what]()


def test_types_may_stay_as_the_user_has_them():
    with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"), lenient(types=False):
        REFUSED["ranks"]()
        with pytest.raises(ValueError, match="promotion"):
            REFUSED["types"]()


def test_nothing_is_compiled_twice_where_nothing_is_refused():
    traced = []

    @jax.jit
    def once(x):
        traced.append(x)
        return x

    once(1.0)
    with lenient():
        once(1.0)
    assert len(traced) == 1


def _walk(key, samples, workflow):
    return jc.simulate(jc.Gaussian(ddof=1), workflow, key=key, samples=samples, generations=3).log_variance


def _moments(folder, key, sizes):
    """Of a run on a grid that is saved, resumed, refined and pickled; and differences of pairs."""
    grid = jc.Grid(samples=sizes, workflow={"replace": jc.Replace(), "accumulate": jc.Accumulate()})
    jc.monte_carlo(_walk, key, 40, grid=grid, save=folder)
    estimate = jc.monte_carlo(_walk, key, 60, grid=grid, save=folder).refine(replications=80)
    pair = estimate.difference("samples")
    numbers = (estimate.mean, estimate.stderr, pair.mean, pair.stderr, estimate.quantile(0.5), estimate.replay(3))
    return [np.asarray(number) for number in numbers]


@pytest.mark.sampled(1)
@pytest.mark.parametrize("what", REFUSALS)
def test_a_run_has_the_same_bits_whatever_is_refused(what, tmp_path):
    sizes = np.array([10, 20])
    expected = _moments(tmp_path / "free", KEY, sizes)
    with REFUSALS[what]():
        found = _moments(tmp_path / "strict", KEY, sizes)
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("what", ["types", "ranks"])
def test_functions_of_the_user_are_still_refused(what):
    with REFUSALS[what](), pytest.raises(ValueError):
        jc.monte_carlo(lambda key: jax.random.normal(key) * REFUSED[what](), KEY, 10)


def test_models_of_the_user_are_still_told_of_their_types():
    class Careless(jc.Model):
        def truth(self):
            return jnp.zeros(())

        def sample(self, key, params, n):
            return jc.Samples(params + jax.random.normal(key, (n,)))

        def fit(self, data, **context):
            return data.mean(lambda x: x) * jnp.arange(2)[1]

    simulate = lambda: jc.simulate(Careless(), jc.Replace(), key=KEY, samples=5, generations=2)  # noqa: E731
    simulate()
    with jax.numpy_dtype_promotion("strict"), pytest.raises(ValueError, match="promotion"):
        simulate()


CLOSED_FORMS = {
    "integers": lambda: jc.theory.regression.kappa(np.arange(1, 5), penalty=1, samples=20),
    "columns": lambda: jc.theory.gaussian.variance_moment(2, samples=[10, 20, 30], generations=3, ddof=1),
    "quantile": lambda: jc.theory.gaussian.variance_quantile(0.5, samples=50, generations=9, ddof=1),
    "drift": lambda: jc.theory.discrete.categorical_replace_lost([0.5, 0.5], samples=9, generations=3),
    "chain": lambda: jc.theory.regression.ridge_mix(
        jc.theory.Spectrum.isotropic(4), real_samples=9, samples=[9, 8], noise=1, penalty=1, generations=2
    ),
    "inflation": lambda: jc.theory.mean.inflation(jc.Window(2), samples=np.array([3, 4]), generations=2),
}


@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_closed_forms_are_the_same_whatever_is_refused(name):
    expected = np.asarray(CLOSED_FORMS[name]())
    with REFUSALS["types"](), REFUSALS["ranks"](), REFUSALS["transfers"]():
        found = np.asarray(CLOSED_FORMS[name]())
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    "function",
    [
        lambda r: jc.theory.regression.ols_replace_cdf(r, dim=2, samples=7, noise=1.0, generations=2).sum(),
        lambda n: jc.theory.discrete.unseen([0.5, 0.3, 0.2], samples=n).sum(),
        pytest.param(lambda p: _ridge(jc.theory.Spectrum.isotropic(3), p), marks=pytest.mark.slow),
        lambda p: _ridge(jc.theory.Spectrum.power_law(3, capacity=2.0, source=1.0), p),
    ],
)
def test_rules_of_derivatives_run_outside_of_the_call_that_they_are_of(function):
    gradient = jax.grad(jax.jit(function))
    point = jnp.asarray(0.5)
    expected = gradient(point)
    with REFUSALS["types"](), REFUSALS["ranks"]():
        assert gradient(point) == expected


def _ridge(spectrum, penalty):
    model = jc.LinearRegression(spectrum, noise=1.0, penalty=penalty)
    return jc.simulate(model, jc.Replace(), key=KEY, samples=9, generations=2).risk.sum()


def _lenient(definition: ast.FunctionDef) -> bool:
    return any(ast.unparse(decorator).startswith("lenient(") for decorator in definition.decorator_list)


def test_every_closed_form_is_lenient():
    faces = [face for face in FACES if face.parts[0] in ("theory", "random")]
    modules = [importlib.import_module(".".join(("jaxcollapse", *face.parent.parts))) for face in faces]
    named = {getattr(module, name) for module, face in zip(modules, faces, strict=True) for name in passed_on(face)}
    public = {(function.__module__, function.__name__) for function in named if inspect.isfunction(function)}
    alone = [module.__name__ for module in named if inspect.ismodule(module) and not hasattr(module, "__path__")]
    words = "jaxcollapse.random.words"  # integers alone
    missing = []
    for file, tree in FILES.items():
        module = ".".join(("jaxcollapse", *file.with_suffix("").parts))
        for node in tree.body:
            if not isinstance(node, ast.FunctionDef) or _lenient(node) or module == words:
                continue
            rule = any("jvp" in ast.unparse(decorator) for decorator in node.decorator_list)
            if rule or (module, node.name) in public or (module in alone and not node.name.startswith("_")):
                missing.append(f"{module}.{node.name}")
    assert not missing
