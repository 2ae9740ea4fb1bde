"""`Mix`: one real batch beside the newest synthetic one."""

from typing import Any, ClassVar, Literal

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from jaxcollapse.arguments.check import check_choice
from jaxcollapse.arguments.numbers import common_type
from jaxcollapse.chain.data import Apart, Data
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
    - `average`: of what a weight is the weight. Of ``"rows"``, one fit to both batches. Of ``"estimates"``, a fit to
      each, and the average of the two (`Model.average`), which is a fit to weighted rows only where estimates are means
      of rows. It needs a `weight`.
    - `first`: what generation 1 is trained on. The ``"real"`` batch alone; or ``"all"``, as many real rows as later
      generations have rows in all, each counted once: those of the real batch and, in the place of synthetic ones, as
      many others.

    Trained on the real batch alone, generation 1 has a poor start if real rows are few: ``real_samples=10`` next to
    ``samples=90`` fits it to those 10 rows, and with ``first="all"`` to 100. ``simulate(..., first=)`` starts from
    given parameters instead.

    **Raises** `ValueError` for another `real`, `average` or `first`, a `weight` outside [0, 1], an average of estimates
    without one, or fewer than one real sample.

    **Exactness** Exact in law. The matrix of `weights` is exact for estimates that are means of rows, and holds to
    first order for others. A fixed real batch of which generation 1 sees more has none.

    **Reference** He, Xu and Cheng 2025, arXiv:2502.18049 (fresh real data, constant weight).

    ```python
    >>> import jax.numpy as jnp
    >>> for real_samples in (10, [100, 10, 10]):  # the rows of each generation
    ...     print(Mix("fresh", real_samples=real_samples).rows(jnp.full(3, 90.0)))
    [ 10. 100. 100.]
    [100. 100. 100.]
    >>> Mix("fresh", real_samples=10, first="all").rows(jnp.full(3, 90.0)).tolist()
    [100.0, 100.0, 100.0]

    ```
    """

    real: Literal["fresh", "fixed"] = eqx.field(static=True)
    weight: Scheduled | None
    real_samples: Scheduled | None
    average: Literal["rows", "estimates"] = eqx.field(static=True)
    first: Literal["real", "all"] = eqx.field(static=True)
    draws_real: ClassVar[bool] = True

    def __init__(
        self,
        real: Literal["fresh", "fixed"],
        *,
        weight: Any = None,
        real_samples: Any = None,
        average: Literal["rows", "estimates"] = "rows",
        first: Literal["real", "all"] = "real",
    ):
        check_choice("real", real, ("fresh", "fixed"))
        check_choice("average", average, ("rows", "estimates"))
        check_choice("first", first, ("real", "all"))
        if average == "estimates" and weight is None:
            raise ValueError('weight must be given for average="estimates": it is that of the estimate of real rows')
        self.real, self.average, self.first = real, average, first
        self.weight = None if weight is None else number_or_schedule(weight, "weight", 0.0, 1.0)
        self.real_samples = None if real_samples is None else number_or_schedule(real_samples, "real_samples", 1.0)

    @property
    def counts_alike(self) -> bool:
        """Whether rows are pooled: they are, unless the real batch has a weight."""
        return self.weight is None

    @property
    def fits_apart(self) -> bool:
        """Whether estimates are averaged."""
        return self.average == "estimates"

    @property
    def mixes(self) -> Literal["fresh", "fixed"] | None:
        """The kind of its real batch, where rows are mixed with it from generation 2 on."""
        return self.real if self.average == "rows" and self.first == "real" else None

    @property
    def averages(self) -> Literal["fresh", "fixed"] | None:
        """The kind of its real batch, where its estimate is averaged with another one from generation 2 on."""
        return self.real if self.average == "estimates" and self.first == "real" else None

    @lenient()
    def real_sizes(self, samples: Float[Array, " generations"]) -> Float[Array, " generations"]:
        """The size of the real batch at every generation."""
        sizes = samples if self.real_samples is None else values(self.real_samples, len(samples))
        return jnp.broadcast_to(sizes[0], sizes.shape) if self.real == "fixed" else sizes

    def init(self, draw: Draw, generations: int) -> Data | None:
        """The fixed real data set, if there is one."""
        return draw.real() if self.real == "fixed" else None

    def step(self, state: Data | None, draw: Draw, generation: Int[Array, ""]) -> tuple[Data | Apart, Data | None]:
        """The real and the synthetic batch with their weights; at generation 1 real rows alone."""
        real, synthetic = draw.real() if state is None else state, draw.synthetic()
        begins = generation == 1
        also = 1.0 if self.first == "all" else 0.0  # at generation 1 the rows of the other batch are real as well
        if self.average == "estimates":
            assert self.weight is not None
            share = jnp.where(begins, 1.0, self.weight)
            shown = real + jnp.where(begins, 1.0, 0.0) * synthetic if also else real
            return Apart((shown, synthetic), jnp.stack([share, 1 - share])), state
        real_weight, synthetic_weight = 1.0, 1.0
        if self.weight is not None:
            total = draw.n + draw.n_real
            real_weight = self.weight * total / draw.n_real
            synthetic_weight = (1 - self.weight) * total / draw.n
        return jnp.where(begins, 1.0, real_weight) * real + jnp.where(begins, also, synthetic_weight) * synthetic, state

    @lenient()
    def weights(self, samples: Float[Array, " generations"]) -> Weights:
        """The weight on the newest batch, and the noise of the real data: its own each time, or that of batch 1."""
        sizes, everything = self.real_sizes(samples), self.first == "all"
        if everything and self.real == "fixed":
            raise NotImplementedError("Mix with fixed real data of which generation 1 sees more has no such matrix")
        pooled = sizes / (sizes + samples)
        share = pooled if self.weight is None else values(self.weight, len(samples))
        share = share.astype(common_type(share, samples)).at[0].set(pooled[0] if everything else 1.0)
        noise = share * jnp.sqrt(samples[0] / sizes)
        newest = jnp.diag(1 - share)
        if self.real == "fresh":
            return newest, noise
        return newest.at[:, 0].add(noise), jnp.zeros_like(samples)

    @lenient()
    def rows(self, samples: Float[Array, " generations"]) -> Float[Array, " generations"]:
        """The real ones, and from generation 2 on those of the newest batch."""
        return self.real_sizes(samples) + (samples if self.first == "all" else samples.at[0].set(0.0))

    def counted(self, samples: Float[Array, " generations"]) -> Float[Array, " generations"]:
        """As many as there are."""
        return self.rows(samples)
