"""Linear regression that estimates the noise of its labels too, and passes it on.

Protocol: ``y = x'w + sigma * e`` with ``x ~ N(0, Sigma)``; every generation refits ``w`` by least squares and ``sigma``
from the residuals, and labels the next data with both.
"""

from typing import Any, Literal

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from jaxcollapse.arguments.check import check_choice
from jaxcollapse.arguments.numbers import number
from jaxcollapse.chain.data import Samples
from jaxcollapse.chain.model import Model, Wrapper
from jaxcollapse.chain.prediction import ClosedForm, Forms, NotKnown
from jaxcollapse.chain.schedule import single
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.models.regression.linear_regression import LinearRegression
from jaxcollapse.population.spectrum import Spectrum
from jaxcollapse.theory import regression


class Line(eqx.Module):
    """What a `LinearGaussian` is fitted to be: the mean of a label given its row, and what it scatters by."""

    coefficients: Float[Array, " dim"]
    noise: Float[Array, ""]


class LinearGaussian(Wrapper):
    """Least squares, with an estimate of the label noise.

    **Arguments**

    - `spectrum`: a `jaxcollapse.theory.Spectrum`: the eigenvalues of the covariance of ``x``, shape ``(dim,)``, and
      the true coefficients in its eigenbasis.
    - `noise`: the true standard deviation of the label noise, at least 0.
    - `ddof`: what the residual sum of squares is divided by: ``"none"`` for the rows ``n`` (maximum likelihood),
      ``"dim"`` for ``n - dim`` (no bias).

    **Metrics** `risk`: the excess test risk ``|w - w0|_Sigma^2``; `variance`: the estimate of ``sigma^2``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact in law: rows are drawn. With fewer rows than coefficients nothing is left to estimate the noise
    from: it is 0 for ``ddof="none"``, and NaN otherwise.

    **Reference** `jaxcollapse.theory.regression.ols_replace_estimated_noise` has the mean of its risk under `Replace`.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> model = jc.LinearGaussian(jc.theory.Spectrum.isotropic(4), noise=1.0, ddof="none")
    >>> jc.simulate(model, jc.Replace(), key=jax.random.key(0), samples=24, generations=3).variance.shape
    (3,)

    ```
    """

    regression: LinearRegression
    """What draws the rows and fits the coefficients."""
    noise: Float[Array, ""]
    ddof: Literal["none", "dim"] = eqx.field(static=True)

    def __init__(self, spectrum: Spectrum, *, noise: Any, ddof: Literal["none", "dim"]):
        check_choice("ddof", ddof, ("none", "dim"))
        self.noise = number(noise, "noise", 0.0)
        self.regression = LinearRegression(spectrum, noise=self.noise, sampling="raw")
        self.ddof = ddof

    @property
    def model(self) -> LinearRegression:
        """The regression."""
        return self.regression

    def truth(self) -> Line:
        """The true coefficients and the true noise."""
        return Line(self.regression.truth(), self.noise)

    real = Model.real  # parameters are more than those of the regression

    def sample(self, key: Key[Array, ""], params: Line, n: int) -> Samples:
        """Draw `n` rows ``(x, y)``."""
        labeller = eqx.tree_at(lambda regression: regression.noise, self.regression, params.noise)
        return labeller.sample(key, params.coefficients, n)

    def fit(self, data: Samples, **context) -> Line:
        """Least squares, and the root of the mean squared residual."""
        coefficients = self.regression.fit(data)
        x, y = data.rows
        squares = jnp.sum(data.weights * (y - x @ coefficients) ** 2)
        rest = data.count - (self.regression.spectrum.dim if self.ddof == "dim" else 0)
        return Line(coefficients, jnp.sqrt(jnp.where(rest > 0, squares / jnp.where(rest > 0, rest, 1.0), jnp.nan)))

    def metrics(self, params: Line, **context) -> dict[str, Float[Array, ""]]:
        """The excess test risk and the variance of the labels."""
        return {**self.regression.metrics(params.coefficients), "variance": params.noise**2}

    @lenient()
    def predict(self, workflow: Workflow, samples: Float[Array, " generations"], generations: int) -> Forms:
        """For `Replace` with batches of one size: labels and coefficients are independent."""
        size, dim = single(samples), self.regression.spectrum.dim
        function = regression.ols_replace_estimated_noise
        if not workflow.newest_alone or size is None or not bool(size > dim):
            nearest = "Replace, one size above the number of coefficients"
            return {"": NotKnown("an estimated noise is known of new rows", nearest)}
        risk = function(dim=dim, samples=size, noise=self.noise, generations=generations, ddof=self.ddof)
        kept = 1.0 if self.ddof == "dim" else 1 - dim / size
        variance = self.noise**2 * kept ** jnp.arange(1, generations + 1)
        return {"risk": ClosedForm(risk, function), "variance": ClosedForm(variance, function)}
