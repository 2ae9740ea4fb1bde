"""A kernel density estimate: the rows of the data, each with a kernel.

A draw is one of the rows plus ``h`` times noise of the kernel. So the parameters are the training data, and every
generation adds a kernel to what it copies; with a bandwidth of zero it copies and adds nothing.

Reference: Fu et al. 2024, arXiv:2402.11778.
"""

from typing import Any, Literal, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import gammaln
from jaxtyping import Array, Float, Key, Real

from jaxcollapse.arguments.check import check_choice, check_length, is_traced
from jaxcollapse.arguments.types import Count
from jaxcollapse.chain.data import Samples
from jaxcollapse.chain.model import Model
from jaxcollapse.chain.prediction import ClosedForm, Forms, NotKnown
from jaxcollapse.chain.real import check_enough, rows_of, table_of
from jaxcollapse.chain.schedule import Scheduled, number_or_schedule, single
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.models.inflated import unbiased
from jaxcollapse.random import split, symbols
from jaxcollapse.theory import kernel_density
from jaxcollapse.theory.papers import FU_2024

Kernel: TypeAlias = Literal["gaussian", "tophat"]
Rule: TypeAlias = Literal["scott", "silverman"]
_RULES = ("scott", "silverman")


class KernelMixture(eqx.Module):
    """A mixture of kernels of one bandwidth: what a kernel density estimate is."""

    rows: Float[Array, " capacity *dim"]
    weights: Float[Array, " capacity"]
    bandwidth: Float[Array, "*axes"]
    """One for all axes, or one for each."""
    kernel: Kernel = eqx.field(static=True, default="gaussian")

    @property
    def dim(self) -> int:
        """The number of dimensions."""
        return 1 if self.rows.ndim == 1 else self.rows.shape[1]

    @property
    @lenient()
    def mean(self) -> Float[Array, "*dim"]:
        """The mean."""
        return self._shares @ self.rows

    @property
    @lenient()
    def variance(self) -> Float[Array, "*dim"]:
        """The variance along each axis, that of the kernel included."""
        kernel = self.bandwidth**2 * (1.0 if self.kernel == "gaussian" else 1 / (self.dim + 2))
        return self._shares @ (self.rows - self.mean) ** 2 + kernel

    def density(self, rows: Real[Any, "..."]) -> Float[Array, "..."]:
        """The density at each row."""
        return jnp.exp(self.log_density(rows))

    @lenient()
    def log_density(self, rows: Real[Any, "..."]) -> Float[Array, "..."]:
        """The log of the density at each row; minus infinity for a bandwidth of zero."""
        width, rows = _above_zero(self.bandwidth), jnp.asarray(rows)
        gaps = (rows[..., None] - self.rows) if self.rows.ndim == 1 else (rows[..., None, :] - self.rows)
        squares = (gaps / width) ** 2
        squares = squares if self.rows.ndim == 1 else squares.sum(axis=-1)
        log_volume = jnp.sum(jnp.broadcast_to(jnp.log(width), self.dim))
        if self.kernel == "gaussian":
            kernels = -0.5 * (squares + self.dim * np.log(2 * np.pi)) - log_volume
        else:
            half = 0.5 * self.dim
            ball = half * np.log(np.pi) - gammaln(half + 1)
            kernels = jnp.where(squares <= 1, -ball - log_volume, -jnp.inf)
        there = jax.nn.logsumexp(kernels, axis=-1, b=self._shares)
        return jnp.where(jnp.all(self.bandwidth > 0), there, -jnp.inf)

    @lenient()
    def draw(self, key: Key[Array, ""], n: int) -> Float[Array, " n *dim"]:
        """Draw rows with replacement, plus noise of the kernel."""
        row_key, kernel_key = split(key)
        chosen = self.rows[symbols(row_key, self.weights, n)]
        if self.kernel == "gaussian":
            return chosen + self.bandwidth * jax.random.normal(kernel_key, chosen.shape, chosen.dtype)
        return chosen + self.bandwidth * _in_ball(kernel_key, chosen.shape, chosen.dtype)

    @property
    def _shares(self) -> Float[Array, " capacity"]:
        return self.weights / self.weights.sum()


def _in_ball(key: Key[Array, ""], shape: tuple[int, ...], dtype: Any) -> Float[Array, " n *dim"]:
    """Points of the unit ball, uniformly."""
    if len(shape) == 1:
        return jax.random.uniform(key, shape, dtype, -1.0, 1.0)
    return jax.random.ball(key, shape[1], shape=(shape[0],), dtype=dtype)


class KernelDensity(Model):
    """A kernel density estimate on the line or in any dimension.

    **Arguments**

    - `bandwidth`: ``h``, at least 0, a number or a schedule, in the units of the rows; or the rule by which a fit
      chooses one for each axis: with the effective number of rows ``n = (sum w)^2/sum w^2`` and their standard
      deviation ``s`` along the axis, ``"scott"`` is ``s n^(-1/(d + 4))`` and ``"silverman"`` is
      ``s (n (d + 2)/4)^(-1/(d + 4))``. With 0 it is the empirical distribution: rows are drawn again and again.
    - `kernel`: ``"gaussian"``, or ``"tophat"``, uniform within ``h`` of a row (in an ellipsoid, for one bandwidth an
      axis).
    - `data`: the real rows, shape ``(rows,)`` or ``(rows, dim)``, at least two, from which real batches are drawn
      without replacement. By default the truth is ``N(0, I)``.
    - `dim`: of the truth without `data`: vectors of so many numbers, at least 1. Numbers by default.
    - `held_out`: rows that no generation is trained on, to be scored.

    **Metrics** `mean` and `variance` of the estimate, along each axis; with `held_out` also `log_likelihood`, the mean
    log density of those rows; of Gaussian kernels without `data` also `squared_error`, the integrated squared distance
    of the density from that of ``N(0, I)``. The last two cost the rows times the held-out ones, and the square of the
    number of rows, where they are asked for.

    **Raises** `ValueError` or `TypeError` for other arguments, for more real rows than `data` has, and for `held_out`
    together with a bandwidth of 0, which has no density.

    **Exactness** Exact in law: rows are drawn. Where no held-out row can be reached `log_likelihood` is minus infinity,
    as for a tophat that misses one of them.

    **Reference** Scott 1992, Multivariate Density Estimation, equation 6.42; Silverman 1986, Density Estimation,
    equation 4.14. On the line the rules are those of SciPy; scikit-learn's of the same names leave out ``s``.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> model = jc.KernelDensity(lambda g: 0.5 / g)
    >>> run = jc.simulate(model, jc.Accumulate(), key=jax.random.key(0), samples=50, generations=4)
    >>> run.squared_error.shape
    (4,)
    >>> rows = jax.random.normal(jax.random.key(1), (300, 2))
    >>> jc.KernelDensity("scott", data=rows).fit(jc.Samples(rows)).bandwidth.shape
    (2,)

    ```
    """

    bandwidth: Scheduled | None
    """None where a rule chooses it."""
    data: Float[Array, " rows *dim"] | None
    held_out: Float[Array, " held *dim"] | None
    rule: Rule | None = eqx.field(static=True)
    kernel: Kernel = eqx.field(static=True)
    dim: int | None = eqx.field(static=True)

    def __init__(
        self,
        bandwidth: Any,
        *,
        kernel: Kernel = "gaussian",
        data: Any = None,
        dim: Count | None = None,
        held_out: Any = None,
    ):
        self.rule = None
        if isinstance(bandwidth, str):
            check_choice("bandwidth", bandwidth, _RULES)
            self.rule, self.bandwidth = bandwidth, None  # pyright: ignore[reportAttributeAccessIssue]: checked above
        else:
            self.bandwidth = number_or_schedule(bandwidth, "bandwidth", 0.0)
        check_choice("kernel", kernel, ("gaussian", "tophat"))
        self.kernel = kernel
        if dim is not None:
            check_length("dim", dim)
            if data is not None:
                raise ValueError(f"dim is that of the truth without data: give one, got dim={dim} and data")
        self.data = None if data is None else _vectors("data", data, minimum=2)
        self.dim = None if dim is None else int(dim)
        self.held_out = None if held_out is None else _vectors("held_out", held_out, minimum=1)
        if self.held_out is not None:
            if self.held_out.shape[1:] != self._axes:
                raise ValueError(f"held_out must hold rows of shape {self._axes}, got {self.held_out.shape[1:]}")
            width = None if self.bandwidth is None else single(self.bandwidth)
            if width is not None and _is_zero(width):
                raise ValueError("held_out needs a density, and a bandwidth of 0 has none")

    @property
    def _axes(self) -> tuple[int, ...]:
        """The shape of a row."""
        if self.data is not None:
            return self.data.shape[1:]
        return () if self.dim is None else (self.dim,)

    @lenient()
    def truth(self) -> KernelMixture:
        """The real rows; without them the standard normal density: one kernel at zero, of bandwidth one."""
        if self.data is not None:
            return KernelMixture(self.data, jnp.ones(len(self.data)), jnp.zeros(()), kernel=self.kernel)
        return KernelMixture(jnp.zeros((1, *self._axes)), jnp.ones(1), jnp.ones(()))

    def real(self, key: Key[Array, ""], truth: KernelMixture, n: int) -> Samples:
        """Draw `n` of the real rows, none of them twice; or of the true density."""
        if self.data is None:
            return Samples(truth.draw(key, n))
        rows, weights = rows_of(key, truth.rows, n)
        return Samples(rows, weights.astype(rows.dtype))

    def sample(self, key: Key[Array, ""], params: KernelMixture, n: int) -> Samples:
        """Draw `n` rows of the estimate."""
        return Samples(params.draw(key, n))

    def fit(self, data: Samples, **context) -> KernelMixture:
        """A kernel at every row."""
        width: Any = self.bandwidth if self.rule is None else _chosen(self.rule, data)
        return KernelMixture(data.rows, data.weights, width, self.kernel)

    @lenient()
    def metrics(self, params: KernelMixture, **context) -> dict[str, Float[Array, "..."]]:
        """The first two moments of the estimate, what it says of held-out rows, and its distance from the truth."""
        measured = {"mean": params.mean, "variance": params.variance}
        if self.held_out is not None:
            measured["log_likelihood"] = jnp.mean(params.log_density(self.held_out))
        if self.data is None and self.kernel == "gaussian":
            measured["squared_error"] = _squared_error(params)
        return measured

    def check(self, workflow: Workflow, samples: Float[Array, " generations"]) -> None:
        """A real batch is not larger than the data."""
        if self.data is not None:
            check_enough(workflow, samples, len(self.data))

    @lenient()
    def predict(self, workflow: Workflow, samples: Float[Array, " generations"], generations: int) -> Forms:
        """For `Replace` with batches of one size; the mean has no bias under any workflow."""
        if self.data is not None:
            return {"": NotKnown("closed forms are for a truth that is normal", "data=None")}
        zero = jnp.zeros(self._axes)
        known: Forms = {"mean": unbiased(zero, samples)}
        size, width = single(samples), None if self.bandwidth is None else single(self.bandwidth)
        names = ("variance", "squared_error") if self.kernel == "gaussian" else ("variance",)
        if not workflow.newest_alone or size is None or width is None:
            nearest = "Replace, one size, one bandwidth: theory.kernel_density.squared_error and model_variance"
            return {**known, **dict.fromkeys(names, NotKnown("it is for new rows", nearest))}
        kernel = width if self.kernel == "gaussian" else width / jnp.sqrt((self.dim or 1) + 2.0)
        function = kernel_density.model_variance
        curve = function(samples=size, bandwidth=kernel, generations=generations)
        curve = jnp.broadcast_to(curve.reshape(-1, *[1] * zero.ndim), (generations, *zero.shape))
        known["variance"] = ClosedForm(curve, function, reference=FU_2024)
        if self.kernel == "gaussian" and (self.dim is not None or _is_zero(width)):
            why = NotKnown("it is for numbers, and a density", "dim=None, theory.kernel_density.squared_error")
            return {**known, "squared_error": why}
        if self.kernel == "gaussian":
            function = kernel_density.squared_error
            curve = function(samples=size, bandwidth=width, generations=generations)
            known["squared_error"] = ClosedForm(curve, function, reference=FU_2024)
        return known


def _vectors(name: str, rows: Any, *, minimum: int) -> Float[Array, " rows *dim"]:
    """A table of numbers or of vectors."""
    table = table_of(name, rows, minimum=minimum)
    if not eqx.is_array(table) or table.ndim > 2:
        raise ValueError(f"{name} must be one array of shape (rows,) or (rows, dim)")
    return table.astype(jnp.result_type(table, float))


@lenient()
def _chosen(rule: Rule, data: Samples) -> Float[Array, "*dim"]:
    """The bandwidth of each axis, by a rule."""
    dim = 1 if data.rows.ndim == 1 else data.rows.shape[1]
    shares = data.weights / data.weights.sum()
    squares = jnp.sum(shares**2)
    rows = jnp.where((data.weights > 0).reshape(-1, *[1] * (data.rows.ndim - 1)), data.rows, 0.0)
    variance = shares @ (rows - shares @ rows) ** 2 / (1 - squares)
    scale = 1.0 if rule == "scott" else (dim + 2) / 4
    return jnp.sqrt(variance) * (scale / squares) ** (-1 / (dim + 4))


def _squared_error(mixture: KernelMixture) -> Float[Array, ""]:
    """The integrated squared distance of the density from that of ``N(0, I)``; infinite without a bandwidth."""
    x, w = mixture.rows.reshape(len(mixture.rows), -1), mixture.weights / mixture.weights.sum()
    dim = x.shape[1]
    kernel = jnp.broadcast_to(_above_zero(mixture.bandwidth) ** 2, dim)
    pairs = jnp.sum(w * w[:, None] * _normal(x - x[:, None], 2 * kernel))
    error = pairs - 2 * w @ _normal(x, 1 + kernel) + (4 * np.pi) ** (-0.5 * dim)
    return jnp.where(jnp.all(mixture.bandwidth > 0), error, jnp.inf)


def _normal(x: Float[Array, "... dim"], variance: Float[Array, " dim"]) -> Float[Array, "..."]:
    """The density of a normal law without correlations at `x`."""
    logs = jnp.sum(x**2 / variance + jnp.log(2 * jnp.pi * variance), axis=-1)
    return jnp.exp(-0.5 * logs)


def _is_zero(width: Float[Array, ""]) -> bool:
    """Whether it is known to be."""
    return not is_traced(width) and not np.asarray(width) > 0


def _above_zero(width: Float[Array, "*axes"]) -> Float[Array, "*axes"]:
    """A bandwidth, or any number in the place of zero, where what follows is not used."""
    return jnp.where(width > 0, width, 1.0)
