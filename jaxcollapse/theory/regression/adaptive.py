"""Regularisation that knows its labels are fake: the best penalty and its rate."""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import (
    check_above,
    check_count,
    check_flag,
    check_nonnegative,
    check_numbers,
    check_positive,
)
from jaxcollapse.arguments.types import Count, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.population.spectrum import Spectrum, check_spectrum
from jaxcollapse.theory.former import formerly
from jaxcollapse.theory.regression.downstream import check_downstream, learns_all, penalised_risk, ridge_downstream
from jaxcollapse.theory.regression.recursion import ridge_replace
from jaxcollapse.theory.search import minimiser


@formerly(fakes="generators", fake_samples="generator_samples", fake_noise="generator_noise")
@lenient()
def adaptive_penalty(
    spectrum: Spectrum,
    *,
    samples: Number,
    noise: Number,
    generators: Count,
    generator_samples: Number,
    generator_noise: Number,
) -> Float[Array, ""]:
    """The penalty that minimises the predicted risk of `ridge_downstream`.

    A grid of 121 penalties from ``1e-12`` to ``1e2`` times the largest eigenvalue, then golden-section search in
    ``log lambda`` around its best point, and Newton's method.

    **Arguments** as for `ridge_downstream`.

    **Returns** ``lambda*``; at the edge of the grid where the risk is monotone.

    **Exactness** The minimiser of the closed form, to a relative error of 1e-12 in double precision and 1e-5 in single,
    and so of the true risk up to ``O(1/d)``.

    **Reference** Dohmatob, Feng and Kempe 2024, arXiv:2402.07712, section 5.

    ```python
    >>> best = adaptive_penalty(
    ...     Spectrum.isotropic(50), samples=100, noise=0.5, generators=0, generator_samples=200, generator_noise=0.0)
    >>> round(float(best), 3)  # clean data: noise^2 d/T
    0.125

    ```
    """
    check_spectrum(spectrum)
    check_downstream(1.0, samples, noise, generators, generator_samples, generator_noise)
    one_design = learns_all(spectrum, generators, generator_samples)
    return _best(spectrum, samples, noise, int(generators), generator_samples, generator_noise, one_design)


# Takes seconds to compile: once for each shape.
@functools.partial(jax.jit, static_argnames=("generators", "one_design"))
def _best(
    spectrum: Spectrum,
    samples: Number,
    noise: Number,
    generators: int,
    generator_samples: Number,
    generator_noise: Number,
    one_design: bool,
) -> Float[Array, ""]:
    downstream = penalised_risk if one_design else functools.partial(ridge_downstream, design="fresh")

    def risk(log_penalty):
        return downstream(
            spectrum,
            penalty=jnp.exp(log_penalty),
            samples=samples,
            noise=noise,
            generators=generators,
            generator_samples=generator_samples,
            generator_noise=generator_noise,
        )

    top = jnp.log(jnp.max(spectrum.eigenvalues))
    grid = top + jnp.linspace(jnp.log(1e-12), jnp.log(1e2), 121)
    return jnp.exp(minimiser(risk, grid))


class ShrunkRidge(NamedTuple):
    """A ridge fit that is multiplied by a number."""

    penalty: Float[Array, ""]
    shrinkage: Float[Array, ""]
    risk: Float[Array, ""]


@formerly(fakes="generators", fake_samples="generator_samples", fake_noise="generator_noise")
@lenient()
def ridge_downstream_shrunk(
    *,
    dim: Count,
    samples: Number,
    noise: Number,
    generators: Count,
    generator_samples: Number,
    generator_noise: Number,
    norm: Number = 1.0,
) -> ShrunkRidge:
    """The best downstream fit to fake labels of isotropic features: a ridge fit, then a smaller copy of it.

    The last generator has squared norm ``q = |w0|^2 + n sigma0^2 d/(T0 - d - 1)`` on average. The posterior mean of
    the truth is the ridge fit at ``lambda = sigma^2 (d/T)/q`` times ``|w0|^2/q``, with the risk
    ``|w0|^2 (1 - |w0|^2/q) + (|w0|^2/q)^2 e``, where ``e`` is the clean risk for a truth of squared norm ``q``. No
    penalty alone reaches it.

    **Arguments**

    - `dim`, `samples`, `noise`: ``d``, ``T`` and ``sigma`` of the ridge fit.
    - `generators`, `generator_samples`, `generator_noise`: ``n``, ``T0`` (at least ``d + 2``) and ``sigma0`` of the
      generators.
    - `norm`: ``|w0|``, positive.

    **Returns** a `ShrunkRidge`.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Asymptotic in the proportional limit, with an error of order ``1/d``. Best among all functions of
    the data for a truth of random direction.

    **Reference** Derived here, in the setting of Dohmatob, Feng and Kempe 2024, arXiv:2402.07712.

    ```python
    >>> setting = dict(generators=3, generator_samples=150, generator_noise=0.5)
    >>> fit = ridge_downstream_shrunk(dim=60, samples=120, noise=0.5, **setting)
    >>> [round(float(value), 4) for value in fit]
    [0.083, 0.6642, 0.421]

    ```
    """
    check_count("dim", dim, minimum=1)
    check_count("generators", generators, minimum=0)
    check_positive("samples", samples)
    check_above("generator_samples", generator_samples, dim + 1)
    check_nonnegative("noise", noise)
    check_nonnegative("generator_noise", generator_noise)
    check_positive("norm", norm)
    square = jnp.asarray(norm) ** 2
    total = square + generators * generator_noise**2 * dim / (generator_samples - dim - 1)
    kept, penalty = square / total, noise**2 * dim / samples / total
    clean = ridge_replace(
        Spectrum.isotropic(dim, norm=jnp.sqrt(total)), samples=samples, noise=noise, penalty=penalty, generations=1
    )[0]
    return ShrunkRidge(penalty, kept, square * (1 - kept) + kept**2 * clean)


class AdaptiveExponents(NamedTuple):
    """Powers of the sample size: ``lambda* ~ T^-penalty`` and ``risk ~ T^-error``."""

    penalty: Float[Array, ""]
    error: Float[Array, ""]


@formerly(fake_exponent="generator_exponent")
@lenient()
def adaptive_exponent(
    *,
    capacity: Number,
    source: Number,
    generator_exponent: Number,
    noise_exponent: Number = 0.0,
    dim_exponent: Number = 0.0,
    label_noise: bool,
) -> AdaptiveExponents:
    """The rates of the best penalty and of its risk on power-law spectra.

    With ``T0 = T^b`` rows per generator, ``n sigma0^2 = T^a`` and ``d = T^delta``, let ``T^b' = T0 / max(1, d/T)``,
    ``l = beta/(2 beta r + 1)`` and ``c = 2 beta r/(2 beta r + 1)`` with ``r`` capped at 1. Without label noise
    ``lambda* ~ T^-min((b' - a) l, beta)`` and ``risk ~ T^-((b' - a) c)``; with noise of order one
    ``gamma = min(1, b' - a)``, ``lambda* ~ T^-(gamma l)`` and ``risk ~ T^-(gamma c)``.

    **Arguments**

    - `capacity`, `source`: ``beta`` above 1 and ``r`` positive, as in `Spectrum.power_law`.
    - `generator_exponent`, `noise_exponent`, `dim_exponent`: ``b``, ``a``, ``delta``.
    - `label_noise`: whether the downstream labels are noisy.

    **Exactness** Rate, for ``T0 >= d + 2`` with ``d/T0`` bounded away from one.

    **Reference** Dohmatob, Feng and Kempe 2024, arXiv:2402.07712, theorem 5.1 and corollary 5.2; ``b'`` corrects the
    printed ``b`` where ``d`` exceeds ``T``.

    ```python
    >>> rates = adaptive_exponent(capacity=2.0, source=0.375, generator_exponent=0.5, label_noise=False)
    >>> round(float(rates.penalty), 3), round(float(rates.error), 3)
    (0.4, 0.3)

    ```
    """
    check_numbers("noise_exponent", noise_exponent)
    check_above("capacity", capacity, 1.0)
    check_positive("source", source)
    check_positive("generator_exponent", generator_exponent)
    check_flag("label_noise", label_noise)
    r = jnp.minimum(source, 1.0)
    critical = capacity / (2 * capacity * r + 1)
    clean = 2 * r * critical
    reach = generator_exponent - jnp.maximum(0.0, jnp.asarray(dim_exponent) - 1) - noise_exponent
    if label_noise:
        reach = jnp.minimum(1.0, reach)
        return AdaptiveExponents(reach * critical, reach * clean)
    return AdaptiveExponents(jnp.minimum(reach * critical, capacity), reach * clean)
