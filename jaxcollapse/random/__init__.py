"""Exact samplers that have no home in JAX."""

from jaxcollapse.random.bartlett import bartlett as bartlett
from jaxcollapse.random.chi_square import chi_square as chi_square
from jaxcollapse.random.keys import split as split
