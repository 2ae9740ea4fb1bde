"""Probabilistic PCA, a linear autoencoder that learns the variance of its decoder, in a loop.

Protocol: some of the largest eigenvalues of the data are kept, the mean of the others takes their place. Its closed
form is `jaxcollapse.theory.networks.noise_floor`.

Reference: Tipping and Bishop 1999, "Probabilistic principal component analysis", J. R. Stat. Soc. B 61.
"""

from typing import Any, Literal

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from jaxcollapse.arguments.check import check_count
from jaxcollapse.arguments.types import Count
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.models.networks.linear import LinearGenerator, LinearNetwork, check_sampling
from jaxcollapse.population.spectrum import Spectrum


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
