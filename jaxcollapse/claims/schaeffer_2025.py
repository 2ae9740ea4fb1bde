"""Schaeffer et al. 2025: eight definitions of model collapse under one name, which one and the same run tells apart.

The paper has the definitions in words; their numbers and levels are those of `jaxcollapse.definitions`, and what is
compared here is ours.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtr

from jaxcollapse.chain.mix import Mix
from jaxcollapse.chain.pooled import Accumulate, Replace
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.claims.frame import generation_axis, shared
from jaxcollapse.models.kernel_density import KernelDensity
from jaxcollapse.models.regression.linear_regression import LinearRegression
from jaxcollapse.theory import Spectrum, kernel_density, regression
from jaxcollapse.theory.papers import SCHAEFFER_2025 as REFERENCE
from jaxcollapse.verification.claim import Axis, Claim
from jaxcollapse.verification.definitions import any_increase, catastrophic_increase, diverging_risk
from jaxcollapse.verification.relation import Equal

_DIM, _ROWS, _LARGER, _LAST = 10, 40, 160, 8
_NULL = 1.0  # the risk of coefficients of zero
_CHAIN = shared(dim=_DIM, noise=1.0, generations=_LAST)


def _risks(workflow: Workflow, key, samples: int = _ROWS):
    model = LinearRegression(Spectrum.isotropic(_DIM), noise=1.0, design="fixed")
    return simulate(model, workflow, key=key, samples=samples, generations=_LAST).risk


def _expected(workflow: Workflow, samples: int = _ROWS):
    if workflow.newest_alone:
        return regression.ols_replace(samples=samples, **_CHAIN)
    return regression.ols_accumulate(samples=samples, design="fixed", **_CHAIN)


def _numbers_of(workflow: Workflow):
    """Definitions 1, 2 and 3 of the closed forms, and definition 2 with more rows: 5 is that the two are the same."""
    few, many = _expected(workflow), _expected(workflow, _LARGER)
    return jnp.stack(
        [catastrophic_increase(few, null=_NULL), any_increase(few), diverging_risk(few), any_increase(many)]
    )


def _measured(workflow: Workflow):
    """The same of one run, in units that are those of the closed forms: its mean is what they say."""

    def experiment(key):
        few, unit = _risks(workflow, key), _expected(workflow)
        more = _risks(workflow, key, _LARGER)[-1] / _expected(workflow, _LARGER)[0]
        growth = (few[-1] - few[_LAST // 2 - 1]) / (unit[_LAST // 2 - 1] - unit[_LAST // 4 - 1])
        return jnp.stack([few[-1] / _NULL, few[-1] / unit[0], growth, more])

    return experiment


_SIZES = np.array([20, 100, 1000])
_BIASED = shared(dim=6, noise=1.0)
_BIAS = 2.0


def _with_biased_labels(key):
    """The risk of least squares on rows of which a tenth has labels of other coefficients, for every size."""
    spectrum = Spectrum.isotropic(_BIASED["dim"])
    model = LinearRegression(spectrum, noise=_BIASED["noise"])
    other = spectrum.signal.at[0].add(_BIAS)

    def risk(rows):
        pool = Mix("fresh", real_samples=9 * rows // 10)
        return simulate(model, pool, key=key, samples=rows // 10, generations=2, first=other).risk[1]

    return jax.vmap(risk)(jnp.asarray(_SIZES))


def _strong_collapse():
    parts = [{"samples": rows / 10, "real_samples": 9 * rows / 10} for rows in _SIZES]
    return jnp.stack([regression.ols_strong_collapse(**part, **_BIASED, bias=_BIAS) for part in parts])


_DENSITY = shared(samples=20, generations=4)
_BANDWIDTH = 0.1


def _uniform(key, n):
    return jax.random.uniform(key, (n,))


def _outside(mixture):
    """The mass of a kernel density estimate beyond zero and one."""
    shares, width = mixture.weights / mixture.weights.sum(), mixture.bandwidth
    return shares @ (ndtr(-mixture.rows / width) + ndtr((mixture.rows - 1) / width))


def _hallucinated(key):
    model, metrics = KernelDensity(_BANDWIDTH), {"outside": _outside}
    flows = (Replace(), Accumulate())
    runs = [simulate(model, flow, key=key, real=_uniform, metrics=metrics, **_DENSITY) for flow in flows]
    return jnp.stack([run.metrics["outside"] for run in runs])


def _hallucinated_theory():
    sizes = jnp.full(_DENSITY["generations"], 1.0 * _DENSITY["samples"])
    laws = [kernel_density.depths(flow.weights(sizes)[0]) for flow in (Replace(), Accumulate())]
    return jnp.stack([kernel_density.outside_unit_interval(law, bandwidth=_BANDWIDTH) for law in laws])


_claim = partial(Claim, reference=REFERENCE)
_FLOWS = (Replace(), Accumulate())
_LABELS = ("1: last risk/null", "2: last risk/first", "3: growth/growth before", "2 with four times the rows")
_TOLERANCE = np.array([0.025, 0.025, 0.08, 0.025])  # of a difference of differences less is asked
TOUR = "schaeffer-accumulate"
CLAIMS = (
    _claim(
        name="schaeffer-accumulate",
        statement="Accumulated, a run meets definition 2 of collapse, not 1, 3 and 5; replaced, it meets 1, 2 and 3.",
        theory=lambda: jnp.stack([_numbers_of(flow) for flow in _FLOWS]),
        experiment=lambda key: jnp.stack([_measured(flow)(key) for flow in _FLOWS]),
        relation=Equal(tolerance=np.stack([_TOLERANCE] * 2)),
        formula=(
            "E_G/|w_0|², E_G/E_1, (E_G − E_{G/2})/(E_{G/2} − E_{G/4}): 0.53 < 1, 1.53 > 1, 0.60 < 3/4 if data is kept, "
            "2.76, 8 and 2 if not; the second is the same at all n"
        ),
        protocol="Least squares on one design, d = 10, n = 40 and 160, σ = |w_0| = 1, G = 8.",
        labels=tuple(f"{name}, {label}" for name in ("replaced", "accumulated") for label in _LABELS),
        quantity="number of the definition",
    ),
    _claim(
        name="schaeffer-scaling",
        statement="A tenth of biased labels ends the scaling law: definition 5 is met without any recursion.",
        theory=_strong_collapse,
        experiment=_with_biased_labels,
        relation=Equal(tolerance=0.025),
        formula="σ² d/(n − d − 1) + c |δ|², c the part of an old error that n/10 of n rows keep",
        protocol="Least squares, d = 6, σ = 1; a tenth of the rows is labelled by w_0 + δ, |δ| = 2.",
        axis=Axis("rows n", _SIZES),
        scale="log",
        quantity="excess risk",
    ),
    _claim(
        name="schaeffer-hallucinated",
        statement="Kernel density estimates in a loop put ever more mass where the truth has none.",
        theory=_hallucinated_theory,
        experiment=_hallucinated,
        relation=Equal(tolerance=0.025),
        formula="E 2[Φ(−1/s) + s(φ(0) − φ(1/s))], s = h √D; D = g, or the depth of accumulated data",
        protocol="Truth uniform on [0, 1], n = 20 rows, Gaussian kernel, h = 0.1.",
        labels=("replace", "accumulate"),
        axis=generation_axis(_DENSITY["generations"]),
        quantity="mass outside of the truth",
    ),
)
