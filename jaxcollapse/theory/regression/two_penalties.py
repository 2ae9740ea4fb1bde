"""Two ridge fits to the same data with different penalties: how alike their errors are.

All that is a polynomial in ridge fits of one data set, a mean over penalties, an extrapolation in them, or a fit to its
own predictions, has a risk that follows from this function by sums and derivatives.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_nonnegative, check_positive
from jaxcollapse.arguments.types import Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.population.spectrum import Spectrum, check_spectrum
from jaxcollapse.theory.regression.effective_penalty import kappa, shrinkage


@lenient()
def ridge_two_penalties(
    spectrum: Spectrum, *, samples: Number, noise: Number, penalty: Number, other_penalty: Number
) -> Float[Array, ""]:
    """The mean product ``E (b_1 - w)'Sigma (b_2 - w)`` of the errors of two ridge fits to the same data.

    ``[sum_j s_j w_j^2 (1 - D_1j)(1 - D_2j) + (sigma^2/n) df]/(1 - df/n)`` with ``D_ij = s_j/(s_j + kappa_i)`` and
    ``df = sum_j D_1j D_2j``. For equal penalties it is the risk.

    **Arguments**

    - `spectrum`: population of the features, with the signal.
    - `samples`: ``n``, positive.
    - `noise`: ``sigma`` of the labels, at least 0.
    - `penalty`, `other_penalty`: per sample, positive.

    **Returns** a scalar.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Asymptotic in the proportional limit, with an error of order ``1/d``.

    **Reference** Derived here. The risk is that of Dobriban and Wager 2018, arXiv:1507.03003.

    ```python
    >>> from jaxcollapse.theory import Spectrum
    >>> setting = dict(samples=60, noise=0.5, penalty=0.1)
    >>> [round(float(ridge_two_penalties(Spectrum.isotropic(30), other_penalty=p, **setting)), 3) for p in (0.1, 1.0)]
    [0.177, 0.16]

    ```
    """
    check_spectrum(spectrum)
    check_nonnegative("noise", noise)
    check_positive("penalty", penalty)
    check_positive("other_penalty", other_penalty)
    s = spectrum.eigenvalues
    first, second = (
        shrinkage(s, kappa(spectrum, penalty=each, samples=samples), 1) for each in (penalty, other_penalty)
    )
    n = jnp.asarray(samples, s.dtype)
    both = jnp.sum(first * second) / n
    return (jnp.sum(s * spectrum.signal**2 * (1 - first) * (1 - second)) + noise**2 * both) / (1 - both)
