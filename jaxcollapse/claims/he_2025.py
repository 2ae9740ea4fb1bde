"""He, Xu and Cheng 2025: fresh real data at every generation, and the weight that it should have.

Their ``n`` real and ``m`` synthetic observations per generation are `real_samples` and `samples`; their generation 0,
the fit to real data alone, is our ``g = 1``.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxcollapse.chain.mix import Mix
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.claims.frame import generation_axis, shared
from jaxcollapse.machine.precision import untraced
from jaxcollapse.models.exponential_family import NormalMean
from jaxcollapse.models.regression.linear_regression import LinearRegression
from jaxcollapse.theory import Spectrum, mean, regression
from jaxcollapse.theory.papers import HE_2025 as REFERENCE
from jaxcollapse.verification.claim import Axis, Claim
from jaxcollapse.verification.relation import Asymptotic, Equal

_claim = partial(Claim, reference=REFERENCE)
DIM, REAL = 16, 100
_WEIGHTS, _RATIOS = np.array([0.2, 0.4, 0.6, 0.8]), np.array([0.1, 0.25, 1.0, 4.0])
_LONG, _SHORT = 40, 8
_POOLED = shared(dim=6, real_samples=25, samples=50, noise=1.0)


def _means(workflow, samples: Any, generations: int, key):
    """Squared error of a mean at every generation, relative to that of the real data alone."""
    model = NormalMean(jnp.zeros(DIM))
    return simulate(model, workflow, key=key, samples=samples, generations=generations).squared_error * REAL / DIM


def _over_weights(key):
    """The last generation, for every weight, with the same random numbers."""
    return jax.lax.map(lambda w: _means(Mix("fresh", weight=w), REAL, _LONG, key)[-1], jnp.asarray(_WEIGHTS))


def _over_ratios(key):
    """The last generation, for every ratio of real to synthetic data."""

    def risk(ratio):
        workflow = Mix("fresh", weight=mean.mean_mix_optimal_weight(ratio=ratio), real_samples=REAL)
        return _means(workflow, REAL / ratio, _LONG, key)[-1]

    return jax.lax.map(risk, jnp.asarray(_RATIOS))


def _pooling(key):
    def risk(ratio):
        return _means(Mix("fresh", real_samples=REAL), REAL / ratio, _LONG, key)[-1]

    return jax.lax.map(risk, jnp.asarray(_RATIOS))


def _dynamic(key):
    weights = untraced(lambda: mean.mean_mix_dynamic_weight(ratio=1.0, generations=_SHORT))
    return _means(Mix("fresh", weight=weights), REAL, _SHORT, key)


def _pooled_rows(key):
    spectrum = Spectrum.from_eigenvalues(np.geomspace(1.0, 0.1, _POOLED["dim"]))
    model = LinearRegression(spectrum, noise=_POOLED["noise"])
    workflow = Mix("fresh", real_samples=_POOLED["real_samples"])
    return simulate(model, workflow, key=key, samples=_POOLED["samples"], generations=_SHORT).risk


_APART = {**_POOLED, "real_weight": (5**0.5 - 1) / 2}


def _averaged_fits(key):
    """Risk of the average of two fits, with fresh real rows and with rows that stay."""
    model = LinearRegression(Spectrum.from_eigenvalues(np.geomspace(1.0, 0.1, _APART["dim"])), noise=_APART["noise"])
    sizes = shared(samples=_APART["samples"], generations=_SHORT)

    def risk(real):
        workflow = Mix(real, weight=_APART["real_weight"], real_samples=_APART["real_samples"], average="estimates")
        return simulate(model, workflow, key=key, **sizes).risk

    return jnp.stack([risk("fresh"), risk("fixed")])


_ROWS = shared(dim=40, fake=100, weight=(5**0.5 - 1) / 2, generations=_SHORT)


def _weighted_rows(key, *, dim: int, fake: Any, weight: Any, generations: int):
    """Risk of least squares on weighted rows, whose designs are new at every generation."""
    model = LinearRegression(Spectrum.isotropic(dim), noise=1.0)
    workflow = Mix("fresh", weight=weight, real_samples=REAL)
    return simulate(model, workflow, key=key, samples=fake, generations=generations).risk


def _weighted_rows_theory(*, dim: int, fake: Any, weight: Any, generations: int):
    return regression.ridge_mix(
        Spectrum.isotropic(dim),
        real_samples=REAL,
        samples=fake,
        noise=1.0,
        penalty=0.0,
        real_weight=weight,
        generations=generations,
    )


class _Figure:
    """A figure of the paper: least squares with two coefficients, cells of a ratio ``k`` and a weight."""

    def __init__(self, cells, generations: int, last: int):
        self.ratios, self.weights = np.array(cells, float).T
        self.generations, self.last = generations, last

    def _mean(self, curve, **fields):
        """The error of the last generations, relative to that of real data alone."""
        risks = jax.lax.map(
            lambda cell: curve(dim=2, fake=cell[0], weight=cell[1], generations=self.generations, **fields),
            (jnp.round(REAL / self.ratios), jnp.asarray(self.weights)),
        )
        return risks[:, -self.last :].mean(axis=1) * REAL / 2

    def theory(self):
        """The closed form at every cell."""
        return self._mean(_weighted_rows_theory)

    def experiment(self, key):
        """One replication of every cell, with the same random numbers."""
        return self._mean(_weighted_rows, key=key)


def _best_and_pooled(ratio: float) -> tuple[tuple[float, float], tuple[float, float]]:
    return (ratio, (np.sqrt(ratio**2 + 4 * ratio) - ratio) / 2), (ratio, ratio / (1 + ratio))


_FIGURE_8 = _Figure([(1.0, w) for w in (0.2, 0.4, 0.62, 0.78)], 40, 20)
_FIGURE_9 = _Figure([*_best_and_pooled(0.01), *_best_and_pooled(0.19)], 200, 50)

_PROTOCOL = f"Mean of a Gaussian in {DIM} dimensions, n = {REAL} fresh real observations in every generation; "
_RELATIVE = "squared error, relative to real data alone"

_BUDGET, _COSTS = 600.0, np.array([4.0, 9.0])  # whole numbers of samples of both kinds


def _budgets(key):
    """The squared error in the long run of the best mixture, for every cost of a real sample."""

    def risk(cost):
        best = mean.mean_mix_allocation(budget=_BUDGET, real_cost=cost)
        workflow = Mix("fresh", weight=best.weight, real_samples=best.real_samples)
        return _means(workflow, best.samples, _LONG, key)[-1] / REAL

    return jax.lax.map(risk, jnp.asarray(_COSTS))


_OFF = 1.0
_KEPT, _KEPT_GENERATIONS = shared(dim=6, real_samples=25, samples=50), 3


def _pulled(key):
    """How far a model that starts off the truth is after one generation, along each coordinate on average."""

    def error(ratio):
        sizes = shared(samples=REAL / ratio, generations=2, first=jnp.full(DIM, _OFF))
        return simulate(NormalMean(jnp.zeros(DIM)), Mix("fresh", real_samples=REAL), key=key, **sizes).params[-1].mean()

    return jax.lax.map(error, jnp.asarray(_RATIOS))


def _kept(key):
    """The risk of a chain without noise that starts at zero, where the truth has norm one."""
    model = LinearRegression(Spectrum.isotropic(_KEPT["dim"]), noise=0.0)
    sizes = shared(samples=_KEPT["samples"], generations=_KEPT_GENERATIONS, first=jnp.zeros(_KEPT["dim"]))
    return simulate(model, Mix("fresh", real_samples=_KEPT["real_samples"]), key=key, **sizes).risk[1:]


TOUR = "he-dynamic-weight"
CLAIMS = (
    _claim(
        name="he-weight",
        statement="The error after many generations is a rational function of the weight of the real data.",
        theory=lambda: jnp.stack([mean.mean_mix_limit(real_weight=w, ratio=1.0) for w in _WEIGHTS]),
        experiment=_over_weights,
        relation=Equal(),
        formula="v(w) = [w² + k (1 − w)²] / [w (2 − w)], k = n/m",
        protocol=_PROTOCOL + f"as many synthetic ones (k = 1); generation {_LONG}.",
        axis=Axis("weight w of the real data", _WEIGHTS),
        quantity=_RELATIVE,
    ),
    _claim(
        name="he-golden-ratio",
        statement="At the optimal weight the relative error equals that weight; with k = 1 both are 0.618.",
        theory=lambda: jnp.stack([mean.mean_mix_optimal_weight(ratio=k) for k in _RATIOS]),
        experiment=_over_ratios,
        relation=Equal(),
        formula="w* = (√(k² + 4k) − k)/2, v(w*) = w*",
        protocol=_PROTOCOL + f"m = n/k synthetic ones, the optimal weight; generation {_LONG}.",
        axis=Axis("ratio k = n/m", _RATIOS),
        quantity=_RELATIVE,
    ),
    _claim(
        name="he-pooling",
        statement="When real and synthetic observations count the same, at least half of the error stays.",
        theory=lambda: jnp.asarray((1 + _RATIOS) / (2 + _RATIOS)),
        experiment=_pooling,
        relation=Equal(),
        formula="v = (1 + k)/(2 + k), k = n/m",
        protocol=_PROTOCOL + f"m = n/k synthetic ones, every observation with the same weight; generation {_LONG}.",
        axis=Axis("ratio k = n/m", _RATIOS),
        quantity=_RELATIVE,
    ),
    _claim(
        name="he-dynamic-weight",
        statement="With quotients of Fibonacci numbers as weights the relative error always equals the weight.",
        theory=lambda: mean.mean_mix_dynamic_weight(ratio=1.0, generations=_SHORT),
        experiment=_dynamic,
        relation=Equal(),
        formula="w_g = v_g = (v_{g−1} + k)/(1 + v_{g−1} + k): 1, 2/3, 5/8, 13/21, … for k = 1",
        protocol=_PROTOCOL + "as many synthetic ones (k = 1), the weight that is optimal in each generation.",
        axis=generation_axis(_SHORT),
        quantity=_RELATIVE,
    ),
    _claim(
        name="he-pooled-rows",
        statement="Least squares on pooled rows keeps more of the old error than the squared share of synthetic rows.",
        theory=lambda: regression.ols_mix(**_POOLED, generations=_SHORT),
        experiment=_pooled_rows,
        relation=Equal(),
        formula=(
            "R(g) = c R(g − 1) + σ² d/(N − d − 1), N = m + n, "
            "c = m(m + 2)/(N(N + 2)) + m n (N + 1)(d − 1)/(N(N + 2)(N − 1)(N − d − 1))"
        ),
        protocol="Least squares, d = 6, σ = 1, eigenvalues 1 to 0.1; n = 25 fresh real rows, m = 50 synthetic ones.",
        axis=generation_axis(_SHORT),
        quantity="excess risk",
    ),
    _claim(
        name="he-averaged-fits",
        statement="The average of a real and a synthetic fit errs like means with d + 1 rows fewer.",
        theory=lambda: jnp.stack(
            [regression.ols_mix_estimates(**_APART, real=real, generations=_SHORT) for real in ("fresh", "fixed")]
        ),
        experiment=_averaged_fits,
        relation=Equal(),
        formula=(
            "R(g) = w² e(n) + (1 − w)² [R(g − 1) + e(m)], e(T) = σ² d/(T − d − 1); "
            "fixed rows: R(1) + q(g), q(g) = (1 − w)² [q(g − 1) + e(m)]"
        ),
        protocol=(
            "Least squares, d = 6, σ = 1, eigenvalues 1 to 0.1; fits to n = 25 real rows (w = 0.618), fresh or fixed, "
            "and to m = 50 synthetic ones."
        ),
        axis=generation_axis(_SHORT),
        labels=("fresh real rows", "one real data set"),
        quantity="excess risk",
    ),
    _claim(
        name="he-weighted-rows",
        statement="On a hundred real and a hundred synthetic rows forty coefficients risk a third more than few would.",
        theory=lambda: _weighted_rows_theory(**_ROWS),
        experiment=lambda key: _weighted_rows(key, **_ROWS),
        relation=Asymptotic(allowance=0.01, tolerance=0.015),
        formula="the recursion of ridge_mix: rows count a_i = ω_i/(1 + ω_i q), q = (d + 1)/Σ n_i a_i",
        protocol="Least squares, d = 40, σ = 1, isotropic; n = m = 100 fresh real and synthetic rows, w = 0.618.",
        axis=generation_axis(_SHORT),
        quantity="excess risk",
        first_look=1024,
    ),
    _claim(
        name="he-figure-8",
        statement="Least squares with two coefficients is best at the golden weight of the real rows.",
        theory=_FIGURE_8.theory,
        experiment=_FIGURE_8.experiment,
        relation=Asymptotic(allowance=0.005),
        formula="v(w) = [w² + (1 − w)²] / [w (2 − w)] up to O(1/n)",
        protocol="Least squares, p = 2, n = m = 100 fresh rows, noise 1; mean over the last 20 of 40 generations.",
        axis=Axis("weight w of the real rows", _FIGURE_8.weights),
        quantity=_RELATIVE,
    ),
    _claim(
        name="he-figure-9",
        statement="With one real row for a hundred synthetic ones the best weight has a fifth of the error of pooling.",
        theory=_FIGURE_9.theory,
        experiment=_FIGURE_9.experiment,
        relation=Asymptotic(allowance=0.005, tolerance=np.array([0.02, 0.04, 0.02, 0.03])),
        formula="v = w* = (√(k² + 4k) − k)/2 against (1 + k)/(2 + k), up to O(1/n)",
        protocol="Least squares, p = 2, n = 100, m = n/k fresh rows, noise 1; mean over generations 151 to 200.",
        labels=tuple(f"k = {k}, {name}" for k in (0.01, 0.19) for name in ("best weight", "pooled")),
        quantity=_RELATIVE,
    ),
    _claim(
        name="he-budget",
        statement="Where a real sample costs c synthetic ones, the best mixture weighs real data by one over √c.",
        theory=lambda: jnp.stack([mean.mean_mix_allocation(budget=_BUDGET, real_cost=c).risk for c in _COSTS]),
        experiment=_budgets,
        relation=Equal(),
        formula="Squared error (2√c − 1)/B at w = 1/√c and n/m = 1/(c − √c), for a budget B = c n + m",
        protocol="Mean of a Gaussian, B = 600, generation 40: n = 100, m = 200 at c = 4; n = 40, m = 240 at c = 9.",
        axis=Axis("cost c of a real sample", _COSTS),
        quantity="squared error",
    ),
    _claim(
        name="he-pooling-weight",
        statement="Where every row counts once, real rows pull a model towards the truth by their share of the rows.",
        theory=lambda: jnp.stack([_OFF * (1 - mean.mean_mix_pooling_weight(ratio=k)) for k in _RATIOS]),
        experiment=_pulled,
        relation=Equal(),
        formula="E θ_2 − θ = (1 − w)(θ_1 − θ), w = n/(n + m) = k/(1 + k)",
        protocol=_PROTOCOL + "m = n/k synthetic ones of a first model one deviation off; generation 2.",
        axis=Axis("ratio k = n/m", _RATIOS),
        quantity="error of the mean",
    ),
    _claim(
        name="he-pooled-error",
        statement="Least squares on pooled rows keeps the same share of an old error in every generation.",
        theory=lambda: regression.ols_mix_contraction(**_KEPT) ** jnp.arange(1, _KEPT_GENERATIONS),
        experiment=_kept,
        relation=Equal(),
        formula="c^(g − 1), c = m(m + 2)/(N(N + 2)) + m n (N + 1)(d − 1)/(N(N + 2)(N − 1)(N − d − 1)), N = m + n",
        protocol="Least squares, d = 6, σ = 0, isotropic; n = 25 fresh real rows, m = 50 others; g = 1 is zero.",
        axis=generation_axis(np.arange(2, _KEPT_GENERATIONS + 1)),
        quantity="excess risk",
    ),
)
