"""Results without a paper: what samplers that stop early make of a law, mode by mode, and which modes die first.

A diffusion model that is sampled down to some noise multiplies the Hermite coefficient of order ``m`` of a density by
``lambda^m``, one that draws tokens anew with a small probability an interaction of ``m`` tokens. This holds for models
that memorise their rows as well. The setting is that of Khelifa, Turner and Venkataramanan 2026, arXiv:2606.13796.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import Partial

from jaxcollapse.chain.data import Samples
from jaxcollapse.chain.mix import Mix
from jaxcollapse.chain.model import Model
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.claims.frame import shared
from jaxcollapse.theory import mean
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Equal

REFERENCE = None
_KEPT, _SHARE, _TIMES = 0.9, 0.3, np.array([1, 7])
_SIZES = shared(samples=40, generations=8)
_PLACES, _CHANCE = np.array([-0.4, 2.2]), 0.4
_WORDS, _SIGNS = np.array([[1.0, 1.0, 1.0], [1.0, -1.0, -1.0]]), 0.8


class _Memory(NamedTuple):
    """Rows, and how much each of them counts."""

    rows: jax.Array
    weights: jax.Array


class _Memorised(Model):
    """A model that draws its own rows with noise; its modes are means over them, in units of the true ones."""

    draw: Partial
    """A real row, from a key."""
    noise: Partial
    """What the sampler leaves of a row, from a key and the row."""
    modes: Partial
    """The modes of a row, in units of those of the truth."""

    def truth(self):
        return jnp.zeros(())

    def real(self, key, truth, n):
        return Samples(jax.vmap(self.draw)(jax.random.split(key, int(n))))

    def sample(self, key, params, n):
        which_key, noise_key = jax.random.split(key)
        which = jax.random.choice(which_key, len(params.weights), (int(n),), p=params.weights / params.weights.sum())
        return Samples(jax.vmap(self.noise)(jax.random.split(noise_key, int(n)), params.rows[which]))

    def fit(self, data: Any, **context):
        return _Memory(data.rows, data.weights)

    def metrics(self, params, **context):
        return {"modes": params.weights @ jax.vmap(self.modes)(params.rows) / params.weights.sum()}


def _place(key):
    return jnp.where(jax.random.bernoulli(key, _CHANCE), _PLACES[1], _PLACES[0])


def _blurred(key, x):
    return _KEPT * x + jnp.sqrt(1 - _KEPT**2) * jax.random.normal(key)


def _hermite(x):
    """Of the orders 1, 2 and 3."""
    truth = [(1 - _CHANCE) * f(_PLACES[0]) + _CHANCE * f(_PLACES[1]) for f in _POLYNOMIALS]
    return jnp.stack([f(x) / whole for f, whole in zip(_POLYNOMIALS, truth, strict=True)])


_POLYNOMIALS = (lambda x: x, lambda x: x**2 - 1, lambda x: x**3 - 3 * x)


def _word(key):
    return jnp.asarray(_WORDS)[jax.random.bernoulli(key, 1 - _SIGNS).astype(int)]


def _scrambled(key, word):
    anew_key, sign_key = jax.random.split(key)
    anew = jax.random.bernoulli(anew_key, 1 - _KEPT, word.shape)
    return jnp.where(anew, jax.random.rademacher(sign_key, word.shape, word.dtype), word)


def _interactions(word):
    """Of one, two and three tokens: products of signs."""
    products = lambda w: jnp.stack([w[..., 1], w[..., 0] * w[..., 1], w[..., 0] * w[..., 1] * w[..., 2]], -1)  # noqa: E731
    return products(word) / (_SIGNS * products(_WORDS[0]) + (1 - _SIGNS) * products(_WORDS[1]))


def _modes(key):
    """All modes of both models, at two generations."""
    both = (
        _Memorised(Partial(_place), Partial(_blurred), Partial(_hermite)),
        _Memorised(Partial(_word), Partial(_scrambled), Partial(_interactions)),
    )
    runs = [simulate(model, Mix("fresh", weight=_SHARE), key=key, **_SIZES).modes[_TIMES] for model in both]
    return jnp.concatenate(runs).ravel()


def _modes_theory():
    workflow, generations = Mix("fresh", weight=_SHARE), _SIZES["generations"]
    kept = [mean.remaining_scale(workflow, factor=_KEPT**m, generations=generations)[_TIMES] for m in (1, 2, 3)]
    return jnp.tile(jnp.stack(kept, axis=1).ravel(), 2)


CLAIMS = (
    Claim(
        name="own-diffusion-modes",
        statement="Of a density that is sampled with some noise the fine modes die first, of text the interactions.",
        theory=_modes_theory,
        experiment=_modes,
        relation=Equal(tolerance=0.03),
        formula="c_m(g) = α + (1 − α) λ^m c_m(g − 1) → α/(1 − (1 − α) λ^m), in units of the true coefficient",
        protocol="Models that keep their 40 rows and draw them with noise, λ = 0.9; 40 fresh real rows of weight 0.3.",
        labels=tuple(
            f"{kind} of order {m}, g = {g + 1}" for kind in ("Hermite", "tokens") for g in _TIMES for m in (1, 2, 3)
        ),
        quantity="share of the mode that is left",
    ),
)
