"""Theorem 4.1, and figures 1 and 2: what fake generations add to the risk of ridge regression."""

import itertools
from collections.abc import Callable
from typing import Any, Literal, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from jaxcollapse.chain.pooled import Replace
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.claims.dohmatob_2024.protocol import (
    ALLOWANCE,
    DIM,
    FAKE_SAMPLES,
    TOLERANCE,
    claim,
    downstream_risk,
    isotropic,
    power_law,
)
from jaxcollapse.claims.frame import RIDGE_CHAIN, shared
from jaxcollapse.models.regression.linear_regression import LinearRegression
from jaxcollapse.theory import Spectrum, regression
from jaxcollapse.verification.claim import Axis, Claim
from jaxcollapse.verification.relation import Asymptotic, Equal, Rate

_Design: TypeAlias = Literal["fresh", "fixed"]


def _least_squares(key):
    """Risk of a least-squares fit after n fake generations, for every n; the covariance plays no role."""
    fixed = shared(samples=1000, noise=0.2, generator_samples=FAKE_SAMPLES, generator_noise=0.2)
    return jnp.stack([downstream_risk(power_law(), key, generators=n, penalty=0.0, **fixed) for n in _FAKES])


_FAKES = (0, 1, 5, 20)


class Figure:
    """A panel of a figure: cells ``(generators, penalty, samples)`` of one population."""

    def __init__(self, spectrum, noise: float, cells):
        self.spectrum, self.noise, self.cells = spectrum, noise, tuple(cells)

    def theory(self) -> Float[Array, " cells"]:
        """The closed form at every cell."""
        fixed = shared(noise=self.noise, generator_samples=FAKE_SAMPLES, generator_noise=self.noise)
        return jnp.stack(
            [
                regression.ridge_downstream(
                    self.spectrum(), generators=n, penalty=penalty, samples=samples, **fixed, design="fresh"
                )
                for n, penalty, samples in self.cells
            ]
        )

    def experiment(self, key) -> Float[Array, " cells"]:
        """One replication of every cell, with the same random numbers."""
        spectrum, risks = self.spectrum(), []
        fixed = shared(noise=self.noise, generator_samples=FAKE_SAMPLES, generator_noise=self.noise)
        for generators, group in itertools.groupby(self.cells, lambda cell: cell[0]):
            settings = jnp.array([cell[1:] for cell in group])

            def risk(setting, generators=generators):
                return downstream_risk(
                    spectrum, key, generators=generators, penalty=setting[0], samples=setting[1], **fixed
                )

            risks.append(jax.lax.map(risk, settings))
        return jnp.concatenate(risks)

    def labels(self, name: str, column: int) -> tuple[str, ...]:
        """A label for each cell, from the column that varies besides n."""
        return tuple(f"n = {cell[0]}, {name} = {cell[column]:g}" for cell in self.cells)


_1A_LEFT = Figure(isotropic, 0.2, itertools.product((0, 1, 20), (1e-3, 0.1, 1.0), (1000,)))
_1A_RIGHT = Figure(isotropic, 0.2, itertools.product((0, 5), (1e-3,), (600, 1000, 10_000)))
_1B_LEFT = Figure(power_law, 1.0, itertools.product((0, 5), (1e-3, 1e-2, 0.1), (10_000,)))
_1B_RIGHT = Figure(power_law, 1.0, ((n, t**-0.8, t) for n in (1, 5) for t in (1e3, 1e4, 1e6)))


def figure_claim(
    name: str, statement: str, figure: Figure, labels: tuple[str, ...], protocol: str, tolerance: Any = TOLERANCE
) -> Claim:
    """The closed form of the panel against its simulation."""
    return claim(
        name=name,
        statement=statement,
        theory=figure.theory,
        experiment=figure.experiment,
        relation=Asymptotic(allowance=ALLOWANCE, tolerance=tolerance),
        formula="E = Bias(κ) + σ² df₂(κ)/(T − df₂(κ)) + n σ₀² ρ(κ), κ − λ = κ df₁(κ)/T, ρ with T₀ − d − 1",
        protocol=protocol,
        labels=labels,
        first_look=1024,
    )


_COLLAPSE_PENALTIES = (1e-3, 0.1, 1.0)


def _collapse_theory() -> Float[Array, " penalties"]:
    terms = [
        regression.ridge_downstream_terms(
            isotropic(), penalty=penalty, samples=1000, noise=0.2, generator_samples=FAKE_SAMPLES
        )
        for penalty in _COLLAPSE_PENALTIES
    ]
    return jnp.stack([term.collapse for term in terms])


def _collapse(key) -> Float[Array, " penalties"]:
    """What twenty fake generations add to the risk, per generation and unit noise variance."""
    fixed = shared(samples=1000.0, noise=0.2, generator_samples=FAKE_SAMPLES, generator_noise=0.2)
    dirty, clean = (
        jax.lax.map(
            lambda p, n=n: downstream_risk(isotropic(), key, generators=n, penalty=p, **fixed),
            jnp.array(_COLLAPSE_PENALTIES),
        )
        for n in (20, 0)
    )
    return (dirty - clean) / (20 * 0.2**2)


class _FewRows(NamedTuple):
    """Generators with fewer rows than coefficients: the minimum norm, then a ridge fit."""

    spectrum: Callable[[], Spectrum]
    generator_samples: int
    generator_noise: float
    samples: int
    noise: float
    penalty: float

    def theory(self, design: _Design) -> Float[Array, " generators"]:
        """The risk after every number of generators."""
        setting: dict[str, Any] = self._asdict() | dict(design=design)
        spectrum = setting.pop("spectrum")()
        return jnp.stack([regression.ridge_downstream(spectrum, generators=n, **setting) for n in _FEW_FAKES])

    def fresh(self, key) -> Float[Array, " generators"]:
        """Every generator draws a design of its own."""
        setting: dict[str, Any] = self._asdict()
        spectrum = setting.pop("spectrum")()
        return jnp.stack([downstream_risk(spectrum, key, generators=n, **setting) for n in _FEW_FAKES])

    def fixed(self, key) -> Float[Array, " generators"]:
        """The generators share one design; the downstream fit has its own."""
        spectrum = self.spectrum()
        fake_key, key = jax.random.split(key)
        generators = LinearRegression(spectrum, noise=self.generator_noise, design="fixed")
        sizes = dict(samples=self.generator_samples, generations=_FEW_FAKES[-1])
        chain = simulate(generators, Replace(), key=fake_key, **sizes, truth=spectrum.signal)
        labellers = jnp.concatenate([spectrum.signal[None], chain.params])[jnp.array(_FEW_FAKES)]
        model = LinearRegression(spectrum, noise=self.noise, penalty=self.penalty)

        def risk(labeller):
            fit = simulate(model, Replace(), key=key, samples=self.samples, generations=1, truth=labeller)
            return fit.risk[0]

        return jax.lax.map(risk, labellers)


_FEW_FAKES = (0, 1, 2, 4)
_FIGURE_2 = _FewRows(isotropic, generator_samples=150, generator_noise=0.0, samples=1000, noise=0.1, penalty=1e-3)
_UNEQUAL = _FewRows(
    lambda: Spectrum.from_eigenvalues(np.geomspace(1.0, 0.05, 120)),
    generator_samples=60,
    generator_noise=0.3,
    samples=400,
    noise=0.3,
    penalty=0.01,
)
_UNEQUAL_PROTOCOL = (
    "d = 120, eigenvalues from 1 to 0.05, T₀ = 60, σ₀ = 0.3, T = 400, σ = 0.3, λ = 0.01; minimum-norm generators, "
)


def _few_rows_claim(name: str, statement: str, setting: _FewRows, design: _Design, **fields) -> Claim:
    return claim(
        name=name,
        statement=statement,
        theory=lambda: setting.theory(design),
        experiment=setting.fixed if design == "fixed" else setting.fresh,
        relation=Asymptotic(allowance=ALLOWANCE, tolerance=TOLERANCE),
        labels=tuple(f"n = {n}" for n in _FEW_FAKES),
        first_look=1024 if design == "fresh" else 512,
        **fields,
    )


_DIMS = np.array([12, 24, 48])
_FINITE = shared(penalty=0.1, noise=0.2, generator_noise=0.2)


def _beyond_the_limit(key: Key[Array, ""]) -> Float[Array, " dims"]:
    """By how much the risk exceeds the closed form, relative to it; independent for every dimension."""

    def excess(dim: int):
        spectrum, samples, generator_samples = Spectrum.isotropic(dim), 2 * dim, 4 * dim
        with jax.ensure_compile_time_eval():
            limit = regression.ridge_downstream(
                spectrum, samples=samples, generators=1, generator_samples=generator_samples, design="fresh", **_FINITE
            )
        penalty = lambda g: jnp.where(g > 1, _FINITE["penalty"], 0.0)  # noqa: E731
        model = LinearRegression(spectrum, noise=_FINITE["noise"], penalty=penalty).expected()
        sizes = jnp.array([generator_samples, samples])
        run = simulate(model, Replace(), key=jax.random.fold_in(key, dim), samples=sizes, generations=2)
        return run.risk[-1] / limit - 1

    return jnp.stack([excess(int(dim)) for dim in _DIMS])


CLAIMS = (
    claim(
        name="dohmatob-least-squares",
        statement="Every fake generation adds its own variance to the risk of least squares, whatever the covariance.",
        theory=lambda: jnp.stack(
            [
                regression.ridge_downstream(
                    Spectrum.isotropic(DIM),
                    penalty=0.0,
                    samples=1000,
                    noise=0.2,
                    generators=n,
                    generator_samples=FAKE_SAMPLES,
                    generator_noise=0.2,
                    design="fresh",
                )
                for n in _FAKES
            ]
        ),
        experiment=_least_squares,
        relation=Equal(),
        formula="E = σ² d/(T − d − 1) + n σ₀² d/(T₀ − d − 1) (theorem 4.1 at finite sizes)",
        protocol="d = 300, T₀ = 600, T = 1000, σ = σ₀ = 0.2, λ = 0, power-law covariance.",
        axis=Axis("fake generations n", np.array(_FAKES)),
    ),
    figure_claim(
        "dohmatob-figure-1a-left",
        "Isotropic ridge regression on fake data: the risk against the penalty, for several fake generations.",
        _1A_LEFT,
        _1A_LEFT.labels("λ", 1),
        "d = 300, T₀ = 600, T = 1000, σ = σ₀ = 0.2, isotropic, |w₀| = 1.",
    ),
    figure_claim(
        "dohmatob-figure-1a-right",
        "Isotropic ridge regression on fake data: more downstream rows do not remove what the fakes added.",
        _1A_RIGHT,
        _1A_RIGHT.labels("T", 2),
        "d = 300, T₀ = 600, λ = 0.001, σ = σ₀ = 0.2, isotropic, |w₀| = 1.",
    ),
    figure_claim(
        "dohmatob-figure-1b-left",
        "Power-law ridge regression on fake data: the risk against the penalty, for several fake generations.",
        _1B_LEFT,
        _1B_LEFT.labels("λ", 1),
        "d = 300, T₀ = 600, T = 10,000, σ = σ₀ = 1, capacity 2, source 0.375.",
        tolerance=np.array([0.03, 0.03, 0.03, 0.03, 0.06, 0.06]),
    ),
    figure_claim(
        "dohmatob-figure-1b-right",
        "With the penalty tuned for clean data, the risk on fake data first falls and then grows with the sample.",
        _1B_RIGHT,
        _1B_RIGHT.labels("T", 2),
        "d = 300, T₀ = 600, λ = T^(−0.8), σ = σ₀ = 1, capacity 2, source 0.375.",
        tolerance=np.array([0.06, 0.03, 0.03, 0.06, 0.03, 0.03]),
    ),
    claim(
        name="dohmatob-collapse-term",
        statement="The risk that fake generations add is their number times the generator's noise variance times ρ.",
        theory=_collapse_theory,
        experiment=_collapse,
        relation=Asymptotic(allowance=ALLOWANCE, tolerance=TOLERANCE),
        formula="ρ = [df₂ + κ² Σ (s_j + κ)⁻² · df₂/(T − df₂)] / (T₀ − d − 1)",
        protocol="d = 300, T₀ = 600, T = 1000, σ = σ₀ = 0.2, isotropic; n = 20 against n = 0.",
        labels=tuple(f"λ = {penalty:g}" for penalty in _COLLAPSE_PENALTIES),
        quantity="(E(n) − E(0)) / (n σ₀²)",
        first_look=1024,
    ),
    _few_rows_claim(
        "dohmatob-figure-2a",
        "Noiseless generators with fewer rows than coefficients, one design for all: they forget once.",
        _FIGURE_2,
        "fixed",
        formula="E ≈ 1 − T₀/d plus the clean risk, the same for all n ≥ 1",
        protocol="d = 300, T₀ = 150, T = 1000, λ = 0.001, σ₀ = 0, σ = 0.1; minimum-norm generators, X_n = X_0.",
    ),
    _few_rows_claim(
        "dohmatob-figure-2b",
        "Noiseless generators with fewer rows than coefficients and designs of their own forget everything.",
        _FIGURE_2,
        "fresh",
        formula="E ≈ 1 − (T₀/d)ⁿ plus the clean risk",
        protocol="d = 300, T₀ = 150, T = 1000, λ = 0.001, σ₀ = 0, σ = 0.1; minimum-norm generators, fresh designs.",
    ),
    _few_rows_claim(
        "dohmatob-few-rows-fixed",
        "Noisy generators with fewer rows than coefficients, one design for all: what they add grows linearly.",
        _UNEQUAL,
        "fixed",
        formula="the recursion of a chain of two fits: noise √n σ₀ and T₀ rows, then noise σ and T rows",
        protocol=_UNEQUAL_PROTOCOL + "one design for all generators.",
    ),
    _few_rows_claim(
        "dohmatob-few-rows-fresh",
        "Noisy generators with fewer rows than coefficients and designs of their own: what they add is bounded.",
        _UNEQUAL,
        "fresh",
        formula=RIDGE_CHAIN,
        protocol=_UNEQUAL_PROTOCOL + "fresh designs.",
    ),
    claim(
        name="dohmatob-finite-size",
        statement="What the closed form leaves out falls like one over the dimension.",
        theory=-1.0,
        experiment=_beyond_the_limit,
        relation=Rate(),
        formula="E(d) = E (1 + O(1/d)) at fixed d/T and d/T₀",
        protocol="Isotropic, T = 2d, T₀ = 4d, one fake generation, σ = σ₀ = 0.2, λ = 0.1; means given the designs.",
        axis=Axis("dimension d", _DIMS),
        quantity="E(d)/E − 1",
        scale="log",
        first_look=2**18,
    ),
)
