"""Results without a paper: loops of linear autoencoders that are trained by gradient, next to their closed forms.

The loops are those of Gerstgrasser et al. 2024, arXiv:2404.01413, who train autoencoders on images: a linear one of the
same kind has to meet what is derived here. Generation ``g = 1`` is the fit to real data. A workflow is its matrix of
weights, so that one program serves several claims.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax.numpy as jnp
import numpy as np

from jaxcollapse.chain.mix import Mix
from jaxcollapse.chain.pooled import Accumulate, Replace, Window
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.claims.frame import as_matrix, generation_axis, shared
from jaxcollapse.models.biased import Biased
from jaxcollapse.models.networks.linear_autoencoder import LinearVAE
from jaxcollapse.models.networks.probabilistic_pca import ProbabilisticPCA
from jaxcollapse.theory import networks
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Asymptotic, AtMost, Equal

_SIZES = shared(samples=1000, generations=5)
_AXIS = generation_axis(_SIZES["generations"])
_EIGENVALUES = np.array([3.0, 2.5, 2.0])
_NOISE, _BETA = 0.3, 0.5
_LOSS = _NOISE * _BETA
_TRAINING = shared(steps=300, rate=0.1)
_claim = partial(Claim, axis=_AXIS, quantity="total variance", relation=Equal(), first_look=1024)


def _mix() -> Workflow:
    return Mix("fixed", weight=0.4)


def _vae(workflow: Callable[[], Workflow], **changes: Any):
    """The total variance of a linear VAE at every generation."""
    fields: Any = shared(noise=_NOISE, beta=_BETA, **_TRAINING) | changes

    def experiment(key):
        model = LinearVAE(_EIGENVALUES, **fields)
        return simulate(model, as_matrix(workflow(), **_SIZES), key=key, **_SIZES).trace

    return experiment


def _trace(workflow: Callable[[], Workflow]):
    network = lambda: networks.soft_threshold(_LOSS)  # noqa: E731
    return lambda: networks.trace(_EIGENVALUES, network(), workflow(), **_SIZES)


_SETTING = "Eigenvalues 3, 2.5, 2; σ² = 0.3, β = 0.5, so that c = 0.15; n = 1000; 300 steps of Adam on the exact ELBO; "
_MEAN_OUTPUT = "rows are decoder means; "

# A wide gap between what is kept and what is lost, and rows enough for a loss that is known from one fit.
_FEW = shared(samples=10**5, generations=5)
_FEW_EIGENVALUES, _FEW_LATENT, _FEW_LOSS = np.array([4.0, 3.0, 1.0, 0.5]), 2, 0.4


def _few_latents(key):
    """What is lost since the first fit."""
    model = LinearVAE(_FEW_EIGENVALUES, latent=_FEW_LATENT, noise=_FEW_LOSS, **_TRAINING)
    trace = simulate(model, as_matrix(Replace(), **_FEW), key=key, **_FEW).trace
    return trace[0] - trace[1:]


def _few_latents_theory():
    kept = _FEW_EIGENVALUES[:_FEW_LATENT]
    trace = networks.trace(kept, networks.soft_threshold(_FEW_LOSS), Replace(), **_FEW)
    return trace[0] - trace[1:]


_COLD = 0.9


def _cold(key):
    """The total variance of the rows that a network generates at a low temperature."""
    model = LinearVAE(_EIGENVALUES, noise=_NOISE, beta=_BETA, solver="optimum")
    biased = Biased(model, lambda fit: fit.scaled(_COLD))
    return _COLD**2 * simulate(biased, as_matrix(Accumulate(), **_SIZES), key=key, **_SIZES).trace


def _cold_theory():
    network = networks.temperature(_COLD, networks.soft_threshold(_LOSS))
    return networks.trace(_EIGENVALUES, network, Accumulate(), **_SIZES)


# Directions go out: many generations of many rows, at the optimum.
_LIVES = np.array([3.45, 4.2, 4.7])  # eigenvalues in units of c
_GONE = shared(samples=10**5, generations=130)
_FLOWS: tuple[Workflow, ...] = (Replace(), Accumulate())


def _collapse_times(key):
    """The first generation without a direction: under `Replace` of ten times the eigenvalues."""

    def alive(workflow, eigenvalues):
        model = LinearVAE(eigenvalues, noise=1.0, solver="optimum")
        decoders = simulate(model, workflow, key=key, **_GONE).params.factor  # a column for each that is left
        return jnp.sum(jnp.any(decoders != 0, axis=1), axis=0)

    return jnp.concatenate([alive(flow, lives) for flow, lives in zip(_FLOWS, (10 * _LIVES, _LIVES), strict=True)]) + 1


def _collapse_times_theory():
    """The first is rounded up, by half a generation in the mean; the second is half a generation late as it is."""
    replace, accumulate = _FLOWS
    rounded = networks.collapse_time(10 * _LIVES, replace, c=1.0) + 0.5
    return jnp.concatenate([rounded, networks.collapse_time(_LIVES, accumulate, c=1.0)])


_SHARE, _LATE = 0.25, 60
_SAVED = np.array([8.0, 6.0, 3.0, 2.0])  # the last two are not: they are below c/w = 4


def _saved(key):
    """The total variance of a late generation, next to that without its lost directions."""
    model = LinearVAE(_SAVED, noise=1.0, solver="optimum")
    flow = Mix("fresh", weight=_SHARE)
    run = simulate(model, flow, key=key, samples=10**4, generations=_LATE)
    return jnp.stack([jnp.sum(run.variances[-1, :2]), run.trace[-1]])


def _saved_theory():
    late = networks.orbit(_SAVED, networks.soft_threshold(1.0), Mix("fresh", weight=_SHARE), generations=_LATE)[-1]
    alive = networks.survives(_SAVED, c=1.0, real_share=_SHARE)
    return jnp.stack([jnp.sum(late), jnp.sum(jnp.where(alive, _SAVED - 1.0 / _SHARE, 0.0))])


# The floor of probabilistic PCA.
_SPIKES, _FLOOR, _DIM = np.linspace(10.0, 4.0, 8), 1.0, 12
_FLOORS = shared(samples=1000, generations=4)


def _floor(workflow: Workflow):
    def experiment(key):
        eigenvalues = np.concatenate([_SPIKES, np.full(_DIM - len(_SPIKES), _FLOOR)])
        model = ProbabilisticPCA(eigenvalues, latent=len(_SPIKES))
        return simulate(model, as_matrix(workflow, **_FLOORS), key=key, **_FLOORS).log_noise[1:]

    return experiment


def _floor_theory(workflow: Workflow):
    return lambda: networks.noise_floor(_SPIKES, workflow, floor=_FLOOR, dim=_DIM, **_FLOORS)[1:]


_FLOOR_CLAIM = partial(
    Claim,
    axis=generation_axis(np.arange(2, _FLOORS["generations"] + 1)),
    quantity="log noise floor",
    relation=Asymptotic(allowance=0.01, tolerance=0.02),
)
_FLOOR_PROTOCOL = "Probabilistic PCA in 12 dimensions, 8 spikes from 10 to 4 on a floor of 1; n = 1000; "

CLAIMS = (
    _claim(
        name="linear-vae-replace",
        statement="A linear VAE loses βσ² of variance per latent dimension at every fit, whatever the sample size.",
        theory=_trace(Replace),
        experiment=_vae(Replace),
        formula="E tr C_g = tr Σ − g p βσ²",
        protocol=_SETTING + _MEAN_OUTPUT + "each batch replaces the last.",
    ),
    _claim(
        name="linear-vae-accumulate",
        statement="Accumulation does not stop the collapse of a linear VAE: it slows its clock to the logarithm.",
        theory=_trace(Accumulate),
        experiment=_vae(Accumulate),
        formula="E tr C_g = tr Σ − (1 + 1/2 + … + 1/g) p βσ²",
        protocol=_SETTING + _MEAN_OUTPUT + "all batches are kept.",
    ),
    _claim(
        name="linear-vae-window",
        statement="The mean variance of a linear VAE under any workflow follows from the matrix of its weights.",
        theory=_trace(lambda: Window(2)),
        experiment=_vae(lambda: Window(2)),
        formula="E tr C_g = Σ_i W[g, i] E tr C_{i−1} + (1 − Σ_i W[g, i]) tr Σ − p βσ²",
        protocol=_SETTING + _MEAN_OUTPUT + "the last two batches are kept.",
    ),
    _claim(
        name="linear-vae-mix",
        statement="A share of real data w bounds what a linear VAE loses by its latent dimension times βσ²/w.",
        theory=_trace(_mix),
        experiment=_vae(_mix),
        formula="t_g = tr Σ − E tr C_g: t_g = p βσ² + (1 − w) t_{g−1} → p βσ²/w",
        protocol=_SETTING + _MEAN_OUTPUT + "one real data set has the weight 0.4 at every generation.",
    ),
    _claim(
        name="linear-vae-idempotent",
        statement="A linear VAE whose rows have the noise of its decoder keeps the variance of its data.",
        theory=lambda: networks.trace(_EIGENVALUES, networks.soft_threshold(_NOISE, _NOISE), Replace(), **_SIZES),
        experiment=_vae(Replace, beta=1.0, pixel=_NOISE),
        formula="E tr C_g = tr Σ",
        protocol=_SETTING.replace("β = 0.5, so that c = 0.15", "β = 1")
        + "pixel noise σ²; each batch replaces the last.",
    ),
    _claim(
        name="linear-vae-few-latents",
        statement="With few latent dimensions the others are lost at once, and then βσ² a fit in each that is kept.",
        theory=_few_latents_theory,
        experiment=_few_latents,
        formula="E [tr C_1 − tr C_g] = (g − 1) k βσ²",
        protocol="Eigenvalues 4, 3, 1, 0.5; k = 2, βσ² = 0.4, n = 10⁵; 300 steps; each batch replaces the last.",
        axis=generation_axis(np.arange(2, _FEW["generations"] + 1)),
        quantity="variance lost since the first fit",
        first_look=512,
    ),
    _claim(
        name="linear-vae-diagonal",
        statement="A linear VAE with a diagonal posterior is slower to train, and loses more variance for it.",
        theory=_trace(Replace),
        experiment=_vae(Replace, posterior="diagonal"),
        relation=AtMost(),
        formula="E tr C_g ≤ tr Σ − g p βσ²",
        protocol=_SETTING + _MEAN_OUTPUT + "diagonal posterior covariance; each batch replaces the last.",
    ),
    _claim(
        name="linear-vae-temperature",
        statement="A low temperature and the missing pixel noise of a linear VAE take variance together.",
        theory=_cold_theory,
        experiment=_cold,
        formula="t_g = ψ² [(t_0 + … + t_{g−1})/g − p βσ²], t_0 = tr Σ",
        protocol="Eigenvalues 3, 2.5, 2; βσ² = 0.15, n = 1000; noise scaled by ψ = 0.9; all batches are kept.",
    ),
    _claim(
        name="linear-vae-collapse-time",
        statement="A direction of a linear VAE dies after λ/βσ² fits; if all data is kept, after exponentially many.",
        theory=_collapse_times_theory,
        experiment=_collapse_times,
        relation=Asymptotic(allowance=0.015),
        formula="g = λ/(βσ²), or exp(λ/(βσ²) − 0.577)",
        protocol="n = 10⁵ rows, the optimum of the ELBO; the first generation in which the direction is gone.",
        labels=tuple(f"replace, {10 * life:g}" for life in _LIVES) + tuple(f"accumulate, {life:g}" for life in _LIVES),
        axis=None,
        quantity="first generation without it",
        first_look=256,
    ),
    _claim(
        name="linear-vae-survives",
        statement="A share w of real data saves a direction of a linear VAE if wλ > βσ², and loses it otherwise.",
        theory=_saved_theory,
        experiment=_saved,
        relation=Asymptotic(allowance=0.002),
        formula="λ − βσ²/w if wλ > βσ², else 0",
        protocol="Eigenvalues 8, 6, 3, 2; βσ² = 1, w = 0.25, n = 10⁴, fresh real data; generation 60 of the optimum.",
        labels=("the two largest", "all"),
        axis=None,
        first_look=256,
    ),
    _FLOOR_CLAIM(
        name="ppca-noise-floor-replace",
        statement="A linear VAE that learns its noise forgets it: spikes take variance out of the floor at every fit.",
        theory=_floor_theory(Replace()),
        experiment=_floor(Replace()),
        formula="E log σ̂_g² = log σ² − (g/n) [Σ_i ℓ_i/(ℓ_i − σ²) + 1/(p − k)]",
        protocol=_FLOOR_PROTOCOL + "each batch replaces the last.",
    ),
    _FLOOR_CLAIM(
        name="ppca-noise-floor-accumulate",
        statement="If all data is kept, a VAE that learns its noise forgets at most π²/6 times as much as in one fit.",
        theory=_floor_theory(Accumulate()),
        experiment=_floor(Accumulate()),
        formula="E log σ̂_g² = log σ² − (1 + 1/4 + … + 1/g²)/n [Σ_i ℓ_i/(ℓ_i − σ²) + 1/(p − k)]",
        protocol=_FLOOR_PROTOCOL + "all batches are kept.",
    ),
)
