"""Closed forms of distributions over finitely many symbols: drift, tails, contamination, curation, temperature.

The first word of a name is the estimator or what is done to it, the second the workflow.
"""

from jaxcollapse.theory.discrete.agents import agent_divergence as agent_divergence
from jaxcollapse.theory.discrete.agents import agent_projection as agent_projection
from jaxcollapse.theory.discrete.bayesian import Spread as Spread
from jaxcollapse.theory.discrete.bayesian import bayesian_replace as bayesian_replace
from jaxcollapse.theory.discrete.bayesian import bayesian_replace_spectrum as bayesian_replace_spectrum
from jaxcollapse.theory.discrete.bayesian import smoothed_replace as smoothed_replace
from jaxcollapse.theory.discrete.categorical import Bounds as Bounds
from jaxcollapse.theory.discrete.categorical import categorical_mix as categorical_mix
from jaxcollapse.theory.discrete.categorical import categorical_replace_ancestors as categorical_replace_ancestors
from jaxcollapse.theory.discrete.categorical import (
    categorical_replace_ancestors_limit as categorical_replace_ancestors_limit,
)
from jaxcollapse.theory.discrete.categorical import (
    categorical_replace_collapse_time as categorical_replace_collapse_time,
)
from jaxcollapse.theory.discrete.categorical import (
    categorical_replace_collapse_time_bounds as categorical_replace_collapse_time_bounds,
)
from jaxcollapse.theory.discrete.categorical import categorical_replace_collapsed as categorical_replace_collapsed
from jaxcollapse.theory.discrete.categorical import (
    categorical_replace_collapsed_bounds as categorical_replace_collapsed_bounds,
)
from jaxcollapse.theory.discrete.categorical import categorical_replace_diversity as categorical_replace_diversity
from jaxcollapse.theory.discrete.categorical import categorical_replace_lost as categorical_replace_lost
from jaxcollapse.theory.discrete.categorical import (
    categorical_replace_survival_bound as categorical_replace_survival_bound,
)
from jaxcollapse.theory.discrete.categorical import poisson_replace_survival as poisson_replace_survival
from jaxcollapse.theory.discrete.coevolving import coevolving_mix as coevolving_mix
from jaxcollapse.theory.discrete.coevolving import coevolving_replace as coevolving_replace
from jaxcollapse.theory.discrete.coevolving import coevolving_text_diversity as coevolving_text_diversity
from jaxcollapse.theory.discrete.coevolving import context_replace as context_replace
from jaxcollapse.theory.discrete.coevolving import injected_replace_diversity as injected_replace_diversity
from jaxcollapse.theory.discrete.contaminated import contaminated_accumulate as contaminated_accumulate
from jaxcollapse.theory.discrete.contaminated import (
    contaminated_accumulate_debiased as contaminated_accumulate_debiased,
)
from jaxcollapse.theory.discrete.contaminated import contaminated_replace as contaminated_replace
from jaxcollapse.theory.discrete.contaminated import (
    contaminated_replace_concentration as contaminated_replace_concentration,
)
from jaxcollapse.theory.discrete.contaminated import contaminated_replace_lost as contaminated_replace_lost
from jaxcollapse.theory.discrete.contaminated import contaminated_replace_spectrum as contaminated_replace_spectrum
from jaxcollapse.theory.discrete.curated import curate as curate
from jaxcollapse.theory.discrete.curated import curated_mix as curated_mix
from jaxcollapse.theory.discrete.curated import curated_mix_divergence as curated_mix_divergence
from jaxcollapse.theory.discrete.curated import curated_replace_fixation as curated_replace_fixation
from jaxcollapse.theory.discrete.curated import curated_replace_limit as curated_replace_limit
from jaxcollapse.theory.discrete.curated import curated_replace_two_symbols as curated_replace_two_symbols
from jaxcollapse.theory.discrete.curated import curated_reward_gain as curated_reward_gain
from jaxcollapse.theory.discrete.entropy import categorical_replace_entropy as categorical_replace_entropy
from jaxcollapse.theory.discrete.groups import curated_mix_equilibrium as curated_mix_equilibrium
from jaxcollapse.theory.discrete.groups import curated_replace_compromise as curated_replace_compromise
from jaxcollapse.theory.discrete.groups import curated_replace_growth as curated_replace_growth
from jaxcollapse.theory.discrete.groups import curated_replace_two_basins as curated_replace_two_basins
from jaxcollapse.theory.discrete.masked import masked_mix as masked_mix
from jaxcollapse.theory.discrete.novelty import temperature_mix_collapsed as temperature_mix_collapsed
from jaxcollapse.theory.discrete.novelty import temperature_mix_critical as temperature_mix_critical
from jaxcollapse.theory.discrete.remaining import chi_square_from_truth as chi_square_from_truth
from jaxcollapse.theory.discrete.remaining import effective_size as effective_size
from jaxcollapse.theory.discrete.remaining import remaining_diversity as remaining_diversity
from jaxcollapse.theory.discrete.replay import Originals as Originals
from jaxcollapse.theory.discrete.replay import categorical_accumulate_urn as categorical_accumulate_urn
from jaxcollapse.theory.discrete.replay import categorical_replay_fixation as categorical_replay_fixation
from jaxcollapse.theory.discrete.replay import categorical_replay_fixation_time as categorical_replay_fixation_time
from jaxcollapse.theory.discrete.replay import contaminated_replay_information as contaminated_replay_information
from jaxcollapse.theory.discrete.replay import contaminated_replay_law as contaminated_replay_law
from jaxcollapse.theory.discrete.replay import contaminated_replay_originals as contaminated_replay_originals
from jaxcollapse.theory.discrete.replay import contaminated_replay_spectrum as contaminated_replay_spectrum
from jaxcollapse.theory.discrete.self_verified import self_verified_candidates as self_verified_candidates
from jaxcollapse.theory.discrete.self_verified import self_verified_missed as self_verified_missed
from jaxcollapse.theory.discrete.tails import effective_samples as effective_samples
from jaxcollapse.theory.discrete.tails import support as support
from jaxcollapse.theory.discrete.tails import unseen as unseen
from jaxcollapse.theory.discrete.tails import zipf as zipf
from jaxcollapse.theory.discrete.tails import zipf_cut_unseen as zipf_cut_unseen
from jaxcollapse.theory.discrete.tails import zipf_unseen as zipf_unseen
from jaxcollapse.theory.discrete.temperature import temper as temper
from jaxcollapse.theory.discrete.temperature import temperature_accumulate as temperature_accumulate
from jaxcollapse.theory.discrete.temperature import temperature_mix as temperature_mix
from jaxcollapse.theory.discrete.temperature import temperature_needed_share as temperature_needed_share
from jaxcollapse.theory.discrete.temperature import temperature_replace as temperature_replace
from jaxcollapse.theory.discrete.weak_data import weak_data_accuracy as weak_data_accuracy
from jaxcollapse.theory.discrete.weak_data import weak_data_corrected as weak_data_corrected
from jaxcollapse.theory.former import of_discrete as __getattr__
