"""Pooled rows: where least squares enlarges an old error, and what a penalty does about it."""

import numpy as np
import pytest

from jaxcollapse.theory import Spectrum, regression

pytestmark = pytest.mark.usefixtures("x64")


def test_the_critical_dimension_is_where_nothing_is_lost():
    for real, synthetic in ((7, 27), (15, 35), (2, 48), (60, 40)):
        rows = dict(real_samples=real, samples=synthetic)
        critical = float(regression.ols_mix_critical_dim(**rows))
        below, above = (regression.ols_mix_contraction(dim=int(critical) + i, **rows) for i in (0, 1))
        assert below <= 1 + 1e-12 < above
    assert float(regression.ols_mix_critical_dim(real_samples=7, samples=27)) == pytest.approx(23, rel=1e-14)
    for share in (0.1, 0.5, 0.9):
        many = regression.ols_mix_critical_dim(real_samples=share * 1e7, samples=(1 - share) * 1e7) / 1e7
        np.testing.assert_allclose(many, (2 - share) / (3 - 2 * share), rtol=1e-6)


@pytest.mark.slow
def test_sizes_that_change_are_those_of_the_engine_of_ridge():
    """Least squares as ridge regression without a penalty, on rows of which real ones alone would be too few."""
    real, synthetic = np.array([50.0, 15.0, 4.0, 20.0]), np.array([9.0, 35.0, 60.0, 25.0])
    sizes = dict(real_samples=real, samples=synthetic, noise=0.7, generations=4)
    curve = regression.ols_mix(dim=40, **sizes)
    np.testing.assert_allclose(curve, regression.ridge_mix(Spectrum.isotropic(40), penalty=0.0, **sizes), rtol=1e-9)
    one = regression.ols_mix(dim=40, real_samples=60.0, samples=30.0, noise=0.7, generations=3)
    same = dict(real_samples=np.full(3, 60.0), samples=np.full(3, 30.0))
    np.testing.assert_array_equal(regression.ols_mix(dim=40, **same, noise=0.7, generations=3), one)
    silent = regression.ols_mix(dim=3, real_samples=[9.0, 1.0], samples=[1.0, 3.0], noise=0.0, generations=2)
    np.testing.assert_array_equal(silent, 0.0)


@pytest.mark.parametrize("penalty", [1e-3, 0.05, 2.0])
@pytest.mark.parametrize(("real", "synthetic"), [(15.0, 35.0), (10.0, 15.0), (60.0, 200.0)])
def test_a_ridge_contraction_is_how_a_chain_settles(penalty, real, synthetic):
    """Differences of the risks of a chain of ridge fits shrink by it."""
    rows = dict(real_samples=real, samples=synthetic, penalty=penalty)
    curve = np.asarray(regression.ridge_mix(Spectrum.isotropic(40, norm=0.0), noise=1.0, generations=4, **rows))
    changes = np.diff(curve)
    np.testing.assert_allclose(
        regression.ridge_mix_contraction(dim=40, **rows), changes[2] / changes[1], rtol=1e-7 / abs(changes[1]) ** 0.5
    )


def test_a_small_penalty_cures():
    rows = dict(dim=4000, real_samples=1520.0, samples=3480.0)
    least_squares = regression.ols_mix_contraction(**rows)
    assert least_squares > 1.3
    np.testing.assert_allclose(regression.ridge_mix_contraction(**rows, penalty=0.0), least_squares, rtol=2e-3)
    assert regression.ridge_mix_contraction(**rows, penalty=0.02) < 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: regression.ols_mix_critical_dim(samples=0.0, real_samples=3.0), "samples must be positive"),
        (lambda: regression.ols_mix_critical_dim(samples=0.5, real_samples=0.5), "must be finite and at least 2"),
        (
            lambda: regression.ols_mix(dim=9, samples=[9.0, 5.0], real_samples=[9.0, 3.0], noise=1.0, generations=2),
            r"real_samples \+ samples must be finite and at least 9",
        ),
        (
            lambda: regression.ols_mix(dim=9, samples=[9.0, 5.0], real_samples=9.0, noise=1.0, generations=3),
            r"samples must be a number or have shape \(3,\)",
        ),
        (
            lambda: regression.ridge_mix_contraction(dim=9, samples=9.0, real_samples=9.0, penalty=-1.0),
            "penalty must be finite and at least 0",
        ),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
