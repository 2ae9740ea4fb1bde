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
# # Linear networks, and what must become of them
#
# Gerstgrasser et al. 2024, [arXiv:2404.01413](https://arxiv.org/abs/2404.01413), train autoencoders on images and a
# diffusion model on molecules, each on what its predecessor generated: on the newest batch alone (*replace*), or on all
# data so far (*accumulate*). No theory tells what such a network must do. For *linear* networks of the same kinds there
# is one, and a network that is trained by gradient has to meet it.

# %%
import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np

import jaxcollapse as jc
from jaxcollapse.theory import networks

jax.config.update("jax_enable_x64", True)  # double precision
key = jax.random.key(0)

# %% [markdown]
# ## Linear networks: a network is a function of eigenvalues
#
# Fit a linear network to rows whose second moments are $U\,\mathrm{diag}(m)\,U'$. Trained to its optimum it generates
# rows of $N(0, U\,\mathrm{diag}(f(m))\,U')$, and architectures differ in $f$ alone. A curve below 1 shrinks a direction
# at every generation, one above 1 blurs it; where it crosses 1 from above to below a direction can stay.

# %%
levels = jnp.geomspace(20.0, 0.3, 12)
cosine = jnp.cos(0.5 * jnp.pi * jnp.linspace(0.98, 0.02, 21)[:-1])
architectures = {
    "VAE, decoder mean, c = 0.1": networks.soft_threshold(0.1),
    "VAE, with its pixel noise": networks.soft_threshold(0.1, 0.1),
    "ideal diffusion, stopped at 0.3": networks.ideal_diffusion(0.3),
    "the same, last step denoised": networks.ideal_diffusion(0.3, denoise=True),
    "DDIM, 12 levels from 20 to 0.3": networks.ddim(levels),
    "DDIM, denoisers trained for a short time": networks.ddim(levels, time=0.5),
    "ancestral sampler, 20 levels": networks.ancestral(cosine),
    "temperature 0.9": networks.temperature(0.9),
}
values = jnp.geomspace(0.02, 20.0, 300)
fig, ax = plt.subplots(figsize=(7.2, 4.4), layout="constrained")
dashes = ["-", "--", "-", "--", "-", "--", "-.", ":"]
for (name, network), dash in zip(architectures.items(), dashes, strict=True):
    ax.plot(values, network(values) / values, linestyle=dash, label=name)
ax.axhline(1.0, color="black", linewidth=0.8)
ax.set(xscale="log", ylim=(0.0, 2.0), xlabel="eigenvalue λ of the data", ylabel="f(λ)/λ, what one generation keeps")
ax.legend(fontsize=8, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.16), frameon=False)
plt.show()

# %% [markdown]
# ## Total variance: exact for every number of rows
#
# A VAE that generates the mean of its decoder, as the studies of collapse let it, loses $c = \beta\sigma^2$ of every
# direction at every fit. Its mean total variance follows from the weight matrix $W$ of the workflow,
#
# $$E\,\mathrm{tr}\,C_g = \sum_i W_{gi}\,E\,\mathrm{tr}\,C_{i-1}
# + \Big(1 - \sum_i W_{gi}\Big)\,\mathrm{tr}\,\Sigma - pc.$$
#
# Points are networks that 600 steps of Adam have trained on 200 rows, lines are `networks.trace`. Since a workflow is a
# matrix, one program trains under all four.

# %%
eigenvalues, noise, samples, generations = jnp.array([6.0, 5.0, 4.0, 3.5, 3.0, 2.5]), 0.25, 200, 6
flows = {
    "replace": jc.Replace(),
    "window of 2": jc.Window(2),
    "accumulate": jc.Accumulate(),
    "real data with weight 0.4": jc.Mix("fixed", weight=0.4),
}
matrices = jnp.stack([flow.weights(jnp.full(generations, float(samples)))[0] for flow in flows.values()])


def total_variance(key, *, flow):
    model = jc.LinearVAE(eigenvalues, noise=noise, steps=600)
    run = jc.simulate(model, jc.Weighted(matrices[flow]), key=key, samples=samples, generations=generations)
    return run.trace


estimate = jc.monte_carlo(total_variance, key, 256, grid=jc.Grid(flow=np.arange(len(flows))))
network = networks.soft_threshold(noise)
theory = jnp.stack([networks.trace(eigenvalues, network, flow, generations=generations) for flow in flows.values()])
fig, ax = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
jc.plot.curves(estimate, theory, label=list(flows), ylabel="total variance", ax=ax)
plt.show()
print(f"largest distance in standard errors: {np.max(abs(estimate.mean - theory) / estimate.stderr):.1f} of 24")

# %% [markdown]
# ## Accumulation does not stop this collapse: it slows its clock to the logarithm
#
# Under *replace* a direction is gone at $g = \lambda/c$; under *accumulate* when $1 + 1/2 + \dots + 1/g$ reaches
# $\lambda/c$, near $e^{\lambda/c - 0.577}$. Ticks at the bottom are these times, `networks.collapse_time`; lines are
# `networks.orbit`, the limit of many rows; points have 2,000 rows.

# %%
lives, c, late = jnp.array([4.2, 3.3, 2.4, 1.6]), 1.0, 40
shown = np.unique(np.round(np.geomspace(1, late, 16)).astype(int))
fig, axes = plt.subplots(1, 2, figsize=(8.4, 3.8), sharey=True, layout="constrained")
for ax, flow in zip(axes, (jc.Replace(), jc.Accumulate()), strict=True):

    def directions(key, flow=flow):
        model = jc.LinearVAE(lives, noise=c, solver="optimum")
        return jc.simulate(model, flow, key=key, samples=2000, generations=late).variances

    points = jc.monte_carlo(directions, key, 64).mean
    lines = networks.orbit(lives, networks.soft_threshold(c), flow, generations=late)
    times = networks.collapse_time(lives, flow, c=c)
    for i, life in enumerate(lives):
        (line,) = ax.plot(np.arange(1, late + 1), lines[:, i], linewidth=1, label=f"λ/c = {life:g}")
        ax.plot(shown, points[shown - 1, i], "o", markersize=4, markerfacecolor="white", color=line.get_color())
        ax.plot(times[i], -0.12, "^", color=line.get_color(), clip_on=False)
    ax.set(xscale="log", xlabel="generation g", title=type(flow).__name__, ylim=(-0.2, 3.4))
    ax.set_xticks([1, 2, 4, 10, 20, 40], ["1", "2", "4", "10", "20", "40"])
axes[0].set_ylabel("variance of a direction, in units of c")
axes[0].legend()
plt.show()

# %% [markdown]
# A share $w$ of real data saves a direction for ever if $w\lambda > c$, and only then:

# %%
for share in (0.1, 0.25, 0.3, 0.5):
    alive = networks.survives(lives, c=c, real_share=share)
    print(f"w = {share:4.2f}: saved {[f'{life:g}' for life in lives[alive]]}")

# %% [markdown]
# ## The claims
#
# Each of these statements is a claim that a network trained by gradient has to meet: `jaxcollapse verify`
# decides them. One in full:

# %%
verdict = jc.verify(jc.claims.get("linear-diffusion-accumulate"), key, precision="quick")
print(verdict.summary())
jc.plot.verdict(verdict)
plt.show()
