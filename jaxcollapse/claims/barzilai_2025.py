"""Barzilai and Shamir 2025: iterative maximum likelihood on accumulating data stays consistent, for regular families.

Their ``theta^(T)`` is our generation ``g = T``: it is fitted to ``T n`` samples, ``n`` of them real. The regular
families, sample sizes and horizon are those of their appendix G, unless a protocol says otherwise. In the two families
of their section 5 the fit to real data is consistent, and iterated fits are not.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import erf
from jaxtyping import Array, Float

from jaxcollapse.chain.pooled import Accumulate
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.models.counterexamples.immediate_collapse import ImmediateCollapse
from jaxcollapse.models.counterexamples.staircase import Staircase
from jaxcollapse.models.exponential_family import Beta, Exponential, NormalMean
from jaxcollapse.models.gaussian.univariate import Gaussian
from jaxcollapse.theory import counterexamples, exponential_family, mean
from jaxcollapse.theory.papers import BARZILAI_2025 as REFERENCE
from jaxcollapse.verification.claim import Axis, Claim
from jaxcollapse.verification.relation import Asymptotic, AtLeast, Equal, Probability, Rate

_claim = partial(Claim, reference=REFERENCE)
SAMPLES, TIMES, GENERATIONS = (20, 50, 100, 1000), np.array([1, 10, 100]), 100
_PROTOCOL = "Maximum likelihood on accumulating data, T = 1, 10, 100; n = 20, 50, 100 and, further out, 1000; "
_LABELS = tuple(f"n = {n}, T = {t}" for n in SAMPLES for t in TIMES)


def _flat(estimate, truth: float):
    """``sqrt(n)`` times the absolute error, for every sample size and horizon."""

    def experiment(key):
        errors = [jnp.sqrt(n) * jnp.abs(estimate(key, n)[TIMES - 1] - truth) for n in SAMPLES]
        return jnp.concatenate(errors)

    return experiment


def _family(model):
    return lambda key, n: simulate(model(), Accumulate(), key=key, samples=n, generations=GENERATIONS).estimate


def _gaussian_mean(key, n):
    return simulate(Gaussian(ddof=0), Accumulate(), key=key, samples=n, generations=GENERATIONS).mean


def _asymptote() -> Float[Array, " cells"]:
    """Mean of a half normal with the accumulated variance: the limit of large n, for unit Fisher information."""
    inflation = mean.inflation(Accumulate(), generations=GENERATIONS)[TIMES - 1]
    return jnp.tile(jnp.sqrt(2 / jnp.pi * inflation), len(SAMPLES))


def _flat_claim(name: str, family: str, estimate, constant: float) -> Claim:
    allowance = np.repeat([constant / n for n in SAMPLES], len(TIMES))
    return _claim(
        name=name,
        statement=f"For the {family} the error of iterative maximum likelihood times √n is flat in n and bounded in T.",
        theory=_asymptote,
        experiment=estimate,
        relation=Asymptotic(allowance=allowance, tolerance=0.015),
        formula="√n E|θ⁽ᵀ⁾ − θ*| → √(2/π · Σ_{g≤T} 1/g²) ≤ 1.024",
        protocol=_PROTOCOL + f"{family}.",
        labels=_LABELS,
        quantity="√n E|θ⁽ᵀ⁾ − θ*|",
    )


# Squares of normal errors are noisy: at 16 generations 1.584 of the limit of 1.645 is there, at a sixth of the cost.
_SHORT, _SIZES, _SCALES = np.array([1, 4, 16]), (20, 100), (0.1, 1.0)


def _curve(n: int) -> Float[Array, " times"]:
    """The exact mean of the squared relative error of an exponential mean, whose variance function is its square."""
    last = int(_SHORT[-1])
    curve = exponential_family.variance_accumulate(variance=1.0, curvature=1.0, samples=n, generations=last)
    return curve[_SHORT - 1]


def _inflation(key) -> Float[Array, " cells"]:
    """``n`` times the squared error of an exponential mean."""
    errors = []
    for n in _SIZES:
        run = simulate(Exponential(1.0), Accumulate(), key=key, samples=n, generations=int(_SHORT[-1]))
        errors.append(n * run.squared_error[_SHORT - 1])
    return jnp.concatenate(errors)


def _equivariance(key) -> Float[Array, " cells"]:
    """Squared relative error of ``1/theta``, the mean of an exponential variable ``-log x``.

    For true shapes of different size, with randomness of their own.
    """
    errors = []
    for i, scale in enumerate(_SCALES):
        own = jax.random.fold_in(key, i)
        run = simulate(Beta(scale), Accumulate(), key=own, samples=_SIZES[0], generations=int(_SHORT[-1]))
        errors.append((scale / run.estimate[_SHORT - 1] - 1) ** 2)
    return jnp.concatenate(errors)


_FIRST_SIZES, _SECOND_SIZES, _RATE_SIZES = (10**3, 10**6), (10**4, 10**6), np.array([10**2, 10**4, 10**6])


def _fragile(key, n, generations: int):
    return simulate(ImmediateCollapse(), Accumulate(), key=key, samples=n, generations=generations)


def _distances(key) -> Float[Array, "family size"]:
    """The distance in total variation at generation 2: the fragile family, and a Gaussian of unknown mean."""

    def one(key, n):
        own, other = jax.random.split(key)
        mean = simulate(NormalMean(), Accumulate(), key=other, samples=n, generations=2).estimate[-1]
        return jnp.stack([_fragile(own, n, 2).total_variation[-1], erf(jnp.abs(mean) / jnp.sqrt(8.0))])

    return jnp.stack([one(jax.random.fold_in(key, i), n) for i, n in enumerate(_RATE_SIZES)], axis=-1)


_BATCHES = np.array([1, 2, 4, 8, 16])
_STAIR_SIZES = (20, 10**6)
_MEDIANS = np.array([3, 19, 121, 775])  # of the waiting times for levels 1 to 4


def _first_level(key) -> Array:
    """Whether level 1 is still empty, for every sample size and number of batches, with randomness of their own."""
    empty = []
    for i, n in enumerate(_STAIR_SIZES):
        own = jax.random.fold_in(key, i)
        run = simulate(Staircase(1), Accumulate(), key=own, samples=n, generations=int(_BATCHES[-1]) + 1)
        empty.append(run.level[_BATCHES] < 1)
    return jnp.concatenate(empty)


def _first_level_theory() -> Float[Array, " cells"]:
    batches = int(_BATCHES[-1]) + 1
    return jnp.concatenate(
        [counterexamples.staircase_first_waiting(samples=n, generations=batches)[_BATCHES] for n in _STAIR_SIZES]
    )


@lenient()
def _later_levels(key) -> Array:
    """Whether each level is still empty at its median time."""
    levels = np.arange(1, len(_MEDIANS) + 1)
    run = simulate(Staircase(len(_MEDIANS)), Accumulate(), key=key, samples=1e6, generations=int(_MEDIANS[-1]) + 1)
    return run.level[_MEDIANS] < levels


def _later_levels_theory() -> Float[Array, " levels"]:
    return jnp.stack(
        [
            counterexamples.staircase_waiting(level=j, generations=int(t) + 1)[-1]
            for j, t in enumerate(_MEDIANS, start=1)
        ]
    )


_BOUND_SIZES = (10, 100, 10_000)


def _dropped(key) -> Array:
    """Whether the fit to real data is not at the largest point; rows are distances from the edge."""
    model = ImmediateCollapse()
    data = model.sample(key, model.truth(), 10**6)
    return jnp.stack([model.fit(data).alpha > 0.5 * jnp.min(data.rows)])


TOUR = "barzilai-inflation"
CLAIMS = (
    _flat_claim("barzilai-flat-gaussian", "mean of a Gaussian", _flat(_gaussian_mean, 0.0), 1.0),
    _flat_claim("barzilai-flat-exponential", "exponential distribution", _flat(_family(Exponential), 1.0), 1.0),
    _flat_claim("barzilai-flat-beta", "Beta(θ, 1) distribution", _flat(_family(Beta), 1.0), 2.0),
    _claim(
        name="barzilai-inflation",
        statement="Accumulation inflates the squared error of the first fit by Σ 1/g², less than π²/6, up to O(1/n).",
        theory=lambda: jnp.concatenate([n * _curve(n) for n in _SIZES]),
        experiment=_inflation,
        relation=Equal(),
        formula="n E(θ⁽ᵀ⁾ − θ)²/θ² = n [∏_{g≤T} (1 + 1/(n g²)) − 1] → Σ_{g≤T} 1/g² (exact for the exponential mean)",
        protocol="Maximum likelihood on accumulating data, n = 20, 100, T = 1, 4, 16; mean of an exponential.",
        labels=tuple(f"n = {n}, T = {t}" for n in _SIZES for t in _SHORT),
        quantity="n E(θ⁽ᵀ⁾ − θ)²/θ²",
    ),
    _claim(
        name="barzilai-scale-equivariance",
        statement="For Beta(θ, 1) the relative error does not depend on θ: no true parameter is harder than another.",
        theory=lambda: jnp.tile(_curve(_SIZES[0]), len(_SCALES)),
        experiment=_equivariance,
        relation=Equal(),
        formula="E(θ/θ⁽ᵀ⁾ − 1)² = ∏_{g≤T} (1 + 1/(n g²)) − 1 for every θ",
        protocol="Maximum likelihood on accumulating data from Beta(θ, 1), n = 20, T = 1, 4, 16, θ = 0.1 and 1.",
        labels=tuple(f"θ = {scale:g}, T = {t}" for scale in _SCALES for t in _SHORT),
        quantity="E(θ/θ⁽ᵀ⁾ − 1)²",
    ),
    _claim(
        name="barzilai-fragile-first",
        statement="In the family of theorem 5.1 the fit to real data is good: its distance falls like 1/n.",
        theory=lambda: jnp.full(len(_FIRST_SIZES), counterexamples.immediate_collapse_first_distance()),
        experiment=lambda key: jnp.stack([n * _fragile(key, n, 1).total_variation[0] for n in _FIRST_SIZES]),
        relation=Asymptotic(allowance=np.array([2 / n for n in _FIRST_SIZES]), tolerance=0.015),
        formula="n E TV₁ → ½ [1 + (1 + c/(1 − cp)) p/(1 − p)] = 0.690, c = 4 log 2, p = exp(−c (1 − p))",
        protocol="Maximum likelihood on n real points, the family p_{α,μ}; n = 10³ and 10⁶.",
        labels=tuple(f"n = {n:,}".replace(",", " ") for n in _FIRST_SIZES),
        quantity="n E TV₁",
    ),
    _claim(
        name="barzilai-fragile-second",
        statement="In the family of theorem 5.1 the second fit collapses with a probability that n does not change.",
        theory=lambda: jnp.full(len(_SECOND_SIZES), counterexamples.immediate_collapse_probability()),
        experiment=lambda key: jnp.stack([_fragile(key, n, 2).collapsed[-1] == 1 for n in _SECOND_SIZES]),
        relation=Probability(tolerance=0.025),
        formula="P(TV₂ = ¼) → 1 − s (1 − p)/(1 − sq) = 0.241, s = 4/5, p = exp(−c (1 − p)), q = exp(−c (1 − q))/2",
        protocol="Maximum likelihood on n real and n synthetic points, the family p_{α,μ}; n = 10⁴ and 10⁶.",
        labels=tuple(f"n = {n:,}".replace(",", " ") for n in _SECOND_SIZES),
        quantity="P(TV₂ = ¼)",
    ),
    _claim(
        name="barzilai-fragile-rate",
        statement="More data does not help the second fit of a fragile family; a regular one it helps like n^(−1/2).",
        theory=np.array([0.0, -0.5]),
        experiment=_distances,
        relation=Rate(),
        formula="E TV₂ ~ n⁰ in the family p_{α,μ}, n^(−1/2) for the mean of a Gaussian",
        protocol="Maximum likelihood on n real and n synthetic points; n = 10², 10⁴ and 10⁶.",
        axis=Axis("n", _RATE_SIZES),
        labels=("p_{α,μ}", "Gaussian"),
        quantity="E TV₂",
        scale="log",
    ),
    _claim(
        name="barzilai-staircase-first",
        statement="In the family of theorem 5.2 the wait for the first level is the same for 20 points and a million.",
        theory=_first_level_theory,
        experiment=_first_level,
        relation=Probability(tolerance=0.02),
        formula="P(T₁ > t) → 1/(1 + t/2), a time of infinite mean (exact at n = 20: up to 3 % away)",
        protocol="Maximum likelihood on accumulating data, the family h_α; t = 1, 2, 4, 8, 16 synthetic batches.",
        labels=tuple(f"n = {n:,}, t = {t}".replace(",000", " 000") for n in _STAIR_SIZES for t in _BATCHES),
        quantity="P(T₁ > t)",
    ),
    _claim(
        name="barzilai-staircase-levels",
        statement="Every level of theorem 5.2 is reached: each takes six times as long as the one below, at any n.",
        theory=_later_levels_theory,
        experiment=_later_levels,
        relation=Probability(tolerance=0.025),
        formula="P(T_J > t) of the chain R → R min(¼, Y/(2R)), waits geometric with 1 − exp(−R), R₀ = E/2",
        protocol="Maximum likelihood on accumulating data, the family h_α, n = 10⁶; t is the median of T_J.",
        labels=tuple(f"J = {j}, t = {t}" for j, t in enumerate(_MEDIANS, start=1)),
        quantity="P(T_J > t)",
    ),
    _claim(
        name="barzilai-fragile-dropped",
        statement="In the family of theorem 5.1 one fit to real data in thirteen is not at the largest point.",
        theory=lambda: jnp.full(1, counterexamples.immediate_collapse_dropped()),
        experiment=_dropped,
        relation=Probability(tolerance=0.025),
        formula="P(α₁ > (1 − max x)/2) → p = 0.0775, the root below 1 of p = exp(−c (1 − p)), c = 4 log 2",
        protocol="Maximum likelihood on n real points, the family p_{α,μ}; n = 10⁶.",
        labels=("n = 1 000 000",),
        quantity="P(not at the largest point)",
    ),
    _claim(
        name="barzilai-fragile-bound",
        statement="In the family of theorem 5.1 the second fit collapses in one case of five at least, at any n.",
        theory=lambda: jnp.stack(
            [counterexamples.immediate_collapse_probability_bound(samples=n) for n in _BOUND_SIZES]
        ),
        experiment=lambda key: jnp.stack([_fragile(key, n, 2).collapsed[-1] for n in _BOUND_SIZES]),
        relation=AtLeast(tolerance=0.02),
        formula="P(TV₂ = ¼) ≥ 1 − E(1 − α/2)ⁿ → 1/5 for α = (1 − max x)/2, at most ¼",
        protocol="Maximum likelihood on n real and n synthetic points, the family p_{α,μ}; n = 10, 100 and 10⁴.",
        axis=Axis("n", np.array(_BOUND_SIZES)),
        first_look=65536,
        quantity="P(TV₂ = ¼)",
    ),
)
