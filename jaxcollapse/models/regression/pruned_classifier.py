"""Classification trained on synthetic labels that a verifier has checked.

Protocol: a row is ``x = a mu + z`` with a class ``a = +-1`` of equal probabilities and ``z ~ N(0, C)``; ``C`` is
diagonal without loss of generality. The classifier is the sign of ``x'w``, where ``w`` is the ridge estimate of the
labels. Real rows are labelled by their class. Of the synthetic ones some labels are wrong, and a verifier, which sees
whether they are, keeps some of either kind.

Reference: Feng et al. 2024, arXiv:2406.07515; El Firdoussi et al. 2024, arXiv:2410.08942.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jax.scipy.special import ndtr
from jaxtyping import Array, Float, Key

from jaxcollapse.chain.data import Samples
from jaxcollapse.chain.model import Model
from jaxcollapse.chain.prediction import ClosedForm, Forms, NotKnown
from jaxcollapse.chain.schedule import Scheduled, number_or_schedule, values
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.models.regression.linear_regression import LinearRegression
from jaxcollapse.population.spectrum import Spectrum, check_spectrum
from jaxcollapse.random import split
from jaxcollapse.theory import regression


class PrunedClassifier(Model):
    """A ridge classifier of two Gaussian classes, and a verifier of its synthetic training labels.

    **Arguments**

    - `spectrum`: a `jaxcollapse.theory.Spectrum`: the eigenvalues of the covariance ``C`` within a class, and the class
      mean ``mu`` as its signal.
    - `penalty`: ``gamma`` of the ridge estimate, per kept row, at least 0; a number or a schedule.
    - `error_rate`: the share of wrong synthetic labels, in [0, 1], a number or a schedule: the generator is any that
      errs so often, whatever the row. None for labels from the classifier of the generation before: the sign of its
      ``x'w``.
    - `keep_right`, `keep_wrong`: the probabilities that the verifier keeps a synthetic row with a right and with a
      wrong label, in [0, 1]; numbers or schedules. Both one, the default, is no verifier; one and zero an oracle.

    ``Mix("fresh", real_samples=n)`` adds ``n`` real rows to the verified synthetic ones from generation 2 on.
    Batch 1 is real under every workflow, and is not verified. Sample sizes count rows before verification.

    **Metrics** `accuracy`: the probability that a new row is classified right, ``Phi(mu'w / sqrt(w'Cw))``; one half
    where the estimate is zero because no row was kept.

    **Raises** `ValueError` or `TypeError` for a penalty below zero and probabilities outside [0, 1].

    **Exactness** Exact in law: rows are drawn.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> mixture = jc.theory.Spectrum.isotropic(20, norm=2.0)
    >>> model = jc.PrunedClassifier(mixture, penalty=0.1, error_rate=0.3, keep_wrong=0.1)
    >>> run = jc.simulate(model, jc.Mix("fresh"), key=jax.random.key(0), samples=200, generations=2)
    >>> bool((run.accuracy > 0.8).all())
    True

    ```
    """

    spectrum: Spectrum
    penalty: Scheduled
    error_rate: Scheduled | None
    keep_right: Scheduled
    keep_wrong: Scheduled

    def __init__(
        self,
        spectrum: Spectrum,
        *,
        penalty: Any,
        error_rate: Any,
        keep_right: Any = 1.0,
        keep_wrong: Any = 1.0,
    ):
        check_spectrum(spectrum)
        self.spectrum = spectrum
        self.penalty = number_or_schedule(penalty, "penalty", 0.0)
        self.error_rate = None if error_rate is None else number_or_schedule(error_rate, "error_rate", 0.0, 1.0)
        self.keep_right = number_or_schedule(keep_right, "keep_right", 0.0, 1.0)
        self.keep_wrong = number_or_schedule(keep_wrong, "keep_wrong", 0.0, 1.0)

    def truth(self) -> Float[Array, " dim"]:
        """The best classifier, ``C^-1 mu``."""
        return self.spectrum.signal / self.spectrum.eigenvalues

    def metrics(self, params: Float[Array, " dim"], **context) -> dict[str, Float[Array, ""]]:
        """The accuracy on new rows."""
        variance = jnp.sum(self.spectrum.eigenvalues * params**2)
        some = variance > 0
        score = jnp.where(some, self.spectrum.signal @ params / jnp.sqrt(jnp.where(some, variance, 1.0)), 0.0)
        return {"accuracy": ndtr(score)}

    def real(self, key: Key[Array, ""], truth: Float[Array, " dim"], n: int) -> Samples:
        """Draw `n` rows with their classes as labels."""
        return Samples(self._rows(key, n))

    def sample(self, key: Key[Array, ""], params: Float[Array, " dim"], n: int) -> Samples:
        """Draw `n` rows with synthetic labels; those that the verifier does not keep have weight zero."""
        row_key, label_key, verifier_key = split(key, 3)
        x, a = self._rows(row_key, n)
        wrong = (
            a * (x @ params) < 0 if self.error_rate is None else jax.random.uniform(label_key, (n,)) < self.error_rate
        )
        keep = jax.random.uniform(verifier_key, (n,)) < jnp.where(wrong, self.keep_wrong, self.keep_right)
        return Samples((x, jnp.where(wrong, -a, a)), keep.astype(x.dtype))

    def fit(self, data: Samples, **context) -> Float[Array, " dim"]:
        """The ridge estimate of the labels of the rows that are kept."""
        return LinearRegression(self.spectrum, noise=0.0, penalty=self.penalty, sampling="raw").fit(data)

    @lenient()
    def predict(self, workflow: Workflow, samples: Float[Array, " generations"], generations: int) -> Forms:
        """For labels that err at a given rate, on new rows alone or beside fresh real ones."""
        rows = workflow.newest_alone or (workflow.mixes == "fresh" and workflow.counts_alike)
        if self.error_rate is None or not rows:
            nearest = "a given error_rate, Replace or Mix with fresh rows: theory.regression.pruned_accuracy"
            return {"accuracy": NotKnown("it is for errors that do not depend on the row, and new rows", nearest)}
        real = jnp.zeros(generations) if workflow.newest_alone else workflow.real_sizes(samples)
        first = jnp.arange(generations) == 0  # where all rows are real
        real = jnp.where(first, samples if workflow.newest_alone else real, real)
        fields = (self.penalty, self.error_rate, self.keep_right, self.keep_wrong)
        columns = [jnp.where(first, 0.0, samples), real, *(values(field, generations) for field in fields)]

        def accuracy(row):
            names = ("samples", "real_samples", "penalty", "error_rate", "keep_right", "keep_wrong")
            return regression.pruned_accuracy(self.spectrum, **dict(zip(names, row, strict=True)))

        curve = jax.lax.map(accuracy, tuple(columns))
        return {"accuracy": ClosedForm(curve, regression.pruned_accuracy, "asymptotic", order="1/d")}

    @lenient()
    def _rows(self, key: Key[Array, ""], n: int) -> tuple[Float[Array, "n dim"], Float[Array, " n"]]:
        """Rows and their classes."""
        spectrum = self.spectrum
        class_key, row_key = split(key)
        a = jax.random.rademacher(class_key, (n,), spectrum.signal.dtype)
        z = jax.random.normal(row_key, (n, spectrum.dim), spectrum.signal.dtype)
        return a[:, None] * spectrum.signal + jnp.sqrt(spectrum.eigenvalues) * z, a
