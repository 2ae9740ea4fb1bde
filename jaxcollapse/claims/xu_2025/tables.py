"""Real tables: a Gaussian of wines and a logistic regression of tumours, trained recursively."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxcollapse import datasets
from jaxcollapse._precision import untraced, x64_enabled
from jaxcollapse.claim import Axis, Claim
from jaxcollapse.claims.xu_2025.protocol import REFERENCE
from jaxcollapse.features import Table
from jaxcollapse.models.gaussian import MultivariateGaussian
from jaxcollapse.models.generalised_linear import LogisticRegression, TableSums
from jaxcollapse.relation import AtMost, Equal
from jaxcollapse.schedule import polynomial
from jaxcollapse.simulate import simulate
from jaxcollapse.theory import random_walk
from jaxcollapse.theory.spectrum import Spectrum
from jaxcollapse.workflow import Replace

_TABLE_GENERATIONS, _TABLE_TIMES = 10, np.array([3, 10])
TABLE_SAMPLES = 50.0
POWERS = {"constant": 0.0, "linear": 1.0, "superlinear": 2.0}  # n_t = 50 t^power
_WINE_COLUMNS = [0, 1, 9, 12]  # alcohol, malic acid, colour intensity, proline
_TUMOUR_COLUMNS = [1, 8]  # texture, symmetry
TUMOURS, _TUMOUR_TIMES = 569, np.array([2, 3, 5])
LABELLED = 4 * TUMOURS  # four labels of each


def table_sizes(scale: float, power: float, generations: int) -> Float[Array, " generations"]:
    """``scale * t^power`` samples at generation ``t``."""
    return polynomial(scale, power)(jnp.arange(1.0, generations + 1))


def wine_covariance() -> Float[np.ndarray, "dim dim"]:
    """Of four standardised columns."""
    return np.cov(datasets.wine()[0][:, _WINE_COLUMNS].T, ddof=0)


def wine_error(key, sizes: Float[Array, " generations"]) -> Float[Array, " generations"]:
    """Squared error of the mean of a Gaussian with that covariance, which is unknown."""
    model = MultivariateGaussian(wine_covariance(), ddof=1)
    return simulate(model, Replace(), key=key, samples=sizes, generations=len(sizes)).squared_error


def wine_theory(sizes: Float[Array, " generations"]) -> Float[Array, " generations"]:
    """A walk whose steps have the covariance of the wines over the size of the sample."""
    return np.trace(wine_covariance()) * random_walk.drift_variance(sizes)


def _wine(key):
    """At some times, for each schedule, with the same random numbers."""
    sizes = jnp.stack([table_sizes(TABLE_SAMPLES, power, _TABLE_GENERATIONS) for power in POWERS.values()])
    return jax.lax.map(lambda n: wine_error(key, n)[_TABLE_TIMES - 1], sizes).ravel()


def _wine_theory():
    sizes = (table_sizes(TABLE_SAMPLES, power, _TABLE_GENERATIONS) for power in POWERS.values())
    return jnp.concatenate([wine_theory(n)[_TABLE_TIMES - 1] for n in sizes])


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


def tumour_risk(key, sizes: Float[Array, " generations"]) -> Float[Array, " generations"]:
    """Distance from the fit to real labels, which is generation 1: the others have labels of their own."""
    model = tumours()
    return simulate(model, Replace(), key=key, samples=sizes, generations=len(sizes), first=model.truth()).risk


def tumour_theory(sizes: Float[Array, " generations"]) -> Float[Array, " generations"]:
    """To first order: each step but the first adds one unit for every coefficient, over the size of its sample."""
    return tumours().spectrum.dim * (random_walk.drift_variance(sizes) - 1 / sizes[0])


def _tumour_bound():
    limit = random_walk.drift_limit(scale=LABELLED, growth=1.0) - 1 / LABELLED
    return jnp.full(len(_TUMOUR_TIMES), tumours().spectrum.dim * limit)


CLAIMS = (
    Claim(
        name="xu-real-table-gaussian",
        statement="With the covariance of a real table the error of a mean follows the schedule in the same way.",
        theory=_wine_theory,
        experiment=_wine,
        relation=Equal(tolerance=0.02),
        reference=REFERENCE,
        formula="E|μ̂_T − μ|² = tr Σ · Σ_{t≤T} 1/n_t",
        protocol="Gaussian with mean and covariance of four columns of the wine data, unbiased covariance; replace, "
        "n_t = 50, 50 t, 50 t².",
        labels=tuple(f"{name}, T = {time}" for name in POWERS for time in _TABLE_TIMES),
        quantity="squared error",
        first_look=32768,
    ),
    Claim(
        name="xu-real-table-logistic",
        statement="On a real table superlinear samples keep the error of logistic regression below a zeta value.",
        theory=_tumour_bound,
        experiment=lambda key: tumour_risk(key, table_sizes(LABELLED, 2.0, int(_TUMOUR_TIMES[-1])))[_TUMOUR_TIMES - 1],
        relation=AtMost(),
        reference=REFERENCE,
        formula="E (ŵ_T − ŵ₁)′I(ŵ_T − ŵ₁) ≤ d (ζ(2) − 1)/n, I = E p(1 − p) xx′ over the table, d = 3",
        protocol="Malignancy of 569 tumours by texture, symmetry and an intercept; generation 1 is the fit to the real "
        "labels, generation t is fitted to 4 t² synthetic labels of each row, n = 2,276.",
        axis=Axis("generation T", _TUMOUR_TIMES),
        quantity="squared distance from the fit to real labels",
        first_look=4096,
    ),
)
