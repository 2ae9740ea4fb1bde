"""Results without a paper: loops of linear diffusion models that are trained by gradient, next to their closed forms.

The loops are those of Gerstgrasser et al. 2024, arXiv:2404.01413, who train a diffusion model on molecules: a linear
one of the same kind has to meet what is derived here. Generation ``g = 1`` is the fit to real data.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxcollapse.chain.data import Statistic
from jaxcollapse.chain.mix import Mix
from jaxcollapse.chain.model import Model
from jaxcollapse.chain.pooled import Accumulate, Replace
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.claims.frame import as_matrix, generation_axis, shared
from jaxcollapse.models.networks.linear_diffusion import LinearDiffusion
from jaxcollapse.random import chi_square, normal, split
from jaxcollapse.theory import networks
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Asymptotic, Equal

_SIZES, _EIGENVALUES = shared(samples=2000, generations=5), np.array([4.0, 1.5])
_LEVELS = shared(sigma_max=20.0, sigma_min=0.3, levels=8)
_claim = partial(
    Claim,
    axis=generation_axis(_SIZES["generations"]),
    quantity="total variance",
    relation=Asymptotic(allowance=0.005),
    first_look=1024,
)


def _mix() -> Workflow:
    return Mix("fixed", weight=0.4)


def _run(key, workflow: Workflow):
    model = LinearDiffusion(_EIGENVALUES, **_LEVELS, steps=250)
    return simulate(model, as_matrix(workflow, **_SIZES), key=key, **_SIZES)


def _variance(make: Callable[[], Workflow]):
    return lambda key: _run(key, make()).trace


def _law(workflow: Workflow):
    network = networks.ddim(jnp.geomspace(*_LEVELS.values()))
    return networks.moments(_EIGENVALUES, network, workflow, **_SIZES)


_SETTING = (
    "Eigenvalues 4, 1.5; 8 levels from 20 to 0.3, DDIM; n = 2000; 250 steps of Adam on the exact denoising loss; "
)
_FORMULA = "f(λ) = σ_0² Π_i [r_i + (1 − r_i) λ/(λ + σ_i²)]², r_i = σ_{i+1}/σ_i; "

# As many levels as the flow needs, at the optimum.
_IDEAL = shared(sigma_max=200.0, sigma_min=0.4, levels=12_000)


def _ideal(key):
    model = LinearDiffusion(_EIGENVALUES, **_IDEAL, solver="optimum")
    return simulate(model, Replace(), key=key, **_SIZES).trace


_ALPHAS = np.cos(0.5 * np.pi * np.linspace(0.98, 0.02, 21)[:-1])
_SPREADS = np.array([0.25, 1.0, 2.0])


def _ancestors(key):
    """The mean square of rows of the ancestral sampler, step by step, for an ideal denoiser of each variance."""
    start, key = jax.random.split(key)
    z, rows = jax.random.normal(start, (3, 200)), _SPREADS[:, None]
    for i, alpha in enumerate(_ALPHAS):
        s2 = 1 - alpha**2
        clean = alpha * rows / (alpha**2 * rows + s2) * z
        if i == len(_ALPHAS) - 1:
            return jnp.mean(clean**2, axis=1)
        after, q2 = _ALPHAS[i + 1], 1 - _ALPHAS[i + 1] ** 2
        d2 = q2 / s2 * (1 - (alpha / after) ** 2)
        noise = jax.random.normal(jax.random.fold_in(key, i), z.shape)
        z = after * clean + np.sqrt((q2 - d2) / s2) * (z - alpha * clean) + np.sqrt(d2) * noise


_BLUR, _WIDE, _DENOISED = 0.5, 4.0, shared(samples=100_000.0, generations=9)
_TIMES, _EARLY, _LATE, _REAL = np.array([0, 2, 4]), np.array([0, 1, 2]), np.array([0, 2, 8]), 0.5


class _Line(NamedTuple):
    """A line that takes noise off, and the mean square of the rows that it was fitted to."""

    slope: jax.Array
    square: jax.Array


class _Noisy(Statistic):
    """Sums over rows and what noise makes of them: squares, products, and squares with noise."""

    weight: jax.Array
    square: jax.Array
    product: jax.Array
    noisy: jax.Array


class _Denoiser(Model):
    """Rows of one number, and least squares of them on themselves with noise; it draws what that makes of such rows."""

    blur: Any = _BLUR
    """The variance of the noise of the rows of which it draws what it makes; zero of clean ones."""

    @property
    def draws_sums(self):
        return True

    def truth(self):
        return jnp.zeros(())

    def real(self, key, truth, n):
        return self._rows(key, jnp.asarray(_WIDE), n)

    def sample(self, key, params, n):
        return self._rows(key, self._variance(params), n)

    def _rows(self, key, variance, n):
        row_key, cross_key, noise_key = split(key, 3)
        square, z = variance * chi_square(row_key, n), normal(cross_key, (), variance.dtype)
        cross, noise = jnp.sqrt(_BLUR * square) * z, _BLUR * (z**2 + chi_square(noise_key, n - 1))
        return _Noisy(jnp.asarray(n, square.dtype), square, square + cross, square + 2 * cross + noise)

    def fit(self, data: Any, **context):
        return _Line(data.product / data.noisy, data.square / data.weight)

    def metrics(self, params, **context):
        return {"variance": self._variance(params)}

    def _variance(self, params):
        return params.slope**2 * (params.square + self.blur)


def _denoised(key):
    """Of noisy rows and of clean ones that are replaced, and of noisy ones beside real ones."""
    run = lambda blur, share: simulate(_Denoiser(blur), Mix("fresh", weight=share), key=key, **_DENOISED)  # noqa: E731
    cases = jnp.array([_BLUR, 0.0, _BLUR]), jnp.array([0.0, 0.0, _REAL])
    noisy, clean, fed = jax.lax.map(lambda case: run(*case).variance, cases)
    return jnp.concatenate([noisy[_TIMES], clean[_EARLY], fed[_LATE]])


def _denoised_theory():
    noisy, clean = networks.ideal_diffusion(_BLUR**0.5, denoise=True), networks.reconstruction(_BLUR**0.5)
    curve = lambda *loop: networks.orbit([_WIDE], *loop, generations=5)[:, 0]  # noqa: E731
    end = noisy(networks.denoised_mix_limit([_WIDE], sigma=_BLUR**0.5, real_share=_REAL))
    fed = curve(noisy, Mix("fresh", weight=_REAL))[_LATE[:-1]]
    return jnp.concatenate([curve(noisy, Replace())[_TIMES], curve(clean, Replace())[_EARLY], fed, end])


CLAIMS = (
    _claim(
        name="linear-diffusion-replace",
        statement="A loop of linear diffusion models is a chain of one function, and its mean is known to order 1/n.",
        theory=lambda: _law(Replace()).mean.sum(axis=1),
        experiment=_variance(Replace),
        formula=_FORMULA + "bias_i = f′(m_i) b_i + Σ_j V_ij f[m_i, m_i, m_j]",
        protocol=_SETTING + "each batch replaces the last.",
    ),
    _claim(
        name="linear-diffusion-accumulate",
        statement="If all data is kept, a loop of linear diffusion models collapses to the same law, more slowly.",
        theory=lambda: _law(Accumulate()).mean.sum(axis=1),
        experiment=_variance(Accumulate),
        formula=_FORMULA + "m ← m + (f(m) − m)/(g + 1), and the terms of order 1/n",
        protocol=_SETTING + "all batches are kept.",
    ),
    _claim(
        name="linear-diffusion-mix",
        statement="With a share of real data a loop of linear diffusion models settles where its two pulls balance.",
        theory=lambda: _law(_mix()).mean.sum(axis=1),
        experiment=_variance(_mix),
        formula=_FORMULA + "m = w λ + (1 − w) f(m), and the terms of order 1/n",
        protocol=_SETTING + "one real data set has the weight 0.4 at every generation.",
    ),
    _claim(
        name="linear-diffusion-risk",
        statement="The error of a linear diffusion model in a loop is its drift and the noise of its data.",
        theory=lambda: _law(Accumulate()).risk,
        experiment=lambda key: _run(key, Accumulate()).squared_error,
        relation=Asymptotic(allowance=0.01),
        formula="E|C_g − Σ|² = Σ_i (c_i − λ_i)² + Σ_ij f[m_i, m_j]² V_ij + 2 Σ_i (c_i − λ_i) bias_i",
        protocol=_SETTING + "all batches are kept.",
        quantity="squared Frobenius error",
    ),
    _claim(
        name="linear-diffusion-blurs",
        statement="With enough levels a diffusion model that stops early adds its last noise at every generation.",
        theory=lambda: networks.trace(_EIGENVALUES, networks.ideal_diffusion(_IDEAL["sigma_min"]), Replace(), **_SIZES),
        experiment=_ideal,
        formula="E tr C_g = tr Σ + g p σ_min²",
        protocol="Eigenvalues 4, 1.5; 12000 levels from 200 to 0.4, optimum; n = 2000; each batch replaces the last.",
    ),
    Claim(
        name="linear-denoiser",
        statement="A linear denoiser of its own output loses its noise in each generation, and at last far faster.",
        theory=_denoised_theory,
        experiment=_denoised,
        relation=Asymptotic(allowance=0.003),
        first_look=256,
        formula=(
            "v ← m²/(m + s) of noisy rows, m³/(m + s)² of clean ones, m = α λ + (1 − α) v; "
            "m → [αλ − s + √((αλ − s)² + 4α²λs)]/(2α)"
        ),
        protocol="Rows of variance 4 and noise s = 0.5, n = 100,000; replaced, or beside real ones of weight 0.5.",
        labels=tuple(
            f"{name}, g = {g + 1}"
            for name, times in (("noisy rows", _TIMES), ("clean rows", _EARLY), (f"noisy, α = {_REAL:g}", _LATE))
            for g in times
        ),
        quantity="variance generated",
    ),
    Claim(
        name="ancestral-sampler",
        statement="The ancestral sampler of an ideal denoiser of Gaussian data generates too little variance.",
        theory=lambda: networks.ancestral(_ALPHAS)(_SPREADS),
        experiment=_ancestors,
        relation=Equal(),
        formula="v ← g² v + d², g = α′A + √(s′² − d²)(1 − αA)/s, d = (s′/s)√(1 − (α/α′)²); at last A² v",
        protocol="20 levels, α = cos(πt/2), t from 0.98 down by 0.048; 200 rows of variance 1/4, 1 and 2.",
        labels=tuple(f"variance {v:g}" for v in _SPREADS),
        quantity="variance generated",
    ),
)
