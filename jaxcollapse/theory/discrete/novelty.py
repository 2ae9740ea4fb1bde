"""Where a loop of sharpened probabilities jumps: collapsed states that exist beside the uniform one.

Protocol: that of `jaxcollapse.theory.discrete.temperature_mix` with uniform external data, ``p' = w/K + (1 - w) T(p)``
with ``T(p)`` in proportion to ``p^(1/tau)``. In a collapsed state one symbol has the share ``x`` and the others equal
ones. It is a fixed point at the temperature ``h(x)/h(y)`` where ``y = (x - w/K)/(1 - w)`` is the share among own data
and ``h(x) = log(K - 1) + log x - log(1 - x)``. Here ``t = -log(K (1 - y)/(K - 1))`` runs over all collapsed states.

Reference: the setting of arXiv:2512.12381, power feedback with novelty; derived here.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_count, check_positive, check_share, is_traced
from jaxcollapse.arguments.types import Count, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.curves import check_one_number
from jaxcollapse.theory.search import implicit, minimiser, root_in_bracket, with_slope

_FARTHEST, _POINTS = 40.0, 400


@lenient()
def temperature_mix_critical(*, symbols: Count, real_share: Number) -> Float[Array, ""]:
    """The hottest temperature at which a loop with uniform external data has a collapsed state.

    Of two symbols it is ``1 - w``, where the uniform distribution becomes unstable: collapse sets in smoothly. Of more
    it lies above: between the two a loop ends where it began, uniform or collapsed, and what has collapsed comes back
    in a jump.

    **Arguments**

    - `symbols`: ``K``, at least 2.
    - `real_share`: ``w`` of uniform external data, in (0, 1).

    **Returns** a scalar in ``[1 - w, 1]``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for infinitely many samples; a minimum that is searched for.

    **Reference** The setting of arXiv:2512.12381; derived here.

    ```python
    >>> [round(float(temperature_mix_critical(symbols=k, real_share=0.2)), 4) for k in (2, 10)]
    [0.8, 0.8561]

    ```
    """
    w = _share(symbols, real_share)
    return _temperature(_hottest(symbols, w), symbols, w)


@lenient()
def temperature_mix_collapsed(*, symbols: Count, temperature: Number, real_share: Number) -> Float[Array, ""]:
    """The share of the likeliest symbol where a loop with uniform external data ends if it begins collapsed.

    **Arguments**

    - `symbols`, `real_share`: as for `temperature_mix_critical`.
    - `temperature`: ``tau``, positive.

    **Returns** a scalar: ``1/K`` at and above `temperature_mix_critical`, and just below it, of more than two symbols,
    a share that is larger by a jump.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for infinitely many samples; a root that is searched for.

    **Reference** The setting of arXiv:2512.12381; derived here. Its fall of the entropy by 0.7 of itself is that of 50
    symbols and little novelty.

    ```python
    >>> for temperature in (0.8, 0.855, 0.86):
    ...     print(round(float(temperature_mix_collapsed(symbols=10, temperature=temperature, real_share=0.2)), 3))
    0.656
    0.388
    0.1

    ```
    """
    w = _share(symbols, real_share)
    check_positive("temperature", temperature)
    check_one_number("temperature", temperature, "for all generations")
    tau = jnp.asarray(temperature, w.dtype)
    hottest = _hottest(symbols, w)
    critical = _temperature(hottest, symbols, w)
    cold = jnp.where(tau < critical, tau, 0.5 * critical)
    missing = with_slope(lambda t: cold * _own_odds(t, symbols) - _odds(t, symbols, w))
    beyond = (jnp.log1p((1 - w) * (symbols - 1)) - jnp.log(w)) / cold  # `_odds` is less everywhere
    root = implicit(missing, root_in_bracket(missing, hottest, beyond))
    excess = (1 - w) * (1 - 1 / symbols) * -jnp.expm1(-root)
    return 1 / symbols + jnp.where(tau < critical, excess, 0.0)


def _share(symbols: Count, real_share: Number) -> Float[Array, ""]:
    check_count("symbols", symbols, minimum=2)
    check_positive("real_share", real_share)
    check_share("real_share", real_share)
    check_one_number("real_share", real_share, "for all generations")
    if not is_traced(real_share) and float(real_share) == 1:
        raise ValueError("real_share must be below 1: without data of its own a loop has no state")
    return jnp.asarray(real_share, jnp.result_type(real_share, float))


def _own_odds(t: Float[Array, "..."], symbols: Count) -> Float[Array, "..."]:
    """``h(y)``."""
    return jnp.log1p(-(symbols - 1) * jnp.expm1(-t)) + t


def _odds(t: Float[Array, "..."], symbols: Count, w: Float[Array, ""]) -> Float[Array, "..."]:
    """``h(x)``."""
    own = -(1 - w) * jnp.expm1(-t)
    return jnp.log1p((symbols - 1) * own) - jnp.log1p(-own)


def _temperature(t: Float[Array, "..."], symbols: Count, w: Float[Array, ""]) -> Float[Array, "..."]:
    return _odds(t, symbols, w) / _own_odds(t, symbols)


def _hottest(symbols: Count, w: Float[Array, ""]) -> Float[Array, ""]:
    """The ``t`` of the collapsed state that outlives all others as it grows hotter."""
    grid = jnp.linspace(1e-4, _FARTHEST, _POINTS, dtype=w.dtype)
    return minimiser(lambda t: -_temperature(t, symbols, w), grid)
