"""Kanabar and Gastpar 2025: frequencies from text of which a share is real and nobody knows which.

Their stage ``t`` is our generation ``g = t + 1``: the first text is real. Sizes are ours; the recursions are exact.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from jaxcollapse.chain.pooled import Accumulate
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.claims.frame import shared
from jaxcollapse.models.discrete.contaminated import ContaminatedCategorical
from jaxcollapse.theory import discrete
from jaxcollapse.theory.papers import KANABAR_2025 as REFERENCE
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Equal

_SHARES = np.array([0.3, 0.5, 0.8])
_TIMES = np.array([1, 2, 5, 10])
_TEXT = shared(samples=50, generations=10)
_LANGUAGE = np.array([0.5, 0.3, 0.2])
_PROTOCOL = "Probabilities 0.5, 0.3, 0.2; n = 50 draws a text, α = 0.3, 0.5, 0.8 of them real; texts accumulate{}."
_LABELS = tuple(f"α = {share:g}, g = {time}" for share in _SHARES for time in _TIMES)
_claim = partial(
    Claim, reference=REFERENCE, relation=Equal(), labels=_LABELS, quantity="squared distance from the truth"
)


def _errors(debiased: bool):
    def experiment(key):
        def error(share):
            model = ContaminatedCategorical(_LANGUAGE, real_share=share, debiased=debiased)
            workflow = Accumulate(weight=lambda g: jnp.where(g == 1, 1.0, share**2)) if debiased else Accumulate()
            return simulate(model, workflow, key=key, **_TEXT).squared_error[_TIMES - 1]

        return jnp.concatenate(jax.lax.map(error, jnp.asarray(_SHARES)))

    return experiment


def _theory(curve):
    return jnp.concatenate([curve(_LANGUAGE, real_share=share, **_TEXT)[_TIMES - 1] for share in _SHARES])


TOUR = "kanabar-debiased"
CLAIMS = (
    _claim(
        name="kanabar-pooled",
        statement="Frequencies in the pool forgive synthetic text while more than half of the new text is real.",
        theory=lambda: _theory(discrete.contaminated_accumulate),
        experiment=_errors(debiased=False),
        formula=(
            "V_g = (1 − αb)² V_{g−1} + b² [H − (1 − α)² V_{g−1}]/n, b = 1/g: "
            "N V → H/(2α − 1) for α > 1/2, V ~ N^(−2α) below"
        ),
        protocol=_PROTOCOL.format(""),
    ),
    _claim(
        name="kanabar-debiased",
        statement="If the model's own part is subtracted, any share of real text leads to the truth at the best rate.",
        theory=lambda: _theory(discrete.contaminated_accumulate_debiased),
        experiment=_errors(debiased=True),
        formula="V_g = Σ_i w_i² [H − (1 − α_i)² V_{i−1}]/(n α_i²), w_i ∝ n α_i²: about H/Σ n α_i²",
        protocol=_PROTOCOL.format("; each less what its model adds, rows of weight α²"),
    ),
)
