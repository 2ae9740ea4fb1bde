"""Results without a paper: what models still tell of the truth, and the entropy that they keep.

Information falls like one over the number of generations, and entropy along a line: neither falls exponentially while
there is something to lose. Generation ``g = 1`` is the fit to real data.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import entr

from jaxcollapse.chain.pooled import Accumulate, MovingAverage, Replace, Weighted
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.claims.frame import as_matrix, generation_axis, shared
from jaxcollapse.models.discrete.categorical import Categorical
from jaxcollapse.models.exponential_family import NormalMean
from jaxcollapse.theory import discrete, mean
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Equal

REFERENCE = None
_PRIOR, _ROWS, _TIMES = 0.5, shared(samples=10, generations=12), np.array([1, 4, 12])
_WORKFLOWS = {
    "replace": lambda: Replace(),
    "accumulate": lambda: Accumulate(),
    "moving average": lambda: MovingAverage(0.4),
}


def _information(workflow):
    return mean.mean_information(workflow, prior_variance=_PRIOR, **_ROWS)


def _guesses(key):
    """Squared errors of the best linear guess of a truth that is drawn from the prior."""
    truth_key, key = jax.random.split(key)
    truth = jnp.sqrt(_PRIOR) * jax.random.normal(truth_key)

    def error(matrix, kept):
        estimate = simulate(NormalMean(0.0), Weighted(matrix), key=key, truth=truth, **_ROWS).estimate
        return ((truth - kept * estimate) ** 2)[_TIMES - 1]

    kept = jnp.stack([-jnp.expm1(-2 * _information(make())) for make in _WORKFLOWS.values()])
    return jax.lax.map(lambda case: error(*case), (_matrices(), kept)).ravel()


def _matrices():
    return jnp.stack([as_matrix(make(), **_ROWS).matrix for make in _WORKFLOWS.values()])


def _guesses_theory():
    return jnp.concatenate([_PRIOR * jnp.exp(-2 * _information(make()))[_TIMES - 1] for make in _WORKFLOWS.values()])


def _errors(key):
    run = lambda matrix: simulate(NormalMean(0.0), Weighted(matrix), key=key, **_ROWS).squared_error  # noqa: E731
    return jax.lax.map(lambda matrix: 10 * run(matrix)[_TIMES - 1], _matrices()).ravel()


def _errors_theory():
    lost = lambda workflow: mean.information_lost(workflow, **_ROWS)  # noqa: E731
    return jnp.concatenate([jnp.exp(2 * lost(make()))[_TIMES - 1] for make in _WORKFLOWS.values()])


_LANGUAGE, _TEXT = np.array([0.4, 0.3, 0.2, 0.1]), shared(samples=30, generations=12)


def _entropy(key):
    return jnp.sum(entr(simulate(Categorical(_LANGUAGE), Replace(), key=key, **_TEXT).params), axis=1)


CLAIMS = (
    Claim(
        name="own-information",
        statement="What a model tells of the truth falls like 1/g where data is replaced, and stays where it is kept.",
        theory=_guesses_theory,
        experiment=_guesses,
        relation=Equal(tolerance=0.03),
        formula="I_g = ½ ln(1 + τ² n/(σ² c_g)); the best guess has the squared error τ² e^(−2 I_g)",
        protocol="Gaussian mean of prior N(0, 0.5), n = 10 rows of variance 1.",
        labels=tuple(f"{name}, g = {g}" for name in _WORKFLOWS for g in _TIMES),
        quantity="squared error of the best guess",
    ),
    Claim(
        name="own-information-lost",
        statement="What a loop costs for ever is half the log of its error: accumulation at most 0.2489 nats.",
        theory=_errors_theory,
        experiment=_errors,
        relation=Equal(tolerance=0.03),
        formula="lost = ½ ln c_g; ½ ln(π²/6) = 0.2489 if data accumulates, ½ ln g if it is replaced",
        protocol="Gaussian mean, n = 10 rows of variance 1; squared errors in units of the first.",
        labels=tuple(f"{name}, g = {g}" for name in _WORKFLOWS for g in _TIMES),
        quantity="squared error times n, e^(2 lost)",
    ),
    Claim(
        name="own-entropy",
        statement="Where data is replaced the entropy falls along a line, whatever the probabilities are.",
        theory=lambda: discrete.categorical_replace_entropy(_LANGUAGE, **_TEXT),
        experiment=_entropy,
        relation=Equal(tolerance=0.02),
        formula="E S_g = Σ_i E h(N_i/n), h(x) = −x ln x; S_g − S_{g+1} ≈ (K − 1)/(2n)",
        protocol="Probabilities 0.4, 0.3, 0.2, 0.1, n = 30 draws, replace.",
        axis=generation_axis(_TEXT["generations"]),
        quantity="entropy",
    ),
)
