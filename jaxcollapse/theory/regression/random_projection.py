"""One ridge fit on a random projection of the features: ``f(x) = v'S'x`` with ``S`` of ``m`` columns.

The entries of ``S`` are independent ``N(0, 1/d)``, and the fit is ``argmin_v |y - X S v|^2 / n + lambda |v|^2``. Two
random matrices, ``X`` and ``S``, make one equivalent: ridge on the population with the effective penalty
`projected_kappa`.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_positive
from jaxcollapse.arguments.types import Number, Vector
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.population.spectrum import Spectrum, check_spectrum
from jaxcollapse.theory.former import formerly
from jaxcollapse.theory.regression.downstream import StrongCollapseTerms, check_shifted_rows
from jaxcollapse.theory.regression.effective_penalty import shrinkage, spare_rows
from jaxcollapse.theory.regression.equivalent import resolvent
from jaxcollapse.theory.search import implicit, root_in_bracket


@lenient()
def projected_kappa(spectrum: Spectrum, *, samples: Number, penalty: Number, width: Number) -> Float[Array, ""]:
    """The effective penalty: the root of ``kappa (1 - df1(kappa)/n) (1 - df1(kappa)/m) = lambda d/m``.

    Rows and columns play the same part. With ``df1`` below both ``n`` and ``m`` the left side increases from zero and
    is convex, so that there is one root.

    **Arguments**

    - `spectrum`: population of the features.
    - `penalty`: ``lambda`` per sample, positive.
    - `samples`, `width`: rows ``n`` and columns ``m``, positive.

    **Returns** a scalar. Differentiable (implicitly) in all arguments; maps by `jax.vmap`.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** The equation is solved to rounding, by Newton's method in ``log kappa`` within a bracket. What it
    describes holds up to ``O(1/d)`` in the proportional limit.

    **Reference** Dohmatob, Feng, Subramonian and Kempe 2025, arXiv:2410.04840; rederived here, as one equation for the
    two random matrices.

    ```python
    >>> round(float(projected_kappa(Spectrum.isotropic(50), penalty=0.1, samples=100, width=80)), 4)
    0.2178

    ```
    """
    check_spectrum(spectrum)
    check_positive("penalty", penalty)
    check_positive("samples", samples)
    check_positive("width", width)
    eigenvalues = spectrum.eigenvalues
    dtype = jnp.result_type(eigenvalues, penalty, samples, width, float)
    numbers = (jnp.asarray(value, dtype) for value in (penalty * spectrum.dim / jnp.asarray(width), samples, width))
    return _projected_kappa(eigenvalues.astype(dtype), *numbers)


@formerly(fake_noise="generator_noise")
@lenient()
def projected_strong_collapse_terms(
    spectrum: Spectrum,
    *,
    samples: Number,
    noise: Number,
    penalty: Number,
    shift: Vector,
    fraction: Number,
    width: Number,
    generator_noise: Number | None = None,
) -> StrongCollapseTerms:
    """The terms of `ridge_strong_collapse_terms` for a model of another size: ridge on a random projection.

    With ``kappa`` of `projected_kappa`, ``D = s/(s + kappa)`` and the loss ``c = kappa^2 sum_j s_j/(s_j + kappa)^2 /
    (m - df2)`` that the projection adds, let ``q(b) = sum_j b_j [D_j^2 + c s_j/(s_j + kappa)^2]``. The projected
    features have ``df2' = q(1)`` degrees of freedom of second order; with ``u = df2'/(n - df2')``:

    - ``bias = (1 + u) sum_j s_j w_j^2 [(1 - D_j)^2 + c s_j/(s_j + kappa)^2]``,
    - ``variance = (p1 sigma1^2 + p2 sigma2^2) u``,
    - ``zeta = p2^2 (1 + p1 u) q(s Delta) + p2 u sum_j s_j Delta_j [(1 - p2 D_j)^2 + p2^2 c s_j/(s_j + kappa)^2]``.

    **Arguments** as for `ridge_strong_collapse_terms`, and

    - `penalty`: ``lambda`` of ``|v|^2``, per sample, positive.
    - `width`: ``m``, the number of columns of ``S``, positive. The limit of many columns with the penalty
      ``lambda m/d`` is `ridge_strong_collapse_terms` with ``lambda``.

    **Returns** `StrongCollapseTerms`, whose sum is the excess risk of ``S v``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Asymptotic in the proportional limit of ``d``, ``n`` and ``m``, with an error of order ``1/d``.

    **Reference** Dohmatob, Feng, Subramonian and Kempe 2025, arXiv:2410.04840; rederived here.

    ```python
    >>> setting = dict(samples=100, noise=0.5, penalty=0.1, shift=jnp.full(50, 0.01), fraction=0.4)
    >>> terms = projected_strong_collapse_terms(Spectrum.isotropic(50), **setting, width=80)
    >>> [round(float(term), 4) for term in terms]
    [0.0849, 0.1339, 0.1224]

    ```
    """
    check_spectrum(spectrum)
    check_shifted_rows(spectrum, shift, fraction, penalty, samples, noise, generator_noise)
    other_noise = noise if generator_noise is None else generator_noise
    s, delta, real = spectrum.eigenvalues, jnp.asarray(shift), 1 - fraction
    k = projected_kappa(spectrum, penalty=penalty, samples=samples, width=width)
    shrink, spread = shrinkage(s, k, 1), s * resolvent(s, k) ** 2
    lost = k**2 * jnp.sum(spread) / spare_rows(s, k, width) * spread
    df2 = jnp.sum(shrink**2 + lost)
    u = df2 / (samples - df2)
    bias = (1 + u) * jnp.sum(s * spectrum.signal**2 * ((k * resolvent(s, k)) ** 2 + lost))
    variance = (real * noise**2 + fraction * other_noise**2) * u
    moved = fraction**2 * (1 + real * u) * jnp.sum(s * delta * (shrink**2 + lost))
    misfit = fraction * u * jnp.sum(s * delta * ((1 - fraction * shrink) ** 2 + fraction**2 * lost))
    return StrongCollapseTerms(bias, variance, moved + misfit)


@jax.jit  # compiled once for each dimension, not at every call
def _projected_kappa(
    eigenvalues: Float[Array, " dim"], target: Float[Array, ""], samples: Float[Array, ""], width: Float[Array, ""]
) -> Float[Array, ""]:
    """The root of ``kappa (1 - df1/samples) (1 - df1/width) = target``, in ``log kappa``."""
    present = eigenvalues > 0
    logs = jnp.log(jnp.where(present, eigenvalues, 1.0))
    shorter = jnp.minimum(samples, width)

    def parts(log_k):
        """``samples - df1`` and ``width - df1``, and how fast they grow with ``log kappa``."""
        small = present & (logs < log_k)
        large = present & ~small
        lost = jnp.where(large, jax.nn.sigmoid(jnp.where(large, log_k - logs, 0.0)), 0.0)
        kept = jnp.where(small, jax.nn.sigmoid(jnp.where(small, logs - log_k, 0.0)), 0.0)
        change = jnp.sum(lost * (1 - lost)) + jnp.sum(kept * (1 - kept))
        # count - df1, from what every direction lacks to one or zero: as many rows as directions lose no digits
        rows, columns = (count - jnp.sum(large) + lost.sum() - kept.sum() for count in (samples, width))
        return rows, columns, change

    def log_balance(log_k):
        """The log of the quotient of both sides, and its slope. A factor that is not positive is below the root."""
        rows, columns, change = parts(log_k)
        valid = (rows > 0) & (columns > 0)
        rows, columns = jnp.where(valid, rows, 1.0), jnp.where(valid, columns, 1.0)
        value = log_k + jnp.log(rows / samples) + jnp.log(columns / width) - jnp.log(target)
        return jnp.where(valid, value, -jnp.inf), 1 + change / rows + change / columns

    # Where the smaller of both numbers is below that of the directions, df1 falls below it from here on.
    least = jnp.min(jnp.where(present, eigenvalues, jnp.inf))
    low = jnp.maximum(target, (jnp.sum(present) - shorter) / shorter * least)
    high = target + eigenvalues.sum() * (1 / samples + 1 / width)
    bracket = jax.lax.stop_gradient((jnp.log(low) - 1e-3, jnp.log(jnp.maximum(high, low)) + 1e-3))
    found = root_in_bracket(log_balance, *bracket)

    def quotient(log_k):
        """Of both sides, less one: where a factor is close to zero, it is nearly linear, unlike its logarithm."""
        rows, columns, change = parts(log_k)
        k = jnp.exp(log_k) / target / samples / width
        return k * rows * columns - 1, k * (rows * columns + change * (rows + columns))

    return jnp.exp(implicit(quotient, found))
