"""A Workflow says what the next generation is trained on.

This is the only place where old, new and real data meet. The same object gives the simulator its update (`init`,
`step`) and the theory its weight matrix (`weights`).

Generation ``g`` trains on batches ``1, ..., g``: batch 1 is real, batch ``i`` is drawn from the model of generation
``i - 1``.
"""

import abc
from collections.abc import Callable
from typing import Any, ClassVar, Literal, NamedTuple, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key, PyTree, Scalar

from jaxcollapse.arguments.check import check_choice, check_integer, check_nonnegative, is_traced
from jaxcollapse.arguments.numbers import as_floats, at_once, common_type
from jaxcollapse.arguments.types import Count
from jaxcollapse.chain.data import Data
from jaxcollapse.chain.pool import Pool
from jaxcollapse.chain.schedule import (
    Scheduled,
    from_second,
    number_or_schedule,
    positive_or_schedule,
    single,
    takes_two,
    values,
)
from jaxcollapse.machine.leniency import lenient

__all__ = ("Accumulate", "AccumulateSubsample", "Mix", "MovingAverage", "Replace", "Weighted", "Window", "Workflow")

Weights: TypeAlias = tuple[Float[Array, "generations generations"], Float[Array, " generations"]]
"""What `Workflow.weights` returns."""


class Draw(NamedTuple):
    """The data that a workflow may ask for at one generation."""

    synthetic: Callable[[], Data]
    """One batch of the scheduled size from the newest model (at ``g = 1``: from the truth)."""
    real: Callable[[], Data]
    """One batch of real data."""
    key: Key[Array, ""]
    """Randomness of the workflow itself."""
    n: Scalar
    """Size of the synthetic batch."""
    n_real: Scalar
    """Size of the real batch."""


class Edits(NamedTuple):
    """That some rows of one data set are drawn anew at every generation, and the others stay."""

    share: Scheduled
    """Of the rows, in [0, 1]."""
    mask: Literal["fresh", "fixed", "disjoint"]
    """Which: others at random every time, the same, or each row at most once."""


class Workflow(eqx.Module):
    """Which data each generation is trained on.

    A subclass defines `step`, and `init` where it has a state; `weights` is its side for `jaxcollapse.theory`. It
    states the facts below that are true of it: models read them, and ask for no class. What is not stated costs time,
    never correctness.

    ```python
    >>> import jax, jax.numpy as jnp, jaxcollapse as jc
    >>> class RealAndNewest(jc.Workflow):
    ...     def init(self, draw, generations):
    ...         return draw.synthetic()  # batch 1, which is real
    ...     def step(self, state, draw, generation):
    ...         return state + draw.synthetic(), state
    ...     def weights(self, samples):
    ...         raise NotImplementedError
    >>> run = jc.simulate(jc.NormalMean(0.0), RealAndNewest(), key=jax.random.key(0), samples=50, generations=3)
    >>> run.squared_error.shape
    (3,)

    ```
    """

    newest_alone: ClassVar[bool] = False
    """Each generation is trained on its newest batch and nothing else: a model may draw fit after fit."""
    needs_rows: ClassVar[bool] = False
    """It picks single rows, so that sums of them are not enough."""
    draws_real: ClassVar[bool] = False
    """It asks for real data besides batch 1."""
    whole_rows: ClassVar[bool] = False
    """With batches of one size every row that a fit is given counts once: none is absent or has another weight."""
    resamples: ClassVar[bool] = False
    """Each generation is trained on a random part of all rows so far, of the size of its newest batch."""

    @property
    def keeps_all(self) -> bool:
        """Whether each generation is trained on every row of every batch so far, each counted once."""
        return False

    @property
    def counts_alike(self) -> bool:
        """Whether every row that a generation is trained on counts once, whatever the sizes of the batches."""
        return self.newest_alone or self.keeps_all

    @property
    def mixes(self) -> Literal["fresh", "fixed"] | None:
        """The real batch that each generation is trained on beside its newest one alone: a new one, or one for all.

        Generation 1 is trained on the real batch. None where generations are trained on anything else.
        """
        return None

    @property
    def edits(self) -> Edits | None:
        """What is drawn anew of the one data set that it keeps; None where it keeps none, or more."""
        return None

    @property
    def evicts(self) -> Literal["random", "oldest"] | None:
        """Which rows leave a buffer of `capacity` rows that is all a generation is trained on; None without a buffer.

        As many rows enter as the newest batch has; none leaves while there is room.
        """
        return None

    def init(self, draw: Draw, generations: int) -> PyTree:
        """The state before generation 1; none by default. `draw` gives batches like those of generation 1."""
        return None

    @abc.abstractmethod
    def step(self, state: PyTree, draw: Draw, generation: Int[Array, ""]) -> tuple[Data, PyTree]:
        """The training data of this generation, and the state after it."""

    @abc.abstractmethod
    def weights(self, samples: Float[Array, " generations"]) -> Weights:
        """How a linear estimator weighs the batches.

        **Returns** a lower triangular matrix, row ``g - 1`` of which holds the weight of every batch at generation
        ``g``, and the coefficients of one more independent noise at each generation (fresh real data, subsampling)
        in units of the standard error of a batch of ``samples[0]``.
        """

    def real_sizes(self, samples: Float[Array, " generations"]) -> Float[Array, " generations"]:
        """The size of the real batch at every generation, where one is drawn: by default that of the synthetic one."""
        return samples

    def real_size(self, samples: Float[Array, " generations"]) -> Any:
        """The size of all real batches, if that is one number which is known before compilation; else None."""
        with jax.ensure_compile_time_eval():
            return single(self.real_sizes(samples))

    @lenient()
    def all_sizes(self, samples: Float[Array, " generations"]) -> Float[Array, " batches"]:
        """The sizes of all batches that one replication may draw: synthetic ones, and real ones besides batch 1."""
        with at_once(samples):
            return jnp.concatenate([samples, self.real_sizes(samples)]) if self.draws_real else samples

    @lenient()
    def rows(self, samples: Float[Array, " generations"]) -> Float[Array, " generations"]:
        """How many rows each generation is trained on: by default those of all batches that have weight."""
        if self.newest_alone:
            return samples
        return (self.weights(samples)[0] > 0).astype(samples.dtype) @ samples

    def counted(self, samples: Float[Array, " generations"]) -> Float[Array, " generations"]:
        """The total weight of the rows that each generation is trained on, which a fit takes for their number."""
        return self.rows(samples)


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
    >>> fading.weights(jnp.array([100.0, 100.0]))[0][1].round(3).tolist()
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
        batch = jnp.arange(1, batches + 1)
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
        some = noise > 0
        return _pooled(samples, len(samples)), jnp.where(some, jnp.sqrt(jnp.where(some, noise, 1.0)), 0.0)

    @lenient()
    def rows(self, samples: Float[Array, " generations"]) -> Float[Array, " generations"]:
        """As many as the newest batch has."""
        return samples


class Mix(Workflow):
    """Train each generation on one real and one synthetic batch.

    **Arguments**

    - `real`: ``"fresh"``, new real data at every generation, or ``"fixed"``, one real data set for all of them.
    - `weight`: the total weight of the real batch in [0, 1], a number or a schedule: row weights are
      ``weight / n_real`` and ``(1 - weight) / n`` (times ``n + n_real``, so that per-sample penalties keep their
      meaning). Without it the rows are pooled, each with weight one.
    - `real_samples`: size of the real batch, a number or a schedule; that of the synthetic batch by default. With
      fixed real data it must not vary.

    Generation 1 is trained on the real batch alone, so that few real rows make a poor start: ``real_samples=10`` next
    to ``samples=90`` fits it to those 10 rows. For 10 % real data from a start on 100 rows write ``weight=0.1`` with
    ``samples=100`` (the 100 real rows have a tenth of the weight), or, of fresh real rows, as many as generation 1
    shall have and then 10: ``real_samples=[100, 10, 10, ...]`` with ``samples=90``. ``simulate(..., first=)`` starts
    from given parameters instead.

    **Raises** `ValueError` for another `real`, a `weight` outside [0, 1] or fewer than one real sample.

    **Reference** He, Xu and Cheng 2025, arXiv:2502.18049 (fresh real data, constant weight).

    ```python
    >>> import jax.numpy as jnp
    >>> for real_samples in (10, [100, 10, 10]):  # the rows of each generation
    ...     print(Mix("fresh", real_samples=real_samples).rows(jnp.full(3, 90.0)))
    [ 10. 100. 100.]
    [100. 100. 100.]

    ```
    """

    real: Literal["fresh", "fixed"] = eqx.field(static=True)
    weight: Scheduled | None
    real_samples: Scheduled | None
    draws_real: ClassVar[bool] = True

    def __init__(self, real: Literal["fresh", "fixed"], *, weight: Any = None, real_samples: Any = None):
        check_choice("real", real, ("fresh", "fixed"))
        self.real = real
        self.weight = None if weight is None else number_or_schedule(weight, "weight", 0.0, 1.0)
        self.real_samples = None if real_samples is None else number_or_schedule(real_samples, "real_samples", 1.0)

    @property
    def counts_alike(self) -> bool:
        """Whether rows are pooled: they are, unless the real batch has a weight."""
        return self.weight is None

    @property
    def mixes(self) -> Literal["fresh", "fixed"] | None:
        """The kind of its real batch."""
        return self.real

    @lenient()
    def real_sizes(self, samples: Float[Array, " generations"]) -> Float[Array, " generations"]:
        """The size of the real batch at every generation."""
        sizes = samples if self.real_samples is None else values(self.real_samples, len(samples))
        return jnp.broadcast_to(sizes[0], sizes.shape) if self.real == "fixed" else sizes

    def init(self, draw: Draw, generations: int) -> Data | None:
        """The fixed real data set, if there is one."""
        return draw.real() if self.real == "fixed" else None

    def step(self, state: Data | None, draw: Draw, generation: Int[Array, ""]) -> tuple[Data, Data | None]:
        """The real and the synthetic batch with their weights; at generation 1 the real one alone."""
        real = draw.real() if state is None else state
        real_weight, synthetic_weight = 1.0, 1.0
        if self.weight is not None:
            total = draw.n + draw.n_real
            real_weight = self.weight * total / draw.n_real
            synthetic_weight = (1 - self.weight) * total / draw.n
        first = generation == 1
        mixed = jnp.where(first, 1.0, real_weight) * real + jnp.where(first, 0.0, synthetic_weight) * draw.synthetic()
        return mixed, state

    @lenient()
    def weights(self, samples: Float[Array, " generations"]) -> Weights:
        """The weight on the newest batch, and the noise of the real data: its own each time, or that of batch 1."""
        sizes = self.real_sizes(samples)
        share = sizes / (sizes + samples) if self.weight is None else values(self.weight, len(samples))
        share = share.astype(common_type(share, samples)).at[0].set(1.0)
        noise = share * jnp.sqrt(samples[0] / sizes)
        newest = jnp.diag(1 - share)
        if self.real == "fresh":
            return newest, noise
        return newest.at[:, 0].add(noise), jnp.zeros_like(samples)

    @lenient()
    def rows(self, samples: Float[Array, " generations"]) -> Float[Array, " generations"]:
        """The real ones, and from generation 2 on those of the newest batch."""
        return self.real_sizes(samples) + samples.at[0].set(0.0)


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
        pool = Pool.empty(jax.eval_shape(draw.synthetic), generations, apart=True)
        return pool, jnp.ones(generations, jnp.asarray(draw.n).dtype)

    def step(
        self, state: tuple[Pool, Array], draw: Draw, generation: Int[Array, ""]
    ) -> tuple[Data, tuple[Pool, Array]]:
        """All batches with their weights."""
        pool, sizes = state
        pool, sizes = pool.add(draw.synthetic(), generation - 1), sizes.at[generation - 1].set(draw.n)
        weights = self.matrix[generation - 1].astype(sizes.dtype)
        rows = jnp.sum(jnp.where(weights > 0, sizes, 0.0))
        drawn = jnp.arange(len(sizes)) < generation  # no derivative comes from batches that are not there yet
        return pool.times(jnp.where(drawn, weights * rows / sizes, 0.0)).data(), (pool, sizes)

    @lenient()
    def weights(self, samples: Float[Array, " generations"]) -> Weights:
        """The matrix itself."""
        return self.matrix.astype(samples.dtype), jnp.zeros_like(samples)


def _pooled(samples: Float[Array, " generations"], batches: int) -> Float[Array, "generations generations"]:
    """The weights of a pool of the last `batches` batches, each in proportion to its size."""
    generation = jnp.arange(len(samples))
    age = generation[:, None] - generation
    kept = jnp.where((age >= 0) & (age < min(batches, 2**31 - 1)), samples, 0.0)
    return kept / kept.sum(axis=1, keepdims=True)
