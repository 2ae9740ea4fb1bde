"""One ridge fit on several sources of labels, in the proportional limit: what every other result here is a case of.

Source ``g`` has ``n_g`` fresh rows ``x ~ N(0, Sigma)`` with labels ``x'u_g + sigma_g e`` and row weight ``omega_g``.
The fit minimises ``sum_g omega_g |y_g - X_g w|^2 + Lambda |w|^2``. It behaves like a Gaussian around a shrunken mean
of the labellers, which is what `ridge_equivalent` returns.
"""

from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Real

from jaxcollapse.arguments.check import check_at_least, check_nonnegative, check_numbers, is_traced
from jaxcollapse.arguments.names import shown
from jaxcollapse.arguments.types import Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.population.spectrum import Spectrum, check_spectrum
from jaxcollapse.theory.regression.effective_penalty import FLATTEST, kappa_of_arrays, shrinkage, spare_rows
from jaxcollapse.theory.search import implicit, root_in_bracket

Sources = Real[Array | np.ndarray, " sources"] | Sequence[Number]
"""A number for each source of labels."""


class RidgeEquivalent(eqx.Module):
    """The Gaussian that a ridge fit behaves like: ``what_j = sum_k coefficients[k, j] b_kj + sqrt(variance_j) z_j``.

    The ``z_j`` are standard normal, and independent of each other and of the vectors ``b_k``.
    """

    kappa: Float[Array, ""]
    """The effective penalty."""
    shares: Float[Array, " sources"]
    """``n_g a_g / A``: the weight of each labeller in the mean; they sum to one."""
    coefficients: Float[Array, "basis dim"]
    """The mean of the fit in terms of the basis."""
    variance: Float[Array, " dim"]
    """``gamma^2 s_j / (s_j + kappa)^2``."""

    @lenient()
    def risk(
        self,
        spectrum: Spectrum,
        *,
        moments: Float[Array | np.ndarray, "basis basis dim"],
        target: Real[Array | np.ndarray, " basis"] | Sequence[Number] | None = None,
    ) -> Float[Array, ""]:
        """The mean of ``|what - sum_k target_k b_k|_Sigma^2``.

        **Arguments**

        - `spectrum`: population of the test features, in the eigenbasis of the training features.
        - `moments`: as for `ridge_equivalent`.
        - `target`: shape ``(basis,)``; the first vector of the basis by default.

        **Exactness** as for `ridge_equivalent`. Tested in the example there.
        """
        target = jnp.arange(len(self.coefficients)) == 0 if target is None else jnp.asarray(target)
        offset = self.coefficients - target[:, None]
        return jnp.sum(spectrum.eigenvalues * (mean_squares(offset, moments) + self.variance))


@lenient()
def ridge_equivalent(
    spectrum: Spectrum,
    *,
    samples: Sources,
    noise: Sources,
    penalty: Number,
    labellers: Float[Array | np.ndarray, "sources basis"] | Sequence[Sequence[Number]],
    moments: Float[Array | np.ndarray, "basis basis dim"],
    weights: Sources | None = None,
) -> RidgeEquivalent:
    """The equivalent of one ridge fit on weighted rows of several labellers ``u_g = sum_k labellers[g, k] b_k``.

    With ``a_g = omega_g/(1 + omega_g q)``, ``A = sum n_g a_g`` and ``kappa = Lambda/A``, where
    ``q = sum_j s_j/(s_j + kappa) / A``, with ``D = s/(s + kappa)``, ``ubar = sum n_g a_g u_g / A`` and
    ``B = sum n_g a_g^2 / A^2``, the fit behaves like ``N(D ubar, gamma^2 Sigma (Sigma + kappa)^-2)`` with
    ``gamma^2 = sum_g n_g a_g^2 (sigma_g^2 + |D ubar - u_g|_Sigma^2) / A^2 / (1 - df2 B)``.

    **Arguments**

    - `spectrum`: population of the features; its signal plays no role.
    - `samples`, `noise`: ``n_g`` and ``sigma_g``, shape ``(sources,)``, at least 0.
    - `penalty`: ``lambda``, at least 0, per unit of weight: ``Lambda = lambda sum_g omega_g n_g``.
    - `labellers`: coefficients of the labellers in a basis of vectors ``b_k``, which are independent of the rows and
      may be random.
    - `moments`: ``moments[k, l, j]`` is the mean of ``b_kj b_lj``. The truth as ``b_0`` and errors as the others keeps
      small risks precise.
    - `weights`: ``omega_g``, shape ``(sources,)``, at least 0; all one by default. Only their ratios matter.

    **Returns** a `RidgeEquivalent`; its variance is infinite where the expectation is: no penalty, and a number of
    rows within one of the dimension.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Asymptotic in the proportional limit, with an error of order ``1/d``. Without a penalty the
    corrections of finite size make the risk exact for rows of equal weight, ``T >= d + 2`` and any sources, and the
    noise of the minimum norm exact for isotropic features.

    **Reference** For one source, Dohmatob, Feng and Kempe 2024, arXiv:2402.07712; derived here for several. The
    corrections are the inverse moments of Wishart and matrix Beta distributions.

    ```python
    >>> truth, shift = jnp.ones(50) / 50**0.5, jnp.full(50, 0.1)
    >>> moments = jnp.zeros((2, 2, 50)).at[0, 0].set(truth**2).at[1, 1].set(shift**2)
    >>> fit = ridge_equivalent(Spectrum.isotropic(50), samples=[60, 40], noise=[0.5, 0.5], penalty=0.1,
    ...                        labellers=[[1, 0], [1, 1]], moments=moments)
    >>> round(float(fit.risk(Spectrum.isotropic(50), moments=moments)), 4)
    0.3041

    ```
    """
    check_spectrum(spectrum)
    counts, noises, omegas, basis = _sources(samples, noise, weights, labellers)
    check_nonnegative("penalty", penalty)
    check_numbers("moments", moments)
    if np.shape(moments) != (basis.shape[1], basis.shape[1], spectrum.dim):
        raise ValueError(
            f"moments must have shape {(basis.shape[1], basis.shape[1], spectrum.dim)}, got {np.shape(moments)}"
        )
    dtype = jnp.result_type(spectrum.eigenvalues, moments, counts, noises, omegas, basis, penalty, float)
    check_at_least("moments", moments, -jnp.inf)
    arrays = (spectrum.eigenvalues, counts, noises, omegas, jnp.asarray(penalty), basis, jnp.asarray(moments))
    fit, infinite = equivalent_of_arrays(*(array.astype(dtype) for array in arrays))
    unbounded = infinite & (spectrum.eigenvalues > 0)
    return eqx.tree_at(lambda fit: fit.variance, fit, jnp.where(unbounded, jnp.inf, fit.variance))


def _sources(samples, noise, weights, labellers):
    """The arguments of `ridge_equivalent` as arrays, checked."""
    check_numbers("labellers", labellers)
    basis = jnp.asarray(labellers)
    if basis.ndim != 2 or basis.size == 0:
        raise ValueError(f"labellers must have shape (sources, basis), got {basis.shape}")
    weights = jnp.ones(len(basis)) if weights is None else weights
    arrays = []
    for name, value in (("samples", samples), ("noise", noise), ("weights", weights)):
        check_nonnegative(name, value)
        if np.shape(value) != (len(basis),):
            raise ValueError(
                f"{name} must have shape ({len(basis)},), one number for each labeller, got {shown(value, str)}"
            )
        arrays.append(jnp.asarray(value))
    counts, noises, omegas = arrays
    if not is_traced(counts) and not is_traced(omegas) and not np.any(np.asarray(counts) * np.asarray(omegas) > 0):
        raise ValueError(f"samples must be positive for a source of positive weight, got {samples} and {weights}")
    return counts, noises, omegas, basis


@jax.jit
def equivalent_of_arrays(s, counts, noises, omegas, penalty, labellers, moments):
    """`ridge_equivalent`, and whether its variance is infinite; if it is, what is returned is the finite part."""
    omegas = omegas / jnp.max(omegas)
    counts = jnp.where(omegas > 0, counts, 0.0)
    rows, rank = jnp.sum(counts), jnp.sum(s > 0)
    least, over = penalty == 0, rows > rank + 1
    singular = least & (jnp.abs(rows - rank) <= 1)
    k, slack = _fixed_point(s, counts, omegas, penalty * jnp.sum(omegas * counts))
    kept = omegas / (slack + omegas)  # proportional to a_g; one for rows that the fit interpolates
    effective = jnp.sum(counts * kept)
    shares, spread = counts * kept / effective, counts * (kept / effective) ** 2
    overlap = jnp.sum(spread)  # B
    shrink = shrinkage(s, k, 1)
    df1, df2 = shrink.sum(), (shrink**2).sum()
    # 1/B - df2, where 1/B is the number of rows, less what their weights differ by
    unequal = rows * jnp.sum(counts * (kept - effective / rows) ** 2) / jnp.sum(counts * kept**2)
    spare = spare_rows(s, k, rows - unequal)
    rest = positive_or_one(spare * overlap)
    noise_rest = jnp.where(least, positive_or_one((spare - df2 / df1) * overlap), rest)

    mean = (shares @ labellers)[:, None]
    coefficients = shrink * mean
    short_of = mean * k * resolvent(s, k)  # of the mean of the labellers; what they differ by comes on top
    missed = jnp.stack([jnp.sum(s * mean_squares(mean - u[:, None] - short_of, moments)) for u in labellers])
    # Without a penalty the error of the mean and the disagreement of the labellers do not interact.
    bias = overlap * jnp.sum(s * mean_squares(short_of, moments)) / rest
    mixing = jnp.sum(spread * _disagreement(s, shares, labellers, moments))
    mixing_factor = jnp.where(over, _mixing_factor(1 / overlap, rank), 1 / rest)
    label = jnp.sum(spread * noises**2)
    regular = label / noise_rest + jnp.where(least, bias + mixing * mixing_factor, jnp.sum(spread * missed) / rest)
    gamma2 = jnp.where(singular, bias, regular)
    fit = RidgeEquivalent(k, shares, coefficients, gamma2 * s * resolvent(s, k) ** 2)
    return fit, singular & ((label > 0) | (mixing > 0))


def _fixed_point(s, counts, omegas, total):
    """``kappa`` and ``t = 1/q``: ``sum_g n_g omega_g/(omega_g + t) = df1(kappa)``, ``kappa t df1(kappa) = Lambda``.

    With ``A(t) = sum_g n_g omega_g t/(omega_g + t)`` and ``kappa = Lambda/A(t)`` it is one equation,
    ``sum_j kappa/(s_j + kappa) + rows - rank = sum_g n_g t/(omega_g + t)``, whose left side falls and whose right side
    rises with ``t``. Rows that are interpolated have ``t = 0``. Least squares counts ``d + 1`` dimensions, the
    correction of finite size.
    """
    counted = (counts > 0) & (omegas > 0)
    rows, rank = jnp.sum(counts), jnp.sum(s > 0)
    least, over = total == 0, rows > rank + 1
    interpolates, unpenalised = least & ~over, least & over
    spare = jnp.where(unpenalised, rows - rank - 1, 1.0)
    logs = jnp.log(jnp.where(s > 0, s, 1.0))
    log_omegas = jnp.log(jnp.where(counted, omegas, 1.0))
    log_total = jnp.log(jnp.where(least, 1.0, total))

    def effective(log_t):
        """``A(t)/t``, and the log of ``kappa`` with its slope."""
        kept = jnp.where(counted, counts * jax.nn.sigmoid(log_omegas - log_t), 0.0)
        size = jnp.sum(kept)
        slope = -jnp.sum(kept * jax.nn.sigmoid(log_omegas - log_t)) / size
        return size, log_total - log_t - jnp.log(size), slope

    def balance(log_t):
        """The log of the quotient of both sides, written as sums of positive terms, and its slope."""
        size, log_k, log_k_slope = effective(log_t)
        heavy, small = counted & (log_omegas >= log_t), (s > 0) & (logs < log_k) & ~least
        light, large = counted & ~heavy, (s > 0) & ~small
        lost = jnp.where(large & ~least, jax.nn.sigmoid(jnp.where(large, log_k - logs, 0.0)), 0.0)
        shrunk = jnp.where(small, jax.nn.sigmoid(jnp.where(small, logs - log_k, 0.0)), 0.0)
        kept = jax.nn.sigmoid(log_omegas - log_t)
        idle, used = jnp.where(heavy, counts * jax.nn.sigmoid(log_t - log_omegas), 0.0), counts * kept * light
        first = total * jnp.exp(-log_t) / size * jnp.sum(jnp.where(s > 0, jnp.exp(-logs), 0.0))  # of sum kappa/s
        whole = jnp.where(least, spare - jnp.sum(counts * light), jnp.sum(counts * heavy) - jnp.sum(large))
        left = jnp.sum(lost) + jnp.sum(used) + jnp.maximum(whole, 0.0) + jnp.where(unpenalised, first, 0.0)
        right = jnp.sum(shrunk) + jnp.sum(idle) + jnp.maximum(-whole, 0.0)
        falls = log_k_slope * jnp.sum(lost * (1 - lost)) - jnp.sum(used * (1 - kept))
        rises = jnp.sum(idle * kept) - log_k_slope * jnp.sum(shrunk * (1 - shrunk))
        return jnp.log(right) - jnp.log(left), rises / right - falls / left

    lightest = jnp.min(jnp.where(counted, omegas, 1.0))
    power = jnp.where(least, 1.0, total)
    low = jnp.where(least, lightest * spare / (rank + 1), power / jnp.sum(s))
    high = jnp.where(least, spare / (rank + 1), 1 / jnp.sum(s / (s * jnp.sum(counts * omegas) + power)))
    bracket = jax.lax.stop_gradient((jnp.log(low) - 1e-3, jnp.log(high) + 1e-3))
    log_t = implicit(balance, jnp.where(interpolates, 0.0, root_in_bracket(balance, *bracket)))
    size, log_k, _ = effective(log_t)
    t, k = jnp.exp(log_t), jnp.where(least, total * jnp.exp(-log_t) / size, jnp.exp(log_k))
    # Interpolation is the limit of a vanishing penalty: one of kappa, which counts rows.
    short = interpolates & (rows < rank)
    per_row = jnp.where(short, total * jnp.sum(jnp.where(counted, counts * jnp.exp(-log_omegas), 0.0)), 0.0)
    limit = kappa_of_arrays(s, per_row / rows**2, jnp.where(short, rows, 0.5 * rank))
    slack = total / (jnp.where(short, limit, 1.0) * rows)
    return jnp.where(interpolates, jnp.where(short, limit, 0.0), k), jnp.where(interpolates, slack, t)


def _mixing_factor(size, rank):
    """What multiplies the disagreement of labellers in ``gamma^2``: least squares, ``size = 1/B = T`` equal rows.

    With ``p_g = n_g/T`` and Wishart matrices ``S_g``, ``E |S^-1 S_g v|^2 = p_g^2 + p_g (1 - p_g) psi`` for a unit
    ``v``, where ``psi = 2/(T+2) + T(T+1)(d-1)/((T+2)(T-1)(T-d-1))``; in the proportional limit ``psi = d/(T - d)``.
    """
    size = jnp.maximum(size, rank + 1 + FLATTEST)
    spare = jnp.where(size > rank + 1, size - rank - 1, 1.0)
    psi = 2 / (size + 2) + size * (size + 1) * (rank - 1) / ((size + 2) * (size - 1) * spare)
    return size * psi / rank


def _disagreement(s, shares, labellers, moments):
    """``|u_g - ubar|_Sigma^2`` from the distances of pairs: exactly zero for labellers that agree."""
    pairs = labellers[:, None] - labellers[None]
    apart = jax.vmap(jax.vmap(lambda u: jnp.sum(s * mean_squares(u[:, None], moments))))(pairs)
    from_all = apart @ shares
    return from_all - 0.5 * shares @ from_all


def mean_squares(coefficients, moments):
    """The mean square of ``sum_k coefficients[k] b_k`` in every direction."""
    full = jnp.broadcast_to(coefficients, moments.shape[1:])
    return jnp.einsum("kj,klj,lj->j", full, moments, full)


def positive_or_one(x):
    """The same where positive, one elsewhere, where it does not count."""
    return jnp.where(x > 0, x, 1.0)


def resolvent(s, k):
    """``1/(s + kappa)``; the directions that vanish with ``kappa`` count nothing."""
    total = s + k
    return jnp.where(total > 0, 1 / jnp.where(total > 0, total, 1.0), 0.0)
