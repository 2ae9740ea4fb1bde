"""Yi et al. 2025: a verifier in the loop helps at first, and leaves its own bias in the end.

A mean of normal rows, coordinate by coordinate, which is least squares on copies of an orthonormal design. We know the
setting through others; the formulas, and what is compared here, are ours. Sizes count accepted rows.
"""

from functools import partial

import jax.numpy as jnp
import numpy as np

from jaxcollapse.chain.pooled import Replace
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.claims.frame import generation_axis
from jaxcollapse.models.exponential_family import NormalMean
from jaxcollapse.models.verified import Verified
from jaxcollapse.theory import mean
from jaxcollapse.theory.papers import YI_2025 as REFERENCE
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Asymptotic, AtMost, Equal

_DIM = 20  # of coordinates that are alike, for many replications in one
_GENERATIONS = 8


def _errors(key, bias, radius, samples, generations: int = _GENERATIONS, of=0.0):
    """Squared errors from the truth, or with `of` the bias from the verifier, of one coordinate."""
    model = Verified(NormalMean(jnp.zeros(_DIM)), centre=bias, radius=radius)
    run = simulate(model, Replace(), key=key, samples=samples, generations=generations)
    return jnp.mean((run.estimate - of) ** 2, axis=1)


_ROUNDS = ((0.0, 1.0, 10, 10), (0.3, 1.0, 10, 5), (0.1, 2.0, 4, 8), (0.2, 0.3, 20, 4))


def _one_round(key):
    return jnp.stack([_errors(key, bias, h, [n, m], 2)[1] for bias, h, n, m in _ROUNDS])


def _one_round_theory():
    chains = [
        mean.mean_verified_replace(bias=bias, radius=h, samples=jnp.array([1.0 * n, m]), generations=2)
        for bias, h, n, m in _ROUNDS
    ]
    return jnp.stack([chain.squared_error[1] for chain in chains])


_WORTH, _REAL = ((0.0, 1.0), (0.1, 1.5), (0.15, 0.8)), 10
_SMALL = {"bias": 0.1, "radius": 1.0, "samples": [10, *[20] * (_GENERATIONS - 1)]}


def _break_even(key):
    """Rows that a round of verified data is worth: its error over what more rows take off, for rows that are many."""
    errors = [_errors(key, bias, radius, [_REAL, _MANY], 2) for bias, radius in _WORTH]
    spent = [_MANY * (error[1] - limit) for error, limit in zip(errors, _limits(), strict=True)]
    return jnp.stack(spent) / jnp.stack([1 / _REAL - limit for limit in _limits()])


_MANY = 4


def _limits():
    """The errors of a round with infinitely many rows."""
    sizes = jnp.array([_REAL, 1e12])
    chains = [mean.mean_verified_replace(bias=b, radius=h, samples=sizes, generations=2) for b, h in _WORTH]
    return [chain.squared_error[1] for chain in chains]


def _break_even_theory():
    return jnp.stack([mean.mean_verified_break_even(bias=b, radius=h, real_samples=_REAL) for b, h in _WORTH])


_LATE, _WIDTHS = 6, np.array([0.5, 1.0])


def _late(key):
    return jnp.stack([_errors(key, 0.2, width, 10, _LATE)[-1] for width in _WIDTHS])


def _late_theory():
    return jnp.stack([mean.mean_verified_limit(bias=0.2, radius=width, samples=10) for width in _WIDTHS])


_GROWING = 5 * np.arange(1, _GENERATIONS + 1)
_STRICT = {"bias": 0.6, "radius": 1.5}


def _bound():
    """The distance from the verifier, as it would be if the map had the slope of its centre everywhere."""
    kept = mean.mean_verified_contraction(radius=_STRICT["radius"])
    bound = [_STRICT["bias"] ** 2 + 1 / _GROWING[0]]
    for n in _GROWING[1:]:
        bound.append(kept**2 * bound[-1] + kept / n)
    return jnp.stack([jnp.asarray(value) for value in bound[1:]])


_claim = partial(Claim, reference=REFERENCE, quantity="squared error")
TOUR = "yi-rounds"
CLAIMS = (
    _claim(
        name="yi-one-round",
        statement="One round of verified data trades the variance of real data for the bias of the verifier.",
        theory=_one_round_theory,
        experiment=_one_round,
        relation=Equal(tolerance=0.02),
        first_look=512,
        formula="E (T(u) − θ*)² + E Var(row | u)/n_2, u ~ N(θ*, 1/n_1), T(u) the mean of an accepted row",
        protocol="Normal rows, σ = 1; a row is accepted within h of the verifier's centre, which is off by b.",
        labels=tuple(f"b = {b:g}, h = {h:g}, n = {n} and {m}" for b, h, n, m in _ROUNDS),
    ),
    _claim(
        name="yi-break-even",
        statement="A round of verified data is worth its real data from a number of rows on, unless the bias is large.",
        theory=_break_even_theory,
        experiment=_break_even,
        relation=Equal(tolerance=0.025),
        first_look=512,
        formula="n_2 = E Var(row | u)/(1/n_1 − E (T(u) − θ*)²)",
        protocol="Normal rows, σ = 1, n_1 = 10 real ones; a row is accepted within h of a centre that is off by b.",
        labels=tuple(f"b = {b:g}, h = {h:g}" for b, h in _WORTH),
        quantity="accepted rows",
    ),
    _claim(
        name="yi-rounds",
        statement="With a verifier the error falls at once, and stays: a verifier ends collapse.",
        theory=lambda: (
            mean.mean_verified_replace(
                bias=_SMALL["bias"],
                radius=_SMALL["radius"],
                samples=jnp.array(_SMALL["samples"], float),
                generations=_GENERATIONS,
            ).squared_error
        ),
        experiment=lambda key: _errors(key, **_SMALL),
        relation=Asymptotic(allowance=0.005, tolerance=0.02),
        first_look=512,
        formula="m ← E T(u), v ← Var T(u) + E Var(row | u)/n, u ~ N(m, v)",
        protocol="Normal rows, σ = 1, 10 real and 20 accepted ones a round, within 1 of a centre that is off by 0.1.",
        axis=generation_axis(_GENERATIONS),
    ),
    _claim(
        name="yi-limit",
        statement="In the long run the bias of the verifier is what remains, and a noise that does not grow.",
        theory=_late_theory,
        experiment=_late,
        relation=Asymptotic(allowance=0.01, tolerance=0.015),
        first_look=512,
        formula="b² + ρ/(n (1 − ρ²)), ρ = 1 − 2 h φ(h)/(2 Φ(h) − 1)",
        protocol="Normal rows, σ = 1, n = 10, the sixth generation; a centre that is off by b = 0.2.",
        labels=tuple(f"h = {width:g}" for width in _WIDTHS),
    ),
    _claim(
        name="yi-contraction",
        statement="Each round takes the model nearer to the verifier, by a factor at least.",
        theory=_bound,
        experiment=lambda key: _errors(key, **_STRICT, samples=_GROWING, of=_STRICT["bias"])[1:],
        relation=AtMost(),
        first_look=512,
        formula="E (θ_g − θ_c)² ≤ ρ² E (θ_{g−1} − θ_c)² + ρ/n_g, ρ = 1 − 2 h φ(h)/(2 Φ(h) − 1)",
        protocol="Normal rows, σ = 1, n_g = 5 g, accepted within h = 1.5 of a centre that is off by 0.6.",
        axis=generation_axis(range(2, _GENERATIONS + 1)),
        quantity="squared distance from the verifier",
    ),
)
