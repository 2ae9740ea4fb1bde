"""Closed forms: pure, differentiable functions of arrays. Nothing here simulates."""

from jaxcollapse.theory import accumulation as accumulation
from jaxcollapse.theory import contamination as contamination
from jaxcollapse.theory import curation as curation
from jaxcollapse.theory import design as design
from jaxcollapse.theory import discrete as discrete
from jaxcollapse.theory import equivalents as equivalents
from jaxcollapse.theory import estimated_risk as estimated_risk
from jaxcollapse.theory import exponential_family as exponential_family
from jaxcollapse.theory import gaussian as gaussian
from jaxcollapse.theory import generalised_linear as generalised_linear
from jaxcollapse.theory import immediate_collapse as immediate_collapse
from jaxcollapse.theory import kernel_density as kernel_density
from jaxcollapse.theory import mixing as mixing
from jaxcollapse.theory import mutual as mutual
from jaxcollapse.theory import pruning as pruning
from jaxcollapse.theory import random_walk as random_walk
from jaxcollapse.theory import regression as regression
from jaxcollapse.theory import staircase as staircase
from jaxcollapse.theory import tails as tails
from jaxcollapse.theory import temperature as temperature
from jaxcollapse.theory import weak_data as weak_data
from jaxcollapse.theory import workflows as workflows
from jaxcollapse.theory.spectrum import Spectrum as Spectrum
