"""Results without a paper: learners with a prior, and means that are estimated from contaminated streams.

The settings are those of Jangjoo, Di Sarra, Marsili and Roudi 2025, arXiv:2506.20623 (pseudo-counts), of iterated
learning, and of Amin et al. 2026, arXiv:2601.15468 (streams). Generation ``g = 1`` is the fit to real data.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import Partial

from jaxcollapse.chain.data import WeightedSum
from jaxcollapse.chain.model import Wrapper
from jaxcollapse.chain.pooled import Accumulate, Replace, Weighted
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.claims.frame import as_matrix, shared
from jaxcollapse.models.biased import Biased
from jaxcollapse.models.discrete.categorical import Categorical
from jaxcollapse.models.exponential_family import NormalMean
from jaxcollapse.random import binomial, chi_square, normal, split
from jaxcollapse.theory import discrete, mean
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Equal

REFERENCE = None
_LANGUAGE, _PRIOR = np.array([0.7, 0.3]), np.array([2.0, 2.0])
_SIZES, _TIMES = shared(samples=8, generations=4), np.array([0, 3])


class _Bayesian(Wrapper):
    """A language whose learners sample from their posterior."""

    model: Categorical

    def fit(self, data, *, key, **context):
        return self._posterior(key, data.counts)

    def _posterior(self, key, counts):
        weights = chi_square(key, 2 * (_PRIOR + counts))  # twice a gamma variate for each symbol
        return weights / jnp.sum(weights)


def _learners(key):
    """Probabilities and their squares."""
    run = simulate(_Bayesian(Categorical(_LANGUAGE)), Replace(), key=key, **_SIZES).params
    return jnp.concatenate([run[_TIMES], run[_TIMES] ** 2]).ravel()


def _learners_theory():
    law = discrete.bayesian_replace(_LANGUAGE, prior=_PRIOR, **_SIZES)
    rate = discrete.bayesian_replace_spectrum(prior_total=float(_PRIOR.sum()), samples=_SIZES["samples"])[1]
    means = 0.5 + rate ** (_TIMES[:, None] + 1) * (_LANGUAGE - 0.5)
    return jnp.concatenate([means, law.variance[_TIMES] + law.mean[_TIMES] ** 2]).ravel()


_HELD = shared(distance=1.5, prior_variance=0.5)


class _Guessing(Wrapper):
    """A mean whose learners sample from their posterior; the mean of their prior is zero."""

    model: NormalMean

    def fit(self, data: Any, *, key, **context):
        spread = 1 / (1 / _HELD["prior_variance"] + data.weight)
        return spread * data.total + jnp.sqrt(spread) * normal(key, data.total.shape, data.total.dtype)


def _guesses(key):
    """Means over coordinates, and their squares."""
    run = simulate(_Guessing(NormalMean(jnp.full(10, _HELD["distance"]))), Replace(), key=key, **_SIZES).params
    return jnp.concatenate([run.mean(axis=1), (run**2).mean(axis=1)])


def _guesses_theory():
    law = mean.mean_bayesian_replace(**_HELD, **_SIZES)
    return jnp.concatenate([law.mean, law.variance + law.mean**2])


_TARGET, _WEIGHT = np.array([0.4, 0.6]), 0.15


def _smoothed(weight, target, p):
    return weight * target + (1 - weight) * p


def _smooth(key):
    smooth = Partial(_smoothed, _WEIGHT, _TARGET)
    run = smooth(simulate(Biased(Categorical(_LANGUAGE), smooth), Replace(), key=key, **_SIZES).params[_TIMES])
    return jnp.concatenate([run, run**2]).ravel()


def _smooth_theory():
    law = discrete.smoothed_replace(_LANGUAGE, prior=_TARGET, prior_weight=_WEIGHT, **_SIZES)
    return jnp.concatenate([law.mean[_TIMES], law.variance[_TIMES] + law.mean[_TIMES] ** 2]).ravel()


_SHARE, _STREAM, _BATCHES = 0.6, shared(samples=5.0, generations=8), np.array([0, 3, 7])


class _Stream(Wrapper):
    """A mean whose rows are real now and then; what the model adds may be subtracted."""

    model: NormalMean
    debiased: Any

    def sample(self, key, params, n):
        real_key, rest = split(key)
        real = binomial(real_key, jnp.asarray(n, params.dtype), jnp.asarray(_SHARE, params.dtype))
        rows: Any = self.model.sample(rest, params, n)
        total = rows.total + real * (self.model.parameter - params)
        known = (total - (1 - _SHARE) * n * params) / _SHARE
        return WeightedSum(jnp.where(self.debiased, known, total), rows.weight)


def _stream(key):
    values = mean.contaminated_mean_accumulate_debiased(real_share=_SHARE, **_STREAM)
    informed = jnp.tril(jnp.ones((len(values), 1)) * jnp.diff(1 / values, prepend=0.0)) * values[:, None]
    pooled = as_matrix(Accumulate(), **_STREAM).matrix

    def errors(debiased, matrix):
        return simulate(_Stream(NormalMean(0.0), debiased), Weighted(matrix), key=key, **_STREAM).squared_error

    curves = jax.lax.map(lambda case: errors(*case), (jnp.array([False, True]), jnp.stack([pooled, informed])))
    return curves[:, _BATCHES].ravel()


def _stream_theory():
    pooled = mean.contaminated_mean_accumulate(real_share=_SHARE, **_STREAM)
    best = mean.contaminated_mean_accumulate_debiased(real_share=_SHARE, **_STREAM)
    return jnp.concatenate([pooled[_BATCHES], best[_BATCHES]])


_BY_SYMBOL = tuple(f"{name} {symbol}, g = {time + 1}" for name in ("P", "P²") for time in _TIMES for symbol in (1, 2))
CLAIMS = (
    Claim(
        name="own-bayesian",
        statement="Bayesian learners of each other who sample from their posterior end at their prior.",
        theory=_learners_theory,
        experiment=_learners,
        relation=Equal(tolerance=0.02),
        formula="E P_g = a/A + λ₁^g (p − a/A), λ_j = Π_{i<j} (n − i)/(n + A + i); the law tends to Dirichlet(a)",
        protocol="Two symbols, n = 8 draws of the last learner, prior Dirichlet(2, 2).",
        labels=_BY_SYMBOL,
        quantity="probabilities and their squares",
    ),
    Claim(
        name="own-bayesian-mean",
        statement="Bayesian learners of a mean forget it at the rate that they trust data with, and keep their prior.",
        theory=_guesses_theory,
        experiment=_guesses,
        relation=Equal(tolerance=0.02),
        formula="E θ_g = ρ^g θ_0, Var θ_g = τ² (1 − ρ^2g), ρ = n τ²/(n τ² + σ²)",
        protocol="Gaussian mean 1.5, n = 8 rows of variance 1 of the last learner, prior N(0, 0.5).",
        labels=tuple(f"{name}, g = {g}" for name in ("θ", "θ²") for g in range(1, 5)),
        quantity="what is held and its square",
        first_look=1024,
    ),
    Claim(
        name="own-smoothed",
        statement="Pseudo-counts keep every symbol alive, and the data is forgotten all the same.",
        theory=_smooth_theory,
        experiment=_smooth,
        relation=Equal(tolerance=0.02),
        formula="P' = λm + (1 − λ) counts/n; mean → m, variance → (1 − λ)² m(1 − m)/n/(1 − (1 − λ)²(1 − 1/n))",
        protocol="Two symbols, n = 8 draws from frequencies smoothed with λ = 0.15 towards 0.4, 0.6.",
        labels=_BY_SYMBOL,
        quantity="probabilities and their squares",
    ),
    Claim(
        name="own-stream",
        statement="On a stream with unknown real rows pooling loses a factor that debiasing gains back.",
        theory=_stream_theory,
        experiment=_stream,
        relation=Equal(tolerance=0.03),
        formula="V = (1 − αb)² V + b² (1 + α(1 − α)V)/n; debiased 1/V_g = 1/V_{g−1} + nα²/(1 + α(1 − α)V_{g−1})",
        protocol="Gaussian mean, n = 5 rows in each of 8 batches, each real with probability 0.6 from batch 2 on.",
        labels=tuple(f"{name}, g = {g + 1}" for name in ("pooled", "debiased") for g in _BATCHES),
        quantity="squared error",
        first_look=32768,
    ),
)
