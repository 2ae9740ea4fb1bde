"""Results without a paper: loops in which one real row counts little, and all the same a few of them are enough.

The settings are those of Fu et al. 2025, arXiv:2502.18865, and of a verifier that is the first model. Generation
``g = 1`` is the fit to real data.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtr, ndtri
from jax.tree_util import Partial

from jaxcollapse.chain.data import Samples
from jaxcollapse.chain.mix import Mix
from jaxcollapse.chain.model import Model
from jaxcollapse.chain.pooled import Replace
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.claims.frame import generation_axis, shared
from jaxcollapse.models.biased import Biased
from jaxcollapse.models.exponential_family import NormalMean
from jaxcollapse.models.regression.linear_attention import LinearAttention
from jaxcollapse.theory import Spectrum, discrete, mean, regression
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Asymptotic, Equal, Probability

REFERENCE = None
_DIM, _CONTEXT = 4, shared(samples=74, generations=4)


def _spectrum():
    return Spectrum.from_eigenvalues([1.5, 1.0, 0.6, 0.3], [0.5, -0.4, 0.7, 0.3])


def _mixed(key):
    model = LinearAttention(_spectrum(), noise=0.5, gain=1.05)
    return simulate(model, Mix("fresh", real_samples=6), key=key, **_CONTEXT).risk


def _mixed_theory():
    return regression.attention_mix(_spectrum(), noise=0.5, gain=1.05, real_samples=6, **_CONTEXT)


_REAL, _OWN = 6, np.array([34, 94])
_SHARES = _REAL / (_REAL + _OWN)
_GAINS = 1 / np.sqrt((1 - _SHARES) ** 2 * (1 + (_DIM + 1) / _OWN))


def _kept(key):
    """The squared coefficients after one more context; the truth is zero."""
    first = jnp.zeros(_DIM).at[0].set(1.0)

    def after(own, gain):
        model = LinearAttention(Spectrum.isotropic(_DIM, norm=0.0), noise=0.0, gain=gain)
        return simulate(model, Mix("fresh", real_samples=_REAL), key=key, samples=own, generations=2, first=first).risk[
            1
        ]

    return jax.lax.map(lambda case: after(*case), (jnp.asarray(_OWN, float), jnp.asarray(_GAINS)))


def _kept_theory():
    needed = regression.attention_mix_needed_share
    return jnp.stack(
        [needed(dim=_DIM, samples=_REAL + n, gain=g) / s for n, g, s in zip(_OWN, _GAINS, _SHARES, strict=True)]
    )


_HELD, _ROW = shared(real_share=0.2, expansion=1.1, generations=12), 5


def _moved(expansion, parameter):
    return expansion * parameter


def _sensitivity(key):
    """How far the fits move, times how far one of the real rows was moved."""
    by_key, key = jax.random.split(key)
    by = jax.random.normal(by_key)
    model = Biased(NormalMean(0.0), Partial(_moved, _HELD["expansion"]))
    mix = Mix("fixed", weight=_HELD["real_share"])

    def run(moved):  # which is as much as if one of the real rows had moved n times as far
        return simulate(model, mix, key=key, samples=_ROW, generations=12, truth=moved).estimate

    return by * (run(by / _ROW) - run(0 * by))


_FIRST, _LATER, _RADIUS = 20, 40, 1.3
_VERIFIED = shared(samples=np.array([_FIRST] + [_LATER] * 4), generations=5)


class _SelfVerified(Model):
    """A mean and that of generation 1: rows count if they are near the latter."""

    def truth(self):
        return jnp.zeros(2)

    def real(self, key, truth, n):
        return Samples(jax.random.normal(key, (int(n),), truth.dtype))

    def sample(self, key, params, n):
        centre, now = params
        low, high = ndtr(centre - _RADIUS - now), ndtr(centre + _RADIUS - now)
        return Samples(now + ndtri(low + (high - low) * jax.random.uniform(key, (int(n),), params.dtype)))

    def fit(self, data, *, previous, generation, **context):
        now = data.mean(lambda row: row)
        return jnp.stack([jnp.where(generation == 1, now, previous[0]), now])

    def metrics(self, params, **context):
        return {"squared_error": params[1] ** 2}


def _verified(key):
    return simulate(_SelfVerified(), Replace(), key=key, **_VERIFIED).squared_error


_CONFIDENCES = np.array([0.1, 0.3, 0.5])


def _candidates():
    """As few as the bound allows; so many that it is whole."""
    with jax.ensure_compile_time_eval():
        return np.ceil(np.asarray(discrete.self_verified_candidates(confidence=_CONFIDENCES)))


def _missed(key):
    """Whether none of the candidates is the likely answer."""
    most = [int(number) for number in _candidates()]
    draws = jax.random.uniform(key, (max(most),))
    return jnp.stack([jnp.all(draws[:n] > c) for n, c in zip(most, _CONFIDENCES, strict=True)])


def _missed_theory():
    return discrete.self_verified_missed(confidence=_CONFIDENCES, candidates=_candidates())


CLAIMS = (
    Claim(
        name="own-attention",
        statement="Linear attention that reads its own answers has a risk that a recursion gives at every size.",
        theory=_mixed_theory,
        experiment=_mixed,
        relation=Equal(tolerance=0.03),
        formula="E w'² = (Γ/n)² [n_r(n_r + 1) λ² w₀² + … + n_s(n_s + 1) λ² s + n_s λ Σ_j λ_j s_j + σ² n λ]",
        protocol="d = 4, unequal eigenvalues, σ = 0.5, Γ = 1.05; 6 fresh real rows and 74 of the last model.",
        axis=generation_axis(_CONTEXT["generations"]),
        quantity="excess risk",
    ),
    Claim(
        name="own-attention-share",
        statement="Linear attention needs a share of real rows of about (d + 1)/(2n), which vanishes with many rows.",
        theory=_kept_theory,
        experiment=_kept,
        relation=Equal(tolerance=0.025),
        formula="Γ²(1 − α)²(1 + (d + 1)/((1 − α) n)) = 1",
        protocol="d = 4, isotropic, no noise, the truth is zero; 6 fresh real rows and others, Γ such that α* = 6/n.",
        labels=tuple(f"n = {_REAL + own}" for own in _OWN),
        quantity="square that is kept",
    ),
    Claim(
        name="own-sensitivity",
        statement="What one real row still counts is bounded if models expand less than the other rows dilute.",
        theory=lambda: mean.mean_mix_sensitivity(samples=float(_ROW), **_HELD),
        experiment=_sensitivity,
        relation=Equal(tolerance=0.02),
        formula="s_g = α/n + (1 − α) ℓ s_{g−1} → α/(n (1 − (1 − α) ℓ)) if (1 − α) ℓ < 1",
        protocol="Gaussian mean, 5 real rows of weight 0.2 that stay; models draw with 1.1 times their mean.",
        axis=generation_axis(_HELD["generations"]),
        quantity="move of the fit by one row",
        first_look=4096,
    ),
    Claim(
        name="own-self-verified",
        statement="A verifier that is the first model keeps its error for ever, and adds a bounded one.",
        theory=lambda: mean.self_verified_replace(radius=_RADIUS, **_VERIFIED),
        experiment=_verified,
        relation=Asymptotic(allowance=0.005, tolerance=0.03),
        formula="E e² → 1/n₁ + ρ/(n (1 − ρ²)), ρ = 1 − 2Rφ(R)/(2Φ(R) − 1)",
        protocol="Gaussian mean, 20 real rows; 40 rows within R = 1.3 of the first mean in each generation.",
        axis=generation_axis(_VERIFIED["generations"]),
        quantity="squared error",
        first_look=32768,
    ),
    Claim(
        name="own-self-verified-candidates",
        statement="A model that chooses the likeliest of its own answers needs about log(1/c)/c of them.",
        theory=_missed_theory,
        experiment=_missed,
        relation=Probability(tolerance=0.03),
        formula="P(missed) = (1 − c)^N, at most c for N = log(1/c)/c",
        protocol="The likeliest answer has the probability c, and N is the next integer: 24, 5 and 2.",
        labels=tuple(f"c = {c:g}" for c in _CONFIDENCES),
        quantity="P(the likeliest answer is missed)",
    ),
)
