"""`simulate`: one replication of iterative training, one scan over generations."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key, PyTree, Scalar

from jaxcollapse.arguments.check import check_fits, check_integer, check_key, is_traced
from jaxcollapse.arguments.names import did_you_mean
from jaxcollapse.arguments.types import Count
from jaxcollapse.chain.data import Data, Samples
from jaxcollapse.chain.model import Model
from jaxcollapse.chain.schedule import at, evaluate, tabulate
from jaxcollapse.chain.workflow import Draw, Workflow
from jaxcollapse.random import fold_in, key_steps, split, step_key
from jaxcollapse.random.loops import alongside

# What one replication draws once is keyed apart from its generations 1, 2, ...
_MODEL, _WORKFLOW = 0, 2**32 - 1


class Trajectory(eqx.Module):
    """What happened at generations ``1, ..., G``: entry ``g - 1`` of every array belongs to generation ``g``.

    Metrics of the model are attributes: ``trajectory.risk``.
    """

    params: PyTree
    """The fitted parameters; every leaf has a leading axis of generations.

    They are those of the smallest model with the same metrics (`Model.reduce`), such as the length of an error; with
    `truth` given to `simulate`, of the model itself.
    """
    metrics: dict[str, Array]
    """The model's metrics by name, each of shape ``(generations, ...)``."""

    def __getattr__(self, name: str) -> Array:
        """The metric called `name`."""
        if name.startswith("_") or name in ("params", "metrics"):
            raise AttributeError(name)
        if name in self.metrics:
            return self.metrics[name]
        hint = did_you_mean(name, self.metrics) or f"; it has {sorted(self.metrics)} and params"
        raise AttributeError(f"this trajectory has no metric {name!r}{hint}")


def simulate(
    model: Model,
    workflow: Workflow,
    *,
    key: Key[Array, ""],
    samples: Any,
    generations: Count,
    truth: PyTree = None,
    first: PyTree = None,
) -> Trajectory:
    """Train a model on its predecessor's data, again and again: one replication.

    Generation ``g`` samples ``samples(g)`` rows from the model of generation ``g - 1`` (the truth for ``g = 1``), the
    workflow says what to train on, and the model is fitted to that. One `lax.scan`; sample sizes and every numeric or
    scheduled field of model and workflow are traced, so that one compilation serves them all.

    **Arguments**

    - `model`: samples and fits; see `Model`.
    - `workflow`: `Replace`, `Accumulate`, `Window`, `Mix`, ...
    - `key`: a typed key, ``jax.random.key(seed)``.
    - `samples`: the size of the synthetic batch: a number, one number per generation, or a schedule (a function of
      ``g = 1, ..., G``, rounded to whole samples). At least 1. Traced only if the model is exact.
    - `generations`: ``G``, a positive integer.
    - `truth`: the parameters of generation 0; the model's own by default. With it the model is not reduced: its
      ``params`` are those of the model, not of a smaller one with the same metrics.
    - `first`: the parameters of generation 1 where they are given instead of fitted: a generator that was trained
      elsewhere. The workflow keeps the real data of generation 1 all the same: `Accumulate` with ``samples=[n1, n2]``
      trains generation 2 on ``n1`` real rows and ``n2`` rows of the given model.

    **Returns** a `Trajectory` of generations ``1, ..., G``.

    **Raises** `ValueError` or `TypeError`, before compilation, for arguments of the wrong kind, sign or shape, and
    for a workflow that picks rows together with a model that draws sufficient statistics.

    **Exactness** Exact in law for every finite size, whatever the sampling mode of the model.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> run = jc.simulate(jc.Gaussian(ddof=1), jc.Replace(), key=jax.random.key(0), samples=100, generations=20)
    >>> run.variance.shape
    (20,)

    ```
    """
    if isinstance(model, Workflow) and isinstance(workflow, Model):
        raise TypeError("model and workflow are swapped: write simulate(model, workflow, ...)")
    if not isinstance(model, Model):
        raise TypeError(f"model must be a jaxcollapse Model, got {_kind(model, Model)}")
    if not isinstance(workflow, Workflow):
        raise TypeError(f"workflow must be a jaxcollapse Workflow such as Replace(), got {_kind(workflow, Workflow)}")
    check_key("key", key)
    check_integer("generations", generations, minimum=1)
    if workflow.needs_rows and model.exact:
        raise ValueError(
            f"workflow {type(workflow).__name__} picks single rows, but this {type(model).__name__} draws sufficient "
            f'statistics: give the model sampling="raw"'
        )
    with jax.ensure_compile_time_eval():
        sizes = jnp.round(evaluate(samples, generations, "samples", 1.0))
    model, workflow = tabulate(model, generations), tabulate(workflow, generations)
    if truth is None:
        model = model if first is not None else model.reduce(workflow, sizes)
        truth = model.truth()
    truth = _floats(truth)
    if first is not None:
        first = _floats(first)
        if _shapes(first) != _shapes(truth):
            raise ValueError(
                f"first must have the shapes of the true parameters, {_shapes(truth)}, got {_shapes(first)}"
            )
    with jax.ensure_compile_time_eval():
        real_sizes = jnp.round(workflow.real_sizes(sizes))
        all_sizes = jnp.concatenate([sizes, real_sizes])
    model = model.prepare(fold_in(key, _MODEL), all_sizes)
    capacities = (None, None)
    if not model.exact:
        capacities = _capacity(sizes, "samples"), _capacity(real_sizes, "real_samples")
        _check_rows(model, truth, max(capacities))
    return _scan(model, workflow, truth, first, key, sizes, real_sizes, capacities)


@eqx.filter_jit
def _scan(
    model: Model,
    workflow: Workflow,
    truth: PyTree,
    first: PyTree,
    key: Key[Array, ""],
    sizes: Float[Array, " generations"],
    real_sizes: Float[Array, " generations"],
    capacities: tuple[int | None, int | None],
) -> Trajectory:
    generations = len(sizes)
    capacity, real_capacity = capacities
    truth = alongside(truth, key)

    def source(current: Model, key: Key[Array, ""], params: PyTree, n: Scalar, n_real: Scalar) -> Draw:
        synthetic_key, real_key, own_key = split(key, 3)
        return Draw(
            synthetic=lambda: _draw(current, current.sample, synthetic_key, params, n, capacity),
            real=lambda: _draw(current, current.real, real_key, truth, n_real, real_capacity),
            key=own_key,
            n=n,
            n_real=n_real,
        )

    def step(carry, inputs):
        params, state = carry
        g, steps, n, n_real = inputs
        own = step_key(steps)
        # What a generation leaves behind is read from the carry of the next: read here, XLA would draw its random
        # numbers once for the carry and again for everything that is read.
        outcome = (params, at(model, g - 1).metrics(params))
        current, flow = at(model, g), at(workflow, g)
        if current.exact and not flow.keeps_data:
            fit = lambda: current.refit(own, params, n, generation=g)  # noqa: E731
        else:
            data_key, fit_key = split(own)
            data, state = flow.step(state, source(current, data_key, params, n, n_real), g)
            fit = lambda: current.fit(data, key=fit_key, previous=params, generation=g)  # noqa: E731
        params = fit() if first is None else jax.lax.cond(g == 1, lambda: first, fit)
        return (params, state), outcome

    begin = source(at(model, 1), fold_in(key, _WORKFLOW), truth, sizes[0], real_sizes[0])
    state = at(workflow, 1).init(begin, generations)
    generation = jnp.arange(1, generations + 1)
    steps = key_steps(key, generation)
    start = truth, alongside(state, key)
    (params, _), outcomes = jax.lax.scan(step, start, (generation, steps, sizes, real_sizes))
    last = (params, at(model, generations).metrics(params))
    return Trajectory(*jax.tree.map(lambda ys, y: jnp.concatenate([ys[1:], y[None]]), outcomes, last))


def _draw(
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
            f"{type(model).__name__}.sample must return Samples or an array of rows, got {type(data).__name__}; "
            f"a model of sufficient statistics says so with the property exact"
        )
    return data.first(n)


def _floats(params: PyTree) -> PyTree:
    return jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.result_type(leaf, float)), params)


def _shapes(params: PyTree) -> PyTree:
    return jax.tree.map(jnp.shape, params)


def _capacity(sizes: Float[Array, " generations"], name: str) -> int:
    if is_traced(sizes):
        raise TypeError(f"{name} must be known before compilation for a model that draws rows; got a traced value")
    return int(np.asarray(sizes).max())


def _check_rows(model: Model, truth: PyTree, rows: int) -> None:
    """The rows of the largest batch fit into memory."""
    if rows < 2**20:
        return
    first, few = at(model, 1), 2**10
    batch = jax.eval_shape(lambda key: first.sample(key, truth, few), jax.eval_shape(lambda: jax.random.key(0)))
    size = sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(batch))
    advice = "take fewer samples, or a model that draws sufficient statistics"
    check_fits(f"samples: a batch of {rows:,} rows", float(rows) / few * size, advice)


def _kind(value: Any, wanted: type) -> str:
    """What a user gave instead of an object of a class, and what was probably meant."""
    if isinstance(value, type):
        return f"the class {value.__name__}: write {value.__name__}({'...' if wanted is Model else ''})"
    if isinstance(value, str):
        return repr(value) + did_you_mean(value, [f"{kind.__name__}()" for kind in wanted.__subclasses__()])
    return repr(value)
