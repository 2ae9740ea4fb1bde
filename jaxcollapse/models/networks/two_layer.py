"""A two-layer network in the regression loop: each is trained by gradient descent on labels of the last one.

Its output is ``a (f(w) - f(w0))`` with ``f(x) = sqrt(2/m) v'relu(U x)`` for ``m`` hidden units and the start ``w0``. A
large scale ``a`` makes it lazy: it learns before its weights have moved, and is linear in them. Its kernel is then
that of its start, for large ``m`` `jaxcollapse.kernels.tangent`, and its loop that of
`jaxcollapse.theory.regression.descent_risk`; a small scale makes it learn features.
"""

import math
from typing import Any, Literal, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key, Scalar

from jaxcollapse.arguments.check import (
    check_at_least,
    check_choice,
    check_count,
    check_flag,
    check_integer,
    check_key,
    check_length,
    is_traced,
)
from jaxcollapse.arguments.numbers import as_floats
from jaxcollapse.arguments.types import Count
from jaxcollapse.chain.data import Samples, WeightedSum
from jaxcollapse.chain.model import Model
from jaxcollapse.chain.schedule import Scheduled, number_or_schedule, positive_or_schedule
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.models.networks.trained import in_single
from jaxcollapse.models.regression.fixed_design_walk import check_one_size
from jaxcollapse.random import split
from jaxcollapse.random.loops import alongside
from jaxcollapse.theory.networks.shrinkage import gradient_descent


class TwoLayers(NamedTuple):
    """The weights of a network, or its gradient."""

    inner: Float[Array, "width dim"]
    outer: Float[Array, " width"]


class Fitted(NamedTuple):
    """What a fit leaves behind."""

    weights: TwoLayers
    start: TwoLayers
    values: Float[Array, " points"]
    """The output at every point."""


class TwoLayer(Model):
    """A two-layer ReLU network, trained by full-batch gradient descent on labels of the last one.

    **Arguments**

    - `inputs`: shape ``(points, dim)``; `targets`: the true function there, shape ``(points,)``.
    - `noise`: standard deviation of the labels, at least 0; a number or a schedule.
    - `width`: hidden units; `steps`: of descent on ``|y - f|^2/(2n) + decay a^2 |w - w0|^2/2``, both positive integers.
    - `rate`: of the descent of the output, positive: weights move by ``rate/a^2`` times the gradient. It diverges where
      ``rate`` times the largest eigenvalue of the kernel over the points, `decay` included, is 2 or more.
    - `scale`: ``a``, positive; `decay`: at least 0. Numbers or schedules, as `rate`.
    - `warm`: whether a fit begins where the last one ended; or each at a start of its own.
    - `start`: a key: the one start of all fits, of all replications. By default each has its own, the first of which
      all later fits of a warm chain keep.
    - `design`: ``"fixed"``, all points are labelled in every generation; or ``"fresh"``, as many of them as there are
      samples are drawn with replacement.
    - `test`: how many points, the last ones, are never trained on.

    **Metrics** `risk`, the mean squared distance from the targets at the points that are not trained on, or at all;
    `moved`, how far the inner weights went from the start of their fit, as a part of their length.

    **Raises** `ValueError` or `TypeError` for other arguments, for a rate with which descent diverges from the given
    start, and, on a fixed design, for sizes that change.

    **Exactness** Exact in law, in single precision. From the tangent theory its risk differs by a part of order
    ``1/a``, and, where that is of infinite width, of order ``1/m``.

    **Reference** Chizat, Oyallon and Bach 2019, arXiv:1812.07956, for the scale; the loop is derived here.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> x, y = jc.datasets.digits()
    >>> model = jc.TwoLayer(x[:20], y[:20] - 0.5, noise=0.3, width=16, steps=10, rate=0.01, scale=32.0)
    >>> jc.simulate(model, jc.Replace(), key=jax.random.key(0), samples=20, generations=3).risk.shape
    (3,)

    ```
    """

    inputs: Float[Array, "points dim"]
    targets: Float[Array, " points"]
    noise: Scheduled
    rate: Scheduled
    scale: Scheduled
    decay: Scheduled
    begin: Key[Array, ""] | None
    width: int = eqx.field(static=True)
    steps: int = eqx.field(static=True)
    test: int = eqx.field(static=True)
    design: Literal["fixed", "fresh"] = eqx.field(static=True)
    warm: bool = eqx.field(static=True)

    def __init__(
        self,
        inputs: Any,
        targets: Any,
        *,
        noise: Any,
        width: Count = 128,
        steps: Count = 200,
        rate: Any = 0.5,
        scale: Any = 1.0,
        decay: Any = 0.0,
        warm: bool = False,
        start: Key[Array, ""] | None = None,
        design: Literal["fixed", "fresh"] = "fixed",
        test: Count = 0,
    ):
        for name, value in (("inputs", inputs), ("targets", targets)):
            check_at_least(name, value, -np.inf)
        if np.ndim(inputs) != 2 or np.size(inputs) == 0:
            raise ValueError(f"inputs must have shape (points, dim), got {np.shape(inputs)}")
        points, dim = np.shape(inputs)
        if np.shape(targets) != (points,):
            raise ValueError(f"targets must have shape ({points},), as many as inputs, got {np.shape(targets)}")
        self.inputs, self.targets = in_single(as_floats(inputs)), in_single(as_floats(targets))
        self.noise = number_or_schedule(noise, "noise", 0.0)
        self.rate = positive_or_schedule(rate, "rate")
        self.scale = positive_or_schedule(scale, "scale")
        self.decay = number_or_schedule(decay, "decay", 0.0)
        check_length("width", width, each=16.0 * (dim + points))
        check_count("steps", steps, minimum=1)
        check_integer("test", test, minimum=0)
        if test >= points:
            raise ValueError(f"test must be below {points}, the number of points, got {test}")
        check_choice("design", design, ("fixed", "fresh"))
        check_flag("warm", warm)
        self.width, self.steps, self.test, self.design, self.warm = int(width), int(steps), int(test), design, warm
        if start is not None:
            check_key("start", start)
        self.begin = start
        self._check_rate()

    @property
    def draws_sums(self) -> bool:
        return self.design == "fixed"

    @property
    def kernel(self) -> Float[Array, "points points"]:
        """The tangent kernel of the given start at all points, for `jaxcollapse.theory.regression.descent_risk`.

        **Raises** `ValueError` where each fit has a start of its own: `jaxcollapse.kernels.tangent` is their mean.
        """
        if self.begin is None:
            raise ValueError(
                "start must be given: without it each fit has a kernel of its own, with the mean "
                "jaxcollapse.kernels.tangent(inputs)"
            )
        weights = self._drawn(self.begin)
        hidden = self.inputs @ weights.inner.T
        active = (hidden > 0) * weights.outer
        inner = (active @ active.T) * (self.inputs @ self.inputs.T)
        return 2 / self.width * (inner + jax.nn.relu(hidden) @ jax.nn.relu(hidden).T)

    def truth(self) -> Float[Array, " points"]:
        """The true function at every point."""
        return self.targets

    def real(self, key: Key[Array, ""], truth: Float[Array, " points"], n: Scalar | int) -> WeightedSum | Samples:
        """Labels of the true function."""
        return self._labels(key, truth, n)

    def start(self, key: Key[Array, ""]) -> Fitted:
        """Weights at the start."""
        weights = self._drawn(key if self.begin is None else self.begin)
        return Fitted(weights, weights, jnp.zeros_like(self.targets))

    def sample(self, key: Key[Array, ""], params: Fitted, n: Scalar | int) -> WeightedSum | Samples:
        """Labels of the newest network."""
        return self._labels(key, params.values, n)

    @lenient()
    def fit(self, data: WeightedSum | Samples, *, key: Key[Array, ""], previous: Fitted, **context) -> Fitted:
        """The network after the last step of descent."""
        scale, rate, decay = (field.astype(jnp.float32) for field in (self.scale, self.rate, self.decay))
        if isinstance(data, Samples):
            index, labels = data.rows
            x, weights = self.inputs[index], (data.weights / data.count).astype(jnp.float32)
        else:
            labels = data.mean.astype(jnp.float32)
            x, weights = self._taught, jnp.full(len(labels), 1 / len(labels), jnp.float32)
        if self.warm or self.begin is not None:
            begin = previous.start
        else:
            begin = self._drawn(key)
        at_start = self._output(begin, x)

        def loss(network):
            error = scale * (self._output(network, x) - at_start) - labels
            away = sum(jnp.sum((now - then) ** 2) for now, then in zip(network, begin, strict=True))
            return 0.5 * weights @ error**2 + 0.5 * decay * scale**2 * away

        def step(_, network):
            change = jax.grad(loss)(network)
            return TwoLayers(*(now - rate / scale**2 * by for now, by in zip(network, change, strict=True)))

        network = alongside(previous.weights if self.warm else begin, labels)
        network = jax.lax.fori_loop(0, self.steps, step, network)
        values = scale * (self._output(network, self.inputs) - self._output(begin, self.inputs))
        return Fitted(network, begin, values)

    def metrics(self, params: Fitted, **context) -> dict[str, Float[Array, ""]]:
        """The risk, and how far the weights moved."""
        error = (params.values - self.targets) ** 2
        moved = jnp.sum((params.weights.inner - params.start.inner) ** 2) / jnp.sum(params.start.inner**2)
        return {"risk": jnp.mean(error[-self.test :]), "moved": jnp.sqrt(moved)}  # -0 is the first of all

    def check(self, workflow: Workflow, samples: Float[Array, " generations"]) -> None:
        """Labels of one design are all of its points."""
        if self.design == "fixed":
            check_one_size(workflow.all_sizes(samples))

    @property
    def _taught(self) -> Float[Array, "taught dim"]:
        """The points that are trained on."""
        return self.inputs[: len(self.inputs) - self.test]

    def _labels(self, key: Key[Array, ""], values: Float[Array, " points"], n: Scalar | int) -> WeightedSum | Samples:
        points, noise = len(self._taught), self.noise.astype(jnp.float32)
        if self.design == "fixed":
            n = jnp.asarray(n, jnp.float32)
            return WeightedSum(n * (values[:points] + noise * jax.random.normal(key, (points,), jnp.float32)), n)
        index_key, noise_key = split(key)
        index = jax.random.randint(index_key, (int(n),), 0, points)
        return Samples((index, values[index] + noise * jax.random.normal(noise_key, (int(n),), jnp.float32)))

    def _drawn(self, key: Key[Array, ""]) -> TwoLayers:
        """Normal weights, from one draw."""
        dim = self.inputs.shape[1]
        numbers = jax.random.normal(key, (self.width, dim + 1), jnp.float32)
        return TwoLayers(numbers[:, :dim], numbers[:, dim])

    def _output(self, weights: TwoLayers, x: Float[Array, "rows dim"]) -> Float[Array, " rows"]:
        return math.sqrt(2 / self.width) * (jax.nn.relu(x @ weights.inner.T) @ weights.outer)

    def _check_rate(self) -> None:
        """Where the kernel is known, descent does not diverge."""
        fields = (self.rate, self.decay, self.inputs, self.begin)
        if self.begin is None or any(is_traced(field) or not isinstance(field, jax.Array) for field in fields):
            return
        with jax.ensure_compile_time_eval():
            kernel = np.asarray(self.kernel, float)
        points = len(self._taught)
        eigenvalues = np.linalg.eigvalsh(kernel[:points, :points] / points)
        gradient_descent(self.rate, self.steps, self.decay).check(eigenvalues)
