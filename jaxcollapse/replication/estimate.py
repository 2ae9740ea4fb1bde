"""`Estimate`: what replications say about a mean, and whether that can be trusted."""

from collections.abc import Iterator, Sequence
from typing import Any

import jax
import numpy as np
from jaxtyping import PyTree

from jaxcollapse.arguments.check import check_integer
from jaxcollapse.arguments.names import shown
from jaxcollapse.arguments.types import Count, HostArray
from jaxcollapse.replication import trust
from jaxcollapse.replication.finite import Finite, finite_moments
from jaxcollapse.replication.grown import Grown
from jaxcollapse.replication.labelled import axis_names, dataset, leaf_names, records
from jaxcollapse.replication.moments import Moments, State, covariance_about
from jaxcollapse.replication.printed import as_html, as_latex, as_text
from jaxcollapse.replication.quantile import order_statistics, ranks_of
from jaxcollapse.replication.ratio import ratios
from jaxcollapse.replication.refinement import check_largest, check_wanted, until_precise
from jaxcollapse.replication.run import Run


class Estimate:
    """The mean of a function of a random key over many replications, with its standard error.

    Made by `jaxcollapse.monte_carlo`. Every attribute has the structure of the function's result (one array, or a
    pytree of arrays), as NumPy float64; with a grid, the grid's axes come first.

    - `count`: the number of replications.
    - `mean`, `stderr`: the estimate and its standard error ``sd / sqrt(count)``.
    - `variance`, `skewness`, `minimum`, `maximum`: of a single replication.
    - `nonfinite`: how many replications were not finite, per entry. They are not dropped: they make the mean NaN or
      infinite. `nonfinite_replications` are the indices of the first ones; `among_finite` has the mean of the others.
    - `usable`: whether a normal approximation of the mean can be trusted, per entry.
    - `coordinates`: what the entries along the grid's axes are called, by the name of the axis.

    `refine` goes on with the same replications, `difference` compares points of a grid by pairs. `replay`, `quantile`
    and `covariance` compute replications again, from their keys: nothing but moments is ever kept.
    """

    def __init__(self, run: Run | Grown, state: State, dims: tuple[str, ...] | None, axis: int | None = None):
        self._run, self._state, self._dims, self._axis = run, state, dims, axis
        total = state.moments()
        self._moments = [total.part(entries, shape) for entries, shape in run.section(axis)]

    @property
    def _grid_names(self) -> tuple[str, ...]:
        return () if self._run.grid is None else self._run.grid.names

    @property
    def coordinates(self) -> dict[str, np.ndarray]:
        """What the entries along the grid's axes are called: numbers, or labels of objects; empty without a grid."""
        found = {} if self._run.grid is None else dict(self._run.grid.coordinates)
        if self._axis is not None:
            found[self._grid_names[self._axis]] = found[self._grid_names[self._axis]][1:]
        return found

    def _each(self, function) -> PyTree[HostArray]:
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            return jax.tree.unflatten(self._run.structure, [function(moments) for moments in self._moments])

    @property
    def count(self) -> int:
        """The number of replications."""
        return self._state.count

    @property
    def mean(self) -> PyTree[HostArray]:
        """The mean over replications."""
        return self._each(lambda m: m.mean)

    @property
    def variance(self) -> PyTree[HostArray]:
        """The variance of one replication (divisor ``count - 1``; NaN for a single one)."""
        return self._each(trust.variance)

    @property
    def stderr(self) -> PyTree[HostArray]:
        """The standard error of the mean."""
        return self._each(trust.stderr)

    @property
    def skewness(self) -> PyTree[HostArray]:
        """The skewness of one replication; 0 where all replications agree."""
        return self._each(trust.skewness)

    @property
    def minimum(self) -> PyTree[HostArray]:
        """The smallest replication."""
        return self._each(lambda m: m.minimum)

    @property
    def maximum(self) -> PyTree[HostArray]:
        """The largest replication."""
        return self._each(lambda m: m.maximum)

    @property
    def nonfinite(self) -> PyTree[HostArray]:
        """How many replications were not finite."""
        return self._each(lambda m: m.nonfinite)

    @property
    def nonfinite_replications(self) -> tuple[int, ...]:
        """The indices of the first 16 replications with an entry that is not finite, to be looked at by `replay`."""
        return tuple(int(index) for index in self._moments[0].failures)

    @property
    def usable(self) -> PyTree[HostArray]:
        """Whether the mean is close enough to normal for its standard error to mean something.

        False where a replication was not finite, where one replication makes up more than a twentieth of the sum of
        squares (what a heavy tail looks like), where the skewness of the mean, ``skewness / sqrt(count)``, exceeds 0.1,
        and for fewer than 8 replications. Of few replications one may make up more, and the skewness be larger, as far
        as normal ones do in all but one sample in a thousand. What is printed for an estimate says which entries are
        not usable and how many replications would do. A true answer is evidence, not proof: a tail that no replication
        has met leaves no trace.
        """
        return self._each(trust.usable)

    @property
    def heaviest(self) -> PyTree[HostArray]:
        """The part of the sum of squared deviations that the farthest replication makes up; 0 where all agree.

        It falls like one over the number of replications where the tail is light, and hardly where it is heavy.
        """
        return self._each(trust.share)

    @property
    def doubt(self) -> str:
        """Which entries are not `usable`, why, and how many replications would do; empty if all are."""
        named = zip(self._labels(), self._moments, strict=True)
        found = [f"{name}: {said}" if name else said for name, m in named if (said := trust.doubt(m))]
        return "; ".join(found)

    @property
    def ignores_key(self) -> bool:
        """Whether the function does not use its key, so that all replications are one and the same number.

        Then the standard error is zero and says nothing: a random number drawn by NumPy, or from a key that the
        function makes for itself, is drawn once.
        """
        return self._run.ignores_key

    @property
    def effective_samples(self) -> PyTree[HostArray]:
        """How many replications the mean rests on: ``count mean^2 / E x^2``, for terms of one sign.

        The effective sample size of a sum of weighted terms. All of them where terms are equal, one where a single
        term carries the sum: then the tail that carries the mean is not in the sample.
        """
        return self._each(lambda m: m.count / (1 + (trust.deviation(m) / m.mean) ** 2 * (1 - 1 / m.count)))

    def interval(self, level: float = 0.95) -> tuple[PyTree[HostArray], PyTree[HostArray]]:
        """The two-sided confidence interval of the mean, for a `level` between 0 and 1, by quantiles of Student's t."""
        trust.check_level(level)
        t = trust.quantile(0.5 - level / 2, self.count)
        lower, upper = (self._each(lambda m, w=w: m.mean + w * trust.stderr(m)) for w in (-t, t))
        return lower, upper

    def against(self, prediction: Any, level: float = 0.95) -> Any:
        """Simulated over predicted means, with confidence intervals of these ratios.

        **Arguments**

        - `prediction`: what `jaxcollapse.predict` returns, where the function of the estimate returns the metrics of a
          trajectory; for one metric its closed form, or any numbers of the shape of the mean.
        - `level`: of the two-sided intervals, between 0 and 1.

        **Returns** for a dictionary of metrics a dictionary of those that are predicted, else one: each has the arrays
        ``ratio``, ``lower`` and ``upper`` of the shape of the mean, and the `ClosedForm` as ``form``. NaN where both
        means are zero.

        **Raises** `ValueError` or `TypeError` for another shape, several predictions for one mean, and where no metric
        is predicted.

        ```python
        >>> import jax, jaxcollapse as jc
        >>> model, sizes = jc.NormalMean(0.0), dict(samples=10, generations=3)
        >>> run = lambda key: jc.simulate(model, jc.Replace(), key=key, **sizes).metrics
        >>> estimate = jc.monte_carlo(run, jax.random.key(0), 4096)
        >>> found = estimate.against(jc.predict(model, jc.Replace(), **sizes), level=0.999)["squared_error"]
        >>> bool(((found.lower < 1) & (1 < found.upper)).all())
        True

        ```
        """
        return ratios(self.mean, self.interval(level), prediction)

    def difference(self, axis: str) -> "Estimate":
        """How every later entry of a grid's axis differs from the first one, replication by replication.

        The same keys serve all points of a grid, so the differences of pairs usually have much smaller standard errors
        than the two means. Their moments are taken in the run itself, at a cost of as many moments again for every
        axis of the grid: small against a simulation. The result is an `Estimate` of differences, with one entry less
        along that axis, and can be refined, replayed and asked for quantiles like any other.

        **Arguments**

        - `axis`: the name of an axis of the grid.

        **Raises** `ValueError` for another name, or without a grid.

        ```python
        >>> import jax, jaxcollapse as jc
        >>> grid = jc.Grid(scale=[1.0, 1.1])
        >>> draw = lambda key, scale: scale * jax.random.normal(key)
        >>> estimate = jc.monte_carlo(draw, jax.random.key(0), 1000, grid=grid)
        >>> bool(estimate.difference("scale").stderr[0] < 0.2 * estimate.stderr[0])
        True

        ```
        """
        names = self._grid_names
        if self._axis is not None:
            raise ValueError(f"these are differences already, along {names[self._axis]!r}")
        if axis not in names:
            raise ValueError(f"axis must be one of the grid's axes {names}, got {shown(axis)}")
        return Estimate(self._run, self._state, self._dims, names.index(axis))

    def refine(
        self,
        *,
        replications: Count | None = None,
        rtol: float | None = None,
        max_replications: Count | None = None,
        progress: bool | None = None,
    ) -> "Estimate":
        """The estimate from more replications: those that it has, and the next ones.

        **Arguments** either `replications`, how many there shall be in all, or `rtol` and `max_replications`: go on
        until every standard error is at most `rtol` times the absolute value of its mean, or stop there with a warning.

        **Returns** a new `Estimate`, the same to the last bit as that of one call with its count. This one stays as it
        is. A run that was given ``save=`` goes on saving.

        **Raises** `ValueError` or `TypeError` for other combinations, and for fewer replications than there are.
        """
        check_wanted(replications, rtol, max_replications, self.count)
        if replications is not None:
            return self._extended(replications, progress)
        assert rtol is not None and max_replications is not None
        size = lambda found: (found.count, found._needed(rtol))  # noqa: E731
        return until_precise(self, size, lambda e, n: e._extended(n, progress), rtol, max_replications)

    def numbers_alone(self, reason: str) -> "Estimate":
        """This estimate without its function, for another process: `reason` is said where more is asked for."""
        return Estimate(self._run.numbers_alone(reason), self._state, self._dims, self._axis)

    def _extended(self, replications: Count, progress: bool | None) -> "Estimate":
        check_integer("replications", replications, minimum=1)
        check_largest("replications", replications)
        return Estimate(self._run, self._run.extend(self._state, int(replications), progress), self._dims, self._axis)

    def _needed(self, rtol: float) -> float:
        """About how many replications bring every relative standard error to `rtol`; no fewer than there are."""
        return max([float(self.count), *(trust.needed(m, rtol) for m in self._moments)])

    def replay(self, replication: Count) -> PyTree[HostArray]:
        """One replication alone: the function's result at its key, and at every point of the grid.

        It is computed by the compiled program of the run itself, in its tile, so that it has the bits that went into
        the estimate. (Called outside, the function may differ in the last bit: XLA compiles it for another shape.)

        **Raises** `ValueError` for an index that the estimate does not contain.
        """
        check_integer("replication", replication, minimum=0)
        if replication >= self.count:
            raise ValueError(f"replication must be below the count {self.count:,}, got {replication}")
        tile, row = divmod(int(replication), self._run.tile)
        _, leaves = next(self._values(min((tile + 1) * self._run.tile, self.count), first=tile))
        return jax.tree.unflatten(self._run.structure, [leaf[row] for leaf in leaves])

    def quantile(self, q: float | Sequence[float]) -> PyTree[HostArray]:
        """Quantiles of a single replication: the smallest value with at least the fraction `q` at or below it.

        Exact for the replications of this estimate, not a sketch, so that it costs nothing unless it is asked for and
        has no error of its own to explain: replications are computed again and counted. One pass if all values fit
        into 128 MiB, a few otherwise, with memory bounded by that.

        **Returns** arrays with one leading axis if `q` is a sequence. NaN where a replication was NaN.

        **Raises** `ValueError` for `q` outside [0, 1].
        """
        levels, ranks = ranks_of(q, self.count)
        minimum = np.concatenate([m.minimum.ravel() for m in self._moments])
        maximum = np.concatenate([m.maximum.ravel() for m in self._moments])
        found = order_statistics(self._rows, ranks, minimum, maximum)
        return self._unravel(found if levels.ndim else found[0], levels.shape)

    def covariance(self) -> np.ndarray:
        """The covariance matrix of the entries of a single replication (divisor ``count - 1``).

        In a second pass over the replications, about the mean that is known from the first.

        **Returns** one matrix over all entries of the result, in the order in which `jax.tree.leaves` and ``ravel``
        list them.
        """
        return covariance_about(np.concatenate([m.mean.ravel() for m in self._moments]), self._rows(), self.count)

    def among_finite(self) -> Finite:
        """The mean over the replications that are finite, entry by entry, and the share of the others.

        For chains in which a fit may not exist, such as a logistic regression of labels that a plane separates: one of
        them makes the mean NaN. What is found is a statement of the chains in which it does exist. In a second pass
        over the replications.

        **Returns** a `Finite`, with the fields ``mean``, ``stderr``, ``missing`` and ``counted``.

        ```python
        >>> import jax, jax.numpy as jnp, jaxcollapse as jc
        >>> roots = jc.monte_carlo(lambda key: jnp.sqrt(jax.random.normal(key)), jax.random.key(0), 4096)
        >>> found = roots.among_finite()
        >>> bool(jnp.isnan(roots.mean)), bool(abs(found.missing - 0.5) < 0.03), round(float(found.mean), 1)
        (True, True, 0.8)

        ```
        """
        entries = sum(m.mean.size for m in self._moments)
        counted, mean, stderr = finite_moments(self._rows(), entries)
        trees = (self._unravel(flat, ()) for flat in (mean, stderr, 1 - counted / self.count, counted))
        return Finite(*trees, coordinates=self.coordinates)

    def _values(self, count: int, first: int = 0) -> Iterator[tuple[int, list[np.ndarray]]]:
        return self._run.values(count, first=first, axis=self._axis)

    def _rows(self) -> Iterator[np.ndarray]:
        """All replications again, a tile at a time, one row of float64 numbers each."""
        for _, leaves in self._values(self.count):
            yield np.concatenate([self._run.floats(leaf.reshape(len(leaf), -1)) for leaf in leaves], axis=1)

    def _unravel(self, flat: np.ndarray, leading: tuple[int, ...]) -> PyTree[HostArray]:
        shapes = [m.mean.shape for m in self._moments]
        ends = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]
        parts = zip(np.split(flat, ends, axis=-1), shapes, strict=True)
        return jax.tree.unflatten(self._run.structure, [np.reshape(part, (*leading, *shape)) for part, shape in parts])

    def to_xarray(self, dims: tuple[str, ...] | None = None):
        """Mean and standard error as an `xarray.Dataset` (needs the extra ``jaxcollapse[tables]``).

        The grid gives names and coordinates to its axes. `dims` names the others: by default as in the call of
        `monte_carlo`, or ``"generation"`` for the first one of a trajectory, or ``("axis_0", "axis_1", ...)``. A pytree
        result gives one pair of variables per leaf, named by its path. Leaves of different sizes have dimensions of
        their own, with the name of the leaf in front.
        """
        paths = [path for path, _ in jax.tree_util.tree_flatten_with_path(self.mean)[0]]
        means, stderrs = jax.tree.leaves(self.mean), jax.tree.leaves(self.stderr)
        return dataset(paths, means, stderrs, self.coordinates, self._names(dims), self.count)

    def _names(self, dims: Sequence[str] | None) -> tuple[str, ...] | None:
        """Those of the axes of the result that are given, or the generation, if all leaves begin with that axis."""
        given = self._dims if dims is None else tuple(dims)
        return axis_names([leaf.shape for leaf in self._run.shapes], self._run.generations) if given is None else given

    def to_pandas(self, dims: tuple[str, ...] | None = None, level: float = 0.95):
        """A tidy `pandas.DataFrame`, a row for every number (needs the extra ``jaxcollapse[tables]``).

        Columns: ``variable``, the name of the leaf, where the result is a pytree; the axes, by the names of the grid
        and of `dims` as for `to_xarray` (entries along ``"generation"`` count from one, along others from zero);
        ``mean``, ``stderr``, ``lower`` and ``upper``, the confidence interval at this `level`, ``usable`` and
        ``replications``.

        ```python
        >>> import jax, jaxcollapse as jc
        >>> run = lambda key: jc.simulate(jc.NormalMean(0.0), jc.Replace(), key=key, samples=9, generations=2).params
        >>> table = jc.monte_carlo(run, jax.random.key(0), 4096, dims=["generation"]).to_pandas()
        >>> table[["generation", "replications"]].values.tolist()
        [[1, 4096], [2, 4096]]

        ```
        """
        leaves = map(jax.tree.leaves, (self.mean, self.stderr, *self.interval(level), self.usable))
        names = ("mean", "stderr", "lower", "upper", "usable")
        columns: list[dict[str, Any]] = [dict(zip(names, values, strict=True)) for values in zip(*leaves, strict=True)]
        return records(self._labels(), columns, self.coordinates, self._names(dims)).assign(replications=self.count)

    def to_latex(self, dims: tuple[str, ...] | None = None) -> str:
        """The rows of `to_pandas` as a LaTeX table, each mean with its standard error in brackets: ``1.234(12)``."""
        return as_latex(self.to_pandas(dims))

    def _repr_html_(self) -> str:
        """A table of the first rows, in notebooks."""
        return as_html(f"{self.count:,} replications", self._leaves())

    def __repr__(self) -> str:
        """The means with their standard errors, a few entries of each leaf."""
        along = "" if self._axis is None else f" of differences along {self._grid_names[self._axis]!r}"
        heading = f"Estimate{along} from {self.count:,} replications"
        return as_text(heading, self._leaves(), self.ignores_key, self._run.draws_nothing)

    def _leaves(self) -> list[tuple[str, HostArray, HostArray, Moments]]:
        """Name, means, standard errors and moments of each leaf."""
        means, stderrs = jax.tree.leaves(self.mean), jax.tree.leaves(self.stderr)
        return list(zip(self._labels(), means, stderrs, self._moments, strict=True))

    def _labels(self) -> list[str]:
        """What the leaves of the result are called; one array alone has no name."""
        return leaf_names([path for path, _ in jax.tree_util.tree_flatten_with_path(self.mean)[0]], ".")
