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
# # Inside JAX research code
#
# Models, workflows and formulas are pytrees and pure functions. So `vmap`, `grad`, `jit` and `shard_map` work on them,
# and they fit into a training loop of equinox and optax. The first cell splits the CPU into four devices, which must
# happen before JAX is imported.

# %%
import os

os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + " --xla_force_host_platform_device_count=4"

import equinox as eqx
import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import optax
from jax.sharding import Mesh
from jax.sharding import PartitionSpec as P

import jaxcollapse as jc

key = jax.random.key(0)
print(jax.devices())

# %% [markdown]
# ## vmap, jit and grad
#
# `simulate` is one replication. `vmap` over keys gives many; `monte_carlo` does the same in tiles, with standard errors
# and bounded memory. A number of the model, such as the noise, may be traced.

# %%
spectrum = jc.theory.Spectrum.isotropic(20)


def risk(noise, key):
    model = jc.LinearRegression(spectrum, noise=noise)
    return jc.simulate(model, jc.Replace(), key=key, samples=60, generations=5).risk


keys = jax.random.split(key, 4000)
risks = jax.jit(jax.vmap(risk, in_axes=(None, 0)))(0.5, keys)
print("simulated", risks.mean(axis=0))
print("theory   ", jc.theory.regression.ols_replace(dim=20, samples=60, noise=0.5, generations=5))

# %% [markdown]
# A gradient goes through the simulation, path by path: the same random numbers with a slightly larger noise. The theory
# has a gradient, too. Their means agree.


# %%
def slope(key):
    return jax.grad(lambda noise: risk(noise, key)[-1])(0.5)


def theory(noise):
    return jc.theory.regression.ols_replace(dim=20, samples=60, noise=noise, generations=5)[-1]


estimate = jc.monte_carlo(slope, key, 4000)
print(f"d risk / d noise: simulated {estimate.mean:.4f} ± {estimate.stderr:.4f}, theory {jax.grad(theory)(0.5):.4f}")

# %% [markdown]
# ## Many devices
#
# `shard_map` runs a part of the keys on each device.

# %%
mesh = Mesh(np.array(jax.devices()), ("replications",))


@jax.jit
def on_all_devices(keys):
    here = lambda keys: jax.vmap(lambda k: risk(0.5, k))(keys)  # noqa: E731
    split = P("replications")
    return jax.shard_map(here, mesh=mesh, in_specs=split, out_specs=split)(keys)


sharded = on_all_devices(keys)
print("devices used:", len(sharded.sharding.device_set))
print("largest relative difference to one device:", float(jnp.max(abs(sharded / risks - 1))))

# %% [markdown]
# `monte_carlo` takes all devices by itself. Tiles of replications have a fixed shape and are merged in order, so the
# result has the same bits on one device as on four.

# %%
first = jc.monte_carlo(lambda k: risk(0.5, k), key, 4000, threads=1)
again = jc.monte_carlo(lambda k: risk(0.5, k), key, 4000, threads=4, block=1)
print("the same bits:", bool(np.all(first.mean == again.mean)))

# %% [markdown]
# ## A grid with names
#
# Arrays are traced, objects are static. `dims` names the axes of the function's own result, and `to_xarray` keeps all
# names.


# %%
def error(key, *, samples, workflow):
    return jc.simulate(jc.NormalMean(0.0), workflow, key=key, samples=samples, generations=6).squared_error


grid = jc.Grid(samples=jnp.array([50, 100, 200]), workflow={"replace": jc.Replace(), "accumulate": jc.Accumulate()})
estimate = jc.monte_carlo(error, key, 20_000, grid=grid, dims=("generation",))
table = estimate.to_xarray().assign_coords(generation=np.arange(1, 7))
print(table["mean"].sel(samples=100).to_pandas().round(4))
print(dict(table["mean"].sizes))

# %% [markdown]
# ## A network whose mixture and penalty come from the theory
#
# A student learns a linear function of 20 features from 40 real rows and 400 rows that another model labelled. That
# model was a least-squares fit to 40 other real rows. How much should the real rows weigh, and how strong should the
# penalty be? `ridge_mix` predicts the risk of a *linear* student for both, so both can be learned by
# gradient, before any student is trained.

# %%
dim, real, synthetic, noise = 20, 40, 400, 0.7
spectrum = jc.theory.Spectrum.isotropic(dim)


def predicted(weight, penalty):
    """The risk of the second model; the first is a least-squares fit."""
    chain = jc.theory.regression.ridge_mix(
        spectrum,
        real_samples=real,
        samples=synthetic,
        noise=noise,
        real_weight=weight,
        penalty=jnp.stack([jnp.zeros_like(penalty), penalty]),
        generations=2,
    )
    return chain[-1]


def objective(design):
    return predicted(jax.nn.sigmoid(design["logit"]), jnp.exp(design["log_penalty"]))


@jax.jit
def learn(design):
    adam = optax.adam(0.05)

    def step(carry, _):
        design, state = carry
        value, slope = jax.value_and_grad(objective)(design)
        update, state = adam.update(slope, state)
        return (optax.apply_updates(design, update), state), value

    (design, _), values = jax.lax.scan(step, (design, adam.init(design)), length=300)
    return design, values


pooled = jnp.array(real / (real + synthetic))  # every row counts once
clean = jnp.array(noise**2 * dim / (real + synthetic))  # the best penalty, if all labels were real
design, values = learn({"logit": jax.scipy.special.logit(pooled), "log_penalty": jnp.log(clean)})
weight, penalty = jax.nn.sigmoid(design["logit"]), jnp.exp(design["log_penalty"])
print(f"before: weight {pooled:.3f}, penalty {clean:.4f}, predicted risk {values[0]:.4f}")
print(f"after:  weight {weight:.3f}, penalty {penalty:.4f}, predicted risk {values[-1]:.4f}")

# %% [markdown]
# Two students are trained with that weight and with several penalties. One is a single linear layer, which the theory
# covers. The other is a network of 32 hidden units, which it does not. What $\lambda |w|^2$ is for a linear function,
# $\lambda$ times the mean squared gradient is for any function of isotropic features, so that is the penalty of both.


# %%
def make_data(key):
    """Real and synthetic rows for one student, and the truth."""
    keys = jax.random.split(key, 7)
    truth = jax.random.normal(keys[0], (dim,))
    truth = truth / jnp.linalg.norm(truth)

    def rows(key, noise_key, n, labeller):
        x = jax.random.normal(key, (n, dim))
        return x, x @ labeller + noise * jax.random.normal(noise_key, (n,))

    x, y = rows(keys[1], keys[2], real, truth)
    generator = jnp.linalg.lstsq(x, y)[0]
    return rows(keys[3], keys[4], real, truth), rows(keys[5], keys[6], synthetic, generator), truth


def loss(student, weight, penalty, real_rows, synthetic_rows):
    def error(x, y):
        return jnp.mean((jax.vmap(student)(x) - y) ** 2)

    gradient = jax.vmap(jax.grad(student))(jnp.concatenate([real_rows[0], synthetic_rows[0][:80]]))
    collapse = penalty * jnp.mean(jnp.sum(gradient**2, axis=-1))
    return weight * error(*real_rows) + (1 - weight) * error(*synthetic_rows) + collapse


def train(student, weight, penalty, data, steps=300):
    *rows, truth = data
    adam = optax.adam(optax.cosine_decay_schedule(0.02, steps))
    params, static = eqx.partition(student, eqx.is_array)

    def step(carry, _):
        params, state = carry
        slope = jax.grad(lambda p: loss(eqx.combine(p, static), weight, penalty, *rows))(params)
        update, state = adam.update(slope, state)
        return (optax.apply_updates(params, update), state), None

    (params, _), _ = jax.lax.scan(step, (params, adam.init(params)), length=steps)
    x = jax.random.normal(jax.random.key(1), (2000, dim))
    return jnp.mean((jax.vmap(eqx.combine(params, static))(x) - x @ truth) ** 2)


students = {
    "linear layer": eqx.nn.Linear(dim, "scalar", use_bias=False, key=key),
    "32 hidden units": eqx.nn.MLP(dim, "scalar", 32, 1, activation=jnp.tanh, key=key),
}
seeds = jax.random.split(jax.random.key(2), 8)
data = [make_data(seed) for seed in seeds]
data = jax.tree.map(lambda *leaves: jnp.stack(leaves), *data)
penalties = jnp.array([0.01, float(clean), float(penalty), 0.6, 2.5])


@eqx.filter_jit
def trained(student, weight):
    """The risk for every penalty and seed."""
    for_seeds = jax.vmap(train, in_axes=(None, None, None, 0))
    return jax.lax.map(lambda penalty: for_seeds(student, weight, penalty, data), penalties)


weights = {"rows pooled": pooled, "learned weight": weight}
risks = {
    (name, how): np.asarray(trained(student, w)) for name, student in students.items() for how, w in weights.items()
}

# %%
fine = jnp.geomspace(0.008, 4.0, 60)
lines = jax.jit(jax.vmap(predicted, in_axes=(None, 0)))
fig, axes = plt.subplots(1, 2, figsize=(9.0, 3.8), sharey=True, layout="constrained")
for ax, name in zip(axes, students, strict=True):
    for (how, w), marker, line, colour in zip(weights.items(), "so", ("--", "-"), ("#D55E00", "#0072B2"), strict=True):
        values = risks[name, how]
        bars = values.std(axis=1, ddof=1) / np.sqrt(values.shape[1])
        ax.errorbar(penalties, values.mean(axis=1), bars, fmt=marker, color=colour, mfc="white", capsize=2, label=how)
        ax.plot(fine, lines(w, fine), line, color=colour, linewidth=1, label="theory, linear student")
    ax.axvline(penalty, color="0.6", linewidth=0.8, zorder=0)
    ax.set(xscale="log", xlabel="penalty λ", title=name, ylim=(0, 1.1))
axes[0].set_ylabel("excess risk")
axes[0].legend(frameon=False, fontsize="small")
plt.show()

# %%
for name in students:
    before, after = risks[name, "rows pooled"][1], risks[name, "learned weight"][2]
    print(f"{name:<16} clean design: {before.mean():.3f} ± {before.std() / len(seeds)**0.5:.3f}"
          f"   learned design: {after.mean():.3f} ± {after.std() / len(seeds)**0.5:.3f}")  # fmt: skip

# %% [markdown]
# What the theory covers is on the left: a linear student, isotropic features, an error of order $1/d$. The points of
# one colour share their eight data sets and move together. The learned design more than halves the risk of the clean
# one.
#
# On the right it covers nothing, and the lines are drawn for comparison alone. The weight carries over: it describes
# the data, and at every penalty but the largest the learned one is clearly better. The penalty does not: a network has
# more to shrink than a linear function, and its best penalty is larger. Use the design as a start for a search, not as
# its end.
