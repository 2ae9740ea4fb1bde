"""Gerstgrasser et al. 2024: replacing data makes the error grow linearly, accumulating it keeps the error bounded.

Their generation ``n`` is ours: ``g = 1`` is the fit to real data. Sizes are those of the group's follow-up study
(Kazdan et al. 2024, arXiv:2410.16713): 10 coefficients, 32 rows, unit noise, an isotropic design. That study also
trains on a random part of the pool; the batches of any size, the pool of few rows and the two penalties are ours.
"""

from functools import partial
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np

from jaxcollapse.chain.pooled import Accumulate, AccumulateSubsample, Replace
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.claims import gerstgrasser_text
from jaxcollapse.claims.frame import generation_axis, shared
from jaxcollapse.machine.precision import enable_x64
from jaxcollapse.models.exponential_family import NormalMean
from jaxcollapse.models.regression.linear_regression import LinearRegression
from jaxcollapse.theory import Spectrum, mean, regression
from jaxcollapse.theory.papers import GERSTGRASSER_2024 as REFERENCE
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Asymptotic, AtLeast, AtMost, Equal, Probability, Usually

DIM, SAMPLES, GENERATIONS = 10, 32, 10
_of_the_paper = partial(Claim, reference=REFERENCE)
_claim = partial(_of_the_paper, axis=generation_axis(GENERATIONS), quantity="excess risk")
_SIZES = shared(dim=DIM, samples=SAMPLES, noise=1.0)


def _risk(workflow: Workflow, design: Literal["fresh", "fixed"]):
    """Excess risk of least squares at every generation."""

    def experiment(key):
        model = LinearRegression(Spectrum.isotropic(DIM), noise=1.0, design=design)
        return simulate(model, workflow, key=key, samples=SAMPLES, generations=GENERATIONS).risk

    return experiment


def _bound():
    with enable_x64(True):
        return np.full(GENERATIONS, np.pi**2 / 6) * regression.ols_replace(**_SIZES, generations=1)[0]


# Batches of any size; and batches that leave the pool well below, then well above, as many rows as coefficients.
_UNEQUAL, _FEW = (32, 24, 96, 40, 160, 32, 48, 400), (6, 4, 26, 12)
_FEW_DIM = 20
# Three rows more than coefficients: the risk has a mean, but no variance.
_LAW_SAMPLES, _LAW_RISK = DIM + 3, 8.0


def _unequal(key):
    model = LinearRegression(Spectrum.isotropic(DIM), noise=1.0)
    return simulate(model, Accumulate(), key=key, samples=jnp.array(_UNEQUAL), generations=len(_UNEQUAL)).risk


def _few(key):
    model = LinearRegression(Spectrum.isotropic(_FEW_DIM), noise=0.5)
    return simulate(model, Accumulate(), key=key, samples=jnp.array(_FEW), generations=len(_FEW)).risk


def _law(key):
    model = LinearRegression(Spectrum.isotropic(DIM), noise=1.0, design="fixed")
    return simulate(model, Accumulate(), key=key, samples=_LAW_SAMPLES, generations=GENERATIONS).risk <= _LAW_RISK


def _law_theory():
    inflation = mean.inflation(Accumulate(), generations=GENERATIONS)
    fixed = shared(dim=DIM, samples=_LAW_SAMPLES, noise=1.0)
    return jnp.stack([regression.ols_cdf(_LAW_RISK, **fixed, inflation=c) for c in inflation])


_PART_DIM, _PART_SAMPLES, _PART_GENERATIONS = 16, 200, 4


def _part_of_means(key):
    """Squared error of a mean, relative to that of real data alone."""
    model = NormalMean(jnp.zeros(_PART_DIM), sampling="raw")
    run = simulate(model, AccumulateSubsample(), key=key, samples=_PART_SAMPLES, generations=_PART_GENERATIONS)
    return run.squared_error * _PART_SAMPLES / _PART_DIM


def _part_of_rows(key):
    model = LinearRegression(Spectrum.isotropic(DIM), noise=1.0, design="fixed", sampling="raw")
    return simulate(model, AccumulateSubsample(), key=key, samples=SAMPLES, generations=_PART_GENERATIONS).risk


def _part_of_rows_bound():
    first = regression.ols_replace(**_SIZES, generations=1)
    return first * mean.inflation(AccumulateSubsample(), generations=_PART_GENERATIONS)


_REAL_WEIGHT, _WEIGHTED_GENERATIONS = 4.0, 8
_WEIGHTED = Accumulate(weight=lambda g: jnp.where(g == 1, _REAL_WEIGHT, 1.0))


def _weighted(key, generations: int = _WEIGHTED_GENERATIONS):
    model = LinearRegression(Spectrum.isotropic(DIM), noise=1.0, design="fixed")
    return simulate(model, _WEIGHTED, key=key, samples=SAMPLES, generations=generations).risk


def _weighted_theory():
    return regression.ols_accumulate_weighted(**_SIZES, weights=[_REAL_WEIGHT] + [1.0] * (_WEIGHTED_GENERATIONS - 1))


_RIDGE = shared(samples=300, noise=0.5, generations=8)
_RIDGE_DIM, _PER_SAMPLE = 60, 0.2


def _ridge(penalty):
    """Excess risk of ridge regression on labels of one design that accumulate."""

    def experiment(key):
        model = LinearRegression(Spectrum.isotropic(_RIDGE_DIM), noise=0.5, penalty=penalty, design="fixed")
        return simulate(model, Accumulate(), key=key, samples=_RIDGE["samples"], generations=_RIDGE["generations"]).risk

    return experiment


def _total_theory():
    total = _PER_SAMPLE * _RIDGE["samples"]
    return regression.ridge_accumulate_total_penalty(
        Spectrum.isotropic(_RIDGE_DIM), penalty=total, design="fixed", **_RIDGE
    )


def _per_sample_theory():
    return regression.ridge_accumulate_per_sample_penalty(dim=_RIDGE_DIM, penalty=_PER_SAMPLE, **_RIDGE)


_PROTOCOL = "Least squares, d = 10, n = 32, σ = 1, isotropic Gaussian rows; "

_ENDLESS = 40
_DESIGNS: tuple[Literal["fixed", "fresh"], ...] = ("fixed", "fresh")


def _endless(key):
    """The risk of the last generation."""

    def last(design):
        model = LinearRegression(Spectrum.isotropic(DIM), noise=1.0, design=design)
        return simulate(model, Accumulate(), key=key, samples=SAMPLES, generations=_ENDLESS).risk[-1]

    return jnp.stack([last(design) for design in _DESIGNS])


def _weighted_limit():
    return jnp.stack([regression.ols_accumulate_weighted_limit(**_SIZES, real_weight=_REAL_WEIGHT)])


_GIVEN = shared(noise=0.5, penalty=0.3, generations=6)
_ROWS = np.random.default_rng(0).normal(size=(8, 3))
_TRUTH = np.array([1.0, -0.5, 0.8])


def _given_theory():
    eigenvalues, basis = np.linalg.eigh(_ROWS.T @ _ROWS / len(_ROWS))
    design = Spectrum.from_eigenvalues(eigenvalues, basis.T @ _TRUTH)
    return regression.ridge_accumulate_given_design(design, samples=len(_ROWS), **_GIVEN)


def _given(key):
    """Labels of the same rows by every model, and ridge regression on all of them."""
    solver = np.linalg.inv(_ROWS.T @ _ROWS / len(_ROWS) + _GIVEN["penalty"] * np.eye(3))
    fit, moment, risks = jnp.asarray(_TRUTH), jnp.zeros(3), []
    for g in range(_GIVEN["generations"]):
        noise = _GIVEN["noise"] * jax.random.normal(jax.random.fold_in(key, g), _ROWS.shape[:1])
        moment = moment + _ROWS.T @ (_ROWS @ fit + noise) / len(_ROWS)
        fit = solver @ moment / (g + 1)
        risks.append(jnp.sum((fit - _TRUTH) ** 2))
    return jnp.stack(risks)


TOUR = "gerstgrasser-replace"
_LANGUAGE = (
    (
        "replace",
        "A transformer on text of its predecessor usually has a higher loss than it.",
        gerstgrasser_text.replaced,
        "P(L_g > L_{g−1}) > 1/2",
        "each batch replaces the last.",
    ),
    (
        "cold",
        "Text that is written at half the temperature usually leaves the higher loss.",
        gerstgrasser_text.cold,
        "P(L_g at τ = 0.5 > L_g at τ = 1) > 1/2",
        "each batch replaces the last.",
    ),
    (
        "accumulate-epochs",
        "If all text is kept, and every generation takes more steps, the loss usually stays below the first one.",
        gerstgrasser_text.accumulated_by_epochs,
        "P(L_g < L_1) > 1/2, g · 300 steps",
        "all batches are kept, and each is seen as often as the first one.",
    ),
    (
        "accumulate-steps",
        "If all text is kept, and every generation takes the same steps, the loss usually stays above the first one.",
        gerstgrasser_text.accumulated_by_steps,
        "P(L_g > L_1) > 1/2, 300 steps",
        "all batches are kept, and each generation takes the same steps.",
    ),
)
CLAIMS = (
    _claim(
        "gerstgrasser-replace",
        "When each generation replaces the data, the risk of least squares grows linearly with the generation.",
        theory=lambda: regression.ols_replace(**_SIZES, generations=GENERATIONS),
        experiment=_risk(Replace(), "fresh"),
        relation=Equal(),
        formula="R(g) = g σ² d / (n − d − 1)",
        protocol=_PROTOCOL + "every generation draws a new design.",
    ),
    _claim(
        "gerstgrasser-accumulate-fixed",
        "When data accumulates on one design, the risk is that of the first fit times the sum of 1/i².",
        theory=lambda: regression.ols_accumulate(**_SIZES, generations=GENERATIONS, design="fixed"),
        experiment=_risk(Accumulate(), "fixed"),
        relation=Equal(),
        formula="R(g) = σ² d / (n − d − 1) · Σ_{i≤g} 1/i²",
        protocol=_PROTOCOL + "all generations label the same design again and train on all labels so far.",
    ),
    _claim(
        "gerstgrasser-accumulate-bound",
        "When data accumulates on one design, the risk never exceeds π²/6 times that of the first fit.",
        theory=_bound,
        experiment=_risk(Accumulate(), "fixed"),
        relation=AtMost(),
        formula="R(g) ≤ π²/6 · σ² d / (n − d − 1)",
        protocol=_PROTOCOL + "all generations label the same design again and train on all labels so far.",
    ),
    _claim(
        "gerstgrasser-accumulate-fresh",
        "When data accumulates with a new design at every generation, the risk is a sum with a digamma limit.",
        theory=lambda: regression.ols_accumulate(**_SIZES, generations=GENERATIONS, design="fresh"),
        experiment=_risk(Accumulate(), "fresh"),
        relation=Equal(),
        formula="R(g) = σ² d Σ_{i≤g} 1 / (i (i n − d − 1)) → σ² d/(d+1) · [−ψ(1 − (d+1)/n) − γ]",
        protocol=_PROTOCOL + "every generation draws a new design; all rows so far are trained on.",
    ),
    _claim(
        "gerstgrasser-accumulate-fresh-bound",
        "The π²/6 bound holds with new designs as well, where it is not tight.",
        theory=_bound,
        experiment=_risk(Accumulate(), "fresh"),
        relation=AtMost(),
        formula="R(g) ≤ π²/6 · σ² d / (n − d − 1)",
        protocol=_PROTOCOL + "every generation draws a new design; all rows so far are trained on.",
    ),
    _claim(
        "gerstgrasser-accumulate-unequal",
        "When batches of any size accumulate, each adds its share of the pool times the risk of the pool.",
        theory=lambda: regression.ols_accumulate(
            dim=DIM, samples=_UNEQUAL, noise=1.0, generations=len(_UNEQUAL), design="fresh"
        ),
        experiment=_unequal,
        relation=Equal(),
        formula="R(g) = σ² d Σ_{i≤g} n_i / (N_i (N_i − d − 1)), N_i = n_1 + … + n_i",
        protocol="Least squares, d = 10, σ = 1, batches of 32, 24, 96, 40, 160, 32, 48, 400 rows, each a new design.",
        axis=generation_axis(len(_UNEQUAL)),
    ),
    _claim(
        "gerstgrasser-accumulate-weighted",
        "Real rows that count four times bring the risk nearer to that of real data alone, and never below it.",
        theory=_weighted_theory,
        experiment=_weighted,
        relation=Equal(),
        formula="R(g) = σ² d/(n − d − 1) · Σ_{i≤g} (ω_i/Ω_i)², Ω_i = ω_1 + … + ω_i; of M, 1, 1, …: → 1 + ψ₁(M + 1)",
        protocol=_PROTOCOL + "one design, labelled again and again; the first batch counts four times.",
        axis=generation_axis(_WEIGHTED_GENERATIONS),
    ),
    _claim(
        "gerstgrasser-accumulate-few-rows",
        "When data accumulates from fewer rows than coefficients on, what the first batch missed is never learned.",
        theory=lambda: regression.minimum_norm_accumulate(dim=_FEW_DIM, samples=_FEW, noise=0.5, generations=len(_FEW)),
        experiment=_few,
        relation=Equal(),
        formula="R(g) = (1 − n₁/d)|w₀|² + σ² Σ_i n_i/(d − N_i − 1), or σ² (n_i/N_i) d/(N_i − d − 1) once N_i > d + 1",
        protocol="Minimum norm, then least squares, d = 20, σ = 0.5, batches of 6, 4, 26, 12 rows, each a new design.",
        axis=generation_axis(len(_FEW)),
    ),
    _claim(
        "gerstgrasser-accumulate-law",
        "When data accumulates on one design, the risk has an F law, also where its variance is infinite.",
        theory=_law_theory,
        experiment=_law,
        relation=Probability(tolerance=0.02),
        formula="R(g) ~ c_g σ² d/(n − d + 1) · F(d, n − d + 1), c_g = Σ_{i≤g} 1/i²",
        protocol="Least squares, d = 10, n = 13, σ = 1; one design, labelled again and again; P(R(g) ≤ 8).",
        quantity="P(excess risk ≤ 8)",
    ),
    _claim(
        "gerstgrasser-accumulate-subsample",
        "Training on as many random rows of the pool as a batch has inflates the error by a bounded factor.",
        theory=lambda: mean.inflation(AccumulateSubsample(), generations=_PART_GENERATIONS),
        experiment=_part_of_means,
        relation=Asymptotic(allowance=1 / _PART_SAMPLES, tolerance=0.015),
        formula="c_g = A_g + 1 − 1/g, A_1 = 1, A_{g+1} = A_g + (2 − 1/g)/(g + 1)² → π²/2 − 2",
        protocol="Mean of a Gaussian in 16 dimensions, n = 200; n of the g n rows so far, without replacement.",
        axis=generation_axis(_PART_GENERATIONS),
        quantity="squared error, relative to real data alone",
    ),
    _claim(
        "gerstgrasser-accumulate-subsample-rows",
        "Least squares on random rows of one design costs more than that factor, for some rows are drawn twice.",
        theory=_part_of_rows_bound,
        experiment=_part_of_rows,
        relation=AtLeast(tolerance=0.02),
        formula="R(g) ≥ c_g σ² d/(n − d − 1), with equality for n ≫ d",
        protocol=_PROTOCOL + "one design; n of the g n rows so far, without replacement.",
        axis=generation_axis(_PART_GENERATIONS),
    ),
    _claim(
        "gerstgrasser-ridge-total-penalty",
        "When data accumulates under one total penalty, the bias of the first ridge fit never compounds.",
        theory=_total_theory,
        experiment=_ridge(lambda g: _PER_SAMPLE / g),
        relation=Asymptotic(allowance=0.01),
        formula="R(g) = Bias(n, Λ/n) + Σ_{i≤g} i⁻² Var(n, Λ/(i n))",
        protocol="Ridge, d = 60, n = 300, σ = 0.5, Λ = 60 (per sample 0.2/g); one design, labelled again and again.",
        axis=generation_axis(_RIDGE["generations"]),
        first_look=1024,
    ),
    _claim(
        "gerstgrasser-ridge-per-sample-penalty",
        "When data accumulates under one penalty per sample, shrinkage compounds: the model is slowly forgotten.",
        theory=_per_sample_theory,
        experiment=_ridge(_PER_SAMPLE),
        relation=Asymptotic(allowance=0.01),
        formula="R(g) = ∫ [|w₀|² (1 − b_g)² + d v_g] dMP(l), b_g = Γ(g + s)/(Γ(g + 1) Γ(s)) ~ g^(s − 1), s = l/(l + λ)",
        protocol="Ridge, d = 60, n = 300, σ = 0.5, λ = 0.2 per sample; one design, labelled again and again.",
        axis=generation_axis(_RIDGE["generations"]),
        first_look=1024,
    ),
    _claim(
        "gerstgrasser-accumulate-limit",
        "When data accumulates for ever, the risk stays below a limit, on one design and on new ones.",
        theory=lambda: jnp.stack([regression.ols_accumulate_limit(**_SIZES, design=design) for design in _DESIGNS]),
        experiment=_endless,
        relation=AtMost(tolerance=0.025),
        formula="One design: R ≤ π²/6 · σ² d/(n − d − 1); new ones: R ≤ σ² d/(d + 1) · [−ψ(1 − (d + 1)/n) − γ]",
        protocol=_PROTOCOL + f"{_ENDLESS} generations.",
        axis=None,
        labels=("one design", "new designs"),
    ),
    _claim(
        "gerstgrasser-accumulate-weighted-limit",
        "Real rows that count four times keep the risk below 1.23 times that of real data alone, for ever.",
        theory=_weighted_limit,
        experiment=lambda key: _weighted(key, _ENDLESS)[-1:],
        relation=AtMost(tolerance=0.025),
        formula="R ≤ σ² d/(n − d − 1) · [1 + ψ₁(M + 1)], M = 4",
        protocol=_PROTOCOL + f"one design, the first batch counts M = 4; g = {_ENDLESS}.",
        axis=generation_axis([_ENDLESS]),
    ),
    _claim(
        "gerstgrasser-ridge-given-design",
        "On a given design the shrinkage of ridge regression on accumulating labels is known along every direction.",
        theory=_given_theory,
        experiment=_given,
        relation=Equal(),
        formula="R(g) = Σ_j w_j² (1 − b_g)² + v_g, b_g = Γ(g + s)/(Γ(g + 1) Γ(s)), s = l/(l + λ), l of X'X/T",
        protocol="Ridge, d = 3, T = 8 rows that are drawn once, σ = 0.5, λ = 0.3 per sample; labelled again and again.",
        axis=generation_axis(_GIVEN["generations"]),
    ),
    *(
        _of_the_paper(
            name=f"gerstgrasser-language-{name}",
            statement=statement,
            theory=np.full(3, 0.5),
            experiment=experiment,
            relation=Usually(),
            formula=formula,
            protocol=gerstgrasser_text.PROTOCOL + protocol,
            axis=generation_axis(range(2, 5)),
            quantity="probability",
            first_look=32,
            networks=True,
        )
        for name, statement, experiment, formula, protocol in _LANGUAGE
    ),
)
