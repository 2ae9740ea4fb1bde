"""`Estimate`: what replications say about a mean, and whether that can be trusted."""

import dataclasses
from typing import Any

import jax
import numpy as np
from jaxtyping import PyTree


@dataclasses.dataclass(frozen=True)
class Moments:
    """Count, mean, sums of the central powers 2 to 4, extremes: of every entry of one array, in float64.

    Two of them merge to those of the union (Pebay 2008, "Formulas for robust, one-pass parallel computation of
    covariances and arbitrary-order statistical moments").
    """

    count: int
    mean: np.ndarray
    second: np.ndarray
    third: np.ndarray
    fourth: np.ndarray
    minimum: np.ndarray
    maximum: np.ndarray
    nonfinite: np.ndarray

    def merge(self, other: "Moments") -> "Moments":
        """The moments of both samples together."""
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
            )


class Estimate:
    """The mean of a function of a random key over many replications, with its standard error.

    Made by `jaxcollapse.monte_carlo`. Every attribute has the structure of the function's result (one array, or a
    pytree of arrays), as NumPy float64.

    - `count`: the number of replications.
    - `mean`, `stderr`: the estimate and its standard error ``sd / sqrt(count)``.
    - `variance`, `skewness`, `minimum`, `maximum`: of a single replication.
    - `nonfinite`: how many replications were not finite, per entry. They are not dropped: they make the mean NaN or
      infinite.
    - `usable`: whether a normal approximation of the mean can be trusted, per entry.
    """

    def __init__(self, moments: tuple[Moments, ...], structure: Any):
        """Takes the moments of every leaf of the result, and the structure that holds the leaves."""
        self._moments = moments
        self._structure = structure

    def _each(self, function) -> PyTree[np.ndarray]:
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            return jax.tree.unflatten(self._structure, [function(moments) for moments in self._moments])

    @property
    def count(self) -> int:
        """The number of replications."""
        return self._moments[0].count

    @property
    def mean(self) -> PyTree[np.ndarray]:
        """The mean over replications."""
        return self._each(lambda m: m.mean)

    @property
    def variance(self) -> PyTree[np.ndarray]:
        """The variance of one replication (divisor ``count - 1``; NaN for a single one)."""
        return self._each(_variance)

    @property
    def stderr(self) -> PyTree[np.ndarray]:
        """The standard error of the mean."""
        return self._each(lambda m: np.sqrt(_variance(m) / m.count))

    @property
    def skewness(self) -> PyTree[np.ndarray]:
        """The skewness of one replication; 0 where all replications agree."""
        return self._each(_skewness)

    @property
    def minimum(self) -> PyTree[np.ndarray]:
        """The smallest replication."""
        return self._each(lambda m: m.minimum)

    @property
    def maximum(self) -> PyTree[np.ndarray]:
        """The largest replication."""
        return self._each(lambda m: m.maximum)

    @property
    def nonfinite(self) -> PyTree[np.ndarray]:
        """How many replications were not finite."""
        return self._each(lambda m: m.nonfinite)

    @property
    def usable(self) -> PyTree[np.ndarray]:
        """Whether the mean is close enough to normal for its standard error to mean something.

        False where a replication was not finite, where one replication makes up more than a twentieth of the sum of
        squares (what a heavy tail looks like, or too few replications), or where the skewness of the mean,
        ``skewness / sqrt(count)``, exceeds 0.1. A true answer is evidence, not proof: a tail that no replication has
        met leaves no trace.
        """
        return self._each(_usable)

    def interval(self, level: float = 0.95) -> tuple[PyTree[np.ndarray], PyTree[np.ndarray]]:
        """The normal confidence interval of the mean, two-sided."""
        from scipy.special import ndtri

        z = float(ndtri(0.5 + level / 2))
        lower = self._each(lambda m: m.mean - z * np.sqrt(_variance(m) / m.count))
        upper = self._each(lambda m: m.mean + z * np.sqrt(_variance(m) / m.count))
        return lower, upper

    def to_xarray(self, dims: tuple[str, ...] | None = None):
        """Mean and standard error as an `xarray.Dataset` (needs the extra ``jaxcollapse[xarray]``).

        `dims` names the axes of the result's arrays, ``("axis_0", "axis_1", ...)`` by default. A pytree result gives
        one pair of variables per leaf, named by its path.
        """
        import xarray

        variables = {}
        paths = jax.tree_util.tree_flatten_with_path(self.mean)[0]
        for (path, mean), (_, stderr) in zip(paths, jax.tree_util.tree_flatten_with_path(self.stderr)[0], strict=True):
            prefix = "".join(f"{_name(part)}_" for part in path)
            names = dims if dims is not None else tuple(f"axis_{i}" for i in range(mean.ndim))
            if len(names) < mean.ndim:
                raise ValueError(f"dims must name {mean.ndim} axes, got {names!r}")
            variables[f"{prefix}mean"] = (names[: mean.ndim], mean)
            variables[f"{prefix}stderr"] = (names[: mean.ndim], stderr)
        return xarray.Dataset(variables, attrs={"replications": self.count})

    def __repr__(self) -> str:
        """The means with their standard errors, a few entries of each leaf."""
        lines = [f"Estimate from {self.count:,} replications"]
        paths = jax.tree_util.tree_flatten_with_path(self.mean)[0]
        rows = zip(paths, jax.tree.leaves(self.stderr), jax.tree.leaves(self.usable), strict=True)
        for (path, mean), stderr, usable in rows:
            name = ".".join(_name(part) for part in path)
            shape = f" {mean.shape}" if mean.ndim else ""
            lines.append(f"  {name or 'mean'}{shape}: {_values(mean, stderr)}")
            if not np.all(usable):
                lines.append(
                    "    the standard error is not usable for every entry: too few replications or a heavy tail"
                )
        return "\n".join(lines)


def _variance(m: Moments) -> np.ndarray:
    return m.second / (m.count - 1) if m.count > 1 else np.full_like(m.second, np.nan)


def _skewness(m: Moments) -> np.ndarray:
    scale = (m.second / m.count) ** 1.5
    return np.where(m.second > 0, (m.third / m.count) / np.where(scale > 0, scale, 1.0), 0.0 * m.second)


def _usable(m: Moments) -> np.ndarray:
    farthest = np.maximum(m.maximum - m.mean, m.mean - m.minimum) ** 2
    light = farthest <= 0.05 * m.second
    symmetric = np.abs(_skewness(m)) <= 0.1 * np.sqrt(m.count)
    constant = m.maximum == m.minimum
    return (m.nonfinite == 0) & (constant | (light & symmetric))


def _name(part: Any) -> str:
    return str(getattr(part, "key", getattr(part, "name", getattr(part, "idx", part))))


def _values(mean: np.ndarray, stderr: np.ndarray) -> str:
    pairs = [f"{m:.4g} ± {s:.1g}" for m, s in zip(mean.ravel(), stderr.ravel(), strict=True)]
    return ", ".join(pairs if len(pairs) <= 6 else [*pairs[:3], "...", *pairs[-2:]])
