"""A pool: what a workflow keeps of the batches so far."""

import abc

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, Scalar

from jaxcollapse.arguments.check import check_fits, check_integer
from jaxcollapse.arguments.types import Number
from jaxcollapse.chain.data import Data, Samples
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.random import distinct


class Pool(eqx.Module):
    """Batches that are added one after the other: one sum where sums are the data, or a slot for each batch.

    A workflow that keeps data holds one as its state: `Pool.empty` in ``init``, `add` and `data` in ``step``.

    ```python
    >>> import jax, jax.numpy as jnp, jaxcollapse as jc
    >>> batch = jc.Samples(jnp.array([1.0, 2.0]))
    >>> pool = jc.Pool.empty(jax.eval_shape(lambda: batch), 3).add(batch, 0).add(2.0 * batch, 1)
    >>> pool.data().weights.tolist()
    [1.0, 1.0, 2.0, 2.0, 0.0, 0.0]

    ```
    """

    held: eqx.AbstractVar[Data]

    @staticmethod
    @lenient()
    def empty(batch: Data, slots: int, *, apart: bool | None = None) -> "Pool":
        """Room for `slots` batches in the shapes of `batch`.

        They are kept `apart` if one of them is to leave again or to change its weight; by default only if their union
        takes more memory than one of them.
        """
        check_integer("slots", slots, minimum=1)
        if not (batch.grows if apart is None else apart):
            return _Sum(batch.empty())
        size = sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(batch))
        check_fits(f"slots={slots:,}: so many batches", float(slots) * size, "keep fewer, or smaller ones")
        return _Slots(jax.tree.map(lambda leaf: jnp.stack([leaf] * slots), batch.empty()))

    @abc.abstractmethod
    def add(self, batch: Data, slot: Scalar | int) -> "Pool":
        """With one batch more. Where batches are kept apart it takes the place of the one in its slot."""

    @abc.abstractmethod
    def times(self, weight: Scalar | float | Float[Array, " slots"]) -> "Pool":
        """Every row counted `weight` times: one number, or one for each of the batches that are kept apart."""

    @abc.abstractmethod
    def data(self) -> Data:
        """All of it as one data set."""

    def subsample(self, key: Key[Array, ""], n: Number) -> Data:
        """`n` of the rows that have weight, no more than a batch has room for, uniformly without replacement.

        Batches were `packed` before they were added. The buffer has the capacity of one of them.

        **Raises** `TypeError` where sums are held, and not rows.
        """
        raise TypeError(f"rows cannot be picked from {type(self.held).__name__}")


class _Sum(Pool):
    held: Data

    @lenient()
    def add(self, batch, slot):
        return _Sum(self.held + batch)

    @lenient()
    def times(self, weight):
        return _Sum(weight * self.held)

    def data(self):
        return self.held


class _Slots(Pool):
    held: Data
    """A stack: every leaf has a leading axis of slots."""

    @lenient()
    def add(self, batch, slot):
        return _Slots(jax.tree.map(lambda stack, leaf: stack.at[slot].set(leaf), self.held, batch))

    @lenient()
    def times(self, weight):
        if jnp.ndim(weight) == 0:
            return _Slots(jax.vmap(lambda batch: weight * batch)(self.held))
        return _Slots(jax.vmap(lambda one, batch: one * batch)(weight, self.held))

    @lenient()
    def data(self):
        return self.held.union()

    @lenient()
    def subsample(self, key, n):
        if not isinstance(self.held, Samples):
            return super().subsample(key, n)
        sizes = jnp.sum(self.held.weights != 0, axis=1)
        ends = jnp.cumsum(sizes)
        rank = distinct(key, n, ends[-1], self.held.weights.shape[1])
        slot = jnp.minimum(jnp.searchsorted(ends, rank, side="right"), len(ends) - 1)
        slots, room = self.held.weights.shape
        # One index into all rows, known to be among them: looked up entry by entry, rows take twice as long.
        place = jnp.clip(slot * room + rank - (ends - sizes)[slot], 0, slots * room - 1)
        picked = jax.tree.map(lambda leaf: leaf.at[place].get(mode="promise_in_bounds"), self.held.union())
        return picked.first(n)
