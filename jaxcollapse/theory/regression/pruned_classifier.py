"""Wrong labels and a verifier: when synthetic data helps a classifier, and when it destroys it.

Protocol: a row is ``x = a mu + z`` with a class ``a = +-1`` and ``z ~ N(0, C)``. Of ``n`` real rows every label is the
class. Of ``m`` synthetic rows a share ``eps`` has the other label; a verifier keeps a right label with probability
``phi`` and a wrong one with probability ``rho``. The classifier is the sign of ``x'w`` with the ridge estimate ``w`` of
the labels, penalty ``gamma`` per kept row. `jaxcollapse.PrunedClassifier` simulates it.

A `Spectrum` holds the population: the eigenvalues of ``C``, and as its signal the class mean ``mu`` in their basis.
"""

import jax.numpy as jnp
from jax.scipy.special import ndtr
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_nonnegative, check_positive, check_share
from jaxcollapse.arguments.types import Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.population.spectrum import Spectrum, check_spectrum
from jaxcollapse.theory.former import formerly
from jaxcollapse.theory.regression.effective_penalty import degrees_of_freedom, kappa, spare_rows


@formerly(synthetic_samples="samples")
@lenient()
def pruned_accuracy(
    spectrum: Spectrum,
    *,
    samples: Number,
    penalty: Number,
    error_rate: Number,
    keep_right: Number = 1.0,
    keep_wrong: Number = 1.0,
    real_samples: Number = 0.0,
) -> Float[Array, ""]:
    """The accuracy of a ridge classifier that is trained on real rows and on verified synthetic ones.

    ``N = n + m (phi (1 - eps) + rho eps)`` rows are kept, and labels agree with classes by
    ``lambda = [n + m (phi (1 - eps) - rho eps)] / N`` on average. With ``kappa = kappa(gamma, N)``,
    ``w = lambda (C + mu mu' + kappa)^-1 mu`` and
    ``g^2 = [1 - 2 lambda mu'w + w'Cw + (mu'w)^2] / (N - df2(kappa))`` the accuracy is
    ``Phi( mu'w / sqrt(w'Cw + g^2 df2(kappa)) )``.

    **Arguments**

    - `spectrum`: population of the rows within a class, and the class mean.
    - `penalty`: ``gamma``, at least 0.
    - `samples`: ``m``, at least 0, before verification.
    - `error_rate`: ``eps``, the share of wrong labels, in [0, 1].
    - `keep_right`, `keep_wrong`: ``phi`` and ``rho`` in [0, 1]; both one without a verifier.
    - `real_samples`: ``n``, at least 0.

    **Returns** a scalar. Below one half where more wrong than right labels are kept: see `pruned_threshold`.

    **Raises** `ValueError` or `TypeError` for other arguments, and where no row is kept.

    **Exactness** Asymptotic in the proportional limit, with an error of order ``1/d``. Exactly one half at the
    `pruned_threshold` if there are no real rows.

    **Reference** El Firdoussi et al. 2024, arXiv:2410.08942, for the setting; derived here. There the synthetic rows
    may have another mean and covariance than the real ones, which is not covered.

    ```python
    >>> mixture = Spectrum.isotropic(50, norm=1.5)
    >>> noisy = dict(penalty=0.1, samples=500, error_rate=0.4)
    >>> [round(float(pruned_accuracy(mixture, **noisy, keep_wrong=keep)), 3) for keep in (1.0, 0.1)]
    [0.669, 0.894]

    ```
    """
    check_spectrum(spectrum)
    check_nonnegative("penalty", penalty)
    check_nonnegative("samples", samples)
    check_nonnegative("real_samples", real_samples)
    _check_labels(error_rate, keep_right, keep_wrong)
    right, wrong = keep_right * (1 - error_rate), keep_wrong * error_rate
    kept = real_samples + samples * (right + wrong)
    check_positive("the number of kept rows", kept)
    agreement = (real_samples + samples * (right - wrong)) / kept
    k = kappa(spectrum, penalty=penalty, samples=kept)
    df2 = degrees_of_freedom(spectrum, kappa=k, order=2)
    along, within = _direction(spectrum, k)
    mean, square = agreement * along, agreement**2 * within
    noise = (1 - 2 * agreement * mean + square + mean**2) / spare_rows(spectrum.eigenvalues, k, kept)
    return ndtr(mean / jnp.sqrt(square + noise * df2))


@formerly(real_share="ratio")
@lenient()
def pruned_accuracy_limit(
    spectrum: Spectrum,
    *,
    penalty: Number,
    error_rate: Number,
    keep_right: Number = 1.0,
    keep_wrong: Number = 1.0,
    ratio: Number = 0.0,
) -> Float[Array, ""]:
    """The accuracy of `pruned_accuracy` with infinitely many rows of both kinds: a step at the `pruned_threshold`.

    ``Phi(+-q)`` with ``q = mu'w / sqrt(w'Cw)`` and ``w = (C + gamma)^-1 mu``: as good as with right labels alone below
    the threshold, as wrong above, and one half at it.

    **Arguments**

    - `ratio`: ``n/m``, at least 0.
    - the others as for `pruned_accuracy`.

    **Returns** a scalar.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact limit for a fixed dimension.

    **Reference** Feng et al. 2024, arXiv:2406.07515, for the sharp threshold.

    ```python
    >>> mixture = Spectrum.isotropic(50, norm=1.5)
    >>> [round(float(pruned_accuracy_limit(mixture, penalty=0.1, error_rate=rate)), 3) for rate in (0.49, 0.51)]
    [0.933, 0.067]

    ```
    """
    check_spectrum(spectrum)
    check_nonnegative("penalty", penalty)
    check_nonnegative("ratio", ratio)
    _check_labels(error_rate, keep_right, keep_wrong)
    along, within = _direction(spectrum, jnp.asarray(penalty))
    surplus = jnp.asarray(ratio + keep_right * (1 - error_rate) - keep_wrong * error_rate)
    return ndtr(jnp.sign(surplus) * along / jnp.sqrt(within))


@formerly(real_share="ratio")
@lenient()
def pruned_threshold(*, keep_right: Number, keep_wrong: Number, ratio: Number = 0.0) -> Float[Array, ""]:
    """The share of wrong labels at which a classifier learns nothing: ``eps* = (phi + n/m)/(phi + rho)``.

    There as many right as wrong labels are kept. Without a verifier and without real data it is one half; a verifier
    that refuses wrong labels ``phi/rho`` times as often moves it to ``phi/(phi + rho)``.

    **Arguments**

    - `keep_right`, `keep_wrong`: ``phi`` and ``rho`` in [0, 1], not both zero.
    - `ratio`: ``n/m``, at least 0.

    **Returns** a scalar, at least one where no share of wrong labels is too large.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for every sample size: with more rows the accuracy falls from its best to its worst value in a
    narrower range around it.

    **Reference** Feng et al. 2024, arXiv:2406.07515, for ``n = 0``.

    ```python
    >>> round(float(pruned_threshold(keep_right=0.8, keep_wrong=0.4)), 4)
    0.6667

    ```
    """
    _check_labels(0.0, keep_right, keep_wrong)
    check_nonnegative("ratio", ratio)
    check_positive("keep_right + keep_wrong", keep_right + keep_wrong)
    return jnp.asarray((keep_right + ratio) / (keep_right + keep_wrong))


def _direction(spectrum: Spectrum, k: Float[Array, ""]) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """``mu'w`` and ``w'Cw`` of ``w = (C + mu mu' + kappa)^-1 mu``, a multiple of ``(C + kappa)^-1 mu``."""
    c, mean = spectrum.eigenvalues, spectrum.signal
    along = jnp.sum(mean**2 / (c + k))
    return along / (1 + along), jnp.sum(c * (mean / (c + k)) ** 2) / (1 + along) ** 2


def _check_labels(error_rate: Number, keep_right: Number, keep_wrong: Number) -> None:
    for name, value in (("error_rate", error_rate), ("keep_right", keep_right), ("keep_wrong", keep_wrong)):
        check_share(name, value)
