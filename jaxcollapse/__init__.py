"""Simulate, predict and verify model collapse: what happens when models train on what their predecessors made."""

from typing import TYPE_CHECKING

from jaxcollapse import datasets as datasets
from jaxcollapse import features as features
from jaxcollapse import kernels as kernels
from jaxcollapse import schedule as schedule
from jaxcollapse import theory as theory
from jaxcollapse._xla import turn_off_wrong_sums
from jaxcollapse.data import Data as Data
from jaxcollapse.data import Samples as Samples
from jaxcollapse.estimate import Estimate as Estimate
from jaxcollapse.grid import Grid as Grid
from jaxcollapse.model import Model as Model
from jaxcollapse.models.biased import Biased as Biased
from jaxcollapse.models.categorical import Categorical as Categorical
from jaxcollapse.models.contaminated_categorical import ContaminatedCategorical as ContaminatedCategorical
from jaxcollapse.models.curated import Curated as Curated
from jaxcollapse.models.exponential_family import Bernoulli as Bernoulli
from jaxcollapse.models.exponential_family import Beta as Beta
from jaxcollapse.models.exponential_family import Exponential as Exponential
from jaxcollapse.models.exponential_family import ExponentialFamily as ExponentialFamily
from jaxcollapse.models.exponential_family import NormalMean as NormalMean
from jaxcollapse.models.exponential_family import Poisson as Poisson
from jaxcollapse.models.gaussian import Gaussian as Gaussian
from jaxcollapse.models.gaussian import MultivariateGaussian as MultivariateGaussian
from jaxcollapse.models.gaussian_mixture import GaussianMixture as GaussianMixture
from jaxcollapse.models.generalised_linear import LogisticRegression as LogisticRegression
from jaxcollapse.models.generalised_linear import PoissonRegression as PoissonRegression
from jaxcollapse.models.immediate_collapse import ImmediateCollapse as ImmediateCollapse
from jaxcollapse.models.kernel_density import KernelDensity as KernelDensity
from jaxcollapse.models.kernel_ridge import KernelRidge as KernelRidge
from jaxcollapse.models.linear_gaussian import LinearGaussian as LinearGaussian
from jaxcollapse.models.linear_regression import LinearRegression as LinearRegression
from jaxcollapse.models.mixed_labels import MixedLabels as MixedLabels
from jaxcollapse.models.mutual import Mutual as Mutual
from jaxcollapse.models.pruned_classifier import PrunedClassifier as PrunedClassifier
from jaxcollapse.models.random_projection import RandomProjection as RandomProjection
from jaxcollapse.models.staircase import Staircase as Staircase
from jaxcollapse.models.tilted_gaussian import TiltedGaussian as TiltedGaussian
from jaxcollapse.monte_carlo import monte_carlo as monte_carlo
from jaxcollapse.simulate import Trajectory as Trajectory
from jaxcollapse.simulate import simulate as simulate
from jaxcollapse.workflow import Accumulate as Accumulate
from jaxcollapse.workflow import AccumulateSubsample as AccumulateSubsample
from jaxcollapse.workflow import Mix as Mix
from jaxcollapse.workflow import MovingAverage as MovingAverage
from jaxcollapse.workflow import Replace as Replace
from jaxcollapse.workflow import Window as Window
from jaxcollapse.workflow import Workflow as Workflow

if TYPE_CHECKING:
    from jaxcollapse import claims as claims
    from jaxcollapse import plot as plot
    from jaxcollapse import report as report
    from jaxcollapse.claim import Axis as Axis
    from jaxcollapse.claim import Claim as Claim
    from jaxcollapse.claim import Reference as Reference
    from jaxcollapse.claim import Verdict as Verdict
    from jaxcollapse.claim import Verification as Verification
    from jaxcollapse.claim import verify as verify

turn_off_wrong_sums()

__version__ = "0.1.0"

_MODULES = frozenset({"claims", "plot", "report"})
_OF_CLAIM = frozenset({"Axis", "Claim", "Reference", "Verdict", "Verification", "verify"})


def __getattr__(name: str):
    """The rooms that a simulation does not need are imported when they are first entered."""
    import importlib

    if name in _MODULES:
        return importlib.import_module(f"jaxcollapse.{name}")
    if name in _OF_CLAIM:
        return getattr(importlib.import_module("jaxcollapse.claim"), name)
    from jaxcollapse._check import did_you_mean

    hint = "" if name.startswith("_") else did_you_mean(name, [word for word in __dir__() if not word.startswith("_")])
    raise AttributeError(f"module 'jaxcollapse' has no attribute {name!r}{hint}")


def __dir__() -> list[str]:
    """All public names, those imported late included."""
    return sorted({*globals(), *_MODULES, *_OF_CLAIM})
