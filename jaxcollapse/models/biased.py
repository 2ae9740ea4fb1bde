"""Models whose samples come from changed parameters: a temperature, a truncation, corrected answers."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Key, PyTree, Scalar

from jaxcollapse.arguments.names import shown
from jaxcollapse.chain.data import Data
from jaxcollapse.chain.model import Model, Wrapper, check_is_model


class Biased(Wrapper):
    """Another model that samples with changed parameters and is fitted as before.

    **Arguments**

    - `model`: any `Model`.
    - `bias`: a function from parameters to parameters of the same shapes, applied to those of the last model before
      they generate. Numbers of a ``jax.tree_util.Partial`` are traced, so that a grid of them is one program.

    Real data, that of generation 1 included, is not biased.

    **Metrics** Those of the model.

    **Raises** `TypeError` for another kind of model or a bias that is not a function.

    **Exactness** That of the model.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> cold = jax.tree_util.Partial(jc.theory.discrete.temper, temperature=0.8)
    >>> model = jc.Biased(jc.Categorical([0.5, 0.3, 0.2]), cold)
    >>> run = jc.simulate(model, jc.Replace(), key=jax.random.key(0), samples=1000, generations=20)
    >>> float(run.support[-1])
    1.0

    ```
    """

    model: Model
    bias: Callable[[Any], Any]

    def __init__(self, model: Model, bias: Callable[[Any], Any]):
        check_is_model(model)
        if not callable(bias):
            raise TypeError(f"bias must be a function of parameters, got {shown(bias)}")
        self.model = model
        self.bias = bias

    def sample(self, key: Key[Array, ""], params: PyTree, n: Scalar | int) -> Data:
        """Draw `n` samples with changed parameters."""
        return self.model.sample(key, self._changed(params), n)

    def refit(self, key: Key[Array, ""], params: PyTree, n: Scalar | int, **context) -> PyTree:
        """Sample with changed parameters and fit, in one draw where the model has one."""
        return self.model.refit(key, self._changed(params), n, **context)

    def _changed(self, params: PyTree) -> PyTree:
        changed = self.bias(params)
        shapes = [jax.tree.map(jnp.shape, eqx.filter(tree, eqx.is_array)) for tree in (changed, params)]
        if shapes[0] != shapes[1]:
            raise ValueError(
                f"bias must return parameters of the shapes that it is given, {shapes[1]}, got {shapes[0]}"
            )
        return changed
