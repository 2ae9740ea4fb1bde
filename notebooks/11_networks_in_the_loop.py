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
# # Networks in the loop
#
# Two of the experiments with which Gerstgrasser et al. 2024 (arXiv:2404.01413) began are an autoencoder of images and a
# diffusion model of molecules, trained on what they generate. Both run here in small, on handwritten digits and
# on pentane, in about a minute each.

# %%
import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np

import jaxcollapse as jc
from jaxcollapse.claims.networks.trained import bond_spread

key = jax.random.key(0)

# %% [markdown]
# ## Digits
#
# A variational autoencoder with eight latent directions. Each generation is trained on 1,000 images: those of its
# predecessor alone, all images so far, or those of its predecessor and the real ones with equal weights. A classifier
# that is trained once on real digits says which labels are drawn.

# %%
pixels, digit = jc.datasets.digits("digit")
order = np.random.default_rng(0).permutation(len(pixels))
real, held_out = pixels[order[397:]], pixels[order[:397]]
vae = jc.VAE(real, held_out, jc.Classifier(real, digit[order[397:]]))
generations = 6
matrices = {"Replace": np.eye(6), "Accumulate": np.tril(np.ones((6, 6))) / np.arange(1, 7)[:, None]}
matrices["half real"] = 0.5 * np.eye(6) + 0.5 * np.eye(6)[0]
stack = jnp.asarray(np.stack(list(matrices.values())))


def network(params, g):
    """The network of one generation of a run."""
    return jax.tree.map(lambda leaf: leaf[g] if hasattr(leaf, "shape") else leaf, params)


def digits(key, flow):
    """All metrics, and the same ten draws of every generation."""
    run = jc.simulate(vae, jc.Weighted(stack[flow]), key=key, samples=1000, generations=generations)
    return {**run.metrics, "drawn": jnp.stack([vae.draw(network(run.params, g), key, 10) for g in range(generations)])}


estimate = jc.monte_carlo(digits, key, 4, grid=jc.Grid(flow=np.arange(3)))
drawn = estimate.replay(0)["drawn"]

# %% [markdown]
# Strips of generated digits, one replication: a row is a generation, from the first on top to the sixth. Under Replace
# they blur and become alike; with real data they stay sharp.

# %%
figure, axes = plt.subplots(3, 1, figsize=(4.8, 9.2), layout="constrained")
for ax, name, images in zip(axes, matrices, drawn, strict=True):
    framed = np.pad(images.reshape(generations, 10, 8, 8), ((0, 0), (0, 0), (1, 1), (1, 1)))
    strip = framed.transpose(0, 2, 1, 3).reshape(10 * generations, 100)
    ax.imshow(strip, cmap="gray_r", vmin=0, vmax=1)
    ax.set_title(name)
    ax.set_xticks([])
    ax.set_yticks(10 * np.arange(generations) + 4.5, [f"g = {g}" for g in range(1, generations + 1)])

# %% [markdown]
# What is measured: the negative ELBO of held-out digits, how evenly labels are spread, and the variance of the pixels.
# The dashed lines are no fit: they follow from the curve under Replace alone, if what a fit does to its pool is a
# function of the pool's variance.

# %%
start = float(np.asarray(vae.rows).var(axis=0).sum())
curve = np.concatenate([[start], estimate.mean["variance"][0]])
before = np.argsort(curve[:-1])


def predicted(matrix):
    found = [start]
    for row in matrix:
        pool = row[: len(found)] @ np.array(found)
        found.append(np.interp(pool, curve[:-1][before], curve[1:][before]))
    return found[1:]


g = np.arange(1, generations + 1)
measured = {"nelbo": "−ELBO", "entropy": "label entropy", "variance": "pixel variance"}
figure, axes = plt.subplots(1, 3, figsize=(9.6, 3.2), layout="constrained")
for ax, (metric, label) in zip(axes, measured.items(), strict=True):
    for i, name in enumerate(matrices):
        ax.errorbar(g, estimate.mean[metric][i], estimate.stderr[metric][i], marker="o", markersize=3, label=name)
        if metric == "variance" and i > 0:
            ax.plot(g, predicted(matrices[name]), "k--", linewidth=1)
    ax.set_xlabel("generation g")
    ax.set_ylabel(label)
axes[0].legend()
plt.show()

# %% [markdown]
# ## Pentane
#
# A diffusion model of 1,000 conformers, in bond lengths, angles and the cosines and sines of two torsions. Its real law
# is known: `alkane` draws it exactly, and `torsion_law` integrates it.

# %%
pentane = jc.datasets.alkane(jax.random.key(5), 2000, 5)
diffusion = jc.Diffusion(pentane._replace(x=pentane.x[1000:]), pentane.x[:1000])
short, replications = 4, 4


def molecules(key, flow):
    """All metrics, and the torsions of 1,000 conformers of the first and of the last generation."""
    run = jc.simulate(diffusion, jc.Weighted(stack[flow, :short, :short]), key=key, samples=1000, generations=short)
    drawn = [diffusion.angles(diffusion.draw(network(run.params, g), key, 1000)) for g in (0, short - 1)]
    return {**run.metrics, "torsions": jnp.stack(drawn)}


sampled = jc.monte_carlo(molecules, key, replications, grid=jc.Grid(flow=np.arange(2)))
law = jc.datasets.torsion_law(300.0, 5)
trans = law.sum(axis=0)[[0, 1, 2, 3, -4, -3, -2, -1]].sum()
print(f"the exact share of trans is {trans:.4f}")

# %% [markdown]
# The two torsions of generated conformers, pooled over the replications, over the exact law. The corners are trans;
# under Replace the gauche states between them empty.

# %%
angles = np.stack([sampled.replay(i)["torsions"] for i in range(replications)], axis=2)
angles = angles.reshape(2, 2, -1, 2)
edges = np.linspace(-180, 180, 25)
figure, axes = plt.subplots(2, 3, figsize=(9.6, 6.2), layout="constrained", sharex=True, sharey=True)
for row, name in enumerate(("Replace", "Accumulate")):
    panels = {"exact law": law}
    for place, generation in enumerate((1, short)):
        counts = np.histogram2d(*np.degrees(angles[row, place]).T, bins=edges)[0]
        panels[f"{name}, g = {generation}"] = counts / counts.sum()
    for ax, (title, shares) in zip(axes[row], panels.items(), strict=True):
        image = ax.pcolormesh(edges, edges, np.log10(np.maximum(shares, 1e-5)).T, cmap="viridis", vmin=-5, vmax=-1)
        ax.set_title(title)
        ax.set_xticks([-180, -60, 60, 180])
        ax.set_yticks([-180, -60, 60, 180])
figure.supxlabel("first torsion (degrees)")
figure.supylabel("second torsion (degrees)")
figure.colorbar(image, ax=axes, label="log10 of the share of a cell")
plt.show()

# %% [markdown]
# The share of trans against its exact value, the entropy of the torsion states, and the spread of the bond lengths.
# The dashed line is what the sampler does to bond lengths with a perfect denoiser: twenty steps take a tenth of their
# spread at every generation, and nothing is fitted.

# %%
g, filtered = np.arange(1, short + 1), bond_spread(short)
measured = {"trans": "share of trans", "entropy": "state entropy", "bond_spread": "bond spread / real"}
figure, axes = plt.subplots(1, 3, figsize=(9.6, 3.2), layout="constrained")
for ax, (metric, label) in zip(axes, measured.items(), strict=True):
    for i, name in enumerate(("Replace", "Accumulate")):
        ax.errorbar(g, sampled.mean[metric][i], sampled.stderr[metric][i], marker="o", markersize=3, label=name)
    ax.set_xlabel("generation g")
    ax.set_ylabel(label)
    ax.set_xticks(g)
axes[0].axhline(trans, color="black", linewidth=1)
axes[2].plot(g, filtered, "k--", linewidth=1)
axes[0].legend()
plt.show()

# %% [markdown]
# ## Next to the published curves
#
# Gerstgrasser et al. train a larger autoencoder on faces (CelebA) and GeoDiff on drug-like molecules. Networks, data
# and losses differ: hollow points are their test losses, read off their figures, lines are ours, each in units of its
# first value. Replacing loses more at every generation there as here. Where data accumulates, the loss of their
# autoencoder still rises, by the same amount at each of the last eight iterations; that of their molecules stays at
# about one and a half times its first value.

# %%
published = {
    "Replace": [
        [0.01953, 0.01995, 0.02120, 0.02271, 0.02465, 0.02625, 0.02766, 0.02876, 0.02986, 0.03045],
        [54.7, 384.7, 411.0, 381.0, 365.0, 399.0],
    ],
    "Accumulate": [
        [0.01953, 0.01928, 0.01938, 0.01951, 0.01967, 0.01975, 0.01985, 0.01995, 0.02004, 0.02015],
        [54.7, 84.8, 80.4, 90.4, 89.6, 84.0],
    ],
}
ours = [estimate.mean["mse"], sampled.mean["loss"]]
figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.6), layout="constrained")
for ax, place, title in zip(axes, (0, 1), ("images: squared error", "molecules: denoising loss"), strict=True):
    for i, (name, curves) in enumerate(published.items()):
        theirs = np.array(curves[place]) / curves[place][0]
        own = ours[place][i] / ours[place][i][0]
        ax.plot(np.arange(1, len(own) + 1), own, color=f"C{i}", label=f"{name}, here")
        points = dict(marker="o", linestyle="", markerfacecolor="none", color=f"C{i}", label=f"{name}, paper")
        ax.plot(np.arange(1, len(theirs) + 1), theirs, **points)
    ax.set(title=title, xlabel="generation g", yscale="log" if place else "linear")
axes[0].set_ylabel("test loss, in units of its first value")
axes[1].set_yticks([1, 2, 4, 8], ["1", "2", "4", "8"])
axes[1].minorticks_off()
axes[1].legend(loc="center", bbox_to_anchor=(0.55, 0.6))
plt.show()
