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
# # Design by gradient
#
# Every formula of `jaxcollapse.theory` is a JAX function. So a penalty, a mixing weight or a sample size can be
# *learned*: differentiate the predicted risk and descend. This notebook learns four designs with optax, sets each
# against the closed form of the same optimum, and simulates what it found.
#
# 1. The penalty of one ridge fit on fake labels.
# 2. A penalty for each generation of a chain.
# 3. The weight of real data in each generation.
# 4. A budget of samples over generations.

# %%
import functools

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import optax

import jaxcollapse as jc

jax.config.update("jax_enable_x64", True)  # minima are flat: single precision finds them to three digits
key = jax.random.key(0)


# %% [markdown]
# One function does all the learning. It takes a loss and a start, and returns where Adam ended. What follows the start
# is handed to the loss.


# %%
@functools.partial(jax.jit, static_argnames="loss")
def descend(loss, start, *context):
    """600 steps of Adam with a decaying rate."""
    adam = optax.adam(optax.cosine_decay_schedule(0.1, 600))

    def step(carry, _):
        params, state = carry
        update, state = adam.update(jax.grad(loss)(params, *context), state)
        return (optax.apply_updates(params, update), state), None

    return jax.lax.scan(step, (start, adam.init(start)), length=600)[0][0]


# %% [markdown]
# ## 1. The penalty of one fit on fake labels
#
# Three generators, one after the other, each fitted by least squares to 150 rows that its predecessor labelled. Then a
# ridge fit with the penalty $\lambda$ on 120 rows that the last of them labelled. Its risk has three parts,
# bias + variance + $n \sigma_0^2 \rho$ for $n$ generators: `ridge_downstream_terms`.
#
# The penalty that is best on clean labels is $\sigma^2 d / T$. It does not know that the labels are fake. The gradient
# does. `adaptive_penalty` finds the same minimum by a search without gradients.

# %%
regression = jc.theory.regression
spectrum = jc.theory.Spectrum.isotropic(60)


@jax.jit
def risk(log_penalty, generators=3):
    parts = regression.ridge_downstream_terms(
        spectrum, penalty=jnp.exp(log_penalty), samples=120, noise=0.5, generator_samples=150
    )
    return parts.bias + parts.variance + generators * 0.5**2 * parts.collapse


clean = jnp.log(0.5**2 * 60 / 120)
learned = descend(risk, clean)
closed = regression.adaptive_penalty(
    spectrum, samples=120, noise=0.5, generators=3, generator_samples=150, generator_noise=0.5
)
for name, log_penalty in (("clean labels", clean), ("learned", learned), ("adaptive_penalty", jnp.log(closed))):
    print(f"{name:<17} λ = {jnp.exp(log_penalty):.4f}   predicted risk {risk(log_penalty):.4f}")


# %% [markdown]
# Now the simulation: a chain of four fits, each with its own sample size and penalty. Six such plans make a grid. The
# same random numbers serve all of them.


# %%
def last_risk(key, *, plan):
    sizes, penalties = plan
    model = jc.LinearRegression(spectrum, noise=0.5, penalty=lambda g: penalties[g.astype(int) - 1])
    run = jc.simulate(model, jc.Replace(), key=key, samples=lambda g: sizes[g.astype(int) - 1], generations=4)
    return run.risk[-1]


penalties = jnp.array([0.03, float(jnp.exp(clean)), 0.25, float(jnp.exp(learned)), 1.0, 3.0])
plans = jnp.stack([jnp.array([[150, 150, 150, 120], [0, 0, 0, penalty]]) for penalty in penalties])
simulated = jc.monte_carlo(last_risk, key, replications=2000, grid=jc.Grid(plan=plans))
print(f"simulated at the learned penalty: {simulated.mean[3]:.4f} ± {simulated.stderr[3]:.4f}")

# %%
fine = jnp.linspace(jnp.log(0.02), jnp.log(4.0), 80)
fig, ax = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
jc.plot.curves(simulated, x=penalties, ax=ax, label="3 fake generations, simulated", xlabel="penalty λ")
lines = jax.jit(jax.vmap(risk, in_axes=(0, None)))
ax.plot(jnp.exp(fine), lines(fine, 3), color="#0072B2", label="3 fake generations, theory")
ax.plot(jnp.exp(fine), lines(fine, 0), color="#D55E00", linestyle="--", label="clean labels, theory")
for log_penalty, generators, colour in ((learned, 3, "#0072B2"), (clean, 0, "#D55E00")):
    ax.plot(jnp.exp(log_penalty), risk(log_penalty, generators), marker="*", markersize=13, color=colour)
ax.set(xscale="log", ylabel="excess risk", ylim=(0, None))
ax.legend(frameon=False, loc="lower right")
plt.show()

# %% [markdown]
# The stars are the two minima. On fake labels the best penalty is 3.6 times the clean one. The theory is asymptotic in
# the dimension: at $d = 60$ the simulation lies about one percent above it.
#
# A penalty is not the best that can be done. Fake labels are longer than the truth, because the generators added their
# noise to it. `ridge_downstream_shrunk` fits with a penalty and then makes the fit smaller.

# %%
shrunk = regression.ridge_downstream_shrunk(
    dim=60, samples=120, noise=0.5, generators=3, generator_samples=150, generator_noise=0.5
)
print(f"λ = {shrunk.penalty:.4f}, then times {shrunk.shrinkage:.4f}: predicted risk {shrunk.risk:.4f}")

# %% [markdown]
# ## 2. A penalty for each generation
#
# A chain of four ridge fits, each on 120 rows labelled by its predecessor. The last risk counts. `ridge_replace`
# predicts it for any four penalties, and its gradient moves all of them at once. With `tied` they stay equal.
# (`regression.ridge_replace_optimal_schedule` does the same by L-BFGS from three starts.)


# %%
@jax.jit
def chain_risk(log_penalty, tied):
    log_penalty = jnp.where(tied, jnp.mean(log_penalty), log_penalty)
    return regression.ridge_replace(spectrum, samples=120, noise=0.5, penalty=jnp.exp(log_penalty), generations=4)[-1]


start = jnp.linspace(-5.0, -1.0, 4)
together = jnp.exp(descend(chain_risk, start, False))
equal = jnp.full(4, jnp.exp(jnp.mean(descend(chain_risk, start, True))))
schedules = {
    "none": jnp.zeros(4),
    "best on clean": jnp.full(4, jnp.exp(clean)),
    "learned, tied": equal,
    "last one only": jnp.zeros(4).at[-1].set(together[-1]),
    "learned": together,
    "learned, halved": together / 2,
}
plans = jnp.stack([jnp.stack([jnp.full(4, 120.0), schedule]) for schedule in schedules.values()])
simulated = jc.monte_carlo(last_risk, key, replications=2000, grid=jc.Grid(plan=plans))
print(f"{'penalties':<17} {'simulated last risk':<20} λ of generations 1 to 4")
for i, (name, schedule) in enumerate(schedules.items()):
    numbers = "  ".join(f"{float(value):.4f}" for value in schedule)
    print(f"{name:<17} {simulated.mean[i]:.4f} ± {simulated.stderr[i]:.4f}      {numbers}")
print(f"predicted for the learned one: {chain_risk(jnp.log(together), False):.4f}")

# %% [markdown]
# Early penalties do harm: what one fit shrinks, no later one finds again. The best schedule leaves the first fits
# nearly alone and pays at the end.
#
# ## 3. The weight of real data
#
# Each generation sees 100 fresh real samples with the weight $w_g$ and 400 samples of its predecessor with the weight
# $1 - w_g$. The risk obeys $v_g = w_g^2 + (1 - w_g)^2 (v_{g-1} + k)$ with $k = 100/400$: `mean_mix`. Learn all
# weights of twelve generations for the last risk. The closed form of the optimum, `mean_mix_dynamic_weight`, is the
# gain of a Kalman filter.

# %%
mean = jc.theory.mean
generations, ratio = 12, 100 / 400


def mixed_risk(logits):
    return mean.mean_mix(real_weight=jax.nn.sigmoid(logits), ratio=ratio, generations=generations)


weights = jax.nn.sigmoid(descend(lambda logits: mixed_risk(logits)[-1], jnp.zeros(generations)))
closed = mean.mean_mix_dynamic_weight(ratio=ratio, generations=generations)
print("learned    ", jnp.round(weights[1:], 4))
print("closed form", jnp.round(closed[1:], 4))


# %%
def mixture(key, *, weight):
    """The squared error, in units of that of 100 real samples."""
    workflow = jc.Mix("fresh", weight=lambda g: weight[g.astype(int) - 1], real_samples=100)
    run = jc.simulate(jc.NormalMean(0.0), workflow, key=key, samples=400, generations=generations)
    return 100 * run.squared_error


pooled = jnp.full(generations, mean.mean_mix_pooling_weight(ratio=ratio))
choices = jnp.stack([pooled, weights.at[0].set(1.0)])
simulated = jc.monte_carlo(mixture, key, replications=20_000, grid=jc.Grid(weight=choices))
predicted = jnp.stack([mean.mean_mix(real_weight=w, ratio=ratio, generations=generations) for w in choices])
fig, ax = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
jc.plot.curves(simulated, predicted, ax=ax, label=["every row counts once", "learned weights"])
ax.axhline(mean.mean_mix_optimal_weight(ratio=ratio), color="0.5", linewidth=0.8, zorder=0)
ax.set(ylabel="risk / risk of real data alone", ylim=(0, 1.25))
plt.show()

# %% [markdown]
# The grey line is the limit of the best constant weight, $w^* = (\sqrt{k^2 + 4k} - k)/2$. The weight is the risk there:
# $v(w^*) = w^*$.
#
# ## 4. A budget of samples
#
# 4,000 samples for twenty generations, and the errors of all generations count. Under replacement the error after
# generation $t$ is $\sum_{s \le t} 1/n_s$, so the best sizes are $n_t \propto \sqrt{T - t + 1}$:
# `mean_replace_allocation`. The same gradient works for a workflow that has no such formula. `inflation` predicts the
# error of any workflow from its weight matrix; here, a window of the last three batches. Every generation has 20
# samples at least.

# %%
budget, generations, least = 4000.0, 20, 20


def sizes_of(logits):
    return least + (budget - generations * least) * jax.nn.softmax(logits)


def error(sizes, workflow):
    return jnp.sum(jc.theory.mean.inflation(workflow, samples=sizes, generations=generations)) / sizes[0]


replace, window = (
    sizes_of(descend(lambda logits, w=workflow: error(sizes_of(logits), w), jnp.zeros(generations)))
    for workflow in (jc.Replace(), jc.Window(3))
)
closed = jc.theory.mean.mean_replace_allocation(budget=budget, generations=generations, objective="sum")
print(f"largest gap between learned sizes and the closed form: {jnp.max(abs(replace / closed - 1)):.1e}")


# %%
def spent(key, *, sizes, workflow):
    run = jc.simulate(
        jc.NormalMean(0.0), workflow, key=key, samples=lambda g: sizes[g.astype(int) - 1], generations=generations
    )
    return run.squared_error.sum()


uniform = jnp.full(generations, budget / generations)
grid = jc.Grid(workflow={"replace": jc.Replace(), "window": jc.Window(3)}, sizes=jnp.stack([uniform, replace, window]))
simulated = jc.monte_carlo(spent, key, replications=20_000, grid=grid)
for i, workflow in enumerate((jc.Replace(), jc.Window(3))):
    for j, (name, sizes) in enumerate((("equal", uniform), ("for replace", replace), ("for window", window))):
        mean, stderr, value = simulated.mean[i, j], simulated.stderr[i, j], error(sizes, workflow)
        print(
            f"{type(workflow).__name__:<8} sizes {name:<12} simulated {mean:.4f} ± {stderr:.4f}   predicted {value:.4f}"
        )

# %%
t = jnp.arange(1, generations + 1)
fig, ax = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
ax.plot(t, closed, color="black", linewidth=1, label=r"closed form, $n_t \propto \sqrt{T - t + 1}$")
ax.plot(t, replace, "o", color="#0072B2", markerfacecolor="white", label="learned, replace")
ax.plot(t, window, "s", color="#D55E00", markerfacecolor="white", label="learned, window of 3")
ax.set(xlabel="generation t", ylabel="samples", ylim=(0, None))
ax.set_xticks([1, 5, 10, 15, 20])
ax.legend(frameon=False)
plt.show()

# %% [markdown]
# For a window the gradient finds another pattern: one large batch in three generations, and as little as is allowed in
# the others. Then all three are trained on the same samples. The error is well below half of that with equal sizes. It
# is a local minimum: other starts may find another one.
#
# Where each of the three optima is exact and where asymptotic, the docstrings say under **Exactness**. For least
# squares on one design and for means, parts 3 and 4 are exact; for other regular estimators the error is of order
# $1/n$.
