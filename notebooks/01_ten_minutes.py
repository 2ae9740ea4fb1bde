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
# # Ten minutes: collapse and its cure in six pictures
#
# A model is trained on data. The next model is trained on data that the first one made, and so on. Each step adds an
# error of its own, and nothing takes it away: that is *model collapse*.
#
# jaxcollapse *simulates* this recursion and *predicts* it. In every picture points are a simulation with its 95 %
# interval, and lines are theory: closed forms that know nothing of the simulation.
#
# Two words are used throughout. A *generation* $g$ is one model: $g = 1$ is fitted to real data alone. A *replication*
# is one run of the whole chain with its own random numbers.

# %%
import functools

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
from scipy import stats

import jaxcollapse as jc

jax.config.update("jax_enable_x64", True)  # double precision
key = jax.random.key(0)

# %% [markdown]
# ## 1. A distribution collapses
#
# A Gaussian is fitted to 100 samples of the last Gaussian, 500 times. The estimate of the variance is unbiased at
# every step, and yet in nearly every chain the variance dies: it is a product of random factors, whose typical value
# falls although its mean stays one.

# %%
walk = jc.Gaussian(ddof=1)


def one_chain(key):
    """One replication."""
    return jc.simulate(walk, jc.Replace(), key=key, samples=100, generations=500)


chains = jax.jit(jax.vmap(one_chain))(jax.random.split(key, 1000))  # every array has shape (1000, 500)

figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.8), layout="constrained")
typical = int(jnp.argsort(chains.log_variance[:, -1])[500])  # the chain whose last variance is the median
x = np.linspace(-3, 3, 400)
left.fill_between(x, stats.norm.pdf(x), color="0.85", label="truth")
for g, line in ((100, ":"), (200, "-."), (300, "--"), (400, "-")):
    mean, deviation = chains.mean[typical, g - 1], np.sqrt(chains.variance[typical, g - 1])
    left.plot(x, stats.norm.pdf(x, mean, deviation), line, label=f"g = {g}")
left.set(xlabel="x", ylabel="density", title="One chain")
left.legend(frameon=False)

jc.plot.trajectories(chains.variance, ax=right, truth=1.0, ylabel="variance")
ladder = range(25, 501, 25)
medians = [jc.theory.gaussian.variance_quantile(0.5, samples=100, generations=g, ddof=1) for g in ladder]
right.plot(ladder, medians, "k.", label="theory: median")
right.set(yscale="log", ylim=(1e-4, 10), title="A thousand chains")
right.legend(frameon=False, loc="lower left")
plt.show()

# %% [markdown]
# ## 2. Replace or accumulate
#
# If each generation of least squares is trained on the newest labels alone, its risk grows by the same amount for
# ever. If it is trained on everything so far, the real data included, the risk stays below a limit.

# %%
model = jc.LinearRegression(spectrum=jc.theory.Spectrum.isotropic(10), noise=1.0, penalty=0.0)
sizes = dict(dim=10, samples=32, noise=1.0, generations=20)
workflows = {
    "replace": (jc.Replace(), jc.theory.regression.ols_replace(**sizes)),
    "accumulate": (jc.Accumulate(), jc.theory.regression.ols_accumulate(**sizes, design="fresh")),
}
figure, ax = plt.subplots(figsize=(6.4, 4), layout="constrained")
for name, (workflow, theory) in workflows.items():

    def risk(key, workflow=workflow):
        """The risk at every generation."""
        return jc.simulate(model, workflow, key=key, samples=32, generations=20).risk

    estimate = jc.monte_carlo(risk, key, replications=4000)
    jc.plot.curves(estimate, theory, ax=ax, label=name, ylabel="excess risk")
ax.set_title("Least squares, 10 coefficients, 32 rows a generation")
plt.show()

# %% [markdown]
# ## 3. The best penalty is another one on fake data
#
# A ridge regression is trained on labels that passed through $n$ generations of least squares. Theory gives its risk
# at every penalty and so the best one (marked), which is larger the more generations came before.

# %%
spectrum = jc.theory.Spectrum.isotropic(100)
sizes = dict(samples=400, noise=0.3, generator_samples=200)
penalties = np.geomspace(1e-3, 3.0, 25)


def downstream(key, *, generators, penalty):
    """Five generations of least squares on 200 rows each, then one ridge fit to 400.

    The first generations have no noise, until `generators` are left: they copy the truth.
    """
    noise = lambda g: jnp.where(g > 5 - generators, 0.3, 0.0)  # noqa: E731
    model = jc.LinearRegression(spectrum, noise=noise, penalty=lambda g: jnp.where(g > 5, penalty, 0.0))
    rows = jnp.array([200] * 5 + [400])
    return jc.simulate(model, jc.Replace(), key=key, samples=rows, generations=6).risk[-1]


terms = jax.vmap(lambda p: jc.theory.regression.ridge_downstream_terms(spectrum, penalty=p, **sizes))(penalties)
figure, ax = plt.subplots(figsize=(6.4, 4), layout="constrained")
for generators in (0, 5):
    theory = terms.bias + terms.variance + generators * 0.3**2 * terms.collapse
    simulated = functools.partial(downstream, generators=generators)
    estimate = jc.monte_carlo(simulated, key, replications=200, grid=jc.Grid(penalty=penalties))
    jc.plot.landscape(penalties, theory, estimate=estimate, ax=ax, label=f"n = {generators}", ylabel="excess risk")
ax.set_title("Ridge regression after n generations of least squares")
plt.show()

# %% [markdown]
# ## 4. Samples that grow are a cure
#
# The mean of a Gaussian is estimated again and again, from $n_g$ samples of the last model. With a constant $n_g$ its
# error grows linearly, with $n_g \propto g$ like a logarithm, and with $n_g \propto g^2$ it stays below a limit.

# %%
figure, ax = plt.subplots(figsize=(6.4, 4), layout="constrained")
for power, name in ((0, "10"), (1, "10 g"), (2, "10 g²")):
    samples = jc.schedule.polynomial(10.0, power)

    def error(key, samples=samples):
        """The squared error at every generation."""
        return jc.simulate(jc.NormalMean(0.0), jc.Replace(), key=key, samples=samples, generations=25).squared_error

    estimate = jc.monte_carlo(error, key, replications=40_000)
    theory = jc.theory.mean.mean_replace_variance(samples=samples(jnp.arange(1.0, 26.0)))
    jc.plot.curves(estimate, theory, ax=ax, label=f"$n_g$ = {name}", ylabel="squared error")
ax.set_title("Mean of a Gaussian")
plt.show()

# %% [markdown]
# ## 5. Synthetic data can help, if you are lucky
#
# Sometimes the last model is nearer to the truth than the first one, which saw real data alone. The chance is always
# below one half; it dies out with a constant sample size, and keeps a limit above zero if samples grow like $g^2$.

# %%
figure, ax = plt.subplots(figsize=(6.4, 4), layout="constrained")
for power, name in ((0, "100"), (1, "100 g"), (2, "100 g²")):
    samples = jc.schedule.polynomial(100.0, power)

    def wins(key, samples=samples):
        """Whether each later fit is nearer to the truth than the first one."""
        run = jc.simulate(jc.NormalMean(jnp.zeros(3)), jc.Replace(), key=key, samples=samples, generations=20)
        return run.squared_error[1:] < run.squared_error[0]

    estimate = jc.monte_carlo(wins, key, replications=40_000)
    ratio = jc.theory.mean.mean_replace_drift_ratio(
        samples=samples(jnp.arange(1.0, 21.0))
    )  # of later drift to first error
    theory = jc.theory.mean.improvement_probability(ratio=ratio[1:], dim=3)
    jc.plot.curves(estimate, theory, x=range(2, 21), ax=ax, label=f"$n_g$ = {name}", ylabel="P(last beats first)")
ax.set(ylim=(0, 0.5), title="Mean of a Gaussian in three dimensions, data replaced")
plt.show()

# %% [markdown]
# ## 6. Where collapse begins
#
# Colour is the simulated probability that the variance of the first picture has fallen below 0.05; black lines are its
# exact law. The boundary is a straight line: a Gaussian lives for about three times as many generations as it has
# samples.

# %%
samples = np.geomspace(10, 1000, 13).round()
generations = np.geomspace(10, 1000, 13).round().astype(int)


def collapsed(key, *, samples):
    """Whether the variance has fallen below 0.05."""
    chain = jc.simulate(jc.Gaussian(ddof=1), jc.Replace(), key=key, samples=samples, generations=1000)
    return chain.variance[generations - 1] < 0.05


estimate = jc.monte_carlo(collapsed, key, replications=1000, grid=jc.Grid(samples=samples))
theory = [
    [jc.theory.gaussian.variance_cdf(0.05, samples=n, generations=int(g), ddof=1) for g in generations] for n in samples
]

figure, ax = plt.subplots(figsize=(6.4, 4.4), layout="constrained")
jc.plot.phase(
    estimate.mean, np.array(theory), x=samples, y=generations, levels=[0.1, 0.5, 0.9], ax=ax,
    xlabel="samples n", ylabel="generation g", label="P(variance < 0.05)",
)  # fmt: skip
plt.show()

# %% [markdown]
# ## What next
#
# Notebooks 2 to 5 take one paper each and turn its theorems into claims that run. To ask a question of your own,
# change one line of the above:
#
# - picture 2: `jc.Window(3)` keeps the last three batches. Is that a cure, or only slower?
# - picture 4: `jc.schedule.polynomial(10.0, 1.1)`: how much more than linear is enough?
# - picture 6: `jc.Gaussian(ddof=0)` is maximum likelihood. How much earlier does it collapse?
