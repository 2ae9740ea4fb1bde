"""`Moments`: what is kept of a sample, and how two samples become one.

A tile's sums are computed on the device, in the precision of the replications; they become moments and are merged on
the host, in float64 and in the order of the tiles. Powers are those of deviations in units of a power of two that no
deviation of the sample exceeds by much, so that no power over- or underflows where its replications do not.
"""

import dataclasses
import functools
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

FAILURES = 16
"""How many replications that are not finite are remembered by their index."""
_NOWHERE = np.uint32(2**32 - 1)
_LARGEST_EXPONENT = np.finfo(np.float64).maxexp - 2

Leaf: TypeAlias = Any
"""A NumPy array or a count."""


@dataclasses.dataclass(frozen=True)
class Moments:
    """Count, mean, sums of the central powers 2 to 4, extremes: one entry for each number of a replication.

    `second`, `third` and `fourth` are in units of ``scale**2``, ``scale**3`` and ``scale**4``, with a power of two for
    each entry. Two samples merge to their union (Pebay 2008, "Formulas for robust, one-pass parallel computation of
    covariances and arbitrary-order statistical moments"). `failures` are the indices of the first replications that
    were not finite.
    """

    count: Leaf
    mean: Leaf
    scale: Leaf
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
        with np.errstate(invalid="ignore", over="ignore", under="ignore"):
            half = 0.5 * other.mean - 0.5 * self.mean  # the whole gap may be beyond the largest number
            scale = np.maximum(np.maximum(self.scale, other.scale), _power_of_two_above(half))
            gap = 2 * (half / scale)
            mean = self.mean + 2 * (half * (b / n))
            mean = np.where(np.isfinite(mean), mean, self.mean * (a / n) + other.mean * (b / n))
            mine, its = self._in_units_of(scale), other._in_units_of(scale)
            step = gap / n
            product = gap * step * a * b
            second = mine[0] + its[0] + product
            third = mine[1] + its[1] + product * step * (a - b) + 3 * step * (a * its[0] - b * mine[0])
            fourth = (
                mine[2]
                + its[2]
                + product * step**2 * (a * a - a * b + b * b)
                + 6 * step**2 * (a * a * its[0] + b * b * mine[0])
                + 4 * step * (a * its[1] - b * mine[1])
            )
            return Moments(
                n,
                mean,
                scale,
                second,
                third,
                fourth,
                np.minimum(self.minimum, other.minimum),
                np.maximum(self.maximum, other.maximum),
                self.nonfinite + other.nonfinite,
                np.concatenate([self.failures, other.failures])[:FAILURES],
            )

    def _in_units_of(self, scale: Leaf) -> tuple[Leaf, Leaf, Leaf]:
        """The sums of the powers in larger units."""
        ratio = self.scale / scale
        return self.second * ratio**2, self.third * ratio**3, self.fourth * ratio**4

    def part(self, entries: slice, shape: tuple[int, ...]) -> "Moments":
        """Those of some of the numbers, as arrays of the given shape."""
        arrays = {name: getattr(self, name)[entries].reshape(shape) for name in PER_ENTRY}
        return dataclasses.replace(self, **arrays)

    def pack(self) -> np.ndarray:
        """All of it as one float64 vector, of a length that the number of entries alone decides."""
        failures = np.full(FAILURES, -1.0)
        failures[: len(self.failures)] = self.failures
        return np.concatenate([[self.count], failures, *(getattr(self, name) for name in PER_ENTRY)])

    @staticmethod
    def unpack(vector: np.ndarray) -> "Moments | None":
        """The moments of a vector made by `pack`; None if it counts no replication."""
        if vector[0] == 0:
            return None
        failures = vector[1 : 1 + FAILURES]
        arrays = vector[1 + FAILURES :].reshape(len(PER_ENTRY), -1)
        return Moments(int(vector[0]), *arrays, failures=failures[failures >= 0].astype(np.int64))

    @staticmethod
    def packed_size(entries: int) -> int:
        """The length of the vector that `pack` makes."""
        return 1 + FAILURES + len(PER_ENTRY) * entries

    @staticmethod
    def from_device(stacked: "Sums", t: int) -> "Moments":
        """Those of tile `t` of a stack that came from the device."""
        count, failures = int(stacked.count[t]), stacked.failures[t]
        center, scale, first, second, third, fourth, *others = (
            np.asarray(getattr(stacked, name)[t], np.float64) for name in _PER_NUMBER
        )
        with np.errstate(invalid="ignore", over="ignore", under="ignore"):
            off = first / max(count, 1)  # how far the mean is from the center, in units of the scale
            return Moments(
                count,
                np.where(np.isfinite(center), center + scale * off, center),
                scale,
                np.maximum(second - count * off**2, 0.0),
                third - 3 * off * second + 2 * count * off**3,
                fourth - 4 * off * third + 6 * off**2 * second - 3 * count * off**4,
                *others,
                failures=failures[failures != _NOWHERE].astype(np.int64),
            )


PER_ENTRY = ("mean", "scale", "second", "third", "fourth", "minimum", "maximum", "nonfinite")
"""What there is one of for each number of a replication."""


class State(NamedTuple):
    """The moments of the replications so far: those of whole tiles, and those of the last tile if it was cut."""

    whole: Moments | None = None
    rest: Moments | None = None

    @property
    def count(self) -> int:
        """The number of replications."""
        return sum(part.count for part in self if part is not None)

    def moments(self) -> Moments:
        """All of them together."""
        parts = [part for part in self if part is not None]
        return functools.reduce(Moments.merge, parts)


def _power_of_two_above(half: Leaf) -> Leaf:
    """A power of two that is at least twice a number, as near as there is one; zero for zero and what is not finite."""
    exponent = np.clip(np.frexp(half)[1] + 1, -_LARGEST_EXPONENT, _LARGEST_EXPONENT)
    return np.where(np.isfinite(half) & (half != 0), np.ldexp(1.0, exponent), 0.0)


class Sums(NamedTuple):
    """What the device adds up over a tile: powers of the deviations from a center near the mean, in units of a scale.

    The mean itself is ``center + scale * first / count``, which the host computes: of numbers that hardly differ it
    needs more digits than they have.
    """

    count: Any
    center: Any
    scale: Any
    first: Any
    second: Any
    third: Any
    fourth: Any
    minimum: Any
    maximum: Any
    nonfinite: Any
    failures: Any


_PER_NUMBER = Sums._fields[1:-1]


def of_tile(values: list[Array], results: int, index: Array, present: Array, last: Sequence[bool] = ()) -> Sums:
    """The sums over the replications of a tile that are present, as arrays on the device.

    `values` are arrays with an axis of replications, the last one where `last` says so, else the first; the first
    `results` of them decide which replications failed. `index` says which replication of the run each one is.
    """
    count = present.sum()
    last = [*last, *[False] * (len(values) - len(last))]
    none = jnp.full(FAILURES, _NOWHERE)

    def sums(values: list[Array]) -> tuple[list[Array], Array, Array]:
        floats = [value.astype(jnp.result_type(float)) for value in values]
        parts = [_sums(value, count, present, flag) for value, flag in zip(floats, last, strict=True)]
        arrays = [jnp.concatenate(part) for part in zip(*parts, strict=True)]
        finite = jnp.isfinite(arrays[Sums._fields.index("fourth") - 1]).all()
        failed = lambda: _failures(floats, results, index, present, last)  # noqa: E731
        return arrays, *jax.lax.cond(finite, lambda: (jnp.zeros_like(arrays[0]), none), failed)

    def blank(values: list[Array]) -> tuple[list[Array], Array, Array]:
        return jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), jax.eval_shape(sums, values))

    # A branch reads its operands from memory. Elsewhere XLA computes a replication again for each sum, with other last
    # bits: the smallest of them would not be among those that `Estimate.replication` gives.
    arrays, bad, failures = jax.lax.cond(count > 0, sums, blank, values)
    return Sums._make([count, *arrays, bad, failures])


def _failures(
    values: list[Array], results: int, index: Array, present: Array, last: Sequence[bool]
) -> tuple[Array, Array]:
    """How often each number is not finite, and the index of the first replications of which a result is not."""
    failed, counts = jnp.zeros(len(index), bool), []
    for k, (value, flag) in enumerate(zip(values, last, strict=True)):
        bad = jnp.moveaxis(~jnp.isfinite(value), -1 if flag else 0, 0) & present.reshape(-1, *[1] * (value.ndim - 1))
        counts.append(bad.sum(axis=0).ravel().astype(value.dtype))
        failed |= bad.any(axis=tuple(range(1, bad.ndim))) & (k < results)
    first = jnp.concatenate([jnp.sort(jnp.where(failed, index, _NOWHERE)), jnp.full(FAILURES, _NOWHERE)])
    return jnp.concatenate(counts), first[:FAILURES]


_LANES = 16  # of a vector: as many numbers are left to be summed one after the other
_CHEAP = 2**13  # numbers that may be, at a nanosecond each


def _sums(x: Array, count: Array, present: Array, last: bool) -> tuple[Array, ...]:
    """From the center to the extremes, in two passes that fold the replications in halves: a vector at a time so.

    The first pass finds a center and the largest deviation from it, the second adds up the powers of all deviations,
    the first power included: that of a tile is what the center is off by, however much was lost when it was summed.
    The fourth power is finite if all numbers are.
    """
    if not last and math.prod(x.shape[1:]) < _LANES:
        x, last = jnp.moveaxis(x, 0, -1), True
    present = present if last else present.reshape(-1, *[1] * (x.ndim - 1))
    spread = (lambda y: y[..., None]) if last else (lambda y: y)
    total = _folded(jnp.where(present, x, 0.0), jnp.add, jnp.sum, last)
    low = _folded(jnp.where(present, x, jnp.inf), jnp.minimum, jnp.min, last)
    high = _folded(jnp.where(present, x, -jnp.inf), jnp.maximum, jnp.max, last)
    # The sum may be beyond the largest number where no replication is.
    center = jnp.clip(jnp.where(jnp.isfinite(total), total / count.astype(x.dtype), 0.5 * low + 0.5 * high), low, high)
    scale, shrink = _scales(center, jnp.maximum(0.5 * high - 0.5 * center, 0.5 * center - 0.5 * low))
    gap = jnp.where(present, x * spread(shrink) - spread(center * shrink), 0.0)
    square = gap**2
    powers = [_folded(y, jnp.add, jnp.sum, last) for y in (gap, square, square * gap, square**2)]
    return tuple(array.ravel() for array in (center, scale, *powers, low, high))


def _folded(x: Array, pair: Callable, rest: Callable, last: bool) -> Array:
    """A reduction over the last or the first axis: of one half with the other, until little is left.

    Every fold is one more operation to compile.
    """
    axis = -1 if last else 0
    while (n := x.shape[axis]) > 2 * _LANES and n % 2 == 0 and x.size > _CHEAP:
        half = n // 2
        x = pair(x[..., :half], x[..., half:]) if last else pair(x[:half], x[half:])
    return rest(x, axis=axis)


def _scales(center: Array, half: Array) -> tuple[Array, Array]:
    """A power of two that is about twice the largest half deviation, and its inverse: both are exact.

    Numbers differ by no less than their last digit, so equal ones get the scale of that.
    """
    kind = jnp.finfo(half.dtype)
    limit = kind.maxexp - 2
    digit = jnp.where(center == 0, -limit, jnp.frexp(center)[1] - kind.nmant - 1)
    exponent = jnp.where(half > 0, jnp.frexp(half)[1] + 1, -limit)
    exponent = jnp.clip(jnp.maximum(exponent, digit), -limit, limit)
    exponent = jnp.where(jnp.isfinite(half), exponent, 0)
    one = jnp.ones_like(half)
    return jnp.ldexp(one, exponent), jnp.ldexp(one, -exponent)


def covariance_about(mean: np.ndarray, tiles: Iterable[np.ndarray], count: int) -> np.ndarray:
    """The covariance matrix of the columns about a mean that is known, from blocks of `count` rows in all."""
    total = np.zeros((mean.size, mean.size))
    for rows in tiles:
        gap = rows - mean
        total += gap.T @ gap
    with np.errstate(invalid="ignore", divide="ignore"):
        return total / np.float64(count - 1)
