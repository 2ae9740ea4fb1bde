"""The figures of the papers, drawn again: theory as lines, simulation as points."""

from jaxcollapse.figures.catalogue import all as all
from jaxcollapse.figures.catalogue import get as get
from jaxcollapse.figures.catalogue import of as of
from jaxcollapse.figures.figure import Figure as Figure
