"""Kernel ridge regression on a finite population of real inputs.

Protocol: ``n`` points are drawn with replacement, labelled ``f(x) + noise * e`` by the predecessor ``f``, and the next
``f`` is ``argmin_f |y - f(X)|^2 / n + penalty * |f|^2`` in the space of a kernel. What is carried from generation to
generation is ``f`` at every point of the population.

Reference: Dohmatob, Feng and Kempe 2024, arXiv:2402.07712, figure 4 and appendix C.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.linalg import cho_factor, cho_solve
from jaxtyping import Array, Float, Int, Key

from jaxcollapse.arguments.check import check_integer, check_numbers, check_shape, is_traced
from jaxcollapse.arguments.numbers import as_floats
from jaxcollapse.chain.data import Samples
from jaxcollapse.chain.model import Model
from jaxcollapse.chain.schedule import Scheduled, number_or_schedule, positive_or_schedule
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.population.spectrum import Spectrum
from jaxcollapse.random import normal, split


class KernelRidge(Model):
    """Kernel ridge regression on points that are drawn from a finite population.

    **Arguments**

    - `kernel`: the kernel matrix of the population, shape ``(points, points)``, symmetric and positive semi-definite;
      see `jaxcollapse.kernels`. It is the only thing that is known of the inputs, and the largest thing that is held.
    - `targets`: the true function at every point, without noise, shape ``(points,)``.
    - `noise`: standard deviation of the label noise, at least 0; a number or a schedule.
    - `penalty`: ``lambda`` per sample, positive; a number or a schedule.
    - `test`: how many points are held out: never drawn, and the only ones that the risk is measured at. With none, the
      risk is over all points, those included that were drawn and whose noise the fit follows.
    - `order`: all points in some order, shape ``(points,)``; the last `test` ones are held out. Each replication
      draws its own order by default.

    The parameters are the values of the fit at every point, shape ``(points,)``.

    **Metrics** `risk`: the mean squared distance from the targets, label noise excluded.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact in law, one Cholesky factorisation of shape ``(n, n)`` for each fit. A kernel matrix that is
    not positive semi-definite, and a schedule of penalties that reaches zero, may give NaN.

    **Reference** Dohmatob, Feng and Kempe 2024, arXiv:2402.07712, figure 4.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> x, y = jc.datasets.digits()
    >>> model = jc.KernelRidge(jc.kernels.rbf(x[:200], bandwidth=0.1), y[:200], noise=1.0, penalty=0.1, test=100)
    >>> jc.simulate(model, jc.Replace(), key=jax.random.key(0), samples=50, generations=3).risk.shape
    (3,)

    ```
    """

    kernel: Float[Array, "points points"]
    targets: Float[Array, " points"]
    noise: Scheduled
    penalty: Scheduled
    test: int = eqx.field(static=True)
    order: Int[Array, " points"] | None

    def __init__(self, kernel: Any, targets: Any, *, noise: Any, penalty: Any, test: int = 0, order: Any = None):
        check_numbers("kernel", kernel)
        check_numbers("targets", targets)
        self.kernel, self.targets = as_floats(kernel), as_floats(targets)
        points = len(self.targets) if self.targets.ndim == 1 else 0
        if points < 1:
            raise ValueError(f"targets must have shape (points,), got {self.targets.shape}")
        _check_kernel(self.kernel, points)
        self.noise = number_or_schedule(noise, "noise", 0.0)
        self.penalty = positive_or_schedule(penalty, "penalty")
        check_integer("test", test, minimum=0)
        if test >= points:
            raise ValueError(f"test must be below {points}, the number of points, got {test}")
        self.test = int(test)
        if order is not None:
            check_numbers("order", order)
            check_shape("order", order, (points,))
            if not is_traced(order) and not np.array_equal(np.sort(np.asarray(order)), np.arange(points)):
                raise ValueError(f"order must hold every point from 0 to {points - 1} once")
        with jax.ensure_compile_time_eval():
            self.order = order if order is None or is_traced(order) else jnp.asarray(order)

    @property
    def spectrum(self) -> Spectrum:
        """The population as one of linear regression, for `jaxcollapse.theory`: see `Spectrum.from_kernel`.

        **Exactness** On 1,797 digits, 400 of them held out, label noise of one, `theory.regression.ridge_replace` gives
        the risk of up to four fakes within 1.5 % for 50 to 200 rows, and within 3.5 % for 25 to 800.
        """
        return Spectrum.from_kernel(self.kernel, self.targets)

    def truth(self) -> Float[Array, " points"]:
        """The targets."""
        return self.targets

    def metrics(self, params: Float[Array, " points"], **context) -> dict[str, Float[Array, ""]]:
        """The risk at the points that were held out, or at all."""
        error = (params - self.targets) ** 2
        return {"risk": jnp.mean(self._ordered(error)[-self.test :])}  # -0 is the first of all

    def prepare(self, key: Key[Array, ""], samples: Float[Array, " batches"]) -> "KernelRidge":
        """The model with the split of one replication."""
        if self.test == 0 or self.order is not None:
            return self
        order = jax.random.permutation(key, len(self.targets))
        return eqx.tree_at(lambda model: model.order, self, order, is_leaf=lambda leaf: leaf is None)

    def sample(self, key: Key[Array, ""], params: Float[Array, " points"], n: int) -> Samples:
        """Draw `n` points with replacement, and their labels: rows ``(index, label)``."""
        index_key, noise_key = split(key)
        index = jax.random.randint(index_key, (int(n),), 0, len(self.targets) - self.test)
        index = self._ordered(jnp.arange(len(self.targets)))[index]
        return Samples((index, params[index] + self.noise * normal(noise_key, (int(n),), params.dtype)))

    @lenient()
    def fit(self, data: Samples, **context) -> Float[Array, " points"]:
        """The ridge estimate at every point: ``argmin_f sum_i w_i (y_i - f(x_i))^2 / sum_i w_i + penalty * |f|^2``.

        With ``G`` the kernel matrix of the rows and ``W`` their weights, ``f = K' W^(1/2) a`` for the solution of
        ``(W^(1/2) G W^(1/2) + penalty sum(w)) a = W^(1/2) y``.
        """
        index, labels = data.rows
        root = jnp.sqrt(data.weights)
        gram = root[:, None] * self.kernel[index[:, None], index] * root
        gram = gram.at[jnp.diag_indices(len(labels))].add(self.penalty * data.count)
        return (root * cho_solve(cho_factor(gram, lower=True), root * labels)) @ self.kernel[index]

    def _ordered(self, values: Array) -> Array:
        return values if self.order is None else values[self.order]


def _check_kernel(kernel: Array, points: int) -> None:
    check_shape("kernel", kernel, (points, points))
    if is_traced(kernel):
        return
    matrix = np.asarray(kernel)
    if not np.isfinite(matrix).all():
        raise ValueError("kernel must be finite")
    gap, largest = np.abs(matrix - matrix.T).max(), np.abs(matrix).max()
    if gap > 1e-5 * largest or (np.diagonal(matrix) < 0).any():
        raise ValueError("kernel must be symmetric, with a diagonal of at least 0: see jaxcollapse.kernels")
