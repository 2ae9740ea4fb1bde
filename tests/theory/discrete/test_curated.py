"""Curation: the choice by enumeration, limits, bounds on random instances, drift with selection."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import comb
from scipy.stats import binom

from jaxcollapse.theory import discrete

pytestmark = pytest.mark.usefixtures("x64")
P, R = np.array([0.5, 0.2, 0.3]), np.array([-3.0, 4.0, 1.0])


def enumerated(p, r, candidates):
    """The law of the chosen one, from all lists of candidates."""
    law = np.zeros(len(p))
    for drawn in itertools.product(range(len(p)), repeat=candidates):
        choice = np.exp(r[list(drawn)])
        np.add.at(law, list(drawn), np.prod(p[list(drawn)]) * choice / choice.sum())
    return law


@pytest.mark.parametrize("candidates", [1, 2, 5])
def test_a_choice_by_enumeration(candidates):
    chosen = discrete.curate(P, rewards=R, candidates=candidates)
    np.testing.assert_allclose(chosen, enumerated(P, R, candidates), rtol=1e-12)


@pytest.mark.parametrize(("gap", "candidates"), [(0.0, 7), (5.0, 50), (60.0, 2), (60.0, 1000)])
def test_a_choice_between_two(gap, candidates):
    """As a sum over the number of better candidates; a symbol without probability is not chosen."""
    j, weight, p = np.arange(candidates + 1), np.exp(-gap), 1e-3
    better = j / (j + (candidates - j) * weight)
    worse = (candidates - j) * weight / (j + (candidates - j) * weight)
    law = comb(candidates, j) * p**j * (1 - p) ** (candidates - j) if candidates < 100 else binom.pmf(j, candidates, p)
    chosen = discrete.curate([p, 1 - p, 0.0], rewards=[2.0, 2.0 - gap, 2.0], candidates=candidates)
    np.testing.assert_allclose(chosen, [law @ better, law @ worse, 0.0], rtol=1e-10)


def test_the_path():
    """Two candidates of two symbols have a logistic recursion; with very many the density is tilted by the reward."""
    q, expected = 0.2, []
    for _ in range(12):
        q = 0.3 * 0.2 + 0.7 * (q + q * (1 - q) * np.tanh(0.4))
        expected.append(q)
    setting = dict(rewards=[0.8, 0.0], generations=13)
    path = discrete.curated_mix([0.2, 0.8], candidates=2, real_share=0.3, **setting)
    np.testing.assert_allclose(path[:, 0], [0.2, *expected], rtol=1e-12)
    tilted = discrete.curated_replace_limit(P, rewards=R / 4, generations=4)
    many = [discrete.curated_mix(P, rewards=R / 4, candidates=k, generations=4) for k in (1000, 10_000)]
    gaps = [np.abs(path / tilted - 1).max() for path in many]
    assert gaps[1] < 0.002 and 9 < gaps[0] / gaps[1] < 11
    x = np.linspace(-12, 12, 2001)  # a Gaussian moves by its variance times the slope of the reward
    normal = np.exp(-0.5 * x**2) / np.exp(-0.5 * x**2).sum()
    np.testing.assert_allclose(
        discrete.curated_replace_limit(normal, rewards=0.5 * x, generations=5)[1:] @ x, [0.5, 1, 1.5, 2], rtol=1e-9
    )
    assert np.isclose(discrete.curated_replace_limit([1.0, 0.0], rewards=[0.0, 9.0], generations=2)[:, 0], 1.0).all()


def test_bounds_hold():
    """On random instances; that of the gain is reached for small rewards."""
    rng = np.random.default_rng(0)

    @jax.jit
    def gains(p, r):
        value = jnp.exp(r)
        ours = [discrete.curate(p, rewards=r, candidates=k) @ value - p @ value for k in (2, 8)]
        return jnp.stack(ours), jnp.stack([discrete.curated_reward_gain(p, rewards=r, candidates=k) for k in (2, 8)])

    @jax.jit
    def divergences(p, r):
        paths = [
            discrete.curated_mix(p, rewards=r, candidates=k, generations=40, real_share=w)
            for k, w in ((2, 0.6), (3, 0.8))
        ]
        return jnp.stack([jnp.max(jnp.sum(p * jnp.log(p / path), axis=1)) for path in paths])

    many = [(rng.dirichlet(np.full(5, 0.7)), scale * rng.normal(size=5)) for scale in np.repeat([0.1, 1.0, 4.0], 30)]

    limits = [float(discrete.curated_mix_divergence(real_share=w, candidates=k)) for k, w in ((2, 0.6), (3, 0.8))]
    np.testing.assert_allclose(limits, [np.log(3.0), np.log(2.0)], rtol=1e-12)
    for p, r in many:
        gain, bound = gains(p, r)
        assert (gain >= bound * (1 - 1e-9)).all()
        assert (divergences(p, r) <= np.array(limits)).all()
    gain, bound = gains(np.array([0.5, 0.2, 0.1, 0.1, 0.1]), 1e-3 * np.arange(5.0))
    np.testing.assert_allclose(gain, bound, rtol=0.005)
    assert discrete.curated_mix_divergence(real_share=0.5, candidates=2) == np.inf


def test_two_symbols():
    """The chain of counts, its mean after one step, and the diffusion limit of its end."""
    n, s = 6, np.tanh(0.35)
    chosen = lambda q: q + q * (1 - q) * s  # noqa: E731
    law = jax.jit(
        lambda: discrete.curated_replace_two_symbols(0.3, reward=0.7, candidates=2, samples=n, generations=5)
    )()
    counts = np.arange(n + 1)
    expected = binom.pmf(counts, n, 0.3)
    for g in range(5):
        np.testing.assert_allclose(law[g], expected, atol=1e-12)
        expected = expected @ np.stack([binom.pmf(counts, n, chosen(j / n)) for j in counts])

    @jax.jit
    def ends(reward):
        setting = dict(reward=reward, candidates=6, samples=40)
        law = discrete.curated_replace_two_symbols(0.3, generations=500, **setting)
        shares, rewards = jnp.arange(41) / 40, jnp.stack([reward, 0.0])
        chosen = jax.vmap(lambda p: discrete.curate(jnp.stack([p, 1 - p]), rewards=rewards, candidates=6)[0])(shares)
        ends = jax.vmap(lambda p: discrete.curated_replace_fixation(p, **setting))(
            shares
        )  # the first generation is not curated
        return law[1] @ shares - law[0] @ chosen, law[-1], law[0] @ ends

    for reward in (0.06, 0.0, -0.06):
        gap, end, diffusion = ends(reward)
        assert abs(gap) < 1e-12
        np.testing.assert_allclose(diffusion, end[-1], rtol=0.005)
        np.testing.assert_allclose(end[0] + end[-1], 1.0, rtol=1e-5)


def test_gradients_exist():
    reward = jax.jit(lambda r: discrete.curate(P, rewards=jnp.stack([r, R[1], R[2]]), candidates=4)[0])
    slope = jax.jit(jax.grad(reward))(0.5)
    np.testing.assert_allclose(slope, (reward(0.5 + 1e-5) - reward(0.5 - 1e-5)) / 2e-5, rtol=1e-7)
    slope = jax.jit(jax.grad(lambda r: discrete.curated_replace_fixation(0.3, reward=r, candidates=2, samples=10)))(0.0)
    np.testing.assert_allclose(slope, 0.3 * 0.7 * 10 * 0.5, rtol=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: discrete.curate([0.5, 0.6], rewards=[0.0, 1.0], candidates=2), "probabilities must sum to one"),
        (lambda: discrete.curate([0.5, 0.5], rewards=[0.0], candidates=2), r"rewards must have shape \(2,\)"),
        (lambda: discrete.curate([0.5, 0.5], rewards=[0.0, np.inf], candidates=2), "rewards must be finite"),
        (lambda: discrete.curate([0.5, 0.5], rewards=[0.0, 1.0], candidates=0), "candidates must be at least 1"),
        (
            lambda: discrete.curated_replace_limit([0.5, 0.5], rewards=[0.0, 1.0], generations=0),
            "generations must be at least 1",
        ),
        (
            lambda: discrete.curated_mix([0.5, 0.5], rewards=[0.0, 1.0], candidates=2, generations=1, real_share=1.5),
            "share must be at most 1",
        ),
        (lambda: discrete.curated_mix_divergence(real_share=0.0, candidates=2), "share must be positive"),
        (
            lambda: discrete.curated_replace_two_symbols(0.5, reward=1.0, candidates=2, samples=0, generations=1),
            "samples must be at least 1",
        ),
        (
            lambda: discrete.curated_replace_fixation(1.5, reward=1.0, candidates=2, samples=5),
            "probability must be at most 1",
        ),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
