"""Ridge regression on a random projection of the features: a model with a size of its own.

Protocol: ``y = x'w + noise * e`` with ``x ~ N(0, Sigma)`` in ``d`` dimensions, and ``f(x) = v'S'x`` with a matrix ``S``
of ``m`` columns, independent ``N(0, 1/d)`` entries, that is drawn once and never trained. The fit is
``argmin_v |y - X S v|^2 / n + penalty * |v|^2``; its parameters are ``w = S v``, in the coordinates of the features.
"""

from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from jaxcollapse.arguments.check import check_choice, check_length
from jaxcollapse.arguments.types import Count
from jaxcollapse.chain.data import Samples
from jaxcollapse.chain.model import Wrapper, keeping
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.models.regression.linear_regression import LinearRegression
from jaxcollapse.models.regression.sums import RegressionSums, ridge_solution
from jaxcollapse.population.spectrum import Spectrum


class RandomProjection(Wrapper):
    """Ridge regression on `width` random combinations of the features, the same in all generations.

    **Arguments**

    - `spectrum`: a `jaxcollapse.theory.Spectrum`: the eigenvalues of the covariance of ``x``, shape ``(dim,)``, and
      the true coefficients in its eigenbasis.
    - `width`: ``m``, the number of combinations, at least 1; below, at or above ``dim``.
    - `noise`: standard deviation of the label noise, at least 0; a number or a schedule.
    - `penalty`: ``lambda`` per sample, at least 0; a number or a schedule. With ``m`` much above ``dim`` the fit is
      that of `LinearRegression` with the penalty ``lambda dim/m``.
    - `sampling`: ``"exact"`` draws ``X'X`` and ``X'y``, ``"raw"`` the rows.

    **Metrics** `risk`: the excess test risk ``|S v - w0|_Sigma^2``, label noise excluded.

    **Raises** `ValueError` or `TypeError` for other arguments, and where the projection is missing: `prepare` draws it,
    which ``jaxcollapse.simulate`` does once in every replication.

    **Exactness** Exact in law for every ``n``, ``m`` and ``dim``, up to the tolerance of an iteration, as for
    `LinearRegression`.

    **Reference** Dohmatob, Feng, Subramonian and Kempe 2025, arXiv:2410.04840.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> model = jc.RandomProjection(jc.theory.Spectrum.isotropic(10), width=6, noise=1.0, penalty=0.1)
    >>> jc.simulate(model, jc.Replace(), key=jax.random.key(0), samples=50, generations=4).risk.shape
    (4,)

    ```
    """

    rows: LinearRegression
    """What draws the rows, and knows the population and the penalty."""
    width: int = eqx.field(static=True)
    held: Float[Array, "dim width"] | None = eqx.field(init=False)
    """The projection ``S`` that one replication keeps."""

    def __init__(
        self,
        spectrum: Spectrum,
        *,
        width: Count,
        noise: Any,
        penalty: Any,
        sampling: Literal["exact", "raw"] = "exact",
    ):
        check_length("width", width)
        check_choice("sampling", sampling, ("exact", "raw"))
        self.rows = LinearRegression(spectrum, noise=noise, penalty=penalty, sampling=sampling)
        self.width = int(width)
        self.held = None

    @property
    def model(self) -> LinearRegression:
        """What draws the rows."""
        return self.rows

    @lenient()
    def fit(self, data: RegressionSums | Samples, **context) -> Float[Array, " dim"]:
        """The ridge estimate on the projected features, the minimum-norm one where they leave it open."""
        if self.held is None:
            raise ValueError("the fit depends on the projection, which prepare() draws: use simulate")
        sums = RegressionSums.of(data) if isinstance(data, Samples) else data
        gram, moment = self.held.T @ sums.gram @ self.held, self.held.T @ sums.moment
        regular = jnp.minimum(sums.rows, self.rows.spectrum.dim) >= self.width
        return self.held @ ridge_solution(gram, moment, self.rows.penalty * sums.weight, regular)

    @lenient()
    def prepare(self, key: Key[Array, ""], samples: Float[Array, " batches"]) -> "RandomProjection":
        """The model with its projection."""
        dim = self.rows.spectrum.dim
        held = jax.random.normal(key, (dim, self.width), self.rows.spectrum.signal.dtype) / dim**0.5
        return keeping(self, held=held)
