"""Seddik et al. 2024, figure 4: a real text in every pool keeps a language alive."""

import numpy as np
from matplotlib.axes import Axes

from jaxcollapse.chain.mix import Mix
from jaxcollapse.chain.pooled import Replace
from jaxcollapse.figures.figure import Figure, Runs
from jaxcollapse.figures.frame import Chain, compare
from jaxcollapse.models.discrete.categorical import Categorical
from jaxcollapse.theory.papers import SEDDIK_2024

_REAL, _FAKES, _GENERATIONS, _SYMBOLS = 100, (10, 100, 1000), 50, 10


def _mixed(ax: Axes, runs: Runs) -> None:
    language = Categorical(np.full(_SYMBOLS, 1 / _SYMBOLS))
    chains = {
        f"{_REAL} real and {n:,} synthetic": Chain(
            language, Mix("fixed", real_samples=_REAL), "squared_error", n, _GENERATIONS
        )
        for n in _FAKES
    }
    chains["synthetic alone, 100"] = Chain(language, Replace(), "squared_error", _REAL, _GENERATIONS)
    compare(ax, runs, chains, ylabel="squared distance from the truth")
    ax.set_yscale("log")


FIGURES = (
    Figure(
        SEDDIK_2024,
        "4",
        "how far a model of independent symbols drifts when the same real text is in every pool.",
        f"N = {_REAL} real draws, Σ p² = 0.1.",
        (_mixed,),
        replications=400,
        ours="the language of ten symbols that are alike, for the curve depends on Σ p² alone; 100 runs there",
    ),
)
