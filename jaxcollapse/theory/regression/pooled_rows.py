"""Fits to real and synthetic rows that are pooled: how much of an old error they keep, and when they enlarge it.

Protocol: generation 1 is fitted to real rows; every later one to ``T_r`` fresh real rows and to ``T_s`` rows labelled
by the model before it, each counted once. `jaxcollapse.Mix` simulates it.

The error of the next fit is ``(X'X)^-1 X_s'X_s`` times the old one, plus noise. That matrix is no contraction: where
few rows are left over, it enlarges errors on average, while a fit to synthetic rows alone keeps them as they are.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import (
    check_at_least,
    check_count,
    check_length,
    check_nonnegative,
    check_positive,
)
from jaxcollapse.arguments.types import Count, Curve, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.population.spectrum import Spectrum
from jaxcollapse.theory.curves import over_generations
from jaxcollapse.theory.former import formerly
from jaxcollapse.theory.regression.effective_penalty import degrees_of_freedom, kappa
from jaxcollapse.theory.regression.inverse_moments import estimation_variance, inverse_moment


@formerly(synthetic_samples="samples")
@lenient()
def ols_mix_contraction(*, dim: Count, samples: Number, real_samples: Number) -> Float[Array, ""]:
    """How much of the squared error of one generation survives least squares on pooled rows of fresh designs.

    The error of the next fit is ``(X'X)^-1 X_s'X_s`` times the old one, plus noise; with ``T = T_s + T_r`` rows its
    mean square is ``c`` times the old one, with
    ``c = T_s (T_s + 2)/(T (T + 2)) + T_s T_r (T + 1) (d - 1) / [T (T + 2) (T - 1) (T - d - 1)]``.

    **Arguments**

    - `dim`: ``d``, a positive integer.
    - `real_samples`, `samples`: ``T_r`` and ``T_s``, positive, together at least ``d``.

    **Returns** a scalar, which exceeds one above the `ols_mix_critical_dim`; infinite for ``T`` in ``{d, d+1}`` where
    ``d > 1``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for every covariance. ``(T_s/T)^2``, its limit for many rows, is far below it for few.

    **Reference** Second moments of a matrix-variate beta distribution; the protocol is the unweighted one of He, Xu and
    Cheng 2025, arXiv:2502.18049.

    ```python
    >>> round(float(ols_mix_contraction(dim=12, real_samples=15, samples=15)), 4)
    0.4277

    ```
    """
    check_count("dim", dim, minimum=1)
    real, synthetic = _rows(samples, real_samples)
    check_at_least("real_samples + samples", real + synthetic, float(dim))
    return _contraction(dim, synthetic, real)


@lenient()
def ols_mix_critical_dim(*, samples: Number, real_samples: Number) -> Float[Array, ""]:
    """The number of features above which least squares on pooled rows enlarges errors without end.

    ``d* = [T_s (T + 1) + (T - 1)^2 (T + T_s + 2)] / [T_s (T + 1) + (T - 1)(T + T_s + 2)]`` solves ``c = 1`` for the
    `ols_mix_contraction` ``c``. For many rows ``d*/T -> (2 - rho)/(3 - 2 rho)`` with the share ``rho`` of real rows:
    2/3 for few of them, 3/4 for half. Above it the risk grows exponentially, where it grows linearly without any real
    rows, since ``c = 1`` at every ``d`` for synthetic rows alone.

    **Arguments**

    - `real_samples`, `samples`: ``T_r`` and ``T_s``, positive, together at least 2.

    **Returns** a scalar, in general no integer: between ``(2 T + 1)/3`` and ``T``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for every covariance.

    **Reference** Derived here.

    ```python
    >>> critical = ols_mix_critical_dim(samples=27, real_samples=7)
    >>> round(float(critical), 6), round(float(ols_mix_contraction(dim=23, samples=27, real_samples=7)), 6)
    (23.0, 1.0)

    ```
    """
    real, synthetic = _rows(samples, real_samples)
    check_at_least("real_samples + samples", real + synthetic, 2.0)
    total = real + synthetic
    across, within = synthetic * (total + 1), (total - 1) * (total + synthetic + 2)
    return (across + (total - 1) * within) / (across + within)


@formerly(synthetic_samples="samples")
@lenient()
def ols_mix(
    *, dim: Count, samples: Number | Curve, noise: Number, real_samples: Number | Curve, generations: Count
) -> Float[Array, " generations"]:
    """The risk of least squares when each generation pools fresh real rows with synthetic ones.

    ``v_1 = sigma^2 d/(T_r - d - 1)`` and ``v_g = c v_{g-1} + sigma^2 d/(T - d - 1)``, ``T = T_r + T_s``, with the
    `ols_mix_contraction` ``c`` of the rows of generation ``g``. Where it exceeds one the risk grows exponentially.

    **Arguments**

    - `dim`: ``d``, a positive integer.
    - `real_samples`, `samples`: ``T_r`` and ``T_s``, positive, numbers or shape ``(generations,)``. The first fit has
      real rows alone, at least ``d``; every later one has at least ``d`` of both kinds together.
    - `noise`: ``sigma``, at least 0, of real and synthetic labels.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``; infinite from the first fit on that has ``d`` or ``d + 1`` rows.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for every covariance.

    **Reference** Derived here; the protocol is the unweighted one of He, Xu and Cheng 2025, arXiv:2502.18049.

    ```python
    >>> curve = ols_mix(dim=12, real_samples=15, samples=15, noise=1.0, generations=2)
    >>> [round(float(v), 4) for v in curve]
    [6.0, 3.2723]

    ```
    """
    check_count("dim", dim, minimum=1)
    check_length("generations", generations)
    check_nonnegative("noise", noise)
    check_positive("real_samples", real_samples)
    check_positive("samples", samples)
    real, synthetic = over_generations(generations, real_samples=real_samples, samples=samples)
    check_at_least("real_samples", real[0], float(dim))
    check_at_least("real_samples + samples", (real + synthetic)[1:], float(dim))
    contraction = _contraction(dim, synthetic, real).at[0].set(0.0)
    rows = real + synthetic.at[0].set(0.0)
    added = dim * estimation_variance(jnp.asarray(noise, real.dtype), rows - dim - 1)

    def step(v, row):
        kept, added = row
        v = jnp.where(v > 0, kept * jnp.where(v > 0, v, 1.0), 0.0) + added
        return v, v

    return jax.lax.scan(step, jnp.zeros_like(added[0]), (contraction, added))[1]


@lenient()
def ols_strong_collapse(
    *, dim: Count, samples: Number, real_samples: Number, noise: Number, bias: Number
) -> Float[Array, ""]:
    """The risk of least squares on real rows and on rows whose labels are biased: more rows of both do not help.

    ``sigma^2 d/(T - d - 1) + c |delta|_Sigma^2`` for ``T_s`` rows labelled by ``w0 + delta``, pooled with ``T_r`` real
    ones, with the `ols_mix_contraction` ``c``, which tends to the square of their share. The exponent of the risk in
    the number of rows, 1 without bias, is one half where ``T`` is ``sigma^2 d T^2/(T_s^2 |delta|^2)`` and tends to 0.

    **Arguments**

    - `dim`: ``d``, a positive integer.
    - `real_samples`, `samples`: ``T_r`` and ``T_s``, positive, together at least ``d``.
    - `noise`: ``sigma``, at least 0, of all labels.
    - `bias`: ``|delta|_Sigma``, at least 0.

    **Returns** a scalar; infinite for ``T`` in ``{d, d+1}``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for every covariance.

    **Reference** Derived here; `jaxcollapse.theory.regression.ridge_strong_collapse_terms` is the limit of ridge
    regression in Dohmatob et al. 2025, arXiv:2410.04840.

    ```python
    >>> setting = dict(dim=5, noise=1.0, bias=1.0)
    >>> risks = [ols_strong_collapse(samples=n // 10, real_samples=9 * n // 10, **setting) for n in (100, 1000)]
    >>> [round(float(risk), 4) for risk in risks]
    [0.0688, 0.0156]

    ```
    """
    check_count("dim", dim, minimum=1)
    real, synthetic = _rows(samples, real_samples)
    check_at_least("real_samples + samples", real + synthetic, float(dim))
    check_nonnegative("noise", noise)
    check_nonnegative("bias", bias)
    noises, shift = jnp.asarray(noise, real.dtype), jnp.asarray(bias, real.dtype)
    kept = jnp.where(shift > 0, _contraction(dim, synthetic, real), 0.0)
    return dim * estimation_variance(noises, real + synthetic - dim - 1) + kept * shift**2


@lenient()
def ridge_mix_contraction(*, dim: Count, samples: Number, real_samples: Number, penalty: Number) -> Float[Array, ""]:
    """How much of the squared error of one generation survives ridge regression on pooled rows of fresh designs.

    ``c = D^2 p_s^2 (1 + u p_r) + u p_s (1 - D p_s)^2`` with the shares ``p_r`` and ``p_s`` of real and synthetic rows,
    ``D = 1/(1 + kappa)`` and ``u = D^2 d/(T - D^2 d)``: without a penalty the `ols_mix_contraction`, up to
    ``O(1/d)``. A small penalty bounds what the few left-over rows enlarge, and brings it below one.

    **Arguments**

    - `dim`: ``d``, a positive integer.
    - `real_samples`, `samples`: ``T_r`` and ``T_s``, positive.
    - `penalty`: ``lambda`` per sample, at least 0.

    **Returns** a scalar. Besides what it keeps of the error of the last fit, the next one has the bias of its penalty
    and noise of its own: `ridge_mix` has all three.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Asymptotic in the proportional limit, with an error of order ``1/d``, for isotropic features.

    **Reference** Derived here.

    ```python
    >>> rows = dict(dim=100, samples=87, real_samples=38)
    >>> [round(float(ridge_mix_contraction(**rows, penalty=penalty)), 3) for penalty in (0.05, 0.3)]
    [0.682, 0.316]

    ```
    """
    check_count("dim", dim, minimum=1)
    check_nonnegative("penalty", penalty)
    real, synthetic = _rows(samples, real_samples)
    spectrum, total = Spectrum.isotropic(dim), real + synthetic
    k = kappa(spectrum, penalty=penalty, samples=total)
    df2 = degrees_of_freedom(spectrum, kappa=k, order=2)
    u, kept, share = df2 / (total - df2), 1 / (1 + k), synthetic / total
    return kept**2 * share**2 * (1 + u * (1 - share)) + u * share * (1 - kept * share) ** 2


def _rows(samples: Number, real_samples: Number) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """The numbers of real and of synthetic rows."""
    check_positive("real_samples", real_samples)
    check_positive("samples", samples)
    dtype = jnp.result_type(real_samples, samples, float)
    return jnp.asarray(real_samples, dtype), jnp.asarray(samples, dtype)


def _contraction(dim: Count, synthetic: Float[Array, "*shape"], real: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    total = real + synthetic
    within = synthetic * (synthetic + 2) / (total * (total + 2))
    if dim == 1:
        return within
    across = synthetic * real * (total + 1) * (dim - 1) / (total * (total + 2) * (total - 1))
    return within + across * inverse_moment(total - dim - 1)
