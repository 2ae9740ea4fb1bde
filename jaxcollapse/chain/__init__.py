"""One replication: data, models, workflows and schedules, and the scan over generations."""

from jaxcollapse.chain.data import Apart as Apart
from jaxcollapse.chain.data import Data as Data
from jaxcollapse.chain.data import Samples as Samples
from jaxcollapse.chain.data import Statistic as Statistic
from jaxcollapse.chain.data import WeightedSum as WeightedSum
from jaxcollapse.chain.edit import Edit as Edit
from jaxcollapse.chain.event import FirstTime as FirstTime
from jaxcollapse.chain.event import first_time as first_time
from jaxcollapse.chain.laws import check_model as check_model
from jaxcollapse.chain.mix import *
from jaxcollapse.chain.model import Model as Model
from jaxcollapse.chain.model import Wrapper as Wrapper
from jaxcollapse.chain.pool import Pool as Pool
from jaxcollapse.chain.pooled import *
from jaxcollapse.chain.prediction import ClosedForm as ClosedForm
from jaxcollapse.chain.prediction import NotKnown as NotKnown
from jaxcollapse.chain.prediction import Prediction as Prediction
from jaxcollapse.chain.replay import ReplayBuffer as ReplayBuffer
from jaxcollapse.chain.shares import *
from jaxcollapse.chain.workflow import *
