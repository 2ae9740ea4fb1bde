"""Zhu et al. 2024 (ToEdit): models that edit real text do not collapse; what edits cost depends on the tokens.

Every generation trains on fresh real text of which its predecessor has drawn some tokens anew; generation ``g = 1`` is
trained on real text alone. Their theorems are about linear regression on one data set whose labels are edited again and
again: ``n`` edits are our ``g = n + 1``. The bigram models, the exact cost of random edits and that of likely ones, and
the exact risks of edited labels are ours.
"""

import functools
from functools import partial
from typing import Any, Literal

import jax.numpy as jnp
import numpy as np

from jaxcollapse.chain.edit import Edit, Mask
from jaxcollapse.chain.pooled import Replace
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.claims.frame import generation_axis, shared
from jaxcollapse.claims.networks.language import CLASSES, pairs
from jaxcollapse.models.exponential_family import NormalMean
from jaxcollapse.models.networks.language import SoftmaxBigram
from jaxcollapse.models.regression.linear_regression import LinearRegression
from jaxcollapse.theory import Spectrum, mean, networks, regression
from jaxcollapse.theory.papers import ZHU_2024 as REFERENCE
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Asymptotic, AtLeast, Equal

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


_ROWS, _DIM, _EDITS, _SHARE_EDITED = 20, 4, 8, 0.5
_LARGE_ROWS, _LARGE_SHARE = 60, 0.3


@functools.cache
def _design() -> np.ndarray:
    """One design: a few cosines, as good as any."""
    row, column = np.indices((_ROWS, _DIM))
    return np.cos((row + 1) * (column + 1)) + 0.3 * (row == 4 * column)


def _labels(samples: int, dim: int, **fields: Any) -> LinearRegression:
    return LinearRegression(Spectrum.isotropic(dim), noise=1.0, design="fixed", sampling="raw", **fields)


def _edited_labels(key):
    model = _labels(_ROWS, _DIM, features=lambda key, n: jnp.asarray(_design()))
    return simulate(model, Edit(_SHARE_EDITED), key=key, samples=_ROWS, generations=_EDITS).risk


def _edited_labels_theory():
    return regression.ols_edit_given_design(_design(), noise=1.0, share=_SHARE_EDITED, generations=_EDITS)


def _over_designs(key):
    model = _labels(_LARGE_ROWS, _DIM)
    return simulate(model, Edit(_LARGE_SHARE), key=key, samples=_LARGE_ROWS, generations=_EDITS).risk


def _over_designs_theory():
    sizes = shared(dim=_DIM, samples=_LARGE_ROWS, noise=1.0, generations=_EDITS)
    return regression.ols_edit(**sizes, share=_LARGE_SHARE, mask="fresh")


_FEWER, _SAME, _SETTLED = shared(samples=30), 0.4, 9


def _one_mask(key):
    return simulate(_labels(30, 2), Edit(_SAME, mask="fixed"), key=key, generations=_SETTLED, **_FEWER).risk[-1]


_MASKED: tuple[tuple[Mask, float], ...] = (("fixed", 0.5), ("disjoint", 0.1))
_OBSERVATIONS, _COORDINATES, _LATE = 20, 20, 11


def _masked(key):
    """The squared errors of means, in units of that of the first."""
    model, sizes = NormalMean(jnp.zeros(_COORDINATES), sampling="raw"), shared(samples=_OBSERVATIONS, generations=_LATE)
    unit = _COORDINATES / _OBSERVATIONS
    errors = [simulate(model, Edit(p, mask=mask), key=key, **sizes).squared_error[1:] for mask, p in _MASKED]
    return jnp.stack(errors) / unit


def _masked_theory():
    sizes = shared(samples=_OBSERVATIONS, generations=_LATE)
    return jnp.stack([mean.inflation(Edit(p, mask=mask), **sizes)[1:] for mask, p in _MASKED])


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
    _claim(
        name="zhu-edited-labels",
        statement="An edited label brings in new noise and takes away the residual that the fit had averaged out.",
        theory=_edited_labels_theory,
        experiment=_edited_labels,
        relation=Equal(tolerance=0.02),
        formula=(
            "ŵ ← ŵ + X⁺M(noise − r): E ← E + σ² p Σ K_i (1 + (1 − p) C_ii), "
            "C ← (1 − p)² C + p² N + p (1 − p) N diag(1 + C_ii) N, "
            "K = X⁺'X⁺, N = 1 − X X⁺"
        ),
        protocol="Least squares on one design, d = 4, n = 20, σ = 1; each label is edited with probability 0.5.",
        axis=generation_axis(_EDITS),
        quantity="excess risk",
    ),
    _claim(
        name="zhu-edited-labels-growth",
        statement="If other labels are edited every time, the risk grows linearly: editing does not end collapse.",
        theory=_over_designs_theory,
        experiment=_over_designs,
        relation=Asymptotic(allowance=0.01, tolerance=0.02),
        formula="E_g/E_1 = 1 + p Σ (1 + (1 − p)(1 − h) c_k), about 1 + (g − 1) p (2 − p), h = d/n",
        protocol="Least squares, a design for each replication, d = 4, n = 60, σ = 1; a share p = 0.3 at a time.",
        axis=generation_axis(_EDITS),
        quantity="excess risk",
    ),
    _claim(
        name="zhu-edited-labels-bound",
        statement="The risk of edited labels passes twice that of real ones, the bound of theorem 2.",
        theory=lambda: jnp.repeat(2 * _over_designs_theory()[:1], 4),
        experiment=lambda key: _over_designs(key)[4:],
        relation=AtLeast(),
        formula="E_g > 2 σ² d/(n − d − 1)",
        protocol="Least squares, a design for each replication, d = 4, n = 60, σ = 1; a share p = 0.3 at a time.",
        axis=generation_axis(range(5, _EDITS + 1)),
        quantity="excess risk",
    ),
    _claim(
        name="zhu-edited-labels-mask",
        statement="If the same labels are edited every time the risk settles, held by those that stay.",
        theory=lambda: regression.ols_edit_limit(dim=2, noise=1.0, share=_SAME, **_FEWER),
        experiment=_one_mask,
        relation=Asymptotic(allowance=0.005, tolerance=0.02),
        formula="E → σ² [(3/2) d/(u − d − 1) − (χ/2) d/(n − d − 1)], u = (1 − p) n; about (1 + 2p)/(1 − p²) E_1",
        protocol=f"Least squares, a design for each replication, d = 2, n = 30, p = 0.4, σ = 1; generation {_SETTLED}.",
        quantity="excess risk",
    ),
    _claim(
        name="zhu-edited-means",
        statement="Edits of the same rows, or of each row once, cost a bounded factor, which may be above two.",
        theory=_masked_theory,
        experiment=_masked,
        relation=Equal(tolerance=0.02),
        formula="E_g/E_1 → (1 + 2p)/(1 − p²) for one mask, 2 e^s − 1 for a share s edited once in small steps",
        protocol="Means of n = 20; one mask of half of the rows, or two others of them every time.",
        labels=tuple(f"{mask} rows, g = {g}" for mask, _ in _MASKED for g in range(2, _LATE + 1)),
        quantity="relative squared error",
    ),
)
