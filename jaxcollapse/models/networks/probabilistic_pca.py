"""Probabilistic PCA, a linear autoencoder that learns the variance of its decoder, in a loop.

Protocol: some of the largest eigenvalues of the data are kept, the mean of the others takes their place. Its closed
form is `jaxcollapse.theory.networks.noise_floor`.

Reference: Tipping and Bishop 1999, "Probabilistic principal component analysis", J. R. Stat. Soc. B 61.
"""

from typing import Any, Literal

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from jaxcollapse.arguments.check import check_count, is_traced
from jaxcollapse.arguments.types import Count
from jaxcollapse.chain.prediction import ClosedForm, Forms, NotKnown
from jaxcollapse.chain.schedule import single
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.models.networks.linear import LinearGenerator, LinearNetwork, check_sampling
from jaxcollapse.population.spectrum import Spectrum
from jaxcollapse.theory import networks


class ProbabilisticPCA(LinearNetwork):
    """Probabilistic PCA by maximum likelihood.

    **Arguments**

    - `eigenvalues`: of the true covariance, positive, shape ``(dim,)``.
    - `latent`: how many directions are kept, below ``dim``.
    - `sampling`: ``"exact"`` draws second moments, at a cost that does not depend on the number of rows; ``"raw"``
      draws rows.

    **Metrics** `log_noise`, the logarithm of the learned noise floor; `trace` of the covariance, its diagonal
    `variances`, along the eigenvectors of the truth, and `squared_error` ``|C - C_0|^2``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact in law; one symmetric eigenvalue problem for each fit.

    **Reference** Tipping and Bishop 1999, J. R. Stat. Soc. B 61.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> model = jc.ProbabilisticPCA([9.0, 1.0, 1.0], latent=1)
    >>> run = jc.simulate(model, jc.Accumulate(), key=jax.random.key(0), samples=100, generations=4)
    >>> run.log_noise.shape
    (4,)

    ```
    """

    eigenvalues: Float[Array, " dim"]
    latent: int = eqx.field(static=True)
    sampling: Literal["exact", "raw"] = eqx.field(static=True)

    def __init__(self, eigenvalues: Any, *, latent: Count, sampling: Literal["exact", "raw"] = "exact"):
        self.eigenvalues = Spectrum.from_eigenvalues(eigenvalues).eigenvalues
        check_count("latent", latent, minimum=1)
        if latent >= len(self.eigenvalues):
            raise ValueError(f"latent must be below {len(self.eigenvalues)}, the number of dimensions, got {latent}")
        self.latent = int(latent)
        self.sampling = check_sampling(sampling)

    def trained(self, moments: Float[Array, "dim dim"], key: Key[Array, ""]) -> Float[Array, "dim dim"]:
        """The eigenvectors of the data, those of the floor first, times the roots of what is kept."""
        values, vectors = jnp.linalg.eigh(moments)
        lost = self.dim - self.latent
        floor = jnp.full(lost, jnp.mean(values[:lost]), values.dtype)
        return vectors * jnp.sqrt(jnp.maximum(jnp.concatenate([floor, values[lost:]]), 0.0))

    @lenient()
    def metrics(self, params: LinearGenerator, **context) -> dict[str, Float[Array, "..."]]:
        """Those of every linear network, and the floor."""
        return {"log_noise": jnp.log(jnp.sum(params.factor[:, 0] ** 2)), **super().metrics(params)}

    @lenient()
    def predict(self, workflow: Workflow, samples: Float[Array, " generations"], generations: int) -> Forms:
        """The floor, if all directions that are not kept have one variance."""
        size, known = single(samples), not is_traced(self.eigenvalues)
        values = np.sort(np.asarray(self.eigenvalues)) if known else np.zeros(self.dim)
        floor, spikes = values[: self.dim - self.latent], values[self.dim - self.latent :]
        if size is None or not known or np.ptp(floor) > 0 or spikes[0] <= floor[0] or not bool(size > self.dim):
            nearest = "one size, more rows than dimensions, and one floor: theory.networks.noise_floor"
            return {"log_noise": NotKnown("it is of spikes on one known floor", nearest)}
        setting = {"floor": floor[0], "dim": self.dim, "samples": size, "generations": generations}
        curve = networks.noise_floor(spikes, workflow, **setting)
        return {"log_noise": ClosedForm(curve, networks.noise_floor, "asymptotic", order="1/n^2")}
