"""Results without a paper: loops of Gaussian diffusion models with extrapolated scores and a finite range of noise.

The loop is that of negative guidance in Alemohammad et al. 2024, arXiv:2408.16333, in the Gaussian case, where every
law is exact: guidance away from own samples turns collapse into a walk without drift, at the price of its spread.
"""

import jax
import jax.numpy as jnp
import numpy as np

from jaxcollapse.chain.simulate import simulate
from jaxcollapse.chain.workflow import Replace
from jaxcollapse.claims.frame import generation_axis, shared
from jaxcollapse.models.gaussian.diffusion import GaussianDiffusion
from jaxcollapse.theory import gaussian
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Asymptotic, Equal

REFERENCE = None
_GENERATIONS, _SAMPLES = 6, 4
_GUIDANCE = shared(guidance=0.3, auxiliary_samples=8)
_LOOP = shared(samples=_SAMPLES, generations=_GENERATIONS)


def _run(key, sizes=_LOOP, **fields):
    return simulate(GaussianDiffusion("ode", **fields), Replace(), key=key, **sizes)


def _walk():
    return gaussian.guided_replace_log_variance(**_LOOP, **_GUIDANCE)


def _spread(key):
    return (_run(key, **_GUIDANCE).log_variance - _walk().mean) ** 2


_FEW, _FULL = shared(samples=40, generations=4), shared(guidance=1.0, auxiliary_samples=40)


def _moments(key):
    run = _run(key, _FEW, **_FULL)
    return jnp.concatenate([run.squared_error, run.variance])


_PARTICLES, _CASE = 64, shared(guidance=0.8, mean=0.4, variance=1.3, other_mean=-0.6, other_variance=0.6)
_LEVELS = np.geomspace(1e9, 1e-4, 1200)


def _particles(key):
    """Their mean and mean square at the end of the flow, by steps of the midpoint rule in the log of the level."""
    w, m, v, other, other_v = _CASE.values()

    def slope(x, level):
        return 0.5 * level * ((1 + w) * (x - m) / (v + level) - w * (x - other) / (other_v + level))

    def step(x, levels):
        level, after = levels
        change = jnp.log(after / level)
        half = x + 0.5 * change * slope(x, level)
        return x + change * slope(half, jnp.sqrt(level * after)), None

    start = jnp.sqrt(_LEVELS[0]) * jax.random.normal(key, (_PARTICLES,))
    end = jax.lax.scan(step, start, (jnp.asarray(_LEVELS[:-1]), jnp.asarray(_LEVELS[1:])))[0]
    return jnp.stack([jnp.mean(end), jnp.mean(end**2)])


def _particles_theory():
    law = gaussian.guided_law("ode", **_CASE)
    return jnp.stack([law.mean, law.variance + law.mean**2])


_RANGE, _MANY = shared(sigma_min=0.3, sigma_max=3.0), shared(samples=2000, generations=10)


def _ranged(key):
    runs = (simulate(GaussianDiffusion(s, **_RANGE), Replace(), key=key, **_MANY) for s in ("ode", "sde"))
    return jnp.concatenate([run.variance for run in runs])


def _ranged_theory():
    curve = lambda s: gaussian.ranged_replace(s, variance=1.0, generations=_MANY["generations"], **_RANGE)  # noqa: E731
    return jnp.concatenate([curve(sampler) for sampler in ("ode", "sde")])


_PROTOCOL = "Gaussian of unbiased variance, n = 4 rows, guided by the flow with w = 0.3 away from n' = 8 own rows."
CLAIMS = (
    Claim(
        name="own-guided-drift",
        statement="Negative guidance slows the fall of the log variance, and cancels it at w about n'/n.",
        theory=lambda: _walk().mean,
        experiment=lambda key: _run(key, **_GUIDANCE).log_variance,
        relation=Equal(tolerance=0.03),
        formula="E log V_g = g [δ(n) − w δ(n')], δ(n) = ψ((n − 1)/2) − ln((n − 1)/2); w* = δ(n)/δ(n')",
        protocol=_PROTOCOL,
        axis=generation_axis(_GENERATIONS),
        quantity="log variance",
    ),
    Claim(
        name="own-guided-spread",
        statement="The price of negative guidance is the spread of the log variance.",
        theory=lambda: _walk().variance,
        experiment=_spread,
        relation=Equal(tolerance=0.03),
        formula="Var log V_g = g [ψ₁((n − 1)/2) + w² ψ₁((n' − 1)/2)]",
        protocol=_PROTOCOL,
        axis=generation_axis(_GENERATIONS),
        quantity="variance of the log variance",
    ),
    Claim(
        name="own-guided-moments",
        statement="Where guidance cancels the drift of the log variance, its mean and the error of the mean explode.",
        theory=lambda: jnp.concatenate(gaussian.guided_replace_moments(**_FEW, **_FULL)),
        experiment=_moments,
        relation=Equal(tolerance=0.03),
        formula="E V_g = c^g, E m_g² = (1/n + E k²/n')(c^g − 1)/(c − 1), c = E G'^−w",
        protocol="Gaussian of unbiased variance, n = n' = 40, guided by the flow with w = 1.",
        labels=tuple(f"{name}, g = {g}" for name in ("E m²", "E V") for g in range(1, 5)),
        quantity="squared error and variance",
    ),
    Claim(
        name="own-guided-flow",
        statement="The flow along an extrapolated score extrapolates the variance geometrically.",
        theory=_particles_theory,
        experiment=_particles,
        relation=Asymptotic(allowance=0.001),
        formula="V = v r^−w, M = m + k (m − m'), k = w r^(−w/2) ∫₀¹ (1 − (1 − r) x²)^(w/2 − 1) dx, r = v'/v",
        protocol="64 particles, 1200 midpoint steps, level 10⁹ to 10⁻⁴; N(0.4, 1.3) away from N(−0.6, 0.6), w = 0.8.",
        labels=("mean", "mean square"),
        quantity="moments of what is drawn",
    ),
    Claim(
        name="own-noise-range",
        statement="A sampler with a finite range of noise forgets the data: the flow ends at the variance σ_min σ_max.",
        theory=_ranged_theory,
        experiment=_ranged,
        relation=Asymptotic(allowance=0.002),
        formula="flow v' = S(v + s)/(v + S), diffusion v' = v + s − v (v + s)²/(v + S)²; s = σ_min², S = σ_max²",
        protocol="Gaussian with n = 2000 rows, exact scores of the fit, σ_min = 0.3, σ_max = 3, replace.",
        labels=tuple(f"{sampler}, g = {g}" for sampler in ("flow", "reverse diffusion") for g in range(1, 11)),
        quantity="variance",
    ),
)
