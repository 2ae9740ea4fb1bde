"""Small language models: their fits against the optimum in closed form, and the law of what they write."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse as jc

pytestmark = pytest.mark.usefixtures("x64")
KEY = jax.random.key(0)
ROWS, CONTEXTS = np.array([[0.6, 0.3, 0.1], [0.2, 0.1, 0.7]]), np.array([0.3, 0.7])
TEXT = np.random.default_rng(0).integers(0, 3, size=(40, 12)) * (np.arange(40)[:, None] % 2)


def bigram(**changes):
    return jc.SoftmaxBigram(ROWS, CONTEXTS, **(dict(smoothing=0.1) | changes))


def near(counts, mean, spread):
    """Within four standard errors of the mean over draws."""
    assert (np.abs(np.asarray(counts).mean(axis=0) - mean) < 4.5 * spread / np.sqrt(len(counts)) + 1e-9).all()


@pytest.mark.slow
def test_a_trained_softmax_has_the_smoothed_frequencies():
    one = bigram()
    data = one.sample(KEY, jnp.log(ROWS), 50)
    expected = 0.9 * np.asarray(data.total) / 50 + 0.1 / 3
    np.testing.assert_allclose(jax.nn.softmax(one.fit(data)), expected, rtol=1e-3)
    found = one.metrics(one.fit(data))
    np.testing.assert_allclose(found["loss"], -(CONTEXTS[:, None] * ROWS * np.log(expected)).sum(), rtol=1e-4)
    np.testing.assert_allclose(found["entropy"], -(CONTEXTS[:, None] * expected * np.log(expected)).sum(), rtol=1e-4)


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize("changes", [dict(edit=0.4, temperature=2.0), dict(temperature=0.5), dict(edit=0.4), {}])
def test_answers_are_edited_at_a_temperature(changes):
    one, own = bigram(**changes), np.array([[0.1, 0.1, 0.8], [0.5, 0.4, 0.1]])
    tempered = own ** (1 / changes.get("temperature", 1.0))
    share = changes.get("edit", 1.0)
    law = (1 - share) * ROWS + share * tempered / tempered.sum(axis=1, keepdims=True)
    draw = lambda key: one.sample(key, jnp.log(jnp.asarray(own)) + 3.0, 30)  # noqa: E731
    data = jax.vmap(draw)(jax.random.split(KEY, 4000))
    assert (data.total.sum(axis=2) == 30).all() and (data.weight == 30).all()
    near(data.total, 30 * law, np.sqrt(30 * law * (1 - law)))
    variance = np.asarray(data.total).var(axis=0)  # of binomial numbers: a token is edited or not, on its own
    np.testing.assert_allclose(variance, 30 * law * (1 - law), rtol=0.15)


@pytest.mark.slow
def test_likely_answers_are_edited():
    """Those above the threshold become draws of the model, the others stay: the mean is the map of the theory."""
    own = np.array([[0.1, 0.1, 0.8], [0.5, 0.4, 0.1]])
    draw = lambda key: bigram(edit=0.45, edits="likely").sample(key, jnp.log(jnp.asarray(own)), 30).total  # noqa: E731
    likely = own >= 0.45
    law = np.where(likely, 0, ROWS) + np.where(likely, ROWS, 0).sum(axis=1, keepdims=True) * own
    near(jax.vmap(draw)(jax.random.split(KEY, 3000)), 30 * law, np.sqrt(30 * law * (1 - law)))


@pytest.mark.slow
def test_real_answers_are_of_the_truth():
    draws = jax.vmap(lambda key: bigram(temperature=0.2).real(key, jnp.asarray(ROWS), 30).total)
    near(draws(jax.random.split(KEY, 2000)), 30 * ROWS, np.sqrt(30 * ROWS * (1 - ROWS)))


def softmax(theta):
    return jax.nn.log_softmax(jnp.append(theta, 0.0))


@pytest.mark.slow
@pytest.mark.parametrize("method", ["newton", "scoring"])
def test_a_saturated_model_has_the_frequencies(method):
    one = jc.FiniteLanguage(softmax, best=np.array([0.5, -0.5]), steps=12, method=method)
    data = one.real(KEY, one.truth(), 60)
    fit = one.fit(data, previous=one.start(KEY))
    np.testing.assert_allclose(jnp.exp(softmax(fit["theta"])), data.total / 60, rtol=1e-8)
    assert fit["gradient"] < 1e-8
    truth = np.exp(np.asarray(softmax(jnp.array([0.5, -0.5]))))
    excess = truth @ np.log(truth / np.asarray(data.total / 60))
    np.testing.assert_allclose(one.metrics(fit)["excess"], excess, rtol=1e-6)


def test_a_bilinear_model_has_as_many_directions_as_it_says():
    pairs = jc.LogBilinear(np.array([0.2, 0.3, 0.1, 0.4]), symbols=5, rank=2)
    theta = jax.random.normal(KEY, (pairs.parameters,))
    slopes = np.asarray(jax.jacobian(lambda t: pairs(t).ravel())(theta))
    assert np.linalg.matrix_rank(slopes, tol=1e-9) == pairs.free == 14
    np.testing.assert_allclose(jnp.exp(pairs(theta)).sum(axis=1), pairs.contexts, rtol=1e-12)
    inputs, outputs, bias = theta[:8].reshape(4, 2), theta[8:18].reshape(5, 2), theta[18:]
    logits = np.asarray(inputs @ outputs.T + bias)
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True) * np.asarray(pairs.contexts)[:, None]
    np.testing.assert_allclose(jnp.exp(pairs(theta)), expected, rtol=1e-10)


@pytest.mark.slow
def test_a_fit_that_is_not_saturated_has_no_gradient_left():
    pairs = jc.LogBilinear(np.full(4, 0.25), symbols=4, rank=1)
    best = 0.5 * jax.random.normal(KEY, (pairs.parameters,))
    one = jc.FiniteLanguage(pairs, best=best, steps=10)
    run = jc.simulate(one, jc.Accumulate(), key=KEY, samples=20_000, generations=3)
    assert (run.params["gradient"] < 1e-7).all() and (run.excess > 0).all() and (run.excess < 20 * 6 / 40_000).all()


@pytest.mark.slow
def test_rows_of_people_are_pieces_of_text():
    """One at a time they are rows of the table; many are drawn with replacement: means and covariances of the table."""
    one = jc.MarkovText(TEXT)
    counts, keys = np.asarray(one.counts), jax.random.split(KEY, 3000)
    single = np.asarray(jax.vmap(lambda key: one.real(key, one.truth(), 1).total)(keys[:200]))
    assert {row.tobytes() for row in single} <= {row.tobytes() for row in counts}
    total = np.asarray(jax.vmap(lambda key: one.real(key, one.truth(), 7).total)(keys))
    near(total, 7 * counts.mean(axis=0), np.sqrt(7) * counts.std(axis=0))
    np.testing.assert_allclose(total[:, 0, 0].var(), 7 * counts[:, 0, 0].var(), rtol=0.12)


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_rows_of_a_model_are_a_chain_of_markov(temperature):
    one = jc.MarkovText(TEXT, temperature=temperature)
    chain = np.array([[0.5, 0.3, 0.2], [0.1, 0.0, 0.9], [0.6, 0.3, 0.1]])
    move = chain ** (1 / temperature)
    move = move / move.sum(axis=1, keepdims=True)
    law, expected = np.asarray(one.first) / 40, np.zeros((3, 3))
    for _ in range(11):
        expected += law[:, None] * move
        law = law @ move
    draws = jax.vmap(lambda key: one.sample(key, jnp.asarray(chain), 5).total)(jax.random.split(KEY, 1500))
    draws = np.asarray(draws)
    assert (draws.sum(axis=(1, 2)) == 55).all() and (draws[:, 1, 1] == 0).all()
    near(draws, 5 * expected, draws.std(axis=0))
    rng, rows = np.random.default_rng(1), np.zeros((4000, 3, 3))  # token by token: the spread of a count
    token = rng.choice(3, size=4000, p=np.asarray(one.first) / 40)
    for _ in range(11):
        new = (rng.uniform(size=(4000, 1)) > np.cumsum(move, axis=1)[token][:, :2]).sum(axis=1)
        np.add.at(rows, (np.arange(4000), token, new), 1)
        token = new
    np.testing.assert_allclose(draws[:, 0, 2].var(), 5 * rows[:, 0, 2].var(), rtol=0.15)


def test_the_fit_to_rows_is_that_of_their_pairs():
    one = jc.MarkovText(TEXT)
    counts = np.asarray(one.counts)[:20].sum(axis=0)
    data = jc.WeightedSum(jnp.asarray(3 * counts), jnp.asarray(60.0))
    fit = one.fit(data)
    np.testing.assert_allclose(fit, counts / counts.sum(axis=1, keepdims=True), atol=1e-7)
    truth, total = np.asarray(one.truth()), np.asarray(one.counts).sum(axis=0)
    excess = (total / total.sum() * np.log(truth / np.asarray(fit))).sum()
    np.testing.assert_allclose(one.metrics(fit)["excess"], excess, rtol=1e-9)
    np.testing.assert_allclose(one.metrics(jnp.asarray(truth))["excess"], 0.0, atol=1e-12)


def trigrams(rows, size):
    """How often each token follows each pair, one after the other."""
    counts = np.zeros((size, size, size))
    for row in rows:
        for a, b, c in zip(row, row[1:], row[2:], strict=False):
            counts[a, b, c] += 1
    return counts


def test_a_higher_order_counts_longer_contexts():
    """The frequencies of trigrams with what smoothing adds, and what rare contexts pay."""
    rows = np.random.default_rng(2).integers(0, 3, size=(30, 7))
    one = jc.MarkovText(rows, order=2, smoothing=0.5)
    counts = trigrams(rows, 3).reshape(9, 3)
    np.testing.assert_array_equal(one.counts.sum(axis=0), counts)
    np.testing.assert_array_equal(one.first, np.bincount(3 * rows[:, 0] + rows[:, 1], minlength=9))
    few = trigrams(rows[:4], 3).reshape(9, 3)
    fit = one.fit(jc.WeightedSum(jnp.asarray(few), jnp.asarray(4.0)))
    np.testing.assert_allclose(fit, (few + 0.5) / (few + 0.5).sum(axis=1, keepdims=True), atol=1e-6)
    shares, truth = counts.sum(axis=1) / counts.sum(), counts / counts.sum(axis=1, keepdims=True)
    lost = np.sum(np.where(truth > 0, truth * np.log(np.where(truth > 0, truth, 1) / np.asarray(fit)), 0.0), axis=1)
    metrics, rarest = one.metrics(fit), np.argsort(shares)
    rare = rarest[: 1 + np.searchsorted(np.cumsum(shares[rarest]), 0.1)]
    np.testing.assert_allclose(metrics["excess"], shares @ lost, rtol=1e-4)
    np.testing.assert_allclose(metrics["rare"], shares[rare] @ lost[rare] / shares[rare].sum(), rtol=1e-4)
    np.testing.assert_allclose(metrics["entropy"], -shares @ np.sum(fit * np.log(fit), axis=1), rtol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("n", [2, 12])
def test_a_chain_of_trigrams_in_numpy(n):
    """Two generations of texts that are written token by token."""
    rows, rng = (
        np.random.default_rng(2).integers(0, 2, size=(30, 6)) * (np.arange(30)[:, None] % 3 > 0),
        np.random.default_rng(3),
    )

    def entropy(law):
        return -np.sum(shares * np.sum(np.where(law > 0, law * np.log(np.where(law > 0, law, 1.0)), 0.0), axis=-1))

    total = trigrams(rows, 2)
    shares = total.sum(axis=2) / total.sum()
    theirs = np.empty((1500, 2))
    for chain in theirs:
        batch = rows[rng.integers(0, len(rows), n)]
        for g in range(2):
            counts = trigrams(batch, 2) + 0.3
            law = counts / counts.sum(axis=2, keepdims=True)
            chain[g] = entropy(law)
            batch = rows[rng.integers(0, len(rows), n)].copy()  # of which the first two are kept
            for place in range(2, 6):
                likely = law[batch[:, place - 2], batch[:, place - 1], 1]
                batch[:, place] = rng.uniform(size=n) < likely
    one = jc.MarkovText(rows, order=2, smoothing=0.3)
    run = lambda key: jc.simulate(one, jc.Replace(), key=key, samples=n, generations=2).entropy  # noqa: E731
    ours = jc.monte_carlo(run, KEY, 4096, progress=False)
    near(theirs, ours.mean, np.hypot(theirs.std(axis=0), ours.stderr * len(theirs) ** 0.5))
    assert (ours.stderr < 0.03 * ours.mean).all()


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: jc.SoftmaxBigram([[0.5, 0.6]], [1.0]), "rows must have rows that sum to one"),
        (lambda: bigram(temperature=0.0), "temperature must be positive"),
        (lambda: bigram(edit=0.0), "edit must be finite and above 0"),
        (lambda: bigram(edit=2.0), "edit must be at most 1, got 2"),
        (lambda: bigram(smoothing=-0.1), "smoothing must be finite and at least 0"),
        (lambda: jc.FiniteLanguage(softmax, best=[0.0, 0.0], cells=[0.5, 0.5]), "cells must have shape .3,., got .2,."),
        (
            lambda: jc.FiniteLanguage(softmax, best=[0.0, 0.0], cells=[1.0, 1.0, 1.0]),
            "cells must sum to one, got a sum",
        ),
        (lambda: jc.LogBilinear([0.5, 0.5], symbols=3, rank=2), "rank must be at most 1, got 2"),
        (lambda: jc.LogBilinear([1.0, 0.0], symbols=3, rank=1), "contexts must be finite and above 0"),
        (lambda: jc.MarkovText(TEXT, symbols=2), "pieces must hold tokens from 0 to 1, got 0 to 2"),
        (lambda: jc.MarkovText(TEXT, order=12), "order must be below the length of a row, 12, got 12"),
        (lambda: jc.MarkovText(TEXT, smoothing=-1.0), "smoothing must be finite and at least 0"),
        (lambda: jc.MarkovText(TEXT[0]), "pieces must be integers of shape .rows, length."),
        (lambda: jc.MarkovText(TEXT, temperature=-1.0), "temperature must be finite and at least 0"),
    ],
)
def test_wrong_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
