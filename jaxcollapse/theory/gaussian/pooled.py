"""The univariate Gaussian chain with more than the newest batch in its pool: exact second moments.

Maximum likelihood (``ddof = 0``) unless a function says otherwise. ``mu_g`` is the error of the mean and ``X_g`` the
variance of generation ``g``, in units of the true standard deviation and variance.

Reference: Kazdan et al. 2024, arXiv:2410.16713; Alemohammad et al. 2023, arXiv:2307.01850, for the protocols.
"""

from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import (
    check_at_least,
    check_choice,
    check_length,
    check_nonnegative,
    check_positive,
    check_share,
)
from jaxcollapse.arguments.numbers import as_floats
from jaxcollapse.arguments.types import Count, Curve, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.curves import per_generation
from jaxcollapse.theory.former import formerly
from jaxcollapse.theory.gaussian.univariate import equal_batches
from jaxcollapse.theory.mean.workflow import responses, weights_of


class Moments(NamedTuple):
    """What two generations of sufficient statistics determine."""

    mean_square: Float[Array, "..."]
    """``E mu_g^2 / sigma^2``."""
    variance: Float[Array, "..."]
    """``E X_g``."""


@formerly(defaults={"ddof": 0})
@lenient()
def variance_accumulate_mean(*, samples: Number, generations: Count, ddof: int) -> Float[Array, " generations"]:
    """``E X_g`` when data accumulates: ``prod_{t<=g} (1 - 1/(n t^2))`` for maximum likelihood.

    It stays above its positive limit ``sin(pi/sqrt(n)) / (pi/sqrt(n))``, and ``E mu_g^2 = 1 - E X_g``. Without bias at
    every generation (``ddof = 1``), and with ``k_t = t n/(t n - 1)``, it is
    ``k_g (1 - 1/n) prod_{t<g} [1 - (1 - k_t (1 - 1/n) - (1 - 1/(t+1)) k_t/n)/(t+1)]``.

    **Arguments**

    - `samples`: ``n``, one number, at least 2.
    - `generations`: ``G``, a positive integer.
    - `ddof`: 1 for the unbiased variance, 0 for maximum likelihood.

    **Returns** shape ``(generations,)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact.

    ```python
    >>> round(float(variance_accumulate_mean(samples=10, generations=100, ddof=0)[-1]), 5)
    0.84428

    ```
    """
    n, t = equal_batches(samples, generations)
    check_choice("ddof", ddof, (0, 1))
    if ddof == 0:
        return jnp.cumprod(1 - 1 / (n * t**2))
    inflation = t * n / (t * n - 1)
    share = 1 / (t + 1)
    growth = 1 - share * (1 - inflation * (1 - 1 / n) - (1 - share) * inflation / n)
    return inflation * (1 - 1 / n) * jnp.cumprod(jnp.concatenate([jnp.ones_like(n)[None], growth[:-1]]))


@lenient()
def variance_accumulate_square(*, samples: Number, generations: Count) -> Float[Array, " generations"]:
    """``E X_g^2`` when data accumulates, maximum likelihood.

    ``X_g`` is a product of independent factors ``1 - k + (k/n) chi2(n-1) + (k (1-k)/n) z^2`` with ``k = 1/t``: of mean
    ``1 - k^2/n`` and variance ``2 k^2 (n-1)/n^2 + 2 k^2 (1-k)^2/n^2``.

    **Arguments** and **Raises** as for `variance_accumulate_mean`.

    **Returns** shape ``(generations,)``; the variance of ``X_g`` tends to a limit near ``pi^2/(3n)``, so that no chain
    collapses.

    **Exactness** Exact.

    ```python
    >>> arguments = dict(samples=100, generations=2000)
    >>> spread = variance_accumulate_square(**arguments) - variance_accumulate_mean(**arguments, ddof=0) ** 2
    >>> round(float(spread[-1]), 4)
    0.0323

    ```
    """
    n, t = equal_batches(samples, generations)
    k = 1 / t
    return jnp.cumprod((1 - k**2 / n) ** 2 + 2 * k**2 * ((n - 1) + (1 - k) ** 2) / n**2)


@lenient()
def moments_accumulate_subsample(*, samples: Number, generations: Count) -> Moments:
    """The moments when data accumulates and ``n`` rows of the pool are drawn for each fit, without replacement.

    With ``N = t n``, ``A_1 = 1/n`` and ``V = 1 - A_t``: ``E mu_t^2 = A_t + V (N - n)/(n (N - 1))``,
    ``E X_t = V N (n - 1)/((N - 1) n)``, which sum to one, and
    ``A_{t+1} = A_t + V [n (N - n) + N (n - 1)]/(n^2 (N - 1) (t + 1)^2)``. For large ``n`` the first tends to
    ``(pi^2/2 - 2)/n``.

    **Arguments** and **Raises** as for `variance_accumulate_mean`.

    **Returns** `Moments` of shape ``(generations,)``.

    **Exactness** Exact for `jaxcollapse.AccumulateSubsample`, where real rows are not protected.

    ```python
    >>> round(float(moments_accumulate_subsample(samples=10, generations=50).mean_square[-1]), 4)
    0.2567

    ```
    """
    n, t = equal_batches(samples, generations)

    def step(pool, t):
        size, left = t * n, 1 - pool
        moments = Moments(
            pool + left * (size - n) / (n * (size - 1)),
            left * size * (n - 1) / ((size - 1) * n),
        )
        grown = pool + left * (n * (size - n) + size * (n - 1)) / (n**2 * (size - 1) * (t + 1) ** 2)
        return grown, moments

    return jax.lax.scan(step, 1 / n, t)[1]


@lenient()
def moments_mix(
    *,
    samples: Number,
    real: Literal["fresh", "fixed"],
    real_samples: Number,
    sampling_bias: Number | Curve = 1.0,
    generations: Count,
) -> Moments:
    """The moments when each generation pools one real batch and one synthetic batch of another variance.

    Synthetic data has ``lambda`` times the fitted variance. With ``a`` the share of synthetic rows and
    ``b = E mu_g^2 + lambda E X_g / n``, ``E mu_{g+1}^2 = (1 - a)^2/m + a^2 b`` for fresh real data and
    ``(1 - a^2)/m + a^2 b`` for a fixed set; ``E X_{g+1} = (1 - a) + a (E mu_g^2 + lambda E X_g) - E mu_{g+1}^2``.

    **Arguments**

    - `real`: ``"fresh"`` or ``"fixed"``, as in `jaxcollapse.Mix`.
    - `real_samples`, `samples`: ``m`` and ``n``, rows of the real and of the synthetic batch, at least 2 and 1.
    - `sampling_bias`: ``lambda``, at least 0, a number or shape ``(generations,)``; the first entry is not used.
    - `generations`: ``G``, a positive integer.

    **Returns** `Moments` of shape ``(generations,)``; the first generation has real data alone.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for a pool without weights.

    **Reference** Alemohammad et al. 2023, arXiv:2307.01850, for the loops and the sampling bias; derived here.

    ```python
    >>> loop = moments_mix(real="fresh", real_samples=20, samples=20, sampling_bias=0.8, generations=30)
    >>> round(float(loop.variance[-1]), 4)
    0.8104

    ```
    """
    check_length("generations", generations)
    check_choice("real", real, ("fresh", "fixed"))
    check_at_least("real_samples", real_samples, 2.0)
    check_at_least("samples", samples, 1.0)
    check_nonnegative("sampling_bias", sampling_bias)
    biases = per_generation("sampling_bias", sampling_bias, generations)
    m, n = jnp.asarray(real_samples, biases.dtype), jnp.asarray(samples, biases.dtype)
    share = n / (n + m)
    kept = (1 - share) ** 2 if real == "fresh" else 1 - share**2
    return _mixed_path(share, kept, 1 / m, 1 / n, biases)


@lenient()
def moments_weighted(workflow: Any, *, samples: Number | Curve, ddof: int, generations: Count) -> Moments:
    """The moments under any weights of whole batches: `Mix` with a weight, `Window`, `Weighted`, sizes that vary.

    With ``a_i`` the weights of generation ``g``, ``N`` the total weight of its rows, and ``x_i = E mu_{i-1}^2 +
    E X_{i-1}`` the mean square of a row of batch ``i`` about the truth, which is one for real rows:
    ``E X_g = N/(N - ddof) [sum_i a_i x_i - E mu_g^2]``. The mean of batch ``i`` is that of its model, and a noise of
    variance ``E X_{i-1}/n_i``: ``E mu_g^2`` is the sum of these variances times the squares of what the workflow makes
    of each noise.

    **Arguments**

    - `workflow`: as for `jaxcollapse.theory.mean.inflation`; with ``ddof=1`` it has a method ``counted(samples)`` too,
      the total weight of the rows of each generation.
    - `samples`: batch sizes, a number or shape ``(generations,)``, at least 1.
    - `ddof`: 1 for the unbiased variance, 0 for maximum likelihood.
    - `generations`: ``G``, a positive integer.

    **Returns** `Moments` of shape ``(generations,)``.

    **Raises** `ValueError` or `TypeError` for other arguments, and for a workflow that picks rows or averages fits.

    **Exactness** Exact.

    ```python
    >>> import jax.numpy as jnp, jaxcollapse as jc
    >>> tenth = moments_weighted(jc.Mix("fresh", weight=0.1), samples=100, ddof=0, generations=300)
    >>> [round(float(moment[-1]), 4) for moment in tenth]
    [0.0414, 0.9586]

    ```
    """
    check_choice("ddof", ddof, (0, 1))
    check_at_least("samples", samples, 1.0)
    if getattr(workflow, "needs_rows", False) or getattr(workflow, "fits_apart", False):
        raise ValueError(f"workflow must weigh whole batches for one fit, got {workflow!r}")
    sizes, batch, independent = weights_of(workflow, samples, generations)
    divisor = jnp.ones_like(sizes) if ddof == 0 else 1 - 1 / workflow.counted(sizes)
    noises = responses(batch, independent) ** 2
    own, other = noises[:, : len(sizes)] / sizes, noises[:, len(sizes) :].sum(axis=1) / sizes[0]
    synthetic = batch.at[:, 0].set(0.0)

    def step(models, row):  # the first model is the truth, and draws batch 1
        g, own, other, synthetic, divisor = row
        mean_square = own @ models.variance[:-1] + other
        beyond = synthetic @ (models.mean_square + models.variance - 1)[:-1]
        moments = Moments(mean_square, (1 + beyond - mean_square) / divisor)
        return jax.tree.map(lambda all, new: all.at[g].set(new), models, moments), moments

    truth = Moments(jnp.zeros(len(sizes) + 1, sizes.dtype), jnp.ones(len(sizes) + 1, sizes.dtype))
    return jax.lax.scan(step, truth, (jnp.arange(1, len(sizes) + 1), own, other, synthetic, divisor))[1]


@formerly(share="real_share")
@lenient()
def variance_mix_tempered(
    *, samples: Number | None = None, temperature: Number, real_share: Number, generations: Count
) -> Float[Array, " generations"]:
    """The mean variance of a Gaussian that is fitted by maximum likelihood: temperature multiplies it by ``tau``.

    With infinitely many samples ``v_1 = 1`` and ``v_{g+1} = w + (1 - w) tau v_g``, which ends at
    ``w/(1 - (1 - w) tau)``. With ``n`` real and ``n`` generated samples, whose weights are ``w`` and ``1 - w``, and
    with ``m_g`` the mean square of the fitted mean, ``m_1 = 1/n``, ``v_1 = 1 - 1/n``:
    ``m_{g+1} = [w^2 + (1 - w)^2 tau v_g]/n + (1 - w)^2 m_g`` and
    ``v_{g+1} + m_{g+1} = w + (1 - w)(tau v_g + m_g)``.

    **Arguments**

    - `temperature`: ``tau``, positive.
    - `real_share`: ``w`` of external data, in [0, 1].
    - `generations`: ``G``, a positive integer.
    - `samples`: ``n``, at least 1; None for infinitely many.

    **Returns** shape ``(generations,)``, in units of the true variance; without bound if ``(1 - w) tau >= 1``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for ``Mix("fresh", weight=real_share)`` with ``ddof=0``.

    ```python
    >>> [round(float(v), 4) for v in variance_mix_tempered(temperature=0.5, real_share=0.2, generations=3)]
    [1.0, 0.6, 0.44]

    ```
    """
    check_positive("temperature", temperature)
    check_share("real_share", real_share)
    check_length("generations", generations)
    if samples is not None:
        check_at_least("samples", samples, 1.0)
    w, tau, noise = as_floats(real_share), as_floats(temperature), as_floats(0.0 if samples is None else 1 / samples)
    return _mixed_path(1 - w, w**2, noise, noise, jnp.full(int(generations), tau)).variance


def _mixed_path(
    share: Float[Array, ""],
    kept: Float[Array, ""],
    real_noise: Float[Array, ""],
    noise: Float[Array, ""],
    biases: Float[Array, " generations"],
) -> Moments:
    """The recursion of `moments_mix` for any weight `share` of synthetic data.

    `kept` is what real data, whose mean has the variance `real_noise`, adds to the variance of the mean in units of
    that; `noise` is one over the synthetic sample size.
    """

    def step(now, bias):
        drawn = bias * now.variance
        mean_square = kept * real_noise + share**2 * (now.mean_square + drawn * noise)
        later = Moments(mean_square, (1 - share) + share * (now.mean_square + drawn) - mean_square)
        return later, later

    first = Moments(real_noise, 1 - real_noise)
    _, rest = jax.lax.scan(step, first, biases[1:])
    return jax.tree.map(lambda start, later: jnp.concatenate([start[None], later]), first, rest)
