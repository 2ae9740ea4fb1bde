"""`simulate`: one replication of iterative training, one scan over generations."""

import functools
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key, PyTree, Scalar

from jaxcollapse.arguments.check import check_key, check_length, is_traced
from jaxcollapse.arguments.names import did_you_mean
from jaxcollapse.arguments.types import Count
from jaxcollapse.chain.batch import check_rows, drawn, room_for, rounded
from jaxcollapse.chain.data import Apart, Data, Samples, float_type
from jaxcollapse.chain.event import FirstTime, check_until, stopped
from jaxcollapse.chain.measurement import Metrics, check_metrics, measurement
from jaxcollapse.chain.model import Model, check_truth, explained, name_of, real_is_sampled, takes_context
from jaxcollapse.chain.parameters import arrays, in_precision, is_shape, is_shape_or_array, like, where, zeros
from jaxcollapse.chain.real import check_generated, given
from jaxcollapse.chain.schedule import at, evaluate, tabulate
from jaxcollapse.chain.workflow import Draw, Workflow
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.machine.programs import busy_parts, computes_with_numbers, needed
from jaxcollapse.machine.tracing import tell_generations
from jaxcollapse.random import fold_in, key_steps, split, step_key
from jaxcollapse.random.loops import alongside

# What one replication draws once is keyed apart from its generations 1, 2, ...
_MODEL, _WORKFLOW, _START = 0, 2**32 - 1, 2**32 - 2
_METRICS = 2**32 - 3  # apart from what a fit makes of the key of its generation


class Trajectory(eqx.Module):
    """What happened at generations ``1, ..., G``: entry ``g - 1`` of every array belongs to generation ``g``.

    Metrics of the model are attributes: ``trajectory.risk``.
    """

    params: PyTree
    """The fitted parameters; every leaf has a leading axis of generations.

    They are those of the smallest model with the same metrics (`Model.reduce`), such as the length of an error; with
    `truth` or `metrics` given to `simulate`, of the model itself.
    """
    metrics: dict[str, Array]
    """The metrics by name, those of the model and those of one's own, each of shape ``(generations, ...)``."""
    until: FirstTime | None = None
    """When the condition that `simulate` was given first held; None without one."""

    def __dir__(self) -> list[str]:
        """The names of metrics are completed too."""
        return sorted({*super().__dir__(), *self.metrics})

    def __getattr__(self, name: str) -> Array:
        """The metric called `name`."""
        if name.startswith("_") or name in ("params", "metrics", "until"):
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
    metrics: Any = None,
    real: Any = None,
    until: Any = None,
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
      ``g = 1, ..., G``, rounded to whole samples). At least 1. Traced only if the model is exact. By the rounding the
      derivative in them is 0: that of the closed forms in `jaxcollapse.theory` is not.
    - `generations`: ``G``, a positive integer.
    - `truth`: the parameters of generation 0; the model's own by default. With it the model is not reduced: its
      ``params`` are those of the model, not of a smaller one with the same metrics.
    - `first`: the parameters of generation 1 where they are given instead of fitted: a generator that was trained
      elsewhere. The workflow keeps the real data of generation 1 all the same: `Accumulate` with ``samples=[n1, n2]``
      trains generation 2 on ``n1`` real rows and ``n2`` rows of the given model.
    - `metrics`: functions of the parameters of a generation, by the name of what they return: an array, one shape for
      all generations. One that takes ``**context`` is given ``key`` and ``generation`` as well. They are measured
      beside those of the model, which is not reduced. `jaxcollapse.measures` has many.
    - `real`: real data that the model did not draw: rows as the model draws them, an array of shape ``(rows, ...)`` or
      a pytree of such arrays, of which every real batch is drawn without replacement; or a function of a key and a
      Python integer that draws so many rows. A model that draws sums is given those of the rows (`Model.summed`). The
      metrics are what they are: those against a truth are against that of the model.
    - `until`: a function of the parameters of a generation that returns one truth value. Where it first holds, the
      chain stops: later generations are those of the last one. ``trajectory.until`` has the time, with ``generations``
      as the limit. A single run then costs no more than its steps, as does one that runs by itself within
      `monte_carlo` (networks, linear algebra); runs that are computed together, in a tile or under `jax.vmap`, go on
      until the last of them has stopped. With it the model is not reduced; `jaxcollapse.first_time` reads the time of
      any event from a trajectory, at no cost.

    **Returns** a `Trajectory` of generations ``1, ..., G``.

    **Raises** `ValueError` or `TypeError`, before compilation, for arguments of the wrong kind, sign or shape, and
    for a workflow that picks rows together with a model that draws sufficient statistics.

    **Exactness** Exact in law for every finite size, whatever the sampling mode of the model. Derivatives are those
    along the path of the draws: what jumps, counts, categories, labels that are drawn or rounded, and rows that a rule
    keeps, adds nothing to them, so that their mean is then not the derivative of the mean.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> run = jc.simulate(jc.Gaussian(ddof=1), jc.Replace(), key=jax.random.key(0), samples=100, generations=20)
    >>> run.variance.shape
    (20,)

    ```
    """
    with lenient(types=False):  # rows are broadcast throughout; types are the user's affair in a model of their own
        check_key("key", key)
        model, workflow, sizes = chain_of("simulate", model, workflow, samples, generations)
        sizes = rounded(sizes) if is_traced(sizes) else sizes
        own = check_metrics(metrics)
        check_until(until)
        if real is not None:
            if truth is not None:
                raise ValueError("truth and real are two ways to say what real data is: give one")
            model = given(model, workflow, sizes, real)
        if truth is None:
            whole = first is not None or bool(own) or until is not None or real is not None or workflow.fits_apart
            model = model if whole else model.reduce(workflow, sizes)
            truth = model.truth()
        elif real_is_sampled(model):
            check_truth(model, truth)
        with jax.ensure_compile_time_eval():
            real_sizes = rounded(workflow.real_sizes(sizes)) if workflow.draws_real else sizes
            all_sizes = rounded(workflow.all_sizes(sizes))
        truth, first = arrays(truth), arrays(first)
        model = model.prepare(fold_in(key, _MODEL), all_sizes)
        capacities = (None, None)
        if not model.draws_sums:
            capacities = room_for(sizes, "samples"), room_for(real_sizes, "real_samples")
            check_rows(model, truth, max(capacities))
        full = workflow.whole_rows and not is_traced(sizes) and bool(np.all(np.asarray(sizes) == capacities[0]))
        return _scan(model, workflow, truth, first, key, sizes, real_sizes, capacities, full, own, until)


def chain_of(
    caller: str, model: Any, workflow: Any, samples: Any, generations: Any
) -> tuple[Model, Workflow, Float[Array, " generations"]]:
    """A chain as it was written, checked: schedules as tables, and sizes as whole samples unless they are traced."""
    if isinstance(model, Workflow) and isinstance(workflow, Model):
        raise TypeError(f"model and workflow are swapped: write {caller}(model, workflow, ...)")
    if not isinstance(model, Model):
        raise TypeError(f"model must be a jaxcollapse Model, got {_kind(model, Model)}")
    if not isinstance(workflow, Workflow):
        raise TypeError(f"workflow must be a jaxcollapse Workflow such as Replace(), got {_kind(workflow, Workflow)}")
    check_length("generations", generations)
    tell_generations(int(generations))
    if workflow.needs_rows and model.draws_sums:
        raise ValueError(
            f"workflow {type(workflow).__name__} picks single rows, but this {name_of(model)} draws sufficient "
            f'statistics: give the model sampling="raw"'
        )
    if not takes_context(model.fit):
        raise TypeError(f"{name_of(model)}.fit must take context: write def fit(self, data, **context)")
    sizes = evaluate(samples, generations, "samples", 1.0)
    sizes = sizes if is_traced(sizes) else rounded(sizes)
    model, workflow = tabulate(model, generations), tabulate(workflow, generations)
    model.check(workflow, sizes)
    return model, workflow, sizes


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
    full: bool,
    own: Metrics,
    until: Callable[[Any], Array] | None,
) -> Trajectory:
    """`full` says that no row of any buffer is absent, or has another weight than one; `own` are metrics of a user."""
    generations = len(sizes)
    capacity, real_capacity = capacities
    numbers, words = eqx.partition(truth, eqx.is_array)
    truth = eqx.combine(alongside(numbers, key), words)
    sampled = real_is_sampled(model)
    # The numbers of the chain, apart from the model's own, are in the precision of what they meet.
    workflow, sizes, real_sizes = in_precision(float_type(truth), (workflow, sizes, real_sizes))

    def source(current: Model, key: Key[Array, ""], batch: Callable[..., Data], n: Scalar, n_real: Scalar) -> Draw:
        """What a workflow may ask for at one generation."""
        synthetic_key, real_key, own_key = split(key, 3)

        def real():
            if not workflow.draws_real:
                name = type(workflow).__name__
                raise TypeError(f"workflow {name} asks for real data besides batch 1: state draws_real = True in it")
            return drawn(current, current.real, real_key, truth, n_real, real_capacity)

        return Draw(lambda: batch(synthetic_key), real, own_key, n, n_real)

    current, flow = at(model, 1), at(workflow, 1)
    batch_1 = lambda key: drawn(current, current.real, key, truth, sizes[0], capacity)  # noqa: E731
    begin = source(current, fold_in(key, _WORKFLOW), batch_1, sizes[0], real_sizes[0])
    state = flow.init(begin, generations)
    start = current.start(fold_in(key, _START))
    generation = jnp.arange(1, generations + 1)
    previous, g = zeros(truth, key) if start is None else start, generation[0]
    # The words of a key are made a generation ahead: what is carried is in memory, and not hashed again by each reader.
    steps = key_steps(key, g)
    if current.draws_sums and flow.newest_alone and sampled:
        with explained(current):
            shape = eqx.filter_eval_shape(_refit, current, key, truth, sizes[0], previous, g, steps)
            trains = False
    else:
        data, newest = eqx.filter_eval_shape(lambda: (flow.step(state, begin, g)[0], begin.synthetic()))
        shape, reads_weights, trains = _fitted(current, data, key, previous, newest, g)
        if not (reads_weights or full):
            raise ValueError(
                f"the fit of {name_of(model)} does not read data.weights, and under {type(workflow).__name__} "
                f"with these sizes rows of weight zero are not there, or weights differ: use data.mean, data.variance, "
                f"data.quantile or data.median, or weigh the rows by data.weights"
            )
    words = eqx.filter(shape, is_shape, inverse=True)
    name = name_of(model)
    start = zeros(shape, key) if start is None else start
    start = alongside(
        like(shape, start, f"{name}.start must return the shapes of the parameters, {{wanted}}, got {{got}}"), key
    )
    if first is not None:
        first = like(
            shape,
            first,
            f"first must have the shapes of the {'true ' if sampled else ''}parameters, {{wanted}}, got {{got}}",
        )
    workflow, sizes, real_sizes = in_precision(float_type(shape), (workflow, sizes, real_sizes))
    carried = start
    if sampled:  # parameters themselves
        carried = like(
            shape, truth, f"{name}.fit must return parameters in the shapes of the truth, {{got}}, got {{wanted}}"
        )

    # Traced once, and called twice: inside of the scan and behind it.
    @functools.partial(jax.jit, inline=True)
    def measure(numbers, steps, g):
        context = {"key": fold_in(step_key(steps), _METRICS), "generation": g}
        return measurement(at(model, g), own, eqx.combine(numbers, words), **context)

    shown = eqx.filter(carried, eqx.is_array), steps, g
    at_once = until is not None or trains or computes_with_numbers(needed(jax.make_jaxpr(measure)(*shown)).jaxpr)

    def step(carry, inputs):
        numbers, before, steps, state = carry
        g, n, n_real = inputs
        own = step_key(steps)
        # What a generation leaves behind is read from the carry of the next: read here, XLA would draw its random
        # numbers once for the carry and again for everything that is read, and measure what nobody asks for. Numbers
        # that cost less to measure than to gather are read here, and networks, which are measured in a moment next to
        # their training: so their measurement is compiled once.
        outcome = None if at_once else (numbers, measure(numbers, before, g - 1))
        current, flow = at(model, g), at(workflow, g)
        params = eqx.combine(numbers, words)
        previous = eqx.combine(where(g == 1, start, numbers) if sampled else numbers, words)
        data_key, fit_key = split(own)

        def real(key):
            return drawn(current, current.real, key, truth, n, capacity)

        def batch(key):
            draw = lambda: drawn(current, current.sample, key, params, n, capacity)  # noqa: E731
            if sampled:
                return draw()
            check_generated(current, eqx.filter_eval_shape(real, key), eqx.filter_eval_shape(draw))
            return jax.lax.cond(g == 1, lambda: real(key), draw)

        def fit(data, newest):
            return like(
                shape,
                _fit(current, data, fit_key, previous, newest, g),
                f"{name}.fit must return the same shapes at every generation, {{wanted}}, got {{got}}",
            )

        def refit():
            return like(
                shape,
                _refit(current, own, params, n, previous, g, steps),
                f"{name}.refit must return the same shapes at every generation, {{wanted}}, got {{got}}",
            )

        def begin():
            newest = real(data_key)
            return fit(newest, newest)

        if current.draws_sums and flow.newest_alone:
            found = refit if sampled else lambda: jax.lax.cond(g == 1, begin, refit)
        else:
            draw = source(current, data_key, batch, n, n_real)
            newest = draw.synthetic()
            data, state = flow.step(state, draw._replace(synthetic=lambda: newest), g)
            found = lambda: fit(data, newest)  # noqa: E731
        numbers = found() if first is None else jax.lax.cond(g == 1, lambda: first, found)
        outcome = (numbers, measure(numbers, steps, g)) if at_once else outcome
        return (numbers, steps, key_steps(key, g + 1), state), outcome

    carry = carried, steps, steps, alongside(state, key)
    outcomes: Any
    if until is not None:
        (_, _, time), outcomes = stopped(step, carry, (generation, sizes, real_sizes), until, words, key)
        numbers, metrics = outcomes
        never = time == 0
        return Trajectory(eqx.combine(numbers, words), metrics, FirstTime(jnp.where(never, generations, time), never))
    (last, before, _, _), outcomes = jax.lax.scan(step, carry, (generation, sizes, real_sizes))
    if not at_once:
        end = (last, measure(last, before, jnp.asarray(generations, generation.dtype)))
        outcomes = jax.tree.map(lambda ys, y: jnp.concatenate([ys[1:], y[None]]), outcomes, end)
    numbers, metrics = outcomes
    return Trajectory(eqx.combine(numbers, words), metrics)


# Each is traced once: for the shapes of what it returns, and again in the loop over generations.
@eqx.filter_jit(inline=True)  # pyright: ignore[reportCallIssue]: handed on to jax.jit
def _fit(model: Model, data: Data | Apart, key: Key[Array, ""], previous: PyTree, newest: Data, g: Scalar) -> PyTree:
    def fit(data, key):
        return arrays(model.fit(data, key=key, previous=previous, newest=newest, generation=g))

    if not isinstance(data, Apart):
        return fit(data, key)
    found = tuple(fit(*one) for one in zip(data.sets, split(key, len(data.sets)), strict=True))
    return model.average(found, data.shares)


@eqx.filter_jit(inline=True)  # pyright: ignore[reportCallIssue]: handed on to jax.jit
def _refit(
    model: Model, key: Key[Array, ""], params: PyTree, n: Scalar, previous: PyTree, g: Scalar, steps: PyTree
) -> PyTree:
    words = lambda shown: steps if shown is key and isinstance(steps, tuple) else None  # noqa: E731
    return arrays(model.refit(key, params, n, previous=previous, generation=g, words=words))


def _fitted(
    model: Model, data: Data | Apart, key: Key[Array, ""], previous: PyTree, newest: Data, g: Scalar
) -> tuple[PyTree, bool, bool]:
    """The parameters in the shapes that a fit returns, whether it reads the weights of the rows, and if it is busy."""
    with explained(model):
        program, numbers, words = eqx.filter_make_jaxpr(_fit)(model, data, key, previous, newest, g)
    shape = eqx.combine(numbers, words)
    trains = busy_parts(program.jaxpr) > 0
    sets = data.sets if isinstance(data, Apart) else (data,)
    leaves = jax.tree.leaves(eqx.filter((model, data, key, previous, newest, g), is_shape_or_array))
    jaxpr = needed(program).jaxpr

    def reads(one: Samples) -> bool:
        weights = jaxpr.invars[[leaf is one.weights for leaf in leaves].index(True)]
        return any(weights is v for v in jaxpr.outvars) or any(weights is v for e in jaxpr.eqns for v in e.invars)

    return shape, all(reads(one) for one in sets if isinstance(one, Samples)), trains


def _kind(value: Any, wanted: type) -> str:
    """What a user gave instead of an object of a class, and what was probably meant."""
    if isinstance(value, type):
        return f"the class {value.__name__}: write {value.__name__}({'...' if wanted is Model else ''})"
    if isinstance(value, str):
        return repr(value) + did_you_mean(value, [f"{kind.__name__}()" for kind in wanted.__subclasses__()])
    return repr(value)
