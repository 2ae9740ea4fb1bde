"""Several copies of one model: what each is shown, how each is fitted, and how far they are apart."""

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, PyTree

from jaxcollapse.arguments.types import Number
from jaxcollapse.chain.data import Data
from jaxcollapse.chain.model import Model, check_is_model
from jaxcollapse.random import split


class Shown(Data):
    """What each of several models is shown: a stack of data sets, one for each."""

    sets: Data
    grows: ClassVar[bool] = False

    def __add__(self, other: "Shown") -> "Shown":
        """The union of what each is shown."""
        return Shown(jax.vmap(lambda a, b: a + b)(self.sets, other.sets))

    def __rmul__(self, weight: Number) -> "Shown":
        """The same data, every row counted `weight` times."""
        return Shown(jax.vmap(lambda data: weight * data)(self.sets))

    def empty(self) -> "Shown":
        """Nothing is shown to anyone."""
        one = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape[1:], leaf.dtype), self.sets)
        count = jax.tree.leaves(self.sets)[0].shape[0]
        return Shown(jax.tree.map(lambda leaf: jnp.stack([leaf] * count), one.empty()))

    def union(self) -> "Shown":
        """The union of a stack of batches, for each model."""
        return Shown(jax.vmap(lambda sets: sets.union(), in_axes=1)(self.sets))


def check_copied(model: Any) -> None:
    """A model of which there may be several copies: one that draws sufficient statistics."""
    check_is_model(model)
    if not model.draws_sums:
        raise ValueError(f"model must draw sufficient statistics, but this {type(model).__name__} draws rows")


def truths(model: Model, count: int) -> PyTree:
    """That of the model, for every copy."""
    return jax.tree.map(lambda leaf: jnp.stack([jnp.asarray(leaf)] * count), model.truth())


def starts(model: Model, key: Key[Array, ""], count: int) -> PyTree:
    """Where each copy may begin."""
    found = [model.start(key) for key in split(key, count)]
    return None if found[0] is None else jax.tree.map(lambda *leaves: jnp.stack(leaves), *found)


def fit_each(
    model: Model, data: Shown, *, key: Key[Array, ""], previous: PyTree, newest: Shown, count: int, **context: Any
) -> PyTree:
    """Fit each copy to what it is shown."""

    def fit(data, key, previous, newest):
        return model.fit(data, key=key, previous=previous, newest=newest, **context)

    return jax.vmap(fit)(data.sets, jnp.stack(split(key, count)), previous, newest.sets)


def disagreement(params: PyTree, count: int) -> Float[Array, ""]:
    """The mean over pairs of copies of the squared distance of their parameters."""
    spread = [jnp.sum((leaf - leaf.mean(axis=0)) ** 2) for leaf in jax.tree.leaves(params)]
    return 2 / max(count - 1, 1) * sum(spread, jnp.zeros(()))
