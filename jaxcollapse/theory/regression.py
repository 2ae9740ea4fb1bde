"""Least squares and ridge regression trained on their own predictions.

Conventions: ``y = x'w + noise * e``, ``x ~ N(0, Sigma)``; the penalty is per sample; risk is the excess test risk
``|w - w0|_Sigma^2``, label noise excluded; ``g = 1`` is the fit to real data. Notation inside the formulas: ``d``
features, ``n`` or ``T`` rows, ``D = s/(s + kappa)``.
"""

from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import digamma
from jaxtyping import Array, Float, Real

from jaxcollapse._check import check_above, check_choice, check_integer, check_nonnegative, check_positive, is_traced
from jaxcollapse._types import Count, Curve, Number
from jaxcollapse.theory.equivalents import degrees_of_freedom, kappa
from jaxcollapse.theory.spectrum import Spectrum


def ols_replace(
    *, dim: Count, samples: Number | Curve, noise: Number | Curve, generations: Count
) -> Float[Array, " generations"]:
    """The risk of least squares when each generation replaces the data: ``sum_{m<=g} sigma_m^2 d/(T_m - d - 1)``.

    **Arguments**

    - `dim`: ``d``, a positive integer.
    - `samples`: ``T_m``, a number or shape ``(generations,)``; at least ``d - 1``.
    - `noise`: ``sigma_m``, at least 0, a number or shape ``(generations,)``.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``; infinite from the first generation with ``T_m`` in ``{d-1, d, d+1}`` on.

    **Raises** `ValueError` or `TypeError` for other arguments; fewer rows need `ridge_chain`.

    **Exactness** Exact for every covariance, and for a fresh or a fixed design.

    **Reference** Gerstgrasser et al. 2024, arXiv:2404.01413; Dohmatob, Feng and Kempe 2024, arXiv:2402.07712,
    theorem 4.1 (there without the ``- 1``).

    ```python
    >>> [round(float(risk), 3) for risk in ols_replace(dim=10, samples=31, noise=1.0, generations=2)]
    [0.5, 1.0]

    ```
    """
    sizes, noises = _curves(dim, samples, noise, generations)
    _check_rows(dim, samples)
    return jnp.cumsum(noises**2 * dim * _inverse_moment(sizes, dim))


def ols_accumulate(
    *, dim: Count, samples: Number | Curve, noise: Number, generations: Count, design: Literal["fresh", "fixed"]
) -> Float[Array, " generations"]:
    """The risk of least squares when data accumulates.

    With ``N_i = T_1 + ... + T_i`` rows in the pool, ``sigma^2 d sum_{i<=g} T_i / (N_i (N_i - d - 1))`` for a fresh
    design, ``sigma^2 d/(T - d - 1) sum_{i<=g} 1/i^2`` for one design of ``T`` rows that is labelled again and again.

    **Arguments**

    - `dim`, `noise`, `generations`: as for `ols_replace`; one noise for all generations.
    - `samples`: batch sizes, a number or shape ``(generations,)``; one number for a fixed design. The first batch has
      at least ``d - 1`` rows.
    - `design`: ``"fresh"`` or ``"fixed"``.

    **Returns** shape ``(generations,)``; infinite from a pool of ``d - 1``, ``d`` or ``d + 1`` rows on.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for every covariance.

    **Reference** Gerstgrasser et al. 2024, arXiv:2404.01413 (fixed design and the bound ``pi^2/6``); the fresh design
    follows from the martingale ``w_g - w_{g-1}``.

    ```python
    >>> curve = ols_accumulate(dim=10, samples=31, noise=1.0, generations=2, design="fixed")
    >>> [round(float(risk), 3) for risk in curve]
    [0.5, 0.625]

    ```
    """
    check_choice("design", design, ("fresh", "fixed"))
    sizes, noises = _curves(dim, samples, noise, generations)
    _check_rows(dim, samples if np.ndim(samples) == 0 else jnp.asarray(samples)[0])
    if np.ndim(noise) != 0:
        raise ValueError(f"noise must be one number under accumulation, got shape {np.shape(noise)}")
    if design == "fixed":
        if np.ndim(samples) != 0:
            raise ValueError(f"samples must be one number for a fixed design, got shape {np.shape(samples)}")
        first = noises**2 * dim * _inverse_moment(sizes, dim)
        return first * jnp.cumsum(1 / jnp.arange(1.0, generations + 1) ** 2)
    pool = jnp.cumsum(sizes)
    return jnp.cumsum(noises**2 * dim * sizes / pool * _inverse_moment(pool, dim))


def ols_accumulate_limit(
    *, dim: Count, samples: Number, noise: Number, design: Literal["fresh", "fixed"]
) -> Float[Array, ""]:
    """The risk of least squares after infinitely many generations of accumulation.

    ``pi^2/6`` times the first risk for a fixed design, ``sigma^2 d/(d+1) [-psi(1 - (d+1)/T) - gamma]`` for a fresh
    one. Arguments and exactness as for `ols_accumulate`, with equal batches of more than ``d + 1`` rows.

    ```python
    >>> round(float(ols_accumulate_limit(dim=10, samples=31, noise=1.0, design="fixed")), 4)
    0.8225

    ```
    """
    check_choice("design", design, ("fresh", "fixed"))
    check_integer("dim", dim, minimum=1)
    check_above("samples", samples, dim + 1)
    check_nonnegative("noise", noise)
    samples = jnp.asarray(samples, jnp.result_type(samples, float))
    if design == "fixed":
        return jnp.pi**2 / 6 * noise**2 * dim / (samples - dim - 1)
    return noise**2 * dim / (dim + 1) * (-digamma(1 - (dim + 1) / samples) - np.euler_gamma)


class RidgeTerms(NamedTuple):
    """The parts of the risk of ridge regression on fake data."""

    bias: Float[Array, ""]
    variance: Float[Array, ""]
    collapse: Float[Array, ""]
    """``rho``: what one fake generation of unit noise variance adds."""


def ridge_terms(
    spectrum: Spectrum, *, penalty: Number, samples: Number, noise: Number, fake_samples: Number
) -> RidgeTerms:
    """Bias, variance and collapse term of ridge regression on labels from least-squares generators.

    With ``kappa = kappa(lambda, T)``: ``bias = kappa^2 sum_j w_j^2 s_j/(s_j + kappa)^2 / (1 - df2/T)``,
    ``variance = sigma^2 df2/(T - df2)`` and
    ``rho = [df2 + kappa^2 sum_j (s_j + kappa)^-2 df2/(T - df2)] / (T0 - d - 1)``.

    **Arguments**

    - `spectrum`: population of the features, and the true coefficients.
    - `penalty`: ``lambda`` per sample of the downstream fit, at least 0.
    - `samples`, `noise`: rows ``T`` and label noise ``sigma`` of the downstream fit.
    - `fake_samples`: rows ``T0`` of each generator, at least ``d - 1`` (infinite ``rho`` up to ``d + 1``).

    **Exactness** Asymptotic in the proportional limit, with an error of order ``1/d``; the factor ``T0 - d - 1`` is
    exact. At ``penalty = 0`` and ``T >= d`` use `ols_replace`, which is exact.

    **Reference** Dohmatob, Feng and Kempe 2024, arXiv:2402.07712, corollary 4.4 and theorem F.1.

    ```python
    >>> terms = ridge_terms(Spectrum.isotropic(50), penalty=0.1, samples=100, noise=0.5, fake_samples=200)
    >>> round(float(terms.bias + terms.variance), 4)
    0.1768

    ```
    """
    _check_ridge(penalty, samples, noise)
    _check_rows(spectrum.dim, fake_samples, "fake_samples")
    s, w = spectrum.eigenvalues, spectrum.signal
    k = kappa(spectrum, penalty=penalty, samples=samples)
    df2 = degrees_of_freedom(spectrum, kappa=k, order=2)
    rest = samples - df2
    inverse = _inverse_square(s, k)
    bias = k**2 * jnp.sum(w**2 * s * inverse) / (1 - df2 / samples)
    collapse = (df2 + k**2 * jnp.sum(inverse) * df2 / rest) * _inverse_moment(jnp.asarray(fake_samples), spectrum.dim)
    return RidgeTerms(bias, noise**2 * df2 / rest, collapse)


def ridge_downstream(
    spectrum: Spectrum,
    *,
    penalty: Number,
    samples: Number,
    noise: Number,
    fakes: Count = 0,
    fake_samples: Number | None = None,
    fake_noise: Number = 0.0,
    design: Literal["fresh", "fixed"] = "fresh",
) -> Float[Array, ""]:
    """The risk of one ridge fit whose labels come from a chain of least-squares generators.

    ``fakes`` generators, each fitted by least squares (minimum norm, if rows are few) to ``fake_samples`` rows
    labelled by its predecessor with noise ``fake_noise``; then the ridge fit to ``samples`` fresh rows labelled by the
    last generator with noise ``noise``.

    **Arguments**

    - `spectrum`: population of the features, and the true coefficients.
    - `penalty`, `samples`, `noise`: ``lambda`` per sample, ``T`` and ``sigma`` of the ridge fit.
    - `fakes`: ``n``, the number of generators, an integer of at least 0.
    - `fake_samples`, `fake_noise`: ``T0`` and ``sigma0`` of each generator.
    - `design`: whether the generators draw a ``"fresh"`` design each or share a ``"fixed"`` one. It matters only for
      ``T0 < d``.

    **Returns** the excess risk; infinite where ``T0`` is ``d - 1``, ``d`` or ``d + 1`` and generators are noisy.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Asymptotic in the proportional limit, with an error of order ``1/d``; exact for ``penalty = 0`` and
    ``T, T0 >= d + 2``.

    **Reference** Dohmatob, Feng and Kempe 2024, arXiv:2402.07712, corollary 4.4 for ``T0 >= d``; for ``T0 < d``,
    where the paper bounds the bias, the recursion of `ridge_chain`.

    ```python
    >>> risk = ridge_downstream(Spectrum.isotropic(300), penalty=0.1, samples=1000, noise=0.2, fakes=5,
    ...                         fake_samples=600, fake_noise=0.2)
    >>> round(float(risk), 4)
    0.1872

    ```
    """
    _check_ridge(penalty, samples, noise)
    check_integer("fakes", fakes, minimum=0)
    check_choice("design", design, ("fresh", "fixed"))
    check_nonnegative("fake_noise", fake_noise)
    if fakes == 0:
        return ridge_chain(spectrum, samples=samples, noise=noise, penalty=penalty, generations=1)[0]
    if fake_samples is None:
        raise ValueError(f"fake_samples must be given for fakes = {fakes}")
    check_positive("fake_samples", fake_samples)
    known = not is_traced(fake_samples) and not is_traced(penalty)
    if known and fake_samples >= spectrum.dim - 1 and np.all(np.asarray(penalty) > 0):
        terms = ridge_terms(spectrum, penalty=penalty, samples=samples, noise=noise, fake_samples=fake_samples)
        added = fakes * fake_noise**2
        return terms.bias + terms.variance + jnp.where(added > 0, added * terms.collapse, 0.0)
    repeats, scale = (fakes, 1.0) if design == "fresh" else (1, fakes**0.5)
    chain = ridge_chain(
        spectrum,
        samples=jnp.array([fake_samples] * repeats + [samples]),
        noise=jnp.array([scale * fake_noise] * repeats + [noise]),
        penalty=jnp.array([0.0] * repeats + [penalty]),
    )
    return chain[-1]


def ridge_chain(
    spectrum: Spectrum,
    *,
    samples: Number | Curve,
    noise: Number | Curve,
    penalty: Number | Curve,
    generations: Count | None = None,
) -> Float[Array, " generations"]:
    """The risk along a chain of ridge fits, each on fresh rows labelled by its predecessor.

    Every generation has its own ``(T, sigma, lambda)``: least squares, minimum norm and ridge may alternate. Per
    eigendirection the first and second moments ``m, s`` of the coefficients obey ``m <- D m`` and
    ``s <- D^2 s + gamma^2 ev/(ev + kappa)^2`` with
    ``gamma^2 = (sigma^2 + kappa^2 sum ev s/(ev + kappa)^2) / (T - df2)``.

    **Arguments**

    - `spectrum`: population of the features, and the true coefficients.
    - `samples`, `noise`, `penalty`: numbers or shape ``(generations,)``.
    - `generations`: ``G``; needed only if all three are numbers.

    **Returns** shape ``(generations,)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Asymptotic in the proportional limit, with an error of order ``1/d``; exact for least squares
    (``penalty = 0``, ``T >= d + 2``), whose denominator is ``T - d - 1``, and for the noise term of the minimum norm
    on isotropic features, by the denominator ``T - df2 - df2/df1``.

    **Reference** The recursion composes the one-step equivalent of Dohmatob, Feng and Kempe 2024, arXiv:2402.07712.

    ```python
    >>> curve = ridge_chain(Spectrum.isotropic(10), samples=31, noise=1.0, penalty=0.0, generations=2)
    >>> [round(float(risk), 3) for risk in curve]
    [0.5, 1.0]

    ```
    """
    _check_ridge(penalty, samples, noise)
    lengths = {np.shape(value)[0] for value in (samples, noise, penalty) if np.ndim(value) == 1}
    if any(np.ndim(value) > 1 for value in (samples, noise, penalty)) or len(lengths) > 1:
        raise ValueError("samples, noise and penalty must be numbers or have the same shape (generations,)")
    if not lengths and generations is None:
        raise ValueError("generations must be given when samples, noise and penalty are numbers")
    count = lengths.pop() if lengths else generations
    if generations is not None and count != generations:
        raise ValueError(f"generations must be {count}, the length of the arrays, got {generations}")
    check_integer("generations", count, minimum=1)
    ev, w0 = spectrum.eigenvalues, spectrum.signal
    dtype = jnp.result_type(ev, w0, samples, noise, penalty, float)
    columns = [jnp.broadcast_to(jnp.asarray(value, dtype), (count,)) for value in (samples, noise, penalty)]

    def step(moments, settings):
        m, s = moments
        t, sigma, lam = settings
        k = kappa(spectrum, penalty=lam, samples=t)
        df1, df2 = (degrees_of_freedom(spectrum, kappa=k, order=order) for order in (1, 2))
        inverse = _inverse_square(ev, k)
        unregularised, over = lam == 0, t < spectrum.dim
        rest = jnp.where(unregularised & ~over, 1 / _inverse_moment(t, spectrum.dim), t - df2)
        noise_rest = jnp.where(unregularised & over, t - df2 - df2 / df1, rest)
        noise_part = jnp.where(sigma > 0, sigma**2 / jnp.maximum(noise_rest, 0.0), 0.0)
        gamma2 = noise_part + k**2 * jnp.sum(ev * s * inverse) / rest
        shrink = jnp.where(ev > 0, ev / jnp.where(ev > 0, ev + k, 1.0), 0.0)
        m, s = shrink * m, shrink**2 * s + gamma2 * ev * inverse
        return (m, s), jnp.sum(ev * (s - 2 * w0 * m + w0**2))

    return jax.lax.scan(step, (w0.astype(dtype), w0.astype(dtype) ** 2), columns)[1]


def adaptive_penalty(
    spectrum: Spectrum, *, samples: Number, noise: Number, fakes: Count, fake_samples: Number, fake_noise: Number
) -> Float[Array, ""]:
    """The penalty that minimises the predicted risk of `ridge_downstream`.

    A grid of 121 penalties from ``1e-12`` to ``1e2`` times the largest eigenvalue, then golden-section search in
    ``log lambda`` around its best point.

    **Arguments** as for `ridge_downstream`.

    **Returns** ``lambda*``; at the edge of the grid where the risk is monotone.

    **Exactness** The minimiser of the closed form to a relative error of about the square root of the rounding error
    (the risk is flat there), and so of the true risk up to ``O(1/d)``.

    **Reference** Dohmatob, Feng and Kempe 2024, arXiv:2402.07712, section 5.

    ```python
    >>> best = adaptive_penalty(
    ...     Spectrum.isotropic(50), samples=100, noise=0.5, fakes=0, fake_samples=200, fake_noise=0.0)
    >>> round(float(best), 3)  # clean data: noise^2 d/T
    0.125

    ```
    """

    def risk(log_penalty):
        return ridge_downstream(
            spectrum,
            penalty=jnp.exp(log_penalty),
            samples=samples,
            noise=noise,
            fakes=fakes,
            fake_samples=fake_samples,
            fake_noise=fake_noise,
        )

    top = jnp.log(jnp.max(spectrum.eigenvalues))
    grid = top + jnp.linspace(jnp.log(1e-12), jnp.log(1e2), 121)
    best = jnp.clip(jnp.argmin(jax.lax.map(risk, grid)), 1, len(grid) - 2)
    golden = (5**0.5 - 1) / 2

    def narrow(bracket, _):
        low, high = bracket
        left, right = high - golden * (high - low), low + golden * (high - low)
        lower = risk(left) < risk(right)
        return (jnp.where(lower, low, left), jnp.where(lower, right, high)), None

    (low, high), _ = jax.lax.scan(narrow, (grid[best - 1], grid[best + 1]), None, length=50)
    return jnp.exp(0.5 * (low + high))


class AdaptiveExponents(NamedTuple):
    """Powers of the sample size: ``lambda* ~ T^-penalty`` and ``risk ~ T^-error``."""

    penalty: Float[Array, ""]
    error: Float[Array, ""]


def adaptive_exponent(
    *,
    capacity: Number,
    source: Number,
    fake_exponent: Number,
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
    - `fake_exponent`, `noise_exponent`, `dim_exponent`: ``b``, ``a``, ``delta``.
    - `label_noise`: whether the downstream labels are noisy.

    **Exactness** Rate, for ``T0 >= d + 2`` with ``d/T0`` bounded away from one.

    **Reference** Dohmatob, Feng and Kempe 2024, arXiv:2402.07712, theorem 5.1 and corollary 5.2; ``b'`` corrects the
    printed ``b`` where ``d`` exceeds ``T``.

    ```python
    >>> rates = adaptive_exponent(capacity=2.0, source=0.375, fake_exponent=0.5, label_noise=False)
    >>> round(float(rates.penalty), 3), round(float(rates.error), 3)
    (0.4, 0.3)

    ```
    """
    check_above("capacity", capacity, 1.0)
    check_positive("source", source)
    check_positive("fake_exponent", fake_exponent)
    if not isinstance(label_noise, bool):
        raise TypeError(f"label_noise must be True or False, got {label_noise!r}")
    r = jnp.minimum(source, 1.0)
    critical = capacity / (2 * capacity * r + 1)
    clean = 2 * r * critical
    reach = fake_exponent - jnp.maximum(0.0, jnp.asarray(dim_exponent) - 1) - noise_exponent
    if label_noise:
        reach = jnp.minimum(1.0, reach)
        return AdaptiveExponents(reach * critical, reach * clean)
    return AdaptiveExponents(jnp.minimum(reach * critical, capacity), reach * clean)


def _curves(
    dim: Count, samples: Number | Curve, noise: Number | Curve, generations: Count
) -> tuple[Float[Array, " generations"], Float[Array, " generations"]]:
    """Sizes and noises at generations 1, ..., G."""
    check_integer("dim", dim, minimum=1)
    check_integer("generations", generations, minimum=1)
    check_positive("samples", samples)
    check_nonnegative("noise", noise)
    curves = []
    for name, value in (("samples", samples), ("noise", noise)):
        array = jnp.asarray(value)
        if array.shape not in ((), (generations,)):
            raise ValueError(f"{name} must be a number or have shape ({generations},), got shape {array.shape}")
        curves.append(jnp.broadcast_to(array.astype(jnp.result_type(array, float)), (generations,)))
    return curves[0], curves[1]


def _check_rows(dim: Count, samples: Number | Curve, name: str = "samples") -> None:
    check_positive(name, samples)
    if not is_traced(samples) and np.any(np.asarray(samples) < dim - 1):
        raise ValueError(f"{name} must be at least dim - 1 = {dim - 1} (fewer rows: use ridge_chain), got {samples}")


def _check_ridge(penalty: Number | Curve, samples: Number | Curve, noise: Number | Curve) -> None:
    check_nonnegative("penalty", penalty)
    check_positive("samples", samples)
    check_nonnegative("noise", noise)


def _inverse_moment(samples: Real[Array, "*shape"], dim: Count) -> Float[Array, "*shape"]:
    """``1/(n - d - 1)``, the mean of an inverse chi-square: infinite up to ``n = d + 1``."""
    rest = samples - dim - 1
    return jnp.where(rest > 0, 1 / jnp.where(rest > 0, rest, 1), jnp.inf)


def _inverse_square(eigenvalues: Float[Array, " dim"], k: Float[Array, ""]) -> Float[Array, " dim"]:
    """``(s + kappa)^-2``; the directions that vanish with ``kappa`` count nothing."""
    total = eigenvalues + k
    return jnp.where(total > 0, 1 / jnp.where(total > 0, total, 1.0) ** 2, 0.0)
