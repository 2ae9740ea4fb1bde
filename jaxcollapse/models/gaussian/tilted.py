"""A Gaussian chain that is drawn where its large variances are likely, with the weights that make up for it.

When ``g`` passes ``n`` the moments of a collapsing variance are carried by chains so rare that no number of plain
replications meets them: their mean is wrong by orders of magnitude, with a small reported error.
"""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jax.scipy.special import gammaln
from jaxtyping import Array, Float, Key, Scalar

from jaxcollapse.arguments.names import shown
from jaxcollapse.arguments.numbers import number
from jaxcollapse.chain.data import Moved
from jaxcollapse.chain.model import Model, Wrapper
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.models.gaussian.univariate import Gaussian, Normal


class WeightedNormal(eqx.Module):
    """A fitted Gaussian, and the log of the weight of the chain that led to it."""

    gaussian: Normal
    log_weight: Float[Array, ""]


class TiltedGaussian(Wrapper):
    """A `Gaussian` chain under `Replace` whose law is tilted by ``X_g^s``: importance sampling, exact in every mean.

    The factors ``chi2(n - 1)`` of the variance become ``chi2(n - 1 + 2s)``, and a chain has the weight
    ``exp(K(s)) X_g^-s`` with ``K(s) = log E X_g^s``: ``E[weight * f]`` is the mean of ``f`` in the plain chain, for any
    ``f`` of it. For ``f = X_g^s`` the product does not vary at all.

    **Arguments**

    - `gaussian`: the plain chain; it must draw sufficient statistics.
    - `power`: ``s``. Of one sign with the power of the variance whose mean is asked for; above ``-(n - 1)/2``.

    **Metrics** those of the Gaussian and `log_weight`. Multiply a function of the others with ``exp(log_weight)``, and
    look at `Estimate.effective_samples` of the product: how many replications its mean rests on.

    **Raises** `ValueError` or `TypeError` for another model or power, and `TypeError` under a workflow that keeps data.

    **Exactness** Exact in every mean.

    **Reference** Siegmund 1976, for exponential tilting; the trap is that of figure 3 of Xu, He and Cheng 2025,
    arXiv:2505.13947.

    ```python
    >>> import jax, jax.numpy as jnp, jaxcollapse as jc
    >>> model = jc.TiltedGaussian(jc.Gaussian(ddof=1), power=1.5)
    >>> def second_moment(key):
    ...     run = jc.simulate(model, jc.Replace(), key=key, samples=100, generations=500)
    ...     return jnp.exp(run.log_weight[-1] + 2 * run.log_variance[-1])
    >>> estimate = jc.monte_carlo(second_moment, jax.random.key(0), 4096)
    >>> bool(abs(estimate.mean / 22034 - 1) < 0.2)  # the exact value; 4,096 plain chains usually find less than 300
    True

    ```
    """

    gaussian: Gaussian
    power: Float[Array, ""]

    def __init__(self, gaussian: Gaussian, *, power: Any):
        if not isinstance(gaussian, Gaussian):
            raise TypeError(f"gaussian must be a jaxcollapse Gaussian, got {shown(gaussian)}")
        if not gaussian.draws_sums:
            raise ValueError('gaussian must draw sufficient statistics, but has sampling="raw"')
        self.gaussian = gaussian
        self.power = number(power, "power", -float("inf"))

    @property
    def model(self) -> Gaussian:
        """The plain chain."""
        return self.gaussian

    @lenient()
    def truth(self) -> WeightedNormal:
        """The truth of the Gaussian, of weight one."""
        return WeightedNormal(self.gaussian.truth(), jnp.zeros(()))

    real = Model.real  # batch 1 is tilted as all are

    def metrics(self, params: WeightedNormal, **context) -> dict[str, Float[Array, ""]]:
        """The metrics of the Gaussian, and the log of the weight."""
        return {**self.gaussian.metrics(params.gaussian), "log_weight": params.log_weight}

    def sample(self, key: Key[Array, ""], params: WeightedNormal, n: Scalar | int) -> Moved:
        """The fit to `n` tilted rows."""
        gaussian, s = self.gaussian, self.power
        before = params.gaussian
        mean, chi2 = gaussian.statistics(key, before, n, 2 * s)
        half, divisor = (n - 1) / 2, n - gaussian.ddof
        log_factor = jnp.log(chi2 / divisor)
        log_moment = gammaln(half + s) - gammaln(half) - s * jnp.log(divisor / 2)
        after = Normal(mean, before.log_variance + log_factor)
        return Moved(WeightedNormal(after, params.log_weight + log_moment - s * log_factor))

    def fit(self, data: Moved, **context) -> WeightedNormal:
        """The fit that was drawn."""
        return data.params
