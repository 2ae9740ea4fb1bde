"""Claims that are drawn at random: settings of families and workflows whose predictions are said to be exact.

The claims of the papers test each closed form at parameters of its own. These test it everywhere: dimensions, sizes,
schedules, weights, spectra, designs and divisors are drawn, the chain is simulated, and every exact prediction of it
is to be met. A claim is a function of a seed and a number, which its name holds: ``jaxcollapse verify drawn-0-17``
decides it again. Tails are light enough for means: more rows than coefficients by ten, and few generations.
"""

import functools
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from jaxcollapse.chain.edit import MASKS, Edit
from jaxcollapse.chain.mix import Mix
from jaxcollapse.chain.model import Model
from jaxcollapse.chain.pooled import Accumulate, AccumulateSubsample, MovingAverage, Replace, Weighted, Window
from jaxcollapse.chain.predict import closed_forms
from jaxcollapse.chain.prediction import ClosedForm
from jaxcollapse.chain.replay import ReplayBuffer
from jaxcollapse.chain.shares import Shares
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.machine.precision import enable_x64, untraced
from jaxcollapse.models.discrete.categorical import Categorical
from jaxcollapse.models.discrete.contaminated import ContaminatedCategorical
from jaxcollapse.models.discrete.curated import Curated
from jaxcollapse.models.exponential_family import Bernoulli, Exponential, NormalMean, Poisson
from jaxcollapse.models.gaussian.diffusion import GaussianDiffusion
from jaxcollapse.models.gaussian.multivariate import MultivariateGaussian
from jaxcollapse.models.gaussian.univariate import Gaussian
from jaxcollapse.models.graph import Graph
from jaxcollapse.models.kernel_density import KernelDensity
from jaxcollapse.models.mutual import Mutual
from jaxcollapse.models.networks.early_stopping import EarlyStopping
from jaxcollapse.models.regression.linear_attention import LinearAttention
from jaxcollapse.models.regression.linear_gaussian import LinearGaussian
from jaxcollapse.models.regression.linear_regression import LinearRegression
from jaxcollapse.models.regression.mixed_labels import MixedLabels
from jaxcollapse.population.spectrum import Spectrum
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Equal

_NAME = re.compile(r"drawn-(\d{1,10})-(\d{1,7})")
_TOLERANCE, _COARSE = 0.01, 0.03  # rows take longer than sums
_RARE = {"unseen": 0.05, "support": 0.05}  # metrics that rare events carry, and how far from whole numbers they are not
_ATTEMPTS = 200


class Written(NamedTuple):
    """A call as it is written, which can be made."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    named: dict[str, Any]

    @staticmethod
    def of(function: Callable[..., Any], *arguments: Any, **named: Any) -> "Written":
        """The call of a public function with these arguments, some of which may be calls."""
        return Written(function, arguments, named)

    def make(self) -> Any:
        """What the call returns."""
        made = lambda value: value.make() if isinstance(value, Written) else value  # noqa: E731
        return self.function(*map(made, self.arguments), **{name: made(value) for name, value in self.named.items()})

    def __str__(self) -> str:
        """The call in Python."""
        place = "jc.theory" if self.function.__qualname__.startswith("Spectrum") else "jc"
        said = [*map(_text, self.arguments), *(f"{name}={_text(value)}" for name, value in self.named.items())]
        return f"{place}.{self.function.__qualname__}({', '.join(said)})"


class Setting(NamedTuple):
    """A chain that was drawn, and the closed forms of it that are exact."""

    model: Written
    workflow: Written
    samples: Any
    generations: int
    forms: dict[str, ClosedForm]

    def __str__(self) -> str:
        """The call that predicts it."""
        sizes = f"samples={self.samples}, generations={self.generations}"
        return f"jc.predict({self.model}, {self.workflow}, {sizes})"


class Dice:
    """Random numbers of three digits: what is printed is what was drawn."""

    def __init__(self, seed: int, index: int, generations: int):
        self._random, self.generations = np.random.default_rng([seed, index]), generations

    def scale(self, low: float, high: float) -> float:
        """A number between two others, evenly in its logarithm."""
        return float(f"{np.exp(self._random.uniform(np.log(low), np.log(high))):.3g}")

    def share(self, low: float = 0.1, high: float = 0.9) -> float:
        """A number between two others."""
        return float(f"{self._random.uniform(low, high):.3g}")

    def count(self, low: int, high: int) -> int:
        """An integer between two others, evenly in its logarithm."""
        return int(round(self.scale(low, high)))

    def one(self, *values: Any) -> Any:
        """One of some values."""
        return values[int(self._random.integers(len(values)))]

    def signed(self, low: float, high: float) -> float:
        """A number of either sign."""
        return self.one(-1, 1) * self.scale(low, high)

    def several(self, number: Callable[[], Any], count: int) -> list[Any]:
        """So many numbers."""
        return [number() for _ in range(count)]

    def schedule(self, number: Callable[[], Any]) -> Any:
        """One number, or one for each generation."""
        return self.one(number(), self.several(number, self.generations))

    def probabilities(self, count: int) -> list[float]:
        """Numbers that sum to one, none of them small."""
        hundreds = self._random.multinomial(100 - 10 * count, np.full(count, 1 / count)) + 10
        return [float(f"{share / 100:.2g}") for share in hundreds]


def claim(seed: int, index: int) -> Claim:
    """The claim that the exact predictions of one random setting are met.

    ```python
    >>> import jaxcollapse as jc
    >>> jc.claims.get("drawn-0-3").protocol == jc.claims.get("drawn-0-3").protocol
    True

    ```
    """
    setting = drawn(seed, index)
    forms = ", ".join(f"{name} ({form.name})" for name, form in setting.forms.items())
    return Claim(
        name=f"drawn-{seed}-{index}",
        statement=f"The simulated means are those that {setting} gives, of {forms}",
        theory=functools.partial(_theory, seed, index),
        experiment=functools.partial(_experiment, seed, index),
        relation=Equal(_COARSE if "sampling='raw'" in str(setting.model) else _TOLERANCE),
        formula=forms,
        protocol=str(setting),
        quantity="mean",
    )


def named(name: str) -> Claim | None:
    """The claim of this name, if it is the name of one that is drawn."""
    found = _NAME.fullmatch(name) if isinstance(name, str) else None
    return None if found is None else claim(int(found[1]), int(found[2]))


@functools.lru_cache(maxsize=4096)
def drawn(seed: int, index: int) -> Setting:
    """A random setting of a pair of family and workflow, drawn again until it has an exact prediction."""
    dice = Dice(seed, index, generations := 2 + index % 4)
    pairs = [(family, flow) for family in FAMILIES for flow in family.flows]
    family, flow = dice.one(*pairs)
    for _ in range(_ATTEMPTS):
        size = dice.count(family.fewest, family.most)
        sizes = dice.one(size, dice.several(lambda size=size: dice.count(size, 2 * size), generations))
        workflow = flow(dice, size)
        model = family.draw(dice, size, workflow.function in _PICK_ROWS)
        if forms := _exact(model, workflow, sizes, generations):
            return Setting(model, workflow, sizes, generations, forms)
    raise RuntimeError(f"no setting with an exact prediction in {_ATTEMPTS} attempts")


@lenient()
def _exact(model: Written, workflow: Written, samples: Any, generations: int) -> dict[str, ClosedForm]:
    """The exact forms of a chain, as far as their means can be compared; none for one that is refused."""
    with enable_x64(True):
        try:
            known = eqx.filter_eval_shape(_closed_forms, model, workflow, samples, generations)
        except (ValueError, TypeError):  # such as sizes that vary on a fixed design
            return {}
        forms = {name: form for name, form in known.items() if form.exactness == "exact"}
        proper = {name: form for name, form in forms.items() if form.name != "unbiased"}
        return forms if proper else {}


def _closed_forms(model: Written, workflow: Written, samples: Any, generations: int) -> dict[str, ClosedForm]:
    return closed_forms(model.make(), workflow.make(), samples=samples, generations=generations)


@functools.lru_cache(maxsize=4)
def _curves(seed: int, index: int) -> dict[str, np.ndarray]:
    """The means that are exact, as far as they are finite and not carried by events that replications miss."""
    setting = drawn(seed, index)
    chain = setting.model, setting.workflow, setting.samples, setting.generations
    curves = jax.jit(lambda: {name: form.curve for name, form in _closed_forms(*chain).items()})  # one program
    with enable_x64(True):
        known = untraced(curves)
    exact = {name: np.asarray(known[name], float) for name in setting.forms}
    return {name: curve for name, curve in exact.items() if _comparable(name, curve)}


def _comparable(name: str, curve: np.ndarray) -> bool:
    plain = abs(curve - np.round(curve) if name in _RARE else curve)
    return bool(np.isfinite(curve).all() and (plain > _RARE.get(name, 0.0)).all())


def _shift(curve: np.ndarray) -> float:
    """What is added to a mean that may be of any sign: a relative error needs something to refer to."""
    return max(1.0 - float(curve.min()), 0.0) if curve.min() < 0 else 0.0


def _theory(seed: int, index: int) -> np.ndarray:
    return np.concatenate([curve.ravel() + _shift(curve) for curve in _curves(seed, index).values()])


def _experiment(seed: int, index: int, key: Key[Array, ""]) -> Float[Array, " entries"]:
    setting = drawn(seed, index)
    model: Model = setting.model.make()
    workflow: Workflow = setting.workflow.make()
    run = simulate(model, workflow, key=key, samples=setting.samples, generations=setting.generations).metrics
    return jnp.concatenate([jnp.ravel(run[name]) + _shift(curve) for name, curve in _curves(seed, index).items()])


class Family(NamedTuple):
    """How a model of one kind is drawn, for batches between two sizes."""

    draw: Callable[[Dice, int, bool], Written]
    """A function of the dice, the smallest batch, and whether rows are to be drawn."""
    fewest: int
    most: int
    flows: tuple[Callable[[Dice, int], Written], ...]


def _sampling(rows: bool, dice: Dice) -> dict[str, str]:
    """Sums mostly, rows where they are needed and now and then."""
    return {"sampling": "raw"} if dice.one(True, *[False] * 7) or rows else {}


def _normal_mean(dice: Dice, size: int, rows: bool) -> Written:
    mean = dice.several(lambda: dice.signed(0.5, 2.0), dice.count(1, 6))
    return Written.of(NormalMean, mean, variance=dice.scale(0.3, 3.0), **_sampling(rows, dice))


def _exponential(dice: Dice, size: int, rows: bool) -> Written:
    return Written.of(Exponential, dice.scale(0.5, 3.0), **_sampling(rows, dice))


def _poisson(dice: Dice, size: int, rows: bool) -> Written:
    return Written.of(Poisson, dice.scale(0.5, 20.0), **_sampling(rows, dice))


def _bernoulli(dice: Dice, size: int, rows: bool) -> Written:
    return Written.of(Bernoulli, dice.share(0.2, 0.8), **_sampling(rows, dice))


def _gaussian(dice: Dice, size: int, rows: bool) -> Written:
    truth = {"mean": dice.signed(0.5, 2.0), "variance": dice.scale(0.3, 3.0)}
    return Written.of(Gaussian, ddof=dice.one(0, 1), **truth, **_sampling(rows, dice))


def _multivariate(dice: Dice, size: int, rows: bool) -> Written:
    dim = dice.count(1, 4)
    covariance = np.diag(dice.several(lambda: dice.scale(0.8, 3.0), dim))
    for i in range(1, dim):
        covariance[i, i - 1] = covariance[i - 1, i] = dice.share(-0.3, 0.3)
    return Written.of(MultivariateGaussian, covariance.tolist(), ddof=dice.one(0, 1), **_sampling(rows, dice))


def _categorical(dice: Dice, size: int, rows: bool) -> Written:
    return Written.of(Categorical, dice.probabilities(dice.count(2, 5)), **_sampling(rows, dice))


def _contaminated(dice: Dice, size: int, rows: bool) -> Written:
    share = dice.schedule(lambda: dice.share(0.2, 1.0))
    named = {"real_share": share, **_sampling(rows, dice)}
    return Written.of(ContaminatedCategorical, dice.probabilities(dice.count(2, 5)), **named)


def _curated(dice: Dice, size: int, rows: bool) -> Written:
    language = Written.of(Categorical, dice.probabilities(2), **_sampling(rows, dice))
    rewards = dice.several(lambda: dice.share(-0.5, 0.5), 2)
    return Written.of(Curated, language, rewards=rewards, candidates=dice.count(1, 4))


def _diffusion(dice: Dice, size: int, rows: bool) -> Written:
    loop = {"guidance": dice.share(0.1, 0.5), "auxiliary_samples": dice.count(30, 90)}
    truth = {"mean": dice.signed(0.5, 2.0), "variance": dice.scale(0.3, 3.0)}
    return Written.of(GaussianDiffusion, "ode", **loop, **truth, **_sampling(rows, dice))


def _attention(dice: Dice, size: int, rows: bool) -> Written:
    spectrum, noise = _spectrum(dice, dice.count(1, 4)), dice.schedule(lambda: dice.scale(0.3, 2.0))
    return Written.of(LinearAttention, spectrum, noise=noise, gain=dice.share(0.3, 1.0), **_sampling(rows, dice))


def _kernel_density(dice: Dice, size: int, rows: bool) -> Written:
    return Written.of(KernelDensity, dice.scale(0.2, 1.0))


def _spectrum(dice: Dice, dim: int, equal: bool = False) -> Written:
    scale = dice.scale(0.3, 3.0)
    eigenvalues = [scale] * dim if equal else dice.several(lambda: dice.scale(0.2, 3.0), dim)
    return Written.of(Spectrum.from_eigenvalues, eigenvalues, dice.several(lambda: dice.signed(0.2, 1.0), dim))


def _least_squares(dice: Dice, size: int, rows: bool) -> Written:
    noise = dice.schedule(lambda: dice.scale(0.3, 2.0))
    spectrum = _spectrum(dice, dice.count(1, max(size - 12, 1)))
    return Written.of(
        LinearRegression, spectrum, noise=noise, design=dice.one("fresh", "fixed"), **_sampling(rows, dice)
    )


def _minimum_norm(dice: Dice, size: int, rows: bool) -> Written:
    noise = dice.schedule(lambda: dice.scale(0.1, 0.5))
    spectrum = _spectrum(dice, 2 * size * dice.generations + 12, equal=True)
    return Written.of(LinearRegression, spectrum, noise=noise, design=dice.one("fresh", "fixed"))


def _linear_gaussian(dice: Dice, size: int, rows: bool) -> Written:
    spectrum = _spectrum(dice, dice.count(1, max(size - 12, 1)))
    return Written.of(LinearGaussian, spectrum, noise=dice.scale(0.3, 2.0), ddof=dice.one("none", "dim"))


def _mixed_labels(dice: Dice, size: int, rows: bool) -> Written:
    regression = dice.one(_least_squares, _minimum_norm)(dice, size, rows)
    return Written.of(MixedLabels, regression, weight=dice.schedule(dice.share))


def _early_stopping(dice: Dice, size: int, rows: bool) -> Written:
    spectrum, noise = _spectrum(dice, dice.count(1, 4)), dice.scale(0.3, 2.0)
    descent = {"rate": dice.share(0.05, 0.4), "steps": dice.count(1, 20), "warm": dice.one(True, False)}
    return Written.of(EarlyStopping, spectrum, noise=noise, **descent)


def _mutual(dice: Dice, size: int, rows: bool) -> Written:
    spectrum = _spectrum(dice, dice.count(1, max(size - 12, 1)))
    least_squares = Written.of(LinearRegression, spectrum, noise=dice.scale(0.3, 2.0), design="fixed")
    mean = Written.of(NormalMean, dice.several(lambda: dice.signed(0.5, 2.0), 3), variance=dice.scale(0.3, 3.0))
    model = dice.one(mean, least_squares)
    public = {} if model is least_squares else {"public_samples": dice.count(size, 3 * size)}
    return Written.of(Mutual, model, models=dice.count(1, 4), private_weight=dice.share(), **public)


def _graph(dice: Dice, size: int, rows: bool) -> Written:
    spectrum = _spectrum(dice, dice.count(1, max(size - 12, 1)))
    least_squares = Written.of(LinearRegression, spectrum, noise=dice.scale(0.3, 2.0))
    mean = Written.of(NormalMean, dice.several(lambda: dice.signed(0.5, 2.0), 2), variance=dice.scale(0.3, 3.0))
    models = dice.count(1, 3)
    one_source = np.eye(models + 1)  # whole batches, whatever their sizes
    weights = [one_source[dice.one(*range(models + 1))].tolist() for _ in range(models)]
    return Written.of(Graph, dice.one(mean, least_squares), weights)


def _replace(dice: Dice, size: int) -> Written:
    return Written.of(Replace)


def _accumulate(dice: Dice, size: int) -> Written:
    return Written.of(Accumulate)


def _accumulate_weighted(dice: Dice, size: int) -> Written:
    return Written.of(Accumulate, weight=dice.several(lambda: dice.scale(0.2, 5.0), dice.generations))


def _subsample(dice: Dice, size: int) -> Written:
    return Written.of(AccumulateSubsample)


def _window(dice: Dice, size: int) -> Written:
    return Written.of(Window, dice.count(1, 3))


def _moving_average(dice: Dice, size: int) -> Written:
    return Written.of(MovingAverage, dice.schedule(dice.share))


def _edit(dice: Dice, size: int) -> Written:
    return Written.of(Edit, dice.share(), mask=dice.one(*MASKS))


def _buffer(dice: Dice, size: int) -> Written:
    return Written.of(ReplayBuffer, dice.count(2 * size, 4 * size), evict=dice.one("random", "oldest"))


def _weighted(dice: Dice, size: int) -> Written:
    quarters = [[0.25 * count for count in _shares(dice, g)] for g in range(1, dice.generations + 1)]
    return Written.of(Weighted, [row + [0.0] * (dice.generations - len(row)) for row in quarters])


def _shares(dice: Dice, parts: int) -> list[int]:
    counts = [0] * parts
    for _ in range(4):
        counts[int(dice.one(*range(parts)))] += 1
    return counts


def _mix(dice: Dice, size: int) -> Written:
    named: dict[str, Any] = {}
    if dice.one(True, False):
        named["weight"] = dice.schedule(dice.share)
        if dice.one(True, False):
            named["average"] = "estimates"
    if dice.one(True, False):
        named["real_samples"] = dice.count(size, 2 * size)
    return Written.of(Mix, dice.one("fresh", "fixed"), **named)


def _three_parts(dice: Dice, size: int) -> Written:
    quarters = [0.25 * count for count in _shares(dice, 3)]
    return Written.of(Shares, **dict(zip(("real", "previous", "newest"), quarters, strict=True)))


_ALL = (
    _replace,
    _accumulate,
    _accumulate_weighted,
    _subsample,
    _edit,
    _window,
    _moving_average,
    _weighted,
    _mix,
    _three_parts,
)
_PICK_ROWS = (AccumulateSubsample, Edit, ReplayBuffer)
_WHOLE = tuple(flow for flow in _ALL if flow not in (_subsample, _edit))
FAMILIES = (
    Family(_normal_mean, 2, 40, _ALL),
    Family(_exponential, 6, 60, (_replace, _accumulate)),
    Family(_poisson, 4, 60, _ALL),
    Family(_bernoulli, 12, 80, (_replace, _accumulate)),
    Family(_gaussian, 10, 80, (*_WHOLE, _subsample)),
    Family(_multivariate, 12, 60, (*_WHOLE, _subsample)),
    Family(_categorical, 8, 80, (*_ALL, _buffer)),
    Family(_contaminated, 8, 80, (*_ALL, _buffer)),
    Family(_curated, 8, 60, (_replace,)),
    Family(_kernel_density, 6, 30, (_replace,)),
    Family(_least_squares, 14, 40, _WHOLE),
    Family(_minimum_norm, 2, 6, (_replace, _accumulate)),
    Family(_linear_gaussian, 14, 30, (_replace,)),
    Family(_mixed_labels, 14, 24, (_replace,)),
    Family(_early_stopping, 4, 60, _WHOLE),
    Family(_mutual, 14, 40, (_mix,)),
    Family(_graph, 14, 40, (_replace,)),
    Family(_diffusion, 20, 80, (_replace,)),
    Family(_attention, 14, 80, (_replace, _mix)),
)
"""What is drawn: every family with an exact prediction, and the workflows under which it has one."""


def _text(value: Any) -> str:
    return str(value) if isinstance(value, Written) else repr(value)
