"""`Mix`: one real batch beside the newest synthetic one."""

from typing import Any, ClassVar, Literal

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from jaxcollapse.arguments.check import check_choice
from jaxcollapse.arguments.numbers import common_type
from jaxcollapse.chain.data import Data
from jaxcollapse.chain.schedule import Scheduled, number_or_schedule, values
from jaxcollapse.chain.workflow import Draw, Weights, Workflow
from jaxcollapse.machine.leniency import lenient

__all__ = ("Mix",)


class Mix(Workflow):
    """Train each generation on one real and one synthetic batch.

    **Arguments**

    - `real`: ``"fresh"``, new real data at every generation, or ``"fixed"``, one real data set for all of them.
    - `weight`: the total weight of the real batch in [0, 1], a number or a schedule: row weights are
      ``weight / n_real`` and ``(1 - weight) / n`` (times ``n + n_real``, so that per-sample penalties keep their
      meaning). Without it the rows are pooled, each with weight one.
    - `real_samples`: size of the real batch, a number or a schedule; that of the synthetic batch by default. With
      fixed real data it must not vary.

    Generation 1 is trained on the real batch alone, so that few real rows make a poor start: ``real_samples=10`` next
    to ``samples=90`` fits it to those 10 rows. For 10 % real data from a start on 100 rows write ``weight=0.1`` with
    ``samples=100`` (the 100 real rows have a tenth of the weight), or, of fresh real rows, as many as generation 1
    shall have and then 10: ``real_samples=[100, 10, 10, ...]`` with ``samples=90``. ``simulate(..., first=)`` starts
    from given parameters instead.

    **Raises** `ValueError` for another `real`, a `weight` outside [0, 1] or fewer than one real sample.

    **Reference** He, Xu and Cheng 2025, arXiv:2502.18049 (fresh real data, constant weight).

    ```python
    >>> import jax.numpy as jnp
    >>> for real_samples in (10, [100, 10, 10]):  # the rows of each generation
    ...     print(Mix("fresh", real_samples=real_samples).rows(jnp.full(3, 90.0)))
    [ 10. 100. 100.]
    [100. 100. 100.]

    ```
    """

    real: Literal["fresh", "fixed"] = eqx.field(static=True)
    weight: Scheduled | None
    real_samples: Scheduled | None
    draws_real: ClassVar[bool] = True

    def __init__(self, real: Literal["fresh", "fixed"], *, weight: Any = None, real_samples: Any = None):
        check_choice("real", real, ("fresh", "fixed"))
        self.real = real
        self.weight = None if weight is None else number_or_schedule(weight, "weight", 0.0, 1.0)
        self.real_samples = None if real_samples is None else number_or_schedule(real_samples, "real_samples", 1.0)

    @property
    def counts_alike(self) -> bool:
        """Whether rows are pooled: they are, unless the real batch has a weight."""
        return self.weight is None

    @property
    def mixes(self) -> Literal["fresh", "fixed"] | None:
        """The kind of its real batch."""
        return self.real

    @lenient()
    def real_sizes(self, samples: Float[Array, " generations"]) -> Float[Array, " generations"]:
        """The size of the real batch at every generation."""
        sizes = samples if self.real_samples is None else values(self.real_samples, len(samples))
        return jnp.broadcast_to(sizes[0], sizes.shape) if self.real == "fixed" else sizes

    def init(self, draw: Draw, generations: int) -> Data | None:
        """The fixed real data set, if there is one."""
        return draw.real() if self.real == "fixed" else None

    def step(self, state: Data | None, draw: Draw, generation: Int[Array, ""]) -> tuple[Data, Data | None]:
        """The real and the synthetic batch with their weights; at generation 1 the real one alone."""
        real = draw.real() if state is None else state
        real_weight, synthetic_weight = 1.0, 1.0
        if self.weight is not None:
            total = draw.n + draw.n_real
            real_weight = self.weight * total / draw.n_real
            synthetic_weight = (1 - self.weight) * total / draw.n
        first = generation == 1
        mixed = jnp.where(first, 1.0, real_weight) * real + jnp.where(first, 0.0, synthetic_weight) * draw.synthetic()
        return mixed, state

    @lenient()
    def weights(self, samples: Float[Array, " generations"]) -> Weights:
        """The weight on the newest batch, and the noise of the real data: its own each time, or that of batch 1."""
        sizes = self.real_sizes(samples)
        share = sizes / (sizes + samples) if self.weight is None else values(self.weight, len(samples))
        share = share.astype(common_type(share, samples)).at[0].set(1.0)
        noise = share * jnp.sqrt(samples[0] / sizes)
        newest = jnp.diag(1 - share)
        if self.real == "fresh":
            return newest, noise
        return newest.at[:, 0].add(noise), jnp.zeros_like(samples)

    @lenient()
    def rows(self, samples: Float[Array, " generations"]) -> Float[Array, " generations"]:
        """The real ones, and from generation 2 on those of the newest batch."""
        return self.real_sizes(samples) + samples.at[0].set(0.0)
