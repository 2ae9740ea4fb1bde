"""A family on which maximum likelihood is consistent and yet may collapse when it is trained on its own data once.

Members ``p_{alpha, mu}`` of the family have ``alpha`` in [0, 1/4] and ``mu`` in [2, 3]:
``p = U[0,1]/2 + (1 - alpha) U[0, 1 - 2 alpha]/2 + alpha U[2,3]/4 + alpha U[mu, mu + f(alpha)]/4``. The truth is
``alpha = 0``, the uniform law on [0, 1]. The width ``f`` is 1/39 up to ``alpha = 1/10`` and falls steeply from there:
a single point in [2, 3] has its largest likelihood, by far, in a spike of ``alpha = 1/4``. Real data has no such
point. The first fit has ``alpha`` of order ``1/n`` and draws one among ``n`` points with a probability that does not
depend on ``n``.

Reference: Barzilai and Shamir 2025, arXiv:2505.19046, theorem 5.1.
"""

from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, Scalar

from jaxcollapse.arguments.check import check_choice
from jaxcollapse.chain.data import Samples
from jaxcollapse.chain.model import Model
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.random import chi_square, split

_LARGEST, _WIDE, _WIDTH = 0.25, 0.1, 1 / 39
_KEPT = 32  # points of a batch next to its edge


class Member(eqx.Module):
    """One member of the family."""

    alpha: Float[Array, ""]
    """Its distance from the truth in total variation."""
    mu: Float[Array, ""]
    """Where its spike begins; 2 where no point of the data tells."""


class ImmediateCollapse(Model):
    """The family ``p_{alpha, mu}``, fitted by maximum likelihood.

    Without a point in [2, 3] the estimate is that of ``(1 - x)/2`` in [0, 1/4], over the points ``x`` of the data, or
    of 1/4, which has the largest likelihood: in nine cases of ten the largest point, else another one near the edge.
    With a point in [2, 3] it is ``alpha = 1/4``, with ``mu`` at a point that occurs twice, or else at any of them.

    **Arguments**

    - `sampling`: ``"raw"`` draws rows; ``"exact"`` draws the 32 points next to the edge of a batch, and lets one row
      with the weight of all others stand for these: its cost does not depend on ``n``. Rows are ``1 - x``.

    **Metrics** `total_variation`, the distance from the truth: ``alpha``; `collapsed`, one where ``alpha = 1/4``.

    **Raises** `ValueError` for another sampling.

    **Exactness** Exact in law for a width ``f(alpha)`` that is small enough above ``alpha = 1/10``: up to an event of
    exponentially small probability in ``n``, ``log f(1/4) = -48 N`` is, for pools of up to 10 times ``N`` points.
    ``"exact"`` differs from ``"raw"`` where the likelihood is largest beyond the 32 points: one fit in 10^10.

    **Reference** Barzilai and Shamir 2025, arXiv:2505.19046, theorem 5.1.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> model = jc.ImmediateCollapse()
    >>> run = jc.simulate(model, jc.Accumulate(), key=jax.random.key(0), samples=100, generations=9)
    >>> bool((run.collapsed[1:] >= run.collapsed[:-1]).all())
    True

    ```
    """

    sampling: Literal["exact", "raw"] = eqx.field(static=True)

    def __init__(self, *, sampling: Literal["exact", "raw"] = "exact"):
        check_choice("sampling", sampling, ("exact", "raw"))
        self.sampling = sampling

    @property
    def draws_sums(self) -> bool:
        return self.sampling == "exact"

    @lenient()
    def truth(self) -> Member:
        """The uniform law on [0, 1]."""
        return Member(jnp.zeros(()), jnp.full((), 2.0))

    def metrics(self, params: Member, **context) -> dict[str, Float[Array, ""]]:
        """The distance from the truth, and whether it is the largest of the family."""
        alpha = params.alpha
        return {"total_variation": alpha, "collapsed": (alpha >= _LARGEST).astype(alpha.dtype)}

    def sample(self, key: Key[Array, ""], params: Member, n: Scalar | int) -> Samples:
        """Draw `n` rows, or the first of them in the order of the tail (exact)."""
        dtype = params.alpha.dtype
        if not self.draws_sums:
            return Samples(_rows(jax.random.uniform(key, (int(n),), dtype), params))
        near_key, far_key = split(key)
        n = jnp.asarray(n, dtype)
        # Uniform order statistics are partial sums of exponential variates, divided by the sum of n + 1 of them.
        sums = jnp.cumsum(jax.random.exponential(near_key, (_KEPT + 1,), dtype))
        rest = 0.5 * chi_square(far_key, 2 * jnp.maximum(n - _KEPT, 0))
        near, place = sums[:_KEPT], jnp.arange(_KEPT, dtype=dtype)
        total = jnp.where(n > _KEPT, sums[_KEPT] + rest, sums[jnp.minimum(n, _KEPT).astype(int)])
        rows = _rows(near / total, params)
        # The others belong beyond the last: put there, they add to no likelihood but those that cannot be largest.
        others = jnp.where(rows[-1] >= 0, rows[-1], 1.0)
        weights = jnp.where(place < n, 1.0, jnp.zeros((), dtype))
        return Samples(jnp.append(rows, others), jnp.append(weights, jnp.maximum(n - _KEPT, 0)))

    def fit(self, data: Samples, **context) -> Member:
        """The maximum-likelihood estimate."""
        # A row of no weight stands for 1/4. The total is the last of the partial sums and not a sum of its own, which
        # XLA:CPU since jaxlib 0.10.2 fuses with what follows into wrong numbers (YNN fusions).
        rows = jnp.append(jnp.where(data.weights > 0, data.rows, jnp.inf), 2 * _LARGEST)
        rows, weights = jax.lax.sort((rows, jnp.append(data.weights, 0.0)), num_keys=1)
        sums = jnp.cumsum(weights)
        passed, spiked = sums - weights, rows[0] < 0
        # Where all points lie in [0, 1], the likelihood rises with alpha from one candidate to the next.
        valid = (rows >= 0) & (rows <= 2 * _LARGEST)
        a = jnp.where(valid, 0.5 * rows, 0.0)
        likelihood = (sums[-1] - passed) * jnp.log((1 - 1.5 * a) / (1 - 2 * a)) - passed * jnp.log(2.0)
        best = a[jnp.argmax(jnp.where(valid, likelihood, -jnp.inf))]
        twice = (rows[:-1] == rows[1:]) & (rows[1:] < 0)
        return Member(
            jnp.where(spiked, _LARGEST, best),
            jnp.where(spiked, 1 - rows[jnp.argmax(twice)], 2.0),
        )


def _rows(tail: Float[Array, " n"], member: Member) -> Float[Array, " n"]:
    """``1 - x`` at the points where the probability of the spike, of [2, 3] and of what lies above ``x`` is `tail`."""
    alpha = member.alpha
    width = jnp.where(alpha <= _WIDE, _WIDTH, 0.0)
    quarter = jnp.where(alpha > 0, alpha / 4, 1.0)
    spike = 1 - member.mu - width * tail / quarter
    beyond = -1 - (tail / quarter - 1)
    edge = 2 * tail - alpha
    inside = (0.5 * alpha + (1 - 2 * alpha) * tail) / (1 - 1.5 * alpha)
    return jnp.select([4 * tail < alpha, 2 * tail < alpha, tail < 1.5 * alpha], [spike, beyond, edge], inside)
