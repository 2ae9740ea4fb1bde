"""Language models near their optimum: the drift of the test cross-entropy under any workflow.

Protocol: generation ``g`` minimises the log loss of its pool over the parameters ``theta``, to convergence; batch ``i``
is written by the model of generation ``i - 1``, batch 1 by people. At the optimum ``theta*`` on real text, ``H`` is the
Hessian of the cross-entropy, ``J`` the covariance of the score of a row of real text, and ``I`` that of a row which the
model writes itself. To first order in ``1/n`` nothing else matters: the errors ``delta_g = theta_g - theta*`` obey

    ``A_g delta_g = sum_i W_gi (M_i delta_{i-1} + s_i)`` with ``A_g = sum_i W_gi M_i``, ``M_1 = H``, else ``M_i = I``

and independent scores of covariance ``J/n_1`` and ``I/n_i``. A model that is right has ``H = J = I``.

Reference: Dey and Donoho 2024, arXiv:2410.22812, for models that are right; derived here for those that are not, and
for rows that are not independent.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import (
    check_at_least,
    check_fits,
    check_nonnegative,
    check_numbers,
    check_positive,
    check_probabilities,
    check_scalar,
    check_shape,
    is_traced,
)
from jaxcollapse.arguments.names import shown
from jaxcollapse.arguments.numbers import as_floats, common_type
from jaxcollapse.arguments.types import Count, Curve, Matrix, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.mean.workflow import Weights, weights_of

_RARE = 10.0  # expected occurrences, below which the second order is no smaller than the first
_FLAT = 1e-9  # of the largest eigenvalue: along such a direction the model does not change
_STEEP = 1e-4  # a gradient that no optimum has


class Matrices(NamedTuple):
    """What a loop needs to know of a model at its optimum, each of shape ``(parameters, parameters)``."""

    hessian: Float[Array, "parameters parameters"]
    """``H``, the Hessian of the cross-entropy on real text."""
    score: Float[Array, "parameters parameters"]
    """``J``, the covariance of the score on real text."""
    fisher: Float[Array, "parameters parameters"]
    """``I``, the covariance of the score on text of the model."""


@lenient()
def drift(
    hessian: Matrix,
    score: Matrix,
    fisher: Matrix,
    workflow: Any,
    *,
    samples: Number | Curve,
    cells: Any = None,
    generations: Count,
) -> Float[Array, " generations"]:
    """The excess test cross-entropy of any network near its optimum, generation by generation.

    ``1/2 tr(H Cov delta_g)`` along the recursion above. Real data that a workflow draws anew has the Hessian ``H`` and
    the scores ``J``; where rows are picked from a pool, their noise is the pool's.

    **Arguments**

    - `hessian`, `score`, `fisher`: ``H``, ``J`` and ``I`` of a row, shape ``(parameters, parameters)``; see `matrices`.
      Directions along which ``H + I`` vanishes, the symmetries of a network, are left out.
    - `workflow`: any object with a method ``weights(samples)``, such as the workflows of `jaxcollapse`.
    - `samples`: rows of a batch, at least 1, a number or shape ``(generations,)``.
    - `cells`: probabilities of all outcomes of a row, of any shape; given, none that occurs may be rare.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``, in nats a row.

    **Raises** `ValueError` or `TypeError` for other arguments, and for a cell that is expected fewer than 10 times.

    **Exactness** Asymptotic, with a relative error of about ``g p/n`` for ``p`` directions. Where an outcome is
    expected fewer than about ten times, or ``n`` times an eigenvalue is below one, it is wrong by 30 to 80 %. In the
    matrices it has derivatives where no direction is left out.

    **Reference** Derived here; Dey and Donoho 2024, arXiv:2410.22812, for ``H = J = I``: ``p c_g/(2n)``.

    ```python
    >>> import jaxcollapse as jc
    >>> eye = jnp.eye(4)
    >>> [round(float(e), 5) for e in drift(eye, eye, eye, jc.Accumulate(), samples=1000, generations=3)]
    [0.002, 0.0025, 0.00272]

    ```
    """
    given = {"hessian": hessian, "score": score, "fisher": fisher}
    for name, matrix in given.items():
        check_at_least(name, matrix, -np.inf)
    dim = np.shape(hessian)[0] if np.ndim(hessian) == 2 else 0
    if dim == 0:
        raise ValueError(f"hessian must have shape (parameters, parameters), got {np.shape(hessian)}")
    for name, matrix in given.items():
        check_shape(name, matrix, (dim, dim))
    _check_common(cells, samples)
    weights = weights_of(workflow, samples, generations)
    check_fits(f"{generations} generations of {dim:,} parameters", 24.0 * (dim * generations) ** 2, "take fewer")
    return _drift(as_floats(hessian), as_floats(score), as_floats(fisher), weights)


@lenient()
def excess(
    parameters: Number,
    workflow: Any,
    *,
    samples: Number | Curve,
    burstiness: Number = 1.0,
    cells: Any = None,
    generations: Count,
) -> Float[Array, " generations"]:
    """The excess test cross-entropy of a log-linear model: ``p (kappa + c_g - 1)/(2n)``.

    Its Hessian is its Fisher information, right or wrong: all that real text has of its own is the noise of batch 1,
    ``kappa = tr(H^-1 J)/p``. Rows of real text are bursty, those of a model are not: later generations then add less
    than universality has it, ``excess_g/excess_1 = 1 + (c_g - 1)/kappa``.

    **Arguments**

    - `parameters`: ``p``, the number of free ones, positive: ``C (V - 1)`` of a softmax bigram with ``C`` contexts and
      ``V`` symbols; ``V - 1 + r (C + V - 2 - r)`` of a log-bilinear one of rank ``r``, if it is right;
      ``(2 V - 1)(V - 1)`` of an additive trigram.
    - `workflow`: any object with a method ``weights(samples)``, such as the workflows of `jaxcollapse`.
    - `samples`: ``n``, tokens of a batch, at least 1, a number or shape ``(generations,)``.
    - `burstiness`: ``kappa``, positive: 1 for independent tokens of a model that is right; see `burstiness`.
    - `cells`: probabilities of all outcomes of a token, of any shape; given, none that occurs may be rare.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``, in nats a token.

    **Raises** `ValueError` or `TypeError` for other arguments, and for a cell that is expected fewer than 10 times.

    **Exactness** Asymptotic, as `drift`.

    **Reference** Dey and Donoho 2024, arXiv:2410.22812, without burstiness; derived here with it.

    ```python
    >>> import jaxcollapse as jc
    >>> for kappa in (1.0, 1.736):
    ...     loss = excess(11, jc.Accumulate(), samples=39_900, burstiness=kappa, generations=6)
    ...     print(round(float(loss[5] / loss[0]), 3))
    1.491
    1.283

    ```
    """
    for name, value in (("parameters", parameters), ("burstiness", burstiness)):
        check_scalar(name, value)
        check_positive(name, value)
    _check_common(cells, samples)
    weights = weights_of(workflow, samples, generations)
    one, kappa = jnp.ones((1, 1), weights.sizes.dtype), as_floats(burstiness).reshape(1, 1)
    return parameters * _drift(one, kappa, one, weights)


@lenient()
def matrices(log_probability: Callable, optimum: Any, cells: Any) -> Matrices:
    """``H``, ``J`` and ``I`` of a model over finitely many outcomes, by automatic differentiation.

    **Arguments**

    - `log_probability`: a function of the parameters, shape ``(parameters,)``, that returns the logarithm of the
      probability of every outcome, of any shape. The contexts of a language model that come from real text are a part
      of the outcome: ``log pi(context) + log p(symbol | context)``.
    - `optimum`: the parameters with the least cross-entropy, shape ``(parameters,)``: the best of many starts where the
      problem is not convex.
    - `cells`: the real probability of every outcome, not negative, summing to one.

    **Returns** `Matrices`, for `drift`.

    **Raises** `ValueError` or `TypeError` for other arguments, and for parameters that are no optimum: where real
    counts are zero it lies at infinity.

    **Exactness** Exact at the optimum. Memory grows like outcomes times parameters squared.

    **Reference** White 1982, Econometrica 50, 1, for the two covariances of a model that is wrong.

    ```python
    >>> log_p = lambda theta: jax.nn.log_softmax(jnp.append(theta, 0.0))
    >>> found = matrices(log_p, jnp.zeros(2), jnp.ones(3) / 3)
    >>> bool(jnp.allclose(found.hessian, found.fisher)), bool(jnp.allclose(found.score, found.fisher))
    (True, True)

    ```
    """
    if not callable(log_probability):
        raise TypeError(f"log_probability must be a function of the parameters, got {shown(log_probability)}")
    check_at_least("optimum", optimum, -np.inf)
    check_nonnegative("cells", cells)
    theta, real = as_floats(optimum), as_floats(cells)
    if theta.ndim != 1 or theta.size == 0:
        raise ValueError(f"optimum must have shape (parameters,), got {theta.shape}")
    model = jax.eval_shape(log_probability, theta)
    if not hasattr(model, "shape") or model.shape != real.shape:
        raise ValueError(f"log_probability must return an array in the shape {real.shape} of cells, got {shown(model)}")
    check_probabilities("cells", real.ravel())
    cross_entropy = lambda theta, real: -jnp.sum(real * log_probability(theta))  # noqa: E731

    @jax.jit
    def derivatives(theta, real):
        slopes = jax.jacobian(lambda theta: log_probability(theta).ravel())(theta)
        covariance = lambda p: (slopes.T * p) @ slopes - jnp.outer(p @ slopes, p @ slopes)  # noqa: E731
        own = jnp.exp(log_probability(theta)).ravel()
        found = Matrices(jax.hessian(cross_entropy)(theta, real), covariance(real.ravel()), covariance(own))
        return found, jnp.max(jnp.abs(jax.grad(cross_entropy)(theta, real)))

    found, steepest = derivatives(theta, real)
    if not is_traced(steepest) and not float(steepest) < _STEEP:
        raise ValueError(
            f"optimum must have no gradient of the cross-entropy, got one of {float(steepest):.1e}: "
            f"train longer, or, where counts are zero and the optimum at infinity, add typos or smoothing"
        )
    return found


@lenient()
def burstiness(counts: Any) -> Float[Array, ""]:
    """By how much rows of real text are noisier than independent tokens: ``kappa = tr(H^-1 J)/p`` of a bigram model.

    With ``N_cv`` how often ``v`` follows ``c`` in a row, ``n_c`` their sum over ``v``, and ``P_cv`` the shares over all
    rows, the score of a row has the entries ``N_cv - n_c P_cv``: ``tr(H^-1 J) = sum E (N_cv - n_c P_cv)^2/(T pi_c
    P_cv)`` over the cells that occur, ``p`` of them less the contexts that do, ``T`` tokens in a row on average.

    **Arguments**

    - `counts`: how often each symbol follows each context in every row, shape ``(rows, contexts, symbols)``, not
      negative.

    **Returns** ``kappa``, for `excess`: 1 where tokens are independent given their contexts.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for rows that are drawn from these with replacement.

    **Reference** Derived here.

    ```python
    >>> rows = jnp.array([[[3.0, 0.0]], [[0.0, 3.0]]])  # three tokens in a row, all the same
    >>> float(burstiness(rows))
    3.0

    ```
    """
    check_nonnegative("counts", counts)
    table = as_floats(counts)
    if table.ndim != 3 or table.size == 0:
        raise ValueError(f"counts must have shape (rows, contexts, symbols), got {table.shape}")
    total = table.sum(axis=0)
    visits = total.sum(axis=1, keepdims=True)
    seen, visited = total > 0, visits > 0
    if not is_traced(table) and not bool(seen.sum() > visited.sum()):
        raise ValueError("counts must leave a choice: some context must be followed by two symbols or more")
    shares = total / jnp.where(visited, visits, 1.0)
    scores = table - table.sum(axis=2, keepdims=True) * shares
    trace = jnp.sum(jnp.where(seen, jnp.sum(scores**2, axis=0) / jnp.where(seen, total, 1.0), 0.0))
    return trace / (seen.sum() - visited.sum())


def _drift(hessian: Array, score: Array, fisher: Array, weights: Weights) -> Float[Array, " generations"]:
    """The recursion as one system of equations for all generations."""
    dtype = common_type(hessian, score, fisher, weights.sizes)
    hessian, score, fisher = (matrix.astype(dtype) for matrix in (hessian, score, fisher))
    sizes, batch, alone = (part.astype(dtype) for part in weights)
    generations, dim = len(sizes), len(hessian)
    flat = _null_space(hessian + fisher)
    along = jnp.eye(dim, dtype=dtype) - flat
    score, fisher = along @ score @ along, along @ fisher @ along
    rest = 1 - batch.sum(axis=1)  # of fresh real data
    synthetic = batch.at[:, 0].set(0.0)
    feedback = jnp.pad(batch[:, 1:], ((0, 0), (0, 1)))
    curvature = jnp.kron(jnp.diag(batch[:, 0] + rest), along @ hessian @ along)
    curvature = curvature + jnp.kron(jnp.diag(synthetic.sum(axis=1)) - feedback, fisher)
    curvature = curvature + jnp.kron(jnp.eye(generations, dtype=dtype), flat)
    first = batch.at[:, 1:].set(0.0)
    real = jnp.where(rest > 4 * jnp.finfo(dtype).eps * generations, 1.0, batch[:, 0])  # of the noise apart from batches
    own = alone**2 / sizes[0]
    noise = jnp.kron((first / sizes) @ first.T + jnp.diag(own * real), score)
    noise = noise + jnp.kron((synthetic / sizes) @ synthetic.T + jnp.diag(own * (1 - real)), fisher)
    factor = jax.scipy.linalg.lu_factor(curvature)
    half = jax.scipy.linalg.lu_solve(factor, noise)
    covariance = jax.scipy.linalg.lu_solve(factor, half.T).reshape(generations, dim, generations, dim)
    return 0.5 * jnp.einsum("ab,gbga->g", hessian, covariance)


def _null_space(curvature: Array) -> Array:
    """The projection on directions along which a model does not change; it is held where derivatives are taken."""
    values, vectors = jnp.linalg.eigh(jax.lax.stop_gradient(curvature))
    level = max(_FLAT, 30 * len(values) * float(jnp.finfo(values.dtype).eps))
    return (vectors * (values < level * values[-1])) @ vectors.T


def _check_common(cells: Any, samples: Any) -> None:
    """Where the probabilities of all outcomes are told, none of them is rare."""
    check_numbers("samples", samples)
    if cells is None:
        return
    check_nonnegative("cells", cells)
    if is_traced(cells) or is_traced(samples):
        return
    known = np.asarray(cells, float)
    rarest = known[known > 0].min(initial=1.0) * np.min(np.asarray(samples, float))
    if rarest < _RARE:
        raise ValueError(
            f"cells must each be expected {_RARE:g} times or more, got one expected {rarest:.2g} times: "
            f"the law of the first order does not hold there; take more samples, or add typos"
        )
