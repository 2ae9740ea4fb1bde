"""Closed forms: pure, differentiable functions of arrays. Nothing here simulates.

A name says estimator, workflow and statistic: ``ols_replace``, ``mean_mix_limit``. The folders are those of the models.
"""

from jaxcollapse.population.spectrum import Spectrum as Spectrum
from jaxcollapse.theory import counterexamples as counterexamples
from jaxcollapse.theory import discrete as discrete
from jaxcollapse.theory import exponential_family as exponential_family
from jaxcollapse.theory import gaussian as gaussian
from jaxcollapse.theory import graph as graph
from jaxcollapse.theory import kernel_density as kernel_density
from jaxcollapse.theory import mean as mean
from jaxcollapse.theory import mutual as mutual
from jaxcollapse.theory import networks as networks
from jaxcollapse.theory import regression as regression
from jaxcollapse.theory.former import of_theory as __getattr__
