"""Data is what its fit needs.

A data set is a pytree that can be pooled, ``a + b``, and weighted, ``w * a``. Where a fit needs only sums, the
sums are the data (a `Statistic`), and "accumulate" is one addition whatever the sample size. Where it needs the
rows themselves, they sit in a `Samples` buffer of fixed capacity.
"""

import abc
from collections.abc import Callable
from typing import Any, ClassVar, Literal, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree

from jaxcollapse.arguments.check import check_choice, check_scalar, check_shape, check_share
from jaxcollapse.arguments.numbers import common_type
from jaxcollapse.arguments.types import Number
from jaxcollapse.machine.differentiation import beside_zero
from jaxcollapse.machine.leniency import lenient

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

    def packed(self: D) -> D:
        """The same rows in an order in which workflows can pick them. Refused unless defined."""
        raise TypeError(f"a workflow that picks rows cannot pick them from {type(self).__name__}")


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
    - `weights`: shape ``(capacity,)``, not negative; ones by default, in the precision of the rows.

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

    @lenient()
    def __init__(self, rows: PyTree[Array], weights: Float[Array, " capacity"] | None = None):
        leaves = jax.tree.leaves(rows)
        if not leaves or any(jnp.ndim(leaf) == 0 for leaf in leaves):
            raise ValueError("rows must hold at least one array, each with a leading axis of samples")
        capacities = {leaf.shape[0] for leaf in leaves}
        if len(capacities) != 1:
            raise ValueError(f"rows must share their leading axis, got lengths {sorted(capacities)}")
        capacity = capacities.pop()
        self.rows = rows
        self.weights = jnp.ones(capacity, float_type(rows)) if weights is None else weights
        check_shape("weights", self.weights, (capacity,))

    @property
    def capacity(self) -> int:
        """The number of rows that the buffer has room for."""
        return self.weights.shape[0]

    @property
    @lenient()
    def count(self) -> Float[Array, ""]:
        """The total weight: the number of rows when all weights are one."""
        return self.weights.sum()

    @lenient(types=False)
    def mean(self, function: Callable[[Any], PyTree[Array]]) -> PyTree[Array]:
        """The weighted mean of `function` over the rows."""
        values = jax.vmap(function)(self.rows)
        return jax.tree.map(lambda v: jnp.tensordot(self.weights, v, axes=1) / self.count, values)

    @lenient(types=False)
    def variance(self, function: Callable[[Any], PyTree[Array]], *, ddof: Literal[0, 1]) -> PyTree[Array]:
        """The weighted variance of `function` over the rows: the sum of squares over ``count - ddof``."""
        check_choice("ddof", ddof, (0, 1))

        def squares(values, mean):
            return jnp.tensordot(self.weights, (values - mean) ** 2, axes=1) / (self.count - ddof)

        return jax.tree.map(squares, jax.vmap(function)(self.rows), self.mean(function))

    @lenient(types=False)
    def quantile(self, q: Number, function: Callable[[Any], PyTree[Array]]) -> PyTree[Array]:
        """The weighted quantile of `function` over the rows, entry by entry.

        The smallest value that rows of a share `q` of the weight, in [0, 1], do not exceed; where a share of exactly
        `q` ends between two values, their mean.
        """
        check_share("q", q)

        def one(values):
            order = jnp.argsort(values)
            values, weights = values[order], self.weights[order]
            before, target = jnp.cumsum(weights) / self.count, jnp.asarray(q, self.weights.dtype)
            slack = 8 * jnp.finfo(before.dtype).eps  # a share that is met up to rounding is met
            present = weights > 0
            low = jnp.argmax(present & (before >= target - slack))
            high = jnp.argmax(present & (before > target + slack))
            return jnp.where(target >= 1 - slack, values[low], 0.5 * (values[low] + values[high]))

        def entries(values):
            columns = values.reshape(values.shape[0], -1).T
            return jax.vmap(one)(columns).reshape(values.shape[1:])

        return jax.tree.map(entries, jax.vmap(function)(self.rows))

    @lenient(types=False)
    def median(self, function: Callable[[Any], PyTree[Array]]) -> PyTree[Array]:
        """The weighted median of `function` over the rows, entry by entry: that of NumPy where weights are equal.

        ```python
        >>> import jax.numpy as jnp
        >>> pool = Samples(jnp.array([5.0, 1.0, 9.0, 3.0, 0.0])).first(4)
        >>> float(pool.median(lambda row: row))
        4.0

        ```
        """
        return self.quantile(0.5, function)

    @lenient()
    def first(self, n: Number) -> "Samples":
        """The first `n` rows; the others get weight zero. `n` may be traced."""
        check_scalar("n", n)
        n = jnp.asarray(min(n, self.capacity) if isinstance(n, int) else n)
        return Samples(self.rows, jnp.where(jnp.arange(self.capacity, dtype=n.dtype) < n, self.weights, 0.0))

    @lenient()
    def packed(self) -> "Samples":
        """The same rows, those that have weight before the others."""
        order = jnp.argsort(self.weights == 0, stable=True)
        return jax.tree.map(lambda leaf: leaf[order], self)

    @lenient()
    def __add__(self, other: "Samples") -> "Samples":
        """The union of two data sets: their rows one after the other."""
        rows = jax.tree.map(lambda a, b: jnp.concatenate([a, b]), self.rows, other.rows)
        return Samples(rows, jnp.concatenate([self.weights, other.weights]))

    @lenient()
    def __rmul__(self, weight: Number) -> "Samples":
        """The same rows, each counted `weight` times."""
        return Samples(self.rows, beside_zero(weight) * self.weights)

    @lenient()
    def empty(self) -> "Samples":
        """A buffer of the same capacity in which no row is present."""
        zeros = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), self)
        return Samples(zeros.rows, zeros.weights)

    @lenient()
    def union(self) -> "Samples":
        """The union of a stack of batches: one buffer of all their rows."""
        return jax.tree.map(lambda leaf: leaf.reshape(-1, *leaf.shape[2:]), self)


class Apart(eqx.Module):
    """Data sets that are fitted apart: a workflow returns them where a generation is the average of several fits.

    **Arguments**

    - `sets`: the data sets, one or more.
    - `shares`: of their estimates in the average, shape ``(sets,)``, not negative, summing to one.

    `Model.average` says what an average is. Each fit is to one of the sets, with randomness of its own; an estimate
    without a share counts for nothing, whatever it is.
    """

    sets: tuple[Data, ...]
    shares: Float[Array, " sets"]


def float_type(tree: PyTree) -> Any:
    """The precision of all arrays of a tree together, or that of JAX where none holds floating-point numbers."""
    arrays = jax.Array | np.ndarray | jax.ShapeDtypeStruct
    types = [leaf.dtype for leaf in jax.tree.leaves(tree) if isinstance(leaf, arrays)]
    types = [kind for kind in types if jnp.issubdtype(kind, jnp.floating)]
    return common_type(*types) if types else common_type(float)


class Moved(Data):
    """The data of a walk: where it went. It cannot be pooled."""

    params: PyTree
    grows: ClassVar[bool] = False

    def __add__(self, other: "Moved") -> "Moved":
        raise TypeError(_ALONE)

    def __rmul__(self, weight: Number) -> "Moved":
        raise TypeError(_ALONE)

    def empty(self) -> "Moved":
        raise TypeError(_ALONE)

    def union(self) -> "Moved":
        raise TypeError(_ALONE)


_ALONE = "a walk keeps no data that a workflow could pool or weigh: it serves Replace"
