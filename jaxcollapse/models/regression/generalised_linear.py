"""Generalised linear models: maximum likelihood where the fit has no closed form.

Protocol: rows ``x ~ N(0, Sigma)`` unless other features are given, labels from the model with coefficients ``w``, and
``w`` re-estimated at every generation as ``argmin_w -log likelihood(w) / n + penalty |w|^2 / 2``, by Newton's method.
``Sigma`` is diagonal without loss of generality: everything is written in its eigenbasis. An intercept is one more
coefficient, the first, that has no penalty.

Reference: McCullagh and Nelder 1989, Generalized Linear Models; Dey and Donoho 2024, arXiv:2410.22812.
"""

import abc
from collections.abc import Callable
from typing import Any, Literal

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Key, Scalar

from jaxcollapse.arguments.check import check_at_most, check_choice, check_made, check_shape, is_traced
from jaxcollapse.arguments.names import shown
from jaxcollapse.arguments.numbers import number
from jaxcollapse.chain.data import Samples, Statistic
from jaxcollapse.chain.model import Model
from jaxcollapse.chain.prediction import Forms, NotKnown
from jaxcollapse.chain.schedule import Scheduled, number_or_schedule, single
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.models.inflated import inflated
from jaxcollapse.models.regression.newton import Rows, newton
from jaxcollapse.population.features import Table
from jaxcollapse.population.spectrum import Spectrum, check_spectrum
from jaxcollapse.random import normal, split
from jaxcollapse.random.counts import LARGEST_COUNT
from jaxcollapse.theory import regression

Features = Callable[[Key[Array, ""], int], Float[Array, "n dim"]]


class TableSums(Statistic):
    """What a fit to rows of a table needs: how often each was drawn, and the sum of its labels."""

    counts: Float[Array, " rows"]
    totals: Float[Array, " rows"]


class GeneralisedLinear(Model):
    """A regression whose label depends on ``x'w``, or with an intercept ``b + x'w``, through one natural parameter.

    A member defines its labels, the log partition function ``A(x'w)``, its first two derivatives (mean and variance of
    a label), and the Fisher information of one row. It is fitted to rows with their weights, whatever the workflow.
    """

    spectrum: eqx.AbstractVar[Spectrum]
    penalty: eqx.AbstractVar[Scheduled]
    features: eqx.AbstractVar[Features | None]
    design: eqx.AbstractVar[Literal["fresh", "fixed"]]
    sampling: eqx.AbstractVar[Literal["exact", "raw"]]
    intercept: eqx.AbstractVar[Float[Array, ""] | None]

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

    def _information(self, law: Callable[..., Array]) -> Float[Array, "dim dim"]:
        """That of a law of labels, for the rows of this model."""
        if self.table is not None:
            return law(self.population, rows=self.table)
        return law(self.spectrum, intercept=self.intercept)

    @property
    def draws_sums(self) -> bool:
        return self.sampling == "exact"

    @property
    def table(self) -> Float[Array, "rows dim"] | None:
        """The table from which rows are drawn, if they are; with a column of ones before it for an intercept."""
        return self.with_ones(self.features.rows) if isinstance(self.features, Table) else None

    @property
    def population(self) -> Spectrum:
        """The true coefficients, that of the ones first, with the second moments of their columns."""
        if self.intercept is None:
            return self.spectrum
        signal, values = self.spectrum.signal, self.spectrum.eigenvalues
        first = jnp.asarray([self.intercept], signal.dtype)
        return Spectrum(jnp.append(jnp.ones(1, values.dtype), values), jnp.append(first, signal))

    @lenient()
    def with_ones(self, x: Float[Array, "n dim"]) -> Float[Array, "n coefficients"]:
        """The rows, with a one before each where there is an intercept."""
        return x if self.intercept is None else jnp.concatenate([jnp.ones((len(x), 1), x.dtype), x], axis=1)

    @lenient()
    def truth(self) -> Float[Array, " coefficients"]:
        """The intercept, if there is one, and the true coefficients in the eigenbasis of the covariance."""
        return self.population.signal

    def metrics(self, params: Float[Array, " dim"], **context) -> dict[str, Float[Array, ""]]:
        """The squared error of the coefficients; for Gaussian rows and those of a table also the risk."""
        error = params - self.truth()
        measured = {"squared_error": jnp.sum(error**2)}
        if self.features is None or self.table is not None:
            measured["risk"] = error @ self.information() @ error
        return measured

    def check(self, workflow: Workflow, samples: Float[Array, " generations"]) -> None:
        """A fixed design has every row equally often, and counts are within the limit of their sampler."""
        if self.draws_sums:
            check_at_most("samples", workflow.all_sizes(samples), LARGEST_COUNT)
        sizes = workflow.all_sizes(samples)
        if self.design == "fixed" and self.table is not None and not is_traced(sizes):
            sizes = np.asarray(sizes)
            uneven = sizes % len(self.table) != 0
            if uneven.any():
                raise ValueError(
                    f"samples must be multiples of the {len(self.table)} rows of the table for a fixed design, got "
                    f"{sizes[uneven][0]:g}"
                )

    @lenient()
    def sample(self, key: Key[Array, ""], params: Float[Array, " dim"], n: Scalar | int) -> TableSums | Samples:
        """Draw `n` rows with their labels (raw), or the sums over the copies of every row of the table (exact)."""
        if self.table is not None and self.draws_sums:
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
        predictor = self.with_ones(x) @ params
        return Samples((x, jnp.where(jnp.isnan(predictor), jnp.nan, self.labels(label_key, predictor))))

    def fit(self, data: TableSums | Samples, **context) -> Float[Array, " dim"]:
        """The estimate of maximum likelihood, minus the penalty; NaN where Newton's method reaches none."""
        if isinstance(data, Samples):
            (x, y), weights = data.rows, data.weights
            x = self.with_ones(x)
        else:
            assert self.table is not None
            x, weights = self.table, data.counts
            y = data.totals / jnp.where(weights > 0, weights, 1.0)
        present, dtype = weights > 0, x.dtype
        # What is not there may be anything, also infinite.
        x, y = jnp.where(present[:, None], x, 0.0), jnp.where(present, y, 0.0).astype(dtype)
        penalised = jnp.arange(x.shape[1]) >= (0 if self.intercept is None else 1)
        ridge = jnp.where(penalised, self.penalty * weights.sum(), 0.0).astype(dtype)
        rows = Rows(x, y, weights.astype(dtype), present, ridge)
        previous = context.get("previous")
        return newton(self, rows, jnp.zeros(x.shape[1], dtype) if previous is None else previous.astype(dtype))


@lenient()
def first_order(model: GeneralisedLinear, workflow: Workflow, samples: Float[Array, " generations"]) -> Forms:
    """The errors of maximum likelihood without a penalty: those of the first fit, inflated by the workflow."""
    penalty = single(model.penalty)
    if penalty is None or is_traced(penalty) or np.asarray(penalty) != 0:
        return {"": NotKnown("it is for maximum likelihood", "penalty=0: theory.regression.maximum_likelihood_error")}
    if model.features is not None and model.table is None:
        return {"": NotKnown("the information of these features is not known", "features=None, or a Table")}
    error = regression.maximum_likelihood_error(model.information(), samples=samples[0])
    known: Forms = {
        "squared_error": inflated(error, workflow, samples),
        "risk": inflated(model.population.dim / samples[0], workflow, samples),
    }
    return {**known, "": NotKnown("it is no quadratic function of the error", "risk")}


def population(spectrum: Any, penalty: Any, intercept: Any) -> tuple[Spectrum, Scheduled, Float[Array, ""] | None]:
    """The population, the penalty and the true intercept, checked."""
    check_spectrum(spectrum)
    if isinstance(intercept, bool):
        raise TypeError(f"intercept must be the true one, a number, or None, got {intercept}: write intercept=0.0")
    true = None if intercept is None else number(intercept, "intercept", -float("inf"))
    return spectrum, number_or_schedule(penalty, "penalty", 0.0), true


def rows_of(
    spectrum: Spectrum, features: Features | None, design: Any, sampling: Any
) -> tuple[Features | None, Literal["fresh", "fixed"], Literal["exact", "raw"]]:
    """The rows, checked, and how they are drawn."""
    check_made("features", features)
    if features is not None and not callable(features):
        raise TypeError(f"features must be a function of a key and a number of rows, got {shown(features)}")
    table = isinstance(features, Table)
    if isinstance(features, Table) and features.rows.shape[1] != spectrum.dim:
        raise ValueError(f"features must have {spectrum.dim} columns, as the spectrum, got {features.rows.shape[1]}")
    check_choice("design", design, ("fresh", "fixed"))
    check_choice("sampling", sampling, ("exact", "raw"))
    if design == "fixed" and not (table and sampling == "exact"):
        raise ValueError('design="fixed" needs the rows of a jaxcollapse.features.Table and sampling="exact"')
    return features, design, "exact" if table and sampling == "exact" else "raw"
