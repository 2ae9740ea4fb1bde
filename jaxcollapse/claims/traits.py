"""Results without a paper: selection in a Gaussian loop, and extrapolation away from a fit to own samples.

The settings are those of Yoon et al. 2024, arXiv:2407.17493 (truncation and mutation), and of Alemohammad et al. 2025,
arXiv:2510.03597 (extrapolated parameters). Generation ``g = 1`` is the fit to real data, which nobody selects.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtr, ndtri
from jax.tree_util import Partial

from jaxcollapse.chain.data import Samples
from jaxcollapse.chain.model import Wrapper
from jaxcollapse.chain.pooled import Replace
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.claims.frame import shared
from jaxcollapse.models.biased import Biased
from jaxcollapse.models.gaussian.univariate import Gaussian, Normal
from jaxcollapse.theory import gaussian
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Asymptotic, Equal

REFERENCE = None
_CUTOFF, _FEW = 1.8, shared(samples=12, generations=4)
_BREED, _LOOP = shared(fraction=0.3, mutation=0.2), shared(samples=200, generations=5)
_ENVIRONMENTS = np.array([0.7, 0.0])


class _Chosen(Wrapper):
    """A Gaussian whose rows are selected by what they show, and change by mutation."""

    model: Gaussian
    standard: Partial
    """A selected standard normal variate, from a uniform one."""
    environment: Any = 0.0
    mutation: float = 0.0

    def sample(self, key, params, n):
        keys = jax.random.split(key, 3)
        variance = jnp.exp(params.log_variance)
        shown = variance + self.environment
        chosen = self.standard(jax.random.uniform(keys[0], (int(n),), variance.dtype))
        rest, changed = (jax.random.normal(k, (int(n),), variance.dtype) for k in keys[1:])
        inherited = variance / jnp.sqrt(shown) * chosen + jnp.sqrt(variance * self.environment / shown) * rest
        return Samples(params.mean + inherited + jnp.sqrt(self.mutation) * changed)


def _within(cutoff, uniform):
    return ndtri(ndtr(-cutoff) + (2 * ndtr(cutoff) - 1) * uniform)


def _best(fraction, uniform):
    return -ndtri(fraction * uniform)


def _selected(key, rule, sizes, **fields):
    model = _Chosen(Gaussian(ddof=1, sampling="raw"), rule, **fields)
    return simulate(model, Replace(), key=key, **sizes)


def _truncated(key):
    run = _selected(key, Partial(_within, _CUTOFF), _FEW)
    return jnp.concatenate([run.squared_error, run.variance])


def _truncated_theory():
    return jnp.concatenate(gaussian.truncated_replace(cutoff=_CUTOFF, **_FEW))


def _bred(key):
    """The means from generation 2 on, and the variances, of what is inherited in part or in full."""

    def at(environment):
        rule = Partial(_best, _BREED["fraction"])
        run = _selected(key, rule, _LOOP, environment=environment, mutation=_BREED["mutation"])
        return jnp.concatenate([run.mean[1:], run.variance])

    return jax.lax.map(at, jnp.asarray(_ENVIRONMENTS)).ravel()


def _bred_theory():
    generations = _LOOP["generations"]
    part, full = (gaussian.best_replace(environment=e, generations=generations, **_BREED) for e in _ENVIRONMENTS)
    end, best = gaussian.best_replace_limit(**_BREED), gaussian.best_selected(fraction=_BREED["fraction"])
    settling = end + (1 - best.lost) ** jnp.arange(generations) * (1 - end)
    return jnp.concatenate([part.mean[1:], part.variance, full.mean[1:], settling])


_FITS, _BIAS = shared(samples=20, own_samples=30), 0.85


def _scaled(factor, fit: Normal):
    return fit.scaled(factor)


def _guidances():
    best = gaussian.extrapolated_optimal_guidance(sampling_bias=_BIAS, **_FITS)
    return jnp.stack([jnp.zeros_like(best), best, 1 + 0 * best])


def _extrapolated(key):
    model = Biased(Gaussian(ddof=0), Partial(_scaled, _BIAS))
    first, second = jnp.exp(simulate(model, Replace(), key=key, samples=np.array([20, 30]), generations=2).log_variance)
    return (_BIAS * (first + _guidances() * (first - second)) - 1) ** 2


def _extrapolated_theory():
    error = lambda w: gaussian.extrapolated_error(guidance=w, sampling_bias=_BIAS, **_FITS)  # noqa: E731
    return jnp.stack([error(w) for w in _guidances()])


CLAIMS = (
    Claim(
        name="own-truncated",
        statement="Truncated samples lose the same share of the variance in every generation, whatever their number.",
        theory=_truncated_theory,
        experiment=_truncated,
        relation=Equal(tolerance=0.03),
        formula="E X_g = λ^(g−1), E μ_g² = (1 − λ^g)/(n (1 − λ)), λ = 1 − 2cφ(c)/(2Φ(c) − 1)",
        protocol="Gaussian of unbiased variance, n = 12 rows within c = 1.8 standard deviations, replace.",
        labels=tuple(f"{name}, g = {g}" for name in ("E μ²", "E X") for g in range(1, 5)),
        quantity="squared error and variance",
        first_look=8192,
    ),
    Claim(
        name="own-selected",
        statement="Where the best have successors a trait follows the breeder's equation; mutation keeps it varied.",
        theory=_bred_theory,
        experiment=_bred,
        relation=Asymptotic(allowance=0.006, tolerance=0.015),
        formula="R = h² i σ_P, V' = V (1 − h² k) + σ_m², k = i (i − z); V → σ_m²/k for h² = 1",
        protocol="n = 200 rows, each from the best 30 % of what the last model draws; σ_m² = 0.2.",
        labels=tuple(
            f"{name}, V_E = {e:g}, g = {g}"
            for e in _ENVIRONMENTS
            for name, first in (("mean", 2), ("variance", 1))
            for g in range(first, 6)
        ),
        quantity="mean and variance",
        first_look=1024,
    ),
    Claim(
        name="own-extrapolated",
        statement="Parameters extrapolated away from a fit to own samples are better only as far as the sampler errs.",
        theory=_extrapolated_theory,
        experiment=_extrapolated,
        relation=Equal(tolerance=0.02),
        formula="w* = (1 − E B)(E A/λ − E A²)/(E A² E(1 − B)²), positive if and only if λ < n/(n + 1)",
        protocol="Variance of a Gaussian: n = 20 real rows, N = 30 own ones drawn with 0.85 times the variance.",
        labels=("w = 0", "w = w*", "w = 1"),
        quantity="squared error of the variance that is drawn with",
        first_look=65536,
    ),
)
