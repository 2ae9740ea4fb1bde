"""Penalties for all generations of a chain, chosen together: gradient descent through the theory."""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_integer
from jaxcollapse.arguments.types import Count, Curve, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.population.spectrum import Spectrum, check_spectrum
from jaxcollapse.theory.curves import over_generations
from jaxcollapse.theory.former import formerly, length_of_curves
from jaxcollapse.theory.regression.recursion import check_ridge, ridge_replace


class PenaltySchedule(NamedTuple):
    """A penalty for each generation, and the risk that they lead to."""

    penalty: Float[Array, " generations"]
    risk: Float[Array, " generations"]


@formerly(defaults={"generations": length_of_curves})
@lenient()
def ridge_replace_optimal_schedule(
    spectrum: Spectrum,
    *,
    samples: Number | Curve,
    noise: Number | Curve,
    generations: Count,
    steps: Count = 200,
) -> PenaltySchedule:
    """The penalties that minimise the last risk of a replace chain of ridge fits: small at first, large at the end.

    L-BFGS on the logarithms of the penalties, through `ridge_replace`, from three starts: nearly none before the last
    generation, the same in all, and a geometric rise. The best of the three is kept. Penalties chosen greedily, each
    for the risk of its own generation, do worse than regularising only the last.

    **Arguments**

    - `spectrum`: population of the features, and the true coefficients.
    - `samples`, `noise`: ``T_g`` and ``sigma_g``, numbers or shape ``(generations,)``.
    - `generations`: ``G``, a positive integer.
    - `steps`: of the descent, a positive integer.

    **Returns** a `PenaltySchedule`.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** A local minimum of the asymptotic risk of `ridge_replace`, whose error is of order ``1/d``. Its first
    derivatives are those of the minimum, by the implicit function theorem.

    **Reference** Derived here, in the setting of Dohmatob, Feng and Kempe 2024, arXiv:2402.07712.

    ```python
    >>> chain = dict(samples=100, noise=0.5, generations=2, steps=20)
    >>> best = ridge_replace_optimal_schedule(Spectrum.isotropic(50), **chain)
    >>> bool(best.penalty[0] < best.penalty[1]), round(float(best.risk[-1]), 3)
    (True, 0.324)

    ```
    """
    check_spectrum(spectrum)
    check_ridge(0.0, samples, noise)
    check_integer("steps", steps, minimum=1)
    sizes, noises = over_generations(generations, samples=samples, noise=noise)
    return _optimal(spectrum, sizes, noises, int(steps))


@functools.partial(jax.jit, static_argnames="steps")  # takes seconds to compile: once for each shape
def _optimal(
    spectrum: Spectrum, sizes: Float[Array, " generations"], noises: Float[Array, " generations"], steps: int
) -> PenaltySchedule:
    import optax  # takes as long as a tenth of JAX, and is needed here alone

    def chain(logs, setting):
        spectrum, sizes, noises = setting
        return ridge_replace(spectrum, samples=sizes, noise=noises, penalty=jnp.exp(logs), generations=len(sizes))

    setting = (spectrum, sizes, noises)
    held = jax.lax.stop_gradient(setting)

    def last(logs):
        return chain(logs, held)[-1]

    # the penalty that is best for clean isotropic features of this signal sets the scale
    known, rows, errors = held
    power = jnp.sum(known.eigenvalues * known.signal**2)
    base = jnp.log(jnp.maximum(errors**2 * known.trace / rows / power, 1e-6 * jnp.max(known.eigenvalues)))
    until = jnp.linspace(1.0, 0.0, len(sizes)) if len(sizes) > 1 else jnp.zeros(1)
    starts = jnp.stack([base - 4.0 * (until > 0), base, base - 4.0 * until])
    optimiser = optax.lbfgs()
    value_and_grad = optax.value_and_grad_from_state(last)

    def descend(start):
        def step(carry, _):
            logs, state = carry
            value, slope = value_and_grad(logs, state=state)
            updates, state = optimiser.update(slope, state, logs, value=value, grad=slope, value_fn=last)
            return (optax.apply_updates(logs, updates), state), None

        (logs, _), _ = jax.lax.scan(step, (start, optimiser.init(start)), None, length=steps)
        return logs, last(logs)

    logs, risks = jax.lax.map(descend, starts)
    best = logs[jnp.argmin(risks)]
    # The descent has no derivative, where it ends has: the gradient stays zero. Penalties that are as good as none,
    # which are at the edge, stay so.
    slope = jax.grad(lambda logs: chain(logs, setting)[-1])(best)
    curvature = jax.lax.stop_gradient(jax.hessian(last)(best))
    # A penalty may be too small for a second derivative in numbers: it stays as well.
    finite, falling = jnp.where(jnp.isfinite(curvature), curvature, 0.0), jnp.where(jnp.isfinite(slope), slope, 0.0)
    moved = jnp.linalg.pinv(finite, hermitian=True) @ falling
    best = best - (moved - jax.lax.stop_gradient(moved))
    return PenaltySchedule(jnp.exp(best), chain(best, setting))
