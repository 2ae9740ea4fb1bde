"""A Workflow that edits one data set: some of its rows are drawn anew at every generation, the others stay.

Reference: Zhu et al. 2024, arXiv:2412.14689 (token editing).
"""

from typing import Any, ClassVar, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from jaxcollapse.arguments.check import check_choice, check_share, is_traced
from jaxcollapse.arguments.numbers import number
from jaxcollapse.chain.data import Data, Samples
from jaxcollapse.chain.schedule import Scheduled, number_or_schedule, values
from jaxcollapse.chain.workflow import Draw, Edits, Weights, Workflow
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.random.ridge.rotation import root

Mask = Literal["fresh", "fixed", "disjoint"]
MASKS = ("fresh", "fixed", "disjoint")


class Edit(Workflow):
    """Keep one data set, and let the newest model draw a share of its rows anew at every generation.

    On one design (``LinearRegression(design="fixed", sampling="raw")``) the rows stay and their labels are edited. A
    share of 1 is `Replace`, 0 trains every generation on the same real data.

    **Arguments**

    - `share`: the share of rows that are edited, in [0, 1]; a number, or for fresh masks a schedule.
    - `mask`: which rows: ``"fresh"``, each with this probability, drawn again at every generation; ``"fixed"``, the
      same ones every time; ``"disjoint"``, others every time, each row at most once: then nothing is edited any more.

    The data set has the size of batch 1, and no later batch may be smaller. It edits rows, so the model must draw them
    (``sampling="raw"``).

    **Raises** `ValueError` for a share outside [0, 1], an unknown mask, a schedule for another mask than a fresh one,
    and batches that are smaller than the first.

    **Reference** Zhu et al. 2024, arXiv:2412.14689.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> model = jc.LinearRegression(jc.theory.Spectrum.isotropic(3), noise=1.0, design="fixed", sampling="raw")
    >>> run = jc.simulate(model, jc.Edit(0.3, mask="fixed"), key=jax.random.key(0), samples=20, generations=4)
    >>> run.risk.shape
    (4,)

    ```
    """

    share: Scheduled
    mask: Mask = eqx.field(static=True)
    needs_rows: ClassVar[bool] = True
    whole_rows: ClassVar[bool] = True

    def __init__(self, share: Any, *, mask: Mask = "fresh"):
        check_choice("mask", mask, MASKS)
        self.share = (
            number_or_schedule(share, "share", 0.0, 1.0) if mask == "fresh" else number(share, "share", 0.0, 1.0)
        )
        self.mask = mask

    @property
    def edits(self) -> Edits:
        """Its share and its mask."""
        return Edits(self.share, self.mask)

    def init(self, draw: Draw, generations: int) -> Data:
        """Room for the data set."""
        return jax.eval_shape(draw.synthetic).empty()

    @lenient()
    def step(self, state: Samples, draw: Draw, generation: Int[Array, ""]) -> tuple[Data, Data]:
        """The data set with some rows of the newest batch in the place of its own."""
        batch = draw.synthetic().packed()
        if not isinstance(batch, Samples):
            raise TypeError(f"rows cannot be edited in {type(batch).__name__}")
        first = generation == 1
        edited = first | (self._edited(draw, state, generation) & (batch.weights > 0))
        rows = jax.tree.map(
            lambda new, old: jnp.where(edited.reshape(-1, *[1] * (new.ndim - 1)), new, old), batch.rows, state.rows
        )
        data = Samples(rows, jnp.where(first, batch.weights, state.weights))
        return data, data

    def _edited(self, draw: Draw, state: Samples, generation: Int[Array, ""]) -> Bool[Array, " capacity"]:
        """Which rows are drawn anew."""
        place = jnp.arange(state.capacity, dtype=state.weights.dtype)
        if self.mask == "fresh":
            return jax.random.uniform(draw.key, place.shape, place.dtype) < self.share
        each = jnp.round(self.share * jnp.sum(state.weights > 0))
        begin = each * (generation - 2) if self.mask == "disjoint" else jnp.zeros_like(each)
        return (place >= begin) & (place < begin + each)

    @lenient()
    def weights(self, samples: Float[Array, " generations"]) -> Weights:
        """The shares of the rows by their batch, and a noise by which the variance of a mean is exact.

        The rows that are left of a batch are the same in later generations: the covariance of two generations is not
        that of independent noises, and has its own function.
        """
        _check_sizes(samples)
        generations, n = len(samples), samples[0]
        shares = self._shares(samples)
        matrix = _matrix(shares, self.mask)
        variances = edited_variance(shares, mask=self.mask, leverage=1 / n)
        noise = jnp.eye(generations, 2 * generations, dtype=samples.dtype) * jnp.sqrt(n / samples)[:, None]

        def add(g, found):
            errors, extra = found  # of the models, by the noises of batches and by those that are added
            row = matrix[g] @ (jnp.roll(errors, 1, axis=0).at[0].set(0.0) + noise)
            rest = variances[g] - row @ row
            own = root(jnp.where(rest > 1e-9 * variances[g], rest, 0.0))
            return errors.at[g].set(row.at[generations + g].set(own)), extra.at[g].set(own)

        start = jnp.zeros_like(noise), jnp.zeros_like(samples)
        return matrix, jax.lax.fori_loop(0, generations, add, start)[1]

    @lenient()
    def covariance(self, samples: Float[Array, " generations"]) -> Float[Array, "generations generations"]:
        """Of the means of two generations, in units of the variance of the first: exact."""
        shares = self._shares(samples)
        return edited_covariance(shares, mask=self.mask, leverage=1 / samples[0])

    def _shares(self, samples: Float[Array, " generations"]) -> Float[Array, " generations"]:
        """Of the rows that are edited; whole rows where they are chosen."""
        shares = values(self.share, len(samples)).astype(samples.dtype)
        return shares if self.mask == "fresh" else jnp.round(shares * samples[0]) / samples[0]

    @lenient()
    def rows(self, samples: Float[Array, " generations"]) -> Float[Array, " generations"]:
        """Those of batch 1."""
        return jnp.broadcast_to(samples[0], samples.shape)

    def all_sizes(self, samples: Float[Array, " generations"]) -> Float[Array, " batches"]:
        """Those of all batches, none of which is smaller than the first."""
        _check_sizes(samples)
        return samples


def _check_sizes(samples: Float[Array, " generations"]) -> None:
    if not is_traced(samples) and np.any(np.asarray(samples) < np.asarray(samples)[0]):
        raise ValueError(f"samples must not fall below the {np.asarray(samples)[0]:g} of batch 1, got {samples}")


@lenient()
def edited_variance(
    share: Float[Array, " generations"], *, mask: Mask, leverage: Float[Array, ""] | float
) -> Float[Array, " generations"]:
    """The variance of a mean of edited rows, in units of that of the first fit: exact; of least squares, for few rows.

    Fresh masks add ``p (1 + (1 - p)(1 - h) c)`` with the mean square ``c`` of the residuals of the kept labels and the
    `leverage` ``h`` of a row: ``1/n`` for a mean, ``d/n`` for least squares. The first share is not used.

    ```python
    >>> [round(float(v), 3) for v in edited_variance(jnp.full(3, 0.5), mask="fixed", leverage=0.0)]
    [1.0, 1.75, 2.188]

    ```
    """
    check_share("share", share)
    if mask == "fresh":
        return _fresh(share, jnp.asarray(leverage, share.dtype))
    coefficients, variances = _of_noises(share[-1], mask, len(share))
    return coefficients**2 @ variances


@lenient()
def edited_covariance(
    share: Float[Array, " generations"], *, mask: Mask, leverage: Float[Array, ""] | float
) -> Float[Array, "generations generations"]:
    """The covariance of the means of two generations, of which `edited_variance` is the diagonal, in the same unit.

    Rows that stay are the same ones: with fresh masks the mean is a martingale, and the covariance with a later mean is
    the variance of the earlier one.

    ```python
    >>> [[round(float(v), 3) for v in row] for row in edited_covariance(jnp.full(2, 0.5), mask="fixed", leverage=0.0)]
    [[1.0, 1.0], [1.0, 1.75]]

    ```
    """
    check_share("share", share)
    if mask == "fresh":
        place = jnp.arange(len(share))
        return edited_variance(share, mask=mask, leverage=leverage)[jnp.minimum(place[:, None], place)]
    coefficients, variances = _of_noises(share[-1], mask, len(share))
    return (coefficients * variances) @ coefficients.T


def _of_noises(share: Float[Array, ""], mask: Mask, generations: int) -> tuple[Array, Array]:
    """What the mean of each generation is made of where the edited rows are chosen, and the variance of each part."""
    return _fixed(share, generations) if mask == "fixed" else _disjoint(share, generations)


def _fixed(share: Float[Array, ""], generations: int) -> tuple[Array, Array]:
    """``X_g = (1 - p) K + p (X_{g-1} + new noise)``: parts of the kept rows, and of the edited ones by generation."""
    powers = jnp.cumprod(jnp.full(generations, share).at[0].set(1.0))
    age = jnp.arange(generations)[:, None] - jnp.arange(generations)
    edited = jnp.where(age >= 0, powers[jnp.maximum(age, 0)], 0.0)
    return jnp.column_stack([jnp.cumsum(powers), edited]), jnp.append(1 - share, jnp.full(generations, share))


def _fresh(share: Float[Array, " generations"], leverage: Float[Array, ""]) -> Float[Array, " generations"]:
    def edit(state, p):
        variance, residual = state
        new = 1 + (1 - leverage) * residual
        now = (
            variance + p * (1 + (1 - p) * (1 - leverage) * residual),
            (1 - p) ** 2 * residual + p**2 + p * (1 - p) * new,
        )
        return now, now[0]

    one = jnp.ones((), share.dtype)
    return jnp.concatenate([one[None], jax.lax.scan(edit, (one, one), share[1:])[1]])


def _disjoint(share: Float[Array, ""], generations: int) -> tuple[Array, Array]:
    """By the means of the blocks: the real labels of each, and those that take their place; the last block is the rest.

    An edit of a share ``s`` takes the error to ``(1 + s)`` times itself, plus ``s`` times new minus old noise.
    """
    blocks = in_blocks(share, generations - 1)
    sizes = jnp.append(blocks, jnp.maximum(1 - jnp.sum(blocks), 0.0))
    per_size = jnp.where(sizes > 0, 1 / jnp.where(sizes > 0, sizes, 1.0), 0.0)

    def edit(parts, block):
        s = sizes[block]
        parts = ((1 + s) * parts).at[block].add(-s).at[generations + block].add(s)
        return parts, parts

    first = jnp.concatenate([sizes, jnp.zeros_like(sizes)])
    rest = jax.lax.scan(edit, first, jnp.arange(generations - 1))[1]
    return jnp.concatenate([first[None], rest]), jnp.concatenate([per_size, per_size])


def in_blocks(share: Float[Array, ""], blocks: int) -> Float[Array, " blocks"]:
    """The share of all rows that each block has, one after the other; the last ones have what is left, or nothing."""
    return jnp.minimum(jnp.maximum(1 - share * jnp.arange(blocks, dtype=share.dtype), 0.0), share)


def _matrix(share: Float[Array, " generations"], mask: Mask) -> Float[Array, "generations generations"]:
    """Of the rows of each generation the share of every batch."""
    generations = len(share)
    unit = jnp.eye(generations, dtype=share.dtype)
    if mask == "fixed":
        return jnp.where(jnp.arange(generations)[:, None] == 0, unit, (1 - share[-1]) * unit[0] + share[-1] * unit)
    taken = jnp.append(0.0, in_blocks(share[-1], generations - 1))  # at generation 1 none

    def edit(g, rows):
        before = rows[g - 1]
        fresh = (1 - share[g]) * before + share[g] * unit[g]
        return rows.at[g].set(fresh if mask == "fresh" else before + taken[g] * (unit[g] - unit[0]))

    return jax.lax.fori_loop(1, generations, edit, jnp.zeros_like(unit).at[0].set(unit[0]))
