"""Logistic regression: labels are zeros and ones."""

from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.chain.prediction import Forms
from jaxcollapse.chain.schedule import Scheduled
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.models.regression.generalised_linear import (
    Features,
    GeneralisedLinear,
    TableSums,
    first_order,
    population,
    rows_of,
)
from jaxcollapse.population.spectrum import Spectrum
from jaxcollapse.random import bernoulli, binomial, multinomial
from jaxcollapse.theory import regression


class LogisticRegression(GeneralisedLinear):
    """Logistic regression: a label is 1 with probability ``1 / (1 + exp(-x'w))`` and 0 otherwise.

    **Arguments**

    - `spectrum`: a `jaxcollapse.theory.Spectrum`: the eigenvalues of the covariance of ``x``, shape ``(dim,)``, and
      the true coefficients in its eigenbasis.
    - `penalty`: ``lambda`` per sample in ``-log likelihood / n + lambda |w|^2 / 2``, at least 0; a number or a
      schedule.
    - `features`: how a row ``x`` is drawn, if not from ``N(0, Sigma)``: a function of a key and of ``n`` that gives an
      array of shape ``(n, dim)``; see `jaxcollapse.features`, whose `Table` draws the rows of a real table.
    - `design`: ``"fresh"`` draws rows anew at every generation. ``"fixed"``, for a `Table`, takes every row of it
      equally often: only labels are random, and sizes are multiples of the number of rows.
    - `sampling`: ``"exact"`` draws, for rows of a `Table`, how often each occurs and the sum of its labels: the cost
      is that of the table, whatever the number of samples. ``"raw"`` draws rows, as is done for all others.
    - `intercept`: the true intercept ``b`` of ``b + x'w``, a number. With it the parameters are ``(b, w)``, of shape
      ``(dim + 1,)``; the penalty is that of ``w`` alone. None, the default, is a model without one.

    **Metrics** `squared_error` ``|w - w0|^2``. For Gaussian rows and those of a `Table` also `risk`, the squared error
    in the metric of the Fisher information at the truth, ``(w - w0)'I(w - w0)``, which is twice the mean
    Kullback-Leibler divergence to leading order; and `accuracy`, the probability that the sign of ``x'w`` tells the
    label of a new row, drawn with the true coefficients (with an intercept, for rows of a `Table` alone).

    **Raises** `ValueError` or `TypeError` for a negative penalty, another spectrum, design or sampling, features of
    another kind, sizes that a fixed design cannot have, and sums over more than ``2^31`` rows.

    **Exactness** Both samplings are exact in law. Newton's method solves for the fit to rounding. Without a penalty
    there is none if a hyperplane separates the labels (always with fewer rows than coefficients), and with a penalty
    none for an intercept where all labels are alike: the fit is NaN, and so is every later generation.
    `Estimate.among_finite` has the mean of the other chains, and the share of these.

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
    intercept: Float[Array, ""] | None

    def __init__(
        self,
        spectrum: Spectrum,
        *,
        penalty: Any = 0.0,
        features: Features | None = None,
        design: Literal["fresh", "fixed"] = "fresh",
        sampling: Literal["exact", "raw"] = "exact",
        intercept: Any = None,
    ):
        self.spectrum, self.penalty, self.intercept = population(spectrum, penalty, intercept)
        self.features, self.design, self.sampling = rows_of(spectrum, features, design, sampling)

    def labels(self, key, predictor):
        """Zeros and ones."""
        return bernoulli(key, jax.nn.sigmoid(predictor)).astype(predictor.dtype)

    def sums(self, key, predictor, n):
        """A multinomial variate: every row occurs with one label and with the other."""
        cells = jnp.stack([jax.nn.sigmoid(-predictor), jax.nn.sigmoid(predictor)], axis=1) / len(predictor)
        zeros, ones = multinomial(key, n, cells.ravel()).reshape(cells.shape).T
        return TableSums(zeros + ones, ones)

    def totals(self, key, predictor, counts):
        """Binomial variates."""
        return binomial(key, counts, jax.nn.sigmoid(predictor))

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
        """That of `jaxcollapse.theory.regression.logistic_information`."""
        return self._information(regression.logistic_information)

    def metrics(self, params: Float[Array, " dim"], **context) -> dict[str, Float[Array, ""]]:
        """The errors of the coefficients, and the accuracy of the classifier."""
        measured = GeneralisedLinear.metrics(self, params)
        if self.table is not None or (self.features is None and self.intercept is None):
            measured["accuracy"] = regression.logistic_accuracy(self.population, params, rows=self.table)
        return measured

    def predict(self, workflow: Workflow, samples: Float[Array, " generations"], generations: int) -> Forms:
        """To first order, without a penalty."""
        return first_order(self, workflow, samples)
