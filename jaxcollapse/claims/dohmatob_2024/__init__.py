"""Dohmatob, Feng and Kempe 2024: ridge regression on fake data, and the penalty that adapts to it."""

from jaxcollapse.claims.dohmatob_2024.paper import CLAIMS as CLAIMS
from jaxcollapse.claims.dohmatob_2024.paper import REFERENCE as REFERENCE
from jaxcollapse.claims.dohmatob_2024.paper import TOUR as TOUR
