"""The drift of language models: against the recursion step by step, against universality, and its matrices."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import optimize

import jaxcollapse as jc
from jaxcollapse.theory import mean, networks

pytestmark = pytest.mark.usefixtures("x64")
G, N = 5, 500.0
RNG = np.random.default_rng(0)
FLOWS = {
    "replace": lambda: jc.Replace(),
    "accumulate": lambda: jc.Accumulate(),
    "subsample": lambda: jc.AccumulateSubsample(),
    "window": lambda: jc.Window(2),
    "average": lambda: jc.MovingAverage(0.3),
    "fixed": lambda: jc.Mix("fixed", weight=0.4),
    "fresh": lambda: jc.Mix("fresh", weight=0.3),
}


def positive(dim, rank=None):
    factor = RNG.normal(size=(dim, rank or dim + 2))
    return factor @ factor.T


def by_steps(hessian, score, fisher, flow, sizes):
    """One noise at a time through the recursion: its effect on every error, whose squares add up."""
    matrix, alone = (np.asarray(part) for part in flow.weights(jnp.asarray(sizes)))
    dim, found = len(hessian), np.zeros(len(sizes))

    def effects(scores, own):
        delta, out = np.zeros((dim, scores.shape[-1])), []
        for g in range(len(sizes)):
            rest = 1 - matrix[g].sum()
            left, right = rest * hessian, own[g]
            for i in range(g + 1):
                curvature = hessian if i == 0 else fisher
                before = np.zeros_like(delta) if i == 0 else out[i - 1]
                left = left + matrix[g, i] * curvature
                right = right + matrix[g, i] * (curvature @ before + scores[i])
            out.append(np.linalg.solve(left, right))
        return out

    none = np.zeros((len(sizes), dim, dim))
    roots = {name: np.linalg.cholesky(m) for name, m in (("real", score), ("model", fisher))}
    for i, size in enumerate(sizes):
        root = roots["real" if i == 0 else "model"] / np.sqrt(size)
        one = none.copy()
        one[i] = root
        for g, delta in enumerate(effects(one, none)):
            found[g] += 0.5 * np.einsum("ab,ac,bc->", hessian, delta, delta)
        if alone[i] != 0:
            own = none.copy()
            own[i] = alone[i] / np.sqrt(sizes[0]) * roots["real"]
            for g, delta in enumerate(effects(none, own)):
                found[g] += 0.5 * np.einsum("ab,ac,bc->", hessian, delta, delta)
    return found


@pytest.mark.parametrize("kind", [kind for kind in FLOWS if kind != "subsample"])
def test_the_recursion_step_by_step(kind):
    matrices = positive(3), positive(3), positive(3)
    sizes = np.full(G, N) if kind in ("fresh", "fixed", "average") else np.array([500.0, 300.0, 900.0, 400.0, 500.0])
    found = networks.drift(*matrices, FLOWS[kind](), samples=sizes, generations=G)
    np.testing.assert_allclose(found, by_steps(*matrices, FLOWS[kind](), sizes), rtol=1e-9)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("kind", FLOWS)
def test_a_model_that_is_right_is_universal(kind):
    """``H = J = I`` of rank 3 in five dimensions: ``p c_g/(2n)``, whatever the matrix."""
    fisher = positive(5, 3)
    found = networks.drift(fisher, fisher, fisher, FLOWS[kind](), samples=N, generations=G)
    inflation = mean.inflation(FLOWS[kind](), samples=N, generations=G)
    np.testing.assert_allclose(found, 3 / (2 * N) * np.asarray(inflation), rtol=1e-8)
    found = networks.excess(3, FLOWS[kind](), samples=N, generations=G)
    np.testing.assert_allclose(found, 3 / (2 * N) * np.asarray(inflation), rtol=1e-12)


def test_a_log_linear_model_feels_the_misfit_once():
    """``H = I``: ``[tr(H^-1 J) + p (c_g - 1)]/(2n)`` where no fresh real data is drawn."""
    fisher, score = positive(4), positive(4)
    kappa = np.trace(np.linalg.solve(fisher, score)) / 4
    for kind in ("replace", "accumulate", "window", "average", "fixed"):
        found = networks.drift(fisher, score, fisher, FLOWS[kind](), samples=N, generations=G)
        expected = 4 * (kappa + np.asarray(mean.inflation(FLOWS[kind](), generations=G)) - 1) / (2 * N)
        np.testing.assert_allclose(found, expected, rtol=1e-9)
        short = networks.excess(4, FLOWS[kind](), samples=N, burstiness=kappa, generations=G)
        np.testing.assert_allclose(short, expected, rtol=1e-9)


def test_coordinates_do_not_matter():
    matrices, turn = (positive(3), positive(3), positive(3)), RNG.normal(size=(3, 3))
    plain = networks.drift(*matrices, jc.Accumulate(), samples=N, generations=G)
    turned = networks.drift(*(turn.T @ m @ turn for m in matrices), jc.Accumulate(), samples=N, generations=G)
    np.testing.assert_allclose(turned, plain, rtol=1e-9)


def test_matrices_of_a_model_with_one_parameter():
    """``log p_k = k theta - log Z``: a Hessian is the variance of ``k`` in the model, a score's that in the text."""
    k, cells = np.arange(4), np.array([0.4, 0.1, 0.1, 0.4])
    log_p = lambda theta: jax.nn.log_softmax(theta[0] * k)  # noqa: E731
    found = networks.matrices(log_p, np.zeros(1), cells)  # the mean of k is 1.5 in both
    np.testing.assert_allclose(found.hessian, [[1.25]], rtol=1e-12)
    np.testing.assert_allclose(found.fisher, [[1.25]], rtol=1e-12)
    np.testing.assert_allclose(found.score, [[0.8 * 2.25 + 0.2 * 0.25]], rtol=1e-12)


def test_the_hessian_of_a_curved_model_is_not_its_information():
    """``log p = log_softmax of curves`` in one parameter, against differences of its cross-entropy."""
    cells = np.array([0.2, 0.5, 0.3])
    log_p = lambda theta: jax.nn.log_softmax(jnp.stack([theta[0], theta[0] ** 2, -theta[0]]))  # noqa: E731
    slope = lambda t: float(jax.grad(lambda t: -cells @ log_p(t[None]))(jnp.asarray(t)))  # noqa: E731
    t = optimize.brentq(slope, -2.0, 2.0, xtol=1e-14)
    found = networks.matrices(log_p, np.array([t]), cells)
    hessian = (slope(t + 1e-5) - slope(t - 1e-5)) / 2e-5
    np.testing.assert_allclose(found.hessian, [[hessian]], rtol=1e-7)
    assert abs(float(found.hessian[0, 0]) / float(found.fisher[0, 0]) - 1) > 0.1


def test_burstiness_is_the_trace_of_its_matrices():
    """Each row has a favourite symbol: scores of all rows in free parameters, one symbol of each context left out."""
    rng, rows, length, symbols = np.random.default_rng(1), 300, 12, 3
    favourite = rng.integers(0, symbols, size=(rows, 1))
    text = np.where(rng.uniform(size=(rows, length)) < 0.5, favourite, rng.integers(0, symbols, size=(rows, length)))
    counts = np.zeros((rows, symbols, symbols))
    np.add.at(counts, (np.arange(rows)[:, None], text[:, :-1], text[:, 1:]), 1)
    total = counts.sum(axis=0)
    p = total / total.sum(axis=1, keepdims=True)
    pi = total.sum(axis=1) / total.sum()
    score = (counts - counts.sum(axis=2, keepdims=True) * p)[:, :, 1:].reshape(rows, -1)
    hessian = np.zeros((6, 6))
    for c in range(symbols):
        block = np.diag(p[c, 1:]) - np.outer(p[c, 1:], p[c, 1:])
        hessian[2 * c : 2 * c + 2, 2 * c : 2 * c + 2] = (length - 1) * pi[c] * block
    kappa = np.trace(np.linalg.solve(hessian, score.T @ score / rows)) / 6
    np.testing.assert_allclose(networks.burstiness(counts), kappa, rtol=1e-10)
    assert kappa > 1.2
    again = np.concatenate([counts, np.zeros((rows, symbols, 1))], axis=2)  # a symbol that never occurs
    np.testing.assert_allclose(networks.burstiness(again), kappa, rtol=1e-10)


def test_independent_tokens_are_not_bursty():
    counts = np.random.default_rng(2).multinomial(40, [0.5, 0.3, 0.2], size=20_000)[:, None, :]
    np.testing.assert_allclose(networks.burstiness(counts), 1.0, atol=0.03)


EYE = np.eye(2)
THREE = np.ones(3) / 3


def softmax(theta):
    return jax.nn.log_softmax(jnp.append(theta, 0.0))


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: networks.drift(EYE, np.eye(3), EYE, jc.Replace(), samples=9, generations=2), "score must have shape"),
        (lambda: networks.drift(1.0, EYE, EYE, jc.Replace(), samples=9, generations=2), "hessian must have shape"),
        (
            lambda: networks.drift(EYE * np.nan, EYE, EYE, jc.Replace(), samples=9, generations=2),
            "hessian must be finite",
        ),
        (
            lambda: networks.excess(2, jc.Replace(), samples=40, cells=[0.9, 0.1], generations=2),
            "cells must each be expected 10 times or more, got one expected 4 times: the law of the first order",
        ),
        (lambda: networks.excess(0, jc.Replace(), samples=40, generations=2), "parameters must be positive"),
        (
            lambda: networks.excess(1, jc.Replace(), samples=40, burstiness=0.0, generations=2),
            "burstiness must be positive",
        ),
        (
            lambda: networks.matrices(softmax, np.ones(2), THREE),
            "optimum must have no gradient of the cross-entropy, got one of .* add typos or smoothing",
        ),
        (lambda: networks.matrices(softmax, np.zeros(2), np.ones(4) / 4), "must return an array in the shape .4,."),
        (lambda: networks.matrices(softmax, np.zeros(2), np.ones(3)), "cells must sum to one, got a sum of 3"),
        (lambda: networks.burstiness(np.ones((3, 2))), "counts must have shape .rows, contexts, symbols."),
        (lambda: networks.burstiness(np.ones((3, 2, 1))), "counts must leave a choice"),
    ],
)
def test_wrong_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.slow
def test_zeros_in_the_counts_have_their_optimum_at_infinity():
    cells = np.array([0.5, 0.5, 0.0])
    theta = np.zeros(2)
    for _ in range(50):  # of descent: the last symbol is on its way to minus infinity
        theta = theta - 2 * np.asarray(jax.grad(lambda t: -cells @ softmax(t))(theta))
    with pytest.raises(ValueError, match="optimum at infinity, add typos or smoothing"):
        networks.matrices(softmax, theta, cells)
