"""What a fit is told and where it begins: generation 0, context, and parameters that are no plain arrays."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxcollapse as jc

KEY = jax.random.key(0)


class Mean(jc.Model):
    """Rows around a number, and their mean."""

    def sample(self, key, params, n):
        return jc.Samples(params + jax.random.normal(key, (n,), jnp.result_type(float)))

    def fit(self, data, **context):
        return data.mean(lambda row: row)

    def metrics(self, params, **context):
        return {"estimate": params}


def run(model, workflow=None, *, samples=9, generations=4, **fields):
    workflow = jc.Replace() if workflow is None else workflow
    return jc.simulate(model, workflow, key=KEY, samples=samples, generations=generations, **fields)


@pytest.mark.parametrize("workflow", [jc.Replace(), jc.Accumulate()], ids=["replace", "accumulate"])
def test_a_warm_start_never_begins_at_the_truth(workflow):
    """A fit that returns what it is told to start from has learned nothing: zeros, or what `start` says."""

    class Lazy(Mean):
        def fit(self, data, *, previous, **context):
            return previous + 0.0 * data.mean(lambda row: row)

    class LazyAt(Lazy):
        def start(self, key):
            return -3.0

    np.testing.assert_array_equal(run(Lazy(), workflow, truth=5.0).estimate, 0.0)
    np.testing.assert_array_equal(run(LazyAt(), workflow, truth=5.0).estimate, -3.0)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("workflow", [jc.Accumulate(), jc.Replace(), jc.Mix("fixed", weight=0.5)], ids=str)
def test_generation_0_may_be_a_data_set(x64, workflow):
    """Rows of a table, drawn with replacement; what is fitted to them has other shapes."""
    table = jax.random.normal(jax.random.key(3), (40, 2)) + jnp.array([1.0, -2.0])

    class Resampled(jc.Model):
        def truth(self):
            return table

        def real(self, key, truth, n):
            return truth[jax.random.randint(key, (n,), 0, len(truth))]

        def sample(self, key, params, n):
            return params + jax.random.normal(key, (n, 2))

        def fit(self, data, **context):
            return data.mean(lambda row: row)

        def metrics(self, params, **context):
            return {"estimate": params}

    risk = lambda key: jc.simulate(Resampled(), workflow, key=key, samples=30, generations=3).estimate  # noqa: E731
    estimate = jc.monte_carlo(risk, KEY, 4096, progress=False)
    assert (np.abs(estimate.mean - table.mean(axis=0)) < 4.5 * estimate.stderr).all()
    # Batch 1 is real: a mean of 30 rows of the table.
    np.testing.assert_allclose(estimate.stderr[0] * 64, table.std(axis=0) / 30**0.5, rtol=0.06)


def test_a_fit_and_a_metric_get_what_they_ask_for():
    """Keys of the replication and the generation, all different; the generation; the newest batch by itself."""

    class Told(Mean):
        def fit(self, data, *, key, generation, previous, newest, **context):
            words = jax.random.key_data(key).astype(float)
            return jnp.stack([words[0], words[1], generation * 1.0, newest.count, data.count])

        def sample(self, key, params, n):
            return jc.Samples(jax.random.normal(key, (n,)))

        def metrics(self, params, *, key, generation, **context):
            return {"told": params, "key": jax.random.key_data(key), "generation": generation}

    told = run(Told(), jc.Accumulate(), truth=jnp.zeros(5))
    np.testing.assert_array_equal(told.told[:, 2], [1, 2, 3, 4])
    np.testing.assert_array_equal(told.generation, [1, 2, 3, 4])
    np.testing.assert_array_equal(told.told[:, 3], 9)
    np.testing.assert_array_equal(told.told[:, 4], [9, 18, 27, 36])
    keys = np.concatenate([told.told[:, :2], np.asarray(told.key, np.float32)])
    assert len(np.unique(keys, axis=0)) == 8
    other = jc.simulate(Told(), jc.Accumulate(), key=jax.random.key(1), samples=9, generations=4, truth=jnp.zeros(5))
    assert (other.key != told.key).any(axis=1).all()


def test_fits_and_metrics_are_traced_once():
    traces = []

    class Traced(Mean):
        def fit(self, data, **context):
            traces.append("fit")
            return data.mean(lambda row: row)

        def metrics(self, params, **context):
            traces.append("metrics")
            return {"estimate": params}

    for workflow in (jc.Replace(), jc.Accumulate()):
        traces.clear()
        run(Traced(), workflow, truth=0.0)
        assert sorted(traces) == ["fit", "metrics"]


class Network(jc.Model):
    """A network with the state of its optimiser and a key: functions, integers and keys beside numbers."""

    def truth(self):
        return jnp.linspace(-1.0, 1.0, 20, dtype=jnp.float32)[:, None]

    def real(self, key, truth, n):
        return truth[jax.random.randint(key, (n,), 0, len(truth))]

    def start(self, key):
        network = eqx.nn.MLP(1, 1, 4, 1, key=key, dtype=jnp.float32)
        return network, optax.adam(0.01).init(eqx.filter(network, eqx.is_array)), jax.random.key(7)

    def sample(self, key, params, n):
        return jax.vmap(params[0])(jax.random.normal(key, (n, 1), jnp.float32))

    def fit(self, data, *, previous, **context):
        network, state, key = previous
        loss = lambda network: data.mean(lambda row: jnp.sum((network(row) - row) ** 2))  # noqa: E731
        gradient = eqx.filter_grad(loss)(network)
        change, state = optax.adam(0.01).update(gradient, state)
        return eqx.apply_updates(network, change), state, jax.random.fold_in(key, 1)

    def metrics(self, params, **context):
        return {"steps": params[1][0].count}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("double", [False, True], ids=["single", "double"])
@pytest.mark.parametrize("name", ["Replace", "Accumulate", "MovingAverage", "Weighted", "Mix"])
def test_parameters_may_hold_functions_integers_and_keys(name, double):
    """They stay what they are, and weights in single precision stay so in a double-precision run."""
    from jaxcollapse.machine.precision import enable_x64

    with enable_x64(double):
        workflow = {
            "Replace": lambda: jc.Replace(),
            "Accumulate": lambda: jc.Accumulate(weight=lambda g: 1.0 / g),
            "MovingAverage": lambda: jc.MovingAverage(0.5),
            "Weighted": lambda: jc.Weighted(np.tril(np.ones((4, 4))) / np.arange(1, 5)[:, None]),
            "Mix": lambda: jc.Mix("fixed", weight=0.5),
        }[name]()
        trained = run(Network(), workflow)
        network, state, key = trained.params
    np.testing.assert_array_equal(trained.steps, [1, 2, 3, 4])
    assert trained.steps.dtype == jnp.int32 and key.shape == (4,)
    assert {leaf.dtype for leaf in jax.tree.leaves(eqx.filter(network, eqx.is_inexact_array))} == {
        jnp.dtype(jnp.float32)
    }
    assert callable(network.activation) and state[0].mu.layers[0].weight.dtype == jnp.float32


@pytest.mark.slow
@pytest.mark.parametrize("ignores", ["mean", "median"])
def test_a_fit_that_ignores_weights_is_refused_where_they_differ(ignores):
    class Blind(Mean):
        def fit(self, data, **context):
            return getattr(jnp, ignores)(data.rows)

    for workflow, samples in (
        (jc.Accumulate(), 9), (jc.Window(2), 9), (jc.MovingAverage(0.5), 9), (jc.Mix("fresh"), 9),
        (jc.Replace(), [9, 8, 9, 9]), (jc.AccumulateSubsample(), [9, 9, 9, 10]),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="fit of Blind does not read data.weights"):
            run(Blind(), workflow, samples=samples, truth=0.0)
    for workflow in (jc.Replace(), jc.AccumulateSubsample()):
        assert np.isfinite(run(Blind(), workflow, truth=0.0).estimate).all()


def test_weighted_statistics_are_those_of_repeated_rows(x64):
    """Weights of whole numbers against NumPy on rows that are written so often; absent rows are anything."""
    rng = np.random.default_rng(0)
    rows, weights = rng.normal(size=(12, 2)), rng.integers(0, 4, 12)
    rows[weights == 0] = 1e6
    data, written = jc.Samples(jnp.asarray(rows), jnp.asarray(weights, float)), np.repeat(rows, weights, axis=0)
    same = lambda row: row  # noqa: E731
    np.testing.assert_allclose(data.mean(same), written.mean(axis=0), rtol=1e-12)
    for ddof in (0, 1):
        np.testing.assert_allclose(data.variance(same, ddof=ddof), written.var(axis=0, ddof=ddof), rtol=1e-12)
    np.testing.assert_allclose(data.median(same), np.median(written, axis=0), rtol=1e-12)
    for q in (0.0, 0.1, 0.25, 0.8, 1.0):
        expected = np.quantile(written, q, axis=0, method="averaged_inverted_cdf")
        np.testing.assert_allclose(data.quantile(q, same), expected, rtol=1e-12)
    assert jc.Samples(jnp.ones(3, jnp.float32)).weights.dtype == jnp.float32


def test_shapes_that_change_are_named():
    class Longer(Mean):
        def fit(self, data, **context):
            return jnp.zeros(2)

    with pytest.raises(
        ValueError, match=r"Longer.fit must return parameters in the shapes of the truth, \(\), got \(2,\)"
    ):
        run(Longer(), truth=0.0)

    class Number(Mean):
        def metrics(self, params, **context):
            return params

    with pytest.raises(TypeError, match="Number.metrics must return a dictionary of arrays by name"):
        run(Number(), truth=0.0)

    class Narrow(Mean):
        def fit(self, data):
            return data.mean(lambda row: row)

    with pytest.raises(TypeError, match="Narrow.fit must take context"):
        run(Narrow(), truth=0.0)


@pytest.mark.slow
def test_a_workflow_of_ones_own_is_as_fast_as_its_facts_allow():
    """Models read facts, not classes: what is stated reduces, what is not stated costs time."""

    class Newest(jc.Workflow):
        newest_alone = True

        def step(self, state, draw, generation):
            return draw.synthetic(), state

        def weights(self, samples):
            return jnp.eye(len(samples)), jnp.zeros_like(samples)

    class All(jc.Workflow):
        keeps_all = True

        def init(self, draw, generations):
            return jc.Pool.empty(jax.eval_shape(draw.synthetic), generations)

        def step(self, state, draw, generation):
            pool = state.add(draw.synthetic(), generation - 1)
            return pool.data(), pool

        def weights(self, samples):
            return jc.Accumulate().weights(samples)

    sizes = jnp.full(4, 9.0)
    model = jc.LinearRegression(jc.theory.Spectrum.isotropic(3), noise=1.0)
    assert model.sampler(Newest(), sizes) == model.sampler(jc.Replace(), sizes) == "least-squares walk"
    assert type(jc.Staircase(3).reduce(All(), sizes)) is type(jc.Staircase(3).reduce(jc.Accumulate(), sizes))
    for own, ours in ((Newest(), jc.Replace()), (All(), jc.Accumulate())):
        for model in (jc.Gaussian(ddof=1), jc.Gaussian(ddof=1, sampling="raw"), jc.Staircase(3)):
            mine, other = run(model, own), run(model, ours)
            for name, value in other.metrics.items():
                np.testing.assert_array_equal(mine.metrics[name], value)


def test_wrapped_models_refuse_what_the_model_refuses():
    same = jax.tree_util.Partial(lambda fit: fit)
    with pytest.raises(ValueError, match="samples must be at least 2 for ddof=1"):
        run(jc.Biased(jc.Gaussian(ddof=1), same), samples=1)
    with pytest.raises(ValueError, match=r"samples \* mean must be below 2\^31"):
        run(jc.Biased(jc.Poisson(1e6), same), samples=10_000)
    assert np.isfinite(run(jc.Biased(jc.KernelDensity(0.5), same)).squared_error).all()
