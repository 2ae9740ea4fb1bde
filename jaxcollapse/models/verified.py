"""A mean whose synthetic rows a verifier accepts or refuses.

Reference: Yi, Liu, Cheng and Xu 2025, arXiv:2510.16657, for the setting.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtr, ndtri
from jaxtyping import Array, Float, Key

from jaxcollapse.arguments.check import is_traced
from jaxcollapse.arguments.names import shown
from jaxcollapse.arguments.numbers import as_floats, at_once, positive
from jaxcollapse.chain.data import Samples
from jaxcollapse.chain.model import Model
from jaxcollapse.chain.prediction import ClosedForm, Forms, NotKnown
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.models.exponential_family import NormalMean
from jaxcollapse.random import split
from jaxcollapse.theory import mean
from jaxcollapse.theory.mean.verified import acceptance, check_acceptance
from jaxcollapse.theory.papers import YI_2025


class Verified(Model):
    """A mean that is trained on rows which a verifier accepts: those near the verifier's own idea of it.

    A coordinate of a synthetic row is drawn until it lies within `radius` of that of `centre`. Sizes of batches count
    accepted rows. Real rows, those of generation 1 included, are not verified.

    **Arguments**

    - `model`: a `NormalMean`; rows are drawn, whatever its sampling.
    - `centre`: of the verifier, a number or an array of the shape of the mean.
    - `radius`: how far from it a coordinate may lie, positive.

    **Metrics** `estimate` and `squared_error` as of `NormalMean`, and `acceptance`, the probability that a coordinate
    drawn from the estimate is accepted, averaged over them: each accepted one costs ``1/acceptance`` draws.

    **Raises** `ValueError` or `TypeError` for another model, a centre of another shape, a radius that is not positive,
    and a verifier that accepts less than 1e-12 of the rows of the truth.

    **Exactness** Exact in law: the accepted rows are drawn from their truncated law.

    **Reference** Yi et al. 2025, arXiv:2510.16657, for the setting. Linear regression on copies of an orthonormal
    design is the same.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> model = jc.Verified(jc.NormalMean([0.0, 0.0]), centre=[0.1, 0.0], radius=1.0)
    >>> run = jc.simulate(model, jc.Replace(), key=jax.random.key(0), samples=20, generations=50)
    >>> bool(run.squared_error[-1] < 0.5)
    True

    ```
    """

    model: NormalMean
    centre: Float[Array, "..."]
    radius: Float[Array, ""]

    def __init__(self, model: NormalMean, *, centre: Any, radius: Any):
        if not isinstance(model, NormalMean):
            raise TypeError(f"model must be a jaxcollapse NormalMean, got {shown(model)}")
        self.model = model
        self.centre = as_floats(centre)
        if self.centre.shape not in ((), model.parameter.shape):
            raise ValueError(f"centre must be a number or have shape {model.parameter.shape}, got {self.centre.shape}")
        if not is_traced(self.centre) and not np.isfinite(np.asarray(self.centre)).all():
            raise ValueError(f"centre must be finite, got {centre}")
        self.radius = positive(radius, "radius")
        with at_once(model.parameter, model.variance, self.centre, self.radius):
            check_acceptance(*self._distance(model.parameter))

    def truth(self) -> Float[Array, "..."]:
        """The true mean."""
        return self.model.parameter

    @lenient()
    def real(self, key: Key[Array, ""], truth: Float[Array, "..."], n: int) -> Samples:
        """Draw `n` rows of the truth, which nobody verifies."""
        return Samples(self.model.rows(key, truth, n))

    @lenient()
    def sample(self, key: Key[Array, ""], params: Float[Array, "..."], n: int) -> Samples:
        """Draw `n` accepted rows: uniform between the ends of the interval, on the side where it is near."""
        key, _ = split(key)  # rows of their own, wherever real ones are drawn with the same key
        distance, width = self._distance(params)
        far = jnp.abs(distance)
        low, high = ndtr(-width - far), ndtr(width - far)
        share = jax.random.uniform(key, (n, *params.shape), params.dtype, jnp.finfo(params.dtype).tiny)
        z = jnp.clip(ndtri(low + share * (high - low)), -width - far, width - far)
        z = jnp.where(distance < 0, -z, z)
        return Samples(params + jnp.sqrt(self.model.variance) * z)

    def fit(self, data: Samples, **context) -> Float[Array, "..."]:
        """The sample mean."""
        return data.mean(self.model.statistic)

    @lenient()
    def metrics(self, params: Float[Array, "..."], **context) -> dict[str, Float[Array, "..."]]:
        """Those of the mean, and how many rows of the estimate are accepted."""
        return {**self.model.metrics(params), "acceptance": jnp.mean(acceptance(*self._distance(params)))}

    @lenient()
    def predict(self, workflow: Workflow, samples: Float[Array, " generations"], generations: int) -> Forms:
        """For the newest rows alone: exact for a single round, and close to it later."""
        nearest = "Replace: theory.mean.mean_verified_replace"
        if not workflow.newest_alone:
            return {"": NotKnown("it is for the newest rows alone", nearest)}
        truth, variance = self.model.parameter, self.model.variance
        function = mean.mean_verified_replace
        bias = jnp.broadcast_to(self.centre, truth.shape) - truth
        flat = bias if truth.ndim <= 1 else bias.ravel()
        setting = {"radius": self.radius, "samples": samples, "variance": variance, "generations": generations}
        moments = function(bias=flat, **setting)
        kind: dict[str, Any] = {} if generations <= 2 else {"exactness": "asymptotic", "order": "1/n"}
        return {
            "estimate": ClosedForm(truth + moments.bias.reshape(-1, *truth.shape), function, reference=YI_2025, **kind),
            "squared_error": ClosedForm(moments.squared_error, function, reference=YI_2025, **kind),
            "acceptance": NotKnown("only the law of the estimate is", nearest),
        }

    def _distance(self, params: Float[Array, "..."]) -> tuple[Float[Array, "..."], Float[Array, ""]]:
        """How far a mean is from the verifier, and the radius, in units of the deviation of a row."""
        deviation = jnp.sqrt(self.model.variance)
        return (params - self.centre) / deviation, self.radius / deviation
