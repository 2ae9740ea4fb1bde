"""What is known of a Gaussian chain of unit variance: every coordinate of a multivariate one is such a chain."""

from typing import Any

from jaxtyping import Array, Float

from jaxcollapse.chain.prediction import ClosedForm, NotKnown
from jaxcollapse.chain.schedule import single
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.models.inflated import inflated
from jaxcollapse.theory import gaussian
from jaxcollapse.theory.papers import ALEMOHAMMAD_2023, KAZDAN_2024, XU_2025


def variance_of(workflow: Workflow, samples: Float[Array, " generations"], ddof: int) -> ClosedForm | NotKnown:
    """The mean of the variance."""
    if workflow.newest_alone:
        curve = gaussian.variance_mean(samples=samples, generations=len(samples), ddof=ddof)
        return ClosedForm(curve, gaussian.variance_mean, reference=XU_2025)
    size = single(samples)
    if workflow.keeps_all and size is not None and _at_least_two(size):
        curve = gaussian.variance_accumulate_mean(samples=size, generations=len(samples), ddof=ddof)
        return ClosedForm(curve, gaussian.variance_accumulate_mean, reference=KAZDAN_2024)
    found = _pooled(workflow, samples, size, ddof)
    if found is None:
        picked = "rows are picked" if workflow.needs_rows else "fits are averaged" if workflow.fits_apart else ""
        why = picked or "the workflow does not say how many rows count (Workflow.counted)"
        return NotKnown(why, "weights of whole batches, such as Mix or Window" if picked else "ddof=0")
    return found[1]


def mean_square_of(workflow: Workflow, samples: Float[Array, " generations"], ddof: int) -> ClosedForm:
    """The mean square of the error of the mean."""
    if workflow.newest_alone:
        curve = gaussian.mean_square(samples=samples, generations=len(samples), ddof=ddof)
        return ClosedForm(curve, gaussian.mean_square, reference=XU_2025)
    if ddof == 0 and workflow.keeps_all and single(samples) is not None:
        variance = variance_of(workflow, samples, ddof)  # the two sum to one
        if isinstance(variance, ClosedForm):
            return variance.times(-1.0, plus=1.0)
    found = _pooled(workflow, samples, single(samples), ddof)
    return inflated(1 / samples[0], workflow, samples) if found is None else found[0]


def _pooled(
    workflow: Workflow, samples: Float[Array, " generations"], size: Any, ddof: int
) -> tuple[ClosedForm, ClosedForm] | None:
    """Mean square and variance of what several batches make, where they are known."""
    generations, equal = len(samples), ddof == 0 and size is not None and _at_least_two(size)
    paper, real = None, workflow.real_size(samples) if workflow.mixes and workflow.counts_alike else None
    if equal and workflow.resamples:
        function, paper = gaussian.moments_accumulate_subsample, KAZDAN_2024
        moments = function(samples=size, generations=generations)
    elif equal and workflow.mixes and real is not None and _at_least_two(real):
        function, paper = gaussian.moments_mix, ALEMOHAMMAD_2023
        moments = function(real=workflow.mixes, real_samples=real, samples=size, generations=generations)
    elif not workflow.needs_rows and not workflow.fits_apart and (ddof == 0 or workflow.says_counts):
        function = gaussian.moments_weighted
        moments = function(workflow, samples=samples, ddof=ddof, generations=generations)
    else:
        return None
    mean_square = ClosedForm(moments.mean_square, function, reference=paper)
    return mean_square, ClosedForm(moments.variance, function, reference=paper)


def _at_least_two(size: Any) -> bool:
    return bool(size >= 2)
