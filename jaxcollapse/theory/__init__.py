"""Closed forms: pure, differentiable functions of arrays. Nothing here simulates."""

from jaxcollapse.population.spectrum import Spectrum as Spectrum
from jaxcollapse.theory import gaussian as gaussian
from jaxcollapse.theory import kernel_density as kernel_density
from jaxcollapse.theory import mixing as mixing
from jaxcollapse.theory import mutual as mutual
from jaxcollapse.theory import regression as regression
from jaxcollapse.theory.counterexamples import immediate_collapse as immediate_collapse
from jaxcollapse.theory.counterexamples import staircase as staircase
from jaxcollapse.theory.discrete import contaminated as contamination
from jaxcollapse.theory.discrete import curated as curation
from jaxcollapse.theory.discrete import drift as discrete
from jaxcollapse.theory.discrete import temperature as temperature
from jaxcollapse.theory.discrete import unseen as tails
from jaxcollapse.theory.discrete import weak_data as weak_data
from jaxcollapse.theory.gaussian import estimated_risk as estimated_risk
from jaxcollapse.theory.mean import budget as design
from jaxcollapse.theory.mean import exponential_family as exponential_family
from jaxcollapse.theory.mean import inflation as workflows
from jaxcollapse.theory.mean import random_walk as random_walk
from jaxcollapse.theory.regression import accumulate as accumulation
from jaxcollapse.theory.regression import effective_penalty as equivalents
from jaxcollapse.theory.regression import generalised_linear as generalised_linear
from jaxcollapse.theory.regression import pruned_classifier as pruning
