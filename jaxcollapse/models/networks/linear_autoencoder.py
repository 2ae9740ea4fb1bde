"""A linear variational autoencoder, trained by gradient or at its optimum, in a loop.

Protocol: decoder ``N(W z, sigma^2)``, encoder ``N(V x, D)``, the KL term weighed by ``beta``; rows are the mean of the
decoder, as the studies of collapse draw them, or that plus pixel noise. Its closed forms are those of
`jaxcollapse.theory.networks.soft_threshold`.

Reference: Lucas, Tucker, Grosse and Norouzi 2019, arXiv:1911.02469; the loops of Gerstgrasser et al. 2024,
arXiv:2404.01413.
"""

from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from jaxcollapse.arguments.check import check_choice, check_count, is_traced
from jaxcollapse.arguments.types import Count, Number
from jaxcollapse.chain.prediction import ClosedForm, Forms, NotKnown
from jaxcollapse.chain.schedule import Scheduled, number_or_schedule, positive_or_schedule, single
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
from jaxcollapse.random import split
from jaxcollapse.random.ridge.rotation import root
from jaxcollapse.theory import networks


class LinearVAE(LinearNetwork):
    """A linear variational autoencoder with a given decoder variance.

    Its optimum is ``W W' = U_k diag(max(m_k - c, 0)) U_k'`` for data with second moments ``U diag(m) U'``, where
    ``c = beta noise`` and ``k`` the largest eigenvalues are kept.

    **Arguments**

    - `eigenvalues`: of the true covariance, positive, shape ``(dim,)``.
    - `latent`: latent dimensions ``k``, at most ``dim``, which is the default.
    - `noise`: ``sigma^2``, the variance of the decoder, positive; a number or a schedule.
    - `beta`: the weight of the KL term, positive; a number or a schedule.
    - `pixel`: the variance of the noise that is added to the decoder mean when rows are drawn, at least 0; a number or
      a schedule. With ``pixel=noise`` rows have the law of the model. A path moves with the root of `pixel`, so that it
      has no derivative at zero (NaN); that of its mean is the one of ``theory.networks.trace``.
    - `posterior`: ``"full"`` covariance of the encoder, or a ``"diagonal"`` one, which has the same optimum and is much
      slower on the way: ``W`` has to turn onto the eigenvectors first.
    - `solver`: ``"gradient"``, Adam with a cosine schedule on the exact ELBO of the data, from a random start, or the
      ``"optimum"``.
    - `steps`, `rate`: of the descent, in units of the mean variance of the data.
    - `sampling`: ``"exact"`` draws second moments, at a cost that does not depend on the number of rows; ``"raw"``
      draws rows.

    **Metrics** `trace` of the covariance of what is generated, its diagonal `variances`, along the eigenvectors of the
    truth, and `squared_error` ``|C - C_0|^2``, the squared Frobenius distance from the truth.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Data is drawn exactly. In six dimensions with a full posterior, 300 steps end within 1e-3 and 600
    within 1e-9 of the optimum in every entry; with a diagonal one, 1,200 within a tenth. A descent that diverges is NaN
    from then on.

    **Reference** Lucas, Tucker, Grosse and Norouzi 2019, arXiv:1911.02469, for the optimum.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> model = jc.LinearVAE([4.0, 2.0], noise=0.25, solver="optimum")
    >>> run = jc.simulate(model, jc.Replace(), key=jax.random.key(0), samples=10**6, generations=3)
    >>> print(np.round(np.asarray(run.variances), 1))
    [[3.8 1.8]
     [3.5 1.5]
     [3.3 1.3]]

    ```
    """

    eigenvalues: Float[Array, " dim"]
    noise: Scheduled
    beta: Scheduled
    pixel: Scheduled
    latent: int = eqx.field(static=True)
    posterior: Literal["full", "diagonal"] = eqx.field(static=True)
    solver: Literal["gradient", "optimum"] = eqx.field(static=True)
    steps: int = eqx.field(static=True)
    rate: float = eqx.field(static=True)
    sampling: Literal["exact", "raw"] = eqx.field(static=True)
    noisy: bool = eqx.field(static=True, init=False)
    """Whether rows may have pixel noise: it takes as many more columns of the factor as there are dimensions."""

    def __init__(
        self,
        eigenvalues: Any,
        *,
        latent: Count | None = None,
        noise: Any,
        beta: Any = 1.0,
        pixel: Any = 0.0,
        posterior: Literal["full", "diagonal"] = "full",
        solver: Literal["gradient", "optimum"] = "gradient",
        steps: Count = 600,
        rate: Number = 0.1,
        sampling: Literal["exact", "raw"] = "exact",
    ):
        self.eigenvalues = Spectrum.from_eigenvalues(eigenvalues).eigenvalues
        latent = len(self.eigenvalues) if latent is None else latent
        check_count("latent", latent, minimum=1)
        if latent > len(self.eigenvalues):
            raise ValueError(f"latent must be at most {len(self.eigenvalues)}, the number of dimensions, got {latent}")
        self.latent = int(latent)
        self.noise = positive_or_schedule(noise, "noise")
        self.beta = positive_or_schedule(beta, "beta")
        self.pixel = number_or_schedule(pixel, "pixel", 0.0)
        known = isinstance(self.pixel, jax.Array) and not is_traced(self.pixel)
        self.noisy = not known or bool(np.asarray(self.pixel) > 0)
        check_choice("posterior", posterior, ("full", "diagonal"))
        check_choice("solver", solver, ("gradient", "optimum"))
        self.posterior, self.solver = posterior, solver
        self.steps, self.rate = training(steps, rate)
        self.sampling = check_sampling(sampling)

    @property
    def inner(self) -> int:
        return self.dim + self.latent if self.noisy else self.dim

    def trained(self, moments: Float[Array, "dim dim"], key: Key[Array, ""]) -> Float[Array, "dim inner"]:
        """The decoder, and the pixel noise beside it."""
        weights = self._optimum(moments) if self.solver == "optimum" else self._descent(moments, key)
        beside = jnp.sqrt(self.pixel) * jnp.eye(self.dim, dtype=moments.dtype)
        if not self.noisy:
            beside = jnp.zeros((self.dim, self.dim - self.latent), moments.dtype)
        return jnp.concatenate([weights, beside.astype(moments.dtype)], axis=1)

    @lenient()
    def predict(self, workflow: Workflow, samples: Float[Array, " generations"], generations: int) -> Forms:
        """At the optimum with all latent dimensions, for constant noise."""
        noise, beta, pixel = single(self.noise), single(self.beta), single(self.pixel)
        if self.solver != "optimum" or self.latent < self.dim or noise is None or beta is None or pixel is None:
            nearest = 'solver="optimum", all latent dimensions, constant noise: theory.networks.moments'
            return {"": NotKnown("it is for the optimum of all directions", nearest)}
        network = networks.soft_threshold(beta * noise, pixel)
        sizes = {"samples": samples, "generations": generations}
        total = networks.trace(self.eigenvalues, network, workflow, **sizes)
        bound = ClosedForm(total, networks.trace, "lower bound")  # exact as long as no direction is lost
        return {**second_order(self.eigenvalues, network, workflow, samples), "trace": bound}

    def _optimum(self, moments: Float[Array, "dim dim"]) -> Float[Array, "dim latent"]:
        values, vectors = jnp.linalg.eigh(moments)
        values, vectors = values[-self.latent :], vectors[:, -self.latent :]
        return vectors * root(values - self.beta * self.noise)

    @lenient()
    def _descent(self, moments: Float[Array, "dim dim"], key: Key[Array, ""]) -> Float[Array, "dim latent"]:
        scale, kind = scale_of(moments), moments.dtype
        s, c, (dim, k) = moments / scale, self.beta * self.noise / scale, (self.dim, self.latent)

        def loss(q):
            """Minus the ELBO of a row times the decoder variance, without constants."""
            w, v = q["decoder"], q["encoder"]
            spread = _spread(q)
            vs = v @ s
            second = vs @ v.T + spread
            misfit = jnp.sum(w.T @ w * second) - 2 * jnp.sum(w * vs.T)
            return 0.5 * misfit + 0.5 * c * (jnp.trace(second) - 2 * jnp.sum(q["logs"]))

        first, second = split(key)
        start = {
            "decoder": 0.3 * jax.random.normal(first, (dim, k), kind),
            "encoder": 0.3 * jax.random.normal(second, (k, dim), kind),
            "logs": jnp.full(k, -0.5, kind),
        }
        if self.posterior == "full":
            start["below"] = jnp.zeros((k, k), kind)
        return jnp.sqrt(scale) * descend(loss, start, steps=self.steps, rate=self.rate)["decoder"]


def _spread(q: dict[str, Array]) -> Float[Array, "latent latent"]:
    """The covariance of the encoder, by a triangular factor, which is diagonal if there is nothing below."""
    lower = jnp.diag(jnp.exp(q["logs"]))
    if "below" in q:
        lower += jnp.tril(q["below"], -1)
    return lower @ lower.T
