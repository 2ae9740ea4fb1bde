"""Results without a paper: sharpened probabilities with some uniform novelty, whose collapse is a jump.

The setting is that of arXiv:2512.12381. With more than two symbols a loop that has collapsed stays so at temperatures
at which a uniform one stays uniform, up to a temperature at which it jumps back.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import Partial

from jaxcollapse.chain.mix import Mix
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.claims.frame import shared
from jaxcollapse.models.biased import Biased
from jaxcollapse.models.discrete.categorical import Categorical
from jaxcollapse.theory import discrete
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Asymptotic

REFERENCE = None
_SYMBOLS, _LARGE, _LONG = 5, 2_000_000, 60
_FACTORS = np.array([0.9, 0.95, 1.08])
_SETTING = shared(symbols=_SYMBOLS, real_share=0.2)
_FIRST = np.r_[0.8, np.full(_SYMBOLS - 1, 0.05)]


def _temperatures():
    """Below the temperature of the jump, and above it."""
    return _FACTORS * discrete.temperature_mix_critical(**_SETTING)


def _ends(key):
    """The share of the symbol that began as the likeliest one, long after."""
    workflow = Mix("fresh", weight=_SETTING["real_share"])

    def end(temperature):
        sharpened = Partial(discrete.temper, temperature=temperature)
        model = Biased(Categorical(np.full(_SYMBOLS, 1 / _SYMBOLS)), sharpened)
        run = simulate(model, workflow, key=key, samples=_LARGE, generations=_LONG, first=_FIRST)
        return run.params[-1, 0]

    return jax.lax.map(end, _temperatures())


def _ends_theory():
    collapsed = lambda t: discrete.temperature_mix_collapsed(temperature=t, **_SETTING)  # noqa: E731
    return jnp.stack([collapsed(temperature) for temperature in _temperatures()])


CLAIMS = (
    Claim(
        name="own-novelty-jump",
        statement="With novelty a collapsed loop comes back in a jump, at a temperature above that of its threshold.",
        theory=_ends_theory,
        experiment=_ends,
        relation=Asymptotic(allowance=0.01, tolerance=0.018),
        formula="τ_c = max h(x)/h(y), y = (x − w/K)/(1 − w), h(x) = log(K − 1) + log x − log(1 − x)",
        protocol="Symbols, K = 5, w = 0.2 of uniform data; from a share of 0.8 on, 60 generations of 2,000,000.",
        labels=tuple(f"{factor:g} of the critical temperature" for factor in _FACTORS),
        quantity="share of the first symbol",
        first_look=32,
    ),
)
