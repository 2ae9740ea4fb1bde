"""Linear regression by steps of gradient descent, in a loop on one design.

Protocol: the rows ``X`` are kept, their labels are drawn again from each predecessor, and the next fit takes some steps
of descent on ``|y - Xw|^2/(2n)``. Its closed forms are those of
`jaxcollapse.theory.networks.early_stopping_squared_error`.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, Scalar

from jaxcollapse.arguments.check import check_count, check_flag, check_nonnegative
from jaxcollapse.arguments.types import Count
from jaxcollapse.chain.data import WeightedSum
from jaxcollapse.chain.model import Model
from jaxcollapse.chain.prediction import ClosedForm, Forms, NotKnown
from jaxcollapse.chain.schedule import Scheduled, number_or_schedule, positive_or_schedule, single
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.population.spectrum import Spectrum, check_spectrum
from jaxcollapse.random import normal
from jaxcollapse.random.loops import alongside
from jaxcollapse.theory import networks


class EarlyStopping(Model):
    """A linear network on labels whose training is stopped early, on a given design.

    **Arguments**

    - `spectrum`: the eigenvalues of ``X'X/n``, and the true coefficients along its eigenvectors:
      ``Spectrum.from_eigenvalues(s, basis.T @ w0)``.
    - `noise`: standard deviation of the label noise, at least 0; a number or a schedule.
    - `rate`: of the descent, positive; a number or a schedule. It diverges along eigenvectors with ``rate s > 2``.
    - `steps`: how many, a positive integer.
    - `warm`: whether a fit begins where the last one ended, the first one at zero; or each at zero.

    **Metrics** `squared_error` of every coefficient along the eigenvectors, shape ``(dim,)``, and `risk`, their sum:
    the excess risk of isotropic test data.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact in law, at a cost that does not depend on the number of rows. Batches of other sizes have
    designs with the same ``X'X/n``.

    **Reference** Ali, Kolter and Tibshirani 2019, arXiv:1810.10082, for one fit.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> design = jc.theory.Spectrum.from_eigenvalues([1.0, 0.1])
    >>> model = jc.EarlyStopping(design, noise=0.5, rate=0.5, steps=10)
    >>> jc.simulate(model, jc.Accumulate(), key=jax.random.key(0), samples=50, generations=3).squared_error.shape
    (3, 2)

    ```
    """

    spectrum: Spectrum
    noise: Scheduled
    rate: Scheduled
    steps: int = eqx.field(static=True)
    warm: bool = eqx.field(static=True)

    def __init__(self, spectrum: Spectrum, *, noise: Any, rate: Any, steps: Count, warm: bool = False):
        check_spectrum(spectrum)
        check_nonnegative("spectrum", spectrum.eigenvalues)
        self.spectrum = spectrum
        self.noise = number_or_schedule(noise, "noise", 0.0)
        self.rate = positive_or_schedule(rate, "rate")
        check_count("steps", steps, minimum=1)
        self.steps = int(steps)
        check_flag("warm", warm)
        self.warm = warm

    @property
    def draws_sums(self) -> bool:
        return True

    def truth(self) -> Float[Array, " dim"]:
        """The true coefficients."""
        return self.spectrum.signal

    @lenient()
    def sample(self, key: Key[Array, ""], params: Float[Array, " dim"], n: Scalar | int) -> WeightedSum:
        """Draw ``X'y`` along the eigenvectors, for labels of the design."""
        s, n = self.spectrum.eigenvalues, jnp.asarray(n, params.dtype)
        return WeightedSum(n * s * params + self.noise * jnp.sqrt(n * s) * normal(key, params.shape, params.dtype), n)

    @lenient()
    def fit(self, data: WeightedSum, *, previous: Float[Array, " dim"], **context) -> Float[Array, " dim"]:
        """The coefficients after the last step."""
        s, moment = self.spectrum.eigenvalues, data.mean
        start = previous if self.warm else jnp.zeros_like(moment)
        descend = lambda _, w: w - self.rate * (s * w - moment)  # noqa: E731
        return jax.lax.fori_loop(0, self.steps, descend, alongside(start, moment))

    def metrics(self, params: Float[Array, " dim"], **context) -> dict[str, Float[Array, "..."]]:
        """The squared errors, and their sum."""
        squares = (params - self.spectrum.signal) ** 2
        return {"squared_error": squares, "risk": jnp.sum(squares)}

    @lenient()
    def predict(self, workflow: Workflow, samples: Float[Array, " generations"], generations: int) -> Forms:
        """One rate and one noise for all fits, and whole batches."""
        noise, rate = single(self.noise), single(self.rate)
        function = networks.early_stopping_squared_error
        if workflow.needs_rows or noise is None or rate is None:
            return {"": NotKnown("it is for one rate and one noise, and no picked rows", "constant noise and rate")}
        descent = networks.gradient_descent(rate, self.steps)
        setting = {"samples": samples, "noise": noise, "warm": self.warm, "generations": generations}
        squares = function(self.spectrum, descent, workflow, **setting)
        return {"squared_error": ClosedForm(squares, function), "risk": ClosedForm(squares.sum(axis=1), function)}
