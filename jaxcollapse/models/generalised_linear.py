"""Logistic and Poisson regression: maximum likelihood where the fit has no closed form.

Protocol: rows ``x ~ N(0, Sigma)`` unless other features are given, labels from the model with coefficients ``w``, and
``w`` re-estimated at every generation as ``argmin_w -log likelihood(w) / n + penalty |w|^2 / 2``, by Newton's method.
``Sigma`` is diagonal without loss of generality: everything is written in its eigenbasis.

Reference: McCullagh and Nelder 1989, Generalized Linear Models; Dey and Donoho 2024, arXiv:2410.22812.
"""

import abc
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Key, Scalar

from jaxcollapse._check import check_choice, check_shape, is_traced
from jaxcollapse.data import Samples, Statistic
from jaxcollapse.features import Table
from jaxcollapse.model import Model
from jaxcollapse.models.linear_regression import ridge_solution
from jaxcollapse.random import normal, split
from jaxcollapse.random.lanes import alongside, while_loop
from jaxcollapse.schedule import Scheduled, number_or_schedule
from jaxcollapse.theory import generalised_linear
from jaxcollapse.theory.spectrum import Spectrum, check_spectrum

Features = Callable[[Key[Array, ""], int], Float[Array, "n dim"]]
_STEPS = 40  # by then a likelihood without a maximum is flat to rounding


class TableSums(Statistic):
    """What a fit to rows of a table needs: how often each was drawn, and the sum of its labels."""

    counts: Float[Array, " rows"]
    totals: Float[Array, " rows"]


class GeneralisedLinear(Model):
    """A regression whose label depends on ``x'w`` through one natural parameter.

    A member defines its labels, the log partition function ``A(x'w)``, its first two derivatives (mean and variance of
    a label), and the Fisher information of one row. It is fitted to rows with their weights, whatever the workflow.
    """

    spectrum: eqx.AbstractVar[Spectrum]
    penalty: eqx.AbstractVar[Scheduled]
    features: eqx.AbstractVar[Features | None]
    design: eqx.AbstractVar[Literal["fresh", "fixed"]]
    sampling: eqx.AbstractVar[Literal["exact", "raw"]]

    @abc.abstractmethod
    def labels(self, key: Key[Array, ""], predictor: Float[Array, " n"]) -> Float[Array, " n"]:
        """Draw the label of every row, given ``x'w``."""

    @abc.abstractmethod
    def sums(self, key: Key[Array, ""], predictor: Float[Array, " rows"], n: Scalar) -> TableSums:
        """Draw `n` rows of a table with their labels, given ``x'w`` of each: how often it occurs, and their sum."""

    @abc.abstractmethod
    def totals(
        self, key: Key[Array, ""], predictor: Float[Array, " rows"], counts: Float[Array, " rows"]
    ) -> Float[Array, " rows"]:
        """Draw the sum of the labels of as many copies of every row as it counts."""

    @abc.abstractmethod
    def log_partition(self, predictor: Float[Array, " n"]) -> Float[Array, " n"]:
        """``A``: the log likelihood of a label ``y`` is ``y x'w - A(x'w)`` and terms without ``w``."""

    @abc.abstractmethod
    def moments(self, predictor: Float[Array, " n"]) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
        """Mean and variance of a label, the derivatives of ``A``."""

    @abc.abstractmethod
    def unbounded(
        self, predictor: Float[Array, " n"], y: Float[Array, " n"], present: Bool[Array, " n"]
    ) -> Bool[Array, ""]:
        """Whether longer coefficients of this direction fit better and better: then there is no estimate."""

    @abc.abstractmethod
    def information(self) -> Float[Array, "dim dim"]:
        """The Fisher information of one row at the truth."""

    @property
    def exact(self) -> bool:
        """Whether `sample` takes a traced `n`: when it counts the rows of a table."""
        return self.sampling == "exact"

    @property
    def table(self) -> Float[Array, "rows dim"] | None:
        """The table from which rows are drawn, if they are."""
        return self.features.rows if isinstance(self.features, Table) else None

    def truth(self) -> Float[Array, " dim"]:
        """The true coefficients in the eigenbasis of the covariance."""
        return self.spectrum.signal

    def metrics(self, params: Float[Array, " dim"]) -> dict[str, Float[Array, ""]]:
        """The squared error of the coefficients; for Gaussian rows and those of a table also the risk."""
        error = params - self.spectrum.signal
        measured = {"squared_error": jnp.sum(error**2)}
        if self.features is None or self.table is not None:
            measured["risk"] = error @ self.information() @ error
        return measured

    def prepare(self, key: Key[Array, ""], samples: Float[Array, " batches"]) -> "GeneralisedLinear":
        """The model itself, if a fixed design can have these sizes: every row equally often."""
        if self.design == "fixed" and self.table is not None and not is_traced(samples):
            uneven = np.asarray(samples) % len(self.table) != 0
            if uneven.any():
                raise ValueError(
                    f"samples must be multiples of the {len(self.table)} rows of the table for a fixed design, got "
                    f"{np.asarray(samples)[uneven][0]:g}"
                )
        return self

    def sample(self, key: Key[Array, ""], params: Float[Array, " dim"], n: Scalar | int) -> TableSums | Samples:
        """Draw `n` rows with their labels (raw), or the sums over the copies of every row of the table (exact)."""
        if self.table is not None and self.exact:
            predictor, n = self.table @ params, jnp.asarray(n, self.table.dtype)
            known = jnp.where(jnp.isnan(predictor), 0.0, predictor)
            if self.design == "fixed":
                copies = jnp.round(n / len(known))
                counts = jnp.full_like(known, jnp.where(copies * len(known) == n, copies, jnp.nan))
                sums = TableSums(counts, self.totals(key, known, jnp.nan_to_num(counts)))
            else:
                sums = self.sums(key, known, n)
            return TableSums(sums.counts, jnp.where(jnp.isnan(predictor), jnp.nan, sums.totals))
        n, (row_key, label_key) = int(n), split(key)
        if self.features is None:
            z = normal(row_key, (n, self.spectrum.dim), self.spectrum.signal.dtype)
            x = jnp.sqrt(self.spectrum.eigenvalues) * z
        else:
            x = self.features(row_key, n)
            check_shape("features(key, n)", x, (n, self.spectrum.dim))
        predictor = x @ params
        return Samples((x, jnp.where(jnp.isnan(predictor), jnp.nan, self.labels(label_key, predictor))))

    def fit(self, data: TableSums | Samples, **context) -> Float[Array, " dim"]:
        """The estimate of maximum likelihood, minus the penalty; NaN where Newton's method reaches none."""
        if isinstance(data, Samples):
            (x, y), weights = data.rows, data.weights
        else:
            assert self.table is not None
            x, weights = self.table, data.counts
            y = data.totals / jnp.where(weights > 0, weights, 1.0)
        present, dtype = weights > 0, x.dtype
        # What is not there may be anything, also infinite.
        x, y = jnp.where(present[:, None], x, 0.0), jnp.where(present, y, 0.0).astype(dtype)
        ridge = (self.penalty * weights.sum()).astype(dtype)
        rows = _Rows(x, y, weights.astype(dtype), present, ridge)
        previous = context.get("previous")
        return _newton(self, rows, jnp.zeros(x.shape[1], dtype) if previous is None else previous.astype(dtype))


class LogisticRegression(GeneralisedLinear):
    """Logistic regression: a label is 1 with probability ``1 / (1 + exp(-x'w))`` and 0 otherwise.

    **Arguments**

    - `spectrum`: a `jaxcollapse.theory.Spectrum`: the eigenvalues of the covariance of ``x``, shape ``(dim,)``, and
      the true coefficients in its eigenbasis.
    - `penalty`: ``lambda`` per sample in ``-log likelihood / n + lambda |w|^2 / 2``, at least 0; a number or a
      schedule.
    - `features`: how a row ``x`` is drawn, if not from ``N(0, Sigma)``: a function of a key and of ``n`` that gives an
      array of shape ``(n, dim)``; see `jaxcollapse.features`, whose `Table` draws the rows of a real table, with or
      without a column of ones for an intercept.
    - `design`: ``"fresh"`` draws rows anew at every generation. ``"fixed"``, for a `Table`, takes every row of it
      equally often: only labels are random, and sizes are multiples of the number of rows.
    - `sampling`: ``"exact"`` draws, for rows of a `Table`, how often each occurs and the sum of its labels: the cost
      is that of the table, whatever the number of samples. ``"raw"`` draws rows, as is done for all others.

    **Metrics** `squared_error` ``|w - w0|^2``. For Gaussian rows and those of a `Table` also `risk`, the squared error
    in the metric of the Fisher information at the truth, ``(w - w0)'I(w - w0)``, which is twice the mean
    Kullback-Leibler divergence to leading order; and `accuracy`, the probability that the sign of ``x'w`` tells the
    label of a new row, drawn with the true coefficients.

    **Raises** `ValueError` or `TypeError` for a negative penalty, another spectrum, design or sampling, features of
    another kind, and sizes that a fixed design cannot have.

    **Exactness** Both samplings are exact in law. Newton's method solves for the fit to rounding. Without a penalty
    there is none if a hyperplane separates the labels (always with fewer rows than coefficients): the fit is NaN, and
    so is every later generation.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> model = jc.LogisticRegression(jc.theory.Spectrum.isotropic(3, norm=1.5))
    >>> run = jc.simulate(model, jc.Accumulate(), key=jax.random.key(0), samples=300, generations=4)
    >>> run.risk.shape, bool((run.accuracy > 0.6).all())
    ((4,), True)

    ```
    """

    spectrum: Spectrum
    penalty: Scheduled
    features: Features | None
    design: Literal["fresh", "fixed"] = eqx.field(static=True)
    sampling: Literal["exact", "raw"] = eqx.field(static=True)

    def __init__(
        self,
        spectrum: Spectrum,
        *,
        penalty: Any = 0.0,
        features: Features | None = None,
        design: Literal["fresh", "fixed"] = "fresh",
        sampling: Literal["exact", "raw"] = "exact",
    ):
        """Takes the population, the penalty and the way of drawing rows."""
        self.spectrum, self.penalty = _population(spectrum, penalty)
        self.features, self.design, self.sampling = _rows(spectrum, features, design, sampling)

    def labels(self, key, predictor):
        """Zeros and ones."""
        return jax.random.bernoulli(key, jax.nn.sigmoid(predictor)).astype(predictor.dtype)

    def sums(self, key, predictor, n):
        """A multinomial variate: every row occurs with one label and with the other."""
        cells = jnp.stack([jax.nn.sigmoid(-predictor), jax.nn.sigmoid(predictor)], axis=1) / len(predictor)
        zeros, ones = jax.random.multinomial(key, n, cells.ravel(), dtype=cells.dtype).reshape(cells.shape).T
        return TableSums(zeros + ones, ones)

    def totals(self, key, predictor, counts):
        """Binomial variates."""
        return jax.random.binomial(key, counts, jax.nn.sigmoid(predictor), dtype=predictor.dtype)

    def log_partition(self, predictor):
        """``log(1 + exp(x'w))``."""
        return jax.nn.softplus(predictor)

    def moments(self, predictor):
        """``p`` and ``p (1 - p)``."""
        p = jax.nn.sigmoid(predictor)
        return p, p * jax.nn.sigmoid(-predictor)

    def unbounded(self, predictor, y, present):
        """Whether every label is on its side of the hyperplane."""
        return jnp.all(jnp.where(present, ((y == 1) & (predictor > 0)) | ((y == 0) & (predictor < 0)), True))

    def information(self):
        """That of `jaxcollapse.theory.generalised_linear`."""
        return generalised_linear.logistic_information(self.spectrum, rows=self.table)

    def metrics(self, params: Float[Array, " dim"]) -> dict[str, Float[Array, ""]]:
        """The errors of the coefficients, and the accuracy of the classifier."""
        measured = GeneralisedLinear.metrics(self, params)
        if self.features is None or self.table is not None:
            measured["accuracy"] = generalised_linear.logistic_accuracy(self.spectrum, params, rows=self.table)
        return measured


class PoissonRegression(GeneralisedLinear):
    """Poisson regression: a label is a count with mean ``exp(x'w)``.

    **Arguments** As for `LogisticRegression`.

    **Metrics** `squared_error` ``|w - w0|^2``, and for Gaussian rows and those of a `Table` `risk`, the squared error
    in the metric of the Fisher information at the truth.

    **Raises** As `LogisticRegression`.

    **Exactness** Both samplings are exact in law. Newton's method solves for the fit to rounding. Without a penalty
    there is none where a direction makes zeros ever more likely and changes nothing else: with fewer rows than
    coefficients, or all counts zero on one side of a hyperplane. The fit is NaN then, and so is every later generation;
    and also where the mean of a count, or of the sum over one row of a table, is above ``2^30``: counts are 32-bit
    integers.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> model = jc.PoissonRegression(jc.theory.Spectrum.isotropic(3, norm=0.5))
    >>> jc.simulate(model, jc.Accumulate(), key=jax.random.key(0), samples=100, generations=4).risk.shape
    (4,)

    ```
    """

    spectrum: Spectrum
    penalty: Scheduled
    features: Features | None
    design: Literal["fresh", "fixed"] = eqx.field(static=True)
    sampling: Literal["exact", "raw"] = eqx.field(static=True)

    def __init__(
        self,
        spectrum: Spectrum,
        *,
        penalty: Any = 0.0,
        features: Features | None = None,
        design: Literal["fresh", "fixed"] = "fresh",
        sampling: Literal["exact", "raw"] = "exact",
    ):
        """Takes the population, the penalty and the way of drawing rows."""
        self.spectrum, self.penalty = _population(spectrum, penalty)
        self.features, self.design, self.sampling = _rows(spectrum, features, design, sampling)

    def labels(self, key, predictor):
        """Counts; NaN where they may not fit into an integer."""
        return _counts(key, jnp.exp(predictor))

    def sums(self, key, predictor, n):
        """A multinomial variate, and Poisson variates: sums of counts are counts."""
        row_key, label_key = split(key)
        share = jnp.full_like(predictor, 1 / len(predictor))
        copies = jax.random.multinomial(row_key, n, share, dtype=share.dtype)
        return TableSums(copies, self.totals(label_key, predictor, copies))

    def totals(self, key, predictor, counts):
        """Sums of counts are counts."""
        return _counts(key, counts * jnp.exp(predictor))

    def log_partition(self, predictor):
        """``exp(x'w)``."""
        return jnp.exp(predictor)

    def moments(self, predictor):
        """Both are ``exp(x'w)``."""
        mean = jnp.exp(predictor)
        return mean, mean

    def unbounded(self, predictor, y, present):
        """Whether all counts are zero, on one side of a hyperplane."""
        return jnp.all(jnp.where(present, (y == 0) & (predictor < 0), True))

    def information(self):
        """That of `jaxcollapse.theory.generalised_linear`."""
        return generalised_linear.poisson_information(self.spectrum, rows=self.table)


def _counts(key: Key[Array, ""], mean: Float[Array, " n"]) -> Float[Array, " n"]:
    countable = mean < 2.0**30
    counts = jax.random.poisson(key, jnp.where(countable, mean, 0.0))
    return jnp.where(countable, counts.astype(mean.dtype), jnp.nan)


def _population(spectrum: Any, penalty: Any) -> tuple[Spectrum, Scheduled]:
    check_spectrum(spectrum)
    return spectrum, number_or_schedule(penalty, "penalty", 0.0)


def _rows(
    spectrum: Spectrum, features: Features | None, design: Any, sampling: Any
) -> tuple[Features | None, Literal["fresh", "fixed"], Literal["exact", "raw"]]:
    if features is not None and not callable(features):
        raise TypeError(f"features must be a function of a key and a number of rows, got {features!r}")
    table = isinstance(features, Table)
    if isinstance(features, Table) and features.rows.shape[1] != spectrum.dim:
        raise ValueError(f"features must have {spectrum.dim} columns, as the spectrum, got {features.rows.shape[1]}")
    check_choice("design", design, ("fresh", "fixed"))
    check_choice("sampling", sampling, ("exact", "raw"))
    if design == "fixed" and not (table and sampling == "exact"):
        raise ValueError('design="fixed" needs the rows of a jaxcollapse.features.Table and sampling="exact"')
    return features, design, "exact" if table and sampling == "exact" else "raw"


class _Rows(NamedTuple):
    """What a fit sees."""

    x: Float[Array, "n dim"]
    y: Float[Array, " n"]
    weights: Float[Array, " n"]
    present: Bool[Array, " n"]
    ridge: Scalar
    """The penalty times the total weight."""


class _Search(NamedTuple):
    """Where Newton's method is."""

    reached: Float[Array, " dim"]
    """The best coefficients so far."""
    loss: Float[Array, ""]
    """Theirs."""
    trial: Float[Array, " dim"]
    """Where to look next."""
    steps: Scalar
    """How many were taken; all of them where no more help."""
    done: Bool[Array, ""]
    """Whether the step to the trial is so short that it is the solution, to rounding."""


def _newton(model: GeneralisedLinear, rows: _Rows, start: Float[Array, " dim"]) -> Float[Array, " dim"]:
    """The minimiser of ``sum_i weights_i (A(x_i'w) - y_i x_i'w) + ridge |w|^2 / 2``; NaN if there is none.

    A start that is worse than zero is not used. A step that does not help is halved. The last one is of relative size
    ``sqrt(eps)``, and steps square.
    """
    x, y, weights, present, ridge = rows
    spread = jnp.sqrt(jnp.sum(weights[:, None] * x**2, axis=0) / jnp.sum(weights))
    close = jnp.sqrt(jnp.finfo(x.dtype).eps)

    def step(search: _Search) -> _Search:
        trial = search.trial
        predictor = x @ trial
        penalty = 0.5 * ridge * jnp.sum(trial**2)
        loss = jnp.sum(weights * (model.log_partition(predictor) - y * predictor)) + penalty
        slack = 100 * jnp.finfo(x.dtype).eps * jnp.abs(loss)  # rounding is no reason to halve
        mean, variance = model.moments(predictor)
        gradient = x.T @ (weights * (y - mean)) - ridge * trial
        step = ridge_solution(x.T @ ((weights * variance)[:, None] * x), gradient, ridge, True)
        helps = (loss <= search.loss + slack) & jnp.all(jnp.isfinite(step))
        closer = jnp.where(search.steps == 0, search.reached, 0.5 * (search.reached + trial))
        nowhere = jnp.all(trial == search.reached)
        lost = jnp.where(helps, (ridge == 0) & model.unbounded(predictor, y, present), nowhere)
        after = _Search(
            reached=jnp.where(helps, trial, search.reached),
            loss=jnp.where(helps, loss, search.loss),
            trial=jnp.where(helps, trial + step, closer),
            steps=jnp.where(lost, _STEPS, search.steps + 1),
            done=helps & ~lost & (jnp.max(spread * jnp.abs(step)) < close),
        )
        return jax.tree.map(lambda new, old: jnp.where(_searches(search), new, old), after, search)

    zero = jnp.zeros(x.shape[1], x.dtype)
    known = jnp.all(jnp.isfinite(y)) & ((ridge > 0) | (jnp.sum(present) >= x.shape[1]))
    start = jnp.where(jnp.all(jnp.isfinite(start)), start, zero)
    loss = jnp.sum(weights) * model.log_partition(zero[:1])[0]
    steps = jnp.where(known, 0, _STEPS)
    first = alongside(_Search(zero, loss, start, steps, jnp.asarray(False)), (x, y, weights))
    found = while_loop(_searches, step, first)
    return jnp.where(found.done, found.trial, jnp.nan)


def _searches(search: _Search) -> Bool[Array, ""]:
    return ~search.done & (search.steps < _STEPS)
