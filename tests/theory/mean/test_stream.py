"""Contaminated streams of a mean: by all outcomes of who is real, in the limits, and beside the categorical twin."""

import numpy as np
import pytest
from scipy.stats import binom

from jaxcollapse.theory import discrete, mean

pytestmark = pytest.mark.usefixtures("x64")


def test_by_all_numbers_of_real_rows():
    """The error is a mean over how many rows of each batch are real."""
    n, share, v = 4, 0.3, 1 / 4
    k = np.arange(n + 1)
    for g in (2, 3):
        kept = (g - 1 + (n - k) / n) / g  # of the error before
        v = binom.pmf(k, n, share) @ (kept**2 * v + 1 / (n * g**2))
        found = mean.contaminated_mean_accumulate(samples=n, real_share=share, generations=g)[-1]
        np.testing.assert_allclose(found, v, rtol=1e-12)


def test_what_debiasing_gains():
    sizes = dict(samples=20.0, real_share=0.7, generations=4000)
    pooled, best = mean.contaminated_mean_accumulate(**sizes), mean.contaminated_mean_accumulate_debiased(**sizes)
    np.testing.assert_allclose(80_000 * pooled[-1], 1 / 0.4, rtol=0.025)
    np.testing.assert_allclose(80_000 * best[-1], 1 / 0.49, rtol=0.01)
    assert (best[1:] < pooled[1:]).all()
    all_real = mean.contaminated_mean_accumulate_debiased(samples=5.0, real_share=1.0, generations=6)
    np.testing.assert_allclose(all_real, 1 / (5 * np.arange(1, 7)), rtol=1e-12)


def test_the_categorical_twin_in_the_limit():
    """Rows spread as much as of the truth where estimates are near it."""
    sizes = dict(samples=1e8, real_share=0.6, generations=6)
    twin = discrete.contaminated_accumulate([0.5, 0.5], **sizes) / 0.5
    np.testing.assert_allclose(mean.contaminated_mean_accumulate(**sizes), twin, rtol=1e-6)


@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments():
    with pytest.raises(ValueError, match="real_share must be finite and above 0"):
        mean.contaminated_mean_accumulate_debiased(samples=5.0, real_share=0.0, generations=3)
    with pytest.raises(ValueError, match="real_share must be at most 1"):
        mean.contaminated_mean_accumulate(samples=5.0, real_share=1.5, generations=3)
