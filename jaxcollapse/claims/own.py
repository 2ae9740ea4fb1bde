"""Results without a paper: what `jaxcollapse.theory` derives on its own.

A claim of this file has no reference, and a name that begins with ``own-``. Generation ``g = 1`` is the fit to real
data.
"""

from jaxcollapse.chain.simulate import simulate
from jaxcollapse.chain.workflow import Replace
from jaxcollapse.claims.frame import generation_axis
from jaxcollapse.models.gaussian.univariate import Gaussian
from jaxcollapse.theory import gaussian
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Equal

REFERENCE = None
_SAMPLES, _GENERATIONS = 4, 10


def _log_variance(key):
    return simulate(Gaussian(ddof=1), Replace(), key=key, samples=_SAMPLES, generations=_GENERATIONS).log_variance


CLAIMS = (
    Claim(
        name="own-log-variance",
        statement="With an unbiased variance the mean logarithm falls by the same amount at every generation.",
        theory=lambda: gaussian.log_variance_mean(samples=_SAMPLES, generations=_GENERATIONS, ddof=1),
        experiment=_log_variance,
        relation=Equal(tolerance=0.02),
        formula="E log X_g = g (ψ((n − 1)/2) − log((n − 1)/2))",
        protocol="A Gaussian fitted to n = 4 of its own samples with divisor n − 1; each batch replaces the last.",
        axis=generation_axis(_GENERATIONS),
        quantity="log variance",
    ),
)
