"""A denoiser of molecules that knows that turns mean nothing: what comes out turns and mirrors with what goes in.

Reference: Satorras, Hoogeboom and Welling 2021, arXiv:2102.09844.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from jaxcollapse.arguments.check import check_integer, check_key, check_length
from jaxcollapse.arguments.types import Count
from jaxcollapse.machine.leniency import lenient


class Equivariant(eqx.Module):
    """A network of positions about their centre whose result turns with them: for ``coordinates="plain"``.

    Every atom has features of its own. In each layer a pair of atoms exchanges a message that depends on its features,
    its squared distance and the noise; each atom moves along its differences from the others, by as much as the
    messages say.

    **Arguments**

    - `atoms`: at least 2; `width`: of features and messages; `layers`: at least 1.
    - `key`: a typed key.

    **Reference** Satorras, Hoogeboom and Welling 2021, arXiv:2102.09844, equations 3 to 6.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> from jaxcollapse.models.networks.equivariant import Equivariant
    >>> real = jc.datasets.alkane(jax.random.key(1), 200, atoms=4)
    >>> model = jc.Diffusion(real._replace(x=real.x[100:]), real.x[:100], coordinates="plain", levels=4, steps=20,
    ...                      network=lambda key: Equivariant(4, width=8, layers=1, key=key))
    >>> jc.simulate(model, jc.Replace(), key=jax.random.key(0), samples=50, generations=2).loss.shape
    (2,)

    ```
    """

    features: Float[Array, "atoms width"]
    messages: list[eqx.nn.MLP]
    moves: list[eqx.nn.MLP]
    updates: list[eqx.nn.MLP]
    last: Float[Array, "2"]

    def __init__(self, atoms: Count, *, width: Count = 32, layers: Count = 2, key: Key[Array, ""]):
        check_integer("atoms", atoms, minimum=2)
        check_length("width", width, each=64.0)
        check_length("layers", layers, each=1e4)
        check_key("key", key)
        atoms, width, layers = int(atoms), int(width), int(layers)
        keys = iter(jax.random.split(key, 3 * layers + 1))
        net = lambda inputs, outputs: eqx.nn.MLP(  # noqa: E731
            inputs, outputs, width, 1, activation=jax.nn.silu, key=next(keys)
        )
        self.messages = [net(2 * width + 3, width) for _ in range(layers)]
        self.moves = [net(width, 1) for _ in range(layers)]
        self.updates = [net(2 * width, width) for _ in range(layers)]
        self.features = jax.random.normal(next(keys), (atoms, width))
        self.last = jnp.zeros(2)

    @lenient()
    def __call__(self, row: Float[Array, " dim"], log_ratio: Float[Array, ""]) -> Float[Array, " dim"]:
        start = row.reshape(-1, 3)
        x, h = start, self.features
        atoms = len(h)
        noise = jnp.broadcast_to(jnp.stack([jnp.tanh(log_ratio), 0.3 * log_ratio]), (atoms, atoms, 2))
        for message, move, update in zip(self.messages, self.moves, self.updates, strict=True):
            pairs = jnp.concatenate(jnp.broadcast_arrays(h[:, None], h[None]), axis=-1)
            apart = x[:, None] - x
            squares = (apart**2).sum(axis=-1, keepdims=True)
            sent = jax.vmap(jax.vmap(message))(jnp.concatenate([pairs, jnp.log1p(squares), noise], axis=-1))
            steps = jax.vmap(jax.vmap(move))(sent) * apart / jnp.sqrt(1 + squares)
            x = x + steps.sum(axis=1) / (atoms - 1)
            h = h + jax.vmap(update)(jnp.concatenate([h, sent.sum(axis=1) / (atoms - 1)], axis=-1))
        moved = x - start
        out = moved + (self.last[0] + self.last[1] * jnp.tanh(log_ratio)) * start
        return (out - out.mean(axis=0)).reshape(row.shape)
