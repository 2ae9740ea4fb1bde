"""Dobriban and Wager 2018: the risk of ridge regression in high dimensions does not ask for Gaussian rows.

Their theorem covers ``x = Sigma^(1/2) z`` with independent entries ``z`` that have enough moments, whatever their law.
Here it is put to a chain that trains on its own labels, ``g = 1, 2, 3``: 60 coefficients, 120 rows, noise 0.5.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from jaxcollapse.chain.pooled import Replace
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.claims.frame import RIDGE_CHAIN, generation_axis
from jaxcollapse.models.regression.linear_regression import LinearRegression
from jaxcollapse.population.features import Rademacher, StudentT, Uniform
from jaxcollapse.theory import Spectrum, regression
from jaxcollapse.theory.papers import DOBRIBAN_2018 as REFERENCE
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Asymptotic, AtLeast, Relation

DIM, SAMPLES, NOISE, PENALTY, GENERATIONS = 60, 120, 0.5, 0.05, 3
_claim = partial(
    Claim,
    reference=REFERENCE,
    formula=RIDGE_CHAIN,
    axis=generation_axis(GENERATIONS),
    quantity="excess risk",
    first_look=1024,
)


def _spectrum() -> Spectrum:
    return Spectrum.from_eigenvalues(np.linspace(0.5, 1.5, DIM))


def _theory():
    return regression.ridge_replace(_spectrum(), samples=SAMPLES, noise=NOISE, penalty=PENALTY, generations=GENERATIONS)


def _experiment(features: Callable):
    """Excess risk of a chain of ridge fits to rows of these features."""

    def risk(key):
        spectrum = _spectrum()
        model = LinearRegression(spectrum, noise=NOISE, penalty=PENALTY, features=features(spectrum.eigenvalues))
        return simulate(model, Replace(), key=key, samples=SAMPLES, generations=GENERATIONS).risk

    return risk


def _rows(name: str, statement: str, features: Callable, relation: Relation, rows: str, theory=_theory) -> Claim:
    return _claim(
        name=name,
        statement=statement,
        theory=theory,
        experiment=_experiment(features),
        relation=relation,
        protocol=f"Ridge chain, d = 60, T = 120, σ = 0.5, λ = 0.05, eigenvalues from 0.5 to 1.5; {rows}.",
    )


_SURVIVES = Asymptotic(allowance=3 / DIM, tolerance=0.02)

TOUR = "dobriban-uniform"
CLAIMS = (
    _rows(
        "dobriban-rademacher",
        "Features of two values give the risk of Gaussian ones, along a chain of ridge fits.",
        Rademacher,
        _SURVIVES,
        "independent features of two values",
    ),
    _rows(
        "dobriban-uniform",
        "Uniform features give the risk of Gaussian ones, along a chain of ridge fits.",
        Uniform,
        _SURVIVES,
        "independent uniform features",
    ),
    _rows(
        "dobriban-independent-tails",
        "Features with tails of their own, but four moments, give the risk of Gaussian ones.",
        lambda eigenvalues: StudentT(eigenvalues, df=6.0, shared=False),
        _SURVIVES,
        "independent features with Student's t law, 6 degrees of freedom",
    ),
    _rows(
        "dobriban-shared-tails",
        "Rows whose features share one heavy tail leave the theory: the risk is more than a third higher.",
        lambda eigenvalues: StudentT(eigenvalues, df=3.0, shared=True),
        AtLeast(tolerance=0.02),
        "rows with a multivariate t law, 3 degrees of freedom; the line is 4/3 of the risk for Gaussian rows",
        theory=lambda: 4 / 3 * _theory(),
    ),
)
