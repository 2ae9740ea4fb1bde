"""Parameters as `simulate` carries them from fit to fit: the arrays of any pytree, in one shape and precision."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key, PyTree

from jaxcollapse.arguments.check import is_key
from jaxcollapse.arguments.numbers import common_type


def is_shape_or_array(leaf: Any) -> bool:
    """An array, or what stands for one before it is computed."""
    return is_shape(leaf) or eqx.is_array(leaf)


def is_shape(leaf: Any) -> bool:
    """What stands for an array before it is computed."""
    return isinstance(leaf, jax.ShapeDtypeStruct)


def like(shape: PyTree, params: PyTree, demand: str) -> PyTree:
    """The arrays of parameters, in the types that a fit returns; refused in other shapes."""
    wanted = eqx.filter(shape, is_shape)
    numbers = eqx.filter(arrays(params), eqx.is_array)
    if jax.tree.structure(wanted) != jax.tree.structure(numbers) or shapes(wanted) != shapes(numbers):
        raise ValueError(demand.format(wanted=shapes(wanted), got=shapes(numbers)))
    return jax.tree.map(lambda to, leaf: leaf if is_key(leaf) else leaf.astype(to.dtype), wanted, numbers)


def arrays(params: PyTree) -> PyTree:
    """Numbers of Python and NumPy, and parameters that are one array, as floating-point arrays; the rest as it is."""
    alone = jax.tree.structure(params) == jax.tree.structure(0)

    def array(leaf):
        if is_key(leaf) or not (isinstance(leaf, bool | int | float | np.ndarray | np.generic | jax.Array)):
            return leaf
        floats = alone or isinstance(leaf, int | float)
        return jnp.asarray(leaf, common_type(leaf, float)) if floats else jnp.asarray(leaf)

    return jax.tree.map(array, params)


def zeros(shape: PyTree, key: Key[Array, ""]) -> PyTree:
    """Zeros, or any keys, in the shapes of parameters; what is no array stays."""

    def zero(leaf):
        if not isinstance(leaf, jax.Array | jax.ShapeDtypeStruct):
            return leaf
        if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
            return jnp.broadcast_to(key, leaf.shape)
        return jnp.zeros(leaf.shape, leaf.dtype)

    return jax.tree.map(zero, shape)


def in_precision(kind: Any, tree: PyTree) -> PyTree:
    """The floating-point arrays of a tree in another precision."""
    numbers, others = eqx.partition(tree, eqx.is_inexact_array)
    return eqx.combine(jax.tree.map(lambda leaf: leaf.astype(kind), numbers), others)


def where(condition: Array, yes: PyTree, no: PyTree) -> PyTree:
    """One of two trees."""
    return jax.tree.map(lambda a, b: jnp.where(condition, a, b), yes, no)


def shapes(params: PyTree) -> PyTree:
    """The shapes of all arrays, as an error shows them."""
    return jax.tree.map(lambda leaf: ("random key", *leaf.shape) if _is_key(leaf) else jnp.shape(leaf), params)


def _is_key(leaf: Any) -> bool:
    return jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)
