"""Draws the pictures of these pages and of the README: `python docs/pictures.py`, about four minutes."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
from jax.scipy.special import erf
from matplotlib.animation import FuncAnimation
from matplotlib.axes import Axes

import jaxcollapse as jc
from jaxcollapse.claims.xu_2025 import tables
from jaxcollapse.theory import Spectrum, discrete, gaussian, mean, regression

PICTURES = Path(__file__).parent / "pictures"


def replace_and_accumulate(ax: Axes) -> None:
    """Least squares on one design, twenty generations."""
    model = jc.LinearRegression(Spectrum.isotropic(10), noise=1.0, design="fixed")
    sizes = dict(dim=10, samples=32, noise=1.0, generations=20)
    theories = {
        "replace": (jc.Replace(), regression.ols_replace(**sizes)),
        "accumulate": (jc.Accumulate(), regression.ols_accumulate(**sizes, design="fixed")),
    }
    for name, (workflow, theory) in theories.items():

        def risk(key, workflow=workflow):
            return jc.simulate(model, workflow, key=key, samples=32, generations=20).risk

        estimate = jc.monte_carlo(risk, jax.random.key(0), 10_000)
        jc.plot.curves(estimate, theory, ax=ax, label=name, ylabel="excess risk")
    ax.set_title("Least squares: data replaced or accumulated", fontsize="medium")


def penalties_under_accumulation(ax: Axes) -> None:
    """Ridge regression on accumulating labels of one design: what the penalty scales with decides."""
    dim, samples, noise, penalty, generations = 60, 300, 0.5, 0.2, 1000
    setting = dict(samples=samples, noise=noise, generations=generations)
    theories = {
        "the same penalty per sample": (
            penalty,
            regression.ridge_accumulate_per_sample_penalty(dim=dim, penalty=penalty, **setting),
        ),
        "the same total penalty": (
            lambda g: penalty / g,
            regression.ridge_accumulate_total_penalty(
                Spectrum.isotropic(dim), penalty=penalty * samples, design="fixed", **setting
            ),
        ),
    }
    for name, (rule, theory) in theories.items():

        def risk(key, rule=rule):
            model = jc.LinearRegression(Spectrum.isotropic(dim), noise=noise, penalty=rule, design="fixed")
            return jc.simulate(model, jc.Accumulate(), key=key, samples=samples, generations=generations).risk

        ax.set_xscale("log")
        jc.plot.curves(jc.monte_carlo(risk, jax.random.key(0), 200), theory, ax=ax, label=name, ylabel="excess risk")
    ax.axhline(1.0, color="0.55", linewidth=0.8)
    ax.text(1.0, 0.985, "nothing learned", color="0.35", va="top", fontsize="small")
    ax.set_ylim(0, 1.05)
    ax.set_title("Ridge regression on accumulated data", fontsize="medium")


def distance_from_the_truth(ax: Axes, model: jc.Model, distance, title: str) -> None:
    """Maximum likelihood on accumulated data: median and quartiles of the distance in total variation."""
    generations, replications = 60, 1024
    g = np.arange(1, generations + 1)
    keys = jax.random.split(jax.random.key(0), replications)
    for samples, line, hatch, colour in ((100, "-", "/////", "#0072B2"), (10_000, "--", "....", "#D55E00")):

        def run(key, samples=samples):
            return distance(
                jc.simulate(model, jc.Accumulate(), key=key, samples=float(samples), generations=generations)
            )

        paths = jax.jit(lambda keys, run=run: jax.lax.map(run, keys, batch_size=256))(keys)
        low, median, high = np.quantile(np.asarray(paths), [0.25, 0.5, 0.75], axis=0)
        ax.fill_between(g, low, high, facecolor="none", edgecolor=colour, hatch=hatch, alpha=0.4, linewidth=0.0)
        ax.plot(g, median, line, color=colour, linewidth=2.0, label=f"n = {samples:,}".replace(",", " "))
    ax.set(xlabel="generation", xscale="log", yscale="log", ylim=(1e-5, 1.0))
    ax.set_xticks([1, 2, 5, 10, 20, 50], ["1", "2", "5", "10", "20", "50"])
    ax.set_xticks([], minor=True)
    ax.set_title(title, fontsize="medium")


def regular_and_fragile(axes) -> None:
    """A Gaussian of unknown mean, and the family that collapses at once."""
    distance_from_the_truth(
        axes[0],
        jc.NormalMean(),
        lambda run: erf(jnp.abs(run.estimate) / jnp.sqrt(8.0)),
        "Mean of a Gaussian: more data helps",
    )
    distance_from_the_truth(
        axes[1], jc.ImmediateCollapse(), lambda run: run.total_variation, "Family of theorem 5.1: it does not"
    )
    axes[0].set_ylabel("total variation from the truth")
    axes[0].legend(frameon=False, loc="lower right")


def _schedules(ax: Axes, experiment, theory, scale: float, ylabel: str) -> None:
    """Error against generation for a constant, a linear and a superlinear schedule."""
    for power in tables.POWERS.values():
        sizes = tables.table_sizes(scale, power, 10)
        estimate = jc.monte_carlo(lambda key, sizes=sizes: experiment(key, sizes), jax.random.key(0), 2000)
        label = {0.0: "constant $n_t$", 1.0: "$n_t ∝ t$", 2.0: "$n_t ∝ t^2$"}[power]
        jc.plot.curves(estimate, theory(sizes), ax=ax, label=label, ylabel=ylabel)
    ax.set_ylim(bottom=0)


def wines(ax: Axes) -> None:
    """A Gaussian with the covariance of four columns of a real table."""
    _schedules(ax, tables.wine_error, tables.wine_theory, tables.TABLE_SAMPLES, "squared error of the mean")
    ax.set_title("Four columns of wine data: a Gaussian", fontsize="medium")


def mixture(ax: Axes) -> None:
    """A mixture of three Gaussians, fitted to the same columns."""
    _schedules(ax, tables.mixture_variance, tables.mixture_theory, 20.0, "variance, relative to the truth")
    ax.set_title("The same: a mixture of three", fontsize="medium")


def tumours(ax: Axes) -> None:
    """Logistic regression of malignancy, from the fit to real labels on."""
    _schedules(ax, tables.tumour_risk, tables.tumour_theory, tables.LABELLED, "distance from the fit to real labels")
    ax.set_title("569 tumours: a logistic regression", fontsize="medium")


def eight_definitions() -> None:
    """Which of the eight definitions of model collapse four loops meet."""
    squares = jc.LinearRegression(Spectrum.isotropic(10), noise=1.0, design="fixed")
    words = jc.Categorical(discrete.zipf(100, exponent=1.5))
    loops = {
        "least squares,\nreplaced": (squares, jc.Replace(), 40),
        "least squares,\naccumulated": (squares, jc.Accumulate(), 40),
        "Gaussian,\nreplaced": (jc.Gaussian(ddof=1), jc.Replace(), 20),
        "words,\nreplaced": (words, jc.Replace(), 200),
    }
    chain: dict[str, Any] = dict(generations=16, key=jax.random.key(0), replications=2048)
    reports = {
        name: jc.definitions.report(model, flow, samples=size, **chain) for name, (model, flow, size) in loops.items()
    }
    jc.plot.definitions(reports)


def three_samplers(ax: Axes) -> None:
    """The variance that each sampler makes of the same extrapolated score."""
    guidance = np.linspace(0.0, 2.0, 81)
    law = dict(mean=0.3, variance=1.0, other_mean=-0.2, other_variance=0.7)
    names = {"langevin": "Langevin", "sde": "reverse diffusion", "ode": "probability flow"}
    for sampler, name in names.items():
        variance = [float(gaussian.guided_law(sampler, guidance=w, **law).variance) for w in guidance]
        ax.plot(guidance, variance, label=name)
    ax.set(xlabel="guidance w", ylabel="variance of what is drawn", yscale="log", ylim=(0.95, 8.0))
    ax.set_yticks([1, 2, 4, 8], ["1", "2", "4", "8"])
    ax.set_yticks([], minor=True)
    ax.legend(frameon=False)
    ax.set_title("One guided score, three samplers", fontsize="medium")


def modes_from_the_top(ax: Axes) -> None:
    """What is left of the modes of a density that each generation blurs a little, beside a tenth of real data."""
    orders, blur = np.arange(1, 31), 0.98
    workflow = jc.Mix("fresh", weight=0.1)
    left = np.array([mean.remaining_scale(workflow, factor=blur**m, generations=201) for m in orders])
    for generation in (2, 3, 6, 11, 21, 201):
        label = f"g = {generation}" if generation < 201 else "g → ∞"
        ax.plot(orders, left[:, generation - 1], marker="o", markersize=3, label=label)
    ax.set(xlabel="order m of the mode", ylabel="share of the mode that is left", ylim=(0, 1.02))
    ax.legend(frameon=False, ncols=2)
    ax.set_title("Fine modes die first", fontsize="medium")


def surviving_words(ax: Axes) -> None:
    """How often a word is still there, by its rank: the ancestors of the draws, and simulated loops."""
    sizes = dict(samples=400, generations=60)
    zipf = discrete.zipf(200, exponent=1.2)
    ranks = np.unique(np.round(np.geomspace(1, 200, 25)).astype(int))
    for share in (0.0, 0.02, 0.2):
        model = jc.ContaminatedCategorical(zipf, real_share=share) if share else jc.Categorical(zipf)
        function = discrete.contaminated_replace_lost if share else discrete.categorical_replace_lost
        lost = function(zipf, **sizes, **({"real_share": share} if share else {}))[-1]

        def there(key, model=model):
            return jc.simulate(model, jc.Replace(), key=key, **sizes).params[-1] > 0

        estimate = jc.monte_carlo(there, jax.random.key(0), 2000)
        (line,) = ax.plot(np.arange(1, 201), 1 - lost, label=f"{100 * share:g} % real draws")
        ax.plot(ranks, estimate.mean[ranks - 1], "o", markersize=4, mfc="white", color=line.get_color())
    ax.set(xscale="log", xlabel="rank of the word", ylabel="probability that it is there, g = 60")
    ax.set_xticks([1, 10, 100], ["1", "10", "100"])
    ax.legend(frameon=False)
    ax.set_title("A vocabulary loses its rare words", fontsize="medium")


def effective_sizes(ax: Axes) -> None:
    """The rate at which each workflow loses diversity."""
    flows = {
        "replace": jc.Replace(),
        "buffer of 60, oldest rows leave": jc.ReplayBuffer(60, evict="oldest"),
        "buffer of 60, random rows leave": jc.ReplayBuffer(60),
        "moving average, gain 0.4": jc.MovingAverage(0.4),
        "random part of all": jc.AccumulateSubsample(),
        "accumulate": jc.Accumulate(),
    }
    for name, flow in flows.items():
        sizes = discrete.effective_size(flow, samples=20, generations=40)
        ax.plot(np.arange(2, 41), sizes[1:], label=name)
    ax.set(xlabel="generation, 20 new rows in each", ylabel="effective size", yscale="log", ylim=(10, 1e5))
    ax.legend(frameon=False, fontsize="small", loc="upper left")
    ax.set_title("Diversity falls by $1 - 1/n_e$", fontsize="medium")


def pooled_rows(axes) -> None:
    """Where fresh real rows enlarge old errors: the factor of a generation, simulated on top; chains of both kinds."""
    total, few, sizes, real_rows = 200, 30, (6, 12, 18, 24), (3, 9, 15, 21, 27)
    own = np.linspace(0.02, 0.98, 25)  # shares of rows of the last model
    dims = np.arange(4, total - 4, 4)
    factors = [[regression.ols_mix_contraction(dim=d, samples=total * s, real_samples=total * (1 - s)) for d in dims]
               for s in own]  # fmt: skip
    critical = [regression.ols_mix_critical_dim(samples=total * s, real_samples=total * (1 - s)) / total for s in own]
    colours = {"cmap": "RdBu_r", "vmin": -1, "vmax": 1}
    ax = axes[0]
    map_ = ax.pcolormesh(dims / total, 1 - own, np.log10(np.array(factors)), shading="gouraud", **colours)
    ax.plot(critical, 1 - own, color="black", linewidth=1)

    def kept(key, dim, real):
        model = jc.LinearRegression(Spectrum.isotropic(dim, norm=0.0), noise=0.0)
        first = jnp.zeros(dim).at[0].set(1.0)
        mix = jc.Mix("fresh", real_samples=real)
        return jc.simulate(model, mix, key=key, samples=few - real, generations=2, first=first).risk[1]

    grid = jc.Grid(dim={str(d): d for d in sizes}, real={str(n): n for n in real_rows})
    found = np.log10(jc.monte_carlo(kept, jax.random.key(0), 8192, grid=grid).mean)
    x, y = np.meshgrid(np.array(sizes) / few, np.array(real_rows) / few, indexing="ij")
    ax.scatter(x, y, c=found, edgecolor="black", linewidth=0.6, **colours)
    ax.figure.colorbar(map_, ax=ax, label="factor of the error, $\\log_{10} c$")
    ax.set(xlabel="features per row, $d/T$", ylabel="share of real rows $\\rho$", xlim=(0.02, 0.96))
    ax.set_title("What a generation makes of an old error", fontsize="medium")
    chains(axes[1])


def chains(ax: Axes) -> None:
    """The risk with and without fresh real rows, of few and of many features for thirty rows."""
    real, generations = 9, 8
    rows = np.array([30.0] + [float(real)] * (generations - 1))
    for dim, colour in ((12, "C0"), (24, "C1")):

        def run(key, dim=dim):
            model, mix = jc.LinearRegression(Spectrum.isotropic(dim), noise=1.0), jc.Mix("fresh", real_samples=rows)
            return jc.simulate(model, mix, key=key, samples=30 - real, generations=generations).risk

        estimate = jc.monte_carlo(run, jax.random.key(1), 16_384)
        curve = regression.ols_mix(dim=dim, samples=30 - real, noise=1.0, real_samples=rows, generations=generations)
        alone = regression.ols_replace(dim=dim, samples=30, noise=1.0, generations=generations)
        g = np.arange(1, generations + 1)
        ax.plot(g, curve, color=colour, label=f"9 of 30 rows are real, d = {dim}")
        ax.plot(g, alone, color=colour, linestyle="--", label=f"none is real, d = {dim}")
        ax.plot(g, estimate.mean, "o", markersize=4, mfc="white", color=colour)
    ax.set(xlabel="generation", ylabel="excess risk", yscale="log")
    ax.legend(frameon=False, fontsize="small")
    ax.set_title("Real rows may be worse than none", fontsize="medium")


def curated_simplex(axes) -> None:
    """Loops of three symbols that one, two or three groups of users choose from: lines to where each ends."""
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(0.75)]])
    tastes = {
        "one group": ([[0.4, 0.0, 0.2]], [1.0]),
        "two groups": ([[0.5, 0.0, 0.05], [0.0, 0.5, 0.05]], [0.5, 0.5]),
        "three groups": ([[0.5, 0.0, 0.0], [0.0, 0.5, 0.0], [0.0, 0.0, 0.5]], [0.36, 0.33, 0.31]),
    }
    starts = np.array([[8, 1, 1], [1, 8, 1], [1, 1, 8], [4.5, 4.5, 1], [3, 1, 6], [1, 4, 5]]) / 10
    for ax, (name, (rewards, weights)) in zip(axes, tastes.items(), strict=True):
        ax.fill(*corners.T, facecolor="none", edgecolor="0.6", linewidth=0.8)
        for start in starts:
            path = discrete.curated_mix(start, rewards=rewards, weights=weights, generations=400) @ corners
            ax.plot(*path.T, linewidth=1)
            ax.plot(*path[-1], "o", color="black", markersize=5)
        ax.set_title(name, fontsize="medium")
        ax.set_axis_off()
        ax.set_aspect("equal")


def collapsing() -> FuncAnimation:
    """A mixture of two Gaussians that is refitted to 100 of its own samples, eighty times."""
    model = jc.GaussianMixture([0.5, 0.5], [[-1.5], [1.5]], [[0.4], [0.4]])
    run = jc.simulate(model, jc.Replace(), key=jax.random.key(4), samples=100, generations=80)
    x = np.linspace(-4.0, 4.0, 201)

    def density(mixture):
        scale = jnp.sqrt(mixture.variances[:, 0])
        return mixture.weights @ jax.scipy.stats.norm.pdf(x, mixture.means, scale[:, None])

    return jc.plot.animate(x, jax.vmap(density)(run.params), truth=density(model.truth()), xlabel="x")


@contextlib.contextmanager
def saved(name: str, panels: int, *, width: float = 9.0, height: float = 3.6) -> Iterator[np.ndarray]:
    """The panels of a picture, which is written when they are drawn."""
    figure, axes = plt.subplots(1, panels, figsize=(width, height), layout="constrained")
    yield axes
    figure.savefig(PICTURES / f"{name}.png", dpi=150)


def main() -> None:
    """Writes the pictures."""
    jax.config.update("jax_enable_x64", True)
    PICTURES.mkdir(exist_ok=True)
    with saved("collapse", 2) as axes:
        replace_and_accumulate(axes[0])
        penalties_under_accumulation(axes[1])
    with saved("real_tables", 3, width=12.0) as axes:
        wines(axes[0])
        mixture(axes[1])
        tumours(axes[2])
    with saved("fragile", 2) as axes:
        regular_and_fragile(axes)
    eight_definitions()
    plt.gcf().savefig(PICTURES / "definitions.png", dpi=150)
    with saved("diffusion", 2) as axes:
        three_samplers(axes[0])
        modes_from_the_top(axes[1])
    with saved("diversity", 2) as axes:
        surviving_words(axes[0])
        effective_sizes(axes[1])
    with saved("pooling", 2) as axes:
        pooled_rows(axes)
    with saved("groups", 3, height=2.9) as axes:
        curated_simplex(axes)
    jc.plot.save(collapsing(), PICTURES / "collapsing.gif")


if __name__ == "__main__":
    main()
