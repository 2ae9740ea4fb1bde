"""Models that read one another: who collapses, and how fast. The results are ours.

Each model is fitted to real rows at generation ``g = 1``, and later to rows of the models that it reads and to fresh
real ones, in shares that a matrix of weights states.
"""

from functools import partial
from typing import Any

import jax.numpy as jnp
import numpy as np

from jaxcollapse.chain.data import Moved
from jaxcollapse.chain.model import Model
from jaxcollapse.chain.pooled import Replace
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.claims.frame import shared
from jaxcollapse.models.exponential_family import NormalMean
from jaxcollapse.models.graph import Graph
from jaxcollapse.models.regression.linear_regression import LinearRegression
from jaxcollapse.random import multinomial, normal, split
from jaxcollapse.theory import Spectrum, graph
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Asymptotic, Equal

REFERENCE = None
_LOOP_READER = np.array([[0.5, 0.0, 0.5], [0.0, 0.0, 1.0]])  # the second reads itself alone
_ROWS, _DIM = shared(samples=30, generations=5), 4
_COMPLETE = np.array([[0.0, 1.0, 1.0, 1.0]] * 3) / 3
_MEANS = shared(samples=3, generations=8)
_FED_AND_CUT = np.array(
    [[0.5, 0.5, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0, 0.0], [0.5, 0.0, 0.0, 0.5, 0.0]]
)
_LATE, _COORDINATES = 150, 10


def _squares(key):
    model = Graph(LinearRegression(Spectrum.isotropic(_DIM), noise=1.0), _LOOP_READER)
    return simulate(model, Replace(), key=key, **_ROWS).risk.T


def _squares_theory():
    covariance = graph.ols_covariance(_LOOP_READER, dim=_DIM, noise=1.0, **_ROWS)
    return jnp.diagonal(covariance, axis1=1, axis2=2).T


def _alike(key):
    run = simulate(Graph(NormalMean(jnp.zeros(_COORDINATES)), _COMPLETE), Replace(), key=key, **_MEANS)
    return jnp.stack([run.squared_error.mean(axis=1), run.disagreement]) / _COORDINATES


def _alike_theory():
    covariance = graph.mean_covariance(_COMPLETE, **_MEANS)
    return jnp.stack([covariance[:, 0, 0], 2 * (covariance[:, 0, 0] - covariance[:, 0, 1])])


_CLOSED = np.array(
    [
        [0.0, 0.0, 1.0, 0.0, 0.0, 0.0],
        [0.0, 0.5, 0.5, 0.0, 0.0, 0.0],
        [0.0, 0.0, 0.0, 0.0, 1.0, 0.0],
        [0.0, 0.0, 0.0, 1.0, 0.0, 0.0],
        [0.0, 0.5, 0.0, 0.5, 0.0, 0.0],
    ]
)
_EARLY, _MANY = 6, 40


def _grown(key):
    """What errors grow by in a generation, in units of one over the rows."""
    model = Graph(NormalMean(jnp.zeros(_MANY)), _CLOSED)
    error = simulate(model, Replace(), key=key, samples=2, generations=2 * _EARLY).squared_error / _MANY
    return 2 * (error[2 * _EARLY - 1] - error[_EARLY - 1]) / _EARLY


def _later(key):
    """The errors of all models after twice the generations, in units of those after half of them."""
    model = Graph(NormalMean(jnp.zeros(_COORDINATES)), _FED_AND_CUT)
    late = simulate(model, Replace(), key=key, samples=2, generations=2 * _LATE).squared_error[-1] / _COORDINATES
    return late / jnp.diagonal(graph.mean_covariance(_FED_AND_CUT, samples=2, generations=_LATE)[-1])


_MIXED, _BY_CHANCE = np.array([[0.2, 0.5, 0.3], [0.0, 0.6, 0.4]]), shared(samples=3, generations=5)
_PAIRS = {"the first": (0, 0), "the second": (1, 1), "both": (0, 1)}


class _Scraped(Model):
    """Two means, each of rows that come from a source by chance; many coordinates of one row come together."""

    @property
    def draws_sums(self):
        return True

    def truth(self):
        return jnp.zeros((2, _COORDINATES))

    def real(self, key, truth, n):
        return Moved(normal(key, truth.shape, truth.dtype) / jnp.sqrt(n))

    def sample(self, key, params, n):
        noise_key, *keys = split(key, 3)
        rows = jnp.stack([multinomial(k, n, jnp.asarray(shares)) for k, shares in zip(keys, _MIXED, strict=True)])
        return Moved((rows[:, 1:] @ params + jnp.sqrt(n) * normal(noise_key, params.shape, params.dtype)) / n)

    def fit(self, data: Any, **context):
        return data.params

    def metrics(self, params, **context):
        return {"products": params @ params.T / _COORDINATES}


def _scraped(key):
    products = simulate(_Scraped(), Replace(), key=key, **_BY_CHANCE).products
    return jnp.stack([products[:, i, j] for i, j in _PAIRS.values()])[:, 1:]


def _scraped_theory():
    covariance = graph.mean_covariance(_MIXED, provenance="chance", **_BY_CHANCE)
    return jnp.stack([covariance[:, i, j] for i, j in _PAIRS.values()])[:, 1:]


_claim = partial(Claim, reference=REFERENCE)
CLAIMS = (
    _claim(
        name="own-graph-drift",
        statement="Models that read each other alone drift together, more slowly than one alone, unless in a ring.",
        theory=lambda: graph.drift(_CLOSED),
        experiment=_grown,
        relation=Asymptotic(allowance=0.003, tolerance=0.025),
        formula="R(g + 1) − R(g) → lim (1/T) Σ_t (W^t W^t')_ii/n; Σ_k π_k²/n if the class has no period",
        protocol="Means, n = 2, no two rows shared; generations 6 and 12.",
        labels=("reads the second", "half the first, half itself", "ring", "ring", "half the first, half the third"),
        quantity="growth of the squared error, times n",
    ),
    _claim(
        name="own-graph-reader",
        statement="Real rows do not protect a model that also reads a collapsing one.",
        theory=_squares_theory,
        experiment=_squares,
        relation=Equal(tolerance=0.025),
        formula="Γ'_ik = w_i'Γ w_k, Γ'_ii = μ n_i'Γ n_i + (α − μ) Σ n_ij Γ_jj + σ² d/(n − d − 1)",
        protocol="Least squares, d = 4, σ = 1, n = 30 rows: half real and half of a model that reads itself alone.",
        labels=tuple(f"{who}, g = {g}" for who in ("the reader", "the model it reads") for g in range(1, 6)),
        quantity="excess risk",
    ),
    _claim(
        name="own-graph-alike",
        statement="Models that read each other alike drift more slowly than one alone, and together.",
        theory=_alike_theory,
        experiment=_alike,
        relation=Equal(tolerance=0.02),
        formula="Γ_g = W Γ_{g−1} W' + I/n: risk (1 + (g − 1)/K)/n, distance 2/n",
        protocol="Three means, n = 3: each reads one observation of every one of the three, and no real data.",
        labels=tuple(f"{what}, g = {g}" for what in ("risk", "distance") for g in range(1, 9)),
        quantity="squared error",
    ),
    _claim(
        name="own-graph-chance",
        statement="If rows come from sources by chance, models differ more than with the same shares every time.",
        theory=_scraped_theory,
        experiment=_scraped,
        relation=Equal(tolerance=0.025),
        formula="Γ' = W Γ W' + I/n, and [Σ_j W_ij Γ_jj − (W Γ W')_ii]/n for model i",
        protocol="Two means of n = 3 rows; a row of the first is real with probability 0.2, else a model's.",
        labels=tuple(f"{who}, g = {g}" for who in _PAIRS for g in range(2, 6)),
        quantity="product of errors",
    ),
    _claim(
        name="own-graph-bounded",
        statement="A model stays bounded if and only if real data reaches all of its ancestors.",
        theory=lambda: jnp.where(graph.bounded(_FED_AND_CUT), 1.0, 2.0),
        experiment=_later,
        relation=Asymptotic(allowance=0.015, tolerance=0.02),
        formula="R(2g)/R(g) → 1 if every ancestor has a path from real data, → 2 otherwise",
        protocol=f"Means, n = 2, no two rows shared; generations {_LATE} and {2 * _LATE}.",
        labels=("half real, half itself", "reads the first", "reads itself", "half real, half the third"),
        quantity="relative squared error",
    ),
)
