"""A family on which maximum likelihood climbs a staircase, at waiting times that do not depend on the sample size.

Members ``h_alpha`` of the family are ``sum_j (1 - alpha_j) (prod_{k<j} alpha_k) U[j, j + 1 - 2 alpha_j]`` with
``alpha_j`` in [0, 1/4], of which finitely many are not zero: a point passes level ``k`` with probability ``alpha_k``.
The truth is ``alpha = 0``, the uniform law on [0, 1]. The fit takes ``alpha_j = (1 - M_j)/2``, at most 1/4, where
``j + M_j`` is the largest point of that level, and zero where there is none. No later point lies beyond it: once seen,
a level is frozen. The theorem adds members that one point at a level of one's choice makes more likely than all
others: then the fit is far off as soon as that level is reached.

Reference: Barzilai and Shamir 2025, arXiv:2505.19046, theorem 5.2.
"""

from typing import ClassVar, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, Scalar

from jaxcollapse.arguments.check import check_choice, check_length
from jaxcollapse.arguments.types import Count, Number
from jaxcollapse.chain.data import Data, Samples
from jaxcollapse.chain.model import Model
from jaxcollapse.chain.prediction import ClosedForm, Forms, NotKnown
from jaxcollapse.chain.schedule import single
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.random import split, word_pairs
from jaxcollapse.theory import counterexamples
from jaxcollapse.theory.papers import BARZILAI_2025

_LARGEST = 0.25


class Gaps(Data):
    """The least distance of a point from the end of its level, for every level; infinite where there is none."""

    least: Float[Array, " levels"]
    grows: ClassVar[bool] = False

    def __add__(self, other: "Gaps") -> "Gaps":
        """The union of two data sets: the smaller distances."""
        return Gaps(jnp.minimum(self.least, other.least))

    def __rmul__(self, weight: Number) -> "Gaps":
        """The same data, or none for a weight of zero."""
        return Gaps(jnp.where(jnp.asarray(weight) > 0, self.least, jnp.inf))

    def empty(self) -> "Gaps":
        """Data without a single point."""
        return Gaps(jnp.full(self.least.shape, jnp.inf, self.least.dtype))

    def union(self) -> "Gaps":
        """The union of a stack of batches."""
        return Gaps(self.least.min(axis=0))


class Staircase(Model):
    """The family ``h_alpha``, fitted by maximum likelihood.

    **Arguments**

    - `levels`: the highest level that is told apart, at least 1; ``alpha`` has one more entry, for level 0.
    - `sampling`: ``"exact"`` draws one number per generation under `Accumulate`, whatever the sample size, and rows
      under another workflow; ``"raw"`` always draws rows.

    **Metrics** `level`, the highest level with a point: 0 at ``g = 1``; `total_variation`, the distance of ``h_alpha``
    from the truth: ``2 alpha_0``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact in law.

    **Reference** Barzilai and Shamir 2025, arXiv:2505.19046, theorem 5.2.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> run = jc.simulate(jc.Staircase(3), jc.Accumulate(), key=jax.random.key(0), samples=1e6, generations=500)
    >>> float(run.level[0]), bool((run.level[1:] >= run.level[:-1]).all())
    (0.0, True)

    ```
    """

    levels: int = eqx.field(static=True)
    sampling: Literal["exact", "raw"] = eqx.field(static=True)

    def __init__(self, levels: Count, *, sampling: Literal["exact", "raw"] = "exact"):
        check_length("levels", levels)
        check_choice("sampling", sampling, ("exact", "raw"))
        self.levels = int(levels)
        self.sampling = sampling

    @lenient()
    def truth(self) -> Float[Array, " levels"]:
        """The uniform law on [0, 1]."""
        return jnp.zeros(self.levels + 1)

    @lenient()
    def metrics(self, params: Float[Array, " levels"], **context) -> dict[str, Float[Array, ""]]:
        """The highest level with a point, and the distance from the truth."""
        return _metrics(params)

    def reduce(self, workflow: Workflow, samples: Float[Array, " generations"]) -> Model:
        """The walk that draws nothing but what is new, where all data is kept."""
        return StaircaseWalk(self.levels) if self.sampling == "exact" and workflow.keeps_all else self

    @lenient()
    def predict(self, workflow: Workflow, samples: Float[Array, " generations"], generations: int) -> Forms:
        """The mean level where all data is kept in equal batches: a sum of probabilities."""
        if not workflow.keeps_all or single(samples) is None:
            nearest = "Accumulate, one size: theory.counterexamples.staircase_waiting"
            return {"": NotKnown("it is for data that is kept", nearest)}
        function = counterexamples.staircase_waiting
        empty = [function(level=level, generations=generations) for level in range(1, self.levels + 1)]
        level = self.levels - jnp.stack(empty).sum(axis=0)
        return {"level": ClosedForm(level, function, "asymptotic", order="1/n", reference=BARZILAI_2025)}

    @lenient()
    def sample(self, key: Key[Array, ""], params: Float[Array, " levels"], n: int) -> Samples:
        """Draw `n` rows: the level of a point, and its distance from the end of that level."""
        level_key, gap_key = split(key)
        passes = jax.random.uniform(level_key, (n, params.size), params.dtype) < params
        level = jnp.cumprod(passes, axis=1).sum(axis=1)
        alpha = jnp.append(params, 0.0)[level]
        gap = 2 * alpha + (1 - 2 * alpha) * jax.random.uniform(gap_key, (n,), params.dtype)
        return Samples((level, gap))

    @lenient()
    def fit(self, data: Samples, **context) -> Float[Array, " levels"]:
        """The maximum-likelihood estimate."""
        level, gap = data.rows
        there = (level[:, None] == jnp.arange(self.levels + 1)) & (data.weights[:, None] > 0)
        return _estimate(jnp.min(jnp.where(there, gap[:, None], jnp.inf), axis=0))


class StaircaseWalk(Model):
    """The fits of a `Staircase` to all data so far: one random number a generation.

    A point reaches the first level without a point with probability ``u``, the product of all ``alpha_j`` so far, and
    is uniform there. So the least distance ``X`` of ``n`` new points from its end has
    ``P(X > x) = (1 - u x)^n`` for ``x <= 1``; where it exceeds one, no point has come so far.

    **Arguments**

    - `levels`: as for `Staircase`.

    **Metrics** those of `Staircase`.

    **Exactness** Exact in law under `Accumulate`, for every ``n``. Under other workflows it has no meaning: batches
    hold only what is new.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> walk = jc.models.counterexamples.staircase.StaircaseWalk(2)
    >>> jc.simulate(walk, jc.Accumulate(), key=jax.random.key(0), samples=20, generations=3).level.shape
    (3,)

    ```
    """

    levels: int = eqx.field(static=True)

    @property
    def draws_sums(self) -> bool:
        return True

    @lenient()
    def truth(self) -> Float[Array, " levels"]:
        """The uniform law on [0, 1]."""
        return jnp.zeros(self.levels + 1)

    @lenient()
    def metrics(self, params: Float[Array, " levels"], **context) -> dict[str, Float[Array, ""]]:
        """The highest level with a point, and the distance from the truth."""
        return _metrics(params)

    @lenient()
    def sample(self, key: Key[Array, ""], params: Float[Array, " levels"], n: Scalar | int) -> Gaps:
        """The point nearest to the end of the first level that had none."""
        seen = params > 0
        reach = jnp.prod(jnp.where(seen, params, 1.0))
        gap = -jnp.expm1(jnp.log1p(-_uniform(key, params.dtype)) / n) / reach
        first = jnp.arange(params.size) == jnp.sum(seen)
        return Gaps(jnp.where(first & (gap <= 1), gap, jnp.inf))

    @lenient()
    def fit(self, data: Gaps, **context) -> Float[Array, " levels"]:
        """The maximum-likelihood estimate."""
        return _estimate(data.least)


def _metrics(alpha: Float[Array, " levels"]) -> dict[str, Float[Array, ""]]:
    return {"level": jnp.sum(alpha > 0, dtype=alpha.dtype) - 1, "total_variation": 2 * alpha[0]}


def _estimate(gaps: Float[Array, " levels"]) -> Float[Array, " levels"]:
    return jnp.where(jnp.isfinite(gaps), jnp.minimum(0.5 * gaps, _LARGEST), 0.0)


def _uniform(key: Key[Array, ""], dtype) -> Float[Array, ""]:
    """Uniform on (0, 1], with small values resolved to 2^-65."""
    high, low = word_pairs(key)
    return (high.astype(dtype) + (low.astype(dtype) + 0.5) * 2.0**-32) * 2.0**-32
