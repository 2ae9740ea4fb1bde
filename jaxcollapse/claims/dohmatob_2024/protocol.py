"""The protocol of the paper, and the sizes of its figures 1 and 2."""

from functools import partial
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from jaxcollapse.chain.pooled import Replace
from jaxcollapse.chain.simulate import Trajectory, simulate
from jaxcollapse.models.regression.linear_regression import LinearRegression
from jaxcollapse.theory import Spectrum
from jaxcollapse.theory.papers import DOHMATOB_2024 as REFERENCE
from jaxcollapse.verification.claim import Claim

claim = partial(Claim, reference=REFERENCE, quantity="excess risk")
DIM, FAKE_SAMPLES, CAPACITY, SOURCE = 300, 600, 2.0, 0.375
ALLOWANCE, TOLERANCE = 3 / DIM, 0.03


def isotropic() -> Spectrum:
    """The population of figures 1a and 2."""
    return Spectrum.isotropic(DIM)


def power_law() -> Spectrum:
    """The population of figure 1b."""
    return Spectrum.power_law(DIM, capacity=CAPACITY, source=SOURCE)


def downstream(
    spectrum: Spectrum,
    key: Key[Array, ""],
    *,
    generators: int,
    penalty: Any,
    samples: Any,
    noise: Any,
    generator_samples: Any,
    generator_noise: Any,
    truth: Any = None,
) -> Trajectory:
    """One replication of what `regression.ridge_downstream` predicts: `generators` without a penalty, then the fit.

    With the `truth` coefficients are those of the model.
    """

    def last(value: Any, before: Any):
        return lambda g: jnp.where(g > generators, value, before)

    model = LinearRegression(spectrum, noise=last(noise, generator_noise), penalty=last(penalty, 0.0))
    sizes = last(samples, generator_samples)
    return simulate(model, Replace(), key=key, samples=sizes, generations=generators + 1, truth=truth)


def downstream_risk(spectrum: Spectrum, key: Key[Array, ""], **setting: Any) -> Float[Array, ""]:
    """The risk of the fit."""
    return downstream(spectrum, key, **setting).risk[-1]
