"""Ridge regression on a Gaussian design with a diagonal covariance that is never drawn: LSQR reveals what it asks for.

A design of independent rows ``x = S^(1/2) z``, together with its label noise ``e``, is a matrix ``(Z, e)`` of standard
normals. LSQR (Paige and Saunders 1982) meets it only in products, starting from the labels
``y = (Z, e) (S^(1/2) w, noise)``. A product with a new direction of the rows' space is a known part, spanned by the
left vectors so far, and a fresh one, uniform on their complement, with a chi variable for its length. A product with
a new left vector is that chi variable along the newest direction, nothing along the earlier ones, and a fresh normal
vector on their complement. So only the directions asked for are kept, one for each step, however many the rows.
"""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, Scalar

from jaxcollapse.machine.leniency import lenient
from jaxcollapse.random.chi import chi_square
from jaxcollapse.random.gaussian import normal
from jaxcollapse.random.loops import alongside, while_loop
from jaxcollapse.random.ridge.rotation import TOLERANCE, ratio, root, rotate, unfinished


class _State(NamedTuple):
    """What one step of LSQR hands to the next; vectors have one more entry than columns, for the label noise."""

    asked: Array
    """Orthonormal directions in which the design is known, one a row; rows not reached yet are zero."""
    right: Array
    """The right vectors."""
    v: Array
    """The newest of them."""
    rho: Array
    phi: Array
    direction: Array
    solution: Array
    gain: Array
    """What the step took off the penalised squared residual."""
    total: Array
    """What all steps did."""


@lenient()
def diagonal_ridge(
    key: Key[Array, ""],
    params: Float[Array, " dim"],
    eigenvalues: Float[Array, " dim"],
    noise: Scalar | float,
    samples: Scalar | float,
    penalty: Scalar | float,
    steps: int | None = None,
) -> Float[Array, " dim"]:
    """Fit a ridge regression to `samples` rows with independent normal features of unequal variances.

    The labels are ``x'w + noise * e``. The cost is ``O(k dim)`` random numbers and ``O(k^2 dim)`` operations for the
    ``k`` steps that LSQR takes, and free of `samples`.

    **Arguments**

    - `params`: the coefficients ``w`` that make the labels.
    - `eigenvalues`: the variances of the features, not negative.
    - `noise`: standard deviation of the label noise, at least 0.
    - `samples`: whole number of rows, at least 1; may be traced.
    - `penalty`: per sample, at least 0; 0 gives least squares, or the minimum norm for fewer rows than columns.
    - `steps`: the most steps that may be needed, which is what memory is set aside for: see `steps_needed`; all
      ``dim`` by default.

    **Returns** the estimate.

    **Exactness** Exact in law up to the tolerance of the iteration: it ends when a step takes off the penalised squared
    residual less than 1e-24 (single precision: 1e-14) of what all steps did, for every vectorised lane.

    ```python
    >>> import jax
    >>> w = jnp.array([1.0, -2.0, 0.5])
    >>> fit = diagonal_ridge(jax.random.key(0), w, jnp.array([1.0, 0.3, 0.1]), 0.0, 20.0, 0.0)
    >>> bool(jnp.allclose(fit, w, atol=1e-4))  # no noise, enough rows: the truth
    True

    ```
    """
    dim = len(params)
    params, noise, n, penalty = (jnp.asarray(value, params.dtype) for value in (params, noise, samples, penalty))
    return _fit(key, params, eigenvalues, noise, n, penalty, dim if steps is None else min(steps, dim))


@lenient()
def steps_needed(
    eigenvalues: Float[Array, " dim"], samples: Scalar | float, penalty: Scalar | float
) -> Float[Array, ""]:
    """How many steps `diagonal_ridge` takes at most, but for one design in ten million.

    The conjugate-gradient bound: ``m`` steps for the largest eigenvalues and
    ``log(2/tolerance) / log((q + 1)/(q - 1))`` for the rest, whose condition number ``q^2`` follows from the extreme
    singular values of a Gaussian matrix; at the best ``m``, and never more than rows or columns. The tolerance is that
    of double precision.

    **Reference** Davidson and Szarek 2001, "Local operator theory, random matrices and Banach spaces", theorem II.13.

    ```python
    >>> import jax.numpy as jnp
    >>> int(steps_needed(1 / jnp.arange(1.0, 301.0) ** 2, 600, 0.01))
    29

    ```
    """
    dim = len(eigenvalues)
    largest = jnp.sort(eigenvalues)[::-1]
    tail = jnp.cumsum(largest[::-1])[::-1]
    top = (jnp.sqrt(samples * largest) + jnp.sqrt(tail) + _DEVIATIONS * jnp.sqrt(largest)) ** 2
    spread = jnp.maximum(jnp.sqrt(samples) - jnp.sqrt(dim) - _DEVIATIONS, 0.0)
    damp = samples * penalty
    narrow = jnp.sqrt(jnp.where(top + damp > 0, ratio(largest[-1] * spread**2 + damp, top + damp), 1.0))
    rest = jnp.log(2 / TOLERANCE) / jnp.log((1 + narrow) / (1 - narrow))
    wanted = jnp.min(jnp.ceil(rest) + jnp.arange(dim, dtype=rest.dtype))
    return jnp.minimum(wanted, jnp.minimum(samples, dim))


_DEVIATIONS = 6.0  # beyond the expected extreme singular values


@functools.partial(jax.custom_jvp, nondiff_argnums=(6,))
@lenient()
def _fit(key: Key[Array, ""], params: Array, eigenvalues: Array, noise: Array, n: Array, penalty: Array, steps: int):
    start, step, needed = _iteration(key, params, eigenvalues, noise, n, penalty, steps)
    start = alongside(start, (key, params, eigenvalues, noise, n, penalty))
    carry = while_loop(lambda carry: needed(*carry), lambda carry: (carry[0] + 1, step(*carry)), (1, start))
    return carry[1].solution[:-1]


@_fit.defjvp
@lenient()
def _fit_jvp(steps: int, primals: Any, tangents: Any) -> Any:
    """The derivative of all the steps that there may be, so that reverse mode knows their number."""
    key, *numbers = primals

    def all_steps(params, eigenvalues, noise, n, penalty):
        start, step, _ = _iteration(key, params, eigenvalues, noise, n, penalty, steps)
        return jax.lax.scan(lambda state, k: (step(k, state), None), start, jnp.arange(1, steps + 1))[0].solution[:-1]

    return jax.jvp(all_steps, tuple(numbers), tuple(tangents[1:]))


def _iteration(
    key: Key[Array, ""], params: Array, eigenvalues: Array, noise: Array, n: Array, penalty: Array, steps: int
):
    """The state after the first product, the step from ``k`` to ``k + 1`` and whether there is need for it."""
    dtype, width, damp = params.dtype, len(params) + 1, n * penalty
    scale = jnp.append(root(eigenvalues), jnp.zeros((), dtype))
    labels = jnp.append(scale[:-1] * params, noise)
    size = root(labels @ labels)
    most = jnp.minimum(n, steps)

    def fresh(k):
        return root(chi_square(key, jnp.maximum(n - k, 0.0), stream=16 * k)), normal(
            key, (width,), dtype, stream=16 * k + 8
        )

    left, z = fresh(0)
    first = labels * ratio(jnp.ones((), dtype), size)
    image = scale * (z + (left - first @ z) * first)
    alpha = root(image @ image)
    v = image * ratio(jnp.ones((), dtype), alpha)
    room, zero = jnp.zeros((steps + 1, width), dtype), jnp.zeros((), dtype)
    nothing = jnp.zeros(width, dtype)
    start = _State(room.at[0].set(first), room.at[0].set(v), v, alpha, size * left, v, nothing, zero, zero)

    def needed(k, s):
        return unfinished(k, most, s.gain, s.total)

    def step(k, s):
        left, z = fresh(k)
        # A v and the fresh part of A'u, without what is known already.
        z, wanted = _outside(s.asked, jnp.stack([z, scale * s.v]), k)
        norm = root(wanted @ wanted)
        new = wanted * ratio(jnp.ones((), dtype), norm)
        beta = norm * left
        image = scale * (z + (left - new @ z) * new) - beta * s.v
        (image,) = _outside(s.right, image[None], k)
        alpha = root(image @ image)
        v = image * ratio(jnp.ones((), dtype), alpha)

        rho, phi, along, turn, gain = rotate(s.rho, s.phi, alpha, beta, damp)
        return _State(
            asked=s.asked.at[k].set(new),
            right=s.right.at[k].set(v),
            v=v,
            rho=rho,
            phi=phi,
            direction=v - turn * s.direction,
            solution=s.solution + along * s.direction,
            gain=gain,
            total=s.total + gain,
        )

    return start, step, needed


_ROWS = 16


def _outside(known: Array, vectors: Array, k: Array | int) -> Array:
    """`vectors` without their parts along the first `k` rows of `known`, which are orthonormal; the others are zero."""
    sizes = [*range(_ROWS, len(known), _ROWS), len(known)]
    project = lambda rows: lambda: vectors - (vectors @ known[:rows].T) @ known[:rows]  # noqa: E731
    return jax.lax.switch((k - 1) // _ROWS, [project(rows) for rows in sizes])
