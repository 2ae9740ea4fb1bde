"""What one row tells about the coefficients of a logistic or a Poisson regression.

A row is ``x ~ N(0, Lambda)`` with ``Lambda`` the diagonal of the eigenvalues, and the law of its label depends on
``x'w``. With the variance ``v(x'w)`` of the label the Fisher information of one row is
``E v(x'w) x x' = E[v] Lambda + E[v''] (Lambda w)(Lambda w)'``, by Stein's identity, and both means are over one normal
variate, ``x'w ~ N(0, w'Lambda w)``. Where rows are drawn from a finite table, the mean is over that.

Maximum likelihood from ``n`` rows has the covariance ``I^-1 / n`` to first order, and a workflow inflates it by
`jaxcollapse.theory.mean.inflation.inflation`, whatever the family: ``risk_g = c_g risk_1``.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtr
from jaxtyping import Array, Float, Real

from jaxcollapse.arguments.check import check_positive, check_shape
from jaxcollapse.arguments.types import Matrix, Number, Vector
from jaxcollapse.population.spectrum import Spectrum


def logistic_information(spectrum: Spectrum, *, rows: Matrix | None = None) -> Float[Array, "dim dim"]:
    """The Fisher information of one row of a logistic regression at the true coefficients.

    Labels are 1 with probability ``p = 1/(1 + exp(-x'w))`` and 0 otherwise: ``v = p (1 - p)``.

    **Arguments**

    - `spectrum`: the eigenvalues of the covariance of a row, and the coefficients ``w``.
    - `rows`: shape ``(rows, dim)``, the table from which a row is drawn; Gaussian rows by default.

    **Returns** shape ``(dim, dim)``.

    **Raises** `ValueError` or `TypeError` for rows of another shape.

    **Exactness** Exact; for Gaussian rows to about 1e-8 relative in double precision for ``w'Lambda w`` up to 400.

    **Reference** Dey and Donoho 2024, arXiv:2410.22812, for what follows from it.

    ```python
    >>> spectrum = Spectrum.from_eigenvalues([1.0, 4.0], signal=[0.0, 0.0])  # v = 1/4 for every row
    >>> logistic_information(spectrum).round(5).tolist()
    [[0.25, 0.0], [0.0, 1.0]]

    ```
    """
    if rows is not None:
        return _information_of_rows(spectrum, rows, _bernoulli_variance)
    scale = _scale(spectrum)

    def curvature(z):
        v = _bernoulli_variance(scale * z)
        return v * (1 - 6 * v)

    return _information(spectrum, _even_mean(lambda z: _bernoulli_variance(scale * z)), _even_mean(curvature))


def poisson_information(spectrum: Spectrum, *, rows: Matrix | None = None) -> Float[Array, "dim dim"]:
    """The Fisher information of one row of a Poisson regression at the true coefficients.

    Labels are Poisson with mean ``exp(x'w)``, so that ``E[v] = E[v''] = exp(w'Lambda w / 2)``.

    **Arguments**

    - `spectrum`: the eigenvalues of the covariance of a row, and the coefficients ``w``.
    - `rows`: shape ``(rows, dim)``, the table from which a row is drawn; Gaussian rows by default.

    **Returns** shape ``(dim, dim)``.

    **Raises** `ValueError` or `TypeError` for rows of another shape.

    **Exactness** Exact.

    **Reference** Dey and Donoho 2024, arXiv:2410.22812, for what follows from it.

    ```python
    >>> spectrum = Spectrum.from_eigenvalues([1.0, 4.0], signal=[0.0, 0.0])
    >>> poisson_information(spectrum).tolist()
    [[1.0, 0.0], [0.0, 4.0]]

    ```
    """
    if rows is not None:
        return _information_of_rows(spectrum, rows, jnp.exp)
    mean = jnp.exp(0.5 * jnp.sum(spectrum.eigenvalues * spectrum.signal**2))
    return _information(spectrum, mean, mean)


def squared_error(information: Real[Array, "dim dim"], *, samples: Number) -> Float[Array, ""]:
    """The mean squared error of the coefficients after the first fit: ``trace I^-1 / n``.

    **Arguments**

    - `information`: Fisher information of one row, shape ``(dim, dim)``, positive definite.
    - `samples`: ``n``, positive.

    **Returns** a scalar. Generation ``g`` has `jaxcollapse.theory.mean.inflation.inflation` times as much. The error in
    the metric of the information, ``E (w_g - w)'I(w_g - w)``, is ``dim / n`` times the same factor.

    **Raises** `ValueError` or `TypeError` for a matrix that is not square and samples that are not positive.

    **Exactness** Asymptotic, with a relative error of order ``1/n``. A finite mean of the error needs rows that settle
    the fit with certainty: where labels may be separable, it is a statement of the samples in which they are not.

    ```python
    >>> spectrum = Spectrum.from_eigenvalues([1.0, 4.0], signal=[0.0, 0.0])
    >>> round(float(squared_error(logistic_information(spectrum), samples=100)), 5)
    0.05

    ```
    """
    check_shape("information", information, (len(information),) * 2)
    check_positive("samples", samples)
    return jnp.trace(jnp.linalg.inv(information)) / samples


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

    **Exactness** Exact; for Gaussian rows to about 1e-6 in double precision.

    ```python
    >>> spectrum = Spectrum.isotropic(4, norm=2.0)
    >>> right, opposite = (logistic_accuracy(spectrum, sign * spectrum.signal) for sign in (1.0, -1.0))
    >>> round(float(right), 4), round(float(right + opposite), 4)
    (0.778, 1.0)

    ```
    """
    check_shape("coefficients", coefficients, spectrum.signal.shape)
    coefficients = jnp.asarray(coefficients)
    if rows is not None:
        x = _checked_rows(spectrum, rows)
        gain = (jax.nn.sigmoid(x @ spectrum.signal) - 0.5) * jnp.sign(x @ coefficients)
        return 0.5 + jnp.mean(gain)
    scale = _scale(spectrum)
    along = jnp.sum(spectrum.eigenvalues * spectrum.signal * coefficients)
    length = jnp.sqrt(jnp.sum(spectrum.eigenvalues * coefficients**2))
    across = jnp.sqrt(jnp.maximum((scale * length) ** 2 - along**2, 0.0))
    # Phi(r z / sqrt(1 - r^2)) is a step for coefficients along the true ones.
    tiny = jnp.finfo(scale.dtype).tiny
    steepness = jnp.clip(along / jnp.maximum(across, tiny), -1e8, 1e8)
    gain = _even_mean(lambda z: (jax.nn.sigmoid(scale * z) - 0.5) * (2 * ndtr(steepness * z) - 1))
    return 0.5 + gain


_EDGE, _NODES = 9.5, 96  # nothing is left of a normal variate beyond; nodes lie dense at zero, where integrands bend


def _even_mean(function) -> Float[Array, ""]:
    """The mean of an even function of a standard normal variate, by Gauss-Legendre quadrature of one half."""
    x, weight = np.polynomial.legendre.leggauss(_NODES)
    z = 0.5 * _EDGE * (x + 1)
    density = np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi) * _EDGE * weight
    return jnp.sum(jnp.asarray(density) * function(jnp.asarray(z)))


def _bernoulli_variance(predictor: Float[Array, "..."]) -> Float[Array, "..."]:
    return jax.nn.sigmoid(predictor) * jax.nn.sigmoid(-predictor)


def _information_of_rows(spectrum: Spectrum, rows: Matrix, variance: Callable[[Array], Array]) -> Array:
    x = _checked_rows(spectrum, rows)
    return x.T @ (variance(x @ spectrum.signal)[:, None] * x) / len(x)


def _checked_rows(spectrum: Spectrum, rows: Matrix) -> Float[Array, "rows dim"]:
    if np.ndim(rows) != 2 or np.shape(rows)[1] != spectrum.dim or len(rows) == 0:
        raise ValueError(f"rows must have shape (rows, {spectrum.dim}), got shape {np.shape(rows)}")
    return jnp.asarray(rows, spectrum.signal.dtype)


def _information(spectrum: Spectrum, bulk: Float[Array, ""], along: Float[Array, ""]) -> Float[Array, "dim dim"]:
    direction = spectrum.eigenvalues * spectrum.signal
    return bulk * jnp.diag(spectrum.eigenvalues) + along * jnp.outer(direction, direction)


def _scale(spectrum: Spectrum) -> Float[Array, ""]:
    """The standard deviation of ``x'w``; its gradient at zero is zero."""
    square = jnp.sum(spectrum.eigenvalues * spectrum.signal**2)
    some = square > 0
    return jnp.where(some, jnp.sqrt(jnp.where(some, square, 1.0)), 0.0)
