"""Models on a graph: one model alone, all graphs of two models, raw rows, and what a closed class shares."""

import itertools

import jax
import numpy as np
import pytest

from jaxcollapse.theory import graph, regression

pytestmark = pytest.mark.usefixtures("x64")
COMPLETE, RING = np.array([[0.0, 1, 1, 1]] * 3) / 3, np.eye(4)[[2, 3, 1]]


def test_models_that_read_nobody_else_are_chains_of_their_own():
    weights = np.array([[0.25, 0.75, 0.0], [0.6, 0.0, 0.4]])
    found = graph.ols_covariance(weights, dim=5, samples=20, noise=0.7, generations=4)
    for i, (real, own) in enumerate([(5.0, 15.0), (12.0, 8.0)]):
        rows = dict(real_samples=[20.0, real, real, real], samples=own)
        alone = regression.ols_mix(dim=5, noise=0.7, generations=4, **rows)
        np.testing.assert_allclose(found[:, i, i], alone, rtol=1e-12)
    np.testing.assert_array_equal(found[:, 0, 1], 0.0)
    line = graph.ols_covariance(weights, dim=1, samples=20, noise=0.7, generations=4)
    alone = regression.ols_mix(dim=1, noise=0.7, generations=4, real_samples=[20.0, 5.0, 5.0, 5.0], samples=15.0)
    np.testing.assert_allclose(line[:, 0, 0], alone, rtol=1e-12)


def test_with_many_rows_all_estimators_are_means():
    weights = np.array([[0.2, 0.5, 0.3], [0.0, 0.6, 0.4]])
    squares = graph.ols_covariance(weights, dim=3, samples=[2e7, 1e7, 3e7], noise=2.0, generations=3)
    means = graph.mean_covariance(weights, samples=[2e7, 1e7, 3e7], generations=3)
    np.testing.assert_allclose(squares, 12 * np.asarray(means), rtol=1e-5)


def test_sources_by_chance_are_those_of_all_outcomes():
    """Two rows, two models and real data: the mean over which source each row has."""
    weights, n = np.array([[0.5, 0.2, 0.3], [0.1, 0.3, 0.6]]), 2
    covariance = np.zeros((3, 3))
    covariance[1:, 1:] = np.eye(2) / n
    found = graph.mean_covariance(weights, samples=n, provenance="chance", generations=3)
    for g in (1, 2):
        expected = np.zeros((2, 2))
        outcomes = list(itertools.product(range(3), repeat=n))
        for mine, yours in itertools.product(outcomes, repeat=2):
            rows = [np.bincount(rows, minlength=3) / n for rows in (mine, yours)]
            of = [np.prod(weights[i, list(rows)]) for i, rows in enumerate((mine, yours))]
            moved = np.array([[a @ covariance @ b for a in rows] for b in rows]) + np.eye(2) / n
            expected += np.prod(of) * moved
        np.testing.assert_allclose(found[g], expected, rtol=1e-12)
        covariance[1:, 1:] = expected


def test_rows_meet_the_recursion():
    """Two models and real rows, two features of unequal variance, by least squares in NumPy."""
    rng, count, n, sigma = np.random.default_rng(3), 40_000, 8, 0.5
    weights, scale, truth = np.array([[0.5, 0.25, 0.25], [0.0, 0.5, 0.5]]), np.array([1.0, 0.3]), np.array([1.0, -1.0])

    def fit(models, shares):
        x = scale * rng.normal(size=(count, n, 2))
        rows = np.split(x, np.cumsum(np.round(n * shares).astype(int))[:-1], axis=1)
        y = np.concatenate([np.einsum("rnd,rd->rn", part, w) for part, w in zip(rows, models, strict=True)], axis=1)
        y = y + sigma * rng.normal(size=y.shape)
        gram, moment = np.einsum("rni,rnj->rij", x, x), np.einsum("rni,rn->ri", x, y)
        return np.linalg.solve(gram, moment[..., None])[..., 0]

    real = np.broadcast_to(truth, (count, 2))
    models, found = [fit([real], np.ones(1)) for _ in range(2)], []
    for _ in range(2):
        models = [fit([real, *models], shares) for shares in weights]
        errors = [scale * (model - truth) for model in models]
        found.append([(errors[i] * errors[j]).sum(1) for i, j in ((0, 0), (0, 1), (1, 1))])
    theory = np.asarray(graph.ols_covariance(weights, dim=2, samples=n, noise=sigma, generations=3))[1:]
    draws = np.array(found)
    stderr = draws.std(axis=-1) / count**0.5
    assert (stderr < 0.01 * theory[:, [0, 0, 1], [0, 1, 1]].max()).all()
    np.testing.assert_array_less(np.abs(draws.mean(axis=-1) - theory[:, [0, 0, 1], [0, 1, 1]]), 4.5 * stderr)


def test_bounded_for_every_graph_of_two_models():
    """Whatever reads what: the risk of a bounded model has settled, that of any other doubles."""
    rows = [np.array(row, float) / sum(row) for row in itertools.product((0, 1), repeat=3) if any(row)]
    graphs = np.array(list(itertools.product(rows, repeat=2)))
    late = jax.vmap(lambda w: graph.mean_covariance(w, samples=1.0, generations=400)[np.array([199, 399])])(graphs)
    growth = np.diagonal(np.asarray(late), axis1=-2, axis2=-1)
    growth = growth[:, 1] / growth[:, 0]
    bounded = np.array([graph.bounded(w) for w in graphs])
    assert bounded.any() and not bounded.all()
    np.testing.assert_allclose(growth[bounded], 1.0, atol=1e-6)
    np.testing.assert_allclose(growth[~bounded], 2.0, atol=0.06)


def test_real_data_has_to_reach_all_ancestors():
    chain = np.eye(6)[[0, 1, 2, 3, 4]]  # the first reads real data, each other one its predecessor
    assert graph.bounded(chain).all()
    cut = np.eye(6)[[1, 1, 2, 3, 4]]  # the first reads itself alone
    assert not graph.bounded(cut).any()


def test_a_closed_class_shares_its_drift_unless_it_is_a_ring():
    rng = np.random.default_rng(0)
    any_graph = np.pad(rng.dirichlet(np.ones(3), size=3), ((0, 0), (1, 0)))
    stationary = np.linalg.matrix_power(any_graph[:, 1:], 400)[0]
    for weights, slope in ((COMPLETE, 1 / 3), (RING, 1.0), (any_graph, (stationary**2).sum())):
        curve = graph.mean_covariance(weights, samples=1.0, generations=200)
        np.testing.assert_allclose(np.diagonal(curve[-1] - curve[-2]), slope, rtol=1e-9)
    few = graph.ols_covariance(COMPLETE, dim=4, samples=30, noise=1.0, generations=7)
    np.testing.assert_allclose([few[6, 0, 0] - few[5, 0, 0]], 0.0607, atol=5e-4)
    np.testing.assert_allclose([few[6, 0, 0], few[6, 0, 1]], [0.538, 0.356], atol=5e-4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: graph.bounded([[0.5, 0.4]]), "rows that sum to one, got sums of"),
        (lambda: graph.bounded([[1.0]]), r"weights must have shape \(models, models \+ 1\)"),
        (lambda: graph.bounded([[1.5, -0.5]]), "weights must be finite and at least 0"),
        (lambda: graph.mean_covariance(COMPLETE, samples=0.5, generations=2), "samples must be finite and at least 1"),
        (
            lambda: graph.ols_covariance(COMPLETE, dim=9, samples=8, noise=1.0, generations=2),
            "samples must be finite and at least 9",
        ),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_too_few_rows_left_over_have_no_mean():
    found = graph.ols_covariance(COMPLETE, dim=4, samples=[30, 5, 30], noise=1.0, generations=3)
    assert np.isfinite(found[0]).all() and np.isinf(np.diagonal(found[1])).all()


def test_the_drift_is_what_errors_grow_by():
    """Of closed classes with and without a period, of their readers, and of models that real data reaches."""
    weights = np.zeros((8, 9))
    weights[0, 2], weights[1, [1, 2]] = 1.0, (0.3, 0.7)  # a pair
    weights[2, 4], weights[3, 5], weights[4, 3] = 1.0, 1.0, 1.0  # a ring of three
    weights[5, [1, 3]], weights[6, [0, 7]], weights[7, [7, 8]] = (0.4, 0.6), (0.2, 0.8), (0.5, 0.5)
    found = graph.drift(weights)
    errors = np.diagonal(graph.mean_covariance(weights, samples=1.0, generations=1200), axis1=1, axis2=2)
    np.testing.assert_allclose(found, (errors[-1] - errors[599]) / 600, atol=1e-9)
    share = np.array([0.3, 1.0]) / 1.3
    np.testing.assert_allclose(found[:3], [share @ share, share @ share, 1.0], rtol=1e-10)
    np.testing.assert_array_equal(found[6:], 0.0)
