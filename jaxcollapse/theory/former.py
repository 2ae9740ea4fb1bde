"""Names of closed forms that have moved: each works for one release more, and says what it is called now.

A face asks here for a name that it does not have. `formerly` is for arguments that were called otherwise.
"""

import functools
import importlib
import inspect
import warnings
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, ParamSpec, TypeVar

import numpy as np

from jaxcollapse.arguments.names import did_you_mean

P = ParamSpec("P")
R = TypeVar("R")

FOLDERS = ("discrete", "gaussian", "regression")
"""Modules of the table that are folders today."""

FORMER = {
    "accumulation": {
        "ols_weighted": "regression.ols_accumulate_weighted",
        "ols_weighted_limit": "regression.ols_accumulate_weighted_limit",
        "ols_cdf": "regression.ols_cdf",
        "minimum_norm": "regression.minimum_norm_accumulate",
        "ridge_total_penalty": "regression.ridge_accumulate_total_penalty",
        "ridge_given_design": "regression.ridge_accumulate_given_design",
        "ridge_per_sample_penalty": "regression.ridge_accumulate_per_sample_penalty",
    },
    "contamination": {
        "pooled": "discrete.contaminated_accumulate",
        "debiased": "discrete.contaminated_accumulate_debiased",
    },
    "curation": {
        "curate": "discrete.curate",
        "path": "discrete.curated_mix",
        "limit": "discrete.curated_replace_limit",
        "reward_gain": "discrete.curated_reward_gain",
        "divergence": "discrete.curated_mix_divergence",
        "two_symbols": "discrete.curated_replace_two_symbols",
        "fixation": "discrete.curated_replace_fixation",
    },
    "design": {
        "allocation": "mean.mean_replace_allocation",
        "mixture": "mean.mean_mix_allocation",
        "Mixture": "mean.Mixture",
    },
    "discrete": {
        "ancestors": "discrete.categorical_replace_ancestors",
        "lost": "discrete.categorical_replace_lost",
        "collapsed": "discrete.categorical_replace_collapsed",
        "collapse_time": "discrete.categorical_replace_collapse_time",
        "collapsed_bounds": "discrete.categorical_replace_collapsed_bounds",
        "collapse_time_bounds": "discrete.categorical_replace_collapse_time_bounds",
        "survival_upper_bound": "discrete.categorical_replace_survival_bound",
        "diversity": "discrete.categorical_replace_diversity",
        "mixed_drift": "discrete.categorical_mix",
        "poisson_survival": "discrete.poisson_replace_survival",
    },
    "equivalents": {
        "kappa": "regression.kappa",
        "degrees_of_freedom": "regression.degrees_of_freedom",
    },
    "estimated_risk": {
        "estimated_risk_cdf": "gaussian.estimated_risk_cdf",
        "estimated_risk_quantile": "gaussian.estimated_risk_quantile",
    },
    "gaussian": {
        "maximum_quantile": "gaussian.variance_maximum_quantile",
        "accumulate_variance_mean": "gaussian.variance_accumulate_mean",
        "accumulate_variance_square": "gaussian.variance_accumulate_square",
        "subsample_moments": "gaussian.moments_accumulate_subsample",
        "mixed_moments": "gaussian.moments_mix",
    },
    "generalised_linear": {
        "logistic_information": "regression.logistic_information",
        "poisson_information": "regression.poisson_information",
        "squared_error": "regression.maximum_likelihood_error",
        "logistic_accuracy": "regression.logistic_accuracy",
    },
    "immediate_collapse": {
        "dropped": "counterexamples.immediate_collapse_dropped",
        "first_distance": "counterexamples.immediate_collapse_first_distance",
        "probability": "counterexamples.immediate_collapse_probability",
        "probability_bound": "counterexamples.immediate_collapse_probability_bound",
    },
    "mixing": {
        "risk": "mean.mean_mix",
        "risk_limit": "mean.mean_mix_limit",
        "optimal_weight": "mean.mean_mix_optimal_weight",
        "pooling_weight": "mean.mean_mix_pooling_weight",
        "dynamic_weight": "mean.mean_mix_dynamic_weight",
        "pooling_contraction": "regression.ols_mix_contraction",
        "ols_pooled": "regression.ols_mix",
        "minimum_norm": "regression.minimum_norm_mixed_labels",
        "fresh_minimum_norm": "regression.minimum_norm_mixed_labels_fresh",
        "ridge_limit": "regression.ridge_mixed_labels_limit",
        "optimal_ridge_weight": "regression.ridge_mixed_labels_optimal_weight",
    },
    "pruning": {
        "accuracy": "regression.pruned_accuracy",
        "accuracy_limit": "regression.pruned_accuracy_limit",
        "threshold": "regression.pruned_threshold",
    },
    "random_walk": {
        "drift_variance": "mean.mean_replace_variance",
        "drift_limit": "mean.mean_replace_variance_limit",
        "bias_sum": "mean.mean_replace_bias",
        "bias_limit": "mean.mean_replace_bias_limit",
        "mean_square_error": "mean.mean_replace_squared_error",
        "required_growth": "mean.mean_replace_required_growth",
        "drift_ratio": "mean.mean_replace_drift_ratio",
        "drift_ratio_limit": "mean.mean_replace_drift_ratio_limit",
        "improvement_probability": "mean.improvement_probability",
        "euclidean_improvement_probability": "mean.euclidean_improvement_probability",
        "independent_improvement_probability": "mean.independent_improvement_probability",
        "estimated_improvement_probability": "mean.estimated_improvement_probability",
    },
    "regression": {
        "shrunk_ridge": "regression.ridge_downstream_shrunk",
        "ridge_chain": "regression.ridge_replace",
        "ridge_mixture_chain": "regression.ridge_mix",
        "ridge_chain_limit": "regression.ridge_replace_limit",
        "ridge_terms": "regression.ridge_downstream_terms",
        "strong_collapse_terms": "regression.ridge_strong_collapse_terms",
        "ols_shifted": "regression.ols_replace_shifted",
        "ols_estimated_noise": "regression.ols_replace_estimated_noise",
        "isotropic_replace": "regression.minimum_norm_replace",
        "projected_strong_collapse": "regression.projected_strong_collapse_terms",
        "optimal_schedule": "regression.ridge_replace_optimal_schedule",
    },
    "staircase": {
        "first_waiting": "counterexamples.staircase_first_waiting",
        "waiting": "counterexamples.staircase_waiting",
    },
    "tails": {
        "zipf": "discrete.zipf",
        "unseen": "discrete.unseen",
        "support": "discrete.support",
        "effective_samples": "discrete.effective_samples",
        "zipf_unseen": "discrete.zipf_unseen",
        "cut_unseen": "discrete.zipf_cut_unseen",
    },
    "temperature": {
        "temper": "discrete.temper",
        "closed_loop": "discrete.temperature_replace",
        "accumulated": "discrete.temperature_accumulate",
        "mixed": "discrete.temperature_mix",
        "needed_share": "discrete.temperature_needed_share",
        "gaussian_variance": "gaussian.variance_mix_tempered",
    },
    "weak_data": {
        "corrected": "discrete.weak_data_corrected",
        "accuracy": "discrete.weak_data_accuracy",
    },
    "workflows": {
        "inflation": "mean.inflation",
        "covariance": "mean.inflation_covariance",
    },
}
"""For each module of version 0.1 before it had folders: what its names are called now, below `jaxcollapse.theory`."""


def of_theory(name: str) -> Any:
    """A module that is gone, from which old names can be taken."""
    if name not in FORMER or name in FOLDERS:
        rooms = vars(importlib.import_module("jaxcollapse.theory")).items()
        known = [f"{room}.{one}" for room, face in rooms if isinstance(face, ModuleType) for one in _functions(face)]
        raise AttributeError(f"module 'jaxcollapse.theory' has no attribute {name!r}{_hint(name, known)}")
    module = ModuleType(f"jaxcollapse.theory.{name}", "Names that have moved.")
    setattr(module, "__getattr__", functools.partial(_moved, name))  # noqa: B010, a type checker knows no such name
    return module


def _moved(module: str, name: str) -> Any:
    """What a name of a module is called now, with a warning."""
    new = FORMER[module].get(name)
    if new is None:
        known = _functions(importlib.import_module(f"jaxcollapse.theory.{module}")) if module in FOLDERS else []
        raise AttributeError(f"module 'jaxcollapse.theory.{module}' has no attribute {name!r}{_hint(name, known)}")
    _warn(f"jaxcollapse.theory.{module}.{name} is now jaxcollapse.theory.{new}")
    folder, current = new.split(".")
    return getattr(importlib.import_module(f"jaxcollapse.theory.{folder}"), current)


def _functions(face: ModuleType) -> list[str]:
    """The public functions of a room."""
    return [name for name, value in vars(face).items() if inspect.isfunction(value) and not name.startswith("_")]


def _hint(name: str, known: list[str]) -> str:
    """What may be meant; nothing for what Python asks of every module."""
    return "" if name.startswith("_") else did_you_mean(name, known)


of_discrete = functools.partial(_moved, "discrete")
of_gaussian = functools.partial(_moved, "gaussian")
of_regression = functools.partial(_moved, "regression")


def formerly(
    *positional: str, defaults: Mapping[str, Any] | None = None, **renamed: str
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A function that takes its old arguments as well, with a warning.

    **Arguments**

    - `positional`: the names of its first arguments, in order, some of which are keyword-only now.
    - `defaults`: what it took for arguments that must be given now; a function of the keyword arguments finds it.
    - `renamed`: new names by the old ones.

    ```python
    >>> @formerly(level="threshold")
    ... def above(x, *, threshold):
    ...     return x > threshold
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     above(2, level=1), str(caught[0].message)
    (True, 'above(level=...) is now above(threshold=...); the old way goes in jaxcollapse 0.2')

    ```
    """
    values = dict(defaults or {})

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        name = getattr(function, "__name__", "")
        kinds = [parameter.kind for parameter in inspect.signature(function).parameters.values()]
        first = kinds.count(inspect.Parameter.POSITIONAL_OR_KEYWORD)

        @functools.wraps(function)
        def current(*args: Any, **kwargs: Any) -> Any:
            for argument, value in zip(positional[first:], args[first:], strict=False):
                _warn(f"{name} takes its argument by name: write {name}({argument}=...)")
                kwargs[argument] = value
            for old in renamed.keys() & kwargs.keys():
                _warn(f"{name}({old}=...) is now {name}({renamed[old]}=...)")
                kwargs[renamed[old]] = kwargs.pop(old)
            for argument in values.keys() - kwargs.keys():
                value = values[argument]
                value = value(kwargs) if callable(value) else value
                if value is not None:
                    _warn(f"{name} has no default for {argument}: write {name}(..., {argument}={value!r})")
                    kwargs[argument] = value
            if positional:
                args = args[:first] + args[len(positional) :]
            return function(*args, **kwargs)

        return current

    return decorate


def length_of_curves(arguments: Mapping[str, Any]) -> int | None:
    """How many generations arguments are given for, if one is an array of them."""
    lengths = [np.shape(value)[0] for value in arguments.values() if np.ndim(value) == 1]
    return max(lengths, default=None)


def _warn(message: str) -> None:
    warnings.warn(f"{message}; the old way goes in jaxcollapse 0.2", DeprecationWarning, stacklevel=3)
