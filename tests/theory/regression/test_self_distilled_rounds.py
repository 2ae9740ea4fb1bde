"""Rounds of self-distillation on one design: fits that are made, the best filter, and what predictions alone forget."""

import jax
import numpy as np
import pytest

from jaxcollapse.theory import Spectrum, regression

pytestmark = pytest.mark.usefixtures("x64")
VALUES, SIGNAL = np.array([2.0, 1.0, 0.4, 0.1]), np.array([0.5, -0.4, 0.0, 0.3])
DESIGN = dict(samples=9.0, noise=0.5, penalty=0.3)


@pytest.fixture
def spectrum(x64):
    return Spectrum.from_eigenvalues(VALUES, SIGNAL)


def test_it_is_the_risk_of_fits_to_labels_that_are_mixed(spectrum):
    """Of rows that have these second moments; a fit is linear in the labels, and so are bias and variance."""
    rng = np.random.default_rng(0)
    x = np.linalg.qr(rng.normal(size=(9, 4)))[0] * np.sqrt(9 * VALUES)
    solve = np.linalg.solve(x.T @ x / 9 + 0.3 * np.eye(4), x.T / 9)
    fit, risks, mixing = solve, [], [-0.7, 1.0, 2.5]
    for xi in (None, *mixing):
        fit = solve if xi is None else solve @ ((1 - xi) * np.eye(9) + xi * x @ fit)
        bias = fit @ x @ SIGNAL - SIGNAL
        risks.append(VALUES @ bias**2 + 0.25 * np.sum(VALUES[:, None] * fit**2))
    found = regression.ridge_self_distilled_rounds(spectrum, mixing=np.array(mixing), rounds=3, **DESIGN)
    np.testing.assert_allclose(found, risks, rtol=1e-12)


def test_predictions_alone_are_a_power_of_the_filter(spectrum):
    kept = (VALUES / (VALUES + 0.3)) ** 11
    risk = np.sum(VALUES * SIGNAL**2 * (1 - kept) ** 2 + 0.25 / 9 * kept**2)
    found = regression.ridge_self_distilled_rounds(spectrum, mixing=1.0, rounds=10, **DESIGN)[-1]
    assert float(found) == pytest.approx(risk, rel=1e-12)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("rounds", [1, 2, 3])
def test_at_the_best_shares_the_risk_is_flat_and_falls_with_the_rounds(spectrum, rounds):
    law = lambda mixing: regression.ridge_self_distilled_rounds(  # noqa: E731
        spectrum, mixing=mixing, rounds=rounds, **DESIGN
    )[-1]
    best = regression.ridge_self_distilled_rounds_mixing(spectrum, rounds=rounds, **DESIGN)
    np.testing.assert_allclose(jax.grad(law)(best), 0.0, atol=1e-9)
    fewer = law(np.concatenate([[0.0], best[:-1]])) if rounds > 1 else law(np.zeros(1))
    assert float(law(best)) < float(fewer)


def test_as_many_rounds_as_eigenvalues_reach_the_best_filter(spectrum):
    repeated = Spectrum.from_eigenvalues(np.repeat([2.0, 0.4], 3), np.repeat([0.5, 0.0], 3))
    best = regression.ridge_self_distilled_rounds_mixing(repeated, rounds=2, **DESIGN)
    found = regression.ridge_self_distilled_rounds(repeated, mixing=best, rounds=2, **DESIGN)[-1]
    unit = 0.25 / 9
    assert float(found) == pytest.approx(3 * unit * 0.5 / (0.5 + unit), rel=1e-9)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("change", "named"),
    [({"rounds": 5}, "rounds must be at most 4"), ({"noise": 0.0}, "noise must"), ({"penalty": 0.0}, "penalty must")],
)
def test_bad_arguments_are_named(change, named, spectrum):
    with pytest.raises(ValueError, match=named):
        regression.ridge_self_distilled_rounds_mixing(spectrum, **{**DESIGN, "rounds": 2, **change})


def test_fits_that_leave_an_error_last_for_a_number_of_rounds():
    """Each takes the same length away from the labels; where all shrink alike the bound is attained."""
    for size, error in ((1.0, 0.04001), (3.0, 0.5)):
        least = float(regression.ridge_self_distilled_least_rounds(label_size=size, error=error))
        left = size - np.sqrt(error) * np.arange(40)
        assert int(np.sum(left > np.sqrt(error))) == int(np.ceil(least))
    assert float(regression.ridge_self_distilled_least_rounds(label_size=0.1, error=0.5)) == 0.0
