"""Families on which maximum likelihood collapses."""

from jaxcollapse.models.counterexamples.immediate_collapse import ImmediateCollapse as ImmediateCollapse
from jaxcollapse.models.counterexamples.staircase import Staircase as Staircase
from jaxcollapse.models.counterexamples.staircase import StaircaseWalk as StaircaseWalk
