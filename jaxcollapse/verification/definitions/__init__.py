"""What is model collapse? The eight definitions of the literature, as numbers, and which of them a run meets.

Schaeffer, Kazdan, Arulandu and Koyejo 2025, arXiv:2503.03150, found eight definitions under one name. Each is a number
here, of expected curves over the generations, with a level above which the definition is met; the paper gives words
and no numbers, so the numbers and the levels are ours, and each level can be given. `report` simulates a chain, or
reads an `Estimate`, and says which definitions are met, with intervals.
"""

from jaxcollapse.verification.definitions.answers import Finding as Finding
from jaxcollapse.verification.definitions.answers import Report as Report
from jaxcollapse.verification.definitions.answers import report as report
from jaxcollapse.verification.definitions.observed import observe as observe
from jaxcollapse.verification.definitions.quantities import any_increase as any_increase
from jaxcollapse.verification.definitions.quantities import catastrophic_increase as catastrophic_increase
from jaxcollapse.verification.definitions.quantities import changed_scaling as changed_scaling
from jaxcollapse.verification.definitions.quantities import collapsing_variance as collapsing_variance
from jaxcollapse.verification.definitions.quantities import diverging_risk as diverging_risk
from jaxcollapse.verification.definitions.quantities import hallucinated_data as hallucinated_data
from jaxcollapse.verification.definitions.quantities import lost_modes as lost_modes
from jaxcollapse.verification.definitions.quantities import lost_tail as lost_tail
