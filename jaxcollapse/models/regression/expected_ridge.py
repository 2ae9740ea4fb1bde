"""The mean curve of a ridge chain without its paths: averages over designs alone."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, Scalar

from jaxcollapse.chain.data import Moved
from jaxcollapse.chain.model import Model
from jaxcollapse.chain.prediction import Forms, NotKnown
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.models.regression.predicted import risk_of
from jaxcollapse.models.regression.ridge_walk import RidgeWalk
from jaxcollapse.population.spectrum import Spectrum
from jaxcollapse.random import wishart_resolvents


class ExpectedRidge(Model):
    """The mean risk of a ridge chain with isotropic features under `Replace`, given its designs: no paths.

    Averaged over the labels and over the rotations of the designs, ``E|w|^2`` and ``E<w, w0>`` follow a linear
    recursion whose coefficients are traces of functions of ``X'X``. One replication draws one design a generation and
    follows the recursion: its mean is that of the paths, its variance a small part of theirs (1/20,000 for 200 samples
    in 100 dimensions at a penalty of 0.1). `LinearRegression.expected` returns this model.

    **Arguments**

    - `walk`: the chain, as a `RidgeWalk`.

    **Metrics** `risk`: the mean excess test risk given the designs.

    **Exactness** Exact in the mean for every ``n``, and only there: it has neither the law nor the variance of a risk.
    At a penalty of zero with ``n`` next to `dim` the mean is infinite, and so is the variance of this estimate.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> model = jc.LinearRegression(jc.theory.Spectrum.isotropic(100), noise=1.0, penalty=0.1).expected()
    >>> run = lambda key: jc.simulate(model, jc.Replace(), key=key, samples=200, generations=3).risk
    >>> estimate = jc.monte_carlo(run, jax.random.key(0), 256)
    >>> bool((estimate.stderr < 0.001 * estimate.mean).all())
    True

    ```
    """

    walk: RidgeWalk

    @property
    def draws_sums(self) -> bool:
        return True

    def truth(self) -> "MeanCoefficients":
        """The true coefficients."""
        return MeanCoefficients(self.walk.length**2, self.walk.length**2)

    def metrics(self, params: "MeanCoefficients", **context) -> dict[str, Float[Array, ""]]:
        """The mean excess test risk."""
        walk = self.walk
        return {"risk": walk.eigenvalue * (params.square - 2 * params.overlap + walk.length**2)}

    def sample(self, key: Key[Array, ""], params: "MeanCoefficients", n: Scalar | int) -> Moved:
        """The means after a fit to `n` samples."""
        walk, dim = self.walk, self.walk.dim
        n = jnp.asarray(n, params.square.dtype)
        given = n * walk.penalty / walk.eigenvalue
        minimum_norm = (given == 0) & (n < dim)
        ridge = jnp.where(minimum_norm, 1.0, given)
        resolvent, resolvent_square = wishart_resolvents(key, n, dim, ridge)
        # The fit is M w + (Z'Z + ridge)^-1 Z'e with M = Z'Z (Z'Z + ridge)^-1; of the minimum norm, M projects on the
        # rows, and the mean of the trace of the pseudo-inverse is known.
        kept = (dim - ridge * resolvent) / dim
        kept_square = (dim - 2 * ridge * resolvent + ridge**2 * resolvent_square) / dim
        spread = resolvent - ridge * resolvent_square
        known = _minimum_norm(n, dim, jnp.where(minimum_norm, given, 1.0))
        kept, kept_square, spread = (
            jnp.where(minimum_norm, *both) for both in zip(known, (kept, kept_square, spread), strict=True)
        )
        noise = walk.noise**2 / walk.eigenvalue * spread
        return Moved(MeanCoefficients(kept_square * params.square + noise, kept * params.overlap))

    def fit(self, data: Moved, **context) -> "MeanCoefficients":
        """The means that were computed."""
        return data.params

    @lenient()
    def predict(self, workflow: Workflow, samples: Float[Array, " generations"], generations: int) -> Forms:
        """The mean of its risk is that of the chain."""
        if not workflow.newest_alone:
            return {"risk": NotKnown("it keeps no data", "Replace")}
        walk = self.walk
        signal = jnp.zeros(walk.dim).at[0].set(walk.length)
        spectrum = Spectrum(jnp.full(walk.dim, walk.eigenvalue), signal)
        return {"risk": risk_of(spectrum, walk.noise, walk.penalty, "fresh", workflow, samples)}


def _minimum_norm(n: Array, dim: int, ridge: Array) -> tuple[Array, Array, Array]:
    """The means at a ridge of 0 for fewer rows than columns, with their derivatives there.

    ``ZZ'`` is a Wishart matrix of `n` rows: ``E tr (ZZ')^-1 = n / (dim - n - 1)``, and that of the square is
    ``n (dim - 1) / ((dim - n) (dim - n - 1) (dim - n - 3))``.
    """
    left = dim - n

    def loss(numerator, denominator, finite):
        """What the ridge takes off, or a root that is infinitely steep at 0 where the mean is infinite."""
        slope = numerator / jnp.where(finite, denominator, 1.0)
        return jnp.where(finite, ridge * slope, jnp.sqrt(jnp.where(finite, 1.0, ridge)))

    inverse = loss(n, left - 1, left > 1)
    square = loss(n * (dim - 1), left * (left - 1) * (left - 3), left > 3)
    return (n - inverse) / dim, (n - 2 * inverse) / dim, n / jnp.maximum(left - 1, 0.0) - 2 * square


class MeanCoefficients(eqx.Module):
    """The mean squared length of the coefficients and their mean inner product with the truth."""

    square: Float[Array, ""]
    overlap: Float[Array, ""]
