"""Fu et al. 2024: kernel density estimates in a loop.

The paper bounds the total variation between the truth and what such a loop learns. The formulas here are not those
bounds: they are exact moments of the loop, derived for this library. Sizes are ours.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxcollapse.chain.mix import Mix
from jaxcollapse.chain.pooled import Accumulate, Replace
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.claims.frame import generation_axis
from jaxcollapse.models.kernel_density import KernelDensity
from jaxcollapse.theory import kernel_density
from jaxcollapse.theory.papers import FU_2024 as REFERENCE
from jaxcollapse.verification.claim import Axis, Claim
from jaxcollapse.verification.relation import AtLeast, Equal

_SAMPLES, _BANDWIDTH, _SHARE = 50, 0.6, 0.4
_FEW, _WIDE = 15, 0.7  # of the integrated squared error, which costs the square of the rows
_GENERATIONS = 8
_claim = partial(Claim, reference=REFERENCE, relation=Equal(), axis=generation_axis(_GENERATIONS))


def _run(key, workflow: Workflow, samples: int = _SAMPLES, bandwidth: Any = _BANDWIDTH):
    return simulate(KernelDensity(bandwidth), workflow, key=key, samples=samples, generations=_GENERATIONS)


def _spread(workflow: Workflow):
    """The second moment of the model: in the mean, the variance of the mean density."""

    def second_moment(key):
        run = _run(key, workflow)
        return run.variance + run.mean**2

    return second_moment


def _depths(workflow: Workflow):
    return kernel_density.depths(workflow.weights(jnp.full(_GENERATIONS, 1.0 * _SAMPLES))[0])


def _inflated(workflow: Workflow):
    return kernel_density.second_moment(_depths(workflow), bandwidth=_BANDWIDTH)


def _setting(samples: int = _SAMPLES, bandwidth: float = _BANDWIDTH) -> str:
    return f"Truth N(0, 1), n = {samples} rows, Gaussian kernel of bandwidth h = {bandwidth}; "


_POINTS, _FACTORS = np.array([0.0, 1.0, 2.5]), np.array([0.5, 1.0, 2.0])


def _best() -> Float[Array, ""]:
    with jax.ensure_compile_time_eval():
        return kernel_density.optimal_bandwidth(samples=_FEW, generation=_GENERATIONS)


def _least_error():
    error = kernel_density.squared_error(bandwidth=_best(), samples=_FEW, generations=_GENERATIONS)[-1]
    return jnp.full(len(_FACTORS), error)


def _around_the_best(key):
    return jnp.stack([_run(key, Replace(), _FEW, factor * _best()).squared_error[-1] for factor in _FACTORS])


TOUR = "fu-accumulate"
CLAIMS = (
    _claim(
        "fu-replace",
        "On its own samples alone the mean of a kernel density estimate widens by one kernel in every generation.",
        theory=lambda: _inflated(Replace()),
        experiment=_spread(Replace()),
        formula="1 + g h²",
        protocol=_setting() + "the newest n rows at every generation.",
        quantity="variance of the mean density",
    ),
    _claim(
        "fu-accumulate",
        "On accumulated data it widens with the logarithm of the generation.",
        theory=lambda: _inflated(Accumulate()),
        experiment=_spread(Accumulate()),
        formula="1 + h² (1 + 1/2 + … + 1/g)",
        protocol=_setting() + "n more rows at every generation.",
        quantity="variance of the mean density",
    ),
    _claim(
        "fu-fresh-data",
        "With a share α of fresh real data it stays bounded: it widens by 1/α kernels at most.",
        theory=lambda: _inflated(Mix("fresh", weight=_SHARE)),
        experiment=_spread(Mix("fresh", weight=_SHARE)),
        formula="1 + h² (1 − (1 − α)^g)/α",
        protocol=_setting()
        + f"n fresh real rows of total weight α = {_SHARE} and n rows of the newest model at every generation.",
        quantity="variance of the mean density",
    ),
    _claim(
        "fu-model-variance",
        "The variance of the estimate itself ends at n h²: what it adds, sampling takes away.",
        theory=lambda: kernel_density.model_variance(bandwidth=_BANDWIDTH, samples=_SAMPLES, generations=_GENERATIONS),
        experiment=lambda key: _run(key, Replace()).variance,
        formula="n h² + (1 − 1/n)^g (1 − n h²)",
        protocol=_setting() + "the newest n rows at every generation.",
        quantity="variance of the model",
    ),
    _claim(
        "fu-squared-error",
        "The integrated squared error of every generation is known from when two rows had a common ancestor.",
        theory=lambda: kernel_density.squared_error(bandwidth=_WIDE, samples=_FEW, generations=_GENERATIONS),
        experiment=lambda key: _run(key, Replace(), _FEW, _WIDE).squared_error,
        formula=(
            "Σ_{a<g} (1 − 1/n)^a φ(2h²(1 + a))/n + (1 − 1/n)^g φ(2(1 + g h²)) − 2 φ(2 + g h²) + φ(2), φ(v) = 1/√(2πv)"
        ),
        protocol=_setting(_FEW, _WIDE) + "the newest n rows at every generation.",
        quantity="∫ (f_g − φ)²",
    ),
    _claim(
        "fu-mean-density",
        "The mean of the estimate is a mixture of normal densities, as wide as a row has kernels behind it.",
        theory=lambda: kernel_density.mean_density(jnp.asarray(_POINTS), _depths(Accumulate()), bandwidth=_BANDWIDTH)[
            -1
        ],
        experiment=lambda key: jax.tree.map(lambda leaf: leaf[-1], _run(key, Accumulate()).params).density(_POINTS),
        formula="Σ_d P(D_g = d) φ(x; 1 + d h²)",
        protocol=_setting() + f"n more rows at every generation; generation {_GENERATIONS}.",
        axis=Axis("x", _POINTS),
        quantity="mean density",
    ),
    _claim(
        "fu-bandwidth",
        "No bandwidth has a smaller integrated squared error in a late generation than that which is computed.",
        theory=_least_error,
        experiment=_around_the_best,
        relation=AtLeast(tolerance=0.02),
        formula="(f_g − φ)² integrated, at h*/2, h* and 2h*, is at least that at h*",
        protocol=f"Truth N(0, 1), n = {_FEW} rows, Gaussian kernel, the newest rows at every g; g = {_GENERATIONS}.",
        axis=Axis("bandwidth, relative to h*", _FACTORS),
        quantity="∫ (f_g − φ)²",
    ),
)
