"""Simulate, predict and verify model collapse: what happens when models train on what their predecessors made."""

from typing import TYPE_CHECKING

from jaxcollapse import theory as theory
from jaxcollapse.chain import schedule as schedule
from jaxcollapse.chain.data import Data as Data
from jaxcollapse.chain.data import Samples as Samples
from jaxcollapse.chain.model import Model as Model
from jaxcollapse.chain.model import Wrapper as Wrapper
from jaxcollapse.chain.pool import Pool as Pool
from jaxcollapse.chain.simulate import Trajectory as Trajectory
from jaxcollapse.chain.simulate import simulate as simulate
from jaxcollapse.chain.workflow import Accumulate as Accumulate
from jaxcollapse.chain.workflow import AccumulateSubsample as AccumulateSubsample
from jaxcollapse.chain.workflow import Mix as Mix
from jaxcollapse.chain.workflow import MovingAverage as MovingAverage
from jaxcollapse.chain.workflow import Replace as Replace
from jaxcollapse.chain.workflow import Weighted as Weighted
from jaxcollapse.chain.workflow import Window as Window
from jaxcollapse.chain.workflow import Workflow as Workflow
from jaxcollapse.machine.xla import turn_off_wrong_sums
from jaxcollapse.models import Bernoulli as Bernoulli
from jaxcollapse.models import Beta as Beta
from jaxcollapse.models import Biased as Biased
from jaxcollapse.models import Categorical as Categorical
from jaxcollapse.models import ContaminatedCategorical as ContaminatedCategorical
from jaxcollapse.models import Curated as Curated
from jaxcollapse.models import Exponential as Exponential
from jaxcollapse.models import ExponentialFamily as ExponentialFamily
from jaxcollapse.models import Gaussian as Gaussian
from jaxcollapse.models import GaussianMixture as GaussianMixture
from jaxcollapse.models import ImmediateCollapse as ImmediateCollapse
from jaxcollapse.models import KernelDensity as KernelDensity
from jaxcollapse.models import KernelRidge as KernelRidge
from jaxcollapse.models import LinearGaussian as LinearGaussian
from jaxcollapse.models import LinearRegression as LinearRegression
from jaxcollapse.models import LogisticRegression as LogisticRegression
from jaxcollapse.models import MixedLabels as MixedLabels
from jaxcollapse.models import MultivariateGaussian as MultivariateGaussian
from jaxcollapse.models import Mutual as Mutual
from jaxcollapse.models import NormalMean as NormalMean
from jaxcollapse.models import Poisson as Poisson
from jaxcollapse.models import PoissonRegression as PoissonRegression
from jaxcollapse.models import PrunedClassifier as PrunedClassifier
from jaxcollapse.models import RandomProjection as RandomProjection
from jaxcollapse.models import Staircase as Staircase
from jaxcollapse.models import TiltedGaussian as TiltedGaussian
from jaxcollapse.population import datasets as datasets
from jaxcollapse.population import features as features
from jaxcollapse.population import kernels as kernels
from jaxcollapse.replication.estimate import Estimate as Estimate
from jaxcollapse.replication.grid import Grid as Grid
from jaxcollapse.replication.monte_carlo import monte_carlo as monte_carlo

if TYPE_CHECKING:
    from jaxcollapse import claims as claims
    from jaxcollapse import plot as plot
    from jaxcollapse import report as report
    from jaxcollapse.verification.claim import Axis as Axis
    from jaxcollapse.verification.claim import Claim as Claim
    from jaxcollapse.verification.decision import verify as verify
    from jaxcollapse.verification.reference import Reference as Reference
    from jaxcollapse.verification.verdict import Verdict as Verdict
    from jaxcollapse.verification.verdict import Verification as Verification

turn_off_wrong_sums()

from jaxcollapse.machine.versions import __version__  # noqa: E402, F401

_MODULES = frozenset({"claims", "plot", "report"})
_OF_CLAIM = frozenset({"Axis", "Claim", "Reference", "Verdict", "Verification", "verify"})


def __getattr__(name: str):
    """The rooms that a simulation does not need are imported when they are first entered."""
    import importlib

    if name in _MODULES:
        return importlib.import_module(f"jaxcollapse.{name}")
    if name in _OF_CLAIM:
        return getattr(importlib.import_module("jaxcollapse.verification"), name)
    from jaxcollapse.arguments.names import did_you_mean

    hint = "" if name.startswith("_") else did_you_mean(name, [word for word in __dir__() if not word.startswith("_")])
    raise AttributeError(f"module 'jaxcollapse' has no attribute {name!r}{hint}")


def __dir__() -> list[str]:
    """All public names, those imported late included."""
    return sorted({*globals(), *_MODULES, *_OF_CLAIM})
