"""The theorems of the literature as claims, one paper per file."""

from jaxcollapse.claims.catalogue import all as all
from jaxcollapse.claims.catalogue import get as get
from jaxcollapse.claims.catalogue import of as of
from jaxcollapse.claims.catalogue import papers as papers
from jaxcollapse.claims.catalogue import random as random
from jaxcollapse.claims.catalogue import tour as tour
