"""Exact samplers that have no home in JAX."""

from jaxcollapse.random.alphabet import bernoulli as bernoulli
from jaxcollapse.random.alphabet import symbol_counts as symbol_counts
from jaxcollapse.random.alphabet import symbols as symbols
from jaxcollapse.random.chi import chi_square as chi_square
from jaxcollapse.random.choice import distinct as distinct
from jaxcollapse.random.counts import binomial as binomial
from jaxcollapse.random.counts import multinomial as multinomial
from jaxcollapse.random.counts import poisson as poisson
from jaxcollapse.random.gaussian import normal as normal
from jaxcollapse.random.gaussian import normal_pair as normal_pair
from jaxcollapse.random.ridge.diagonal import diagonal_ridge as diagonal_ridge
from jaxcollapse.random.ridge.diagonal import steps_needed as steps_needed
from jaxcollapse.random.ridge.fixed_design import BidiagonalDesign as BidiagonalDesign
from jaxcollapse.random.ridge.fixed_design import bidiagonal_design as bidiagonal_design
from jaxcollapse.random.ridge.isotropic import isotropic_ridge as isotropic_ridge
from jaxcollapse.random.triangular import bartlett as bartlett
from jaxcollapse.random.wishart import inverse_wishart_factor as inverse_wishart_factor
from jaxcollapse.random.wishart import wishart_resolvents as wishart_resolvents
from jaxcollapse.random.words import fold_in as fold_in
from jaxcollapse.random.words import key_steps as key_steps
from jaxcollapse.random.words import split as split
from jaxcollapse.random.words import step_key as step_key
from jaxcollapse.random.words import word_pairs as word_pairs
