"""Integers of more than 32 bits, of Python and of NumPy, in every number of every closed form: as the same float."""

import inspect
import typing

import jax
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.machine.leniency import in_range
from jaxcollapse.machine.precision import enable_x64
from theory.settings import SETTINGS, public_functions
from theory.test_derivatives import value_of

FUNCTIONS = public_functions()
QUICK = (
    "mean.mean_replace_variance", "mean.inflation", "gaussian.mean_square", "gaussian.variance_cdf", "regression.kappa",
    "regression.ols_replace", "discrete.unseen", "exponential_family.variance_replace",
)  # fmt: skip


def written(size):
    """How users write a large integer, and a list of them."""
    return [(size, [size]), (np.int64(size), np.array([size])), (np.uint64(size), np.array([size], np.uint64))]


def outcome(call):
    """Numbers, or the kind of refusal."""
    try:
        return [np.asarray(leaf, float) for leaf in jax.tree.leaves(call())]
    except (ValueError, TypeError) as refused:
        return type(refused)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in FUNCTIONS]
)
def test_a_large_integer_is_the_number_that_it_is(name):
    setting = SETTINGS[name][0]
    positional = [value_of(value) for value in setting.positional]
    named = {key: value_of(value) for key, value in setting.named.items()}
    annotations = {key: p.annotation for key, p in inspect.signature(FUNCTIONS[name]).parameters.items()}
    for key, value in named.items():
        curve = isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind == "f"
        if int in typing.get_args(annotations.get(key)) or not (curve or isinstance(value, float)):
            continue
        size = 3_000_000_000
        whole = np.full(len(value), float(size)) if curve else float(size)
        expected = outcome(lambda key=key, whole=whole: FUNCTIONS[name](*positional, **{**named, key: whole}))
        for one, several in written(size):
            given = (
                (several * len(value) if isinstance(several, list) else several.repeat(len(value))) if curve else one
            )
            found = outcome(lambda key=key, given=given: FUNCTIONS[name](*positional, **{**named, key: given}))
            if isinstance(expected, type) or isinstance(found, type):
                assert found is expected, (key, given, found)
            else:
                for a, b in zip(found, expected, strict=True):
                    np.testing.assert_allclose(a, b, rtol=1e-6, err_msg=f"{key} = {given!r}")


def test_only_what_is_too_large_becomes_a_float():
    for double, limit in ((False, 2**31), (True, 2**63)):
        with enable_x64(double):
            for kept in (
                0,
                limit - 1,
                -limit + 1,
                True,
                1.5,
                "word",
                None,
                np.arange(3),
                [1, [2, 3]],
                (4,),
                {"a": 2**99},
            ):
                assert in_range(kept) is kept
            for large in (limit, -limit - 1, 10**400):
                assert type(in_range(large)) is float
            assert in_range([1, [limit]]) == [1, [float(limit)]] and in_range((limit, 2)) == (float(limit), 2)
    array = np.array([2**40, 5])
    assert in_range(array).dtype == float
    with enable_x64(True):
        assert in_range(array) is array


def test_large_integers_in_models_workflows_and_samplers():
    size, key = 10**10, jax.random.key(0)

    def variances(model, samples, workflow):
        return np.asarray(jc.simulate(model, workflow, key=key, samples=samples, generations=2).variance)

    walk, plain = jc.Gaussian(ddof=1), jc.Replace()
    same = variances(walk, float(size), plain)
    for samples in (size, np.int64(size), [size] * 2, np.full(2, size), jc.schedule.constant(size),
                    jc.schedule.polynomial(size, 0), jc.schedule.geometric(size, 1)):  # fmt: skip
        np.testing.assert_array_equal(variances(walk, samples, plain), same)
    mixed = variances(walk, 50, jc.Mix("fresh", real_samples=float(size)))
    np.testing.assert_array_equal(variances(walk, 50, jc.Mix("fresh", real_samples=size)), mixed)
    spectra = [jc.theory.Spectrum.from_eigenvalues(values) for values in ([size, 1], np.array([size, 1]), [1e10, 1.0])]
    assert all((spectrum.eigenvalues == spectra[-1].eigenvalues).all() for spectrum in spectra)
    count = 2**31  # the largest count that there is
    assert jc.random.binomial(key, count, 0.5) == jc.random.binomial(key, float(count), 0.5)
    assert jc.random.poisson(key, count) == jc.random.poisson(key, float(count)) > 2e9
    assert jc.random.chi_square(key, size) == jc.random.chi_square(key, 1e10)
    claim = jc.Claim(name="a", statement="b.", theory=[10**12, 2**70], relation="at_most",
                     experiment=lambda key: jax.random.normal(key, (2,)))  # fmt: skip
    assert jc.verify(claim, key, progress=False).outcome == "holds"


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: jc.LinearRegression(jc.theory.Spectrum.isotropic(2), noise=10**40),
            "noise must be a number that float32",
        ),
        (lambda: jc.Gaussian(ddof=1, mean=1e39), "mean must be a number that float32 can hold"),
        (lambda: jc.NormalMean([1.0, 10**40]), "mean must be a number that float32 can hold"),
        (lambda: jc.theory.Spectrum.from_eigenvalues([1e39]), "eigenvalues must be a number that float32 can hold"),
        (lambda: jc.theory.gaussian.variance_cdf(1e39, samples=9, generations=3, ddof=1), "can hold, got 1e.39"),
        (lambda: jc.Exponential(10**400), "mean must be positive and finite|mean must be finite"),
        (lambda: jc.NormalMean(1j), "mean must be real"),
        (lambda: jc.LinearRegression(jc.theory.Spectrum.isotropic(2), noise=1j), "noise must be real"),
        (lambda: jc.theory.Spectrum.from_eigenvalues([1j, 2]), "eigenvalues must be real"),
        (lambda: jc.theory.gaussian.variance_mean(samples=10j, generations=3, ddof=1), "samples must be real"),
    ],
)
def test_numbers_that_cannot_be_held_or_are_not_real_are_refused(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
