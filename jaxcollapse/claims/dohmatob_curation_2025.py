"""Dohmatob, Pezeshki and Askari-Hemmat 2025: curated labels, and what hard labels do without a curator.

Rows are isotropic, labels the signs of a direction, classifiers ridge estimates of them. We know the rules of curation,
and the theory through others; the recursion over generations, and what is compared here, are ours. Generation ``g = 1``
has the labels of the truth.
"""

from functools import partial
from typing import Any

import jax.numpy as jnp
import numpy as np

from jaxcollapse.chain.pooled import Replace
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.claims.frame import generation_axis, shared
from jaxcollapse.models.regression.hard_labels import HardLabels
from jaxcollapse.theory import regression
from jaxcollapse.theory.papers import DOHMATOB_CURATION_2025 as REFERENCE
from jaxcollapse.verification.claim import Axis, Claim
from jaxcollapse.verification.relation import Asymptotic

_GENERATIONS = 8
_CHAIN = shared(dim=40, penalty=0.0)
_CURATED = shared(dim=40, penalty=0.08, oracle=0.9, correct_only=True)
_SIZE, _SIZES = 160, np.array([80, 160, 640])
_HARD = shared(dim=80, penalty=0.05, oracle=0.9, keep="hard", threshold=1.2)
_EASY = shared(dim=80, penalty=0.05, oracle=0.9, keep="easy", threshold=0.4)
_MORE, _FEWER = shared(samples=640), 4


def _accuracy(generations: int = _GENERATIONS, samples: int = _SIZE, **setting: Any):
    def experiment(key):
        model = HardLabels(**setting)
        return simulate(model, Replace(), key=key, samples=samples, generations=generations).accuracy

    return experiment


def _chain(**setting: Any):
    return regression.hard_labels_replace(**setting, samples=_SIZE, generations=_GENERATIONS)


def _curated(samples: int = _SIZE, generations: int = _GENERATIONS, **setting: Any):
    return regression.curated_labels_replace(**setting, samples=samples, generations=generations).accuracy


def _once(key):
    """The cosine of the first fit, for every number of rows."""
    miss = [1 - _accuracy(1, int(n), **_CHAIN)(key)[0] for n in _SIZES]
    return jnp.cos(jnp.pi * jnp.stack(miss))


_claim = partial(Claim, reference=REFERENCE, quantity="accuracy")
_ROWS = "d = 40 isotropic features, n = 160 rows; "
_TWO = "Two cosines by a = (S + κ)⁻¹ b: with the truth and with the curator, S and b moments of the kept rows"
TOUR = "dohmatob-curation-forgets"
CLAIMS = (
    _claim(
        name="dohmatob-curation-forgets",
        statement="Classifiers that learn each other's hard labels forget exponentially.",
        theory=lambda: _chain(**_CHAIN),
        experiment=_accuracy(**_CHAIN),
        relation=Asymptotic(allowance=0.01, tolerance=0.015),
        first_look=256,
        formula="1 − arccos(c^g)/π, c² = 1/(1 + (π/2 − 1) d/(n − d))",
        protocol="Least squares on signs, " + _ROWS + "no curator.",
        axis=generation_axis(_GENERATIONS),
    ),
    _claim(
        name="dohmatob-curation-cosine",
        statement="A fit to signs turns away from the direction that gave them by an angle that few rows enlarge.",
        theory=lambda: jnp.stack([regression.hard_labels_cosine(**_CHAIN, samples=n) for n in _SIZES]),
        experiment=_once,
        relation=Asymptotic(allowance=0.01, tolerance=0.015),
        first_look=256,
        formula="c² = 1/(1 + (π/2 − 1) d/(n − d)), c = cos(w, w_0)",
        protocol="Least squares on the signs of the truth, d = 40 isotropic features.",
        axis=Axis("rows n", _SIZES),
        quantity="cosine",
    ),
    _claim(
        name="dohmatob-curation-correct",
        statement="A curator that refuses labels unlike its own holds the chain at an accuracy of its own.",
        theory=lambda: _curated(**_CURATED),
        experiment=_accuracy(**_CURATED),
        relation=Asymptotic(allowance=0.01, tolerance=0.015),
        first_look=256,
        formula=_TWO,
        protocol="Ridge on signs, λ = 0.08, " + _ROWS + "a curator of cosine 0.9 keeps labels that are its own.",
        axis=generation_axis(_GENERATIONS),
    ),
    _claim(
        name="dohmatob-curation-rows",
        statement="Curators that look at rows and not at labels slow the forgetting.",
        theory=lambda: jnp.stack([_curated(**_MORE, generations=_FEWER, **rule) for rule in (_HARD, _EASY)]),
        experiment=lambda key: jnp.stack([_accuracy(_FEWER, **_MORE, **rule)(key) for rule in (_HARD, _EASY)]),
        relation=Asymptotic(allowance=0.01, tolerance=0.015),
        formula=_TWO,
        protocol="Ridge on signs, λ = 0.05, d = 80, n = 640; a curator of cosine 0.9 keeps |x'w_o| ≤ 1.2, or ≥ 0.4.",
        first_look=64,
        labels=tuple(f"{rule} rows, g = {g}" for rule in ("hard", "easy") for g in range(1, _FEWER + 1)),
    ),
)
