"""Biases and factors under a workflow: against sums and products, and in the limits."""

import jax
import numpy as np
import pytest
from scipy.special import gamma

import jaxcollapse as jc
from jaxcollapse.theory import mean

pytestmark = pytest.mark.usefixtures("x64")
SIZES = np.array([40.0, 5.0, 9.0, 1.0, 30.0])
SHIFTS = np.array([0.3, -1.0, 2.0, 0.5, 7.0])


def test_where_data_accumulates():
    """A share of the pool is new and biased."""
    share = SIZES / np.cumsum(SIZES)
    found = mean.accumulated_bias(jc.Accumulate(), bias=SHIFTS, samples=SIZES, generations=5)
    np.testing.assert_allclose(found[1:], np.cumsum((share * np.roll(SHIFTS, 1))[1:]), rtol=1e-12)
    part = mean.accumulated_bias(jc.AccumulateSubsample(), bias=SHIFTS, samples=SIZES, generations=5)
    np.testing.assert_allclose(part, found, rtol=1e-12, atol=1e-15)
    left = mean.remaining_scale(jc.Accumulate(), factor=0.7, samples=SIZES, generations=5)
    np.testing.assert_allclose(left, np.cumprod(np.append(1.0, 1 - 0.3 * share[1:])), rtol=1e-12)
    g = np.arange(1, 51)
    equal = mean.remaining_scale(jc.Accumulate(), factor=0.7, generations=50)
    np.testing.assert_allclose(equal, gamma(g + 0.7) / (gamma(g + 1) * gamma(1.7)), rtol=1e-11)
    assert found[0] == 0 and left[0] == 1


def test_what_every_model_adds_is_a_bias_of_a_scale():
    workflow = jc.Window(3)
    with_both = mean.remaining_scale(workflow, factor=1.0, added=SHIFTS**2, samples=SIZES, generations=5)
    added = mean.accumulated_bias(workflow, bias=SHIFTS**2, samples=SIZES, generations=5)
    np.testing.assert_allclose(with_both, 1 + added, rtol=1e-12)
    for share, settles in ((0.34, True), (0.32, False)):  # around the needed share of 1/3
        mix = jc.Mix("fresh", weight=share)
        curve = mean.remaining_scale(mix, factor=1.5, added=0.2, samples=10.0, generations=500)
        kept = (1 - share) * 1.5
        rest = (share + (1 - share) * 0.2) / (1 - kept)
        np.testing.assert_allclose(curve, rest + (1 - rest) * kept ** np.arange(500), rtol=1e-9)
        assert (kept < 1) == settles == (share > float(mean.mean_mix_needed_share(expansion=1.5)))


@pytest.mark.slow
def test_where_data_is_replaced_or_mixed():
    np.testing.assert_allclose(mean.accumulated_bias(jc.Replace(), bias=2.0, generations=4), [0, 2, 4, 6], rtol=1e-12)
    curve = mean.remaining_scale(jc.Replace(), factor=SHIFTS**2, generations=5)
    np.testing.assert_allclose(curve, np.cumprod(np.append(1.0, SHIFTS[:-1] ** 2)), rtol=1e-12)
    for real in ("fresh", "fixed"):  # whatever the number of real rows
        mix = jc.Mix(real, weight=0.2, real_samples=3)
        curve = mean.remaining_scale(mix, factor=0.5, samples=10.0, generations=40)
        np.testing.assert_allclose(curve[-1], 0.2 / (1 - 0.8 * 0.5), rtol=1e-9)
        bias = mean.accumulated_bias(mix, bias=1.0, samples=10.0, generations=80)
        np.testing.assert_allclose(bias[-1], 0.8 / 0.2, rtol=1e-6)


@pytest.mark.slow
def test_it_is_what_noiseless_models_make_of_it():
    """Of a law without variance the estimate is the bias."""
    shifted = jc.Biased(jc.NormalMean(0.0, variance=1e-30), jax.tree_util.Partial(_add, 1.0))
    for workflow in (jc.Window(2), jc.MovingAverage(0.3), jc.Mix("fresh")):
        run = jc.simulate(shifted, workflow, key=jax.random.key(0), samples=SIZES, generations=5)
        expected = mean.accumulated_bias(workflow, samples=SIZES, generations=5)
        np.testing.assert_allclose(run.estimate, expected, rtol=1e-10, atol=1e-12)


def _add(by, value):
    return value + by


@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments():
    with pytest.raises(ValueError, match="factor must be finite and at least 0"):
        mean.remaining_scale(jc.Replace(), factor=-0.5, generations=3)
    with pytest.raises(ValueError, match="bias must be a number or have shape"):
        mean.accumulated_bias(jc.Replace(), bias=[1.0, 2.0], generations=3)
