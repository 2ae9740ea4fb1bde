"""When a recursive fit is closer to the truth than the fit to real data."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxcollapse.chain.pooled import Accumulate, Replace
from jaxcollapse.chain.schedule import polynomial
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.claims.frame import generation_axis, shared
from jaxcollapse.claims.xu_2025.protocol import SAMPLES, claim
from jaxcollapse.models.exponential_family import NormalMean
from jaxcollapse.models.gaussian.univariate import Gaussian
from jaxcollapse.theory import mean
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import AtLeast, Probability

_BEAT_TIMES = np.array([2, 5, 10, 20])
_claim = partial(claim, quantity="P(synthetic beats real-only)")


def _beats(dim: int, workflow: Workflow, samples):
    """Whether the estimate at each time is closer to the truth than the fit to real data."""

    def experiment(key):
        model = NormalMean(jnp.zeros(dim))
        errors = simulate(model, workflow, key=key, samples=samples, generations=_BEAT_TIMES[-1]).squared_error
        return errors[_BEAT_TIMES - 1] < errors[0]

    return experiment


def _beat_probability(dim: int, workflow: Workflow, samples) -> Float[Array, " times"]:
    """From the drift after the first fit, in units of the variance of that fit."""
    sizes = samples(jnp.arange(1.0, _BEAT_TIMES[-1] + 1))
    drift = mean.inflation(workflow, generations=_BEAT_TIMES[-1], samples=sizes) - 1
    return mean.improvement_probability(ratio=jnp.sqrt(drift[_BEAT_TIMES - 1]), dim=dim)


def _beat_claim(name: str, statement: str, dim: int, workflow: Workflow, power: float, **fields) -> Claim:
    samples = polynomial(float(SAMPLES), power)
    return _claim(
        name=name,
        statement=statement,
        theory=lambda: _beat_probability(dim, workflow, samples),
        experiment=_beats(dim, workflow, samples),
        relation=Probability(tolerance=0.025),
        axis=generation_axis(_BEAT_TIMES),
        **fields,
    )


_SMALL = shared(samples=10, generations=50)

_SMALL_TIMES = np.array([2, 5, 10, 50])


def _beats_with_estimated_variance(key):
    errors = simulate(Gaussian(ddof=1), Replace(), key=key, **_SMALL).squared_error
    return errors[_SMALL_TIMES - 1] < errors[0]


_VARIANCES = np.array([4.0, 1.0, 0.25])


def _beats_in_the_euclidean_norm(key):
    """The same for a mean whose coordinates have different variances."""
    walk = simulate(NormalMean(jnp.zeros(3)), Replace(), key=key, samples=SAMPLES, generations=int(_BEAT_TIMES[-1]))
    errors = walk.estimate**2 @ _VARIANCES
    return errors[_BEAT_TIMES - 1] < errors[0]


def _euclidean_theory():
    ratios = mean.mean_replace_drift_ratio(samples=jnp.full(_BEAT_TIMES[-1], float(SAMPLES)))[_BEAT_TIMES - 1]
    return jnp.stack([mean.euclidean_improvement_probability(_VARIANCES, ratio=ratio) for ratio in ratios])


def _beats_other_data(key):
    """Whether the estimate is closer to the truth than a fit to real data that the chain has not seen."""
    chain_key, other_key = jax.random.split(key)
    sizes = dict(samples=SAMPLES, generations=int(_BEAT_TIMES[-1]))
    errors = simulate(NormalMean(jnp.zeros(3)), Accumulate(), key=chain_key, **sizes).squared_error
    other = simulate(NormalMean(jnp.zeros(3)), Replace(), key=other_key, samples=SAMPLES, generations=1).squared_error
    return errors[_BEAT_TIMES - 1] < other[0]


def _other_data_theory():
    inflation = mean.inflation(Accumulate(), generations=_BEAT_TIMES[-1])[_BEAT_TIMES - 1]
    return mean.independent_improvement_probability(ratio=jnp.sqrt(inflation), dim=3)


def _endless_ratio() -> Float[Array, ""]:
    return mean.mean_replace_drift_ratio_limit(growth=1.0)


CLAIMS = (
    _beat_claim(
        "xu-improvement-replace",
        "Under replacement the chance to beat the fit to real data decays like one over the square root of time.",
        dim=1,
        workflow=Replace(),
        power=0.0,
        formula="P = arctan(2 s₁/s₂)/π with s₂²/s₁² = Σ_{2≤t≤g} n₁/n_t = g − 1",
        protocol="Mean of a Gaussian with known variance, n = 100, replace.",
    ),
    _beat_claim(
        "xu-improvement-superlinear",
        "With quadratically growing samples the chance to beat the fit to real data stays above 0.378.",
        dim=1,
        workflow=Replace(),
        power=2.0,
        formula="P = arctan(2 s₁/s₂)/π → arctan(2/√(π²/6 − 1))/π = 0.3785",
        protocol="Mean of a Gaussian with known variance, n_t = 100 t², replace.",
    ),
    _beat_claim(
        "xu-improvement-10d",
        "In ten dimensions accumulated synthetic data beats real data alone in one case of nine.",
        dim=10,
        workflow=Accumulate(),
        power=0.0,
        formula="P = P(t_p > √p s₂/(2 s₁)), t_p Student with p degrees of freedom, s₂²/s₁² = Σ_{2≤t≤g} 1/t²",
        protocol="Mean of a Gaussian with known covariance in p = 10 dimensions, n = 100, accumulate.",
    ),
    _claim(
        name="xu-improvement-estimated",
        statement="If the variance is estimated too, it collapses and spares the mean: the chance to win falls slower.",
        theory=lambda: mean.estimated_improvement_probability(**_SMALL, ddof=1)[_SMALL_TIMES - 1],
        experiment=_beats_with_estimated_variance,
        relation=Probability(tolerance=0.02),
        formula="P = E arctan(2 s₁/s₂)/π over the law of s₂² = Σ_{2≤t≤g} σ̂²_{t−1}/n",
        protocol="Gaussian with unknown mean and variance, unbiased variance, n = 10, replace.",
        axis=generation_axis(_SMALL_TIMES),
    ),
    _claim(
        name="xu-improvement-euclidean",
        statement="In the Euclidean norm the chance to win depends on the spectrum of the Fisher information.",
        theory=_euclidean_theory,
        experiment=_beats_in_the_euclidean_norm,
        relation=Probability(tolerance=0.025),
        formula="P(Σ_j λ_j (a₊ u_j² + a₋ v_j²) < 0), a± = s₂²/2 ± √(s₂⁴/4 + s₁² s₂²), u, v normal; by Imhof's integral",
        protocol="Mean of a Gaussian with known variances 4, 1 and 0.25, n = 100, replace.",
        axis=generation_axis(_BEAT_TIMES),
    ),
    _claim(
        name="xu-improvement-other",
        statement="Against real data that the chain has not seen, accumulated synthetic data wins more often.",
        theory=_other_data_theory,
        experiment=_beats_other_data,
        relation=Probability(tolerance=0.02),
        formula="P = P(F_{p,p} < b²/a²), a²/b² = Σ_{t≤g} 1/t²",
        protocol="Mean of a Gaussian with known covariance in p = 3 dimensions, n = 100, accumulate.",
        axis=generation_axis(_BEAT_TIMES),
    ),
    _claim(
        name="xu-improvement-limit",
        statement="With quadratically growing samples the chance to win never falls below that of an endless walk.",
        theory=lambda: jnp.full(len(_BEAT_TIMES), mean.improvement_probability(ratio=_endless_ratio(), dim=1)),
        experiment=_beats(1, Replace(), polynomial(float(SAMPLES), 2.0)),
        relation=AtLeast(),
        formula="P ≥ arctan(2/√(ζ(2) − 1))/π = 0.3785, s₂²/s₁² → ζ(1 + s) − 1 with n_t = c t^{1+s}",
        protocol="Mean of a Gaussian with known variance, n_t = 100 t² (s = 1), replace.",
        axis=generation_axis(_BEAT_TIMES),
    ),
)
