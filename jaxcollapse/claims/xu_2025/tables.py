"""Real tables: a Gaussian and a mixture of wines, a logistic regression of tumours, trained recursively."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxcollapse.arguments.types import Curve
from jaxcollapse.chain.data import Samples
from jaxcollapse.chain.pooled import Replace
from jaxcollapse.chain.schedule import polynomial
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.claims.xu_2025.protocol import claim
from jaxcollapse.machine.precision import untraced, x64_enabled
from jaxcollapse.models.gaussian.mixture import GaussianMixture
from jaxcollapse.models.gaussian.multivariate import MultivariateGaussian
from jaxcollapse.models.regression.generalised_linear import TableSums
from jaxcollapse.models.regression.logistic_regression import LogisticRegression
from jaxcollapse.population import datasets
from jaxcollapse.population.features import Table
from jaxcollapse.population.spectrum import Spectrum
from jaxcollapse.theory import gaussian, mean
from jaxcollapse.verification.claim import Axis
from jaxcollapse.verification.relation import AtMost, Equal

_TABLE_GENERATIONS, _TABLE_TIMES = 4, np.array([2, 4])
TABLE_SAMPLES = 50.0
POWERS = {"constant": 0.0, "linear": 1.0, "superlinear": 2.0}  # n_t = 50 t^power
_WINE_COLUMNS = [0, 1, 9, 12]  # alcohol, malic acid, colour intensity, proline
_TUMOUR_COLUMNS = [1, 8]  # texture, symmetry
TUMOURS, _TUMOUR_TIMES = 569, np.array([2, 3, 5])
_MIXED_SAMPLES, _MIXED_TIME = 15.0, 3
LABELLED = 4 * TUMOURS  # four labels of each


def table_sizes(scale: float, power: float, generations: int) -> Float[np.ndarray, " generations"]:
    """``scale * t^power`` samples at generation ``t``."""
    return polynomial(scale, power)(np.arange(1.0, generations + 1))


def wine_covariance() -> Float[np.ndarray, "dim dim"]:
    """Of four standardised columns."""
    return np.cov(datasets.wine()[0][:, _WINE_COLUMNS].T, ddof=0)


def wine_error(key, sizes: Curve) -> Float[Array, " generations"]:
    """Squared error of the mean of a Gaussian with that covariance, which is unknown."""
    model = MultivariateGaussian(wine_covariance(), ddof=1)
    return simulate(model, Replace(), key=key, samples=sizes, generations=len(sizes)).squared_error


def wine_theory(sizes: Curve) -> Float[Array, " generations"]:
    """A walk whose steps have the covariance of the wines over the size of the sample."""
    return np.trace(wine_covariance()) * mean.mean_replace_variance(samples=sizes)


def _wine(key):
    """At some times, for each schedule, with the same random numbers."""
    sizes = jnp.stack([table_sizes(TABLE_SAMPLES, power, _TABLE_GENERATIONS) for power in POWERS.values()])
    return jax.lax.map(lambda n: wine_error(key, n)[_TABLE_TIMES - 1], sizes).ravel()


def _wine_theory():
    sizes = (table_sizes(TABLE_SAMPLES, power, _TABLE_GENERATIONS) for power in POWERS.values())
    return jnp.concatenate([wine_theory(n)[_TABLE_TIMES - 1] for n in sizes])


@functools.cache
def _fitted_wines(components: int, double: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights, means and variances of the wines; in the precision of the thread, which is what `double` tells apart."""
    rows, alike = datasets.wine()[0][:, _WINE_COLUMNS], np.ones((components, len(_WINE_COLUMNS)))
    model = GaussianMixture(np.full(components, 1 / components), 0 * alike, alike, restarts=9)
    fit = untraced(lambda: model.fit(Samples(jnp.asarray(rows)), key=jax.random.key(0)))
    return np.asarray(fit.weights), np.asarray(fit.means), np.asarray(fit.variances)


def wine_mixture() -> GaussianMixture:
    """Three components, which know nothing of the three cultivars."""
    return GaussianMixture(*_fitted_wines(3, x64_enabled()), iterations=5)


def mixture_variance(key, sizes: Curve) -> Float[Array, " generations"]:
    """What is left of the total variance."""
    model = wine_mixture()
    run = simulate(model, Replace(), key=key, samples=sizes, generations=len(sizes))
    return run.trace / jnp.sum(model.truth().variance)


def mixture_theory(sizes: Curve) -> Float[Array, " generations"]:
    """Expectation maximisation keeps the moments of the data: the variance of one Gaussian."""
    return gaussian.variance_mean(samples=sizes, generations=len(sizes), ddof=0)


def _mixture(key):
    """At the last generation, for each schedule: in a program of its own, for rows are drawn."""
    lasts = [mixture_variance(key, table_sizes(_MIXED_SAMPLES, power, _MIXED_TIME))[-1] for power in POWERS.values()]
    return jnp.stack(lasts)


def _mixture_theory():
    sizes = (table_sizes(_MIXED_SAMPLES, power, _MIXED_TIME) for power in POWERS.values())
    return jnp.stack([mixture_theory(n)[-1] for n in sizes])


def tumours() -> LogisticRegression:
    """Of malignancy on two columns of a table and an intercept; the truth is the fit to the real labels."""
    return _on_tumours(_real_fit(x64_enabled()))


def _on_tumours(coefficients=None) -> LogisticRegression:
    rows = Table(datasets.breast_cancer()[0][:, _TUMOUR_COLUMNS], intercept=True)
    return LogisticRegression(Spectrum.from_eigenvalues(rows.eigenvalues, coefficients), features=rows, design="fixed")


@functools.cache
def _real_fit(double: bool) -> Float[np.ndarray, " dim"]:
    """In the precision of the thread, which is what `double` tells apart."""
    labels = datasets.breast_cancer()[1]
    return np.asarray(untraced(lambda: _on_tumours().fit(TableSums(jnp.ones(TUMOURS), jnp.asarray(labels)))))


def tumour_risk(key, sizes: Curve) -> Float[Array, " generations"]:
    """Distance from the fit to real labels, which is generation 1: the others have labels of their own."""
    model = tumours()
    return simulate(model, Replace(), key=key, samples=sizes, generations=len(sizes), first=model.truth()).risk


def tumour_theory(sizes: Curve) -> Float[Array, " generations"]:
    """To first order: each step but the first adds one unit for every coefficient, over the size of its sample."""
    return tumours().spectrum.dim * (mean.mean_replace_variance(samples=sizes) - 1 / sizes[0])


def _tumour_bound():
    limit = mean.mean_replace_variance_limit(scale=LABELLED, growth=1.0) - 1 / LABELLED
    return jnp.full(len(_TUMOUR_TIMES), tumours().spectrum.dim * limit)


CLAIMS = (
    claim(
        name="xu-real-table-gaussian",
        statement="With the covariance of a real table the error of a mean follows the schedule in the same way.",
        theory=_wine_theory,
        experiment=_wine,
        relation=Equal(),
        formula="E|μ̂_T − μ|² = tr Σ · Σ_{t≤T} 1/n_t",
        protocol="Gaussian with mean and covariance of four columns of the wine data, unbiased covariance; replace, "
        "n_t = 50, 50 t, 50 t².",
        labels=tuple(f"{name}, T = {time}" for name in POWERS for time in _TABLE_TIMES),
        quantity="squared error",
        first_look=32768,
    ),
    claim(
        name="xu-real-table-mixture",
        statement="Of a mixture that is fitted to a real table, superlinear samples keep nearly all of the variance.",
        theory=_mixture_theory,
        experiment=_mixture,
        relation=Equal(),
        formula="E tr Σ̂_T = tr Σ ∏_{t≤T} (1 − 1/n_t): expectation maximisation keeps the moments of the data",
        protocol="Mixture of three Gaussians, fitted to four columns of the wine data; replace, n_t = 15, 15 t, 15 t², "
        "T = 3; five steps of expectation maximisation from the last model on.",
        labels=tuple(POWERS),
        quantity="variance of generation T, relative to the truth",
        first_look=2048,
    ),
    claim(
        name="xu-real-table-logistic",
        statement="On a real table superlinear samples keep the error of logistic regression below a zeta value.",
        theory=_tumour_bound,
        experiment=lambda key: tumour_risk(key, table_sizes(LABELLED, 2.0, int(_TUMOUR_TIMES[-1])))[_TUMOUR_TIMES - 1],
        relation=AtMost(),
        formula="E (ŵ_T − ŵ₁)′I(ŵ_T − ŵ₁) ≤ d (ζ(2) − 1)/n, I = E p(1 − p) xx′ over the table, d = 3",
        protocol="Malignancy of 569 tumours by texture, symmetry and an intercept; generation 1 is the fit to the real "
        "labels, generation t is fitted to 4 t² synthetic labels of each row, n = 2,276.",
        axis=Axis("generation T", _TUMOUR_TIMES),
        quantity="squared distance from the fit to real labels",
        first_look=4096,
    ),
)
