"""Dohmatob, Feng, Yang, Charton and Kempe 2024: model collapse as a change of scaling laws, the tails of a language.

The learner remembers its text and answers right what it has seen: the test error is the metric `unseen` of
`Categorical`. Our ``g = 1`` learns from real text, so that ``n`` generations of synthetic text end at ``g = n + 1``.
Symbols follow Zipf's law with exponent 2, hence ``c = 1/2``; sizes are ours.
"""

from functools import partial

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxcollapse.chain.pooled import Replace
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.claims.frame import generation_axis, shared
from jaxcollapse.models.discrete.categorical import Categorical
from jaxcollapse.theory import discrete
from jaxcollapse.theory.papers import DOHMATOB_TAILS_2024 as REFERENCE
from jaxcollapse.verification.claim import Axis, Claim
from jaxcollapse.verification.relation import Asymptotic, Equal

_claim = partial(Claim, reference=REFERENCE, quantity="test error", scale="log", first_look=8192)
EXPONENT, SYMBOLS, CUTOFF, SHARE = 2.0, 20_000, 20, 0.25
_SIZES, _CUT_SIZES = np.array([64, 512, 4096]), np.array([64, 256, 1024])
_CHAIN_SYMBOLS, _CHAIN_SAMPLES, _GENERATIONS = 4000, 400, 16


def _real(symbols: int = SYMBOLS) -> Float[Array, " symbols"]:
    return discrete.zipf(symbols, exponent=EXPONENT)


def _mixed() -> Float[Array, " symbols"]:
    """Text of which a share is real, and the rest has the first symbols alone."""
    real = _real()
    kept = jnp.where(jnp.arange(SYMBOLS) < CUTOFF, real, 0.0)
    return SHARE * real + (1 - SHARE) * kept / kept.sum()


def _error(
    key, real: Float[Array, " symbols"], source: Float[Array, " symbols"], sizes: np.ndarray = _SIZES
) -> Float[Array, " sizes"]:
    """The test error after text of every size from a source."""
    fixed = shared(key=key, generations=1, truth=source)
    return jnp.stack([simulate(Categorical(real), Replace(), samples=int(n), **fixed).unseen[0] for n in sizes])


def _cut(key) -> Float[Array, " sizes"]:
    """Symbols that the source does not have may be one symbol."""
    real = _real()
    pooled = jnp.append(real[:CUTOFF], real[CUTOFF:].sum())
    return _error(key, pooled, pooled.at[-1].set(0.0), _CUT_SIZES)


def _chain(key):
    model = Categorical(_real(_CHAIN_SYMBOLS))
    return simulate(model, Replace(), key=key, samples=_CHAIN_SAMPLES, generations=_GENERATIONS).unseen


_FEW, _SHORT_TEXTS = 50, np.array([5, 10, 40])


def _uniform() -> Float[Array, " symbols"]:
    return discrete.zipf(_FEW, exponent=0.0)


def _unseen(key) -> Float[Array, " cells"]:
    return jnp.concatenate([_error(key, _real(_FEW), q, _SHORT_TEXTS) for q in (_real(_FEW), _uniform())])


def _unseen_theory() -> Float[Array, " cells"]:
    own = discrete.unseen(_real(_FEW), samples=_SHORT_TEXTS)
    return jnp.concatenate([own, discrete.unseen(_real(_FEW), samples=_SHORT_TEXTS, source=_uniform())])


TOUR = "dohmatob-tails-cut"
CLAIMS = (
    _claim(
        "dohmatob-tails-clean",
        "What a learner has not seen of a language with Zipf's law falls like T^(−c), with a constant that is known.",
        theory=lambda: discrete.zipf_unseen(exponent=EXPONENT, samples=_SIZES),
        experiment=lambda key: _error(key, _real(), _real()),
        relation=Asymptotic(allowance=0.005),
        formula="E = ζ(β)^(−1/β) B(c, T + 1)/β ≈ Γ(c) ζ(β)^(−1/β) T^(−c)/β, c = 1 − 1/β",
        protocol="Zipf's law, β = 2, the first 20,000 symbols; text of T symbols, once.",
        axis=Axis("samples T", _SIZES),
    ),
    _claim(
        "dohmatob-tails-cut",
        "Text without its tail teaches as well as real text at first, and then no more: what was cut stays unknown.",
        theory=lambda: discrete.zipf_cut_unseen(exponent=EXPONENT, samples=_CUT_SIZES, cutoff=CUTOFF),
        experiment=_cut,
        relation=Asymptotic(allowance=0.005),
        formula="E from C T^(−c) to the plateau k^(1 − β)/((β − 1) ζ(β)); in between with an incomplete Beta function",
        protocol="Zipf's law, β = 2; T symbols of synthetic text that has the first k = 20 symbols alone.",
        axis=Axis("samples T", _CUT_SIZES),
    ),
    _claim(
        "dohmatob-tails-mixed",
        "A share of real text ends the plateau: late, the error is that of the real part alone.",
        theory=lambda: discrete.zipf_cut_unseen(exponent=EXPONENT, samples=_SIZES, cutoff=CUTOFF, real_share=SHARE),
        experiment=lambda key: _error(key, _real(), _mixed()),
        relation=Asymptotic(allowance=0.005),
        formula="E from C T^(−c) over the plateau to C (π T)^(−c)",
        protocol="Zipf's law, β = 2; T symbols, π = 1/4 of them real, the others from the first k = 20 symbols.",
        axis=Axis("samples T", _SIZES),
    ),
    _claim(
        "dohmatob-tails-generations",
        "Each generation forgets symbols; the test error grows, but slower than the number of generations.",
        theory=lambda: discrete.zipf_unseen(
            exponent=EXPONENT, samples=discrete.effective_samples(samples=_CHAIN_SAMPLES, generations=_GENERATIONS)
        ),
        experiment=_chain,
        relation=Asymptotic(allowance=0.01),
        formula="E(g) ≈ C (T h_g)^(−c), h_1 = 1, h_{g+1} = 1 − exp(−h_g) ≈ 2/g: E(g)/E(1) ≈ (g/2)^c",
        protocol="Zipf's law, β = 2, the first 4,000 symbols; each generation learns from T = 400 symbols of the last.",
        axis=generation_axis(_GENERATIONS),
    ),
    _claim(
        "dohmatob-tails-unseen",
        "What is unseen of finitely many symbols is known exactly for every text, also for text of another source.",
        theory=_unseen_theory,
        experiment=_unseen,
        relation=Equal(),
        formula="E = Σ_i p_i (1 − q_i)^T for text from q",
        protocol="Zipf's law, β = 2, 50 symbols; T symbols of text of its own, and of text with all symbols alike.",
        labels=tuple(f"{text}, T = {size}" for text in ("own text", "uniform text") for size in _SHORT_TEXTS),
    ),
    _claim(
        "dohmatob-tails-symbols",
        "The number of different symbols in a text of any length is known exactly.",
        theory=lambda: discrete.support(_real(_FEW), samples=_SHORT_TEXTS),
        experiment=lambda key: jnp.stack(
            [
                simulate(Categorical(_real(_FEW)), Replace(), key=key, samples=n, generations=1).support[0]
                for n in _SHORT_TEXTS
            ]
        ),
        relation=Equal(),
        formula="E = Σ_i 1 − (1 − q_i)^T",
        protocol="Zipf's law, β = 2, 50 symbols; text of T symbols, once.",
        axis=Axis("samples T", _SHORT_TEXTS),
        quantity="different symbols",
    ),
)
