"""Networks that are not trained to the end: linear regression by gradient descent, in a loop on one design.

Protocol: ``n`` rows ``X`` with eigenvalues ``s`` of ``X'X/n`` are labelled again by each predecessor, with noise
``sigma``. Along an eigenvector, training towards the least-squares answer ``u`` ends at ``F u``, or, begun at ``b``, at
``F u + (1 - F) b``: the filter ``F(s)`` is all that is left of the optimiser.

Reference: derived here; Ali, Kolter and Tibshirani 2019, arXiv:1810.10082, for the filter of one fit.
"""

import abc
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import (
    check_count,
    check_flag,
    check_nonnegative,
    check_numbers,
    check_positive,
    check_scalar,
)
from jaxcollapse.arguments.numbers import as_floats
from jaxcollapse.arguments.types import Count, Curve, Number, Vector
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.population.spectrum import Spectrum, check_spectrum
from jaxcollapse.theory.mean.workflow import weights_of


class Shrinkage(eqx.Module):
    """How much of the least-squares answer a fit reaches along each eigenvector: call it on eigenvalues for ``F``."""

    @abc.abstractmethod
    def missed(self, eigenvalues: Any) -> Float[Array, "..."]:
        """``1 - F``, with all its digits."""

    @abc.abstractmethod
    def __call__(self, eigenvalues: Any) -> Float[Array, "..."]:
        """``F``, with all its digits."""


@lenient()
def gradient_flow(time: Number) -> Shrinkage:
    """Gradient flow on ``|y - Xw|^2/(2n)``, stopped: ``F = 1 - exp(-time s)``.

    **Arguments**

    - `time`: how long, positive.

    **Returns** a `Shrinkage`, which is a function of eigenvalues.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact.

    **Reference** Ali, Kolter and Tibshirani 2019, arXiv:1810.10082.

    ```python
    >>> round(float(gradient_flow(time=2.0)(0.5)), 4)
    0.6321

    ```
    """
    check_scalar("time", time)
    check_positive("time", time)
    return _Flow(as_floats(time))


@lenient()
def gradient_descent(rate: Number, steps: Count) -> Shrinkage:
    """Steps of gradient descent on ``|y - Xw|^2/(2n)``: ``F = 1 - (1 - rate s)^steps``.

    **Arguments**

    - `rate`: of the descent, positive; it diverges along eigenvectors with ``rate s > 2``.
    - `steps`: how many, a positive integer.

    **Returns** a `Shrinkage`, which is a function of eigenvalues.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact.

    **Reference** Ali, Kolter and Tibshirani 2019, arXiv:1810.10082, for its limit, `gradient_flow`.

    ```python
    >>> float(gradient_descent(rate=0.5, steps=2)(1.0))
    0.75

    ```
    """
    check_scalar("rate", rate)
    check_positive("rate", rate)
    check_count("steps", steps, minimum=1)
    return _Descent(as_floats(rate), int(steps))


@lenient()
def ridge_shrinkage(penalty: Number) -> Shrinkage:
    """A ridge penalty, trained to the end: ``F = s/(s + penalty)``.

    **Arguments**

    - `penalty`: ``lambda`` per sample, positive: ``argmin_w |y - Xw|^2/n + lambda |w|^2``.

    **Returns** a `Shrinkage`, which is a function of eigenvalues.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact; with it, and all data kept, `early_stopping_squared_error` is
    `jaxcollapse.theory.regression.ridge_accumulate_given_design`.

    **Reference** Derived here.

    ```python
    >>> float(ridge_shrinkage(penalty=0.5)(1.5))
    0.75

    ```
    """
    check_scalar("penalty", penalty)
    check_positive("penalty", penalty)
    return _Ridge(as_floats(penalty))


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
    _check_shrinkage(shrinkage)
    check_numbers("samples", samples)
    check_scalar("noise", noise)
    check_nonnegative("noise", noise)
    check_flag("warm", warm)
    weights = weights_of(workflow, samples, generations)
    s, w0 = spectrum.eigenvalues, spectrum.signal
    dtype = jnp.result_type(s, w0, weights.sizes, noise)
    reached, missed = shrinkage(s).astype(dtype), shrinkage.missed(s).astype(dtype)
    sizes, batch, alone = (part.astype(dtype) for part in weights)
    noises = jnp.concatenate([batch * jnp.sqrt(sizes[0] / sizes), jnp.diag(alone)], axis=1)
    last = jnp.eye(len(sizes), k=-1, dtype=dtype) if warm else 0.0
    taught = jnp.pad(batch[:, 1:], ((0, 0), (0, 1)))
    first = jnp.arange(len(sizes)) == 0

    def along(direction):
        """What is missing of the truth, and the sum of the squares of what every noise has left."""
        f, rest = direction
        # (1 - F W - (1 - F) last) model = F (W truth + noises)
        feedback = jnp.eye(len(sizes), dtype=dtype) - f * taught - rest * last
        lost = jnp.where(first, rest, 0.0) if warm else jnp.full(len(sizes), rest)
        right = jnp.concatenate([lost[:, None], f * noises], axis=1)
        left = jax.scipy.linalg.solve_triangular(feedback, right, lower=True, unit_diagonal=True)
        return left[:, 0], jnp.sum(left[:, 1:] ** 2, axis=1)

    bias, spread = (part.T for part in jax.lax.map(along, (reached, missed)))  # one by one: no batched linear algebra
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
    >>> print(np.round(np.asarray(early_stopping_exponent([0.5, 2.0], gradient_flow(time=2.0))), 4))
    [0.3679 0.0183]

    ```
    """
    check_nonnegative("eigenvalues", eigenvalues)
    if np.ndim(eigenvalues) != 1:
        raise ValueError(f"eigenvalues must have shape (dim,), got shape {np.shape(eigenvalues)}")
    _check_shrinkage(shrinkage)
    return shrinkage.missed(as_floats(eigenvalues))


class _Flow(Shrinkage):
    time: Float[Array, ""]

    @lenient()
    def missed(self, eigenvalues):
        return jnp.exp(-self.time * eigenvalues)

    @lenient()
    def __call__(self, eigenvalues):
        return -jnp.expm1(-self.time * eigenvalues)


class _Descent(Shrinkage):
    rate: Float[Array, ""]
    steps: int = eqx.field(static=True)

    @lenient()
    def missed(self, eigenvalues):
        return (1 - self.rate * eigenvalues) ** self.steps

    @lenient()
    def __call__(self, eigenvalues):
        step = self.rate * eigenvalues
        small = step < 0.5
        gone = self.steps * jnp.log1p(-jnp.where(small, step, 0.0))
        return jnp.where(small, -jnp.expm1(gone), 1 - (1 - step) ** self.steps)


class _Ridge(Shrinkage):
    penalty: Float[Array, ""]

    @lenient()
    def missed(self, eigenvalues):
        return self.penalty / (eigenvalues + self.penalty)

    @lenient()
    def __call__(self, eigenvalues):
        return eigenvalues / (eigenvalues + self.penalty)


def _check_shrinkage(shrinkage: Any) -> None:
    if not isinstance(shrinkage, Shrinkage):
        raise TypeError(
            "shrinkage must be made by gradient_flow, gradient_descent or ridge_shrinkage of "
            f"jaxcollapse.theory.networks, got {shrinkage!r}"
        )
