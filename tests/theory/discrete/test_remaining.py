"""The diversity that workflows leave: against other derivations, and against simulated rows."""

import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.theory import discrete

pytestmark = pytest.mark.usefixtures("x64")
SIZES, G = np.array([6.0, 9.0, 4.0, 12.0, 5.0]), 5
left = discrete.remaining_diversity


def test_one_batch_is_replaced_however_it_is_written():
    """As a matrix, as a window, as a buffer of one batch, and as a moving average of gain one."""
    for share in (0.0, 0.3):
        case = dict(samples=SIZES, real_share=share, generations=G)
        expected = left(jc.Replace(), **case)
        for workflow in (jc.Window(1), jc.MovingAverage(1.0)):
            np.testing.assert_allclose(left(workflow, **case), expected, rtol=1e-12)
        equal = dict(samples=6.0, real_share=share, generations=G)
        for evict in ("random", "oldest"):
            np.testing.assert_allclose(left(jc.ReplayBuffer(6, evict=evict), **equal), left(jc.Replace(), **equal))


def test_a_queue_of_whole_batches_is_a_window():
    for share in (0.0, 0.3):
        case = dict(samples=4.0, real_share=share, generations=8)
        np.testing.assert_allclose(
            left(jc.ReplayBuffer(12, evict="oldest"), **case), left(jc.Window(3), **case), rtol=1e-12
        )


def test_a_buffer_with_room_for_all_is_a_pool():
    for share in (0.0, 0.3):
        case = dict(samples=SIZES, real_share=share, generations=G)
        expected = left(jc.Accumulate(), **case)
        for evict in ("random", "oldest"):
            np.testing.assert_allclose(left(jc.ReplayBuffer(50, evict=evict), **case), expected, rtol=1e-12)
        pooled = discrete.contaminated_accumulate([0.5, 0.5], samples=SIZES, real_share=share, generations=G)
        np.testing.assert_allclose(0.5 * (1 - expected), pooled, rtol=1e-12)


def test_a_batch_that_is_real_is_independent():
    for workflow in (jc.Replace(), jc.Accumulate(), jc.AccumulateSubsample(), jc.Window(2)):
        curve = left(workflow, samples=6.0, real_share=1.0, generations=G)
        rows = np.asarray(workflow.rows(jnp.full(G, 6.0)))
        np.testing.assert_allclose(curve, 1 - 1 / rows, rtol=1e-12)


def test_effective_sizes():
    size = lambda workflow, **case: np.asarray(discrete.effective_size(workflow, **case))  # noqa: E731
    np.testing.assert_allclose(size(jc.Replace(), samples=SIZES, generations=G), SIZES)
    pooled = np.cumsum(SIZES) ** 2 / SIZES
    np.testing.assert_allclose(size(jc.Accumulate(), samples=SIZES, generations=G), pooled)
    np.testing.assert_allclose(size(jc.Weighted(np.eye(G)), samples=SIZES, generations=G), SIZES, rtol=1e-9)
    matrix = jc.Accumulate().weights(jnp.asarray(SIZES))[0]
    np.testing.assert_allclose(size(jc.Weighted(matrix), samples=SIZES, generations=G), pooled, rtol=1e-9)
    np.testing.assert_allclose(size(jc.MovingAverage(0.3), samples=8.0, generations=G)[1:], 8 / 0.09, rtol=1e-9)
    one_by_one = dict(samples=np.array([20.0] + 400 * [1.0]), generations=401)
    np.testing.assert_allclose(size(jc.ReplayBuffer(20), **one_by_one)[1:], 200.0, rtol=1e-9)
    oldest = size(jc.ReplayBuffer(20, evict="oldest"), **one_by_one)
    np.testing.assert_allclose(1 / oldest[-1], 0.0094882, rtol=1e-5)  # 4/(B + 1)^2 is 4.5 % less
    pool = 6.0 * np.arange(1, G + 1)  # its own rate; the part of it that is trained on loses 1/n at once
    part = size(jc.AccumulateSubsample(), samples=6.0, generations=G)
    whole = np.cumprod(1 - 1 / part) * (6 * (pool - 1)) / (5 * pool)
    t = np.arange(1, G)
    rate = (pool[:-1] * 5 + 6 * (pool[:-1] - 6)) / (36 * (pool[:-1] - 1) * (t + 1) ** 2)
    np.testing.assert_allclose(whole[1:] / whole[:-1], 1 - rate, rtol=1e-9)


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "workflow",
    [
        jc.ReplayBuffer(8),
        jc.ReplayBuffer(8, evict="oldest"),
        jc.AccumulateSubsample(),
        jc.MovingAverage(0.4),
        jc.Mix("fresh", weight=0.3, real_samples=4),
        jc.Mix("fixed", weight=0.3, real_samples=4),
    ],
    ids=["random", "oldest", "subsample", "average", "fresh", "fixed"],
)
def test_simulated_rows(workflow):
    """Batches that fill a buffer, and then replace a part of it; a third of the later rows is real."""
    sizes, share = np.array([5, 2, 4, 3]), 1 / 3
    model = jc.ContaminatedCategorical([0.6, 0.4], real_share=share, sampling="raw")
    run = lambda key: jc.simulate(model, workflow, key=key, samples=sizes, generations=4).diversity  # noqa: E731
    values = np.asarray(jax.jit(jax.vmap(run))(jax.random.split(jax.random.key(3), 20_000))) / 0.48
    theory = np.asarray(left(workflow, samples=sizes.astype(float), real_share=share, generations=4))
    z = (values.mean(axis=0) - theory) / (values.std(axis=0) / np.sqrt(len(values)))
    assert (np.abs(z) < 4).all(), z


def test_a_buffer_must_hold_a_batch():
    model = jc.Categorical([0.5, 0.5], sampling="raw")
    with pytest.raises(ValueError, match="capacity must be at least the size of the largest batch, 6, got 5"):
        jc.simulate(model, jc.ReplayBuffer(5), key=jax.random.key(0), samples=6, generations=2)


def enumerated_edits(masks, rows, probability, real_share):
    """The mean diversity of all data sets of two symbols; `masks` has pairs of a probability and the rows edited."""
    real = 2 * probability * (1 - probability)
    states = list(itertools.product((0, 1), repeat=rows))
    chances = {state: math.prod(probability if bit else 1 - probability for bit in state) for state in states}
    mean = lambda: sum(c * 2 * np.mean(s) * (1 - np.mean(s)) for s, c in chances.items()) / real  # noqa: E731
    found = [mean()]
    for now in masks:
        after = dict.fromkeys(states, 0.0)
        for state, chance in chances.items():
            one = real_share * probability + (1 - real_share) * np.mean(state)
            for weight, edited in now:
                for new in itertools.product((0, 1), repeat=len(edited)):
                    following = list(state)
                    for place, bit in zip(edited, new, strict=True):
                        following[place] = bit
                    after[tuple(following)] += chance * weight * math.prod(one if bit else 1 - one for bit in new)
        chances = after
        found.append(mean())
    return found


@pytest.mark.parametrize("real_share", [0.0, 0.3])
@pytest.mark.parametrize("mask", ["fresh", "fixed", "disjoint"])
def test_edited_rows_by_enumeration(x64, mask, real_share):
    """Of four rows: some stay as they are, and a pair of rows knows of it."""
    share = 0.4  # two rows where they are chosen
    subsets = [s for k in range(5) for s in itertools.combinations(range(4), k)]
    fresh = [(share ** len(s) * (1 - share) ** (4 - len(s)), s) for s in subsets]
    masks = {
        "fresh": [fresh] * 4,
        "fixed": [[(1.0, (0, 1))]] * 4,
        "disjoint": [[(1.0, (0, 1))], [(1.0, (2, 3))], [(1.0, ())], [(1.0, ())]],
    }
    workflow = jc.Edit(share, mask=mask)
    found = discrete.remaining_diversity(workflow, samples=4, real_share=real_share, generations=5)
    np.testing.assert_allclose(found, enumerated_edits(masks[mask], 4, 0.3, real_share), rtol=1e-12)


def test_all_rows_edited_are_a_new_batch():
    """And none of them the first one for ever; three blocks of three rows leave two of eight."""
    sizes = {"samples": 8, "generations": 5}
    new = discrete.remaining_diversity(jc.Replace(), **sizes)
    for mask in ("fresh", "fixed"):
        np.testing.assert_allclose(discrete.remaining_diversity(jc.Edit(1.0, mask=mask), **sizes), new, rtol=1e-5)
        np.testing.assert_allclose(discrete.remaining_diversity(jc.Edit(0.0, mask=mask), **sizes), 7 / 8, rtol=1e-6)
    blocks = discrete.remaining_diversity(jc.Edit(0.375, mask="disjoint"), **sizes)
    assert (jnp.diff(blocks[:4]) < 0).all() and jnp.isclose(blocks[3], blocks[4])
    with pytest.raises(ValueError, match="must not fall below the 8 of batch 1"):
        discrete.remaining_diversity(jc.Edit(0.5), samples=[8, 7], generations=2)


def test_the_chi_square_distance_is_that_of_all_outcomes():
    """Two generations of three draws, of which some are real; the part that the next one inherits of a mixture."""
    p, n, share = np.array([0.5, 0.3, 0.2]), 3, 0.4
    chi2 = lambda law: np.sum((law - p) ** 2 / p)  # noqa: E731
    outcomes = [np.array(c) for c in itertools.product(range(n + 1), repeat=3) if sum(c) == n]
    chance = lambda c, law: math.factorial(n) * np.prod([q**k / math.factorial(k) for k, q in zip(c, law, strict=True)])  # noqa: E731
    first = [chance(c, p) for c in outcomes]
    mixed = [share * p + (1 - share) * c / n for c in outcomes]
    np.testing.assert_allclose([chi2(m) for m in mixed], [(1 - share) ** 2 * chi2(c / n) for c in outcomes], atol=1e-14)
    second = sum(f * chance(c, m) * chi2(c / n) for f, m in zip(first, mixed, strict=True) for c in outcomes)
    expected = [sum(f * chi2(c / n) for f, c in zip(first, outcomes, strict=True)), second]
    found = discrete.chi_square_from_truth(jc.Replace(), symbols=3, samples=n, real_share=share, generations=2)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    rho = (1 - share) ** 2 * (1 - 1 / n)
    np.testing.assert_allclose(found[1], 2 / n * (1 - rho**2) / (1 - rho), rtol=1e-12)


def test_fresh_real_rows_as_a_recursion():
    """Some rows of every batch are real, as many each time."""
    real, own = 2, 6
    found = 1 - np.asarray(left(jc.Mix("fresh", real_samples=real, first="all"), samples=own, generations=4))
    distance, n = [1 / 8], real + own
    for _ in range(3):
        v = distance[-1]
        distance.append((real + own * (1 - v) + own**2 * v) / n**2)
    np.testing.assert_allclose(found, distance, rtol=1e-12)
