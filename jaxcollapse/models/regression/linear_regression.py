"""Linear and ridge regression, on Gaussian designs and others.

Protocol: ``y = x'w + noise * e`` with ``x ~ N(0, Sigma)`` unless other features are given, and ``w`` re-estimated at
every generation as ``argmin_w |y - Xw|^2 / n + penalty * |w|^2`` (the minimum-norm solution at ``penalty = 0`` and
``n < d``). ``Sigma`` is diagonal without loss of generality: everything is written in its eigenbasis.
"""

import math
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key, Scalar

from jaxcollapse.arguments.check import check_choice, check_made, check_shape, is_traced
from jaxcollapse.arguments.names import shown
from jaxcollapse.chain.data import Samples
from jaxcollapse.chain.model import Model, keeping
from jaxcollapse.chain.prediction import Forms, NotKnown
from jaxcollapse.chain.schedule import Scheduled, Table, number_or_schedule
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.machine.differentiation import differentiated
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.models.regression.expected_ridge import ExpectedRidge
from jaxcollapse.models.regression.fixed_design_walk import FixedDesignWalk, check_one_size
from jaxcollapse.models.regression.fixed_ridge_walk import FixedRidgeWalk
from jaxcollapse.models.regression.least_squares_walk import LeastSquaresWalk
from jaxcollapse.models.regression.predicted import risk_of
from jaxcollapse.models.regression.ridge_walk import RIDGE_FITS, RidgeFit, RidgeWalk
from jaxcollapse.models.regression.sums import RegressionSums, conjugate_gradients, ridge_solution
from jaxcollapse.population.spectrum import Spectrum, check_spectrum
from jaxcollapse.random import bartlett, chi_square, diagonal_ridge, normal, split, steps_needed


class LinearRegression(Model):
    """Ridge, least squares and minimum-norm regression.

    **Arguments**

    - `spectrum`: a `jaxcollapse.theory.Spectrum`: the eigenvalues of the covariance of ``x``, shape ``(dim,)``, and
      the true coefficients in its eigenbasis.
    - `noise`: standard deviation of the label noise, at least 0; a number or a schedule.
    - `penalty`: ``lambda`` per sample, at least 0; a number or a schedule.
    - `design`: ``"fresh"`` draws a new ``X`` at every generation, ``"fixed"`` keeps one for all (labels are always
      new). The two have different finite-sample laws. A fixed design needs a constant number of samples.
    - `sampling`: ``"exact"`` takes the cheapest of the first three below that the workflow and the fields allow; a name
      asks for that one. `sampler` says which one a chain would use.

      | sampling | name | serves | cost of one generation |
      |---|---|---|---|
      | ``"walk"`` | fixed-design walk | fixed design, least squares, no other real data | ``g`` numbers |
      | ``"walk"`` | fixed ridge walk | fixed design, equal eigenvalues, any workflow that keeps sums | ``d`` numbers |
      | ``"walk"`` | least-squares walk | fresh design, least squares on the newest batch alone | 3 numbers |
      | ``"walk"`` | ridge walk | fresh design, equal eigenvalues, the newest batch alone | ``3 k`` numbers |
      | ``"krylov"`` | krylov | fresh design, the newest batch alone | ``k d`` numbers, ``k^2 d`` flops |
      | ``"bartlett"`` | bartlett | any workflow that keeps sums | ``d^2/2`` numbers, ``k d^2`` flops |
      | ``"raw"`` | rows | any workflow and any features | ``n d`` numbers, ``n d^2`` flops |

      for ``n`` samples in ``d`` dimensions, with ``k`` at most the smaller of them and usually some tens.

    - `features`: how a row ``x`` is drawn, if not from ``N(0, Sigma)``: a function of a key and of ``n`` that gives an
      array of shape ``(n, dim)``, in the eigenbasis of the covariance; see `jaxcollapse.features`. Data is drawn raw.

    **Metrics** `risk`: the excess test risk ``|w - w0|_Sigma^2``, label noise excluded.

    **Raises** `ValueError` or `TypeError` for a negative noise or penalty, an unknown design or sampling, a sampling
    that does not serve the workflow or the features, and features of another shape.

    **Exactness** All samplings are exact in law for every ``n`` and ``dim``, up to the tolerance of an iteration:
    1e-12, in single precision 1e-6 or better. Equations are solved by conjugate gradients; an estimate that these
    cannot reach, because ``X'X`` is singular to working precision, is NaN.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> model = jc.LinearRegression(spectrum=jc.theory.Spectrum.isotropic(10), noise=1.0, penalty=0.1)
    >>> jc.simulate(model, jc.Accumulate(), key=jax.random.key(0), samples=50, generations=4).risk.shape
    (4,)

    ```
    """

    spectrum: Spectrum
    noise: Scheduled
    penalty: Scheduled
    design: Literal["fresh", "fixed"] = eqx.field(static=True)
    sampling: Literal["exact", "walk", "krylov", "bartlett", "raw"] = eqx.field(static=True)
    features: Callable[[Key[Array, ""], int], Float[Array, "n dim"]] | None
    held: Float[Array, "..."] | None = eqx.field(init=False)
    """The design that one replication keeps: rows of ``X`` (raw) or the factor of ``X'X`` (exact)."""
    steps: int | None = eqx.field(static=True, init=False)
    """The room for steps of LSQR, where these are drawn."""

    def __init__(
        self,
        spectrum: Spectrum,
        *,
        noise: Any,
        penalty: Any = 0.0,
        design: Literal["fresh", "fixed"] = "fresh",
        sampling: Literal["exact", "walk", "krylov", "bartlett", "raw"] = "exact",
        features: Callable[[Key[Array, ""], int], Float[Array, "n dim"]] | None = None,
    ):
        check_spectrum(spectrum)
        check_choice("design", design, ("fresh", "fixed"))
        check_choice("sampling", sampling, ("exact", "walk", "krylov", "bartlett", "raw"))
        self.spectrum = spectrum
        self.noise = number_or_schedule(noise, "noise", 0.0)
        self.penalty = number_or_schedule(penalty, "penalty", 0.0)
        self.design = design
        check_made("features", features)
        if features is not None and (sampling not in ("exact", "raw") or not callable(features)):
            raise ValueError(
                f'features must be a function of a key and a number of rows, and needs sampling="raw"; '
                f"got {shown(features)} and sampling={sampling!r}"
            )
        self.sampling = sampling if features is None else "raw"
        self.features = features
        self.held = None
        self.steps = spectrum.dim if sampling == "krylov" else None

    @property
    def draws_sums(self) -> bool:
        return self.sampling != "raw"

    def truth(self) -> Float[Array, " dim"]:
        """The true coefficients in the eigenbasis of the covariance."""
        return self.spectrum.signal

    def sample(self, key: Key[Array, ""], params: Float[Array, " dim"], n: Scalar | int) -> RegressionSums | Samples:
        """Draw the sums over `n` rows (exact), or the rows themselves (raw)."""
        if self.sampling in ("walk", "krylov"):
            raise ValueError(_refusal(self))
        design_key, noise_key = split(key)
        if self.draws_sums:
            factor = self._factor(design_key, n) if self.held is None else self.held
            response = self._response(noise_key, factor, params)
            n = jnp.asarray(n, factor.dtype)
            return RegressionSums(factor @ factor.T, factor @ response, n, n)
        x = self._rows(design_key, int(n)) if self.held is None else self.held
        return Samples((x, x @ params + self.noise * normal(noise_key, (int(n),), x.dtype)))

    def summed(self, data: Samples) -> RegressionSums:
        """The sums over rows ``(x, y)``, `x` in the eigenbasis of the covariance."""
        if self.design == "fixed":
            raise NotImplementedError('given rows have a design of their own: LinearRegression needs design="fresh"')
        return RegressionSums.of(data)

    @lenient()
    def fit(self, data: RegressionSums | Samples, **context) -> Float[Array, " dim"]:
        """The ridge estimate, least squares at ``penalty = 0``, the minimum-norm one if rows are fewer than columns."""
        sums = RegressionSums.of(data) if isinstance(data, Samples) else data
        ridge = self.penalty * sums.weight
        rows = sums.rows
        if self.held is not None:  # the same rows again and again have the rank of one batch
            held = jnp.any(self.held != 0, axis=0 if self.draws_sums else 1).sum()
            rows = jnp.minimum(rows, held.astype(rows.dtype))
        return ridge_solution(sums.gram, sums.moment, ridge, rows >= self.spectrum.dim)

    def refit(
        self, key: Key[Array, ""], params: Float[Array, " dim"], n: Scalar | int, **context
    ) -> Float[Array, " dim"]:
        """Sample and fit in one draw.

        Least squares moves by ``noise * Sigma^(-1/2) z / sqrt(chi2(n - dim + 1))``, ``O(dim)``. Otherwise the fit is
        that of `jaxcollapse.random.diagonal_ridge`; or, with the triangular factor ``A`` of ``X'X``, it is
        ``w = A (A'A + penalty n)^-1 (A'w + noise u)``, on both sides of ``n = dim`` and down to ``penalty = 0``.
        """
        if self.sampling == "walk" or (self.sampling == "krylov" and self.held is not None):
            raise ValueError(_refusal(self))
        design_key, noise_key = split(key)
        dim = self.spectrum.dim

        def move(params):
            z = normal(noise_key, (dim,), params.dtype)
            chi2 = chi_square(design_key, n - dim + 1.0)
            return params + self.noise * z / jnp.sqrt(self.spectrum.eigenvalues * chi2)

        def reveal(params):
            eigenvalues = self.spectrum.eigenvalues
            return diagonal_ridge(design_key, params, eigenvalues, self.noise, n, self.penalty, self.steps)

        def solve(params):
            factor = self._factor(design_key, n) if self.held is None else self.held
            response = self._response(noise_key, factor, params)
            present = jnp.arange(dim, dtype=jnp.asarray(n).dtype) < n
            ridge = jnp.where(present, self.penalty * n, 1.0)
            scale = jnp.sum(factor**2, axis=0) + ridge
            matrix = lambda v: factor.T @ (factor @ v) + ridge * v  # noqa: E731
            return factor @ conjugate_gradients(matrix, jnp.where(present, response, 0.0), scale)

        if self.held is not None:
            return solve(params)
        unpenalised = (self.penalty == 0) & (n >= dim) & ~differentiated(self.penalty)
        if self.sampling == "krylov" or self.steps is None:
            return jax.lax.cond(unpenalised, move, solve if self.steps is None else reveal, params)
        short = steps_needed(self.spectrum.eigenvalues, n, self.penalty) <= self.steps
        return jax.lax.switch(jnp.where(unpenalised, 0, jnp.where(short, 1, 2)), (move, reveal, solve), params)

    def metrics(self, params: Float[Array, " dim"], **context) -> dict[str, Float[Array, ""]]:
        """The excess test risk."""
        return {"risk": jnp.sum(self.spectrum.eigenvalues * (params - self.spectrum.signal) ** 2)}

    def check(self, workflow: Workflow, samples: Float[Array, " generations"]) -> None:
        """A sampler serves the workflow, and batches on one design have one size."""
        if self.design == "fixed":
            check_one_size(workflow.all_sizes(samples))
        if _serving(self, workflow, samples) is None:
            raise ValueError(_refusal(self))

    @lenient()
    def prepare(self, key: Key[Array, ""], samples: Float[Array, " generations"]) -> "LinearRegression":
        """The model with the design that it keeps, if that is fixed."""
        if self.design == "fresh":
            return self
        held = self._factor(key, samples[0]) if self.draws_sums else self._rows(key, int(np.asarray(samples)[0]))
        return keeping(self, held=held)

    @lenient()
    def reduce(self, workflow: Workflow, samples: Float[Array, " generations"]) -> Model:
        """One of the walks or the model with room for LSQR, where that is cheaper; or itself."""
        found = _serving(self, workflow, samples)
        return self if found is None else found[0].reduced(self, found[1])

    @lenient()
    def predict(self, workflow: Workflow, samples: Float[Array, " generations"], generations: int) -> Forms:
        """The first form in `jaxcollapse.models.regression.predicted.FORMS` that serves."""
        if self.features is not None:
            return {"risk": NotKnown("closed forms are for Gaussian rows", "features=None")}
        return {"risk": risk_of(self.spectrum, self.noise, self.penalty, self.design, workflow, samples)}

    def sampler(self, workflow: Workflow, samples: Float[Array, " generations"]) -> str:
        """The name in the table of `jaxcollapse.models.regression.linear_regression.SAMPLERS`.

        ```python
        >>> import jax.numpy as jnp, jaxcollapse as jc
        >>> model = jc.LinearRegression(jc.theory.Spectrum.isotropic(10), noise=1.0)
        >>> [model.sampler(workflow, jnp.full(3, 50.0)) for workflow in (jc.Replace(), jc.Accumulate())]
        ['least-squares walk', 'bartlett']

        ```
        """
        found = _serving(self, workflow, samples)
        if found is None:
            raise ValueError(_refusal(self))
        return found[0].name

    @lenient()
    def expected(self) -> ExpectedRidge:
        """The model of the mean risk under `Replace`, for a fresh design and equal eigenvalues: no paths.

        **Raises** `ValueError` for a fixed design and for eigenvalues that differ or are not known before compilation.
        """
        if self.design == "fixed" or not _equal(self.spectrum.eigenvalues):
            raise ValueError("expected() needs a fresh design and a spectrum of equal, positive eigenvalues")
        return ExpectedRidge(self._ridge_walk(RIDGE_FITS))

    def _ridge_walk(self, fits: tuple[RidgeFit, ...]) -> RidgeWalk:
        """The chain under `Replace` with a fresh design and equal eigenvalues."""
        dim, eigenvalue = self.spectrum.dim, self.spectrum.eigenvalues[0]
        return RidgeWalk(dim, eigenvalue, self._length, noise=self.noise, penalty=self.penalty, fits=fits)

    @property
    def _length(self) -> Float[Array, ""]:
        return jnp.linalg.norm(self.spectrum.signal)

    def _factor(self, key: Key[Array, ""], n: Scalar | int) -> Float[Array, "dim dim"]:
        """The triangular factor ``A`` of ``X'X = A A'``."""
        return jnp.sqrt(self.spectrum.eigenvalues)[:, None] * bartlett(key, n, self.spectrum.dim)

    def _response(self, key: Key[Array, ""], factor: Float[Array, "dim dim"], params: Float[Array, " dim"]):
        """The labels in the coordinates of the factor: ``X'y = A (A'w + noise u)``."""
        return factor.T @ params + self.noise * normal(key, params.shape, params.dtype)

    @lenient()
    def _rows(self, key: Key[Array, ""], n: int) -> Float[Array, "n dim"]:
        if self.features is not None:
            rows = self.features(key, n)
            check_shape("features(key, n)", rows, (n, self.spectrum.dim))
            return rows
        eigenvalues = self.spectrum.eigenvalues
        return jnp.sqrt(eigenvalues) * normal(key, (n, self.spectrum.dim), eigenvalues.dtype)


_LARGE = 64  # the dimension from which LSQR may be worth a longer compilation


class Setting(NamedTuple):
    """What is known of a chain before compilation."""

    workflow: Workflow
    samples: Float[Array, " generations"]
    penalty: Float[Array, "..."]
    known: bool
    """Whether sizes and penalties are."""
    least_squares: bool
    """Whether no fit is penalised or has fewer rows than coefficients."""
    equal: bool
    """Whether all eigenvalues are equal."""

    @staticmethod
    def of(model: LinearRegression, workflow: Workflow, samples: Float[Array, " generations"]) -> "Setting":
        """That of a chain."""
        penalty = model.penalty.values if isinstance(model.penalty, Table) else model.penalty
        known = isinstance(penalty, jax.Array) and not is_traced(penalty) and not is_traced(samples)
        enough = known and np.all(np.asarray(penalty) == 0) and np.all(np.asarray(samples) >= model.spectrum.dim)
        return Setting(workflow, samples, penalty, known, bool(enough), _equal(model.spectrum.eigenvalues))


class Sampler(NamedTuple):
    """One way to draw the data of a generation, and the fit to it."""

    name: str
    sampling: str
    """The value of `LinearRegression.sampling` that asks for it."""
    words: str
    """What it serves."""
    cost: str
    """Of one generation, in ``k`` steps of an iteration."""
    design: Literal["fresh", "fixed"] | None
    serves: Callable[[LinearRegression, Setting], bool]
    reduced: Callable[[LinearRegression, Setting], Model]


def _walk_ols(model, setting):
    return LeastSquaresWalk(model.spectrum.dim, noise=model.noise)


def _walk_ridge(model, setting):
    kinds = _kinds(setting.penalty, setting.samples, model.spectrum.dim) if setting.known else RIDGE_FITS
    return model._ridge_walk(kinds)


def _walk_fixed_ols(model, setting):
    return FixedDesignWalk(model.spectrum.dim, len(setting.samples), noise=model.noise)


def _walk_fixed_ridge(model, setting):
    dim, eigenvalue = model.spectrum.dim, model.spectrum.eigenvalues[0]
    return FixedRidgeWalk(dim, eigenvalue, model._length, noise=model.noise, penalty=model.penalty)


def _short(model, setting):
    """Whether LSQR needs so few steps that it is cheaper, or is what was asked for."""
    if not setting.workflow.newest_alone or is_traced(model.spectrum.eigenvalues):
        return model.sampling == "krylov" and setting.workflow.newest_alone
    if not setting.known:
        return model.sampling == "krylov"
    return model.sampling == "krylov" or _most_steps(model, setting) <= model.spectrum.dim // 2


def _with_room(model, setting):
    if not setting.known or is_traced(model.spectrum.eigenvalues):
        return model
    steps = 16 * math.ceil(_most_steps(model, setting) / 16)  # few values, few programs
    return keeping(model, sampling="krylov", steps=steps)


SAMPLERS = (
    Sampler(
        "fixed-design walk", "walk", "least squares, no other real data", "g numbers", "fixed",
        lambda model, s: s.least_squares and not s.workflow.draws_real and not s.workflow.needs_rows,
        _walk_fixed_ols,
    ),
    Sampler(
        "fixed ridge walk", "walk", "equal eigenvalues, any workflow that keeps sums", "d numbers", "fixed",
        lambda model, s: s.equal and not s.workflow.needs_rows,
        _walk_fixed_ridge,
    ),
    Sampler(
        "least-squares walk", "walk", "least squares on the newest batch alone", "3 numbers", "fresh",
        lambda model, s: s.least_squares and s.workflow.newest_alone,
        _walk_ols,
    ),
    Sampler(
        "ridge walk", "walk", "equal eigenvalues, the newest batch alone", "3 k numbers; minimum norm 8", "fresh",
        lambda model, s: s.equal and s.workflow.newest_alone,
        _walk_ridge,
    ),
    Sampler(
        "krylov", "krylov", "the newest batch alone", "k d numbers, k^2 d flops", "fresh",
        _short,
        _with_room,
    ),
    Sampler(
        "krylov or bartlett", "exact", "the newest batch alone, k not known before compilation", "one of the two",
        "fresh",
        lambda model, s: s.workflow.newest_alone
        and not s.known
        and not is_traced(model.spectrum.eigenvalues)
        and model.spectrum.dim >= _LARGE,
        lambda model, s: keeping(model, steps=model.spectrum.dim // 2),
    ),
    Sampler(
        "bartlett", "bartlett", "any workflow that keeps sums", "d^2/2 numbers, k d^2 flops, d^3 if data is kept", None,
        lambda model, s: not s.workflow.needs_rows,
        lambda model, s: model,
    ),
    Sampler(
        "rows", "raw", "any workflow and any features", "n d numbers, n d^2 flops", None,
        lambda model, s: True,
        lambda model, s: model,
    ),
)  # fmt: skip
"""All samplers, all of which have the same law of the risk: the first one that serves a chain is used."""


def _serving(
    model: LinearRegression, workflow: Workflow, samples: Float[Array, " generations"]
) -> tuple[Sampler, Setting] | None:
    """The sampler of a chain."""
    setting = Setting.of(model, workflow, samples)
    for sampler in SAMPLERS:
        asked = sampler.sampling == model.sampling or (model.sampling == "exact" and sampler.sampling != "raw")
        if asked and sampler.design in (None, model.design) and sampler.serves(model, setting):
            return sampler, setting
    return None


def _refusal(model: LinearRegression) -> str:
    rows = [f"{s.words}{f' ({s.design} design)' if s.design else ''}" for s in SAMPLERS if s.sampling == model.sampling]
    return f"sampling={model.sampling!r} serves {'; '.join(rows)}: as far as known before compilation"


def _equal(eigenvalues: Float[Array, " dim"]) -> bool:
    """Whether all eigenvalues are known to be equal and positive."""
    return not is_traced(eigenvalues) and bool(np.ptp(np.asarray(eigenvalues)) == 0 and np.asarray(eigenvalues)[0] > 0)


def _kinds(penalty: Array, samples: Array, dim: int) -> tuple[RidgeFit, ...]:
    """The kinds of fits in a chain."""
    penalised, few = np.asarray(penalty) > 0, np.asarray(samples) < dim
    occur = penalised, ~penalised & ~few, ~penalised & few
    return tuple(fit for fit, where in zip(RIDGE_FITS, occur, strict=True) if np.any(where))


def _most_steps(model: LinearRegression, setting: Setting) -> int:
    """The steps of LSQR that a chain may need in any generation."""
    eigenvalues, samples, penalty = model.spectrum.eigenvalues, setting.samples, setting.penalty
    with jax.ensure_compile_time_eval():
        steps = jax.vmap(steps_needed, (None, 0, 0))(eigenvalues, *jnp.broadcast_arrays(samples, penalty))
        unpenalised = (penalty == 0) & (samples >= len(eigenvalues))
        return int(jnp.max(jnp.where(unpenalised, 1.0, steps)))
