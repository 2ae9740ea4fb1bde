"""Hard labels: the closed form of a cosine, moments by SciPy, rules that are no rules, and rows in NumPy."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from jaxcollapse.theory import regression
from jaxcollapse.theory.regression import hard_labels

pytestmark = pytest.mark.usefixtures("x64")


def test_the_cosine_without_a_penalty():
    found = regression.hard_labels_cosine(dim=100, samples=400, penalty=0.0)
    np.testing.assert_allclose(found**-2, 1 + (np.pi / 2 - 1) * 100 / 300, rtol=1e-10)
    many = regression.hard_labels_cosine(dim=10, samples=1e8, penalty=0.3)
    np.testing.assert_allclose(many, 1.0, atol=1e-6)
    # an infinite penalty leaves the mean of y x, of squared length 2/pi + d/n
    heavy = regression.hard_labels_cosine(dim=100, samples=400, penalty=1e7)
    np.testing.assert_allclose(heavy**2, (2 / np.pi) / (2 / np.pi + 0.25), rtol=1e-5)


def test_a_chain_multiplies_cosines():
    sizes, penalties = np.array([30.0, 60.0, 9.0]), np.array([0.1, 0.0, 0.3])
    curve = regression.hard_labels_replace(dim=20, samples=sizes, penalty=penalties, generations=3)
    each = [
        float(regression.hard_labels_cosine(dim=20, samples=n, penalty=p))
        for n, p in zip(sizes, penalties, strict=True)
    ]
    np.testing.assert_allclose(curve, 1 - np.arccos(np.cumprod(each)) / np.pi, rtol=1e-10)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("rule", [{}, dict(keep="easy"), dict(keep="hard", threshold=12.0)])
def test_a_rule_that_keeps_all(rule):
    setting = dict(dim=20, samples=60, penalty=0.1, generations=4)
    found = regression.curated_labels_replace(**setting, oracle=0.6, **rule)
    np.testing.assert_allclose(found.accuracy, regression.hard_labels_replace(**setting), rtol=1e-9)
    np.testing.assert_allclose(found.oracle, 0.6 * np.asarray(found.truth), rtol=1e-9)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("cosine", [0.05, 0.7, 0.999, -0.4])
@pytest.mark.parametrize(("keep", "threshold"), [("all", 0.0), ("easy", 0.6), ("hard", 0.8)])
@pytest.mark.parametrize("correct_only", [True, False])
def test_moments_of_kept_rows(cosine, keep, threshold, correct_only):
    """By integration over the row along the curator; across it the label is the side of a threshold."""
    kept = hard_labels._kept(np.float64(cosine) + hard_labels.jnp.zeros(()), keep, hard_labels.jnp.float64(threshold),
                             correct_only)  # fmt: skip
    slope = cosine / np.sqrt(1 - cosine**2)

    def mean(function):
        inside = lambda g: (keep == "all") or (abs(g) >= threshold if keep == "easy" else abs(g) <= threshold)  # noqa: E731
        points = [-12 / max(abs(slope), 1), -threshold, 0, threshold, 12 / max(abs(slope), 1)]
        return quad(lambda g: inside(g) * function(g) * norm.pdf(g), -9, 9, points=points, limit=400)[0]

    def agrees(g):  # with the curator, and the mean of the other coordinate there, and of its square
        t = slope * abs(g)
        s = np.sign(g)
        return norm.cdf(t), s * norm.pdf(t), norm.cdf(t) - t * norm.pdf(t)

    if correct_only:
        share = mean(lambda g: agrees(g)[0])
        cross = mean(lambda g: g * agrees(g)[1])
        square = [[mean(lambda g: g * g * agrees(g)[0]), cross], [cross, mean(lambda g: agrees(g)[2])]]
        product = [mean(lambda g: abs(g) * agrees(g)[0]), mean(lambda g: np.sign(g) * agrees(g)[1])]
    else:
        share = mean(lambda g: 1.0)
        square = [[mean(lambda g: g * g), 0.0], [0.0, share]]
        product = [mean(lambda g: g * (2 * norm.cdf(slope * g) - 1)), mean(lambda g: 2 * norm.pdf(slope * g))]
    np.testing.assert_allclose(kept.share, share, rtol=1e-7)
    np.testing.assert_allclose(kept.square, np.array(square) / share, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(kept.product, np.array(product) / share, rtol=1e-6, atol=1e-9)


def test_rows_in_numpy():
    """One curated fit, on the labels of a first one: both cosines within the error of finite sizes."""
    rng, dim, n, penalty, oracle = np.random.default_rng(0), 60, 300, 0.05, 0.8
    along = np.zeros(dim)
    along[:2] = oracle, np.sqrt(1 - oracle**2)
    found = []
    for _ in range(40):
        w = np.eye(dim)[0]
        for g in range(2):
            x = rng.normal(size=(n, dim))
            y = np.sign(x @ w)
            score = x @ along
            keep = (np.abs(score) >= 0.3) & (score * y > 0) if g else np.ones(n, bool)
            x, y = x[keep], y[keep]
            w = np.linalg.solve(x.T @ x + penalty * len(y) * np.eye(dim), x.T @ y)
        found.append([w[0], w @ along] / np.linalg.norm(w))
    theory = regression.curated_labels_replace(
        dim=dim, samples=n, penalty=penalty, oracle=oracle, keep="easy", threshold=0.3, correct_only=True, generations=2
    )
    np.testing.assert_allclose(np.mean(found, axis=0), [theory.truth[1], theory.oracle[1]], rtol=0.015)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict(dim=1), "dim must be at least 2"),
        (dict(samples=0.0), "samples must be positive"),
        (dict(penalty=-0.1), "penalty must be finite and at least 0"),
        (dict(oracle=1.5), "oracle must be at most 1"),
        (dict(oracle=-1.5), "oracle must be finite and at least -1"),
        (dict(keep="some"), "keep must be"),
        (dict(keep="hard"), "threshold must be positive"),
        (dict(threshold=-1.0), "threshold must be finite and at least 0"),
        (dict(samples=[9.0, 9.0]), r"samples must be a number or have shape \(3,\)"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments(changes, message):
    with pytest.raises(ValueError, match=message):
        regression.curated_labels_replace(**{**dict(dim=5, samples=9.0, penalty=0.1, oracle=0.5, generations=3),
                                             **changes})  # fmt: skip
