"""The laws that every model and every workflow obeys: a new one is a row in `protocols.py`."""

import inspect

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import ks_2samp

import jaxcollapse as jc
from jaxcollapse.chain.predict import closed_forms
from protocols import GENERATIONS, MODELS, WORKFLOWS

KEY = jax.random.key(0)
models = pytest.mark.parametrize("row", MODELS, ids=lambda row: row.name)


def one_by_one(rows):
    """Those that take long among the slow tests."""
    marked = [pytest.param(row, marks=pytest.mark.slow) if row.slow else row for row in rows]
    return pytest.mark.parametrize("row", marked, ids=[row.name for row in rows])


workflows = pytest.mark.parametrize("row", WORKFLOWS, ids=lambda row: row.name)


def families(kind):
    """The public classes of a kind of which there are instances."""
    public = (getattr(jc, name) for name in dir(jc))
    return {c for c in public if inspect.isclass(c) and issubclass(c, kind) and not inspect.isabstract(c)}


def test_every_family_and_every_workflow_has_its_row():
    assert families(jc.Model) - {jc.Wrapper} <= {type(row.exact()) for row in MODELS}
    assert families(jc.Workflow) <= {type(row.make(GENERATIONS)) for row in WORKFLOWS}


def serves(row, workflow_row):
    """Whether a model runs under a workflow; else it refuses."""
    picks = workflow_row.make(GENERATIONS).needs_rows and row.exact().draws_sums
    return not picks and workflow_row.name not in row.refuses


def trajectory(model, workflow, key, samples, truth=None):
    return jc.simulate(model, workflow, key=key, samples=samples, generations=GENERATIONS, truth=truth)


@pytest.mark.sampled(3)
@models
def test_it_runs_under_every_workflow_or_refuses_in_a_sentence(row):
    for workflow_row in WORKFLOWS:
        workflow = workflow_row.make(GENERATIONS)
        run = lambda key, w=workflow: trajectory(row.exact(), w, key, row.samples)  # noqa: E731
        if serves(row, workflow_row):
            metrics = eqx.filter_eval_shape(run, KEY).metrics
            assert metrics and all(value.shape[0] == GENERATIONS for value in metrics.values())
        else:
            with pytest.raises((ValueError, TypeError), match="picks single rows|keeps no data|serves"):
                eqx.filter_eval_shape(run, KEY)


@pytest.mark.sampled(2)
@one_by_one(MODELS)
def test_it_means_what_simulate_takes_it_for(row):
    """Shapes, weights, rows of weight zero, jit and vmap: the part of a user."""
    chosen = [w.make(GENERATIONS) for w in WORKFLOWS if serves(row, w) and w.name in ("Accumulate", "Mix fresh")]
    one_size = getattr(row.exact(), "design", "fresh") == "fixed" or isinstance(row.exact(), jc.Filtered)
    jc.check_model(row.exact(), samples=row.samples, generations=GENERATIONS, workflows=[] if one_size else chosen)


@pytest.mark.sampled(2)
@models
def test_it_is_its_own_when_wrapped(row):
    """A wrapper that changes nothing passes every hook on: not one bit differs."""

    class Plain(jc.Wrapper):
        model: jc.Model

    model, workflow = row.exact(), jc.Replace() if "Accumulate" in row.refuses else jc.Accumulate()
    truth = model.truth()  # with which a model is not reduced; a wrapper is not either
    plain, wrapped = jax.jit(
        lambda key: [trajectory(m, workflow, key, row.samples, truth).metrics for m in (model, Plain(model))]
    )(KEY)
    for name, value in plain.items():
        np.testing.assert_array_equal(wrapped[name], value)


@pytest.mark.sampled(18)
@models
def test_what_it_predicts_are_its_metrics(row):
    """Names and shapes of the curves are those of a trajectory, whatever is known of them."""
    for workflow in (jc.Replace(), jc.Accumulate(), jc.Mix("fixed", weight=0.3)):
        chain = row.exact(), workflow, row.samples
        forms = jax.eval_shape(lambda c=chain: closed_forms(*c[:2], samples=c[2], generations=GENERATIONS))
        if not forms:
            continue
        metrics = eqx.filter_eval_shape(lambda key, c=chain: trajectory(*c[:2], key, c[2]).metrics, KEY)
        assert {name: form.curve.shape for name, form in forms.items()}.items() <= {
            name: value.shape for name, value in metrics.items()
        }.items()


@pytest.mark.sampled(8)
@models
def test_it_has_derivatives_in_its_numbers(row):
    """In all of them at once, through every fit."""
    numbers, rest = eqx.partition(row.exact(), eqx.is_inexact_array)

    def run(numbers):
        return trajectory(eqx.combine(numbers, rest), jc.Replace(), KEY, row.samples).metrics

    metrics, slopes = jax.eval_shape(lambda n: jax.jvp(run, (n,), (n,)), numbers)
    assert jax.tree.map(jnp.shape, slopes) == jax.tree.map(jnp.shape, metrics)


@pytest.mark.sampled(2)
@one_by_one([row for row in MODELS if row.raw is not None])
def test_sums_have_the_law_of_rows(row):
    """Every metric of the last generation, where data is replaced and where it is pooled."""
    keys = jax.random.split(jax.random.key(5), (2, 1500))

    for workflow in (jc.Replace(), jc.Accumulate()):
        last_of = jax.jit(
            lambda keys, make, w=workflow: jax.lax.map(
                lambda key: jax.tree.map(lambda v: v[-1], trajectory(make(), w, key, row.samples).metrics), keys
            ),
            static_argnums=1,
        )
        sums, rows = last_of(keys[0], row.exact), last_of(keys[1], row.raw)
        for name in sums:
            assert ks_2samp(np.asarray(sums[name]).ravel(), np.asarray(rows[name]).ravel()).pvalue > 1e-4, name


class Ledger(jc.Model):
    """A model whose data is how often each batch counts: batch ``g`` at generation ``g``, real data last."""

    def truth(self):
        return {"last": jnp.zeros(()), "counted": jnp.zeros(GENERATIONS + 1)}

    def real(self, key, truth, n):
        return self._batch(GENERATIONS, n)

    def start(self, key):
        return self.truth()

    def sample(self, key, params, n):
        return self._batch(params["last"], n)

    def _batch(self, index, n):
        return Counted(jnp.where(jnp.arange(GENERATIONS + 1) == index, jnp.asarray(n, float), 0.0))

    def fit(self, data, *, generation, **context):
        return {"last": generation.astype(float), "counted": data.counted}

    @property
    def draws_sums(self):
        return True


class Counted(jc.Statistic):
    counted: jax.Array


class LedgerOfRows(Ledger):
    """The same with rows."""

    def _batch(self, index, n):
        return jc.Samples(jnp.full(n, jnp.asarray(index, float)))

    def fit(self, data, *, generation, **context):
        places = data.rows[:, None] == jnp.arange(GENERATIONS + 1)
        return {"last": generation.astype(float), "counted": data.weights @ places.astype(float)}

    @property
    def draws_sums(self):
        return False


def ledger(workflow, sizes, key=KEY):
    """What each generation is trained on: total weights by batch; the last column is what is real."""
    model = LedgerOfRows() if workflow.needs_rows else Ledger()
    run = jc.simulate(model, workflow, key=key, samples=sizes, generations=GENERATIONS)
    counted = np.asarray(run.params["counted"])
    return np.column_stack([counted[:, -1], counted[:, 1:-1]])  # batch 1 is real; batch g from the model of g - 1


SIZES = np.array([6.0, 9.0, 12.0])


def _once(workflow):
    """Totals where every row counts once: the first column is real, and in it is the real batch of the generation."""
    sizes = jnp.asarray(SIZES)
    real = workflow.real_sizes(sizes) if workflow.draws_real else np.full(GENERATIONS, SIZES[0])
    real = np.append(workflow.rows(sizes)[0], real[1:])  # generation 1 is trained on nothing else
    return np.column_stack([real, np.broadcast_to(SIZES[1:], (GENERATIONS, GENERATIONS - 1))])


@workflows
def test_the_facts_of_a_workflow_are_what_its_step_does(row):
    workflow = row.make(GENERATIONS)
    counted = ledger(workflow, SIZES)
    once = np.where(np.tril(np.ones((GENERATIONS, GENERATIONS))) > 0, SIZES, 0.0)
    assert (counted[0, 1:] == 0).all() and counted[0, 0] > 0  # generation 1 is trained on what is real
    if workflow.newest_alone:
        np.testing.assert_array_equal(counted, np.diag(SIZES))
    if workflow.keeps_all:
        np.testing.assert_array_equal(counted, once)
    if not workflow.newest_alone and not workflow.draws_real and not workflow.needs_rows:
        assert not np.array_equal(counted, np.diag(SIZES)), "states newest_alone = False, and it is"
    rows = np.asarray(workflow.rows(jnp.asarray(SIZES)))
    if workflow.needs_rows:
        np.testing.assert_allclose(counted.sum(axis=1), rows)
    elif not workflow.draws_real:
        np.testing.assert_allclose((counted > 0) @ SIZES, rows)
    if workflow.counts_alike:
        if not (workflow.resamples or workflow.evicts):  # parts of batches
            np.testing.assert_allclose(counted * (counted - _once(workflow)), 0.0, atol=1e-9)
        np.testing.assert_allclose(counted.sum(axis=1), rows)
    if workflow.mixes:
        assert (counted[1:, 0] > 0).all() and (counted[1:, 1:] > 0).tolist() == np.eye(GENERATIONS - 1).tolist()
    if workflow.averages:
        assert workflow.fits_apart and not workflow.mixes and workflow.draws_real
    if workflow.resamples:
        np.testing.assert_array_equal(counted.sum(axis=1), SIZES)
    if workflow.whole_rows:  # every row of a buffer counts once
        np.testing.assert_allclose(ledger(workflow, np.full(GENERATIONS, 6.0)).sum(axis=1), 6.0)


@workflows
def test_the_weights_of_a_workflow_are_what_its_step_does(row):
    """Those of the newest batches; where real data is drawn anew its share is the rest."""
    workflow = row.make(GENERATIONS)
    if workflow.evicts:
        with pytest.raises(NotImplementedError, match="ReplayBuffer keeps parts of batches"):
            workflow.weights(jnp.asarray(SIZES))
        return
    matrix, noise = (np.asarray(part) for part in workflow.weights(jnp.asarray(SIZES)))
    if workflow.needs_rows:
        keys = jax.random.split(KEY, 400)
        counted = np.mean([ledger(workflow, SIZES, key) for key in keys[:40]], axis=0)
        np.testing.assert_allclose(counted / counted.sum(axis=1, keepdims=True), matrix, atol=0.15)
        return
    share = ledger(workflow, SIZES)
    share = share / share.sum(axis=1, keepdims=True)
    if workflow.draws_real:
        np.testing.assert_allclose(share[:, 1:], np.tril(matrix)[:, 1:], rtol=1e-6)
    else:
        np.testing.assert_allclose(share, matrix, rtol=1e-6)
        assert (noise == 0).all()


def test_a_workflow_that_asks_for_real_data_says_so():
    class Hidden(jc.Workflow):
        def step(self, state, draw, generation):
            return draw.synthetic() + draw.real(), state

        def weights(self, samples):
            raise NotImplementedError

    with pytest.raises(TypeError, match="workflow Hidden asks for real data besides batch 1: state draws_real = True"):
        trajectory(jc.NormalMean(0.0), Hidden(), KEY, 9)


def test_one_program_serves_all_weights(compilations):
    """A matrix is an argument: workflows are an axis of a grid, and have gradients."""
    sizes = jnp.full(GENERATIONS, 20.0)
    plain = jc.Replace(), jc.Accumulate(), jc.Window(2), jc.MovingAverage(0.4)
    matrices = jnp.stack([workflow.weights(sizes)[0] for workflow in plain])

    def error(key, *, flow):
        workflow = jc.Weighted(matrices[flow])
        return jc.simulate(jc.NormalMean(0.0), workflow, key=key, samples=20, generations=GENERATIONS).squared_error

    grid = jc.Grid(flow=np.arange(len(plain)))
    estimate = jc.monte_carlo(error, KEY, 20_000, grid=grid, progress=False)
    assert compilations.count == 1
    theory = [jc.theory.mean.inflation(workflow, generations=GENERATIONS, samples=sizes) / 20 for workflow in plain]
    assert (np.abs(estimate.mean - np.stack(theory)) < 4.5 * estimate.stderr).all()
    gradient = jax.grad(lambda matrix: jc.theory.mean.inflation(jc.Weighted(matrix), generations=3, samples=sizes)[-1])
    assert (gradient(matrices[1]) != 0).any()


@pytest.mark.slow
@pytest.mark.parametrize("sizes", [pytest.param((20, 20, 20), marks=pytest.mark.slow), (5, 9, 30)])
def test_a_matrix_is_the_workflow_it_was_taken_from(sizes, x64):
    """With the same random numbers: whatever the sizes, in scale and in penalty."""
    models = (
        jc.NormalMean(jnp.zeros(2)),
        jc.Gaussian(ddof=1),
        jc.LinearRegression(jc.theory.Spectrum.isotropic(3), noise=1.0, penalty=0.1, sampling="bartlett"),
        jc.Gaussian(ddof=0, sampling="raw"),
    )
    for model in models:
        for workflow in (jc.Accumulate(), jc.Window(2)):
            matrix = workflow.weights(jnp.asarray(sizes, float))[0]
            runs = [trajectory(model, w, KEY, jnp.asarray(sizes, float)) for w in (workflow, jc.Weighted(matrix))]
            for name, value in runs[0].metrics.items():
                np.testing.assert_allclose(runs[1].metrics[name], value, rtol=1e-9)


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.ones((2, 3)), "matrix must have shape"),
        (np.ones((2, 2)) / 2, "lower triangular"),
        (np.eye(2) * 0.5, "rows that sum to one"),
        (-np.eye(2), "finite and at least 0"),
        (np.eye(2), "matrix must have shape .3, 3."),
    ],
)
def test_wrong_matrices(matrix, message):
    with pytest.raises(ValueError, match=message):
        trajectory(jc.NormalMean(0.0), jc.Weighted(matrix), KEY, 9)
