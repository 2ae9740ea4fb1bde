"""Surrogate rows: the best weight is a stationary point, and better than none."""

import jax
import pytest

from jaxcollapse.theory import mean

pytestmark = pytest.mark.usefixtures("x64")


@pytest.mark.parametrize("shift", [0.0, 0.3, 5.0])
def test_the_best_weight(shift):
    setting = dict(samples=10.0, surrogate_samples=40.0, shift=shift, surrogate_variance=2.0)
    best = mean.mean_surrogate_optimal_weight(**setting)
    law = lambda weight: mean.mean_surrogate(weight=weight, **setting)  # noqa: E731
    assert float(jax.grad(law)(best)) == pytest.approx(0.0, abs=1e-12)
    other = 2.0 / 40 + shift**2
    assert float(law(0.0)) == pytest.approx(0.1) and float(law(1.0)) == pytest.approx(other)
    assert float(law(best)) == pytest.approx(0.1 * other / (0.1 + other)) and float(law(best)) < 0.1
