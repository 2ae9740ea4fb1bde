"""Exact laws of loops of Gaussian diffusion models with extrapolated scores: guidance, and own samples as a warning.

A Gaussian ``N(m, v)`` has the score ``-(x - m)/(v + tau)`` at the noise level ``tau``. A sampler starts from wide noise
and follows a score down to no noise. Extrapolated, the score is ``(1 + w) s_base - w s_other``: classifier-free
guidance with an unconditional model as the other one, and negative guidance with a model of own samples. The flow, the
reverse diffusion and Langevin dynamics then have three different laws, and only the last one is the density in
proportion to ``p_base^(1 + w)/p_other^w``.

Reference: the settings of Alemohammad, Humayun, Agarwal, Collomosse and Baraniuk 2024, arXiv:2408.16333, and of Ho and
Salimans 2022, arXiv:2207.12598; the laws are derived here.
"""

from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import (
    check_above,
    check_choice,
    check_length,
    check_nonnegative,
    check_numbers,
    check_positive,
    is_traced,
)
from jaxcollapse.arguments.types import Count, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.curves import check_one_number, over_generations
from jaxcollapse.theory.gaussian.univariate import log_variance_mean, log_variance_variance, variance_moment

SAMPLERS = ("ode", "sde", "langevin")


class Guided(NamedTuple):
    """The law of what a guided sampler draws."""

    mean: Float[Array, "..."]
    variance: Float[Array, "..."]


@lenient()
def guided_law(
    sampler: Literal["ode", "sde", "langevin"],
    *,
    guidance: Number,
    mean: Any,
    variance: Any,
    other_mean: Any,
    other_variance: Any,
    start: Any = None,
) -> Guided:
    """What a sampler draws that follows the score ``(1 + w) s_base - w s_other`` from infinite noise on, or from less.

    With ``r = v_other/v`` and the mean ``m + k (m - m_other)``:

    | sampler | variance | ``k`` |
    |---|---|---|
    | ``"ode"``, the flow | ``v r^-w`` | ``w r^(-w/2) int_0^1 (1 - (1 - r) x^2)^(w/2 - 1) dx`` |
    | ``"sde"``, the reverse diffusion | ``v (r^-2w - r)/((2w + 1)(1 - r))`` | ``(r^-w - 1)/(1 - r)`` |
    | ``"langevin"``, without noise | ``v/(1 + w - w/r)`` | ``w/(r (1 + w) - w)`` |

    From ``N(0, S)`` on, with ``q = (v_other + S)/(r (v + S))``, the flow has the variance
    ``v q^w S/(v + S)`` and the mean ``m (1 - f) + k (m - m_other)``, where ``f^2 = q^w v/(v + S)`` is left of the start
    and the integral begins at ``sqrt(v/(v + S))``; the reverse diffusion has ``k = (q^w - 1)/(1 - r)``,
    ``f = q^w v/(v + S)`` and the variance ``f^2 S + r v (q^(2w + 1) - 1)/((2w + 1)(1 - r))``.

    **Arguments**

    - `sampler`: ``"ode"``, ``"sde"`` or ``"langevin"``.
    - `guidance`: ``w``, at least 0; for ``"langevin"`` less than ``r/(1 - r)`` where ``r < 1``: no law has the score
      beyond.
    - `mean`, `variance`: ``m`` and ``v`` of the base, the variance positive; numbers or arrays of one shape.
    - `other_mean`, `other_variance`: of the other model.
    - `start`: ``S``, the variance of the noise at which the sampler starts, positive; infinite by default. Langevin
      dynamics do not know where they started.

    **Returns** `Guided`, in the shape of the arguments.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact, the integral to 1e-12 while ``r`` is within 1e-8 and 1e8.

    ```python
    >>> case = dict(guidance=1.0, mean=0.3, variance=1.0, other_mean=-0.2, other_variance=0.7)
    >>> for sampler in ("ode", "sde", "langevin"):
    ...     print([round(float(value), 4) for value in guided_law(sampler, **case)])
    [0.9324, 1.4286]
    [1.0143, 1.4898]
    [1.55, 1.75]
    >>> [round(float(value), 4) for value in guided_law("ode", **case, start=4.0)]
    [0.507, 1.0743]

    ```
    """
    check_choice("sampler", sampler, SAMPLERS)
    check_nonnegative("guidance", guidance)
    check_numbers("mean", mean)
    check_numbers("other_mean", other_mean)
    check_positive("variance", variance)
    check_positive("other_variance", other_variance)
    _check_start(sampler, start)
    dtype = jnp.result_type(guidance, mean, variance, other_mean, other_variance, float)
    w, m, v, other, other_v = (
        jnp.asarray(value, dtype) for value in (guidance, mean, variance, other_mean, other_variance)
    )
    log_ratio = jnp.log(other_v / v)
    if sampler == "langevin":
        _check_normal(w, log_ratio)
    early = jnp.zeros_like(v) if start is None else v / (v + start)
    change = guided_change(sampler, w, log_ratio, early)
    left = jnp.sqrt(early) * jnp.exp(0.5 * w * _growth(log_ratio, early))
    left = left if sampler == "ode" else left**2
    return Guided(m * (1 - left) + change.mean * (m - other), v * jnp.exp(change.variance))


def guided_change(
    sampler: Literal["ode", "sde", "langevin"],
    w: Float[Array, "..."],
    log_ratio: Float[Array, "..."],
    early: Any = 0.0,
) -> Guided:
    """``k`` and the log of the variance in units of the base, from the log of ``r``; NaN where no law exists.

    `early` is ``v/(v + S)`` for a sampler that starts at the noise ``S``.
    """
    if sampler == "langevin":
        precision = 1 - w * jnp.expm1(-log_ratio)
        sound = jnp.where(precision > 0, precision, jnp.nan)
        return Guided(w * jnp.exp(-log_ratio) / sound, -jnp.log(sound))
    growth = _growth(log_ratio, early)
    if sampler == "ode":
        return Guided(_flow_mean(w, log_ratio, early), w * growth + jnp.log1p(-early))
    grown = early * jnp.exp(2 * w * growth) + _powers(2 * w + 1, growth)
    share = 1 - early
    return Guided(w * share * jnp.exp(-log_ratio) * _powers(w, growth), jnp.log(share) + jnp.log(grown))


@lenient()
def guided_replace_log_variance(
    *, samples: Number, auxiliary_samples: Number, guidance: Number, generations: Count
) -> Guided:
    """The mean and the variance of the log variance in a loop that is guided away from its own samples by the flow.

    Each generation fits ``n`` rows, and ``n'`` rows that it draws from this fit: what the guided flow draws is what the
    next generation is fitted to. The log variance is a random walk, ``L' = L + log G - w log G'`` with independent
    ``G = chi2(n - 1)/(n - 1)`` and ``G'`` for ``n'``: the mean is ``g [delta(n) - w delta(n')]``,
    ``delta(n) = psi((n - 1)/2) - log((n - 1)/2)``, the variance ``g [psi_1((n - 1)/2) + w^2 psi_1((n' - 1)/2)]``.

    **Arguments**

    - `samples`: ``n``, above 1.
    - `auxiliary_samples`: ``n'``, above 1.
    - `guidance`: ``w``, at least 0.
    - `generations`: ``G``, a positive integer.

    **Returns** `Guided`, each of shape ``(generations,)``: of the log of the variance in units of the true one.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact, with the unbiased variance.

    ```python
    >>> walk = guided_replace_log_variance(samples=40, auxiliary_samples=40, guidance=1.0, generations=12)
    >>> round(float(walk.mean[-1]), 4) + 0.0, round(float(walk.variance[-1]), 4)
    (0.0, 1.2629)

    ```
    """
    n, other, w = _loop(samples, auxiliary_samples, guidance, generations)
    step = lambda moment, size, **named: moment(samples=size, generations=1, **named)[0]  # noqa: E731
    drift = step(log_variance_mean, n, ddof=1) - w * step(log_variance_mean, other, ddof=1)
    spread = step(log_variance_variance, n) + w**2 * step(log_variance_variance, other)
    g = jnp.arange(1, int(generations) + 1, dtype=drift.dtype)
    return Guided(g * drift, g * spread)


@lenient()
def guided_replace_moments(
    *, samples: Number, auxiliary_samples: Number, guidance: Number, generations: Count
) -> Guided:
    """The mean squared error of the mean, and the mean of the variance, in the loop of `guided_replace_log_variance`.

    ``E V_g = c^g`` with ``c = E G'^-w > 1``, and ``E m_g^2 = (1/n + E k^2/n') (c^g - 1)/(c - 1)`` with ``k`` of
    `guided_law` at ``r = G'``: guidance that keeps the log variance where it is lets both grow.

    **Arguments** as for `guided_replace_log_variance`; ``n' - 1`` above ``2 w``.

    **Returns** `Guided`, each of shape ``(generations,)``, in units of the true variance.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact, the mean over ``G'`` by quadrature. Single replications vary much in the end.

    ```python
    >>> loop = guided_replace_moments(samples=40, auxiliary_samples=40, guidance=1.0, generations=12)
    >>> round(float(loop.mean[-1]), 4), round(float(loop.variance[-1]), 3)
    (0.8485, 1.881)

    ```
    """
    n, other, w = _loop(samples, auxiliary_samples, guidance, generations)
    if not is_traced(w) and not is_traced(other):
        check_above("auxiliary_samples - 1 - 2 * guidance", other - 1 - 2 * w, 0.0)
    growth = variance_moment(-w, samples=other, generations=1, ddof=1)[0]
    squares = jnp.cumsum(growth ** jnp.arange(int(generations)))
    half = (other - 1) / 2
    y = jnp.asarray(_GRID, growth.dtype) / jnp.sqrt(half)  # log G', in its standard deviations
    law = jax.nn.softmax(half * (y - jnp.expm1(y)))
    k2 = law @ _flow_mean(w, y) ** 2
    return Guided((1 / n + k2 / other) * squares, growth ** jnp.arange(1, int(generations) + 1))


@lenient()
def guided_replace_driftless(*, samples: Number, auxiliary_samples: Number) -> Float[Array, ""]:
    """The guidance with which the log variance of `guided_replace_log_variance` does not drift: about ``n'/n``.

    ``w* = delta(n)/delta(n')``, one for ``n' = n``. With less the variance collapses almost surely, with more it
    explodes.

    **Arguments** as for `guided_replace_log_variance`.

    **Returns** a scalar. **Exactness** Exact.

    **Raises** `ValueError` or `TypeError` for other arguments.

    ```python
    >>> round(float(guided_replace_driftless(samples=40, auxiliary_samples=20)), 4)
    0.4829

    ```
    """
    n, other, _ = _loop(samples, auxiliary_samples, 0.0, 1)
    drift = lambda size: log_variance_mean(samples=size, generations=1, ddof=1)[0]  # noqa: E731
    return drift(n) / drift(other)


class Classes(NamedTuple):
    """The variances within and between classes."""

    within: Float[Array, "..."]
    between: Float[Array, "..."]


@lenient()
def guided_classes(
    sampler: Literal["ode", "sde"], *, guidance: Number, within: Number, between: Number, generations: Count
) -> Classes:
    """What classifier-free guidance makes of classes in a loop, for infinitely many samples.

    Class means are ``N(0, B)``, and a class ``N(c, V)`` about its mean: the unconditional model is ``N(0, V + B)``.
    ``V' = V r^-w`` and ``B' = B (1 + k)^2`` for the flow, with ``k`` of `guided_law` at ``r = 1 + B/V``: classes lose
    their variance faster and faster, and move apart.

    **Arguments**

    - `sampler`: ``"ode"`` or ``"sde"``.
    - `guidance`: ``w``, at least 0.
    - `within`, `between`: ``V`` and ``B`` of the truth, positive.
    - `generations`: ``G``, a positive integer.

    **Returns** `Classes`, each of shape ``(generations,)``: what the models of generations ``1, ..., G`` draw.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact in the limit of large batches.

    ```python
    >>> loop = guided_classes("ode", guidance=0.5, within=1.0, between=0.5, generations=3)
    >>> [round(float(v), 3) for v in loop.within], [round(float(b), 3) for b in loop.between]
    ([0.816, 0.549, 0.268], [0.989, 1.752, 2.661])

    ```
    """
    check_choice("sampler", sampler, SAMPLERS[:2])
    check_nonnegative("guidance", guidance)
    check_one_number("guidance", guidance, "for all classes")
    check_positive("within", within)
    check_positive("between", between)
    check_length("generations", generations)
    dtype = jnp.result_type(guidance, within, between, float)
    w, v, b = (jnp.asarray(value, dtype) for value in (guidance, within, between))

    def step(now, _):
        v, b = now
        change = guided_change(sampler, w, jnp.log1p(b / v))
        after = Classes(v * jnp.exp(change.variance), b * (1 + change.mean) ** 2)
        return after, after

    return jax.lax.scan(step, Classes(v, b), None, int(generations))[1]


def _loop(samples, auxiliary_samples, guidance, generations):
    check_one_number("samples", samples, "for batches of one size")
    check_one_number("auxiliary_samples", auxiliary_samples, "for batches of one size")
    check_one_number("guidance", guidance, "for all generations")
    check_above("samples", samples, 1.0)
    check_above("auxiliary_samples", auxiliary_samples, 1.0)
    check_nonnegative("guidance", guidance)
    n, other, w = over_generations(generations, samples=samples, auxiliary_samples=auxiliary_samples, guidance=guidance)
    return n[0], other[0], w[0]


def _check_normal(w: Float[Array, "..."], log_ratio: Float[Array, "..."]) -> None:
    if is_traced(w) or is_traced(log_ratio):
        return
    if not np.all(1 - np.asarray(w) * np.expm1(-np.asarray(log_ratio)) > 0):
        raise ValueError(
            "guidance must be below r/(1 - r) with r = other_variance/variance below 1: no law has such a score"
            f", got {w} and r = {np.exp(log_ratio)}"
        )


def _check_start(sampler: str, start: Any) -> None:
    if start is None:
        return
    if sampler == "langevin":
        raise ValueError(f'start must be None for sampler "langevin", which forgets it, got {start}')
    check_positive("start", start)


def _growth(log_ratio: Float[Array, "..."], early: Any) -> Float[Array, "..."]:
    """``log q``, ``q = (v_other + S)/(r (v + S))``: ``1/r`` from infinite noise on."""
    return jnp.log1p(early * jnp.expm1(log_ratio)) - log_ratio


def _powers(c: Float[Array, "..."], growth: Float[Array, "..."]) -> Float[Array, "..."]:
    """``(q^c - 1)/(c (q - 1))``, which is one at ``q = 1`` and ``log q/(q - 1)`` for ``c = 0``."""
    mean = lambda x: jnp.where(jnp.abs(x) < _SMALL, 1 + x / 2 + x**2 / 6, jnp.expm1(_safe(x)) / _safe(x))  # noqa: E731
    return mean(c * growth) / mean(growth)  # (e^x - 1)/x of both


def _safe(x: Float[Array, "..."]) -> Float[Array, "..."]:
    return jnp.where(jnp.abs(x) < _SMALL, 1.0, x)


def _flow_mean(w: Float[Array, "..."], log_ratio: Float[Array, "..."], early: Any = 0.0) -> Float[Array, "..."]:
    """``w r^(-w/2) int (1 - (1 - r) x^2)^(w/2 - 1) dx`` up to 1, by nodes that are dense at both ends."""
    gap, first = -jnp.expm1(log_ratio)[..., None], jnp.sqrt(jnp.asarray(early))[..., None]
    x, left, weight = (jnp.asarray(values, log_ratio.dtype) for values in _NODES)
    x, left, weight = first + (1 - first) * x, (1 - first) * left, (1 - first) * weight
    base = jnp.where(gap < 0, 1 - gap * x**2, (1 - gap) + gap * left * (1 + x))
    power = jnp.asarray(w)[..., None] / 2 - 1
    return w * jnp.exp(-0.5 * w * log_ratio) * jnp.sum(weight * base**power, axis=-1)


def _nodes() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """``x`` and ``1 - x`` in (0, 1), and the weights, of the tanh-sinh rule."""
    t, step = np.linspace(-4.0, 4.0, 257, retstep=True)
    left = 1 / (1 + np.exp(np.pi * np.sinh(t)))
    return 1 / (1 + np.exp(-np.pi * np.sinh(t))), left, step * np.pi * np.cosh(t) * left * (1 - left)


_NODES, _GRID, _SMALL = _nodes(), np.linspace(-14.0, 9.0, 600), 1e-5
