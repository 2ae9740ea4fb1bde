"""Dohmatob, Feng, Subramonian and Kempe 2025: one fit to real rows and a fraction of synthetic ones.

Of ``n`` rows ``n1 = p1 n`` have the labels of ``w1``, the truth, and ``n2 = p2 n`` those of a synthetic labeller
``w1 + delta`` with ``delta ~ N(0, Delta)``. That labeller is our ``g = 1``, given and not fitted; the fit is ``g = 2``,
to the accumulated rows. Published at ICLR 2025 (arXiv, October 2024); the sizes are ours.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxcollapse.chain.pooled import Accumulate, Replace
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.claims.frame import shared
from jaxcollapse.models.regression.linear_regression import LinearRegression
from jaxcollapse.models.regression.random_projection import RandomProjection
from jaxcollapse.theory import Spectrum, regression
from jaxcollapse.theory.papers import DOHMATOB_2025 as REFERENCE
from jaxcollapse.verification.claim import Axis, Claim
from jaxcollapse.verification.relation import Asymptotic

_claim = partial(Claim, reference=REFERENCE, quantity="excess risk", first_look=1024)
DIM, REAL_NOISE, FAKE_NOISE = 40, 0.5, 0.8
_FRACTIONS = np.array([0.1, 0.4, 0.8])
_RIDGE = shared(penalty=0.1, samples=80)
_FEW, _MANY = np.array([0.01, 0.1, 0.5]), 1e8
_WIDTHS = (20, 60, 100)
_PROJECTED = shared(penalty=0.1, samples=80, fraction=0.4)
_NOISES = shared(noise=REAL_NOISE, generator_noise=FAKE_NOISE)


def _spectrum() -> Spectrum:
    return Spectrum.from_eigenvalues(np.linspace(1.5, 0.5, DIM))


def _shift() -> Float[Array, " dim"]:
    return jnp.linspace(0.06, 0.015, DIM)


def _risk(model, key, *, fraction: Any, samples: Any) -> Float[Array, ""]:
    """The excess risk of one fit to real rows and rows of a labeller that is drawn around the truth."""
    key, own = jax.random.split(key)
    shift = _shift()
    labeller = model.truth() + jnp.sqrt(shift) * jax.random.normal(own, shift.shape)
    sizes = samples * jnp.stack([1 - fraction, fraction])
    return simulate(model, Accumulate(), key=key, samples=sizes, generations=2, first=labeller).risk[-1]


def _noise(g):
    return jnp.where(g == 1, REAL_NOISE, FAKE_NOISE)


def _over_fractions(fractions: np.ndarray, *, samples: float, penalty: float):
    """Ridge at every fraction, with the same random numbers."""

    def experiment(key):
        model = LinearRegression(_spectrum(), noise=_noise, penalty=penalty)
        return jax.lax.map(lambda p: _risk(model, key, fraction=p, samples=samples), jnp.asarray(fractions))

    return experiment


def _over_widths(key):
    models = (RandomProjection(_spectrum(), width=m, noise=_noise, penalty=_PROJECTED["penalty"]) for m in _WIDTHS)
    sizes = shared(fraction=jnp.asarray(_PROJECTED["fraction"]), samples=_PROJECTED["samples"])
    return jnp.stack([_risk(model, key, **sizes) for model in models])


def _ridge_theory():
    terms = (
        regression.ridge_strong_collapse_terms(_spectrum(), shift=_shift(), fraction=p, **_RIDGE, **_NOISES)
        for p in _FRACTIONS
    )
    return jnp.stack([sum(term) for term in terms])


def _projected_theory():
    terms = (
        regression.projected_strong_collapse_terms(_spectrum(), shift=_shift(), width=m, **_PROJECTED, **_NOISES)
        for m in _WIDTHS
    )
    return jnp.stack([sum(term) for term in terms])


_POPULATION = "d = 40, eigenvalues from 1.5 to 0.5, |w₁| = 1, δ ~ N(0, diag from 0.06 to 0.015), σ₁ = 0.5, σ₂ = 0.8; "

_FIT, _BLOCKS, _EACH = shared(penalty=0.1, width=40), np.array([2.0, 1.0, 0.25]), 20


def _blocks() -> Spectrum:
    return Spectrum.from_eigenvalues(np.repeat(_BLOCKS, _EACH), np.full(60, 60**-0.5))


def _shrinkage(key) -> Float[Array, " blocks"]:
    """Of one fit, on average over the directions of one eigenvalue."""
    model = RandomProjection(_blocks(), noise=0.3, **_FIT)
    fit = simulate(model, Replace(), key=key, samples=80, generations=1).params[0]
    return jnp.mean((fit / model.truth()).reshape(-1, _EACH), axis=1)


def _shrinkage_theory() -> Float[Array, " blocks"]:
    return jnp.asarray(_BLOCKS) / (_BLOCKS + regression.projected_kappa(_blocks(), samples=80, **_FIT))


TOUR = "dohmatob-strong-plateau"
CLAIMS = (
    _claim(
        name="dohmatob-strong-ridge",
        statement="Synthetic rows add a term to bias and variance of ridge regression that grows with their fraction.",
        theory=_ridge_theory,
        experiment=_over_fractions(_FRACTIONS, **_RIDGE),
        relation=Asymptotic(allowance=0.01, tolerance=0.015),
        formula=(
            "E = Bias + Var + ζ, ζ = p₂² (1 + p₁u) tr ΔΣ³(Σ + κ)⁻² + p₂u tr ΔΣ(p₁Σ + κ)²(Σ + κ)⁻², "
            "u = df₂(κ)/(n − df₂(κ)), κ = κ(λ, n)"
        ),
        protocol=_POPULATION + "n = 80, λ = 0.1.",
        axis=Axis("fraction p₂ of synthetic rows", _FRACTIONS),
    ),
    _claim(
        name="dohmatob-strong-plateau",
        statement="With one synthetic row in a hundred, a hundred million rows do not bring the error to zero.",
        theory=lambda: jnp.asarray(_FEW**2) * jnp.sum(_spectrum().eigenvalues * _shift()),
        experiment=_over_fractions(_FEW, samples=_MANY, penalty=1e-6),
        relation=Asymptotic(allowance=0.003),
        formula="E → p₂² tr ΣΔ as n → ∞ and λ → 0",
        protocol=_POPULATION + "n = 10⁸, λ = 10⁻⁶.",
        axis=Axis("fraction p₂ of synthetic rows", _FEW),
        scale="log",
    ),
    _claim(
        name="dohmatob-strong-width",
        statement="For random projections of any width two nested effective penalties give the cost of synthetic rows.",
        theory=_projected_theory,
        experiment=_over_widths,
        relation=Asymptotic(allowance=0.015, tolerance=0.02),
        formula=(
            "E = Bias + Var + ζ with D = Σ/(Σ + κ), κ (1 − df₁/n)(1 − df₁/m) = λd/m, and the loss "
            "κ² tr Σ(Σ + κ)⁻²/(m − df₂) of the projection"
        ),
        protocol=_POPULATION + "n = 80, λ = 0.1, p₂ = 0.4; f(x) = v'S'x, S of m columns with entries N(0, 1/d).",
        labels=tuple(f"m = {m}" for m in _WIDTHS),
    ),
    _claim(
        name="dohmatob-strong-projection",
        statement="A ridge fit on random projections shrinks the truth by one effective penalty, for rows and columns.",
        theory=_shrinkage_theory,
        experiment=_shrinkage,
        relation=Asymptotic(allowance=0.01, tolerance=0.015),
        formula="E(S v̂)_j/w_j = s_j/(s_j + κ), κ (1 − df₁/n)(1 − df₁/m) = λ d/m",
        protocol=(
            "Ridge on f(x) = v'S'x, S of m = 40 columns with entries N(0, 1/d), d = 60, n = 80, σ = 0.3, λ = 0.1; "
            "20 eigenvalues each of 2, 1 and 0.25, all coefficients alike."
        ),
        axis=Axis("eigenvalue", _BLOCKS),
        quantity="coefficient, relative to the truth",
    ),
)
