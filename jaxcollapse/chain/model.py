"""A Model samples and fits.

Two methods make a model: `sample` draws data from parameters, `fit` estimates parameters from data. The others have
defaults, and each default is the plain meaning of its name.
"""

import abc

import equinox as eqx
from jaxtyping import Array, Float, Key, PyTree, Scalar

from jaxcollapse.chain.data import Data
from jaxcollapse.random import split


class Model(eqx.Module):
    """A parametric model that can be trained on what it generates.

    A subclass defines `sample` and `fit`; with `truth` it knows the parameters that generate the real data, and with
    `metrics` it names what is measured. ``jaxcollapse.simulate`` hands every method the model *at* its generation:
    fields that follow a schedule are numbers there.

    ```python
    >>> import jax, jax.numpy as jnp, jaxcollapse as jc
    >>> class Uniform(jc.Model):
    ...     def sample(self, key, params, n):
    ...         return jc.Samples(params * jax.random.uniform(key, (n,)))
    ...     def fit(self, data, **_):
    ...         return jnp.max(data.weights * data.rows)
    >>> run = jc.simulate(Uniform(), jc.Replace(), key=jax.random.key(0), samples=50, generations=5, truth=1.0)
    >>> run.params.shape
    (5,)

    ```
    """

    @abc.abstractmethod
    def sample(self, key: Key[Array, ""], params: PyTree, n: Scalar | int) -> Data:
        """Draw `n` samples from the model with parameters `params`.

        Returns a `Data`: `Samples` (or a bare array of rows) in general, a sufficient statistic where the model has
        one. `n` is a Python integer, unless the model is `exact`.
        """

    @abc.abstractmethod
    def fit(self, data: Data, **context) -> PyTree:
        """Estimate the parameters from `data`.

        `context` holds what some fits want and most ignore: ``key`` (randomness of the fit), ``previous`` (the
        parameters that generated the newest data: a warm start) and ``generation``.
        """

    @property
    def exact(self) -> bool:
        """Whether `sample` and `refit` take a traced `n`: true when they draw sufficient statistics, not rows."""
        return False

    def truth(self) -> PyTree:
        """The parameters of generation 0, which generate the real data."""
        raise NotImplementedError(
            f"{type(self).__name__} does not know its true parameters: define truth(), or pass simulate(..., truth=...)"
        )

    def real(self, key: Key[Array, ""], truth: PyTree, n: Scalar | int) -> Data | Array:
        """Draw `n` samples of real data: what the model samples from the `truth`, by default.

        A model whose real data is of another kind than what it generates defines it; workflows that ask for real data,
        such as `Mix`, are given this.
        """
        return self.sample(key, truth, n)

    def metrics(self, params: PyTree) -> dict[str, Float[Array, "..."]]:
        """What is measured at every generation, by name. Nothing by default (the parameters are always kept)."""
        return {}

    def prepare(self, key: Key[Array, ""], samples: Float[Array, " batches"]) -> "Model":
        """The model with what one replication keeps for all generations (a fixed design): itself by default.

        `samples` holds the sizes of all batches that the replication may draw.
        """
        return self

    def refit(self, key: Key[Array, ""], params: PyTree, n: Scalar | int, **context) -> PyTree:
        """Sample `n`, then fit, in one draw: called instead of the two when no old data is kept and `exact` holds."""
        data_key, fit_key = split(key)
        return self.fit(self.sample(data_key, params, n), key=fit_key, previous=params, **context)

    def reduce(self, workflow: eqx.Module, samples: Float[Array, " generations"]) -> "Model":
        """The smallest model whose metrics have the same law under `workflow` with these sample sizes.

        `simulate` asks for it first. Itself by default; a raw model never reduces.
        """
        return self
