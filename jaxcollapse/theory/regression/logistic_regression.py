"""Logistic regression: what one row tells about the coefficients, and how often a classifier is right."""

import jax
import jax.numpy as jnp
from jax.scipy.special import ndtr
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_shape
from jaxcollapse.arguments.types import Matrix, Number, Vector
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.population.spectrum import Spectrum, check_spectrum
from jaxcollapse.theory.regression.generalised_linear import (
    check_intercept,
    checked_rows,
    even_mean,
    information_of_gaussian_rows,
    information_of_rows,
    predictor_scale,
)


@lenient()
def logistic_information(
    spectrum: Spectrum, *, rows: Matrix | None = None, intercept: Number | None = None
) -> Float[Array, "coefficients coefficients"]:
    """The Fisher information of one row of a logistic regression at the true coefficients.

    Labels are 1 with probability ``p = 1/(1 + exp(-x'w))`` and 0 otherwise: ``v = p (1 - p)``.

    **Arguments**

    - `spectrum`: the eigenvalues of the covariance of a row, and the coefficients ``w``.
    - `rows`: shape ``(rows, dim)``, the table from which a row is drawn; Gaussian rows by default.
    - `intercept`: ``b`` of Gaussian rows, a number: then ``p = 1/(1 + exp(-b - x'w))``, and the information is that of
      ``(b, w)``. None by default.

    **Returns** shape ``(dim, dim)``, or with an intercept one more.

    **Raises** `ValueError` or `TypeError` for rows of another shape, and for both rows and an intercept.

    **Exactness** Exact; for Gaussian rows to a relative error of 1e-10 in double precision for ``w'Lambda w`` up to
    1e6, in every direction; along ``w`` it grows with ``w'Lambda w``.

    **Reference** Dey and Donoho 2024, arXiv:2410.22812, for what follows from it.

    ```python
    >>> spectrum = Spectrum.from_eigenvalues([1.0, 4.0], signal=[0.0, 0.0])  # v = 1/4 for every row
    >>> logistic_information(spectrum).round(5).tolist()
    [[0.25, 0.0], [0.0, 1.0]]

    ```
    """
    check_spectrum(spectrum)
    check_intercept(rows, intercept)
    if rows is not None:
        return information_of_rows(spectrum, rows, _bernoulli_variance)
    scale = predictor_scale(spectrum)
    if intercept is not None:
        return _with_intercept(spectrum, scale, jnp.asarray(intercept, scale.dtype))
    reach = _REACH / jnp.maximum(scale, 1.0)  # where the predictor says nothing any more

    def curvature(z):
        v = _bernoulli_variance(scale * z)
        return v * (1 - 6 * v)

    bulk = even_mean(lambda z: _bernoulli_variance(scale * z), reach)
    # By parts: of a mean of both signs nothing is left for a large scale.
    wide = scale > 1
    square = jnp.where(wide, scale, 1.0) ** 2
    by_parts = (even_mean(lambda z: _bernoulli_variance(scale * z) * z**2, reach) - bulk) / square
    return information_of_gaussian_rows(spectrum, bulk, jnp.where(wide, by_parts, even_mean(curvature, reach)))


@lenient()
def logistic_accuracy(spectrum: Spectrum, coefficients: Vector, *, rows: Matrix | None = None) -> Float[Array, ""]:
    """The probability that the sign of ``x'coefficients`` tells the label of a new row of a logistic regression.

    For Gaussian rows and the correlation ``r`` of ``x'w`` and ``x'coefficients`` it is
    ``1/2 + E (p(s z) - 1/2) (2 Phi(r z / sqrt(1 - r^2)) - 1)`` for a standard normal ``z`` and ``s^2 = w'Lambda w``.

    **Arguments**

    - `spectrum`: the eigenvalues of the covariance of a row, and the true coefficients ``w``.
    - `coefficients`: shape ``(dim,)``, of the classifier; their length does not matter.
    - `rows`: shape ``(rows, dim)``, the table from which a row is drawn; Gaussian rows by default.

    **Returns** a scalar; one half where all coefficients are zero, or all true ones.

    **Raises** `ValueError` or `TypeError` for another shape.

    **Exactness** Exact; for Gaussian rows to 1e-12 in double precision.

    ```python
    >>> spectrum = Spectrum.isotropic(4, norm=2.0)
    >>> right, opposite = (logistic_accuracy(spectrum, sign * spectrum.signal) for sign in (1.0, -1.0))
    >>> round(float(right), 4), round(float(right + opposite), 4)
    (0.778, 1.0)

    ```
    """
    check_spectrum(spectrum)
    check_shape("coefficients", coefficients, spectrum.signal.shape)
    coefficients = jnp.asarray(coefficients)
    if rows is not None:
        x = checked_rows(spectrum, rows)
        gain = (jax.nn.sigmoid(x @ spectrum.signal) - 0.5) * jnp.sign(x @ coefficients)
        return 0.5 + jnp.mean(gain)
    scale = predictor_scale(spectrum)
    along = jnp.sum(spectrum.eigenvalues * spectrum.signal * coefficients)
    length = predictor_scale(Spectrum(spectrum.eigenvalues, coefficients.astype(scale.dtype)))
    square = (scale * length) ** 2 - along**2
    apart = square > 4 * jnp.finfo(scale.dtype).eps * along**2
    # Phi(r z / sqrt(1 - r^2)) is a step for coefficients along the true ones.
    steep = jnp.where(apart, along / jnp.sqrt(jnp.where(apart, square, 1.0)), jnp.sign(along) * 1e8)
    # Were the label a step as well, the gain would be an angle. What it is off by lies close to zero.
    reach = _REACH / jnp.maximum(scale, 1.0)
    flat = jnp.abs(steep) < 1
    gentle, abrupt = jnp.where(flat, steep, 0.0), jnp.where(flat, 1.0, jnp.abs(steep))
    off_gentle = even_mean(lambda z: jax.nn.sigmoid(-scale * z) * (2 * ndtr(gentle * z) - 1), reach)
    near = jnp.minimum(reach, _REACH / abrupt)
    both = even_mean(lambda z: jax.nn.sigmoid(-scale * z) * ndtr(-abrupt * z), near)
    off_abrupt = jnp.sign(steep) * (even_mean(lambda z: jax.nn.sigmoid(-scale * z), reach) - 2 * both)
    gain = jnp.arctan(steep) / jnp.pi - jnp.where(flat, off_gentle, off_abrupt)
    start = along / jnp.where(length > 0, length, 1.0) / jnp.sqrt(8 * jnp.pi)  # to first order in the true coefficients
    return 0.5 + jnp.where((scale > 0) & (length > 0), gain, start)


def _with_intercept(spectrum: Spectrum, scale: Float[Array, ""], b: Float[Array, ""]) -> Array:
    """The same for ``b + x'w``; means of the derivatives by parts, as above, where the predictor varies much."""
    wide = scale > 1
    spread, reach = jnp.where(wide, scale, 1.0), (_REACH + jnp.abs(b)) / jnp.maximum(scale, 1.0)

    def mean(function):
        return even_mean(lambda z: 0.5 * (function(z) + function(-z)), reach)

    def variance(z):
        return _bernoulli_variance(b + scale * z)

    def tilt(z):
        return variance(z) * (1 - 2 * jax.nn.sigmoid(b + scale * z))

    bulk = mean(variance)
    slope = jnp.where(wide, mean(lambda z: variance(z) * z) / spread, mean(tilt))
    by_parts = mean(lambda z: variance(z) * (z**2 - 1)) / spread**2
    along = jnp.where(wide, by_parts, mean(lambda z: variance(z) * (1 - 6 * variance(z))))
    return information_of_gaussian_rows(spectrum, bulk, along, slope)


_REACH = 45.0  # sigmoid(-45) is nothing in double precision


def _bernoulli_variance(predictor: Float[Array, "..."]) -> Float[Array, "..."]:
    return jax.nn.sigmoid(predictor) * jax.nn.sigmoid(-predictor)
