"""Models over finitely many outcomes, trained to convergence: of the first order, the theory of their loop is `drift`.

`FiniteLanguage` takes any differentiable log-probability; `LogBilinear` is one, of pairs of tokens.
"""

from collections.abc import Callable
from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key, Scalar

from jaxcollapse.arguments.check import (
    check_above,
    check_at_least,
    check_at_most,
    check_choice,
    check_count,
    check_integer,
    check_probabilities,
    check_shape,
)
from jaxcollapse.arguments.names import shown
from jaxcollapse.arguments.numbers import as_floats
from jaxcollapse.arguments.types import Count
from jaxcollapse.chain.data import WeightedSum
from jaxcollapse.chain.model import Model
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.random import multinomial
from jaxcollapse.random.loops import alongside

_DAMPING, _LEAST_DAMPING = 1e-6, 1e-10  # in units of the largest curvature


class FiniteLanguage(Model):
    """Any differentiable model of finitely many outcomes, trained to convergence from where the last fit ended.

    **Arguments**

    - `log_probability`: a function of the parameters, shape ``(parameters,)``, that returns the logarithm of the
      probability of every outcome, of any shape.
    - `cells`: real probabilities of the outcomes, of that shape, not negative, summing to one; by default those of the
      model at `best`, which is then right.
    - `best`: where the first fit begins, and what `excess` is measured from: the parameters with the least
      cross-entropy, shape ``(parameters,)``.
    - `steps`: with damping, a positive integer; one that does not lower the loss is not taken.
    - `method`: ``"newton"``, steps by the curvature of the loss; or ``"scoring"``, by the Fisher information, which is
      never negative: for models that are right, and have directions that are nearly flat.

    The parameters are a dictionary: `theta`, and `gradient`, the largest derivative that training has left of the loss
    of its pool.

    **Metrics** `excess`, the cross-entropy of real outcomes above that at `best`.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact in law up to what training leaves.

    **Reference** `jaxcollapse.theory.networks.drift` for its loop.

    ```python
    >>> import jax, jax.numpy as jnp, jaxcollapse as jc
    >>> model = jc.FiniteLanguage(lambda theta: jax.nn.log_softmax(jnp.append(theta, 0.0)), best=[0.5, -0.5])
    >>> jc.simulate(model, jc.Replace(), key=jax.random.key(0), samples=500, generations=3).excess.shape
    (3,)

    ```
    """

    cells: Float[Array, " outcomes"]
    best: Float[Array, " parameters"]
    log_probability: Callable
    steps: int = eqx.field(static=True)
    method: Literal["newton", "scoring"] = eqx.field(static=True)

    def __init__(
        self,
        log_probability: Callable,
        *,
        best: Any,
        cells: Any = None,
        steps: Count = 8,
        method: Literal["newton", "scoring"] = "newton",
    ):
        if not callable(log_probability):
            raise TypeError(f"log_probability must be a function of the parameters, got {shown(log_probability)}")
        check_at_least("best", best, -np.inf)
        self.log_probability, self.best = log_probability, as_floats(best)
        if self.best.ndim != 1 or self.best.size == 0:
            raise ValueError(f"best must have shape (parameters,), got {self.best.shape}")
        model = jnp.exp(log_probability(self.best))
        real = model if cells is None else as_floats(cells)
        check_shape("cells", real, model.shape)
        self.cells = real.ravel()
        check_probabilities("cells", self.cells)
        check_count("steps", steps, minimum=1)
        check_choice("method", method, ("newton", "scoring"))
        self.steps, self.method = int(steps), method

    @property
    def draws_sums(self) -> bool:
        return True

    def truth(self) -> Float[Array, " outcomes"]:
        """The real probabilities."""
        return self.cells

    def real(self, key: Key[Array, ""], truth: Array, n: Scalar | int) -> WeightedSum:
        """Draw how often each outcome occurs in real text."""
        n = jnp.asarray(n, truth.dtype)
        return WeightedSum(multinomial(key, n, truth), n)

    def start(self, key: Key[Array, ""]) -> dict[str, Array]:
        """The parameters with the least cross-entropy: the loop has one optimum, and that is where it is."""
        return {"theta": self.best, "gradient": jnp.zeros((), self.best.dtype)}

    def sample(self, key: Key[Array, ""], params: dict[str, Array], n: Scalar | int) -> WeightedSum:
        """Draw how often each outcome occurs."""
        return self.real(key, jnp.exp(self._logarithms(params["theta"])), n)

    @lenient()
    def fit(self, data: WeightedSum, *, previous: dict[str, Array], **context) -> dict[str, Array]:
        """The parameters after the last step; where the curvature is negative none is taken, and damping grows."""
        target = data.mean
        loss = lambda theta: -target @ self._logarithms(theta)  # noqa: E731

        def step(_, carry):
            theta, damping = carry
            curvature = jax.hessian(loss)(theta) if self.method == "newton" else self._information(theta)
            scale = jnp.abs(jnp.diag(curvature)).max()
            damped = curvature + damping * scale * jnp.eye(len(theta), dtype=theta.dtype)
            ahead = theta - jax.scipy.linalg.solve(damped, jax.grad(loss)(theta), assume_a="pos")
            better = loss(ahead) <= loss(theta)
            wider = jnp.where(better, jnp.maximum(damping / 30, _LEAST_DAMPING), damping * 10)
            return jnp.where(better, ahead, theta), wider

        begin = alongside((previous["theta"], jnp.asarray(_DAMPING, target.dtype)), target)
        theta = jax.lax.fori_loop(0, self.steps, step, begin)[0]
        return {"theta": theta, "gradient": jnp.abs(jax.grad(loss)(theta)).max()}

    def metrics(self, params: dict[str, Array], **context) -> dict[str, Float[Array, ""]]:
        """The excess cross-entropy."""
        return {"excess": self.cells @ (self._logarithms(self.best) - self._logarithms(params["theta"]))}

    def _logarithms(self, theta: Float[Array, " parameters"]) -> Float[Array, " outcomes"]:
        return self.log_probability(theta).ravel()

    def _information(self, theta: Float[Array, " parameters"]) -> Float[Array, "parameters parameters"]:
        slopes = jax.jacfwd(self._logarithms)(theta)
        return slopes.T @ (slopes * jnp.exp(self._logarithms(theta))[:, None])


class LogBilinear(eqx.Module):
    """The log-probabilities of pairs in a model like word2vec, ``log pi(c) + log softmax(E_c U' + b)``.

    It is a `log_probability` for `FiniteLanguage` and for `jaxcollapse.theory.networks.matrices`.

    **Arguments**

    - `contexts`: probabilities ``pi`` of the contexts in real text, positive, shape ``(contexts,)``, summing to one.
    - `symbols`: how many there are; `rank`: of ``E U'``, at least 1.

    Called with parameters, ``E`` row by row, ``U`` row by row and ``b``, it returns shape ``(contexts, symbols)``.
    There are `parameters` of them, of which ``V - 1 + r (C + V - 2 - r)`` are free.

    **Raises** `ValueError` or `TypeError` for other arguments.

    ```python
    >>> import jax.numpy as jnp, jaxcollapse as jc
    >>> pairs = jc.LogBilinear([0.5, 0.5], symbols=3, rank=1)
    >>> pairs.parameters, pairs.free, pairs(jnp.zeros(8)).shape
    (8, 4, (2, 3))

    ```
    """

    contexts: Float[Array, " contexts"]
    symbols: int = eqx.field(static=True)
    rank: int = eqx.field(static=True)

    def __init__(self, contexts: Any, *, symbols: Count, rank: Count):
        check_probabilities("contexts", contexts)
        check_above("contexts", contexts, 0.0)
        self.contexts = as_floats(contexts)
        check_integer("symbols", symbols, minimum=2)
        check_integer("rank", rank, minimum=1)
        check_at_most("rank", rank, min(len(self.contexts), symbols) - 1)
        self.symbols, self.rank = int(symbols), int(rank)

    @property
    def parameters(self) -> int:
        """The length of the vector of parameters."""
        return (len(self.contexts) + self.symbols) * self.rank + self.symbols

    @property
    def free(self) -> int:
        """The number of directions in which the probabilities change."""
        return self.symbols - 1 + self.rank * (len(self.contexts) + self.symbols - 2 - self.rank)

    @lenient()
    def __call__(self, theta: Float[Array, " parameters"]) -> Float[Array, "contexts symbols"]:
        """The logarithms of the probabilities of all pairs."""
        inputs, outputs, bias = jnp.split(theta, np.cumsum([len(self.contexts) * self.rank, self.symbols * self.rank]))
        logits = inputs.reshape(-1, self.rank) @ outputs.reshape(-1, self.rank).T + bias
        return jnp.log(self.contexts)[:, None] + jax.nn.log_softmax(logits)
