"""Results without a paper: models of text and of images that are refitted to what they draw together, and contexts.

The settings are those of Gao and Li 2025, arXiv:2503.08117, and Riis 2026, arXiv:2604.08554. Time counts refits from
the truth on, each of which keeps what has no rows.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxcollapse.chain.data import Moved
from jaxcollapse.chain.model import Model
from jaxcollapse.chain.pooled import Replace
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.claims.frame import shared
from jaxcollapse.random import chi_square, multinomial, normal, split, symbols
from jaxcollapse.theory import discrete
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Equal

REFERENCE = None
_WORDS, _SIZES, _TIMES = np.array([0.55, 0.3, 0.15]), shared(samples=20, generations=13), np.array([2, 12])


class _Models(NamedTuple):
    """The probabilities of words, and the Gaussians of their images."""

    text: jax.Array
    mean: jax.Array
    variance: jax.Array


class _Pictured(Model):
    """Words and one-dimensional images; as a walk, whose next step needs counts, means and squares alone."""

    refits_text: bool
    real_images: int

    @property
    def draws_sums(self):
        return True

    def truth(self):
        text = jnp.asarray(_WORDS)
        return _Models(text, jnp.zeros_like(text), jnp.ones_like(text))

    def sample(self, key, params, n):
        text_key, word_key, mean_key, scatter_key, real_key = split(key, 5)
        text = multinomial(text_key, n, params.text) / n if self.refits_text else params.text
        rows = multinomial(word_key, n, text)
        some, own = rows > 0, jnp.maximum(rows, 1.0)
        spread = jnp.sqrt(params.variance)
        mean = params.mean + spread * normal(mean_key, rows.shape, own.dtype) / jnp.sqrt(own)
        square = params.variance * jax.vmap(_scatter)(jnp.stack(split(scatter_key, len(_WORDS))), own)
        real = float(self.real_images)
        real_mean, real_square = 0.0 * mean, 0.0 * mean
        if self.real_images:
            real_mean = normal(real_key, rows.shape, own.dtype) / np.sqrt(real)
            keys = jnp.stack(split(jax.random.fold_in(real_key, 1), len(_WORDS)))
            real_square = jax.vmap(_scatter)(keys, jnp.full_like(own, real))
        counted = jnp.where(some, own, 0.0)
        total = jnp.maximum(counted + real, 1.0)
        pooled = (counted * mean + real * real_mean) / total
        scatter = jnp.where(some, square, 0.0) + real_square + counted * (mean - pooled) ** 2
        scatter = scatter + real * (real_mean - pooled) ** 2
        seen = some | (real > 0)
        return Moved(
            _Models(text, jnp.where(seen, pooled, params.mean), jnp.where(seen, scatter / total, params.variance))
        )

    def fit(self, data, **context):
        return data.params

    def metrics(self, params, **context):
        return {"square": params.mean**2, "variance": params.variance}


def _scatter(key, rows):
    """The sum of squares about the mean of so many standard normal rows."""
    return jnp.where(rows > 1, chi_square(key, jnp.maximum(rows - 1, 1.0)), 0.0)


def _images(key, **fields):
    model = _Pictured(**fields)
    return simulate(model, Replace(), key=key, first=model.truth(), **_SIZES)


def _alone(key):
    run = _images(key, refits_text=False, real_images=0)
    return jnp.concatenate([run.variance[_TIMES], run.square[_TIMES]]).ravel()


def _alone_theory():
    kept = discrete.context_replace(_WORDS, samples=20, generations=12)[_TIMES - 1]
    return jnp.concatenate([kept, 1 - kept]).ravel()


def _together(key):
    return _images(key, refits_text=True, real_images=0).variance[_TIMES].ravel()


def _together_theory():
    curves = [discrete.coevolving_replace(p, samples=20, generations=12) for p in _WORDS]
    return jnp.stack(curves, axis=1)[_TIMES - 1].ravel()


def _injected_images(key):
    run = _images(key, refits_text=False, real_images=3)
    return jnp.concatenate([run.square[_TIMES], run.variance[_TIMES]]).ravel()


def _injected_images_theory():
    curves = [discrete.coevolving_mix(p, samples=20, real_samples=3, generations=12) for p in _WORDS]
    moments = [jnp.stack([curve[field][_TIMES - 1] for curve in curves], axis=1) for field in (0, 1)]
    return jnp.concatenate(moments).ravel()


_GAPS, _READ = np.array([0.5, 1.2, 2.0]), 10


def _read(key):
    """The mean squared change of the probability of a word, in one refit to what images look like."""
    word_key, image_key = split(key)
    words = symbols(word_key, jnp.array([0.7, 0.3]), _READ)
    noise = jax.random.normal(image_key, (_READ,))

    def at(gap):
        images = gap * words + noise
        posterior = 1 / (1 + (0.7 / 0.3) * jnp.exp(-gap * (images - gap / 2)))
        after = jnp.mean(posterior)
        return 0.42 - (1 - after**2 - (1 - after) ** 2)

    return jnp.stack([at(gap) for gap in _GAPS])


def _read_theory():
    after = [
        discrete.coevolving_text_diversity([0.7, 0.3], means=[0.0, gap], variances=[1.0, 1.0], samples=_READ)
        for gap in _GAPS
    ]
    return 0.42 - jnp.stack(after)


_NEW, _SLOTS = shared(rate=0.3, mass=0.2), 16


def _injected(key):
    """The diversity of a text into which words come, each with a place of its own."""

    def step(text, inputs):
        key, place = inputs
        come_key, draw_key = split(key)
        comes = jax.random.bernoulli(come_key, _NEW["rate"])
        mass = jnp.where(comes, _NEW["mass"], 0.0)
        text = ((1 - mass) * text).at[place].add(mass)
        text = multinomial(draw_key, 15.0, text) / 15.0
        return text, 1 - jnp.sum(text**2)

    start = jnp.zeros(_SLOTS + 2).at[:2].set(0.5)
    return jax.lax.scan(step, start, (jax.random.split(key, _SLOTS), 2 + jnp.arange(_SLOTS)))[1][np.array([0, 3, 15])]


def _injected_theory():
    return discrete.injected_replace_diversity([0.5, 0.5], samples=15, generations=16, **_NEW)[np.array([0, 3, 15])]


_BY_WORD = tuple(f"p = {p:g}, g = {t}" for t in _TIMES for p in _WORDS)
CLAIMS = (
    Claim(
        name="own-context",
        statement="What is seldom drawn collapses first: the images of rare words, the rows of rare contexts.",
        theory=_alone_theory,
        experiment=_alone,
        relation=Equal(tolerance=0.025),
        formula="E Σ_g/Σ₀ = f(p)^g, E|μ_g − μ₀|²/Σ₀ = 1 − f(p)^g, f(p) = 1 − E[1/n; n > 0], n ~ Bin(N, p)",
        protocol="Words of probability 0.55, 0.3, 0.15, N = 20 images in every generation, refitted with divisor n.",
        labels=tuple(f"{name}, {label}" for name in ("variance", "squared error") for label in _BY_WORD),
        quantity="in units of the true variance",
    ),
    Claim(
        name="own-coevolving",
        statement="Images collapse faster beside a text that is refitted too, until words are lost with their images.",
        theory=_together_theory,
        experiment=_together,
        relation=Equal(tolerance=0.025),
        formula="v_g(k) = Σ_l Bin(N, k/N)(l) f(l/N) v_{g−1}(l), E Σ_g = v_g(Np) Σ₀",
        protocol="Words of probability 0.55, 0.3, 0.15; N = 20 words, then N = 20 images of the refitted text.",
        labels=_BY_WORD,
        quantity="variance of images",
    ),
    Claim(
        name="own-coevolving-real",
        statement="A few real images of every word keep the variance of its images, and its errors small.",
        theory=_injected_images_theory,
        experiment=_injected_images,
        relation=Equal(tolerance=0.025),
        formula="a' = E N₀/D² + E n²/D² a + E n/D² V, V' = 1 − E n/D + E n/D (a + V) − a', D = n + N₀",
        protocol="Words of probability 0.55, 0.3, 0.15, N = 20 own images and 3 real ones of every word.",
        labels=tuple(f"{name}, {label}" for name in ("squared error", "variance") for label in _BY_WORD),
        quantity="in units of the true variance",
    ),
    Claim(
        name="own-coevolving-text",
        statement="A text model that is refitted to images drifts as far as images tell their words.",
        theory=_read_theory,
        experiment=_read,
        relation=Equal(tolerance=0.02),
        formula="E H' = H − (1/N) Σ_i Var P(i | image)",
        protocol="Two words, 0.7 and 0.3, N = 10 images of variance 1 whose means are Δ apart; one refit.",
        labels=tuple(f"Δ = {gap:g}" for gap in _GAPS),
        quantity="diversity that is lost",
        first_look=16384,
    ),
    Claim(
        name="own-injected-words",
        statement="New words keep a text diverse as mutation does a population.",
        theory=_injected_theory,
        experiment=_injected,
        relation=Equal(tolerance=0.02),
        formula="F' = 1/N + (1 − 1/N)(A F + aε²), A = 1 − a + a(1 − ε)²; F → about 1/(1 + 2aεN)",
        protocol="Two words, N = 15; before each refit a word of mass ε = 0.2 comes with probability a = 0.3.",
        labels=("g = 1", "g = 4", "g = 16"),
        quantity="diversity",
    ),
)
