"""Derivatives of all closed forms in all arguments against differences, inside of their domains and at the edges."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from theory.settings import SETTINGS, Edge, Held, public_functions

pytestmark = pytest.mark.usefixtures("x64")
FUNCTIONS = public_functions()
# Of every kind that once failed: searches, laws, differences that vanish, functions of two branches.
ALWAYS = (
    "discrete.categorical_replace_lost",
    "discrete.curated_replace_fixation",
    "discrete.zipf_cut_unseen",
    "exponential_family.variance_accumulate_limit",
    "exponential_family.variance_replace",
    "gaussian.variance_cdf",
    "gaussian.variance_quantile",
    "kernel_density.optimal_bandwidth",
    "mean.improvement_probability",
    "mean.independent_improvement_probability",
    "regression.kappa",
    "regression.ols_cdf",
)
STEPS = {0: 2.0**-8, 1: 2.0**-11, -1: 2.0**-11}  # smaller at an edge, where no point lies on the other side
CENTRAL = {1: 45 / 60, 2: -9 / 60, 3: 1 / 60}  # of sixth order: f' = sum c_k [f(x + kh) - f(x - kh)]/h
ONE_SIDED = {0: -147 / 60, 1: 6.0, 2: -7.5, 3: 400 / 60, 4: -3.75, 5: 1.2, 6: -1 / 6}
STENCILS = {
    0: {k * sign: sign * c for k, c in CENTRAL.items() for sign in (1, -1)},
    1: ONE_SIDED,
    -1: {-k: -c for k, c in ONE_SIDED.items()},
}


def is_number(leaf):
    return not isinstance(leaf, Edge | Held) and jnp.issubdtype(jnp.result_type(leaf), jnp.floating)


def is_leaf(value):
    return isinstance(value, Edge | Held | np.ndarray)


def value_of(leaf):
    return leaf.value if isinstance(leaf, Edge | Held) else leaf


def moves(leaf):
    """Whether a derivative is asked for."""
    return isinstance(leaf, Edge) or (not isinstance(leaf, Held | int | str | bool | type(None)) and is_number(leaf))


def function_of_a_vector(function, setting):
    """The function of all numbers that move as one vector, the vector, and the side on which the domain lies."""
    leaves, tree = jax.tree.flatten((setting.positional, setting.named), is_leaf=is_leaf)
    asked = [i for i, leaf in enumerate(leaves) if moves(leaf)]
    start, rebuild = ravel_pytree([np.asarray(value_of(leaves[i]), float) for i in asked])
    sides = [
        np.broadcast_to(leaves[i].side if isinstance(leaves[i], Edge) else 0, np.shape(value_of(leaves[i])))
        for i in asked
    ]

    def outputs(vector):
        values = [value_of(leaf) for leaf in leaves]
        for i, value in zip(asked, rebuild(vector), strict=True):
            values[i] = value
        positional, named = jax.tree.unflatten(tree, values)
        return ravel_pytree(function(*positional, **named))[0]

    side = np.concatenate([np.ravel(s) for s in sides]) if asked else np.zeros(0)
    return outputs, start, side.astype(int)


def differences(function, start, side, step):
    """The gradient by differences: central, or on one side at an edge."""
    start = np.asarray(start)
    size = np.where(start == 0, 1.0, 2.0 ** np.round(np.log2(np.abs(np.where(start == 0, 1.0, start)))))
    scale = size * (np.vectorize(STEPS.get)(side) if step is None else step)
    points, shares = [], []
    for i, sign in enumerate(side):
        for k, share in STENCILS[int(sign)].items():
            point = start.copy()
            point[i] += k * scale[i]
            points.append(point)
            shares.append((i, share / scale[i]))
    values = jax.jit(lambda all_points: jax.lax.map(function, all_points))(jnp.asarray(points))
    gradient = np.zeros_like(start)
    for value, (i, share) in zip(np.asarray(values), shares, strict=True):
        gradient[i] += share * value
    return gradient


def check_gradient(function, setting, rtol=2e-6):
    outputs, start, side = function_of_a_vector(function, setting)
    if not start.size:
        return
    count = len(jax.eval_shape(outputs, start))
    weights = np.random.default_rng(0).uniform(0.5, 1.5, count) * np.where(np.arange(count) % 3 == 1, -1, 1)
    scalar = lambda vector: weights @ outputs(vector)  # noqa: E731
    value, gradient = jax.jit(jax.value_and_grad(scalar))(start)
    assert np.isfinite(value)
    expected = differences(scalar, start, side, setting.step)
    atol = 1e-8 * (abs(float(value)) + 1e-5) / np.where(start == 0, 1.0, np.abs(start))
    wrong = ~(np.abs(gradient - expected) <= atol + rtol * np.abs(expected))
    assert not wrong.any(), f"at {start[wrong]}: {gradient[wrong]}, by differences {expected[wrong]}"


def cases(names, later=()):
    """Every setting of these functions; marked as `later` but for the first of each."""
    places = [(name, i) for name in names for i in range(len(SETTINGS[name]))]
    return [pytest.param(name, i, id=f"{name}-{i}", marks=later if i else ()) for name, i in places]


def test_every_function_has_a_setting():
    assert set(SETTINGS) == set(FUNCTIONS)


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("name", "i"), cases(ALWAYS, later=pytest.mark.slow))
def test_derivatives_of_searches_laws_and_limits(name, i):
    check_gradient(FUNCTIONS[name], SETTINGS[name][i])


@pytest.mark.slow
@pytest.mark.timeout(900)  # a descent of penalties takes long to compile, and is compiled many times
@pytest.mark.parametrize(("name", "i"), cases([name for name in SETTINGS if name not in ALWAYS]))
def test_derivatives_of_all_functions(name, i):
    descent = name == "regression.ridge_replace_optimal_schedule"  # ends close to the minimum, not at it
    check_gradient(FUNCTIONS[name], SETTINGS[name][i], rtol=2e-5 if descent else 2e-6)
