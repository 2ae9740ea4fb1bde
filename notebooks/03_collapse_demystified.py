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
# # Collapse demystified: ridge regression on fake data
#
# Dohmatob, Feng and Kempe 2024, [Model Collapse Demystified: The Case of
# Regression](https://arxiv.org/abs/2402.07712).
#
# **The setting.** Rows $x \sim N(0, \Sigma)$ in $d$ dimensions have labels $y = x'w_0 + \sigma\varepsilon$. A chain of
# $n$ *generators* comes between the truth and us: each is a least-squares fit to $T_0$ rows that its predecessor
# labelled with noise $\sigma_0$. *We* fit ridge regression with the penalty $\lambda$ to $T$ rows that the last
# generator labelled. In the words of this library we are generation $n + 1$.
#
# **The result.** The risk is that of clean data plus a term that grows linearly with $n$:
#
# $$E = \mathrm{bias}(\lambda) + \mathrm{variance}(\lambda) + n\,\sigma_0^2\,\rho(\lambda).$$
#
# The penalty that is best for clean data is too small for fake data, and it can be so small that *more* data makes the
# fit worse.

# %%
import functools

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
claims = {c.name: c for c in jc.claims.all() if c.reference and c.reference.arxiv == "2402.07712"}
for claim in claims.values():
    print(f"{claim.name}\n    {claim.statement}")

# %% [markdown]
# Theorem 4.1 is the case $\lambda = 0$. For Gaussian rows it is exact at every size, whatever the covariance:
# $E = \sigma^2 d/(T - d - 1) + n\,\sigma_0^2 d/(T_0 - d - 1)$. Here it is written as a new claim, for five generators,
# and set beside two claims of the library about generators with *fewer* rows than coefficients (figure 2 of the paper:
# the minimum-norm fit forgets a part of the truth). `precision="quick"` is content with three times the usual
# tolerance.

# %%
rows = jnp.array([600] * 5 + [1000])


def least_squares(key):
    """The risk after five generators with 600 rows, of a fit to 1,000."""
    model = jc.LinearRegression(jc.theory.Spectrum.isotropic(300), noise=0.2, penalty=0.0)
    return jc.simulate(model, jc.Replace(), key=key, samples=rows, generations=6).risk[-1]


theorem = jc.Claim(
    name="theorem-4-1",
    statement="Five generators add five times their own variance to the risk of least squares.",
    theory=0.2**2 * 300 / (1000 - 300 - 1) + 5 * 0.2**2 * 300 / (600 - 300 - 1),
    experiment=least_squares,
    relation="equal",
)
few_rows = [claims["dohmatob-minimum-norm"], claims["dohmatob-minimum-norm-fixed"]]
verification = jc.verify([theorem, *few_rows], key, precision="quick")
print(verification.summary())

# %% [markdown]
# ## Figure 2: generators with few rows
#
# With fresh designs every generator forgets another part of the truth, and the noise saturates. With one design for
# all, the truth is projected once and the noise grows linearly. Points and lines are those of the two verdicts
# ($d = 50$, $T_0 = 20$, $\sigma_0 = 0.4$).

# %%
figure, ax = plt.subplots(figsize=(6.4, 4), layout="constrained")
for verdict, label in zip(list(verification)[1:], ("fresh designs", "one design"), strict=True):
    jc.plot.curves(verdict.estimate, verdict.theory, ax=ax, label=label, ylabel="excess risk")
plt.show()
jc.plot.verdict(verification.verdicts[1])
plt.show()

# %% [markdown]
# ## Figure 1a: the penalty and the sample size, isotropic features
#
# The sizes of the paper: $d = 300$, $T_0 = 600$, $\sigma = \sigma_0 = 0.2$, $|w_0| = 1$. On the left $T = 1000$ rows
# and all penalties; on the right $\lambda = 0.001$ and all sample sizes. Three terms give the theory for every $n$ at
# once.


# %%
def downstream(key, *, spectrum, generators, noise, penalty, samples):
    """The risk of a ridge fit to labels from a chain of five least-squares fits to 600 rows.

    The first generators have no noise, until `generators` are left: they copy the truth. So one program serves every n.
    """
    noises = lambda g: jnp.where(g > 5 - generators, noise, 0.0)  # noqa: E731
    model = jc.LinearRegression(spectrum, noise=noises, penalty=lambda g: jnp.where(g > 5, penalty, 0.0))
    rows = jnp.append(jnp.full(5, 600.0), samples)
    return jc.simulate(model, jc.Replace(), key=key, samples=rows, generations=6).risk[-1]


@jax.jit
def theory(spectrum, generators, noise, penalty, samples):
    """The closed form: bias, variance, and what the generators add, for arrays of penalties and sample sizes."""
    terms = jax.vmap(
        lambda p, T: jc.theory.regression.ridge_downstream_terms(
            spectrum, penalty=p, samples=T, noise=noise, generator_samples=600
        )
    )(penalty, samples)
    return terms.bias + terms.variance + generators * noise**2 * terms.collapse


isotropic = jc.theory.Spectrum.isotropic(300)
penalties, sizes = np.geomspace(1e-3, 3.0, 21), np.geomspace(400, 1e5, 21).round()
sweeps = (
    (penalties, np.full(21, 1000.0)),
    (np.full(21, 1e-3), sizes),
)

figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 4), layout="constrained")
right.set(xscale="log", yscale="log")
for generators in (0, 5):
    point = functools.partial(downstream, spectrum=isotropic, generators=generators, noise=0.2)

    def sweep(key, *, cell, point=point):
        """The risk at one penalty and sample size."""
        return point(key, penalty=cell[0], samples=cell[1])

    estimates = [jc.monte_carlo(sweep, key, replications=64, grid=jc.Grid(cell=np.stack(s, axis=1))) for s in sweeps]
    curves = [theory(isotropic, generators, 0.2, *s) for s in sweeps]
    jc.plot.landscape(
        penalties, curves[0], estimate=estimates[0], ax=left, label=f"n = {generators}", ylabel="excess risk"
    )
    jc.plot.curves(estimates[1], curves[1], x=sizes, ax=right, label=f"n = {generators}", xlabel="rows T")
plt.show()

# %% [markdown]
# The best penalty (marked) moves to the right. And at one small penalty more rows stop helping: what is left is the
# noise of the generators, $n\,\sigma_0^2\,d/(T_0 - d - 1)$.
#
# ## Figure 1b: more data makes it worse
#
# A power law: eigenvalues $j^{-2}$, source exponent $r = 0.375$, $\sigma = \sigma_0 = 1$. For clean data the best
# penalty falls like $T^{-\ell}$ with $\ell = \beta/(2\beta r + 1) = 0.8$. On fake data that rule first helps and then
# hurts. A penalty for the sample size of the *generators*, $T_0^{-\ell}$, does not.

# %%
power_law = jc.theory.Spectrum.power_law(300, capacity=2.0, source=0.375)
sizes = np.geomspace(100, 1e6, 21).round()
rules = {"$λ = T^{-0.8}$ (best for clean data)": sizes**-0.8, "$λ = T_0^{-0.8}$": np.full(21, 600.0**-0.8)}
point = functools.partial(downstream, spectrum=power_law, generators=1, noise=1.0)


def sweep(key, *, cell):
    """The risk at one penalty and sample size."""
    return point(key, penalty=cell[0], samples=cell[1])


figure, ax = plt.subplots(figsize=(6.4, 4), layout="constrained")
ax.set(xscale="log", yscale="log")
for name, rule in rules.items():
    estimate = jc.monte_carlo(sweep, key, replications=256, grid=jc.Grid(cell=np.stack([rule, sizes], axis=1)))
    jc.plot.curves(estimate, theory(power_law, 1, 1.0, rule, sizes), x=sizes, ax=ax, label=name, xlabel="rows T")
clean = theory(power_law, 0, 1.0, sizes**-0.8, sizes)
ax.plot(sizes, clean, "0.5", linestyle=":", label="theory, clean data, $λ = T^{-0.8}$")
ax.set(ylabel="excess risk", title="One generator, T₀ = 600", ylim=(1e-3, None))
ax.legend(frameon=False, fontsize="small")
plt.show()

# %% [markdown]
# If both sample sizes grow, $T_0 = T^b$, the best penalty falls like $T^{-\ell^*}$ with $\ell^* = b\,\ell$ (without
# label noise), and the risk at that penalty like $T^{-b c}$:

# %%
for b in (0.5, 0.75, 1.0):
    rule = jc.theory.regression.adaptive_exponent(capacity=2.0, source=0.375, generator_exponent=b, label_noise=False)
    print(f"T0 = T^{b}: penalty ~ T^-{rule.penalty:.2f}, risk ~ T^-{rule.error:.2f}")

# %% [markdown]
# ## Read with care
#
# Turning the formulas into code showed misprints (the errata of this documentation list all of them; none touches the
# conclusions). Those that a reader of the main text meets:
#
# | place | printed | holds |
# |---|---|---|
# | equation (1) | the collapse term is $n\,\sigma_0\,\rho$ | $n\,\sigma_0^2\,\rho$ |
# | below equation (4) | $\hat w_n = w_0$ | $\hat w_0 = w_0$ |
# | theorem 4.1 as a case of corollary 4.4 | $\phi \ge 1$ | $\phi < 1$, where $\phi = d/T$ |
# | corollary 5.2 | $n \asymp T^b$ | $n\,\sigma_0^2 \asymp T^a$ |
# | after corollary 5.2 | at the clean penalty the error diverges if $b \ge a + 1 - c$ | if $b < a + 1 - c$ |
#
# And one of scope: for $T_0 < d$ equation (18) is about generators that *share* a design. With designs of their own the
# noise saturates: that is the picture of figure 2 above.
#
# ## Ask your own question
#
# **How does the best penalty grow with the number of generators?** One compiled formula answers for every $n$:

# %%
for generators in (0, 1, 5, 20, 100):
    risks = theory(isotropic, generators, 0.2, *sweeps[0])
    print(f"n = {generators:3d}: λ = {penalties[risks.argmin()]:.3f}, risk {risks.min():.4f}")

# %% [markdown]
# **Try this.**
#
# - `jc.theory.regression.adaptive_penalty(isotropic, samples=1000, noise=0.2, generators=20, generator_samples=600,
#   generator_noise=0.2)` is the exact minimiser. Fake labels are longer than the truth: is
#   `jc.theory.regression.ridge_downstream_shrunk(dim=300, ...)` with the same sizes better still?
# - In figure 1a put `generators=3`, or a covariance of your own: `jc.theory.Spectrum.from_eigenvalues(...)`.
# - In figure 1b put `600.0**-0.4` for `600.0**-0.8`. Is a rule that is too cautious worse than one that is too bold?
# - `jc.verify(claims["dohmatob-adaptive-error"])` tests the rates by simulation, in about a minute.
