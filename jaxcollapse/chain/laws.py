"""What must hold for every model, whoever wrote it: `check_model` tries it out on one of your own."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key, PyTree

from jaxcollapse.arguments.check import check_at_most, check_integer, check_key
from jaxcollapse.arguments.types import Count
from jaxcollapse.chain.data import Data, Samples
from jaxcollapse.chain.mix import Mix
from jaxcollapse.chain.model import Model, check_is_model, takes_context
from jaxcollapse.chain.pooled import Accumulate, AccumulateSubsample, Replace, Window
from jaxcollapse.chain.schedule import at, tabulate
from jaxcollapse.chain.simulate import Trajectory, simulate
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.random import split


@lenient(types=False)
def check_model(
    model: Model,
    *,
    truth: PyTree = None,
    samples: Count = 20,
    generations: Count = 3,
    workflows: Sequence[Workflow] | None = None,
    key: Key[Array, ""] | None = None,
) -> None:
    """Try a model of your own: whether it means what `simulate` takes it for.

    It runs the model under workflows that replace, pool, pick and mix, with sizes that differ, and compares: `fit` and
    `metrics` take ``**context``; no plain field holds a schedule; every fit has the shapes of the parameters; metrics
    are a dictionary; a fit reads the weights of its rows, those of weight zero change nothing, and a row of weight two
    is two rows (where the fit has no randomness of its own); `jax.jit` and `jax.vmap` give what a plain call gives.

    **Arguments**

    - `model`: with `truth` it need not know its true parameters.
    - `samples`, `generations`: the size of the trial, at least 4 and 2, at most 10,000 and 100.
    - `workflows`: which ones; by default one of each kind.
    - `key`: ``jax.random.key(0)`` by default.

    **Raises** `ValueError` with one line for each law that does not hold; `TypeError` for what is not a model.

    ```python
    >>> import jax, jax.numpy as jnp, jaxcollapse as jc
    >>> class Median(jc.Model):
    ...     def sample(self, key, params, n):
    ...         return jc.Samples(params + jax.random.normal(key, (n,)))
    ...     def fit(self, data, **context):
    ...         return jnp.median(data.rows)
    >>> try:
    ...     jc.check_model(Median(), truth=0.0)
    ... except ValueError as error:
    ...     print(str(error).split(", ")[-1])
    or weigh the rows by data.weights

    ```
    """
    check_is_model(model)
    check_integer("samples", samples, minimum=4)
    check_integer("generations", generations, minimum=2)
    check_at_most("samples", samples, 10_000)
    check_at_most("generations", generations, 100)
    key = jax.random.key(0) if key is None else key
    check_key("key", key)
    trial = _Trial(model, truth, int(samples), int(generations), key)
    chosen = _one_of_each_kind() if workflows is None else workflows
    broken = [*_signatures(model), *_fields(model)]
    if not broken:
        broken += _workflows(trial, chosen)
    if not broken:
        broken += [*_transformations(trial), *_weights(trial)]
    if broken:
        laws = "1 law" if len(broken) == 1 else f"{len(broken)} laws"
        raise ValueError("\n- ".join([f"{type(model).__name__} breaks {laws}:", *broken]))


class _Trial(eqx.Module):
    model: Model
    truth: PyTree
    samples: int
    generations: int
    key: Key[Array, ""]

    def run(self, workflow: Workflow, key: Key[Array, ""], *, sizes: Any = None) -> Trajectory:
        sizes = self.samples if sizes is None else sizes
        setting = dict(samples=sizes, generations=self.generations, truth=self.truth)
        return simulate(self.model, workflow, key=key, **setting)

    def uneven(self) -> np.ndarray:
        """Sizes of which the first is the largest: later buffers are not full."""
        return np.where(np.arange(self.generations) == 0, self.samples, self.samples // 2)


def _one_of_each_kind() -> tuple[Workflow, ...]:
    return Replace(), Accumulate(), Window(2), AccumulateSubsample(), Mix("fresh", weight=0.5)


def _signatures(model: Model) -> Iterator[str]:
    for name, first in (("fit", "data"), ("metrics", "params")):
        if not takes_context(getattr(model, name)):
            yield f"{name} must take context: write def {name}(self, {first}, **context)"


def _fields(model: Model) -> Iterator[str]:
    """Plain fields that hold a function of the generation: no method would see its number."""
    for name, kind in ((field.name, str(field.type)) for field in model.__dataclass_fields__.values()):
        value = getattr(model, name)
        if callable(value) and not isinstance(value, eqx.Module) and "Callable" not in kind and _is_schedule(value):
            yield (
                f"field {name} holds a function of the generation: make it with "
                f'jaxcollapse.schedule.number_or_schedule(value, "{name}", minimum), or annotate it as Callable'
            )


def _is_schedule(function: Callable) -> bool:
    try:
        value = function(jnp.asarray(1.0))
    except Exception:  # it wants other arguments
        return False
    return isinstance(value, int | float | jax.Array | np.number) and jnp.ndim(value) == 0


def _workflows(trial: _Trial, workflows: Sequence[Workflow]) -> list[str]:
    """Every workflow runs, or picks rows where there are none."""
    broken: dict[str, list[str]] = {}
    for workflow in workflows:
        if workflow.needs_rows and trial.model.draws_sums:
            continue
        for sizes in (trial.samples, trial.uneven()):
            try:
                run = eqx.filter_eval_shape(lambda key, w=workflow, s=sizes: trial.run(w, key, sizes=s), trial.key)
            except (ValueError, TypeError, AttributeError, KeyError, IndexError) as error:
                words = str(error).splitlines()[0]
                named = broken.setdefault(words.replace(type(workflow).__name__, "this workflow"), [])
                if type(workflow).__name__ not in named:
                    named.append(type(workflow).__name__)
                continue
            for name, value in run.metrics.items():
                if not hasattr(value, "shape") or value.shape[:1] != (trial.generations,):
                    broken.setdefault(f"metric {name!r} must be an array", []).append(type(workflow).__name__)
    return [f"{_listed(names)}: {words}" for words, names in broken.items()]


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _transformations(trial: _Trial) -> Iterator[str]:
    """`jit` and `vmap` change nothing."""
    run = lambda key: eqx.filter(trial.run(Replace(), key), eqx.is_array)  # noqa: E731
    keys = jnp.stack(split(trial.key, 2))
    plain = run(keys[0])
    if not _close(jax.jit(run)(keys[0]), plain):
        yield "jax.jit gives other numbers than a plain call"
    both = jax.vmap(run)(keys)
    one, other = (jax.tree.map(lambda leaf, i=i: leaf[i], both) for i in range(2))
    if not _close(one, plain):
        yield "jax.vmap gives other numbers than a plain call"
    if _close(one, other) and jax.tree.leaves(one):
        yield "sample ignores its key: two keys give the same run"


def _weights(trial: _Trial) -> Iterator[str]:
    """A row of weight zero is not there, and a row of weight two is two rows."""
    if trial.model.draws_sums:
        return
    model_key, data_key, other_key, fit_key = split(trial.key, 4)
    sizes = jnp.full(trial.generations, float(trial.samples))
    model = at(tabulate(trial.model, trial.generations).prepare(model_key, sizes), 1)
    truth = model.truth() if trial.truth is None else jax.tree.map(jnp.asarray, trial.truth)
    data, other = (_rows(model.real(key, truth, trial.samples)) for key in (data_key, other_key))
    first = trial.run(Replace(), trial.key).params
    first = jax.tree.map(lambda leaf: leaf[0] if eqx.is_array(leaf) else leaf, first, is_leaf=eqx.is_array)

    @eqx.filter_jit
    def fit(data, key=fit_key):
        fitted = model.fit(data, key=key, previous=first, newest=data, generation=jnp.asarray(1))
        return eqx.filter(fitted, eqx.is_array)

    alone = fit(data)
    if not _close(alone, fit(data, other_key)):
        return  # a fit with randomness of its own has no one answer
    padded = fit(data + 0.0 * other)
    if _shapes(alone) != _shapes(padded):
        return  # parameters that are the rows themselves
    if not _close(alone, padded, 1e-3):
        yield "rows of weight zero change the fit: weigh the rows by data.weights"
    if not _close(fit(2.0 * data), fit(data + data), 1e-3):
        yield "a row of weight two is not fitted as two rows: weigh the rows by data.weights"


def _rows(data: Data | Array) -> Any:
    return data if isinstance(data, Data) else Samples(data)


def _shapes(tree: PyTree) -> list[tuple[int, ...]]:
    return [jnp.shape(leaf) for leaf in jax.tree.leaves(tree)]


def _close(a: PyTree, b: PyTree, tolerance: float = 1e-4) -> bool:
    """Whether two results agree, up to what another order of sums does to single precision."""
    pairs = zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
    return all(np.allclose(_numbers(x), _numbers(y), tolerance, tolerance, equal_nan=True) for x, y in pairs)


def _numbers(leaf: Array) -> np.ndarray:
    is_key = jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)
    return np.asarray(jax.random.key_data(leaf) if is_key else leaf, float)
