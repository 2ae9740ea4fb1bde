"""Dohmatob, Feng and Kempe 2024: ridge regression on fake data, and the penalty that adapts to it.

Their ``n`` is the number of fake generations (`fakes`): least-squares generators ``g = 1, ..., n`` with ``T0`` rows
and noise ``sigma0``, then the downstream ridge fit, our ``g = n + 1``, with ``T`` rows and noise ``sigma``. The
parameters are those of their figures 1 and 2: ``d = 300``, ``T0 = 600``.
"""

import itertools
from typing import Any, Literal, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from jaxcollapse.claim import Axis, Claim, Reference
from jaxcollapse.models.linear_regression import LinearRegression
from jaxcollapse.relation import Asymptotic, Equal, Rate
from jaxcollapse.simulate import simulate
from jaxcollapse.theory import Spectrum, regression
from jaxcollapse.workflow import Replace

REFERENCE = Reference(
    key="dohmatob2024",
    authors="Elvis Dohmatob, Yunzhen Feng and Julia Kempe",
    title="Model Collapse Demystified: The Case of Regression",
    year=2024,
    arxiv="2402.07712",
)
_Design: TypeAlias = Literal["fresh", "fixed"]
DIM, FAKE_SAMPLES, CAPACITY, SOURCE = 300, 600, 2.0, 0.375
_ALLOWANCE, _TOLERANCE = 3 / DIM, 0.03


def _isotropic() -> Spectrum:
    return Spectrum.isotropic(DIM)


def _power_law() -> Spectrum:
    return Spectrum.power_law(DIM, capacity=CAPACITY, source=SOURCE)


def _risk(
    spectrum: Spectrum,
    key: Key[Array, ""],
    *,
    fakes: int,
    penalty: Any,
    samples: Any,
    noise: Any,
    fake_samples: Any,
    fake_noise: Any,
) -> Float[Array, ""]:
    """One replication of what `regression.ridge_downstream` predicts: `fakes` unpenalised generators, then the fit."""

    def last(value: Any, before: Any):
        return lambda g: jnp.where(g > fakes, value, before)

    model = LinearRegression(spectrum, noise=last(noise, fake_noise), penalty=last(penalty, 0.0))
    sizes = last(samples, fake_samples)
    return simulate(model, Replace(), key=key, samples=sizes, generations=fakes + 1).risk[-1]


def _least_squares(key):
    """Risk of a least-squares fit after n fake generations, for every n; the covariance plays no role."""
    fixed: dict[str, Any] = dict(samples=1000, noise=0.2, fake_samples=FAKE_SAMPLES, fake_noise=0.2)
    return jnp.stack([_risk(_power_law(), key, fakes=n, penalty=0.0, **fixed) for n in _FAKES])


_FAKES = (0, 1, 5, 20)


class _Figure:
    """A panel of a figure: cells ``(fakes, penalty, samples)`` of one population."""

    def __init__(self, spectrum, noise: float, cells):
        self.spectrum, self.noise, self.cells = spectrum, noise, tuple(cells)

    def theory(self) -> Float[Array, " cells"]:
        """The closed form at every cell."""
        fixed: dict[str, Any] = dict(noise=self.noise, fake_samples=FAKE_SAMPLES, fake_noise=self.noise)
        return jnp.stack(
            [
                regression.ridge_downstream(self.spectrum(), fakes=n, penalty=penalty, samples=samples, **fixed)
                for n, penalty, samples in self.cells
            ]
        )

    def experiment(self, key) -> Float[Array, " cells"]:
        """One replication of every cell, with the same random numbers."""
        spectrum, risks = self.spectrum(), []
        fixed: dict[str, Any] = dict(noise=self.noise, fake_samples=FAKE_SAMPLES, fake_noise=self.noise)
        for fakes, group in itertools.groupby(self.cells, lambda cell: cell[0]):
            settings = jnp.array([cell[1:] for cell in group])

            def risk(setting, fakes=fakes):
                return _risk(spectrum, key, fakes=fakes, penalty=setting[0], samples=setting[1], **fixed)

            risks.append(jax.lax.map(risk, settings))
        return jnp.concatenate(risks)

    def labels(self, name: str, column: int) -> tuple[str, ...]:
        """A label for each cell, from the column that varies besides n."""
        return tuple(f"n = {cell[0]}, {name} = {cell[column]:g}" for cell in self.cells)


_1A_LEFT = _Figure(_isotropic, 0.2, itertools.product((0, 1, 20), (1e-3, 0.1, 1.0), (1000,)))
_1A_RIGHT = _Figure(_isotropic, 0.2, itertools.product((0, 5), (1e-3,), (600, 1000, 10_000)))
_1B_LEFT = _Figure(_power_law, 1.0, itertools.product((0, 5), (1e-3, 1e-2, 0.1), (10_000,)))
_1B_RIGHT = _Figure(_power_law, 1.0, ((n, t**-0.8, t) for n in (1, 5) for t in (1e3, 1e4, 1e6)))


def _figure_claim(
    name: str, statement: str, figure: _Figure, labels: tuple[str, ...], protocol: str, tolerance: Any = _TOLERANCE
) -> Claim:
    return Claim(
        name=name,
        statement=statement,
        theory=figure.theory,
        experiment=figure.experiment,
        relation=Asymptotic(allowance=_ALLOWANCE, tolerance=tolerance),
        reference=REFERENCE,
        formula="E = Bias(κ) + σ² df₂(κ)/(T − df₂(κ)) + n σ₀² ρ(κ), κ − λ = κ df₁(κ)/T, ρ with T₀ − d − 1",
        protocol=protocol,
        labels=labels,
        quantity="excess risk",
        first_look=1024,
    )


_COLLAPSE_PENALTIES = (1e-3, 0.1, 1.0)


def _collapse_theory() -> Float[Array, " penalties"]:
    terms = [
        regression.ridge_terms(_isotropic(), penalty=penalty, samples=1000, noise=0.2, fake_samples=FAKE_SAMPLES)
        for penalty in _COLLAPSE_PENALTIES
    ]
    return jnp.stack([term.collapse for term in terms])


def _collapse(key) -> Float[Array, " penalties"]:
    """What twenty fake generations add to the risk, per generation and unit noise variance."""
    fixed: dict[str, Any] = dict(samples=1000.0, noise=0.2, fake_samples=FAKE_SAMPLES, fake_noise=0.2)
    dirty, clean = (
        jax.lax.map(
            lambda p, n=n: _risk(_isotropic(), key, fakes=n, penalty=p, **fixed), jnp.array(_COLLAPSE_PENALTIES)
        )
        for n in (20, 0)
    )
    return (dirty - clean) / (20 * 0.2**2)


_OVER_SAMPLES, _OVER_FAKES = 150, (1, 2, 4)


def _over_theory(design: _Design) -> Float[Array, " fakes"]:
    """Figures 2a and 2b: noiseless generators with fewer rows than coefficients."""
    fixed: dict[str, Any] = dict(
        penalty=1e-3, samples=1000, noise=0.1, fake_samples=_OVER_SAMPLES, fake_noise=0.0, design=design
    )
    return jnp.stack([regression.ridge_downstream(_isotropic(), fakes=n, **fixed) for n in (0, *_OVER_FAKES)])


def _over_fresh(key) -> Float[Array, " fakes"]:
    fixed: dict[str, Any] = dict(samples=1000, noise=0.1, fake_samples=_OVER_SAMPLES, fake_noise=0.0)
    return jnp.stack([_risk(_isotropic(), key, fakes=n, penalty=1e-3, **fixed) for n in (0, *_OVER_FAKES)])


def _over_fixed(key) -> Float[Array, " fakes"]:
    """The generators share one design; the downstream fit has its own."""
    spectrum = _isotropic()
    fake_key, key = jax.random.split(key)
    generators = LinearRegression(spectrum, noise=0.0, design="fixed")
    chain = simulate(generators, Replace(), key=fake_key, samples=_OVER_SAMPLES, generations=_OVER_FAKES[-1])
    truths = jnp.concatenate([spectrum.signal[None], chain.params])[jnp.array((0, *_OVER_FAKES))]
    model = LinearRegression(spectrum, noise=0.1, penalty=1e-3)

    def risk(truth):
        return simulate(model, Replace(), key=key, samples=1000, generations=1, truth=truth).risk[0]

    return jax.lax.map(risk, truths)


class _Regime(NamedTuple):
    """Growing samples ``T`` with ``T0 = T^exponent`` fake ones, one fake generation, on a power-law spectrum."""

    name: str
    exponent: float
    label_noise: bool

    def rule(self) -> regression.AdaptiveExponents:
        """The exponents of the best penalty and of the error."""
        return regression.adaptive_exponent(
            capacity=CAPACITY, source=SOURCE, fake_exponent=self.exponent, label_noise=self.label_noise
        )


_GROWTH = 3.0 ** np.arange(4)
_REGIMES = (
    _Regime("σ = 0, T₀ = T^0.5", 0.5, False),
    _Regime("σ = 0, T₀ = T^0.75", 0.75, False),
    _Regime("σ = 1, T₀ = T^0.8", 0.8, True),
)


class _Cell(NamedTuple):
    """The setting of one regime at one size; stacked, of all of them."""

    samples: Float[Array, "..."]
    noise: Float[Array, "..."]
    fake_samples: Float[Array, "..."]
    fake_noise: Float[Array, "..."]


def _cells(dim: int, smallest: float) -> _Cell:
    """Every regime at growing sizes, from the smallest ``T0`` on.

    The generator's noise keeps ``sigma0^2 T0 / (T0 - d - 1)`` at one: the combination that the theorem calls
    ``n sigma0^2 / (1 - phi0)``.
    """
    exponent = jnp.repeat(jnp.array([regime.exponent for regime in _REGIMES]), len(_GROWTH))
    noise = jnp.repeat(jnp.array([float(regime.label_noise) for regime in _REGIMES]), len(_GROWTH))
    samples = smallest ** (1 / exponent) * jnp.tile(_GROWTH, len(_REGIMES))
    fake_samples = samples**exponent
    return _Cell(samples, noise, fake_samples, jnp.sqrt((fake_samples - dim - 1) / fake_samples))


def _penalties(dim: int, cells: _Cell) -> Float[Array, " cells"]:
    """The penalty that minimises the closed form in every cell."""
    spectrum = Spectrum.power_law(dim, capacity=CAPACITY, source=SOURCE)
    return jax.vmap(lambda cell: regression.adaptive_penalty(spectrum, fakes=1, **cell._asdict()))(cells)


def _best_penalties(key: Key[Array, ""]) -> Float[Array, "regimes sizes"]:
    """The minimiser of the closed form in 3,000 dimensions; it has no randomness."""
    with jax.ensure_compile_time_eval():
        return _penalties(3000, _cells(3000, 3e5)).reshape(len(_REGIMES), len(_GROWTH))


def _best_risk(key: Key[Array, ""]) -> Float[Array, "regimes sizes"]:
    """The simulated risk at the best penalty, with randomness of its own in every cell."""
    spectrum = _power_law()
    with jax.ensure_compile_time_eval():
        cells = _cells(DIM, 3000.0)
        penalties = _penalties(DIM, cells)

    def risk(setting):
        cell, penalty, index = setting
        return _risk(spectrum, jax.random.fold_in(key, index), fakes=1, penalty=penalty, **cell._asdict())

    risks = jax.lax.map(risk, (cells, penalties, jnp.arange(len(penalties))))
    return risks.reshape(len(_REGIMES), len(_GROWTH))


def _rate_claim(name: str, statement: str, **fields) -> Claim:
    return Claim(
        name=name,
        statement=statement,
        reference=REFERENCE,
        axis=Axis("sample size T, relative", _GROWTH),
        scale="log",
        **fields,
    )


CLAIMS = (
    Claim(
        name="dohmatob-least-squares",
        statement="Every fake generation adds its own variance to the risk of least squares, whatever the covariance.",
        theory=lambda: jnp.stack(
            [
                regression.ridge_downstream(
                    Spectrum.isotropic(DIM),
                    penalty=0.0,
                    samples=1000,
                    noise=0.2,
                    fakes=n,
                    fake_samples=FAKE_SAMPLES,
                    fake_noise=0.2,
                )
                for n in _FAKES
            ]
        ),
        experiment=_least_squares,
        relation=Equal(),
        reference=REFERENCE,
        formula="E = σ² d/(T − d − 1) + n σ₀² d/(T₀ − d − 1) (theorem 4.1 at finite sizes)",
        protocol="d = 300, T₀ = 600, T = 1000, σ = σ₀ = 0.2, λ = 0, power-law covariance.",
        axis=Axis("fake generations n", np.array(_FAKES)),
        quantity="excess risk",
    ),
    _figure_claim(
        "dohmatob-figure-1a-left",
        "Isotropic ridge regression on fake data: the risk against the penalty, for several fake generations.",
        _1A_LEFT,
        _1A_LEFT.labels("λ", 1),
        "d = 300, T₀ = 600, T = 1000, σ = σ₀ = 0.2, isotropic, |w₀| = 1.",
    ),
    _figure_claim(
        "dohmatob-figure-1a-right",
        "Isotropic ridge regression on fake data: more downstream rows do not remove what the fakes added.",
        _1A_RIGHT,
        _1A_RIGHT.labels("T", 2),
        "d = 300, T₀ = 600, λ = 0.001, σ = σ₀ = 0.2, isotropic, |w₀| = 1.",
    ),
    _figure_claim(
        "dohmatob-figure-1b-left",
        "Power-law ridge regression on fake data: the risk against the penalty, for several fake generations.",
        _1B_LEFT,
        _1B_LEFT.labels("λ", 1),
        "d = 300, T₀ = 600, T = 10,000, σ = σ₀ = 1, capacity 2, source 0.375.",
        tolerance=np.array([0.03, 0.03, 0.03, 0.03, 0.06, 0.06]),
    ),
    _figure_claim(
        "dohmatob-figure-1b-right",
        "With the penalty tuned for clean data, the risk on fake data first falls and then grows with the sample.",
        _1B_RIGHT,
        _1B_RIGHT.labels("T", 2),
        "d = 300, T₀ = 600, λ = T^(−0.8), σ = σ₀ = 1, capacity 2, source 0.375.",
        tolerance=np.array([0.06, 0.03, 0.03, 0.06, 0.03, 0.03]),
    ),
    Claim(
        name="dohmatob-collapse-term",
        statement="The risk that fake generations add is their number times the generator's noise variance times ρ.",
        theory=_collapse_theory,
        experiment=_collapse,
        relation=Asymptotic(allowance=_ALLOWANCE, tolerance=_TOLERANCE),
        reference=REFERENCE,
        formula="ρ = [df₂ + κ² Σ (s_j + κ)⁻² · df₂/(T − df₂)] / (T₀ − d − 1)",
        protocol="d = 300, T₀ = 600, T = 1000, σ = σ₀ = 0.2, isotropic; n = 20 against n = 0.",
        labels=tuple(f"λ = {penalty:g}" for penalty in _COLLAPSE_PENALTIES),
        quantity="(E(n) − E(0)) / (n σ₀²)",
        first_look=1024,
    ),
    Claim(
        name="dohmatob-figure-2a",
        statement="Noiseless generators with fewer rows than coefficients, one design for all: they forget once.",
        theory=lambda: _over_theory("fixed"),
        experiment=_over_fixed,
        relation=Asymptotic(allowance=_ALLOWANCE, tolerance=_TOLERANCE),
        reference=REFERENCE,
        formula="E ≈ 1 − T₀/d plus the clean risk, the same for all n ≥ 1",
        protocol="d = 300, T₀ = 150, T = 1000, λ = 0.001, σ₀ = 0, σ = 0.1; minimum-norm generators, X_n = X_0.",
        labels=tuple(f"n = {n}" for n in (0, *_OVER_FAKES)),
        quantity="excess risk",
        first_look=512,
    ),
    Claim(
        name="dohmatob-figure-2b",
        statement="Noiseless generators with fewer rows than coefficients and designs of their own forget everything.",
        theory=lambda: _over_theory("fresh"),
        experiment=_over_fresh,
        relation=Asymptotic(allowance=_ALLOWANCE, tolerance=_TOLERANCE),
        reference=REFERENCE,
        formula="E ≈ 1 − (T₀/d)ⁿ plus the clean risk",
        protocol="d = 300, T₀ = 150, T = 1000, λ = 0.001, σ₀ = 0, σ = 0.1; minimum-norm generators, fresh designs.",
        labels=tuple(f"n = {n}" for n in (0, *_OVER_FAKES)),
        quantity="excess risk",
        first_look=1024,
    ),
    _rate_claim(
        "dohmatob-adaptive-penalty",
        "The best penalty on fake data falls at the adaptive rate, slower than the best penalty on clean data.",
        theory=lambda: jnp.array([-regime.rule().penalty for regime in _REGIMES]),
        experiment=_best_penalties,
        relation=Rate(),
        formula="λ* ≍ T^(−ℓ*), ℓ* = (b − a) ℓ_crit (σ = 0), min(1, b − a) ℓ_crit (σ = 1), T₀ = T^b, ℓ_crit = 0.8",
        protocol="Minimiser of the closed form, capacity 2, source 0.375, σ₀² T₀/(T₀ − d − 1) = 1, n = 1.",
        labels=tuple(regime.name for regime in _REGIMES),
        quantity="best penalty λ*",
        first_look=1,
    ),
    _rate_claim(
        "dohmatob-adaptive-error",
        "At the best penalty the risk on fake data falls at the rate of the adaptive rule.",
        theory=lambda: jnp.array([-regime.rule().error for regime in _REGIMES]),
        experiment=_best_risk,
        relation=Rate(allowance=np.array([0.02, 0.02, 0.03])),
        formula="E ≍ T^(−(b − a) c) (σ = 0), T^(−min(1, b − a) c) (σ = 1), c = 2βr/(2βr + 1) = 0.6",
        protocol="d = 300, capacity 2, source 0.375, σ₀² T₀/(T₀ − d − 1) = 1, one fake generation, λ = λ*.",
        labels=tuple(regime.name for regime in _REGIMES),
        quantity="excess risk",
        first_look=1024,
    ),
)
