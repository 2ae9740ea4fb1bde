"""Real and synthetic data at every generation: how much weight the real data should have.

Protocol: generation 1 is fitted to ``n`` real observations; every later one to ``n`` fresh real observations with total
weight ``w`` and ``m`` observations from the model before it with weight ``1 - w``. The ratio is ``k = n/m``, or
``(sigma_m^2/m) / (sigma_n^2/n)`` when the noises differ. `jaxcollapse.Mix` simulates it.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import (
    check_above,
    check_at_least,
    check_integer,
    check_nonnegative,
    check_positive,
    check_share,
)
from jaxcollapse.arguments.types import Count, Curve, Number
from jaxcollapse.population.spectrum import Spectrum
from jaxcollapse.theory.curves import per_generation
from jaxcollapse.theory.regression import isotropic_replace, ridge_chain
from jaxcollapse.theory.regression.effective_penalty import kappa
from jaxcollapse.theory.regression.inverse_moments import inverse_moment
from jaxcollapse.theory.search import minimiser


def risk(*, weight: Number | Curve, ratio: Number, generations: Count) -> Float[Array, " generations"]:
    """The risk when each generation mixes fresh real and synthetic data, relative to the fit to real data alone.

    ``v_1 = 1`` and ``v_g = w_g^2 + (1 - w_g)^2 (v_{g-1} + k)``, in units of the variance ``sigma^2/n`` of a fit to one
    real batch.

    **Arguments**

    - `weight`: ``w``, the weight of the real data in [0, 1], a number or shape ``(generations,)``; the first entry is
      not used.
    - `ratio`: ``k = n/m``, at least 0.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for sample means and for least squares on one design; asymptotic, with an error of order
    ``1/n``, for every other regular estimator.

    **Reference** He, Xu and Cheng 2025, arXiv:2502.18049.

    ```python
    >>> [round(float(v), 4) for v in risk(weight=0.5, ratio=1.0, generations=3)]
    [1.0, 0.75, 0.6875]

    ```
    """
    check_integer("generations", generations, minimum=1)
    check_share("weight", weight)
    check_nonnegative("ratio", ratio)
    dtype = jnp.result_type(jnp.asarray(weight), ratio, float)
    w = per_generation("weight", weight, generations).astype(dtype).at[0].set(1.0)

    def step(v, w):
        v = w**2 + (1 - w) ** 2 * (v + ratio)
        return v, v

    return jax.lax.scan(step, jnp.zeros((), dtype), w)[1]


def risk_limit(*, weight: Number, ratio: Number) -> Float[Array, ""]:
    """The risk of `risk` after infinitely many generations: ``v(w) = [w^2 + k (1-w)^2] / [w (2-w)]``.

    **Arguments**

    - `weight`: ``w``, in (0, 1].
    - `ratio`: ``k = n/m``, at least 0.

    **Returns** a scalar. At `optimal_weight` it equals that weight.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** As for `risk`.

    **Reference** He, Xu and Cheng 2025, arXiv:2502.18049.

    ```python
    >>> round(float(risk_limit(weight=0.5, ratio=1.0)), 4)
    0.6667

    ```
    """
    check_share("weight", weight)
    check_above("weight", weight, 0.0)
    check_nonnegative("ratio", ratio)
    w = jnp.asarray(weight, jnp.result_type(weight, ratio, float))
    return (w**2 + ratio * (1 - w) ** 2) / (w * (2 - w))


def optimal_weight(ratio: Number = 1.0) -> Float[Array, ""]:
    """The constant weight of the real data that minimises the limiting risk: ``w* = (sqrt(k^2 + 4k) - k)/2``.

    With as much synthetic as real data it is the inverse of the golden ratio, 0.618. ``v(w*) = w*``: the weight is
    also the risk, relative to that of the real data alone.

    **Arguments**

    - `ratio`: ``k = n/m``, at least 0.

    **Returns** a scalar.

    **Raises** `ValueError` or `TypeError` for a negative ratio.

    **Exactness** As for `risk`.

    **Reference** He, Xu and Cheng 2025, arXiv:2502.18049.

    ```python
    >>> round(float(optimal_weight(1.0)), 4)
    0.618

    ```
    """
    check_nonnegative("ratio", ratio)
    k = jnp.asarray(ratio, jnp.result_type(ratio, float))
    return 2 * jnp.sqrt(k) / (jnp.sqrt(k + 4) + jnp.sqrt(k))  # the same, without cancellation for large k


def pooling_weight(ratio: Number) -> Float[Array, ""]:
    """The weight of the real data when all rows count once: ``w = n/(n + m) = k/(1 + k)``.

    Its limiting risk is ``(1 + k)/(2 + k)``, never less than a half, however much synthetic data there is.

    **Arguments**

    - `ratio`: ``k = n/m``, at least 0.

    **Returns** a scalar.

    **Raises** `ValueError` or `TypeError` for a negative ratio.

    **Exactness** Exact.

    **Reference** He, Xu and Cheng 2025, arXiv:2502.18049.

    ```python
    >>> round(float(risk_limit(weight=pooling_weight(0.1), ratio=0.1)), 4)
    0.5238

    ```
    """
    check_nonnegative("ratio", ratio)
    k = jnp.asarray(ratio, jnp.result_type(ratio, float))
    return k / (1 + k)


def dynamic_weight(*, ratio: Number, generations: Count) -> Float[Array, " generations"]:
    """The weights that minimise the risk of every generation at once, which are also the risks.

    ``w_g = v_g = (v_{g-1} + k)/(1 + v_{g-1} + k)`` from ``w_1 = v_1 = 1``: the gain of a Kalman filter. For ``k = 1``
    quotients of Fibonacci numbers, 2/3, 5/8, 13/21, ...; for ``k = 0`` the sequence ``1/g``; the limit is
    `optimal_weight`.

    **Arguments**

    - `ratio`: ``k = n/m``, at least 0.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** As for `risk`.

    **Reference** Follows from the recursion of He, Xu and Cheng 2025, arXiv:2502.18049, generation by generation.

    ```python
    >>> [round(float(w), 4) for w in dynamic_weight(ratio=1.0, generations=3)]
    [1.0, 0.6667, 0.625]

    ```
    """
    check_integer("generations", generations, minimum=1)
    check_nonnegative("ratio", ratio)
    dtype = jnp.result_type(ratio, float)

    def step(v, _):
        return (v + ratio) / (1 + v + ratio), v

    return jax.lax.scan(step, jnp.ones((), dtype), length=int(generations))[1]


def pooling_contraction(*, dim: Count, real_samples: Number, synthetic_samples: Number) -> Float[Array, ""]:
    """How much of the squared error of one generation survives least squares on pooled rows of fresh designs.

    The error of the next fit is ``(X'X)^-1 X_s'X_s`` times the old one, plus noise; with ``T = T_s + T_r`` rows its
    mean square is ``c`` times the old one, with
    ``c = T_s (T_s + 2)/(T (T + 2)) + T_s T_r (T + 1) (d - 1) / [T (T + 2) (T - 1) (T - d - 1)]``.

    **Arguments**

    - `dim`: ``d``, a positive integer.
    - `real_samples`, `synthetic_samples`: ``T_r`` and ``T_s``, positive, together at least ``d``.

    **Returns** a scalar, which may exceed one; infinite for ``T`` in ``{d, d+1}`` where ``d > 1``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for every covariance. ``(T_s/T)^2``, its limit for many rows, is far below it for few.

    **Reference** Second moments of a matrix-variate beta distribution; the protocol is the unweighted one of He, Xu and
    Cheng 2025, arXiv:2502.18049.

    ```python
    >>> round(float(pooling_contraction(dim=12, real_samples=15, synthetic_samples=15)), 4)
    0.4277

    ```
    """
    check_integer("dim", dim, minimum=1)
    check_positive("real_samples", real_samples)
    check_positive("synthetic_samples", synthetic_samples)
    check_at_least("real_samples + synthetic_samples", jnp.asarray(real_samples + synthetic_samples), float(dim))
    dtype = jnp.result_type(real_samples, synthetic_samples, float)
    real, synthetic = jnp.asarray(real_samples, dtype), jnp.asarray(synthetic_samples, dtype)
    total = real + synthetic
    within = synthetic * (synthetic + 2) / (total * (total + 2))
    if dim == 1:
        return within
    across = synthetic * real * (total + 1) * (dim - 1) / (total * (total + 2) * (total - 1))
    return within + across * inverse_moment(total - dim - 1)


def ols_pooled(
    *, dim: Count, real_samples: Number, synthetic_samples: Number, noise: Number, generations: Count
) -> Float[Array, " generations"]:
    """The risk of least squares when each generation pools fresh real rows with synthetic ones.

    ``v_1 = sigma^2 d/(T_r - d - 1)`` and ``v_g = c v_{g-1} + sigma^2 d/(T - d - 1)``, ``T = T_r + T_s``, with the
    `pooling_contraction` ``c``. Every row counts once, and every generation has a fresh design.

    **Arguments**

    - `dim`: ``d``, a positive integer.
    - `real_samples`, `synthetic_samples`: ``T_r`` and ``T_s``, positive; ``T_r`` at least ``d``.
    - `noise`: ``sigma``, at least 0, of real and synthetic labels.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``; infinite for ``T_r`` in ``{d, d+1}``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for every covariance.

    **Reference** Derived here; the protocol is the unweighted one of He, Xu and Cheng 2025, arXiv:2502.18049.

    ```python
    >>> curve = ols_pooled(dim=12, real_samples=15, synthetic_samples=15, noise=1.0, generations=2)
    >>> [round(float(v), 4) for v in curve]
    [6.0, 3.2723]

    ```
    """
    check_integer("generations", generations, minimum=1)
    check_nonnegative("noise", noise)
    c = pooling_contraction(dim=dim, real_samples=real_samples, synthetic_samples=synthetic_samples)
    check_at_least("real_samples", real_samples, float(dim))
    unit = jnp.asarray(noise, c.dtype) ** 2
    first = unit * dim * inverse_moment(jnp.asarray(real_samples - dim - 1, c.dtype))
    added = unit * dim * inverse_moment(jnp.asarray(real_samples + synthetic_samples - dim - 1, c.dtype))

    def step(v, _):
        return c * v + added, v

    return jax.lax.scan(step, first, length=int(generations))[1]


def minimum_norm(
    spectrum: Spectrum, *, samples: Number, noise: Number, weight: Number | Curve, generations: Count
) -> Float[Array, " generations"]:
    """The risk of least squares or minimum norm on one design, with fresh real and synthetic labels mixed.

    Each generation is fitted to ``w y_g + (1 - w) (X w_{g-1} + noise e)`` with fresh real labels ``y_g`` of the same
    ``X``: ``risk_g = bias + variance v_g`` with the bias and variance of the fit to real labels and the factor ``v_g``
    of `risk` at ``k = 1``. Only the variance depends on the weight, so the inverse golden ratio is optimal for every
    covariance and every number of rows.

    **Arguments**

    - `spectrum`: population of the features, and the true coefficients.
    - `samples`: rows ``T``, positive; minimum norm below ``d``.
    - `noise`: ``sigma``, at least 0, of real and synthetic labels.
    - `weight`: ``w``, the weight of the real labels in [0, 1], a number or shape ``(generations,)``.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``; infinite for ``T`` in ``{d-1, d, d+1}``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** The decomposition is exact. Bias and variance are exact for least squares, and for the minimum norm on
    isotropic features; otherwise asymptotic in the proportional limit, with an error of order ``1/d``.

    **Reference** Garg, Bhattacharya and Sur 2025, arXiv:2509.22341.

    ```python
    >>> curve = minimum_norm(Spectrum.isotropic(10), samples=31, noise=1.0, weight=0.5, generations=3)
    >>> [round(float(v), 4) for v in curve]
    [0.5, 0.375, 0.3438]

    ```
    """
    check_positive("samples", samples)
    check_nonnegative("noise", noise)
    factors = risk(weight=weight, ratio=1.0, generations=generations)
    silent = Spectrum(spectrum.eigenvalues, jnp.zeros_like(spectrum.signal))
    bias = ridge_chain(spectrum, samples=samples, noise=0.0, penalty=0.0, generations=1)[0]
    return bias + ridge_chain(silent, samples=samples, noise=noise, penalty=0.0, generations=1)[0] * factors


def fresh_minimum_norm(
    *,
    dim: Count,
    samples: Number,
    noise: Number,
    weight: Number | Curve,
    generations: Count,
    norm: Number = 1.0,
) -> Float[Array, " generations"]:
    """The risk of least squares or minimum norm on a new design each time, with real and synthetic labels mixed.

    The protocol of `minimum_norm`, but every generation draws ``X`` again. With ``eta = min(T/d, 1)`` and the variance
    ``nu = sigma^2 min(T, d)/(|T - d| - 1)`` of a fit to real labels,
    ``risk_g = (1 - eta) |w0|^2 + (1 - w)^2 eta risk_{g-1} + (w^2 + (1 - w)^2) nu``, and ``risk_1`` the same with
    ``w = 1``. Bias and variance both depend on the weight.

    **Arguments**

    - `dim`: ``d``, a positive integer.
    - `samples`: rows ``T``, positive; minimum norm below ``d``.
    - `noise`: ``sigma``, at least 0, of real and synthetic labels.
    - `weight`: ``w``, the weight of the real labels in [0, 1], a number or shape ``(generations,)``; the first entry is
      not used.
    - `generations`: ``G``, a positive integer.
    - `norm`: ``|w0|``, at least 0.

    **Returns** shape ``(generations,)``; infinite for noisy labels and ``T`` in ``{d-1, d, d+1}``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for isotropic features.

    **Reference** Garg, Bhattacharya and Sur 2025, arXiv:2509.22341, for the protocol; derived here.

    ```python
    >>> curve = fresh_minimum_norm(dim=40, samples=20, noise=0.5, weight=0.6, generations=3)
    >>> [round(float(v), 4) for v in curve]
    [0.7632, 0.6979, 0.6927]

    ```
    """
    check_share("weight", weight)
    variance = isotropic_replace(dim=dim, samples=samples, noise=noise, generations=1, norm=0.0, design="fresh")[0]
    first = isotropic_replace(dim=dim, samples=samples, noise=0.0, generations=1, norm=norm, design="fresh")[0]
    kept = jnp.minimum(jnp.asarray(samples, first.dtype) / dim, 1.0)
    w = per_generation("weight", weight, generations).astype(first.dtype).at[0].set(1.0)

    def step(before, w):
        now = first + (1 - w) ** 2 * kept * before + (w**2 + (1 - w) ** 2) * variance
        return now, now

    return jax.lax.scan(step, jnp.zeros_like(first), w)[1]


def ridge_limit(
    spectrum: Spectrum, *, penalty: Number, samples: Number, noise: Number, weight: Number
) -> Float[Array, ""]:
    """The risk of ridge on one design, with fresh real and synthetic labels mixed, after infinitely many generations.

    The protocol of `minimum_norm` with a penalty. The mean is that of one ridge fit with the larger penalty
    ``lambda/w``, and ``variance = sigma^2 (w^2 + (1-w)^2)/(w (2-w)) D/(T - D)`` with
    ``D = sum_j s_j^2 / [(s_j + kappa(lambda/w)) (s_j + kappa(lambda/(2-w)))]``.

    **Arguments**

    - `spectrum`: population of the features, and the true coefficients.
    - `penalty`: ``lambda`` per sample, positive.
    - `samples`: rows ``T``, positive.
    - `noise`: ``sigma``, at least 0, of real and synthetic labels.
    - `weight`: ``w``, the weight of the real labels in (0, 1].

    **Returns** a scalar.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Asymptotic in the proportional limit, with an error of order ``1/d``.

    **Reference** Garg, Bhattacharya and Sur 2025, arXiv:2509.22341. There the variance is a difference of Stieltjes
    transforms at ``lambda/w`` and ``lambda/(2-w)``; the form above equals it and keeps its digits as ``w`` tends to 1.

    ```python
    >>> spectrum = Spectrum.isotropic(150)
    >>> round(float(ridge_limit(spectrum, penalty=0.839, samples=100, noise=1.0, weight=0.721)), 3)
    0.698

    ```
    """
    check_positive("penalty", penalty)
    check_positive("samples", samples)
    check_nonnegative("noise", noise)
    check_share("weight", weight)
    check_above("weight", weight, 0.0)
    ev, w = spectrum.eigenvalues, weight
    slow = kappa(spectrum, penalty=penalty / w, samples=samples)
    fast = kappa(spectrum, penalty=penalty / (2 - w), samples=samples)
    shared = jnp.sum(ev**2 / ((ev + slow) * (ev + fast)))
    bias = ridge_chain(spectrum, samples=samples, noise=0.0, penalty=penalty / w, generations=1)[0]
    return bias + noise**2 * (w**2 + (1 - w) ** 2) / (w * (2 - w)) * shared / (samples - shared)


def optimal_ridge_weight(spectrum: Spectrum, *, penalty: Number, samples: Number, noise: Number) -> Float[Array, ""]:
    """The weight of the real labels that minimises `ridge_limit` for one penalty.

    A grid of 121 weights, then golden-section search around its best point.

    **Arguments** as for `ridge_limit`.

    **Returns** a scalar in (0, 1]: the inverse golden ratio as the penalty vanishes, more where the penalty biases a
    strong signal.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** The minimiser of the closed form to a relative error of about the square root of the rounding error
    (the risk is flat there), and so of the true risk up to ``O(1/d)``.

    **Reference** Garg, Bhattacharya and Sur 2025, arXiv:2509.22341.

    ```python
    >>> best = optimal_ridge_weight(Spectrum.isotropic(150), penalty=0.839, samples=100, noise=1.0)
    >>> round(float(best), 2)
    0.72

    ```
    """
    check_positive("penalty", penalty)
    check_positive("samples", samples)
    check_positive("noise", noise)

    def limit(weight):
        return ridge_limit(spectrum, penalty=penalty, samples=samples, noise=noise, weight=weight)

    return minimiser(limit, jnp.linspace(0.0, 1.0, 122)[1:])
