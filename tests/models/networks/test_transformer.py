"""A transformer in the loop: its cache against text that is read at once, what it writes and edits, its measures."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

import jaxcollapse as jc
from jaxcollapse.models.networks.transformer import distinct
from jaxcollapse.population.datasets.language import Corpus

KEY = jax.random.key(0)
CORPUS = Corpus(np.random.default_rng(0).integers(0, 3, 4000).astype(np.uint8), ("a", "b", "c"))


def model(**changes):
    setting = dict(length=5, width=8, layers=2, heads=2, steps=5, batch=8, probes=20, test=30) | changes
    return jc.Transformer(CORPUS, **setting)


def bent(one, key=KEY):
    """A network that has opinions: its weights are three times those at the start."""
    return jax.tree.map(lambda leaf: 3 * leaf, one.build(key))


@pytest.mark.slow
def test_text_that_is_read_at_once_and_token_by_token_has_the_same_logits():
    one, rows = model(length=7), jax.random.randint(KEY, (11, 7), 0, 3)
    network = bent(one)
    token, cache, found = jnp.full(11, 3), one.nothing_read(11), []
    for place in range(7):
        logits, cache = one.next(network, cache, token, place)
        found.append(logits)
        token = rows[:, place]
    np.testing.assert_allclose(jnp.stack(found, axis=1), one.logits(network, rows), rtol=2e-5, atol=2e-5)


def test_no_token_knows_those_behind_it():
    one, rows = model(), jax.random.randint(KEY, (4, 5), 0, 3)
    network = bent(one)
    before, after = one.logits(network, rows), one.logits(network, rows.at[:, 3].set(2 - rows[:, 3]))
    np.testing.assert_array_equal(before[:, :4], after[:, :4])
    assert np.abs(before[:, 4] - after[:, 4]).max() > 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("temperature", [1.0, 0.6])
def test_it_writes_what_it_gives_a_probability(temperature):
    """All texts of three tokens, of which each has the probability that its tokens have one after the other."""
    one = model(length=3, temperature=temperature)
    network, n = bent(one), 30_000
    texts = jnp.asarray(list(itertools.product(range(3), repeat=3)), jnp.uint8)
    logarithms = np.asarray(jax.nn.log_softmax(one.logits(network, texts) / temperature), float)
    law = np.exp(np.take_along_axis(logarithms, np.asarray(texts, int)[..., None], -1).sum(axis=(1, 2)))
    rows = np.asarray(one.draw(network, KEY, n))
    counts = np.bincount(rows @ np.array([9, 3, 1]), minlength=27)
    assert rows.dtype == np.uint8 and abs(law.sum() - 1) < 1e-5
    assert stats.chisquare(counts, law / law.sum() * n).pvalue > 1e-3 and stats.chisquare(counts).pvalue < 1e-9


def test_likely_tokens_are_drawn_anew():
    one, threshold = model(edit=0.4), 0.4
    network = bent(one)
    rows = np.asarray(one.draw(network, KEY, 700))
    row_key, _ = jax.random.split(KEY)
    real = one.rows[jax.random.randint(row_key, (11, 64), 0, len(one.rows))].reshape(-1, 5)[:700]
    shares = np.asarray(jax.nn.softmax(one.logits(network, real)))
    likely = np.take_along_axis(shares, np.asarray(real, int)[..., None], -1)[..., 0] >= threshold
    changed = rows != np.asarray(real)
    assert rows.shape == (700, 5) and not changed[~likely].any()
    wanted = 1 - np.take_along_axis(shares, np.asarray(real, int)[..., None], -1)[..., 0][likely]
    spread = np.sqrt((wanted * (1 - wanted)).sum())
    assert abs(changed[likely].sum() - wanted.sum()) < 4 * spread and 0.05 < likely.mean() < 0.95


@pytest.mark.slow
def test_random_tokens_are_drawn_anew_with_their_share():
    one = model(edit=0.3, edits="random")
    network = one.build(KEY)
    rows = np.asarray(one.draw(network, KEY, 2000))
    row_key, _ = jax.random.split(KEY)
    real = np.asarray(one.rows[jax.random.randint(row_key, (32, 64), 0, len(one.rows))].reshape(-1, 5)[:2000])
    shares = np.asarray(jax.nn.softmax(one.logits(network, jnp.asarray(real))))
    other = 1 - np.take_along_axis(shares, real[..., None].astype(int), -1)
    wanted = 0.3 * other.mean()
    assert abs((rows != real).mean() - wanted) < 4 * np.sqrt(wanted / rows.size)


@pytest.mark.slow
def test_what_is_measured():
    one = model()
    network = bent(one)
    found = one.evaluate(network, KEY)
    logits = np.asarray(one.logits(network, one.test), float)
    logarithms = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    loss = -np.take_along_axis(logarithms, np.asarray(one.test, int)[..., None], -1).mean()
    np.testing.assert_allclose(found["loss"], loss, rtol=1e-5)
    own = np.asarray(one.written(network, KEY, 20))
    logits = np.asarray(one.logits(network, jnp.asarray(own)), float)
    shares = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(found["entropy"], -(shares * np.log(shares)).sum(axis=-1).mean(), rtol=1e-5)
    for size in (2, 3):
        seen = [tuple(row[i : i + size]) for row in own.tolist() for i in range(6 - size)]
        np.testing.assert_allclose(found[f"distinct{size}"], len(set(seen)) / len(seen), rtol=1e-6)
        np.testing.assert_allclose(distinct(jnp.zeros((4, 5), int), size), 1 / (4 * (6 - size)), rtol=1e-6)


@pytest.mark.slow
def test_text_of_one_temperature_has_the_loss_of_its_entropy():
    """What a model writes at temperature one has, on average, the surprise that it expects of it."""
    one = model()
    network = bent(one)
    own = one.written(network, KEY, 20_000)
    logarithms = np.asarray(jax.nn.log_softmax(one.logits(network, own)), float)
    surprise = -np.take_along_axis(logarithms, np.asarray(own, int)[..., None], -1)[..., 0]
    expected = -(np.exp(logarithms) * logarithms).sum(axis=-1)
    gap = (surprise - expected).mean(axis=1)
    assert abs(gap.mean()) < 4 * gap.std() / np.sqrt(len(gap))


def test_it_learns_and_is_in_single_precision(x64):
    """Text that repeats itself: after a few steps most of it is foretold."""
    corpus = Corpus(np.tile(np.arange(3), 700).astype(np.uint8), ("a", "b", "c"))
    one = jc.Transformer(corpus, length=6, width=8, steps=150, batch=16, probes=10)
    run = jc.simulate(one, jc.Accumulate(), key=KEY, samples=100, generations=2)
    assert run.loss[0] < 0.3 < np.log(3)  # the first token of six is not foretold: log(3)/6 = .18
    assert {leaf.dtype for leaf in jax.tree.leaves(run.params)} == {jnp.dtype("float32")}
    first = jax.tree.map(lambda leaf: leaf[0], run.params)
    assert one.logits(first, one.test).dtype == jnp.float32
    assert one.next(first, one.nothing_read(2), jnp.zeros(2, int), 0)[0].dtype == jnp.float32


@pytest.mark.slow
def test_one_program_serves_all_temperatures():
    traces = []

    @jax.jit
    def loss(temperature, rate, edit):
        traces.append(1)
        one = model(layers=1, temperature=temperature, rate=rate, edit=edit)
        return jc.simulate(one, jc.Replace(), key=KEY, samples=20, generations=2).loss

    found = [loss(t, 0.01, 0.5) for t in (0.5, 1.0, 2.0)]
    assert len(traces) == 1 and found[0][0] == found[1][0] and found[0][1] != found[1][1]


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict(heads=3), "heads must divide width, got heads=3 and width=8"),
        (dict(temperature=0.0), "temperature must be positive"),
        (dict(edit=0.0), "edit must be finite and above 0, got 0"),
        (dict(edit=1.5), "edit must be at most 1, got 1.5"),
        (dict(edits="all"), "edits must be 'likely' or 'random', got 'all'"),
        (dict(length=4000), "length and held_out must leave two rows to train on"),
        (dict(probes=0), "probes must be at least 1, got 0"),
    ],
)
def test_wrong_arguments(changes, message):
    with pytest.raises(ValueError, match=message):
        model(**changes)
