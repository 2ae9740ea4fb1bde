"""Laws of a buffer and of an urn against transition matrices, and what they say of each other."""

import numpy as np
import pytest
from scipy.stats import betabinom, binom

import jaxcollapse as jc
from jaxcollapse.theory import discrete

pytestmark = pytest.mark.usefixtures("x64")
N, SHARE, P = 7, 0.23, 0.3


def events(n, share, p, preference=1.0):
    """The transition matrix of one event, from the four things that can happen."""
    matrix = np.zeros((n + 1, n + 1))
    for k in range(n + 1):
        comes = (1 - share) * preference * k / (preference * k + n - k) + share * p
        for up, chance in ((1, comes), (0, 1 - comes)):
            for down, goes in ((1, k / n), (0, 1 - k / n)):
                if chance * goes > 0:
                    matrix[k, k + up - down] += chance * goes
    return matrix


def stationary(matrix):
    values, vectors = np.linalg.eig(matrix.T)
    law = np.real(vectors[:, np.argmax(values.real)])
    return law / law.sum()


def test_a_buffer_is_dirichlet_multinomial():
    matrix = events(N, SHARE, P)
    law = discrete.contaminated_replay_law([P, 1 - P], capacity=N, real_share=SHARE)
    np.testing.assert_allclose(law[:, 0], stationary(matrix), atol=1e-13)
    np.testing.assert_allclose(law[::-1, 1], law[:, 0], atol=1e-13)
    flow = np.asarray(law[:, 0])[:, None] * matrix
    np.testing.assert_allclose(flow, flow.T, atol=1e-15)  # reversible
    theta = N * SHARE / (1 - SHARE)
    diversity = 1 - (law.T @ (np.arange(N + 1) / N) ** 2).sum()
    np.testing.assert_allclose(diversity, 2 * P * (1 - P) * (1 - 1 / N) * theta / (1 + theta), rtol=1e-12)
    real = discrete.contaminated_replay_law([P, 1 - P], capacity=N, real_share=1.0)
    np.testing.assert_allclose(real[:, 0], binom.pmf(np.arange(N + 1), N, P), rtol=1e-12)


def test_the_diversity_of_a_buffer_ends_at_that_of_its_law():
    law = discrete.contaminated_replay_law([P, 1 - P], capacity=N, real_share=SHARE)
    one_by_one = dict(samples=np.array([N] + 400 * [1.0]), generations=401)
    curve = discrete.remaining_diversity(jc.ReplayBuffer(N), real_share=SHARE, **one_by_one)
    left = (1 - (law.T @ (np.arange(N + 1) / N) ** 2).sum()) / (2 * P * (1 - P))
    np.testing.assert_allclose(curve[-1], left, rtol=1e-9)


def test_what_a_buffer_remembers():
    matrix = events(N, SHARE, P)
    spectrum = discrete.contaminated_replay_spectrum(capacity=N, real_share=SHARE)
    np.testing.assert_allclose(np.sort(np.linalg.eigvals(matrix).real)[::-1], spectrum, atol=1e-12)
    law = stationary(matrix)
    joint = law[:, None] * np.linalg.matrix_power(matrix, 4)
    information = (joint**2 / (law[:, None] * law)).sum() - 1
    np.testing.assert_allclose(np.sum(spectrum[1:] ** 8), information, rtol=1e-10)


@pytest.mark.parametrize("preference", [0.4, 1.0, 1.7])
def test_who_takes_over(preference):
    matrix = events(N, 0.0, P, preference)
    inner = np.linalg.inv(np.eye(N - 1) - matrix[1:-1, 1:-1])
    chance = discrete.categorical_replay_fixation(capacity=N, preference=preference)
    np.testing.assert_allclose(chance, [0.0, *(inner @ matrix[1:-1, -1]), 1.0], rtol=1e-12)
    if preference == 1.0:
        time = discrete.categorical_replay_fixation_time(capacity=N)
        np.testing.assert_allclose(time, [0.0, *inner.sum(axis=1), 0.0], rtol=1e-12)


def test_originals_are_symbols_of_which_there_are_many():
    many = np.full(4000, 1 / 4000)
    law = discrete.contaminated_replay_law(many, capacity=N, real_share=SHARE)
    originals = discrete.contaminated_replay_originals(capacity=N, real_share=SHARE)
    np.testing.assert_allclose(originals.mean, np.sum(1 - law[0]), rtol=2e-3)
    np.testing.assert_allclose(originals.single, np.sum(law[-1]), rtol=2e-3)
    assert discrete.contaminated_replay_originals(capacity=N, real_share=1.0).mean == N


def test_an_urn_is_beta_binomial():
    law = discrete.categorical_accumulate_urn([2.0, 3.0, 0.0], draws=6)
    np.testing.assert_allclose(law[:, 0], betabinom.pmf(np.arange(7), 6, 2, 3), rtol=1e-12)
    assert law[0, 2] == 1
    # the diversity of the urn, given its first rows, is that of a pool of batches of one row
    sizes = np.array([5.0] + 6 * [1.0])
    after = discrete.remaining_diversity(jc.Accumulate(), samples=sizes, generations=7)
    second = law[:, 0] @ ((2 + np.arange(7)) / 11) ** 2 + law[:, 1] @ ((3 + np.arange(7)) / 11) ** 2
    np.testing.assert_allclose((1 - second) / (1 - 0.4**2 - 0.6**2), after[-1] / after[0], rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: jc.ReplayBuffer(0), "capacity must be at least 1"),
        (lambda: jc.ReplayBuffer(5, evict="newest"), "evict must be 'random' or 'oldest'"),
        (
            lambda: discrete.remaining_diversity(jc.ReplayBuffer(5), samples=6.0, generations=2),
            "samples must be at most the capacity of the buffer, 5",
        ),
        (lambda: discrete.contaminated_replay_law([1.0], capacity=5, real_share=0.0), "real_share must be .* above 0"),
        (lambda: discrete.contaminated_replay_law([1.0], capacity=5, real_share=1.5), "real_share must be at most 1"),
        (
            lambda: discrete.categorical_replay_fixation(capacity=5, preference=0.0),
            "preference must be positive",
        ),
        (lambda: discrete.categorical_accumulate_urn([0.0, 0.0], draws=2), "the sum of counts must be .* above 0"),
        (lambda: discrete.categorical_accumulate_urn([1.0, -1.0], draws=2), "counts must be finite and at least 0"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()


def test_what_a_buffer_tells_of_itself():
    """The chi-square distance of its law from the one that stays, over what it was; and the returns."""
    matrix, law = events(N, SHARE, P), stationary(events(N, SHARE, P))
    told = discrete.contaminated_replay_information(capacity=N, real_share=SHARE, events=5)
    for t in (1, 5):
        later = np.linalg.matrix_power(matrix, t)
        np.testing.assert_allclose(told[t - 1], np.sum(law[:, None] * later**2 / law) - 1, rtol=1e-9)
        np.testing.assert_allclose(told[t - 1], np.trace(np.linalg.matrix_power(matrix, 2 * t)) - 1, rtol=1e-10)
