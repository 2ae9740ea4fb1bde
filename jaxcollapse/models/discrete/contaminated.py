"""A categorical distribution whose samples are real only now and then: what is scraped from the web.

Every draw of a batch is real with some probability, else from the newest model, and nobody knows which.
"""

from typing import Any, Literal

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, Scalar

from jaxcollapse.arguments.check import check_choice
from jaxcollapse.chain.data import Samples
from jaxcollapse.chain.model import Wrapper
from jaxcollapse.chain.schedule import Scheduled, number_or_schedule
from jaxcollapse.models.discrete.categorical import Categorical, Counts


class ContaminatedCategorical(Wrapper):
    """A `Categorical` distribution fitted to draws of which a known share is real.

    A batch comes from ``alpha p + (1 - alpha) p_g``. A fit takes it for real, or with ``debiased`` first subtracts what
    the model is known to have added: ``[counts - (1 - alpha) n p_g]/alpha`` has the mean ``n p``.

    **Arguments**

    - `probabilities`: as for `Categorical`.
    - `real_share`: ``alpha`` in (0, 1], a number or a schedule. Batch 1 is real.
    - `debiased`: whether the model's own part is subtracted. Estimates may then be negative.
    - `sampling`: as for `Categorical`, without ``"raw"``.

    Simulate it with `Accumulate`: batches are pooled by their sizes, and with ``weight=lambda g: alpha(g)**2`` in the
    way that is best for debiased ones.

    **Metrics** those of `Categorical`.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact in law. Where a debiased estimate has become so negative that no batch can be drawn, all that
    follows is NaN.

    **Reference** Kanabar and Gastpar 2025, arXiv:2501.19273; see `jaxcollapse.theory.discrete.contaminated`.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> model = jc.ContaminatedCategorical([0.5, 0.3, 0.2], real_share=0.6)
    >>> run = jc.simulate(model, jc.Accumulate(), key=jax.random.key(0), samples=100, generations=5)
    >>> run.squared_error.shape
    (5,)

    ```
    """

    categorical: Categorical
    real_share: Scheduled
    debiased: bool = eqx.field(static=True)

    def __init__(
        self,
        probabilities: Any,
        *,
        real_share: Any,
        debiased: bool = False,
        sampling: Literal["exact", "count", "binomial"] = "exact",
    ):
        check_choice("sampling", sampling, ("exact", "count", "binomial"))
        self.categorical = Categorical(probabilities, sampling=sampling)
        self.real_share = number_or_schedule(real_share, "real_share", 0.0, 1.0)
        self.debiased = bool(debiased)

    @property
    def model(self) -> Categorical:
        """The distribution whose draws are contaminated."""
        return self.categorical

    def sample(self, key: Key[Array, ""], params: Float[Array, " symbols"], n: Scalar | int) -> Counts | Samples:
        """Draw the counts of `n` symbols of either kind; less those that the model is expected to add, if debiased."""
        own = (1 - self.real_share) * params
        mixed = self.real_share * self.truth() + own
        batch = self.categorical.sample(key, jnp.where(jnp.all(mixed >= 0), mixed, jnp.nan), n)
        if not self.debiased or not isinstance(batch, Counts):
            return batch
        return Counts((batch.counts - n * own) / self.real_share)
