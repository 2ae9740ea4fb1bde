"""The eight definitions: their numbers of known curves, and what is said of runs whose answers are known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import norm

import jaxcollapse as jc
from jaxcollapse import definitions
from jaxcollapse.verification.definitions.observed import beyond, null_of

pytestmark = pytest.mark.usefixtures("x64")
KEY = jax.random.key(0)
G = np.arange(1.0, 65.0)


@pytest.mark.parametrize(
    ("curve", "number"),
    [(3 * G, 2.0), (1 + np.log(G), 1.0), (2 - 1 / G, 0.5), (np.full(64, 0.7), 0.0), (1 + 1 / G, -0.5), (G**2, 4.0)],
)
def test_growth_per_doubling(curve, number):
    assert float(definitions.diverging_risk(curve)) == pytest.approx(number)
    assert float(definitions.collapsing_variance(-curve)) == pytest.approx(number)


def test_the_limit_of_accumulation_is_told_from_a_logarithm():
    bounded = np.cumsum(1 / G**2)
    assert float(definitions.diverging_risk(bounded)) < 0.75 < float(definitions.diverging_risk(np.cumsum(1 / G)))


def test_growth_that_is_next_to_nothing_counts_as_a_hundredth():
    curve = np.array([1.0, 1.0, 1.0, 1.001])
    assert float(definitions.diverging_risk(curve)) == pytest.approx(0.1)


@pytest.mark.parametrize("factor", [2.0, 10.0])
def test_exponents_of_power_laws(factor):
    first, last = 0.3 * 50.0**-1.0, 0.8 * 50.0**-0.25
    number = definitions.changed_scaling([first, last], [first / factor, last * factor**-0.25], factor=factor)
    assert float(number) == pytest.approx(0.75)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: definitions.catastrophic_increase([1.0], null=0.0), "null must be positive"),
        (lambda: definitions.any_increase([-1.0]), "risk must be finite and at least 0"),
        (lambda: definitions.diverging_risk([1.0, 2.0, 3.0]), "generations of risk must be"),
        (lambda: definitions.changed_scaling([1.0], [0.5], factor=1.0), "factor must be finite and above 1"),
        (lambda: definitions.changed_scaling([1.0], [0.5, 0.2], factor=2.0), "larger must have shape"),
        (lambda: definitions.lost_tail(0.5), "mass must have shape"),
        (lambda: definitions.report(3), "subject must be"),
        (lambda: definitions.report(jc.Gaussian(ddof=1), jc.Replace(), samples=9, key=KEY), "generations must be"),
        (lambda: run(risk="risks"), "risk must be a metric"),
        (lambda: run(levels={"lost mode": 0.1}), "levels must be"),
        (lambda: run(confidence=2.0), "confidence must lie"),
    ],
)
def test_bad_arguments_are_named(call, named):
    with pytest.raises((TypeError, ValueError), match=named):
        call()


MODEL = jc.NormalMean([2.0, 0.0])
CHAIN = dict(samples=20, generations=8)


def run(workflow=jc.Replace(), **named):  # noqa: B008 - a workflow does not change
    return definitions.report(MODEL, workflow, key=KEY, null=0.5, **CHAIN, **named)


def test_what_is_predicted_lies_within_the_intervals_and_decides_alike():
    for workflow, met in ((jc.Replace(), [True, True, True, False]), (jc.Accumulate(), [False, True, False, False])):
        found = run(workflow, replications=16384, confidence=0.999)
        assert [finding.met for finding in found.findings.values()] == met
        for finding in found.findings.values():
            assert finding.lower - 1e-6 < finding.predicted < finding.upper + 1e-6
            assert (finding.predicted > finding.level) == finding.met
        assert set(found.unasked) == {"collapsing variance", "lost modes", "lost tail", "hallucinated data"}


def test_the_interval_is_that_of_a_ratio():
    """Of the last over the first mean: the delta method written out."""
    found = run(replications=512).findings["any increase"]
    keys = jax.vmap(lambda i: jax.random.fold_in(KEY, i))(jnp.arange(512))
    errors = jax.vmap(lambda key: jc.simulate(MODEL, jc.Replace(), key=key, **CHAIN).squared_error)(keys)
    ends = errors[:, [0, -1]]
    first, last = np.asarray(ends).T
    rest = (last - found.value * first) / first.mean()
    width = 1.9646 * rest.std(ddof=1) / np.sqrt(512)
    assert found.value == pytest.approx(last.mean() / first.mean())
    assert found.upper - found.value == pytest.approx(width, rel=1e-3)


@pytest.mark.slow
def test_symbols_are_lost_and_none_are_invented():
    model = jc.Categorical(jc.theory.discrete.zipf(30, exponent=1.5))
    found = definitions.report(model, jc.Replace(), samples=60, generations=8, key=KEY, confidence=0.9999)
    assert found.findings["lost modes"].met and found.findings["lost tail"].met
    assert found.findings["hallucinated data"].value == 0 and found.findings["hallucinated data"].met is False
    for name in ("lost modes", "lost tail"):
        assert found.findings[name].lower < found.findings[name].predicted < found.findings[name].upper


@pytest.mark.slow
def test_the_variance_of_a_gaussian_collapses_while_its_mean_stays():
    chain = dict(samples=20, generations=32, key=KEY, factor=2.0)
    found = definitions.report(jc.Gaussian(ddof=1), jc.Replace(), **chain).findings
    assert found["collapsing variance"].met and found["lost tail"].met
    assert found["collapsing variance"].predicted == pytest.approx(2.0)
    kept = definitions.report(jc.Gaussian(ddof=1), jc.Accumulate(), **chain).findings
    assert kept["collapsing variance"].met is False


def test_the_null_of_coefficients_is_that_of_zero():
    spectrum = jc.theory.Spectrum.from_eigenvalues([2.0, 0.5], [1.0, -0.5])
    assert null_of(jc.LinearRegression(spectrum, noise=1.0)) == pytest.approx(2.125)
    assert null_of(jc.HardLabels(3, penalty=0.1)) == 0.5 and null_of(jc.Gaussian(ddof=1)) is None


def test_the_mass_beyond_another_law():
    law, other = (jc.Gaussian(ddof=1, mean=m, variance=v).truth() for m, v in ((0.3, 0.5), (-0.2, 0.1)))
    edges = -0.2 + np.array([-3, 3]) * np.sqrt(0.1)
    below, above = norm.cdf(edges, 0.3, np.sqrt(0.5))
    assert float(beyond(law, other)) == pytest.approx(below + 1 - above)


def test_an_estimate_of_parts_is_read():
    curves = lambda key: {"risk": 1.0 + G[:8] + 0.1 * jax.random.normal(key, (8,)), "other": jnp.ones(3)}  # noqa: E731
    estimate = jc.monte_carlo(curves, KEY, 256)
    found = definitions.report(estimate, null=20.0)
    assert found.met == ("any increase", "diverging risk")
    assert found.findings["catastrophic increase"].value == pytest.approx(9 / 20, rel=0.01)
    assert "larger is not known" in found.unasked["changed scaling law"]
    assert found.summary().count("\n") == 7 and "met" in found._repr_html_()


def test_an_interval_that_holds_the_level_decides_nothing():
    flat = lambda key: {"risk": 1.0 + jax.random.normal(key, (8,))}  # noqa: E731
    assert definitions.report(jc.monte_carlo(flat, KEY, 64)).findings["any increase"].met is None
