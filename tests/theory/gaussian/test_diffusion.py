"""Laws of guided samplers against their differential equations, and loops against each other."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp
from scipy.special import hyp2f1
from scipy.stats import chi2

import jaxcollapse as jc
from jaxcollapse.theory import gaussian, networks

pytestmark = pytest.mark.usefixtures("x64")
CASE = dict(mean=0.4, variance=1.3, other_mean=-0.1)


def integrated(sampler, *, guidance, mean, variance, other_mean, other_variance, start=1e10):
    """The mean and the variance along the sampler, from a start down to no noise."""
    factor, diffuses = (0.5, 0.0) if sampler == "ode" else (1.0, 1.0)

    def slope(log_level, law):
        level = np.exp(log_level)
        pull = (1 + guidance) / (variance + level), guidance / (other_variance + level)
        drift = factor * (pull[0] * (law[0] - mean) - pull[1] * (law[0] - other_mean))
        return [level * drift, level * (2 * factor * (pull[0] - pull[1]) * law[1] - diffuses)]

    path = solve_ivp(slope, (np.log(start), np.log(1e-9)), [0.0, start], method="LSODA", rtol=1e-10, atol=1e-12)
    return path.y[:, -1]


@pytest.mark.parametrize("sampler", ["ode", "sde"])
@pytest.mark.parametrize(("ratio", "guidance"), [(0.3, 0.4), (2.7, 1.0), (7.0, 2.5), (1.0, 0.8)])
def test_guided_laws_solve_their_equations(sampler, ratio, guidance):
    case = dict(CASE, guidance=guidance, other_variance=ratio * CASE["variance"])
    law = gaussian.guided_law(sampler, **case)
    np.testing.assert_allclose(law, integrated(sampler, **case), rtol=3e-5)  # of the start 1/sqrt(level) is left


@pytest.mark.parametrize("sampler", ["ode", "sde"])
@pytest.mark.parametrize(("ratio", "guidance"), [(0.3, 0.4), (7.0, 2.5), (1.0, 0.8)])
def test_guided_laws_from_some_noise_on(sampler, ratio, guidance):
    case = dict(CASE, guidance=guidance, other_variance=ratio * CASE["variance"])
    law = gaussian.guided_law(sampler, **case, start=2.5)
    np.testing.assert_allclose(law, integrated(sampler, **case, start=2.5), rtol=1e-7)
    endless = gaussian.guided_law(sampler, **case)
    np.testing.assert_allclose(gaussian.guided_law(sampler, **case, start=1e18), endless, rtol=1e-7)


def test_the_langevin_law_is_the_tilted_density():
    law = gaussian.guided_law("langevin", guidance=0.7, other_variance=0.8, **CASE)
    score = lambda x: 1.7 * (x - 0.4) ** 2 / 1.3 - 0.7 * (x + 0.1) ** 2 / 0.8  # noqa: E731
    tilted = lambda x: np.exp(-0.5 * score(x))  # noqa: E731
    moment = lambda power: quad(lambda x: x**power * tilted(x), -60, 60, limit=400)[0]  # noqa: E731
    np.testing.assert_allclose(law.mean, moment(1) / moment(0), rtol=1e-8)
    np.testing.assert_allclose(law.variance + law.mean**2, moment(2) / moment(0), rtol=1e-8)


def test_the_mean_of_the_flow_is_hypergeometric():
    for ratio in (1e-3, 0.4, 1.0, 6.0, 1e3):
        for w in (0.3, 1.0, 2.0, 3.5):
            law = gaussian.guided_law("ode", guidance=w, mean=1.0, variance=1.0, other_mean=0.0, other_variance=ratio)
            expected = w * ratio ** (-w / 2) * hyp2f1(1 - w / 2, 0.5, 1.5, 1 - ratio)
            np.testing.assert_allclose(law.mean - 1, expected, rtol=1e-10)


def test_samplers_agree_to_first_order():
    near = dict(CASE, guidance=0.7, other_variance=1.3 * 0.999)
    variances = [float(gaussian.guided_law(sampler, **near).variance) for sampler in ("ode", "sde", "langevin")]
    np.testing.assert_allclose(variances, 1.3 * (1 + 0.7 * 0.001), rtol=2e-6)
    same = dict(CASE, guidance=0.7, other_variance=1.3)
    for sampler in ("ode", "sde", "langevin"):
        np.testing.assert_allclose(gaussian.guided_law(sampler, **same), [0.4 + 0.7 * 0.5, 1.3], rtol=1e-12)


def test_the_guided_loop():
    n, other, w = 12, 9, 0.6
    loop = dict(samples=n, auxiliary_samples=other, guidance=w, generations=3)
    moments = gaussian.guided_replace_moments(**loop)
    ratio = chi2(other - 1, scale=1 / (other - 1))
    growth = ratio.expect(lambda r: r**-w)
    gain = lambda r: w * r ** (-w / 2) * hyp2f1(1 - w / 2, 0.5, 1.5, 1 - r)  # noqa: E731
    squares = ratio.expect(lambda r: gain(r) ** 2)
    np.testing.assert_allclose(moments.variance, growth ** np.arange(1, 4), rtol=1e-7)
    np.testing.assert_allclose(moments.mean, (1 / n + squares / other) * np.cumsum(growth ** np.arange(3)), rtol=1e-6)
    still = gaussian.guided_replace_driftless(samples=n, auxiliary_samples=other)
    walk = gaussian.guided_replace_log_variance(**{**loop, "guidance": still})
    np.testing.assert_allclose(walk.mean, 0.0, atol=1e-14)
    plain = gaussian.guided_replace_log_variance(**{**loop, "guidance": 0.0})
    np.testing.assert_allclose(plain.mean, gaussian.log_variance_mean(samples=n, generations=3, ddof=1), rtol=1e-12)


def test_guided_classes_are_guided_laws():
    v, b, w = 1.0, 0.5, 0.5
    for sampler in ("ode", "sde"):
        law = lambda c, s=sampler: gaussian.guided_law(  # noqa: E731
            s, guidance=w, mean=c, variance=v, other_mean=0.0, other_variance=v + b
        )
        loop = gaussian.guided_classes(sampler, guidance=w, within=v, between=b, generations=1)
        np.testing.assert_allclose([loop.within[0], loop.between[0]], [law(1.0).variance, b * law(1.0).mean ** 2])
    expected = [0.8165, 0.5490, 0.2682, 0.0811, 0.0124]
    loop = gaussian.guided_classes("ode", guidance=w, within=v, between=b, generations=5)
    np.testing.assert_allclose(loop.within, expected, atol=6e-5)


def test_a_range_of_noise():
    low, high, g = 0.2, 3.0, np.arange(1, 9)
    case = dict(variance=1.7, sigma_min=low, sigma_max=high, generations=8)
    flow = np.asarray(gaussian.ranged_replace("ode", **case))
    filtered = networks.orbit([1.7], networks.ideal_diffusion(low, sigma_max=high), jc.Replace(), generations=8)
    np.testing.assert_allclose(flow, filtered[:, 0], rtol=1e-12)
    end, kept = low * high, (high - low) / (high + low)
    np.testing.assert_allclose((flow - end) / (flow + end), kept**g * (1.7 - end) / (1.7 + end), rtol=1e-9)
    law = integrated_range(1.7, low**2, high**2)
    np.testing.assert_allclose(gaussian.ranged_replace("sde", **case)[0], law, rtol=1e-7)
    slow = gaussian.ranged_replace("ode", variance=1.7, sigma_min=0.0, sigma_max=high, generations=8)
    np.testing.assert_allclose(1 / slow, 1 / 1.7 + g / 9, rtol=1e-12)


def integrated_range(v, low, high):
    slope = lambda level, law: 2 * law / (v + level) - 1  # noqa: E731
    return solve_ivp(slope, (high, low), [high], rtol=1e-10, atol=1e-12).y[0, -1]


def test_errors_that_add_up():
    share, g = 0.3, 40
    independent, aligned = (
        gaussian.accumulated_error(real_share=share, aligned=which, generations=g) for which in (False, True)
    )
    rng = np.random.default_rng(0)
    np.testing.assert_allclose(aligned[-1] / independent[-1], (2 - share) / share, rtol=1e-5)
    steps, total = rng.normal(size=5), 0.0
    for step in steps:
        total = (1 - share) * total + step
    weights = 0.7 ** np.arange(5)[::-1]
    np.testing.assert_allclose(total, weights @ steps)
    np.testing.assert_allclose([independent[4], aligned[4]], [weights @ weights, weights.sum() ** 2], rtol=1e-12)
    assert (gaussian.accumulated_error(real_share=1.0, aligned=True, generations=3) == 1).all()


GUIDED = dict(guidance=1.0, mean=0.0, variance=1.0, other_mean=0.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: gaussian.guided_law("langevin", other_variance=0.5, **GUIDED),
            "guidance must be below r/.1 - r. with r = other_variance/variance",
        ),
        (
            lambda: gaussian.guided_law("langevin", other_variance=2.0, start=9.0, **GUIDED),
            'start must be None for sampler "langevin", which forgets it, got 9.0',
        ),
        (lambda: gaussian.guided_law("ode", other_variance=2.0, start=0.0, **GUIDED), "start must be positive"),
        (lambda: gaussian.guided_law("flow", other_variance=0.5, **GUIDED), "sampler must be 'ode' or 'sde'"),
        (lambda: gaussian.guided_law("ode", other_variance=0.0, **GUIDED), "other_variance must be positive"),
        (
            lambda: gaussian.guided_replace_moments(samples=9, auxiliary_samples=3, guidance=1.0, generations=2),
            "auxiliary_samples - 1 - 2 . guidance must be finite and above 0",
        ),
        (
            lambda: gaussian.ranged_replace("ode", variance=1.0, sigma_min=2.0, sigma_max=1.0, generations=2),
            "sigma_max must be above sigma_min = 2.0, got 1.0",
        ),
        (lambda: gaussian.accumulated_error(real_share=1.2, aligned=True, generations=2), "real_share must be at most"),
        (lambda: jc.GaussianDiffusion("ode", guidance=1.0), "auxiliary_samples must be given with guidance"),
        (lambda: jc.GaussianDiffusion("ode", guidance=-1.0, auxiliary_samples=9), "guidance must be .* at least 0"),
        (lambda: jc.GaussianDiffusion("ode", sigma_min=1.0), "sigma_max must be given with sigma_min"),
        (lambda: jc.GaussianDiffusion("sde", sigma_min=1.0, sigma_max=1.0), "sigma_max must be above sigma_min"),
        (lambda: jc.GaussianDiffusion("langevin", sigma_max=9.0), "sigma_max must be None with guidance, and with"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()


def test_a_loop_without_guidance_is_a_gaussian():
    plain, model = jc.Gaussian(ddof=1, variance=2.0), jc.GaussianDiffusion("sde", variance=2.0)
    chain = dict(samples=9, generations=3)
    for workflow in (jc.Replace(), jc.Accumulate()):
        expected, found = jc.predict(plain, workflow, **chain), jc.predict(model, workflow, **chain)
        np.testing.assert_allclose(found.variance, expected.variance)
    guided = jc.GaussianDiffusion("ode", guidance=1e-9, auxiliary_samples=9, variance=2.0)
    found = jc.predict(guided, jc.Replace(), **chain)
    expected = jc.predict(plain, jc.Replace(), **chain)
    for name in ("variance", "log_variance", "squared_error"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-7)
    assert jnp.isfinite(found.mean).all()


def test_a_process_that_keeps_the_variance():
    """One generation against the flow, solved as a differential equation, and the limit of any truth."""
    start, time = 2.6, 1.3

    def back(t, law):
        now = np.exp(-t) * start + 1 - np.exp(-t)
        return law * (1 / now - 1)  # of the variance, twice half of the slope

    flow = solve_ivp(back, (time, 0.0), [1.0], rtol=1e-10, atol=1e-12).y[0, -1]
    curve = gaussian.preserving_replace(variance=start, time=time, generations=60)
    np.testing.assert_allclose(curve[0], flow, rtol=1e-8)
    again = gaussian.preserving_replace(variance=curve[0], time=time, generations=1)
    np.testing.assert_allclose(curve[1], again[0], rtol=1e-12)
    np.testing.assert_allclose(curve[-1], 1.0, rtol=1e-7)
