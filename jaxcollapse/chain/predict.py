"""`predict`: the closed forms of a chain, from the same objects that simulate it."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.names import shown
from jaxcollapse.arguments.types import Count
from jaxcollapse.chain.model import Model, measured, real_is_sampled
from jaxcollapse.chain.prediction import ClosedForm, Forms, NotKnown, Prediction
from jaxcollapse.chain.schedule import at
from jaxcollapse.chain.simulate import chain_of, simulate
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.machine.leniency import lenient


def predict(model: Model, workflow: Workflow, *, samples: Any, generations: Count) -> Prediction:
    """What is known of a chain in advance: the closed form of each metric, or why there is none.

    The same arguments as those of `simulate`. A `Model` says what is known of it in `Model.predict`, so that a family
    of your own predicts as well.

    **Arguments**

    - `model`, `workflow`, `generations`: as for `simulate`.
    - `samples`: as for `simulate`; sizes that are traced are not rounded, and have derivatives. Forms that hold for
      batches of one size only need them known before compilation.

    **Returns** a `Prediction`: for each metric its curve at generations ``1, ..., G``, with its exactness, its formula
    and its paper. Curves are differentiable in every number of model and workflow; which formula serves, and whether
    it is exact, is decided by what is known before compilation.

    **Raises** `ValueError` or `TypeError` for the arguments that `simulate` refuses.

    **Exactness** Stated for each metric: exact for every finite size, asymptotic, or a bound.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> model = jc.LinearRegression(jc.theory.Spectrum.isotropic(10), noise=1.0)
    >>> prediction = jc.predict(model, jc.Replace(), samples=31, generations=2)
    >>> [round(float(risk), 3) for risk in prediction.risk], prediction.forms["risk"].exactness
    ([0.5, 1.0], 'exact')

    ```
    """
    with lenient(types=False):
        model, workflow, sizes, said = _said(model, workflow, samples, generations)
        other = said.get("", NotKnown(f"{type(model).__name__} states no closed form for it"))
        names = dict.fromkeys([*said, *_metrics(model, workflow, sizes, said)])
    entries = {name: said.get(name, other) for name in names if name}
    forms = {name: entry for name, entry in entries.items() if isinstance(entry, ClosedForm)}
    return Prediction(forms, {name: entry for name, entry in entries.items() if isinstance(entry, NotKnown)})


@lenient(types=False)
def closed_forms(model: Model, workflow: Workflow, *, samples: Any, generations: Count) -> dict[str, ClosedForm]:
    """The closed forms alone, without a look at the names of the other metrics."""
    said = _said(model, workflow, samples, generations)[-1]
    return {name: entry for name, entry in said.items() if isinstance(entry, ClosedForm)}


def _said(model: Any, workflow: Any, samples: Any, generations: Any) -> tuple[Model, Workflow, Any, Forms]:
    """A chain, and what its model says of it."""
    model, workflow, sizes = chain_of("predict", model, workflow, samples, generations)
    said = _asked(model, workflow, sizes)
    _check(model, said, int(generations))
    return model, workflow, sizes, said


def _asked(model: Model, workflow: Workflow, sizes: Float[Array, " generations"]) -> Any:
    """What a model says; a buffer has no weights, and only some models know it without any."""
    if not (_weighs(workflow, sizes) or workflow.evicts):
        return _no_weights(workflow)
    try:
        return model.predict(workflow, sizes, len(sizes))
    except NotImplementedError:
        if not workflow.evicts:
            raise
        return {"": NotKnown(f"{type(workflow).__name__} has no matrix of weights", "Window")}


def _weighs(workflow: Workflow, sizes: Float[Array, " generations"]) -> bool:
    """Whether a workflow states its side for the theory."""
    if workflow.newest_alone:
        return True
    try:
        jax.eval_shape(workflow.weights, sizes)
    except NotImplementedError:
        return False
    return True


def _no_weights(workflow: Workflow) -> Forms:
    name = type(workflow).__name__
    return {"": NotKnown(f"{name} does not say how it weighs its batches", f"define {name}.weights")}


def _check(model: Model, said: Any, generations: int) -> None:
    """What a hook of `Model.predict` returned is of the right kind."""
    name = f"{type(model).__name__}.predict"
    if not isinstance(said, dict):
        raise TypeError(f"{name} must return a dictionary of ClosedForm and NotKnown by metric, got {shown(said)}")
    for metric, entry in said.items():
        if not isinstance(entry, ClosedForm | NotKnown):
            raise TypeError(f"{name} must return ClosedForm or NotKnown, got {shown(entry)} for {metric!r}")
        if isinstance(entry, ClosedForm) and entry.curve.shape[:1] != (generations,):
            raise ValueError(
                f"{name} must return curves of shape ({generations}, ...), got {entry.curve.shape} for {metric!r}"
            )


def _metrics(model: Model, workflow: Workflow, sizes: Float[Array, " generations"], said: dict) -> list[str]:
    """The names of all metrics, by their shapes alone: of the truth, or where that is no parameter of a first fit."""
    key = jax.random.key(0)
    if not real_is_sampled(model):
        if any(name for name in said):  # a model whose real data is of another kind names its metrics itself
            return []
        run = lambda key: simulate(model, workflow, key=key, samples=sizes, generations=len(sizes)).metrics  # noqa: E731
        return list(eqx.filter_eval_shape(run, key))
    try:
        truth = model.truth()
    except NotImplementedError:
        return []
    context = {"key": key, "generation": jnp.ones((), int)}
    return list(eqx.filter_eval_shape(lambda: measured(at(model, 1), truth, **context)))
