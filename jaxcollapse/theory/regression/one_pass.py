"""Stochastic gradient descent that sees each row once, on labels of the network before.

Protocol: ``w <- w + eta (y - x'w) x`` over ``P`` rows of ``x ~ N(0, Sigma)``, labelled by the last student with noise
``sigma``; students begin at zero, or where their teacher is.

Reference: the setting of Worschech and Rosenow 2024, arXiv:2410.09005 (power laws); the loops are derived here.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import (
    check_at_least,
    check_flag,
    check_length,
    check_nonnegative,
    check_positive,
)
from jaxcollapse.arguments.types import Count, Curve, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.population.spectrum import Spectrum, check_spectrum
from jaxcollapse.theory.curves import check_one_number, per_generation


@lenient()
def sgd_replace(
    spectrum: Spectrum, *, rate: Number, samples: Count, noise: Number | Curve, warm: bool, generations: Count
) -> Float[Array, " generations"]:
    """The risk of students of students, each trained on ``P`` rows in one pass.

    With ``a = 1 - eta l`` and ``K = diag(1 - 2 eta l + 2 eta^2 l^2) + eta^2 l l'`` the mean square of an error ``e``
    about the teacher becomes ``K e^2 + eta^2 sigma^2 l`` in a step. From zero ``m' = (1 - a^P) m`` and
    ``s' = s - 2 a^P s + K^P s + N``, ``N = sum_{k<P} K^k eta^2 sigma^2 l``: early stopping, which loses the
    coordinates with ``eta P l < log g``. Warm students add the risk ``sum l N`` in every generation.

    **Arguments**

    - `spectrum`: eigenvalues of the covariance of ``x``, ``l``, and the true coefficients.
    - `rate`: ``eta``, positive; stable if the largest eigenvalue of ``K`` is below one.
    - `samples`: ``P`` rows, a positive integer.
    - `noise`: ``sigma`` of the labels, at least 0, a number or shape ``(generations,)``.
    - `warm`: whether students begin where their teacher is; the first one begins at zero.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for Gaussian rows, at every rate and size.

    ```python
    >>> import jaxcollapse as jc
    >>> spectrum = jc.theory.Spectrum.from_eigenvalues([1.0, 0.1], [1.0, 1.0])
    >>> case = dict(rate=0.2, samples=50, noise=0.0, generations=10)
    >>> for warm in (False, True):
    ...     print(round(float(sgd_replace(spectrum, warm=warm, **case)[-1]), 4))
    0.1026
    0.0164

    ```
    """
    check_spectrum(spectrum)
    check_positive("rate", rate)
    check_one_number("rate", rate, "for all generations")
    check_length("samples", samples)
    check_nonnegative("noise", noise)
    check_flag("warm", warm)
    check_length("generations", generations)
    noises = per_generation("noise", noise, generations)
    ev, w0 = spectrum.eigenvalues, spectrum.signal
    dtype = jnp.result_type(ev, noises, rate)
    ev, w0, eta = ev.astype(dtype), w0.astype(dtype), jnp.asarray(rate, dtype)
    kept = (1 - eta * ev) ** int(samples)
    diagonal = 1 - 2 * eta * ev + 2 * (eta * ev) ** 2

    def trained(square, sigma):
        """What one pass makes of the mean square of an error about the teacher."""
        row = lambda e, _: (diagonal * e + eta**2 * ev * (ev @ e + sigma**2), None)  # noqa: E731
        return jax.lax.scan(row, square, None, int(samples))[0]

    def cold(now, sigma):
        m, s = now
        after = (1 - kept) * m, s - 2 * kept * s + trained(s, sigma)
        return after, ev @ (after[1] - 2 * w0 * after[0] + w0**2)

    if not warm:
        return jax.lax.scan(cold, (w0, w0**2), noises.astype(dtype))[1]
    first = cold((w0, w0**2), noises[0].astype(dtype))[1]
    added = jax.lax.map(lambda sigma: ev @ trained(jnp.zeros_like(ev), sigma), noises[1:].astype(dtype))
    return first + jnp.concatenate([jnp.zeros(1, dtype), jnp.cumsum(added)])


@lenient()
def sgd_replace_forgotten(*, decay: Number, generations: Count) -> Float[Array, " generations"]:
    """The squared bias of students that begin at zero, in units of the first, on a power-law spectrum.

    For eigenvalues ``k^-(1 + beta)``, equal coefficients and a small rate it is ``I_g/I_1`` with
    ``I_g = int_0^oo (1 - (1 - e^-v)^g)^2 v^(c - 1) dv`` and ``c = beta/(1 + beta)``: like ``(log g)^c``.

    **Arguments**

    - `decay`: ``beta``, at least 0.1.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Asymptotic: for many rows at a small rate, ``eta P`` large.

    ```python
    >>> curve = sgd_replace_forgotten(decay=1.0, generations=20)
    >>> round(float(curve[4]), 2), round(float(curve[-1]), 2)
    (1.99, 2.7)

    ```
    """
    check_at_least("decay", decay, 0.1)
    check_one_number("decay", decay, "for one spectrum")
    check_length("generations", generations)
    beta = jnp.asarray(decay, jnp.result_type(decay, float))
    c = beta / (1 + beta)
    log_v = jnp.asarray(_LOG, beta.dtype)
    g = jnp.arange(1, int(generations) + 1, dtype=beta.dtype)[:, None]
    lost = -jnp.expm1(g * jnp.log(-jnp.expm1(-jnp.exp(log_v))))
    integral = jnp.sum(lost**2 * jnp.exp(c * log_v), axis=1)
    return integral / integral[0]


_LOG = np.linspace(-180.0, 6.0, 3001)
