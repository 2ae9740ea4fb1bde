"""One pass of stochastic gradient descent: one step by enumeration, floors and limits."""

import jax.numpy as jnp
import numpy as np
import pytest

from jaxcollapse.theory import regression

pytestmark = pytest.mark.usefixtures("x64")


def test_two_steps_by_quadrature_in_one_dimension():
    """Over the row, the noise and the label of each step."""
    gamma, p, delta, sigma, w0 = 0.3, 0.4, 0.7, 0.5, 1.2
    x, weight = np.polynomial.hermite_e.hermegauss(12)
    weight = weight / weight.sum()
    places, masses = np.zeros(1), np.ones(1)
    for _ in range(2):
        w, row, e, biased = (v.ravel() for v in np.meshgrid(places, x, x, [0.0, 1.0], indexing="ij"))
        mass = np.einsum("i,j,k,l->ijkl", masses, weight, weight, [1 - p, p]).ravel()
        places, masses = w + gamma * row * (row * (w0 + delta * biased - w) + sigma * e), mass
    found = regression.sgd_biased_labels(
        dim=1, noise=sigma, rate=gamma, share=p, bias=delta, overlap=w0 * delta, norm=w0, steps=2
    )
    assert float(found[-1]) == pytest.approx(masses @ (places - w0) ** 2, rel=1e-10)


def test_many_small_steps_end_at_the_floor_and_a_curriculum_does_not():
    setting = dict(dim=8, noise=0.3, rate=1e-3, bias=0.6, steps=20_000)
    assert float(regression.sgd_biased_labels(share=0.5, **setting)[-1]) == pytest.approx(0.25 * 0.36, rel=0.03)
    shares = jnp.repeat(jnp.array([1.0, 0.0]), 10_000)
    assert float(regression.sgd_biased_labels(share=shares, **setting)[-1]) < 0.001


def test_all_rows_biased_is_another_truth():
    """The distance from ``w0 + delta`` obeys the law without bias."""
    setting = dict(dim=4, noise=0.3, rate=0.05, steps=30)
    plain = regression.sgd_biased_labels(share=0.0, bias=0.5, norm=np.sqrt(1.25), **setting)
    moved = regression.sgd_biased_labels(share=1.0, bias=0.5, norm=1.0, **setting)
    # |w - w0|^2 = |w - w1|^2 + 2 (w - w1)'delta + |delta|^2, where E(w - w1)'delta = -(1 - gamma)^t |delta|^2
    kept = 0.95 ** np.arange(1, 31)
    np.testing.assert_allclose(moved, plain + 0.25 * (1 - 2 * kept), rtol=1e-10)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(("change", "named"), [({"share": 1.5}, "share must"), ({"rate": [0.1]}, "rate must")])
def test_bad_arguments_are_named(change, named):
    arguments = {"dim": 3, "noise": 0.1, "rate": 0.1, "share": 0.5, "bias": 1.0, "steps": 4, **change}
    with pytest.raises(ValueError, match=named):
        regression.sgd_biased_labels(**arguments)
