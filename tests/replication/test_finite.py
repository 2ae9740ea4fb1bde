"""The mean over the replications that are finite, and the share of the others."""

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.replication.finite import Finite, finite_moments

KEY = jax.random.key(0)


def lifetimes(key):
    """Numbers of which more and more are missing; no one has the last."""
    z = jax.random.normal(key, (3,))
    return {"a": jnp.stack([z[0], jnp.where(z[1] > 0, z[1], jnp.nan), jnp.inf]), "b": z[2]}


def test_each_entry_has_its_own_replications():
    estimate = jc.monte_carlo(lifetimes, KEY, 40, progress=False)
    rows = np.stack([estimate.replay(i)["a"] for i in range(40)])
    found, there = estimate.among_finite(), np.isfinite(rows)
    np.testing.assert_allclose(found.missing["a"], 1 - there.mean(axis=0))
    kept = rows[there[:, 1], 1]
    np.testing.assert_allclose(found.mean["a"][:2], [rows[:, 0].mean(), kept.mean()], rtol=1e-5)
    np.testing.assert_allclose(found.stderr["a"][1], kept.std(ddof=1) / np.sqrt(len(kept)), rtol=1e-5)
    assert np.isnan(found.mean["a"][2]) and found.counted["a"].tolist() == there.sum(axis=0).tolist()
    np.testing.assert_allclose(found.mean["b"], estimate.mean["b"], rtol=1e-6)
    np.testing.assert_allclose(found.stderr["b"], estimate.stderr["b"], rtol=1e-6)
    limits, theirs = found.interval(0.9), estimate.interval(0.9)
    np.testing.assert_allclose([limit["b"] for limit in limits], [limit["b"] for limit in theirs], rtol=1e-5)


def test_blocks_are_merged():
    """Whatever the blocks, and a mean far from zero."""
    rows = 1e6 + np.random.default_rng(0).normal(size=(30, 2))
    rows[3:7, 0], rows[:10, 1] = np.nan, np.inf
    count, mean, stderr = finite_moments([rows[:10], rows[10:11], rows[11:]], 2)
    for column in range(2):
        kept = rows[np.isfinite(rows[:, column]), column]
        found = count[column], mean[column], stderr[column]
        np.testing.assert_allclose(found, [len(kept), kept.mean(), kept.std(ddof=1) / len(kept) ** 0.5], rtol=1e-8)


def test_the_share_is_drawn(no_figures_left):
    found = Finite(np.ones(2), np.full(2, 0.1), np.array([0.0, 0.4]), np.array([10, 6]), {})
    ax = jc.plot.curves(found, ax=plt.figure().subplots())
    right = ax.figure.axes[1]
    np.testing.assert_allclose([bar.get_height() for bar in right.patches], found.missing)
    assert right.get_ylabel() == "share without a finite value" and "finite" in found._repr_html_()
    whole = found._replace(missing=np.zeros(2))
    assert len(jc.plot.curves(whole, ax=plt.figure().subplots()).figure.axes) == 1


def test_a_level_lies_between_zero_and_one():
    found = Finite(1.0, 0.1, 0.0, 9.0, {})
    with pytest.raises(ValueError, match="level must lie between 0 and 1, got 95"):
        found.interval(95)
