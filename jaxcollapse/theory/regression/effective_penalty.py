"""Deterministic equivalents: the effective penalty of ridge regression on finitely many Gaussian rows.

In the proportional limit a ridge fit with penalty ``lambda`` on ``T`` rows behaves like one on the population with
the larger penalty ``kappa``, the solution of ``kappa - lambda = kappa df1(kappa) / T``.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_integer, check_nonnegative, check_positive
from jaxcollapse.arguments.types import Count, Number, Vector
from jaxcollapse.population.spectrum import Spectrum
from jaxcollapse.theory.root import differentiable


def kappa(spectrum: Spectrum | Vector, *, samples: Number, penalty: Number) -> Float[Array, ""]:
    """The effective penalty: the root of ``kappa - penalty = kappa df1(kappa) / samples``.

    **Arguments**

    - `spectrum`: a `Spectrum`, or eigenvalues of shape ``(dim,)``.
    - `penalty`: ``lambda`` per sample, at least 0.
    - `samples`: number of rows, positive.

    **Returns** a scalar. 0 for ``penalty = 0`` and ``samples >= dim``; for ``penalty = 0`` and fewer samples the root
    of ``df1(kappa) = samples``. Differentiable (implicitly) in all three arguments; maps by `jax.vmap`.

    **Exactness** The equation is solved to rounding: Newton from ``penalty + trace / samples``, which is monotone.
    What it describes holds up to ``O(1/dim)`` in the proportional limit.

    **Reference** Dohmatob, Feng and Kempe 2024, arXiv:2402.07712, section 4.

    ```python
    >>> round(float(kappa(jnp.ones(50), penalty=0.1, samples=100)), 4)
    0.1742

    ```
    """
    check_nonnegative("penalty", penalty)
    check_positive("samples", samples)
    eigenvalues = spectrum.eigenvalues if isinstance(spectrum, Spectrum) else jnp.asarray(spectrum)
    dtype = jnp.result_type(eigenvalues, penalty, samples, float)
    return kappa_of_arrays(eigenvalues.astype(dtype), jnp.asarray(penalty, dtype), jnp.asarray(samples, dtype))


def degrees_of_freedom(spectrum: Spectrum | Vector, *, kappa: Number, order: Count = 1) -> Float[Array, ""]:
    """The degrees of freedom ``df_m(kappa) = sum_j (s_j / (s_j + kappa))^m`` of order ``m``.

    **Arguments**

    - `spectrum`: a `Spectrum`, or eigenvalues of shape ``(dim,)``.
    - `kappa`: effective penalty, at least 0.
    - `order`: ``m``, a positive integer.

    **Exactness** Exact.

    ```python
    >>> float(degrees_of_freedom(jnp.ones(50), kappa=1.0, order=2))
    12.5

    ```
    """
    check_nonnegative("kappa", kappa)
    check_integer("order", order, minimum=1)
    eigenvalues = spectrum.eigenvalues if isinstance(spectrum, Spectrum) else jnp.asarray(spectrum)
    return shrinkage(eigenvalues, kappa, order).sum()


def shrinkage(eigenvalues: Float[Array, " dim"], k: Number, order: Count) -> Float[Array, " dim"]:
    """``(s / (s + k))^m``, one at ``k = 0`` and zero for a vanishing eigenvalue."""
    present = eigenvalues > 0
    total = jnp.where(present, eigenvalues + k, 1.0)
    return jnp.where(present, eigenvalues / total, 0.0) ** order


@jax.jit  # compiled once for each dimension, not at every call
def kappa_of_arrays(
    eigenvalues: Float[Array, " dim"], penalty: Float[Array, ""], samples: Float[Array, ""]
) -> Float[Array, ""]:
    """`kappa` of arrays of one dtype."""

    def newton(k, eigenvalues, penalty, samples):
        excess = k - penalty - k * shrinkage(eigenvalues, k, 1).sum() / samples
        slope = 1 - shrinkage(eigenvalues, k, 2).sum() / samples
        return k - excess / jnp.maximum(slope, FLATTEST)

    setting = (eigenvalues, penalty, samples)
    constant = jax.lax.stop_gradient(setting)

    def body(state):
        k, _, step = state
        return jnp.maximum(newton(k, *constant), constant[1]), k, step + 1

    def moving(state):
        k, previous, step = state
        return (k < previous) & (step < 200)

    start = constant[1] + constant[0].sum() / constant[2]
    root, _, _ = jax.lax.while_loop(moving, body, (start, jnp.full_like(start, jnp.inf), 0))
    vanishes = (constant[1] == 0) & (constant[2] >= jnp.sum(eigenvalues > 0))
    root = jnp.where(vanishes, 0.0, root)
    return differentiable(newton, root, *setting)


FLATTEST = 1e-30
