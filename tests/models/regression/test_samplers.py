"""Which sampler of linear regression runs is a table, and its docstring shows it."""

import jax.numpy as jnp
import pytest

import jaxcollapse as jc
from jaxcollapse.models.regression.linear_regression import SAMPLERS
from jaxcollapse.theory import Spectrum

STEEP = Spectrum.power_law(300, capacity=2.0, source=0.5)


def test_the_docstring_has_the_table():
    rows = [line for line in jc.LinearRegression.__doc__.splitlines() if line.strip().startswith('| ``"')]
    shown = [tuple(cell.strip(' `"') for cell in line.strip().strip("|").split("|")) for line in rows]
    listed = [sampler for sampler in SAMPLERS if sampler.sampling != "exact"]
    assert [(sampling, name) for sampling, name, *_ in shown] == [(s.sampling, s.name) for s in listed]
    for (_, _, serves, _), sampler in zip(shown, listed, strict=True):
        assert serves.removeprefix(f"{sampler.design} design, ") == sampler.words


@pytest.mark.parametrize(
    ("fields", "workflow", "name"),
    [
        (dict(), jc.Replace(), "least-squares walk"),
        (dict(penalty=0.1), jc.Replace(), "ridge walk"),
        (dict(penalty=lambda g: 0.1 / g), jc.Replace(), "ridge walk"),
        (dict(), jc.Accumulate(), "bartlett"),
        (dict(penalty=0.1, sampling="bartlett"), jc.Replace(), "bartlett"),
        (dict(sampling="raw"), jc.Replace(), "rows"),
        (dict(design="fixed"), jc.Accumulate(), "fixed-design walk"),
        (dict(design="fixed"), jc.MovingAverage(0.3), "fixed-design walk"),
        (dict(design="fixed"), jc.Mix("fixed"), "fixed ridge walk"),
        (dict(design="fixed", penalty=0.1), jc.Window(2), "fixed ridge walk"),
        (dict(design="fixed", sampling="bartlett"), jc.Replace(), "bartlett"),
        (dict(spectrum=STEEP, penalty=0.01), jc.Replace(), "krylov"),
        (dict(spectrum=STEEP, penalty=0.01), jc.Accumulate(), "bartlett"),
        (dict(features=jc.features.Rademacher([1.0, 2.0, 1.0])), jc.Replace(), "rows"),
    ],
)
def test_the_sampler_of_a_chain_has_a_name(fields, workflow, name):
    fields = {"spectrum": Spectrum.isotropic(3), "noise": 1.0, **fields}
    assert jc.LinearRegression(**fields).sampler(workflow, jnp.full(3, 600.0)) == name


def test_without_one_the_refusal_says_what_it_serves():
    with pytest.raises(ValueError, match="sampling='krylov' serves the newest batch alone"):
        jc.LinearRegression(STEEP, noise=1.0, sampling="krylov").sampler(jc.Accumulate(), jnp.full(3, 600.0))
    assert jc.Gaussian(ddof=1).sampler(jc.Replace(), jnp.full(3, 9.0)) == "sums"
    assert jc.KernelDensity(0.5).sampler(jc.Replace(), jnp.full(3, 9.0)) == "rows"
