"""Results without a paper: what `jaxcollapse.theory` derives on its own.

A claim of this file has no reference, and a name that begins with ``own-``. Generation ``g = 1`` is the fit to real
data.
"""

import jax
import jax.numpy as jnp
import numpy as np

from jaxcollapse.chain.pooled import Replace
from jaxcollapse.chain.simulate import simulate
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
