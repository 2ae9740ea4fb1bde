"""Results without a paper: what `jaxcollapse.theory` derives on its own.

A claim of this file has no reference, and a name that begins with ``own-``. Generation ``g = 1`` is the fit to real
data.
"""

import jax
import jax.numpy as jnp
import numpy as np

from jaxcollapse.chain.mix import Mix
from jaxcollapse.chain.pooled import Replace, Weighted
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.claims.frame import generation_axis, shared
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.models.gaussian.univariate import Gaussian
from jaxcollapse.theory import Spectrum, gaussian, regression
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Equal

REFERENCE = None
_GENERATIONS = 10
_SIZES = shared(samples=4, generations=_GENERATIONS)


def _log_variance(key):
    return simulate(Gaussian(ddof=1), Replace(), key=key, **_SIZES).log_variance


_LONGER, _POWERS = shared(samples=12, generations=5), (0.5, -0.5)


def _powers(key):
    run = simulate(Gaussian(ddof=1), Replace(), key=key, **_LONGER)
    return jnp.concatenate([jnp.exp(s * run.log_variance) for s in _POWERS])


_UNEQUAL = {"samples": np.array([12.0, 30.0, 20.0, 8.0]), "generations": 4}


def _weighings() -> dict[str, Workflow]:
    """New real rows with a tenth of the weight, and any weights of all batches."""
    rows = [[1.0, 0.0, 0.0, 0.0], [0.3, 0.7, 0.0, 0.0], [0.0, 0.6, 0.4, 0.0], [0.2, 0.0, 0.5, 0.3]]
    return {"a tenth real": Mix("fresh", weight=0.1, real_samples=15.0), "a matrix": Weighted(rows)}


def _weighed(key):
    runs = (simulate(Gaussian(ddof=1), flow, key=key, **_UNEQUAL) for flow in _weighings().values())
    return jnp.concatenate([jnp.concatenate([run.variance, run.squared_error]) for run in runs])


def _weighed_theory():
    moments = (gaussian.moments_weighted(flow, ddof=1, **_UNEQUAL) for flow in _weighings().values())
    return jnp.concatenate([jnp.concatenate([pair.variance, pair.mean_square]) for pair in moments])


_CLASSIFIERS = np.array([(1.5, -1.0), (1.0, 0.5), (-1.0, 0.0)])


def _rows() -> Spectrum:
    return Spectrum.from_eigenvalues([1.0, 0.5], [1.5, -1.0])


@lenient()
def _accuracy(key):
    """Of each classifier, on rows with labels."""
    row_key, label_key = jax.random.split(key)
    x = jax.random.normal(row_key, (200, 2)) * jnp.sqrt(_rows().eigenvalues)
    labels = jax.random.bernoulli(label_key, jax.nn.sigmoid(x @ _rows().signal))
    return jnp.mean((x @ _CLASSIFIERS.T > 0) == labels[:, None], axis=0)


CLAIMS = (
    Claim(
        name="own-log-variance",
        statement="With an unbiased variance the mean logarithm falls by the same amount at every generation.",
        theory=lambda: gaussian.log_variance_mean(**_SIZES, ddof=1),
        experiment=_log_variance,
        relation=Equal(tolerance=0.02),
        formula="E log X_g = g (ψ((n − 1)/2) − log((n − 1)/2))",
        protocol="A Gaussian fitted to n = 4 of its own samples with divisor n − 1; each batch replaces the last.",
        axis=generation_axis(_GENERATIONS),
        quantity="log variance",
    ),
    Claim(
        name="own-log-variance-spread",
        statement="Around its mean the log variance scatters with a variance that grows linearly, for either divisor.",
        theory=lambda: gaussian.log_variance_variance(**_SIZES),
        experiment=lambda key: (_log_variance(key) - gaussian.log_variance_mean(**_SIZES, ddof=1)) ** 2,
        relation=Equal(tolerance=0.02),
        formula="Var log X_g = g ψ₁((n − 1)/2)",
        protocol="A Gaussian fitted to n = 4 of its own samples with divisor n − 1; each batch replaces the last.",
        axis=generation_axis(_GENERATIONS),
        quantity="variance of log variance",
    ),
    Claim(
        name="own-variance-powers",
        statement="The mean of every power of the variance is a product over generations, that of the deviation too.",
        theory=lambda: jnp.concatenate([gaussian.variance_moment(s, **_LONGER, ddof=1) for s in _POWERS]),
        experiment=_powers,
        relation=Equal(),
        formula="E X_g^s = [Γ(ν/2 + s)/Γ(ν/2) (2/ν)^s]^g, ν = n − 1",
        protocol="A Gaussian fitted to n = 12 of its own samples with divisor n − 1; each batch replaces the last.",
        labels=tuple(f"s = {s:g}, g = {g}" for s in _POWERS for g in range(1, _LONGER["generations"] + 1)),
        quantity="E X^s",
    ),
    Claim(
        name="own-weighted-variance",
        statement="Under any weights of batches the variance of a Gaussian loses what its mean wanders, and no more.",
        theory=_weighed_theory,
        experiment=_weighed,
        relation=Equal(),
        formula="E X_g = N/(N − 1) [Σ_i a_i (E μ_(i−1)² + E X_(i−1)) − E μ_g²]",
        protocol="A Gaussian, divisor N − 1 for rows of the total weight N, batches of 12, 30, 20 and 8 rows; 15 new "
        "real rows with a tenth of the weight, or a matrix of weights.",
        labels=tuple(
            f"{flow}, {moment}, g = {g}" for flow in _weighings() for moment in ("E X", "E μ²") for g in range(1, 5)
        ),
        quantity="E X and E μ²",
    ),
    Claim(
        name="own-logistic-accuracy",
        statement="How often the sign of a linear score tells a logistic label depends on one correlation alone.",
        theory=lambda: jnp.stack([regression.logistic_accuracy(_rows(), c) for c in _CLASSIFIERS]),
        experiment=_accuracy,
        relation=Equal(),
        formula="1/2 + E (p(s z) − 1/2)(2Φ(r z/√(1 − r²)) − 1), z ~ N(0, 1), s² = w'Λw, r a correlation",
        protocol="w = (1.5, −1), rows with variances 1 and 0.5; 200 new rows, three classifiers.",
        labels=tuple(f"({a:g}, {b:g})" for a, b in _CLASSIFIERS),
        quantity="accuracy",
    ),
)
