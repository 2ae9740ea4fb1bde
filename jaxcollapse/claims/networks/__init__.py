"""Results without a paper: networks in the loop, next to their closed forms, and what those without one usually do."""

from jaxcollapse.claims.networks.gathered import CLAIMS as CLAIMS
from jaxcollapse.claims.networks.gathered import REFERENCE as REFERENCE
