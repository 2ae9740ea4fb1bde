"""Results without a paper: linear networks whose training stops early, in a loop on one design.

Generation ``g = 1`` is the fit to real labels. Rows are kept, and labelled again by each model.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from jaxcollapse.chain.pooled import Accumulate, Replace, Weighted
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.claims.frame import as_matrix, generation_axis, shared
from jaxcollapse.models.networks.early_stopping import EarlyStopping
from jaxcollapse.theory import Spectrum, networks
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Equal, Rate

_VALUES, _SIGNAL = np.array([2.0, 0.5, 0.1]), np.array([1.0, -0.8, 0.5])
_SIZES = shared(samples=50, generations=6)
_NOISE, _DESCENT = 0.7, shared(rate=0.4, steps=8)


def _design() -> Spectrum:
    return Spectrum.from_eigenvalues(_VALUES, _SIGNAL)


def _errors(workflow: Workflow, warm: bool = False):
    def experiment(key):
        model = EarlyStopping(_design(), noise=_NOISE, **_DESCENT, warm=warm)
        return simulate(model, as_matrix(workflow, **_SIZES), key=key, **_SIZES).squared_error

    return experiment


def _theory(workflow: Workflow, warm: bool = False):
    def theory():
        shrinkage = networks.gradient_descent(**_DESCENT)
        return networks.early_stopping_squared_error(_design(), shrinkage, workflow, **_SIZES, noise=_NOISE, warm=warm)

    return theory


# A small step, so that descent is nearly the flow; and generations enough for a power.
_FLOW_VALUES, _POWER = np.array([1.0, 0.4]), shared(samples=50, generations=400)
_RATE, _STEPS = 0.05, 20
_AT = np.array([50, 100, 200, 400])


def _forgetting(key):
    """The coefficient at each of some generations, of a chain of its own."""
    model = EarlyStopping(Spectrum.from_eigenvalues(_FLOW_VALUES), noise=0.3, rate=_RATE, steps=_STEPS)
    runs = [
        simulate(model, Accumulate(), key=k, **_POWER).params[g - 1]
        for k, g in zip(jax.random.split(key, 4), _AT, strict=True)
    ]
    return jnp.stack(runs, axis=1)


_PENALTY = 0.3
_ROWS = np.random.default_rng(0).normal(size=(8, 3))


def _given_design() -> Spectrum:
    values, basis = np.linalg.eigh(_ROWS.T @ _ROWS / len(_ROWS))
    return Spectrum.from_eigenvalues(values, basis.T @ _SIGNAL)


def _penalised(key):
    """Labels of the same rows by every model, and ridge regression on the newest and the real ones, half and half."""
    solver = np.linalg.inv(_ROWS.T @ _ROWS / len(_ROWS) + _PENALTY * np.eye(3)) @ _ROWS.T / len(_ROWS)
    real, fit, errors = None, jnp.asarray(_SIGNAL), []
    for g in range(4):
        labels = _ROWS @ fit + _NOISE * jax.random.normal(jax.random.fold_in(key, g), _ROWS.shape[:1])
        real = labels if real is None else real
        fit = solver @ (0.5 * labels + 0.5 * real)
        errors.append(jnp.sum((fit - _SIGNAL) ** 2))
    return jnp.stack(errors)


def _penalised_theory():
    matrix = np.array([[1.0, 0, 0, 0], [0.5, 0.5, 0, 0], [0.5, 0, 0.5, 0], [0.5, 0, 0, 0.5]])
    shrinkage = networks.ridge_shrinkage(_PENALTY)
    error = networks.early_stopping_squared_error(
        _given_design(), shrinkage, Weighted(matrix), samples=len(_ROWS), noise=_NOISE, generations=4
    )
    return error.sum(axis=1)


_SETTING = "Eigenvalues 2, 0.5, 0.1 of one design, n = 50, σ = 0.7; 8 steps of rate 0.4; "
_claim = partial(Claim, relation=Equal(tolerance=0.02), quantity="squared error of a coefficient")
_LABELS = tuple(f"s = {s:g}, g = {g}" for g in range(1, _SIZES["generations"] + 1) for s in _VALUES)

CLAIMS = (
    _claim(
        name="early-stopping-replace",
        statement="A fit that stops early forgets a part of every direction, most where eigenvalues are small.",
        theory=_theory(Replace()),
        experiment=_errors(Replace()),
        formula="E(w_g − w)² = (1 − F^g)² w² + σ²/(ns) F² (1 − F^{2g})/(1 − F²), F = 1 − (1 − ηs)^T",
        protocol=_SETTING + "each from zero; each batch replaces the last.",
        labels=_LABELS,
    ),
    _claim(
        name="early-stopping-accumulate",
        statement="If all labels are kept, a network that stops early still forgets, by powers of the generation.",
        theory=_theory(Accumulate()),
        experiment=_errors(Accumulate()),
        formula="E(w_g − w)² = (1 − F P_g)² w² + F² V_g, P_g = Π_{i=2}^g (1 − (1 − F)/i)",
        protocol=_SETTING + "each from zero; all batches are kept.",
        labels=_LABELS,
    ),
    _claim(
        name="early-stopping-warm",
        statement="Trained on from the last model, a network that stops early forgets no more: its error drifts.",
        theory=_theory(Replace(), warm=True),
        experiment=_errors(Replace(), warm=True),
        formula="E(w_g − w)² = (1 − F)² w² + g σ²/(ns) F²",
        protocol=_SETTING + "from where the last one ended; each batch replaces the last.",
        labels=_LABELS,
    ),
    _claim(
        name="early-stopping-power",
        statement="If all labels are kept, a direction is forgotten with the power e^(−ts) of the generation.",
        theory=lambda: -networks.early_stopping_exponent(_FLOW_VALUES, networks.gradient_flow(_RATE * _STEPS)),
        experiment=_forgetting,
        relation=Rate(),
        formula="E w_g ~ g^(−exp(−ts))",
        protocol="Eigenvalues 1 and 0.4, n = 50, σ = 0.3; 20 steps of rate 0.05, so that t = 1; all batches are kept.",
        axis=generation_axis(_AT),
        quantity="coefficient",
        first_look=512,
    ),
    _claim(
        name="early-stopping-penalty",
        statement="A ridge penalty is one more filter: with half of the weight on real labels it forgets only so much.",
        theory=_penalised_theory,
        experiment=_penalised,
        formula="the recursion of early stopping with F = s/(s + λ)",
        protocol="Ridge regression on 8 rows in 3 dimensions, λ = 0.3, σ = 0.7; real and newest labels, half and half.",
        axis=generation_axis(4),
        quantity="squared error",
    ),
)
