"""Classifiers that label each other's rows: how far their directions turn away from the truth.

Protocol: rows ``x ~ N(0, I)`` are labelled ``sign(x'w)``, at generation 1 by the truth ``w*`` and later by the
classifier before, which is the ridge estimate of its own labels. A curator with an imperfect direction ``w_o`` may keep
some of the rows that a classifier has labelled: those that are easy or hard for it, ``|x'w_o|`` above or below a
threshold, and those whose label is its own. `jaxcollapse.HardLabels` simulates it.

Directions are all that matters: the accuracy of ``w`` is ``1 - arccos(cos(w, w*))/pi``.
"""

import functools
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtr
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import (
    check_at_least,
    check_at_most,
    check_choice,
    check_count,
    check_flag,
    check_length,
    check_nonnegative,
    check_positive,
)
from jaxcollapse.arguments.types import Count, Curve, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.population.spectrum import Spectrum
from jaxcollapse.theory.curves import over_generations
from jaxcollapse.theory.regression.effective_penalty import kappa

Keep = Literal["all", "easy", "hard"]


class Cosines(NamedTuple):
    """Of the angles between a classifier and the two directions that are given."""

    truth: Float[Array, "..."]
    oracle: Float[Array, "..."]

    @property
    def accuracy(self) -> Float[Array, "..."]:
        """How often a new row is classified right."""
        return 1 - jnp.arccos(jnp.clip(self.truth, -1.0, 1.0)) / jnp.pi


@lenient()
def hard_labels_cosine(*, dim: Count, samples: Number, penalty: Number) -> Float[Array, ""]:
    """The cosine of the angle by which a ridge estimate of signs misses the direction that gave them.

    ``c^2 = a^2/(a^2 + r df2/(n - df2))`` with ``a = sqrt(2/pi)/(1 + kappa)``, ``r = 1 - 2 a sqrt(2/pi) + a^2`` and
    ``df2 = d/(1 + kappa)^2``; without a penalty and for ``n > d`` it is ``1/(1 + (pi/2 - 1) d/(n - d))``.

    **Arguments**

    - `dim`: ``d``, an integer of at least 2.
    - `samples`: rows ``n``, positive.
    - `penalty`: ``lambda`` per row, at least 0; the minimum norm at 0 and fewer rows than features.

    **Returns** a scalar in (0, 1].

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Asymptotic in the proportional limit, with an error of order ``1/d``.

    **Reference** Derived here.

    ```python
    >>> round(float(hard_labels_cosine(dim=100, samples=400, penalty=0.0)), 4)
    0.9166

    ```
    """
    check_count("dim", dim, minimum=2)
    check_positive("samples", samples)
    check_nonnegative("penalty", penalty)
    return 1 / jnp.sqrt(1 + _squared_tangent(dim, samples, penalty))


@lenient()
def hard_labels_replace(
    *, dim: Count, samples: Number | Curve, penalty: Number | Curve, generations: Count
) -> Float[Array, " generations"]:
    """The accuracy of classifiers each of which is fitted to the signs of its predecessor on fresh rows.

    The cosine with the truth is multiplied by `hard_labels_cosine` at every generation: ``1 - arccos(c^g)/pi`` tends to
    one half exponentially, where real-valued labels would make the risk grow linearly.

    **Arguments** as for `hard_labels_cosine`, numbers or shape ``(generations,)``.

    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Asymptotic in the proportional limit, with an error of order ``1/d``.

    **Reference** Derived here.

    ```python
    >>> curve = hard_labels_replace(dim=100, samples=400, penalty=0.0, generations=8)
    >>> [round(float(1 - curve[g - 1]), 3) for g in (1, 2, 8)]
    [0.131, 0.182, 0.334]

    ```
    """
    check_count("dim", dim, minimum=2)
    check_length("generations", generations)
    check_positive("samples", samples)
    check_nonnegative("penalty", penalty)
    sizes, penalties = over_generations(generations, samples=samples, penalty=penalty)
    each = jax.lax.map(lambda row: _squared_tangent(dim, *row), (sizes, penalties))
    # Minus twice the logarithm of the cosine: a cosine near 1 has lost the digits of its angle.
    turned = jnp.cumsum(jnp.log1p(each))
    return 1 - jnp.arctan2(jnp.sqrt(-jnp.expm1(-turned)), jnp.exp(-turned / 2)) / jnp.pi


@lenient()
def curated_labels_replace(
    *,
    dim: Count,
    samples: Number | Curve,
    penalty: Number | Curve,
    oracle: Number,
    keep: Keep = "all",
    threshold: Number = 0.0,
    correct_only: bool = False,
    generations: Count,
) -> Cosines:
    """The directions of classifiers each of which is fitted to those labels of its predecessor that a curator keeps.

    A recursion of two numbers, the cosines with the truth and with the curator. Of the rows that are kept, ``N`` on
    average, ``S`` are the second moments and ``b`` the mean products with the labels along the curator and across it,
    one-dimensional integrals; then ``a = (S + kappa)^-1 b`` and ``|a|^2 + r df2/(N - df2)`` is the squared length of
    the estimate, with ``r = 1 - 2 a'b + a'S a``.

    **Arguments**

    - `dim`, `samples`, `penalty`, `generations`: as for `hard_labels_replace`; rows before curation, and the penalty
      per kept row. Labels of the truth, at generation 1, are not curated.
    - `oracle`: the cosine of the angle between the curator and the truth, in [-1, 1].
    - `keep`: ``"easy"`` rows ``|x'w_o| >= threshold``, ``"hard"`` rows ``|x'w_o| <= threshold`` or ``"all"``.
    - `threshold`: at least 0; positive for hard rows.
    - `correct_only`: whether the curator keeps only rows whose label is its own.

    **Returns** `Cosines` of shape ``(generations,)``, with the accuracy.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Asymptotic in the proportional limit, with an error of order ``1/d``.

    **Reference** Dohmatob, Pezeshki and Askari-Hemmat 2025, arXiv:2511.03492, for the rules; solved here.

    ```python
    >>> kept = curated_labels_replace(dim=120, samples=900, penalty=0.08, oracle=0.9, correct_only=True, generations=60)
    >>> forgets = hard_labels_replace(dim=120, samples=900, penalty=0.08, generations=60)
    >>> bool(kept.accuracy[-1] > 0.8), bool(forgets[-1] < 0.55)
    (True, True)

    ```
    """
    check_count("dim", dim, minimum=2)
    check_length("generations", generations)
    check_positive("samples", samples)
    check_nonnegative("penalty", penalty)
    check_curation(oracle, keep, threshold, correct_only)
    sizes, penalties = over_generations(generations, samples=samples, penalty=penalty)
    rho = jnp.asarray(oracle, sizes.dtype)

    def step(before, row):
        size, penalty = row
        kept = _kept(before.oracle, keep, jnp.asarray(threshold, sizes.dtype), correct_only)
        across = _floored(1 - before.oracle**2)
        now = _fitted(dim, size, penalty, kept, rho, (before.truth - before.oracle * rho) / across)
        return now, now

    one = jnp.ones_like(rho)
    real = _fitted(dim, sizes[0], penalties[0], _everything(one), one, one).truth
    first = Cosines(real, real * rho)
    rest = jax.lax.scan(step, first, (sizes[1:], penalties[1:]))[1]
    return jax.tree.map(lambda head, tail: jnp.concatenate([head[None], tail]), first, rest)


def check_curation(oracle: Number, keep: str, threshold: Number, correct_only: bool) -> None:
    """A direction, a rule with its threshold, and whether labels count."""
    check_flag("correct_only", correct_only)
    check_at_least("oracle", oracle, -1.0)
    check_at_most("oracle", oracle, 1.0)
    check_choice("keep", keep, ("all", "easy", "hard"))
    check_nonnegative("threshold", threshold)
    if keep == "hard":
        check_positive("threshold", threshold)


class _Kept(NamedTuple):
    """Of the rows that are kept: their share, second moments and mean products with the labels."""

    share: Float[Array, ""]
    square: Float[Array, "2 2"]
    product: Float[Array, " 2"]


def _everything(cosine: Float[Array, ""]) -> _Kept:
    """Of all rows, for labels of a direction at this angle from the first axis."""
    mean = (2 / jnp.pi) ** 0.5
    direction = jnp.stack([cosine, _floored(1 - cosine**2) * (cosine**2 < 1)])
    return _Kept(jnp.ones_like(cosine), jnp.eye(2, dtype=cosine.dtype), mean * direction)


def _kept(cosine: Float[Array, ""], keep: Keep, threshold: Float[Array, ""], correct_only: bool) -> _Kept:
    """Along the curator, and across it towards the classifier that labels."""
    if keep == "all" and not correct_only:
        return _everything(cosine)
    slope = cosine / _floored(1 - cosine**2)
    low = threshold if keep == "easy" else jnp.zeros_like(threshold)
    high = threshold if keep == "hard" else low + _FAR
    x, weight = _nodes(low, high, slope)
    mean = lambda values: 2 * jnp.sum(weight * jnp.exp(-(x**2) / 2) * values) / (2 * jnp.pi) ** 0.5  # noqa: E731
    # A row at x along the curator has the label of x with this probability; both signs of x are alike.
    right, bell = ndtr(slope * x), jnp.exp(-((slope * x) ** 2) / 2) / (2 * jnp.pi) ** 0.5
    if correct_only:
        share, mixed = mean(right), mean(x * bell)
        square = jnp.array([[mean(x**2 * right), mixed], [mixed, mean(right - slope * x * bell)]])
        return _Kept(share, square / share, jnp.stack([mean(x * right), mean(bell)]) / share)
    share = mean(jnp.ones_like(x))
    square = jnp.diag(jnp.stack([mean(x**2) / share, jnp.ones_like(share)]))
    return _Kept(share, square, jnp.stack([mean(x * (2 * right - 1)), 2 * mean(bell)]) / share)


def _squared_tangent(dim: Count, samples: Number, penalty: Number) -> Float[Array, ""]:
    """Of the angle by which a ridge estimate of the signs of all rows misses the direction that gave them."""
    k = kappa(Spectrum.isotropic(dim), penalty=penalty, samples=samples)
    ideal = (2 / jnp.pi) ** 0.5
    a, df2 = ideal / (1 + k), dim / (1 + k) ** 2
    residual = 1 - 2 / jnp.pi + (ideal - a) ** 2
    return residual * df2 / ((samples - df2) * a**2)


def _fitted(
    dim: Count, size: Float[Array, ""], penalty: Number, kept: _Kept, along: Float[Array, ""], across: Float[Array, ""]
) -> Cosines:
    """The angles of the ridge estimate with a truth of coordinates `along` and `across` the curator, and with it."""
    rows = size * kept.share
    k = kappa(Spectrum.isotropic(dim), penalty=penalty, samples=rows)
    a = jnp.linalg.solve(kept.square + k * jnp.eye(2, dtype=k.dtype), kept.product)
    residual = 1 - 2 * a @ kept.product + a @ kept.square @ a
    df2 = dim / (1 + k) ** 2
    length = jnp.sqrt(a @ a + residual * df2 / (rows - df2))
    return Cosines((a[0] * along + a[1] * across) / length, a[0] / length)


_FAR, _STEEP = 9.0, 8.0  # where a normal density and a normal tail vanish


def _nodes(low: Float[Array, ""], high: Float[Array, ""], slope: Float[Array, ""]) -> tuple[Array, Array]:
    """Nodes and weights on two parts of an interval: where a normal distribution function rises, and the rest."""
    middle = jnp.clip(_STEEP / jnp.maximum(jnp.abs(slope), 1e-3), low, high)
    x, weight = (jnp.asarray(values, low.dtype) for values in _legendre())
    parts = ((low, middle), (middle, high))
    nodes = jnp.concatenate([a + (b - a) * x for a, b in parts])
    return nodes, jnp.concatenate([(b - a) * weight for a, b in parts])


@functools.lru_cache(maxsize=1)
def _legendre() -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights between zero and one."""
    x, weight = np.polynomial.legendre.leggauss(64)
    return (1 + x) / 2, weight / 2


def _floored(square: Float[Array, ""]) -> Float[Array, ""]:
    """A root that does not vanish: directions that agree have no plane."""
    return jnp.sqrt(jnp.maximum(square, 1e-12))
