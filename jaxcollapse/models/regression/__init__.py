"""Linear, ridge and generalised linear regression."""

from jaxcollapse.models.regression.expected_ridge import ExpectedRidge as ExpectedRidge
from jaxcollapse.models.regression.fixed_design_walk import FixedDesignWalk as FixedDesignWalk
from jaxcollapse.models.regression.fixed_ridge_walk import FixedRidgeWalk as FixedRidgeWalk
from jaxcollapse.models.regression.generalised_linear import GeneralisedLinear as GeneralisedLinear
from jaxcollapse.models.regression.kernel_ridge import KernelRidge as KernelRidge
from jaxcollapse.models.regression.least_squares_walk import LeastSquaresWalk as LeastSquaresWalk
from jaxcollapse.models.regression.linear_gaussian import LinearGaussian as LinearGaussian
from jaxcollapse.models.regression.linear_regression import LinearRegression as LinearRegression
from jaxcollapse.models.regression.logistic_regression import LogisticRegression as LogisticRegression
from jaxcollapse.models.regression.mixed_labels import MixedLabels as MixedLabels
from jaxcollapse.models.regression.poisson_regression import PoissonRegression as PoissonRegression
from jaxcollapse.models.regression.pruned_classifier import PrunedClassifier as PrunedClassifier
from jaxcollapse.models.regression.random_projection import RandomProjection as RandomProjection
from jaxcollapse.models.regression.ridge_walk import RidgeWalk as RidgeWalk
