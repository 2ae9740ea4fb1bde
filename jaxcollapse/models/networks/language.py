"""Small language models whose loop has a closed form: a softmax over pairs of tokens, and rows of a Markov chain.

Their theory is `jaxcollapse.theory.networks`: exact for `SoftmaxBigram`, of the first order in one over the sample size
for `MarkovText`.
"""

from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Key, Scalar

from jaxcollapse.arguments.check import (
    check_choice,
    check_conditionals,
    check_count,
    check_fits,
    check_integer,
    check_probabilities,
    check_shape,
)
from jaxcollapse.arguments.numbers import as_floats
from jaxcollapse.arguments.types import Count
from jaxcollapse.chain.data import WeightedSum
from jaxcollapse.chain.model import Model
from jaxcollapse.chain.schedule import Scheduled, number_or_schedule, positive_or_schedule, share_or_schedule
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.random import binomial, multinomial, split
from jaxcollapse.random.loops import alongside

_RARE = 0.1  # of the text
_NOTHING = 1e-7  # probability that is left to what was never seen


class SoftmaxBigram(Model):
    """A softmax over all pairs of tokens, trained by gradient on what its predecessors answered to the same prompts.

    Each of the contexts is a prompt ``n`` times. The network, one logit for a pair, begins at zero and takes `steps` of
    Adam on the cross-entropy with label smoothing, whose optimum is ``(1 - eps) k/N + eps/V``.

    **Arguments**

    - `rows`: true probabilities of the next token, shape ``(contexts, symbols)``, each row summing to one.
    - `contexts`: their weights in the test text, shape ``(contexts,)``, summing to one.
    - `smoothing`: ``eps`` of the labels, in [0, 1]; a number or a schedule. Without any, the loss of a token that was
      not seen has no bound.
    - `temperature`: at which it answers, positive; a number or a schedule.
    - `edit`: with it, answers are those of people, of which the newest model replaces some by its own. A number in
      (0, 1], or a schedule. By default all answers are the model's.
    - `edits`: which ones are replaced: ``"random"``, a share `edit` of them, or ``"likely"``, those to which the model
      gives the probability `edit` or more.
    - `steps`: of Adam, a positive integer; `rate`: the largest, positive, which falls to zero by half a cosine.

    **Metrics** `loss`, the cross-entropy of test text; `entropy`, that of the model's answer, both in nats a token.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact in law up to what training leaves: with 300 steps logarithms of probabilities are off by 2e-4.

    **Reference** Derived here: `jaxcollapse.theory.networks.bigram_smoothed_replace`. Zhu et al. 2024,
    arXiv:2412.14689, for `edit`.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> model = jc.SoftmaxBigram([[0.7, 0.3], [0.2, 0.8]], [0.4, 0.6], smoothing=0.05)
    >>> jc.simulate(model, jc.Accumulate(), key=jax.random.key(0), samples=50, generations=3).loss.shape
    (3,)

    ```
    """

    rows: Float[Array, "contexts symbols"]
    contexts: Float[Array, " contexts"]
    smoothing: Scheduled
    temperature: Scheduled
    edit: Scheduled | None
    edits: Literal["random", "likely"] = eqx.field(static=True)
    rate: Scheduled
    steps: int = eqx.field(static=True)

    def __init__(
        self,
        rows: Any,
        contexts: Any,
        *,
        smoothing: Any = 0.0,
        temperature: Any = 1.0,
        edit: Any = None,
        edits: Literal["random", "likely"] = "random",
        steps: Count = 300,
        rate: Any = 0.3,
    ):
        check_conditionals("rows", rows)
        self.rows, self.contexts = as_floats(rows), as_floats(contexts)
        check_probabilities("contexts", contexts)
        check_shape("contexts", contexts, self.rows.shape[:1])
        self.smoothing = number_or_schedule(smoothing, "smoothing", 0.0, 1.0)
        self.temperature = positive_or_schedule(temperature, "temperature")
        self.edit = None if edit is None else share_or_schedule(edit, "edit")
        check_choice("edits", edits, ("random", "likely"))
        self.edits = edits
        self.rate = positive_or_schedule(rate, "rate")
        check_count("steps", steps, minimum=1)
        self.steps = int(steps)

    @property
    def draws_sums(self) -> bool:
        return True

    def truth(self) -> Float[Array, "contexts symbols"]:
        """The true probabilities."""
        return self.rows

    def real(self, key: Key[Array, ""], truth: Array, n: Scalar | int) -> WeightedSum:
        """Answers of people."""
        return WeightedSum(_answers(key, jnp.asarray(n, truth.dtype), truth), jnp.asarray(n, truth.dtype))

    @lenient()
    def sample(self, key: Key[Array, ""], params: Array, n: Scalar | int) -> WeightedSum:
        """Draw how often each token is the answer to each prompt; with edits, most of them are those of people."""
        n, own = jnp.asarray(n, params.dtype), jax.nn.softmax(params / self.temperature)
        if self.edit is None:
            return WeightedSum(_answers(key, n, own), n)
        edit_key, real_key, own_key = split(key, 3)
        answers = _answers(real_key, n, self.rows)
        if self.edits == "likely":
            edited = jnp.where(own >= self.edit, answers, 0.0)
        else:
            edited = binomial(edit_key, answers, jnp.broadcast_to(self.edit, answers.shape).astype(answers.dtype))
        return WeightedSum(answers - edited + _answers(own_key, edited.sum(axis=1), own), n)

    @lenient()
    def fit(self, data: WeightedSum, **context) -> Float[Array, "contexts symbols"]:
        """The logits after the last step."""
        import optax  # takes as long as a tenth of JAX, and is needed where something is trained

        target = (1 - self.smoothing) * data.mean + self.smoothing / self.rows.shape[1]
        optimiser = optax.scale_by_adam(b2=0.99, eps=1e-12)

        def step(t, carry):
            logits, state = carry
            change, state = optimiser.update(jax.nn.softmax(logits) - target, state)
            return logits - self.rate * 0.5 * (1 + jnp.cos(jnp.pi * t / self.steps)) * change, state

        start = alongside(jnp.zeros_like(target), target)
        return jax.lax.fori_loop(0, self.steps, step, (start, optimiser.init(start)))[0]

    @lenient()
    def metrics(self, params: Float[Array, "contexts symbols"], **context) -> dict[str, Float[Array, ""]]:
        """Cross-entropy and entropy."""
        logarithms = jax.nn.log_softmax(params)
        return {
            "loss": -self.contexts @ jnp.sum(self.rows * logarithms, axis=1),
            "entropy": -self.contexts @ jnp.sum(jnp.exp(logarithms) * logarithms, axis=1),
        }


class MarkovText(Model):
    """A bigram model of whole rows of text: those of people depend on what they are about, the model's do not.

    A row of real text is a piece of the corpus; a row of the model is written in one go, token by token. The fit is
    that of a softmax over all pairs, trained to convergence: their frequencies. With a higher order the context is that
    many tokens: an n-gram model.

    **Arguments**

    - `pieces`: rows of real text, integers, shape ``(rows, length)``, at least two of each: `jaxcollapse.datasets.text`
      reads a text, and `jaxcollapse.datasets.pieces` cuts it.
    - `symbols`: how many tokens there are; by default, as many as occur.
    - `temperature`: at which it writes, positive; a number or a schedule.
    - `order`: how many tokens the next one depends on, below the length of a row: 1 for pairs, 2 for a trigram model.
      All ``symbols**order`` contexts are counted, whether they occur or not.
    - `smoothing`: what is added to every count in a fit, at least 0 (Lidstone); a number or a schedule. A context that
      was never met has the uniform law.

    **Metrics** `excess`, the cross-entropy of all the text above that of the frequencies of all the text; `rare`, the
    same in the rarest contexts alone, which together are a tenth of the text or the one that reaches it; and `entropy`
    of the model's next token, all in nats a token.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact in law, at a cost that does not depend on the number of rows. What was never seen keeps a
    probability of 1e-7, so that the excess is finite.

    **Reference** Derived here: `jaxcollapse.theory.networks.excess` with `jaxcollapse.theory.networks.burstiness`.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> corpus = jc.datasets.text(alphabet=(" ", "aeiou", "lmnrwy", "bcdfghjkpqstvxz"))
    >>> model = jc.MarkovText(jc.datasets.pieces(corpus, 100)[0])
    >>> run = jc.simulate(model, jc.Replace(), key=jax.random.key(0), samples=50, generations=3)
    >>> run.excess.shape, bool(jc.theory.networks.burstiness(model.counts) > 1.05)
    ((3,), True)

    ```
    """

    counts: Float[Array, "rows contexts symbols"]
    """How often each token follows each context in every row."""
    first: Float[Array, " contexts"]
    """How often each context begins a row."""
    temperature: Scheduled
    smoothing: Scheduled
    length: int = eqx.field(static=True)
    order: int = eqx.field(static=True)

    def __init__(
        self,
        pieces: Any,
        *,
        symbols: Count | None = None,
        temperature: Any = 1.0,
        order: Count = 1,
        smoothing: Any = 0.0,
    ):
        rows = np.asarray(pieces)
        if rows.ndim != 2 or min(rows.shape) < 2 or not np.issubdtype(rows.dtype, np.integer):
            raise ValueError(f"pieces must be integers of shape (rows, length), got {rows.dtype} of {rows.shape}")
        if symbols is not None:
            check_integer("symbols", symbols, minimum=2)
        size = int(rows.max()) + 1 if symbols is None else int(symbols)
        if rows.min() < 0 or rows.max() >= size:
            raise ValueError(f"pieces must hold tokens from 0 to {size - 1}, got {rows.min()} to {rows.max()}")
        check_integer("order", order, minimum=1)
        if order >= rows.shape[1]:
            raise ValueError(f"order must be below the length of a row, {rows.shape[1]}, got {order}")
        what = f"symbols={size:,}: the pairs of every row" if order == 1 else f"order={order}: the counts of every row"
        check_fits(what, 8.0 * len(rows) * float(size) ** (order + 1), "take fewer")
        contexts, following = _contexts(rows.astype(int), int(order), size)
        counts = np.zeros((len(rows), size**order, size))
        np.add.at(counts, (np.arange(len(rows))[:, None], contexts, following), 1)
        self.counts, self.first = as_floats(counts), as_floats(np.bincount(contexts[:, 0], minlength=size**order))
        self.temperature = positive_or_schedule(temperature, "temperature")
        self.smoothing = number_or_schedule(smoothing, "smoothing", 0.0)
        self.length, self.order = rows.shape[1], int(order)

    @property
    def draws_sums(self) -> bool:
        return True

    @property
    def contexts(self) -> Float[Array, " contexts"]:
        """How often each context is met in all the text, as a share."""
        visits = self.counts.sum(axis=(0, 2))
        return visits / visits.sum()

    def truth(self) -> Float[Array, "contexts symbols"]:
        """The frequencies of all the text."""
        total = self.counts.sum(axis=0)
        return total / jnp.maximum(total.sum(axis=1, keepdims=True), 1.0)

    @lenient()
    def real(self, key: Key[Array, ""], truth: Array, n: Scalar | int) -> WeightedSum:
        """Draw `n` pieces of the text with replacement, and count their pairs."""
        n = jnp.asarray(n, truth.dtype)
        often = multinomial(key, n, jnp.full(len(self.counts), 1 / len(self.counts), truth.dtype))
        return WeightedSum(jnp.tensordot(often, self.counts, axes=1), n)

    @lenient()
    def sample(self, key: Key[Array, ""], params: Float[Array, "contexts symbols"], n: Scalar | int) -> WeightedSum:
        """Draw the counts of `n` rows of the chain: at each place, those of all rows that are in one context."""
        shares = jnp.where(params > 0, params, 1.0) ** (1 / self.temperature)
        following = jnp.where(params > 0, shares, 0.0)
        n, size = jnp.asarray(n, params.dtype), params.shape[1]

        def step(carry, key):
            here, counts = carry
            pairs = _answers(key, here, following)
            # The oldest token of a context leaves it.
            return (pairs.reshape(size, -1, size).sum(axis=0).ravel(), counts + pairs), None

        first_key, key = split(key)
        begin = multinomial(first_key, n, self.first), jnp.zeros_like(params)
        keys = jax.random.split(key, self.length - self.order)
        return WeightedSum(jax.lax.scan(step, begin, keys)[0][1], n)

    @lenient()
    def fit(self, data: WeightedSum, **context) -> Float[Array, "contexts symbols"]:
        """The frequencies of what follows each context."""
        counts = data.mean + self.smoothing / data.weight
        size, visits = counts.shape[1], counts.sum(axis=1, keepdims=True)
        shares = jnp.where(visits > 0, counts / jnp.where(visits > 0, visits, 1.0), 1 / size)
        return (1 - _NOTHING) * shares + _NOTHING / size

    @lenient()
    def metrics(self, params: Float[Array, "contexts symbols"], **context) -> dict[str, Float[Array, ""]]:
        """Excess cross-entropy, that of the rare contexts, and entropy."""
        truth = self.truth()
        seen = truth > 0
        lost = jnp.where(seen, truth * (jnp.log(jnp.where(seen, truth, 1.0)) - jnp.log(params)), 0.0)
        shares, lost = self.contexts, lost.sum(axis=1)
        rare = jnp.where(self._rare(), shares, 0.0)
        return {
            "excess": shares @ lost,
            "rare": rare @ lost / rare.sum(),
            "entropy": -shares @ jnp.sum(params * jnp.log(params), axis=1),
        }

    def _rare(self) -> Bool[Array, " contexts"]:
        """The rarest contexts, until they are a tenth of the text."""
        order = jnp.argsort(self.contexts)
        rarer = jnp.cumsum(self.contexts[order]) - self.contexts[order]
        return jnp.zeros(len(order), bool).at[order].set(rarer < _RARE)


def _contexts(rows: np.ndarray, order: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The number of the context at each place of each row, oldest token first, and the token that follows."""
    places = rows.shape[1] - order
    numbers = sum(rows[:, i : i + places] * size ** (order - 1 - i) for i in range(order))
    return np.asarray(numbers), rows[:, order:]


def _answers(key: Key[Array, ""], n: Array, rows: Float[Array, "contexts symbols"]) -> Float[Array, "contexts symbols"]:
    """How often each symbol follows each context, which is a prompt `n` times, a number or one for each."""
    keys = jax.random.split(key, len(rows))
    return jax.vmap(multinomial)(keys, jnp.broadcast_to(n, rows.shape[:1]), rows)
