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
# # A gallery of workflows
#
# Four phase diagrams. Each is one `Grid`, run once by `monte_carlo`, whose points all use the same random numbers.
# Colour is the simulation, the black contours are the theory at the same values.
#
# 1. How much real data is enough? Its weight against the generations.
# 2. How much penalty helps? Penalty against sample size.
# 3. How fast must samples grow? Their growth against the order of the bias.
# 4. When does a Gaussian collapse? Sample size against the generations.

# %%
import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt

import jaxcollapse as jc

key = jax.random.key(0)

# %% [markdown]
# ## 1. Weight of the real data against generations
#
# Every generation trains on 100 fresh real samples with the weight $w$ and 100 samples of its predecessor with the
# weight $1 - w$. Shown is the squared error of a mean, relative to that of 100 real samples. At $w = 0$ it grows
# without bound: replacement. Below the contour 1 the mixture beats real data alone, and the best weight is the inverse
# of the golden ratio, 0.618.

# %%
shares = jnp.linspace(0.0, 1.0, 21)
generations = 20


def mixed(key, *, weight):
    workflow = jc.Mix("fresh", weight=weight)
    run = jc.simulate(jc.NormalMean(0.0), workflow, key=key, samples=100, generations=generations)
    return 100 * run.squared_error


estimate = jc.monte_carlo(mixed, key, replications=20_000, grid=jc.Grid(weight=shares))
theory = jax.vmap(lambda w: jc.theory.mean.mean_mix(real_weight=w, ratio=1.0, generations=generations))(shares)
g = jnp.arange(1, generations + 1)
fig, ax = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
jc.plot.phase(
    estimate.mean,
    theory,
    x=shares,
    y=g,
    levels=[0.65, 0.8, 1.0, 2.0, 5.0, 10.0],
    ax=ax,
    scale="log",
    xlabel="weight of the real data w",
    ylabel="generation g",
    label="risk / risk of real data alone",
)
plt.show()

# %% [markdown]
# ## 2. Penalty against sample size
#
# Five ridge fits in 40 dimensions, each on fresh rows labelled by its predecessor. Few rows need a strong penalty, but
# each penalty is paid five times: shrunk coefficients are shrunk again. Above 1 the last fit is worse than the answer
# 0.

# %%
spectrum = jc.theory.Spectrum.isotropic(40)
penalties, sizes = jnp.geomspace(1e-3, 1.0, 10), jnp.round(jnp.geomspace(60, 600, 9))


def ridge(key, *, penalty, samples):
    model = jc.LinearRegression(spectrum, noise=0.5, penalty=penalty)
    return jc.simulate(model, jc.Replace(), key=key, samples=samples, generations=5).risk[-1]


def predicted(penalty, samples):
    return jc.theory.regression.ridge_replace(spectrum, samples=samples, noise=0.5, penalty=penalty, generations=5)[-1]


estimate = jc.monte_carlo(ridge, key, replications=500, grid=jc.Grid(penalty=penalties, samples=sizes))
theory = jax.vmap(jax.vmap(predicted, (None, 0)), (0, None))(penalties, sizes)
fig, ax = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
jc.plot.phase(
    estimate,
    theory,
    levels=[0.1, 0.2, 0.4, 0.6, 0.8, 1.0],
    ax=ax,
    scale="log",
    xlabel="penalty λ",
    ylabel="rows per generation n",
    label="excess risk of generation 5",
)
plt.show()


# %% [markdown]
# ## 3. Growth of the samples against the order of the bias
#
# Generation $t$ estimates a mean from $n_t = 2 t^{1 + s}$ samples of its predecessor, with a bias of $n_t^{-\kappa}/2$.
# Noise alone needs $s > 0$. The biases add up, so that they need $s > 1/\kappa - 1$, `mean_replace_required_growth`:
# the white line. Left of it the error grows for ever, right of it it stays bounded. Forty generations show the change,
# not a sharp edge.


# %%
class BiasedMean(jc.Wrapper):
    """A sample mean with a bias of n^(-order) / 2; all else is that of the mean."""

    order: jax.Array
    model: jc.NormalMean = jc.NormalMean(0.0)

    def fit(self, data, **context):
        return self.model.fit(data, **context) + 0.5 * data.weight**-self.order


growths, orders = jnp.linspace(-0.5, 2.5, 13), jnp.linspace(0.3, 1.5, 13)


def walk(key, *, growth, order):
    sizes = jc.schedule.polynomial(2.0, 1 + growth)
    run = jc.simulate(BiasedMean(order), jc.Replace(), key=key, samples=sizes, generations=40)
    return run.squared_error[-1]


def walk_theory(growth, order):
    sizes = jnp.round(2.0 * jnp.arange(1.0, 41) ** (1 + growth))
    return jc.theory.mean.mean_replace_squared_error(samples=sizes, coefficient=0.5, order=order)[-1]


estimate = jc.monte_carlo(walk, key, replications=2000, grid=jc.Grid(growth=growths, order=orders))
theory = jax.vmap(jax.vmap(walk_theory, (None, 0)), (0, None))(growths, orders)
fig, ax = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
jc.plot.phase(
    estimate,
    theory,
    levels=[1.0, 2.0, 5.0, 10.0, 50.0],
    ax=ax,
    scale="log",
    xlabel="growth s of the samples",
    ylabel="order κ of the bias",
    label="squared error of generation 40",
)
fine = jnp.linspace(0.3, 1.5, 200)
ax.plot(jc.theory.mean.mean_replace_required_growth(order=fine), fine, color="white", linewidth=2.5)
ax.set(xlim=(-0.5, 2.5), ylim=(0.3, 1.5))
plt.show()

# %% [markdown]
# ## 4. Sample size against generations
#
# A Gaussian is fitted to samples of the last fit. Its variance is a product of random factors, so it tends to zero. The
# probability that it has fallen below a tenth has an exact law: `variance_cdf`. On logarithmic axes its contours are
# straight lines of slope one: twice the samples last twice the generations.

# %%
samples, times = jnp.round(jnp.geomspace(10, 160, 9)), jnp.array([8, 16, 32, 64, 128, 256, 512, 1024])


def collapsed(key, *, samples):
    run = jc.simulate(jc.Gaussian(ddof=1), jc.Replace(), key=key, samples=samples, generations=1024)
    return run.variance[times - 1] < 0.1


estimate = jc.monte_carlo(collapsed, key, replications=1000, grid=jc.Grid(samples=samples))
theory = jnp.stack(
    [
        jax.vmap(lambda n, time=time: jc.theory.gaussian.variance_cdf(0.1, samples=n, generations=time, ddof=1))(
            samples
        )
        for time in times.tolist()
    ],
    axis=1,
)
fig, ax = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
jc.plot.phase(
    estimate.mean,
    theory,
    x=samples,
    y=times,
    levels=[0.01, 0.1, 0.5, 0.9],
    ax=ax,
    xlabel="samples n",
    ylabel="generation g",
    label="probability of a variance below 0.1",
)
plt.show()

# %% [markdown]
# Theory and simulation, in numbers: the largest distance of the last diagram is that of a probability which 1,000
# replications estimate.

# %%
print(f"largest gap {jnp.max(abs(estimate.mean - theory)):.3f}; largest standard error {estimate.stderr.max():.3f}")
