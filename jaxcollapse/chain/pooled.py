"""Workflows that train on batches of the past: the newest, all, the last ones, an average, a random part, or a matrix.

Batch 1 is real, and no other data is.
"""

from collections.abc import Callable
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Scalar

from jaxcollapse.arguments.check import check_integer, check_nonnegative, is_traced
from jaxcollapse.arguments.numbers import as_floats, common_type
from jaxcollapse.arguments.types import Count
from jaxcollapse.chain.data import Data
from jaxcollapse.chain.pool import Pool
from jaxcollapse.chain.schedule import Scheduled, from_second, positive_or_schedule, takes_two, values
from jaxcollapse.chain.workflow import Draw, Weights, Workflow
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.random.ridge.rotation import root

__all__ = ("Accumulate", "AccumulateSubsample", "MovingAverage", "Replace", "Weighted", "Window")


class Replace(Workflow):
    """Train each generation on the newest batch alone: the fully synthetic loop.

    ```python
    >>> import jax.numpy as jnp
    >>> Replace().weights(jnp.array([100.0, 100.0]))[0].tolist()
    [[1.0, 0.0], [0.0, 1.0]]

    ```
    """

    newest_alone: ClassVar[bool] = True
    whole_rows: ClassVar[bool] = True

    def step(self, state: None, draw: Draw, generation: Int[Array, ""]) -> tuple[Data, None]:
        """The newest batch."""
        return draw.synthetic(), None

    @lenient()
    def weights(self, samples: Float[Array, " generations"]) -> Weights:
        """The identity: all weight on the newest batch."""
        return jnp.eye(len(samples), dtype=samples.dtype), jnp.zeros_like(samples)


class Accumulate(Workflow):
    """Train each generation on everything so far: the real batch and all synthetic ones.

    **Arguments**

    - `weight`: how often a row of batch ``g`` counts, positive; a number or a schedule. Once by default. A function of
      two arguments, the batch and the generation that is trained on it, gives weights that change from generation to
      generation, not negative and positive for the newest batch; batches are then kept apart.

    **Raises** `ValueError` when `weight` is not positive.

    ```python
    >>> import jax.numpy as jnp
    >>> heavy = Accumulate(weight=lambda g: jnp.where(g == 1, 3.0, 1.0))  # the real rows count three times
    >>> heavy.weights(jnp.array([100.0, 100.0]))[0].tolist()
    [[1.0, 0.0], [0.75, 0.25]]
    >>> fading = Accumulate(weight=lambda batch, g: 0.5 ** (g - batch))
    >>> [round(weight, 3) for weight in fading.weights(jnp.array([100.0, 100.0]))[0][1].tolist()]
    [0.333, 0.667]

    ```
    """

    weight: Scheduled | None
    of_both: Callable[[Scalar, Scalar], Scalar] | None
    """A weight that depends on the batch and on the generation."""

    def __init__(self, weight: Any = None):
        both = takes_two(weight)
        self.of_both = weight if both else None
        self.weight = None if weight is None or both else positive_or_schedule(weight, "weight")

    @property
    def keeps_all(self) -> bool:
        """Whether every row counts once: it does, unless batches have weights."""
        return self.weight is None and self.of_both is None

    def init(self, draw: Draw, generations: int) -> Pool:
        """An empty pool."""
        apart = None if self.of_both is None else True
        return Pool.empty(jax.eval_shape(draw.synthetic), generations, apart=apart)

    def step(self, state: Pool, draw: Draw, generation: Int[Array, ""]) -> tuple[Data, Pool]:
        """The pool with the newest batch in it."""
        if self.of_both is not None:
            pool, batches = state.add(draw.synthetic(), generation - 1), len(jax.tree.leaves(state.held)[0])
            return pool.times(self._row(generation, batches).astype(jnp.asarray(draw.n).dtype)).data(), pool
        pool = state.add(draw.synthetic() if self.weight is None else self.weight * draw.synthetic(), generation - 1)
        return pool.data(), pool

    @lenient()
    def weights(self, samples: Float[Array, " generations"]) -> Weights:
        """Every batch in proportion to its size, times the weight of its rows."""
        counted = self._weighed(samples)
        return counted / counted.sum(axis=1, keepdims=True), jnp.zeros_like(samples)

    @lenient()
    def counted(self, samples: Float[Array, " generations"]) -> Float[Array, " generations"]:
        """Every row as often as it counts."""
        return self._weighed(samples).sum(axis=1)

    def _weighed(self, samples: Float[Array, " generations"]) -> Float[Array, "generations generations"]:
        """The total weight of the rows of every batch at every generation."""
        g = jnp.arange(1, len(samples) + 1)
        if self.of_both is not None:
            return samples * jax.vmap(lambda g: self._row(g, len(samples)))(g).astype(samples.dtype)
        counted = samples if self.weight is None else samples * values(self.weight, len(samples))
        return jnp.where(g[:, None] >= g, counted, 0.0)

    def _row(self, generation: Int[Array, ""], batches: int) -> Float[Array, " batches"]:
        """How often a row of each batch counts at a generation; no batch is there before its time."""
        assert self.of_both is not None
        batch = jnp.arange(1, batches + 1, dtype=common_type(float))
        generation = generation.astype(batch.dtype)
        there = batch <= generation
        counts = jax.vmap(self.of_both, (0, None))(jnp.where(there, batch, generation), generation)
        if jnp.shape(counts) != (batches,):
            raise ValueError(f"weight must return one number for a batch and a generation, got {counts.shape[1:]}")
        return jnp.where(there, counts, 0.0)


class Window(Workflow):
    """Train each generation on the last `batches` batches; the real one leaves with the others.

    **Arguments**

    - `batches`: how many batches are kept, at least 1 (which is `Replace`).

    **Raises** `ValueError` when `batches` is not a positive integer.
    """

    batches: int = eqx.field(static=True)

    def __init__(self, batches: Count):
        check_integer("batches", batches, minimum=1)
        self.batches = int(batches)

    @property
    def counts_alike(self) -> bool:
        """It does."""
        return True

    def init(self, draw: Draw, generations: int) -> Pool:
        """Room for the last batches."""
        return Pool.empty(jax.eval_shape(draw.synthetic), min(self.batches, generations), apart=True)

    def step(self, state: Pool, draw: Draw, generation: Int[Array, ""]) -> tuple[Data, Pool]:
        """The last batches; the newest takes the place of the oldest."""
        pool = state.add(draw.synthetic(), (generation - 1) % min(self.batches, 2**31 - 1))
        return pool.data(), pool

    @lenient()
    def weights(self, samples: Float[Array, " generations"]) -> Weights:
        """The last batches in proportion to their sizes."""
        return _pooled(samples, self.batches), jnp.zeros_like(samples)


class MovingAverage(Workflow):
    """Train each generation on a moving average: a share of the newest batch, the rest of what was trained on before.

    Every batch stays, with a weight that falls geometrically; with schedules for both it interpolates between `Replace`
    (a gain of 1) and training on real data alone (0).

    **Arguments**

    - `gain`: the weight of the newest batch in [0, 1], whatever its size; a number or a schedule. Generation 1 is
      trained on the real batch.

    **Raises** `ValueError` for a gain outside [0, 1].

    ```python
    >>> import jax.numpy as jnp
    >>> MovingAverage(0.25).weights(jnp.array([100.0, 100.0, 100.0]))[0].tolist()[-1]
    [0.5625, 0.1875, 0.25]

    ```
    """

    gain: Scheduled

    def __init__(self, gain: Any):
        self.gain = from_second(gain, "gain", 0.0, 1.0, first=1.0)

    def init(self, draw: Draw, generations: int) -> tuple[Pool, Scalar]:
        """An empty pool, and its size."""
        return Pool.empty(jax.eval_shape(draw.synthetic), generations), jnp.ones_like(draw.n)

    def step(
        self, state: tuple[Pool, Scalar], draw: Draw, generation: Int[Array, ""]
    ) -> tuple[Data, tuple[Pool, Scalar]]:
        """The average, of as many rows as the newest batch has."""
        pool, size = state
        pool = pool.times((1 - self.gain) * draw.n / size).add(self.gain * draw.synthetic(), generation - 1)
        return pool.data(), (pool, draw.n)

    @lenient()
    def weights(self, samples: Float[Array, " generations"]) -> Weights:
        """Weights that fall geometrically with age."""
        generations = len(samples)

        gain = values(self.gain, generations).astype(samples.dtype)

        def average(g, rows):  # a loop that stacks its results is not evaluated at once before JAX 0.7
            row = (1 - gain[g]) * rows[g - 1]  # of zeros at first
            return rows.at[g].set(row.at[g].add(gain[g]))

        rows = jnp.zeros((generations, generations), samples.dtype)
        return jax.lax.fori_loop(0, generations, average, rows), jnp.zeros_like(samples)

    def counted(self, samples: Float[Array, " generations"]) -> Float[Array, " generations"]:
        """As many as the newest batch has."""
        return samples


class AccumulateSubsample(Workflow):
    """Keep everything, train on a random part: as many rows as the newest batch has, without replacement.

    It picks rows, so the model must draw them (``sampling="raw"``). Real rows are not protected.
    """

    needs_rows: ClassVar[bool] = True
    whole_rows: ClassVar[bool] = True
    resamples: ClassVar[bool] = True

    @property
    def counts_alike(self) -> bool:
        """It does: each of those that are picked."""
        return True

    def init(self, draw: Draw, generations: int) -> Pool:
        """An empty pool of rows."""
        return Pool.empty(jax.eval_shape(draw.synthetic), generations)

    def step(self, state: Pool, draw: Draw, generation: Int[Array, ""]) -> tuple[Data, Pool]:
        """A random part of the pool, of the size of one batch."""
        batch = draw.synthetic().packed()
        pool = state.add(batch, generation - 1)
        return pool.subsample(draw.key, draw.n), pool

    @lenient()
    def weights(self, samples: Float[Array, " generations"]) -> Weights:
        """The pool's weights, and the noise of the subsampling: exact for rows of a constant variance.

        ``n`` of ``N`` rows have a mean of variance ``V (N - n)/(n (N - 1))`` about that of the pool, where ``V``, the
        mean variance within the pool, is less than that of a row about the truth by the variance of the pool's mean.
        """

        def draw(pool, n):
            size, mean, about_truth, last = pool  # rows, variance of their mean, theirs in all, and that of the model
            total = size + n
            mean = (size * (size + 2 * n) * mean + n * (n * last + 1)) / total**2
            about_truth = about_truth + n * (1 + last)
            left_out = (total - n) / (n * jnp.where(total > 1, total - 1, 1.0))
            noise = (about_truth / total - mean) * left_out
            return (total, mean, about_truth, mean + noise), noise

        noise = jax.lax.scan(draw, (jnp.zeros_like(samples[0]),) * 4, samples)[1] * samples[0]
        return _pooled(samples, len(samples)), root(noise)

    @lenient()
    def rows(self, samples: Float[Array, " generations"]) -> Float[Array, " generations"]:
        """As many as the newest batch has."""
        return samples


class Weighted(Workflow):
    """Train each generation on all batches so far, with weights of one's own: a workflow as its matrix.

    `Replace`, `Accumulate`, `Window` and `MovingAverage` are such matrices (``workflow.weights(samples)[0]``). The
    matrix is an array that may be traced: one program serves all of them, a `Grid` has workflows as an axis of
    numbers, and a gradient tells which weights would be better.

    **Arguments**

    - `matrix`: shape ``(generations, generations)``, lower triangular, not negative, each row summing to one. Entry
      ``[g - 1, i - 1]`` is the weight of batch ``i``, not of its rows, at generation ``g``. Batch 1 is real. Rows are
      weighed so that their total weight is the number of rows of all batches with weight: penalties per sample keep
      their meaning.

    **Raises** `ValueError` for a matrix of another shape, above the diagonal, negative, or whose rows do not sum to
    one; and for another number of generations.

    **Exactness** Exact in law; a model that draws sums keeps ``generations`` of them.

    ```python
    >>> import jax, jax.numpy as jnp, jaxcollapse as jc
    >>> half_real = jnp.array([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.5, 0.0, 0.5]])
    >>> run = jc.simulate(jc.NormalMean(0.0), jc.Weighted(half_real), key=jax.random.key(0), samples=9, generations=3)
    >>> run.squared_error.shape
    (3,)

    ```
    """

    matrix: Float[Array, "generations generations"]

    def __init__(self, matrix: Any):
        check_nonnegative("matrix", matrix)
        matrix = as_floats(matrix)
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
            raise ValueError(f"matrix must have shape (generations, generations), got {matrix.shape}")
        if not is_traced(matrix):
            rows = np.asarray(matrix)
            if np.triu(rows, 1).any():
                raise ValueError("matrix must be lower triangular: no generation is trained on a batch after its own")
            if not np.allclose(rows.sum(axis=1), 1.0, atol=1e-5):
                raise ValueError(f"matrix must have rows that sum to one, got sums of {rows.sum(axis=1)}")
        self.matrix = matrix

    def init(self, draw: Draw, generations: int) -> tuple[Pool, Float[Array, " generations"]]:
        """An empty pool that keeps batches apart, and their sizes."""
        if len(self.matrix) != generations:
            raise ValueError(f"matrix must have shape ({generations}, {generations}), got {self.matrix.shape}")
        return batches_apart(draw, generations)

    def step(
        self, state: tuple[Pool, Array], draw: Draw, generation: Int[Array, ""]
    ) -> tuple[Data, tuple[Pool, Array]]:
        """All batches with their weights."""
        pool, sizes = state = with_newest(state, draw, generation)
        return weighed_batches(pool, sizes, self.matrix[generation - 1], generation), state

    @lenient()
    def weights(self, samples: Float[Array, " generations"]) -> Weights:
        """The matrix itself."""
        return self.matrix.astype(samples.dtype), jnp.zeros_like(samples)

    def counted(self, samples: Float[Array, " generations"]) -> Float[Array, " generations"]:
        """As many as the batches with weight have."""
        return self.rows(samples)


def batches_apart(draw: Draw, generations: int) -> tuple[Pool, Float[Array, " generations"]]:
    """An empty pool that keeps batches apart, and their sizes."""
    pool = Pool.empty(jax.eval_shape(draw.synthetic), generations, apart=True)
    return pool, jnp.ones(generations, jnp.asarray(draw.n).dtype)


def with_newest(state: tuple[Pool, Array], draw: Draw, generation: Int[Array, ""]) -> tuple[Pool, Array]:
    """The same with the newest batch, and its size."""
    pool, sizes = state
    return pool.add(draw.synthetic(), generation - 1), sizes.at[generation - 1].set(draw.n)


def weighed_batches(
    pool: Pool, sizes: Float[Array, " generations"], weights: Float[Array, " generations"], generation: Int[Array, ""]
) -> Data:
    """All batches, each with its weight in all: together as many rows as the batches that have some."""
    weights = weights.astype(sizes.dtype)
    rows = jnp.sum(jnp.where(weights > 0, sizes, 0.0))
    drawn = jnp.arange(len(sizes)) < generation  # no derivative comes from batches that are not there yet
    return pool.times(jnp.where(drawn, weights * rows / sizes, 0.0)).data()


def _pooled(samples: Float[Array, " generations"], batches: int) -> Float[Array, "generations generations"]:
    """The weights of a pool of the last `batches` batches, each in proportion to its size."""
    generation = jnp.arange(len(samples))
    age = generation[:, None] - generation
    kept = jnp.where((age >= 0) & (age < min(batches, 2**31 - 1)), samples, 0.0)
    return kept / kept.sum(axis=1, keepdims=True)
