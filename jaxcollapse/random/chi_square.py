"""Chi-square variates for any traced degrees of freedom.

`jax.random.chisquare` nests two rejection loops and takes several times longer under `vmap`; here one flat loop
retries the lanes that are not accepted yet.

Reference: Marsaglia and Tsang 2000, "A simple method for generating gamma variables", ACM TOMS 26(3).
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from jaxcollapse.random.keys import split


def chi_square(key: Key[Array, ""], df: Float[Array, "..."] | float) -> Float[Array, "..."]:
    """Draw one chi-square variate for each entry of `df`.

    **Arguments**

    - `df`: degrees of freedom, any shape, at least 0 (which gives 0); fractions allowed, may be traced.

    **Returns** variates in the shape and dtype of `df`; NaN where `df` is negative.

    **Exactness** Exact in law, up to floating point.

    ```python
    >>> import jax, jax.numpy as jnp
    >>> chi_square(jax.random.key(0), jnp.array([0.0, 3.0, 1e9])).shape
    (3,)

    ```
    """
    df = jnp.asarray(df)
    df = df.astype(jnp.result_type(df, float))
    loop_key, boost_key = split(key)
    small = df < 2
    shape = jnp.where(small, df / 2 + 1, df / 2)  # a gamma variate of shape a is one of shape a + 1 times U^(1/a)
    third = shape - 1 / 3
    scale = 1 / jnp.sqrt(9 * third)

    def propose(state):
        attempt, _, value = state
        normal_key, uniform_key = split(jax.random.fold_in(loop_key, attempt))
        z = jax.random.normal(normal_key, df.shape, df.dtype)
        u = jax.random.uniform(uniform_key, df.shape, df.dtype, minval=jnp.finfo(df.dtype).tiny)
        cube = (1 + scale * z) ** 3
        positive = cube > 0
        log_ratio = 0.5 * z**2 + third * (1 - cube + jnp.log(jnp.where(positive, cube, 1.0)))
        accepted = positive & (jnp.log(u) < log_ratio)
        waiting = jnp.isnan(value)
        value = jnp.where(waiting & accepted, third * cube, value)
        return attempt + 1, jnp.any(jnp.isnan(value)), value

    start = jnp.where(df >= 0, jnp.nan, -1.0)  # NaN marks a lane that still waits
    _, _, gamma = jax.lax.while_loop(lambda state: state[1], propose, (0, jnp.any(jnp.isnan(start)), start))

    def boosted(gamma):
        u = jax.random.uniform(boost_key, df.shape, df.dtype, minval=jnp.finfo(df.dtype).tiny)
        return jnp.where(small, gamma * u ** (2 / jnp.where(df > 0, df, 1.0)), gamma)

    gamma = jax.lax.cond(jnp.any(small), boosted, lambda gamma: gamma, gamma)
    return jnp.where(df > 0, 2 * gamma, jnp.where(df == 0, 0.0, jnp.nan))
