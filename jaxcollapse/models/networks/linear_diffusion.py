"""A linear diffusion model, trained by gradient or at its optimum, in a loop.

Protocol: a linear denoiser at each of some noise levels, trained by denoising score matching on the second moments of
the data; rows are drawn by the deterministic sampler (DDIM) from the largest level to the smallest. Its closed forms
are those of `jaxcollapse.theory.networks.ddim`.

Reference: Song, Meng and Ermon 2020, arXiv:2010.02502; the loops of Gerstgrasser et al. 2024, arXiv:2404.01413.
"""

from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from jaxcollapse.arguments.check import check_choice, check_flag, check_length, is_traced
from jaxcollapse.arguments.numbers import positive
from jaxcollapse.arguments.types import Count, Number
from jaxcollapse.chain.prediction import ClosedForm, Forms, NotKnown
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.models.networks.linear import (
    LinearNetwork,
    check_sampling,
    descend,
    scale_of,
    second_order,
    training,
)
from jaxcollapse.population.spectrum import Spectrum
from jaxcollapse.theory import networks


class LinearDiffusion(LinearNetwork):
    """A diffusion model whose denoisers are matrices.

    At level ``sigma`` the optimum is ``A = M (M + sigma^2)^-1`` for data with second moments ``M``; the sampler begins
    with ``N(0, sigma_max^2)`` and multiplies by ``r + (1 - r) A`` from level to level, ``r`` the ratio of the two.

    **Arguments**

    - `eigenvalues`: of the true covariance, positive, shape ``(dim,)``.
    - `sigma_max`, `sigma_min`: the largest and the smallest noise level, positive; levels between them are geometric.
    - `levels`: how many, at least 2.
    - `denoise`: whether the last step is the posterior mean.
    - `solver`: ``"gradient"``, Adam with a cosine schedule on the loss in its mean over the noise, from a random start,
      or the ``"optimum"``.
    - `steps`, `rate`: of the descent, every level in its own units.
    - `time`: with ``solver="optimum"``, stop gradient flow from zero on ``E|A x_sigma - x|^2`` after this time, at
      every level, positive. By default it goes on for ever.
    - `sampling`: ``"exact"`` draws second moments, at a cost that does not depend on the number of rows; ``"raw"``
      draws rows.

    **Metrics** `trace` of the covariance of what is generated, its diagonal `variances`, along the eigenvectors of the
    truth, and `squared_error` ``|C - C_0|^2``, the squared Frobenius distance from the truth.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Data is drawn exactly. 300 steps end within 1e-4 of the optimum, 900 within 1e-10. A descent that
    diverges is NaN from then on.

    **Reference** Song, Meng and Ermon 2020, arXiv:2010.02502, for the sampler.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> model = jc.LinearDiffusion([4.0, 1.0], sigma_max=20.0, sigma_min=0.3, levels=12, solver="optimum")
    >>> run = jc.simulate(model, jc.Replace(), key=jax.random.key(0), samples=10**6, generations=2)
    >>> print(np.round(np.asarray(run.variances), 1))
    [[3.4 0.9]
     [2.9 0.8]]

    ```
    """

    eigenvalues: Float[Array, " dim"]
    sigma_max: Float[Array, ""]
    sigma_min: Float[Array, ""]
    time: Float[Array, ""] | None
    levels: int = eqx.field(static=True)
    denoise: bool = eqx.field(static=True)
    solver: Literal["gradient", "optimum"] = eqx.field(static=True)
    steps: int = eqx.field(static=True)
    rate: float = eqx.field(static=True)
    sampling: Literal["exact", "raw"] = eqx.field(static=True)

    def __init__(
        self,
        eigenvalues: Any,
        *,
        sigma_max: Any,
        sigma_min: Any,
        levels: Count,
        denoise: bool = False,
        solver: Literal["gradient", "optimum"] = "gradient",
        steps: Count = 300,
        rate: Number = 0.03,
        time: Any = None,
        sampling: Literal["exact", "raw"] = "exact",
    ):
        self.eigenvalues = Spectrum.from_eigenvalues(eigenvalues).eigenvalues
        self.sigma_max, self.sigma_min = (
            positive(value, name) for name, value in (("sigma_max", sigma_max), ("sigma_min", sigma_min))
        )
        if not is_traced(self.sigma_max) and not is_traced(self.sigma_min) and not np.asarray(sigma_max) > sigma_min:
            raise ValueError(f"sigma_max must be above sigma_min = {sigma_min}, got {sigma_max}")
        check_length("levels", levels, minimum=2, each=64 * float(len(self.eigenvalues)) ** 2)
        self.levels = int(levels)
        check_flag("denoise", denoise)
        self.denoise = denoise
        check_choice("solver", solver, ("gradient", "optimum"))
        self.solver = solver
        if time is not None and solver != "optimum":
            raise ValueError(f'time must be None, or go with solver="optimum", got time={time} and solver={solver!r}')
        self.time = None if time is None else positive(time, "time")
        self.steps, self.rate = training(steps, rate)
        self.sampling = check_sampling(sampling)

    @property
    @lenient()
    def sigmas(self) -> Float[Array, " levels"]:
        """The noise levels, falling."""
        return jnp.geomspace(self.sigma_max, self.sigma_min, self.levels)

    def trained(self, moments: Float[Array, "dim dim"], key: Key[Array, ""]) -> Float[Array, "dim dim"]:
        """What the sampler multiplies its noise by."""
        sigmas = self.sigmas.astype(moments.dtype)
        ratios = sigmas[1:] / sigmas[:-1]
        if self.solver == "optimum":
            values, vectors = jnp.linalg.eigh(moments)
            noisy = values + sigmas[:, None] ** 2
            denoisers = values / noisy
            if self.time is not None:
                denoisers = -denoisers * jnp.expm1(-2 * self.time * noisy)
            gain = jnp.prod(ratios[:, None] + (1 - ratios[:, None]) * denoisers[:-1], axis=0)
            gain = sigmas[0] * (gain * denoisers[-1] if self.denoise else gain)
            return vectors * gain
        denoisers = self._descent(moments, sigmas, key)

        def step(factor, level):
            ratio, denoiser = level
            return ratio * factor + (1 - ratio) * (denoiser @ factor), None

        start = sigmas[0] * jnp.eye(self.dim, dtype=moments.dtype) + 0.0 * moments
        factor = jax.lax.scan(step, start, (ratios, denoisers[:-1]))[0]
        return denoisers[-1] @ factor if self.denoise else factor

    @lenient()
    def predict(self, workflow: Workflow, samples: Float[Array, " generations"], generations: int) -> Forms:
        """At the optimum."""
        if self.solver != "optimum":
            return {"": NotKnown("it is for the optimum", 'solver="optimum": theory.networks.moments of ddim')}
        network = networks.ddim(self.sigmas, denoise=self.denoise, time=self.time)
        known = second_order(self.eigenvalues, network, workflow, samples)
        variances = known["variances"]
        if not isinstance(variances, ClosedForm):
            return known
        total = ClosedForm(variances.curve.sum(axis=1), networks.moments, "asymptotic", order="1/n^2")
        return {**known, "trace": total}

    @lenient()
    def _descent(
        self, moments: Float[Array, "dim dim"], sigmas: Float[Array, " levels"], key: Key[Array, ""]
    ) -> Float[Array, "levels dim dim"]:
        scale = scale_of(moments)
        s, squares = moments / scale, (sigmas**2 / scale)[:, None, None]
        noisy = s + squares * jnp.eye(self.dim, dtype=moments.dtype)
        unit = jax.lax.rsqrt(1 + squares)

        def loss(own):
            """``E|A x_sigma - x|^2`` of all levels, without constants."""
            a = unit * own
            return jnp.sum((a @ noisy) * a) - 2 * jnp.sum(a * s)

        start = 0.1 * jax.random.normal(key, (self.levels, self.dim, self.dim), moments.dtype)
        return unit * descend(loss, start, steps=self.steps, rate=self.rate)
