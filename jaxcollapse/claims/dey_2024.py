"""Dey and Donoho 2024: the error of every regular model follows the same path, ``pi^2/6`` if data accumulates.

Their augmentation workflow is our `Accumulate`, discarding is `Replace`, augmentation with subsampling is
`AccumulateSubsample`; their generation ``G`` is our ``g = G``. Sizes are ours: the theorem is about ``n`` to infinity.
"""

import itertools
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxcollapse.chain.mix import Mix
from jaxcollapse.chain.pooled import Accumulate, AccumulateSubsample, Replace, Window
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.claims.frame import generation_axis, shared
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.models.exponential_family import Bernoulli, Exponential, ExponentialFamily, NormalMean, Poisson
from jaxcollapse.models.location import Location
from jaxcollapse.models.regression.generalised_linear import GeneralisedLinear
from jaxcollapse.models.regression.logistic_regression import LogisticRegression
from jaxcollapse.models.regression.poisson_regression import PoissonRegression
from jaxcollapse.population.features import Table
from jaxcollapse.population.spectrum import Spectrum
from jaxcollapse.theory import exponential_family, mean, regression
from jaxcollapse.theory.papers import DEY_2024 as REFERENCE
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Asymptotic, AtMost, Equal

_claim = partial(Claim, reference=REFERENCE)
_ROWS, _COEFFICIENTS = 20_000, np.array([0.8, 0.5, -0.3])
_GENERATIONS = 5


def _regression(kind: type[LogisticRegression] | type[PoissonRegression]) -> GeneralisedLinear:
    """Rows are the corners of a cube."""
    cube = Table(list(itertools.product((-1.0, 1.0), repeat=len(_COEFFICIENTS))))
    return kind(Spectrum.from_eigenvalues(cube.eigenvalues, _COEFFICIENTS), features=cube)


def _regression_theory(kind: type[LogisticRegression] | type[PoissonRegression], workflow: Workflow):
    first = regression.maximum_likelihood_error(_regression(kind).information(), samples=_ROWS)
    return first * mean.inflation(workflow, generations=_GENERATIONS)


def _regression_claim(name: str, statement: str, kind, workflow: Workflow, factor: str) -> Claim:
    logistic = kind is LogisticRegression
    return _claim(
        name=name,
        statement=statement,
        theory=lambda: _regression_theory(kind, workflow),
        experiment=lambda key: (
            simulate(_regression(kind), workflow, key=key, samples=_ROWS, generations=_GENERATIONS).squared_error
        ),
        relation=Asymptotic(allowance=0.004, tolerance=0.02),
        formula=f"E|ŵ_g − w|² = c_g tr(I⁻¹)/n, I = E {'p(1 − p)' if logistic else 'exp(x·w)'} xx′, {factor}",
        protocol=(
            f"{'Logistic' if logistic else 'Poisson'} regression, w = (0.8, 0.5, −0.3), rows from the corners of a "
            f"cube, n = 20,000; {'replace' if isinstance(workflow, Replace) else 'accumulate'}."
        ),
        axis=generation_axis(_GENERATIONS),
        quantity="squared error",
        first_look=32768,
    )


_SAMPLES, _LATE = 2000, 10


def _families() -> dict[str, tuple[ExponentialFamily, float]]:
    """Families by name, with the variance of one row."""
    return {
        "Poisson": (Poisson(3.0), 3.0),
        "exponential": (Exponential(1.0), 1.0),
        "Bernoulli": (Bernoulli(0.3), 0.21),
    }


def _family_errors(workflow: Workflow):
    """Squared error of the mean, in units of that of real data alone, for each family."""

    def experiment(key):
        return jnp.stack(
            [
                simulate(family, workflow, key=key, samples=_SAMPLES, generations=_LATE).squared_error[-1]
                / (variance / _SAMPLES)
                for family, variance in _families().values()
            ]
        )

    return experiment


def _family_claim(name: str, statement: str, workflow: Workflow, formula: str, protocol: str) -> Claim:
    return _claim(
        name=name,
        statement=statement,
        theory=lambda: jnp.full(3, mean.inflation(workflow, generations=_LATE)[-1]),
        experiment=_family_errors(workflow),
        relation=Asymptotic(allowance=10 / _SAMPLES, tolerance=0.015),
        formula=formula,
        protocol=f"Poisson (mean 3), exponential (mean 1), Bernoulli (probability 0.3); n = 2,000, g = 10; {protocol}.",
        labels=("Poisson", "exponential", "Bernoulli"),
        quantity="squared error, relative to real data alone",
        first_look=65536,
    )


_PART_TIMES = np.array([1, 2, 5, 10, 20])
_PART_SAMPLES, _PART_DIM = 60, 16


def _part(key):
    model = NormalMean(jnp.zeros(_PART_DIM), sampling="raw")
    sizes = dict(samples=_PART_SAMPLES, generations=int(_PART_TIMES[-1]))
    run = simulate(model, AccumulateSubsample(), key=key, **sizes)
    return run.squared_error[_PART_TIMES - 1] / (_PART_DIM / _PART_SAMPLES)


_ANY = "whatever the family"
_PAIRS = np.array([(1, 2), (1, 4), (3, 4)])
_BOTH = (Accumulate(), Mix("fixed"))


def _covariance(key):
    """Products of the errors of two generations, in units of the squared error of the first."""
    products = []
    for workflow in _BOTH:
        run = simulate(NormalMean(jnp.zeros(_PART_DIM)), workflow, key=key, samples=_PART_SAMPLES, generations=4)
        products.append(jnp.mean(run.params[_PAIRS[:, 0] - 1] * run.params[_PAIRS[:, 1] - 1], axis=1) * _PART_SAMPLES)
    return jnp.concatenate(products)


def _covariance_theory():
    return jnp.concatenate([mean.inflation_covariance(w, generations=4)[tuple(_PAIRS.T - 1)] for w in _BOTH])


_EXACT_ROWS, _EXACT_GENERATIONS, _EXACT_LATE = 30, 3, 30
_CURVATURES = (0.0, 1.0, -1.0)


def _exact(key, workflow: Workflow, generations: int):
    """The squared error of the mean for each family."""
    sizes = shared(samples=_EXACT_ROWS, generations=generations)
    return jnp.stack([simulate(family, workflow, key=key, **sizes).squared_error for family, _ in _families().values()])


def _exact_settings() -> list[dict[str, Any]]:
    variances = (variance for _, variance in _families().values())
    return [shared(samples=_EXACT_ROWS, variance=v, curvature=c) for v, c in zip(variances, _CURVATURES, strict=True)]


def _exact_replace_theory():
    curves = [exponential_family.variance_replace(**s, generations=_EXACT_GENERATIONS) for s in _exact_settings()]
    return jnp.stack(curves)[:, -1]


def _exact_limit_theory():
    return jnp.stack([exponential_family.variance_accumulate_limit(**setting) for setting in _exact_settings()])


_DIRECTIONS = np.array([(1.0, 0.0), (1.0, 1.0), (1.0, -1.0)])


def _gaussian_rows() -> Spectrum:
    return Spectrum.from_eigenvalues([1.0, 0.5], [0.8, -0.5])


@lenient()
def _information(key):
    """The mean square of the score of a row along each direction."""
    spectrum = _gaussian_rows()
    row_key, logistic_key, poisson_key = jax.random.split(key, 3)
    x = jax.random.normal(row_key, (200, 2)) * jnp.sqrt(spectrum.eigenvalues)
    right, rate = jax.nn.sigmoid(x @ spectrum.signal), jnp.exp(x @ spectrum.signal)
    surprise = jnp.stack(
        [jax.random.bernoulli(logistic_key, right) - right, jax.random.poisson(poisson_key, rate) - rate]
    )
    return jnp.mean((surprise[..., None] * (x @ _DIRECTIONS.T)) ** 2, axis=1).ravel()


def _information_theory():
    kinds = regression.logistic_information, regression.poisson_information
    return jnp.concatenate([jnp.einsum("ka,ab,kb->k", _DIRECTIONS, i(_gaussian_rows()), _DIRECTIONS) for i in kinds])


_FEW = 101
_ROBUST: tuple[Any, ...] = (("normal", "median", Replace()), ("laplace", 0.8, Accumulate()))


def _robust(key):
    """The squared error of generation 2 of two robust estimators of a location."""
    runs = [
        simulate(Location(law, estimator=estimator), workflow, key=key, samples=_FEW, generations=2)
        for law, estimator, workflow in _ROBUST
    ]
    return jnp.stack([run.squared_error[-1] for run in runs])


def _robust_theory():
    return jnp.stack(
        [
            mean.inflation(workflow, generations=2)[-1] * mean.location_error(law, estimator=estimator, samples=_FEW)
            for law, estimator, workflow in _ROBUST
        ]
    )


TOUR = "dey-exact-replace"
CLAIMS = (
    _regression_claim(
        "dey-logistic-accumulate",
        "If data accumulates, the error of logistic regression grows like that of a mean, to π²/6 of the first.",
        LogisticRegression,
        Accumulate(),
        "c_g = Σ_{i≤g} 1/i²",
    ),
    _regression_claim(
        "dey-logistic-replace",
        "If data is replaced, the error of logistic regression grows by that of the first fit at every generation.",
        LogisticRegression,
        Replace(),
        "c_g = g",
    ),
    _regression_claim(
        "dey-poisson-accumulate",
        "If data accumulates, the error of Poisson regression grows like that of a mean, to π²/6 of the first.",
        PoissonRegression,
        Accumulate(),
        "c_g = Σ_{i≤g} 1/i²",
    ),
    _regression_claim(
        "dey-poisson-replace",
        "If data is replaced, the error of Poisson regression grows by that of the first fit at every generation.",
        PoissonRegression,
        Replace(),
        "c_g = g",
    ),
    _family_claim(
        "dey-families-replace",
        f"If data is replaced, ten generations cost ten times the error of one, {_ANY}.",
        Replace(),
        "c_g = g",
        "replace",
    ),
    _family_claim(
        "dey-families-accumulate",
        f"If data accumulates, ten generations cost 1.55 times the error of one, {_ANY}.",
        Accumulate(),
        "c_g = Σ_{i≤g} 1/i² → π²/6",
        "accumulate",
    ),
    _family_claim(
        "dey-families-window",
        f"A window of three batches grows slowly and without bound, {_ANY}.",
        Window(3),
        "X_g = Σ_i W_gi (X_{i−1} + ξ_i), W_gi = 1/min(g, 3) for the last three batches; c_g grows by 1/4",
        "the last three batches",
    ),
    _family_claim(
        "dey-families-mixed",
        f"The same real batch in every pool keeps the error below 4/3 of that of real data alone, {_ANY}.",
        Mix("fixed"),
        "c_g = 1 + (1 − 4^(1−g))/3 → 4/3",
        "one real batch, kept, and the newest synthetic one",
    ),
    _claim(
        name="dey-subsample-bound",
        statement="Training on a random part of the pool, of the size of one batch, costs at most π²/2 − 2.",
        theory=np.full(len(_PART_TIMES), np.pi**2 / 2 - 2),
        experiment=_part,
        relation=AtMost(),
        formula="c_g = A_g + 1 − 1/g, A_1 = 1, A_{g+1} = A_g + (2 − 1/g)/(g + 1)² → π²/2 − 2 = 2.935",
        protocol="Mean of a Gaussian in 16 dimensions, n = 60; n of the g n rows so far, without replacement.",
        axis=generation_axis(_PART_TIMES),
        quantity="squared error, relative to real data alone",
        first_look=1024,
    ),
    _claim(
        name="dey-covariance",
        statement="The errors of two generations are correlated as the weights of their workflow say.",
        theory=_covariance_theory,
        experiment=_covariance,
        relation=Equal(),
        formula="X_g = Σ_i W_gi (X_{i−1} + ξ_i): Cov = (I − W S)⁻¹ W W' (I − W S)⁻ᵀ with the shift S",
        protocol="Mean of a Gaussian in 16 dimensions, n = 60; accumulate, or one real batch and the newest one.",
        labels=tuple(f"{name}, g = {g} and {h}" for name in ("accumulate", "mixed") for g, h in _PAIRS),
        quantity="product of errors, relative to real data alone",
    ),
    _claim(
        name="dey-exact-replace",
        statement="If data is replaced, what three generations cost is known for any number of rows, by family.",
        theory=_exact_replace_theory,
        experiment=lambda key: _exact(key, Replace(), _EXACT_GENERATIONS)[:, -1],
        relation=Equal(tolerance=0.02),
        formula="Var = V [(1 + c/n)^g − 1]/c for variances V(m) with V'' = 2c: c = 0, 1, −1",
        protocol="Poisson (mean 3), exponential (mean 1), Bernoulli (probability 0.3); n = 30, g = 3; replace.",
        labels=("Poisson", "exponential", "Bernoulli"),
        quantity="squared error",
    ),
    _claim(
        name="dey-exact-limit",
        statement="If data accumulates, no number of generations costs more than a limit, known for any batch.",
        theory=_exact_limit_theory,
        experiment=lambda key: _exact(key, Accumulate(), _EXACT_LATE)[:, -1],
        relation=AtMost(tolerance=0.03),
        formula="Var ≤ V [sinh(x)/x − 1]/c, x = π √(c/n); sin for c < 0, V π²/(6n) for c = 0",
        protocol=f"Poisson (mean 3), exponential (mean 1), Bernoulli (probability 0.3); n = 30, g = {_EXACT_LATE}.",
        labels=("Poisson", "exponential", "Bernoulli"),
        quantity="squared error",
    ),
    _claim(
        name="dey-robust",
        statement="The errors of a median and of Huber's estimator follow the path of a mean, in units of their own.",
        theory=_robust_theory,
        experiment=_robust,
        relation=Asymptotic(allowance=1 / _FEW, tolerance=0.025),
        formula="E(θ̂_g − θ)² = c_g E ψ²/(n (E ψ′)²), for a median c_g/(4 n f(0)²)",
        protocol=f"n = {_FEW}, g = 2: the median of normal rows, replace; Huber's estimator with the corner 0.8 of "
        f"Laplace rows, accumulate.",
        labels=("median, replace", "Huber, accumulate"),
        quantity="squared error",
        first_look=32768,
    ),
    _claim(
        name="dey-information",
        statement="The information in a row of a logistic or a Poisson regression is a mean over one normal variable.",
        theory=_information_theory,
        experiment=_information,
        relation=Equal(),
        formula="u'Iu = E (y − μ)² (x·u)², I = E v Λ + E v'' Λww'Λ, v = p(1 − p) or exp(x·w), of x·w ~ N(0, w'Λw)",
        protocol="w = (0.8, −0.5), rows with variances 1 and 0.5; 200 rows, at the true coefficients.",
        labels=tuple(f"{name}, u = {u}" for name in ("logistic", "Poisson") for u in ("(1, 0)", "(1, 1)", "(1, −1)")),
        quantity="u'Iu",
    ),
)
