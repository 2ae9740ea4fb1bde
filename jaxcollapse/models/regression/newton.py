"""Maximum likelihood by Newton's method, for a label whose natural parameter is linear in the coefficients."""

from typing import NamedTuple, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Scalar

from jaxcollapse.models.regression.sums import ridge_solution
from jaxcollapse.random.loops import alongside, while_loop

_STEPS = 40  # by then a likelihood without a maximum is flat to rounding


@runtime_checkable
class Likelihood(Protocol):
    """What is known of a label, given its natural parameter ``x'w``."""

    def log_partition(self, predictor: Float[Array, " n"]) -> Float[Array, " n"]:
        """``A``: the log likelihood of a label ``y`` is ``y x'w - A(x'w)`` and terms without ``w``."""
        ...

    def moments(self, predictor: Float[Array, " n"]) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
        """Mean and variance of a label, the derivatives of ``A``."""
        ...

    def unbounded(
        self, predictor: Float[Array, " n"], y: Float[Array, " n"], present: Bool[Array, " n"]
    ) -> Bool[Array, ""]:
        """Whether longer coefficients of this direction fit better and better: then there is no estimate."""
        ...


class Rows(NamedTuple):
    """What a fit sees."""

    x: Float[Array, "n dim"]
    y: Float[Array, " n"]
    weights: Float[Array, " n"]
    present: Bool[Array, " n"]
    ridge: Float[Array, " dim"]
    """The penalty of each coefficient, times the total weight."""


class _Search(NamedTuple):
    """Where Newton's method is."""

    reached: Float[Array, " dim"]
    """The best coefficients so far."""
    loss: Float[Array, ""]
    """Theirs."""
    trial: Float[Array, " dim"]
    """Where to look next."""
    steps: Scalar
    """How many were taken; all of them where no more help."""
    done: Bool[Array, ""]
    """Whether the step to the trial is so short that it is the solution, to rounding."""


def newton(likelihood: Likelihood, rows: Rows, start: Float[Array, " dim"]) -> Float[Array, " dim"]:
    """The minimiser of ``sum_i weights_i (A(x_i'w) - y_i x_i'w) + sum_j ridge_j w_j^2 / 2``; NaN if there is none.

    A start that is worse than zero is not used. A step that does not help is halved. The last one is of relative size
    ``sqrt(eps)``, and steps square. Derivatives are those of the solution, by the implicit function theorem.
    """
    solution = _found(likelihood, *jax.lax.stop_gradient((rows, start)))

    @jax.custom_jvp
    def of(solution, x, y, weights, ridge):
        return solution

    @of.defjvp
    def _(primals, tangents):
        solution, x, _, weights, ridge = primals

        def slope(x, y, weights, ridge):
            return x.T @ (weights * (y - likelihood.moments(x @ solution)[0])) - ridge * solution

        curvature = weights * likelihood.moments(x @ solution)[1]
        matrix = x.T @ (curvature[:, None] * x) + jnp.diag(ridge)
        return solution, jnp.linalg.solve(matrix, jax.jvp(slope, primals[1:], tangents[1:])[1])

    return of(solution, rows.x, rows.y, rows.weights, rows.ridge)


def _found(likelihood: Likelihood, rows: Rows, start: Float[Array, " dim"]) -> Float[Array, " dim"]:
    """The solution, without derivatives: a loop that ends by itself has none in reverse mode."""
    x, y, weights, present, ridge = rows
    spread = jnp.sqrt(jnp.sum(weights[:, None] * x**2, axis=0) / jnp.sum(weights))
    close, free = jnp.sqrt(jnp.finfo(x.dtype).eps), ridge == 0

    def step(search: _Search) -> _Search:
        trial = search.trial
        predictor = x @ trial
        penalty = 0.5 * jnp.sum(ridge * trial**2)
        loss = jnp.sum(weights * (likelihood.log_partition(predictor) - y * predictor)) + penalty
        slack = 100 * jnp.finfo(x.dtype).eps * jnp.abs(loss)  # rounding is no reason to halve
        mean, variance = likelihood.moments(predictor)
        gradient = x.T @ (weights * (y - mean)) - ridge * trial
        step = ridge_solution(x.T @ ((weights * variance)[:, None] * x), gradient, ridge, True)
        helps = (loss <= search.loss + slack) & jnp.all(jnp.isfinite(step))
        closer = jnp.where(search.steps == 0, search.reached, 0.5 * (search.reached + trial))
        nowhere = jnp.all(trial == search.reached)
        endless = jnp.any(free) & likelihood.unbounded(x @ jnp.where(free, trial, 0.0), y, present)
        lost = jnp.where(helps, endless, nowhere)
        after = _Search(
            reached=jnp.where(helps, trial, search.reached),
            loss=jnp.where(helps, loss, search.loss),
            trial=jnp.where(helps, trial + step, closer),
            steps=jnp.where(lost, _STEPS, search.steps + 1),
            done=helps & ~lost & (jnp.max(spread * jnp.abs(step)) < close),
        )
        return jax.tree.map(lambda new, old: jnp.where(_searches(search), new, old), after, search)

    zero = jnp.zeros(x.shape[1], x.dtype)
    known = jnp.all(jnp.isfinite(y)) & (jnp.sum(present) >= jnp.sum(free))
    start = jnp.where(jnp.all(jnp.isfinite(start)), start, zero)
    loss = jnp.sum(weights) * likelihood.log_partition(zero[:1])[0]
    steps = jnp.where(known, 0, _STEPS)
    first = alongside(_Search(zero, loss, start, steps, jnp.asarray(False)), (x, y, weights))
    found = while_loop(_searches, step, first)
    return jnp.where(found.done, found.trial, jnp.nan)


def _searches(search: _Search) -> Bool[Array, ""]:
    return ~search.done & (search.steps < _STEPS)
