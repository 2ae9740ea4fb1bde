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
from jaxtyping import Array, Float, Int, Key, PyTree, Scalar

from jaxcollapse.arguments.names import naming_arguments
from jaxcollapse.arguments.numbers import at_once
from jaxcollapse.chain.data import Apart, Data
from jaxcollapse.chain.schedule import Scheduled, single
from jaxcollapse.machine.leniency import lenient

__all__ = ("Workflow",)

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

    def __init_subclass__(cls, **options: Any):
        """A keyword that a workflow does not know is told."""
        super().__init_subclass__(**options)
        naming_arguments(cls)

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
    def fits_apart(self) -> bool:
        """Whether each generation is an average of several fits: to the batches, and not to their union."""
        return False

    @property
    def averages(self) -> Literal["fresh", "fixed"] | None:
        """The real batch whose estimate each generation averages with that of its newest batch: a new one, or one kept.

        Generation 1 is the estimate of the real batch. None where generations are anything else.
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
    def step(self, state: PyTree, draw: Draw, generation: Int[Array, ""]) -> tuple[Data | Apart, PyTree]:
        """The training data of this generation, and the state after it; several sets where they are fitted `Apart`."""

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

    @property
    def says_counts(self) -> bool:
        """Whether `counted` is known: it is stated, or every row counts once."""
        return type(self).counted is not Workflow.counted or (self.counts_alike and not self.draws_real)
