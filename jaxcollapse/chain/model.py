"""A Model samples and fits.

Two methods make a model: `sample` draws data from parameters, `fit` estimates parameters from data. The others have
defaults, and each default is the plain meaning of its name. Every hook has one meaning, and all models define theirs
in this order: ``truth, real, start, sample, summed, fit, refit, average, metrics, check, prepare, reduce, predict``.
"""

import abc
import contextlib
import dataclasses
import inspect
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key, PyTree, Scalar

from jaxcollapse.arguments.html import html_table
from jaxcollapse.arguments.names import naming_arguments, shown
from jaxcollapse.arguments.numbers import is_numeric
from jaxcollapse.chain.data import Data, Samples
from jaxcollapse.chain.prediction import Forms, NotKnown
from jaxcollapse.random import split

M = TypeVar("M", bound=eqx.Module)


class Model(eqx.Module):
    """A parametric model that can be trained on what it generates.

    A subclass defines `sample` and `fit`; with `truth` it knows the parameters that generate the real data, and with
    `metrics` it names what is measured. ``jaxcollapse.simulate`` hands every method the model *at* its generation:
    fields that follow a schedule are numbers there. Parameters are any pytree: arrays, keys and integers are carried
    from fit to fit, and what is no array (the functions of a network) stays as it is.

    ```python
    >>> import jax, jax.numpy as jnp, jaxcollapse as jc
    >>> class Uniform(jc.Model):
    ...     def sample(self, key, params, n):
    ...         return jc.Samples(params * jax.random.uniform(key, (n,)))
    ...     def fit(self, data, **context):
    ...         return jnp.max(data.weights * data.rows)
    >>> run = jc.simulate(Uniform(), jc.Replace(), key=jax.random.key(0), samples=50, generations=5, truth=1.0)
    >>> run.params.shape
    (5,)

    ```
    """

    def __init_subclass__(cls, **options: Any):
        """Nothing is inherited that would pass over what a subclass defines.

        `refit` stands for `sample` and `fit`, `reduce` and `predict` for all that is simulated: where a subclass of a
        family defines one of these and not its short cut, it has the plain one.
        """
        super().__init_subclass__(**options)
        naming_arguments(cls)
        for short, stands_for in _SHORT_CUTS.items():
            place, kind = _place(cls, short)
            if kind.__name__ not in ("Model", "Wrapper") and any(_place(cls, name)[0] < place for name in stands_for):
                setattr(cls, short, getattr(Model, short))

    def _repr_html_(self) -> str:
        """The fields and their values, in notebooks."""
        names = [field.name for field in dataclasses.fields(self)]
        rows = [(name, eqx.tree_pformat(getattr(self, name, None), short_arrays=False)) for name in names]
        return html_table(type(self).__name__, ("field", "value"), rows)

    @property
    def draws_sums(self) -> bool:
        """Whether data is drawn as a sufficient statistic: then `sample`, `real` and `refit` take a traced `n`.

        Exact in law, at a cost that does not depend on the number of samples. False means rows, in a buffer with room
        for the largest batch: `n` is a Python integer.
        """
        return False

    def truth(self) -> PyTree:
        """Generation 0: the parameters that generate the real data, or whatever `real` draws it from."""
        raise NotImplementedError(
            f"{type(self).__name__} does not know its true parameters: define truth(), or pass simulate(..., truth=...)"
        )

    def real(self, key: Key[Array, ""], truth: Any, n: Scalar | int) -> Data | Array:
        """Draw `n` samples of real data: by default what the model samples from the `truth`.

        Batch 1 is drawn by it, and all that a workflow asks for as real data. A model whose real data is of another
        kind than what it generates, such as rows of a table, defines it; `truth` is then anything.
        """
        return self.sample(key, truth, n)

    def start(self, key: Key[Array, ""]) -> PyTree:
        """Where the first fit may begin: the `previous` of generation 1. Never the truth.

        None, the default, stands for zeros in the shapes of the parameters.
        """
        return None

    @abc.abstractmethod
    def sample(self, key: Key[Array, ""], params: PyTree, n: Scalar | int) -> Data:
        """Draw `n` samples from the model with parameters `params`.

        Returns a `Data`: `Samples` (or a bare array of rows) in general, a sufficient statistic where the model has
        one. `n` is a Python integer, unless the model `draws_sums`.
        """

    def summed(self, data: Samples) -> Data:
        """The sums of rows that were drawn elsewhere, for a model that `draws_sums`: those that `sample` draws.

        ``simulate(..., real=)`` asks for it. Refused unless defined.
        """
        hint = 'give it sampling="raw", or ' if hasattr(self, "sampling") else ""
        raise NotImplementedError(
            f"{type(self).__name__} draws sums, and does not know those of given rows: {hint}define summed(data)"
        )

    @abc.abstractmethod
    def fit(self, data: Data, **context) -> PyTree:
        """Estimate the parameters from `data`; every fit returns the same shapes.

        `context` holds what some fits want and most ignore: ``key`` (the fit's own randomness), ``generation``,
        ``previous`` (the parameters of the last generation, at ``g = 1`` those of `start`) and ``newest`` (the newest
        batch, apart from what is pooled with it).
        """

    def refit(self, key: Key[Array, ""], params: PyTree, n: Scalar | int, **context) -> PyTree:
        """Sample `n`, then fit, in one draw: called instead of the two where no old data is kept.

        Only for models that draw sums. `context` is that of `fit` without ``key`` and ``newest``, and with ``words``:
        ``words(key)`` gives two random words of 32 bits that nothing drawn from `key` depends on, which saves a hash,
        and None for any other key.
        """
        data_key, fit_key = split(key)
        data = self.sample(data_key, params, n)
        return self.fit(data, key=fit_key, newest=data, **context)

    def average(self, estimates: tuple[PyTree, ...], shares: Float[Array, " estimates"]) -> PyTree:
        """One estimate in the place of several, where a workflow fits its data sets `Apart`.

        By default the weighted mean of parameters that are arrays, or a dictionary, list or tuple of them. A family
        with parameters of another kind, such as the log of a variance, says what the average of its estimates is. An
        estimate without a share counts for nothing, also where it is NaN.
        """
        if not _are_arrays(estimates[0]):
            name, kind = type(self).__name__, type(estimates[0]).__name__
            raise TypeError(
                f"an average of estimates serves parameters that are arrays, and those of {name} are a {kind}: define "
                f"{name}.average(estimates, shares), or average rows"
            )
        return weighted(estimates, shares)

    def metrics(self, params: PyTree, **context) -> dict[str, Array]:
        """What is measured at every generation, by name. Nothing by default (the parameters are always kept).

        `context` holds ``key``, randomness of the measurement, and ``generation``.
        """
        return {}

    def check(self, workflow: eqx.Module, samples: Float[Array, " generations"]) -> None:
        """Raises for what this model cannot do under `workflow` with these sizes, as far as they are known."""

    def prepare(self, key: Key[Array, ""], samples: Float[Array, " batches"]) -> "Model":
        """The model with what one replication draws once and keeps (a fixed design): itself by default.

        `samples` holds the sizes of all batches that the replication may draw.
        """
        return self

    def reduce(self, workflow: eqx.Module, samples: Float[Array, " generations"]) -> "Model":
        """The smallest model whose metrics have the same law under `workflow` with these sample sizes.

        `simulate` asks for it first, unless it is given the truth. Itself by default.
        """
        return self

    def predict(self, workflow: eqx.Module, samples: Float[Array, " generations"], generations: int) -> Forms:
        """What is known of the mean of each metric under `workflow`: its closed form, or why there is none.

        `jaxcollapse.predict` asks for it with every schedule of model and workflow as a table (read it with
        ``jaxcollapse.schedule.values``) and one size for each generation. Metrics that are not named have no closed
        form; what stands at the empty name is said of all of those. Nothing is known by default.
        """
        return {}

    def sampler(self, workflow: eqx.Module, samples: Float[Array, " generations"]) -> str:
        """The name of the sampler that `simulate` would use: ``"sums"`` or ``"rows"``, or what the model lists."""
        return "sums" if self.draws_sums else "rows"


_SHORT_CUTS = {
    "refit": ("sample", "fit"),
    "reduce": ("truth", "real", "start", "sample", "fit", "refit", "metrics", "prepare"),
    "predict": ("truth", "real", "start", "sample", "fit", "refit", "metrics", "prepare"),
}


def _place(kind: type, name: str) -> tuple[int, type]:
    """Which class a method is of: its place among the ancestors, and the class."""
    return next((place, one) for place, one in enumerate(kind.__mro__) if name in vars(one))


@contextlib.contextmanager
def explained(model: Model) -> Iterator[None]:
    """Says of a fit that fails why it got sums: it was written for a family that draws them."""
    try:
        yield
    except Exception as error:
        model = model.model if isinstance(model, Wrapper) and model.hidden else model
        (fits, _), (draws, family) = _place(type(model), "fit"), _place(type(model), "sample")
        if not model.draws_sums or fits >= draws:
            raise
        rows = (
            'give the model sampling="raw" for rows, or fit the sums' if hasattr(model, "sampling") else "fit the sums"
        )
        raise TypeError(
            f"{type(model).__name__}.fit must take sums, not rows, since the `sample` of {family.__name__} draws sums: "
            f"{rows} ({type(error).__name__}: {next(iter(str(error).splitlines()), repr(error))})"
        ) from error


class Wrapper(Model):
    """A model that does what another one does, except for what it defines itself.

    Every hook is passed on to `model`, a field or a property of the subclass. A subclass that changes `sample` or
    `fit` gets a `refit` of the two.
    """

    hidden: ClassVar[bool] = False
    """Whether errors speak of the model within."""
    model: eqx.AbstractVar[Model]

    @property
    def draws_sums(self) -> bool:
        return self.model.draws_sums

    def truth(self) -> PyTree:
        return self.model.truth()

    def real(self, key: Key[Array, ""], truth: Any, n: Scalar | int) -> Data | Array:
        return self.model.real(key, truth, n)

    def start(self, key: Key[Array, ""]) -> PyTree:
        return self.model.start(key)

    def sample(self, key: Key[Array, ""], params: PyTree, n: Scalar | int) -> Any:
        return self.model.sample(key, params, n)

    def summed(self, data: Samples) -> Data:
        return self.model.summed(data)

    def fit(self, data: Data, **context) -> PyTree:
        return self.model.fit(data, **context)

    def refit(self, key: Key[Array, ""], params: PyTree, n: Scalar | int, **context) -> PyTree:
        kind = type(self)
        if kind.sample is Wrapper.sample and kind.fit is Wrapper.fit:
            return self.model.refit(key, params, n, **context)
        return Model.refit(self, key, params, n, **context)

    def average(self, estimates: tuple[PyTree, ...], shares: Float[Array, " estimates"]) -> PyTree:
        return self.model.average(estimates, shares)

    def metrics(self, params: PyTree, **context) -> dict[str, Array]:
        return measured(self.model, params, **context)

    def check(self, workflow: eqx.Module, samples: Float[Array, " generations"]) -> None:
        self.model.check(workflow, samples)

    def prepare(self, key: Key[Array, ""], samples: Float[Array, " batches"]) -> Model:
        return eqx.tree_at(lambda wrapper: wrapper.model, self, self.model.prepare(key, samples))

    def predict(self, workflow: eqx.Module, samples: Float[Array, " generations"], generations: int) -> Forms:
        kind, inner = type(self), type(self.model).__name__
        changed = [name for name in _SHORT_CUTS["predict"] if getattr(kind, name) is not getattr(Wrapper, name)]
        if changed:
            return {"": NotKnown(f"{kind.__name__} changes the {changed[0]} of {inner}", f"the {inner} alone")}
        return self.model.predict(workflow, samples, generations)


def weighted(estimates: tuple[PyTree, ...], shares: Float[Array, " estimates"]) -> PyTree:
    """The weighted mean of arrays, leaf by leaf; what has no share may be anything, also NaN."""

    def mean(*leaves):
        kind = jnp.result_type(*leaves)
        there = [(share != 0, share, leaf) for share, leaf in zip(shares.astype(kind), leaves, strict=True)]
        return sum(jnp.where(known, share, 0.0) * jnp.where(known, leaf, 0.0) for known, share, leaf in there)

    return jax.tree.map(mean, *estimates)


def _are_arrays(params: Any) -> bool:
    """Floating-point arrays, alone or in plain containers."""
    if isinstance(params, dict | list | tuple):
        return all(_are_arrays(entry) for entry in (params.values() if isinstance(params, dict) else params))
    return eqx.is_inexact_array(params)


def check_is_model(model: Any) -> None:
    """An argument `model` is one."""
    if not isinstance(model, Model):
        raise TypeError(f"model must be a jaxcollapse Model, got {shown(model)}")


def name_of(model: Model) -> str:
    """The name of its class, or of that of the model within, as its user knows it."""
    return name_of(model.model) if isinstance(model, Wrapper) and model.hidden else type(model).__name__


def real_is_sampled(model: Model) -> bool:
    """Whether real data is what the model samples from its truth, which then has the shapes of the parameters."""
    kind = type(model)
    if isinstance(model, Wrapper) and kind.real is Wrapper.real:
        return kind.sample is Wrapper.sample and real_is_sampled(model.model)
    return kind.real is Model.real


def check_truth(model: Model, truth: Any) -> None:
    """What real data is sampled from is of the kind of the model's own truth, if it knows one: numbers, or a record."""
    try:
        known = model.truth()
    except NotImplementedError:
        return
    name = type(model).__name__
    plain = type(truth).__module__ == "builtins" or eqx.is_array(truth)
    if eqx.is_array(known) and (not is_numeric(truth) or isinstance(truth, list | tuple)):
        raise TypeError(f"truth must be an array, as the parameters of {name}, got {shown(truth)}")
    if eqx.is_array(known) and np.shape(truth) != known.shape:
        raise ValueError(f"truth must have the shape {known.shape} of the parameters of {name}, got {np.shape(truth)}")
    if not eqx.is_array(known) and plain and type(truth) is not type(known):
        kind = type(known).__name__
        raise TypeError(
            f"truth must be the parameters of {name}, a {kind}, got {shown(truth)}: {name}.truth() returns one"
        )


def measured(model: Model, params: PyTree, **context) -> Any:
    """The metrics of a model; one whose `metrics` asks for no context is given none."""
    return model.metrics(params, **(context if takes_context(model.metrics) else {}))


def takes_context(method: Callable) -> bool:
    """Whether a method has a place for all context: ``**context``."""
    try:
        parameters = inspect.signature(method).parameters.values()
    except ValueError:  # of what is built in, not all signatures are known
        return False
    return any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters)


def keeping(module: M, **fields: Any) -> M:
    """The same model with other values in fields that its constructor does not take: what one replication keeps."""
    copy = object.__new__(type(module))
    for name, value in {**vars(module), **fields}.items():
        object.__setattr__(copy, name, value)
    return copy
