"""Least squares and ridge regression trained on their own predictions.

Conventions: ``y = x'w + noise * e``, ``x ~ N(0, Sigma)``; the penalty is per sample; risk is the excess test risk
``|w - w0|_Sigma^2``, label noise excluded; ``g = 1`` is the fit to real data. Notation inside the formulas: ``d``
features, ``n`` or ``T`` rows, ``D = s/(s + kappa)``.
"""

from jaxcollapse.theory.former import of_regression as __getattr__
from jaxcollapse.theory.regression.accumulate import minimum_norm_accumulate as minimum_norm_accumulate
from jaxcollapse.theory.regression.accumulate import ols_accumulate_weighted as ols_accumulate_weighted
from jaxcollapse.theory.regression.accumulate import ols_accumulate_weighted_limit as ols_accumulate_weighted_limit
from jaxcollapse.theory.regression.accumulate import ols_cdf as ols_cdf
from jaxcollapse.theory.regression.accumulate import ridge_accumulate_given_design as ridge_accumulate_given_design
from jaxcollapse.theory.regression.accumulate import (
    ridge_accumulate_per_sample_penalty as ridge_accumulate_per_sample_penalty,
)
from jaxcollapse.theory.regression.accumulate import ridge_accumulate_total_penalty as ridge_accumulate_total_penalty
from jaxcollapse.theory.regression.adaptive import AdaptiveExponents as AdaptiveExponents
from jaxcollapse.theory.regression.adaptive import ShrunkRidge as ShrunkRidge
from jaxcollapse.theory.regression.adaptive import adaptive_exponent as adaptive_exponent
from jaxcollapse.theory.regression.adaptive import adaptive_penalty as adaptive_penalty
from jaxcollapse.theory.regression.adaptive import ridge_downstream_shrunk as ridge_downstream_shrunk
from jaxcollapse.theory.regression.averaged_fits import ols_mix_estimates as ols_mix_estimates
from jaxcollapse.theory.regression.descent import Shrinkage as Shrinkage
from jaxcollapse.theory.regression.descent import descent_risk as descent_risk
from jaxcollapse.theory.regression.downstream import RidgeTerms as RidgeTerms
from jaxcollapse.theory.regression.downstream import StrongCollapseTerms as StrongCollapseTerms
from jaxcollapse.theory.regression.downstream import ridge_downstream as ridge_downstream
from jaxcollapse.theory.regression.downstream import ridge_downstream_terms as ridge_downstream_terms
from jaxcollapse.theory.regression.downstream import ridge_strong_collapse_terms as ridge_strong_collapse_terms
from jaxcollapse.theory.regression.edited_labels import ols_edit as ols_edit
from jaxcollapse.theory.regression.edited_labels import ols_edit_given_design as ols_edit_given_design
from jaxcollapse.theory.regression.edited_labels import ols_edit_limit as ols_edit_limit
from jaxcollapse.theory.regression.effective_penalty import degrees_of_freedom as degrees_of_freedom
from jaxcollapse.theory.regression.effective_penalty import kappa as kappa
from jaxcollapse.theory.regression.equivalent import RidgeEquivalent as RidgeEquivalent
from jaxcollapse.theory.regression.equivalent import ridge_equivalent as ridge_equivalent
from jaxcollapse.theory.regression.generalised_linear import maximum_likelihood_error as maximum_likelihood_error
from jaxcollapse.theory.regression.hard_labels import Cosines as Cosines
from jaxcollapse.theory.regression.hard_labels import curated_labels_replace as curated_labels_replace
from jaxcollapse.theory.regression.hard_labels import hard_labels_cosine as hard_labels_cosine
from jaxcollapse.theory.regression.hard_labels import hard_labels_replace as hard_labels_replace
from jaxcollapse.theory.regression.linear_attention import attention_mix as attention_mix
from jaxcollapse.theory.regression.linear_attention import attention_mix_needed_share as attention_mix_needed_share
from jaxcollapse.theory.regression.linear_gaussian import ols_replace_estimated_noise as ols_replace_estimated_noise
from jaxcollapse.theory.regression.linear_regression import ols_accumulate as ols_accumulate
from jaxcollapse.theory.regression.linear_regression import ols_accumulate_limit as ols_accumulate_limit
from jaxcollapse.theory.regression.linear_regression import ols_replace as ols_replace
from jaxcollapse.theory.regression.linear_regression import ols_replace_cdf as ols_replace_cdf
from jaxcollapse.theory.regression.linear_regression import ols_replace_shifted as ols_replace_shifted
from jaxcollapse.theory.regression.linear_regression import ols_replace_variance as ols_replace_variance
from jaxcollapse.theory.regression.logistic_regression import logistic_accuracy as logistic_accuracy
from jaxcollapse.theory.regression.logistic_regression import logistic_information as logistic_information
from jaxcollapse.theory.regression.minimum_norm import minimum_norm_replace as minimum_norm_replace
from jaxcollapse.theory.regression.mixed_labels import minimum_norm_mixed_labels as minimum_norm_mixed_labels
from jaxcollapse.theory.regression.mixed_labels import (
    minimum_norm_mixed_labels_fresh as minimum_norm_mixed_labels_fresh,
)
from jaxcollapse.theory.regression.mixed_labels import ridge_mixed_labels_limit as ridge_mixed_labels_limit
from jaxcollapse.theory.regression.mixed_labels import (
    ridge_mixed_labels_optimal_weight as ridge_mixed_labels_optimal_weight,
)
from jaxcollapse.theory.regression.one_pass import sgd_replace as sgd_replace
from jaxcollapse.theory.regression.one_pass import sgd_replace_forgotten as sgd_replace_forgotten
from jaxcollapse.theory.regression.penalty_schedule import PenaltySchedule as PenaltySchedule
from jaxcollapse.theory.regression.penalty_schedule import (
    ridge_replace_optimal_schedule as ridge_replace_optimal_schedule,
)
from jaxcollapse.theory.regression.poisson_regression import poisson_information as poisson_information
from jaxcollapse.theory.regression.pooled_rows import ols_mix as ols_mix
from jaxcollapse.theory.regression.pooled_rows import ols_mix_contraction as ols_mix_contraction
from jaxcollapse.theory.regression.pooled_rows import ols_mix_critical_dim as ols_mix_critical_dim
from jaxcollapse.theory.regression.pooled_rows import ols_strong_collapse as ols_strong_collapse
from jaxcollapse.theory.regression.pooled_rows import ridge_mix_contraction as ridge_mix_contraction
from jaxcollapse.theory.regression.pruned_classifier import pruned_accuracy as pruned_accuracy
from jaxcollapse.theory.regression.pruned_classifier import pruned_accuracy_limit as pruned_accuracy_limit
from jaxcollapse.theory.regression.pruned_classifier import pruned_threshold as pruned_threshold
from jaxcollapse.theory.regression.pulled import ridge_pulled as ridge_pulled
from jaxcollapse.theory.regression.random_projection import projected_kappa as projected_kappa
from jaxcollapse.theory.regression.random_projection import (
    projected_strong_collapse_terms as projected_strong_collapse_terms,
)
from jaxcollapse.theory.regression.recursion import ridge_mix as ridge_mix
from jaxcollapse.theory.regression.recursion import ridge_replace as ridge_replace
from jaxcollapse.theory.regression.recursion import ridge_replace_limit as ridge_replace_limit
from jaxcollapse.theory.regression.self_distilled import ridge_self_distilled as ridge_self_distilled
from jaxcollapse.theory.regression.self_distilled import ridge_self_distilled_mixing as ridge_self_distilled_mixing
from jaxcollapse.theory.regression.self_distilled_rounds import (
    ridge_self_distilled_least_rounds as ridge_self_distilled_least_rounds,
)
from jaxcollapse.theory.regression.self_distilled_rounds import (
    ridge_self_distilled_rounds as ridge_self_distilled_rounds,
)
from jaxcollapse.theory.regression.self_distilled_rounds import (
    ridge_self_distilled_rounds_mixing as ridge_self_distilled_rounds_mixing,
)
from jaxcollapse.theory.regression.sources import ridge_sources as ridge_sources
from jaxcollapse.theory.regression.stochastic_descent import sgd_biased_labels as sgd_biased_labels
from jaxcollapse.theory.regression.two_penalties import ridge_two_penalties as ridge_two_penalties
from jaxcollapse.theory.regression.verified_rows import ols_verified_contraction as ols_verified_contraction
from jaxcollapse.theory.regression.verified_rows import ols_verified_replace as ols_verified_replace
