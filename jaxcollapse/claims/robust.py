"""Locations of symmetric laws by robust estimators: the path of the error is that of a mean, its unit is their own.

Generation ``G`` of Dey and Donoho (2024) is our ``g = G``; the unit is Huber's (1964).
"""

from typing import Any

import jax.numpy as jnp

from jaxcollapse.chain.pooled import Accumulate, Replace
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.models.location import Location
from jaxcollapse.theory import mean
from jaxcollapse.theory.papers import DEY_2024 as REFERENCE
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Asymptotic

_ROWS, _LATE = 101, 2
_CHAINS: tuple[Any, ...] = (("normal", "median", Replace()), ("laplace", 0.8, Accumulate()))


def _errors(key):
    runs = [
        simulate(Location(law, estimator=estimator), workflow, key=key, samples=_ROWS, generations=_LATE)
        for law, estimator, workflow in _CHAINS
    ]
    return jnp.stack([run.squared_error[-1] for run in runs])


def _theory():
    return jnp.stack(
        [
            mean.inflation(workflow, generations=_LATE)[-1]
            * mean.location_error(law, estimator=estimator, samples=_ROWS)
            for law, estimator, workflow in _CHAINS
        ]
    )


CLAIMS = (
    Claim(
        name="dey-robust",
        statement="The errors of a median and of Huber's estimator follow the path of a mean, in units of their own.",
        theory=_theory,
        experiment=_errors,
        relation=Asymptotic(allowance=1 / _ROWS, tolerance=0.025),
        reference=REFERENCE,
        formula="E(θ̂_g − θ)² = c_g E ψ²/(n (E ψ′)²), for a median c_g/(4 n f(0)²)",
        protocol=f"n = {_ROWS}, g = {_LATE}: the median of normal rows, replace; Huber's estimator with the corner 0.8 "
        f"of Laplace rows, accumulate.",
        labels=("median, replace", "Huber, accumulate"),
        quantity="squared error",
        first_look=32768,
    ),
)
