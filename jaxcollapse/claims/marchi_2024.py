"""Marchi et al. 2024: a loop that samples at a temperature dies of cold or of heat, unless external data holds it.

Their knowledge after ``t`` steps is our generation ``g = t + 1``. They study
finitely many symbols; the Gaussian, the threshold and the sizes are ours.
"""

import functools
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from jaxcollapse.chain.mix import Mix
from jaxcollapse.chain.pooled import Accumulate, Replace
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.claims.frame import generation_axis, shared
from jaxcollapse.claims.networks.language import CLASSES
from jaxcollapse.machine.precision import enable_x64
from jaxcollapse.models.biased import Biased
from jaxcollapse.models.discrete.categorical import Categorical
from jaxcollapse.models.gaussian.univariate import Gaussian
from jaxcollapse.models.networks.language import MarkovText
from jaxcollapse.population import datasets
from jaxcollapse.population.datasets.language import cut
from jaxcollapse.theory import discrete, gaussian
from jaxcollapse.theory.papers import MARCHI_2024 as REFERENCE
from jaxcollapse.verification.claim import Axis, Claim
from jaxcollapse.verification.relation import Asymptotic, Equal

_claim = partial(Claim, reference=REFERENCE)
_LANGUAGE = np.array([0.4, 0.3, 0.2, 0.1])
_COLD, _HOT, _LARGE, _GENERATIONS = 0.8, 1.25, 100_000, 10
_AXIS = generation_axis(_GENERATIONS)
_UNIFORM, _FIRST, _LONG = np.array([0.5, 0.5]), np.array([0.9, 0.1]), 60
_TAU = 0.7
_SHARES = np.array([0.1, 0.2, 0.25, 0.35, 0.4, 0.5])
_SAMPLES, _SHARE = 40, 0.3


def _closed(tau: float, symbol: int, workflow: Workflow):
    """The probability of one symbol in a loop without external data."""
    model = Biased(Categorical(_LANGUAGE), jax.tree_util.Partial(discrete.temper, temperature=tau))

    def probability(key):
        return simulate(model, workflow, key=key, samples=_LARGE, generations=_GENERATIONS).params[:, symbol]

    return probability


def _where_it_ends(key):
    """The probability of the symbol that began as the likelier one, long after; one entry for each share."""
    model = Biased(Categorical(_UNIFORM), jax.tree_util.Partial(discrete.temper, temperature=_TAU))

    def end(share):
        workflow = Mix("fresh", weight=share)
        run = simulate(model, workflow, key=key, samples=_LARGE, generations=_LONG, first=_FIRST)
        return run.params[-1, 0]

    return jax.lax.map(end, jnp.asarray(_SHARES))


def _ends():
    setting = shared(temperature=_TAU, generations=_LONG, first=_FIRST)
    return jnp.stack([discrete.temperature_mix(_UNIFORM, real_share=share, **setting)[-1, 0] for share in _SHARES])


def _variance(key):
    workflow = Mix("fresh", weight=_SHARE)
    return simulate(
        Biased(Gaussian(ddof=0), lambda fit: fit.scaled(_TAU)),
        workflow,
        key=key,
        samples=_SAMPLES,
        generations=_GENERATIONS,
    ).variance


def _loop(name: str, statement: str, tau: float, symbol: int, which: str) -> Claim:
    return _claim(
        name=f"marchi-{name}",
        statement=statement,
        theory=lambda: discrete.temperature_replace(_LANGUAGE, temperature=tau, generations=_GENERATIONS)[:, symbol],
        experiment=_closed(tau, symbol, Replace()),
        relation=Asymptotic(allowance=0.005),
        formula="p_g ∝ p₀^(τ^(1 − g))",
        protocol=f"Probabilities 0.4, 0.3, 0.2, 0.1; n = {_LARGE:,} samples at temperature {tau} in every generation.",
        axis=_AXIS,
        quantity=f"probability of the {which} symbol",
        first_look=256,
    )


_SMALL, _AROUND = 0.02, np.array([0.2, 0.3, 0.4])


def _departure(key):
    """How far from even the likelier symbol is after three generations, in units of the first model's."""
    model = Biased(Categorical(_UNIFORM), jax.tree_util.Partial(discrete.temper, temperature=_TAU))
    first = _UNIFORM + np.array([_SMALL, -_SMALL])

    def left(share):
        run = simulate(model, Mix("fresh", weight=share), key=key, samples=_LARGE, generations=4, first=first)
        return (run.params[-1, 0] - 0.5) / _SMALL

    return jax.lax.map(left, jnp.asarray(_AROUND))


def _departure_theory():
    return ((1 - _AROUND) / (1 - discrete.temperature_needed_share(temperature=_TAU))) ** 3


_TEXT, _OF_TEXT = shared(samples=1_000_000, generations=5), 30


@functools.cache
def _text() -> MarkovText:
    """Rows of the text that comes with Python, in classes of letters."""
    tokens = datasets.text(alphabet=CLASSES).tokens
    with enable_x64(True), jax.ensure_compile_time_eval():
        return MarkovText(cut(tokens, _OF_TEXT), temperature=_COLD)


def _text_theory():
    """What powers of the conditional probabilities lose, and how much they leave to chance."""
    model = _text()
    truth, contexts = np.asarray(model.truth()), np.asarray(model.contexts)
    tempered = [discrete.temperature_replace(row, temperature=_COLD, generations=_TEXT["generations"]) for row in truth]
    q = np.stack([np.asarray(rows) for rows in tempered], axis=1)
    safe = lambda p: np.log(np.where(p > 0, p, 1.0))  # noqa: E731
    excess = (contexts[:, None] * truth * (safe(truth) - safe(q))).sum(axis=(1, 2))
    entropy = -(contexts[:, None] * q * safe(q)).sum(axis=(1, 2))
    return np.stack([excess[1:], entropy[1:]])


def _text_loop(key):
    run = simulate(_text(), Replace(), key=key, **_TEXT)
    return jnp.stack([run.excess[1:], run.entropy[1:]])


TOUR = "marchi-accumulate"
CLAIMS = (
    _claim(
        name="marchi-language-temperature",
        statement="Cold text written by bigram models is a power of real text, whichever way its rows are written.",
        theory=_text_theory,
        experiment=_text_loop,
        relation=Asymptotic(allowance=0.005),
        formula="q_g(v | c) ~ P(v | c)^(τ^(1−g))",
        protocol="Bigrams of 4 classes of letters, 1,000,000 rows of 30 characters written at τ = 0.8, each batch "
        "replaces the last.",
        labels=tuple(f"{what}, g = {g}" for what in ("excess cross-entropy", "entropy") for g in range(2, 6)),
        quantity="cross-entropy, entropy",
        first_look=256,
    ),
    _loop("mode-collapse", "Below temperature one the likeliest symbol takes all.", _COLD, 0, "likeliest"),
    _loop("heat-death", "Above temperature one all symbols become equally likely.", _HOT, 3, "rarest"),
    _claim(
        name="marchi-accumulate",
        statement="If data accumulates, a cold loop still collapses, but as slowly as its logarithm of time.",
        theory=lambda: discrete.temperature_accumulate(_LANGUAGE, temperature=_COLD, generations=_GENERATIONS)[:, 0],
        experiment=_closed(_COLD, 0, Accumulate()),
        relation=Asymptotic(allowance=0.005),
        formula="p_{g+1} = [g p_g + p_g^(1/τ)/Z]/(g + 1)",
        protocol=f"Probabilities 0.4, 0.3, 0.2, 0.1; n = {_LARGE:,} samples at temperature {_COLD}, accumulate.",
        axis=_AXIS,
        quantity="probability of the likeliest symbol",
        first_look=256,
    ),
    _claim(
        name="marchi-threshold",
        statement="Below temperature one the loop forgets how it began only if the external share exceeds 1 − τ.",
        theory=_ends,
        experiment=_where_it_ends,
        relation=Asymptotic(allowance=0.005),
        formula="the end of p ← w/2 + (1 − w) p^(1/τ)/(p^(1/τ) + (1 − p)^(1/τ)): at 1/2 if and only if w > 1 − τ",
        protocol=(
            f"Two equally likely symbols, a first model with 0.9 and 0.1, τ = {_TAU}, n = {_LARGE:,} real samples of "
            f"weight w and n generated ones, {_LONG} generations."
        ),
        axis=Axis("external share w", _SHARES),
        quantity="probability of the symbol that was likelier at first",
        first_look=256,
    ),
    _claim(
        name="marchi-gaussian",
        statement="External data keeps the variance of a Gaussian at w/(1 − (1 − w)τ), less what sampling takes.",
        theory=lambda: gaussian.variance_mix_tempered(
            temperature=_TAU, real_share=_SHARE, generations=_GENERATIONS, samples=_SAMPLES
        ),
        experiment=_variance,
        relation=Equal(),
        formula=(
            "v + m ← w + (1 − w)(τ v + m), m ← [w² + (1 − w)² τ v]/n + (1 − w)² m, from v = 1 − 1/n, m = 1/n; "
            "v → w/(1 − (1 − w)τ) for n → ∞"
        ),
        protocol=(
            f"Maximum likelihood, truth N(0, 1), τ = {_TAU}, n = {_SAMPLES} real samples of weight w = {_SHARE} and n "
            "generated ones."
        ),
        axis=_AXIS,
        quantity="variance",
    ),
    _claim(
        name="marchi-departure",
        statement="A small departure from equally likely symbols grows below the share 1 − τ, and shrinks above it.",
        theory=_departure_theory,
        experiment=_departure,
        relation=Asymptotic(allowance=0.005),
        formula="p_g − 1/2 ← (1 − w)/(1 − w*) (p_g − 1/2), w* = 1 − τ",
        protocol=(
            f"Two equally likely symbols, a first model with {0.5 + _SMALL:g} and {0.5 - _SMALL:g}, τ = {_TAU}, "
            f"n = {_LARGE:,} real samples of weight w and n generated ones; generation 4."
        ),
        axis=Axis("external share w", _AROUND),
        quantity="p − 1/2, relative to the first model",
        first_look=1024,
    ),
)
