"""The law of a mixture of Gaussians, along the axes or with correlations, and what a step of its fit makes of it.

A step of expectation maximisation knows for each row its share in each component. The means are those of the rows with
these shares; what the scatter about them becomes is the one thing in which the two kinds of components differ.
"""

import abc
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Real, Scalar

from jaxcollapse.machine.leniency import lenient
from jaxcollapse.models.gaussian.factors import in_units, lower_factor


class Shared(NamedTuple):
    """Rows, and how much of each belongs to each component."""

    rows: Float[Array, "rows dim"]
    shares: Float[Array, "rows components"]

    @property
    def counts(self) -> Float[Array, " components"]:
        """The rows of each component."""
        return jnp.sum(self.shares, axis=0)

    def per_component(self, total: Float[Array, "components ..."], tied: bool) -> Float[Array, "components ..."]:
        """A total of each component over its rows, or that of all over all rows where they are `tied`."""
        if tied:
            return jnp.broadcast_to(total.sum(axis=0) / self.counts.sum(), total.shape)
        return total / jnp.where(self.counts > 0, self.counts, 1.0).reshape(-1, *[1] * (total.ndim - 1))


class MixtureLaw(eqx.Module):
    """A mixture of Gaussians: weights and means, and how components spread."""

    weights: eqx.AbstractVar[Float[Array, " components"]]
    means: eqx.AbstractVar[Float[Array, "components dim"]]

    @property
    def mean(self) -> Float[Array, " dim"]:
        """The mean of the whole."""
        return self.weights @ self.means

    @property
    @lenient()
    def variance(self) -> Float[Array, " dim"]:
        """The variance of the whole along each axis, within components and between them."""
        return self.weights @ (self.along_axes + (self.means - self.mean) ** 2)

    @lenient()
    def log_density(self, rows: Real[Any, "rows dim"]) -> Float[Array, " rows"]:
        """The log of the density at each row."""
        return jax.nn.logsumexp(self.log_joint(rows), axis=1)

    @lenient()
    def log_joint(self, rows: Float[Array, "rows dim"]) -> Float[Array, "rows components"]:
        """The log of the density of each row together with each component; a component without weight has none."""
        present = self.weights > 0
        return self.log_normal(rows) + jnp.where(present, jnp.log(jnp.where(present, self.weights, 1.0)), -jnp.inf)

    @property
    @abc.abstractmethod
    def along_axes(self) -> Float[Array, "components dim"]:
        """The variances of the components along the axes."""

    @abc.abstractmethod
    def log_normal(self, rows: Float[Array, "rows dim"]) -> Float[Array, "rows components"]:
        """The log of the density of each component at each row."""

    @abc.abstractmethod
    def moved(self, which: Array, z: Float[Array, "rows dim"]) -> Float[Array, "rows dim"]:
        """Rows of the components `which`, from standard normals."""

    @staticmethod
    @abc.abstractmethod
    def seeded(means: Float[Array, "components dim"], overall: Float[Array, " dim"]) -> "MixtureLaw":
        """Components of equal weights with the variances of all rows."""

    @abc.abstractmethod
    def refitted(
        self,
        weights: Float[Array, " components"],
        means: Float[Array, "components dim"],
        shared: Shared,
        floor: Scalar,
        tied: bool,
    ) -> "MixtureLaw":
        """The mixture with these weights and means that spreads like the rows; a component that lost its rows stays."""


class Mixture(MixtureLaw):
    """A mixture of Gaussians without correlations."""

    weights: Float[Array, " components"]
    means: Float[Array, "components dim"]
    variances: Float[Array, "components dim"]

    @property
    def along_axes(self):
        return self.variances

    @lenient()
    def log_normal(self, rows):
        gaps = (rows[:, None] - self.means) ** 2 / self.variances
        return -0.5 * jnp.sum(gaps + jnp.log(2 * jnp.pi * self.variances), axis=2)

    @lenient()
    def moved(self, which, z):
        return self.means[which] + jnp.sqrt(self.variances[which]) * z

    @staticmethod
    @lenient()
    def seeded(means, overall):
        count = len(means)
        return Mixture(jnp.full(count, 1 / count, means.dtype), means, jnp.broadcast_to(overall, means.shape))

    @lenient()
    def refitted(self, weights, means, shared, floor, tied):
        scatter = jnp.einsum("nk,nkd->kd", shared.shares, (shared.rows[:, None] - means) ** 2)
        variances = jnp.maximum(shared.per_component(scatter, tied), floor)
        if not tied:
            variances = jnp.where(shared.counts[:, None] > 0, variances, self.variances)
        return Mixture(weights, means, variances)


class CorrelatedMixture(MixtureLaw):
    """A mixture of Gaussians with a covariance each, ``L L'`` for the lower triangular `factors` ``L``."""

    weights: Float[Array, " components"]
    means: Float[Array, "components dim"]
    factors: Float[Array, "components dim dim"]

    @property
    @lenient()
    def covariances(self) -> Float[Array, "*generations components dim dim"]:
        """The covariances of the components."""
        return self.factors @ self.factors.mT

    @property
    @lenient()
    def along_axes(self):
        return jnp.sum(self.factors**2, axis=2)

    @lenient()
    def log_normal(self, rows):
        z = in_units(self.factors, rows[:, None] - self.means)
        logs = jnp.sum(jnp.log(jnp.diagonal(self.factors, axis1=1, axis2=2)), axis=1)
        return -0.5 * (jnp.sum(z**2, axis=2) + rows.shape[1] * np.log(2 * np.pi)) - logs

    @lenient()
    def moved(self, which, z):
        return self.means[which] + jnp.einsum("nde,ne->nd", self.factors[which], z)

    @staticmethod
    @lenient()
    def seeded(means, overall):
        count, dim = means.shape
        factors = jnp.broadcast_to(jnp.diag(jnp.sqrt(overall)), (count, dim, dim))
        return CorrelatedMixture(jnp.full(count, 1 / count, means.dtype), means, factors)

    @lenient()
    def refitted(self, weights, means, shared, floor, tied):
        gaps = shared.rows[:, None] - means
        scatter = jnp.einsum("nk,nkd,nke->kde", shared.shares, gaps, gaps)
        factors = lower_factor(shared.per_component(scatter, tied), floor)
        if not tied:
            factors = jnp.where(shared.counts[:, None, None] > 0, factors, self.factors)
        return CorrelatedMixture(weights, means, factors)
