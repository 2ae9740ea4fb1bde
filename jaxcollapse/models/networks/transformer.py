"""A transformer that is trained on what it wrote: a small language model in the loop.

Rows of data are pieces of text. A generation is a decoder with causal attention, trained to predict the next token; it
writes new rows token by token, keeping the keys and values of those that it has read. Instead of writing, it may edit:
real text, some tokens of which it draws anew.
"""

import math
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Integer, Key, PyTree, Scalar

from jaxcollapse.arguments.check import check_choice, check_fits, check_integer, check_length
from jaxcollapse.arguments.types import Count
from jaxcollapse.chain.schedule import Scheduled, positive_or_schedule, share_or_schedule
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.models.networks.trained import Trained
from jaxcollapse.population.datasets.language import Corpus, pieces

_EDITED_AT_ONCE = 64  # rows


class Decoder(eqx.Module):
    """A decoder: embeddings, blocks of attention and a wider layer, one linear layer of logits."""

    token: Float[Array, "inputs width"]
    """The embedding of every symbol, and behind them that of the beginning."""
    place: Float[Array, "length width"]
    attend: Float[Array, "layers width three_widths"]
    join: Float[Array, "layers width width"]
    widen: Float[Array, "layers width wide"]
    narrow: Float[Array, "layers wide width"]
    out: Float[Array, "width symbols"]
    bias: Float[Array, " symbols"]


class Cache(NamedTuple):
    """Keys and values of the tokens that were read, of every layer."""

    keys: Float[Array, "layers length rows heads size"]
    values: Float[Array, "layers length rows heads size"]


class Transformer(Trained):
    """A transformer over the tokens of a text, trained by gradient in every generation.

    **Arguments**

    - `corpus`: a text, as `jaxcollapse.datasets.text` returns it.
    - `length`: tokens of a row, at least 2: what attention reaches.
    - `width`: of the embeddings; `layers`; `heads` of attention, which divide the width.
    - `temperature`: at which it writes, positive: it draws from ``softmax(logits/temperature)``; a number or schedule.
    - `edit`: with it, a generation is fresh real text that the newest model edits, instead of text that it writes. A
      number above 0 and at most 1, or a schedule.
    - `edits`: which tokens are drawn anew: ``"likely"``, those that the model gives the probability `edit` or more, or
      ``"random"``, each with the probability `edit`.
    - `held_out`: the share of rows that is held out; `test`: at most how many of them are measured at.
    - `probes`: how many rows are written to measure `entropy` and the distinct sequences.
    - `steps`, `epochs`, `rate`, `batch`, `warm`, `clip`: as for `Trained`, 300 steps and a rate of 0.01 by default.

    **Metrics** `loss`, the cross-entropy of held-out text, in nats a token; `entropy`, that of the next token along
    text of its own, which it writes at its temperature; `distinct2` and `distinct3`, how many different pairs and
    triples of tokens there are in it, as a share of all.

    **Raises** `ValueError` or `TypeError` for other arguments, and for more real rows than the text has.

    **Exactness** Exact in law, in single precision: text is drawn token by token from the model.

    **Reference** Gerstgrasser et al. 2024, arXiv:2404.01413, for language models in the loop; Zhu et al. 2024,
    arXiv:2412.14689, for `edit`.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> corpus = jc.datasets.text()
    >>> model = jc.Transformer(corpus, length=8, width=8, steps=20, probes=8, test=8)
    >>> run = jc.simulate(model, jc.Replace(), key=jax.random.key(0), samples=50, generations=2)
    >>> run.loss.shape, run.entropy.shape, run.distinct3.shape
    ((2,), (2,), (2,))

    ```
    """

    default_steps = 300
    test: Integer[Array, "test length"]
    temperature: Scheduled
    edit: Scheduled | None
    edits: Literal["likely", "random"] = eqx.field(static=True)
    symbols: int = eqx.field(static=True)
    width: int = eqx.field(static=True)
    layers: int = eqx.field(static=True)
    heads: int = eqx.field(static=True)
    probes: int = eqx.field(static=True)

    def __init__(
        self,
        corpus: Corpus,
        *,
        length: Count = 32,
        width: Count = 32,
        layers: Count = 1,
        heads: Count = 2,
        temperature: Any = 1.0,
        edit: Any = None,
        edits: Literal["likely", "random"] = "likely",
        held_out: float = 0.1,
        test: Count = 256,
        probes: Count = 256,
        steps: Any = None,
        epochs: Any = None,
        rate: Any = 1e-2,
        batch: Count = 32,
        warm: bool = False,
        clip: Any = 1.0,
    ):
        rows, rest = pieces(corpus, length, held_out=held_out)
        super().__init__(rows, steps=steps, epochs=epochs, rate=rate, batch=batch, warm=warm, clip=clip)
        for name, count in (("width", width), ("heads", heads), ("test", test)):
            check_integer(name, count, minimum=1)
        check_fits(f"width={width:,}: a layer of its weights", 48.0 * float(width) ** 2, "take less")
        check_length("layers", layers, each=48.0 * float(width) ** 2)
        check_length("probes", probes, each=4.0 * float(length) * width)
        if width % heads != 0:
            raise ValueError(f"heads must divide width, got heads={heads} and width={width}")
        self.temperature = positive_or_schedule(temperature, "temperature")
        self.edit = None if edit is None else share_or_schedule(edit, "edit")
        check_choice("edits", edits, ("likely", "random"))
        self.edits = edits
        with jax.ensure_compile_time_eval():
            self.test = jnp.asarray(rest[: int(test)])
        self.symbols = len(corpus.alphabet)
        self.width, self.layers, self.heads = int(width), int(layers), int(heads)
        self.probes = int(probes)

    @property
    def length(self) -> int:
        """Tokens of a row."""
        return self.test.shape[1]

    @lenient()
    def build(self, key: Key[Array, ""]) -> Decoder:
        """A new network: normal weights, from one draw."""
        v, t, d, n = self.symbols, self.length, self.width, self.layers
        shapes = ((v + 1, d), (t, d), (n, d, 3 * d), (n, d, d), (n, d, 4 * d), (n, 4 * d, d), (d, v))
        scales = (0.3, 0.1, *(gain / math.sqrt(inputs) for gain, inputs in _gains(d)))
        edges = [0]
        for shape in shapes:
            edges.append(edges[-1] + math.prod(shape))
        numbers = jax.random.normal(key, (edges[-1],))
        parts = [numbers[low:high] for low, high in zip(edges[:-1], edges[1:], strict=True)]
        weights = [s * part.reshape(shape) for s, part, shape in zip(scales, parts, shapes, strict=True)]
        return Decoder(*weights, bias=jnp.zeros(v))

    @lenient()
    def loss(self, network: Decoder, rows: Integer[Array, "rows length"], key: Key[Array, ""]) -> Scalar:
        """The cross-entropy of rows of text, in nats a token."""
        return -_of_tokens(jax.nn.log_softmax(self.logits(network, rows)), rows).mean()

    @lenient()
    def draw(self, network: Decoder, key: Key[Array, ""], n: int) -> Integer[Array, "rows length"]:
        """Rows that the network writes, or edits."""
        return self.written(network, key, n) if self.edit is None else self.edited(network, key, n, self.edit)

    @lenient()
    def evaluate(self, network: Decoder, key: Key[Array, ""]) -> dict[str, Array]:
        """Held-out loss, and the entropy and diversity of text of its own."""
        own = self.written(network, key, self.probes)
        logarithms = jax.nn.log_softmax(self.logits(network, own))
        return {
            "loss": self.loss(network, self.test, key),
            "entropy": -(jnp.exp(logarithms) * logarithms).sum(axis=-1).mean(),
            "distinct2": distinct(own, 2),
            "distinct3": distinct(own, 3),
        }

    @lenient()
    def logits(self, network: Decoder, rows: Integer[Array, "rows length"]) -> Float[Array, "rows length symbols"]:
        """Those of the next token at every place, given the tokens before it."""
        n, t = rows.shape
        before = jnp.concatenate([jnp.full((n, 1), self.symbols), rows[:, :-1].astype(int)], axis=1)
        z = network.token[before] + network.place[:t]
        ahead = jnp.where(jnp.tril(jnp.ones((t, t), bool)), 0.0, -jnp.inf)

        def attention(layer, q, k, v):
            seen = jax.nn.softmax(self._scale * jnp.einsum("nqhd,nkhd->nhqk", q, k) + ahead, axis=-1)
            return jnp.einsum("nhqk,nkhd->nqhd", seen, v)

        return self._through(network, z, attention)

    @lenient()
    def next(
        self, network: Decoder, cache: Cache, token: Integer[Array, " rows"], place: Scalar | int
    ) -> tuple[Float[Array, "rows symbols"], Cache]:
        """The logits behind one more token of each row, which stands before `place`, and the cache that knows it."""
        z = network.token[token] + network.place[place]
        ahead = jnp.where(jnp.arange(self.length) <= place, 0.0, -jnp.inf)
        layers = []

        def attention(layer, q, k, v):
            keys, values = cache.keys[layer].at[place].set(k), cache.values[layer].at[place].set(v)
            layers.append((keys, values))
            seen = jax.nn.softmax(self._scale * jnp.einsum("nhd,tnhd->nht", q, keys) + ahead, axis=-1)
            return jnp.einsum("nht,tnhd->nhd", seen, values)

        logits = self._through(network, z, attention)
        return logits, Cache(*(jnp.stack(part) for part in zip(*layers, strict=True)))

    @lenient()
    def nothing_read(self, n: int) -> Cache:
        """The cache of `n` rows before their first token."""
        empty = jnp.zeros((self.layers, self.length, n, self.heads, self.width // self.heads), jnp.float32)
        return Cache(empty, empty)

    @lenient()
    def written(self, network: Decoder, key: Key[Array, ""], n: int) -> Integer[Array, "rows length"]:
        """`n` rows from their first token to their last, at the temperature."""

        def step(carry, inputs):
            token, cache = carry
            place, uniform = inputs
            logits, cache = self.next(network, cache, token, place)
            token = _inverted(uniform, logits / self.temperature)
            return (token, cache), token.astype(self.rows.dtype)

        begin = jnp.full(n, self.symbols), self.nothing_read(n)
        uniform = jax.random.uniform(key, (self.length, n))
        return jax.lax.scan(step, begin, (jnp.arange(self.length), uniform))[1].T

    @lenient()
    def edited(self, network: Decoder, key: Key[Array, ""], n: int, bound: Any) -> Integer[Array, "rows length"]:
        """`n` rows of real text, some tokens of which are drawn anew, each given the real ones before it."""
        row_key, key = jax.random.split(key)
        groups = -(-n // _EDITED_AT_ONCE)
        index = jax.random.randint(row_key, (groups, _EDITED_AT_ONCE), 0, len(self.rows))

        def edit(group):
            index, uniform = group
            rows = self.rows[index]
            logits = self.logits(network, rows) / self.temperature
            if self.edits == "likely":
                chosen = _of_tokens(jax.nn.log_softmax(logits), rows) >= jnp.log(bound)
            else:
                chosen = uniform[0] < bound
            return jnp.where(chosen, _inverted(uniform[1], logits).astype(rows.dtype), rows)

        rows = jax.lax.map(edit, (index, jax.random.uniform(key, (groups, 2, _EDITED_AT_ONCE, self.length))))
        return rows.reshape(-1, self.length)[:n]

    @property
    def _scale(self) -> float:
        return 1 / math.sqrt(self.width // self.heads)

    def _through(self, network: Decoder, z: Array, attention: Callable) -> Array:
        """All blocks, and the logits: what text that is read at once and token by token has in common."""
        for layer in range(self.layers):
            parts = (_norm(z) @ network.attend[layer]).reshape(*z.shape[:-1], 3, self.heads, -1)
            seen = attention(layer, *(parts[..., i, :, :] for i in range(3)))
            z = z + seen.reshape(z.shape) @ network.join[layer]
            z = z + jax.nn.gelu(_norm(z) @ network.widen[layer]) @ network.narrow[layer]
        return _norm(z) @ network.out + network.bias


def distinct(rows: Integer[Array, "rows length"], size: int) -> Float[Array, ""]:
    """How many different sequences of so many tokens rows have, as a share of all that they have.

    ```python
    >>> import jax.numpy as jnp
    >>> float(distinct(jnp.array([[0, 1, 0, 1, 0]]), 2))
    0.5

    ```
    """
    width = rows.shape[1] - size + 1
    columns = [rows[:, i : i + width].ravel() for i in range(size)]
    ordered = jnp.stack(jax.lax.sort(columns, num_keys=size))
    new = (ordered[:, 1:] != ordered[:, :-1]).any(axis=0)
    return (1.0 + new.sum(dtype=jnp.float32)) / columns[0].size


def _gains(width: int) -> PyTree:
    """Of every product of matrices, and the number of its inputs."""
    return ((1.0, width), (0.5, width), (1.0, width), (0.5, 4 * width), (0.3, width))


def _norm(z: Float[Array, "... width"]) -> Float[Array, "... width"]:
    return z * jax.lax.rsqrt(jnp.mean(z * z, axis=-1, keepdims=True) + 1e-6)


def _of_tokens(values: Float[Array, "... symbols"], tokens: Integer[Array, "..."]) -> Float[Array, "..."]:
    return jnp.take_along_axis(values, tokens[..., None].astype(int), axis=-1)[..., 0]


def _inverted(uniform: Float[Array, "..."], logits: Float[Array, "... symbols"]) -> Integer[Array, "..."]:
    """A token for each row of logits, by inverting the distribution function at a uniform number."""
    edges = jnp.cumsum(jax.nn.softmax(logits), axis=-1)
    return jnp.minimum((edges <= edges[..., -1:] * uniform[..., None]).sum(axis=-1), logits.shape[-1] - 1)
