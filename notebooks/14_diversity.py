# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Diversity: populations of symbols
#
# A model of symbols that is trained on its own draws is a population: rows are individuals, symbols are alleles, and a
# generation is a generation. What population genetics has known for decades is exact theory of such loops. And where
# users choose what is kept, it is selection.

# %%
import jax
import matplotlib.pyplot as plt
import numpy as np

import jaxcollapse as jc
from jaxcollapse.theory import discrete

jax.config.update("jax_enable_x64", True)  # double precision
key = jax.random.key(0)

# %% [markdown]
# ## A vocabulary forgets its rare words
#
# Words of Zipf's law, 400 draws in every generation. The probability that a word is missing follows from the ancestors
# of the draws alone, `discrete.categorical_replace_lost`, and with a share of real draws from ancestors whose lines end
# where a draw is real, `discrete.contaminated_replace_lost`. Points are 2,000 simulated loops.

# %%
words, size, generations = 200, 400, 60
zipf = discrete.zipf(words, exponent=1.2)
shares = {0.0: "no real draws", 0.02: "2 % real draws", 0.2: "20 % real draws"}
fig, ax = plt.subplots(figsize=(6.4, 4.0), layout="constrained")
ranks = np.unique(np.round(np.geomspace(1, words, 25)).astype(int))
for share, label in shares.items():
    if share:
        model = jc.ContaminatedCategorical(zipf, real_share=share)
        lost = discrete.contaminated_replace_lost(zipf, samples=size, real_share=share, generations=generations)[-1]
    else:
        model = jc.Categorical(zipf)
        lost = discrete.categorical_replace_lost(zipf, samples=size, generations=generations)[-1]

    def there(key, model=model):
        return jc.simulate(model, jc.Replace(), key=key, samples=size, generations=generations).params[-1] > 0

    estimate = jc.monte_carlo(there, key, 2_000)
    (line,) = ax.plot(np.arange(1, words + 1), 1 - lost, label=label)
    ax.plot(ranks, estimate.mean[ranks - 1], "o", markersize=4, markerfacecolor="white", color=line.get_color())
ax.set(xscale="log", xlabel="rank of the word", ylabel=f"P(it is there at generation {generations})")
ax.legend()
plt.show()

# %% [markdown]
# ## Every workflow has an effective size
#
# The mean diversity, the probability that two draws differ, falls by a factor in every generation:
# $E H_g = H \prod_t (1 - 1/n_e(t))$. A buffer of 60 rows that drops its oldest rows is the window of three batches of
# 20, and loses diversity faster than one that drops random rows.

# %%
flows = {
    "replace": jc.Replace(),
    "last 3 batches": jc.Window(3),
    "moving average, gain 0.4": jc.MovingAverage(0.4),
    "buffer of 60, oldest row leaves": jc.ReplayBuffer(60, evict="oldest"),
    "buffer of 60, random row leaves": jc.ReplayBuffer(60),
    "random part of all": jc.AccumulateSubsample(),
    "accumulate": jc.Accumulate(),
}
fig, ax = plt.subplots(figsize=(6.4, 4.0), layout="constrained")
for name, flow in flows.items():
    left = discrete.remaining_diversity(flow, samples=20, generations=40)
    ax.plot(np.arange(1, 41), left, "--" if "oldest" in name else "-", label=name)
ax.set(xlabel="generation, 20 new rows in each", ylabel="diversity left", ylim=(0, 1))
ax.legend(fontsize=8)
plt.show()
for name, flow in flows.items():
    size = discrete.effective_size(flow, samples=20, generations=40)[-1]
    print(f"{name:32s} effective size at generation 40: {size:8.1f}")

# %% [markdown]
# Row by row the order of eviction costs a factor of two: for each new row a buffer of 20 loses four times as much as a
# batch of 20 that replaces another if its oldest row leaves, nearly, and twice as much if a random one does.

# %%
rows = dict(samples=np.array([20] + [1] * 100), generations=101)
batch = 1 / discrete.effective_size(jc.Replace(), samples=20, generations=3)[-1] / 20
for evict in ("random", "oldest"):
    event = 1 / discrete.effective_size(jc.ReplayBuffer(20, evict=evict), **rows)[-1]
    print(f"{evict:6s} row leaves: {event / batch:.2f} times as much")

# %% [markdown]
# ## Curation: no more modes than groups
#
# Of infinitely many draws a user keeps the best; users come in groups that like different things. Three symbols are the
# corners of a triangle, and each line is a loop (`discrete.curated_mix`). One group leads to one corner, two groups to
# two of them or to a compromise, and three may keep all.

# %%
corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(0.75)]])
tastes = {
    "one group": ([[0.4, 0.0, 0.2]], [1.0]),
    "two groups": ([[0.5, 0.0, 0.05], [0.0, 0.5, 0.05]], [0.5, 0.5]),
    "two groups, a good compromise": ([[0.5, 0.0, 0.35], [0.0, 0.5, 0.35]], [0.5, 0.5]),
    "three groups": ([[0.5, 0.0, 0.0], [0.0, 0.5, 0.0], [0.0, 0.0, 0.5]], [0.4, 0.3, 0.3]),
}
starts = np.array(
    [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8], [0.45, 0.45, 0.1], [0.3, 0.1, 0.6], [0.1, 0.4, 0.5]]
)
fig, axes = plt.subplots(1, 4, figsize=(10.5, 2.9), layout="constrained")
for ax, (name, (rewards, weights)) in zip(axes, tastes.items(), strict=True):
    ax.plot(*corners[[0, 1, 2, 0]].T, color="0.6", linewidth=0.8)
    for start in starts:
        path = discrete.curated_mix(start, rewards=rewards, weights=weights, generations=400) @ corners
        ax.plot(*path.T, linewidth=1)
        ax.plot(*path[-1], "o", color="black", markersize=5)
    ax.set_title(name, fontsize=9)
    ax.set_axis_off()
    ax.set_aspect("equal")
plt.show()

# %% [markdown]
# With finitely many candidates to choose from, two groups may keep no more than one mode: with two candidates they
# never keep two. A mode survives if it grows where it is rare, by `discrete.curated_replace_growth` in a generation.

# %%
gaps, weights = np.array([1.5, 2.2]), np.array([0.4, 0.6])
for candidates in (2, 3, 4, 8, None):
    grown = [
        float(discrete.curated_replace_growth(advantages=signs * gaps, weights=weights, candidates=candidates))
        for signs in (np.array([1.0, -1.0]), np.array([-1.0, 1.0]))
    ]
    print(f"K = {candidates or '∞'}: growth where rare {grown[0]:+.3f} and {grown[1]:+.3f}")

# %% [markdown]
# Any share of real data, however small, gives the loop one end, which is found without running it
# (`discrete.curated_mix_equilibrium`):

# %%
rewards, weights = tastes["two groups"]
for share in (0.5, 0.1, 0.01, 0.001):
    end = discrete.curated_mix_equilibrium([0.2, 0.2, 0.6], rewards=rewards, weights=weights, real_share=share)
    print(f"real share {share:5.3f}: {np.round(np.asarray(end), 3)}")

# %% [markdown]
# ## The claims
#
# One in full; `jaxcollapse list` has the others.

# %%
verdict = jc.verify(jc.claims.get("own-groups-share"), key, precision="quick")
print(verdict.summary())
jc.plot.verdict(verdict)
plt.show()
