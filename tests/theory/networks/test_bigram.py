"""Bigram models with label smoothing against all texts there are, and edits of tokens."""

import itertools

import numpy as np
import pytest
from scipy import stats

from jaxcollapse.theory import networks

pytestmark = pytest.mark.usefixtures("x64")
ROWS = {2: np.array([[0.8, 0.2], [0.35, 0.65], [0.0, 1.0]]), 3: np.array([[0.6, 0.3, 0.1], [0.2, 0.0, 0.8]])}
CONTEXTS = {2: np.array([0.5, 0.3, 0.2]), 3: np.array([0.6, 0.4])}
FUNCTIONS = {"replace": networks.bigram_smoothed_replace, "accumulate": networks.bigram_smoothed_accumulate}


def enumerated(rows, contexts, samples, smoothing, generations, keeps):
    """Every vector of counts of every pool with its probability, one context after the other."""
    symbols = rows.shape[1]
    batches = [k for k in itertools.product(range(samples + 1), repeat=symbols) if sum(k) == samples]
    loss, entropy = np.zeros(generations), np.zeros(generations)
    for truth, share in zip(rows, contexts, strict=True):
        law = {(0,) * symbols: 1.0}
        for g in range(generations):
            after: dict = {}
            for pool, chance in law.items():
                total = sum(pool)
                source = truth if g == 0 else (1 - smoothing) * np.array(pool) / total + smoothing / symbols
                for batch in batches:
                    new = tuple(np.add(pool, batch)) if keeps else batch
                    after[new] = after.get(new, 0.0) + chance * stats.multinomial.pmf(batch, samples, source)
            law = after
            for pool, chance in law.items():
                q = (1 - smoothing) * np.array(pool) / sum(pool) + smoothing / symbols
                loss[g] -= share * chance * (truth * np.log(q)).sum()
                entropy[g] -= share * chance * (q * np.log(q)).sum()
    return loss, entropy


@pytest.mark.parametrize("symbols", [2, 3])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_all_texts(name, symbols):
    setting = dict(samples=3, smoothing=0.1, generations=4)
    found = FUNCTIONS[name](ROWS[symbols], CONTEXTS[symbols], **setting)
    expected = enumerated(ROWS[symbols], CONTEXTS[symbols], *setting.values(), name == "accumulate")
    np.testing.assert_allclose(found.loss, expected[0], rtol=1e-12)
    np.testing.assert_allclose(found.entropy, expected[1], rtol=1e-12)


def test_one_prompt_is_a_coin():
    """With ``n = 1`` a model knows one symbol: the next text is that symbol but for the smoothing."""
    truth, eps = np.array([0.7, 0.3]), 0.2
    found = networks.bigram_smoothed_replace(truth[None], np.ones(1), samples=1, smoothing=eps, generations=3)
    high, low, chance = 1 - eps / 2, eps / 2, [truth]
    for _ in range(2):
        chance.append(high * chance[-1] + low * (1 - chance[-1]))  # that it is this symbol
    loss = [-truth @ (p * np.log(high) + (1 - p) * np.log(low)) for p in chance]
    np.testing.assert_allclose(found.loss, loss, rtol=1e-12)
    np.testing.assert_allclose(found.entropy, -(high * np.log(high) + low * np.log(low)), rtol=1e-12)


@pytest.mark.slow
def test_many_prompts_obey_the_law_of_the_first_order():
    """Little smoothing, large batches: ``p c_g/(2n)`` with ``p = C (V - 1)``, in units of all contexts."""
    rows, contexts, n = np.array([[0.6, 0.4], [0.3, 0.7]]), np.array([0.5, 0.5]), 1500
    entropy = -(contexts @ (rows * np.log(rows)).sum(axis=1))
    for name, inflation in (("replace", [1, 2, 3]), ("accumulate", [1, 1.25, 1.25 + 1 / 9])):
        found = FUNCTIONS[name](rows, contexts, samples=n, smoothing=1e-7, generations=3)
        np.testing.assert_allclose(np.asarray(found.loss) - entropy, np.array(inflation) / (2 * n), rtol=5e-3)


def test_random_edits_by_the_variance_of_a_chain_with_immigration():
    """``k' ~ Bin(n, (1 - m) P + m k/n)``: the variance of its frequency, step by step, over twice the probability."""
    p, n, m = np.array([0.5, 0.3, 0.2]), 10_000, 0.6
    variance, found = 0.0, []
    for _ in range(5):
        variance = m**2 * variance + (p * (1 - p) - m**2 * variance) / n
        found.append((variance / (2 * p)).sum())
    expected = networks.edited_excess(2, samples=n, share=m, generations=5)
    np.testing.assert_allclose(found, expected, rtol=3 / n)
    replaced = networks.edited_excess(2, samples=n, share=1.0, generations=5)
    np.testing.assert_allclose(replaced, np.arange(1, 6) / n, rtol=1e-12)


def test_threshold_edits_by_hand():
    """A token at or above the threshold becomes a draw of the model, the others stay."""
    rows = np.array([[0.5, 0.3, 0.2], [0.1, 0.85, 0.05]])
    found = np.asarray(networks.edited_rows(rows, threshold=0.45, generations=6))
    now = rows
    for one in found:
        np.testing.assert_allclose(one, now, rtol=1e-12)
        move = np.stack([np.where((q >= 0.45)[:, None], q, np.eye(3)) for q in now])  # what becomes of each token
        now = np.einsum("cu,cuv->cv", rows, move)
    np.testing.assert_allclose(found.sum(axis=2), 1.0, rtol=1e-12)
    still = networks.edited_rows(rows, threshold=0.9, generations=3)
    np.testing.assert_array_equal(still, np.stack([rows] * 3))


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict(rows=[[0.5, 0.6]]), "rows must have rows that sum to one, got sums of .1.1.: divide them by it"),
        (dict(rows=[0.5, 0.5]), "rows must have shape"),
        (dict(rows=[[1.0]]), "rows must have shape .contexts, symbols., with two symbols or more"),
        (dict(contexts=[0.5, 0.5]), "contexts must have shape .1,., got .2,."),
        (dict(samples=0), "samples must be at least 1, got 0"),
        (dict(smoothing=0.0), "smoothing must be positive"),
        (dict(smoothing=1.5), "smoothing must be at most 1, got 1.5"),
        (dict(samples=10**7), "samples=10,000,000: a chain of their counts would take"),
    ],
)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_wrong_arguments(name, changes, message):
    setting = dict(rows=[[0.5, 0.5]], contexts=[1.0], samples=5, smoothing=0.1, generations=2) | changes
    with pytest.raises(ValueError, match=message):
        FUNCTIONS[name](setting.pop("rows"), setting.pop("contexts"), **setting)
