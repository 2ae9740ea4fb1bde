"""A pool: what a workflow keeps of old batches."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Scalar

from jaxcollapse.chain.data import Data


class _Archive(eqx.Module):
    """Batches kept apart: every leaf has a leading axis of slots."""

    batches: Data

    @staticmethod
    def empty(batch: Data, slots: int) -> "_Archive":
        return _Archive(jax.tree.map(lambda leaf: jnp.stack([leaf] * slots), batch.empty()))

    def times(self, weight: Scalar) -> "_Archive":
        return _Archive(jax.vmap(lambda batch: weight * batch)(self.batches))

    def put(self, slot: Scalar, batch: Data) -> "_Archive":
        return _Archive(jax.tree.map(lambda stack, leaf: stack.at[slot].set(leaf), self.batches, batch))
