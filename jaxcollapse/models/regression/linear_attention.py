"""Linear attention that learns in context: each context is read in one step, and labels rows of the next.

Protocol: ``w = (Gamma/n) sum_i y_i x_i`` over the ``n`` rows of a context, which is what one layer of linear attention
answers with; the next context has rows that ``w`` labels, and real ones where the workflow mixes.

Reference: the setting of Fu et al. 2025, arXiv:2502.18865; see `jaxcollapse.theory.regression.attention_mix`.
"""

from typing import Any, Literal

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_choice
from jaxcollapse.arguments.numbers import as_floats
from jaxcollapse.chain.data import Samples
from jaxcollapse.chain.model import Wrapper
from jaxcollapse.chain.prediction import ClosedForm, Forms, NotKnown
from jaxcollapse.chain.schedule import values
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.models.regression.linear_regression import LinearRegression
from jaxcollapse.models.regression.sums import RegressionSums
from jaxcollapse.population.spectrum import Spectrum, check_spectrum
from jaxcollapse.theory import regression
from jaxcollapse.theory.regression.linear_attention import check_gain


class LinearAttention(Wrapper):
    """Coefficients that are read from a context by linear attention instead of least squares.

    **Arguments**

    - `spectrum`: eigenvalues of the covariance of ``x``, shape ``(dim,)``, and the true coefficients.
    - `noise`: standard deviation of the label noise, at least 0; a number or a schedule.
    - `gain`: ``Gamma``, a number or shape ``(dim,)``; 1 by default.
    - `sampling`: ``"exact"`` draws sums, ``"raw"`` rows.

    **Metrics** `risk`, as for `LinearRegression`.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact in law for Gaussian rows.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> model = jc.LinearAttention(jc.theory.Spectrum.isotropic(10), noise=0.5)
    >>> mix = jc.Mix("fresh", real_samples=6)
    >>> jc.simulate(model, mix, key=jax.random.key(0), samples=34, generations=4).risk.shape
    (4,)

    ```
    """

    regression: LinearRegression
    gain: Float[Array, "..."]
    sampling: Literal["exact", "raw"] = eqx.field(static=True)

    def __init__(self, spectrum: Spectrum, *, noise: Any, gain: Any = 1.0, sampling: Literal["exact", "raw"] = "exact"):
        check_spectrum(spectrum)
        check_choice("sampling", sampling, ("exact", "raw"))
        check_gain(gain, spectrum.dim)
        self.regression = LinearRegression(spectrum, noise=noise, sampling="raw" if sampling == "raw" else "bartlett")
        self.gain = as_floats(gain)
        self.sampling = sampling

    @property
    def model(self) -> LinearRegression:
        """The regression whose rows are read."""
        return self.regression

    def fit(self, data: RegressionSums | Samples, **context) -> Float[Array, " dim"]:
        """The mean of ``y x``, times the gain."""
        sums = RegressionSums.of(data) if isinstance(data, Samples) else data
        return self.gain * sums.moment / sums.weight

    @lenient()
    def predict(self, workflow: Workflow, samples: Float[Array, " generations"], generations: int) -> Forms:
        """The risk on the newest rows, with fresh real ones that count alike or without."""
        fresh = workflow.mixes == "fresh" and workflow.counts_alike
        if not (fresh or workflow.newest_alone):
            return {"risk": NotKnown("it is for the newest rows and fresh real ones, without weights", 'Mix("fresh")')}
        real = workflow.real_sizes(samples) if fresh else jnp.zeros_like(samples).at[0].set(samples[0])
        curve = regression.attention_mix(
            self.regression.spectrum,
            samples=samples,
            real_samples=real,
            noise=values(self.regression.noise, generations),
            gain=self.gain,
            generations=generations,
        )
        return {"risk": ClosedForm(curve, regression.attention_mix)}
