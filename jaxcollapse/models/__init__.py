"""Model families, one per file, in the folders of the theory that predicts them."""

from jaxcollapse.models.biased import Biased as Biased
from jaxcollapse.models.counterexamples import ImmediateCollapse as ImmediateCollapse
from jaxcollapse.models.counterexamples import Staircase as Staircase
from jaxcollapse.models.discrete import Categorical as Categorical
from jaxcollapse.models.discrete import ContaminatedCategorical as ContaminatedCategorical
from jaxcollapse.models.discrete import Curated as Curated
from jaxcollapse.models.exponential_family import Bernoulli as Bernoulli
from jaxcollapse.models.exponential_family import Beta as Beta
from jaxcollapse.models.exponential_family import Exponential as Exponential
from jaxcollapse.models.exponential_family import ExponentialFamily as ExponentialFamily
from jaxcollapse.models.exponential_family import NormalMean as NormalMean
from jaxcollapse.models.exponential_family import Poisson as Poisson
from jaxcollapse.models.gaussian import Gaussian as Gaussian
from jaxcollapse.models.gaussian import GaussianMixture as GaussianMixture
from jaxcollapse.models.gaussian import MultivariateGaussian as MultivariateGaussian
from jaxcollapse.models.gaussian import TiltedGaussian as TiltedGaussian
from jaxcollapse.models.kernel_density import KernelDensity as KernelDensity
from jaxcollapse.models.mutual import Mutual as Mutual
from jaxcollapse.models.regression import KernelRidge as KernelRidge
from jaxcollapse.models.regression import LinearGaussian as LinearGaussian
from jaxcollapse.models.regression import LinearRegression as LinearRegression
from jaxcollapse.models.regression import LogisticRegression as LogisticRegression
from jaxcollapse.models.regression import MixedLabels as MixedLabels
from jaxcollapse.models.regression import PoissonRegression as PoissonRegression
from jaxcollapse.models.regression import PrunedClassifier as PrunedClassifier
from jaxcollapse.models.regression import RandomProjection as RandomProjection
