"""Ridge regression on its own predictions of the same rows, round after round: what filters so many rounds make.

Protocol: the first fit is a ridge fit of ``(X, y)``; round ``i`` fits the same rows with the same penalty to the labels
``(1 - xi_i) y + xi_i X b``, ``b`` the fit before and ``xi_i`` any number. In the eigenbasis of ``X'X/n`` every fit is
least squares times a filter, ``f_i = s (1 - xi_i + xi_i f_{i-1})`` from ``f_0 = s = l/(l + lambda)`` on: ``k`` rounds
make all polynomials in ``s`` of degree ``k + 1`` that are zero at zero and one at one.

Reference: Pareek, Du and Oh 2024, arXiv:2407.04600; the predictions alone are those of Mobahi, Farajtabar and Bartlett
2020, arXiv:2002.05715.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import (
    check_above,
    check_at_most,
    check_length,
    check_nonnegative,
    check_numbers,
    check_positive,
    is_traced,
)
from jaxcollapse.arguments.types import Count, Curve, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.population.spectrum import Spectrum, check_spectrum
from jaxcollapse.theory.curves import check_one_number, per_generation


@lenient()
def ridge_self_distilled_rounds(
    spectrum: Spectrum, *, samples: Number, noise: Number, penalty: Number, mixing: Number | Curve, rounds: Count
) -> Float[Array, " fits"]:
    """The risk of a ridge fit and of its successors on mixtures of the labels and of their predictions, on one design.

    ``sum_j l_j w_j^2 (1 - f_j)^2 + (sigma^2/n) f_j^2``. Predictions alone, ``xi = 1``, give ``f = s^(k + 1)`` after
    ``k`` rounds: all is forgotten, weak directions first.

    **Arguments**

    - `spectrum`: the eigenvalues ``l_j`` of ``X'X/n``, with the signal.
    - `samples`: ``n`` rows, positive.
    - `noise`: ``sigma`` of the labels, at least 0.
    - `penalty`: ``lambda`` per sample, positive, of all fits.
    - `mixing`: ``xi_i``, the share of the predictions, any number, or shape ``(rounds,)``.
    - `rounds`: ``k``, a positive integer.

    **Returns** shape ``(rounds + 1,)``: of the first fit, and after each round.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for a fixed design, in its own metric ``X'X/n``.

    **Reference** Pareek, Du and Oh 2024, arXiv:2407.04600, for the setting; derived here.

    ```python
    >>> from jaxcollapse.theory import Spectrum
    >>> design = dict(samples=20, noise=0.5, penalty=0.5)
    >>> alone = ridge_self_distilled_rounds(Spectrum.isotropic(2), mixing=1.0, rounds=3, **design)
    >>> [round(float(risk), 4) for risk in alone]
    [0.1222, 0.3136, 0.4974, 0.6449]

    ```
    """
    check_numbers("mixing", mixing)
    check_length("rounds", rounds)
    check_nonnegative("noise", noise)
    design = _design(spectrum, samples, noise, penalty)
    shares = per_generation("mixing", mixing, rounds).astype(design.kept.dtype)

    def step(before, xi):
        after = design.kept * (1 - xi + xi * before)
        return after, after

    filters = jnp.concatenate([design.kept[None], jax.lax.scan(step, design.kept, shares)[1]])
    return jnp.sum(design.energy * (1 - filters) ** 2 + design.unit * filters**2, axis=1)


@lenient()
def ridge_self_distilled_rounds_mixing(
    spectrum: Spectrum, *, samples: Number, noise: Number, penalty: Number, rounds: Count
) -> Float[Array, " rounds"]:
    """The shares of its predictions with which a ridge fit has the least risk after so many rounds.

    With as many rounds as the design has distinct eigenvalues the risk is that of the best filter there is,
    ``(sigma^2/n) sum_j l_j w_j^2/(l_j w_j^2 + sigma^2/n)``: less than ``sigma^2/n`` for each direction that holds
    signal, and nothing for the others. The shares may be negative, and grow as eigenvalues approach each other.

    **Arguments** as for `ridge_self_distilled_rounds`, with `noise` above 0 and at most as many `rounds` as there are
    distinct eigenvalues.

    **Returns** shape ``(rounds,)``, the share of the first round first.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for a fixed design; the best polynomial is found by least squares, and loses digits with each
    round: two rounds keep four in single precision.

    **Reference** Pareek, Du and Oh 2024, arXiv:2407.04600, for the setting; derived here.

    ```python
    >>> from jaxcollapse.theory import Spectrum
    >>> aligned = Spectrum.from_eigenvalues([1.0, 0.4], [1.0, 0.0])
    >>> design = dict(samples=20, noise=0.5, penalty=0.5)
    >>> shares = ridge_self_distilled_rounds_mixing(aligned, rounds=2, **design)
    >>> float(ridge_self_distilled_rounds(aligned, mixing=shares, rounds=2, **design)[-1]).__round__(4)
    0.0123

    ```
    """
    check_length("rounds", rounds)
    check_above("noise", noise, 0.0)
    design = _design(spectrum, samples, noise, penalty)
    if not is_traced(spectrum.eigenvalues):
        values = np.sort(np.asarray(spectrum.eigenvalues, np.float64))
        check_at_most("rounds", rounds, 1 + int(np.sum(np.diff(values) > 1e-6 * values[1:])))
    weight = design.energy + design.unit
    # Every filter is s - s (1 - s) sum_m a_m s^m, where a_m is what the last m + 1 rounds multiply the predictions by.
    powers = -design.kept * (1 - design.kept) * design.kept ** jnp.arange(int(rounds))[:, None]
    q, r = jnp.linalg.qr((jnp.sqrt(weight) * powers).T)
    wanted = jnp.sqrt(weight) * (design.energy / weight - design.kept)
    products = jax.scipy.linalg.solve_triangular(r, q.T @ wanted)
    before = jnp.concatenate([jnp.ones(1, weight.dtype), products[:-1]])
    return (products / before)[::-1]


@lenient()
def ridge_self_distilled_least_rounds(*, label_size: Number, error: Number) -> Float[Array, ""]:
    """How many fits on predictions alone are not zero, the first one included: at least ``|y|/sqrt(n epsilon) - 1``.

    Each fit has the penalty that leaves the training error ``epsilon``, as long as its labels are larger: what it
    predicts is ``sqrt(n epsilon)`` away from them. Labels that have become as short as that are fitted by zero.

    **Arguments**

    - `label_size`: ``|y|/sqrt(n)``, the root mean square of the first labels, positive.
    - `error`: ``epsilon``, the mean squared error of each fit to its labels, positive.

    **Returns** a scalar, 0 where the first fit is zero.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** A bound, by the triangle inequality; attained where all labels shrink alike.

    **Reference** The protocol of Mobahi, Farajtabar and Bartlett 2020, arXiv:2002.05715; derived here.

    ```python
    >>> round(float(ridge_self_distilled_least_rounds(label_size=1.0, error=0.01)), 4)
    9.0

    ```
    """
    for name, value in (("label_size", label_size), ("error", error)):
        check_positive(name, value)
        check_one_number(name, value, "for one data set")
    size = jnp.asarray(label_size, jnp.result_type(label_size, error, float))
    return jnp.maximum(size / jnp.sqrt(jnp.asarray(error, size.dtype)) - 1, 0.0)


class _Design(NamedTuple):
    """The filter of one fit, the signal's part of the variance of each direction, and the variance of its noise."""

    kept: Float[Array, " dim"]
    energy: Float[Array, " dim"]
    unit: Float[Array, ""]


def _design(spectrum: Spectrum, samples: Number, noise: Number, penalty: Number) -> _Design:
    check_spectrum(spectrum)
    check_positive("samples", samples)
    check_positive("penalty", penalty)
    values = spectrum.eigenvalues
    unit = jnp.asarray(noise, values.dtype) ** 2 / jnp.asarray(samples, values.dtype)
    return _Design(values / (values + penalty), values * spectrum.signal**2, unit)
