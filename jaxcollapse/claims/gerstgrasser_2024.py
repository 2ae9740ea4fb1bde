"""Gerstgrasser et al. 2024: replacing data makes the error grow linearly, accumulating it keeps the error bounded.

Their generation ``n`` is ours: ``g = 1`` is the fit to real data. Sizes are those of the group's follow-up study
(Kazdan et al. 2024, arXiv:2410.16713): 10 coefficients, 32 rows, unit noise, an isotropic design.
"""

from typing import Any, Literal

import numpy as np

from jaxcollapse._precision import enable_x64
from jaxcollapse.claim import Axis, Claim, Reference
from jaxcollapse.models.linear_regression import LinearRegression
from jaxcollapse.relation import AtMost, Equal
from jaxcollapse.simulate import simulate
from jaxcollapse.theory import Spectrum, regression
from jaxcollapse.workflow import Accumulate, Replace, Workflow

REFERENCE = Reference(
    key="gerstgrasser2024",
    authors=(
        "Matthias Gerstgrasser, Rylan Schaeffer, Apratim Dey, Rafael Rafailov, Henry Sleight, John Hughes, "
        "Tomasz Korbak, Rajashree Agrawal, Dhruv Pai, Andrey Gromov, Daniel A. Roberts, Diyi Yang, "
        "David L. Donoho and Sanmi Koyejo"
    ),
    title="Is Model Collapse Inevitable? Breaking the Curse of Recursion by Accumulating Real and Synthetic Data",
    year=2024,
    arxiv="2404.01413",
)
DIM, SAMPLES, GENERATIONS = 10, 32, 10
_SIZES: dict[str, Any] = dict(dim=DIM, samples=SAMPLES, noise=1.0)


def _risk(workflow: Workflow, design: Literal["fresh", "fixed"]):
    """Excess risk of least squares at every generation."""

    def experiment(key):
        model = LinearRegression(Spectrum.isotropic(DIM), noise=1.0, design=design)
        return simulate(model, workflow, key=key, samples=SAMPLES, generations=GENERATIONS).risk

    return experiment


def _claim(name: str, statement: str, **fields) -> Claim:
    return Claim(
        name=name,
        statement=statement,
        reference=REFERENCE,
        axis=Axis("generation g", np.arange(1, GENERATIONS + 1)),
        quantity="excess risk",
        **fields,
    )


def _bound():
    with enable_x64(True):
        return np.full(GENERATIONS, np.pi**2 / 6) * regression.ols_replace(**_SIZES, generations=1)[0]


_PROTOCOL = "Least squares, d = 10, n = 32, σ = 1, isotropic Gaussian rows; "

CLAIMS = (
    _claim(
        "gerstgrasser-replace",
        "When each generation replaces the data, the risk of least squares grows linearly with the generation.",
        theory=lambda: regression.ols_replace(**_SIZES, generations=GENERATIONS),
        experiment=_risk(Replace(), "fresh"),
        relation=Equal(),
        formula="R(g) = g σ² d / (n − d − 1)",
        protocol=_PROTOCOL + "every generation draws a new design.",
    ),
    _claim(
        "gerstgrasser-accumulate-fixed",
        "When data accumulates on one design, the risk is that of the first fit times the sum of 1/i².",
        theory=lambda: regression.ols_accumulate(**_SIZES, generations=GENERATIONS, design="fixed"),
        experiment=_risk(Accumulate(), "fixed"),
        relation=Equal(tolerance=0.015),
        formula="R(g) = σ² d / (n − d − 1) · Σ_{i≤g} 1/i²",
        protocol=_PROTOCOL + "all generations label the same design again and train on all labels so far.",
    ),
    _claim(
        "gerstgrasser-accumulate-bound",
        "When data accumulates on one design, the risk never exceeds π²/6 times that of the first fit.",
        theory=_bound,
        experiment=_risk(Accumulate(), "fixed"),
        relation=AtMost(),
        formula="R(g) ≤ π²/6 · σ² d / (n − d − 1)",
        protocol=_PROTOCOL + "all generations label the same design again and train on all labels so far.",
    ),
    _claim(
        "gerstgrasser-accumulate-fresh",
        "When data accumulates with a new design at every generation, the risk is a sum with a digamma limit.",
        theory=lambda: regression.ols_accumulate(**_SIZES, generations=GENERATIONS, design="fresh"),
        experiment=_risk(Accumulate(), "fresh"),
        relation=Equal(tolerance=0.015),
        formula="R(g) = σ² d Σ_{i≤g} 1 / (i (i n − d − 1)) → σ² d/(d+1) · [−ψ(1 − (d+1)/n) − γ]",
        protocol=_PROTOCOL + "every generation draws a new design; all rows so far are trained on.",
    ),
    _claim(
        "gerstgrasser-accumulate-fresh-bound",
        "The π²/6 bound holds with new designs as well, where it is not tight.",
        theory=_bound,
        experiment=_risk(Accumulate(), "fresh"),
        relation=AtMost(),
        formula="R(g) ≤ π²/6 · σ² d / (n − d − 1)",
        protocol=_PROTOCOL + "every generation draws a new design; all rows so far are trained on.",
    ),
)
