"""A replay buffer: a fixed number of rows, of which some leave whenever new ones come.

With one new row at a time, of which the place is that of a random old one, it is the model of Moran 1958 in population
genetics: rows are individuals, symbols alleles, and `jaxcollapse.Categorical` their frequencies.
"""

from typing import ClassVar, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from jaxcollapse.arguments.check import check_choice, check_length
from jaxcollapse.arguments.types import Count
from jaxcollapse.chain.data import Data, Samples
from jaxcollapse.chain.workflow import Draw, Weights, Workflow
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.random import distinct

__all__ = ("ReplayBuffer",)


class _Buffer(eqx.Module):
    """The rows, how many there are, and where the next one goes."""

    rows: Samples
    filled: Int[Array, ""]
    place: Int[Array, ""]


class ReplayBuffer(Workflow):
    """Train each generation on a buffer of rows: the newest batch takes the places of as many old rows.

    The buffer fills up first, from the real batch on, and real rows leave like all others. It picks rows, so the model
    must draw them (``sampling="raw"``).

    **Arguments**

    - `capacity`: how many rows the buffer has room for, a positive integer, no less than the largest batch.
    - `evict`: which old rows leave: as many as are needed at ``"random"``, every set of them equally likely, or the
      ``"oldest"`` ones. New rows never evict each other.

    With ``samples=[capacity, 1, 1, ...]`` the buffer is full of real rows at ``g = 1``, and each later generation is
    one event: a row comes and a row goes. With equal batches, of which `capacity` holds a whole number, ``"oldest"`` is
    `Window`.

    **Raises** `ValueError` or `TypeError` for another `evict`, a capacity that is no positive integer, and one below
    the size of a batch.

    **Exactness** Exact in law. For categorical models `jaxcollapse.theory.discrete.remaining_diversity` and
    `jaxcollapse.theory.discrete.contaminated_replay_law` are its closed forms. It has no matrix of weights: what is
    left of a batch is a random part of it, the noise of which is not that of another generation.

    **Reference** Moran 1958, "Random processes in genetics", for one row at a time.

    ```python
    >>> import jax, jax.numpy as jnp, jaxcollapse as jc
    >>> model = jc.Categorical([0.5, 0.5], sampling="raw")
    >>> events = [10] + 19 * [1]
    >>> run = jc.simulate(model, jc.ReplayBuffer(10), key=jax.random.key(0), samples=events, generations=20)
    >>> bool(jnp.all(jnp.abs(jnp.diff(run.params[:, 0])) < 0.11))  # one row of ten at a time
    True

    ```
    """

    capacity: int = eqx.field(static=True)
    evict: Literal["random", "oldest"] = eqx.field(static=True)
    needs_rows: ClassVar[bool] = True

    def __init__(self, capacity: Count, *, evict: Literal["random", "oldest"] = "random"):
        check_length("capacity", capacity)
        check_choice("evict", evict, ("random", "oldest"))
        self.capacity = int(capacity)
        self.evict = evict

    @property
    def counts_alike(self) -> bool:
        """It does: each of those that are there."""
        return True

    @property
    def evicts(self) -> Literal["random", "oldest"]:
        """Which rows leave."""
        return self.evict

    def init(self, draw: Draw, generations: int) -> _Buffer:
        """An empty buffer."""
        batch = jax.eval_shape(draw.synthetic)
        if not isinstance(batch, Samples):
            raise TypeError(f"rows cannot be picked from {type(batch).__name__}")
        if batch.capacity > self.capacity:
            raise ValueError(
                f"capacity must be at least the size of the largest batch, {batch.capacity}, got {self.capacity}"
            )
        nothing = lambda leaf: jnp.zeros((self.capacity, *leaf.shape[1:]), leaf.dtype)  # noqa: E731
        zero = jnp.zeros((), jnp.int32)
        return _Buffer(jax.tree.map(nothing, batch), zero, zero)

    @lenient()
    def step(self, state: _Buffer, draw: Draw, generation: Int[Array, ""]) -> tuple[Data, _Buffer]:
        """The buffer with the newest batch in it."""
        batch = draw.synthetic().packed()
        n = jnp.asarray(draw.n).astype(jnp.int32)
        index = jnp.arange(len(jax.tree.leaves(batch)[0]), dtype=jnp.int32)
        where = self._places(state, draw, n, index)
        where = jnp.where(index < n, where, self.capacity)  # beyond the end: dropped
        rows = jax.tree.map(lambda kept, new: kept.at[where].set(new, mode="drop"), state.rows, batch)
        filled = jnp.minimum(state.filled + n, self.capacity)
        return rows, _Buffer(rows, filled, (state.place + n) % self.capacity)

    def _places(
        self, state: _Buffer, draw: Draw, n: Int[Array, ""], index: Int[Array, " batch"]
    ) -> Int[Array, " batch"]:
        """Where the rows of a batch go: free places first."""
        if self.evict == "oldest":
            return (state.place + index) % self.capacity
        free = self.capacity - state.filled
        evicted = distinct(draw.key, jnp.maximum(n - free, 0), state.filled, len(index))
        return jnp.where(index < free, state.filled + index, evicted[jnp.maximum(index - free, 0)])

    def weights(self, samples: Float[Array, " generations"]) -> Weights:
        """There is no such matrix."""
        raise NotImplementedError(
            "ReplayBuffer keeps parts of batches, which no matrix of weights says: for categorical models "
            "theory.discrete.remaining_diversity has its closed form"
        )

    @lenient()
    def rows(self, samples: Float[Array, " generations"]) -> Float[Array, " generations"]:
        """All rows so far, until the buffer is full."""
        return jnp.minimum(jnp.cumsum(samples), self.capacity)
