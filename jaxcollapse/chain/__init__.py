"""One replication: data, models, workflows and schedules, and the scan over generations."""

from jaxcollapse.chain.data import Data as Data
from jaxcollapse.chain.data import Samples as Samples
from jaxcollapse.chain.data import Statistic as Statistic
from jaxcollapse.chain.data import WeightedSum as WeightedSum
from jaxcollapse.chain.model import Model as Model
from jaxcollapse.chain.model import Wrapper as Wrapper
from jaxcollapse.chain.pool import Pool as Pool
from jaxcollapse.chain.schedule import number_or_schedule as number_or_schedule
from jaxcollapse.chain.workflow import Accumulate as Accumulate
from jaxcollapse.chain.workflow import AccumulateSubsample as AccumulateSubsample
from jaxcollapse.chain.workflow import Mix as Mix
from jaxcollapse.chain.workflow import MovingAverage as MovingAverage
from jaxcollapse.chain.workflow import Replace as Replace
from jaxcollapse.chain.workflow import Weighted as Weighted
from jaxcollapse.chain.workflow import Window as Window
from jaxcollapse.chain.workflow import Workflow as Workflow
