"""Regression on real and synthetic labels at every generation, and the best weight of the real ones.

Protocol: generation 1 is fitted to real rows; every later one to one label for each row that is the mean of a real and
of a synthetic one with the weights ``w`` and ``1 - w``. `jaxcollapse.MixedLabels` simulates it, and on one design
`jaxcollapse.Mix` does too.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import (
    check_above,
    check_length,
    check_nonnegative,
    check_positive,
    check_share,
)
from jaxcollapse.arguments.types import Count, Curve, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.population.spectrum import Spectrum, check_spectrum
from jaxcollapse.theory.curves import from_the_second
from jaxcollapse.theory.former import formerly
from jaxcollapse.theory.mean.mixing import mean_mix
from jaxcollapse.theory.regression.effective_penalty import kappa
from jaxcollapse.theory.regression.minimum_norm import minimum_norm_replace
from jaxcollapse.theory.regression.recursion import ridge_replace
from jaxcollapse.theory.search import minimiser


@formerly(weight="real_weight")
@lenient()
def minimum_norm_mixed_labels(
    spectrum: Spectrum, *, samples: Number, noise: Number, real_weight: Number | Curve, generations: Count
) -> Float[Array, " generations"]:
    """The risk of least squares or minimum norm on one design, with fresh real and synthetic labels mixed.

    Each generation is fitted to ``w y_g + (1 - w) (X w_{g-1} + noise e)`` with fresh real labels ``y_g`` of the same
    ``X``: ``risk_g = bias + variance v_g`` with the bias and variance of the fit to real labels and the factor ``v_g``
    of `mean_mix` at ``k = 1``. Only the variance depends on the weight, so the inverse golden ratio is optimal for
    every covariance and every number of rows.

    **Arguments**

    - `spectrum`: population of the features, and the true coefficients.
    - `samples`: rows ``T``, positive; minimum norm below ``d``.
    - `noise`: ``sigma``, at least 0, of real and synthetic labels.
    - `real_weight`: ``w``, the weight of the real labels in [0, 1], a number or shape ``(generations,)``.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``; infinite for ``T`` in ``{d-1, d, d+1}``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** The decomposition is exact. Bias and variance are exact for least squares, and for the minimum norm on
    isotropic features; otherwise asymptotic in the proportional limit, with an error of order ``1/d``.

    **Reference** Garg, Bhattacharya and Sur 2025, arXiv:2509.22341.

    ```python
    >>> curve = minimum_norm_mixed_labels(Spectrum.isotropic(10), samples=31, noise=1.0, real_weight=0.5, generations=3)
    >>> [round(float(v), 5) for v in curve]
    [0.5, 0.375, 0.34375]

    ```
    """
    check_spectrum(spectrum)
    check_positive("samples", samples)
    check_nonnegative("noise", noise)
    factors = mean_mix(real_weight=real_weight, ratio=1.0, generations=generations)
    silent = Spectrum(spectrum.eigenvalues, jnp.zeros_like(spectrum.signal))
    bias = ridge_replace(spectrum, samples=samples, noise=0.0, penalty=0.0, generations=1)[0]
    return bias + ridge_replace(silent, samples=samples, noise=noise, penalty=0.0, generations=1)[0] * factors


@formerly(weight="real_weight")
@lenient()
def minimum_norm_mixed_labels_fresh(
    *,
    dim: Count,
    samples: Number,
    noise: Number,
    real_weight: Number | Curve,
    generations: Count,
    norm: Number = 1.0,
) -> Float[Array, " generations"]:
    """The risk of least squares or minimum norm on a new design each time, with real and synthetic labels mixed.

    The protocol of `minimum_norm_mixed_labels`, but every generation draws ``X`` again. With ``eta = min(T/d, 1)`` and
    the variance ``nu = sigma^2 min(T, d)/(|T - d| - 1)`` of a fit to real labels,
    ``risk_g = (1 - eta) |w0|^2 + (1 - w)^2 eta risk_{g-1} + (w^2 + (1 - w)^2) nu``, and ``risk_1`` the same with
    ``w = 1``. Bias and variance both depend on the weight.

    **Arguments**

    - `dim`: ``d``, a positive integer.
    - `samples`: rows ``T``, positive; minimum norm below ``d``.
    - `noise`: ``sigma``, at least 0, of real and synthetic labels.
    - `real_weight`: ``w``, the weight of the real labels in [0, 1], a number or shape ``(generations,)``; the first
      entry is not used.
    - `generations`: ``G``, a positive integer.
    - `norm`: ``|w0|``, at least 0.

    **Returns** shape ``(generations,)``; infinite for noisy labels and ``T`` in ``{d-1, d, d+1}``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for isotropic features.

    **Reference** Garg, Bhattacharya and Sur 2025, arXiv:2509.22341, for the protocol; derived here.

    ```python
    >>> curve = minimum_norm_mixed_labels_fresh(dim=40, samples=20, noise=0.5, real_weight=0.6, generations=3)
    >>> [round(float(v), 4) for v in curve]
    [0.7632, 0.6979, 0.6927]

    ```
    """
    check_length("generations", generations)
    check_share("real_weight", real_weight)
    variance = minimum_norm_replace(dim=dim, samples=samples, noise=noise, generations=1, norm=0.0, design="fresh")[0]
    first = minimum_norm_replace(dim=dim, samples=samples, noise=0.0, generations=1, norm=norm, design="fresh")[0]
    kept = jnp.minimum(jnp.asarray(samples, first.dtype) / dim, 1.0)
    w = from_the_second("real_weight", real_weight, generations, first=1.0).astype(first.dtype)

    def step(before, w):
        now = first + (1 - w) ** 2 * kept * before + (w**2 + (1 - w) ** 2) * variance
        return now, now

    return jax.lax.scan(step, jnp.zeros_like(first), w)[1]


@formerly(weight="real_weight")
@lenient()
def ridge_mixed_labels_limit(
    spectrum: Spectrum, *, samples: Number, noise: Number, penalty: Number, real_weight: Number
) -> Float[Array, ""]:
    """The risk of ridge on one design, with fresh real and synthetic labels mixed, after infinitely many generations.

    The protocol of `minimum_norm_mixed_labels` with a penalty. The mean is that of one ridge fit with the larger
    penalty ``lambda/w``, and ``variance = sigma^2 (w^2 + (1-w)^2)/(w (2-w)) D/(T - D)`` with
    ``D = sum_j s_j^2 / [(s_j + kappa(lambda/w)) (s_j + kappa(lambda/(2-w)))]``.

    **Arguments**

    - `spectrum`: population of the features, and the true coefficients.
    - `penalty`: ``lambda`` per sample, positive.
    - `samples`: rows ``T``, positive.
    - `noise`: ``sigma``, at least 0, of real and synthetic labels.
    - `real_weight`: ``w``, the weight of the real labels in (0, 1].

    **Returns** a scalar.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Asymptotic in the proportional limit, with an error of order ``1/d``.

    **Reference** Garg, Bhattacharya and Sur 2025, arXiv:2509.22341. There the variance is a difference of Stieltjes
    transforms at ``lambda/w`` and ``lambda/(2-w)``; the form above equals it and keeps its digits as ``w`` tends to 1.

    ```python
    >>> spectrum = Spectrum.isotropic(150)
    >>> round(float(ridge_mixed_labels_limit(spectrum, penalty=0.839, samples=100, noise=1.0, real_weight=0.721)), 3)
    0.698

    ```
    """
    check_spectrum(spectrum)
    check_positive("penalty", penalty)
    check_positive("samples", samples)
    check_nonnegative("noise", noise)
    check_share("real_weight", real_weight)
    check_above("real_weight", real_weight, 0.0)
    ev, w = spectrum.eigenvalues, real_weight
    slow = kappa(spectrum, penalty=penalty / w, samples=samples)
    fast = kappa(spectrum, penalty=penalty / (2 - w), samples=samples)
    shared = jnp.sum(ev**2 / ((ev + slow) * (ev + fast)))
    bias = ridge_replace(spectrum, samples=samples, noise=0.0, penalty=penalty / w, generations=1)[0]
    lost = [jnp.where(ev > 0, k / (ev + k), 0.0) for k in (slow, fast)]
    spare = samples - jnp.sum(ev > 0) + jnp.sum(lost[0] + lost[1] - lost[0] * lost[1])  # samples - shared
    return bias + noise**2 * (w**2 + (1 - w) ** 2) / (w * (2 - w)) * shared / spare


@lenient()
def ridge_mixed_labels_optimal_weight(
    spectrum: Spectrum, *, samples: Number, noise: Number, penalty: Number
) -> Float[Array, ""]:
    """The weight of the real labels that minimises `ridge_mixed_labels_limit` for one penalty.

    A grid of 121 weights, then golden-section search around its best point, and Newton's method.

    **Arguments** as for `ridge_mixed_labels_limit`.

    **Returns** a scalar in (0, 1]: the inverse golden ratio as the penalty vanishes, more where the penalty biases a
    strong signal.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** The minimiser of the closed form, to a relative error of 1e-12 in double precision and 1e-5 in single,
    and so of the true risk up to ``O(1/d)``.

    **Reference** Garg, Bhattacharya and Sur 2025, arXiv:2509.22341.

    ```python
    >>> best = ridge_mixed_labels_optimal_weight(Spectrum.isotropic(150), penalty=0.839, samples=100, noise=1.0)
    >>> round(float(best), 2)
    0.72

    ```
    """
    check_spectrum(spectrum)
    check_positive("penalty", penalty)
    check_positive("samples", samples)
    check_positive("noise", noise)

    def limit(real_weight):
        return ridge_mixed_labels_limit(
            spectrum, penalty=penalty, samples=samples, noise=noise, real_weight=real_weight
        )

    return minimiser(limit, jnp.linspace(0.0, 1.0, 122)[1:])
