"""One ridge fit on fake data: labels of a chain of least-squares generators, or of another model on some rows."""

from typing import Literal, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import (
    check_choice,
    check_count,
    check_nonnegative,
    check_positive,
    check_shape,
    check_share,
    is_traced,
)
from jaxcollapse.arguments.types import Count, Number, Vector
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.population.spectrum import Spectrum, check_spectrum
from jaxcollapse.theory.former import formerly
from jaxcollapse.theory.regression.effective_penalty import degrees_of_freedom, kappa, spare_rows
from jaxcollapse.theory.regression.equivalent import positive_or_one, resolvent
from jaxcollapse.theory.regression.inverse_moments import inverse_moment
from jaxcollapse.theory.regression.recursion import check_ridge, ridge_replace


class RidgeTerms(NamedTuple):
    """The parts of the risk of ridge regression on fake data."""

    bias: Float[Array, ""]
    variance: Float[Array, ""]
    collapse: Float[Array, ""]
    """``rho``: what one fake generation of unit noise variance adds."""


@formerly(fake_samples="generator_samples")
@lenient()
def ridge_downstream_terms(
    spectrum: Spectrum, *, samples: Number, noise: Number, penalty: Number, generator_samples: Number
) -> RidgeTerms:
    """Bias, variance and collapse term of ridge regression on labels from least-squares generators on one design.

    With ``kappa = kappa(lambda, T)``, ``kappa_0 = kappa(0, T0)`` and ``D_0 = s/(s + kappa_0)``:
    ``variance = sigma^2 df2/(T - df2)`` and
    ``rho = [sum_j D_0^2 s^2/(s + kappa)^2 + kappa^2 sum_j D_0^2/(s + kappa)^2 df2/(T - df2)]
    / (T0 - df2(kappa_0) - df2(kappa_0)/df1(kappa_0))``.
    From ``T0 = d`` rows on, ``kappa_0 = 0``, the divisor is ``T0 - d - 1``, designs of their own give the same, and
    ``bias = kappa^2 sum_j w_j^2 s_j/(s_j + kappa)^2 / (1 - df2/T)``. Generators with fewer rows, of the minimum norm,
    also forget: their part of the bias is that of the first one alone.

    **Arguments**

    - `spectrum`: population of the features, and the true coefficients.
    - `penalty`: ``lambda`` per sample of the downstream fit, at least 0.
    - `samples`, `noise`: rows ``T`` and label noise ``sigma`` of the downstream fit.
    - `generator_samples`: rows ``T0`` of each generator; ``rho`` is infinite from ``d - 1`` to ``d + 1``.

    **Exactness** Asymptotic in the proportional limit, with an error of order ``1/d``; the factor ``T0 - d - 1`` is
    exact. At ``penalty = 0`` and ``T >= d`` use `ols_replace`, which is exact.

    **Reference** Dohmatob, Feng and Kempe 2024, arXiv:2402.07712, corollary 4.4, theorem F.1 and equation 18; for
    ``T0 < d`` the paper bounds the bias; here it is the one of the limit.

    ```python
    >>> spectrum = Spectrum.isotropic(50)
    >>> terms = ridge_downstream_terms(spectrum, samples=100, noise=0.5, penalty=0.1, generator_samples=200)
    >>> round(float(terms.bias + terms.variance), 4)
    0.1768

    ```
    """
    check_spectrum(spectrum)
    check_ridge(penalty, samples, noise)
    check_positive("generator_samples", generator_samples)
    s, w = spectrum.eigenvalues, spectrum.signal
    k, k0 = (kappa(spectrum, penalty=p, samples=n) for p, n in ((penalty, samples), (0.0, generator_samples)))
    inverse, inverse0 = resolvent(s, k), resolvent(s, k0)
    kept, kept0 = s * inverse, s * inverse0
    df2, df2_0 = jnp.sum(kept**2), jnp.sum(kept0**2)
    passed = df2 / spare_rows(s, k, samples)  # of what the downstream fit cannot represent, as noise of its labels

    def downstream(labeller):
        """What a random labeller of mean zero adds, from its variance in every direction."""
        return jnp.sum(s * kept**2 * labeller) + k**2 * jnp.sum(s * inverse**2 * labeller) * passed

    forgotten = k0**2 * jnp.sum(s * (w * inverse0) ** 2) / positive_or_one(generator_samples - df2_0)
    missed = jnp.sum(s * (w * (k * inverse + kept * k0 * inverse0)) ** 2)
    misfit = k**2 * jnp.sum(s * (inverse * kept0 * w) ** 2) * passed
    bias = missed + misfit + forgotten * downstream(s * inverse0**2)
    rest = generator_samples - df2_0 - df2_0 / jnp.sum(kept0)
    singular = jnp.abs(generator_samples - jnp.sum(s > 0)) <= 1
    return RidgeTerms(
        bias,
        noise**2 * passed,
        downstream(s * inverse0**2) * inverse_moment(jnp.where(singular, 0.0, rest)),
    )


@formerly(
    defaults={"design": "fresh"}, fakes="generators", fake_samples="generator_samples", fake_noise="generator_noise"
)
@lenient()
def ridge_downstream(
    spectrum: Spectrum,
    *,
    samples: Number,
    noise: Number,
    penalty: Number,
    generators: Count = 0,
    generator_samples: Number | None = None,
    generator_noise: Number = 0.0,
    design: Literal["fresh", "fixed"],
) -> Float[Array, ""]:
    """The risk of one ridge fit whose labels come from a chain of least-squares generators.

    ``generators`` of them, each fitted by least squares (minimum norm, if rows are few) to ``generator_samples`` rows
    labelled by its predecessor with noise ``generator_noise``; then the ridge fit to ``samples`` fresh rows labelled by
    the last generator with noise ``noise``.

    **Arguments**

    - `spectrum`: population of the features, and the true coefficients.
    - `penalty`, `samples`, `noise`: ``lambda`` per sample, ``T`` and ``sigma`` of the ridge fit.
    - `generators`: ``n``, the number of generators, an integer of at least 0.
    - `generator_samples`, `generator_noise`: ``T0`` and ``sigma0`` of each generator.
    - `design`: whether the generators draw a ``"fresh"`` design each or share a ``"fixed"`` one. It matters only for
      ``T0 < d``.

    **Returns** the excess risk; infinite where ``T0`` is ``d - 1``, ``d`` or ``d + 1`` and generators are noisy.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Asymptotic in the proportional limit, with an error of order ``1/d``; exact for ``penalty = 0`` and
    ``T, T0 >= d + 2``.

    **Reference** Dohmatob, Feng and Kempe 2024, arXiv:2402.07712, corollary 4.4 for ``T0 >= d``; for ``T0 < d``,
    where the paper bounds the bias, the recursion of `ridge_replace`.

    ```python
    >>> risk = ridge_downstream(Spectrum.isotropic(300), penalty=0.1, samples=1000, noise=0.2, generators=5,
    ...                         generator_samples=600, generator_noise=0.2, design="fresh")
    >>> round(float(risk), 4)
    0.1872

    ```
    """
    check_spectrum(spectrum)
    check_downstream(penalty, samples, noise, generators, generator_samples, generator_noise)
    check_choice("design", design, ("fresh", "fixed"))
    if generators == 0:
        return ridge_replace(spectrum, samples=samples, noise=noise, penalty=penalty, generations=1)[0]
    one_design = design == "fixed" or learns_all(spectrum, generators, generator_samples)
    if one_design and not is_traced(penalty) and np.all(np.asarray(penalty) > 0):
        return penalised_risk(
            spectrum,
            penalty=penalty,
            samples=samples,
            noise=noise,
            generators=generators,
            generator_samples=generator_samples,
            generator_noise=generator_noise,
        )
    repeats, scale = (generators, 1.0) if design == "fresh" else (1, generators**0.5)
    chain = ridge_replace(
        spectrum,
        samples=jnp.array([generator_samples] * repeats + [samples]),
        noise=jnp.array([scale * generator_noise] * repeats + [noise]),
        penalty=jnp.array([0.0] * repeats + [penalty]),
        generations=repeats + 1,
    )
    return chain[-1]


def check_downstream(
    penalty: Number,
    samples: Number,
    noise: Number,
    generators: Count,
    generator_samples: Number | None,
    generator_noise: Number,
) -> None:
    """The arguments of `ridge_downstream` are what it says."""
    check_ridge(penalty, samples, noise)
    check_count("generators", generators, minimum=0)
    check_nonnegative("generator_noise", generator_noise)
    if generators > 0:
        if generator_samples is None:
            raise ValueError(f"generator_samples must be given for generators = {generators}")
        check_positive("generator_samples", generator_samples)


def learns_all(spectrum: Spectrum, generators: Count, generator_samples: Number | None) -> bool:
    """Whether there are generators, and all have rows enough: designs of their own are then as good as one for all."""
    if generators == 0 or generator_samples is None or is_traced(generator_samples):
        return False
    return bool(generator_samples >= spectrum.dim - 1)


def penalised_risk(
    spectrum: Spectrum,
    *,
    samples: Number,
    noise: Number,
    penalty: Number,
    generators: Count,
    generator_samples: Number,
    generator_noise: Number,
) -> Float[Array, ""]:
    """The risk of `ridge_downstream` for generators on one design and a positive penalty: a sum of terms."""
    terms = ridge_downstream_terms(
        spectrum, penalty=penalty, samples=samples, noise=noise, generator_samples=generator_samples
    )
    added = generators * generator_noise**2
    return terms.bias + terms.variance + jnp.where(added > 0, added * terms.collapse, 0.0)


class StrongCollapseTerms(NamedTuple):
    """The parts of the risk of ridge regression on real and synthetic rows."""

    bias: Float[Array, ""]
    variance: Float[Array, ""]
    collapse: Float[Array, ""]
    """``zeta``: what the shift of the synthetic labels adds."""


@formerly(fake_noise="generator_noise")
@lenient()
def ridge_strong_collapse_terms(
    spectrum: Spectrum,
    *,
    samples: Number,
    noise: Number,
    penalty: Number,
    shift: Vector,
    fraction: Number,
    generator_noise: Number | None = None,
) -> StrongCollapseTerms:
    """Bias, variance and collapse term of one ridge fit, a fraction of whose rows is labelled by a shifted model.

    Of ``n`` rows ``p2 n`` have the labeller ``w0 + delta``, where ``delta`` has mean 0 and covariance ``Delta``. With
    ``kappa = kappa(lambda, n)``, ``p1 = 1 - p2`` and ``u = df2/(n - df2)``: ``bias`` and ``variance`` of clean data
    with noise ``p1 sigma1^2 + p2 sigma2^2``, and
    ``zeta = p2^2 (1 + p1 u) tr Delta Sigma^3 (Sigma + kappa)^-2
    + p2 u tr Delta Sigma (p1 Sigma + kappa)^2 (Sigma + kappa)^-2``.

    **Arguments**

    - `spectrum`: population of the features, and the true coefficients.
    - `shift`: the diagonal of ``Delta`` in the eigenbasis of the features, shape ``(dim,)``, at least 0.
    - `fraction`: ``p2`` in [0, 1].
    - `penalty`: ``lambda`` per sample, positive.
    - `samples`: all rows ``n``.
    - `noise`, `generator_noise`: of real and of synthetic labels; the same by default.

    **Returns** `StrongCollapseTerms`, whose sum is the excess risk. With ``n -> inf`` and ``lambda -> 0`` it tends to
    ``p2^2 tr Sigma Delta``, above zero for every fraction: more data of this mixture does not help.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Asymptotic in the proportional limit, with an error of order ``1/d``.

    **Reference** Dohmatob, Feng, Subramonian and Kempe 2025, arXiv:2410.04840; rederived here.

    ```python
    >>> terms = ridge_strong_collapse_terms(
    ...     Spectrum.isotropic(50), shift=jnp.full(50, 0.01), fraction=0.4, penalty=0.1, samples=100, noise=0.5)
    >>> [round(float(term), 4) for term in terms]
    [0.0345, 0.1423, 0.1273]

    ```
    """
    check_spectrum(spectrum)
    check_shifted_rows(spectrum, shift, fraction, penalty, samples, noise, generator_noise)
    other_noise = noise if generator_noise is None else generator_noise
    s, w, delta = spectrum.eigenvalues, spectrum.signal, jnp.asarray(shift)
    k = kappa(spectrum, penalty=penalty, samples=samples)
    df2 = degrees_of_freedom(spectrum, kappa=k, order=2)
    inverse, u, real = resolvent(s, k) ** 2, df2 / spare_rows(s, k, samples), 1 - fraction
    bias = (1 + u) * k**2 * jnp.sum(w**2 * s * inverse)
    variance = (real * noise**2 + fraction * other_noise**2) * u
    moved = fraction**2 * (1 + real * u) * jnp.sum(delta * s**3 * inverse)
    misfit = fraction * u * jnp.sum(delta * s * (real * s + k) ** 2 * inverse)
    return StrongCollapseTerms(bias, variance, moved + misfit)


def check_shifted_rows(
    spectrum: Spectrum,
    shift: Vector,
    fraction: Number,
    penalty: Number,
    samples: Number,
    noise: Number,
    generator_noise: Number | None,
) -> None:
    """Raises for arguments that describe no fit with a fraction of shifted rows."""
    check_ridge(penalty, samples, noise)
    check_positive("penalty", penalty)
    check_nonnegative("generator_noise", noise if generator_noise is None else generator_noise)
    check_share("fraction", fraction)
    check_nonnegative("shift", shift)
    check_shape("shift", shift, (spectrum.dim,))
