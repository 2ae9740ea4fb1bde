"""Results without a paper: two-layer networks trained by gradient descent, in the regression loop on one design.

Generation ``g = 1`` is the fit to real labels, of digits of length one: odd or even. A lazy network, whose output is
``a (f(w) - f(w0))`` with a large scale ``a``, is a filter of its labels by the tangent kernel at its start.
"""

import functools
from collections.abc import Callable
from functools import partial

import jax
import numpy as np

from jaxcollapse.chain.mix import Mix
from jaxcollapse.chain.pooled import Accumulate, Replace
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.claims.frame import as_matrix, event, generation_axis, shared
from jaxcollapse.machine.precision import enable_x64
from jaxcollapse.models.networks.two_layer import TwoLayer
from jaxcollapse.population import datasets, kernels
from jaxcollapse.population.spectrum import Spectrum
from jaxcollapse.theory import networks, regression
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Asymptotic, Usually

_POINTS, _WIDTH, _NOISE = 40, 16, 0.3
_DESCENT = shared(rate=0.5, steps=100)
_SIZES = shared(samples=_POINTS, generations=6)
_VERY_LAZY, _LAZY, _RICH, _MARGIN = 300.0, 32.0, 0.1, 1.25
_MANY, _HELD_OUT, _ROWS, _FITS = 600, 200, 60, 4
_RIDGE = shared(noise=_NOISE, decay=0.03, width=256, rate=0.6, steps=400)


@functools.cache
def _digits(points: int = _POINTS) -> tuple[np.ndarray, np.ndarray]:
    """Inputs of length one, and parities around zero."""
    x, y = datasets.digits()
    chosen = np.random.default_rng(0).permutation(len(x))[:points]
    return x[chosen] / np.linalg.norm(x[chosen], axis=1, keepdims=True), y[chosen] - 0.5


def _half() -> Workflow:
    """The real labels, and those of the newest network."""
    return Mix("fixed", weight=0.5)


def _network(scale: float, warm: bool) -> TwoLayer:
    """One start for all fits, so that its kernel is known."""
    x, y = _digits()
    start = jax.random.key(0)
    return TwoLayer(x, y, noise=_NOISE, width=_WIDTH, **_DESCENT, scale=scale, warm=warm, start=start)


def _risk(scale: float, make: Callable[[], Workflow], warm: bool):
    return lambda key: simulate(
        _network(scale, warm), as_matrix(make(), **_SIZES), key=key, **_SIZES
    ).risk  # fmt: skip


def _theory(make: Callable[[], Workflow], warm: bool):
    def theory():
        kernel = np.asarray(_network(1.0, warm).kernel, float)
        filter_ = networks.gradient_descent(**_DESCENT)
        flow = as_matrix(make(), **_SIZES)
        return regression.descent_risk(kernel, _digits()[1], filter_, flow, noise=_NOISE, warm=warm, generations=6)

    return theory


@functools.cache
def _comes_to(make: Callable[[], Workflow], warm: bool) -> float:
    """The risk of the sixth lazy network."""
    with enable_x64(True), jax.ensure_compile_time_eval():
        return float(_theory(make, warm)()[-1])


def _learns_features(key):
    """The risk of the sixth network is a quarter above that of a lazy one."""
    last = _risk(_RICH, Replace, True)(key)[-1:]
    return event(last > _MARGIN * _comes_to(Replace, True), last)


def _keeps_features(key):
    """The risk of the sixth network is below that of a lazy one."""
    last = _risk(_RICH, Accumulate, False)(key)[-1:]
    return event(last < _comes_to(Accumulate, False), last)


def _decays(key):
    """Each network has a start and points of its own, and weights that decay until nothing moves."""
    model = TwoLayer(*_digits(_MANY), **_RIDGE, scale=_LAZY, design="fresh", test=_HELD_OUT)
    return simulate(model, Replace(), key=key, samples=_ROWS, generations=_FITS).risk


def _ridge():
    x, y = _digits(_MANY)
    population = Spectrum.from_kernel(kernels.tangent(x), y)
    fit = shared(samples=_ROWS, noise=_NOISE, penalty=_RIDGE["decay"])
    return regression.ridge_replace(population, **fit, generations=_FITS)


_SETTING = "Two-layer ReLU network of width 16, one start; 40 digits, σ = 0.3; 100 steps of rate 0.5; "
_claim = partial(Claim, **shared(quantity="risk", axis=generation_axis(6), first_look=512))
_LAZY_LAW = Asymptotic(allowance=0.005, tolerance=0.02)
_FORMULA = "mean (f_g − f)² = Σ_j [(1 − a_gj)² f_j² + σ² |b_gj|²]/N, "

CLAIMS = (
    _claim(
        name="descent-cold",
        statement="A lazy network that begins anew forgets the truth, and its noise stays bounded.",
        theory=_theory(Replace, False),
        experiment=_risk(_VERY_LAZY, Replace, False),
        relation=_LAZY_LAW,
        formula=_FORMULA + "a = h^g, |b|² = h² + … + h^{2g}, h = 1 − (1 − ηs)^t",
        protocol=_SETTING + "scale 300, each fit from the start; each batch replaces the last.",
    ),
    _claim(
        name="descent-warm",
        statement="A lazy network that goes on from the last one forgets no more, and its noise walks.",
        theory=_theory(Replace, True),
        experiment=_risk(_VERY_LAZY, Replace, True),
        relation=_LAZY_LAW,
        formula=_FORMULA + "a = h, |b|² = g h², h = 1 − (1 − ηs)^t",
        protocol=_SETTING + "scale 300, from where the last one ended; each batch replaces the last.",
    ),
    _claim(
        name="descent-accumulate",
        statement="If all labels are kept, a lazy network still forgets, by powers of the generation.",
        theory=_theory(Accumulate, False),
        experiment=_risk(_VERY_LAZY, Accumulate, False),
        relation=_LAZY_LAW,
        formula=_FORMULA + "a_g = h Σ_i a_{i−1}/g, b_g = h Σ_i (b_{i−1} + e_i)/g",
        protocol=_SETTING + "scale 300, each fit from the start; all labels are kept.",
    ),
    _claim(
        name="descent-mixed",
        statement="With a half of the weight on the real labels a lazy network forgets only so much.",
        theory=_theory(_half, False),
        experiment=_risk(_VERY_LAZY, _half, False),
        relation=_LAZY_LAW,
        formula=_FORMULA + "a_g = h (1 + a_{g−1})/2, b_g = h (e_1 + b_{g−1} + e_g)/2",
        protocol=_SETTING + "scale 300, each fit from the start; real and newest labels, half and half.",
    ),
    _claim(
        name="descent-network-cold",
        statement="A network whose weights move by a hundredth is within 2 % of the filter of its tangent kernel.",
        theory=_theory(Replace, False),
        experiment=_risk(_LAZY, Replace, False),
        relation=Asymptotic(allowance=0.012, tolerance=0.018),
        formula=_FORMULA + "a = h^g, |b|² = h² + … + h^{2g}, up to O(1/scale)",
        protocol=_SETTING + "scale 32, each fit from the start; each batch replaces the last.",
    ),
    _claim(
        name="descent-network-warm",
        statement="A network whose weights move by a hundredth a fit walks as the filter of its tangent kernel.",
        theory=_theory(Replace, True),
        experiment=_risk(_LAZY, Replace, True),
        relation=Asymptotic(allowance=0.012, tolerance=0.018),
        formula=_FORMULA + "a = h, |b|² = g h², up to O(1/scale)",
        protocol=_SETTING + "scale 32, from where the last one ended; each batch replaces the last.",
    ),
    _claim(
        name="descent-features",
        statement="A network that learns features usually ends a quarter above the risk of its tangent kernel.",
        theory=np.array([0.5]),
        experiment=_learns_features,
        relation=Usually(),
        formula="P(R_6 > 1.25 R_6 of the tangent kernel) > 1/2",
        protocol=_SETTING + "scale 0.1, from where the last one ended; each batch replaces the last.",
        axis=generation_axis([6]),
        quantity="probability",
        first_look=32,
        networks=True,
    ),
    _claim(
        name="descent-features-accumulate",
        statement="If all labels are kept, a network that learns features usually ends below its tangent kernel.",
        theory=np.array([0.5]),
        experiment=_keeps_features,
        relation=Usually(),
        formula="P(R_6 < R_6 of the tangent kernel) > 1/2",
        protocol=_SETTING + "scale 0.1, each fit from the start; all labels are kept.",
        axis=generation_axis([6]),
        quantity="probability",
        first_look=32,
        networks=True,
    ),
    _claim(
        name="network-ridge",
        statement="A network whose weights decay until nothing moves is ridge regression with its tangent kernel.",
        theory=_ridge,
        experiment=_decays,
        relation=Asymptotic(allowance=0.05, tolerance=0.03),
        formula="The risk of a chain of ridge fits, with the eigenvalues of the tangent kernel",
        protocol=(
            "Two-layer ReLU network of width 256, scale 32, each of its own start; 60 of 400 digits a batch, 200 held "
            "out, σ = 0.3; 400 steps of rate 0.6, weight decay 0.03; each batch replaces the last."
        ),
        axis=generation_axis(_FITS),
        first_look=256,
    ),
)
