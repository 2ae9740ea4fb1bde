"""A mixture of Gaussians, fitted by expectation maximisation: several modes, of which some may be lost.

Protocol: ``n`` draws from the fitted mixture, then weights, means and variances along the axes, or covariances, by
maximum likelihood, from those of the last model on.

Reference: Dempster, Laird and Rubin 1977, Maximum Likelihood from Incomplete Data via the EM Algorithm.
"""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key, Scalar

from jaxcollapse.arguments.check import (
    check_at_least,
    check_at_most,
    check_flag,
    check_integer,
    check_positive,
    check_probabilities,
    check_shape,
    is_traced,
)
from jaxcollapse.arguments.numbers import as_floats, number
from jaxcollapse.arguments.types import Count
from jaxcollapse.chain.data import Samples
from jaxcollapse.chain.model import Model
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.models.gaussian.mixture_law import CorrelatedMixture, Mixture, MixtureLaw, Shared
from jaxcollapse.random import fold_in, split, symbols
from jaxcollapse.random.loops import alongside, while_loop


class GaussianMixture(Model):
    """A mixture of a known number of Gaussians with unknown weights, means and variances, or covariances.

    **Arguments**

    - `weights`: of the components, shape ``(k,)``, not negative, summing to one.
    - `means`: shape ``(k, dim)``.
    - `variances`: along the axes, shape ``(k, dim)``, positive; or covariances, shape ``(k, dim, dim)``, positive
      definite. The fits are of the same kind.
    - `iterations`: the most steps of expectation maximisation in one fit, a positive integer. Fewer are taken where the
      likelihood changes by less than rounding. The first starts from the last model, which is close.
    - `floor`: the smallest variance of a component, positive: without one the likelihood has no maximum. Of a
      covariance, that of a coordinate given those before it.
    - `tied`: whether all components have the same variances or covariance, which are estimated together. The true ones
      must be alike.
    - `restarts`: how many more times every fit begins, at rows that lie apart; the fit with the largest likelihood is
      taken. At most 1,000; none by default: a local maximum is kept from generation to generation.

    **Metrics** `squared_error` ``|mean - true mean|^2`` and `trace`, the total variance, of the whole mixture;
    `smallest`, the weight of its smallest component.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Rows are drawn. A step leaves the mean and the variance of the whole at those of the data, so that
    their laws are known without convergence: that of the mean of `squared_error` and `trace` is that of one Gaussian
    with the divisor ``n``, as long as no variance is at the floor.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> model = jc.GaussianMixture([0.5, 0.5], [[-2.0], [2.0]], [[1.0], [1.0]])
    >>> run = jc.simulate(model, jc.Replace(), key=jax.random.key(0), samples=50, generations=5)
    >>> run.smallest.shape
    (5,)

    ```
    """

    weights: Float[Array, " components"]
    means: Float[Array, "components dim"]
    variances: Float[Array, "components dim ..."]
    floor: Float[Array, ""]
    iterations: int = eqx.field(static=True)
    tied: bool = eqx.field(static=True)
    restarts: int = eqx.field(static=True)

    def __init__(
        self,
        weights: Any,
        means: Any,
        variances: Any,
        *,
        iterations: Count = 100,
        floor: Any = 1e-6,
        tied: bool = False,
        restarts: Count = 0,
    ):
        check_probabilities("weights", weights)
        check_at_least("means", means, -float("inf"))
        check_at_least("variances", variances, -float("inf"))
        check_integer("iterations", iterations, minimum=1)
        self.weights, self.means, self.variances = as_floats(weights), as_floats(means), as_floats(variances)
        if self.means.ndim != 2 or self.means.shape[0] != self.weights.size:
            raise ValueError(f"means must have shape ({self.weights.size}, dim), got {self.means.shape}")
        _check_variances(self.variances, *self.means.shape)
        check_flag("tied", tied)
        check_integer("restarts", restarts, minimum=0)
        check_at_most("restarts", restarts, 1000)
        if tied and not is_traced(self.variances) and np.ptp(np.asarray(self.variances), axis=0).any():
            raise ValueError(f"variances must be the same for all components of a tied mixture, got {variances}")
        self.iterations, self.tied, self.restarts = int(iterations), tied, int(restarts)
        self.floor = number(floor, "floor", 0.0)
        check_positive("floor", self.floor)

    def truth(self) -> MixtureLaw:
        """The true mixture: a `Mixture`, or a `CorrelatedMixture` where covariances are given."""
        if self.variances.ndim == 2:
            return Mixture(self.weights, self.means, self.variances)
        with jax.ensure_compile_time_eval():
            return CorrelatedMixture(self.weights, self.means, jnp.linalg.cholesky(self.variances))

    @lenient()
    def metrics(self, params: MixtureLaw, **context) -> dict[str, Float[Array, ""]]:
        """Mean and variance of the whole, and the weight of the smallest component."""
        return {
            "squared_error": jnp.sum((params.mean - self.truth().mean) ** 2),
            "trace": jnp.sum(params.variance),
            "smallest": jnp.min(params.weights),
        }

    @lenient()
    def sample(self, key: Key[Array, ""], params: MixtureLaw, n: int) -> Samples:
        """Draw `n` rows."""
        which_key, row_key = split(key)
        which = symbols(which_key, params.weights, int(n))
        z = jax.random.normal(row_key, (int(n), params.means.shape[1]), params.means.dtype)
        return Samples(params.moved(which, z))

    @lenient()
    def fit(self, data: Samples, *, key: Key[Array, ""], previous: MixtureLaw | None = None, **context) -> MixtureLaw:
        """Steps of expectation maximisation: from the last model on, and at first from rows that lie apart."""
        seeded = self._seeded(key, data)
        start = seeded
        if previous is not None:  # before the first fit no component has weight
            begun = jnp.any(previous.weights > 0)
            start = jax.tree.map(lambda last, seed: jnp.where(begun, last, seed), previous, seeded)
        if self.restarts == 0:
            return self._climbed(start, data)
        others = [self._seeded(one, data) for one in split(fold_in(key, 1), self.restarts)]
        starts = jax.tree.map(lambda *leaves: jnp.stack(leaves), start, *others)
        found = jax.lax.map(lambda one: self._climbed(one, data), starts)
        likelihood = jax.vmap(lambda mixture: data.weights @ mixture.log_density(data.rows))(found)
        best = jnp.argmax(jnp.where(jnp.isnan(likelihood), -jnp.inf, likelihood))
        return jax.tree.map(lambda leaf: leaf[best], found)

    def _climbed(self, start: MixtureLaw, data: Samples) -> MixtureLaw:
        """Where the steps lead from a start."""
        close = 10 * jnp.finfo(start.means.dtype).eps

        def unfinished(search):
            return (search.steps < self.iterations) & (search.gain > close * jnp.abs(search.likelihood))

        def step(search):
            mixture, likelihood = self._improved(search.mixture, data)
            after = _Search(mixture, likelihood, likelihood - search.likelihood, search.steps + 1)
            return jax.tree.map(lambda new, old: jnp.where(unfinished(search), new, old), after, search)

        dtype = start.means.dtype
        first = _Search(start, jnp.asarray(jnp.finfo(dtype).min, dtype), jnp.asarray(jnp.inf, dtype), jnp.asarray(0))
        return while_loop(unfinished, step, alongside(first, data)).mixture

    def _seeded(self, key: Key[Array, ""], data: Samples) -> MixtureLaw:
        """Equal weights on rows that lie apart, with the variance of the data.

        Rows are drawn one after the other, in proportion to the squared distance from those before (k-means++).
        """
        x, count = data.rows, self.weights.size
        overall = jnp.maximum(data.variance(lambda row: row, ddof=0), self.floor).astype(x.dtype)
        scaled = x / jnp.sqrt(overall)

        def draw(key, weights):
            return jax.random.categorical(
                key, jnp.where(weights > 0, jnp.log(jnp.where(weights > 0, weights, 1)), -jnp.inf)
            )

        first_key, *keys = split(key, count)
        chosen = [draw(first_key, data.weights)]
        far = jnp.full(data.weights.shape, jnp.inf)
        for key in keys:
            far = jnp.minimum(far, jnp.sum((scaled - scaled[chosen[-1]]) ** 2, axis=1))
            # Where all rows are one there is no other: any of them will do.
            apart = data.weights * far
            chosen.append(draw(key, jnp.where(jnp.any(apart > 0), apart, data.weights)))
        kind = Mixture if self.variances.ndim == 2 else CorrelatedMixture
        return kind.seeded(x[jnp.stack(chosen)], overall)

    def _improved(self, mixture: MixtureLaw, data: Samples) -> tuple[MixtureLaw, Float[Array, ""]]:
        """The mixture after one step, and the log likelihood of a row before it."""
        x = data.rows
        joint = mixture.log_joint(x)  # a component that is lost stays so
        total = jax.nn.logsumexp(joint, axis=1)
        shares = data.weights[:, None] * jnp.exp(joint - total[:, None])
        counts = jnp.sum(shares, axis=0)
        some = jnp.where(counts > 0, counts, 1.0)[:, None]
        means = jnp.where(counts[:, None] > 0, shares.T @ x / some, mixture.means)
        after = mixture.refitted(counts / data.count, means, Shared(x, shares), self.floor, self.tied)
        return after, data.weights @ total / data.count


class _Search(NamedTuple):
    mixture: MixtureLaw
    likelihood: Scalar
    gain: Scalar
    steps: Scalar


def _check_variances(variances: Float[Array, "components dim ..."], count: int, dim: int) -> None:
    """Those along the axes are positive, covariances are symmetric and positive definite."""
    if variances.ndim != 3:
        check_positive("variances", variances)
        check_shape("variances", variances, (count, dim))
        return
    check_shape("variances", variances, (count, dim, dim))
    if is_traced(variances):
        return
    known = np.asarray(variances, float)
    if not (np.allclose(known, known.mT) and (np.linalg.eigvalsh(known) > 0).all()):
        raise ValueError("variances of shape (k, dim, dim) are covariances: they must be symmetric, positive definite")
