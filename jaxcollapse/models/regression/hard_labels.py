"""Classification on hard labels: each classifier is fitted to the signs that its predecessor gave to fresh rows.

Protocol: ``x ~ N(0, I)``, ``y = sign(x'w)``, and the next ``w`` is the ridge estimate of ``y``; generation 1 has the
labels of the truth. A curator with a direction of its own may keep some of the rows that a classifier has labelled.

Reference: Dohmatob, Pezeshki and Askari-Hemmat 2025, arXiv:2511.03492, for the rules of curation.
"""

from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from jaxcollapse.arguments.check import check_count
from jaxcollapse.arguments.numbers import number
from jaxcollapse.arguments.types import Count
from jaxcollapse.chain.data import Samples
from jaxcollapse.chain.model import Model
from jaxcollapse.chain.prediction import ClosedForm, Forms, NotKnown
from jaxcollapse.chain.schedule import Scheduled, number_or_schedule, values
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.models.regression.linear_regression import LinearRegression
from jaxcollapse.population.spectrum import Spectrum
from jaxcollapse.random import split
from jaxcollapse.theory import regression
from jaxcollapse.theory.papers import DOHMATOB_CURATION_2025
from jaxcollapse.theory.regression.hard_labels import Cosines, check_curation


class HardLabels(Model):
    """A linear classifier of isotropic Gaussian rows, whose labels are the signs of another one.

    **Arguments**

    - `dim`: the number of features, at least 2.
    - `penalty`: ``lambda`` of the ridge estimate, per kept row, at least 0; a number or a schedule.
    - `oracle`: the cosine of the angle between the curator and the truth, in [-1, 1].
    - `keep`: which rows the curator keeps: ``"all"``, those that are ``"easy"`` for it, ``|x'w_o| >= threshold``, or
      those that are ``"hard"``, ``|x'w_o| <= threshold``, with ``w_o`` of length one.
    - `threshold`: at least 0; positive for hard rows.
    - `correct_only`: whether it keeps only rows whose label is its own.

    With the defaults of the last three nothing is curated. Labels of the truth never are. Sample sizes count rows
    before curation.

    **Metrics** `accuracy`: the probability that a new row is classified right, ``1 - arccos(cosine)/pi``; one half
    where the estimate is zero because no row was kept.

    **Raises** `ValueError` or `TypeError` for fewer than two features, a negative penalty or threshold, a cosine
    outside [-1, 1] and an unknown rule.

    **Exactness** Exact in law: rows are drawn.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> model = jc.HardLabels(20, penalty=0.1, oracle=0.9, correct_only=True)
    >>> run = jc.simulate(model, jc.Replace(), key=jax.random.key(0), samples=200, generations=20)
    >>> bool(run.accuracy[-1] > 0.75)
    True

    ```
    """

    dim: int = eqx.field(static=True)
    penalty: Scheduled
    oracle: Float[Array, ""]
    keep: Literal["all", "easy", "hard"] = eqx.field(static=True)
    threshold: Float[Array, ""]
    correct_only: bool = eqx.field(static=True)

    def __init__(
        self,
        dim: Count,
        *,
        penalty: Any,
        oracle: Any = 1.0,
        keep: Literal["all", "easy", "hard"] = "all",
        threshold: Any = 0.0,
        correct_only: bool = False,
    ):
        check_count("dim", dim, minimum=2)
        self.dim = int(dim)
        self.penalty = number_or_schedule(penalty, "penalty", 0.0)
        self.oracle = number(oracle, "oracle", -1.0, 1.0)
        self.threshold = number(threshold, "threshold", 0.0)
        check_curation(self.oracle, keep, self.threshold, correct_only)
        self.keep, self.correct_only = keep, bool(correct_only)

    @property
    def curates(self) -> bool:
        """Whether rows may be left out."""
        return self.keep != "all" or self.correct_only

    def truth(self) -> Float[Array, " dim"]:
        """The first axis."""
        return jnp.zeros(self.dim).at[0].set(1.0)

    @lenient()
    def real(self, key: Key[Array, ""], truth: Float[Array, " dim"], n: int) -> Samples:
        """Draw `n` rows that the truth has labelled, all of which are kept."""
        x = jax.random.normal(key, (n, self.dim), truth.dtype)
        return Samples((x, jnp.sign(x @ truth)))

    @lenient()
    def sample(self, key: Key[Array, ""], params: Float[Array, " dim"], n: int) -> Samples:
        """Draw `n` rows with their labels; those that the curator does not keep have weight zero."""
        key, _ = split(key)  # rows of their own, wherever real ones are drawn with the same key
        x, y = self.real(key, params, n).rows
        score = self.oracle * x[:, 0] + jnp.sqrt(jnp.maximum(1 - self.oracle**2, 0.0)) * x[:, 1]
        keep = jnp.abs(score) <= self.threshold if self.keep == "hard" else jnp.abs(score) >= self.threshold
        keep = keep if self.keep != "all" else jnp.ones_like(keep)
        keep = keep & (score * y > 0) if self.correct_only else keep
        return Samples((x, y), keep.astype(x.dtype))

    def fit(self, data: Samples, **context) -> Float[Array, " dim"]:
        """The ridge estimate of the labels of the rows that are kept."""
        spectrum = Spectrum.isotropic(self.dim)
        return LinearRegression(spectrum, noise=0.0, penalty=self.penalty, sampling="raw").fit(data)

    def metrics(self, params: Float[Array, " dim"], **context) -> dict[str, Float[Array, ""]]:
        """The accuracy on new rows."""
        square = jnp.sum(params**2)
        cosine = jnp.where(square > 0, params[0] / jnp.sqrt(jnp.where(square > 0, square, 1.0)), 0.0)
        return {"accuracy": Cosines(cosine, cosine).accuracy}

    @lenient()
    def predict(self, workflow: Workflow, samples: Float[Array, " generations"], generations: int) -> Forms:
        """For the newest labels alone."""
        if not workflow.newest_alone:
            return {"accuracy": NotKnown("it is for the newest labels alone", "Replace")}
        sizes = {"dim": self.dim, "samples": samples, "penalty": values(self.penalty, generations)}
        if not self.curates:
            curve = regression.hard_labels_replace(**sizes, generations=generations)
            return {"accuracy": ClosedForm(curve, regression.hard_labels_replace, "asymptotic", order="1/d")}
        rule = {name: getattr(self, name) for name in ("oracle", "keep", "threshold", "correct_only")}
        curve = regression.curated_labels_replace(**sizes, **rule, generations=generations).accuracy
        paper = {"order": "1/d", "reference": DOHMATOB_CURATION_2025}
        return {"accuracy": ClosedForm(curve, regression.curated_labels_replace, "asymptotic", **paper)}
