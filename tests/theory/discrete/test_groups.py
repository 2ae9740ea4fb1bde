"""Several groups: the equilibrium against its own loop, how many modes survive, basins, compromise, growth."""

import jax
import numpy as np
import pytest

from jaxcollapse.theory import discrete

pytestmark = pytest.mark.usefixtures("x64")


def test_the_loop_ends_at_the_equilibrium():
    """From the truth, for every share of real data; the map leaves it as it is."""
    rng = np.random.default_rng(0)
    end = jax.jit(lambda p, **case: discrete.curated_mix(p, generations=400, **case)[-1])
    found = jax.jit(discrete.curated_mix_equilibrium)
    for share in (0.05, 0.3, 0.9):
        p = rng.dirichlet(np.full(6, 0.7))
        case = dict(rewards=2 * rng.normal(size=(3, 6)), weights=rng.dirichlet(np.ones(3)), real_share=share)
        equilibrium = found(p, **case)
        np.testing.assert_allclose(equilibrium.sum(), 1.0, rtol=1e-12)
        np.testing.assert_allclose(end(p, **case), equilibrium, rtol=1e-6, atol=1e-9)
    only_real = discrete.curated_mix_equilibrium(p, **{**case, "real_share": 1.0})
    np.testing.assert_allclose(only_real, p, rtol=1e-12)


def test_as_many_modes_as_groups_survive():
    """With next to no real data; the condition of Kuhn and Tucker holds, with equality where a mode is left."""
    rng = np.random.default_rng(1)
    found = jax.jit(discrete.curated_mix_equilibrium)
    for _ in range(5):
        p, r, w = rng.dirichlet(np.ones(12)), rng.normal(size=(3, 12)), rng.dirichlet(np.full(3, 5.0))
        end = found(p, rewards=r, weights=w, real_share=1e-7)
        modes = end > 1e-3
        ratio = w @ (np.exp(r) / (np.exp(r) @ end)[:, None])
        assert modes.sum() <= 3 and (ratio < 1 + 1e-4).all()
        np.testing.assert_allclose(ratio[modes], 1.0, atol=1e-3)


@pytest.mark.parametrize(
    ("weight", "gaps"), [(0.4, (1.5, 2.2)), (0.7, (1.5, 2.2)), (0.5, (6.0, 7.0)), (0.1, (0.2, 3.0))]
)
def test_two_basins(weight, gaps):
    rewards = [[0.0, -gaps[0]], [-gaps[1], 0.0]]
    path = discrete.curated_mix([0.2, 0.8], rewards=rewards, weights=[weight, 1 - weight], generations=3000)
    share = discrete.curated_replace_two_basins(weight=weight, gap=gaps[0], other_gap=gaps[1])
    np.testing.assert_allclose(path[-1, 0], share, atol=1e-6)


def test_a_compromise():
    """A little better it takes everything, a little worse it dies."""
    gap = 1.3
    threshold = float(discrete.curated_replace_compromise(gap=gap))
    for less, end in ((threshold - 0.03, 1.0), (threshold + 0.03, 0.0)):
        rewards = [[0.0, -less, -gap], [-gap, -less, 0.0]]
        path = discrete.curated_mix([0.45, 0.1, 0.45], rewards=rewards, weights=[0.5, 0.5], generations=1500)
        np.testing.assert_allclose(path[-1, 1], end, atol=1e-3)


@pytest.mark.parametrize("candidates", [2, 5, None])
def test_growth_of_a_rare_symbol(candidates):
    advantages, weights, rare = np.array([1.7, -0.6, 0.4]), np.array([0.2, 0.5, 0.3]), 1e-7
    rewards = np.stack([advantages, np.zeros(3)], axis=1)
    chosen = discrete.curate([rare, 1 - rare], rewards=rewards, weights=weights, candidates=candidates)
    growth = discrete.curated_replace_growth(advantages=advantages, weights=weights, candidates=candidates)
    np.testing.assert_allclose(chosen[0] / rare - 1, growth, rtol=1e-5)


def test_two_candidates_never_keep_two_modes():
    """What one of two modes would gain where it is rare, the other would lose."""
    gaps, weights = np.array([1.5, 2.2]), np.array([0.4, 0.6])
    grows = lambda signs, k: discrete.curated_replace_growth(  # noqa: E731
        advantages=signs * gaps, weights=weights, candidates=k
    )
    signs = np.array([1.0, -1.0])
    np.testing.assert_allclose(grows(signs, 2), -grows(-signs, 2), rtol=1e-12)
    assert grows(signs, 4) > 0 < grows(-signs, 4)
    rewards = [[0.0, -gaps[0]], [-gaps[1], 0.0]]
    path = discrete.curated_mix([0.5, 0.5], rewards=rewards, weights=weights, candidates=4, generations=300)
    np.testing.assert_allclose(path[-1, 0], 0.0565, atol=1e-4)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weights": [0.5, 0.6]}, "weights must sum to one"),
        ({"weights": [1.0, 0.0]}, "weights must be positive"),
        ({"rewards": [1.0, 0.0]}, r"rewards must have shape \(2, 2\)"),
        ({"rewards": [[800.0, 0.0], [0.0, 1.0]]}, "rewards must be at most 709"),
        ({"real_share": 0.0}, "real_share must be positive"),
        ({"real_share": 1.5}, "real_share must be at most 1"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments(changes, message):
    case = dict(rewards=[[1.0, 0.0], [0.0, 1.0]], weights=[0.5, 0.5], real_share=0.1)
    with pytest.raises(ValueError, match=message):
        discrete.curated_mix_equilibrium([0.5, 0.5], **{**case, **changes})
