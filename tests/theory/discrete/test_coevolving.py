"""Text and images: by enumeration of counts, in the limits, and where new words come."""

import numpy as np
import pytest
from scipy.stats import binom

from jaxcollapse.theory import discrete

pytestmark = pytest.mark.usefixtures("x64")


def kept(n):
    return np.where(n > 0, 1 - 1 / np.maximum(n, 1), 1.0)


def test_a_text_that_stays():
    n = np.arange(8)
    for p in (0.0, 0.03, 0.4, 1.0):
        f = binom.pmf(n, 7, p) @ kept(n)
        np.testing.assert_allclose(
            discrete.context_replace([p], samples=7, generations=3)[:, 0], f ** np.arange(1, 4), rtol=1e-12
        )


def test_a_text_that_is_refitted():
    """Two generations by all counts of words, and of images."""
    n, p, two = np.arange(6), 0.3, 0.0
    for first in n:
        for second in n:
            weight = binom.pmf(first, 5, p) * binom.pmf(second, 5, first / 5)
            image = [binom.pmf(n, 5, k / 5) @ kept(n) for k in (first, second)]
            two += weight * image[0] * image[1]
    one = sum(binom.pmf(k, 5, p) * (binom.pmf(n, 5, k / 5) @ kept(n)) for k in n)
    np.testing.assert_allclose(discrete.coevolving_replace(p, samples=5, generations=2), [one, two], rtol=1e-12)


def test_images_and_words():
    """Images without doubt are words, images all alike say nothing; nothing depends on the order."""
    words, case = [0.2, 0.5, 0.3], dict(samples=7)
    diversity = 1 - np.sum(np.square(words))
    sure = discrete.coevolving_text_diversity(words, means=[0.0, 50.0, 99.0], variances=[1.0, 2.0, 1.0], **case)
    np.testing.assert_allclose(sure, diversity * (1 - 1 / 7), rtol=1e-9)
    alike = discrete.coevolving_text_diversity(words, means=[1.0] * 3, variances=[2.0] * 3, **case)
    np.testing.assert_allclose(alike, diversity, rtol=1e-12)
    rare = discrete.coevolving_text_diversity([1e-4, 1 - 1e-4], means=[1.0, 0.0], variances=[1.0, 1.0], samples=1)
    np.testing.assert_allclose(2e-4 * (1 - 1e-4) - rare, 2e-8 * (np.e - 1), rtol=0.01)  # 2 p² χ²
    mixed = [
        discrete.coevolving_text_diversity(p, means=m, variances=v, **case)
        for p, m, v in (([0.3, 0.7], [0.0, 1.5], [1.0, 0.4]), ([0.7, 0.3], [1.5, 0.0], [0.4, 1.0]))
    ]
    np.testing.assert_allclose(*mixed, rtol=1e-12)


def test_real_images():
    """Sums in the end; many of them are as good as the truth."""
    loop = discrete.coevolving_mix(0.3, samples=9, real_samples=4, generations=300)
    np.testing.assert_allclose(loop.mean_square[-1] + loop.variance[-1], 1.0, rtol=1e-9)
    n, p = np.arange(10), binom.pmf(np.arange(10), 9, 0.3)
    rows = n + 4
    a = p @ (4 / rows**2) + p @ (n / rows**2)
    np.testing.assert_allclose([loop.mean_square[0], loop.variance[0]], [a, 1 - a], rtol=1e-12)
    many = discrete.coevolving_mix(0.3, samples=9, real_samples=10**6, generations=5)
    assert many.mean_square[-1] < 2e-6


def test_new_words():
    plain = discrete.injected_replace_diversity([0.3, 0.7], samples=9, rate=0.0, mass=0.4, generations=4)
    np.testing.assert_allclose(plain, 0.42 * (1 - 1 / 9) ** np.arange(1, 5), rtol=1e-12)
    for case in (dict(rate=1.0, mass=0.001), dict(rate=0.02, mass=0.001)):
        curve = discrete.injected_replace_diversity([0.3, 0.7], samples=5000, generations=200_000, **case)
        alike = 1 / (1 + 2 * case["rate"] * case["mass"] * 5000)
        np.testing.assert_allclose(1 - curve[-1], alike, rtol=0.02)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: discrete.context_replace([1.2], samples=3, generations=2), "probabilities must be at most 1"),
        (lambda: discrete.coevolving_replace(0.5, samples=0, generations=2), "samples must be at least 1"),
        (
            lambda: discrete.coevolving_mix(0.5, samples=3, real_samples=0, generations=2),
            "real_samples must be at least 1",
        ),
        (
            lambda: discrete.coevolving_text_diversity([0.5, 0.5], means=[0.0], variances=[1.0, 1.0], samples=3),
            r"means must have shape \(2,\)",
        ),
        (
            lambda: discrete.injected_replace_diversity([0.5, 0.5], samples=3, rate=2.0, mass=0.1, generations=2),
            "rate must be at most 1",
        ),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
