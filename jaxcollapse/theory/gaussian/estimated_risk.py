"""What a Monte Carlo estimate of the risk of a Gaussian chain looks like, long before it converges.

``E (X_T - 1)^2`` grows exponentially with ``T``, but is carried by chains that no feasible number of replications
contains: the average over ``R`` replications typically falls short by orders of magnitude. Its exact law follows from
the Laplace transform of ``(X_T - 1)^2 / R``, to the power ``R``.

Reference: the estimated risk of figure 3 of Xu, He and Cheng 2025, arXiv:2505.13947.
"""

import math

import jax
import jax.numpy as jnp
from jax.scipy.special import polygamma
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_count, check_positive
from jaxcollapse.arguments.types import Count, Curve, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.gaussian.law import check_probability
from jaxcollapse.theory.gaussian.univariate import distinct_factors
from jaxcollapse.theory.search import implicit, with_slope
from jaxcollapse.theory.special import digamma_rest, log_gamma_rest

_POINTS = 20_000  # of log X_T
_TERMS, _AVERAGED, _DAMPING = 38, 12, 18.4  # of the inversion, which they make exact to 1e-8 for smooth laws


@lenient()
def estimated_risk_cdf(
    x: Number, *, samples: Number | Curve, replications: Count, generations: Count, ddof: int
) -> Float[Array, ""]:
    """``P(S <= x)`` for the average ``S`` of ``(X_T - 1)^2`` over `replications` chains.

    **Arguments**

    - `x`: positive; a number (map over others with `jax.vmap`).
    - `replications`: ``R``, a positive integer.
    - `samples`, `generations`, `ddof`: as for `jaxcollapse.theory.gaussian.log_mellin`.

    **Exactness** Exact, to an absolute error of 2e-4 for ``n >= 10`` and at most ``n/2`` generations in double
    precision: the law of ``log X_T`` from its characteristic function, and that of the average by inverting its Laplace
    transform. Later most chains have collapsed, their squares are all but one, and the law is steep next to multiples
    of ``1/R``: there it is off by up to .07 (``n = 10``, ``T = 50``, one replication), and by .002 farther away.

    **Reference** Abate and Whitt 1995 for the inversion.

    ```python
    >>> settings = dict(samples=100, generations=10, ddof=1)
    >>> below = estimated_risk_cdf(0.22, replications=1000, **settings)
    >>> bool(0.4 < below < 0.6)  # the mean is (1 + 2/99)^10 - 1 = 0.22
    True

    ```
    """
    check_positive("x", x)
    many, square, weight = _squares(replications, samples, generations, ddof)
    return _cdf(jnp.asarray(x, square.dtype), many, square, weight)


@lenient()
def estimated_risk_quantile(
    p: Number, *, samples: Number | Curve, replications: Count, generations: Count, ddof: int
) -> Float[Array, ""]:
    """The ``p``-quantile of the average ``S`` of ``(X_T - 1)^2`` over `replications` chains.

    **Arguments**

    - `p`: in (0, 1).
    - `replications`, `samples`, `generations`, `ddof`: as for `estimated_risk_cdf`.

    **Exactness** as for `estimated_risk_cdf`, by bisection in ``log x`` and Newton's method.

    ```python
    >>> settings = dict(samples=100, generations=10, ddof=1)
    >>> round(float(estimated_risk_quantile(0.5, replications=1000, **settings)), 2)
    0.22

    ```
    """
    check_probability("p", p)
    return _quantile(jnp.asarray(p, float), *_squares(replications, samples, generations, ddof))


@jax.jit
def _quantile(
    p: Float[Array, ""],
    replications: Float[Array, ""],
    square: Float[Array, " points"],
    weight: Float[Array, " points"],
) -> Float[Array, ""]:
    """Where the distribution function is `p`."""

    def halve(bracket, _):
        low, high = bracket
        middle = 0.5 * (low + high)
        below = _cdf(jnp.exp(middle), replications, square, weight) < p
        return (jnp.where(below, middle, low), jnp.where(below, high, middle)), None

    start = jnp.asarray(-60.0, square.dtype), jnp.asarray(60.0, square.dtype)
    (low, high), _ = jax.lax.scan(halve, start, None, length=50)
    lack = lambda y: _cdf(jnp.exp(y), replications, square, weight) - p  # noqa: E731
    return jnp.exp(implicit(with_slope(lack), 0.5 * (low + high)))


@jax.jit
def _cdf(
    x: Float[Array, ""],
    replications: Float[Array, ""],
    square: Float[Array, " points"],
    weight: Float[Array, " points"],
) -> Float[Array, ""]:
    """The law of the mean of independent squares from its Laplace transform, by a Fourier series and Euler's sum."""
    a, b = 0.5 * _DAMPING / x * square / replications, jnp.pi / x * square / replications
    # What the transform of one square lacks of one: the rest would lose its digits. From one k to the next it turns.
    turned = 2 * jnp.sin(b / 2) ** 2 + 1j * jnp.sin(b)

    def term(lacks, k):
        lack = weight @ jnp.real(lacks) + 1j * (weight @ jnp.imag(lacks))
        gone = lack == 1  # x is far below the law
        transform = jnp.where(gone, 0.0, jnp.exp(replications * jnp.log1p(-jnp.where(gone, 0.5, lack))))
        return lacks + turned - turned * lacks, jnp.real(transform / (0.5 * _DAMPING + 1j * jnp.pi * k))

    k = jnp.arange(_TERMS + _AVERAGED + 1, dtype=x.dtype)
    _, values = jax.lax.scan(term, -jnp.expm1(-a) + 0j, k)
    terms = jnp.where(k % 2 == 0, 1.0, -1.0) * values
    partial = jnp.cumsum(terms.at[0].multiply(0.5))[_TERMS:]
    shares = jnp.asarray([math.comb(_AVERAGED, j) / 2**_AVERAGED for j in range(_AVERAGED + 1)], x.dtype)
    return jnp.clip(jnp.exp(0.5 * _DAMPING) * (partial @ shares), 0.0, 1.0)


def _squares(
    replications: Count, samples: Number | Curve, generations: Count, ddof: int
) -> tuple[Float[Array, ""], Float[Array, " points"], Float[Array, " points"]]:
    """The number of replications, and the law of ``(X_T - 1)^2`` on a grid."""
    check_count("replications", replications, minimum=1)
    half, bias, times = distinct_factors(samples, generations, ddof)
    return jnp.asarray(replications, half.dtype), *_grid(half, bias, times)


@jax.jit
def _grid(
    half: Float[Array, " factors"], bias: Float[Array, " factors"], times: Float[Array, ""]
) -> tuple[Float[Array, " points"], Float[Array, " points"]]:
    shift = times * jnp.sum(bias)
    mean = times * jnp.sum(digamma_rest(half)) + shift
    spread = jnp.sqrt(times * jnp.sum(polygamma(1, half)))
    # The density of log X_T, 12 standard deviations below to 9 above its mean.
    u = 0.05 * jnp.arange(400) / spread
    psi = jnp.exp(jax.lax.map(lambda v: times * jnp.sum(log_gamma_rest(half, 1j * v)) + 1j * v * (shift - mean), u))
    psi = psi.at[0].multiply(0.5)
    z = jnp.linspace(-12.0, 9.0, _POINTS)
    turn = jnp.exp(-0.05j * z)  # the sum over u is a polynomial in it
    total, _ = jax.lax.scan(lambda total, term: (total * turn + term, None), 0 * turn, psi, reverse=True)
    density = jnp.real(total)
    return jnp.expm1(mean + spread * z) ** 2, density / jnp.sum(density)
