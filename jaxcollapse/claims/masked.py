"""Results without a paper: a loop of masked diffusion models, which forgets what tokens have to do with each other.

A sampler that unmasks two tokens in the same step draws each from its law alone. The models are frequencies of pairs.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxcollapse.chain.data import Samples
from jaxcollapse.chain.mix import Mix
from jaxcollapse.chain.model import Model
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.claims.frame import shared
from jaxcollapse.random import symbols
from jaxcollapse.theory import discrete
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Equal

REFERENCE = None
_PAIRS = np.array([[0.4, 0.1], [0.05, 0.45]])
_STEPS, _SHARES, _TIMES = 8, (0.0, 0.25), np.array([1, 2, 4])
_SIZES = shared(samples=30, generations=5)


class _Masked(Model):
    """Pairs of two tokens each, fitted by their frequencies and drawn by unmasking."""

    def truth(self):
        return jnp.asarray(_PAIRS)

    def real(self, key, truth, n):
        return self._drawn(key, truth, n, jnp.zeros(int(n), bool))

    def sample(self, key, params, n):
        """Both tokens of a step at once are those of two independent pairs."""
        step_key, pair_key = jax.random.split(key)
        steps = jax.random.randint(step_key, (2, int(n)), 0, _STEPS)
        return self._drawn(pair_key, params, n, steps[0] == steps[1])

    def _drawn(self, key, table, n, apart):
        drawn = [symbols(k, table.ravel(), int(n)) for k in jax.random.split(key)]
        return Samples(jnp.stack([drawn[0] // 2, jnp.where(apart, drawn[1], drawn[0]) % 2], axis=1))

    def fit(self, data: Any, **context):
        counts = jnp.zeros((2, 2)).at[data.rows[:, 0], data.rows[:, 1]].add(data.weights)
        return counts / counts.sum()

    def metrics(self, params, **context):
        dependence = lambda table: table[0, 0] - table[0].sum() * table[:, 0].sum()  # noqa: E731
        return {"dependence": dependence(params) / dependence(jnp.asarray(_PAIRS))}


def _dependence(key):
    """Of pairs that are replaced, which is a mixture without weight on real ones, and beside real ones."""
    run = lambda share: simulate(_Masked(), Mix("fresh", weight=share), key=key, **_SIZES)  # noqa: E731
    return jax.lax.map(lambda share: run(share).dependence[_TIMES], jnp.array(_SHARES)).ravel()


def _dependence_theory():
    pairs = shared(steps=_STEPS, real_samples=_SIZES["samples"], **_SIZES)
    law = jax.vmap(lambda share: discrete.masked_mix(real_share=share, **pairs)[_TIMES])
    return law(jnp.array(_SHARES)).ravel()


CLAIMS = (
    Claim(
        name="own-masked-dependence",
        statement="Tokens that are unmasked at once lose what they have to do with each other, unless real ones come.",
        theory=_dependence_theory,
        experiment=_dependence,
        relation=Equal(tolerance=0.025),
        formula="D' = (1 − 1/n)(1 − 1/N) D; with real pairs D' = w + (1 − w)(Q + k D) − Q', k = 1 − 1/N",
        protocol="Pairs of two tokens of two words, n = 30 pairs a generation, N = 8 steps; real pairs of weight 0.25.",
        labels=tuple(f"w = {share:g}, g = {g + 1}" for share in _SHARES for g in _TIMES),
        quantity="dependence, in units of the true one",
        first_look=8192,
    ),
)
