"""When synthetic data helps: the probability that the last of many fits is closer to the truth than the first.

The walk is that of `jaxcollapse.theory.mean.random_walk`: generation ``t`` re-estimates a mean from samples of its
predecessor.

Reference: Xu, He and Cheng 2025, arXiv:2505.13947.
"""

import math
from typing import Any

import jax
import jax.numpy as jnp
from jax.scipy.special import polygamma
from jaxtyping import Array, Float, Real

from jaxcollapse.arguments.check import (
    check_at_least,
    check_choice,
    check_count,
    check_length,
    check_nonnegative,
    check_positive,
)
from jaxcollapse.arguments.types import Count, Curve, Number, Vector
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.curves import per_generation
from jaxcollapse.theory.special import digamma_rest, expm1_rest, gamma_ratio_cdf, with_derivative

_NODES = 1200


@lenient()
def improvement_probability(*, dim: Count = 1, ratio: Real[Any, "*shape"] | Number) -> Float[Array, "*shape"]:
    """The probability that the last fit is closer to the truth than the fit to real data alone.

    The first error is ``N(0, s1^2 I)`` and the later drift an independent ``N(0, s2^2 I)`` in ``p`` dimensions:
    ``P(t_p > sqrt(p) s2 / (2 s1))`` with Student's ``t_p``; in one dimension ``arctan(2 s1/s2) / pi``.

    **Arguments**

    - `ratio`: ``s2/s1``, at least 0; any shape.
    - `dim`: ``p``, a positive integer.

    **Returns** the shape of `ratio`; at most 1/2.

    **Exactness** Exact for a Gaussian mean with known covariance and the Mahalanobis norm; asymptotic for regular
    estimators. With an estimated variance the drift shrinks and the probability is larger.

    **Reference** Xu, He and Cheng 2025, arXiv:2505.13947.

    ```python
    >>> round(float(improvement_probability(ratio=2.0)), 4)
    0.25

    ```
    """
    check_nonnegative("ratio", ratio)
    check_count("dim", dim, minimum=1)
    r = jnp.asarray(ratio)
    r = r.astype(jnp.result_type(r, float))
    if dim == 1:
        return jnp.arctan2(2.0, r) / jnp.pi
    # P(t_p > sqrt(p) x) is half the probability that chi^2_p exceeds chi^2_1/x^2; its derivative is Student's density.
    half = jnp.asarray(0.5, r.dtype)
    height = 0.5 * math.exp(math.lgamma((dim + 1) / 2) - math.lgamma(dim / 2)) / math.sqrt(math.pi)
    probability = lambda r: 0.5 * gamma_ratio_cdf(4 / r**2, dim * half, half)  # noqa: E731
    return with_derivative(probability, lambda r: -height * (1 + r**2 / 4) ** (-(dim + 1) / 2))(r)


@lenient()
def euclidean_improvement_probability(variances: Vector, *, ratio: Number) -> Float[Array, ""]:
    """`improvement_probability` in the Euclidean norm, where errors have another covariance than the unit one.

    The first error is ``N(0, s1^2 Lambda)`` and the later drift an independent ``N(0, s2^2 Lambda)``. With
    ``a = s2^2/2 +- sqrt(s2^4/4 + s1^2 s2^2)`` the difference of the squared errors is a sum of chi-squares with weights
    ``a lambda_j`` of both signs, whose law is found from its characteristic function.

    **Arguments**

    - `variances`: the eigenvalues of ``Lambda``, shape ``(dim,)``, positive: for a maximum-likelihood estimator those
      of the inverse Fisher information.
    - `ratio`: ``s2/s1``, above 0.

    **Returns** a scalar, at most 1/2.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact where `improvement_probability` is, to an absolute error of 1e-12 in double precision.

    **Reference** Imhof 1961 for the law; the setting is that of Xu, He and Cheng 2025, arXiv:2505.13947.

    ```python
    >>> round(float(euclidean_improvement_probability([1.0, 1.0], ratio=2.0)), 4)  # as `improvement_probability`
    0.1464

    ```
    """
    check_positive("variances", variances)
    check_positive("ratio", ratio)
    values = jnp.asarray(variances)
    if values.ndim != 1 or values.size == 0:
        raise ValueError(f"variances must have shape (dim,), got shape {values.shape}")
    values = values.astype(jnp.result_type(values, ratio, float))
    drift = jnp.asarray(ratio, values.dtype) ** 2
    root = jnp.sqrt(drift**2 / 4 + drift)
    # The negative weight in a form that does not cancel.
    weights = jnp.concatenate([values * (drift / 2 + root), -values * drift / (drift / 2 + root)])
    # The integral over log u: the integrand falls off exponentially on both sides, so equal steps converge fast.
    low, high = -jnp.log(jnp.max(jnp.abs(weights))) - 40, -jnp.log(jnp.min(jnp.abs(weights))) + 40
    u = jnp.exp(jnp.linspace(low, high, _NODES))
    phase = 0.5 * jnp.sum(jnp.arctan(2 * u[:, None] * weights), axis=1)
    size = jnp.exp(-0.25 * jnp.sum(jnp.log1p((2 * u[:, None] * weights) ** 2), axis=1))
    return 0.5 - jnp.sum(size * jnp.sin(phase)) * (high - low) / (_NODES - 1) / jnp.pi


@lenient()
def independent_improvement_probability(
    *, dim: Count = 1, ratio: Real[Any, "*shape"] | Number
) -> Float[Array, "*shape"]:
    """The probability that a recursive fit is closer to the truth than a fit to other real data.

    Both errors are independent, ``N(0, a^2 I)`` and ``N(0, b^2 I)`` in ``p`` dimensions: ``P(F_{p,p} < b^2/a^2)``, in
    one dimension ``(2/pi) arctan(b/a)``.

    **Arguments**

    - `ratio`: ``a/b``, the standard deviation of the recursive fit over that of the other one, at least 0; any shape.
    - `dim`: ``p``, a positive integer.

    **Returns** the shape of `ratio`.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** As for `improvement_probability`.

    **Reference** Xu, He and Cheng 2025, arXiv:2505.13947, for the setting.

    ```python
    >>> round(float(independent_improvement_probability(ratio=1.0, dim=5)), 4)
    0.5

    ```
    """
    check_nonnegative("ratio", ratio)
    check_count("dim", dim, minimum=1)
    r = jnp.asarray(ratio)
    r = r.astype(jnp.result_type(r, float))
    half = jnp.asarray(dim / 2, r.dtype)
    log_beta = 2 * math.lgamma(dim / 2) - math.lgamma(dim)
    slope = lambda r: -2 * math.exp(-log_beta) * r ** (int(dim) - 1) * (1 + r**2) ** -dim  # noqa: E731
    return with_derivative(lambda r: gamma_ratio_cdf(1 / r**2, half, half), slope)(r)


@lenient()
def estimated_improvement_probability(
    *, samples: Number | Curve, generations: Count, ddof: int
) -> Float[Array, " generations"]:
    """The probability that the mean of a Gaussian chain beats the first one, if its variance is estimated too.

    Given the variances ``X_t`` of the chain the drift of its mean is Gaussian, of variance
    ``sum_{2<=t<=g} X_{t-1}/n_t``: the probability is ``E arctan(2 s1/s2)/pi`` over their law. With collapsing variances
    the drift dies out, so that it is larger than `improvement_probability` has it. The sum is a chain of factors,
    ``G_1 (1/n_2 + G_2 (1/n_3 + ...))``, through which expectations are taken one by one on a grid.

    **Arguments**

    - `samples`: ``n_t``, at least 4, a number or shape ``(generations,)``.
    - `generations`: ``G``, a positive integer.
    - `ddof`: 1 for the unbiased variance, 0 for maximum likelihood.

    **Returns** shape ``(generations,)``; 1/2 at the first generation, which draws with itself.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for `jaxcollapse.Gaussian` under `Replace`, to about 1e-6.

    **Reference** Xu, He and Cheng 2025, arXiv:2505.13947, for the setting; derived here.

    ```python
    >>> curve = estimated_improvement_probability(samples=10, generations=50, ddof=1)
    >>> round(float(curve[-1]), 3)
    0.169

    ```
    """
    check_length("generations", generations)
    check_choice("ddof", ddof, (0, 1))
    check_at_least("samples", samples, 4.0)
    sizes = per_generation("samples", samples, generations)
    # Half the degrees of freedom of a factor, and the law of its logarithm at equal steps.
    half = (sizes - 1) / 2
    log_factor = digamma_rest(half)[:, None] + jnp.sqrt(polygamma(1, half))[:, None] * jnp.linspace(-12.0, 8.0, 121)
    density = jnp.exp(-half[:, None] * expm1_rest(log_factor))  # of the factor over its mean
    share = density / density.sum(axis=1, keepdims=True)
    factor = jnp.exp(log_factor) * ((sizes - 1) / (sizes - ddof))[:, None]

    smallest = 1 / jnp.max(sizes)
    grid = jnp.linspace(jnp.log(smallest), jnp.log(smallest) + 50.0, _NODES)
    held = jnp.exp(grid) - smallest  # what the sum is beyond the factor that is next

    def beaten(drift):
        return jnp.arctan2(2 / jnp.sqrt(sizes[0]), jnp.sqrt(drift)) / jnp.pi

    def step(value, now):
        factor, share, added = now
        drift = factor * (added + held[:, None])
        value = value(drift) if callable(value) else _interpolate(value, grid, jnp.log(drift + smallest))
        value = value @ share
        return value, value[0]

    if generations == 1:
        return beaten(jnp.zeros(1, sizes.dtype))
    inputs = (factor[:-1], share[:-1], 1 / sizes[1:])
    value, second = step(beaten, jax.tree.map(lambda leaf: leaf[0], inputs))
    _, rest = jax.lax.scan(step, value, jax.tree.map(lambda leaf: leaf[1:], inputs))
    return jnp.concatenate([beaten(jnp.zeros(1, sizes.dtype)), second[None], rest])


def _interpolate(
    values: Float[Array, " points"], grid: Float[Array, " points"], x: Float[Array, "*shape"]
) -> Float[Array, "*shape"]:
    """A function that is known at equal steps, by the cubic through the four next points; constant beyond the last."""
    place = jnp.clip((x - grid[0]) / (grid[1] - grid[0]), 0.0, len(grid) - 1.0)
    left = jnp.clip(place.astype(int), 1, len(grid) - 3)
    t = place - left
    before, after = t * (t - 1) / 2, t * (t + 1) / 2
    return (
        -before * (t - 2) / 3 * values[left - 1]
        + (t**2 - 1) * (t - 2) / 2 * values[left]
        - after * (t - 2) * values[left + 1]
        + after * (t - 1) / 3 * values[left + 2]
    )
