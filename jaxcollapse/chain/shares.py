"""`Shares`: the real batch, the synthetic ones before the newest, and the newest, each part with its weight."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from jaxcollapse.arguments.check import is_traced
from jaxcollapse.arguments.numbers import number
from jaxcollapse.chain.data import Data
from jaxcollapse.chain.pool import Pool
from jaxcollapse.chain.pooled import batches_apart, weighed_batches, with_newest
from jaxcollapse.chain.workflow import Draw, Weights, Workflow
from jaxcollapse.machine.leniency import lenient

__all__ = ("Shares",)


class Shares(Workflow):
    """Train each generation on three parts: the real batch, all synthetic ones before the newest, and the newest.

    `Mix` with one real data set is it without the middle one, and `Accumulate` has shares that follow the sizes.

    **Arguments**

    - `real`, `previous`, `newest`: the total weight of each part, in [0, 1], whatever its size; together one. Within
      the middle one every row counts alike. At generation 2, where there is none yet, the other two keep their
      proportion; generation 1 is trained on the real batch.

    **Raises** `ValueError` for shares outside [0, 1] that do not sum to one, and for nothing but the previous batches.

    **Exactness** Exact in law; a model that draws sums keeps as many of them as there are generations.

    ```python
    >>> import jax.numpy as jnp
    >>> flow = Shares(real=0.5, previous=0.25, newest=0.25)
    >>> [[round(weight, 3) for weight in row] for row in flow.weights(jnp.full(4, 100.0))[0].tolist()[1:]]
    [[0.667, 0.333, 0.0, 0.0], [0.5, 0.25, 0.25, 0.0], [0.5, 0.125, 0.125, 0.25]]

    ```
    """

    real: Float[Array, ""]
    previous: Float[Array, ""]
    newest: Float[Array, ""]

    def __init__(self, *, real: Any, previous: Any, newest: Any):
        self.real, self.previous, self.newest = (
            number(value, name, 0.0, 1.0)
            for name, value in (("real", real), ("previous", previous), ("newest", newest))
        )
        parts = self.real, self.previous, self.newest
        if not any(is_traced(part) for part in parts):
            total = sum(float(part) for part in parts)
            if not np.isclose(total, 1.0, atol=1e-5):
                raise ValueError(f"real, previous and newest must sum to one, got a sum of {total:g}")
            if float(self.previous) > 1 - 1e-6:
                raise ValueError("previous must be below 1: at generation 2 there is nothing before the newest batch")

    def init(self, draw: Draw, generations: int) -> tuple[Pool, Float[Array, " generations"]]:
        """An empty pool that keeps batches apart, and their sizes."""
        return batches_apart(draw, generations)

    def step(
        self, state: tuple[Pool, Array], draw: Draw, generation: Int[Array, ""]
    ) -> tuple[Data, tuple[Pool, Array]]:
        """All batches with their weights."""
        pool, sizes = state = with_newest(state, draw, generation)
        return weighed_batches(pool, sizes, self._row(sizes, generation), generation), state

    @lenient()
    def weights(self, samples: Float[Array, " generations"]) -> Weights:
        """The shares, in the middle part in proportion to the sizes."""
        generations = jnp.arange(1, len(samples) + 1)
        return jax.vmap(lambda g: self._row(samples, g))(generations), jnp.zeros_like(samples)

    def counted(self, samples: Float[Array, " generations"]) -> Float[Array, " generations"]:
        """As many as the batches with weight have."""
        return self.rows(samples)

    @lenient()
    def _row(self, sizes: Float[Array, " generations"], generation: Int[Array, ""]) -> Float[Array, " generations"]:
        """The weight of every batch at a generation."""
        batch = jnp.arange(1, len(sizes) + 1)
        between = jnp.where((batch > 1) & (batch < generation), sizes, 0.0)
        there = jnp.sum(between)
        ends = self.real * (batch == 1) + self.newest * (batch == generation)
        shares = (ends + self.previous * between / jnp.where(there > 0, there, 1.0)).astype(sizes.dtype)
        return shares / jnp.sum(shares)
