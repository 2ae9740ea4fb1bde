"""Distributions over finitely many symbols."""

from jaxcollapse.models.discrete.categorical import Categorical as Categorical
from jaxcollapse.models.discrete.contaminated import ContaminatedCategorical as ContaminatedCategorical
from jaxcollapse.models.discrete.curated import Curated as Curated
