"""Chains of spectral functions: laws by hand, the recursion of each workflow, and raw covariances."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.theory import networks
from jaxcollapse.theory.networks.spectral_chain import divided_differences

pytestmark = pytest.mark.usefixtures("x64")
LAMBDA = np.array([4.0, 2.5, 1.5, 0.8])


def ddim():
    return networks.ddim(np.geomspace(20.0, 0.3, 12))


def denoised():
    return networks.ideal_diffusion(0.3, denoise=True)


def test_the_trace_is_what_is_written_for_each_workflow():
    g, p, c = np.arange(1, 9), 4, 0.05
    total, loss = LAMBDA.sum(), p * c
    trace = lambda flow: networks.trace(LAMBDA, networks.soft_threshold(c), flow, generations=8)  # noqa: E731
    np.testing.assert_allclose(trace(jc.Replace()), total - g * loss, rtol=1e-12)
    np.testing.assert_allclose(trace(jc.Accumulate()), total - np.cumsum(1 / g) * loss, rtol=1e-12)
    w = 0.4
    mixed = total - loss * (1 - (1 - w) ** g) / w
    for real in ("fresh", "fixed"):
        np.testing.assert_allclose(trace(jc.Mix(real, weight=w)), mixed, rtol=1e-12)
    sizes = dict(samples=60.0, real_samples=30.0)
    pooled = networks.trace(
        LAMBDA, networks.soft_threshold(c), jc.Mix("fresh", real_samples=30), samples=60.0, generations=8
    )
    share = sizes["real_samples"] / (sizes["real_samples"] + sizes["samples"])
    np.testing.assert_allclose(pooled, total - loss * (1 - (1 - share) ** g) / share, rtol=1e-12)
    warm = networks.trace(LAMBDA, networks.temperature(0.9), jc.Replace(), generations=8)
    np.testing.assert_allclose(warm, total * 0.9 ** (2 * g), rtol=1e-12)


def test_directions_die_when_they_must():
    """At ``ceil(l/c)`` and when the harmonic sum reaches it: 4, 11, 31, 83."""
    lives = np.array([2.0, 3.0, 4.0, 5.0]) - 1e-9
    network = networks.soft_threshold(1.0)
    first = lambda flow: np.argmax(networks.orbit(lives, network, flow, generations=90) <= 0, axis=0) + 1  # noqa: E731
    np.testing.assert_array_equal(first(jc.Replace()), np.ceil(networks.collapse_time(lives, jc.Replace(), c=1.0)))
    late = networks.collapse_time(lives, jc.Accumulate(), c=1.0)
    np.testing.assert_array_equal(first(jc.Accumulate()), [4, 11, 31, 83])
    np.testing.assert_array_equal(first(jc.Accumulate()), np.ceil(late - 0.5))


@pytest.mark.parametrize("share", [0.1, 0.3, 0.7])
def test_a_share_of_real_data_saves_what_it_should(share):
    values, c = np.array([5.0, 2.0, 1.0, 0.5]), 0.35
    late = networks.orbit(values, networks.soft_threshold(c), jc.Mix("fresh", weight=share), generations=1000)[-1]
    alive = np.asarray(networks.survives(values, c=c, real_share=share))
    np.testing.assert_array_equal(alive, np.asarray(late) > 0)
    np.testing.assert_allclose(late, np.where(alive, values - c / share, 0.0), atol=1e-12)


def test_fresh_data_and_early_stopping_settle_at_a_blur():
    share, sigma = 0.3, 0.5
    late = networks.orbit([2.0], networks.ideal_diffusion(sigma), jc.Mix("fresh", weight=share), generations=300)[-1]
    np.testing.assert_allclose(late, 2.0 + sigma**2 / share, rtol=1e-12)  # of the pool, (1 - w)/w


def test_fresh_data_keeps_a_denoiser_of_its_own_output_above_zero():
    """The pool solves ``alpha m^2 + m (s - alpha v) = alpha v s``; without real data the digits double at the end."""
    share, noise, truth = 0.1, 0.25, 2.0
    network = networks.ideal_diffusion(noise**0.5, denoise=True)
    late = networks.orbit([truth], network, jc.Mix("fresh", weight=share), generations=2000)[-1]
    excess = share * truth - noise
    pool = (excess + np.sqrt(excess**2 + 4 * share**2 * truth * noise)) / (2 * share)
    np.testing.assert_allclose(late, pool**2 / (pool + noise), rtol=1e-12)
    lost = np.asarray(networks.orbit([0.01], network, jc.Replace(), generations=4))[:, 0] / noise
    np.testing.assert_allclose(np.log(lost[1:]) / np.log(lost[:-1]), 2.0, atol=0.01)


def test_accumulation_has_the_fixed_points_of_replacement():
    network = networks.ideal_diffusion(0.3, sigma_max=10.0)
    balance = 0.3 * 10.0  # x = (x + s^2)/(1 + x/S^2)
    still = networks.orbit([balance], network, jc.Accumulate(), generations=5)
    np.testing.assert_allclose(still, balance, rtol=1e-12)


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("make", "function"),
    [
        (denoised, lambda x: x**2 / (x + mpmath.mpf("0.3") ** 2)),
        (
            lambda: networks.ideal_diffusion(0.3, True, 5.0),
            lambda x: x**2 / (x + mpmath.mpf("0.3") ** 2) / (1 + x / 25),
        ),
        (lambda: networks.temperature(0.9), lambda x: mpmath.mpf("0.9") ** 2 * x),
        (lambda: jnp.sqrt, mpmath.sqrt),
    ],
)
def test_divided_differences_keep_their_digits(make, function):
    """Also where points meet, or nearly."""
    points = np.array([3.0, 3.0, 3.0 * (1 + 1e-9), 3.001, 2.0, 0.7, 0.01])
    first, second = divided_differences(make(), jnp.asarray(points))
    with mpmath.workdps(60):
        for i, a in enumerate(map(mpmath.mpf, points)):
            for j, b in enumerate(map(mpmath.mpf, points)):
                slope, bend = mpmath.diff(function, a), mpmath.diff(function, a, 2)
                f1 = slope if a == b else (function(a) - function(b)) / (a - b)
                f2 = bend / 2 if a == b else (slope - f1) / (a - b)
                np.testing.assert_allclose(first[i, j], float(f1), rtol=1e-11)
                np.testing.assert_allclose(second[i, j], float(f2), rtol=1e-9, atol=1e-12)


def by_hand(network, flow, n, generations, w=0.4, n_real=None):
    """Eigenvalues, bias and variances of three workflows, recursion by recursion."""
    two, m, b = 1 + np.eye(4), LAMBDA.copy(), np.zeros(4)
    n_real = n if n_real is None else n_real
    v = two * np.outer(m, m) / (n_real if flow == "mix" else n)
    out = []
    for g in range(1, generations + 1):
        first, second = map(np.asarray, divided_differences(network, jnp.asarray(m)))
        c = np.asarray(network(m))
        bias, spread = np.diagonal(first) * b + (v * second).sum(1), first**2 * v
        out.append((c, bias, spread))
        fresh = two * np.outer(c, c) / n
        if flow == "replace":
            m, b, v = c, bias, spread + fresh
        elif flow == "accumulate":
            k = 1 / (g + 1)
            m, b, v = m + k * (c - m), (1 - k) * b + k * bias, (1 - k + k * first) ** 2 * v + k**2 * fresh
        else:
            m, b = w * LAMBDA + (1 - w) * c, (1 - w) * bias
            v = (1 - w) ** 2 * (spread + fresh) + w**2 * two * np.outer(LAMBDA, LAMBDA) / n_real
    return tuple(np.array(part) for part in zip(*out, strict=True))


THREE = {
    "replace": lambda: jc.Replace(),
    "accumulate": lambda: jc.Accumulate(),
    "mix": lambda: jc.Mix("fresh", weight=0.4, real_samples=90),
}


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize("make", [ddim, denoised])
@pytest.mark.parametrize("name", THREE)
def test_the_engine_of_all_workflows_is_each_recursion(make, name):
    network, flow = make(), THREE[name]()
    c, bias, spread = by_hand(network, name, 200, 6, n_real=90)
    law = networks.moments(LAMBDA, network, flow, samples=200.0, generations=6)
    np.testing.assert_allclose(law.mean, c + bias, rtol=1e-10)
    np.testing.assert_allclose(law.variance, spread, rtol=1e-10)
    away = c - LAMBDA
    risk = np.sum(away**2 + 2 * away * bias, axis=1) + spread.sum((1, 2))
    np.testing.assert_allclose(law.risk, risk, rtol=1e-9)
    np.testing.assert_allclose(networks.orbit(LAMBDA, network, flow, generations=6, samples=200.0), c, rtol=1e-12)


@pytest.mark.slow
def test_moments_of_an_affine_network_have_its_trace():
    for flow in (jc.Window(2), jc.MovingAverage(0.3), jc.Mix("fixed", weight=0.3, real_samples=50)):
        network = networks.ideal_diffusion(0.3)
        law = networks.moments(LAMBDA, network, flow, samples=80.0, generations=5)
        trace = networks.trace(LAMBDA, network, flow, samples=80.0, generations=5)
        np.testing.assert_allclose(law.mean.sum(axis=1), trace, rtol=1e-12)


FLOWS = {
    "replace": lambda: jc.Replace(),
    "window": lambda: jc.Window(2),
    "fixed": lambda: jc.Mix("fixed", weight=0.4, real_samples=3000),
    "fresh": lambda: jc.Mix("fresh", real_samples=1200),
    "weighted": lambda: jc.Accumulate(weight=lambda g: jnp.where(g == 1, 3.0, 1.0)),
}


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize("name", FLOWS)
def test_moments_against_raw_covariances(name):
    """20,000 chains of covariances by NumPy: with fits that bend a lot, and sizes that differ."""
    rng, generations, count = np.random.default_rng(3), 4, 20_000
    sizes = np.array([4000, 2500, 6000, 3200]) if name in ("replace", "window", "weighted") else np.full(4, 3200)
    flow, network = FLOWS[name](), networks.ideal_diffusion(0.5, denoise=True)
    f = lambda x: x**2 / (x + 0.25)  # noqa: E731

    def batch(roots, n):
        lower = np.tril(rng.normal(size=(count, 4, 4)), -1)  # the factor of Bartlett
        lower[:, range(4), range(4)] = np.sqrt(rng.chisquare(n - np.arange(4), size=(count, 4)))
        half = roots @ lower
        return half @ np.swapaxes(half, 1, 2) / n

    truth = np.broadcast_to(np.diag(np.sqrt(LAMBDA)), (count, 4, 4))
    matrix = np.asarray(flow.weights(jnp.asarray(sizes, float))[0])
    real_size = {"fixed": 3000, "fresh": 1200}.get(name)
    share = {"fixed": 0.4, "fresh": 1200 / 4400}.get(name, 0.0)
    roots, batches, models = truth, [], []
    kept = batch(truth, real_size) if real_size else None
    for g in range(generations):
        real = batch(truth, real_size) if name == "fresh" else kept
        batches.append(batch(roots, sizes[g]))
        if real_size:
            pool = real if g == 0 else share * real + (1 - share) * batches[g]
        else:
            pool = sum(matrix[g, i] * batches[i] for i in range(g + 1))
        values, vectors = np.linalg.eigh(pool)
        roots = vectors * np.sqrt(f(np.maximum(values, 0)))[:, None, :]
        models.append(roots @ np.swapaxes(roots, 1, 2))
    models = np.array(models)
    law = networks.moments(LAMBDA, network, flow, samples=jnp.asarray(sizes, float), generations=generations)
    diagonal = np.diagonal(models, axis1=2, axis2=3)
    spread = models.std(axis=1, ddof=1)
    error = np.diagonal(spread, axis1=1, axis2=2) / count**0.5
    # what is left out is of order 1/n^2 in a mean, and 1/n of a variance
    assert (np.abs(diagonal.mean(axis=1) - law.mean) < 4.5 * error + 1e-4 * np.asarray(law.mean)).all()
    np.testing.assert_allclose(spread**2, law.variance, rtol=0.055)  # 4.5 standard errors are 0.045
    risk = ((models - np.diag(LAMBDA)) ** 2).sum((2, 3))
    allowed = 4.5 * risk.std(axis=1, ddof=1) / count**0.5 + 0.005 * np.asarray(law.risk)
    assert (np.abs(risk.mean(axis=1) - law.risk) < allowed).all()


@pytest.mark.slow
def test_one_call_serves_a_network_of_ones_own_and_has_gradients():
    law = networks.moments(LAMBDA, lambda x: x**0.9, jc.Accumulate(), samples=100.0, generations=3)
    assert np.isfinite(law.risk).all()

    def late(w):
        share = jc.Mix("fresh", weight=w)
        return networks.trace(LAMBDA, networks.soft_threshold(0.1), share, generations=50)[-1]

    slope = jax.grad(late)(0.4)
    np.testing.assert_allclose(slope, 4 * 0.1 / 0.4**2, rtol=1e-6)  # of tr - p c/w


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: networks.trace([1.0], ddim(), jc.Replace(), generations=2), "network must be affine"),
        (lambda: networks.trace([1.0], lambda x: x, jc.Replace(), generations=2), "network must be affine"),
        (lambda: networks.trace([0.0], denoised(), jc.Replace(), generations=2), "eigenvalues must be positive"),
        (lambda: networks.trace([], networks.temperature(1.0), jc.Replace(), generations=2), "eigenvalues must have"),
        (lambda: networks.orbit([1.0], jnp.sum, jc.Replace(), generations=2), "network must return an eigenvalue"),
        (
            lambda: networks.moments([1.0], ddim(), jc.AccumulateSubsample(), samples=9.0, generations=2),
            "workflow must keep whole batches",
        ),
        (lambda: networks.collapse_time([1.0], jc.Window(2), c=0.1), "workflow must replace its data or keep all"),
        (lambda: networks.collapse_time([1.0], jc.Replace(), c=0.0), "c must be positive"),
        (lambda: networks.survives([1.0], c=0.1, real_share=1.5), "real_share must be at most 1, got 1.5"),
    ],
)
def test_wrong_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_network_that_is_no_function_is_named():
    with pytest.raises(TypeError, match="network must be a function of eigenvalues such as .*soft_threshold"):
        networks.orbit([1.0], 0.5, jc.Replace(), generations=2)
