"""What one row tells about the coefficients of a logistic or a Poisson regression.

A row is ``x ~ N(0, Lambda)`` with ``Lambda`` the diagonal of the eigenvalues, and the law of its label depends on
``x'w``. With the variance ``v(x'w)`` of the label the Fisher information of one row is
``E v(x'w) x x' = E[v] Lambda + E[v''] (Lambda w)(Lambda w)'``, by Stein's identity, and both means are over one normal
variate, ``x'w ~ N(0, w'Lambda w)``. With an intercept the predictor is ``b + x'w``, and ``E v x = E[v'] Lambda w``.
Where rows are drawn from a finite table, the mean is over that.

Maximum likelihood from ``n`` rows has the covariance ``I^-1 / n`` to first order, and a workflow inflates it by
`jaxcollapse.theory.mean.inflation`, whatever the family: ``risk_g = c_g risk_1``.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Real

from jaxcollapse.arguments.check import check_numbers, check_positive, check_scalar
from jaxcollapse.arguments.types import Matrix, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.population.spectrum import Spectrum
from jaxcollapse.random.ridge.rotation import root


@lenient()
def maximum_likelihood_error(information: Real[Array, "dim dim"], *, samples: Number) -> Float[Array, ""]:
    """The mean squared error of the coefficients after the first fit: ``trace I^-1 / n``.

    **Arguments**

    - `information`: Fisher information of one row, shape ``(dim, dim)``, positive definite.
    - `samples`: ``n``, positive.

    **Returns** a scalar. Generation ``g`` has `jaxcollapse.theory.mean.inflation` times as much. The error in
    the metric of the information, ``E (w_g - w)'I(w_g - w)``, is ``dim / n`` times the same factor.

    **Raises** `ValueError` or `TypeError` for a matrix that is not square and samples that are not positive.

    **Exactness** Asymptotic, with a relative error of order ``1/n``. A finite mean of the error needs rows that settle
    the fit with certainty: where labels may be separable, it is a statement of the samples in which they are not.

    ```python
    >>> round(float(maximum_likelihood_error(jnp.diag(jnp.array([0.25, 1.0])), samples=100)), 5)
    0.05

    ```
    """
    check_numbers("information", information)
    if np.ndim(information) != 2 or np.shape(information)[0] != np.shape(information)[1]:
        raise ValueError(f"information must have shape (dim, dim), got {np.shape(information)}")
    check_positive("samples", samples)
    return jnp.trace(jnp.linalg.inv(information)) / samples


_EDGE, _NODES = 9.5, 96  # nothing is left of a normal variate beyond; nodes lie dense at zero, where integrands bend


def even_mean(function, reach: Float[Array, ""]) -> Float[Array, ""]:
    """The mean of an even function of a standard normal variate that vanishes from `reach` on: Gauss and Legendre."""
    x, weight = (jnp.asarray(v, reach.dtype) for v in np.polynomial.legendre.leggauss(_NODES))
    edge = jax.lax.stop_gradient(jnp.minimum(reach, _EDGE))
    z = 0.5 * edge * (x + 1)
    return jnp.sum(edge * weight * jnp.exp(-0.5 * z**2) * function(z)) / jnp.sqrt(2 * jnp.pi)


def information_of_rows(spectrum: Spectrum, rows: Matrix, variance: Callable[[Array], Array]) -> Array:
    """The Fisher information of one row of a table, for the variance of a label as a function of ``x'w``."""
    x = checked_rows(spectrum, rows)
    return x.T @ (variance(x @ spectrum.signal)[:, None] * x) / len(x)


def check_intercept(rows: Matrix | None, intercept: Number | None) -> None:
    """One number, of Gaussian rows: a table has a column of ones."""
    if intercept is None:
        return
    check_scalar("intercept", intercept)
    if rows is not None:
        raise ValueError("intercept is that of Gaussian rows: give the table a column of ones instead")


def checked_rows(spectrum: Spectrum, rows: Matrix) -> Float[Array, "rows dim"]:
    """A table whose rows have the dimension of the spectrum."""
    if np.ndim(rows) != 2 or np.shape(rows)[1] != spectrum.dim or len(rows) == 0:
        raise ValueError(f"rows must have shape (rows, {spectrum.dim}), got shape {np.shape(rows)}")
    return jnp.asarray(rows, spectrum.signal.dtype)


def information_of_gaussian_rows(
    spectrum: Spectrum, bulk: Float[Array, ""], along: Float[Array, ""], slope: Float[Array, ""] | None = None
) -> Float[Array, "coefficients coefficients"]:
    """The Fisher information of one Gaussian row, from ``E[v]`` and ``E[v'']``; with an intercept also ``E[v']``."""
    direction = spectrum.eigenvalues * spectrum.signal
    information = bulk * jnp.diag(spectrum.eigenvalues) + along * jnp.outer(direction, direction)
    if slope is None:
        return information
    crossed = slope * direction
    return jnp.block([[bulk[None, None], crossed[None]], [crossed[:, None], information]])


def predictor_scale(spectrum: Spectrum) -> Float[Array, ""]:
    """The standard deviation of ``x'w``; its gradient at zero is zero."""
    return root(jnp.sum(spectrum.eigenvalues * spectrum.signal**2))
