"""Section 5: how the best penalty and the risk scale on power laws, and what the penalties of a whole chain should be.

"Clean" is the rule ``T^-l`` that is best without fake data, here with ``l = 0.8``; "adapted" is the rule for them.
"""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from jaxcollapse.chain.pooled import Replace
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.claims.dohmatob_2024.figures import Figure, figure_claim
from jaxcollapse.claims.dohmatob_2024.protocol import (
    CAPACITY,
    DIM,
    FAKE_SAMPLES,
    SOURCE,
    claim,
    downstream_risk,
    power_law,
)
from jaxcollapse.claims.frame import shared
from jaxcollapse.machine.precision import enable_x64, untraced
from jaxcollapse.models.regression.linear_regression import LinearRegression
from jaxcollapse.theory import Spectrum, regression
from jaxcollapse.theory.search import minimiser
from jaxcollapse.verification.claim import Axis, Claim
from jaxcollapse.verification.relation import Asymptotic, Rate


class _Regime(NamedTuple):
    """Growing samples ``T`` with ``T0 = T^exponent`` fake ones, one fake generation, on a power-law spectrum."""

    name: str
    exponent: float
    label_noise: bool

    def rule(self) -> regression.AdaptiveExponents:
        """The exponents of the best penalty and of the error."""
        return regression.adaptive_exponent(
            capacity=CAPACITY, source=SOURCE, generator_exponent=self.exponent, label_noise=self.label_noise
        )


_GROWTH = 3.0 ** np.arange(4)
_REGIMES = (
    _Regime("σ = 0, T₀ = T^0.5", 0.5, False),
    _Regime("σ = 0, T₀ = T^0.75", 0.75, False),
    _Regime("σ = 1, T₀ = T^0.8", 0.8, True),
)


class _Cell(NamedTuple):
    """The setting of one regime at one size; stacked, of all of them."""

    samples: Float[Array, "..."]
    noise: Float[Array, "..."]
    generator_samples: Float[Array, "..."]
    generator_noise: Float[Array, "..."]


def _cells(dim: int, smallest: float) -> _Cell:
    """Every regime at growing sizes, from the smallest ``T0`` on.

    The generator's noise keeps ``sigma0^2 T0 / (T0 - d - 1)`` at one: the combination that the theorem calls
    ``n sigma0^2 / (1 - phi0)``.
    """
    exponent = jnp.repeat(jnp.array([regime.exponent for regime in _REGIMES]), len(_GROWTH))
    noise = jnp.repeat(jnp.array([float(regime.label_noise) for regime in _REGIMES]), len(_GROWTH))
    samples = smallest ** (1 / exponent) * jnp.tile(_GROWTH, len(_REGIMES))
    generator_samples = samples**exponent
    return _Cell(samples, noise, generator_samples, jnp.sqrt((generator_samples - dim - 1) / generator_samples))


def _penalties(dim: int, cells: _Cell) -> Float[Array, " cells"]:
    """The penalty that minimises the closed form in every cell."""
    spectrum = Spectrum.power_law(dim, capacity=CAPACITY, source=SOURCE)
    return jax.vmap(lambda cell: regression.adaptive_penalty(spectrum, generators=1, **cell._asdict()))(cells)


def _best_penalties(key: Key[Array, ""]) -> Float[Array, "regimes sizes"]:
    """The minimiser of the closed form in 3,000 dimensions; it has no randomness."""
    return untraced(lambda: _penalties(3000, _cells(3000, 3e5))).reshape(len(_REGIMES), len(_GROWTH))


def _best_risk(key: Key[Array, ""]) -> Float[Array, "regimes sizes"]:
    """The simulated risk at the best penalty, with randomness of its own in every cell."""
    spectrum = power_law()
    cells = untraced(lambda: _cells(DIM, 3000.0))
    penalties = untraced(lambda: _penalties(DIM, cells))

    def risk(setting):
        cell, penalty, index = setting
        return downstream_risk(
            spectrum, jax.random.fold_in(key, index), generators=1, penalty=penalty, **cell._asdict()
        )

    risks = jax.lax.map(risk, (cells, penalties, jnp.arange(len(penalties))))
    return risks.reshape(len(_REGIMES), len(_GROWTH))


class _CleanRule(NamedTuple):
    """The penalty that is best for clean data, on one fake generation with ``sigma0^2 = T^a`` and ``T0 = T^b``."""

    name: str
    noise_exponent: float
    exponent: float

    def risk(self, samples: float) -> Float[Array, ""]:
        """The closed form without label noise, with ``d = T0/2``."""
        generator_samples = samples**self.exponent
        return regression.ridge_downstream(
            Spectrum.power_law(round(generator_samples / 2), capacity=CAPACITY, source=SOURCE),
            penalty=samples**-_CLEAN,
            samples=samples,
            noise=0.0,
            generators=1,
            generator_samples=generator_samples,
            generator_noise=samples ** (self.noise_exponent / 2),
            design="fresh",
        )


_CLEAN = CAPACITY / (2 * CAPACITY * SOURCE + 1)
_CLEAN_ERROR = 2 * SOURCE * _CLEAN  # of clean data at that penalty: c
_CLEAN_RULES = (
    _CleanRule("σ₀ = 1, T₀ = T^0.5", 0.0, 0.5),
    _CleanRule("σ₀ = 1, T₀ = T^0.75", 0.0, 0.75),
    _CleanRule("σ₀² = T^0.2, T₀ = T^0.75", 0.2, 0.75),
)
_FAR = 10.0 ** np.arange(3)


def _clean_rule_risks(key: Key[Array, ""]) -> Float[Array, "rules sizes"]:
    """The closed form where ``T0`` starts from 100,000; it has no randomness."""
    sizes = [[1e5 ** (1 / rule.exponent) * far for far in _FAR] for rule in _CLEAN_RULES]
    return untraced(lambda: jnp.array([[r.risk(t) for t in row] for r, row in zip(_CLEAN_RULES, sizes, strict=True)]))


_ADAPTED = Figure(power_law, 1.0, ((n, FAKE_SAMPLES**-_CLEAN, t) for n in (1, 5) for t in (1e3, 1e4, 1e6)))


_CHAIN_DIM, _CHAIN_SAMPLES, _CHAIN_NOISE, _CHAIN_GENERATIONS = 200, 400, 0.2, 10
_CHAIN = shared(samples=_CHAIN_SAMPLES, noise=_CHAIN_NOISE, generations=_CHAIN_GENERATIONS)
_SCHEDULES = ("none before the end", "greedy", "best")


@functools.cache
def _schedules() -> np.ndarray:
    """Penalties of a chain of ridge fits, chosen in three ways: shape (schedules, generations)."""
    spectrum = Spectrum.isotropic(_CHAIN_DIM)

    def risk(log_penalty, penalties, place):
        chosen = penalties.at[place].set(jnp.exp(log_penalty))
        return regression.ridge_replace(spectrum, penalty=chosen, **_CHAIN)[place]

    @jax.jit
    def choose(penalties, place):
        logs = jnp.linspace(np.log(1e-6), np.log(1e4), 121)
        return penalties.at[place].set(jnp.exp(minimiser(lambda log: risk(log, penalties, place), logs)))

    def schedules():
        none = jnp.zeros(_CHAIN_GENERATIONS)
        last = choose(none, _CHAIN_GENERATIONS - 1)
        greedy = functools.reduce(choose, range(_CHAIN_GENERATIONS), none)
        best = regression.ridge_replace_optimal_schedule(spectrum, **_CHAIN).penalty
        return np.stack([last, greedy, best])

    with enable_x64(True):
        return untraced(schedules)


def _schedule_theory() -> Float[Array, " schedules"]:
    chain = lambda p: regression.ridge_replace(Spectrum.isotropic(_CHAIN_DIM), penalty=p, **_CHAIN)[-1]  # noqa: E731
    return jax.lax.map(chain, jnp.asarray(_schedules()))


def _schedule_risk(key: Key[Array, ""]) -> Float[Array, " schedules"]:
    """The last generation under every schedule, with the same random numbers."""

    def risk(penalties):
        model = LinearRegression(Spectrum.isotropic(_CHAIN_DIM), noise=_CHAIN_NOISE, penalty=penalties)
        chain = simulate(model, Replace(), key=key, samples=_CHAIN_SAMPLES, generations=_CHAIN_GENERATIONS)
        return chain.risk[-1]

    return jnp.stack([risk(jnp.asarray(penalties)) for penalties in _schedules()])


def _rate_claim(name: str, statement: str, **fields) -> Claim:
    return claim(
        name=name,
        statement=statement,
        axis=Axis("sample size T, relative", _GROWTH),
        scale="log",
        **fields,
    )


CLAIMS = (
    _rate_claim(
        "dohmatob-adaptive-penalty",
        "The best penalty on fake data falls at the adaptive rate, slower than the best penalty on clean data.",
        theory=lambda: jnp.array([-regime.rule().penalty for regime in _REGIMES]),
        experiment=_best_penalties,
        relation=Rate(),
        formula="λ* ≍ T^(−ℓ*), ℓ* = (b − a) ℓ_crit (σ = 0), min(1, b − a) ℓ_crit (σ = 1), T₀ = T^b, ℓ_crit = 0.8",
        protocol="Minimiser of the closed form, capacity 2, source 0.375, σ₀² T₀/(T₀ − d − 1) = 1, n = 1.",
        labels=tuple(regime.name for regime in _REGIMES),
        quantity="best penalty λ*",
        first_look=1,
    ),
    _rate_claim(
        "dohmatob-adaptive-error",
        "At the best penalty the risk on fake data falls at the rate of the adaptive rule.",
        theory=lambda: jnp.array([-regime.rule().error for regime in _REGIMES]),
        experiment=_best_risk,
        relation=Rate(allowance=np.array([0.02, 0.02, 0.03])),
        formula="E ≍ T^(−(b − a) c) (σ = 0), T^(−min(1, b − a) c) (σ = 1), c = 2βr/(2βr + 1) = 0.6",
        protocol="d = 300, capacity 2, source 0.375, σ₀² T₀/(T₀ − d − 1) = 1, one fake generation, λ = λ*.",
        labels=tuple(regime.name for regime in _REGIMES),
        first_look=1024,
    ),
    claim(
        name="dohmatob-clean-penalty-error",
        statement="At the penalty that is best for clean data the risk on fake data falls at a slower rate, or grows.",
        theory=lambda: jnp.array([-(_CLEAN_ERROR + r.exponent - r.noise_exponent - 1) for r in _CLEAN_RULES]),
        experiment=_clean_rule_risks,
        relation=Rate(),
        formula="E ≍ T^(−(c + b − a − 1)), λ = T^(−0.8), T₀ = T^b, n σ₀² = T^a, c = 0.6",
        protocol="The closed form, capacity 2, source 0.375, d = T₀/2 from 50,000 on, σ = 0, n = 1.",
        axis=Axis("sample size T, relative", _FAR),
        labels=tuple(rule.name for rule in _CLEAN_RULES),
        scale="log",
        first_look=1,
    ),
    figure_claim(
        "dohmatob-figure-1b-right-adapted",
        "With the penalty tuned for the sample of the generators, the risk on fake data does not grow with the sample.",
        _ADAPTED,
        _ADAPTED.labels("T", 2),
        "d = 300, T₀ = 600, λ = T₀^(−0.8), σ = σ₀ = 1, capacity 2, source 0.375.",
    ),
    claim(
        name="dohmatob-schedules",
        statement="Penalties chosen greedily, each for its own generation, lose to none before the last generation.",
        theory=_schedule_theory,
        experiment=_schedule_risk,
        relation=Asymptotic(allowance=0.01),
        formula="s ← ρ² [s (1 + φ − 2 φ ρ) + φ σ²]/(1 − φ ρ²) along a chain, minimised over the penalties",
        protocol="Ridge chain, d = 200, T = 400, σ = 0.2, isotropic, |w₀| = 1, ten generations.",
        labels=_SCHEDULES,
        quantity="excess risk of the last generation",
        first_look=1024,
    ),
)
