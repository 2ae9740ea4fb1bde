"""One row for every model and one for every workflow: each meets all laws of `test_protocols.py`.

A new family or workflow is one row here.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

import jaxcollapse as jc
from jaxcollapse.theory import Spectrum

GENERATIONS = 3


class ModelRow(NamedTuple):
    """A model as it is used, and the same one with rows where it can draw both."""

    name: str
    exact: Callable[[], jc.Model]
    raw: Callable[[], jc.Model] | None = None
    samples: int = 12
    refuses: tuple[str, ...] = ()
    """Workflows that it refuses in a sentence, beside those that pick rows of a model of sums."""
    slow: bool = False
    """Whether its own laws take seconds to compile: they are among the slow tests."""


class WorkflowRow(NamedTuple):
    """A workflow for so many generations."""

    name: str
    make: Callable[[int], jc.Workflow]


def _triangle(generations: int) -> Any:
    weights = np.tril(np.arange(1.0, generations + 1) + np.zeros((generations, 1)))
    return weights / weights.sum(axis=1, keepdims=True)


WORKFLOWS = (
    WorkflowRow("Replace", lambda g: jc.Replace()),
    WorkflowRow("Accumulate", lambda g: jc.Accumulate()),
    WorkflowRow("Accumulate weighted", lambda g: jc.Accumulate(weight=lambda g: 1 / g)),
    WorkflowRow("Accumulate fading", lambda g: jc.Accumulate(weight=lambda batch, g: 0.5 ** (g - batch))),
    WorkflowRow("AccumulateSubsample", lambda g: jc.AccumulateSubsample()),
    WorkflowRow("ReplayBuffer", lambda g: jc.ReplayBuffer(14)),
    WorkflowRow("ReplayBuffer oldest", lambda g: jc.ReplayBuffer(14, evict="oldest")),
    WorkflowRow("Window", lambda g: jc.Window(2)),
    WorkflowRow("MovingAverage", lambda g: jc.MovingAverage(0.4)),
    WorkflowRow("Edit", lambda g: jc.Edit(0.4)),
    WorkflowRow("Edit fixed", lambda g: jc.Edit(0.5, mask="fixed")),
    WorkflowRow("Edit disjoint", lambda g: jc.Edit(1 / 3, mask="disjoint")),
    WorkflowRow("Weighted", lambda g: jc.Weighted(_triangle(g))),
    WorkflowRow("Mix fresh", lambda g: jc.Mix("fresh", weight=0.3)),
    WorkflowRow("Mix fixed", lambda g: jc.Mix("fixed", weight=0.3)),
    WorkflowRow("Mix pooled", lambda g: jc.Mix("fresh")),
    WorkflowRow("Mix all first", lambda g: jc.Mix("fresh", first="all")),
    WorkflowRow("Mix estimates", lambda g: jc.Mix("fresh", weight=0.3, average="estimates")),
    WorkflowRow("Shares", lambda g: jc.Shares(real=0.5, previous=0.2, newest=0.3)),
)
_BEYOND_THE_NEWEST = tuple(row.name for row in WORKFLOWS if row.name != "Replace")
_NO_AVERAGE = ("Mix estimates",)
"""Of models whose parameters are no arrays."""
_TABLE = np.random.default_rng(0).normal(size=(4, 2))
_TASTES: dict[str, Any] = dict(rewards=[[0.0, 1.0, 2.0], [1.0, 0.0, 0.0]], weights=[0.4, 0.6])


def _regression(**fields: Any) -> Callable[[], jc.Model]:
    return lambda: jc.LinearRegression(Spectrum.isotropic(3), noise=0.5, **fields)


MODELS = (
    ModelRow("LinearRegression ols", _regression(), _regression(sampling="raw")),
    ModelRow("LinearRegression ridge", _regression(penalty=0.1), _regression(penalty=0.1, sampling="raw")),
    ModelRow(
        "LinearRegression fixed",
        _regression(penalty=0.1, design="fixed"),
        _regression(penalty=0.1, design="fixed", sampling="raw"),
    ),
    ModelRow("LinearRegression expected", lambda: _regression(penalty=0.1)().expected(), refuses=_BEYOND_THE_NEWEST),
    ModelRow(
        "LinearGaussian", lambda: jc.LinearGaussian(Spectrum.isotropic(3), noise=0.5, ddof="dim"), refuses=_NO_AVERAGE
    ),
    ModelRow(
        "LinearAttention",
        lambda: jc.LinearAttention(Spectrum.isotropic(3), noise=0.5),
        lambda: jc.LinearAttention(Spectrum.isotropic(3), noise=0.5, sampling="raw"),
        slow=True,
    ),
    ModelRow(
        "MixedLabels",
        lambda: jc.MixedLabels(_regression(penalty=0.1)(), weight=0.6),
        lambda: jc.MixedLabels(_regression(penalty=0.1, sampling="raw")(), weight=0.6),
        slow=True,
    ),
    ModelRow(
        "RandomProjection",
        lambda: jc.RandomProjection(Spectrum.isotropic(3), width=2, noise=0.5, penalty=0.1),
        lambda: jc.RandomProjection(Spectrum.isotropic(3), width=2, noise=0.5, penalty=0.1, sampling="raw"),
        slow=True,
    ),
    ModelRow("KernelRidge", lambda: jc.KernelRidge(np.eye(6) + 0.1, np.arange(6.0), noise=0.5, penalty=0.1)),
    ModelRow("PrunedClassifier", lambda: jc.PrunedClassifier(Spectrum.isotropic(3), penalty=0.1, error_rate=None)),
    ModelRow("HardLabels", lambda: jc.HardLabels(3, penalty=0.1, oracle=0.8, keep="easy", threshold=0.2)),
    ModelRow("LogisticRegression", lambda: jc.LogisticRegression(Spectrum.isotropic(2), penalty=0.1), slow=True),
    ModelRow(
        "LogisticRegression table",
        lambda: jc.LogisticRegression(Spectrum.isotropic(2), penalty=0.3, features=jc.features.Table(_TABLE)),
        lambda: jc.LogisticRegression(
            Spectrum.isotropic(2), penalty=0.3, features=jc.features.Table(_TABLE), sampling="raw"
        ),
        slow=True,
    ),
    ModelRow(
        "LogisticRegression intercept",
        lambda: jc.LogisticRegression(Spectrum.isotropic(2), penalty=0.1, intercept=0.3),
        slow=True,
    ),
    ModelRow(
        "PoissonRegression", lambda: jc.PoissonRegression(Spectrum.isotropic(2, norm=0.5), penalty=0.1), slow=True
    ),
    ModelRow("Gaussian", lambda: jc.Gaussian(ddof=1), lambda: jc.Gaussian(ddof=1, sampling="raw")),
    ModelRow(
        "MultivariateGaussian",
        lambda: jc.MultivariateGaussian(jnp.diag(jnp.array([1.0, 2.0])), ddof=1),
        lambda: jc.MultivariateGaussian(jnp.diag(jnp.array([1.0, 2.0])), ddof=1, sampling="raw"),
    ),
    ModelRow("TiltedGaussian", lambda: jc.TiltedGaussian(jc.Gaussian(ddof=1), power=1.0), refuses=_BEYOND_THE_NEWEST),
    ModelRow(
        "GaussianDiffusion",
        lambda: jc.GaussianDiffusion("ode", guidance=0.5, auxiliary_samples=9),
        lambda: jc.GaussianDiffusion("ode", guidance=0.5, auxiliary_samples=9, sampling="raw"),
    ),
    ModelRow(
        "GaussianMixture",
        lambda: jc.GaussianMixture([0.5, 0.5], [[-2.0], [2.0]], [[1.0], [1.0]]),
        slow=True,
        refuses=_NO_AVERAGE,
    ),
    ModelRow(
        "GaussianMixture tied",
        lambda: jc.GaussianMixture([0.5, 0.5], [[-2.0], [2.0]], [[1.0], [1.0]], tied=True, restarts=1),
        slow=True,
        refuses=_NO_AVERAGE,
    ),
    ModelRow(
        "GaussianMixture covariances",
        lambda: jc.GaussianMixture([0.5, 0.5], [[-2.0, 0.0], [2.0, 0.0]], [[[1.0, 0.4], [0.4, 1.0]]] * 2, iterations=9),
        slow=True,
        refuses=_NO_AVERAGE,
    ),
    ModelRow("SymmetricMixture", lambda: jc.SymmetricMixture(1.5)),
    ModelRow("SymmetricMixture plane", lambda: jc.SymmetricMixture([1.5, 0.5], iterations=30), slow=True),
    ModelRow("KernelDensity", lambda: jc.KernelDensity(0.5), refuses=_NO_AVERAGE),
    ModelRow(
        "KernelDensity data",
        lambda: jc.KernelDensity("scott", kernel="tophat", data=_TABLE, held_out=_TABLE),
        samples=4,
        slow=True,
        refuses=_NO_AVERAGE,
    ),
    ModelRow(
        "LinearVAE",
        lambda: jc.LinearVAE([3.0, 2.0, 0.5], latent=2, noise=0.2, solver="optimum"),
        lambda: jc.LinearVAE([3.0, 2.0, 0.5], latent=2, noise=0.2, solver="optimum", sampling="raw"),
        refuses=_NO_AVERAGE,
    ),
    ModelRow(
        "LinearVAE trained",
        lambda: jc.LinearVAE([3.0, 2.0], noise=0.2, pixel=0.1, posterior="diagonal", steps=20),
        lambda: jc.LinearVAE([3.0, 2.0], noise=0.2, pixel=0.1, posterior="diagonal", steps=20, sampling="raw"),
        slow=True,
        refuses=_NO_AVERAGE,
    ),
    ModelRow(
        "LinearDiffusion",
        lambda: jc.LinearDiffusion([3.0, 0.5], sigma_max=5.0, sigma_min=0.3, levels=3, steps=20),
        lambda: jc.LinearDiffusion([3.0, 0.5], sigma_max=5.0, sigma_min=0.3, levels=3, steps=20, sampling="raw"),
        slow=True,
        refuses=_NO_AVERAGE,
    ),
    ModelRow(
        "ProbabilisticPCA",
        lambda: jc.ProbabilisticPCA([5.0, 1.0, 1.0], latent=1),
        lambda: jc.ProbabilisticPCA([5.0, 1.0, 1.0], latent=1, sampling="raw"),
        refuses=_NO_AVERAGE,
    ),
    ModelRow(
        "EarlyStopping",
        lambda: jc.EarlyStopping(
            Spectrum.from_eigenvalues([2.0, 0.3], [1.0, -0.5]), noise=0.5, rate=0.4, steps=3, warm=True
        ),
    ),
    ModelRow("Location", lambda: jc.Location("laplace", estimator=1.345)),
    ModelRow("Location median", lambda: jc.Location("cauchy", estimator="median")),
    ModelRow("NormalMean", lambda: jc.NormalMean(jnp.zeros(2)), lambda: jc.NormalMean(jnp.zeros(2), sampling="raw")),
    ModelRow("Exponential", lambda: jc.Exponential(2.0), lambda: jc.Exponential(2.0, sampling="raw")),
    ModelRow("Beta", lambda: jc.Beta(2.0), lambda: jc.Beta(2.0, sampling="raw")),
    ModelRow("Poisson", lambda: jc.Poisson(3.0), lambda: jc.Poisson(3.0, sampling="raw")),
    ModelRow("Bernoulli", lambda: jc.Bernoulli(0.4), lambda: jc.Bernoulli(0.4, sampling="raw")),
    ModelRow(
        "Categorical",
        lambda: jc.Categorical([0.5, 0.3, 0.2]),
        lambda: jc.Categorical([0.5, 0.3, 0.2], sampling="raw"),
    ),
    ModelRow(
        "ContaminatedCategorical",
        lambda: jc.ContaminatedCategorical([0.5, 0.3, 0.2], real_share=0.5),
        lambda: jc.ContaminatedCategorical([0.5, 0.3, 0.2], real_share=0.5, sampling="raw"),
    ),
    ModelRow(
        "Curated",
        lambda: jc.Curated(jc.Categorical([0.5, 0.3, 0.2]), rewards=[0.0, 1.0, 2.0], candidates=2),
        lambda: jc.Curated(jc.Categorical([0.5, 0.3, 0.2], sampling="raw"), rewards=[0.0, 1.0, 2.0], candidates=2),
    ),
    ModelRow(
        "Curated groups",
        lambda: jc.Curated(jc.Categorical([0.5, 0.3, 0.2]), candidates=2, **_TASTES),
        lambda: jc.Curated(jc.Categorical([0.5, 0.3, 0.2], sampling="raw"), candidates=2, **_TASTES),
        slow=True,
    ),
    ModelRow(
        "Biased",
        lambda: jc.Biased(jc.Gaussian(ddof=1), jax.tree_util.Partial(_colder)),
        lambda: jc.Biased(jc.Gaussian(ddof=1, sampling="raw"), jax.tree_util.Partial(_colder)),
    ),
    ModelRow(
        "Corrected", lambda: jc.Corrected(jc.NormalMean(jnp.zeros(2), sampling="raw"), jax.tree_util.Partial(_halved))
    ),
    ModelRow(
        "Filtered", lambda: jc.Filtered(jc.Gaussian(ddof=0, sampling="raw"), jax.tree_util.Partial(_same), keep=0.3)
    ),
    ModelRow(
        "Biased rows", lambda: jc.Biased(jc.KernelDensity(0.5), jax.tree_util.Partial(_same)), refuses=_NO_AVERAGE
    ),
    ModelRow("Verified", lambda: jc.Verified(jc.NormalMean(jnp.zeros(2)), centre=[0.3, 0.0], radius=1.0)),
    ModelRow("Mutual", lambda: jc.Mutual(jc.NormalMean(jnp.zeros(2)), models=3, private_weight=0.5)),
    ModelRow("Graph", lambda: jc.Graph(jc.NormalMean(jnp.zeros(2)), [[0.0, 0.0, 1.0], [0.5, 0.5, 0.0]])),
    ModelRow("Trained", lambda: _Scale(_TABLE, steps=3, batch=4), samples=4),
    ModelRow(
        "VAE",
        lambda: jc.VAE(_IMAGES, _IMAGES, _classify, latent=1, width=2, steps=3, batch=4),
        slow=True,
        refuses=_NO_AVERAGE,
    ),
    ModelRow(
        "Diffusion",
        lambda: jc.Diffusion(_BUTANE, _BUTANE, width=2, depth=1, levels=2, steps=3, batch=4),
        slow=True,
        refuses=_NO_AVERAGE,
    ),
    ModelRow(
        "Transformer",
        lambda: jc.Transformer(_TALE, length=4, width=4, heads=2, steps=3, batch=4, probes=4, test=8),
        slow=True,
        refuses=_NO_AVERAGE,
    ),
    ModelRow(
        "SoftmaxBigram",
        lambda: jc.SoftmaxBigram([[0.6, 0.4], [0.3, 0.7]], [0.5, 0.5], smoothing=0.1, temperature=1.2, steps=20),
        slow=True,
    ),
    ModelRow(
        "MarkovText trigrams", lambda: jc.MarkovText(_TALE.tokens.reshape(-1, 4), order=2, smoothing=0.5), slow=True
    ),
    ModelRow("FiniteLanguage", lambda: jc.FiniteLanguage(_coin, best=jnp.array([0.5]), steps=4)),
    ModelRow("MarkovText", lambda: jc.MarkovText(_TALE.tokens.reshape(-1, 4), temperature=1.2), slow=True),
    ModelRow("TwoLayer", lambda: jc.TwoLayer(_TABLE, _TABLE[:, 0], noise=0.5, width=4, steps=3, rate=0.1)),
    ModelRow(
        "TwoLayer fresh",
        lambda: jc.TwoLayer(_TABLE, _TABLE[:, 0], noise=0.5, width=4, steps=3, rate=0.1, design="fresh", warm=True),
    ),
    ModelRow("ImmediateCollapse", lambda: jc.ImmediateCollapse(), refuses=_NO_AVERAGE),
    ModelRow("Staircase", lambda: jc.Staircase(3), lambda: jc.Staircase(3, sampling="raw")),
)


class _Scale(jc.Trained):
    """A normal law that learns its spread."""

    def build(self, key):
        return {"log_scale": 0.1 * jax.random.normal(key, (1, 2))}

    def loss(self, network, rows, key):
        return jnp.mean(0.5 * (rows * jnp.exp(-network["log_scale"])) ** 2 + network["log_scale"])

    def draw(self, network, key, n):
        return jnp.exp(network["log_scale"]) * jax.random.normal(key, (n, 2))

    def evaluate(self, network, key):
        return {"scale": jnp.exp(network["log_scale"][0])}


_TALE = jc.datasets.Corpus(np.random.default_rng(0).integers(0, 3, 200).astype(np.uint8), ("a", "b", "c"))
_IMAGES = np.random.default_rng(0).uniform(size=(30, 4))


def _coin(theta: Any) -> Any:
    return jax.nn.log_softmax(jnp.append(theta, 0.0))


def _classify(images: Any) -> Any:
    return images[:, :2], jax.nn.softmax(images[:, 2:])


_BUTANE = jc.datasets.alkane(jax.random.key(1), 30, 4)


def _colder(fit: Any) -> Any:
    return fit.scaled(0.7)


def _halved(row: Any) -> Any:
    return 0.5 * row


def _same(fit: Any) -> Any:
    return fit
