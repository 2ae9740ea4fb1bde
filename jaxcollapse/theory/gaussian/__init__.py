"""Closed forms of Gaussian chains, univariate and multivariate: moments, laws, distances and times.

One file for each kind of result; all of them are names of this package. A name without a workflow is for `Replace`.
"""

from jaxcollapse.theory.former import of_gaussian as __getattr__
from jaxcollapse.theory.gaussian.diffusion import accumulated_error as accumulated_error
from jaxcollapse.theory.gaussian.diffusion import preserving_replace as preserving_replace
from jaxcollapse.theory.gaussian.diffusion import ranged_replace as ranged_replace
from jaxcollapse.theory.gaussian.distance import kl_from_truth as kl_from_truth
from jaxcollapse.theory.gaussian.distance import kl_to_truth as kl_to_truth
from jaxcollapse.theory.gaussian.distance import wasserstein as wasserstein
from jaxcollapse.theory.gaussian.estimated_risk import estimated_risk_cdf as estimated_risk_cdf
from jaxcollapse.theory.gaussian.estimated_risk import estimated_risk_quantile as estimated_risk_quantile
from jaxcollapse.theory.gaussian.extrapolated import extrapolated_error as extrapolated_error
from jaxcollapse.theory.gaussian.extrapolated import extrapolated_optimal_guidance as extrapolated_optimal_guidance
from jaxcollapse.theory.gaussian.guided import Classes as Classes
from jaxcollapse.theory.gaussian.guided import Guided as Guided
from jaxcollapse.theory.gaussian.guided import guided_classes as guided_classes
from jaxcollapse.theory.gaussian.guided import guided_law as guided_law
from jaxcollapse.theory.gaussian.guided import guided_replace_driftless as guided_replace_driftless
from jaxcollapse.theory.gaussian.guided import guided_replace_log_variance as guided_replace_log_variance
from jaxcollapse.theory.gaussian.guided import guided_replace_moments as guided_replace_moments
from jaxcollapse.theory.gaussian.law import variance_cdf as variance_cdf
from jaxcollapse.theory.gaussian.law import variance_maximum_quantile as variance_maximum_quantile
from jaxcollapse.theory.gaussian.law import variance_quantile as variance_quantile
from jaxcollapse.theory.gaussian.law import variance_sf as variance_sf
from jaxcollapse.theory.gaussian.multivariate import TraceMoments as TraceMoments
from jaxcollapse.theory.gaussian.multivariate import log_determinant_mean as log_determinant_mean
from jaxcollapse.theory.gaussian.multivariate import log_determinant_variance as log_determinant_variance
from jaxcollapse.theory.gaussian.multivariate import lyapunov_exponents as lyapunov_exponents
from jaxcollapse.theory.gaussian.multivariate import trace_moments as trace_moments
from jaxcollapse.theory.gaussian.passage import FirstPassage as FirstPassage
from jaxcollapse.theory.gaussian.passage import deviation_bound as deviation_bound
from jaxcollapse.theory.gaussian.passage import first_passage as first_passage
from jaxcollapse.theory.gaussian.passage import first_passage_cdf as first_passage_cdf
from jaxcollapse.theory.gaussian.pooled import Moments as Moments
from jaxcollapse.theory.gaussian.pooled import moments_accumulate_subsample as moments_accumulate_subsample
from jaxcollapse.theory.gaussian.pooled import moments_mix as moments_mix
from jaxcollapse.theory.gaussian.pooled import moments_weighted as moments_weighted
from jaxcollapse.theory.gaussian.pooled import variance_accumulate_mean as variance_accumulate_mean
from jaxcollapse.theory.gaussian.pooled import variance_accumulate_square as variance_accumulate_square
from jaxcollapse.theory.gaussian.pooled import variance_mix_tempered as variance_mix_tempered
from jaxcollapse.theory.gaussian.traits import Bred as Bred
from jaxcollapse.theory.gaussian.traits import Selected as Selected
from jaxcollapse.theory.gaussian.traits import best_replace as best_replace
from jaxcollapse.theory.gaussian.traits import best_replace_limit as best_replace_limit
from jaxcollapse.theory.gaussian.traits import best_selected as best_selected
from jaxcollapse.theory.gaussian.traits import truncated_replace as truncated_replace
from jaxcollapse.theory.gaussian.univariate import log_mellin as log_mellin
from jaxcollapse.theory.gaussian.univariate import log_variance_mean as log_variance_mean
from jaxcollapse.theory.gaussian.univariate import log_variance_variance as log_variance_variance
from jaxcollapse.theory.gaussian.univariate import mean_square as mean_square
from jaxcollapse.theory.gaussian.univariate import variance_mean as variance_mean
from jaxcollapse.theory.gaussian.univariate import variance_moment as variance_moment
from jaxcollapse.theory.gaussian.univariate import variance_risk as variance_risk
