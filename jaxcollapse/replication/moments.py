"""`Moments`: what is kept of a sample, and how two samples become one.

A tile's moments are computed on the device, in the precision of the replications; they are merged on the host, in
float64 and in the order of the tiles.
"""

import dataclasses
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

FAILURES = 16
"""How many replications that are not finite are remembered by their index."""
_NOWHERE = np.uint32(2**32 - 1)

Leaf: TypeAlias = Any
"""A NumPy array or a count; on the device, where moments are a pytree, whatever JAX has in its place."""


@dataclasses.dataclass(frozen=True)
class Moments:
    """Count, mean, sums of the central powers 2 to 4, extremes: one entry for each number of a replication.

    Two of them merge to those of the union (Pebay 2008, "Formulas for robust, one-pass parallel computation of
    covariances and arbitrary-order statistical moments"). `failures` are the indices of the first replications that
    were not finite.
    """

    count: Leaf
    mean: Leaf
    second: Leaf
    third: Leaf
    fourth: Leaf
    minimum: Leaf
    maximum: Leaf
    nonfinite: Leaf
    failures: Leaf

    def merge(self, other: "Moments") -> "Moments":
        """The moments of both samples together; `other` holds the later replications."""
        a, b = self.count, other.count
        n = a + b
        with np.errstate(invalid="ignore", over="ignore"):
            gap = other.mean - self.mean
            step = gap / n
            product = gap * step * a * b
            second = self.second + other.second + product
            third = (
                self.third + other.third + product * step * (a - b) + 3 * step * (a * other.second - b * self.second)
            )
            fourth = (
                self.fourth
                + other.fourth
                + product * step**2 * (a * a - a * b + b * b)
                + 6 * step**2 * (a * a * other.second + b * b * self.second)
                + 4 * step * (a * other.third - b * self.third)
            )
            return Moments(
                n,
                self.mean + step * b,
                second,
                third,
                fourth,
                np.minimum(self.minimum, other.minimum),
                np.maximum(self.maximum, other.maximum),
                self.nonfinite + other.nonfinite,
                np.concatenate([self.failures, other.failures])[:FAILURES],
            )

    def part(self, entries: slice, shape: tuple[int, ...]) -> "Moments":
        """Those of some of the numbers, as arrays of the given shape."""
        arrays = {name: getattr(self, name)[entries].reshape(shape) for name in _PER_ENTRY}
        return dataclasses.replace(self, **arrays)

    def pack(self) -> np.ndarray:
        """All of it as one float64 vector, of a length that the number of entries alone decides."""
        failures = np.full(FAILURES, -1.0)
        failures[: len(self.failures)] = self.failures
        return np.concatenate([[self.count], failures, *(getattr(self, name) for name in _PER_ENTRY)])

    @staticmethod
    def unpack(vector: np.ndarray) -> "Moments | None":
        """The moments of a vector made by `pack`; None if it counts no replication."""
        if vector[0] == 0:
            return None
        failures = vector[1 : 1 + FAILURES]
        arrays = vector[1 + FAILURES :].reshape(len(_PER_ENTRY), -1)
        return Moments(int(vector[0]), *arrays, failures=failures[failures >= 0].astype(np.int64))

    @staticmethod
    def packed_size(entries: int) -> int:
        """The length of the vector that `pack` makes."""
        return 1 + FAILURES + len(_PER_ENTRY) * entries

    @staticmethod
    def from_device(stacked: "Moments", t: int) -> "Moments":
        """Those of tile `t` of a stack that came from the device."""
        failures = stacked.failures[t]
        return Moments(
            int(stacked.count[t]),
            *(np.asarray(getattr(stacked, name)[t], np.float64) for name in _PER_ENTRY),
            failures=failures[failures != _NOWHERE].astype(np.int64),
        )


_PER_ENTRY = ("mean", "second", "third", "fourth", "minimum", "maximum", "nonfinite")
jax.tree_util.register_dataclass(Moments, ("count", *_PER_ENTRY, "failures"), ())


def of_tile(values: list[Array], results: int, index: Array, present: Array) -> Moments:
    """The moments of the replications of a tile that are present, as arrays on the device.

    `values` are arrays with a leading axis of replications; the first `results` of them decide which replications
    failed. `index` says which replication of the run each one is.
    """
    count = present.sum()
    parts = [_moments(value.astype(jnp.result_type(float)), count, present) for value in values]
    arrays = [jnp.concatenate(part) for part in zip(*parts, strict=True)]
    bad = [(~jnp.isfinite(value)).reshape(len(index), -1).any(axis=1) for value in values[:results]]
    failed = jnp.stack(bad).any(axis=0) & present
    none = jnp.full(FAILURES, _NOWHERE)
    first = lambda: jnp.concatenate([jnp.sort(jnp.where(failed, index, _NOWHERE)), none])[:FAILURES]  # noqa: E731
    return Moments(count, *arrays, failures=jax.lax.cond(failed.any(), first, lambda: none))


_SLAB = 8  # replications that are read at once: their powers stay in registers, and the sums in the nearest cache


def _moments(x: Array, count: Array, present: Array) -> tuple[Array, ...]:
    """Two passes over the replications, slab by slab; one reduction after the other would take three times as long."""
    own = x.shape[1:]
    rows = min(_SLAB, len(x))
    many = len(x) // rows  # not -1: differences along an axis with one entry are empty
    slabs = x.reshape(many, rows, *own), present.reshape(many, rows, *(1,) * len(own))
    zero = jnp.zeros(own, x.dtype)
    total, _ = jax.lax.scan(lambda sum, slab: (sum + jnp.where(slab[1], slab[0], 0.0).sum(axis=0), None), zero, slabs)
    mean = total / count

    def add(sums, slab):
        second, third, fourth, low, high, bad = sums
        x, mask = slab
        gap = jnp.where(mask, x - mean, 0.0)
        square = gap**2
        return (
            second + square.sum(axis=0),
            third + (square * gap).sum(axis=0),
            fourth + (square**2).sum(axis=0),
            jnp.minimum(low, jnp.where(mask, x, jnp.inf).min(axis=0)),
            jnp.maximum(high, jnp.where(mask, x, -jnp.inf).max(axis=0)),
            bad + (mask & ~jnp.isfinite(x)).sum(axis=0).astype(x.dtype),
        ), None

    sums, _ = jax.lax.scan(add, (zero, zero, zero, zero + jnp.inf, zero - jnp.inf, zero), slabs)
    return tuple(array.ravel() for array in (mean, *sums))
