"""The tails of a language: exact sums, their integrals, and what generations of replacement lose."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import gamma, zeta

from jaxcollapse.machine.precision import enable_x64
from jaxcollapse.theory import discrete

pytestmark = pytest.mark.usefixtures("x64")
EXPONENTS = (1.5, 2.0, 3.0)
MANY = 200_000


def infinite_sum(exponent, source, samples):
    """The error under Zipf's law: many terms of the sum, and three of the Taylor series of the rest.

    `source` gives the probabilities of the text from those of the language; far out it is ``slope * p``.
    """
    i = np.arange(1, MANY + 1.0)
    p = i**-exponent / zeta(exponent)
    q = source(p)
    slope = q[-1] / p[-1]
    rest = [zeta(m * exponent, MANY + 1) / zeta(exponent) ** m for m in (1, 2, 3)]
    tail = rest[0] - samples * slope * rest[1] + samples * (samples - 1) / 2 * slope**2 * rest[2]
    return (p * np.exp(samples * np.log1p(-q))).sum() + tail


def test_zipf():
    p = discrete.zipf(1000, exponent=2.0)
    np.testing.assert_allclose(p.sum(), 1.0, rtol=1e-14)
    np.testing.assert_allclose(p[jnp.array([1, 9])] / p[0], [0.25, 0.01], rtol=1e-14)
    np.testing.assert_allclose(discrete.zipf(4, exponent=0.0), 0.25, rtol=1e-14)


def test_the_unseen_by_enumeration():
    """Over all texts of three symbols."""
    p, q = np.array([0.5, 0.3, 0.2]), np.array([0.6, 0.0, 0.4])
    mass, kinds = 0.0, 0.0
    for text in itertools.product(range(3), repeat=3):
        weight = q[list(text)].prod()
        mass += weight * sum(p[i] for i in range(3) if i not in text)
        kinds += weight * len(set(text))
    np.testing.assert_allclose(discrete.unseen(p, samples=3, source=q), mass, rtol=1e-14)
    np.testing.assert_allclose(discrete.support(q, samples=3), kinds, rtol=1e-14)
    np.testing.assert_allclose(discrete.unseen(p, samples=np.array([[0, 1], [2, 1e9]]))[0], [1, 1 - (p**2).sum()])
    assert discrete.unseen([1.0], samples=1) == 0 and discrete.unseen([1.0], samples=0) == 1


@pytest.mark.parametrize(("exponent", "ten", "hundred"), [(1.5, 4e-3, 4e-7), (2.0, 2e-3, 1e-5), (3.0, 2e-2, 2e-3)])
def test_the_clean_error_is_a_beta_function(exponent, ten, hundred):
    for samples, tolerance in ((10, ten), (100, hundred), (3000, 1e-8)):
        exact = infinite_sum(exponent, lambda p: p, samples)
        np.testing.assert_allclose(discrete.zipf_unseen(exponent=exponent, samples=samples), exact, rtol=tolerance)


def test_the_power_law_and_its_correction():
    sizes = np.array([1e2, 1e4, 1e6])
    for exponent in EXPONENTS:
        c = 1 - 1 / exponent
        law = gamma(c) * zeta(exponent) ** (-1 / exponent) / exponent * sizes**-c
        ratio = discrete.zipf_unseen(exponent=exponent, samples=sizes) / law
        np.testing.assert_allclose((1 - ratio) * sizes, c * (c + 1) / 2, rtol=2e-2)
        slope = jax.grad(lambda t, b=exponent: jnp.log(discrete.zipf_unseen(exponent=b, samples=jnp.exp(t))))(20.0)
        np.testing.assert_allclose(slope, -c, rtol=1e-7)


@pytest.mark.parametrize("exponent", EXPONENTS)
@pytest.mark.parametrize("cutoff", [10, 40])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.4])
def test_cut_and_mixed_text_against_sums(exponent, cutoff, share):
    def source(p):
        kept = np.where(np.arange(MANY) < cutoff, p, 0.0)
        return share * p + (1 - share) * kept / kept.sum()

    for samples in (300, 3000, 300_000):
        error = discrete.zipf_cut_unseen(exponent=exponent, samples=samples, cutoff=cutoff, real_share=share)
        gap = exponent * (exponent - 1) / 24 / cutoff**2
        np.testing.assert_allclose(error, infinite_sum(exponent, source, samples), rtol=1.2 * gap + 1e-4)


def test_the_limits_of_cut_text():
    setting = dict(exponent=2.0, samples=np.geomspace(10, 1e6, 6))
    clean = discrete.zipf_unseen(**setting)
    for same in (dict(cutoff=50, real_share=1.0), dict(cutoff=1e12)):
        np.testing.assert_allclose(discrete.zipf_cut_unseen(**setting, **same), clean, rtol=1e-5)
    little, none = (discrete.zipf_cut_unseen(**setting, cutoff=50, real_share=share) for share in (1e-14, 0.0))
    np.testing.assert_allclose(little, none, rtol=1e-5)
    plateau = 1 / (50.5 * zeta(2.0))
    np.testing.assert_allclose(none[-1], plateau, rtol=1e-10)
    assert (plateau * (1 - 1e-12) <= none).all() and (none <= clean + plateau).all()
    late = dict(exponent=2.0, samples=1e7)
    real = discrete.zipf_unseen(exponent=2.0, samples=1e6)
    np.testing.assert_allclose(discrete.zipf_cut_unseen(**late, cutoff=50, real_share=0.1), real, rtol=1e-6)


@pytest.mark.slow
def test_gradients_of_mixed_text():
    """In the size, the share and the exponent, against differences."""

    def error(x):
        return discrete.zipf_cut_unseen(samples=1e5 * x[0], real_share=0.1 * x[1], exponent=2.0 * x[2], cutoff=20)

    steps = 1e-6 * jnp.eye(3)
    differences = [(error(1 + step) - error(1 - step)) / 2e-6 for step in steps]
    np.testing.assert_allclose(jax.grad(error)(jnp.ones(3)), jnp.stack(differences), rtol=1e-5)


def ancestors(sizes):
    """The law of the number of symbols of the real text from which the last text descends: balls thrown into bins."""
    law = np.zeros(sizes[-1] + 1)
    law[-1] = 1.0
    for size in sizes[-2::-1]:
        bins = np.arange(size + 1)
        occupied, older = np.eye(1, size + 1)[0], np.zeros(size + 1)
        for weight in law:
            older += weight * occupied
            grown = occupied * bins / size
            grown[1:] += occupied[:-1] * (size - bins[:-1]) / size
            occupied = grown
        law = older
    return law


def exactly_unseen(p, sizes):
    """The mean error after the last of these generations, and the number of symbols that are left."""
    law = ancestors(sizes)
    missed = np.exp(np.outer(np.log1p(-p), np.arange(len(law)))) @ law
    return p @ missed, (1 - missed).sum()


def effective(sizes, count=None):
    return np.asarray(discrete.effective_samples(samples=jnp.asarray(sizes, float), generations=count or len(sizes)))


@pytest.mark.parametrize("exponent", EXPONENTS)
@pytest.mark.parametrize("sizes", [[60] * 12, [20, 100, 50, 10, 80], [7] * 60])
def test_generations_between_two_bounds(exponent, sizes):
    """Exact Wright-Fisher numbers against the mean-field ancestors (below) and the branching process (above)."""
    p = np.asarray(discrete.zipf(3000, exponent=exponent))
    counts = effective(sizes)
    for g in {1, 2, 3, len(sizes)}:
        error, left = exactly_unseen(p, sizes[:g])
        lower = float(discrete.unseen(p, samples=counts[g - 1]))
        branches = sizes[g - 1]
        for size in sizes[: g - 1][::-1]:
            branches = size * -np.expm1(-branches / size)
        assert lower <= error * (1 + 1e-12) and error < (p * np.exp(-p * branches)).sum()
        assert float(discrete.support(p, samples=counts[g - 1])) >= left * (1 - 1e-12)
        if g == 1:
            np.testing.assert_allclose(lower, error, rtol=1e-12)


def test_the_gap_of_the_lower_bound():
    """About a tenth of g/T; below 10 % for an exponent of two however many the generations."""
    p = np.asarray(discrete.zipf(3000, exponent=2.0))
    for samples, g in ((100, 5), (100, 10), (200, 10)):
        error, _ = exactly_unseen(p, [samples] * g)
        gap = 1 - float(discrete.unseen(p, samples=effective([samples] * g)[-1])) / error
        assert 0.05 < gap * samples / g < 0.12
    for g in (10, 30, 60):
        error, _ = exactly_unseen(p, [20] * g)
        assert 0 < 1 - float(discrete.unseen(p, samples=effective([20] * g)[-1])) / error < 0.1


def test_the_end_of_a_language():
    """One symbol is left, symbol i with probability p_i."""
    p = discrete.zipf(40, exponent=1.0)
    last = effective([10.0] * 400)[-1]
    np.testing.assert_allclose(discrete.unseen(p, samples=last), 1 - (p**2).sum(), rtol=1e-8)
    np.testing.assert_allclose(discrete.support(p, samples=last), 1.0, rtol=1e-8)
    np.testing.assert_allclose(effective([50.0, 1.0, 9.0]), [50, 1, 1], rtol=1e-12)


def test_many_samples_are_a_branching_process():
    h = [1.0]
    for _ in range(1999):
        h.append(1 - np.exp(-h[-1]))
    counts = effective(1e13, 2000)
    np.testing.assert_allclose(counts / 1e13, h, rtol=1e-8)
    np.testing.assert_allclose(2000 * h[-1], 2.0, rtol=1e-2)
    growth = discrete.zipf_unseen(exponent=2.0, samples=counts[-1]) / discrete.zipf_unseen(exponent=2.0, samples=1e13)
    np.testing.assert_allclose(growth, np.sqrt(2000 / 2), rtol=5e-3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: discrete.zipf(0, exponent=2.0), "symbols must be at least 1"),
        (lambda: discrete.zipf(3, exponent=-1.0), "exponent must be finite and at least 0"),
        (lambda: discrete.unseen([0.5, 1.5], samples=3), "probabilities must sum to one, got a sum of 2"),
        (lambda: discrete.unseen([[0.5, 0.5]], samples=3), r"probabilities must have shape \(symbols,\)"),
        (lambda: discrete.unseen([0.5, 0.5], samples=-1), "samples must be finite and at least 0"),
        (lambda: discrete.unseen([0.5, 0.5], samples=1, source=[1.0]), r"source must have shape \(2,\), got \(1,\)"),
        (lambda: discrete.support([0.5, -0.5], samples=3), "source must be finite and at least 0"),
        (lambda: discrete.effective_samples(samples=0, generations=3), "samples must be finite and at least 1"),
        (lambda: discrete.effective_samples(samples=[5, 5], generations=3), "samples must be a number or have shape"),
        (lambda: discrete.zipf_unseen(exponent=1.0, samples=3), "exponent must be finite and above 1"),
        (lambda: discrete.zipf_cut_unseen(exponent=2.0, samples=3, cutoff=0), "cutoff must be finite and at least 1"),
        (
            lambda: discrete.zipf_cut_unseen(exponent=2.0, samples=3, cutoff=5, real_share=1.1),
            "real_share must be at most 1",
        ),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()


@pytest.mark.sampled(1)
def test_single_precision():
    sizes, setting = np.array([1e2, 1e4, 1e6, 1e8]), dict(exponent=2.0, cutoff=2000, real_share=0.1)
    with enable_x64(False):
        single = discrete.zipf_unseen(exponent=2.0, samples=sizes), discrete.zipf_cut_unseen(**setting, samples=sizes)
        assert all(errors.dtype == jnp.float32 for errors in single)
    double = discrete.zipf_unseen(exponent=2.0, samples=sizes), discrete.zipf_cut_unseen(**setting, samples=sizes)
    np.testing.assert_allclose(np.stack(single), np.stack(double), rtol=1e-5)
