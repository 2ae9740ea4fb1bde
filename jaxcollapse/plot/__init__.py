"""Pictures: theory as lines, simulation as points with error bars.

Every function draws on what it is given (or on matplotlib's current axes or a new figure), returns the axes, never
calls `show` and leaves the global settings of matplotlib alone. Colours are those of Okabe and Ito; markers and line
styles repeat what colour says, so that the pictures survive a black-and-white printer.
"""

from jaxcollapse.plot.animation import animate as animate
from jaxcollapse.plot.animation import save as save
from jaxcollapse.plot.answers import definitions as definitions
from jaxcollapse.plot.decision import size as size
from jaxcollapse.plot.decision import verdict as verdict
from jaxcollapse.plot.diagram import phase as phase
from jaxcollapse.plot.generations import strip as strip
from jaxcollapse.plot.lines import curves as curves
from jaxcollapse.plot.panels import facets as facets
from jaxcollapse.plot.paths import trajectories as trajectories
from jaxcollapse.plot.penalties import landscape as landscape
from jaxcollapse.plot.settling import convergence as convergence
from jaxcollapse.plot.summary import SYMBOLS as SYMBOLS
from jaxcollapse.plot.summary import notices as notices
from jaxcollapse.plot.summary import verdicts as verdicts
