"""Poisson regression: what one row tells about the coefficients."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.types import Matrix, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.population.spectrum import Spectrum, check_spectrum
from jaxcollapse.theory.regression.generalised_linear import (
    check_intercept,
    information_of_gaussian_rows,
    information_of_rows,
)


@lenient()
def poisson_information(
    spectrum: Spectrum, *, rows: Matrix | None = None, intercept: Number | None = None
) -> Float[Array, "coefficients coefficients"]:
    """The Fisher information of one row of a Poisson regression at the true coefficients.

    Labels are Poisson with mean ``exp(x'w)``, so that ``E[v] = E[v''] = exp(w'Lambda w / 2)``; with an intercept
    ``exp(b)`` times as much, which is ``E[v']`` as well.

    **Arguments**

    - `spectrum`: the eigenvalues of the covariance of a row, and the coefficients ``w``.
    - `rows`: shape ``(rows, dim)``, the table from which a row is drawn; Gaussian rows by default.

    - `intercept`: ``b`` of Gaussian rows, a number: the information is that of ``(b, w)``. None by default.

    **Returns** shape ``(dim, dim)``, or with an intercept one more.

    **Raises** `ValueError` or `TypeError` for rows of another shape, and for both rows and an intercept.

    **Exactness** Exact.

    **Reference** Dey and Donoho 2024, arXiv:2410.22812, for what follows from it.

    ```python
    >>> spectrum = Spectrum.from_eigenvalues([1.0, 4.0], signal=[0.0, 0.0])
    >>> poisson_information(spectrum).tolist()
    [[1.0, 0.0], [0.0, 4.0]]

    ```
    """
    check_spectrum(spectrum)
    check_intercept(rows, intercept)
    if rows is not None:
        return information_of_rows(spectrum, rows, jnp.exp)
    mean = jnp.exp(0.5 * jnp.sum(spectrum.eigenvalues * spectrum.signal**2))
    if intercept is None:
        return information_of_gaussian_rows(spectrum, mean, mean)
    mean = jnp.exp(intercept) * mean
    return information_of_gaussian_rows(spectrum, mean, mean, mean)
