"""Amin et al. 2025: weak data, asked for where the model is wrong, is enough to learn.

This is the simplest instance of their setting, not their theorem: the check of the answers makes no mistake, and the
next model reproduces its training data. Sizes are ours.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from jaxcollapse.chain.pooled import Replace
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.claims.frame import generation_axis
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.models.biased import Biased
from jaxcollapse.models.exponential_family import Bernoulli
from jaxcollapse.theory import discrete
from jaxcollapse.theory.papers import AMIN_2025 as REFERENCE
from jaxcollapse.verification.claim import Axis, Claim
from jaxcollapse.verification.relation import Equal

_claim = partial(Claim, reference=REFERENCE)
_FIRST, _WEAK, _SAMPLES, _GENERATIONS = 0.2, 0.1, 50, 15


def _accuracy(key):
    """Right answers are kept; of the wrong ones the weak source corrects a tenth."""
    model = Biased(Bernoulli(_FIRST), lambda accuracy: accuracy + _WEAK * (1 - accuracy))
    return simulate(model, Replace(), key=key, samples=_SAMPLES, generations=_GENERATIONS).estimate


_ACCURACIES = np.array([0.1, 0.5, 0.9])


@lenient()
def _corrected(key):
    """Answer by answer."""
    own, weak = jax.random.uniform(key, (2, _SAMPLES, 1))
    return jnp.mean((own < _ACCURACIES) | (weak < _WEAK), axis=0)


TOUR = "amin-weak-data"
CLAIMS = (
    _claim(
        name="amin-weak-data",
        statement="A source that is right one time in ten, asked for wrong answers only, makes errors die out.",
        theory=lambda: discrete.weak_data_accuracy(first=_FIRST, weak_accuracy=_WEAK, generations=_GENERATIONS),
        experiment=_accuracy,
        relation=Equal(),
        formula="1 − (1 − b)^(g − 1) (1 − a)",
        protocol=(
            f"Answers that are right with probability a = {_FIRST} at first; {_SAMPLES} of them in every generation, "
            f"of which wrong ones are replaced by a source that is right with probability b = {_WEAK}."
        ),
        axis=generation_axis(_GENERATIONS),
        quantity="accuracy",
    ),
    _claim(
        name="amin-corrected",
        statement="A source that is asked for wrong answers only corrects its own share of them.",
        theory=lambda: discrete.weak_data_corrected(jnp.asarray(_ACCURACIES), weak_accuracy=_WEAK),
        experiment=_corrected,
        relation=Equal(),
        formula="1 − (1 − b)(1 − a)",
        protocol=(
            f"{_SAMPLES} answers, right with probability a; a source that is right with probability b = {_WEAK} "
            "is asked for the wrong ones."
        ),
        axis=Axis("accuracy a", _ACCURACIES),
        quantity="share of right answers",
    ),
)
