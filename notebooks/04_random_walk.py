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
# # A random walk
#
# Xu, He and Cheng 2025, [A Probabilistic Perspective on Model Collapse](https://arxiv.org/abs/2505.13947).
#
# **The setting.** An estimator $A$ is fitted to $n_1$ real samples. From then on each generation draws $n_t$ samples
# from the last fit $\hat\theta_{t-1}$ and fits again: $\hat\theta_t = A(D_t)$. If $A$ is unbiased, $\hat\theta_t$ is a
# martingale, and its steps have the variance $\Sigma/n_t$: a random walk. So the questions are those of a walk. How far
# does it go? How fast must $n_t$ grow for it to stop? How likely does it come back nearer to the truth?

# %%
import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np

import jaxcollapse as jc

jax.config.update("jax_enable_x64", True)  # double precision
key = jax.random.key(0)

# %% [markdown]
# ## The theorems as claims

# %%
claims = {c.name: c for c in jc.claims.all() if c.reference and c.reference.arxiv == "2505.13947"}
for claim in claims.values():
    print(f"{claim.name}\n    {claim.statement}")

# %% [markdown]
# Some of them, decided by simulation. `precision="quick"` is content with three times the usual tolerance.

# %%
names = ("figure-3-probability", "tilted-moment", "improvement-replace", "improvement-superlinear", "linear-schedule",
         "superlinear-schedule", "biased-slow", "biased-fast")  # fmt: skip
verification = jc.verify([claims[f"xu-{name}"] for name in names], key, precision="quick")
print(verification.summary())

# %%
verdicts = {verdict.claim.name: verdict for verdict in verification}
jc.plot.verdict(verdicts["xu-superlinear-schedule"])
plt.show()

# %% [markdown]
# ## The walk itself
#
# What the paper draws as an illustration: the mean of a Gaussian with known variance, one path per replication. On the
# left $n_t = 100$, on the right $n_t = 100\,t^2$. The dashed lines are $\pm 1.28$ standard deviations,
# $\sigma \sqrt{\sum_{s \le t} 1/n_s}$: a tenth of the walks is above, a tenth below.

# %%
figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.8), layout="constrained", sharey=True)
t = jnp.arange(1.0, 101.0)
for ax, power in zip(axes, (0, 2), strict=True):
    samples = jc.schedule.polynomial(100.0, power)

    def walk(key, samples=samples):
        """One path."""
        return jc.simulate(jc.NormalMean(0.0), jc.Replace(), key=key, samples=samples, generations=100).estimate

    paths = jax.jit(jax.vmap(walk))(jax.random.split(key, 2000))
    jc.plot.trajectories(paths, ax=ax, truth=0.0, xlabel="generation t", ylabel="estimate")
    deviation = jnp.sqrt(jc.theory.mean.mean_replace_variance(samples=jnp.broadcast_to(samples(t), 100)))
    for sign in (-1, 1):
        ax.plot(t, sign * 1.2816 * deviation, "k--", linewidth=1)
axes[0].set_title("constant samples: the walk never stops")
axes[1].set_title("quadratic samples: it stops")
plt.show()

# %% [markdown]
# ## Figure 3: the variance dies while its mean stays one
#
# A Gaussian with unknown mean and variance, $n = 100$, for $T = 100, \dots, 500$ generations and 10,000 chains. The
# figure of the paper has three panels: the share of chains with $\hat\sigma^2_T \le 0.05$, the largest
# $\hat\sigma^2_T$ among the chains, and the risk $E(\hat\sigma_T^2 - 1)^2$ as they estimate it.
#
# The exact law of $\hat\sigma_T^2 = \prod_{t \le T} \chi^2_{n-1}/(n-1)$ gives all three. The caption does not say which
# variance divisor is meant: here it is $n - 1$ (`ddof=1`), and the first panel has the law for $n$ as well.

# %%
horizons = np.array([100, 200, 300, 400, 500])
ladder = np.arange(25, 501, 25)
law = jc.theory.gaussian


def three_panels(key):
    """What one chain adds to each panel."""
    chain = jc.simulate(jc.Gaussian(ddof=1), jc.Replace(), key=key, samples=100, generations=500)
    x = chain.variance[horizons - 1]
    return {"collapsed": x <= 0.05, "variance": x, "square": (x - 1) ** 2}


chains = jc.monte_carlo(three_panels, key, replications=10_000)

figure, ax = plt.subplots(figsize=(6.4, 4), layout="constrained")
for ddof, line, name in ((1, "-", "divisor n − 1"), (0, "--", "divisor n")):
    exact = [law.variance_cdf(0.05, samples=100, generations=int(T), ddof=ddof) for T in ladder]
    ax.plot(ladder, exact, "k", linestyle=line, label=f"exact law, {name}")
mean, lower, upper = (x["collapsed"] for x in (chains.mean, *chains.interval(0.95)))
ax.errorbar(horizons, mean, [mean - lower, upper - mean], fmt="o", mfc="white", capsize=3, label="10,000 chains, n − 1")
ax.set(xlabel="generation T", ylabel="P(variance ≤ 0.05)", ylim=(0, 1.02))
ax.legend(frameon=False)
plt.show()

# %% [markdown]
# The other two panels have heavy tails: another set of 10,000 chains shows another maximum, and none of them shows the
# risk. So the theory is not a mean but a *law*: the median, and the band in which nine tenths of such figures lie.

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.8), layout="constrained")
setting = dict(samples=100, ddof=1)
bands = [[law.variance_maximum_quantile(p, replications=10_000, generations=int(T), **setting) for T in horizons]
         for p in (0.05, 0.5, 0.95)]  # fmt: skip
left.fill_between(horizons, bands[0], bands[2], color="0.88", label="theory: 90 % of figures")
left.plot(horizons, bands[1], "k-", label="theory: median")
left.plot(horizons, chains.maximum["variance"], "o", color="#0072B2", mfc="white", label="these 10,000 chains")
left.set(xlabel="generation T", ylabel="largest variance", yscale="log")

typical = [jc.theory.gaussian.estimated_risk_quantile(0.5, replications=10_000, generations=int(T), **setting)
           for T in (100, 500)]  # fmt: skip
right.plot(range(1, 501), law.variance_risk(generations=500, **setting), "k--", label="theory: exact risk")
right.plot((100, 500), typical, "kx", label="theory: median of what 10,000 chains show")
right.plot(horizons, chains.mean["square"], "o", color="#0072B2", mfc="white", label="these 10,000 chains")
right.set(xlabel="generation T", ylabel="risk of the variance", yscale="log", ylim=(1, 1e5))
for ax in (left, right):
    ax.legend(frameon=False, loc="upper left")
plt.show()
print("usable as a mean:", chains.usable["square"])

# %% [markdown]
# The estimate itself says so: `usable` is false where a few replications carry a mean. Chains that are *tilted* towards
# large variances find the moment (claim `xu-tilted-moment`).
#
# ## How fast must samples grow?
#
# With $n_t = c\,t^{1+s}$ the error of an unbiased walk stays bounded if and only if $s > 0$. A bias of order
# $n^{-\kappa}$ needs $s > 1/\kappa - 1$ as well: for $\kappa = 1/2$ faster than $t^2$. Four verdicts in one picture.

# %%
figure, ax = plt.subplots(figsize=(6.4, 4), layout="constrained")
ax.set(xscale="log", yscale="log")
schedules = {
    "linear-schedule": "$n_t = 2t$",
    "superlinear-schedule": "$n_t = 2t^2$",
    "biased-slow": "biased, $n_t = 2t^{1.5}$",
    "biased-fast": "biased, $n_t = 2t^{3.5}$",
}
for name, label in schedules.items():
    verdict = verdicts[f"xu-{name}"]
    times = verdict.claim.axis.values
    jc.plot.curves(verdict.estimate, verdict.theory, x=times, ax=ax, label=label, ylabel="squared error")
ax.set(xlabel="generation T", title="Lines: the error (growing) or its limit (flat)")
plt.show()

# %% [markdown]
# ## When does synthetic data beat real data?
#
# The last fit is nearer to the truth than the first one with probability $\frac1\pi \arctan(2 s_1/s_2)$, where $s_1$ is
# the standard deviation of the first error and $s_2$ that of the drift since. In $p$ dimensions a Student variate with
# $p$ degrees of freedom takes the place of the Cauchy one: in many dimensions luck averages out.

# %%
figure, ax = plt.subplots(figsize=(6.4, 4), layout="constrained")
for name, label in (("improvement-replace", "n = 100"), ("improvement-superlinear", "$n_t = 100 t^2$")):
    verdict = verdicts[f"xu-{name}"]
    times = verdict.claim.axis.values
    jc.plot.curves(verdict.estimate, verdict.theory, x=times, ax=ax, label=label, ylabel="P(last beats first)")
T = np.arange(2, 21)
for dim, line in ((5, "--"), (20, ":")):
    ratio = jc.theory.mean.mean_replace_drift_ratio(samples=100.0 * jnp.arange(1.0, 21.0) ** 2)[1:]
    curve = jc.theory.mean.improvement_probability(ratio=ratio, dim=dim)
    ax.plot(T, curve, "0.4", linestyle=line, label=f"theory, {dim} dimensions, $n_t = 100 t^2$")
ax.set_ylim(0, 0.65)
ax.legend(frameon=False, fontsize="small", ncols=2, loc="upper right")
plt.show()

# %% [markdown]
# ## Read with care
#
# We know of no misprint in this paper. Two things decide what its figure 3 shows:
#
# - **The divisor.** At $T = 500$ the share of collapsed chains is 74 % with $n - 1$ and 99 % with $n$. The risk grows
#   without bound with $n - 1$, and stays below 2 with $n$.
# - **The number of chains.** The risk at $T = 500$ is 22,033; 10,000 chains typically show about 260.

# %%
for ddof in (1, 0):
    risk = law.variance_risk(samples=100, generations=500, ddof=ddof)[-1]
    print(f"ddof={ddof}: P = {law.variance_cdf(0.05, samples=100, generations=500, ddof=ddof):.3f}, risk = {risk:,.2f}")
print(f"what 10,000 chains show of the risk: {typical[-1]:,.0f}")

# %% [markdown]
# ## Ask your own question
#
# **How should a budget be spent?** If only the final generation counts, equal sizes are best; if all of them count, the
# early ones deserve more:

# %%
for objective in ("final", "sum"):
    sizes = jc.theory.mean.mean_replace_allocation(budget=1000.0, generations=5, objective=objective)
    print(f"{objective}: {np.round(np.asarray(sizes)).astype(int)}")

# %% [markdown]
# **How much growth does a bias need?**

# %%
for order in (1.0, 0.5, 0.25):
    growth = float(jc.theory.mean.mean_replace_required_growth(order=order))
    print(f"bias n^-{order:g}: n_t = t^(1 + s) with s > {growth:g}")

# %% [markdown]
# **Try this.**
#
# - In the first figure put `jc.Exponential(1.0)` for `jc.NormalMean(0.0)` and `truth=1.0`: now the steps are
#   proportional to the estimate. Does the walk still come back?
# - In figure 3 put `samples=jc.schedule.polynomial(100.0, 1.0)`. Does the variance survive?
# - `jc.theory.mean.estimated_improvement_probability(samples=10, generations=50, ddof=1)` is the chance to win
#   if the variance is estimated too. Why is it larger?
