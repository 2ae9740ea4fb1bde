"""Any network in the loop: what a fit is of pool and schedules, what happens where it fails, and its tiles."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from scipy import stats

import jaxcollapse as jc
from jaxcollapse.machine import resources
from jaxcollapse.machine.precision import enable_x64
from jaxcollapse.machine.programs import busy_parts, inner
from jaxcollapse.replication.program import trace
from jaxcollapse.replication.progress import progress_bar
from jaxcollapse.replication.run import Run
from jaxcollapse.replication.tile import Layout, block_of

KEY = jax.random.key(0)
TABLE = np.random.default_rng(0).normal(size=(60, 2)).astype(np.float32)


class Centre(jc.Trained):
    """A point that is moved by plain gradients towards the mean of its rows."""

    def build(self, key):
        return {"centre": jax.random.normal(key, (2,))}

    def loss(self, network, rows, key):
        return ((rows - network["centre"]) ** 2).sum(axis=-1).mean()

    def draw(self, network, key, n):
        return network["centre"] + jax.random.normal(key, (n, 2))

    def evaluate(self, network, key):
        return {"centre": network["centre"], "seen": jax.random.uniform(key)}

    def optimiser(self):
        return optax.identity()


class Slope(Centre):
    """A loss whose gradient is one, so that what a fit moves by is the sum of its rates."""

    def loss(self, network, rows, key):
        return network["centre"].sum()


def simulate(model, workflow=None, **changes):
    setting = {**dict(key=KEY, samples=20, generations=3), **changes}
    return jc.simulate(model, jc.Replace() if workflow is None else workflow, **setting)


def rates(steps, rate):
    """The sum of the learning rates of a fit."""
    done = np.arange(steps) / steps
    return rate * (np.minimum(1, done / 0.05 + 0.02) * 0.5 * (1 + np.cos(np.pi * done))).sum()


# What a fit is


@pytest.mark.sampled(1)
@pytest.mark.parametrize("weights", [[1, 1, 1, 1], [1, 0, 3, 0], [0, 2, 0.5, 0], [5, 0, 0, 0]])
def test_minibatches_are_drawn_by_the_weights_of_the_pool(weights):
    """One step on a batch of 40,000: the gradient is the mean of its rows, and they are drawn by their weights."""
    rows, size, rate = np.array([[1.0, 0], [2, 7], [4, -3], [8, 1]]), 40_000, 0.1
    model = Centre(TABLE, steps=1, rate=rate, batch=size, warm=True)
    start = {"centre": jnp.zeros(2)}
    data = jc.Samples(jnp.asarray(rows), jnp.asarray(weights, float))
    moved = model.fit(data, key=KEY, previous=start)["centre"]
    mean = np.asarray(moved) / (2 * rates(1, rate))
    share = np.array(weights) / np.sum(weights)
    spread = np.sqrt(share @ rows**2 - (share @ rows) ** 2)
    assert (np.abs(mean - share @ rows) < 4.5 * spread / np.sqrt(size) + 1e-5).all()


def test_a_row_without_weight_is_never_seen():
    """Behind the others and between them: a single number that is none would show."""
    rows = np.array([[np.nan, 0], [1, 2], [np.nan, 0], [3, 1], [np.nan, 0]])
    data = jc.Samples(jnp.asarray(rows), jnp.array([0.0, 1, 0, 1, 0]))
    model = Centre(TABLE, steps=300, rate=0.1, batch=1000)
    assert np.isfinite(model.fit(data, key=KEY, previous=model.build(KEY))["centre"]).all()


def test_the_steps_are_those_of_the_schedule_and_the_rate_rises_and_falls():
    model = Slope(TABLE, steps=lambda g: 10 * g, rate=[0.1, 0.2, 0.05], warm=True)
    run = simulate(model)
    path = np.concatenate([[np.asarray(model.start(jax.random.fold_in(KEY, 2**32 - 2))["centre"])], run.centre])
    moved = [rates(10, 0.1), rates(20, 0.2), rates(30, 0.05)]
    np.testing.assert_allclose(-np.diff(path[:, 0])[1:], moved[1:], rtol=1e-5)
    np.testing.assert_allclose(-np.diff(path, axis=0).std(axis=1), 0, atol=1e-6)


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("workflow", "rows"),
    [(jc.Replace(), [20, 20, 20]), (jc.Accumulate(), [20, 40, 60]), (jc.Mix("fixed"), [20, 40, 40])],
)
def test_epochs_are_steps_in_proportion_to_the_pool(workflow, rows):
    model = Slope(TABLE, epochs=3.0, rate=0.1, batch=8, warm=True)
    centre = simulate(model, workflow).centre[:, 0]
    moved = [rates(np.ceil(3.0 * n / 8), 0.1) for n in rows]
    np.testing.assert_allclose(-np.diff(centre), moved[1:], rtol=1e-5)


@pytest.mark.slow
def test_a_cold_start_is_new_and_a_warm_one_is_where_the_last_fit_ended():
    still = simulate(Slope(TABLE, steps=3, rate=0.0, warm=True)).centre
    np.testing.assert_array_equal(still, np.asarray(still)[[0, 0, 0]])
    cold = np.asarray(simulate(Slope(TABLE, steps=3, rate=0.0)).centre)
    assert len(np.unique(cold[:, 0])) == 3
    many = jax.vmap(lambda key: simulate(Slope(TABLE, steps=1, rate=0.0), key=key).centre)(jax.random.split(KEY, 400))
    assert stats.kstest(np.ravel(many), "norm").pvalue > 1e-3  # as `build` draws it


def test_the_key_of_a_measurement_is_its_own():
    seen = np.asarray(simulate(Centre(TABLE, steps=1)).seen)
    assert len(set(seen.tolist())) == 3


def test_a_network_with_functions_and_integers_is_carried():
    class Network(eqx.Module):
        layers: eqx.nn.MLP
        size: jax.Array

    class Line(Centre):
        def build(self, key):
            return Network(eqx.nn.MLP(2, 2, 4, 1, activation=jnp.tanh, key=key), jnp.arange(3))

        def loss(self, network, rows, key):
            return ((jax.vmap(network.layers)(rows) - rows) ** 2).mean()

        def draw(self, network, key, n):
            return jax.vmap(network.layers)(jax.random.normal(key, (n, 2)))

        def evaluate(self, network, key):
            return {"size": network.size}

    run = simulate(Line(TABLE, steps=5), jc.Accumulate())
    assert run.params.layers.activation is not None
    np.testing.assert_array_equal(run.size, np.tile(np.arange(3), (3, 1)))


@pytest.mark.slow
def test_rows_may_be_a_pytree():
    class Pairs(Centre):
        def loss(self, network, rows, key):
            return super().loss(network, rows["x"], key) + 0.0 * rows["label"].sum()

        def draw(self, network, key, n):
            return {"x": super().draw(network, key, n), "label": jnp.zeros(n, int)}

    model = Pairs({"x": TABLE, "label": np.arange(60)}, steps=5)
    for workflow in (jc.Accumulate(), jc.AccumulateSubsample(), jc.Mix("fresh", weight=0.3)):
        assert np.isfinite(simulate(model, workflow).centre).all()
    batch = model.real(KEY, model.truth(), 60)
    np.testing.assert_array_equal(np.sort(batch.rows["label"]), np.arange(60))
    np.testing.assert_array_equal(batch.rows["x"], TABLE[batch.rows["label"]])


# Real rows


def test_real_rows_are_drawn_without_replacement():
    model = Centre(np.arange(40.0).reshape(20, 2))
    firsts = jax.vmap(lambda key: model.real(key, model.truth(), 12).rows[:, 0])(jax.random.split(KEY, 2000))
    firsts = np.asarray(firsts) / 2
    assert all(len(set(row)) == 12 for row in firsts.tolist())
    counts = np.bincount(firsts[:, :5].ravel().astype(int), minlength=20)
    assert stats.chisquare(counts).pvalue > 1e-3


def test_more_real_rows_than_there_are_is_refused():
    model = Centre(TABLE, steps=1)
    for workflow, samples in [
        (jc.Replace(), 61), (jc.Accumulate(), [61, 5, 5]), (jc.Mix("fresh", real_samples=[20, 20, 61]), 20),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match="samples must ask for no more real rows than there are: 61 of 60"):
            simulate(model, workflow, samples=samples)
    assert np.isfinite(simulate(model, samples=[60, 200, 100]).centre).all()  # later ones are not real
    short = simulate(model, truth=TABLE[:10], samples=[10, 30, 30]).centre
    assert np.isfinite(short).all()
    assert np.isnan(simulate(model, truth=TABLE[:10], samples=11).centre).all()  # a table of the call's own


# What is no number


class Fragile(Centre):
    """Its draws are not finite for some keys."""

    def draw(self, network, key, n):
        return jnp.where(jax.random.uniform(key) < 0.3, jnp.inf, super().draw(network, key, n))


REAL_ALONE = np.tile([1.0, 0.0, 0.0, 0.0], (4, 1))


@pytest.mark.parametrize(
    "workflow",
    [
        jc.Accumulate(),
        *(pytest.param(w, marks=pytest.mark.slow) for w in (jc.Replace(), jc.Window(2), jc.MovingAverage(0.2))),
    ],
)
def test_a_network_that_is_not_a_number_stays_so_and_is_counted(workflow):
    model = Fragile(TABLE, steps=40, batch=32)
    run = lambda key: simulate(model, workflow, key=key, generations=4)  # noqa: E731
    paths = jax.lax.map(lambda i: run(jax.random.fold_in(KEY, i)).centre[:, 0], jnp.arange(30))
    lost = np.isnan(paths)
    assert not lost[:, 0].any() and (np.diff(lost, axis=1) >= 0).all() and 0 < lost[:, -1].sum() < 30
    estimate = jc.monte_carlo(lambda key: run(key).centre[:, 0], KEY, 30, progress=False)
    np.testing.assert_array_equal(estimate.nonfinite, lost.sum(axis=0))
    seen = jax.lax.map(lambda i: run(jax.random.fold_in(KEY, i)).seen, jnp.arange(30))
    np.testing.assert_array_equal(np.isnan(seen), lost)  # also what does not depend on the network


def test_a_network_that_is_not_a_number_stays_so_whatever_comes_next():
    """Though what the next generation is trained on, and begins at, is sound."""

    class Late(Centre):
        def loss(self, network, rows, key):
            return jnp.where(rows.mean() > 50, jnp.nan, super().loss(network, rows, key))

        def draw(self, network, key, n):
            return super().draw(network, key, n) + 100

    matrix = np.array([[1.0, 0, 0, 0], [0, 1, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]])
    run = simulate(Late(TABLE, steps=5), jc.Weighted(matrix), generations=4)
    np.testing.assert_array_equal(np.isnan(run.seen), [False, True, True, True])
    assert np.isfinite(simulate(Late(TABLE, steps=5), jc.Weighted(REAL_ALONE), generations=4).seen).all()


# Single precision


def floats(jaxpr, found=None, inside=False):
    """The floating-point types of all numbers inside of busy parts."""
    found = set() if found is None else found
    for equation in jaxpr.eqns:
        here = inside or equation.params.get("name") == "keeps_a_core_busy"
        if here:
            found |= {str(v.aval.dtype) for v in equation.outvars if jnp.issubdtype(v.aval.dtype, jnp.floating)}
        for program in inner(equation):
            floats(program, found, here)
    return found


class Wide(Centre):
    """Written by someone who thinks of no precision."""

    def loss(self, network, rows, key):
        noise = jax.random.normal(key, rows.shape) * np.sqrt(2.0) + np.float64(0.1) * jnp.linspace(0, 1, 2)
        return super().loss(network, rows + noise, key)


since_07 = pytest.mark.skipif(
    jax.__version_info__ < (0, 7), reason="JAX before 0.7 compiles single precision inside of double as double"
)


@since_07
def test_everything_of_a_network_is_in_single_precision(x64):
    model = Wide(TABLE.astype(np.float64), steps=5, rate=0.1)
    run = lambda key: simulate(model, jc.Mix("fresh", weight=0.4), key=key)  # noqa: E731
    assert run(KEY).params["centre"].dtype == run(KEY).centre.dtype == jnp.float32
    assert floats(jax.make_jaxpr(lambda key: run(key).centre)(KEY).jaxpr) == {"float32"}


@pytest.mark.slow
@since_07
def test_a_run_in_double_precision_has_the_numbers_of_one_in_single():
    paths = []
    for double in (False, True):
        with enable_x64(double):
            paths.append(np.asarray(simulate(Wide(TABLE, steps=20, rate=0.1), jc.Accumulate()).centre))
    np.testing.assert_allclose(paths[0], paths[1], rtol=2e-5, atol=2e-5)


# Programs, tiles, interruption


def run_of(model, key, workflow=None):
    return simulate(model, workflow, key=key).centre


def test_one_program_serves_all_workflows_steps_and_rates(compilations):
    sizes = jnp.full(3, 20.0)
    matrices = jnp.stack([workflow.weights(sizes)[0] for workflow in (jc.Replace(), jc.Accumulate(), jc.Window(2))])
    for steps, rate in ((5, 0.1), (9, 0.2)):
        model = Centre(TABLE, steps=steps, rate=rate)
        run = lambda key, *, flow: run_of(model, key, jc.Weighted(matrices[flow]))  # noqa: B023, E731
        estimate = jc.monte_carlo(run, KEY, 4, grid=jc.Grid(flow=np.arange(3)), progress=False)
        assert estimate.mean.shape == (3, 3, 2)
    assert compilations.count == 1


def test_a_network_is_a_tile_of_its_own_on_a_processor():
    model = Centre(TABLE, steps=5)
    assert Run(lambda key: run_of(model, key), KEY).tile == 1
    assert Run(lambda key: jax.random.normal(key, (2,)), KEY).tile == 1024


def test_elsewhere_as_many_networks_are_a_tile_as_memory_has_room_for():
    """By a budget that is made up: a power of two that fills an eighth of it, at most 128 of them."""
    model = Centre(TABLE, steps=5)
    program, _, _ = trace(lambda key: run_of(model, key, jc.Accumulate()), KEY)

    def tile(budget):
        return block_of((program,), Layout(), False, False, "gpu", budget).tile

    from jaxcollapse.replication.memory import memory

    need = memory(program.jaxpr).size
    for wanted in (1, 2, 8, 64):
        assert tile(8.0 * need * wanted) == tile(8.0 * need * (2 * wanted - 0.01)) == wanted
    assert tile(1.0) == 1 and tile(1e15) == 128
    assert block_of((program,), Layout(), False, False, "cpu", 1e15).tile == 1


class Device:
    def __init__(self, found):
        self.found = found

    def memory_stats(self):
        return self.found


def test_the_memory_of_a_device_is_rounded_to_a_power_of_two():
    assert resources.memory_of_device(Device({"bytes_limit": 80e9 * 0.75})) == 2.0**35
    assert resources.memory_of_device(Device(None)) == resources.memory_of_device(Device({})) == 2.0**31


def test_generations_are_counted():
    model = Centre(TABLE, steps=5)
    program = lambda generations: jax.make_jaxpr(lambda k: simulate(model, key=k, generations=generations).centre)(KEY)  # noqa: E731
    assert [busy_parts(program(generations).jaxpr) for generations in (1, 4)] == [1, 4]


def test_progress_counts_generations_and_a_cut_run_goes_on(tmp_path, monkeypatch):
    bars = []

    class Bar:
        def __init__(self, **options):
            self.options, self.told = options, []
            bars.append(self)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def unpause(self):
            pass

        def update(self, n):
            self.told.append(n)

    import tqdm.auto

    monkeypatch.setattr(tqdm.auto, "tqdm", Bar)
    model, run = Centre(TABLE, steps=5), {}
    for replications in (3, 5):
        estimate = jc.monte_carlo(lambda key: run_of(model, key), KEY, replications, save=tmp_path, progress=True)
        with np.load(tmp_path / "state.npz") as file:
            assert file["count"] == replications  # every replication is saved
        run[replications] = estimate
    first, second = bars
    assert (first.options["total"], first.options["initial"], first.options["unit"]) == (9, 0, " generations")
    assert (second.options["total"], second.options["initial"]) == (15, 9)
    assert sum(first.told) == 9 and sum(second.told) == 6
    whole = jc.monte_carlo(lambda key: run_of(model, key), KEY, 5, progress=False)
    assert np.array_equal(run[5].mean, whole.mean) and np.array_equal(run[5].stderr, whole.stderr)
    grid = jc.Grid(rate=np.array([0.1, 0.2]))
    on_grid = Run(lambda key, rate: run_of(Centre(TABLE, steps=5, rate=rate), key), KEY, grid=grid)
    with progress_bar(4, 1, True, on_grid._generations):
        assert bars[-1].options["total"] == 24


# What is refused


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((TABLE[:1],), {}, "rows must hold at least two rows, got 1"),
        ((TABLE[0, 0],), {}, "rows must be arrays that share a leading axis"),
        (({"a": TABLE, "b": TABLE[:5]},), {}, "rows must be arrays that share a leading axis"),
        ((np.where(TABLE > 2, np.nan, TABLE),), {}, "rows must be finite, got 1 entries"),
        ((np.array(["a", "b"]),), {}, "rows must hold numbers"),
        ((TABLE,), dict(steps=0), "steps must be finite and at least 1, got 0"),
        ((TABLE,), dict(steps=5, epochs=2), "steps and epochs are two ways to say one thing: give one, got 5 and 2"),
        ((TABLE,), dict(epochs=0), "epochs must be positive and finite, got 0"),
        ((TABLE,), dict(rate=-1.0), "rate must be finite and at least 0, got -1"),
        ((TABLE,), dict(batch=0), "batch must be at least 1, got 0"),
        ((TABLE,), dict(batch=2.5), "batch must be an integer, got 2.5"),
        ((TABLE,), dict(clip=0.0), "clip must be positive"),
        ((TABLE,), dict(warm="yes"), "warm must be True or False, got 'yes'"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments(arguments, options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        Centre(*arguments, **options)


@pytest.mark.parametrize(
    ("name", "method", "message"),
    [
        (
            "draw",
            lambda self, network, key, n: jnp.zeros((n, 3)),
            "Broken.draw must return n rows as those of the table",
        ),
        ("draw", lambda self, network, key, n: jnp.zeros((n + 1, 2)), "Broken.draw must return n rows"),
        (
            "loss",
            lambda self, network, rows, key: rows[:, 0] * network["centre"][0],
            "Broken.loss must return one number",
        ),
        ("evaluate", lambda self, network, key: network["centre"], "Broken.evaluate must return a dictionary"),
        ("build", lambda self, key: {}, "Broken.build must return a network with parameters"),
    ],
)
def test_methods_that_return_something_else(name, method, message):
    broken = type("Broken", (Centre,), {name: method, "__annotations__": {}})
    with pytest.raises((ValueError, TypeError), match=message):
        simulate(broken(TABLE, steps=2))
