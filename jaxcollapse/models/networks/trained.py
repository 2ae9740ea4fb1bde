"""Any network in the loop: built, trained by gradient on its pool, and asked for new rows.

A subclass says what is special about its network in four methods. What all have in common is here: rows of the real
table, minibatches that read the weights of the pool, one loop of an optax optimiser, single precision, and what
happens where training fails.
"""

import abc
from collections.abc import Callable
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.flatten_util
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key, PyTree, Scalar

from jaxcollapse.arguments.check import check_flag, check_length, check_positive
from jaxcollapse.arguments.names import shown
from jaxcollapse.arguments.numbers import at_once
from jaxcollapse.arguments.types import Count
from jaxcollapse.chain.data import Samples
from jaxcollapse.chain.model import Model
from jaxcollapse.chain.real import check_enough, rows_of, table_of
from jaxcollapse.chain.schedule import Scheduled, number_or_schedule, positive_or_schedule
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.machine.precision import single_by_default
from jaxcollapse.machine.programs import busy
from jaxcollapse.random import split

_WARM_UP = 0.05  # of the steps


class Trained(Model):
    """A generative network that is trained, by gradient, on what its predecessors made.

    A subclass says four things, all of one network and none of the loop:

    - ``build(key)``: a new network, any `equinox` module or pytree of arrays.
    - ``loss(network, rows, key)``: the mean loss of a minibatch of rows, a number; `key` is its randomness.
    - ``draw(network, key, n)``: `n` new rows, in the shapes of the real ones.
    - ``evaluate(network, key)``: what is measured, a dictionary of arrays.

    Each generation trains from a new start, or from where its predecessor ended (`warm`), by Adam on minibatches that
    are drawn from the pool with replacement, each row as often as its weight says: every workflow works, and the sizes
    of a `Grid` may vary. All of it happens in single precision, whatever that of the run (with JAX before 0.7,
    in a run in double precision, what these four do not round themselves is double).

    **Arguments**

    - `rows`: the real table, at least two rows: an array of shape ``(rows, ...)``, or a pytree of such arrays. Real
      batches are drawn from it without replacement.
    - `steps`: gradient steps of a generation, at least 1; a number or a schedule. 1,000 by default.
    - `epochs`: instead of `steps`, how often the pool is seen: the steps grow with it. A number or a schedule.
    - `rate`: the largest learning rate, not negative, a number or a schedule of the generation. Within a generation it
      rises during the first twentieth of the steps and falls to zero by half a cosine.
    - `batch`: rows of a minibatch, at least 1.
    - `warm`: whether training begins at the predecessor's parameters.
    - `clip`: the largest norm of a gradient; a longer one is shortened.

    **Metrics** what `evaluate` returns. A network whose loss, or a row of whose pool, was once not a number has NaN for
    parameters, and so have its successors, and each of their metrics is NaN: `Estimate.nonfinite` counts them.

    **Raises** `ValueError` or `TypeError` for wrong arguments, for more real rows than the table has, and for networks,
    rows and losses of other shapes.

    **Exactness** Exact in law: rows are drawn, and the training is that of the method.

    ```python
    >>> import equinox as eqx, jax, jax.numpy as jnp, jaxcollapse as jc
    >>> class Scale(jc.Trained):
    ...     def build(self, key):
    ...         return {"log_scale": jnp.zeros(2)}
    ...     def loss(self, network, rows, key):
    ...         z = rows * jnp.exp(-network["log_scale"])
    ...         return jnp.mean(0.5 * z**2 + network["log_scale"])
    ...     def draw(self, network, key, n):
    ...         return jnp.exp(network["log_scale"]) * jax.random.normal(key, (n, 2))
    ...     def evaluate(self, network, key):
    ...         return {"scale": jnp.exp(network["log_scale"])}
    >>> table = jax.random.normal(jax.random.key(1), (500, 2))
    >>> run = jc.simulate(Scale(table, steps=200, rate=0.1), jc.Accumulate(), key=jax.random.key(0), samples=100,
    ...                   generations=3)
    >>> bool(jnp.all(jnp.abs(run.scale - 1) < 0.3))
    True

    ```
    """

    default_steps: ClassVar[int] = 1000
    """Where nothing is said."""
    rows: PyTree[Array]
    steps: Scheduled | None
    epochs: Scheduled | None
    rate: Scheduled
    clip: Float[Array, ""]
    batch: int = eqx.field(static=True)
    warm: bool = eqx.field(static=True)

    def __init__(
        self,
        rows: Any,
        *,
        steps: Any = None,
        epochs: Any = None,
        rate: Any = 2e-3,
        batch: Count = 128,
        warm: bool = False,
        clip: Any = 1.0,
    ):
        self.rows = table_of("rows", rows, minimum=2, kind=jnp.float32)
        if steps is not None and epochs is not None:
            raise ValueError(f"steps and epochs are two ways to say one thing: give one, got {steps} and {epochs}")
        steps = self.default_steps if steps is None and epochs is None else steps
        self.steps = None if steps is None else number_or_schedule(steps, "steps", 1.0)
        self.epochs = None if epochs is None else positive_or_schedule(epochs, "epochs")
        self.rate = number_or_schedule(rate, "rate", 0.0)
        check_positive("clip", clip)
        self.clip = in_single(clip)
        check_length("batch", batch, each=8.0 * sum(np.prod(leaf.shape[1:]) for leaf in jax.tree.leaves(self.rows)))
        self.batch = int(batch)
        check_flag("warm", warm)
        self.warm = warm

    @abc.abstractmethod
    def build(self, key: Key[Array, ""]) -> PyTree:
        """A new network."""

    @abc.abstractmethod
    def loss(self, network: PyTree, rows: PyTree[Array], key: Key[Array, ""]) -> Scalar:
        """The mean loss over a minibatch of rows."""

    @abc.abstractmethod
    def draw(self, network: PyTree, key: Key[Array, ""], n: int) -> PyTree[Array]:
        """`n` new rows."""

    @abc.abstractmethod
    def evaluate(self, network: PyTree, key: Key[Array, ""]) -> dict[str, Array]:
        """What is measured of a network, by name."""

    def optimiser(self) -> Any:
        """The transformation, of optax, of gradients before they meet the rate: by default clipped, then Adam's."""
        import optax  # takes as long as a tenth of JAX, and is needed where something is trained

        return optax.chain(optax.clip_by_global_norm(self.clip), optax.scale_by_adam(b2=0.99))

    def truth(self) -> PyTree[Array]:
        """The real table."""
        return self.rows

    @lenient()
    def real(self, key: Key[Array, ""], truth: PyTree[Array], n: int) -> Samples:
        """Draw `n` rows of the table, none of them twice.

        A buffer with room for more rows than there are is filled up with rows that have no weight; if one of them is
        asked for, its weight is NaN, and so is what is fitted.
        """
        table = jax.tree.map(lambda leaf, own: leaf.astype(own.dtype), truth, self.rows)
        rows, weights = rows_of(key, table, n)
        return Samples(rows, weights.astype(jnp.float32))

    def start(self, key: Key[Array, ""]) -> PyTree:
        """A new network, where training goes on from the predecessor's; else each fit makes its own."""
        return self._new(key) if self.warm else None

    def _new(self, key: Key[Array, ""]) -> PyTree:
        """A network as `build` makes it, in single precision."""
        with single_by_default():
            network = jax.tree.map(_single, _in_single(self).build(key))
        if not jax.tree.leaves(eqx.filter(network, eqx.is_inexact_array)):
            raise TypeError(f"{type(self).__name__}.build must return a network with parameters, got {shown(network)}")
        return network

    def sample(self, key: Key[Array, ""], params: PyTree, n: int) -> Samples:
        """Draw `n` rows of the network."""
        with single_by_default():
            rows = jax.tree.map(_single, _in_single(self).draw(params, key, n))
        wanted = jax.tree.map(lambda leaf: (n, *leaf.shape[1:]), self.rows)
        got = jax.tree.map(jnp.shape, rows)
        if wanted != got:
            raise ValueError(
                f"{type(self).__name__}.draw must return n rows as those of the table, {wanted}, got {got}"
            )
        return Samples(rows, jnp.ones(n, jnp.float32))

    def fit(self, data: Samples, *, key: Key[Array, ""], previous: PyTree, **context) -> PyTree:
        """Train a network on the pool."""
        key, build_key = split(key)
        network = previous if self.warm else self._new(build_key)
        params, rest = eqx.partition(network, eqx.is_inexact_array)
        sound = _is_finite(previous) & jnp.isfinite(data.weights).all()
        pool = data.weights.astype(jnp.float32)
        if self.epochs is None:
            steps = jnp.round(jnp.asarray(self.steps)).astype(jnp.float32)
        else:
            steps = jnp.maximum(jnp.ceil(self.epochs.astype(jnp.float32) * pool.sum() / self.batch), 1.0)
        rate = self.rate.astype(jnp.float32)
        train = busy(lambda *arguments: _in_single(self)._descend(rest, *arguments))
        return eqx.combine(train(params, data.rows, pool, steps, rate, sound, key), rest)

    def metrics(self, params: PyTree, *, key: Key[Array, ""], **context) -> dict[str, Array]:
        """What `evaluate` measures; NaN where a parameter is."""
        with single_by_default():
            found = _in_single(self).evaluate(params, key)
            if not isinstance(found, dict):
                raise TypeError(
                    f"{type(self).__name__}.evaluate must return a dictionary of arrays, got {shown(found)}"
                )
            sound = _is_finite(params)
            return {name: jnp.where(sound, jnp.asarray(value, jnp.float32), jnp.nan) for name, value in found.items()}

    def check(self, workflow: Any, samples: Float[Array, " generations"]) -> None:
        """A real batch is not larger than the table."""
        check_enough(workflow, samples, len(jax.tree.leaves(self.rows)[0]))

    def _descend(
        self, rest: PyTree, params: PyTree, rows: PyTree, pool: Array, steps: Array, rate: Array, sound: Array, key: Any
    ) -> PyTree:
        """The parameters after all steps; NaN if a loss was, or if they were not `sound` to begin with."""
        with single_by_default():
            # One vector of parameters: the optimiser is compiled once, not once for each array of the network.
            vector, unravel = jax.flatten_util.ravel_pytree(params)
            edges = jnp.cumsum(pool)
            last = jnp.searchsorted(edges, edges[-1], side="left")  # the last row with weight
            optimiser = self.optimiser()

            def loss(vector, batch, key):
                value = self.loss(eqx.combine(unravel(vector), rest), batch, key)
                if jnp.shape(value) != ():
                    raise ValueError(f"{type(self).__name__}.loss must return one number, got shape {value.shape}")
                return value.astype(jnp.float32)

            def step(t, carry):
                vector, state, sound = carry
                row_key, loss_key = jax.random.split(jax.random.fold_in(key, t))
                drawn = edges[-1] * jax.random.uniform(row_key, (self.batch,))
                index = jnp.minimum(jnp.searchsorted(edges, drawn, side="right"), last)
                batch = jax.tree.map(lambda leaf: _single(leaf[index]), rows)
                value, gradient = jax.value_and_grad(loss)(vector, batch, loss_key)
                change: Any
                with lenient():  # the optimiser is not the user's code
                    change, state = optimiser.update(gradient, state, vector)
                done = t.astype(jnp.float32) / steps
                now = rate * jnp.minimum(1.0, done / _WARM_UP + 0.02) * 0.5 * (1 + jnp.cos(jnp.pi * done))
                return vector - now * change, state, sound & jnp.isfinite(value)

            carry = vector, optimiser.init(vector), sound
            vector, _, sound = jax.lax.fori_loop(jnp.zeros((), jnp.int32), steps.astype(jnp.int32), step, carry)
            return unravel(jnp.where(sound, vector, jnp.nan))


def in_single(value: Any) -> Array:
    """An array in single precision, which stays concrete inside a trace."""
    with at_once(value):
        return jnp.asarray(value, jnp.float32)


def layers_at_once(make: Callable[[Key[Array, ""]], PyTree], key: Key[Array, ""]) -> PyTree:
    """A network of `equinox.nn.Linear` layers with the law that `make` draws, from one draw: a third to compile.

    Weights and biases are uniform up to one over the root of the number of inputs.
    """

    def linear(tree):
        leaves = jax.tree.leaves(tree, is_leaf=lambda node: isinstance(node, eqx.nn.Linear))
        return [node for node in leaves if isinstance(node, eqx.nn.Linear)]

    shapes = eqx.filter_eval_shape(make, key)
    parts = [(node, leaf) for node in linear(shapes) for leaf in (node.weight, node.bias) if leaf is not None]
    edges = np.cumsum([0, *(leaf.size for _, leaf in parts)])
    numbers = jax.random.uniform(key, (int(edges[-1]),), minval=-1.0, maxval=1.0)
    drawn = [
        numbers[low:high].reshape(leaf.shape) / float(np.sqrt(node.weight.shape[1]))
        for (node, leaf), low, high in zip(parts, edges[:-1], edges[1:], strict=True)
    ]
    return eqx.tree_at(lambda tree: [leaf for node in linear(tree) for leaf in (node.weight, node.bias)], shapes, drawn)


def _single(leaf: Any) -> Any:
    """Floating-point numbers in single precision; what is none stays."""
    return leaf.astype(jnp.float32) if eqx.is_inexact_array(leaf) else leaf


def _in_single(model: Trained) -> Any:
    return jax.tree.map(_single, model)


def _is_finite(network: PyTree) -> Array:
    leaves = jax.tree.leaves(eqx.filter(network, eqx.is_inexact_array))
    return jnp.stack([jnp.isfinite(leaf).all() for leaf in leaves]).all() if leaves else jnp.asarray(True)
