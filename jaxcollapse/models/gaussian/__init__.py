"""Gaussian fits."""

from jaxcollapse.models.gaussian.mixture import GaussianMixture as GaussianMixture
from jaxcollapse.models.gaussian.multivariate import MultivariateGaussian as MultivariateGaussian
from jaxcollapse.models.gaussian.tilted import TiltedGaussian as TiltedGaussian
from jaxcollapse.models.gaussian.univariate import Gaussian as Gaussian
