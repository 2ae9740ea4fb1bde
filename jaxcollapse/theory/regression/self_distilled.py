"""Ridge regression that is fitted again to a mixture of its labels and its own predictions of the same rows.

Protocol: the teacher is a ridge fit ``b`` of ``(X, y)``, the student the fit with the same rows and penalty to the
labels ``(1 - xi) y + xi X b``, where ``xi`` may be any number. Given the data the student is ``b + xi lambda b'``, with
the derivative ``b'`` in the penalty: its risk is a parabola in ``xi``, which two penalties on the same data determine.

Reference: Dang, Patil and Rinaldo 2026, arXiv:2602.17565.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_nonnegative, check_numbers, check_positive
from jaxcollapse.arguments.types import Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.population.spectrum import Spectrum, check_spectrum
from jaxcollapse.theory.regression.effective_penalty import kappa, shrinkage


@lenient()
def ridge_self_distilled(
    spectrum: Spectrum, *, samples: Number, noise: Number, penalty: Number, mixing: Number
) -> Float[Array, ""]:
    """The risk of a student that is fitted to a mixture of labels and of its teacher's predictions, on the same rows.

    ``R + xi lambda R' + xi^2 lambda^2 B`` with the risk ``R`` of the teacher, its derivative in the penalty, and
    ``B = E|b'|_Sigma^2``. Predictions alone, ``xi = 1``, shrink twice; with ``xi < 0`` shrinkage is taken back.

    **Arguments**

    - `spectrum`: population of the features, with the signal.
    - `samples`: ``n``, positive.
    - `noise`: ``sigma`` of the labels, at least 0.
    - `penalty`: ``lambda`` per sample of teacher and student, positive.
    - `mixing`: ``xi``, the share of the predictions, any number.

    **Returns** a scalar.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Asymptotic in the proportional limit, with an error of order ``1/d``.

    **Reference** Dang, Patil and Rinaldo 2026, arXiv:2602.17565, for the setting; the form by two penalties is derived
    here.

    ```python
    >>> from jaxcollapse.theory import Spectrum
    >>> setting = dict(samples=60, noise=0.5, penalty=0.5)
    >>> [round(float(ridge_self_distilled(Spectrum.isotropic(30), mixing=xi, **setting)), 4) for xi in (0.0, -0.5)]
    [0.2589, 0.2064]

    ```
    """
    check_numbers("mixing", mixing)
    terms = _terms(spectrum, samples, noise, penalty)
    moved = mixing * jnp.asarray(penalty)
    return terms.risk + moved * terms.slope + moved**2 * terms.bend


@lenient()
def ridge_self_distilled_mixing(
    spectrum: Spectrum, *, samples: Number, noise: Number, penalty: Number
) -> Float[Array, ""]:
    """The share of its teacher's predictions with which a student has the least risk: ``-R'/(2 lambda B)``.

    Positive where the penalty is too small, and negative where it is too large: then the risk of the teacher rises with
    the penalty. The student gains ``R'^2/(4 B)``, which is nothing at the best penalty alone, and may beat ridge
    regression at its best penalty where strong directions hold the signal.

    **Arguments** as for `ridge_self_distilled`.

    **Returns** a scalar.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** As for `ridge_self_distilled`; that it is the best given its terms is exact for any data.

    **Reference** Dang, Patil and Rinaldo 2026, arXiv:2602.17565.

    ```python
    >>> from jaxcollapse.theory import Spectrum
    >>> round(float(ridge_self_distilled_mixing(Spectrum.isotropic(30), samples=60, noise=0.5, penalty=0.5)), 4)
    -1.2

    ```
    """
    terms = _terms(spectrum, samples, noise, penalty)
    return -terms.slope / (2 * jnp.asarray(penalty) * terms.bend)


class _Terms(NamedTuple):
    """The risk of ridge regression, its derivative in the penalty, and ``E|b'|^2``."""

    risk: Float[Array, ""]
    slope: Float[Array, ""]
    bend: Float[Array, ""]


def _terms(spectrum: Spectrum, samples: Number, noise: Number, penalty: Number) -> _Terms:
    """From ``N/M``, the mean of ``(b_1 - w0)'Sigma (b_2 - w0)`` for two penalties, and its derivatives in each."""
    check_spectrum(spectrum)
    check_nonnegative("noise", noise)
    check_positive("penalty", penalty)
    k = kappa(spectrum, penalty=penalty, samples=samples)
    s, n = spectrum.eigenvalues, jnp.asarray(samples, spectrum.eigenvalues.dtype)
    energy, unit = s * spectrum.signal**2, noise**2 / n
    kept = shrinkage(s, k, 1)
    lost = 1 - kept
    change = kept / (s + k)
    both = jnp.sum(energy * lost**2) + unit * jnp.sum(kept**2)
    first = jnp.sum(energy * change * lost) - unit * jnp.sum(change * kept)
    mixed = jnp.sum((energy + unit) * change**2)
    spare, spare_first, spare_mixed = 1 - jnp.sum(kept**2) / n, jnp.sum(change * kept) / n, -jnp.sum(change**2) / n
    slope = 2 * (first / spare - both * spare_first / spare**2) / spare
    bend = mixed / spare - 2 * first * spare_first / spare**2
    bend = bend - both * spare_mixed / spare**2 + 2 * both * spare_first**2 / spare**3
    return _Terms(both / spare, slope, bend / spare**2)
