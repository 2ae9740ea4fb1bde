"""Results without a paper: language models on the text that comes with Python, and what theory says of their loop.

Generation ``g = 1`` is the fit to real text; losses are cross-entropies of test text, in nats a token, above those of
the best model. Letters are the space and the Latin ones; classes are the space, vowels, ``lmnrwy`` and the others.
"""

import functools
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.flatten_util
import jax.numpy as jnp
import numpy as np
import optax

from jaxcollapse.chain.pooled import Accumulate, Replace
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.claims.frame import as_matrix, generation_axis, shared
from jaxcollapse.machine.precision import enable_x64, untraced
from jaxcollapse.models.networks.finite_language import FiniteLanguage, LogBilinear
from jaxcollapse.models.networks.language import MarkovText, SoftmaxBigram
from jaxcollapse.models.networks.transformer import Transformer
from jaxcollapse.population import datasets
from jaxcollapse.population.datasets.language import LETTERS, Corpus, cut
from jaxcollapse.theory import mean, networks
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Asymptotic, AtMost, Equal

CLASSES = (" ", "aeiou", "lmnrwy", "bcdfghjkpqstvxz")
_SMOOTHED = shared(samples=100, generations=6)
_SMOOTHING = 0.02
_MANY = shared(samples=2_000_000, generations=6)
_TYPOS, _RANK, _STARTS = 0.05, 2, 12
_LETTERS, _FEW_LETTERS = " etaoinsrhld", " etaoi"
_LENGTH, _ROWS, _BURSTY = 400, 4000, 4


def pairs(alphabet: Any, typos: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """The probabilities of a token after each, and those of the contexts, in the text with some typos.

    The typos are those of a population: every conditional is mixed with the uniform one.
    """
    corpus = datasets.text(alphabet=alphabet)
    size, tokens = len(corpus.alphabet), corpus.tokens.astype(int)
    counts = np.bincount(tokens[:-1] * size + tokens[1:], minlength=size**2).reshape(size, size)
    visits = counts.sum(axis=1)
    return (1 - typos) * counts / visits[:, None] + typos / size, visits / visits.sum()


@functools.cache
def _smoothed_truth() -> tuple[np.ndarray, np.ndarray, float]:
    """The pairs of letters, and the entropy of the next one."""
    rows, contexts = pairs(LETTERS)
    surprise = np.where(rows > 0, rows * np.log(np.where(rows > 0, rows, 1.0)), 0.0)
    return rows, contexts, float(-contexts @ surprise.sum(axis=1))


def _smoothed(workflow: Workflow):
    def experiment(key):
        rows, contexts, entropy = _smoothed_truth()
        model = SoftmaxBigram(rows, contexts, smoothing=_SMOOTHING)
        return simulate(model, as_matrix(workflow, **_SMOOTHED), key=key, **_SMOOTHED).loss - entropy

    return experiment


def _smoothed_theory(law: Callable):
    def theory():
        rows, contexts, entropy = _smoothed_truth()
        return np.asarray(law(rows, contexts, **_SMOOTHED, smoothing=_SMOOTHING).loss) - entropy

    return theory


def best_of(log_probability: Callable, cells: np.ndarray, size: int, starts: int) -> np.ndarray:
    """The parameters with the least cross-entropy: the best of many descents by L-BFGS, in double precision.

    One start is not enough where the problem is not convex: a local optimum gives losses below zero.
    """

    def best():
        real = jnp.asarray(cells)
        cross_entropy = lambda theta: -jnp.sum(real * log_probability(theta))  # noqa: E731
        optimiser = optax.lbfgs(memory_size=20)
        both = optax.value_and_grad_from_state(cross_entropy)

        def step(carry, _):
            theta, state = carry
            value, gradient = both(theta, state=state)
            change, state = optimiser.update(gradient, state, theta, value=value, grad=gradient, value_fn=cross_entropy)
            return (optax.apply_updates(theta, change), state), None

        def descended(key):
            begin = 0.3 * jax.random.normal(key, (size,))
            theta = jax.lax.scan(step, (begin, optimiser.init(begin)), length=600)[0][0]
            return theta, cross_entropy(theta)

        found, values = jax.lax.map(descended, jax.random.split(jax.random.key(0), starts))
        return np.asarray(found[jnp.argmin(values)])

    with enable_x64(True):
        return untraced(best)  # an experiment that is being traced may be what asks first


class Additive:
    """The log-probability of triples, ``log pi(c', c) + log softmax(b + A_c + B_c')``, over the contexts that occur."""

    def __init__(self, far: np.ndarray, near: np.ndarray, contexts: np.ndarray, size: int):
        self.far, self.near, self.contexts, self.size = far, near, contexts, size

    def __call__(self, theta: Any) -> Any:
        """The logarithms of the probabilities of all triples, one row for each context."""
        parts = theta.reshape(2 * self.size + 1, self.size)
        logits = parts[: self.size][self.near] + parts[self.size : -1][self.far] + parts[-1]
        return jnp.log(self.contexts)[:, None] + jax.nn.log_softmax(logits)


@functools.cache
def bilinear() -> tuple[Any, np.ndarray, np.ndarray]:
    """The model of pairs of letters, the real probabilities of the pairs, and the best parameters."""
    rows, contexts = pairs(_LETTERS, _TYPOS)
    with enable_x64(True):
        model = LogBilinear(contexts, symbols=len(contexts), rank=_RANK)
    cells = contexts[:, None] * rows
    return model, cells, best_of(model, cells, model.parameters, _STARTS)


@functools.cache
def _trigram() -> tuple[Any, np.ndarray, np.ndarray]:
    """The additive model of triples of a few letters, their real probabilities, and the best parameters."""
    corpus = datasets.text(alphabet=_FEW_LETTERS)
    size, t = len(corpus.alphabet), corpus.tokens.astype(int)
    triples = (t[:-2] * size + t[1:-1]) * size + t[2:]
    counts = np.bincount(triples, minlength=size**3).reshape(size, size, size)
    visits = counts.sum(axis=2)
    far, near = np.nonzero(visits)
    counts, visits = counts[far, near], visits[far, near]
    model = Additive(far, near, visits / visits.sum(), size)
    cells = model.contexts[:, None] * ((1 - _TYPOS) * counts / visits[:, None] + _TYPOS / size)
    return model, cells, best_of(model, cells, (2 * size + 1) * size, 1)


@functools.cache
def enumerated() -> tuple[Any, np.ndarray]:
    """The log-probability of all rows of five tokens in a transformer of width 2, and its parameters."""
    corpus = Corpus(np.zeros(100, np.uint8), ("a", "b"))
    model = Transformer(corpus, length=5, width=2, heads=2, layers=1)
    rows = np.array([[place >> i & 1 for i in range(5)] for place in range(32)])
    network = untraced(lambda: model.build(jax.random.key(3)))
    with enable_x64(True):
        doubled = jax.tree.map(lambda leaf: np.asarray(leaf, float), network)
        numbers, unravel = jax.flatten_util.ravel_pytree(doubled)
        theta = untraced(lambda: np.asarray(0.8 * jax.random.normal(jax.random.key(4), numbers.shape)))

    def log_probability(theta):
        logarithms = jax.nn.log_softmax(model.logits(unravel(theta), jnp.asarray(rows)))
        return jnp.take_along_axis(logarithms, jnp.asarray(rows)[..., None], axis=2).sum(axis=(1, 2))

    return log_probability, theta


def _finite(made: Callable, workflow: Workflow):
    """The excess of a model of finitely many outcomes, on real text."""

    def experiment(key):
        log_probability, cells, best = made()
        model = FiniteLanguage(log_probability, best=best, cells=cells)
        return simulate(model, as_matrix(workflow, **_MANY), key=key, **_MANY).excess

    return experiment


def _drift(made: Callable, workflow: Workflow):
    def theory():
        log_probability, cells, best = made()
        return networks.drift(*networks.matrices(log_probability, best, cells), workflow, **_MANY)

    return theory


def _written(workflow: Workflow):
    """The excess of the small transformer on rows of itself."""

    def experiment(key):
        log_probability, theta = enumerated()
        model = FiniteLanguage(log_probability, best=theta, steps=15, method="scoring")
        return simulate(model, as_matrix(workflow, **_ENUMERATED), key=key, **_ENUMERATED).excess

    return experiment


def _rank() -> np.ndarray:
    """``p/(2n) c_g`` with the rank of the Fisher information."""
    log_probability, theta = enumerated()
    cells = np.exp(np.asarray(log_probability(jnp.asarray(theta))))
    values = np.linalg.eigvalsh(np.asarray(networks.matrices(log_probability, theta, cells).fisher))
    rank = int((values > 1e-10 * values[-1]).sum())
    return np.asarray(networks.excess(rank, Replace(), **_ENUMERATED))


@functools.cache
def _bursty() -> MarkovText:
    """Pieces of the text, in classes of letters."""
    tokens = datasets.text(alphabet=CLASSES).tokens
    with enable_x64(True), jax.ensure_compile_time_eval():
        return MarkovText(cut(tokens, _LENGTH))


def _of_rows(workflow: Workflow, generations: int) -> Callable:
    sizes = shared(samples=_ROWS, generations=generations)
    return lambda key: simulate(_bursty(), as_matrix(workflow, **sizes), key=key, **sizes).excess


def _of_bursts(workflow: Workflow, generations: int) -> np.ndarray:
    """The law of the first order, with the burstiness of the pieces."""
    free, kappa = burstiness_of_rows()
    tokens = float(_ROWS * (_LENGTH - 1))
    return np.asarray(networks.excess(free, workflow, samples=tokens, burstiness=kappa, generations=generations))


@functools.cache
def burstiness_of_rows() -> tuple[int, float]:
    """How many parameters the pairs of classes have, and how bursty the pieces are."""
    counts = np.asarray(_bursty().counts)
    total = counts.sum(axis=0)
    with jax.ensure_compile_time_eval():
        return int((total > 0).sum() - (total.sum(axis=1) > 0).sum()), float(networks.burstiness(counts))


def _universal_bound() -> np.ndarray:
    """What universality has for the last generation, in units of the first."""
    return np.asarray(mean.inflation(Accumulate(), generations=6)[-1:])


def _in_units_of_the_first(key):
    free, kappa = burstiness_of_rows()
    return _of_rows(Accumulate(), 6)(key)[-1:] * (2 * _ROWS * (_LENGTH - 1) / (free * kappa))


_ENUMERATED = shared(samples=100_000, generations=2)
_claim = partial(Claim, quantity="excess test cross-entropy")
_FIRST_ORDER = Asymptotic(allowance=0.005, tolerance=0.02)
_SOFTMAX = "Softmax over pairs of 27 letters, ε = 0.02, 100 prompts a context, 300 steps of Adam; "
_OF_PAIRS = "Rank 2 and bias on pairs of 12 letters with 5 % of typos, n = 2,000,000, Newton's method; "
_OF_TRIPLES = "Additive trigram of 6 letters with 5 % of typos, n = 2,000,000, Newton's method; "
_OF_ROWS = "4,000 rows of 400 characters in 4 classes, real ones pieces of the text; "
_DRIFT = "½ tr(H Cov δ_g), A_g δ_g = Σ_i W_{gi} (M_i δ_{i−1} + s_i)"

CLAIMS = (
    _claim(
        name="language-smoothed-replace",
        statement="The loss of a softmax bigram with label smoothing is that of a Wright-Fisher chain with mutation.",
        theory=_smoothed_theory(networks.bigram_smoothed_replace),
        experiment=_smoothed(Replace()),
        relation=Equal(tolerance=0.03),
        formula="−Σ π_c P_cv E log q(k_g), k_{g+1} ~ Bin(n, q(k_g)), q(k) = (1 − ε) k/n + ε/V",
        protocol=_SOFTMAX + "each batch replaces the last.",
        axis=generation_axis(6),
        first_look=512,
    ),
    _claim(
        name="language-smoothed-accumulate",
        statement="If all data is kept, the loss of a softmax bigram with label smoothing is that of an urn.",
        theory=_smoothed_theory(networks.bigram_smoothed_accumulate),
        experiment=_smoothed(Accumulate()),
        relation=Equal(tolerance=0.03),
        formula="−Σ π_c P_cv E log q_g(k_g), k_{g+1} = k_g + Bin(n, q_g(k_g)), q_g(k) = (1 − ε) k/(gn) + ε/V",
        protocol=_SOFTMAX + "all batches are kept.",
        axis=generation_axis(6),
        first_look=512,
    ),
    _claim(
        name="language-bilinear-replace",
        statement="A log-bilinear model of text that it cannot describe drifts as three matrices say.",
        theory=_drift(bilinear, Replace()),
        experiment=_finite(bilinear, Replace()),
        relation=_FIRST_ORDER,
        formula=_DRIFT,
        protocol=_OF_PAIRS + "each batch replaces the last.",
        axis=generation_axis(6),
        first_look=256,
    ),
    _claim(
        name="language-bilinear-accumulate",
        statement="If all data is kept, the drift of a log-bilinear model is bounded, as three matrices say.",
        theory=_drift(bilinear, Accumulate()),
        experiment=_finite(bilinear, Accumulate()),
        relation=_FIRST_ORDER,
        formula=_DRIFT,
        protocol=_OF_PAIRS + "all batches are kept.",
        axis=generation_axis(6),
        first_look=256,
    ),
    _claim(
        name="language-trigram-accumulate",
        statement="A log-linear model of text that it cannot describe feels the misfit in its first generation alone.",
        theory=_drift(_trigram, Accumulate()),
        experiment=_finite(_trigram, Accumulate()),
        relation=_FIRST_ORDER,
        formula="[tr(H⁻¹J) + p (c_g − 1)]/(2n), c_g = Σ_{i ≤ g} 1/i²",
        protocol=_OF_TRIPLES + "all batches are kept.",
        axis=generation_axis(6),
        first_look=512,
    ),
    _claim(
        name="language-bursty-replace",
        statement="Rows of real text are bursty, those of a model are not: later generations add less than the first.",
        theory=lambda: _of_bursts(Replace(), _BURSTY),
        experiment=_of_rows(Replace(), _BURSTY),
        relation=_FIRST_ORDER,
        formula="p (κ + g − 1)/(2n), κ = tr(H⁻¹J)/p",
        protocol=_OF_ROWS + "each batch replaces the last.",
        axis=generation_axis(_BURSTY),
        first_look=1024,
    ),
    _claim(
        name="language-bursty-accumulate",
        statement="On bursty rows the excess of an accumulating model ends below π²/6 times that of the first fit.",
        theory=lambda: _of_bursts(Accumulate(), _BURSTY),
        experiment=_of_rows(Accumulate(), _BURSTY),
        relation=_FIRST_ORDER,
        formula="p (κ + c_g − 1)/(2n), κ = tr(H⁻¹J)/p, c_g = Σ_{i ≤ g} 1/i²",
        protocol=_OF_ROWS + "all batches are kept.",
        axis=generation_axis(_BURSTY),
        first_look=1024,
    ),
    _claim(
        name="language-not-universal",
        statement="On bursty rows the sixth accumulating fit is better than universality has it.",
        theory=_universal_bound,
        experiment=_in_units_of_the_first,
        relation=AtMost(),
        formula="E_6/E_1 = 1 + (c_6 − 1)/κ < c_6 = Σ_{i ≤ 6} 1/i²",
        protocol=_OF_ROWS + "all batches are kept; in units of the first fit's p κ/(2n).",
        axis=generation_axis([6]),
        quantity="excess in units of the first",
        first_look=512,
    ),
    _claim(
        name="transformer-enumerated",
        statement="A transformer on its own text loses no more than a regular model with the rank of its information.",
        theory=_rank,
        experiment=_written(Replace()),
        relation=AtMost(),
        formula="E_g ≤ p c_g/(2n), p = rank I",
        protocol="All rows of 5 tokens out of 2; width 2, 2 heads; n = 100,000, Fisher scoring, each batch replaces "
        "the last.",
        axis=generation_axis(2),
        first_look=256,
    ),
)
