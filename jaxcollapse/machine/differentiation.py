"""Whether JAX is differentiating: for a computation with a short cut that holds at one value only."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from jaxcollapse.machine.leniency import lenient


@jax.custom_jvp
@lenient()
def _followed(x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    return jnp.zeros_like(x)


@_followed.defjvp
@lenient()
def _followed_jvp(primals: tuple[Any], tangents: tuple[Any]) -> tuple[Array, Array]:
    return jnp.ones_like(primals[0]), jnp.zeros_like(primals[0])


def differentiated(x: Float[Array, "*shape"]) -> Bool[Array, "*shape"]:
    """True inside of a derivative with respect to something that `x` depends on, false elsewhere.

    A branch that is taken at a single value, such as a penalty of zero, knows nothing of the values beside it: its
    derivative there would be zero. Where this is true the way of the values beside it is to be taken.

    ```python
    >>> import jax, jax.numpy as jnp
    >>> short_cut = lambda x: jnp.where((x == 0) & ~differentiated(x), 1.0, jnp.exp(x))
    >>> float(short_cut(jnp.zeros(()))), float(jax.grad(short_cut)(0.0))
    (1.0, 1.0)

    ```
    """
    return _followed(x) > 0
