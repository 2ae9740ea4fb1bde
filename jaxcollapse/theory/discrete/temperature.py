"""Sampling at a temperature: what a model generates is a power of what it has learned.

Protocol: at temperature ``tau`` a model with density ``p`` samples from ``p^(1/tau)/Z``, and its successor is fitted to
that. Below one, likely outputs take over; above one, all become equally likely. A share ``w`` of external data, drawn
from the truth, at every generation from the second on (`Mix`) holds against it.

Reference: Marchi, Soatto, Chaudhari and Tabuada 2024, arXiv:2404.02325, for distributions on a finite set; the Gaussian
case is derived here.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_length, check_numbers, check_positive, check_probabilities, check_share
from jaxcollapse.arguments.numbers import as_floats
from jaxcollapse.arguments.types import Count, Number, Vector
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.former import formerly


@formerly("probabilities", "temperature")
@lenient()
def temper(probabilities: Vector, *, temperature: Number) -> Float[Array, " symbols"]:
    """The distribution that is sampled from: ``p_i^(1/tau)/Z``. A symbol without probability stays so.

    **Arguments**

    - `probabilities`: shape ``(symbols,)``, at least 0; they need not sum to one.
    - `temperature`: ``tau``, positive.

    **Returns** shape ``(symbols,)``.

    **Raises** `ValueError` for a temperature that is not positive.

    **Exactness** Exact.

    ```python
    >>> [round(float(p), 4) for p in temper([0.8, 0.2], temperature=0.5)]
    [0.9412, 0.0588]

    ```
    """
    check_numbers("probabilities", probabilities)
    check_positive("temperature", temperature)
    p = as_floats(probabilities)
    # Powers, not exponentials of logarithms: they have derivatives where a symbol has no probability.
    weights = (p / jax.lax.stop_gradient(jnp.max(p))) ** (1 / jnp.asarray(temperature, p.dtype))
    return weights / jnp.sum(weights)


@lenient()
def temperature_replace(
    probabilities: Vector, *, temperature: Number, generations: Count
) -> Float[Array, "generations symbols"]:
    """The distributions of a loop without external data: ``p_g`` in proportion to ``p_0^(tau^(1-g))``.

    **Arguments**

    - `probabilities`: ``p_0``, shape ``(symbols,)``, at least 0, summing to one.
    - `temperature`: ``tau``, positive: below one the most likely symbols remain, above one all those that have a
      probability become equally likely.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations, symbols)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for infinitely many samples under `Replace`; the error of the mean is of order ``1/n``.

    **Reference** Marchi et al. 2024, arXiv:2404.02325.

    ```python
    >>> [round(float(p[0]), 4) for p in temperature_replace([0.6, 0.4], temperature=0.5, generations=3)]
    [0.6, 0.6923, 0.8351]

    ```
    """
    check_probabilities("probabilities", probabilities)
    check_positive("temperature", temperature)
    check_length("generations", generations)
    p = as_floats(probabilities)
    powers = jnp.asarray(temperature, p.dtype) ** jnp.arange(int(generations))
    return jax.vmap(lambda tau: temper(p, temperature=tau))(powers)


@lenient()
def temperature_accumulate(
    probabilities: Vector, *, temperature: Number, generations: Count
) -> Float[Array, "generations symbols"]:
    """The distributions of a loop that keeps all its data: ``p_1 = p_0``, ``p_{g+1} = [g p_g + T(p_g)]/(g + 1)``.

    In ``log g`` it is the flow ``dp = T(p) - p``: what a closed loop does in one generation takes a factor of time.

    **Arguments** as for `temperature_replace`.

    **Returns** shape ``(generations, symbols)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for infinitely many samples under `Accumulate` with equal batches; else as for
    `temperature_replace`.

    **Reference** Marchi et al. 2024, arXiv:2404.02325, for the loop; derived here.

    ```python
    >>> [round(float(p[0]), 4) for p in temperature_accumulate([0.6, 0.4], temperature=0.5, generations=3)]
    [0.6, 0.6462, 0.6872]

    ```
    """
    check_probabilities("probabilities", probabilities)
    check_positive("temperature", temperature)
    check_length("generations", generations)

    def step(q, g):
        return (g * q + temper(q, temperature=temperature)) / (g + 1), q

    p = as_floats(probabilities)
    return jax.lax.scan(step, p, jnp.arange(1, int(generations) + 1, dtype=p.dtype))[1]


@formerly(share="real_share")
@lenient()
def temperature_mix(
    probabilities: Vector, *, temperature: Number, real_share: Number, first: Vector | None = None, generations: Count
) -> Float[Array, "generations symbols"]:
    """The distributions of a loop with external data: ``p_1 = p_0`` and ``p_{g+1} = w p_0 + (1 - w) T(p_g)``.

    **Arguments**

    - `probabilities`: ``p_0``, of the external data, shape ``(symbols,)``, at least 0, summing to one.
    - `temperature`: ``tau``, positive.
    - `real_share`: ``w`` of external data, in [0, 1].
    - `generations`: ``G``, a positive integer.
    - `first`: ``p_1``, if that is not `probabilities`.

    **Returns** shape ``(generations, symbols)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for infinitely many samples under ``Mix("fresh", weight=real_share)``; else as for
    `temperature_replace`.

    **Reference** Marchi et al. 2024, arXiv:2404.02325.

    ```python
    >>> path = temperature_mix([0.5, 0.5], temperature=0.5, real_share=0.4, generations=50, first=[0.9, 0.1])
    >>> round(float(path[-1, 0]), 4)
    0.7236

    ```
    """
    check_probabilities("probabilities", probabilities)
    check_positive("temperature", temperature)
    check_share("real_share", real_share)
    check_length("generations", generations)
    p = as_floats(probabilities)
    start = p
    if first is not None:
        check_probabilities("first", first)
        start = jnp.asarray(as_floats(first), p.dtype)

    def step(q, _):
        return real_share * p + (1 - real_share) * temper(q, temperature=temperature), q

    return jax.lax.scan(step, start, None, int(generations))[1]


@lenient()
def temperature_needed_share(*, temperature: Number) -> Float[Array, ""]:
    """The share of external data above which a uniform truth is stable: ``1 - tau``.

    A small departure from the uniform distribution is multiplied by ``(1 - w)/tau`` in every generation, whatever the
    number of symbols.

    **Arguments**

    - `temperature`: ``tau``, positive.

    **Returns** a scalar; zero above temperature one, where no external data is needed.

    **Raises** `ValueError` for a temperature that is not positive.

    **Exactness** Exact for infinitely many samples. Of two symbols the uniform distribution attracts all others above
    it; of more symbols, all those that are near.

    **Reference** The setting of Marchi et al. 2024, arXiv:2404.02325; the threshold is derived here.

    ```python
    >>> round(float(temperature_needed_share(temperature=0.7)), 4)
    0.3

    ```
    """
    check_positive("temperature", temperature)
    return jnp.maximum(1 - jnp.asarray(temperature), 0.0)
