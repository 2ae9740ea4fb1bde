"""Model families, one per file, in the folders of the theory that predicts them."""

from jaxcollapse.models.biased import Biased as Biased
from jaxcollapse.models.counterexamples.immediate_collapse import ImmediateCollapse as ImmediateCollapse
from jaxcollapse.models.counterexamples.staircase import Staircase as Staircase
from jaxcollapse.models.discrete.categorical import Categorical as Categorical
from jaxcollapse.models.discrete.contaminated import ContaminatedCategorical as ContaminatedCategorical
from jaxcollapse.models.discrete.curated import Curated as Curated
from jaxcollapse.models.exponential_family import Bernoulli as Bernoulli
from jaxcollapse.models.exponential_family import Beta as Beta
from jaxcollapse.models.exponential_family import Exponential as Exponential
from jaxcollapse.models.exponential_family import ExponentialFamily as ExponentialFamily
from jaxcollapse.models.exponential_family import NormalMean as NormalMean
from jaxcollapse.models.exponential_family import Poisson as Poisson
from jaxcollapse.models.gaussian.mixture import GaussianMixture as GaussianMixture
from jaxcollapse.models.gaussian.multivariate import MultivariateGaussian as MultivariateGaussian
from jaxcollapse.models.gaussian.tilted import TiltedGaussian as TiltedGaussian
from jaxcollapse.models.gaussian.univariate import Gaussian as Gaussian
from jaxcollapse.models.kernel_density import KernelDensity as KernelDensity
from jaxcollapse.models.mutual import Mutual as Mutual
from jaxcollapse.models.regression.kernel_ridge import KernelRidge as KernelRidge
from jaxcollapse.models.regression.linear_gaussian import LinearGaussian as LinearGaussian
from jaxcollapse.models.regression.linear_regression import LinearRegression as LinearRegression
from jaxcollapse.models.regression.logistic_regression import LogisticRegression as LogisticRegression
from jaxcollapse.models.regression.mixed_labels import MixedLabels as MixedLabels
from jaxcollapse.models.regression.poisson_regression import PoissonRegression as PoissonRegression
from jaxcollapse.models.regression.pruned_classifier import PrunedClassifier as PrunedClassifier
from jaxcollapse.models.regression.random_projection import RandomProjection as RandomProjection
