"""Dohmatob, Feng and Kempe 2024: ridge regression on the labels of generators, each trained on the last one's.

``n`` generators are fitted by least squares to ``T0`` rows each, and ridge regression to ``T`` rows of the last one's
labels: generation ``n + 1`` of a chain. Sizes are those of their appendix D; the numbers of generators are ours.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key
from matplotlib.axes import Axes

from jaxcollapse import plot
from jaxcollapse.chain.pooled import Replace
from jaxcollapse.chain.predict import predict
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.figures.figure import Figure, Runs
from jaxcollapse.models.regression.linear_regression import LinearRegression
from jaxcollapse.theory import Spectrum, regression
from jaxcollapse.theory.papers import DOHMATOB_2024

_figure = partial(Figure, DOHMATOB_2024)
_DIM, _ROWS = 300, 600


class _Setting(NamedTuple):
    """A population, the noise of all labels, and the numbers of generators that are shown."""

    spectrum: Callable[[], Spectrum]
    noise: float
    fakes: tuple[int, ...]

    def chain(self, fakes: int, penalty: Any, samples: Any) -> tuple[LinearRegression, Any]:
        """The model, and how many rows each generation has."""

        def last(value: Any, before: Any) -> Callable:
            return lambda g: jnp.where(g > fakes, value, before)

        return LinearRegression(self.spectrum(), noise=self.noise, penalty=last(penalty, 0.0)), last(samples, _ROWS)

    def simulated(self, key: Key[Array, ""], fakes: int, penalty: Any, samples: Any) -> Float[Array, ""]:
        """The risk of one replication."""
        model, rows = self.chain(fakes, penalty, samples)
        return simulate(model, Replace(), key=key, samples=rows, generations=fakes + 1).risk[-1]

    def predicted(self, fakes: int, penalty: Any, samples: Any) -> Float[Array, ""]:
        """The closed form."""
        model, rows = self.chain(fakes, penalty, samples)
        return predict(model, Replace(), samples=rows, generations=fakes + 1).risk[-1]

    def over(self, risk: Callable, penalties: Any, sizes: Any) -> Float[Array, "fakes cells"]:
        """The risk at every penalty and size, a row for each number of generators."""
        cells = jnp.asarray(penalties, float), jnp.asarray(sizes, float)
        return jnp.stack([jax.lax.map(lambda cell, n=n: risk(n, cell[0], cell[1]), cells) for n in self.fakes])

    def panel(self, ax: Axes, runs: Runs, *, cells: Callable, points: Any, xlabel: str) -> None:
        """The risk against what `cells` makes penalties and sizes of."""
        line = np.geomspace(points[0], points[-1], 60)
        estimate = runs.estimate(lambda key: self.over(partial(self.simulated, key), *cells(points)))
        _draw(ax, estimate, _theory(self, *cells(line)), points, line, self.fakes, xlabel)


@partial(jax.jit, static_argnums=0)
def _theory(setting: _Setting, penalties: Any, sizes: Any) -> Float[Array, "fakes cells"]:
    return setting.over(setting.predicted, penalties, sizes)


def _draw(ax: Axes, estimate: Any, theory: Any, points: Any, line: Any, fakes: Sequence[int], xlabel: str) -> None:
    ax.set(xscale="log", yscale="log")
    names = [f"n = {n}" for n in fakes]
    plot.curves(estimate, theory, x=points, theory_x=line, ax=ax, label=names, xlabel=xlabel, ylabel="excess risk")


_ISOTROPIC = _Setting(lambda: Spectrum.isotropic(_DIM), 0.2, (0, 1, 5, 20))
_POWER_LAW = _Setting(lambda: Spectrum.power_law(_DIM, capacity=2.0, source=0.375), 1.0, (0, 1, 5))
_PENALTY, _SIZE = "penalty per sample λ", "rows T of the last fit"


def _over_penalties(setting: _Setting, samples: float, points: Any) -> Callable[[Axes, Runs], None]:
    return partial(setting.panel, cells=lambda x: (x, np.full_like(x, samples)), points=points, xlabel=_PENALTY)


def _over_sizes(setting: _Setting, penalty: Callable, points: Any) -> Callable[[Axes, Runs], None]:
    return partial(setting.panel, cells=lambda x: (penalty(x), x), points=points, xlabel=_SIZE)


_FEW_ROWS, _FEW_FAKES, _FEW_PENALTIES = _DIM // 2, (0, 1, 2, 4), np.geomspace(1e-4, 1.0, 5)
_FEW = {"samples": 1000, "noise": 0.1}


def _few_rows(ax: Axes, runs: Runs, *, design: Literal["fresh", "fixed"]) -> None:
    """Noiseless generators with fewer rows than coefficients, on one design or on designs of their own."""
    spectrum, line = Spectrum.isotropic(_DIM), np.geomspace(_FEW_PENALTIES[0], _FEW_PENALTIES[-1], 100)
    generators = LinearRegression(spectrum, noise=0.0, design=design)

    def risks(key: Key[Array, ""]) -> Float[Array, "fakes penalties"]:
        fake_key, key = jax.random.split(key)
        sizes = {"samples": _FEW_ROWS, "generations": _FEW_FAKES[-1]}
        chain = simulate(generators, Replace(), key=fake_key, **sizes, truth=spectrum.signal).params
        labellers = jnp.concatenate([spectrum.signal[None], chain])[jnp.array(_FEW_FAKES)]

        def risk(labeller, penalty):
            model = LinearRegression(spectrum, noise=_FEW["noise"], penalty=penalty)
            sizes = {"samples": _FEW["samples"], "generations": 1}
            return simulate(model, Replace(), key=key, **sizes, truth=labeller).risk[0]

        return jax.lax.map(lambda w: jax.lax.map(partial(risk, w), jnp.asarray(_FEW_PENALTIES)), labellers)

    def theory(penalty):
        fakes = {"generator_samples": _FEW_ROWS, "design": design}
        of = partial(regression.ridge_downstream, spectrum, penalty=penalty, **_FEW, **fakes)
        return jnp.stack([of(generators=n) for n in _FEW_FAKES])

    _draw(
        ax, runs.estimate(risks), jax.jit(jax.vmap(theory, out_axes=1))(line), _FEW_PENALTIES, line, _FEW_FAKES,
        _PENALTY,
    )  # fmt: skip
    ax.set_title("one design for all" if design == "fixed" else "designs of their own", fontsize="small")


_OURS = "the numbers n, and 10 repetitions there"
FIGURES = (
    _figure(
        "1a",
        "isotropic ridge regression after n fake generations, against its penalty and against its sample.",
        "d = 300, T₀ = 600, σ = σ₀ = 0.2, |w₀| = 1; left T = 1000, right λ = 0.001.",
        (
            _over_penalties(_ISOTROPIC, 1000.0, np.geomspace(1e-4, 10.0, 9)),
            _over_sizes(_ISOTROPIC, lambda rows: np.full_like(rows, 1e-3), np.geomspace(400.0, 1e5, 9)),
        ),
        replications=100,
        ours=_OURS,
    ),
    _figure(
        "1b",
        "power-law ridge regression after n fake generations; the penalty for clean data makes more rows harmful.",
        "d = 300, eigenvalues k⁻², r = 0.375, T₀ = 600, σ = σ₀ = 1; left T = 10,000, right λ = T^(−0.8).",
        (
            _over_penalties(_POWER_LAW, 1e4, np.geomspace(1e-4, 1.0, 5)),
            _over_sizes(_POWER_LAW, lambda rows: rows**-0.8, np.geomspace(1e2, 1e6, 5)),
        ),
        replications=10,
        ours="the numbers n",
    ),
    _figure(
        "2",
        "noiseless generators with fewer rows than coefficients: on one design they forget once, else everything.",
        "d = 300, T₀ = 150, T = 1000, σ₀ = 0, σ = 0.1, |w₀| = 1.",
        (partial(_few_rows, design="fixed"), partial(_few_rows, design="fresh")),
        replications=10,
        ours="the numbers n",
    ),
)
