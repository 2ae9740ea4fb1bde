"""Kernel density estimates that are trained on their own draws: the kernel is added once per ancestor.

Protocol: a Gaussian kernel of bandwidth ``h`` at every row. A draw from the estimate is one of its rows plus
``h N(0, 1)``. So a row of generation ``g`` is a real one plus as many kernels as lie between: one less than the depth
of the estimate. The mean density of a model of depth ``D`` is the truth convolved with ``N(0, D h^2)``.

Reference: Fu et al. 2024, arXiv:2402.11778, bound the total variation of this loop; its exact moments are derived here.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtr
from jaxtyping import Array, Float, Int

from jaxcollapse.arguments.check import (
    check_at_least,
    check_at_most,
    check_integer,
    check_length,
    check_nonnegative,
    check_numbers,
    check_positive,
    is_traced,
)
from jaxcollapse.arguments.numbers import as_floats
from jaxcollapse.arguments.types import Count, Matrix, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.search import minimiser


@lenient()
def depths(weights: Matrix) -> Float[Array, "generations depths"]:
    """The law of the depth of each generation: how many kernels lie between the truth and a draw from the model.

    The depth of generation ``g`` is one more than that of the model from which a random row of its data was drawn.
    Under `Replace` it is ``g``. Under `Accumulate` of equal batches it is a sum of independent Bernoulli variables with
    probabilities ``1, 1/2, ..., 1/g``: ``P(D_g = d) = |s(g, d)|/g!`` with Stirling numbers of the first kind, and the
    mean is ``1 + 1/2 + ... + 1/g``.

    **Arguments**

    - `weights`: shape ``(generations, generations)``, lower triangular and at least 0: entry ``(g - 1, i - 1)`` is the
      share of batch ``i``, drawn from the model of generation ``i - 1``, in the data of generation ``g``. What the
      synthetic batches, from the second column on, lack to one is real data: the first column is not read. A workflow
      gives it: ``workflow.weights(sizes)[0]``.

    **Returns** shape ``(generations, generations + 1)``: entry ``(g - 1, d)`` is the probability of depth ``d``.

    **Raises** `ValueError` for weights of another shape or sign, above the diagonal, or with a row above one.

    **Exactness** Exact, for every sample size.

    ```python
    >>> import jax.numpy as jnp, jaxcollapse as jc
    >>> [round(float(p), 4) for p in depths(jc.Accumulate().weights(jnp.ones(3))[0])[-1]]
    [0.0, 0.3333, 0.5, 0.1667]

    ```
    """
    check_nonnegative("weights", weights)
    w = as_floats(weights)
    if w.ndim != 2 or w.shape[0] != w.shape[1] or not w.size:
        raise ValueError(f"weights must have shape (generations, generations), got shape {w.shape}")
    generations = len(w)
    if not is_traced(weights):
        table = np.asarray(weights, np.float64)
        if np.triu(table, 1).any():
            raise ValueError("weights must be zero above the diagonal: no batch is there before it is drawn")
        check_at_most("weights, summed over the synthetic batches,", table[:, 1:].sum(axis=1), 1 + 1e-5)
    w = w.at[:, 0].set(0.0)  # real data is real data, of batch 1 or fresh
    real = 1 - w.sum(axis=1)

    def step(laws, inputs):
        g, shares, fresh = inputs
        parents = shares @ laws[:-1]
        law = jnp.roll(parents, 1).at[1].add(fresh)
        return laws.at[g].set(law), law

    truth = jnp.zeros((generations + 1, generations + 1), w.dtype).at[0, 0].set(1.0)
    return jax.lax.scan(step, truth, (jnp.arange(1, generations + 1), w, real))[1]


@lenient()
def second_moment(
    law: Float[Array, "generations depths"], *, bandwidth: Number, variance: Number = 1.0
) -> Float[Array, " generations"]:
    """The variance of the mean density: ``v + h^2 E D_g``.

    It is the mean of the second moment of the model about the true mean. Under `Replace` it grows like ``g``, under
    `Accumulate` like ``log g``; with a share ``a`` of fresh real data it ends at ``v + h^2/a``.

    **Arguments**

    - `law`: of the depth of each generation, from `depths`.
    - `bandwidth`: ``h``, at least 0, the same at every generation.
    - `variance`: ``v`` of the truth, at least 0.

    **Returns** shape ``(generations,)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact, for every sample size and every truth.

    ```python
    >>> import jax.numpy as jnp, jaxcollapse as jc
    >>> law = depths(jc.Replace().weights(jnp.ones(3))[0])
    >>> [round(float(v), 4) for v in second_moment(law, bandwidth=0.5)]
    [1.25, 1.5, 1.75]

    ```
    """
    check_numbers("law", law)
    check_nonnegative("bandwidth", bandwidth)
    check_nonnegative("variance", variance)
    law = as_floats(law)
    return variance + jnp.asarray(bandwidth) ** 2 * (law @ jnp.arange(law.shape[-1], dtype=law.dtype))


@lenient()
def mean_density(
    x: Float[Array, "..."] | Number,
    law: Float[Array, "generations depths"],
    *,
    bandwidth: Number,
    variance: Number = 1.0,
) -> Float[Array, "generations ..."]:
    """The mean density at `x`, if the truth is ``N(0, v)``: a mixture of ``N(0, v + d h^2)`` over the depth ``d``.

    **Arguments**

    - `x`: any shape.
    - the others as for `second_moment`; `variance` positive.

    **Returns** shape ``(generations, ...)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact, for every sample size.

    ```python
    >>> import jax.numpy as jnp, jaxcollapse as jc
    >>> law = depths(jc.Replace().weights(jnp.ones(2))[0])
    >>> [round(float(f), 4) for f in mean_density(0.0, law, bandwidth=1.0)]
    [0.2821, 0.2303]

    ```
    """
    check_numbers("x", x)
    check_numbers("law", law)
    check_nonnegative("bandwidth", bandwidth)
    check_positive("variance", variance)
    law = as_floats(law)
    widths = variance + jnp.asarray(bandwidth) ** 2 * jnp.arange(law.shape[-1], dtype=law.dtype)
    return jnp.tensordot(law, _normal(jnp.asarray(x)[..., None], widths), axes=(-1, -1))


@lenient()
def outside_unit_interval(
    law: Float[Array, "generations depths"], *, bandwidth: Number
) -> Float[Array, " generations"]:
    """The mean probability under the model of what the truth cannot produce, if that is uniform on ``[0, 1]``.

    At depth ``d``, with ``s = h sqrt(d)``: ``2 [Phi(-1/s) + s (phi(0) - phi(1/s))]``, about ``0.80 s`` while it is
    small. Data that is hallucinated: none of it is in the truth, and all of it in what the next model is trained on.

    **Arguments**

    - `law`: of the depth of each generation, from `depths`.
    - `bandwidth`: ``h`` of a Gaussian kernel, at least 0, the same at every generation.

    **Returns** shape ``(generations,)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact, for every sample size.

    **Reference** Derived here; the question is definition 8 of Schaeffer et al. 2025, arXiv:2503.03150.

    ```python
    >>> import jax.numpy as jnp, jaxcollapse as jc
    >>> law = depths(jc.Replace().weights(jnp.ones(3))[0])
    >>> [round(float(p), 4) for p in outside_unit_interval(law, bandwidth=0.05)]
    [0.0399, 0.0564, 0.0691]

    ```
    """
    check_numbers("law", law)
    check_nonnegative("bandwidth", bandwidth)
    law = as_floats(law)
    width = jnp.asarray(bandwidth) * jnp.sqrt(jnp.arange(law.shape[-1], dtype=law.dtype))
    far = 1 / jnp.where(width > 0, width, 1.0)
    inside = jnp.where(width > 0, -jnp.expm1(-0.5 * far**2), 1.0)
    beyond = jnp.where(width > 0, ndtr(-far), 0.0)
    return law @ (2 * (beyond + width * inside / jnp.sqrt(2 * jnp.pi)))


@lenient()
def model_variance(
    *, samples: Number, bandwidth: Number, variance: Number = 1.0, generations: Count
) -> Float[Array, " generations"]:
    """The mean variance of the model under replacement: ``n h^2 + (1 - 1/n)^g (v - n h^2)``.

    The kernel adds ``h^2`` at every generation and sampling takes away a share ``1/n``. What `second_moment` grows by
    beyond ``n h^2`` is the wandering of the mean.

    **Arguments**

    - `bandwidth`: ``h``, at least 0.
    - `samples`: ``n``, at least 1.
    - `generations`: ``G``, a positive integer.
    - `variance`: ``v`` of the truth, at least 0.

    **Returns** shape ``(generations,)``. The sample variance of the data, with divisor ``n``, is less by ``h^2``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for every truth with a variance.

    ```python
    >>> curve = model_variance(bandwidth=0.5, samples=10, generations=2)
    >>> [round(float(v), 4) for v in curve]
    [1.15, 1.285]

    ```
    """
    check_nonnegative("bandwidth", bandwidth)
    check_nonnegative("variance", variance)
    n, g = _sizes(samples, generations)
    kept = 1 - 1 / n  # n (1 - kept^g) is the sum of the powers below g
    return variance * kept**g + jnp.asarray(bandwidth) ** 2 * jnp.cumsum(kept ** (g - 1))


@lenient()
def squared_error(*, samples: Number, bandwidth: Number, generations: Count) -> Float[Array, " generations"]:
    """The mean integrated squared error under replacement, if the truth is ``N(0, 1)``.

    ``sum_{a<g} (1 - 1/n)^a phi(2 h^2 (1 + a))/n + (1 - 1/n)^g phi(2 (1 + g h^2)) - 2 phi(2 + g h^2) + phi(2)``, where
    ``phi(v) = 1/sqrt(2 pi v)`` is the density of ``N(0, v)`` at zero. Two random rows are the same, or first have a
    common ancestor ``a`` generations before, with probability ``(1 - 1/n)^a/n``.

    **Arguments**

    - `bandwidth`: ``h``, positive.
    - `samples`: ``n``, at least 1.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``: the mean of the integral of ``(f_g(x) - phi(x))^2``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact. For ``N(mu, s^2)`` and bandwidth ``h s`` it is ``1/s`` times this.

    **Reference** ``g = 1`` is classical: Wand and Jones 1995, "Kernel Smoothing".

    ```python
    >>> [round(float(e), 5) for e in squared_error(bandwidth=0.4, samples=100, generations=3)]
    [0.00555, 0.01089, 0.01641]

    ```
    """
    check_positive("bandwidth", bandwidth)
    n, g = _sizes(samples, generations)
    kernel = jnp.asarray(bandwidth) ** 2
    powers = (1 - 1 / n) ** (g - 1) / n
    meet = jnp.cumsum(powers * _normal(0.0, 2 * kernel * g))
    related = jnp.cumsum(powers) * _normal(0.0, 2 * (1 + g * kernel))  # 1 - (1 - 1/n)^g
    # The squared bias phi(2 (1 + g h^2)) - 2 phi(2 + g h^2) + phi(2), a second difference, without cancellation.
    u = g * kernel / 2
    a, b = jnp.sqrt(1 + u), jnp.sqrt(1 + 2 * u)
    bias = 2 * u**2 * (1 + a / (1 + b)) / (a * b * (1 + a) * (a + b)) * _normal(0.0, 2.0)
    return meet - related + bias


@lenient()
def optimal_bandwidth(*, samples: Number, generation: Count) -> Float[Array, ""]:
    """The bandwidth, the same at all generations, with which `squared_error` is least at a generation.

    It falls with the generation: a loop is better served by rough estimates, whose kernels add up.

    **Arguments**

    - `samples`: ``n``, at least 1.
    - `generation`: ``g``, a positive integer.

    **Returns** a scalar, in units of the standard deviation of a Gaussian truth.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** The minimum of an exact formula, found by search and Newton's method: to 1e-12 in double precision and
    1e-5 in single. Where so few samples serve so many generations that nothing is learnt, the error is flat beyond the
    best bandwidth or falls to the end of the search, at ``e^3``: then it has two digits in single precision.

    ```python
    >>> [round(float(optimal_bandwidth(samples=100, generation=g)), 2) for g in (2, 5, 10)]
    [0.39, 0.32, 0.28]

    ```
    """
    check_integer("generation", generation, minimum=1)
    _sizes(samples, generation)

    def error(log_bandwidth):
        return squared_error(bandwidth=jnp.exp(log_bandwidth), samples=samples, generations=generation)[-1]

    return jnp.exp(minimiser(error, jnp.linspace(-7.0, 3.0, 101)))


def _normal(x: Float[Array, "..."] | float, variance: Float[Array, "..."] | float) -> Float[Array, "..."]:
    """The density of ``N(0, variance)`` at `x`."""
    return jnp.exp(-0.5 * jnp.asarray(x) ** 2 / variance) / jnp.sqrt(2 * jnp.pi * variance)


def _sizes(samples: Number, generations: Count) -> tuple[Float[Array, ""], Int[Array, " generations"]]:
    check_at_least("samples", samples, 1.0)
    check_length("generations", generations)
    n = as_floats(samples)
    return n, jnp.arange(1, generations + 1)
