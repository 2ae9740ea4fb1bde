"""Locations of symmetric laws by robust estimators: the path of the error is that of a mean, its unit is their own.

The generation is ours. The path is Dey and Donoho's (2024), the unit Huber's (1964).
"""

from functools import partial

import jax.numpy as jnp

from jaxcollapse.chain.mix import Mix
from jaxcollapse.chain.pooled import Accumulate, Replace
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.models.location import Location
from jaxcollapse.theory import mean
from jaxcollapse.theory.papers import DEY_2024 as REFERENCE
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Asymptotic

_ROWS, _LATE = 150, 4
_KINDS = {
    "median, normal": ("normal", "median"),
    "Huber, normal": ("normal", 1.345),
    "Huber, Laplace": ("laplace", 0.8),
    "median, Cauchy": ("cauchy", "median"),
}
_claim = partial(
    Claim,
    reference=REFERENCE,
    relation=Asymptotic(allowance=0.03, tolerance=0.03),
    labels=tuple(_KINDS),
    quantity="squared error",
    first_look=4096,
)


def _errors(key, *, workflow: Workflow):
    sizes = dict(samples=_ROWS, generations=_LATE)
    models = [Location(law, estimator=estimator) for law, estimator in _KINDS.values()]
    return jnp.stack([simulate(model, workflow, key=key, **sizes).squared_error[-1] for model in models])


def _theory(workflow: Workflow):
    factor = mean.inflation(workflow, samples=float(_ROWS), generations=_LATE)[-1]
    first = [mean.location_error(law, estimator=estimator, samples=_ROWS) for law, estimator in _KINDS.values()]
    return factor * jnp.stack(first)


def _path(name: str, statement: str, workflow: Workflow, factor: str, protocol: str) -> Claim:
    return _claim(
        name=f"dey-robust-{name}",
        statement=statement,
        theory=lambda: _theory(workflow),
        experiment=partial(_errors, workflow=workflow),
        formula=f"E(θ̂_g − θ)² = c_g E ψ²/(n (E ψ′)²), for a median 1/(4 n f(0)²); {factor}",
        protocol=f"n = {_ROWS} rows, g = {_LATE}; Huber's corner 1.345, for Laplace rows 0.8; {protocol}.",
    )


CLAIMS = (
    _path(
        "replace",
        "Medians and Huber's estimators of replaced data lose as much at every generation as at the first.",
        Replace(),
        "c_g = g",
        "replace",
    ),
    _path(
        "accumulate",
        "Robust estimators of accumulating data follow the path of a mean, whatever their efficiency.",
        Accumulate(),
        "c_g = Σ_{i≤g} 1/i²",
        "accumulate",
    ),
    _path(
        "mixed",
        "Weighted rows of two kinds cost a robust estimator as much more than its first fit as they cost a mean.",
        Mix("fresh", weight=0.4),
        "c_g = w² + (1 − w)² (c_{g−1} + 1)",
        "fresh real rows with the weight w = 0.4",
    ),
)
