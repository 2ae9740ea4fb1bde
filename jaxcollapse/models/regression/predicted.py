"""What is known of the risk of linear regression: a table of closed forms and of what they serve.

The first form that serves a chain is its prediction: exact ones come first, then those of the proportional limit.
"""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import is_traced
from jaxcollapse.chain.prediction import ClosedForm, NotKnown
from jaxcollapse.chain.schedule import Scheduled, single, values
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.models.inflated import inflated
from jaxcollapse.population.spectrum import Spectrum
from jaxcollapse.theory import regression
from jaxcollapse.theory.papers import DOHMATOB_2024, GERSTGRASSER_2024, HE_2025, ZHU_2024


class Chain(NamedTuple):
    """What a closed form may depend on."""

    spectrum: Spectrum
    noise: Scheduled
    penalty: Scheduled
    design: Literal["fresh", "fixed"]
    workflow: Workflow
    samples: Float[Array, " generations"]

    @property
    def sizes(self) -> dict[str, Any]:
        """Batches and generations, as the closed forms call them."""
        return {"samples": self.samples, "generations": len(self.samples)}

    @property
    def noises(self) -> Float[Array, " generations"]:
        """That of the labels of each generation."""
        return values(self.noise, len(self.samples))

    @property
    def penalties(self) -> Float[Array, " generations"]:
        """That of each generation."""
        return values(self.penalty, len(self.samples))

    @property
    def dim(self) -> int:
        """The number of features."""
        return self.spectrum.dim

    @property
    def unpenalised(self) -> bool:
        """Whether it is known that no fit has a penalty, and all features vary."""
        return _known(lambda penalty: np.all(penalty == 0), self.penalties) and not _known(
            lambda values: np.any(values == 0), self.spectrum.eigenvalues
        )

    @property
    def least_squares(self) -> bool:
        """Whether every fit is known to be one of least squares."""
        alone = self.workflow.newest_alone or self.design == "fixed"
        with jax.ensure_compile_time_eval():
            rows = self.samples if alone else self._batches if self.workflow.fits_apart else self._rows
        return self.unpenalised and _known(lambda rows: np.all(rows >= self.dim), rows)

    @property
    def more_rows(self) -> bool:
        """Whether every batch is known to have a finite error on its own."""
        rows = self._batches if self.workflow.fits_apart else self.samples
        return _known(lambda rows: np.all(rows > self.dim + 1), rows)

    @property
    def _batches(self) -> Float[Array, " batches"]:
        """The sizes of all batches, each of which is fitted."""
        return self.workflow.all_sizes(self.samples)

    @property
    def _rows(self) -> Float[Array, " generations"]:
        """The rows of each generation."""
        return self.workflow.rows(self.samples)

    @property
    def equal(self) -> bool:
        """Whether all eigenvalues are known to be equal."""
        return _known(lambda values: np.ptp(values) == 0, self.spectrum.eigenvalues)

    @property
    def norm(self) -> Float[Array, ""]:
        """The length of the coefficients in units in which equal eigenvalues are one."""
        return jnp.sqrt(jnp.sum(self.spectrum.eigenvalues * self.spectrum.signal**2))

    @property
    def one_noise(self) -> bool:
        """Whether all labels are known to have the same noise."""
        return single(self.noise) is not None

    @property
    def total_penalty(self) -> Float[Array, ""] | None:
        """The penalty of the whole pool, where that is known to stay."""
        with jax.ensure_compile_time_eval():
            totals = self.penalties * jnp.cumsum(self.samples)
        constant = _known(lambda totals: np.ptp(totals) <= 1e-6 * np.max(totals), totals)
        return totals[0] if constant and _known(lambda totals: np.all(totals > 0), totals) else None


class Form(NamedTuple):
    """A closed form and the chains that it serves."""

    serves: Callable[[Chain], bool]
    form: Callable[[Chain], ClosedForm]


def _known(test: Callable[[Any], Any], numbers: Any) -> bool:
    """Whether numbers are known before compilation and pass a test."""
    return not is_traced(numbers) and bool(test(np.asarray(numbers)))


def _replace(c: Chain) -> ClosedForm:
    curve = regression.ols_replace(dim=c.dim, noise=c.noises, **c.sizes)
    return ClosedForm(curve, regression.ols_replace, reference=GERSTGRASSER_2024)


def _accumulate(c: Chain) -> ClosedForm:
    curve = regression.ols_accumulate(dim=c.dim, noise=c.noises[0], design="fresh", **c.sizes)
    return ClosedForm(curve, regression.ols_accumulate, reference=GERSTGRASSER_2024)


def _first(c: Chain) -> Float[Array, ""]:
    return regression.ols_replace(dim=c.dim, samples=c.samples[:1], noise=c.noises[:1], generations=1)[0]


def _minimum_norm_replace(c: Chain) -> ClosedForm:
    sizes = {**c.sizes, "samples": c.samples[0]} if c.design == "fixed" else c.sizes
    curve = regression.minimum_norm_replace(dim=c.dim, noise=c.noises, design=c.design, norm=c.norm, **sizes)
    return ClosedForm(curve, regression.minimum_norm_replace, reference=DOHMATOB_2024)


def _minimum_norm_accumulate(c: Chain) -> ClosedForm:
    curve = regression.minimum_norm_accumulate(dim=c.dim, noise=c.noises[0], norm=c.norm, **c.sizes)
    return ClosedForm(curve, regression.minimum_norm_accumulate, reference=GERSTGRASSER_2024)


def _ridge_replace(c: Chain) -> ClosedForm:
    curve = regression.ridge_replace(c.spectrum, noise=c.noises, penalty=c.penalties, **c.sizes)
    return ClosedForm(curve, regression.ridge_replace, "asymptotic", order="1/d", reference=DOHMATOB_2024)


def _ridge_mix(c: Chain) -> ClosedForm:
    alike = c.workflow.counts_alike
    share = None if alike else 1 - jnp.diagonal(c.workflow.weights(c.samples)[0])
    curve = regression.ridge_mix(
        c.spectrum,
        noise=c.noises,
        penalty=c.penalties,
        real_samples=c.workflow.real_sizes(c.samples),
        real_weight=share,
        **c.sizes,
    )
    exact = alike and c.least_squares
    exactness, order = ("exact", "") if exact else ("asymptotic", "1/d")
    return ClosedForm(curve, regression.ridge_mix, exactness, order=order, reference=HE_2025)


def _mix_estimates(c: Chain) -> ClosedForm:
    kind = c.workflow.averages or "fresh"
    own = c.workflow.real_sizes(c.samples)
    curve = regression.ols_mix_estimates(
        dim=c.dim,
        noise=c.noises[0],
        real_samples=own[0] if kind == "fixed" else own,
        real_weight=1 - jnp.diagonal(c.workflow.weights(c.samples)[0]).at[0].set(0.0),
        real=kind,
        **c.sizes,
    )
    return ClosedForm(curve, regression.ols_mix_estimates, reference=HE_2025)


def _total_penalty(c: Chain) -> ClosedForm:
    sizes = {**c.sizes, "samples": c.samples[0]} if c.design == "fixed" else c.sizes
    function = regression.ridge_accumulate_total_penalty
    curve = function(c.spectrum, noise=c.noises[0], penalty=c.total_penalty, design=c.design, **sizes)
    return ClosedForm(curve, function, "asymptotic", order="1/d", reference=GERSTGRASSER_2024)


def _per_sample_penalty(c: Chain) -> ClosedForm:
    function = regression.ridge_accumulate_per_sample_penalty
    curve = function(
        dim=c.dim,
        samples=c.samples[0],
        noise=c.noises[0],
        penalty=c.penalties[0] / c.spectrum.eigenvalues[0],
        norm=c.norm,
        generations=len(c.samples),
    )
    return ClosedForm(curve, function, "asymptotic", order="1/d", reference=GERSTGRASSER_2024)


def _edit(c: Chain) -> ClosedForm:
    share, mask = c.workflow.edits or (0.0, "fresh")
    shares = values(share, len(c.samples)) if mask == "fresh" else single(share)
    curve = regression.ols_edit(
        dim=c.dim,
        samples=c.samples[0],
        noise=c.noises[0],
        share=shares,
        mask=mask,
        generations=len(c.samples),
    )
    return ClosedForm(curve, regression.ols_edit, "asymptotic", order="d/n", reference=ZHU_2024)


def _penalised(c: Chain) -> bool:
    return _known(lambda penalty: np.all(penalty > 0), c.penalties)


FORMS = (
    Form(lambda c: c.least_squares and c.workflow.newest_alone, _replace),
    Form(
        lambda c: c.least_squares and c.one_noise and c.design == "fresh" and c.workflow.keeps_all,
        _accumulate,
    ),
    Form(
        lambda c: c.least_squares and c.one_noise and c.design == "fixed" and not c.workflow.needs_rows,
        lambda c: inflated(_first(c), c.workflow, c.samples, "exact"),
    ),
    Form(
        lambda c: c.least_squares and c.one_noise and c.design == "fixed" and c.workflow.edits is not None,
        _edit,
    ),
    Form(
        lambda c: c.least_squares and c.one_noise and c.design == "fresh" and c.workflow.averages is not None,
        _mix_estimates,
    ),
    Form(lambda c: c.unpenalised and c.equal and c.workflow.newest_alone, _minimum_norm_replace),
    Form(
        lambda c: c.unpenalised and c.equal and c.one_noise and c.design == "fresh" and c.workflow.keeps_all,
        _minimum_norm_accumulate,
    ),
    Form(lambda c: c.design == "fresh" and c.workflow.newest_alone, _ridge_replace),
    Form(lambda c: c.design == "fresh" and c.workflow.mixes == "fresh", _ridge_mix),
    Form(lambda c: c.workflow.keeps_all and c.one_noise and c.total_penalty is not None, _total_penalty),
    Form(
        lambda c: (
            c.workflow.keeps_all
            and c.design == "fixed"
            and c.one_noise
            and c.equal
            and _penalised(c)
            and single(c.penalty) is not None
        ),
        _per_sample_penalty,
    ),
    Form(
        lambda c: c.least_squares and c.one_noise and c.design == "fresh" and c.more_rows,
        lambda c: inflated(_first(c), c.workflow, c.samples, "asymptotic", "1/n"),
    ),
)
"""All of them; the first one that serves is the best."""


@lenient()
def risk_of(
    spectrum: Spectrum,
    noise: Scheduled,
    penalty: Scheduled,
    design: Literal["fresh", "fixed"],
    workflow: Workflow,
    samples: Float[Array, " generations"],
) -> ClosedForm | NotKnown:
    """The closed form of the risk of a chain with Gaussian rows, if there is one."""
    chain = Chain(spectrum, noise, penalty, design, workflow, samples)
    found = next((form for form in FORMS if form.serves(chain)), None)
    return NotKnown(*_missing(chain)) if found is None else found.form(chain)


def _missing(c: Chain) -> tuple[str, str]:
    """Why there is none, and the nearest setting."""
    if c.unpenalised:
        return "least squares under this workflow needs one noise and more rows", "one noise, samples > dim + 1"
    if c.workflow.newest_alone:
        return "ridge on one design", 'design="fresh", theory.regression.ridge_replace'
    if c.workflow.keeps_all:
        nearest = "a total penalty that stays, penalty=lambda g: penalty / g: ridge_accumulate_total_penalty"
        if c.equal and c.one_noise and c.design == "fresh" and single(c.penalty) is not None:
            nearest = f'design="fixed": ridge_accumulate_per_sample_penalty; or {nearest}'
        return "ridge with a penalty per sample on data that is kept", nearest
    return "ridge under this workflow", "Replace or Mix with fresh rows, or penalty=0"
