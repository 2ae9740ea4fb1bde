"""A classifier on verified labels: the law of rows that are deleted, what the verifier keeps, symmetries."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import ks_2samp, norm

import jaxcollapse as jc
from jaxcollapse.theory import Spectrum


def mixture(dim=4, length=1.2):
    return Spectrum.from_eigenvalues(np.geomspace(2.0, 0.5, dim), np.full(dim, length * dim**-0.5))


def model(**changes):
    setting = dict(penalty=0.1, error_rate=0.3, keep_right=0.8, keep_wrong=0.4)
    return jc.PrunedClassifier(mixture(), **{**setting, **changes})


def raw_accuracies(rng, *, real, samples, generations, keep_right=0.8, keep_wrong=0.4, penalty=0.1):
    """The protocol with rows that are deleted, in NumPy; labels are from the classifier before."""
    mean, scale = np.asarray(mixture().signal), np.sqrt(np.asarray(mixture().eigenvalues))
    w, out = mean / scale**2, []
    for g in range(generations):
        a = rng.choice([-1.0, 1.0], samples)
        x = a[:, None] * mean + scale * rng.normal(size=(samples, len(mean)))
        y = np.sign(x @ w)
        keep = rng.random(samples) < np.where(y == a, keep_right, keep_wrong)
        x, y = x[keep], y[keep]
        a = rng.choice([-1.0, 1.0], real)
        rows = a[:, None] * mean + scale * rng.normal(size=(real, len(mean)))
        x, y = (np.concatenate([rows, x]), np.concatenate([a, y])) if g else (rows, a)
        w = np.linalg.solve(x.T @ x + penalty * len(y) * np.eye(len(mean)), x.T @ y)
        out.append(ndtr(mean @ w / np.sqrt(np.sum((scale * w) ** 2))))
    return out


@pytest.mark.slow
def test_rows_of_weight_zero_are_not_there(x64):
    """The classifier before is the generator, three generations deep, with a few real rows."""
    workflow = jc.Mix("fresh", real_samples=7)
    setting = dict(samples=15, generations=3)
    ours = model(error_rate=None, keep_wrong=lambda g: 0.4)
    run = lambda key: jc.simulate(ours, workflow, key=key, **setting).accuracy  # noqa: E731
    keys = jax.random.split(jax.random.key(0), 1500)
    a = np.asarray(jax.jit(lambda keys: jax.lax.map(run, keys, batch_size=250))(keys))
    rng = np.random.default_rng(0)
    b = np.array([raw_accuracies(rng, real=7, **setting) for _ in keys])
    for g in range(3):
        assert ks_2samp(a[:, g], b[:, g]).pvalue > 1e-3 / 3


def test_what_the_verifier_keeps(x64):
    data = model().sample(jax.random.key(0), model().truth(), 100_000)
    x, y = (np.asarray(part) for part in data.rows)
    kept = np.asarray(data.weights)
    assert set(np.unique(kept)) == {0.0, 1.0}
    mean = np.asarray(mixture().signal)
    share = 0.8 * 0.7 + 0.4 * 0.3
    assert abs(kept.mean() - share) < 4 * np.sqrt(share * (1 - share) / len(y))
    agreement = (0.8 * 0.7 - 0.4 * 0.3) / share  # E y x = lambda mu
    product = y[kept == 1, None] * x[kept == 1]
    error = product.std(axis=0) / np.sqrt(len(product))
    assert (np.abs(product.mean(axis=0) - agreement * mean) < 4 * error).all()


def test_the_accuracy_is_that_of_new_rows(x64):
    x, a = (np.asarray(part) for part in model().real(jax.random.key(0), model().truth(), 200_000).rows)
    for w in (model().truth(), jnp.array([1.0, -0.5, 0.2, 0.0])):
        share = np.mean(a * (x @ np.asarray(w)) > 0)
        accuracy = float(model().metrics(w)["accuracy"])
        assert abs(share - accuracy) < 4 * np.sqrt(accuracy * (1 - accuracy) / len(a))
    best = norm.cdf(np.sqrt(np.sum(mixture().signal ** 2 / mixture().eigenvalues)))
    np.testing.assert_allclose(model().metrics(model().truth())["accuracy"], best, rtol=1e-12)
    # Labels from a classifier are wrong as often as that errs.
    guess = model(error_rate=None, keep_right=0.0, keep_wrong=1.0).sample(jax.random.key(1), model().truth(), 100_000)
    assert abs(float(guess.weights.mean()) - (1 - best)) < 4 * np.sqrt(best * (1 - best) / 100_000)


def test_fits_and_symmetries(x64):
    """All labels swapped is the opposite classifier; a verifier that keeps nothing leaves the real rows, or a guess."""

    @jax.jit
    def accuracies(error_rate, keep_right, keep_wrong):
        trained = model(error_rate=error_rate, keep_right=keep_right, keep_wrong=keep_wrong)
        synthetic = trained.sample(jax.random.key(0), trained.truth(), 30)
        real = trained.real(jax.random.key(1), trained.truth(), 12)
        fits = [trained.fit(data) for data in (synthetic, real, synthetic + real)]
        kept, (x, y) = synthetic.weights, synthetic.rows
        gradient = x.T @ (kept * (x @ fits[0] - y)) / kept.sum() + 0.1 * fits[0]
        return *(trained.metrics(w)["accuracy"] for w in fits), gradient

    right, swapped = accuracies(0.0, 1.0, 0.3), accuracies(1.0, 0.3, 1.0)
    np.testing.assert_allclose(accuracies(0.3, 0.8, 0.4)[-1], 0.0, atol=1e-12)  # a penalty per kept row
    np.testing.assert_allclose(right[0] + swapped[0], 1.0, rtol=1e-12)
    nothing, real, both, _ = accuracies(0.3, 0.0, 0.0)
    assert nothing == 0.5
    np.testing.assert_allclose(both, real, rtol=1e-12)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict(penalty=-1.0), "penalty must be finite and at least 0"),
        (dict(error_rate=1.5), "error_rate must be at most 1"),
        (dict(error_rate=-0.5), "error_rate must be finite and at least 0"),
        (dict(keep_right=2.0), "keep_right must be at most 1"),
        (dict(keep_wrong="none"), "keep_wrong must be a number or a function"),
    ],
)
def test_wrong_arguments(changes, message):
    with pytest.raises((ValueError, TypeError), match=message):
        model(**changes)
    with pytest.raises(TypeError, match="spectrum must be a jaxcollapse.theory.Spectrum"):
        jc.PrunedClassifier(jnp.ones(3), penalty=0.1, error_rate=0.5)
