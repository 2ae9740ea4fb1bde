"""`solve`: the value of one parameter at which a mean, a probability or a quantile reaches a target.

Trial values are points of a grid, all with the same keys. Rounds of a few of them narrow the bracket as far as their
replications tell on which side of the target a mean lies, and go on with more replications where they do not. What
stays undecided in the end is the interval of the answer.
"""

import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import jax
import numpy as np
from jaxtyping import Array, Key, PyTree

from jaxcollapse.arguments.check import check_folder, check_integer, check_scalar
from jaxcollapse.arguments.names import shown
from jaxcollapse.arguments.types import Count, Number
from jaxcollapse.replication import trust
from jaxcollapse.replication.estimate import Estimate
from jaxcollapse.replication.grid import Grid
from jaxcollapse.replication.monte_carlo import monte_carlo

_FIRST = 512  # replications of a first round; later ones have four times as many, as often as that is needed
_POINTS = 8  # of a round
_ROUNDS = 25


class Solution(NamedTuple):
    """What `jaxcollapse.solve` returns."""

    value: float
    """Where the means of the trial values, joined by straight lines, cross the target."""
    lower: float
    """The largest trial value that is below the answer beyond doubt."""
    upper: float
    """The smallest that is above it."""
    rounds: list[Estimate]
    """What was simulated, each on a grid of trial values, its axis ``"value"``."""

    def __repr__(self) -> str:
        """The answer in a line."""
        return f"Solution({self.value:.6g}, between {self.lower:.6g} and {self.upper:.6g}, {len(self.rounds)} rounds)"


def solve(
    function: Callable[..., PyTree],
    target: Number,
    bracket: tuple[Number, Number],
    key: Key[Array, ""],
    *,
    quantile: Number | None = None,
    level: Number = 0.95,
    rtol: Number = 1e-3,
    max_replications: Count = 65_536,
    save: str | os.PathLike | None = None,
) -> Solution:
    """The value of one parameter at which the mean of a function reaches a target.

    **Arguments**

    - `function`: takes a typed key and the value of the parameter as its second argument, whatever that is called;
      returns one number, or whether something happens: then the mean is a probability. Its mean is monotone in the
      parameter between the ends of the bracket. A function that does not use its key, such as a closed form, is taken
      for its mean.
    - `target`: a number that the mean reaches between the two ends.
    - `bracket`: two values of the parameter, the smaller one first.
    - `key`: a typed key. All trial values have the same replications.
    - `quantile`: a number in (0, 1) to ask for this quantile of the function instead of its mean.
    - `level`: of the interval of the answer, between 0 and 1.
    - `rtol`: the search ends where the ends of the interval are known to this share of the bracket.
    - `max_replications`: of one trial value.
    - `save`: a folder in which every round saves its run: the same call goes on from it.

    **Returns** a `Solution`: `value`, `lower`, `upper`, and the estimates of all rounds.

    **Raises** `ValueError` or `TypeError` for other arguments, for a function that returns more than one number, and
    where the two ends of the bracket are not beyond doubt on two sides of the target.

    **Exactness** All decisions together are wrong with a probability of at most ``1 - level`` if the mean is monotone:
    exactly for probabilities and quantiles, and for means as far as Student's t is right where `Estimate.usable` says
    so; others are not decided.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> def risk(key, noise):
    ...     model = jc.LinearRegression(jc.theory.Spectrum.isotropic(10), noise=noise)
    ...     return jc.simulate(model, jc.Replace(), key=key, samples=32, generations=4).risk[-1]
    >>> found = jc.solve(risk, 1.0, (0.1, 2.0), jax.random.key(0), max_replications=4096)
    >>> exact = (4 * 10 / 21) ** -0.5
    >>> bool(found.lower <= exact <= found.upper)
    True

    ```
    """
    low, high = _bracket(bracket)
    check_scalar("target", target)
    for name, share in (("level", level), ("rtol", rtol), ("quantile", 0.5 if quantile is None else quantile)):
        check_scalar(name, share)
        if not 0 < share < 1:
            raise ValueError(f"{name} must lie between 0 and 1, got {share}")
    check_integer("max_replications", max_replications, minimum=trust.FEWEST)
    check_folder("save", save)
    if not callable(function):
        raise TypeError(f"function must take a key and the value of a parameter, got {shown(function)}")
    measured, goal = _event(function, target, quantile)
    event = jax.eval_shape(measured, key, jax.ShapeDtypeStruct((), jax.dtypes.canonicalize_dtype(float))).dtype == bool
    search = _Search(measured, goal, key, event, 1 - float(level), int(max_replications), save)
    return search.between(low, high, float(rtol) * (high - low))


def _bracket(bracket: Any) -> tuple[float, float]:
    """Two finite numbers in their order."""
    ends = np.asarray(bracket, float)
    if ends.shape != (2,) or not np.isfinite(ends).all() or not ends[0] < ends[1]:
        raise ValueError(f"bracket must hold two finite numbers, the smaller one first, got {shown(bracket)}")
    return float(ends[0]), float(ends[1])


def _event(function: Callable, target: Number, quantile: Number | None) -> tuple[Callable, float]:
    """The function whose mean is asked for: for a quantile, whether the number is at most the target."""
    if quantile is None:
        return lambda key, value: _one(function(key, value)), float(target)
    return lambda key, value: _one(function(key, value)) <= target, float(quantile)


def _one(result: Any) -> Any:
    leaves = jax.tree.leaves(result)
    if len(leaves) != 1 or np.shape(leaves[0]) != ():
        shapes = jax.tree.map(np.shape, result)
        raise ValueError(f"function must return one number, such as .risk[-1], got shape {shapes}")
    return leaves[0]


class _Search:
    """Rounds of trial values, and on which side of the target each lies."""

    def __init__(self, function: Callable, target: float, key: Any, event: bool, doubt: float, most: int, save: Any):
        self.function, self.target, self.key, self.event = function, target, key, event
        self.doubt, self.most = doubt / (_ROUNDS * _POINTS), most
        self.folder = None if save is None else Path(save)
        self.rounds: list[Estimate] = []
        self.means: dict[float, float] = {}

    def between(self, low: float, high: float, width: float) -> Solution:
        """The interval: its two ends are decided, and what is undecided lies in the middle."""
        count, inner = min(_FIRST, self.most), None
        values = np.linspace(low, high, _POINTS)
        sides = self._round(values, count)
        while 0 in (sides[low], sides[high]) and count < self.most:
            count = min(4 * count, self.most)
            sides = self._round(values, count)
        first, last = sides[low], sides[high]
        if first * last != -1:
            raise ValueError(
                f"bracket must have the target {self.target} between the means at its two ends beyond doubt, which are "
                f"{self._said(0)} and {self._said(-1)} from {count} replications"
            )
        while True:
            low, high, inner = _narrowed(low, high, inner, sides, first)
            if _open(low, high, inner) <= width or len(self.rounds) == _ROUNDS:
                return Solution(self._crossing(low, high), low, high, self.rounds)
            if inner is not None and count < self.most:
                count, inner = min(4 * count, self.most), None
            sides = self._round(_trials(low, high, inner), count)

    def _round(self, values: np.ndarray, count: int) -> dict[float, int]:
        """-1 where the mean is below the target beyond doubt, 1 where it is above, 0 where that is not known."""
        place = None if self.folder is None else self.folder / f"{len(self.rounds)}-{count}"
        with warnings.catch_warnings():  # a closed form may be asked for
            warnings.filterwarnings("ignore", "the function does not use its key")
            grid = Grid(value=values)
            found = monte_carlo(self.function, self.key, count, grid=grid, save=place, progress=False)
        if np.isnan(found.mean).any():
            raise ValueError(f"function must be finite between the ends of the bracket, got {shown(found)}")
        self.rounds.append(found)
        self.means |= dict(zip(values.tolist(), found.mean.tolist(), strict=True))
        lower, upper = self._limits(found)
        sides = np.where(upper < self.target, -1, np.where(lower > self.target, 1, 0))
        return dict(zip(values.tolist(), sides.tolist(), strict=True))

    def _limits(self, found: Estimate) -> tuple[Any, Any]:
        """Within which the means lie beyond doubt: of an event exact ones, and none where they cannot be trusted."""
        if found.ignores_key:
            return found.mean, found.mean
        if self.event:
            return trust.binomial_limits(np.rint(found.mean * found.count), found.count, self.doubt / 2)
        trusted = found.usable & (found.stderr > 0)
        reach = np.where(trusted, trust.quantile(self.doubt / 2, found.count) * found.stderr, np.inf)
        return found.mean - reach, found.mean + reach

    def _crossing(self, low: float, high: float) -> float:
        """Where the means between the two ends, joined by straight lines, last cross the target."""
        values = np.array(sorted(v for v in self.means if low <= v <= high))
        gaps = np.array([self.means[v] for v in values]) - self.target
        i = int(np.flatnonzero(np.sign(gaps) != np.sign(gaps[-1]))[-1])
        return float(values[i] + gaps[i] / (gaps[i] - gaps[i + 1]) * (values[i + 1] - values[i]))

    def _said(self, place: int) -> str:
        return f"{self.rounds[-1].mean[place]:.4g} ± {self.rounds[-1].stderr[place]:.1g}"


_Inner: TypeAlias = tuple[float, float] | None
"""The ends of what is undecided."""


def _narrowed(
    low: float, high: float, inner: _Inner, sides: dict[float, int], first: int
) -> tuple[float, float, _Inner]:
    """The innermost values that are decided, and what lies undecided between them."""
    high = min([high, *(value for value, side in sides.items() if side == -first)])
    low = max([low, *(value for value, side in sides.items() if side == first and value < high)])
    undecided = [value for value, side in sides.items() if side == 0] + list(inner or ())
    undecided = [value for value in undecided if low < value < high]
    return low, high, (min(undecided), max(undecided)) if undecided else None


def _open(low: float, high: float, inner: _Inner) -> float:
    """The widest stretch of which nothing is known."""
    return high - low if inner is None else max(inner[0] - low, high - inner[1])


def _trials(low: float, high: float, inner: _Inner) -> np.ndarray:
    """Values of the next round: within the bracket, or on both sides of what is undecided."""
    if inner is None:
        return np.linspace(low, high, _POINTS + 2)[1:-1]
    half = _POINTS // 2 + 2
    return np.concatenate([np.linspace(low, inner[0], half)[1:-1], np.linspace(inner[1], high, half)[1:-1]])
