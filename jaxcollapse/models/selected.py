"""Models whose synthetic rows are worked on before anyone trains on them: each is corrected, or the best are kept."""

import math
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key, PyTree

from jaxcollapse.arguments.check import check_above, check_scalar, check_share, is_traced
from jaxcollapse.arguments.names import shown
from jaxcollapse.chain.data import Samples
from jaxcollapse.chain.model import Model, Wrapper, check_is_model
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.machine.leniency import lenient


class Corrected(Wrapper):
    """Another model whose synthetic rows are corrected, one by one, before anyone trains on them.

    `Biased` changes the parameters that generate; this one changes what was generated: it moves rows towards what is
    known to be true, rounds them, clips them, or spoils them.

    **Arguments**

    - `model`: a `Model` that draws rows (``sampling="raw"``).
    - `correct`: a function of a row that returns a row of the same shape. Numbers of a ``jax.tree_util.Partial`` are
      traced.

    Real data, that of generation 1 included, is not corrected.

    **Metrics** Those of the model.

    **Raises** `TypeError` for another kind of model, one that draws sums, and a correction that is no function;
    `ValueError` for rows of another shape.

    **Exactness** That of the model.

    **Reference** Gillman et al. 2024, arXiv:2402.07087, for the setting.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> half_way = jax.tree_util.Partial(lambda truth, row: 0.5 * (row + truth), 0.0)
    >>> model = jc.Corrected(jc.NormalMean(0.0, sampling="raw"), half_way)
    >>> run = jc.simulate(model, jc.Replace(), key=jax.random.key(0), samples=50, generations=20)
    >>> bool(run.squared_error[-1] < 0.05)
    True

    ```
    """

    model: Model
    correct: Callable[[Any], Any]

    def __init__(self, model: Model, correct: Callable[[Any], Any]):
        _check("correct", model, correct)
        self.model, self.correct = model, correct

    def sample(self, key: Key[Array, ""], params: PyTree, n: int) -> Samples:
        """Draw `n` corrected rows."""
        drawn = _rows(self.model.sample(key, params, n))
        rows = jax.vmap(self.correct)(drawn.rows)
        got, given = (jax.tree.map(lambda leaf: jnp.shape(leaf)[1:], tree) for tree in (rows, drawn.rows))
        if got != given:
            raise ValueError(f"correct must return a row in the shape that it is given, {given}, got {got}")
        return Samples(jax.tree.map(lambda new, old: new.astype(old.dtype), rows, drawn.rows), drawn.weights)


class Filtered(Wrapper):
    """Another model of whose synthetic rows only the best are kept: those with the highest scores.

    For a batch of ``n`` rows it generates ``n / keep`` candidates and keeps the ``n`` that score highest.

    **Arguments**

    - `model`: a `Model` that draws rows (``sampling="raw"``).
    - `score`: a function of a row that returns one number; ``-inf`` and NaN stand for a row that is never kept. Numbers
      of a ``jax.tree_util.Partial`` are traced.
    - `keep`: the share of the candidates that is kept, in (0, 1], known before compilation.

    Real data, that of generation 1 included, is not filtered. Batches have one size, which counts kept rows; where
    fewer candidates may be kept, the batch is smaller, and without a row the fit is NaN.

    **Metrics** Those of the model.

    **Raises** `TypeError` for another kind of model, one that draws sums, and a score that is no function;
    `ValueError` for another share, batches of several sizes, and a score that is not one number.

    **Exactness** Exact in law: candidates are drawn, and sorted.

    **Reference** Feng et al. 2024, arXiv:2406.07515, for the setting.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> model = jc.Filtered(jc.Gaussian(ddof=0, sampling="raw"), lambda x: -abs(x), keep=0.5)
    >>> run = jc.simulate(model, jc.Replace(), key=jax.random.key(0), samples=100, generations=4)
    >>> bool(run.variance[-1] < 0.01)
    True

    ```
    """

    model: Model
    score: Callable[[Any], Any]
    keep: float = eqx.field(static=True)

    def __init__(self, model: Model, score: Callable[[Any], Any], *, keep: Any):
        _check("score", model, score)
        check_scalar("keep", keep)
        if is_traced(keep):
            raise TypeError("keep must be known before compilation, got a traced value")
        check_share("keep", keep)
        check_above("keep", keep, 0.0)
        self.model, self.score, self.keep = model, score, float(keep)

    @lenient()
    def sample(self, key: Key[Array, ""], params: PyTree, n: int) -> Samples:
        """Draw candidates, and keep `n` of them, in the order in which they were drawn."""
        n = int(n)
        drawn = _rows(self.model.sample(key, params, max(n, math.ceil(n / self.keep - 1e-9))))
        scores = jax.vmap(self.score)(drawn.rows)
        if jnp.shape(scores) != drawn.weights.shape:
            raise ValueError(f"score must return one number for a row, got shape {jnp.shape(scores)[1:]}")
        scores = jnp.where(jnp.isnan(scores), -jnp.inf, scores).astype(drawn.weights.dtype)
        best, place = jax.lax.top_k(scores, n)
        order = jnp.argsort(place)
        place = place[order]
        rows = jax.tree.map(lambda leaf: leaf[place], drawn.rows)
        return Samples(rows, jnp.where(best[order] > -jnp.inf, drawn.weights[place], 0.0))

    def check(self, workflow: Workflow, samples: Float[Array, " generations"]) -> None:
        """Batches have one size: a part of a filtered batch is not the filtered part of one."""
        if not is_traced(samples) and np.ptp(np.asarray(samples)) > 0:
            raise ValueError(f"samples must be the same for every batch of a Filtered model, got {samples}")
        self.model.check(workflow, samples)


def _check(name: str, model: Any, function: Any) -> None:
    """A model of rows, and a function of one."""
    check_is_model(model)
    if model.draws_sums:
        hint = ': give it sampling="raw"' if hasattr(model, "sampling") else ""
        raise TypeError(f"model must draw rows, but this {type(model).__name__} draws sufficient statistics{hint}")
    if not callable(function):
        raise TypeError(f"{name} must be a function of a row, got {shown(function)}")


def _rows(data: Any) -> Samples:
    return data if isinstance(data, Samples) else Samples(data)
