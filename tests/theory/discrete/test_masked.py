"""Masked diffusion: the recursion against the law of all counts, and what is left in the end."""

import itertools
from math import factorial

import numpy as np
import pytest

from jaxcollapse.theory import discrete

pytestmark = pytest.mark.usefixtures("x64")


def multinomial(n, p):
    """All counts of ``n`` draws, and how likely they are."""
    counts = np.array([c for c in itertools.product(range(n + 1), repeat=len(p)) if sum(c) == n])
    ways = np.array([factorial(n) / np.prod([factorial(c) for c in row]) for row in counts])
    return counts / n, ways * np.prod(np.asarray(p) ** counts, axis=1)


def dependence(table):
    return table[..., 0, 0] - table[..., 0, :].sum(-1) * table[..., :, 0].sum(-1)


def unmasked(table, steps):
    apart = table.sum(1, keepdims=True) * table.sum(0, keepdims=True)
    return apart / steps + (1 - 1 / steps) * table


def test_two_generations_are_the_sum_over_all_counts():
    truth, steps, n, real, w = np.array([[0.5, 0.1], [0.1, 0.3]]), 3, 3, 2, 0.4
    firsts, chances = multinomial(real, truth.ravel())
    mean = 0.0
    for first, chance in zip(firsts, chances, strict=True):
        drawn, how = multinomial(n, unmasked(first.reshape(2, 2), steps).ravel())
        mixed = w * firsts[:, None] + (1 - w) * drawn[None]
        mean += chance * chances @ dependence(mixed.reshape(*mixed.shape[:2], 2, 2)) @ how
    found = discrete.masked_mix(steps=steps, samples=n, real_samples=real, real_share=w, generations=2)
    assert float(found[1]) == pytest.approx(mean / dependence(truth), rel=1e-12)


def test_replaced_pairs_lose_the_same_factor_in_every_generation():
    found = discrete.masked_mix(steps=4.0, samples=10.0, real_samples=10.0, real_share=0.0, generations=5)
    np.testing.assert_allclose(found, 0.9**5 / 0.9 ** np.arange(4, -1, -1) * 0.75 ** np.arange(5), rtol=1e-12)


def test_one_step_leaves_the_real_pairs_alone():
    found = discrete.masked_mix(steps=1.0, samples=1e12, real_samples=1e9, real_share=0.3, generations=3)
    np.testing.assert_allclose(found, [1.0, 0.3, 0.3], rtol=1e-8)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("change", "named"), [({"steps": 0.5}, "steps must"), ({"real_share": 1.1}, "real_share must")]
)
def test_bad_arguments_are_named(change, named):
    with pytest.raises(ValueError, match=named):
        discrete.masked_mix(
            **{"steps": 2, "samples": 5, "real_samples": 5, "real_share": 0.1, "generations": 2, **change}
        )
