"""One batch: how many rows it has, whether they fit into memory, and how it is drawn."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key, PyTree, Scalar

from jaxcollapse.arguments.check import check_fits, is_traced
from jaxcollapse.chain.data import Data, Samples
from jaxcollapse.chain.model import Model, name_of
from jaxcollapse.chain.schedule import at


def rounded(sizes: Float[Array, " generations"]) -> Float[Array, " generations"]:
    """Whole samples: by NumPy where they are known, since JAX would compile a program for it."""
    if is_traced(sizes):
        return jnp.round(sizes)
    with jax.ensure_compile_time_eval():
        return jax.device_put(np.round(np.asarray(sizes)))


def room_for(sizes: Float[Array, " generations"], name: str) -> int:
    """The rows of the largest batch."""
    if is_traced(sizes):
        raise TypeError(f"{name} must be known before compilation for a model that draws rows; got a traced value")
    return int(np.asarray(sizes).max())


def drawn(
    model: Model,
    sampler: Callable[[Key[Array, ""], PyTree, Any], Any],
    key: Key[Array, ""],
    params: PyTree,
    n: Scalar,
    capacity: int | None,
) -> Data:
    """One batch; a model of rows draws a full buffer, of which the first `n` count."""
    if capacity is None:
        return sampler(key, params, n)
    rows = sampler(key, params, capacity)
    data = rows if isinstance(rows, Data) else Samples(rows)
    if not isinstance(data, Samples):
        raise TypeError(
            f"{name_of(model)}.sample must return Samples or an array of rows, got {type(data).__name__}; "
            f"a model of sufficient statistics says so with the property draws_sums"
        )
    return data.first(n)


# Of a batch that are there at once: the rows, their weights, their random words and what a fit makes of them.
_COPIES = 4


def check_rows(model: Model, truth: PyTree, rows: int) -> None:
    """The rows of the largest batch fit into memory."""
    if rows < 2**20:
        return
    first, few = at(model, 1), 2**10
    batch = eqx.filter_eval_shape(lambda key: first.real(key, truth, few), jax.random.key(0))
    size = sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(batch))
    advice = "take fewer samples, or a model that draws sufficient statistics"
    check_fits(f"samples: a batch of {rows:,} rows", _COPIES * float(rows) / few * size, advice)
