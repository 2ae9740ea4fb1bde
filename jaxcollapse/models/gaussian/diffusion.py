"""A Gaussian diffusion model in a loop: a fit whose sampler follows an extrapolated score, or a range of noise.

Protocol: a Gaussian is fitted to ``n`` rows, and with guidance another one to ``n'`` rows that it draws. What the
sampler draws from both scores is Gaussian, and the next generation is fitted to it. Its law is exact, at a cost that
does not depend on the number of rows or of steps; see `jaxcollapse.theory.gaussian.guided_law`.

Reference: the setting of Alemohammad, Humayun, Agarwal, Collomosse and Baraniuk 2024, arXiv:2408.16333.
"""

from typing import Any, Literal

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from jaxcollapse.arguments.check import check_choice, is_traced
from jaxcollapse.arguments.numbers import as_floats, number
from jaxcollapse.chain.data import Samples
from jaxcollapse.chain.model import Wrapper
from jaxcollapse.chain.prediction import ClosedForm, Forms, NotKnown
from jaxcollapse.chain.schedule import single
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.models.gaussian.univariate import Gaussian, Normal, NormalSums
from jaxcollapse.models.inflated import unbiased
from jaxcollapse.random.logarithm import log
from jaxcollapse.theory import gaussian
from jaxcollapse.theory.gaussian.diffusion import check_range, ranged
from jaxcollapse.theory.gaussian.guided import SAMPLERS, guided_change


class GaussianDiffusion(Wrapper):
    """A univariate Gaussian that generates as a diffusion model does, and is fitted as `Gaussian` is.

    **Arguments**

    - `sampler`: ``"ode"``, the probability flow, ``"sde"``, the reverse diffusion, or ``"langevin"`` at the level 0.
    - `guidance`: ``w``, at least 0: the score is ``(1 + w) s_base - w s_other``, the other one that of a fit to own
      samples of the base. None by default.
    - `auxiliary_samples`: ``n'``, the number of those, above 1; to be given with `guidance`.
    - `sigma_min`, `sigma_max`: the sampler starts from ``N(0, sigma_max^2)`` and stops at `sigma_min`. By default it
      starts from infinite noise and stops at none; with a range there is no guidance, and no ``"langevin"``.
    - `ddof`, `mean`, `variance`, `sampling`: as for `Gaussian`.

    **Metrics** those of `Gaussian`, of what the sampler draws: `mean`, `log_variance`, `variance`, `squared_error`.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact in law for a sampler with infinitely many steps. ``"langevin"`` has no law once the fit to own
    samples has a variance ratio of ``w/(1 + w)`` or less, and all is NaN from then on.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> model = jc.GaussianDiffusion("ode", guidance=1.0, auxiliary_samples=50)
    >>> run = jc.simulate(model, jc.Replace(), key=jax.random.key(0), samples=50, generations=20)
    >>> run.log_variance.shape
    (20,)

    ```
    """

    gaussian: Gaussian
    sampler: Literal["ode", "sde", "langevin"] = eqx.field(static=True)
    guidance: Float[Array, ""]
    auxiliary_samples: Float[Array, ""] | None
    sigma_min: Float[Array, ""] | None
    sigma_max: Float[Array, ""] | None

    def __init__(
        self,
        sampler: Literal["ode", "sde", "langevin"],
        *,
        guidance: Any = 0.0,
        auxiliary_samples: Any = None,
        sigma_min: Any = 0.0,
        sigma_max: Any = None,
        ddof: Literal[0, 1] = 1,
        mean: Any = 0.0,
        variance: Any = 1.0,
        sampling: Literal["exact", "raw"] = "exact",
    ):
        check_choice("sampler", sampler, SAMPLERS)
        self.gaussian = Gaussian(ddof=ddof, mean=mean, variance=variance, sampling=sampling)
        self.sampler = sampler
        self.guidance = number(guidance, "guidance", 0.0)
        guided = is_traced(self.guidance) or bool(np.asarray(self.guidance) > 0)
        if guided and auxiliary_samples is None:
            raise ValueError("auxiliary_samples must be given with guidance: the size of the fit to own samples")
        self.auxiliary_samples = (
            None if auxiliary_samples is None else number(auxiliary_samples, "auxiliary_samples", 2)
        )
        if sigma_max is None and (is_traced(sigma_min) or sigma_min != 0):
            raise ValueError(f"sigma_max must be given with sigma_min, got sigma_min={sigma_min}")
        if sigma_max is not None:
            check_range(sigma_min, sigma_max)
            if auxiliary_samples is not None or sampler == "langevin":
                raise ValueError("sigma_max must be None with guidance, and with sampler='langevin'")
        self.sigma_min, self.sigma_max = (
            None if sigma_max is None else as_floats(level) for level in (sigma_min, sigma_max)
        )

    @property
    def model(self) -> Gaussian:
        """The Gaussian that is fitted."""
        return self.gaussian

    def fit(self, data: NormalSums | Samples, **context) -> Normal:
        """What the sampler draws, after the fit of the base and, with guidance, of the other one."""
        base = self.gaussian.fit(data)
        if self.sigma_max is not None and self.sigma_min is not None:
            variance = jnp.exp(base.log_variance)
            factor, after = ranged(self._diffusion, variance, self.sigma_min**2, self.sigma_max**2)
            return Normal(factor * base.mean, jnp.log(after))
        if self.auxiliary_samples is None:
            return base
        return self._guided(base, context["key"])

    @property
    def _diffusion(self) -> Literal["ode", "sde"]:
        return "ode" if self.sampler == "ode" else "sde"

    def _guided(self, base: Normal, key: Key[Array, ""]) -> Normal:
        own = self.auxiliary_samples
        assert own is not None
        mean, chi2 = self.gaussian.statistics(key, base, own)
        change = guided_change(self.sampler, self.guidance, log(chi2 / (own - self.gaussian.ddof)))
        return Normal(base.mean + change.mean * (base.mean - mean), base.log_variance + change.variance)

    @lenient()
    def predict(self, workflow: Workflow, samples: Float[Array, " generations"], generations: int) -> Forms:
        """Without guidance and range those of the Gaussian; of a guided flow and of a range under `Replace`."""
        if self.auxiliary_samples is None and self.sigma_max is None:
            return self.gaussian.predict(workflow, samples, generations)
        size, variance = single(samples), jnp.exp(self.gaussian.log_variance)
        if not workflow.newest_alone or size is None:
            return {"": NotKnown("it is for batches of one size, each in place of the last", "Replace")}
        if self.sigma_max is not None:
            curve = gaussian.ranged_replace(
                self._diffusion,
                variance=variance,
                sigma_min=self.sigma_min,
                sigma_max=self.sigma_max,
                generations=generations,
            )
            return {"variance": ClosedForm(curve, gaussian.ranged_replace, "asymptotic", order="1/n")}
        if self.sampler != "ode" or self.gaussian.ddof != 1:
            return {"": NotKnown("it is for the flow and the unbiased variance", 'sampler="ode", ddof=1')}
        loop = {"samples": size, "auxiliary_samples": self.auxiliary_samples, "guidance": self.guidance}
        walk = gaussian.guided_replace_log_variance(**loop, generations=generations)
        known: Forms = {
            "mean": unbiased(self.gaussian.mean, samples),
            "log_variance": ClosedForm(self.gaussian.log_variance + walk.mean, gaussian.guided_replace_log_variance),
        }
        traced = is_traced(self.guidance) or is_traced(self.auxiliary_samples)
        if not traced and bool(np.asarray(self.auxiliary_samples) - 1 <= 2 * np.asarray(self.guidance)):
            return {**known, "": NotKnown("the mean is infinite", "auxiliary_samples above 1 + 2 guidance")}
        moments = gaussian.guided_replace_moments(**loop, generations=generations)
        return {
            **known,
            "variance": ClosedForm(variance * moments.variance, gaussian.guided_replace_moments),
            "squared_error": ClosedForm(variance * moments.mean, gaussian.guided_replace_moments),
        }
