"""Deterministic equivalents: the effective penalty of ridge regression on finitely many Gaussian rows.

In the proportional limit a ridge fit with penalty ``lambda`` on ``T`` rows behaves like one on the population with
the larger penalty ``kappa``, the solution of ``kappa - lambda = kappa df1(kappa) / T``.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_integer, check_nonnegative, check_positive
from jaxcollapse.arguments.types import Count, Number, Vector
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.population.spectrum import Spectrum, eigenvalues_of
from jaxcollapse.theory.search import implicit, root_in_bracket


@lenient()
def kappa(spectrum: Spectrum | Vector, *, samples: Number, penalty: Number) -> Float[Array, ""]:
    """The effective penalty: the root of ``kappa - penalty = kappa df1(kappa) / samples``.

    **Arguments**

    - `spectrum`: a `Spectrum`, or eigenvalues of shape ``(dim,)``.
    - `penalty`: ``lambda`` per sample, at least 0.
    - `samples`: number of rows, positive.

    **Returns** a scalar. 0 for ``penalty = 0`` and ``samples >= dim``; for ``penalty = 0`` and fewer samples the root
    of ``df1(kappa) = samples``. Differentiable (implicitly) in all three arguments; maps by `jax.vmap`.

    **Exactness** The equation is solved to rounding, for penalties down to 0 and eigenvalues over the whole range
    of numbers: both of its sides are sums of positive terms, and Newton's method in ``log kappa`` has a bracket.
    What it describes holds up to ``O(1/dim)`` in the proportional limit.

    **Reference** Dohmatob, Feng and Kempe 2024, arXiv:2402.07712, section 4.

    ```python
    >>> round(float(kappa(jnp.ones(50), penalty=0.1, samples=100)), 4)
    0.1742

    ```
    """
    check_nonnegative("penalty", penalty)
    check_positive("samples", samples)
    eigenvalues = eigenvalues_of(spectrum)
    dtype = jnp.result_type(eigenvalues, penalty, samples, float)
    return kappa_of_arrays(eigenvalues.astype(dtype), jnp.asarray(penalty, dtype), jnp.asarray(samples, dtype))


@lenient()
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
    eigenvalues = eigenvalues_of(spectrum)
    return shrinkage(eigenvalues, kappa, order).sum()


def shrinkage(eigenvalues: Float[Array, " dim"], k: Number, order: Count) -> Float[Array, " dim"]:
    """``(s / (s + k))^m``, one at ``k = 0`` and zero for a vanishing eigenvalue."""
    present = eigenvalues > 0
    total = jnp.where(present, eigenvalues + k, 1.0)
    return jnp.where(present, eigenvalues / total, 0.0) ** order


def spare_rows(eigenvalues: Float[Array, " dim"], k: Number, samples: Number) -> Float[Array, ""]:
    """``samples - df2(k)``, from what ``df2`` lacks to the number of directions: exact where both are nearly equal."""
    kept = shrinkage(eigenvalues, k, 1)
    lost = jnp.where(eigenvalues > 0, k / jnp.where(eigenvalues > 0, eigenvalues + k, 1.0), 0.0)
    return samples - jnp.sum(eigenvalues > 0) + jnp.sum(lost * (1 + kept))


@jax.jit  # compiled once for each dimension, not at every call
def kappa_of_arrays(
    eigenvalues: Float[Array, " dim"], penalty: Float[Array, ""], samples: Float[Array, ""]
) -> Float[Array, ""]:
    """`kappa` of arrays of one dtype."""
    present = eigenvalues > 0
    logs = jnp.log(jnp.where(present, eigenvalues, 1.0))
    surplus = samples - jnp.sum(present)
    vanishes = (penalty == 0) & (surplus >= 0)

    def balance(log_k):
        """`sides` at ``exp(log_k)``, as the log of their quotient, and its slope."""
        small = present & (logs < log_k)
        large = present & ~small
        lost = jnp.where(large, jax.nn.sigmoid(jnp.where(large, log_k - logs, 0.0)), 0.0)
        kept = jnp.where(small, jax.nn.sigmoid(jnp.where(small, logs - log_k, 0.0)), 0.0)
        rest = jnp.where(vanishes, 1.0, penalty) * samples * jnp.exp(-log_k)
        gain, loan = sides(large, lost, kept, rest)
        slope = jnp.sum(lost * (1 - lost)) / gain + (jnp.sum(kept * (1 - kept)) + rest) / loan
        return jnp.log(gain) - jnp.log(loan), slope

    def sides(large, lost, kept, rest):
        """``sum k/(s + k) + T - rank = T lambda/k``, with ``1 - s/(s + k)`` for small ``s``: positive terms alone."""
        whole = samples - jnp.sum(large)
        return lost.sum() + jnp.maximum(whole, 0.0), kept.sum() + jnp.maximum(-whole, 0.0) + rest

    least = jnp.min(jnp.where(present, eigenvalues, jnp.inf))
    low = jnp.maximum(jnp.where(vanishes, 1.0, penalty), jnp.where(surplus < 0, -surplus / samples * least, 0.0))
    high = jnp.maximum(penalty + eigenvalues.sum() / samples, low)
    found = root_in_bracket(balance, *jax.lax.stop_gradient((jnp.log(low) - 1e-3, jnp.log(high) + 1e-3)))
    k = jnp.exp(implicit(balance, jnp.where(vanishes, 0.0, found)))

    # The digits that an exponential loses, which no derivative needs.
    root, s, rest = jax.lax.stop_gradient((k, eigenvalues, penalty * samples / k))
    small, large = present & (s < root), present & (s >= root)
    lost, kept = jnp.where(large, root / (s + root), 0.0), jnp.where(small, s / (s + root), 0.0)
    gain, loan = sides(large, lost, kept, rest)
    step = (loan - gain) / (jnp.sum(lost * (1 - lost)) + jnp.sum(kept * (1 - kept)) + rest)
    k = k * (1 + jax.lax.stop_gradient(jnp.where(jnp.abs(step) < 1e-3, step, 0.0)))
    return jnp.where(vanishes, _close_to_zero(logs, present, penalty, samples, surplus), k)


def _close_to_zero(logs, present, penalty, samples, surplus):
    """A small ``kappa`` to third order in the penalty, from more rows than directions on.

    With as many rows the derivative is infinite.
    """
    unit = jax.lax.stop_gradient(jnp.min(jnp.where(present, logs, jnp.inf)))
    inverse = jnp.where(present, jnp.exp(unit - logs), 0.0)
    more = surplus > 0
    rest = jnp.where(more, surplus, 1.0)
    first, second = (jnp.where(more, jnp.sum(inverse**m) / rest, 0.0) for m in (1, 2))
    y = penalty * samples / jnp.maximum(surplus, FLATTEST) * jnp.exp(-unit)
    return jnp.exp(unit) * (y - first * y**2 + (2 * first**2 + second) * y**3)


FLATTEST = 1e-30
