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


def _generators(
    spectrum: Spectrum, key: Key[Array, ""], fakes: int, samples: Any, noise: Any, design: _Design = "fresh"
) -> Float[Array, "fakes_plus_one dim"]:
    """The coefficients that label fake data after 0, 1, ..., `fakes` generations."""
    model = LinearRegression(spectrum, noise=noise, design=design)
    chain = simulate(model, Replace(), key=key, samples=samples, generations=fakes, truth=spectrum.signal)
    return jnp.concatenate([spectrum.signal[None], chain.params])


def _downstream(spectrum: Spectrum, key: Key[Array, ""], noise: float, cells) -> Float[Array, " cells"]:
    """The risk of the ridge fit for each cell ``(coefficients behind the labels, penalty, samples)``."""

    def risk(cell):
        coefficients, penalty, samples = cell
        model = LinearRegression(spectrum, noise=noise, penalty=penalty)
        return simulate(model, Replace(), key=key, samples=samples, generations=1, truth=coefficients).risk[0]

    return jax.lax.map(risk, cells)


def _least_squares(key):
    """Risk of a least-squares fit after n fake generations, for every n; the covariance plays no role."""
    risks = []
    for fakes in _FAKES:
        model = LinearRegression(_power_law(), noise=0.2)
        sizes = [FAKE_SAMPLES] * fakes + [1000]
        chain = simulate(model, Replace(), key=jax.random.fold_in(key, fakes), samples=sizes, generations=fakes + 1)
        risks.append(chain.risk[-1])
    return jnp.stack(risks)


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
        """One replication of every cell; the cells share generators and downstream randomness."""
        spectrum = self.spectrum()
        fake_key, key = jax.random.split(key)
        fakes, penalties, samples = (np.array(column) for column in zip(*self.cells, strict=True))
        truths = _generators(spectrum, fake_key, int(max(fakes)), FAKE_SAMPLES, self.noise)
        cells = (truths[fakes], jnp.asarray(penalties, truths.dtype), jnp.asarray(samples, truths.dtype))
        return _downstream(spectrum, key, self.noise, cells)

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
        first_look=256,
    )


_COLLAPSE_PENALTIES = (1e-3, 0.1, 1.0)


def _collapse_theory() -> Float[Array, " penalties"]:
    terms = [
        regression.ridge_terms(_isotropic(), penalty=penalty, samples=1000, noise=0.2, fake_samples=FAKE_SAMPLES)
        for penalty in _COLLAPSE_PENALTIES
    ]
    return jnp.stack([term.collapse for term in terms])


def _collapse(key) -> Float[Array, " penalties"]:
    """What twenty fake generations add to the risk, per generation and unit noise variance, with paired randomness."""
    spectrum = _isotropic()
    fake_key, key = jax.random.split(key)
    truths = _generators(spectrum, fake_key, 20, FAKE_SAMPLES, 0.2)[jnp.array([20, 20, 20, 0, 0, 0])]
    penalties = jnp.array(2 * _COLLAPSE_PENALTIES)
    risk = _downstream(spectrum, key, 0.2, (truths, penalties, jnp.full(6, 1000.0)))
    return (risk[:3] - risk[3:]) / (20 * 0.2**2)


_OVER_SAMPLES, _OVER_FAKES = 150, (1, 2, 4)


def _over_theory(design: _Design) -> Float[Array, " fakes"]:
    """Figures 2a and 2b: noiseless generators with fewer rows than coefficients."""
    fixed: dict[str, Any] = dict(
        penalty=1e-3, samples=1000, noise=0.1, fake_samples=_OVER_SAMPLES, fake_noise=0.0, design=design
    )
    return jnp.stack([regression.ridge_downstream(_isotropic(), fakes=n, **fixed) for n in (0, *_OVER_FAKES)])


def _over(design: _Design):
    def experiment(key):
        spectrum = _isotropic()
        fake_key, key = jax.random.split(key)
        truths = _generators(spectrum, fake_key, _OVER_FAKES[-1], _OVER_SAMPLES, 0.0, design)
        truths = truths[jnp.array((0, *_OVER_FAKES))]
        cells = len(truths)
        return _downstream(spectrum, key, 0.1, (truths, jnp.full(cells, 1e-3), jnp.full(cells, 1000.0)))

    return experiment


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


_GROWTH = 3.0 ** np.arange(5)
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
        return _penalties(3000, _cells(3000, 1e5)).reshape(len(_REGIMES), len(_GROWTH))


def _best_risk(key: Key[Array, ""]) -> Float[Array, "regimes sizes"]:
    """The simulated risk at the best penalty, with randomness of its own in every cell."""
    spectrum = _power_law()
    with jax.ensure_compile_time_eval():
        cells = _cells(DIM, 1000.0)
        penalties = _penalties(DIM, cells)

    def risk(setting):
        cell, penalty, index = setting
        fake_key, fit_key = jax.random.split(jax.random.fold_in(key, index))
        truth = _generators(spectrum, fake_key, 1, cell.fake_samples, cell.fake_noise)[1]
        model = LinearRegression(spectrum, noise=cell.noise, penalty=penalty)
        return simulate(model, Replace(), key=fit_key, samples=cell.samples, generations=1, truth=truth).risk[0]

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
        protocol="d = 300, T₀ = 600, T = 1000, σ = σ₀ = 0.2, isotropic; n = 20 against n = 0, same designs.",
        labels=tuple(f"λ = {penalty:g}" for penalty in _COLLAPSE_PENALTIES),
        quantity="(E(n) − E(0)) / (n σ₀²)",
        first_look=256,
    ),
    Claim(
        name="dohmatob-figure-2a",
        statement="Noiseless generators with fewer rows than coefficients, one design for all: they forget once.",
        theory=lambda: _over_theory("fixed"),
        experiment=_over("fixed"),
        relation=Asymptotic(allowance=_ALLOWANCE, tolerance=_TOLERANCE),
        reference=REFERENCE,
        formula="E ≈ 1 − T₀/d plus the clean risk, the same for all n ≥ 1",
        protocol="d = 300, T₀ = 150, T = 1000, λ = 0.001, σ₀ = 0, σ = 0.1; minimum-norm generators, X_n = X_0.",
        labels=tuple(f"n = {n}" for n in (0, *_OVER_FAKES)),
        quantity="excess risk",
        first_look=256,
    ),
    Claim(
        name="dohmatob-figure-2b",
        statement="Noiseless generators with fewer rows than coefficients and designs of their own forget everything.",
        theory=lambda: _over_theory("fresh"),
        experiment=_over("fresh"),
        relation=Asymptotic(allowance=_ALLOWANCE, tolerance=_TOLERANCE),
        reference=REFERENCE,
        formula="E ≈ 1 − (T₀/d)ⁿ plus the clean risk",
        protocol="d = 300, T₀ = 150, T = 1000, λ = 0.001, σ₀ = 0, σ = 0.1; minimum-norm generators, fresh designs.",
        labels=tuple(f"n = {n}" for n in (0, *_OVER_FAKES)),
        quantity="excess risk",
        first_look=256,
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
        first_look=256,
    ),
)
