"""Gerstgrasser et al. 2024: replaced data makes the risk grow linearly, accumulated data keeps it bounded.

The sizes of their figure are not known: these are of the same group's follow-up (Kazdan et al. 2024).
"""

import numpy as np
from matplotlib.axes import Axes

from jaxcollapse.chain.pooled import Accumulate, Replace
from jaxcollapse.figures.figure import Figure, Runs
from jaxcollapse.figures.frame import Chain, compare
from jaxcollapse.models.regression.linear_regression import LinearRegression
from jaxcollapse.theory import Spectrum
from jaxcollapse.theory.papers import GERSTGRASSER_2024

_DIM, _ROWS, _GENERATIONS = 10, 32, 20


def _regression(ax: Axes, runs: Runs) -> None:
    fresh, fixed = (
        LinearRegression(Spectrum.isotropic(_DIM), noise=1.0, design=design) for design in ("fresh", "fixed")
    )
    chains = {
        "replace": Chain(fresh, Replace(), "risk", _ROWS, _GENERATIONS),
        "accumulate, one design": Chain(fixed, Accumulate(), "risk", _ROWS, _GENERATIONS),
        "accumulate, fresh designs": Chain(fresh, Accumulate(), "risk", _ROWS, _GENERATIONS),
    }
    compare(ax, runs, chains, ylabel="excess risk")
    bound = np.pi**2 / 6 * chains["replace"].predicted()[0]
    ax.axhline(float(bound), color="0.55", linewidth=0.8, linestyle=":")
    ax.annotate(
        "π²/6 times the first", (_GENERATIONS, float(bound)), (0, 3), textcoords="offset points", size=7, ha="right"
    )


FIGURES = (
    Figure(
        GERSTGRASSER_2024,
        "regression",
        "least squares, when each generation replaces the data and when data accumulates.",
        "d = 10, n = 32, σ = 1, isotropic.",
        (_regression,),
        replications=10_000,
        ours="all sizes, for the paper's are not known",
    ),
)
