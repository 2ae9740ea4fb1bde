"""Zhu et al. 2024 (ToEdit): models that edit real text do not collapse; what edits cost depends on the tokens.

Every generation trains on fresh real text of which its predecessor has drawn some tokens anew; generation ``g = 1`` is
trained on real text alone. Their theorem is about linear regression; the bigram models, the exact cost of random edits
and that of likely ones are ours.
"""

import functools
from functools import partial
from typing import Literal

import numpy as np

from jaxcollapse.chain.simulate import simulate
from jaxcollapse.chain.workflow import Replace
from jaxcollapse.claims.frame import generation_axis, shared
from jaxcollapse.claims.networks.language import CLASSES, pairs
from jaxcollapse.models.networks.language import SoftmaxBigram
from jaxcollapse.theory import networks
from jaxcollapse.theory.papers import ZHU_2024 as REFERENCE
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Asymptotic, AtLeast

_SIZES = shared(samples=20_000, generations=6)
_SHARE, _THRESHOLD, _TYPOS, _DEARER = 0.7, 0.35, 0.05, 10.0
_MANY = 20_000_000  # prompts: no probability comes near the threshold by chance


@functools.cache
def _truth() -> tuple[np.ndarray, np.ndarray, float]:
    """The pairs of classes with some typos, and the entropy of the next one."""
    rows, contexts = pairs(CLASSES, _TYPOS)
    return rows, contexts, float(-contexts @ (rows * np.log(rows)).sum(axis=1))


def _excess(edits: Literal["random", "likely"], edit: float, samples: int = _SIZES["samples"]):
    def experiment(key):
        rows, contexts, entropy = _truth()
        model = SoftmaxBigram(rows, contexts, edit=edit, edits=edits)
        sizes = {**_SIZES, "samples": samples}
        return simulate(model, Replace(), key=key, **sizes).loss - entropy

    return experiment


def _random():
    return np.asarray(networks.edited_excess(len(CLASSES) - 1, **_SIZES, share=_SHARE))


def _threshold():
    """Ten times what random edits of as many tokens can ever cost."""
    rows, contexts, _ = _truth()
    share = float(contexts @ np.where(rows >= _THRESHOLD, rows, 0.0).sum(axis=1))
    least = _DEARER * (len(CLASSES) - 1) / (2 * _SIZES["samples"] * (1 - share**2))
    return np.full(_SIZES["generations"] - 1, least)


def _limit():
    """What threshold edits cost however much text there is, after the first fit."""
    rows, contexts, _ = _truth()
    edited = networks.edited_rows(rows, threshold=_THRESHOLD, generations=_SIZES["generations"])
    return (contexts @ (rows * (np.log(rows) - np.log(np.asarray(edited)))).sum(axis=2).T)[1:]


_claim = partial(Claim, reference=REFERENCE, quantity="excess test cross-entropy")
_SETTING = (
    "Softmax over pairs of 4 classes of letters with 5 % of typos, 20,000 prompts a context, fresh real answers; "
)
TOUR = "zhu-threshold-limit"
CLAIMS = (
    _claim(
        name="zhu-random-edits",
        statement="If each token of real text is edited with the same probability, the loss settles.",
        theory=_random,
        experiment=_excess("random", _SHARE),
        relation=Asymptotic(allowance=0.008, tolerance=0.02),
        formula="E_g = p (1 − m^{2g})/(2n (1 − m²))",
        protocol=_SETTING + "a share m = 0.7 of them is drawn anew by the newest model.",
        axis=generation_axis(6),
        first_look=1024,
    ),
    _claim(
        name="zhu-threshold-edits",
        statement="Edits of likely tokens cost ten times what random edits of as many tokens ever do.",
        theory=_threshold,
        experiment=lambda key: _excess("likely", _THRESHOLD)(key)[1:],
        relation=AtLeast(),
        formula="E_g > 10 p/(2n (1 − m²)), m = Σ_c π_c Σ_v P_cv 1[P_cv ≥ p*]",
        protocol=_SETTING + "those of probability 0.35 or more are drawn anew.",
        axis=generation_axis(range(2, 7)),
        first_look=256,
    ),
    _claim(
        name="zhu-threshold-limit",
        statement="With any amount of text, edits of likely tokens lead to a map of the rows that need not settle.",
        theory=_limit,
        experiment=lambda key: _excess("likely", _THRESHOLD, _MANY)(key)[1:],
        relation=Asymptotic(allowance=0.005, tolerance=0.01),
        formula="P_{g+1} = P 1[P_g < p*] + (Σ_u P_u 1[P_g ≥ p*]) P_g",
        protocol=_SETTING.replace("20,000", "20,000,000") + "those of probability 0.35 or more are drawn anew.",
        axis=generation_axis(range(2, 7)),
        first_look=256,
    ),
)
