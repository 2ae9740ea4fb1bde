"""Linear attention that learns in context from its own answers: one step of gradient descent per context.

Protocol: a context of ``n`` rows ``(x, y)`` is read as ``w = (Gamma/n) sum_i y_i x_i``, and a question ``x`` is
answered by ``x'w``. The next context has fresh real rows and rows that these answers label.
`jaxcollapse.LinearAttention` simulates it.

Reference: the setting of Fu et al. 2025, arXiv:2502.18865; the laws are derived here.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_at_least, check_count, check_nonnegative, check_positive
from jaxcollapse.arguments.types import Count, Curve, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.population.spectrum import Spectrum, check_spectrum
from jaxcollapse.theory.curves import check_one_number, over_generations


@lenient()
def attention_mix(
    spectrum: Spectrum,
    *,
    samples: Number | Curve,
    noise: Number | Curve,
    real_samples: Number | Curve,
    gain: Any = 1.0,
    generations: Count,
) -> Float[Array, " generations"]:
    """The risk of linear attention in a loop, with fresh real rows beside its own in every context.

    With ``n_r`` and ``n_s`` rows, ``gamma = Gamma/(n_r + n_s)``, ``m = E w`` and ``s = E w^2``, coordinate by
    coordinate: ``m' = gamma (n_r l w_0 + n_s l m)``, and ``s'`` is ``gamma^2`` times
    ``n_r (n_r + 1) l^2 w_0^2 + n_r l <l, w_0^2> + n_s (n_s + 1) l^2 s + n_s l <l, s> + 2 n_r n_s l^2 w_0 m +
    sigma^2 n l``, ``l`` the eigenvalues. The risk is ``sum l (s - 2 w_0 m + w_0^2)``.

    **Arguments**

    - `spectrum`: eigenvalues of the covariance of ``x`` and the true coefficients.
    - `samples`: ``n_s`` own rows, at least 1, a number or shape ``(generations,)``; there are none at ``g = 1``.
    - `noise`: ``sigma`` of all labels, at least 0, a number or shape ``(generations,)``.
    - `real_samples`: ``n_r`` real rows, at least 0 and 1 at first, a number or shape ``(generations,)``.
    - `gain`: ``Gamma``, a number or shape ``(dim,)``.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for Gaussian rows and every size.

    ```python
    >>> import jaxcollapse as jc
    >>> sizes = dict(samples=34, real_samples=6, noise=0.5, generations=30)
    >>> curve = attention_mix(jc.theory.Spectrum.isotropic(10), **sizes)
    >>> [round(float(curve[g]), 3) for g in (0, -1)]
    [2.25, 6.221]

    ```
    """
    check_spectrum(spectrum)
    check_at_least("samples", samples, 1.0)
    check_nonnegative("noise", noise)
    check_nonnegative("real_samples", real_samples)
    check_gain(gain, spectrum.dim)
    own, sigma, real = over_generations(generations, samples=samples, noise=noise, real_samples=real_samples)
    check_at_least("real_samples", real[0], 1.0)
    ev, w0 = spectrum.eigenvalues, spectrum.signal
    dtype = jnp.result_type(ev, own, gain)
    ev, w0, gamma = ev.astype(dtype), w0.astype(dtype), jnp.asarray(gain, dtype)

    def summed(n, square):
        """The second moment of ``sum_i x_i x_i'w`` over ``n`` rows, for coefficients of this mean square."""
        return n * (n + 1) * ev**2 * square + n * ev * (ev @ square)

    def step(now, row):
        m, s = now
        n_s, noise, n_r = row
        n = n_r + n_s
        scale = gamma / n
        mean = scale * ev * (n_r * w0 + n_s * m)
        square = summed(n_r, w0**2) + summed(n_s, s) + 2 * n_r * n_s * ev**2 * w0 * m + noise**2 * n * ev
        after = mean, scale**2 * square
        return after, ev @ (after[1] - 2 * w0 * mean + w0**2)

    zero = jnp.zeros(ev.shape, dtype)
    rows = own.at[0].set(0.0).astype(dtype), sigma.astype(dtype), real.astype(dtype)
    return jax.lax.scan(step, (zero, zero), rows)[1]


@lenient()
def attention_mix_needed_share(*, dim: Count, samples: Any, gain: Number = 1.0) -> Float[Array, "..."]:
    """The share of real rows from which linear attention is stable: about ``(d + 1)/(2 n)``, which vanishes.

    On isotropic rows of variance 1 the square of the coefficients is multiplied by
    ``Gamma^2 (1 - alpha)^2 (1 + (d + 1)/((1 - alpha) n))`` in every generation; the share is where this is one.

    **Arguments**

    - `dim`: ``d``, a positive integer.
    - `samples`: ``n`` rows of both kinds, at least 1; a number or an array.
    - `gain`: ``Gamma``, positive.

    **Returns** the share of real rows, 0 where none is needed.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact at every size.

    ```python
    >>> [round(float(attention_mix_needed_share(dim=10, samples=n)), 4) for n in (40, 4000)]
    [0.1281, 0.0014]

    ```
    """
    check_count("dim", dim, minimum=1)
    check_at_least("samples", samples, 1.0)
    check_positive("gain", gain)
    check_one_number("gain", gain, "for all coordinates")
    dtype = jnp.result_type(samples, gain, float)
    a, b = (dim + 1) / jnp.asarray(samples, dtype), 1 / jnp.asarray(gain, dtype)
    share = 2 * (a + (1 - b**2)) / ((2 + a) + jnp.sqrt(a**2 + 4 * b**2))  # 1 - x, x^2 + a x = b^2
    return jnp.maximum(share, 0.0)


def check_gain(gain: Any, dim: int) -> None:
    """A number, or one for every coordinate."""
    check_at_least("gain", gain, -np.inf)
    if np.shape(gain) not in ((), (dim,)):
        raise ValueError(f"gain must be a number or have shape ({dim},), got shape {np.shape(gain)}")
