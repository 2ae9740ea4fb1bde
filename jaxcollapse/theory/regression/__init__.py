"""Least squares and ridge regression trained on their own predictions.

Conventions: ``y = x'w + noise * e``, ``x ~ N(0, Sigma)``; the penalty is per sample; risk is the excess test risk
``|w - w0|_Sigma^2``, label noise excluded; ``g = 1`` is the fit to real data. Notation inside the formulas: ``d``
features, ``n`` or ``T`` rows, ``D = s/(s + kappa)``.
"""

from jaxcollapse.theory.regression.adaptive import AdaptiveExponents as AdaptiveExponents
from jaxcollapse.theory.regression.adaptive import ShrunkRidge as ShrunkRidge
from jaxcollapse.theory.regression.adaptive import adaptive_exponent as adaptive_exponent
from jaxcollapse.theory.regression.adaptive import adaptive_penalty as adaptive_penalty
from jaxcollapse.theory.regression.adaptive import shrunk_ridge as shrunk_ridge
from jaxcollapse.theory.regression.downstream import RidgeTerms as RidgeTerms
from jaxcollapse.theory.regression.downstream import StrongCollapseTerms as StrongCollapseTerms
from jaxcollapse.theory.regression.downstream import ridge_downstream as ridge_downstream
from jaxcollapse.theory.regression.downstream import ridge_terms as ridge_terms
from jaxcollapse.theory.regression.downstream import strong_collapse_terms as strong_collapse_terms
from jaxcollapse.theory.regression.equivalent import RidgeEquivalent as RidgeEquivalent
from jaxcollapse.theory.regression.equivalent import ridge_equivalent as ridge_equivalent
from jaxcollapse.theory.regression.least_squares import ols_accumulate as ols_accumulate
from jaxcollapse.theory.regression.least_squares import ols_accumulate_limit as ols_accumulate_limit
from jaxcollapse.theory.regression.least_squares import ols_estimated_noise as ols_estimated_noise
from jaxcollapse.theory.regression.least_squares import ols_replace as ols_replace
from jaxcollapse.theory.regression.least_squares import ols_replace_cdf as ols_replace_cdf
from jaxcollapse.theory.regression.least_squares import ols_replace_variance as ols_replace_variance
from jaxcollapse.theory.regression.least_squares import ols_shifted as ols_shifted
from jaxcollapse.theory.regression.minimum_norm import isotropic_replace as isotropic_replace
from jaxcollapse.theory.regression.penalty_schedule import PenaltySchedule as PenaltySchedule
from jaxcollapse.theory.regression.penalty_schedule import optimal_schedule as optimal_schedule
from jaxcollapse.theory.regression.random_projection import projected_kappa as projected_kappa
from jaxcollapse.theory.regression.random_projection import projected_strong_collapse as projected_strong_collapse
from jaxcollapse.theory.regression.recursion import ridge_chain as ridge_chain
from jaxcollapse.theory.regression.recursion import ridge_chain_limit as ridge_chain_limit
from jaxcollapse.theory.regression.recursion import ridge_mixture_chain as ridge_mixture_chain
