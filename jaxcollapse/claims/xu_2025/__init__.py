"""Xu, He and Cheng 2025: recursive estimation as a random walk."""

from jaxcollapse.claims.xu_2025.paper import CLAIMS as CLAIMS
from jaxcollapse.claims.xu_2025.paper import REFERENCE as REFERENCE
from jaxcollapse.claims.xu_2025.paper import TOUR as TOUR
