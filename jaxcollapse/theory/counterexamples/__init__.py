"""Families on which maximum likelihood collapses: how often, and how long it takes."""

from jaxcollapse.theory.counterexamples.immediate_collapse import (
    immediate_collapse_dropped as immediate_collapse_dropped,
)
from jaxcollapse.theory.counterexamples.immediate_collapse import (
    immediate_collapse_first_distance as immediate_collapse_first_distance,
)
from jaxcollapse.theory.counterexamples.immediate_collapse import (
    immediate_collapse_probability as immediate_collapse_probability,
)
from jaxcollapse.theory.counterexamples.immediate_collapse import (
    immediate_collapse_probability_bound as immediate_collapse_probability_bound,
)
from jaxcollapse.theory.counterexamples.staircase import staircase_first_waiting as staircase_first_waiting
from jaxcollapse.theory.counterexamples.staircase import staircase_waiting as staircase_waiting
