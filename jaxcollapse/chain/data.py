"""Data is what its fit needs.

A data set is a pytree that can be pooled, ``a + b``, and weighted, ``w * a``. Where a fit needs only sums, the
sums are the data (a `Statistic`), and "accumulate" is one addition whatever the sample size. Where it needs the
rows themselves, they sit in a `Samples` buffer of fixed capacity.
"""

import abc
from typing import ClassVar, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Key, PyTree

from jaxcollapse.arguments.check import check_shape
from jaxcollapse.arguments.types import Number

D = TypeVar("D", bound="Data")  # `typing.Self` means nothing to a checker of single methods


class Data(eqx.Module):
    """What a model is fitted to: pooled by ``a + b``, weighted by ``w * a``."""

    grows: eqx.AbstractClassVar[bool]
    """Whether a union takes more memory than its parts (rows do, sums do not)."""

    @abc.abstractmethod
    def __add__(self: D, other: D) -> D:
        """The union of two data sets."""

    @abc.abstractmethod
    def __rmul__(self: D, weight: Number) -> D:
        """The same data, every row counted `weight` times."""

    @abc.abstractmethod
    def empty(self: D) -> D:
        """Data without a single row, in the shapes of `self` (whose leaves need only shapes and dtypes)."""

    @abc.abstractmethod
    def union(self: D) -> D:
        """The union of a stack of batches: every leaf of `self` has a leading axis of batches."""


class Statistic(Data):
    """Sums over rows: pooling adds the leaves, weighting scales them."""

    grows: ClassVar[bool] = False

    def __add__(self: D, other: D) -> D:
        """The union of two data sets: the sums of their sums."""
        return jax.tree.map(jnp.add, self, other)

    def __rmul__(self: D, weight: Number) -> D:
        """The same data, every row counted `weight` times."""
        return jax.tree.map(lambda leaf: weight * leaf, self)

    def empty(self: D) -> D:
        """Data without a single row: all sums zero."""
        return jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), self)

    def union(self: D) -> D:
        """The union of a stack of batches."""
        return jax.tree.map(lambda leaf: leaf.sum(axis=0), self)


class WeightedSum(Statistic):
    """The sum of an array over rows, each times its weight, and the sum of the weights: what a mean needs."""

    total: Float[Array, "..."]
    weight: Float[Array, ""]

    @property
    def mean(self) -> Float[Array, "..."]:
        """The weighted mean."""
        return self.total / self.weight


class Samples(Data):
    """Rows with weights: the data of any model that has no smaller statistic.

    A row of weight zero is not there: this is how a buffer of fixed capacity holds a varying number of rows. A fit
    on `Samples` must therefore read `weights` wherever the sample size varies.

    **Arguments**

    - `rows`: an array of shape ``(capacity, ...)``, or a pytree of such arrays, one row per sample.
    - `weights`: shape ``(capacity,)``, not negative; ones by default.

    ```python
    >>> import jax.numpy as jnp
    >>> pool = Samples(jnp.array([1.0, 2.0])) + 0.5 * Samples(jnp.array([4.0]))
    >>> float(pool.mean(lambda row: row))
    2.0

    ```
    """

    rows: PyTree[Array]
    weights: Float[Array, " capacity"]
    grows: ClassVar[bool] = True

    def __init__(self, rows: PyTree[Array], weights: Float[Array, " capacity"] | None = None):
        """Takes the rows and, optionally, their weights."""
        leaves = jax.tree.leaves(rows)
        if not leaves or any(jnp.ndim(leaf) == 0 for leaf in leaves):
            raise ValueError("rows must hold at least one array, each with a leading axis of samples")
        capacities = {leaf.shape[0] for leaf in leaves}
        if len(capacities) != 1:
            raise ValueError(f"rows must share their leading axis, got lengths {sorted(capacities)}")
        capacity = capacities.pop()
        self.rows = rows
        self.weights = jnp.ones(capacity, jnp.result_type(float)) if weights is None else weights
        check_shape("weights", self.weights, (capacity,))

    @property
    def capacity(self) -> int:
        """The number of rows that the buffer has room for."""
        return self.weights.shape[0]

    @property
    def count(self) -> Float[Array, ""]:
        """The total weight: the number of rows when all weights are one."""
        return self.weights.sum()

    def mean(self, function) -> PyTree[Array]:
        """The weighted mean of `function` over the rows."""
        values = jax.vmap(function)(self.rows)
        return jax.tree.map(lambda v: jnp.tensordot(self.weights, v, axes=1) / self.count, values)

    def first(self, n: Number) -> "Samples":
        """The first `n` rows; the others get weight zero. `n` may be traced."""
        return Samples(self.rows, jnp.where(jnp.arange(self.capacity) < n, self.weights, 0.0))

    def subsample(self, key: Key[Array, ""], n: Number, capacity: int) -> "Samples":
        """`n` of the rows that have weight, uniformly without replacement, in a buffer of `capacity` rows."""
        present: Bool[Array, " capacity"] = self.weights > 0
        order = jnp.argsort(jnp.where(present, jax.random.uniform(key, (self.capacity,)), jnp.inf))[:capacity]
        return Samples(jax.tree.map(lambda leaf: leaf[order], self.rows), self.weights[order]).first(n)

    def __add__(self, other: "Samples") -> "Samples":
        """The union of two data sets: their rows one after the other."""
        rows = jax.tree.map(lambda a, b: jnp.concatenate([a, b]), self.rows, other.rows)
        return Samples(rows, jnp.concatenate([self.weights, other.weights]))

    def __rmul__(self, weight: Number) -> "Samples":
        """The same rows, each counted `weight` times."""
        return Samples(self.rows, weight * self.weights)

    def empty(self) -> "Samples":
        """A buffer of the same capacity in which no row is present."""
        zeros = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), self)
        return Samples(zeros.rows, zeros.weights)

    def union(self) -> "Samples":
        """The union of a stack of batches: one buffer of all their rows."""
        return jax.tree.map(lambda leaf: leaf.reshape(-1, *leaf.shape[2:]), self)


class Moved(Data):
    """The data of a walk: where it went. It cannot be pooled."""

    params: PyTree
    grows: ClassVar[bool] = False

    def __add__(self, other: "Moved") -> "Moved":
        """Refused."""
        raise TypeError(_ALONE)

    def __rmul__(self, weight: Number) -> "Moved":
        """Refused."""
        raise TypeError(_ALONE)

    def empty(self) -> "Moved":
        """Refused."""
        raise TypeError(_ALONE)

    def union(self) -> "Moved":
        """Refused."""
        raise TypeError(_ALONE)


_ALONE = "a walk keeps no data that a workflow could pool or weigh: it serves Replace"
