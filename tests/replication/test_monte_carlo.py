"""monte_carlo: the same bits however the work is cut, bounded memory, both cores, and no hang."""

import io
import os
import platform
import subprocess
import sys
import textwrap

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse as jc


def chain(key):
    return jc.simulate(jc.Gaussian(ddof=1), jc.Replace(), key=key, samples=10, generations=20).log_variance


def solves(key):
    a, b = jax.random.split(key)
    matrix = jax.random.normal(a, (10, 10)) + 10 * jnp.eye(10)
    return jnp.linalg.solve(matrix, jax.random.normal(b, (10,)))


@pytest.fixture
def key():
    return jax.random.key(7)


def same(a, b):
    return all(
        np.array_equal(getattr(a, name), getattr(b, name))
        for name in ("mean", "stderr", "skewness", "minimum", "maximum")
    )


@pytest.mark.parametrize("function", [chain, solves])
def test_bits_do_not_depend_on_threads_and_blocks(function, key):
    reference = jc.monte_carlo(function, key, 1500, threads=1, block=1)
    for threads, block in ((1, 3), (2, 1), (2, 2), (3, None)):
        assert same(reference, jc.monte_carlo(function, key, 1500, threads=threads, block=block))


@pytest.mark.parametrize("function", [chain, solves])
def test_a_run_goes_on_where_it_stopped(function, key):
    """Also in the middle of a tile, again and again."""
    estimate = jc.monte_carlo(function, key, 5)
    for replications in (6, 3000, 3001, 9000):
        before = estimate.mean
        refined = estimate.refine(replications=replications)
        assert same(refined, jc.monte_carlo(function, key, replications))
        assert np.array_equal(estimate.mean, before)
        estimate = refined


def test_moments_are_those_of_the_replications(key):
    replications = 5000
    keys = jax.vmap(jax.random.fold_in, (None, 0))(key, jnp.arange(replications))
    values = np.asarray(jax.vmap(chain)(keys), np.float64)
    estimate = jc.monte_carlo(chain, key, replications)
    centred = values - values.mean(0)
    assert estimate.count == replications
    np.testing.assert_allclose(estimate.mean, values.mean(0), rtol=2e-5, atol=2e-6)
    np.testing.assert_allclose(estimate.variance, values.var(0, ddof=1), rtol=2e-5)
    np.testing.assert_allclose(estimate.stderr, values.std(0, ddof=1) / np.sqrt(replications), rtol=2e-5)
    skewness = (centred**3).mean(0) / (centred**2).mean(0) ** 1.5
    np.testing.assert_allclose(estimate.skewness, skewness, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(estimate.minimum, values.min(0), rtol=1e-5)
    np.testing.assert_allclose(estimate.maximum, values.max(0), rtol=1e-5)


def test_linear_algebra_gives_the_replications_of_vmap(key):
    keys = jax.vmap(jax.random.fold_in, (None, 0))(key, jnp.arange(300))
    values = np.asarray(jax.lax.map(solves, keys), np.float64)
    np.testing.assert_allclose(jc.monte_carlo(solves, key, 300).mean, values.mean(0), rtol=1e-5, atol=1e-6)


def test_linear_algebra_that_no_key_reaches_is_done_once(key):
    """What a function factors without drawing anything is a constant: replications run in vectors, with any matrix."""

    def draw(key, scale):
        covariance = scale * (jnp.eye(4) + 0.5)
        return jnp.linalg.cholesky(covariance) @ jax.random.normal(key, (4,))

    def both(key):
        return solves(key)[:4] + draw(key, 2.0)

    one_by_one = {f: jc.replication.run.Run(f, key)._block.one_by_one for f in (lambda key: draw(key, 2.0), both)}
    assert list(one_by_one.values()) == [False, True]
    for scale in (2.0, 3.0):
        function = lambda key: draw(key, scale)  # noqa: E731, B023
        values = next(jc.replication.run.Run(function, key).values(100))[1][0]
        keys = jax.vmap(jax.random.fold_in, (None, 0))(key, jnp.arange(100))
        np.testing.assert_allclose(values, [function(key) for key in keys], rtol=1e-5, atol=1e-6)
    values = next(jc.replication.run.Run(both, key).values(20))[1][0]
    np.testing.assert_allclose(values, [both(key) for key in keys[:20]], rtol=1e-5, atol=1e-6)


def test_a_pytree_result_keeps_its_structure(key):
    estimate = jc.monte_carlo(lambda k: {"u": jax.random.uniform(k), "flip": jax.random.bernoulli(k)}, key, 1000)
    assert set(estimate.mean) == {"u", "flip"}
    assert estimate.mean["flip"].shape == ()
    assert "flip" in repr(estimate)


def test_nonfinite_replications_are_counted_and_not_dropped(key):
    estimate = jc.monte_carlo(lambda k: jnp.where(jax.random.bernoulli(k, 0.01), jnp.nan, 1.0), key, 1000)
    assert 0 < estimate.nonfinite < 40
    assert np.isnan(estimate.mean)
    assert not estimate.usable


def test_a_heavy_tail_is_told_from_a_light_one(key):
    light = jc.monte_carlo(lambda k: jax.random.normal(k) ** 2, key, 10_000)
    heavy = jc.monte_carlo(lambda k: jax.random.uniform(k, minval=1e-6) ** -1.0, key, 10_000)
    assert light.usable
    assert not heavy.usable


def test_memory_is_bounded():
    """Ten million replications take no more memory than a hundred thousand."""
    program = """
        import resource, jax, jaxcollapse as jc
        jc.monte_carlo(jax.random.uniform, jax.random.key(0), 100_000)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        estimate = jc.monte_carlo(jax.random.uniform, jax.random.key(0), 10_000_000)
        assert abs(estimate.mean - 0.5) < 5 * estimate.stderr
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        assert grown < 60_000, grown
    """
    run_program(program, seconds=120)


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_memory_does_not_grow_with_the_replications():
    """A chain of 100 generations, ten million times: no more than a million times, and less than 1 GiB."""
    program = """
        import resource, sys, jax, jaxcollapse as jc
        def chain(key):
            return jc.simulate(jc.Gaussian(ddof=1), jc.Replace(), key=key, samples=100, generations=100).log_variance
        jc.monte_carlo(chain, jax.random.key(0), {replications})
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
    """
    mebibytes = [int(run_program(program.format(replications=n), seconds=1500)) for n in (10**6, 10**7)]
    assert mebibytes[1] < 1024
    assert mebibytes[1] < 1.1 * mebibytes[0]


def test_devices_share_the_work_and_change_no_bit(key):
    program = """
        import jax, numpy as np, jaxcollapse as jc
        def chain(key):
            return jc.simulate(jc.Gaussian(ddof=1), jc.Replace(), key=key, samples=10, generations=20).log_variance
        print(len(jax.local_devices()), jc.monte_carlo(chain, jax.random.key(7), 3000).mean.tobytes().hex())
    """
    outputs = []
    for devices in (1, 3):
        flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count={devices}"
        outputs.append(run_program(program, seconds=120, XLA_FLAGS=flags).split())
    assert [output[0] for output in outputs] == ["1", "3"]
    assert len({output[1] for output in outputs}) == 1


ON_ANOTHER_PROCESSOR = """
    import sys, jax, jax.numpy as jnp, numpy as np, jaxcollapse as jc
    isotropic = jc.theory.Spectrum.isotropic(10)
    power_law = jc.theory.Spectrum.power_law(64, capacity=2.0, source=0.5)
    gaussian, covariance = jc.Gaussian(ddof=1), jc.MultivariateGaussian(jnp.eye(3), ddof=1)
    def risk(key, spectrum, workflow, samples, penalty, **how):
        model = jc.LinearRegression(spectrum, noise=1.0, penalty=penalty, **how)
        return jc.simulate(model, workflow, key=key, samples=samples, generations=10).risk
    chains = (
        lambda key: jc.simulate(gaussian, jc.Replace(), key=key, samples=10, generations=100).log_variance,
        lambda key: jc.simulate(covariance, jc.Replace(), key=key, samples=10, generations=50).log_determinant,
        lambda key: risk(key, isotropic, jc.Replace(), 30, 0.1),
        lambda key: risk(key, isotropic, jc.Replace(), 7, 0.0),
        lambda key: risk(key, isotropic, jc.Accumulate(), 30, 0.1),
        lambda key: risk(key, isotropic, jc.Accumulate(), 30, 0.0, design="fixed"),
        lambda key: risk(key, power_law, jc.Replace(), 128, 0.01),
    )
    values = [next(jc.replication.run.Run(chain, jax.random.key(0)).values(64))[1][0] for chain in chains]
    np.savez(sys.stdout.buffer, *values)
"""


@pytest.mark.skipif(platform.machine() != "x86_64", reason="these are names of x86 instruction sets")
@pytest.mark.slow
@pytest.mark.parametrize(("x64", "tolerance"), [("0", 1e-5), ("1", 1e-12)])
def test_another_kind_of_processor_agrees_to_the_stated_tolerance(x64, tolerance):
    """Old instructions round otherwise: no fused products, other orders of sums."""
    old, new = (
        run_program(ON_ANOTHER_PROCESSOR, seconds=200, text=False, JAX_ENABLE_X64=x64, XLA_FLAGS=flags)
        for flags in ("--xla_cpu_max_isa=SSE4_2", "")
    )
    differ = False
    with np.load(io.BytesIO(old)) as a, np.load(io.BytesIO(new)) as b:
        for name in a:
            assert np.abs(a[name] - b[name]).max() < tolerance * np.abs(b[name]).max()
            differ |= not np.array_equal(a[name], b[name])
    assert differ


THREE = """
    def function(key):
        def solve(key):
            matrix = jax.random.normal(key, (40, 40)) + 10 * jnp.eye(40)
            return jnp.linalg.solve(matrix, jnp.ones(40)).sum()
        return sum(solve(key) for key in jax.random.split(key, 3))
"""
BATCHED = """
    def function(key):
        def solve(key):
            matrix = jax.random.normal(key, (40,)) + 10 * jnp.eye(40)
            return jnp.linalg.solve(matrix, jnp.ones(40)).sum()
        return sum(jax.vmap(solve)(keys).sum() for keys in jax.random.split(key, (6, 16)))
"""


@pytest.mark.parametrize("used_before", [pytest.param(False, marks=pytest.mark.slow), True])
@pytest.mark.parametrize("function", [THREE, BATCHED], ids=["three solves", "six batches of solves"])
def test_linear_algebra_does_not_hang(function, used_before):
    """Vectorised, these deadlock JAX on two cores; here they finish, also where JAX was in use before the import."""
    program = "import jax, jax.numpy as jnp\n"
    program += "jnp.ones(3).sum().block_until_ready()\n" * used_before
    program += "import jaxcollapse as jc\n" + textwrap.dedent(function)
    program += "print(jc.monte_carlo(function, jax.random.key(0), 600).count)"
    assert run_program(program, seconds=120).split() == ["600"]


def test_rewritten_linear_algebra_is_unbatched_and_gives_the_same_numbers():
    """In a process with a thread pool large enough for the original."""
    program = """
        import jax, jax.numpy as jnp, numpy as np
        from jaxcollapse.replication import linear_algebra
        
        def function(key):
            a = jax.random.normal(key, (2, 3, 4, 4))
            s = a @ jnp.swapaxes(a, -1, -2) + jnp.eye(4)

            def body(total, _):
                total = jax.lax.cond(total > 0, lambda t: t + jnp.linalg.cholesky(s).sum(), lambda t: t + 1, total)
                return total, jnp.linalg.solve(s, jnp.ones((2, 3, 4, 2)))

            loop = jax.lax.while_loop(lambda t: t[0] < 2, lambda t: (t[0] + 1, t[1] + jnp.linalg.inv(s)), (0, s))
            gradient = jax.vmap(jax.grad(lambda m: jnp.linalg.slogdet(m)[1]))(a[0])
            return jax.lax.scan(body, 0.0, jnp.arange(3)), loop, jnp.linalg.eigh(s), jnp.linalg.qr(a), gradient

        def batched_calls(jaxpr):
            names, batched = linear_algebra._LINEAR_ALGEBRA, linear_algebra._is_batched
            here = sum(e.primitive.name in names and batched(e) for e in jaxpr.eqns)
            return here + sum(batched_calls(inner) for e in jaxpr.eqns for inner in linear_algebra.inner(e))

        key = jax.random.key(0)
        program = jax.make_jaxpr(function)(key)
        rewritten = linear_algebra.unbatched(program)
        assert batched_calls(program.jaxpr) > 5
        assert batched_calls(jax.make_jaxpr(rewritten)(key).jaxpr) == 0
        for got, expected in zip(rewritten(key), jax.tree.leaves(function(key)), strict=True):
            np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-9)
    """
    run_program(program, seconds=120, NPROC="16", JAX_ENABLE_X64="1")


def test_the_function_is_called_once_whatever_the_replications(key):
    """Python sees one trace; so a result cannot change its shape, and a printed line appears once."""
    calls = []

    def run(key):
        calls.append(key)
        return jax.random.uniform(key, (len(calls),))

    estimate = jc.monte_carlo(run, key, 20_000)
    assert len(calls) == 1 and estimate.refine(replications=30_000).mean.shape == (1,)
    assert len(calls) == 1
    assert jc.monte_carlo(run, key, 100).mean.shape == (2,)


def test_a_failing_function_raises_its_own_error(key):
    def broken(key):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        jc.monte_carlo(broken, key, 10)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((3.0, jax.random.key(0), 10), TypeError, "function must be a function"),
        ((chain, jax.random.PRNGKey(0), 10), TypeError, "key must be a typed key"),
        ((chain, 0, 10), TypeError, "key must be a typed key"),
        ((chain, jax.random.split(jax.random.key(0)), 10), ValueError, "key must be a single key"),
        ((chain, jax.random.key(0), 0), ValueError, "replications must be at least 1"),
        ((chain, jax.random.key(0), 1e3), TypeError, "replications must be an integer"),
        ((lambda key: None, jax.random.key(0), 10), TypeError, "must return at least one array"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        jc.monte_carlo(*arguments)


def test_xarray(key):
    pytest.importorskip("xarray")
    data = jc.monte_carlo(chain, key, 100).to_xarray(dims=("generation",))
    assert data["mean"].dims == ("generation",)
    assert data.attrs["replications"] == 100
    with pytest.raises(ValueError, match="dims must name 1 axes"):
        jc.monte_carlo(chain, key, 100).to_xarray(dims=())


def run_program(program, *, seconds, text=True, **environment):
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=text,
        timeout=seconds,
        env={**os.environ, **environment},
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_the_time_that_is_left_is_not_that_of_compilation(monkeypatch):
    """The clock of the progress bar begins with the first replications."""
    import tqdm.auto

    said = []

    class Bar(tqdm.auto.tqdm):
        def unpause(self):
            said.append("unpause")
            super().unpause()

        def update(self, n=1):
            said.append(n)
            return super().update(n)

    monkeypatch.setattr(tqdm.auto, "tqdm", Bar)
    jc.monte_carlo(jax.random.normal, jax.random.key(0), 5000, progress=True, block=1)
    assert said[0] == "unpause" and "unpause" not in said[1:] and sum(said[1:]) == 5000
