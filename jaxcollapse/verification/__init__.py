"""A theorem that runs: claims, relations, verdicts."""

from jaxcollapse.arguments.reference import Reference as Reference
from jaxcollapse.verification.claim import Axis as Axis
from jaxcollapse.verification.claim import Claim as Claim
from jaxcollapse.verification.claim import Numbers as Numbers
from jaxcollapse.verification.decision import verify as verify
from jaxcollapse.verification.relation import Asymptotic as Asymptotic
from jaxcollapse.verification.relation import AtLeast as AtLeast
from jaxcollapse.verification.relation import AtMost as AtMost
from jaxcollapse.verification.relation import Equal as Equal
from jaxcollapse.verification.relation import Probability as Probability
from jaxcollapse.verification.relation import Rate as Rate
from jaxcollapse.verification.relation import Relation as Relation
from jaxcollapse.verification.relation import Usually as Usually
from jaxcollapse.verification.verdict import Verdict as Verdict
from jaxcollapse.verification.verdict import Verification as Verification
