"""Frequencies from contaminated text: recursions against limits and enumeration, and errors."""

import itertools

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import binom

import jaxcollapse as jc
from jaxcollapse.theory import discrete

pytestmark = pytest.mark.usefixtures("x64")
P = np.array([0.5, 0.3, 0.2])
H = 1 - (P**2).sum()


def test_real_text_alone():
    """Nothing is contaminated: the error of all draws so far."""
    for curve in (discrete.contaminated_accumulate, discrete.contaminated_accumulate_debiased):
        np.testing.assert_allclose(
            curve(P, real_share=1.0, samples=20, generations=6), H / (20 * np.arange(1, 7)), rtol=1e-12
        )


def test_synthetic_text_alone_is_the_loss_of_diversity_of_a_pool():
    """Without real draws the pool of two texts has a second one from the first."""
    curve = discrete.contaminated_accumulate(P, real_share=0.0, samples=10, generations=2)
    first = H - discrete.categorical_replace_diversity(P, samples=10, generations=1)[0]
    np.testing.assert_allclose(curve[0], first, rtol=1e-12)
    np.testing.assert_allclose(curve[1], first + (H - first) / 40, rtol=1e-12)


def test_two_texts_by_enumeration():
    """Three draws and then two, of two symbols: every outcome with its probability."""
    p, share = 0.4, 0.7
    pooled = debiased = 0.0
    for first, second in itertools.product(range(4), range(3)):
        estimate = first / 3
        mixed = share * p + (1 - share) * estimate
        chance = [1, 3, 3, 1][first] * p**first * (1 - p) ** (3 - first)
        chance *= [1, 2, 1][second] * mixed**second * (1 - mixed) ** (2 - second)
        pooled += chance * 2 * ((first + second) / 5 - p) ** 2
        part = (second / 2 - (1 - share) * estimate) / share
        weight = 2 * share**2 / (3 + 2 * share**2)
        debiased += chance * 2 * ((1 - weight) * estimate + weight * part - p) ** 2
    case = dict(real_share=share, samples=jnp.array([3, 2]), generations=2)
    np.testing.assert_allclose(discrete.contaminated_accumulate([p, 1 - p], **case)[-1], pooled, rtol=1e-12)
    np.testing.assert_allclose(discrete.contaminated_accumulate_debiased([p, 1 - p], **case)[-1], debiased, rtol=1e-12)


def test_three_phases():
    """Above one half the error falls like one over the draws, below like a smaller power; debiased always like one."""
    long = dict(samples=10, generations=20_000)
    above = discrete.contaminated_accumulate(P, real_share=0.8, **long)[-1]
    np.testing.assert_allclose(above * 200_000, H / 0.6, rtol=1e-3)
    below = discrete.contaminated_accumulate(P, real_share=0.2, **long)
    np.testing.assert_allclose(np.log(below[-1] / below[4999]) / np.log(4), -0.4, atol=2e-3)
    best = discrete.contaminated_accumulate_debiased(P, real_share=0.2, **long)[-1]
    np.testing.assert_allclose(best * 200_000 * 0.04, H, rtol=0.01)
    equal = discrete.contaminated_accumulate_debiased(
        P, real_share=falling(20), samples=10, generations=20, weights=1.0
    )[-1]
    assert equal > discrete.contaminated_accumulate_debiased(P, real_share=falling(20), samples=10, generations=20)[-1]


def test_replaced_text_is_a_chain_of_counts():
    """The transition matrix of a symbol's count, with shares that vary."""
    n, p, shares = 7, 0.3, np.array([0.0, 0.23, 0.4, 0.05])
    counts = np.arange(n + 1)
    law = binom.pmf(counts, n, p)
    case = dict(samples=n, real_share=shares, generations=4)
    lost = discrete.contaminated_replace_lost([p, 1 - p], **case)
    error = discrete.contaminated_replace([p, 1 - p], **case)
    for g in range(4):
        if g:
            law = law @ binom.pmf(counts, n, ((1 - shares[g]) * counts / n + shares[g] * p)[:, None])
        np.testing.assert_allclose(lost[g], [law[0], law[-1]], rtol=1e-12)
        np.testing.assert_allclose(error[g], 2 * law @ (counts / n - p) ** 2, rtol=1e-12)


def test_replaced_text_without_real_draws_is_drift():
    np.testing.assert_allclose(
        discrete.contaminated_replace_lost(P, real_share=0.0, samples=6, generations=5),
        discrete.categorical_replace_lost(P, samples=6, generations=5),
        rtol=1e-12,
    )


def falling(generations):
    return np.linspace(1.0, 0.2, generations)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: discrete.contaminated_accumulate([0.5, 0.6], real_share=0.5, samples=5, generations=2),
            "must sum to one",
        ),
        (
            lambda: discrete.contaminated_accumulate(P, real_share=1.5, samples=5, generations=2),
            "real_share must be at most 1",
        ),
        (
            lambda: discrete.contaminated_accumulate(P, real_share=0.5, samples=0, generations=2),
            "samples must be finite and at",
        ),
        (
            lambda: discrete.contaminated_accumulate_debiased(P, real_share=0.0, samples=5, generations=2),
            "real_share must be finite and",
        ),
        (
            lambda: discrete.contaminated_accumulate_debiased(
                P, real_share=0.5, samples=5, generations=2, weights=[1.0, -1.0]
            ),
            "weights must be finite and above 0",
        ),
        (lambda: jc.ContaminatedCategorical(P, real_share=2.0), "real_share must be at most 1"),
        (lambda: jc.ContaminatedCategorical(P, real_share=0.5, sampling="rows"), "sampling must be 'exact' or"),
        (
            lambda: jc.ContaminatedCategorical(P, real_share=0.5, debiased=True, sampling="raw"),
            'sampling must not be "raw" with debiased=True',
        ),
        (
            lambda: discrete.contaminated_replace_lost(P, real_share=-0.1, samples=5, generations=2),
            "real_share must be finite and at least 0",
        ),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()


def test_the_spectrum_is_that_of_the_matrix_of_transitions():
    n, share, p = 5, 0.3, 0.4
    chance = (1 - share) * np.arange(n + 1) / n + share * p
    matrix = binom.pmf(np.arange(n + 1), n, chance[:, None])
    found = discrete.contaminated_replace_spectrum(samples=n, real_share=share)
    np.testing.assert_allclose(found, np.sort(np.linalg.eigvals(matrix).real)[::-1], atol=1e-12)


def test_the_law_that_stays_is_close_to_a_dirichlet_law():
    """Moments of the stationary law of the matrix of transitions: the second is exact, the third close to it."""
    n, share, p = 40, 0.04, 0.3
    theta = float(discrete.contaminated_replace_concentration(samples=n, real_share=share))
    matrix = binom.pmf(np.arange(n + 1), n, (1 - share) * np.arange(n + 1)[:, None] / n + share * p)
    law = np.linalg.matrix_power(matrix, 4096)[0] @ (np.arange(n + 1)[:, None] / n) ** np.arange(4)
    rising = np.cumprod([1.0, *((theta * p + i) / (theta + i) for i in range(3))])
    np.testing.assert_allclose(law[:3], rising[:3], rtol=1e-9)
    np.testing.assert_allclose(law[3], rising[3], rtol=4e-3)
