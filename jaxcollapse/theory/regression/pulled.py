"""Ridge towards a model that others have trained: synthetic data as a regulariser.

The fit minimises ``|y - Xw|^2/n + lambda |w - g|^2`` with the coefficients ``g`` of a generator: kernel ridge
regression that is pulled to a function, in the coordinates of the kernel. It errs as ridge does towards zero with the
true coefficients ``w - g``.

Reference: Shidani, Farghly, Sun, Ganjgahi and Deligiannidis 2025, arXiv:2510.08095, for the setting; their theorem is a
rate. The risk is that of Dobriban and Wager 2018, arXiv:1507.03003.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_numbers, check_shape
from jaxcollapse.arguments.types import Number, Vector
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.population.spectrum import Spectrum, check_spectrum
from jaxcollapse.theory.regression.effective_penalty import kappa, spare_rows
from jaxcollapse.theory.regression.equivalent import resolvent
from jaxcollapse.theory.regression.recursion import check_ridge


@lenient()
def ridge_pulled(
    spectrum: Spectrum, *, generator: Vector, samples: Number, noise: Number, penalty: Number
) -> Float[Array, ""]:
    """The risk of ridge regression that is pulled towards a generator.

    ``[kappa^2 sum_j s_j (w_j - g_j)^2/(s_j + kappa)^2 + sigma^2 df2/n]/(1 - df2/n)``: with a small penalty the noise of
    few rows is all of it, with a large one the error of the generator, and between the two it is lowest: of isotropic
    features at ``lambda = sigma^2 d/(n |w - g|^2)``.

    **Arguments**

    - `spectrum`: population of the features, and the true coefficients ``w``.
    - `generator`: ``g``, its coefficients along the same directions, shape ``(dim,)``.
    - `samples`: ``n`` real rows, positive.
    - `noise`: ``sigma`` of their labels, at least 0.
    - `penalty`: ``lambda`` per row, at least 0.

    **Returns** a scalar.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Asymptotic in the proportional limit, with an error of order ``1/d``.

    ```python
    >>> spectrum, near = Spectrum.isotropic(50), Spectrum.isotropic(50).signal * 0.7
    >>> setting = dict(generator=near, samples=60, noise=0.5)
    >>> [round(float(ridge_pulled(spectrum, penalty=p, **setting)), 3) for p in (0.01, 2.3, 100.0)]
    [0.783, 0.067, 0.088]

    ```
    """
    check_spectrum(spectrum)
    check_ridge(penalty, samples, noise)
    check_numbers("generator", generator)
    s = spectrum.eigenvalues
    check_shape("generator", generator, s.shape)
    k = kappa(spectrum, penalty=penalty, samples=samples)
    inverse, spare = resolvent(s, k), spare_rows(s, k, samples)
    missed = k**2 * jnp.sum(s * ((spectrum.signal - jnp.asarray(generator)) * inverse) ** 2)
    return (samples * missed + noise**2 * jnp.sum((s * inverse) ** 2)) / spare
