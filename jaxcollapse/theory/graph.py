"""Models that read one another and real data: how their errors grow, and which of them stay bounded.

Protocol: each of ``K`` models is fitted to ``n`` real rows at generation 1. Every later one has a share ``w_i0`` of
fresh real rows and a share ``w_ij`` of rows that model ``j`` of the generation before has just labelled, each reader
with rows of its own. `jaxcollapse.Graph` simulates it.

``Gamma_ij`` is the mean product of the errors of models ``i`` and ``j``: risks are on its diagonal, and what models
have in common beside it.
"""

from typing import Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from jaxcollapse.arguments.check import (
    check_at_least,
    check_choice,
    check_count,
    check_graph,
    check_length,
    check_nonnegative,
)
from jaxcollapse.arguments.types import Count, Curve, Matrix, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.curves import over_generations, per_generation
from jaxcollapse.theory.regression.inverse_moments import estimation_variance, inverse_moment


@lenient()
def mean_covariance(
    weights: Matrix,
    *,
    samples: Number | Curve,
    provenance: Literal["shares", "chance"] = "shares",
    generations: Count,
) -> Float[Array, "generations models models"]:
    """The covariance of the errors of sample means, in units of the variance of one observation.

    ``Gamma_1 = I/n`` and ``Gamma_g = W Gamma_{g-1} W' + I/n`` with the weights ``W`` of the models among the sources.
    If each row comes from a source by chance, ``[sum_j W_ij Gamma_jj - (W Gamma W')_ii]/n`` is added for model ``i``:
    its batch does not have the same shares every time.

    **Arguments**

    - `weights`: shape ``(models, models + 1)``, not negative, each row summing to one. Row ``i`` holds the shares of
      the batch of model ``i``: of real data first, then of each model.
    - `samples`: ``n``, the size of a batch, at least 1, a number or shape ``(generations,)``.
    - `provenance`: whether ``"shares"`` of a batch are those of `weights`, as in `jaxcollapse.Graph`, or each row comes
      from a source by ``"chance"``, with these probabilities.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations, models, models)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for sample means with a constant variance; asymptotic, with an error of order ``1/n``, for
    every other regular estimator.

    **Reference** Derived here.

    ```python
    >>> lonely, two = [[0.0, 1.0]], [[0.0, 0.5, 0.5], [0.0, 0.5, 0.5]]
    >>> [round(float(mean_covariance(graph, samples=10, generations=3)[-1, 0, 0]), 4) for graph in (lonely, two)]
    [0.3, 0.2]

    ```
    """
    w = _shares(weights)
    check_length("generations", generations)
    check_at_least("samples", samples, 1.0)
    check_choice("provenance", provenance, ("shares", "chance"))
    sizes = per_generation("samples", samples, generations)
    own = jnp.eye(len(w), dtype=jnp.result_type(w, sizes))
    by_chance = 1.0 if provenance == "chance" else 0.0

    def step(before, size):
        passed = w[:, 1:] @ before @ w[:, 1:].T
        mixed = w[:, 1:] @ jnp.diagonal(before) - jnp.diagonal(passed)
        now = passed + own * (1 + by_chance * mixed) / size
        return now, now

    return jax.lax.scan(step, 0 * own, sizes.astype(own.dtype))[1]


@lenient()
def ols_covariance(
    weights: Matrix,
    *,
    dim: Count,
    samples: Number | Curve,
    noise: Number | Curve,
    generations: Count,
) -> Float[Array, "generations models models"]:
    """The covariance ``E e_i' Sigma e_j`` of the errors of least squares on fresh designs.

    With ``n_ij = w_ij n`` rows, off the diagonal ``Gamma_g = W Gamma_{g-1} W'``, and on it
    ``mu n_i' Gamma_{g-1} n_i + (alpha - mu) sum_j n_ij Gamma_jj + sigma^2 d/(n - d - 1)``, where
    ``alpha = [3 + (n + 1)(d - 1)/(n - d - 1)]/(n (n + 2))`` and ``mu = (1/n - alpha)/(n - 1)`` are the mean products of
    what one row, and what two of them, contribute to a fit.

    **Arguments**

    - `weights`: as for `mean_covariance`; real data is labelled with the same noise.
    - `dim`: ``d``, a positive integer.
    - `samples`: ``n``, the rows of a batch, at least ``d`` and 2, a number or shape ``(generations,)``.
    - `noise`: ``sigma``, at least 0, of all labels, a number or shape ``(generations,)``.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations, models, models)``; infinite risks for ``n`` in ``{d, d+1}``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for every covariance of the features. For one model it is
    `jaxcollapse.theory.regression.ols_mix`.

    **Reference** Second moments of a matrix-variate beta distribution; derived here.

    ```python
    >>> complete, ring = [[0.0, 0.5, 0.5]] * 2, [[0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]
    >>> sizes = dict(dim=4, samples=30, noise=1.0, generations=5)
    >>> [round(float(ols_covariance(graph, **sizes)[-1, 0, 0]), 4) for graph in (complete, ring)]
    [0.5194, 0.8]

    ```
    """
    w = _shares(weights)
    check_count("dim", dim, minimum=1)
    check_length("generations", generations)
    check_at_least("samples", samples, float(max(dim, 2)))
    check_nonnegative("noise", noise)
    sizes, noises = over_generations(generations, samples=samples, noise=noise)
    shares, alike = w[:, 1:], jnp.eye(len(w), dtype=bool)

    def step(before, row):
        n, sigma = row
        spare = n - dim - 1
        inflated = 3 + (n + 1) * (dim - 1) * inverse_moment(spare) if dim > 1 else 3 + 0 * n
        alpha = inflated / (n * (n + 2))
        mu = (1 / n - alpha) / (n - 1)
        across = shares @ before @ shares.T
        within = mu * n**2 * jnp.diagonal(across) + (alpha - mu) * n * (shares @ jnp.diagonal(before))
        within = jnp.where(spare > 0, within, jnp.inf) if dim > 1 else within
        risk = jnp.where(jnp.any(before != 0), within, 0.0) + dim * estimation_variance(sigma, spare)
        now = jnp.where(alike, risk, across)
        return now, now

    start = jnp.zeros((len(w), len(w)), jnp.result_type(w, sizes))
    return jax.lax.scan(step, start, (sizes.astype(start.dtype), noises.astype(start.dtype)))[1]


@lenient()
def bounded(weights: Matrix) -> Bool[Array, " models"]:
    """Which models keep a bounded error: those all of whose ancestors are reached by real data.

    An ancestor of a model is the model itself and whatever is read, directly or through others, by it. One ancestor
    that no real data reaches, through however many models, drifts, and all that read it drift with it, whatever real
    data they have of their own. Every other model grows linearly.

    **Arguments**

    - `weights`: as for `mean_covariance`.

    **Returns** booleans, shape ``(models,)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for sample means, and the limit of many rows for other estimators: of least squares on few
    rows even models that only read real data and themselves may explode (`jaxcollapse.theory.regression.ols_mix`).

    **Reference** Derived here.

    ```python
    >>> reader, loop, fed = [0.5, 0.0, 0.5, 0.0], [0.0, 0.0, 1.0, 0.0], [0.1, 0.0, 0.0, 0.9]
    >>> bounded([reader, loop, fed]).tolist()
    [False, False, True]

    ```
    """
    w = _shares(weights)
    ancestors = _ancestors(w)
    return jnp.all(~ancestors | _fed(w, ancestors), axis=1)


@lenient()
def drift(weights: Matrix) -> Float[Array, " models"]:
    """By how much the squared error of every model grows in one generation, in units of ``1/n``, in the long run.

    The mean of the diagonal of ``W^t (W^t)'`` over ``t``: zero for those that are `bounded`. Models that read only each
    other drift together, by ``sum_k pi_k^2`` with the shares ``pi`` in which they descend from one another, unless they
    read in turns: in a ring, where each reads one other alone, no errors are averaged, and each drifts as if alone.

    **Arguments**

    - `weights`: as for `mean_covariance`.

    **Returns** shape ``(models,)``: from 0 to 1, which is the drift of a model that reads itself alone.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for sample means, to 1e-12; the limit of many rows for other estimators. It has no derivative:
    a little real data anywhere makes it zero.

    **Reference** Derived here.

    ```python
    >>> ring, pair = [[0.0, 0.0, 1.0], [0.0, 1.0, 0.0]], [[0.0, 0.0, 1.0], [0.0, 0.5, 0.5]]
    >>> [[round(float(growth), 4) for growth in drift(graph)] for graph in (ring, pair)]
    [[1.0, 1.0], [0.5556, 0.5556]]

    ```
    """
    shares = jax.lax.stop_gradient(_shares(weights))
    w, closed = shares[:, 1:], ~_fed(shares, _ancestors(shares))

    def double(now, _):
        power, total = now  # the sum over as many generations, and as a mean
        square = power @ power
        square = square / jnp.where(closed, square.sum(axis=1), 1.0)[:, None]  # rounding would grow with the time
        return (square, 0.5 * (total + power @ total @ power.T)), None

    mean = jax.lax.scan(double, (w, jnp.eye(len(w), dtype=w.dtype)), None, _DOUBLINGS)[0][1]
    return jnp.where(bounded(weights), 0.0, jnp.diagonal(mean))


_DOUBLINGS = 40


def _ancestors(w: Float[Array, "models sources"]) -> Bool[Array, "models models"]:
    """Who is read by each model, directly or through others; itself among them."""
    reads = w[:, 1:] > 0
    found = reads | jnp.eye(len(reads), dtype=bool)
    for _ in range(len(reads).bit_length()):  # paths of twice the length
        found = found.astype(float) @ found.astype(float) > 0
    return found


def _fed(w: Float[Array, "models sources"], ancestors: Bool[Array, "models models"]) -> Bool[Array, " models"]:
    """Which models real data reaches."""
    return jnp.any(ancestors & (w[:, 0] > 0), axis=1)


def _shares(weights: Matrix) -> Float[Array, "models sources"]:
    check_graph("weights", weights)
    array = jnp.asarray(weights)
    return array.astype(jnp.result_type(array, float))
