"""Networks that are not trained to the end: linear regression by gradient descent, in a loop on one design.

Protocol: ``n`` rows ``X`` with eigenvalues ``s`` of ``X'X/n`` are labelled again by each predecessor, with noise
``sigma``. Along an eigenvector, training towards the least-squares answer ``u`` ends at ``F u``, or, begun at ``b``, at
``F u + (1 - F) b``: the filter ``F(s)`` is all that is left of the optimiser.

Reference: derived here; Ali, Kolter and Tibshirani 2019, arXiv:1810.10082, for the filter of one fit.
"""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_flag, check_nonnegative, check_numbers, check_scalar
from jaxcollapse.arguments.numbers import as_floats, common_type
from jaxcollapse.arguments.types import Count, Curve, Number, Vector
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.population.spectrum import Spectrum, check_spectrum
from jaxcollapse.theory.mean.workflow import weights_of
from jaxcollapse.theory.regression.descent import check_shrinkage, filtered


@lenient()
def early_stopping_squared_error(
    spectrum: Spectrum,
    shrinkage: Any,
    workflow: Any,
    *,
    samples: Number | Curve,
    noise: Number,
    warm: bool = False,
    generations: Count,
) -> Float[Array, "generations dim"]:
    """The mean squared error of each coefficient along a chain of fits that are not trained to the end.

    With ``v = sigma^2/(n s)``: under `Replace`, each fit begun at zero, ``(1 - F^g)^2 w0^2 + v F^2 (1 - F^(2g))/(1 -
    F^2)``; begun where the last one ended, ``(1 - F)^2 w0^2 + g v F^2``: nothing more is forgotten, and the noise adds
    up. Under `Accumulate` from zero ``(1 - F P_g)^2 w0^2 + F^2 V_g`` with ``P_g ~ g^(F - 1)/Gamma(1 + F)``: a power law
    (`early_stopping_exponent`).

    **Arguments**

    - `spectrum`: the eigenvalues of ``X'X/n``, and the true coefficients along its eigenvectors:
      ``Spectrum.from_eigenvalues(s, basis.T @ w0)``.
    - `shrinkage`: ``F``, a `Shrinkage`: `gradient_flow`, `gradient_descent` or `ridge_shrinkage`.
    - `workflow`: any object with a method ``weights(samples)``, such as the workflows of `jaxcollapse`.
    - `samples`: rows ``n`` of the design, a number, at least 1; or shape ``(generations,)``, of designs with the same
      ``X'X/n``.
    - `noise`: ``sigma``, at least 0.
    - `warm`: whether a fit begins where the last one ended, the first one at zero; or each at zero.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations, dim)``: ``E (w_g - w0)^2`` along each eigenvector.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact given the design, for a workflow that picks no rows.

    **Reference** Derived here.

    ```python
    >>> import jaxcollapse as jc
    >>> from jaxcollapse.theory.networks import gradient_flow
    >>> design = Spectrum.from_eigenvalues([0.5], [1.0])
    >>> for warm in (False, True):
    ...     error = early_stopping_squared_error(
    ...         design, gradient_flow(3.0), jc.Replace(), samples=50, noise=1.0, warm=warm, generations=3)
    ...     print(np.round(np.asarray(error.ravel()), 4))
    [0.0739 0.1959 0.3296]
    [0.0739 0.0981 0.1222]

    ```
    """
    check_spectrum(spectrum)
    check_shrinkage(shrinkage)
    check_numbers("samples", samples)
    check_scalar("noise", noise)
    check_nonnegative("noise", noise)
    check_flag("warm", warm)
    weights = weights_of(workflow, samples, generations)
    s, w0 = spectrum.eigenvalues, spectrum.signal
    dtype = common_type(s, w0, weights.sizes, noise)
    bias, spread = filtered(shrinkage, s.astype(dtype), weights, warm)
    sizes = weights.sizes.astype(dtype)
    seen = s > 0  # a direction that no row has gives no noise, and nothing is learnt
    variance = jnp.where(seen, noise**2 / (sizes[0] * jnp.where(seen, s, 1.0)), 0.0)
    return bias**2 * w0**2 + variance * spread


@lenient()
def early_stopping_exponent(eigenvalues: Vector, shrinkage: Any) -> Float[Array, " dim"]:
    """The power of the generation with which an accumulating chain forgets: ``E w_g ~ g^-(1 - F)``.

    For gradient flow the exponent is ``exp(-time s)``: what is trained longer is forgotten more slowly, and a time that
    grows like ``log g`` keeps all.

    **Arguments**

    - `eigenvalues`: of ``X'X/n``, at least 0, shape ``(dim,)``.
    - `shrinkage`: ``F``, as for `early_stopping_squared_error`.

    **Returns** shape ``(dim,)``: ``1 - F``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** A rate, for fits that begin at zero: ``E w_g = w0 F Gamma(g + F)/(Gamma(1 + F) Gamma(g + 1))``.

    **Reference** Derived here.

    ```python
    >>> from jaxcollapse.theory.networks import gradient_flow
    >>> print(np.round(np.asarray(early_stopping_exponent([0.5, 2.0], gradient_flow(time=2.0))), 4))
    [0.3679 0.0183]

    ```
    """
    check_nonnegative("eigenvalues", eigenvalues)
    if np.ndim(eigenvalues) != 1:
        raise ValueError(f"eigenvalues must have shape (dim,), got shape {np.shape(eigenvalues)}")
    check_shrinkage(shrinkage)
    return shrinkage.missed(as_floats(eigenvalues))
