"""One ridge fit on several sources of rows, each with features of its own: in the proportional limit.

Source ``g`` has ``n_g`` rows with second moments ``Sigma_g`` and labels ``x'u_g + sigma_g e``. The fit minimises
``sum_g omega_g |y_g - X_g w|^2/N + lambda |w|^2`` with ``N = sum_g omega_g n_g``; without a penalty it is least
squares, or the minimum-norm solution for fewer rows than features. Sources that have one covariance are the case of
`jaxcollapse.theory.regression.ridge_equivalent`.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_nonnegative, check_numbers, check_positive, is_traced
from jaxcollapse.arguments.types import Number
from jaxcollapse.machine.leniency import lenient

_STEPS, _SHARP = 100, 6


@lenient()
def ridge_sources(
    covariances: Any,
    *,
    samples: Any,
    noise: Any,
    coefficients: Any,
    penalty: Number,
    weights: Any = 1.0,
    metric: Any = None,
) -> Float[Array, ""]:
    """The risk of one ridge fit on several sources, for the first one: for its features and its coefficients.

    With ``a_g = omega_g/(1 + omega_g q_g)``, ``R = (sum_g n_g a_g Sigma_g + lambda N)^-1`` and ``q_g = tr(Sigma_g R)``,
    one fixed point for each source, the fit is around ``ubar = R sum_g n_g a_g Sigma_g u_g``, and
    ``risk = |ubar - u_1|_M^2 + sum_g c_g (sigma_g^2 + |ubar - u_g|_{Sigma_g}^2)`` with ``c = (1 - W)^-1 r``,
    ``W_gh = n_g a_g^2 tr(Sigma_g R Sigma_h R)`` and ``r_g = n_g a_g^2 tr(Sigma_g R M R)``.

    **Arguments**

    - `covariances`: ``Sigma_g``, shape ``(sources, dim, dim)``, symmetric positive definite; they need not commute. Of
      rows with a mean ``mu`` it is ``Sigma + mu mu'``.
    - `samples`: ``n_g``, positive, a number or shape ``(sources,)``.
    - `noise`: ``sigma_g``, at least 0, a number or shape ``(sources,)``.
    - `coefficients`: ``u_g``, shape ``(sources, dim)``, or ``(dim,)`` for all.
    - `penalty`: ``lambda``, at least 0, per unit of weight.
    - `weights`: ``omega_g`` of the rows, positive, a number or shape ``(sources,)``.
    - `metric`: ``M``, shape ``(dim, dim)``; ``Sigma_1`` by default.

    **Returns** a scalar.

    **Raises** `ValueError` or `TypeError` for other arguments, for a covariance that is not positive definite, and for
    as many rows as features without a penalty, where the risk is infinite.

    **Exactness** Asymptotic in the proportional limit, with an error of order ``1/d``; without a penalty it is below
    the exact risk by a part ``1/(n - d)`` where covariances are in proportion.

    **Reference** Derived here. Rezaei et al. 2025, arXiv:2510.08123, have the case of two sources without a penalty.

    ```python
    >>> features = jnp.stack([jnp.eye(20), 2 * jnp.eye(20)])
    >>> same = dict(noise=0.5, coefficients=jnp.ones(20), penalty=0.0)
    >>> [round(float(ridge_sources(features, samples=n, **same)), 4) for n in ([40, 1e-6], [40, 40])]
    [0.25, 0.0572]

    ```
    """
    features = _covariances(covariances)
    count, dim = features.shape[:2]
    check_nonnegative("penalty", penalty)
    for name, value, check in (("samples", samples, check_positive), ("weights", weights, check_positive)):
        check(name, value)
    check_nonnegative("noise", noise)
    check_numbers("coefficients", coefficients)
    rows, omega, sigma = (_each(name, value, count, features) for name, value in (
        ("samples", samples), ("weights", weights), ("noise", noise)
    ))  # fmt: skip
    total, ridge = rows.sum(), jnp.asarray(penalty, features.dtype)
    _check_rows(total, ridge, dim)
    labellers = jnp.asarray(coefficients, features.dtype)
    if labellers.shape not in ((dim,), (count, dim)):
        raise ValueError(f"coefficients must have shape ({count}, {dim}) or ({dim},), got {labellers.shape}")
    labellers = jnp.broadcast_to(labellers, (count, dim))
    if metric is not None:
        check_numbers("metric", metric)
    measure = features[0] if metric is None else jnp.asarray(metric, features.dtype)
    if measure.shape != (dim, dim):
        raise ValueError(f"metric must have shape ({dim}, {dim}), got {measure.shape}")

    resolvent, scale = _fixed_point(features, rows, omega, ridge, total)
    pull = rows * scale
    mean = resolvent @ jnp.einsum("g,gij,gj->i", pull, features, labellers)
    offset = mean - labellers
    spread = sigma**2 + jnp.einsum("gi,gij,gj->g", offset, features, offset)
    across = features @ resolvent
    within = jnp.einsum("g,gij,hji->gh", pull * scale, across, across)
    seen = jnp.einsum("g,gij,ji->g", pull * scale, across, measure @ resolvent)
    share = jnp.linalg.solve(jnp.eye(count) - within, seen)
    return offset[0] @ measure @ offset[0] + share @ spread


def _fixed_point(features, rows, omega, ridge, total):
    """The resolvent, and ``a_g``; without a penalty and with few rows both in units in which the penalty is one."""
    few = (ridge == 0) & (total < features.shape[1])
    own, extra = jnp.where(few, 0.0, 1.0), jnp.where(few, 1.0, ridge * (omega @ rows))
    eye = jnp.eye(features.shape[1], dtype=features.dtype)

    def solved(logs):
        scale = omega / (own + omega * jnp.exp(logs))
        resolvent = jnp.linalg.inv(jnp.einsum("g,gij->ij", rows * scale, features) + extra * eye)
        return resolvent, scale

    def gap(logs):
        return logs - jnp.log(jnp.einsum("gij,ji->g", features, solved(logs)[0]))

    def newton(logs, _):
        return logs - jnp.linalg.solve(jax.jacfwd(gap)(logs), gap(logs)), None

    traces = jnp.trace(features, axis1=1, axis2=2)
    start = jnp.log(traces) - jnp.log(rows @ traces / features.shape[1] + extra)
    held = jax.lax.stop_gradient
    logs = jax.lax.fori_loop(0, _STEPS, lambda _, logs: logs - 0.5 * held(gap(logs)), held(start))
    logs = jax.lax.fori_loop(0, _SHARP, lambda _, logs: held(newton(logs, None)[0]), logs)
    # From a root held constant two more steps give its derivatives.
    logs, _ = jax.lax.scan(newton, held(logs), None, length=2)
    return solved(logs)


def _covariances(covariances: Any) -> Float[Array, "sources dim dim"]:
    check_numbers("covariances", covariances)
    features = jnp.asarray(covariances)
    features = features.astype(jnp.result_type(features, float))
    if features.ndim != 3 or features.shape[1] != features.shape[2] or not features.size:
        raise ValueError(f"covariances must have shape (sources, dim, dim), got shape {features.shape}")
    if not is_traced(covariances):
        table = np.asarray(covariances, np.float64)
        if not np.allclose(table, np.swapaxes(table, 1, 2)) or not (np.linalg.eigvalsh(table) > 0).all():
            raise ValueError("covariances must be symmetric and positive definite")
    return features


def _each(name: str, value: Any, count: int, like: Float[Array, "..."]) -> Float[Array, " sources"]:
    array = jnp.asarray(value, like.dtype)
    if array.shape not in ((), (count,)):
        raise ValueError(f"{name} must be a number or have shape ({count},), got shape {array.shape}")
    return jnp.broadcast_to(array, (count,))


def _check_rows(total: Float[Array, ""], ridge: Float[Array, ""], dim: int) -> None:
    if is_traced(total) or is_traced(ridge):
        return
    if float(ridge) == 0 and float(total) == dim:
        raise ValueError(f"samples must not be as many as the {dim} features without a penalty: the risk is infinite")
