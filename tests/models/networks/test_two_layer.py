"""Two-layer networks in the loop: kernel and steps by their definition, and what they are where they are lazy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.theory import networks

KEY = jax.random.key(0)
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(8, 3)) / 2, RNG.normal(size=8)


def model(**changes):
    setting = dict(noise=0.2, width=16, steps=12, rate=0.4, start=jax.random.key(5)) | changes
    return jc.TwoLayer(X, Y, **setting)


def output(weights, x=X):
    inner, outer = (np.asarray(part, float) for part in weights)
    return np.sqrt(2 / len(outer)) * np.maximum(x @ inner.T, 0) @ outer


def test_the_kernel_is_that_of_the_gradients_at_the_start():
    one = model()
    weights = one.start(KEY).weights
    f = lambda w: jnp.sqrt(2 / 16) * (jax.nn.relu(jnp.asarray(X, jnp.float32) @ w.inner.T) @ w.outer)  # noqa: E731
    slopes = jax.jacobian(f)(weights)
    flat = np.concatenate([np.asarray(part, float).reshape(8, -1) for part in slopes], axis=1)
    np.testing.assert_allclose(one.kernel, flat @ flat.T, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(f(weights), output(weights), rtol=1e-4, atol=1e-5)


def test_one_step_by_differences():
    """Of the loss with weight decay, in a few of the weights."""
    one = model(steps=1, scale=2.0, decay=0.3, warm=True)
    before = one.start(KEY)
    apart = before._replace(weights=jax.tree.map(lambda w: 1.1 * w, before.weights))
    labels = RNG.normal(size=8)
    after = one.fit(jc.WeightedSum(jnp.asarray(5 * labels), jnp.asarray(5.0)), key=KEY, previous=apart)

    def loss(weights):
        pairs = zip(weights, before.start, strict=True)
        away = sum(((np.asarray(w, float) - np.asarray(s, float)) ** 2).sum() for w, s in pairs)
        return 0.5 * ((2.0 * (output(weights) - output(before.start)) - labels) ** 2).mean() + 0.5 * 0.3 * 4 * away

    for layer, place in ((0, (3, 1)), (0, (7, 0)), (1, (2,)), (1, (11,))):
        slopes = []
        for h in (1e-4, -1e-4):
            moved = [np.array(part, float) for part in apart.weights]
            moved[layer][place] += h
            slopes.append(loss(moved))
        slope = (slopes[0] - slopes[1]) / 2e-4
        step = float(after.weights[layer][place] - apart.weights[layer][place])
        np.testing.assert_allclose(step, -0.4 / 4 * slope, rtol=2e-3, atol=2e-6)


@pytest.mark.parametrize(("decay", "warm"), [(0.0, False), (0.0, True), (0.2, True)])
def test_a_lazy_network_is_the_filter_of_its_kernel(decay, warm):
    """Two fits to given labels, the second from where the first ended: the output is a filter of labels."""
    one = model(scale=300.0, decay=decay, warm=warm)
    s, basis = np.linalg.eigh(np.asarray(one.kernel, float) / 8)
    filter_ = networks.gradient_descent(0.4, 12, decay)
    h, kept = (np.asarray(part(s)) for part in (filter_, filter_.kept))
    previous, expected = one.start(KEY), np.zeros(8)
    for labels in RNG.normal(size=(2, 8)):
        previous = one.fit(jc.WeightedSum(jnp.asarray(labels), jnp.asarray(1.0)), key=KEY, previous=previous)
        expected = h * (basis.T @ labels) + (kept * expected if warm else 0)
        np.testing.assert_allclose(basis.T @ np.asarray(previous.values), expected, atol=0.01)


def test_rows_that_are_drawn_count_by_their_weight():
    """A fit to points with weights is one to each as often."""
    one = model(design="fresh", scale=3.0)
    index, labels = jnp.array([0, 2, 5]), jnp.array([1.0, -0.5, 0.3], jnp.float32)
    weighted = one.fit(jc.Samples((index, labels), jnp.array([1.0, 2.0, 0.0])), key=KEY, previous=one.start(KEY))
    twice = one.fit(jc.Samples((index[jnp.array([0, 1, 1])], labels[jnp.array([0, 1, 1])])), key=KEY,
                    previous=one.start(KEY))  # fmt: skip
    np.testing.assert_allclose(weighted.values, twice.values, atol=1e-5)


def test_labels_are_those_of_the_last_network_with_noise():
    one, values = model(test=2), jnp.arange(8.0, dtype=jnp.float32)
    params = one.start(KEY)._replace(values=values)
    labels = jax.vmap(lambda key: one.sample(key, params, 8).mean)(jax.random.split(KEY, 4000))
    assert labels.shape == (4000, 6)
    assert (np.abs(labels.mean(axis=0) - values[:6]) < 4.5 * 0.2 / np.sqrt(4000)).all()
    np.testing.assert_allclose(labels.std(axis=0), 0.2, rtol=0.06)
    fresh = model(test=2, design="fresh").sample(KEY, params, 5000)
    index, labels = (np.asarray(part) for part in fresh.rows)
    assert index.max() == 5 and (np.bincount(index) > 700).all()
    assert abs((labels - index).std() - 0.2) < 0.01


@pytest.mark.slow
def test_starts_are_one_or_new_and_risk_is_at_the_points_held_out(x64):
    still = dict(rate=1e-6, test=3, noise=0.0)
    for given, count in ((jax.random.key(5), 1), (None, 3)):
        run = jc.simulate(model(start=given, **still), jc.Replace(), key=KEY, samples=5, generations=3)
        assert len(np.unique(run.params.start.outer[:, 0])) == count
        np.testing.assert_allclose(run.risk, (Y[-3:] ** 2).mean(), rtol=1e-4)
        assert run.params.values.dtype == jnp.float32
    warm = jc.simulate(model(start=None, warm=True, **still), jc.Replace(), key=KEY, samples=5, generations=3)
    assert len(np.unique(warm.params.start.outer[:, 0])) == 1


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: model(rate=40.0), "rate must be below 2 over the largest eigenvalue .* or descent diverges: got 40"),
        (lambda: model(rate=0.5, decay=9.0), "rate must be below 2 over the largest eigenvalue"),
        (lambda: model(scale=0.0), "scale must be positive"),
        (lambda: model(test=8), "test must be below 8, the number of points, got 8"),
        (lambda: model(design="random"), "design must be 'fixed' or 'fresh', got 'random'"),
        (lambda: jc.TwoLayer(X, Y[:4], noise=0.1), "targets must have shape .8,., as many as inputs, got .4,."),
        (lambda: jc.TwoLayer(Y, Y, noise=0.1), "inputs must have shape .points, dim., got .8,."),
        (lambda: model(start=None).kernel, "start must be given"),
        (
            lambda: jc.simulate(model(), jc.Replace(), key=KEY, samples=[8, 9], generations=2),
            'samples must be the same for every batch under design="fixed"',
        ),
    ],
)
def test_wrong_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
