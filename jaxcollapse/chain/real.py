"""Real data that no model drew: rows of a table, or what a function of one's own draws."""

from collections.abc import Callable
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key, PyTree, Scalar

from jaxcollapse.arguments.check import is_traced
from jaxcollapse.arguments.names import shown
from jaxcollapse.arguments.numbers import at_once, common_type
from jaxcollapse.chain.batch import room_for
from jaxcollapse.chain.data import Data, Samples
from jaxcollapse.chain.model import Model, Wrapper, name_of
from jaxcollapse.chain.parameters import shapes
from jaxcollapse.chain.schedule import at
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.machine.leniency import lenient


def table_of(name: str, rows: Any, *, minimum: int, kind: Any = float) -> PyTree[Array]:
    """A table as arrays of JAX that share a leading axis of rows, floating-point ones in one precision.

    **Raises** `TypeError` for what holds no numbers, and `ValueError` for fewer than `minimum` rows, for arrays of
    different lengths and for numbers that are not finite.
    """
    leaves = jax.tree.leaves(rows)
    found = [np.shape(leaf) for leaf in leaves]
    if not leaves or any(len(shape) == 0 for shape in found) or len({shape[0] for shape in found}) != 1:
        raise ValueError(f"{name} must be arrays that share a leading axis of rows, got shapes {shown(found, str)}")
    if found[0][0] < minimum:
        raise ValueError(f"{name} must hold at least {_in_words(minimum)}, got {found[0][0]}")

    def array(leaf):
        known = leaf if is_traced(leaf) else np.asarray(leaf)
        if not jnp.issubdtype(known.dtype, jnp.number):
            raise TypeError(f"{name} must hold numbers, got {known.dtype}")
        if not is_traced(known) and not np.isfinite(known).all():
            raise ValueError(f"{name} must be finite, got {np.sum(~np.isfinite(known)):,} entries that are not")
        floats = jnp.issubdtype(known.dtype, jnp.inexact)
        return jnp.asarray(known, common_type(kind)) if floats else jnp.asarray(known)

    with at_once(*leaves):
        return jax.tree.map(array, rows)


def _in_words(minimum: int) -> str:
    return {1: "one row", 2: "two rows"}.get(minimum, f"{minimum} rows")


@lenient()
def rows_of(key: Key[Array, ""], table: PyTree[Array], n: int) -> tuple[PyTree[Array], Float[Array, " n"]]:
    """`n` rows of a table, none of them twice, and their weights.

    A buffer with room for more rows than there are is filled up with rows that have no weight; if one of them is asked
    for, its weight is NaN, and so is what is fitted.
    """
    size = len(jax.tree.leaves(table)[0])
    place = jnp.arange(n)
    order = jax.random.permutation(key, size)[place % size]
    return jax.tree.map(lambda leaf: leaf[order], table), jnp.where(place < size, 1.0, jnp.nan)


def check_enough(workflow: Workflow, samples: Float[Array, " generations"], there: int) -> None:
    """No real batch is larger than the table, as far as sizes are known."""
    if is_traced(samples):
        return
    sizes: Any = np.asarray(samples)[:1]
    if workflow.draws_real:
        real = workflow.real_sizes(samples)
        sizes = sizes if is_traced(real) else np.concatenate([sizes, np.asarray(real)])
    asked = int(np.round(np.max(sizes)))
    if asked > there:
        raise ValueError(f"samples must ask for no more real rows than there are: {asked:,} of {there:,}")


class Given(Wrapper):
    """A model whose real data is given: it draws, fits and measures as ever."""

    hidden: ClassVar[bool] = True
    model: Model
    table: PyTree[Array]
    source: Callable[[Key[Array, ""], int], Any] | None
    room: int | None = eqx.field(static=True)
    """For rows of a real batch of which a model of sums needs the sums."""
    wanted: PyTree
    """Rows as the model draws them, where it knows its truth."""

    def truth(self) -> PyTree:
        """That of the model, of which the shapes are read and nothing else; None if it knows none."""
        return _known_truth(self.model)

    def real(self, key: Key[Array, ""], truth: Any, n: Scalar | int) -> Data:
        """Draw `n` of the given rows, or their sums."""
        rows = self.rows(key, n if self.room is None else self.room)
        return rows if self.room is None else self.model.summed(rows.first(n))

    @lenient()
    def rows(self, key: Key[Array, ""], n: int) -> Samples:
        """Draw `n` of the given rows, in the precision of those that the model draws."""
        if self.source is None:
            rows, weights = rows_of(key, self.table, n)
        else:
            rows = self.source(key, n)
            if isinstance(rows, Data) and not isinstance(rows, Samples):
                raise TypeError(f"real must return rows, got {type(rows).__name__}")
            data = rows if isinstance(rows, Samples) else Samples(jax.tree.map(jnp.asarray, rows))
            if data.capacity != n:
                raise ValueError(f"real must return as many rows as it is asked for, {n}, got {data.capacity}")
            rows, weights = data.rows, data.weights
        if self.wanted is None:
            return Samples(rows, weights.astype(Samples(rows).weights.dtype))
        rows = _as_wanted(name_of(self), rows, self.wanted.rows)
        return Samples(rows, weights.astype(self.wanted.weights.dtype))


def given(model: Model, workflow: Workflow, samples: Float[Array, " generations"], real: Any) -> Given:
    """A model whose real data is given as rows, or by a function of a key and their number; checked."""
    table, source = (None, real) if callable(real) else (table_of("real", real, minimum=1), None)
    if source is None:
        check_enough(workflow, samples, len(jax.tree.leaves(table)[0]))
    room = None
    if model.draws_sums:
        sizes = [samples, workflow.real_sizes(samples)] if workflow.draws_real else [samples]
        room = max(room_for(size, "samples") for size in sizes)
    truth, few, key = _known_truth(model), 2, jax.random.key(0)
    wanted = None
    if truth is not None:
        first = at(model, 1)
        wanted = eqx.filter_eval_shape(lambda: first.real(key, truth, few))
    found = Given(model, table, source, room, None)
    if not model.draws_sums:
        if wanted is not None and not isinstance(wanted, Data):
            wanted = eqx.filter_eval_shape(lambda rows: Samples(rows), wanted)
        found = Given(model, table, source, None, wanted if isinstance(wanted, Samples) else None)
        eqx.filter_eval_shape(lambda: found.rows(key, few))
        return found
    _check_sums(found, eqx.filter_eval_shape(lambda: found.rows(key, few)), wanted)
    return found


def _known_truth(model: Model) -> PyTree:
    try:
        return model.truth()
    except NotImplementedError:
        return None


def check_generated(model: Model, rows: Data, generated: Data) -> None:
    """Given rows have the shapes of those that the model draws from a fit to them."""
    if isinstance(model, Given) and isinstance(rows, Samples) and isinstance(generated, Samples):
        _as_wanted(name_of(model), rows.rows, generated.rows)


def _as_wanted(name: str, rows: PyTree, wanted: PyTree) -> PyTree:
    """Rows in the precision of those that a model draws; refused in other shapes."""
    kinds = [jax.tree.structure(tree) for tree in (rows, wanted)]
    each = [[leaf.shape[1:] for leaf in jax.tree.leaves(tree)] for tree in (rows, wanted)]
    if kinds[0] != kinds[1] or each[0] != each[1]:
        own, theirs = (shapes(eqx.filter_eval_shape(_first_row, tree)) for tree in (wanted, rows))
        raise ValueError(f"real must hold rows as {name} draws them, of shape {own}, got {theirs}")

    def cast(leaf, to):
        floats = jnp.issubdtype(leaf.dtype, jnp.inexact)
        if floats and not jnp.issubdtype(to.dtype, jnp.inexact):
            raise TypeError(f"real must hold rows as {name} draws them, {to.dtype}, got {leaf.dtype}")
        return leaf if isinstance(leaf, jax.ShapeDtypeStruct) else leaf.astype(to.dtype)

    return jax.tree.map(cast, rows, wanted)


def _first_row(rows: PyTree) -> PyTree:
    return jax.tree.map(lambda leaf: leaf[0], rows)


def _check_sums(model: Given, rows: Samples, wanted: Data | None) -> None:
    """The sums of the rows have the shapes of those that the model draws."""
    name, row = name_of(model), shapes(eqx.filter_eval_shape(_first_row, rows.rows))
    inner = at(model.model, 1)
    try:
        sums = eqx.filter_eval_shape(inner.summed, rows)
    except NotImplementedError:
        raise
    except Exception as error:
        said = next(iter(str(error).splitlines()), repr(error))
        raise ValueError(f"real must hold rows of which {name} can make sums, got {row}: {said}") from error
    if wanted is None:
        return
    if jax.tree.structure(sums) != jax.tree.structure(wanted) or shapes(sums) != shapes(wanted):
        raise ValueError(
            f"real must hold rows of which {name} makes the sums it draws: those of rows of shape {row} differ"
        )
