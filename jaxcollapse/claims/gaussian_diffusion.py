"""Results without a paper: loops of Gaussian diffusion models with extrapolated scores and a finite range of noise.

The loop is that of negative guidance in Alemohammad et al. 2024, arXiv:2408.16333, in the Gaussian case, where every
law is exact: guidance away from own samples turns collapse into a walk without drift, at the price of its spread.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxcollapse.chain.data import Samples
from jaxcollapse.chain.model import Model
from jaxcollapse.chain.pooled import Replace
from jaxcollapse.chain.simulate import simulate
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


_CASE = shared(guidance=0.8, mean=0.4, variance=1.3, other_mean=-0.6, other_variance=0.6)
_STARTS = np.array([2.0, 1e9])
_LEVELS = np.geomspace(_STARTS, 1e-4, 1200)


def _flowed(key):
    """Mean and mean square at the end of the flow, by steps of the midpoint rule in the log of the level.

    The flow is linear: two particles stand for a normal start, and there is no noise.
    """
    w, m, v, other, other_v = _CASE.values()

    def slope(x, level):
        return 0.5 * level * ((1 + w) * (x - m) / (v + level) - w * (x - other) / (other_v + level))

    def step(x, levels):
        level, after = levels
        change = jnp.log(after / level)
        half = x + 0.5 * change * slope(x, level)
        return x + change * slope(half, jnp.sqrt(level * after)), None

    start = np.outer([1.0, -1.0], np.sqrt(_STARTS))
    end = jax.lax.scan(step, jnp.asarray(start), (jnp.asarray(_LEVELS[:-1]), jnp.asarray(_LEVELS[1:])))[0]
    return jnp.stack([jnp.mean(end, axis=0), jnp.mean(end**2, axis=0)])


def _flowed_theory():
    law = gaussian.guided_law("ode", **_CASE, start=_STARTS)
    return jnp.stack([law.mean, law.variance + law.mean**2])


_MILD, _PARTICLES = {**_CASE, "other_variance": 0.7}, 64
_SOME = 3.0
_COARSE, _STEP, _STIRS = _SOME * np.linspace(1.0, 0.0, 61) ** 2, 1.0, 40


def _score(x, level: Any = 0.0):
    w, m, v, other, other_v = _MILD.values()
    return w * (x - other) / (other_v + level) - (1 + w) * (x - m) / (v + level)


def _diffused(key):
    """Particles of the reverse diffusion, by steps of the midpoint rule down the levels."""

    def step(x, now):
        level, after, noise = now
        half = 0.5 * (level + after)
        first = jnp.sqrt(level - half) * noise[0]
        middle = x + (level - half) * _score(x, level) + first
        return x + (level - after) * _score(middle, half) + first + jnp.sqrt(half - after) * noise[1], None

    noise = jax.random.normal(key, (len(_COARSE), 2, _PARTICLES))
    start = jnp.sqrt(_SOME) * noise[-1, 0]
    return jax.lax.scan(step, start, (jnp.asarray(_COARSE[:-1]), jnp.asarray(_COARSE[1:]), noise[:-1]))[0]


def _stirred(key):
    """Particles of Langevin dynamics without noise in the score; means of neighbouring noises keep the variance."""
    noise = jax.random.normal(key, (_STIRS + 1, _PARTICLES))
    step = lambda x, pair: (x + _STEP * _score(x) + jnp.sqrt(0.5 * _STEP) * pair, None)  # noqa: E731
    return jax.lax.scan(step, jnp.full(_PARTICLES, _MILD["mean"]), noise[1:] + noise[:-1])[0]


def _two_samplers():
    return [gaussian.guided_law("sde", **_MILD, start=_SOME), gaussian.guided_law("langevin", **_MILD)]


def _samplers(key):
    """Means and squares about what should be the means, of particles of both."""
    ends = jnp.stack([_diffused(key), _stirred(key)])
    about = (ends - jnp.stack([law.mean for law in _two_samplers()])[:, None]) ** 2
    return jnp.stack([ends.mean(axis=1), about.mean(axis=1)], axis=1).ravel()


def _samplers_theory():
    return jnp.stack([jnp.stack(law) for law in _two_samplers()]).ravel()


_RANGE, _MANY = shared(sigma_min=0.3, sigma_max=3.0), shared(samples=2000, generations=10)


def _ranged(key):
    runs = (simulate(GaussianDiffusion(s, **_RANGE), Replace(), key=key, **_MANY) for s in ("ode", "sde"))
    return jnp.concatenate([run.variance for run in runs])


def _ranged_theory():
    curve = lambda s: gaussian.ranged_replace(s, variance=1.0, generations=_MANY["generations"], **_RANGE)  # noqa: E731
    return jnp.concatenate([curve(sampler) for sampler in ("ode", "sde")])


_TIME, _FROM, _ROWS = 1.5, 4.0, shared(samples=2000, generations=5)
_CLOCK = (np.arange(60) + 0.5) * (_TIME / 60)


class _Preserving(Model):
    """The mean square of rows; a flow that keeps the variance draws them, step by step from the noise."""

    def truth(self):
        return jnp.asarray(_FROM)

    def real(self, key, truth, n):
        return Samples(jnp.sqrt(truth) * jax.random.normal(key, (int(n),)))

    def sample(self, key, params, n):
        level = 1 + jnp.exp(-_CLOCK) * (params - 1)
        growth = jnp.exp(0.5 * _TIME * jnp.mean(1 - 1 / level))
        return Samples(growth * jax.random.normal(key, (int(n),)))

    def fit(self, data: Any, **context):
        return data.mean(lambda row: row**2)

    def metrics(self, params, **context):
        return {"variance": params}


def _preserved(key):
    return simulate(_Preserving(), Replace(), key=key, **_ROWS).variance


def _preserved_theory():
    """Of what is fitted: the truth, and then what the models before have drawn."""
    drawn = gaussian.preserving_replace(variance=_FROM, time=_TIME, generations=_ROWS["generations"] - 1)
    return jnp.concatenate([jnp.full(1, _FROM), drawn])


_SMALL_BATCH = shared(samples=_SAMPLES, auxiliary_samples=8)


def _half_guided(key):
    half = 0.5 * gaussian.guided_replace_driftless(**_SMALL_BATCH)
    return _run(key, guidance=half, auxiliary_samples=8).log_variance


def _half_drift():
    return 0.5 * gaussian.log_variance_mean(**_LOOP, ddof=1)


_CLASSES = shared(guidance=0.5, within=1.0, between=0.5, generations=4)


def _classes(key):
    """The squared means of one class, each moved by the law that is guided away from all classes together."""
    known = gaussian.guided_classes("ode", **_CLASSES)
    within = jnp.concatenate([jnp.ones(1), known.within[:-1]])
    between = jnp.concatenate([jnp.full(1, 0.5), known.between[:-1]])

    def move(center, spread):
        v, b = spread
        law = gaussian.guided_law("ode", guidance=0.5, mean=center, variance=v, other_mean=0.0, other_variance=v + b)
        return law.mean, jnp.stack([law.variance, law.mean**2])

    first = jnp.sqrt(0.5) * jax.random.normal(key)
    return jax.lax.scan(move, first, (within, between))[1].ravel()


def _classes_theory():
    return jnp.stack(gaussian.guided_classes("ode", **_CLASSES), axis=1).ravel()


_REAL_SHARE, _STEPS = 0.2, 8


def _added(key):
    """Squares of what errors add up to, each new, and each the same."""

    def total(errors):
        pass_on = lambda x, e: 2 * ((1 - _REAL_SHARE) * x + e,)  # noqa: E731
        return jax.lax.scan(pass_on, jnp.zeros(()), errors)[1] ** 2

    errors = jax.random.normal(key, (_STEPS,))
    return jnp.concatenate([total(errors), total(jnp.broadcast_to(errors[0], errors.shape))])


def _added_theory():
    curve = lambda aligned: gaussian.accumulated_error(  # noqa: E731
        real_share=_REAL_SHARE, aligned=aligned, generations=_STEPS
    )
    return jnp.concatenate([curve(False), curve(True)])


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
        name="own-guided-driftless",
        statement="Half of the guidance at which the log variance does not drift leaves half of its drift.",
        theory=_half_drift,
        experiment=_half_guided,
        relation=Equal(tolerance=0.03),
        formula="w* = δ(n)/δ(n'); E log V_g = g δ(n)/2 at w*/2",
        protocol="Gaussian of unbiased variance, n = 4 rows, guided by the flow away from n' = 8 own rows.",
        axis=generation_axis(_GENERATIONS),
        quantity="log variance",
    ),
    Claim(
        name="own-guided-classes",
        statement="Guidance of a classifier makes classes narrower and drives them apart, faster in every generation.",
        theory=_classes_theory,
        experiment=_classes,
        relation=Equal(tolerance=0.02),
        formula="V' = V r^−w, B' = B (1 + k)², r = 1 + B/V",
        protocol="Class means N(0, 0.5), variance 1 within, guided by the flow with w = 0.5; infinitely many rows.",
        labels=tuple(f"{name}, g = {g}" for g in range(1, 5) for name in ("within", "between")),
        quantity="variance within and between classes",
    ),
    Claim(
        name="own-aligned-errors",
        statement="Errors that point in one direction add up to many times as much as independent ones.",
        theory=_added_theory,
        experiment=_added,
        relation=Equal(tolerance=0.03),
        formula="independent (1 − k^2g)/(1 − k²), aligned ((1 − k^g)/(1 − k))², k = 1 − α",
        protocol="A deviation of which a share k = 0.8 passes on, and normal errors: new ones, or one for all.",
        labels=tuple(f"{name}, g = {g}" for name in ("new", "the same") for g in range(1, _STEPS + 1)),
        quantity="squared deviation",
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
        theory=_flowed_theory,
        experiment=_flowed,
        relation=Asymptotic(allowance=0.001),
        formula=(
            "V = v q^w S/(v + S), M = m (1 − f) + k (m − m'), q = (v' + S)/(r (v + S)), r = v'/v, f² = q^w v/(v + S), "
            "k = w r^(−w/2) ∫ (1 − (1 − r) x²)^(w/2 − 1) dx from √(v/(v + S)) to 1; v r^−w for S = ∞"
        ),
        protocol="1199 midpoint steps from N(0, S) to the level 10⁻⁴; N(0.4, 1.3) away from N(−0.6, 0.6), w = 0.8.",
        labels=tuple(f"{name}, S = {start:g}" for name in ("mean", "mean square") for start in _STARTS),
        quantity="moments of what is drawn",
        first_look=2,
    ),
    Claim(
        name="own-guided-samplers",
        statement="Reverse diffusion and Langevin dynamics along one extrapolated score end at two different laws.",
        theory=_samplers_theory,
        experiment=_samplers,
        relation=Asymptotic(allowance=0.004, tolerance=0.025),
        first_look=1024,
        formula=(
            "diffusion: V = f² S + r v (q^(2w + 1) − 1)/((2w + 1)(1 − r)), M = m (1 − f) + (m − m')(q^w − 1)/(1 − r), "
            "q = (v' + S)/(r (v + S)), r = v'/v, f = q^w v/(v + S); "
            "Langevin: 1/V = (1 + w)/v − w/v', M = V [(1 + w) m/v − w m'/v']"
        ),
        protocol="64 particles; 60 midpoint steps from N(0, 3) on, or 40 of Langevin dynamics; N(0.4, 1.3) away from "
        "N(−0.6, 0.7), w = 0.8.",
        labels=tuple(
            f"{name} of {sampler}" for sampler in ("reverse diffusion", "Langevin") for name in ("mean", "variance")
        ),
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
    Claim(
        name="own-preserving",
        statement="A diffusion model that keeps the variance and runs for some time forgets the data at a fixed rate.",
        theory=_preserved_theory,
        experiment=_preserved,
        relation=Asymptotic(allowance=0.003, tolerance=0.02),
        formula="v' = v/(a² v + 1 − a²), 1/v_g − 1 = (1 − a²)^g (1/v_0 − 1), a² = e^−T",
        protocol="Gaussian of variance 4 with n = 2000 rows, exact scores of the fit; 60 midpoint steps, T = 1.5.",
        axis=generation_axis(_ROWS["generations"]),
        quantity="variance",
        first_look=256,
    ),
)
