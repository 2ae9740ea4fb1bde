"""What a Monte Carlo estimate of the risk of a Gaussian chain looks like, long before it converges.

``E (X_T - 1)^2`` grows exponentially with ``T``, but is carried by chains that no feasible number of replications
contains: the average over ``R`` replications typically falls short by orders of magnitude. Its exact law follows from
the characteristic function of ``(X_T - 1)^2 / R``, to the power ``R``.

Reference: the estimated risk of figure 3 of Xu, He and Cheng 2025, arXiv:2505.13947.
"""

import jax
import jax.numpy as jnp
from jax.scipy.special import digamma, polygamma
from jaxtyping import Array, Complex, Float

from jaxcollapse._check import check_integer, check_positive
from jaxcollapse._types import Count, Curve, Number
from jaxcollapse.theory.gaussian import check_probability, factors, log_gamma_ratio

_POINTS = 20_000  # of log X_T
_LOWEST, _HIGHEST, _FREQUENCIES = -12.0, 7.0, 3000  # of the logarithm of the frequency


def estimated_risk_cdf(
    x: Number, *, replications: Count, samples: Number | Curve, generations: Count, ddof: int
) -> Float[Array, ""]:
    """``P(S <= x)`` for the average ``S`` of ``(X_T - 1)^2`` over `replications` chains.

    **Arguments**

    - `x`: positive; a number (map over others with `jax.vmap`).
    - `replications`: ``R``, a positive integer.
    - `samples`, `generations`, `ddof`: as for `jaxcollapse.theory.gaussian.log_mellin`.

    **Exactness** Exact, to about three digits, for ``n`` of 10 and more and ``R`` of 100 and more, in double precision:
    the law of ``log X_T`` from its characteristic function, and that of the average by Gil-Pelaez inversion.

    ```python
    >>> settings = dict(samples=100, generations=10, ddof=1)
    >>> below = estimated_risk_cdf(0.22, replications=1000, **settings)
    >>> bool(0.4 < below < 0.6)  # the mean is (1 + 2/99)^10 - 1 = 0.22
    True

    ```
    """
    check_positive("x", x)
    return _cdf(*_characteristic(replications, samples, generations, ddof))(jnp.asarray(x, float))


def estimated_risk_quantile(
    p: Number, *, replications: Count, samples: Number | Curve, generations: Count, ddof: int
) -> Float[Array, ""]:
    """The ``p``-quantile of the average ``S`` of ``(X_T - 1)^2`` over `replications` chains.

    **Arguments**

    - `p`: in (0, 1).
    - `replications`, `samples`, `generations`, `ddof`: as for `estimated_risk_cdf`.

    **Exactness** as for `estimated_risk_cdf`, by bisection in ``log x``.

    ```python
    >>> settings = dict(samples=100, generations=10, ddof=1)
    >>> round(float(estimated_risk_quantile(0.5, replications=1000, **settings)), 2)
    0.22

    ```
    """
    check_probability(p)
    frequency, values = _characteristic(replications, samples, generations, ddof)
    cdf = _cdf(frequency, values)

    def halve(bracket, _):
        low, high = bracket
        middle = 0.5 * (low + high)
        below = cdf(jnp.exp(middle)) < p
        return (jnp.where(below, middle, low), jnp.where(below, high, middle)), None

    scale = -jnp.log(frequency[0]) + _LOWEST
    (low, high), _ = jax.lax.scan(halve, (scale - 12, scale + 12), None, length=50)
    return jnp.exp(0.5 * (low + high))


def _cdf(frequency: Float[Array, " nodes"], values: Complex[Array, " nodes"]):
    """Gil-Pelaez 1951: ``F(x) = 1/2 - (1/pi) int Im[exp(-iwx) phi(w)] dw/w``, trapezoidal in ``log w``."""
    step = (_HIGHEST - _LOWEST) / (_FREQUENCIES - 1)

    def cdf(x):
        # Below the first frequency the integrand is linear in w.
        integrand = jnp.imag(jnp.exp(-1j * frequency * x) * values)
        return jnp.clip(0.5 - (jnp.sum(integrand) * step + integrand[0] * (1 - 0.5 * step)) / jnp.pi, 0.0, 1.0)

    return cdf


def _characteristic(
    replications: Count, samples: Number | Curve, generations: Count, ddof: int
) -> tuple[Float[Array, " nodes"], Complex[Array, " nodes"]]:
    """Frequencies, and the characteristic function of the average at each."""
    check_integer("replications", replications, minimum=1)
    half, divisor = factors(samples, generations, ddof)
    shift = jnp.sum(jnp.log(divisor / 2))
    mean = jnp.sum(digamma(half)) - shift
    spread = jnp.sqrt(jnp.sum(polygamma(1, half)))
    # The density of log X_T, 12 standard deviations below to 9 above its mean.
    u = 0.05 * jnp.arange(400) / spread
    psi = jnp.exp(jax.lax.map(lambda v: jnp.sum(log_gamma_ratio(half, v)) - 1j * v * shift, u))
    psi = psi.at[0].multiply(0.5)
    log_x = mean + spread * jnp.linspace(-12.0, 9.0, _POINTS)
    density = jax.lax.map(lambda y: jnp.sum(jnp.real(psi * jnp.exp(-1j * u * y))), log_x)
    weight = density / jnp.sum(density)
    square = jnp.expm1(log_x) ** 2 / replications

    frequency = jnp.exp(jnp.linspace(_LOWEST, _HIGHEST, _FREQUENCIES)) / jnp.expm1(spread) ** 2
    # The logarithm of a characteristic function close to one, from what it lacks of it.
    lack = jax.lax.map(
        lambda w: jnp.sum(weight * (2 * jnp.sin(w * square / 2) ** 2 - 1j * jnp.sin(w * square))), frequency
    )
    return frequency, jnp.exp(replications * jnp.log1p(-lack))
