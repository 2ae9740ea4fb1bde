"""What is measured of a fitted law: its entropy, how far it is from another one, and what it says of held-out rows.

Each is a function of the parameters of a generation, and so a metric: ``simulate(..., metrics={"entropy":
jaxcollapse.measures.entropy})``. A law is a vector of probabilities of shape ``(symbols,)``, as `Categorical` has it,
or the parameters of `Gaussian` or `MultivariateGaussian`; `log_loss` takes anything with a method
``log_density(rows)``.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.linalg import solve_triangular
from jax.scipy.special import ndtr, xlogy
from jaxtyping import Array, Bool, Float

from jaxcollapse.arguments.check import check_nonnegative, check_scalar, is_traced
from jaxcollapse.arguments.numbers import at_once
from jaxcollapse.arguments.types import Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.models.gaussian.multivariate import MultivariateNormal
from jaxcollapse.models.gaussian.univariate import Normal

_NODES = 32
"""Of a quadrature over an angle below 45 degrees, on which the integrand is smooth."""


@lenient()
def entropy(law: Any) -> Float[Array, ""]:
    """The entropy of a law in nats: ``-sum p log p``, or of a Gaussian ``(d log(2 pi e) + log det C)/2``.

    **Arguments**

    - `law`: probabilities of shape ``(symbols,)``, or a Gaussian.

    **Raises** `TypeError` for another law, and `ValueError` for an array of another shape.

    **Exactness** Exact; ``-inf`` for a Gaussian with a singular covariance.

    **Reference** Cover and Thomas 2006, Elements of Information Theory, theorem 8.4.1.

    ```python
    >>> import jax.numpy as jnp
    >>> round(float(entropy(jnp.array([0.5, 0.5, 0.0]))), 4)
    0.6931

    ```
    """
    if _is_vector("law", law):
        return -jnp.sum(xlogy(law, law))
    gaussian = _gaussian("law", law)
    return 0.5 * len(gaussian.mean) * (1 + np.log(2 * np.pi)) + jnp.sum(gaussian.log_diagonal)


@lenient()
def kl(law: Any, other: Any) -> Float[Array, ""]:
    """The Kullback-Leibler divergence ``KL(law || other)`` in nats: ``E log(law/other)`` under `law`.

    The other way is ``kl(other, law)``.

    **Arguments**

    - `law`, `other`: both probabilities of one shape, or both Gaussians of one dimension.

    **Raises** `TypeError` or `ValueError` for laws of different kinds or shapes.

    **Exactness** Exact; infinite where `law` has mass and `other` has none, and for a singular covariance.

    ```python
    >>> import jax.numpy as jnp
    >>> p, q = jnp.array([0.5, 0.5]), jnp.array([0.75, 0.25])
    >>> round(float(kl(p, q)), 4), round(float(kl(q, p)), 4)
    (0.1438, 0.1308)

    ```
    """
    if _are_vectors(law, other):
        there = law > 0
        lost = there & (other <= 0)
        ratio = jnp.where(there & ~lost, law / jnp.where(other > 0, other, 1.0), 1.0)
        return jnp.where(jnp.any(lost), jnp.inf, jnp.sum(jnp.where(there, law * jnp.log(ratio), 0.0)))
    p, q = _gaussians(law, other)
    singular = jnp.any(p.log_diagonal == -jnp.inf) | jnp.any(q.log_diagonal == -jnp.inf)
    own, others = (jnp.where(singular, 0.0, gaussian.log_diagonal) for gaussian in (p, q))
    factor = _over_unit(q.unit, p.unit) * jnp.exp(own - others[:, None])
    gap = _over_unit(q.unit, (p.mean - q.mean)[:, None])[:, 0] * jnp.exp(-others)
    divergence = 0.5 * (jnp.sum(factor**2) + gap @ gap - len(gap)) + jnp.sum(others - own)
    return jnp.where(singular, jnp.inf, divergence)


@lenient()
def total_variation(law: Any, other: Any) -> Float[Array, ""]:
    """The total variation distance of two laws, the largest difference of the probabilities of one event, in [0, 1].

    Half of ``sum |p - q|``; of two Gaussians on the line, the difference between the points where their densities
    cross.

    **Arguments**

    - `law`, `other`: both probabilities of one shape, or both Gaussians on the line.

    **Raises** `TypeError` or `ValueError` for laws of different kinds or shapes, and for Gaussians of more dimensions,
    of which no closed form is known.

    **Exactness** Exact.

    ```python
    >>> import jax.numpy as jnp
    >>> float(total_variation(jnp.array([0.5, 0.5]), jnp.array([0.75, 0.25])))
    0.25

    ```
    """
    if _are_vectors(law, other):
        return 0.5 * jnp.sum(jnp.abs(law - other))
    p, q = _on_the_line("total_variation", law, other)
    # In units of the first law, where the second one's is u -> ratio u + gap.
    log_ratio = (p.log_diagonal - q.log_diagonal)[0]
    ratio, gap = jnp.exp(log_ratio), ((p.mean - q.mean) * jnp.exp(-q.log_diagonal))[0]
    leading = -jnp.expm1(2 * log_ratio)  # (1 - ratio^2) u^2 - 2 ratio gap u - gap^2 + 2 log ratio = 0
    same = (log_ratio == 0) & (gap == 0)
    root = jnp.sqrt(jnp.where(same, 1.0, gap**2 - 2 * leading * log_ratio))
    sum_ = ratio * gap + jnp.where(gap < 0, -root, root)
    ends = jnp.stack([sum_ / jnp.where(same, 1.0, leading), (2 * log_ratio - gap**2) / sum_])
    differences = ndtr(ends) - ndtr(ratio * ends + gap)
    return jnp.where(same, 0.0, jnp.abs(differences[1] - differences[0]))


@lenient()
def cramer_von_mises(law: Any, other: Any) -> Float[Array, ""]:
    """The Cramer-von Mises distance ``int (F - G)^2 dG`` of the distribution functions of two laws, in [0, 1].

    Of symbols in their order, ``sum_i (F_i - G_i)^2 q_i`` with the probabilities ``q`` of `other`. Of two Gaussians on
    the line, where it is the same under ``dF``, with ``h`` the gap of the means over the root of the sum of the
    variances and the ratio ``c`` of the smaller deviation to the larger, ``1/3 - 2 [T(h, (1 + 2 c^2)^(-1/2)) +
    T(h, c (2 + c^2)^(-1/2))]`` for Owen's function ``T``, written so that nothing cancels between laws that are close.

    **Arguments**

    - `law`, `other`: both probabilities of one shape, or both Gaussians on the line.

    **Raises** `TypeError` or `ValueError` for laws of different kinds or shapes, and for Gaussians of more dimensions,
    of which no closed form is known.

    **Exactness** Exact, to the digits of the arithmetic; NaN for two Gaussians without a variance.

    **Reference** Cramer 1928 and von Mises 1931; Owen 1956, Ann. Math. Statist. 27, 1075.

    ```python
    >>> import jax.numpy as jnp
    >>> float(cramer_von_mises(jnp.array([0.5, 0.5]), jnp.array([0.75, 0.25])))
    0.046875

    ```
    """
    if _are_vectors(law, other):
        return jnp.sum((jnp.cumsum(law) - jnp.cumsum(other)).at[-1].set(0.0) ** 2 * other)
    p, q = _on_the_line("cramer_von_mises", law, other)
    wide = jnp.maximum(p.log_diagonal, q.log_diagonal)[0]
    log_ratio = -jnp.abs((p.log_diagonal - q.log_diagonal)[0])
    c, short = jnp.exp(log_ratio), jnp.expm1(log_ratio)
    h = (p.mean - q.mean)[0] * jnp.exp(-wide) / jnp.sqrt(1 + c**2)
    angles = jnp.arctan(jnp.stack([1 / jnp.sqrt(1 + 2 * c**2), c / jnp.sqrt(2 + c**2)]))  # pi/3 in all where c = 1
    whole = jnp.sqrt((1 + 2 * c**2) * (2 + c**2)) + 1 + c + c**2
    third = np.pi / 3
    missing = 2 * jnp.arcsin(short**2 / (4 * whole * jnp.sin((third + jnp.sum(angles)) / 2)))
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    theta = angles[:, None] * (0.5 + 0.5 * nodes)
    away = 0.5 * angles * (-jnp.expm1(-0.5 * (h / jnp.cos(theta)) ** 2) @ weights.astype(theta.dtype))
    return (missing + jnp.sum(away)) / np.pi


@lenient()
def squared_wasserstein(law: Any, other: Any) -> Float[Array, ""]:
    """The squared Wasserstein-2 distance of two Gaussians: ``|m - m'|^2 + tr(C + C' - 2 (C^(1/2) C' C^(1/2))^(1/2))``.

    The mean of it along a chain on the line is `jaxcollapse.theory.gaussian.wasserstein`, times the true variance. The
    trace of the root is the sum of the singular values of ``L'K`` for any factors, ``C = L L'`` and ``C' = K K'``.

    **Arguments**

    - `law`, `other`: Gaussians of one dimension.

    **Raises** `TypeError` or `ValueError` for other laws: symbols have no distances from each other.

    **Exactness** Exact.

    **Reference** Dowson and Landau 1982, J. Multivariate Anal. 12, 450.

    ```python
    >>> import jaxcollapse as jc
    >>> law, truth = jc.Gaussian(ddof=1, mean=3.0, variance=4.0).truth(), jc.Gaussian(ddof=1).truth()
    >>> float(squared_wasserstein(law, truth))
    10.0

    ```
    """
    p, q = _gaussians(law, other)
    gap = jnp.sum((p.mean - q.mean) ** 2)
    if len(p.mean) == 1:
        return gap + jnp.sum((p.factor - q.factor) ** 2)
    shared = jnp.sum(jnp.linalg.svd(p.factor.T @ q.factor, compute_uv=False))
    return gap + jnp.sum(p.factor**2) + jnp.sum(q.factor**2) - 2 * shared


@lenient()
def covariance_error(law: Any, other: Any) -> Float[Array, ""]:
    """The squared Frobenius distance of the covariances of two Gaussians.

    **Arguments**

    - `law`, `other`: Gaussians of one dimension.

    **Raises** `TypeError` or `ValueError` for other laws.

    **Exactness** Exact.

    ```python
    >>> import jaxcollapse as jc
    >>> float(covariance_error(jc.Gaussian(ddof=1, variance=4.0).truth(), jc.Gaussian(ddof=1).truth()))
    9.0

    ```
    """
    p, q = _gaussians(law, other)
    return jnp.sum((p.covariance - q.covariance) ** 2)


@lenient()
def log_loss(law: Any, rows: Any) -> Float[Array, ""]:
    """The mean of minus the log density of held-out rows, in nats: what their code would be long.

    **Arguments**

    - `law`: probabilities of shape ``(symbols,)``, or anything with a method ``log_density(rows)`` that returns one
      number for each row, as the parameters of `Gaussian`, `MultivariateGaussian`, `GaussianMixture` and
      `KernelDensity` have it.
    - `rows`: held-out rows as the model draws them: symbols ``0, 1, ...`` of shape ``(n,)``, numbers of shape ``(n,)``,
      or vectors of shape ``(n, dim)``.

    **Raises** `TypeError` for another law or for symbols that are no integers, `ValueError` for symbols that are not
    among those of `law`.

    **Exactness** Exact for these rows; infinite if one of them is impossible.

    ```python
    >>> import jax.numpy as jnp
    >>> round(float(log_loss(jnp.array([0.5, 0.25, 0.25]), jnp.array([0, 0, 1, 2]))), 4)
    1.0397

    ```
    """
    if hasattr(law, "log_density"):
        return -jnp.mean(law.log_density(jnp.asarray(rows)))
    if not _is_vector("law", law):
        raise TypeError(f"law must be probabilities, or have a method log_density(rows), got {type(law).__name__}")
    with at_once(rows):
        rows = jnp.asarray(rows)
    if not jnp.issubdtype(rows.dtype, jnp.integer):
        raise TypeError(f"rows must be symbols 0, 1, ..., as integers, got {rows.dtype}")
    if not is_traced(rows):
        known = np.asarray(rows)
        if not ((known >= 0) & (known < len(law))).all():
            raise ValueError(f"rows must be symbols from 0 to {len(law) - 1}, got {known}")
    return -jnp.mean(jnp.log(law[rows]))


@lenient()
def support_precision(law: Any, truth: Any, *, above: Number = 0.0) -> Float[Array, ""]:
    """The probability that what `law` draws is possible under the truth: 1 without hallucinations.

    **Arguments**

    - `law`, `truth`: probabilities of one shape.
    - `above`: a symbol is possible where its probability is above this number, not negative.

    **Raises** `TypeError` or `ValueError` for other laws, and for a negative `above`.

    **Exactness** Exact.

    **Reference** Sajjadi et al. 2018, arXiv:1806.00035, where all weight is on the support.

    ```python
    >>> import jax.numpy as jnp
    >>> law, truth = jnp.array([0.5, 0.0, 0.5]), jnp.array([0.25, 0.75, 0.0])
    >>> float(support_precision(law, truth)), float(support_recall(law, truth))
    (0.5, 0.25)

    ```
    """
    return jnp.sum(jnp.where(_possible(truth, law, above), law, 0.0))


@lenient()
def support_recall(law: Any, truth: Any, *, above: Number = 0.0) -> Float[Array, ""]:
    """The probability that what the truth draws is still possible under `law`: 1 less the mass of what is lost.

    Arguments, errors, exactness and reference as for `support_precision`.
    """
    return jnp.sum(jnp.where(_possible(law, truth, above), truth, 0.0))


def _possible(law: Any, other: Any, above: Number) -> Bool[Array, " symbols"]:
    """Which symbols have a probability above a number."""
    if not _are_vectors(law, other):
        raise TypeError(f"law must be probabilities of shape (symbols,), got {type(law).__name__}")
    check_scalar("above", above)
    check_nonnegative("above", above)
    return jnp.asarray(law) > above


def _over_unit(unit: Float[Array, "dim dim"], right: Float[Array, "dim columns"]) -> Float[Array, "dim columns"]:
    """``unit^-1 right`` for a unit triangular matrix."""
    return right if len(unit) == 1 else solve_triangular(unit, right, lower=True, unit_diagonal=True)


def _is_vector(name: str, law: Any) -> bool:
    """Whether a law is a vector of probabilities; arrays of other shapes are refused."""
    if not isinstance(law, jax.Array | np.ndarray):
        return False
    if law.ndim != 1 or not jnp.issubdtype(law.dtype, jnp.floating):
        raise ValueError(f"{name} must be probabilities of shape (symbols,), got {law.dtype} of shape {law.shape}")
    return True


def _are_vectors(law: Any, other: Any) -> bool:
    """Whether both are vectors of probabilities, of one length."""
    both = _is_vector("law", law), _is_vector("other", other)
    if both[0] != both[1]:
        raise TypeError(f"both laws must be of one kind, got {type(law).__name__} and {type(other).__name__}")
    if both[0] and law.shape != other.shape:
        raise ValueError(f"both laws must have one shape, got {law.shape} and {other.shape}")
    return both[0]


def _gaussian(name: str, law: Any) -> MultivariateNormal:
    """A Gaussian in any dimension."""
    if isinstance(law, MultivariateNormal):
        return law
    if not isinstance(law, Normal):
        raise TypeError(f"{name} must be the parameters of a Gaussian, or probabilities, got {type(law).__name__}")
    half = 0.5 * jnp.atleast_1d(law.log_variance)
    return MultivariateNormal(jnp.atleast_1d(law.mean), jnp.ones((1, 1), half.dtype), half)


def _gaussians(law: Any, other: Any) -> tuple[MultivariateNormal, MultivariateNormal]:
    """Two of one dimension."""
    p, q = _gaussian("law", law), _gaussian("other", other)
    if p.mean.shape != q.mean.shape:
        raise ValueError(f"both laws must have one dimension, got {len(p.mean)} and {len(q.mean)}")
    return p, q


def _on_the_line(name: str, law: Any, other: Any) -> tuple[MultivariateNormal, MultivariateNormal]:
    """Two in one dimension."""
    p, q = _gaussians(law, other)
    if len(p.mean) != 1:
        raise ValueError(f"{name} has a closed form for Gaussians on the line, got {len(p.mean)} dimensions")
    return p, q
