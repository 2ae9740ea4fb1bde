"""Sources with features of their own: one covariance is `ridge_equivalent`, and limits that are known."""

import numpy as np
import pytest
from scipy.optimize import brentq

from jaxcollapse.theory import Spectrum, regression

pytestmark = pytest.mark.usefixtures("x64")
RNG = np.random.default_rng(0)
EV = np.array([2.0, 1.0, 0.4, 0.1])
U = RNG.normal(size=(2, 4))


def rotated(values, seed):
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(len(values),) * 2))[0]
    return turn @ np.diag(values) @ turn.T


@pytest.mark.slow
def test_one_covariance_is_the_equivalent_of_one_spectrum():
    spectrum = Spectrum.from_eigenvalues(EV, signal=U[0])
    setting = dict(samples=np.array([7.0, 9.0]), noise=np.array([0.5, 1.1]), weights=np.array([1.0, 2.5]), penalty=0.3)
    moments = np.einsum("kj,lj->klj", U, U)
    expected = regression.ridge_equivalent(spectrum, labellers=np.eye(2), moments=moments, **setting)
    found = regression.ridge_sources([np.diag(EV)] * 2, coefficients=U, **setting)
    assert float(found) == pytest.approx(float(expected.risk(spectrum, moments=moments)), rel=1e-11)


@pytest.mark.parametrize("rows", [[1.0, 1.5], [3.0, 4.0]])
def test_a_penalty_that_vanishes(rows):
    """Towards the minimum norm for few rows, and least squares for many."""
    sources = [rotated(EV, 1), rotated(EV[::-1], 2)]
    none, little = (
        regression.ridge_sources(sources, samples=rows, noise=[0.3, 0.6], coefficients=U, penalty=penalty)
        for penalty in (0.0, 1e-9)
    )
    assert float(none) == pytest.approx(float(little), rel=1e-6)


def test_two_sources_without_a_penalty_are_two_equations():
    """Of Rezaei et al.: R = (sigma^2/n) sum 1/(a_1 l + a_2), here for features that do not commute."""
    first, second = rotated(EV, 1), rotated([0.5, 0.8, 1.5, 0.2], 2)
    n, share = 30.0, 0.4
    values = np.linalg.eigvals(np.linalg.solve(first, second)).real

    def rest(a):
        return a + np.sum(values * a / (values * a + 1 - 4 / n - a)) / n - share

    a = brentq(rest, 1e-9, 1 - 4 / n - 1e-9, xtol=1e-14)
    expected = 0.49 / n * np.sum(1 / (a * values + 1 - 4 / n - a))
    found = regression.ridge_sources(
        [first, second], samples=[n * (1 - share), n * share], noise=0.7, coefficients=U[0], penalty=0.0
    )
    assert float(found) == pytest.approx(expected, rel=1e-10)


def test_a_turn_of_all_axes_changes_nothing():
    turn = np.linalg.qr(RNG.normal(size=(4, 4)))[0]
    sources = np.stack([rotated(EV, 1), rotated(EV[::-1], 2)])
    risks = [
        regression.ridge_sources(s, samples=[3.0, 5.0], noise=[0.3, 0.6], coefficients=u, penalty=0.1)
        for s, u in ((sources, U), (turn @ sources @ turn.T, U @ turn.T))
    ]
    assert float(risks[0]) == pytest.approx(float(risks[1]), rel=1e-10)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"covariances": [np.diag([1.0, -1.0])]}, "covariances must be symmetric and positive definite"),
        ({"covariances": [[[1.0, 0.5], [0.0, 1.0]]]}, "covariances must be symmetric and positive definite"),
        ({"covariances": np.eye(2)}, "covariances must have shape"),
        ({"samples": [1.0, 2.0]}, "samples must be a number or have shape"),
        ({"samples": 2.0}, "samples must not be as many"),
        ({"coefficients": np.ones(3)}, "coefficients must have shape"),
        ({"metric": np.eye(3)}, "metric must have shape"),
    ],
)
def test_bad_arguments_are_named(change, named):
    arguments = {"covariances": [np.eye(2)], "samples": 5.0, "noise": 1.0, "coefficients": np.ones(2), "penalty": 0.0}
    covariances = (arguments := arguments | change).pop("covariances")
    with pytest.raises(ValueError, match=named):
        regression.ridge_sources(covariances, **arguments)
