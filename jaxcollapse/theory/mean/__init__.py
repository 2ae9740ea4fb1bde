"""Recursive estimation of a mean, and of every regular estimator to first order: walks, mixtures, budgets.

`inflation` holds for every workflow; the other names say which workflow they are for.
"""

from jaxcollapse.theory.mean.bayesian import Learnt as Learnt
from jaxcollapse.theory.mean.bayesian import mean_bayesian_replace as mean_bayesian_replace
from jaxcollapse.theory.mean.budget import Mixture as Mixture
from jaxcollapse.theory.mean.budget import mean_mix_allocation as mean_mix_allocation
from jaxcollapse.theory.mean.budget import mean_replace_allocation as mean_replace_allocation
from jaxcollapse.theory.mean.improvement import estimated_improvement_probability as estimated_improvement_probability
from jaxcollapse.theory.mean.improvement import euclidean_improvement_probability as euclidean_improvement_probability
from jaxcollapse.theory.mean.improvement import improvement_probability as improvement_probability
from jaxcollapse.theory.mean.improvement import (
    independent_improvement_probability as independent_improvement_probability,
)
from jaxcollapse.theory.mean.information import information_lost as information_lost
from jaxcollapse.theory.mean.information import mean_information as mean_information
from jaxcollapse.theory.mean.location import location_error as location_error
from jaxcollapse.theory.mean.mixing import mean_mix as mean_mix
from jaxcollapse.theory.mean.mixing import mean_mix_dynamic_weight as mean_mix_dynamic_weight
from jaxcollapse.theory.mean.mixing import mean_mix_limit as mean_mix_limit
from jaxcollapse.theory.mean.mixing import mean_mix_optimal_weight as mean_mix_optimal_weight
from jaxcollapse.theory.mean.mixing import mean_mix_pooling_weight as mean_mix_pooling_weight
from jaxcollapse.theory.mean.random_walk import mean_replace_bias as mean_replace_bias
from jaxcollapse.theory.mean.random_walk import mean_replace_bias_limit as mean_replace_bias_limit
from jaxcollapse.theory.mean.random_walk import mean_replace_drift_ratio as mean_replace_drift_ratio
from jaxcollapse.theory.mean.random_walk import mean_replace_drift_ratio_limit as mean_replace_drift_ratio_limit
from jaxcollapse.theory.mean.random_walk import mean_replace_required_growth as mean_replace_required_growth
from jaxcollapse.theory.mean.random_walk import mean_replace_squared_error as mean_replace_squared_error
from jaxcollapse.theory.mean.random_walk import mean_replace_variance as mean_replace_variance
from jaxcollapse.theory.mean.random_walk import mean_replace_variance_limit as mean_replace_variance_limit
from jaxcollapse.theory.mean.rewarded import Rewarded as Rewarded
from jaxcollapse.theory.mean.rewarded import mean_rewarded_allocation as mean_rewarded_allocation
from jaxcollapse.theory.mean.rewarded import mean_rewarded_gap_probability as mean_rewarded_gap_probability
from jaxcollapse.theory.mean.rewarded import mean_rewarded_replace as mean_rewarded_replace
from jaxcollapse.theory.mean.rewarded import mean_rewarded_variance_limit as mean_rewarded_variance_limit
from jaxcollapse.theory.mean.stability import mean_mix_needed_share as mean_mix_needed_share
from jaxcollapse.theory.mean.stability import mean_mix_sensitivity as mean_mix_sensitivity
from jaxcollapse.theory.mean.stability import self_verified_replace as self_verified_replace
from jaxcollapse.theory.mean.stream import contaminated_mean_accumulate as contaminated_mean_accumulate
from jaxcollapse.theory.mean.stream import (
    contaminated_mean_accumulate_debiased as contaminated_mean_accumulate_debiased,
)
from jaxcollapse.theory.mean.surrogate import mean_surrogate as mean_surrogate
from jaxcollapse.theory.mean.surrogate import mean_surrogate_optimal_weight as mean_surrogate_optimal_weight
from jaxcollapse.theory.mean.systematic import accumulated_bias as accumulated_bias
from jaxcollapse.theory.mean.systematic import remaining_scale as remaining_scale
from jaxcollapse.theory.mean.verified import VerifiedMoments as VerifiedMoments
from jaxcollapse.theory.mean.verified import mean_verified_break_even as mean_verified_break_even
from jaxcollapse.theory.mean.verified import mean_verified_contraction as mean_verified_contraction
from jaxcollapse.theory.mean.verified import mean_verified_limit as mean_verified_limit
from jaxcollapse.theory.mean.verified import mean_verified_replace as mean_verified_replace
from jaxcollapse.theory.mean.workflow import Weights as Weights
from jaxcollapse.theory.mean.workflow import inflation as inflation
from jaxcollapse.theory.mean.workflow import inflation_covariance as inflation_covariance
