"""simulate: one scan, one compilation for every schedule, workflows that keep what they say."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxcollapse as jc
from jaxcollapse.chain import schedule

Spectrum = jc.theory.Spectrum


class Recorder(jc.Model):
    """Rows are the parameter they were drawn from plus one; the fit is their weighted mean."""

    def sample(self, key, params, n):
        return jc.Samples(jnp.full(n, params + 1.0))

    def fit(self, data, **_):
        return data.mean(lambda row: row)

    def truth(self):
        return jnp.zeros(())


class Laplace(jc.Model):
    """A user's model: two methods, the location of a Laplace distribution by the weighted mean."""

    def sample(self, key, params, n):
        return jc.Samples(params + jax.random.laplace(key, (n,)))

    def fit(self, data, **_):
        return data.mean(lambda x: x)


def record(workflow, samples=4, generations=5):
    return jc.simulate(Recorder(), workflow, key=jax.random.key(0), samples=samples, generations=generations).params


def mean_recursion(workflow, samples, generations):
    """What the recorder's parameters must be, from the workflow's weight matrix alone."""
    weights, _ = workflow.weights(jnp.broadcast_to(jnp.asarray(samples, float), (generations,)))
    params = [0.0]
    for g in range(generations):
        params.append(sum(float(weights[g, i]) * (params[i] + 1.0) for i in range(g + 1)))
    return params[1:]


@pytest.mark.parametrize(
    "workflow",
    [
        jc.Replace(),
        jc.Accumulate(),
        jc.Accumulate(weight=0.3),
        jc.Accumulate(weight=lambda g: 2.0 / g),
        jc.Accumulate(weight=lambda batch, g: jnp.where(batch == 1, 0.1 * g, 0.5 ** (g - batch))),
        jc.Window(1),
        jc.Window(2),
        jc.Window(9),
        jc.Mix("fixed"),
        jc.Mix("fixed", weight=0.3),
    ],
    ids="replace all all-alike all-weighted all-by-age last last-two last-nine pooled mixed".split(),
)
@pytest.mark.parametrize("samples", [4, [4, 2, 7, 1, 3]])
def test_the_weight_matrix_is_what_the_simulation_does(workflow, samples):
    if isinstance(workflow, jc.Mix) and samples != 4:
        samples = [4, 4, 4, 4, 4]
    np.testing.assert_allclose(record(workflow, samples), mean_recursion(workflow, samples, 5), rtol=1e-5)


def test_fresh_real_data_holds_the_chain_back():
    """theta_g = w + (1 - w)(theta_{g-1} + 1) with real rows at 1: the recursion of a mixture."""
    expected, theta = [1.0], 1.0
    for _ in range(4):
        theta = 0.3 * 1.0 + 0.7 * (theta + 1.0)
        expected.append(theta)
    np.testing.assert_allclose(record(jc.Mix("fresh", weight=0.3, real_samples=9)), expected, rtol=1e-5)


def test_real_data_is_what_the_model_says():
    """A model whose real rows are at 5: a mixture is given them, and what it generates is not."""

    class Other(Recorder):
        def real(self, key, truth, n):
            return jc.Samples(jnp.full(n, truth + 5.0))

    expected, theta = [5.0], 5.0
    for _ in range(3):
        theta = 0.3 * 5.0 + 0.7 * (theta + 1.0)
        expected.append(theta)
    for kind in ("fresh", "fixed"):
        workflow = jc.Mix(kind, weight=0.3, real_samples=9)
        run = jc.simulate(Other(), workflow, key=jax.random.key(0), samples=4, generations=4)
        np.testing.assert_allclose(run.params, expected, rtol=1e-5)


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("mix", "samples", "rows"),
    [
        (jc.Mix("fresh", real_samples=10), 90, 10),
        (jc.Mix("fixed", real_samples=10), 90, 10),
        (jc.Mix("fresh", real_samples=[100, 10]), 90, 100),
        (jc.Mix("fresh", weight=0.1), 100, 100),
    ],
)
def test_a_mix_starts_from_a_fit_to_its_real_rows_alone(mix, samples, rows):
    """The error of generation 1 is that of as many real rows, however many synthetic ones there are."""
    run = lambda k: jc.simulate(jc.NormalMean(0.0), mix, key=k, samples=samples, generations=2).squared_error  # noqa: E731
    estimate = jc.monte_carlo(run, jax.random.key(5), 16_384)
    assert abs(estimate.mean[0] * rows - 1) < 4 * np.sqrt(2 / 16_384)


def test_a_mixture_of_all_weight_on_real_data_never_moves():
    np.testing.assert_allclose(record(jc.Mix("fresh", weight=1.0)), 1.0, rtol=1e-6)


def test_subsampling_keeps_the_size_and_draws_from_the_pool():
    class Counter(Recorder):
        def metrics(self, params):
            return {"seen": params}

        def fit(self, data, **_):
            return data.count

    run = jc.simulate(Counter(), jc.AccumulateSubsample(), key=jax.random.key(0), samples=6, generations=8)
    np.testing.assert_allclose(run.seen, 6.0)
    params = record(jc.AccumulateSubsample(), samples=50, generations=6)
    assert (np.diff(params) < 1.0).all() and params[-1] < 4.0  # plain replacing would have reached 6


def test_a_generator_that_is_given():
    """The real rows of generation 1 are at 1, and those of a generator that stands at 10 are at 11."""
    fixed = dict(key=jax.random.key(0), generations=2, first=10.0)
    pool = jc.simulate(Recorder(), jc.Accumulate(), samples=[3, 6], **fixed)
    np.testing.assert_allclose(pool.params, [10.0, (3 * 1 + 6 * 11) / 9], rtol=1e-6)
    alone = jc.simulate(Recorder(), jc.Replace(), samples=4, **fixed)
    np.testing.assert_allclose(alone.params, [10.0, 11.0])
    mixed = jc.simulate(Recorder(), jc.Mix("fresh", weight=0.3), samples=4, **fixed)
    np.testing.assert_allclose(mixed.params, [10.0, 0.3 * 1 + 0.7 * 11], rtol=1e-6)


@pytest.mark.parametrize("workflow", [jc.Replace(), jc.Accumulate()], ids=["replace", "accumulate"])
def test_a_generator_that_is_given_to_an_exact_model(workflow, x64):
    """Without noise the fit is the generator, or between it and the truth; no walk stands in for it."""
    model = jc.LinearRegression(Spectrum.isotropic(3), noise=0.0)
    given = jnp.array([1.0, 2.0, 3.0])
    sizes = jnp.array([1e6, 3e6])
    run = jc.simulate(model, workflow, key=jax.random.key(0), samples=sizes, generations=2, first=given)
    np.testing.assert_allclose(run.params[0], given)
    exact = isinstance(workflow, jc.Replace)
    last = given if exact else 0.25 * model.truth() + 0.75 * given
    np.testing.assert_allclose(run.params[1], last, rtol=1e-11 if exact else 5e-3)


def test_one_compilation_serves_every_schedule():
    traces = []

    class Counted(jc.Model):
        rate: jax.Array

        def sample(self, key, params, n):
            return jc.Samples(params + jax.random.normal(key, (n,)))

        def fit(self, data, **_):
            traces.append(1)
            return self.rate * data.mean(lambda x: x)

        def truth(self):
            return jnp.zeros(())

    model = jc.LinearRegression(Spectrum.isotropic(5), noise=1.0, penalty=0.1)
    with jax.log_compiles(False):
        sizes = []
        for i in range(10):
            changed = dataclasses.replace(
                model, noise=0.5 + i, penalty=lambda g, i=i: 0.1 / (g + i), spectrum=Spectrum.isotropic(5, norm=1.0 + i)
            )
            workflow = jc.Mix("fresh", weight=lambda g, i=i: 1 / (g + i + 1), real_samples=10 + i)
            jc.simulate(changed, workflow, key=jax.random.key(i), samples=lambda g, i=i: 20 + i * g, generations=4)
            sizes.append(compilations())
    assert sizes[-1] == sizes[0]
    for i in range(10):
        jc.simulate(Counted(jnp.asarray(1.0 + i)), jc.Replace(), key=jax.random.key(i), samples=5, generations=7)
    assert len(traces) == 1  # also over generations: the fit is traced once


def compilations():
    from jaxcollapse.chain.simulate import _scan

    return _scan._cached._cache_size()


def test_optax_schedules_are_schedules():
    values = schedule.evaluate(optax.polynomial_schedule(1e-1, 1e-3, 1, 20), 20, "penalty", 0.0)
    expected = [float(optax.polynomial_schedule(1e-1, 1e-3, 1, 20)(g)) for g in range(1, 21)]
    np.testing.assert_allclose(values, expected, rtol=1e-6)


def test_a_constant_schedule_is_the_number():
    key = jax.random.key(3)
    number = jc.LinearRegression(Spectrum.isotropic(5), noise=1.0, penalty=0.1)
    function = dataclasses.replace(number, penalty=schedule.constant(0.1), noise=schedule.constant(1.0))
    runs = [jc.simulate(m, jc.Accumulate(), key=key, samples=9, generations=6).risk for m in (number, function)]
    np.testing.assert_array_equal(*runs)


@pytest.mark.parametrize("workflow", [jc.Replace(), jc.Accumulate()], ids=["replace", "accumulate"])
def test_a_model_of_two_methods(workflow):
    """Var theta_g = 2/n sum W^2: the Laplace variance is 2, and a mean is exactly linear."""
    run = lambda key: jc.simulate(Laplace(), workflow, key=key, samples=20, generations=4, truth=0.0).params ** 2  # noqa: E731
    estimate = jc.monte_carlo(run, jax.random.key(0), 20_000)
    g = np.arange(1, 5)
    expected = 2 / 20 * (g if isinstance(workflow, jc.Replace) else np.cumsum(1 / g**2))
    assert (np.abs(estimate.mean - expected) < 4.5 * estimate.stderr).all()
    assert (estimate.stderr < 0.015 * expected).all()


def test_varying_sizes_of_rows_leave_out_the_rest():
    """Var theta_g = sum 2/n_t under Replace, also when the buffer is larger than the batch."""
    sizes = [5, 40, 10]
    run = lambda key: jc.simulate(Laplace(), jc.Replace(), key=key, samples=sizes, generations=3, truth=0.0).params ** 2  # noqa: E731
    estimate = jc.monte_carlo(run, jax.random.key(1), 20_000)
    expected = np.cumsum(2 / np.array(sizes))
    assert (np.abs(estimate.mean - expected) < 4.5 * estimate.stderr).all()


def test_transformations_of_simulate(x64):
    """grad through a whole trajectory agrees with a difference quotient, jit with the numbers outside of it."""
    key = jax.random.key(0)

    def risk(penalty):
        model = jc.LinearRegression(Spectrum.isotropic(4), noise=0.5, penalty=penalty)
        return jc.simulate(model, jc.Replace(), key=key, samples=12, generations=3).risk[-1]

    step, compiled = 1e-5, jax.jit(risk)
    quotient = (compiled(0.3 + step) - compiled(0.3 - step)) / (2 * step)
    value, slope = jax.jit(jax.value_and_grad(risk))(0.3)
    np.testing.assert_allclose(slope, quotient, rtol=1e-6)
    np.testing.assert_allclose(value, risk(0.3), rtol=1e-12)


def test_trajectory_names_what_it_has():
    run = jc.simulate(jc.Gaussian(ddof=1), jc.Replace(), key=jax.random.key(0), samples=9, generations=2)
    with pytest.raises(AttributeError, match="did you mean 'variance'"):
        _ = run.varience
    assert run.params.mean.shape == (2,)


GOOD = dict(key=jax.random.key(0), samples=10, generations=3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(samples=0), "samples must be finite and at least 1"),
        (dict(samples=-5), "samples must be finite and at least 1"),
        (dict(samples=float("nan")), "samples must be finite"),
        (dict(samples="many"), "samples must be a number"),
        (dict(samples=[10, 20]), "samples must give one number for each of the 3 generations"),
        (dict(samples=lambda g: "ten"), "samples must be a function of one generation"),
        (dict(samples=lambda g: jnp.ones(2) * g), "samples must be a function that returns one number"),
        (dict(samples=lambda g: g - 1), "samples must be finite and at least 1"),
        (dict(generations=0), "generations must be at least 1"),
        (dict(generations=2.0), "generations must be an integer"),
        (dict(key=0), "key must be a typed key"),
        (dict(first=1.0), "first must have the shapes of the true parameters"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments(change, message):
    with pytest.raises((ValueError, TypeError), match=message):
        jc.simulate(jc.Gaussian(ddof=1), jc.Replace(), **{**GOOD, **change})


@pytest.mark.usefixtures("unchecked")
def test_wrong_objects():
    gaussian = jc.Gaussian(ddof=1)
    with pytest.raises(TypeError, match="workflow must be a jaxcollapse Workflow.*write Replace"):
        jc.simulate(gaussian, jc.Replace, **GOOD)
    with pytest.raises(TypeError, match="model must be a jaxcollapse Model"):
        jc.simulate("gaussian", jc.Replace(), **GOOD)
    with pytest.raises(ValueError, match='picks single rows.*sampling="raw"'):
        jc.simulate(gaussian, jc.AccumulateSubsample(), **GOOD)
    with pytest.raises(NotImplementedError, match="truth"):
        jc.simulate(Laplace(), jc.Replace(), **GOOD)
    with pytest.raises(ValueError, match='samples must be the same for every batch under design="fixed"'):
        model = jc.LinearRegression(Spectrum.isotropic(3), noise=1.0, design="fixed")
        jc.simulate(model, jc.Replace(), key=jax.random.key(0), samples=lambda g: 10 * g, generations=3)
    with pytest.raises(ValueError, match="penalty must be finite and at least 0"):
        model = jc.LinearRegression(Spectrum.isotropic(3), noise=1.0, penalty=lambda g: 1.0 - g)
        jc.simulate(model, jc.Replace(), **GOOD)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: jc.Window(0), "batches must be at least 1"),
        (lambda: jc.Window(2.5), "batches must be an integer"),
        (lambda: jc.Accumulate(weight=0.0), "weight must be positive and finite"),
        (lambda: jc.Accumulate(weight="half"), "weight must be a number"),
        (lambda: jc.Mix("new"), "real must be 'fresh' or 'fixed'"),
        (lambda: jc.Mix("fresh", weight=1.5), "weight must be at most 1"),
        (lambda: jc.Mix("fresh", weight=-0.5), "weight must be finite and at least 0"),
        (lambda: jc.Mix("fresh", weight="half"), "weight must be a number"),
        (lambda: jc.Mix("fresh", real_samples=0), "real_samples must be finite and at least 1"),
        (lambda: jc.Samples(jnp.ones(3), jnp.ones(2)), "weights must have shape"),
        (lambda: jc.Samples((jnp.ones(3), jnp.ones(2))), "rows must share their leading axis"),
        (lambda: jc.Samples(1.0), "rows must hold at least one array"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_workflows_and_data(make, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make()


SEARCH_IS_CHECKED = pytest.mark.xfail(
    jax.__version_info__ < (0, 7), raises=TypeError, strict=True, reason="its jnp.searchsorted fails these checks"
)


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("model", "workflow"),
    [
        pytest.param(jc.NormalMean(1.0), jc.Accumulate(), id="pooled"),
        pytest.param(jc.Gaussian(ddof=1), jc.Mix("fresh", weight=0.5), id="mixed"),
        pytest.param(jc.Categorical([0.5, 0.3, 0.2]), jc.Replace(), id="counts", marks=SEARCH_IS_CHECKED),
        pytest.param(
            jc.LinearRegression(jc.theory.Spectrum.isotropic(3), noise=1.0, penalty=0.1), jc.Replace(), id="krylov"
        ),
    ],
)
def test_on_the_devices_of_a_mesh(model, workflow):
    """`shard_map` with its own checks on: what a device computes is what `vmap` computes."""
    shard_map = getattr(jax, "shard_map", None)
    if shard_map is None:
        from jax.experimental.shard_map import shard_map
    mesh, spec = jax.sharding.Mesh(np.array(jax.devices()[:1]), ("replication",)), jax.sharding.PartitionSpec
    run = jax.vmap(lambda key: jc.simulate(model, workflow, key=key, samples=9, generations=3).metrics)
    keys = jax.random.split(jax.random.key(0), 4)
    split = shard_map(run, mesh=mesh, in_specs=spec("replication"), out_specs=spec("replication"))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5), jax.jit(split)(keys), jax.jit(run)(keys))


def test_rows_that_fit_are_not_refused():
    """A batch of more than a million rows is measured against the memory, also of a model whose fields vary."""
    model = jc.Curated(jc.Categorical([0.5, 0.5], sampling="raw"), rewards=[0.0, 1.0], candidates=2)
    run = lambda key: jc.simulate(model, jc.Replace(), key=key, samples=2**21, generations=2)  # noqa: E731
    jax.eval_shape(run, jax.random.key(0))


def test_a_subsample_takes_rows_that_are_there_and_no_other():
    """Batches of several sizes, with gaps between their rows: every row of weight is picked equally often."""
    rng = np.random.default_rng(0)
    rows = [jnp.arange(6.0) + 10 * slot for slot in range(3)]
    weights = [jnp.asarray(rng.permutation([1.0] * count + [0.0] * (6 - count))) for count in (6, 2, 4)]
    batches = [jc.Samples(row, weight) for row, weight in zip(rows, weights, strict=True)]
    pool = jc.Pool.empty(jax.eval_shape(lambda: batches[0]), 4)
    for slot, batch in enumerate(batches):
        pool = pool.add(batch.packed(), slot)
    part = jax.vmap(lambda key: pool.subsample(key, 5))(jax.random.split(jax.random.key(0), 20_000))
    picked, kept = np.asarray(part.rows), np.asarray(part.weights)
    assert (kept == [1, 1, 1, 1, 1, 0]).all()
    there = np.concatenate([np.asarray(row)[np.asarray(weight) > 0] for row, weight in zip(rows, weights, strict=True)])
    values, times = np.unique(picked[:, :5], return_counts=True)
    np.testing.assert_array_equal(values, there)
    assert all(len(set(row)) == 5 for row in picked[:, :5].tolist())
    assert (abs(times - 20_000 * 5 / 12) < 4.5 * np.sqrt(20_000 * 5 / 12 * 7 / 12)).all()


def test_a_row_whose_weight_is_no_number_stays_in_a_subsample():
    """Dropped, it would hide that a buffer was asked for more rows than there are."""
    rows, gap = jnp.arange(4.0), jnp.array([1.0, jnp.nan, 0.0, jnp.nan])
    batch = jc.Samples(rows, gap).packed()
    assert np.isnan(np.asarray(batch.weights)).tolist() == [False, True, True, False]
    part = jc.Pool.empty(jax.eval_shape(lambda: batch), 1).add(batch, 0).subsample(jax.random.key(0), 3)
    assert np.isnan(np.asarray(part.weights)).sum() == 2
