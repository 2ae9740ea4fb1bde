"""What must not pass without a word: errors of threads, lanes of a tile, large integers, calls within a trace."""

import collections

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.experimental import io_callback

import jaxcollapse as jc
from jaxcollapse.machine.precision import enable_x64
from jaxcollapse.replication import run, threads
from jaxcollapse.replication.quantile import order_statistics

KEY = jax.random.key(0)


# Errors of worker threads


def deleted():
    """An estimate of a function whose array is gone, as after a call that donates it."""
    scale = jnp.linspace(1.0, 2.0, 3)
    estimate = jc.monte_carlo(lambda key: scale * jax.random.normal(key, (3,)), KEY, 2048)
    scale.delete()
    return estimate


def full():
    """An estimate whose device has no memory left for what the function closed over."""
    return jc.monte_carlo(lambda key: jnp.linspace(1.0, 2.0, 3) * jax.random.normal(key, (3,)), KEY, 2048)


CALLS = {
    "refine": lambda estimate: estimate.refine(replications=100_000),
    "refine to a precision": lambda estimate: estimate.refine(rtol=1e-3, max_replications=50_000),
    "covariance": lambda estimate: estimate.covariance(),
    "quantile": lambda estimate: estimate.quantile(0.5),
    "replay": lambda estimate: estimate.replay(3),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_an_error_before_the_first_block_reaches_the_caller(call):
    with pytest.raises(RuntimeError, match="deleted"):
        call(deleted())


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_full_device_reaches_the_caller(call, monkeypatch):
    estimate = full()

    def no_room(*_):
        raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate 8 bytes.")

    monkeypatch.setattr(run.jax, "device_put", no_room)
    with pytest.raises(MemoryError, match="does not fit into the memory of .*: return less"):
        call(estimate)


@pytest.mark.parametrize("failing", [0, 1])
@pytest.mark.parametrize("when", ["start", "work"])
def test_an_error_in_any_thread_at_any_time_is_raised(failing, when):
    """Also where the other thread has done all of the work by then."""
    devices = [0, 1]

    def start(device):
        if device == failing and when == "start":
            raise KeyError("mine")

        def work(first, tiles):
            if device == failing:
                raise KeyError("mine")
            return first

        return work

    for _ in range(20):
        with pytest.raises(KeyError, match="mine"):
            queue = threads.Queue(0, 40, 2, 4)
            assert len(list(threads.in_order(start, queue, devices))) < 40
            if when == "work":
                raise KeyError("mine")  # that thread came too late for any block


def test_a_loop_that_does_not_advance_ends():
    ranks, ends = np.array([3]), (np.zeros(1), np.ones(1))
    with pytest.raises(RuntimeError, match="no rows"):
        order_statistics(lambda: [], ranks, *ends)


# Lanes of a tile that nobody asked for


def test_a_replication_that_nobody_asked_for_cannot_fail():
    """Of the first thousand, 249 alone is above .999."""

    def checked(key):
        x = jax.random.uniform(key)
        return eqx.error_if(x, x > 0.999, "too large")

    estimate = jc.monte_carlo(checked, KEY, 100)
    assert estimate.count == 100 and estimate.maximum < 0.999
    assert np.array_equal(estimate.mean, jc.monte_carlo(jax.random.uniform, KEY, 100).mean)
    assert estimate.refine(replications=249).count == 249
    estimate.quantile(0.5), estimate.replay(99), estimate.covariance()
    with pytest.raises(Exception, match="too large"):
        estimate.refine(replications=250)


def test_a_replication_that_nobody_asked_for_cannot_run_for_ever():
    def waits(key):
        x = jax.random.uniform(key)
        return jax.lax.while_loop(lambda y: (y < 1) | (x > 0.999), lambda y: y + 0.5, x)

    assert jc.monte_carlo(waits, KEY, 100).count == 100


@pytest.mark.sampled(6)
@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize("algebra", [False, True])
@pytest.mark.parametrize("replications", [1, 64, 100, 1100])
def test_callbacks_come_once_for_each_replication(ordered, algebra, replications):
    seen = []

    def calls(key):
        x = jax.random.uniform(key)
        io_callback(lambda value: seen.append(float(value)), None, x, ordered=ordered)
        return jnp.linalg.cholesky(x * jnp.eye(2))[0, 0] if algebra else x

    estimate = jc.monte_carlo(calls, KEY, replications, threads=1 if ordered else 2)
    jax.effects_barrier()
    expected = [float(jax.random.uniform(jax.random.fold_in(KEY, i))) for i in range(replications)]
    assert collections.Counter(seen) == collections.Counter(expected)
    seen.clear()
    estimate.refine(replications=replications + 1)


def test_callbacks_on_a_grid_come_once_for_each_point():
    seen = []

    def calls(key, a, b):
        io_callback(lambda *values: seen.append(values), None, a, b)
        return a * jax.random.normal(key)

    jc.monte_carlo(calls, KEY, 10, grid=jc.Grid(a=[1.0, 2.0], b={"x": 3.0, "y": 4.0}))
    jax.effects_barrier()
    counted = collections.Counter((float(a), float(b)) for a, b in seen)
    assert counted == {(a, b): 10 for a in (1.0, 2.0) for b in (3.0, 4.0)}


def test_a_line_is_printed_for_each_replication(capfd):
    def speaks(key):
        jax.debug.print("hello {}", 1)
        return jax.random.normal(key)

    jc.monte_carlo(speaks, KEY, 30)
    jax.effects_barrier()
    assert capfd.readouterr().out.count("hello 1") == 30


# Integers, and numbers, that JAX cannot hold

INTEGERS = [
    [10**9, 3 * 10**9, 10**10],
    [2**31 - 1, 2**31],
    [-(2**31) - 1, 5],
    [2**32, 2**53],
    [2**63, 2**64],
    [10**30],
    [1, 10**30],
    range(2**33, 2**33 + 3 * 2**20, 2**20),
    (np.int64(2**40), 7),
    np.array([2**40, 3]),
    np.array([2**63 + 2**40], np.uint64),
    [2**31, 1.5],
]


@pytest.mark.sampled(8)
@pytest.mark.parametrize("values", INTEGERS, ids=str)
@pytest.mark.parametrize("double", [False, True])
def test_large_integers_of_a_grid_are_what_was_asked_for(values, double):
    with enable_x64(double):
        estimate = jc.monte_carlo(lambda key, n: 1.0 * n + 0 * jax.random.normal(key), KEY, 4, grid=jc.Grid(n=values))
    expected = np.array([float(value) for value in values])
    np.testing.assert_allclose(estimate.mean, expected, rtol=1e-7)
    np.testing.assert_allclose(estimate.coordinates["n"].astype(float), expected)


def test_small_integers_of_a_grid_stay_integers():
    kinds = []

    def function(key, n, m, flag):
        kinds.append((n.dtype, m.dtype, flag.dtype))
        return n + m + flag + jax.random.normal(key)

    grid = jc.Grid(n=[1, 2**31 - 1], m=np.array([2**32 - 1], np.uint32), flag=np.array([True]))
    jc.monte_carlo(function, KEY, 4, grid=grid)
    assert kinds == [(jnp.int32, jnp.uint32, bool)]


@pytest.mark.parametrize("value", [1e300, -1e39, 1e-60, 10**40])
def test_numbers_that_single_precision_cannot_hold_are_refused(value):
    grid = jc.Grid(penalty=[0.5, value, 0.0, np.inf])
    function = lambda key, penalty: penalty * jax.random.normal(key)  # noqa: E731
    with pytest.raises(
        ValueError, match="axis 'penalty' must hold numbers that float32 can hold, got .*jax_enable_x64"
    ):
        jc.monte_carlo(function, KEY, 4, grid=grid)
    with enable_x64(True):
        assert jc.monte_carlo(function, KEY, 4, grid=grid).mean[1] != 0


def test_other_large_integers_are_taken_or_refused():
    estimate = jc.monte_carlo(jax.random.normal, KEY, 10, block=10**30)
    with pytest.raises(ValueError, match="replications must be at most"):
        estimate.refine(replications=10**30)
    with pytest.raises(ValueError, match="must be below the count"):
        estimate.replay(10**30)
    with pytest.raises(ValueError, match="threads must be at most 4,096, got 1,000,000,000"):
        jc.monte_carlo(jax.random.normal, KEY, 10, threads=10**9)
    claim = jc.Claim(
        name="large", statement="x", theory=10**12, relation="equal", experiment=lambda key: jnp.asarray(1e12)
    )
    assert jc.verify(claim, KEY).outcome == "holds"


# Calls within a transformation


def mean(scale, key=KEY, grid=None):
    return jc.monte_carlo(lambda key, **_: scale * jax.random.normal(key), key, 64, grid=grid).mean


TRACED = {
    "grad": lambda: jax.grad(mean)(1.0),
    "value_and_grad": lambda: jax.value_and_grad(mean)(1.0),
    "jacfwd": lambda: jax.jacfwd(mean)(1.0),
    "jvp": lambda: jax.jvp(mean, (1.0,), (1.0,)),
    "jit": lambda: jax.jit(mean)(1.0),
    "vmap": lambda: jax.vmap(mean)(jnp.ones(3)),
    "scan": lambda: jax.lax.scan(lambda c, x: (c, mean(x)), 0.0, jnp.ones(3)),
    "cond": lambda: jax.lax.cond(jnp.ones(()) > 0, mean, lambda x: x, 1.0),
    "eval_shape": lambda: jax.eval_shape(mean, 1.0),
    "jit of the key": lambda: jax.jit(lambda key: mean(2.0, key))(KEY),
    "vmap of the key": lambda: jax.vmap(lambda key: mean(2.0, key))(jax.random.split(KEY, 2)),
    "a key made in jit": lambda: jax.jit(lambda: mean(2.0, jax.random.key(0)))(),
    "within itself": lambda: jc.monte_carlo(lambda key: mean(2.0, key), KEY, 4),
    "a model": lambda: jax.jit(
        lambda noise: jc.monte_carlo(
            lambda key: jc.simulate(
                jc.NormalMean(noise), jc.Replace(), key=key, samples=5, generations=2
            ).squared_error,
            KEY, 4,
        ).mean
    )(1.0),
    "a linear map": lambda: jax.jit(
        lambda m: jc.monte_carlo(lambda key: jnp.linalg.cholesky(m) @ jax.random.normal(key, (2,)), KEY, 4).mean
    )(jnp.eye(2)),
}  # fmt: skip


@pytest.mark.parametrize("call", TRACED.values(), ids=TRACED)
def test_a_call_within_a_transformation_says_so(call):
    for _ in range(3):  # whichever thread is faster
        with pytest.raises(TypeError, match="cannot be traced by jit, vmap or grad: inside of those write jnp.mean"):
            call()


@pytest.mark.parametrize("transform", [jax.jit, jax.grad, jax.vmap])
def test_a_traced_axis_of_a_grid_says_so(transform):
    argument = jnp.ones(3) if transform is jax.vmap else 1.0
    for values in (lambda x: [x, 2.0], lambda x: jnp.stack([x, x])):
        with pytest.raises(TypeError, match="axis 'n' must hold numbers that are known, got a value that jit"):
            transform(lambda x, values=values: jnp.sum(mean(1.0, grid=jc.Grid(n=values(x)))))(argument)


def test_what_the_message_says_to_write_works():
    function = lambda key: 2.0 * jax.random.normal(key, (2,))  # noqa: E731
    inside = jax.jit(lambda key: jnp.mean(jax.vmap(function)(jax.random.split(key, 500)), axis=0))(KEY)
    estimate = jc.monte_carlo(function, KEY, 500)
    np.testing.assert_allclose(inside, estimate.mean, atol=1e-5)  # split and fold_in give the same keys


def test_a_call_that_depends_on_nothing_traced_may_be_anywhere():
    estimate = mean(2.0)
    np.testing.assert_allclose(jax.jit(lambda x: x + mean(2.0))(1.0), 1.0 + estimate, rtol=1e-6)
    grid = jc.Grid(n=[1.0, 2.0])
    np.testing.assert_allclose(jax.jit(lambda x: x + mean(2.0, grid=grid))(1.0), [1.0 + estimate] * 2, rtol=1e-6)


# Results that are no real numbers


@pytest.mark.parametrize("value", [1j, np.complex64(1), jnp.ones(2) * 1j])
def test_complex_results_are_refused(value):
    for function in (lambda key: value * jax.random.normal(key), lambda key: {"a": 1.0, "b": value}):
        with pytest.raises(TypeError, match="must return real numbers, got complex ones: .*x.imag"):
            jc.monte_carlo(function, KEY, 10)
    parts = lambda key: {"real": (x := value * jax.random.normal(key)).real, "imag": x.imag}  # noqa: E731
    estimate = jc.monte_carlo(parts, KEY, 10)
    np.testing.assert_allclose(estimate.mean["imag"], np.imag(value) * jc.monte_carlo(jax.random.normal, KEY, 10).mean)
    with pytest.raises(TypeError, match="theory must be real"):
        jc.verify(jc.Claim(name="c", statement="x", theory=value, experiment=jax.random.normal, relation="equal"))


def test_a_key_as_a_result_is_refused():
    for function in (lambda key: key, jax.random.split, lambda key: {"key": key, "x": 1.0}):
        with pytest.raises(TypeError, match="must return numbers, got a random key"):
            jc.monte_carlo(function, KEY, 10)


# Names of a data set


@pytest.mark.parametrize("dims", [None, ("g",)])
def test_every_leaf_has_a_variable_of_its_own(dims):
    pytest.importorskip("xarray")

    def nested(key):
        x = jax.random.normal(key, (4,))
        return {"a": {"b": x[:3]}, "a_b": x, "s": x[0], "c.d": x[:2], "c": {"d": x[1:3]}, "e": (x, x[:1])}

    estimate = jc.monte_carlo(nested, KEY, 64, dims=dims)
    data = estimate.to_xarray()
    leaves = jax.tree_util.tree_flatten_with_path(estimate.mean)[0]
    assert len(data.data_vars) == 2 * len(leaves)
    for path, mean in leaves:
        np.testing.assert_array_equal(data[f"{jax.tree_util.keystr(path)}_mean"].values, mean)


def test_leaves_share_a_dimension_where_they_have_its_size():
    pytest.importorskip("xarray")
    x = lambda key, n: jax.random.normal(key, (n,))  # noqa: E731
    data = jc.monte_carlo(lambda key: {"a": x(key, 3), "b": x(key, 3), "c": x(key, 3)[0]}, KEY, 9).to_xarray(("g",))
    assert data["a_mean"].dims == data["b_mean"].dims == ("g",) and data["c_mean"].dims == ()
    data = jc.monte_carlo(lambda key: {"a": x(key, 3), "b": x(key, 4)}, KEY, 9).to_xarray(("g",))
    assert data["a_mean"].dims == ("a_g",) and data["b_stderr"].dims == ("b_g",)
    grid = jc.Grid(axis_0=[1.0, 2.0], a_mean=[1.0, 2.0, 3.0])
    on_grid = lambda key, axis_0, a_mean: {"a": axis_0 * a_mean * x(key, 2)}  # noqa: E731
    data = jc.monte_carlo(on_grid, KEY, 9, grid=grid).to_xarray()
    assert sorted(data.sizes.values()) == [2, 2, 3] and len(data.data_vars) == 2
