"""Rows of features that are not Gaussian: how far do formulas for Gaussian rows carry?

Each of them draws independent rows in the eigenbasis of their covariance, with the variances of a spectrum. A model
that is given one draws raw data: `LinearRegression(..., features=Rademacher(spectrum.eigenvalues))`. Any function of a
key and a number of rows that returns an array of shape ``(n, dim)`` will do as well.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from jaxcollapse.arguments.check import check_above, check_flag, check_length
from jaxcollapse.arguments.names import shown
from jaxcollapse.arguments.numbers import as_floats, number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.population.spectrum import Spectrum
from jaxcollapse.random import chi_square


def _check_number(n: int, dim: int) -> None:
    """So many rows fit into memory, with the random words and the numbers that they are made of."""
    check_length("n", n, minimum=0, each=24.0 * dim)


class Rademacher(eqx.Module):
    """Independent features of two values, ``+`` and ``-`` the square root of the eigenvalue.

    **Arguments** `eigenvalues`: shape ``(dim,)``, positive.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> rows = jc.features.Rademacher([1.0, 4.0])(jax.random.key(0), 3)
    >>> jnp.abs(rows).tolist()
    [[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]]

    ```
    """

    eigenvalues: Float[Array, " dim"]

    def __init__(self, eigenvalues: Any):
        self.eigenvalues = Spectrum.from_eigenvalues(eigenvalues).eigenvalues

    @lenient()
    def __call__(self, key: Key[Array, ""], n: int) -> Float[Array, "n dim"]:
        """Draw `n` rows."""
        _check_number(n, len(self.eigenvalues))
        scale = jnp.sqrt(self.eigenvalues)
        return scale * jax.random.rademacher(key, (n, len(scale)), scale.dtype)


class Uniform(eqx.Module):
    """Independent features, uniform on an interval about zero.

    **Arguments** `eigenvalues`: shape ``(dim,)``, positive.
    """

    eigenvalues: Float[Array, " dim"]

    def __init__(self, eigenvalues: Any):
        self.eigenvalues = Spectrum.from_eigenvalues(eigenvalues).eigenvalues

    @lenient()
    def __call__(self, key: Key[Array, ""], n: int) -> Float[Array, "n dim"]:
        """Draw `n` rows."""
        _check_number(n, len(self.eigenvalues))
        edge = jnp.sqrt(3 * self.eigenvalues)
        return edge * jax.random.uniform(key, (n, len(edge)), edge.dtype, -1.0, 1.0)


class StudentT(eqx.Module):
    """Features with the tails of Student's t distribution.

    **Arguments**

    - `eigenvalues`: shape ``(dim,)``, positive.
    - `df`: degrees of freedom, above 2, so that there is a variance.
    - `shared`: whether the features of one row share the length of its tail. Independent tails obey the formulas for
      Gaussian rows in high dimensions if they have four moments; shared ones (an elliptical law) do not.

    **Raises** `ValueError` or `TypeError` for other arguments.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> jc.features.StudentT([1.0, 4.0], df=5.0, shared=True)(jax.random.key(0), 3).shape
    (3, 2)

    ```
    """

    eigenvalues: Float[Array, " dim"]
    df: Float[Array, ""]
    shared: bool = eqx.field(static=True)

    def __init__(self, eigenvalues: Any, df: Any, *, shared: bool):
        check_above("df", df, 2.0)
        check_flag("shared", shared)
        self.eigenvalues = Spectrum.from_eigenvalues(eigenvalues).eigenvalues
        self.df = number(df, "df", 2.0)
        self.shared = shared

    @lenient()
    def __call__(self, key: Key[Array, ""], n: int) -> Float[Array, "n dim"]:
        """Draw `n` rows."""
        _check_number(n, len(self.eigenvalues))
        scale = jnp.sqrt(self.eigenvalues * (self.df - 2) / self.df)
        normal_key, tail_key = jax.random.split(key)
        z = jax.random.normal(normal_key, (n, len(scale)), scale.dtype)
        df = jnp.full((n, 1) if self.shared else z.shape, self.df)
        return scale * z / jnp.sqrt(chi_square(tail_key, df) / df)


class Table(eqx.Module):
    """Rows of a real table, drawn with replacement: centred, and turned into the eigenbasis of their covariance.

    Directions in which the table does not vary are left out.

    **Arguments**

    - `rows`: the table, shape ``(rows, dim)``, at least two rows.
    - `intercept`: whether a column of ones follows the others. Its eigenvalue is one: the second moments of the rows
      are diagonal with it as without.

    **Raises** `ValueError` for another shape, numbers that are not finite and rows that are all the same.

    ```python
    >>> import jax, numpy as np, jaxcollapse as jc
    >>> table = jc.features.Table(np.random.default_rng(0).normal(size=(50, 3)))
    >>> model = jc.LinearRegression(table.spectrum, noise=1.0, penalty=0.1, features=table)
    >>> model.sample(jax.random.key(0), model.truth(), 5).rows[0].shape
    (5, 3)

    ```
    """

    rows: Float[Array, "rows dim"]
    eigenvalues: Float[Array, " dim"]

    def __init__(self, rows: Any, *, intercept: bool = False):
        check_flag("intercept", intercept)
        try:
            table = np.asarray(rows, float)
        except (TypeError, ValueError):
            raise TypeError(f"rows must be a table of numbers with rows of one length, got {shown(rows)}") from None
        if table.ndim != 2 or len(table) < 2 or not np.isfinite(table).all():
            raise ValueError(f"rows must be a table of finite numbers with two rows or more, got shape {table.shape}")
        centred = table - table.mean(axis=0)
        eigenvalues, vectors = np.linalg.eigh(centred.T @ centred / len(centred))
        varies = eigenvalues > 1e-12 * eigenvalues[-1]
        if not varies.any():
            raise ValueError("rows must not all be the same")
        columns, ones = (centred @ vectors[:, varies])[:, ::-1], np.ones((len(table), int(intercept)))
        self.rows = as_floats(np.hstack([columns, ones]))
        self.eigenvalues = as_floats(np.append(eigenvalues[varies][::-1], ones[0]))

    @property
    @lenient()
    def spectrum(self) -> Spectrum:
        """The second moments of the rows, with coefficients spread evenly over its eigenvectors."""
        return Spectrum.from_eigenvalues(self.eigenvalues)

    @lenient()
    def __call__(self, key: Key[Array, ""], n: int) -> Float[Array, "n dim"]:
        """Draw `n` rows."""
        _check_number(n, self.rows.shape[1])
        return self.rows[jax.random.randint(key, (n,), 0, len(self.rows))]
