"""Results without a paper: models of text and of images that are refitted to what they draw together, and contexts.

The settings are those of Gao and Li 2025, arXiv:2503.08117, and Riis 2026, arXiv:2604.08554. Time counts refits from
the truth on, each of which keeps what has no rows.
"""

from typing import Any, NamedTuple

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
from jaxcollapse.verification.relation import Asymptotic, Equal

REFERENCE = None
_WORDS, _SIZES, _TIMES = np.array([0.55, 0.3, 0.15]), shared(samples=30, generations=4), np.array([1, 3])


class _Models(NamedTuple):
    """The probabilities of words, and the Gaussians of their images."""

    text: jax.Array
    mean: jax.Array
    variance: jax.Array


class _Pictured(Model):
    """Words and one-dimensional images; as a walk, whose next step needs counts, means and squares alone."""

    refits_text: Any
    real_images: Any

    @property
    def draws_sums(self):
        return True

    def truth(self):
        text = jnp.asarray(_WORDS)
        return _Models(text, jnp.zeros_like(text), jnp.ones_like(text))

    def sample(self, key, params, n):
        text_key, word_key, mean_key, scatter_key = split(key, 4)
        text = jnp.where(self.refits_text, multinomial(text_key, n, params.text) / n, params.text)
        rows = multinomial(word_key, n, text)
        some, own = rows > 0, jnp.maximum(rows, 1.0)
        real = jnp.full_like(own, self.real_images)
        both = jnp.stack([own, real])
        means = normal(mean_key, both.shape, both.dtype) / jnp.sqrt(jnp.maximum(both, 1.0))
        squares = _scatter(scatter_key, both)
        mean, real_mean = params.mean + jnp.sqrt(params.variance) * means[0], means[1]
        square, real_square = params.variance * squares[0], squares[1]
        counted = jnp.where(some, own, 0.0)
        total = jnp.maximum(counted + real, 1.0)
        pooled = (counted * mean + real * real_mean) / total
        scatter = jnp.where(some, square, 0.0) + real_square + counted * (mean - pooled) ** 2
        scatter = scatter + real * (real_mean - pooled) ** 2
        seen = some | (real > 0)
        return Moved(
            _Models(text, jnp.where(seen, pooled, params.mean), jnp.where(seen, scatter / total, params.variance))
        )

    def fit(self, data: Any, **context):
        return data.params

    def metrics(self, params, **context):
        return {"square": params.mean**2, "variance": params.variance}


def _scatter(key, rows):
    """The sum of squares about the mean of so many standard normal rows."""
    return jnp.where(rows > 1, chi_square(key, jnp.maximum(rows - 1, 1.0)), 0.0)


def _images(key):
    """Variances beside a text that stays, one that is refitted, and one that stays with real images; its squares."""

    def at(refits_text, real_images):
        model = _Pictured(refits_text, real_images)
        run = simulate(model, Replace(), key=key, first=model.truth(), **_SIZES)
        return run.variance[_TIMES], run.square[_TIMES]

    settings = jnp.array([False, True, False]), jnp.array([0.0, 0.0, 3.0])
    variance, square = jax.lax.map(lambda setting: at(*setting), settings)
    return jnp.concatenate([variance.ravel(), square[2].ravel()])


def _images_theory():
    case = shared(samples=30, generations=3)
    alone = discrete.context_replace(_WORDS, **case)
    by_word = lambda law: jax.jit(jax.vmap(law, out_axes=1))(_WORDS)  # noqa: E731
    together = by_word(lambda p: discrete.coevolving_replace(p, **case))
    square, variance = by_word(lambda p: discrete.coevolving_mix(p, real_samples=3, **case))
    curves = (alone, together, variance, square)
    return jnp.concatenate([curve[_TIMES - 1].ravel() for curve in curves])


_GAPS, _READ = np.array([0.5, 1.2, 2.0]), 10


def _read(key):
    """What diversity is lost, by the change of the probability of a word, in one refit to what images look like."""
    word_key, image_key = split(key)
    words = symbols(word_key, jnp.array([0.7, 0.3]), _READ)
    noise = jax.random.normal(image_key, (_READ,))

    def at(gap):
        images = gap * words + noise
        posterior = 1 / (1 + (0.7 / 0.3) * jnp.exp(-gap * (images - gap / 2)))
        return 2 * (jnp.mean(posterior) - 0.3) ** 2  # on average: the mean is 0.3

    return jnp.stack([at(gap) for gap in _GAPS])


def _read_theory():
    law = lambda gap: discrete.coevolving_text_diversity(  # noqa: E731
        [0.7, 0.3], means=jnp.stack([0 * gap, gap]), variances=[1.0, 1.0], samples=_READ
    )
    return 0.42 - jax.jit(jax.vmap(law))(_GAPS)


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


_ODDS = np.array([[0.8, 0.4], [0.3, 0.6]])  # of a zero, after two words
_ENDLESS, _AGENTS = shared(samples=10**6, generations=4), np.array([1, 3])


def _windows():
    """A text whose next word depends on the last two: three words in a row."""
    following = np.stack([_ODDS, 1 - _ODDS], axis=-1)
    pairs = np.full((2, 2), 0.25)
    for _ in range(200):
        pairs = np.einsum("ab,abc->bc", pairs, following)
    return pairs[..., None] * following


class _Agent(Model):
    """Windows of three words, of which an agent knows pairs; it draws each word given the last one."""

    @property
    def draws_sums(self):
        return True

    def truth(self):
        return jnp.asarray(_windows())

    def sample(self, key, params, n):
        return Moved(multinomial(key, n, params.ravel()).reshape(params.shape) / n)

    def fit(self, data: Any, **context):
        pairs = 0.5 * (data.params.sum(axis=0) + data.params.sum(axis=2))
        return pairs[..., None] * pairs / pairs.sum(axis=1, keepdims=True)

    def metrics(self, params, **context):
        truth = self.truth()
        conditional = lambda law: jnp.log(law / law.sum(axis=-1, keepdims=True))  # noqa: E731
        return {"divergence": jnp.sum(truth * (conditional(truth) - conditional(params))), "windows": params}


def _agents(key):
    run = simulate(_Agent(), Replace(), key=key, **_ENDLESS)
    return jnp.concatenate([run.divergence[_AGENTS - 1], run.windows[-1].ravel()])


def _agents_theory():
    windows = _windows()
    lost = jnp.full(len(_AGENTS), discrete.agent_divergence(windows, order=1))
    return jnp.concatenate([lost, discrete.agent_projection(windows, order=1).ravel()])


_BY_WORD = tuple(f"p = {p:g}, g = {t}" for t in _TIMES for p in _WORDS)
_CURVES = ("variance alone", "variance together", "variance with real", "square with real")
CLAIMS = (
    Claim(
        name="own-coevolving",
        statement="Images of rare words collapse first, early on faster beside a refitted text; a few real ones help.",
        theory=_images_theory,
        experiment=_images,
        relation=Equal(tolerance=0.03),
        formula=(
            "alone E Σ_g = f(p)^g Σ₀, f(p) = 1 − E[1/n; n > 0]; together v_g(k) = Σ_l Bin(N, k/N)(l) f(l/N) "
            "v_{g−1}(l); with N₀ real images a' = E N₀/D² + E n²/D² a + E n/D² V, D = n + N₀"
        ),
        protocol="Three words, N = 30 images a generation, divisor n, 30 words before; 3 real images of each.",
        labels=tuple(f"{name}, {label}" for name in _CURVES for label in _BY_WORD),
        quantity="in units of the true variance",
        first_look=16384,
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
    Claim(
        name="own-agents",
        statement="An agent that knows the last word alone loses all that others tell at once, and nothing later.",
        theory=_agents_theory,
        experiment=_agents,
        relation=Asymptotic(allowance=0.003),
        formula="P(a, b, c) = P(a, b) P(b, c)/P(b); lost once: h_1 − h_2, entropies of a word given one and two",
        protocol="Two words, each depends on the last two; pairs fitted to 10⁶ windows of the last agent.",
        labels=(*(f"lost, g = {g}" for g in _AGENTS), *(f"{a}{b}{c}" for a in "01" for b in "01" for c in "01")),
        quantity="nats per word, probabilities",
        first_look=64,
    ),
)
