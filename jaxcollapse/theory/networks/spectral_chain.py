"""Loops of linear generative networks: a function of eigenvalues, and the weights of a workflow.

Protocol: generation ``g`` is fitted to second moments ``M_g = sum_i W[g, i] S_i`` of centred rows, where batch
``i`` has ``n_i`` rows of the model of generation ``i - 1``, ``C_0 = diag(eigenvalues)``; what the weights lack to one
is fresh real data. With ``M_g = U diag(m) U'`` the model is ``C_g = U diag(f(m)) U'``, where ``f`` is the network (see
`jaxcollapse.theory.networks.soft_threshold` and its neighbours). Everything is in the eigenbasis of the truth.

Reference: derived here; the loops are those of Gerstgrasser et al. 2024, arXiv:2404.01413.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from jaxcollapse.arguments.check import check_fits, check_numbers, check_positive, check_scalar, check_share
from jaxcollapse.arguments.names import shown
from jaxcollapse.arguments.numbers import as_floats
from jaxcollapse.arguments.types import Count, Curve, Number, Vector
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.population.spectrum import Spectrum
from jaxcollapse.theory.mean.workflow import Weights, check_workflow, weights_of
from jaxcollapse.theory.networks.filters import applied, check_network


class SpectralMoments(NamedTuple):
    """The law of the models of a chain, to order ``1/n``."""

    mean: Float[Array, "generations dim"]
    """The mean of the diagonal of ``C_g``; off the diagonal it is zero."""
    variance: Float[Array, "generations dim dim"]
    """The variance of every entry of ``C_g``."""
    risk: Float[Array, " generations"]
    """``E |C_g - C_0|^2``, the mean squared Frobenius norm."""


@lenient()
def trace(
    eigenvalues: Vector, network: Any, workflow: Any, *, samples: Number | Curve | None = None, generations: Count
) -> Float[Array, " generations"]:
    """The mean total variance of what each generation generates, for any number of samples.

    If ``f(x) = a x + b``, a fit takes the trace ``t`` of its data to ``a t + b dim``, whatever the eigenvectors, and
    ``E tr M_g = sum_i W[g, i] E tr C_{i-1} + (1 - sum_i W[g, i]) tr C_0``. For a VAE, ``b = -(c - pixel)``: under
    `Replace` the trace loses ``dim (c - pixel)`` at every generation, under `Accumulate` as much times ``1/g``, so that
    accumulation does not stop the loss, it slows its clock to ``log g``.

    **Arguments**

    - `eigenvalues`: of the true covariance, positive, shape ``(dim,)``.
    - `network`: an affine `Filter`: `soft_threshold`, `ideal_diffusion` without `denoise` and `sigma_max`, or
      `temperature` of one of them.
    - `workflow`: any object with a method ``weights(samples)``, such as the workflows of `jaxcollapse`.
    - `generations`: ``G``, a positive integer.
    - `samples`: batch sizes, a number or shape ``(generations,)``, where the weights depend on them; equal by default.

    **Returns** shape ``(generations,)``: ``E tr C_g``.

    **Raises** `ValueError` or `TypeError` for other arguments, and for a network that is not affine.

    **Exactness** Exact for every ``n``, rows of any law that has second moments included, as long as no eigenvalue of a
    pool falls below ``c``; a lower bound always, since ``max(x - c, 0) >= x - c``.

    **Reference** Derived here.

    ```python
    >>> import jaxcollapse as jc
    >>> from jaxcollapse.theory.networks import soft_threshold
    >>> for workflow in (jc.Replace(), jc.Accumulate()):
    ...     print(np.round(np.asarray(trace([4.0, 2.0], soft_threshold(c=0.5), workflow, generations=4)), 3))
    [5. 4. 3. 2.]
    [5.    4.5   4.167 3.917]

    ```
    """
    values = Spectrum.from_eigenvalues(eigenvalues).eigenvalues
    check_network(network)
    affine = getattr(network, "affine", None)
    if affine is None:
        raise ValueError(
            "network must be affine, as soft_threshold, ideal_diffusion without denoise and sigma_max, or temperature "
            f"of one of them, got {type(network).__name__}: its mean to order 1/n is that of moments"
        )
    weights = weights_of(workflow, samples, generations)
    slope, shift = affine
    total = jnp.sum(values)
    line = lambda pool: slope * pool + len(values) * shift  # noqa: E731
    return _along(total, weights, line)


@lenient()
def orbit(
    eigenvalues: Vector, network: Any, workflow: Any, *, samples: Number | Curve | None = None, generations: Count
) -> Float[Array, "generations dim"]:
    """The eigenvalues of what each generation generates, for infinitely many samples.

    Under `Replace` ``m_{g+1} = f(m_g)``; under `Accumulate` ``m_{g+1} = m_g + (f(m_g) - m_g)/(g + 1)``, an Euler scheme
    of ``dm/d log g = f(m) - m``: the fixed points are the same, and only the clock differs. With a share ``w`` of fresh
    real data ``m = w lambda + (1 - w) f(m)``.

    **Arguments**

    - `eigenvalues`: of the true covariance, positive, shape ``(dim,)``.
    - `network`: ``f``, a `Filter` or another function of an array of eigenvalues, entry by entry.
    - `workflow`, `generations`, `samples`: as for `trace`.

    **Returns** shape ``(generations, dim)``: ``f(m_g)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact in the limit of large batches; `moments` has the terms of order ``1/n``.

    **Reference** Derived here.

    ```python
    >>> import jaxcollapse as jc
    >>> from jaxcollapse.theory.networks import soft_threshold
    >>> for workflow in (jc.Replace(), jc.Accumulate(), jc.Mix("fresh", weight=0.5)):
    ...     print(np.round(np.asarray(orbit([1.0], soft_threshold(c=0.4), workflow, generations=4).ravel()), 3))
    [0.6 0.2 0.  0. ]
    [0.6   0.4   0.267 0.167]
    [0.6  0.4  0.3  0.25]

    ```
    """
    values = Spectrum.from_eigenvalues(eigenvalues).eigenvalues
    check_network(network)
    weights = weights_of(workflow, samples, generations)
    return _along(values, weights, lambda pool: applied(network, pool))


@lenient()
def moments(
    eigenvalues: Vector, network: Any, workflow: Any, *, samples: Number | Curve, generations: Count
) -> SpectralMoments:
    """The mean and the variance of every entry of what each generation generates, with all terms of order ``1/n``.

    Let ``E`` be the deviation of the pool from ``diag(m)``, ``V`` the variances of its entries and ``b`` the mean of
    its diagonal. With the divided differences of ``f``, a fit has
    ``bias_i = f'(m_i) b_i + sum_j V_ij f[m_i, m_i, m_j]`` and ``Var C_ij = f[m_i, m_j]^2 V_ij``, and a batch of it adds
    ``(1 + delta_ij) c_i c_j/n``. The weights of the workflow add these up: ``E |C_g - C_0|^2 = sum_i (c_i - l_i)^2 +
    sum_ij Var C_ij + 2 sum_i (c_i - l_i) bias_i``.

    **Arguments**

    - `eigenvalues`: of the true covariance, positive, shape ``(dim,)``.
    - `network`: ``f``, a `Filter` or another function of an array of eigenvalues, entry by entry, which has two
      derivatives where it is met.
    - `workflow`: as for `trace`, but for one that picks rows.
    - `samples`: ``n``, a number or shape ``(generations,)``, at least 1.
    - `generations`: ``G``, a positive integer.

    **Returns** `SpectralMoments`.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Asymptotic, with an error of order ``1/n^2`` in the mean and in the variances. In single precision
    ``c - l`` has the digits of ``l``.

    **Reference** Derived here.

    ```python
    >>> import jaxcollapse as jc
    >>> from jaxcollapse.theory.networks import ideal_diffusion
    >>> law = moments([4.0, 1.0], ideal_diffusion(0.5, denoise=True), jc.Replace(), samples=100, generations=2)
    >>> print(np.round(np.asarray(law.mean), 2), np.round(np.asarray(law.risk), 2))
    [[3.77 0.8 ]
     [3.53 0.61]] [0.51 1.13]

    ```
    """
    values = Spectrum.from_eigenvalues(eigenvalues).eigenvalues
    check_network(network)
    check_numbers("samples", samples)
    if getattr(workflow, "needs_rows", False) and not isinstance(workflow, type):
        raise ValueError(f"workflow must keep whole batches, got {shown(workflow)}, which picks rows")
    weights = weights_of(workflow, samples, generations)
    entries = 24.0 * float(generations) ** 2 * len(values) ** 2
    check_fits(f"generations={generations:,}: the variances of them", 8 * entries, "take fewer, or fewer eigenvalues")
    dtype = jnp.result_type(values, weights.sizes)
    mean, bias, variance = _moments(values.astype(dtype), weights, network)
    away = mean - values
    risk = jnp.sum(away**2 + 2 * away * bias, axis=1) + jnp.sum(variance, axis=(1, 2))
    return SpectralMoments(mean + bias, variance, risk)


@lenient()
def collapse_time(eigenvalues: Vector | Number, workflow: Any, *, c: Number) -> Float[Array, "..."]:
    """The generation at which a linear VAE has lost a direction: ``l/c`` or ``exp(l/c - 0.577)``.

    Under `Replace` a direction with eigenvalue ``l`` loses ``c`` at every fit and is gone at ``l/c``, rounded up. Under
    `Accumulate` it is gone when ``1 + 1/2 + ... + 1/g`` reaches ``l/c``: at ``exp(l/c - gamma)`` with Euler's constant.

    **Arguments**

    - `eigenvalues`: of the true covariance, positive, shape ``(dim,)`` or one number.
    - `workflow`: one that trains on its newest batch alone, or one that keeps all of them.
    - `c`: what a fit takes, as for `soft_threshold`, positive.

    **Returns** the shape of the eigenvalues: times, not rounded; infinite where an exponential is.

    **Raises** `ValueError` or `TypeError` for other arguments, and for another workflow, whose `orbit` tells.

    **Exactness** For infinitely many samples: under `Replace` exact when rounded up; under `Accumulate` asymptotic in
    ``l/c``, half a generation late.

    **Reference** Derived here.

    ```python
    >>> import jaxcollapse as jc
    >>> for flow in (jc.Replace(), jc.Accumulate()):
    ...     print(np.round(np.asarray(collapse_time([2.0, 5.0], flow, c=1.0)), 1))
    [2. 5.]
    [ 4.1 83.3]

    ```
    """
    check_positive("eigenvalues", eigenvalues)
    check_workflow(workflow)
    check_scalar("c", c)
    check_positive("c", c)
    life = as_floats(eigenvalues) / c
    if getattr(workflow, "newest_alone", False):
        return life
    if getattr(workflow, "keeps_all", False):
        return jnp.exp(life - np.euler_gamma)
    raise ValueError(f"workflow must replace its data or keep all of it, got {shown(workflow)}: see orbit")


@lenient()
def survives(eigenvalues: Vector | Number, *, c: Number, real_share: Number) -> Bool[Array, "..."]:
    """Whether a share of real data saves a direction of a linear VAE for ever: ``real_share l > c``.

    With a share ``w`` of real data at every generation the eigenvalue of the pool falls to ``l - c (1 - w)/w``, that of
    the model to ``l - c/w``.

    **Arguments**

    - `eigenvalues`: of the true covariance, positive, shape ``(dim,)`` or one number.
    - `c`: what a fit takes, as for `soft_threshold`, positive.
    - `real_share`: ``w`` in [0, 1], the total weight of the real data.

    **Returns** the shape of the eigenvalues.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for infinitely many samples.

    **Reference** Derived here.

    ```python
    >>> survives([4.0, 2.0, 0.5], c=0.5, real_share=0.2).tolist()
    [True, False, False]

    ```
    """
    check_positive("eigenvalues", eigenvalues)
    check_scalar("c", c)
    check_positive("c", c)
    check_scalar("real_share", real_share)
    check_share("real_share", real_share)
    return jnp.asarray(real_share) * as_floats(eigenvalues) > c


def _along(
    truth: Float[Array, "..."], weights: Weights, fit: Callable[[Array], Array]
) -> Float[Array, "generations ..."]:
    """What a recursion ``model_g = fit(sum_i W[g, i] model_{i-1} + rest truth)`` gives from ``model_0 = truth`` on."""
    dtype = jnp.result_type(truth, weights.sizes)
    truth, batch = truth.astype(dtype), weights.batch.astype(dtype)
    models = jnp.zeros((len(batch) + 1, *truth.shape), dtype).at[0].set(truth)

    def step(models, inputs):
        g, row = inputs
        model = fit(jnp.tensordot(row, models[:-1], axes=1) + (1 - row.sum()) * truth)
        return models.at[g + 1].set(model), model

    return jax.lax.scan(step, models, (jnp.arange(len(batch)), batch))[1]


def _moments(
    truth: Float[Array, " dim"], weights: Weights, network: Any
) -> tuple[Float[Array, "generations dim"], Float[Array, "generations dim"], Float[Array, "generations dim dim"]]:
    """Eigenvalues of the models, their bias, and the variances of their entries.

    An entry of every model is a sum of independent noises, one of each batch and one of each fresh real one: carried
    are the coefficients.
    """
    count, dim = len(weights.sizes), len(truth)
    sizes, batch, independent = (part.astype(truth.dtype) for part in weights)
    pairs = 1 + jnp.eye(dim, dtype=truth.dtype)
    outer = lambda values: pairs * values[..., :, None] * values[..., None, :]  # noqa: E731
    fresh = jnp.broadcast_to(outer(truth) / sizes[0], (count, dim, dim))

    def step(carry, inputs):
        models, biases, responses = carry
        g, row, alone = inputs
        pool = jnp.tensordot(row, models[:-1], axes=1) + (1 - row.sum()) * truth
        offset = jnp.tensordot(row, biases[:-1], axes=1)
        response = jnp.tensordot(row, responses[:-1], axes=1)
        response = response.at[:count].add(row[:, None, None]).at[count + g].add(alone)
        sources = jnp.concatenate([outer(models[:-1]) / sizes[:, None, None], fresh])
        variance = jnp.sum(response**2 * sources, axis=0)
        first, second = divided_differences(network, pool)
        model, bias = applied(network, pool), jnp.diagonal(first) * offset + jnp.sum(variance * second, axis=1)
        carry = models.at[g + 1].set(model), biases.at[g + 1].set(bias), responses.at[g + 1].set(first * response)
        return carry, (model, bias, first**2 * variance)

    zeros = jnp.zeros((count + 1, dim), truth.dtype)
    start = zeros.at[0].set(truth), zeros, jnp.zeros((count + 1, 2 * count, dim, dim), truth.dtype)
    return jax.lax.scan(step, start, (jnp.arange(count), batch, independent))[1]


def divided_differences(
    network: Callable, points: Float[Array, " dim"]
) -> tuple[Float[Array, "dim dim"], Float[Array, "dim dim"]]:
    """``f[x_i, x_j]`` and ``f[x_i, x_i, x_j]``, also where points meet: there they are ``f'`` and ``f''/2``.

    Points that are far apart give quotients. For close ones, whose quotients lose digits, both are integrals of
    derivatives, ``int f'(x) dt`` and ``int (1 - t) f''(x) dt`` over ``x = x_i + t (x_j - x_i)`` (Hermite and Genocchi),
    by a rule of Gauss, which is exact to rounding for a function without a pole nearby.
    """
    f = lambda x: applied(network, x)  # noqa: E731
    slope, bend = _derivative(f), _derivative(_derivative(f))
    a, b = points[:, None], points[None, :]
    near = jnp.abs(a - b) <= _NEAR * (a + b)
    nodes, shares = np.polynomial.legendre.leggauss(_NODES)
    t = jnp.asarray(0.5 * (nodes + 1), points.dtype)[:, None, None]
    shares = jnp.asarray(0.5 * shares, points.dtype)[:, None, None]
    between = a + t * jnp.where(near, b - a, 0.0)
    gap = jnp.where(near, 1.0, a - b)
    quotient = (f(a) - f(b)) / gap
    first = jnp.where(near, jnp.sum(shares * slope(between), axis=0), quotient)
    second = jnp.where(near, jnp.sum(shares * (1 - t) * bend(between), axis=0), (slope(a) - quotient) / gap)
    return first, second


_NEAR, _NODES = 0.25, 12


def _derivative(f: Callable[[Array], Array]) -> Callable[[Array], Array]:
    return lambda x: jax.jvp(f, (x,), (jnp.ones_like(x),))[1]
