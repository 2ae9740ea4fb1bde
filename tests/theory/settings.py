"""One table of all closed forms: settings inside of the domain and at its edges, for what is tested of every one.

Floats and arrays of floats are arguments that a derivative may be asked for; integers, words and workflows are not.
"""

import inspect
import re
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

import jaxcollapse as jc
from jaxcollapse import theory
from jaxcollapse.theory import Spectrum, networks


class Edge(NamedTuple):
    """A number at the edge of its domain, which lies on one side of it: +1 above, -1 below."""

    value: Any
    side: Any


class Held(NamedTuple):
    """A number for which no derivative is asked, and why."""

    value: Any
    why: str


class Setting(NamedTuple):
    """Arguments of one call."""

    positional: tuple
    named: dict
    step: float | None = None
    """Of differences, relative, a power of two; where the function bends sharply it is small."""


def call(*positional, **named) -> Setting:
    return Setting(positional, named)


def bent(step, *positional, **named) -> Setting:
    return Setting(positional, named, step)


def public_functions() -> dict:
    """All functions of the faces of `jaxcollapse.theory`, by the name that a user writes."""
    found = {}
    for room in re.findall(r"import (\w+) as \1$", inspect.getsource(theory), re.MULTILINE):
        face = getattr(theory, room)
        for name, value in vars(face).items() if inspect.ismodule(face) else ():
            own = hasattr(face, "__path__") or inspect.getmodule(value) is face  # a folder defines nothing
            if own and inspect.isfunction(value) and not name.startswith("_"):
                found[f"{room}.{name}"] = value
    return found


def spectrum(zero=False):
    values = np.array([1.5, 0.8, 0.3, 0.11])
    return Spectrum.from_eigenvalues(values, signal=np.zeros(4) if zero else np.array([0.5, -0.4, 0.7, 0.3]))


def rising(*values):
    return np.array(values, float)


P = rising(0.5, 0.3, 0.2)
P_ZERO = Edge(rising(0.6, 0.4, 0.0), rising(0, 0, 1))  # a symbol that never occurs
P_ONE = Edge(rising(1.0, 0.0, 0.0), rising(-1, 1, 1))
WINDOWS = np.array([[[0.24, 0.06], [0.08, 0.12]], [[0.06, 0.14], [0.12, 0.18]]])  # of three words in a row
R = rising(1.0, 0.2, -0.5)
TASTES = np.array([[1.0, 0.2, -0.5], [-1.0, 0.4, 0.9]])
R4 = rising(1.1, 0.9, 1.3, 0.7)
SIZES = rising(6.0, 9.0, 30.0)
CHAIN = dict(samples=20.0, generations=10, ddof=1)
GROWING = dict(samples=SIZES, generations=3, ddof=0)
FEW = dict(samples=5.0, generations=3, ddof=1)
ROWS = np.array([[0.3, -1.0, 0.5, 0.2], [1.2, 0.4, -0.1, 0.7], [-0.6, 0.9, 0.8, -0.4]])
GRAMS = np.stack([np.diag([20.0, 30.0]) + 2.0, np.diag([25.0, 15.0]) - 1.0])
MUTUAL = dict(models=3, private_samples=20.0, public_samples=30.0, synthetic_samples=25.0, noise=0.7)
DESIGNS = dict(private=GRAMS, public=GRAMS[0] + 3.0, synthetic=GRAMS[::-1] + 1.0)
SHIFTED = dict(samples=9.0, noise=0.5, penalty=0.2, shift=rising(0.02, 0.01, 0.03, 0.05), fraction=0.4)
MOMENTS = np.einsum("kj,lj->klj", ROWS[:2], ROWS[:2]) + np.eye(2)[:, :, None]
DEPTHS = np.array([[0.0, 1.0, 0.0, 0.0], [0.0, 0.5, 0.5, 0.0], [0.0, 0.3, 0.5, 0.2]])
GRAPH = np.array([[0.5, 0.1, 0.2, 0.2], [0.2, 0.3, 0.3, 0.2], [0.1, 0.2, 0.3, 0.4]])
TRIANGLE = np.array([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.2, 0.3, 0.5]])
MAP = dict(samples=20.0, generations=3)
LAMBDA = rising(3.0, 1.6, 1.5, 0.4)
FAKES = dict(generators=2, generator_samples=30.0, generator_noise=0.4)

PAIRS = np.array([[0.6, 0.3, 0.1], [0.2, 0.1, 0.7]])
KERNEL = np.array([[2.0, 0.3, 0.1], [0.3, 1.0, -0.2], [0.1, -0.2, 1.5]])
CURVED = np.array([[2.0, 0.3], [0.3, 1.0]])
ON_ROWS = np.array([[[3.0, 1.0], [0.0, 2.0]], [[1.0, 2.0], [2.0, 1.0]], [[2.0, 3.0], [1.0, 1.0]]])


def softmax(theta):
    return jax.nn.log_softmax(jnp.append(theta, 0.0))


SETTINGS: dict[str, list[Setting]] = {
    "counterexamples.immediate_collapse_dropped": [call()],
    "counterexamples.immediate_collapse_first_distance": [call()],
    "counterexamples.immediate_collapse_probability": [call()],
    "counterexamples.immediate_collapse_probability_bound": [call(samples=12.0)],
    "counterexamples.staircase_first_waiting": [call(samples=12.0, generations=4)],
    "counterexamples.staircase_waiting": [call(level=2, generations=5)],
    "discrete.categorical_mix": [
        call(P, samples=20.0, real_samples=30.0, generations=4),
        call(P_ZERO, samples=Edge(1.0, 1), real_samples=Edge(1.0, 1), generations=4),
    ],
    "discrete.categorical_replace_ancestors": [call(samples=5, generations=4)],
    "discrete.agent_projection": [
        call(WINDOWS, order=1),
        call(WINDOWS, order=0),
        call(Edge(rising(0.6, 0.4, 0.0), rising(0, 0, 1)), order=0),
    ],
    "discrete.agent_divergence": [call(WINDOWS, order=1), call(WINDOWS, order=0)],
    "discrete.self_verified_candidates": [call(confidence=0.3), call(confidence=Edge(1.0, -1))],
    "discrete.self_verified_missed": [
        call(confidence=0.3, candidates=4.0),
        call(confidence=Edge(1.0, -1), candidates=3.0),
    ],
    "discrete.categorical_replace_ancestors_limit": [call(samples=5, generations=4)],
    "discrete.categorical_replace_collapse_time": [call(P, samples=6), call(P_ZERO, samples=6), call(P_ONE, samples=3)],
    "discrete.categorical_replace_collapse_time_bounds": [call(P, samples=6.0)],
    "discrete.categorical_replace_collapsed": [
        call(P, samples=6, generations=4),
        call(P_ZERO, samples=6, generations=4),
        call(P_ONE, samples=3, generations=4),
    ],
    "discrete.categorical_replace_collapsed_bounds": [call(P, samples=6.0, generations=4)],
    "discrete.categorical_replace_diversity": [
        call(P, samples=6.0, generations=4),
        call(P_ZERO, samples=Edge(1.0, 1), generations=4),
    ],
    "discrete.categorical_replace_entropy": [call(P, samples=5, generations=3)],
    "discrete.categorical_replace_lost": [
        call(P, samples=6, generations=4),
        call(P_ZERO, samples=6, generations=4),
        call(P_ONE, samples=3, generations=4),
    ],
    "discrete.categorical_replace_survival_bound": [
        call(samples=50.0, probability=0.01, generations=4),
        call(samples=50.0, probability=Edge(0.0, 1), generations=4),
    ],
    "discrete.masked_mix": [
        call(steps=4.0, samples=9.0, real_samples=7.0, real_share=0.3, generations=4),
        call(steps=Edge(1.0, 1), samples=9.0, real_samples=7.0, real_share=Edge(0.0, 1), generations=4),
    ],
    "discrete.poisson_replace_survival": [
        call(samples=50.0, rate=0.03, generations=4),
        call(samples=50.0, rate=Edge(0.0, 1), generations=4),
    ],
    "discrete.contaminated_accumulate": [
        call(P, samples=20.0, real_share=0.6, generations=4),
        call(P_ZERO, samples=SIZES, real_share=Edge(rising(0.5, 0.0, 1.0), rising(0, 1, -1)), generations=3),
    ],
    "discrete.contaminated_accumulate_debiased": [
        call(P, samples=20.0, real_share=0.6, generations=4),
        call(P, samples=SIZES, real_share=Edge(1.0, -1), weights=rising(1.0, 2.0, 3.0), generations=3),
    ],
    "discrete.contaminated_replace": [
        call(P, samples=20.0, real_share=0.6, generations=4),
        call(P_ZERO, samples=SIZES, real_share=Edge(rising(0.5, 0.0, 1.0), rising(0, 1, -1)), generations=3),
    ],
    "discrete.contaminated_replace_concentration": [
        call(samples=9.0, real_share=0.3),
        call(samples=9.0, real_share=Edge(1.0, -1)),
    ],
    "discrete.contaminated_replace_spectrum": [
        call(samples=4, real_share=0.3),
        call(samples=4, real_share=Edge(0.0, 1)),
        call(samples=4, real_share=Edge(1.0, -1)),
    ],
    "discrete.contaminated_replace_lost": [
        call(P, samples=5, real_share=0.3, generations=4),
        call(P_ZERO, samples=4, real_share=Edge(0.0, 1), generations=3),
        call(P_ONE, samples=4, real_share=Edge(1.0, -1), generations=3),
    ],
    "discrete.remaining_diversity": [
        call(jc.Window(2), samples=SIZES, real_share=0.3, generations=3),
        call(jc.AccumulateSubsample(), samples=SIZES, real_share=Edge(0.0, 1), generations=3),
        call(jc.ReplayBuffer(8), samples=rising(5.0, 2.0, 4.0), real_share=Edge(1.0, -1), generations=3),
        call(jc.ReplayBuffer(8, evict="oldest"), samples=np.array([5, 2, 4]), real_share=0.2, generations=3),
        call(jc.Replace(), samples=Edge(1.0, 1), generations=3),
    ],
    "discrete.chi_square_from_truth": [
        call(jc.Accumulate(), symbols=4, samples=SIZES, real_share=0.3, generations=3),
        call(jc.Replace(), symbols=3, samples=Edge(1.0, 1), real_share=Edge(0.0, 1), generations=3),
    ],
    "discrete.effective_size": [
        call(jc.Window(2), samples=SIZES, generations=3),
        call(jc.Accumulate(), samples=20.0, generations=3),
    ],
    "discrete.contaminated_replay_law": [
        call(P, capacity=4, real_share=0.3),
        call(P_ZERO, capacity=3, real_share=Edge(1.0, -1)),
    ],
    "discrete.contaminated_replay_spectrum": [
        call(capacity=4, real_share=0.3),
        call(capacity=4, real_share=Edge(0.0, 1)),
    ],
    "discrete.contaminated_replay_information": [
        call(capacity=4, real_share=0.3, events=3),
        call(capacity=4, real_share=Edge(0.0, 1), events=3),
    ],
    "discrete.contaminated_replay_originals": [call(capacity=4, real_share=0.3)],
    "discrete.categorical_replay_fixation": [call(capacity=4, preference=1.7), call(capacity=4, preference=1.0)],
    "discrete.categorical_replay_fixation_time": [call(capacity=4)],
    "discrete.categorical_accumulate_urn": [
        call(rising(2.0, 3.0, 1.0), draws=4),
        call(Edge(rising(2.0, 0.0, 1.0), rising(0, 1, 0)), draws=4),
    ],
    "discrete.curate": [
        call(P, rewards=R, candidates=3),
        call(P_ZERO, rewards=np.zeros(3), candidates=2),
        call(P_ONE, rewards=R, candidates=4),
        call(P, rewards=TASTES, weights=rising(0.3, 0.7)),
    ],
    "discrete.curated_mix": [
        call(P, rewards=R, candidates=3, real_share=0.3, generations=4),
        call(P_ZERO, rewards=R, candidates=3, real_share=Edge(0.0, 1), generations=4),
        call(P, rewards=R, candidates=3, real_share=Edge(1.0, -1), generations=4),
    ],
    "discrete.curated_mix_divergence": [
        call(real_share=0.9, candidates=3),
        call(real_share=Edge(1.0, -1), candidates=3),
    ],
    "discrete.curated_replace_fixation": [
        call(0.4, samples=20.0, reward=0.1, candidates=3),
        call(0.4, samples=20.0, reward=0.0, candidates=3),
        call(0.4, samples=20.0, reward=-0.3, candidates=3),
        call(0.3, samples=20.0, reward=3e-7, candidates=3),
        call(Edge(0.0, 1), samples=20.0, reward=0.1, candidates=3),
        call(Edge(1.0, -1), samples=20.0, reward=0.0, candidates=3),
    ],
    "discrete.curated_replace_limit": [
        call(P, rewards=R, generations=4),
        call(Edge(rising(0.6, 0.4, 0.0), rising(0, 0, 1)), rewards=R, generations=4),
    ],
    "discrete.curated_replace_two_symbols": [
        call(0.4, samples=5, reward=0.5, candidates=2, generations=3),
        call(Edge(0.0, 1), samples=5, reward=0.0, candidates=2, generations=3),
        call(Edge(1.0, -1), samples=5, reward=0.5, candidates=2, generations=3),
    ],
    "discrete.curated_reward_gain": [
        call(P, rewards=R, candidates=3),
        call(P_ONE, rewards=R, candidates=3),
    ],
    "discrete.effective_samples": [
        call(samples=20.0, generations=5),
        call(samples=SIZES, generations=3),
        call(samples=Held(1.0, "there it bends like x log x"), generations=4),
    ],
    "discrete.support": [
        call(P, samples=7.0),
        call(P_ZERO, samples=Edge(0.0, 1)),
        call(P_ONE, samples=3.0),
        call(P_ONE, samples=rising(2.0, 5.0)),
    ],
    "discrete.unseen": [
        call(P, samples=7.0, source=P[::-1]),
        call(P_ZERO, samples=rising(2.0, 5.0)),
        call(P_ONE, samples=3.0),
    ],
    "discrete.zipf": [call(4, exponent=1.3), call(4, exponent=Edge(0.0, 1))],
    "discrete.zipf_cut_unseen": [
        call(samples=200.0, exponent=2.0, cutoff=20.0, real_share=0.3),
        bent(2.0**-16, samples=200.0, exponent=1.5, cutoff=20.0, real_share=Edge(0.0, 1)),
        call(samples=200.0, exponent=1.5, cutoff=20.0, real_share=1e-9),
        call(samples=200.0, exponent=1.5, cutoff=20.0, real_share=Edge(1.0, -1)),
        call(samples=Edge(0.0, 1), exponent=1.5, cutoff=Edge(1.0, 1), real_share=0.5),
    ],
    "discrete.zipf_unseen": [call(samples=200.0, exponent=2.0), call(samples=Edge(0.0, 1), exponent=1.5)],
    "discrete.temper": [
        call(P, temperature=0.7),
        call(P, temperature=1.0),
        call(P_ZERO, temperature=0.5),
        call(Edge(rising(0.6, 0.4, 0.0), rising(0, 0, 1)), temperature=1.0),
    ],
    "discrete.temperature_accumulate": [
        call(P, temperature=0.7, generations=4),
        call(P_ZERO, temperature=0.5, generations=3),
    ],
    "discrete.temperature_mix": [
        call(P, temperature=0.7, real_share=0.3, generations=4),
        call(P, temperature=0.7, real_share=Edge(0.0, 1), first=P[::-1], generations=4),
        call(P_ZERO, temperature=0.5, real_share=Edge(1.0, -1), generations=4),
    ],
    "discrete.temperature_mix_collapsed": [
        call(symbols=5, temperature=0.7, real_share=0.2),
        call(symbols=5, temperature=1.2, real_share=0.2),
    ],
    "discrete.temperature_mix_critical": [call(symbols=5, real_share=0.3)],
    "discrete.temperature_needed_share": [call(temperature=0.6), call(temperature=1.4)],
    "discrete.temperature_replace": [
        call(P, temperature=0.7, generations=4),
        call(P_ZERO, temperature=0.5, generations=3),
    ],
    "discrete.weak_data_accuracy": [
        call(first=0.3, weak_accuracy=0.2, generations=4),
        call(first=Edge(1.0, -1), weak_accuracy=Edge(1.0, -1), generations=4),
        call(first=Edge(0.0, 1), weak_accuracy=Edge(0.0, 1), generations=4),
    ],
    "discrete.weak_data_corrected": [
        call(0.3, weak_accuracy=0.2),
        call(Edge(0.0, 1), weak_accuracy=Edge(1.0, -1)),
    ],
    "exponential_family.variance_replace": [
        call(samples=3.0, variance=1.2, curvature=0.7, generations=4),
        call(samples=3.0, variance=1.0, curvature=0.0, generations=4),
        call(samples=SIZES, variance=Edge(0.0, 1), curvature=-1.0, generations=3),
        call(samples=SIZES, variance=1.0, curvature=1e-9, generations=3),
    ],
    "exponential_family.variance_accumulate": [
        call(samples=3.0, variance=1.2, curvature=0.7, generations=4),
        call(samples=3.0, variance=1.0, curvature=0.0, generations=4),
        call(samples=3.0, variance=1.0, curvature=-1e-9, generations=4),
    ],
    "exponential_family.variance_accumulate_limit": [
        call(samples=3.0, variance=1.2, curvature=0.7),
        call(samples=3.0, variance=1.2, curvature=-0.9),
        call(samples=3.0, variance=1.0, curvature=0.0),
        call(samples=3.0, variance=1.0, curvature=1e-9),
    ],
    "mean.mean_rewarded_allocation": [call(budget=60.0, width=1.2, variance=0.7, cost=SIZES, generations=3)],
    "mean.mean_rewarded_gap_probability": [
        call(0.1, variance_of_mean=0.2, width=1.2, variance=0.7),
        call(0.3, variance_of_mean=0.5, width=1.2, dim=3),
    ],
    "mean.mean_rewarded_replace": [
        call(distance=0.8, width=1.2, samples=SIZES, variance=0.7, dim=2, generations=3),
        call(distance=Edge(0.0, 1), width=1.2, samples=Edge(1.0, 1), generations=3),
    ],
    "mean.mean_rewarded_variance_limit": [call(width=1.2, variance=0.7, growth=1.3)],
    "mean.mean_surrogate": [
        call(weight=0.3, samples=9.0, surrogate_samples=20.0, shift=0.4, surrogate_variance=1.3),
        call(weight=Edge(0.0, 1), samples=9.0, surrogate_samples=20.0, shift=Edge(0.0, 1)),
    ],
    "mean.mean_surrogate_optimal_weight": [
        call(samples=9.0, surrogate_samples=20.0, shift=0.4, surrogate_variance=1.3)
    ],
    "mean.mean_verified_break_even": [
        call(bias=rising(0.1, -0.2), radius=0.8, real_samples=9.0, variance=1.3),
        call(bias=0.05, radius=0.3, real_samples=9.0),
    ],
    "mean.mean_verified_contraction": [call(radius=0.8, variance=1.3), call(radius=0.3)],
    "mean.mean_verified_limit": [call(bias=rising(0.1, -0.2), radius=0.8, samples=9.0, variance=1.3)],
    "mean.mean_verified_replace": [
        call(bias=rising(0.1, -0.2), radius=0.8, samples=SIZES, variance=1.3, generations=3),
        call(bias=0.1, radius=0.3, samples=9.0, generations=3),
        call(bias=4.0, radius=0.8, samples=6.0, generations=3),
    ],
    "mean.mean_mix_allocation": [call(budget=60.0, real_cost=4.0), call(budget=60.0, real_cost=0.6)],
    "mean.mean_replace_allocation": [
        call(budget=60.0, objective="final", cost=rising(1.0, 2.0, 1.5), generations=3),
        call(budget=60.0, objective="sum", cost=2.0, generations=3),
    ],
    "mean.estimated_improvement_probability": [
        call(samples=10.0, generations=4, ddof=1),
        call(samples=rising(8.0, 12.0, 30.0), generations=3, ddof=0),
    ],
    "mean.euclidean_improvement_probability": [
        call(rising(1.0, 0.5, 0.1), ratio=1.5),
        call(rising(1.0, 1.0), ratio=0.05),
    ],
    "mean.improvement_probability": [
        call(ratio=1.5),
        call(dim=4, ratio=1.5),
        call(dim=1, ratio=Edge(0.0, 1)),
        call(dim=2, ratio=Edge(0.0, 1)),
        call(dim=5, ratio=Edge(rising(0.0, 2.0), rising(1, 0))),
    ],
    "mean.independent_improvement_probability": [
        call(ratio=1.5),
        call(dim=4, ratio=1.5),
        call(dim=1, ratio=Edge(0.0, 1)),
        call(dim=2, ratio=Edge(0.0, 1)),
        call(dim=3, ratio=Edge(rising(0.0, 2.0), rising(1, 0))),
    ],
    "mean.mean_mix": [
        call(real_weight=0.4, ratio=0.7, generations=4),
        call(real_weight=Edge(0.0, 1), ratio=Edge(0.0, 1), generations=4),
        call(real_weight=Edge(1.0, -1), ratio=0.5, generations=4),
    ],
    "mean.location_error": [
        call("normal", estimator=1.345, samples=30.0, scale=2.0),
        call("laplace", estimator=0.8, samples=30.0, scale=0.5),
        call("cauchy", estimator="median", samples=30.0, scale=2.0),
    ],
    "mean.mean_mix_dynamic_weight": [call(ratio=0.7, generations=4), call(ratio=Edge(0.0, 1), generations=4)],
    "mean.mean_mix_limit": [
        call(real_weight=0.4, ratio=0.7),
        call(real_weight=Edge(1.0, -1), ratio=Edge(0.0, 1)),
    ],
    "mean.mean_mix_optimal_weight": [call(ratio=0.7), call(ratio=50.0)],
    "mean.mean_mix_pooling_weight": [call(ratio=0.7), call(ratio=Edge(0.0, 1))],
    "mean.mean_replace_bias": [call(samples=SIZES, coefficient=0.0, order=0.7)],
    "mean.mean_replace_bias_limit": [
        call(scale=3.0, growth=1.5, coefficient=0.4, order=0.7),
        call(scale=3.0, growth=0.6, coefficient=0.0, order=0.7),
    ],
    "mean.mean_replace_drift_ratio": [call(samples=SIZES)],
    "mean.mean_replace_drift_ratio_limit": [call(growth=1.2), call(growth=6.0)],
    "mean.mean_replace_required_growth": [call(order=0.6), call(order=1.5)],
    "mean.mean_replace_squared_error": [call(samples=SIZES, coefficient=0.5, order=0.7)],
    "mean.mean_replace_variance": [call(samples=SIZES)],
    "mean.mean_replace_variance_limit": [call(scale=3.0, growth=1.5), call(scale=3.0, growth=0.2)],
    "mean.information_lost": [call(jc.Window(2), samples=SIZES, generations=3), call(jc.Accumulate(), generations=3)],
    "mean.mean_information": [
        call(jc.Window(2), samples=SIZES, prior_variance=1.5, generations=3),
        call(jc.Replace(), samples=9.0, prior_variance=1.5, variance=0.4, generations=3),
    ],
    "mean.inflation": [
        call(jc.Accumulate(), samples=SIZES, generations=3),
        call(jc.AccumulateSubsample(), samples=SIZES, generations=3),
        call(jc.Mix("fresh", real_samples=7), samples=SIZES, generations=3),
    ],
    "mean.inflation_covariance": [
        call(jc.Window(2), samples=SIZES, generations=3),
        call(jc.AccumulateSubsample(), samples=10.0, generations=3),
        call(jc.Mix("fixed", weight=0.3), samples=SIZES, generations=3),
    ],
    "regression.descent_risk": [
        call(
            KERNEL, rising(0.5, -0.4, 0.7), networks.gradient_descent(0.4, 5), jc.Accumulate(), noise=0.3, generations=3
        ),
        call(
            KERNEL,
            rising(0.5, -0.4, 0.7),
            networks.gradient_descent(0.4, 5, 0.2),
            jc.Mix("fresh", weight=0.3),
            noise=Edge(0.0, 1),
            warm=True,
            generations=3,
        ),
    ],
    "regression.curated_labels_replace": [
        call(dim=6, samples=20.0, penalty=0.2, oracle=0.8, correct_only=True, generations=3),
        call(dim=6, samples=SIZES, penalty=0.2, oracle=-0.3, keep="easy", threshold=0.4, generations=3),
        call(dim=6, samples=30.0, penalty=0.2, oracle=0.7, keep="hard", threshold=0.9, generations=3),
    ],
    "regression.hard_labels_cosine": [call(dim=6, samples=20.0, penalty=0.2), call(dim=6, samples=4.0, penalty=0.1)],
    "regression.hard_labels_replace": [call(dim=6, samples=SIZES, penalty=rising(0.2, 0.1, 0.3), generations=3)],
    "regression.minimum_norm_accumulate": [
        call(dim=20, samples=rising(9.0, 4.0, 17.0), noise=0.5, generations=3, norm=0.8),
        call(dim=20, samples=30.0, noise=Edge(0.0, 1), generations=3, norm=Edge(0.0, 1)),
    ],
    "regression.ols_accumulate_weighted": [
        call(dim=3, samples=11.0, noise=0.5, weights=rising(3.0, 1.0, 2.0)),
        call(dim=3, samples=11.0, noise=Edge(0.0, 1), weights=rising(3.0, 1.0, 2.0)),
    ],
    "regression.ols_accumulate_weighted_limit": [call(dim=3, samples=11.0, noise=0.5, real_weight=2.5)],
    "regression.ols_cdf": [
        call(0.3, dim=3, samples=11.0, noise=0.7, inflation=1.3),
        call(Edge(0.0, 1), dim=2, samples=11.0, noise=0.7, inflation=1.3),
        bent(2.0**-22, Edge(rising(0.0, 0.2, 9.0), rising(1, 0, 0)), dim=5, samples=5.0, noise=0.7, inflation=1.3),
        call(0.02, dim=1, samples=60.0, noise=0.7, inflation=1.3),
    ],
    "regression.ridge_accumulate_given_design": [
        call(spectrum(), samples=9.0, noise=0.5, penalty=0.3, generations=4),
        call(spectrum(), samples=9.0, noise=Edge(0.0, 1), penalty=1e-3, generations=4),
    ],
    "regression.ridge_accumulate_per_sample_penalty": [
        call(dim=5, samples=12.0, noise=0.5, penalty=0.3, generations=3, norm=0.8),
        call(dim=5, samples=3.0, noise=0.5, penalty=0.3, generations=3),
        call(dim=5, samples=Held(5.0, "the atom at zero appears there"), noise=0.5, penalty=0.3, generations=3),
    ],
    "regression.ridge_accumulate_total_penalty": [
        call(spectrum(), samples=SIZES, noise=0.5, penalty=3.0, generations=3, design="fresh"),
        call(spectrum(), samples=9.0, noise=Edge(0.0, 1), penalty=0.1, generations=3, design="fixed"),
    ],
    "regression.adaptive_exponent": [
        call(capacity=2.0, source=0.4, generator_exponent=0.5, noise_exponent=0.1, label_noise=False),
        call(capacity=2.0, source=1.4, generator_exponent=0.5, dim_exponent=1.2, label_noise=True),
    ],
    "regression.adaptive_penalty": [
        call(Spectrum.isotropic(12), samples=20.0, noise=0.6, **FAKES),
        call(spectrum(), samples=20.0, noise=0.6, generators=1, generator_samples=2.5, generator_noise=0.4),
        call(spectrum(), samples=3.0, noise=0.6, generators=0, generator_samples=30.0, generator_noise=0.0),
    ],
    "regression.ridge_downstream_shrunk": [
        call(dim=6, samples=12.0, noise=0.5, **FAKES, norm=0.8),
        call(dim=6, samples=12.0, noise=0.5, generators=2, generator_samples=30.0, generator_noise=Edge(0.0, 1)),
    ],
    "regression.ridge_downstream": [
        call(spectrum(), samples=9.0, noise=0.5, penalty=0.2, design="fresh", **FAKES),
        call(spectrum(), samples=9.0, noise=0.5, penalty=0.2, design="fixed", **FAKES),
        call(spectrum(), samples=9.0, noise=0.5, penalty=0.2, design="fresh"),
    ],
    "regression.ridge_downstream_terms": [
        call(spectrum(), samples=9.0, noise=0.5, penalty=0.2, generator_samples=30.0),
        call(spectrum(), samples=3.0, noise=0.5, penalty=1e-3, generator_samples=2.5),
        call(spectrum(), samples=9.0, noise=0.5, penalty=Edge(0.0, 1), generator_samples=30.0),
    ],
    "regression.ridge_strong_collapse_terms": [
        call(spectrum(), **SHIFTED, generator_noise=0.3),
        call(spectrum(), **SHIFTED | dict(fraction=Edge(0.0, 1))),
        bent(2.0**-16, spectrum(zero=True), **SHIFTED | dict(fraction=Edge(1.0, -1), penalty=1e-4, samples=4.0)),
    ],
    "regression.degrees_of_freedom": [
        call(spectrum(), kappa=0.3),
        call(rising(1.0, 0.4), kappa=Edge(0.0, 1), order=2),
    ],
    "regression.kappa": [
        call(spectrum(), samples=9.0, penalty=0.2),
        call(spectrum(), samples=9.0, penalty=Edge(0.0, 1)),
        call(spectrum(), samples=3.0, penalty=Edge(0.0, 1)),
        bent(2.0**-18, spectrum(), samples=4.0, penalty=1e-6),
        bent(2.0**-24, spectrum(), samples=4.0, penalty=1e-10),
        call(rising(1.0, 1e-9, 1e-9), samples=3.0, penalty=1e-8),
    ],
    "regression.ridge_equivalent": [
        call(
            spectrum(),
            samples=rising(6.0, 4.0),
            noise=rising(0.5, 0.3),
            penalty=0.2,
            labellers=np.array([[1.0, 0.0], [1.0, 1.0]]),
            moments=MOMENTS,
            weights=rising(1.0, 0.6),
        ),
        call(
            spectrum(),
            samples=rising(6.0, 4.0),
            noise=rising(0.5, 0.3),
            penalty=Held(0.0, "the corrections of finite size are those of no penalty"),
            labellers=np.array([[1.0, 0.0], [1.0, 1.0]]),
            moments=MOMENTS,
        ),
        call(
            spectrum(),
            samples=rising(1.5, 1.0),
            noise=rising(0.5, 0.3),
            penalty=Held(0.0, "the corrections of finite size are those of no penalty"),
            labellers=np.array([[1.0, 0.0], [1.0, 1.0]]),
            moments=MOMENTS,
        ),
    ],
    "regression.maximum_likelihood_error": [call(np.array([[0.5, 0.1], [0.1, 0.9]]), samples=20.0)],
    "regression.ols_replace_estimated_noise": [
        call(dim=3, samples=11.0, noise=0.5, generations=3, ddof="none"),
        call(dim=3, samples=11.0, noise=Edge(0.0, 1), generations=3, ddof="dim"),
    ],
    "regression.ols_accumulate": [
        call(dim=3, samples=SIZES, noise=0.5, generations=3, design="fresh"),
        call(dim=3, samples=11.0, noise=Edge(0.0, 1), generations=3, design="fixed"),
    ],
    "regression.ols_accumulate_limit": [
        call(dim=3, samples=11.0, noise=0.5, design="fresh"),
        call(dim=3, samples=11.0, noise=0.5, design="fixed"),
    ],
    "regression.ols_replace": [
        call(dim=3, samples=SIZES, noise=rising(0.5, 0.2, 0.4), generations=3),
        call(dim=3, samples=11.0, noise=Edge(0.0, 1), generations=3),
    ],
    "regression.ols_replace_cdf": [
        call(0.3, dim=3, samples=11.0, noise=0.5, generations=3),
        call(Edge(0.0, 1), dim=2, samples=3.0, noise=1.0, generations=1),
        call(rising(0.1, 0.5), dim=4, samples=Edge(4.0, 1), noise=rising(0.5, 0.3), generations=2),
    ],
    "regression.ols_replace_shifted": [
        call(spectrum(), samples=SIZES, noise=0.5, test_variances=rising(1.0, 0.5, 0.2, 0.1), generations=3),
        call(
            spectrum(),
            samples=11.0,
            noise=0.5,
            test_variances=Edge(rising(1.0, 0.5, 0.2, 0.0), rising(0, 0, 0, 1)),
            generations=3,
        ),
    ],
    "regression.ols_replace_variance": [
        call(dim=3, samples=rising(9.0, 12.0, 30.0), noise=0.5, generations=3, design="fresh"),
        call(dim=3, samples=11.0, noise=0.5, generations=3, design="fixed"),
        call(dim=3, samples=11.0, noise=Edge(0.0, 1), generations=3, design="fresh"),
    ],
    "regression.logistic_accuracy": [
        call(spectrum(), rising(1.0, 0.2, -0.3, 0.5)),
        call(spectrum(), np.array([0.5, -0.4, 0.7, 0.3])),
        call(spectrum(), rising(1.0, 0.2, -0.3, 0.5), rows=Held(ROWS, "signs have none")),
        call(spectrum(zero=True), rising(1.0, 0.2, -0.3, 0.5)),
    ],
    "regression.logistic_information": [
        call(spectrum()),
        call(spectrum(), rows=ROWS),
        call(spectrum(), intercept=0.4),
        call(spectrum(zero=True)),
        call(Spectrum.from_eigenvalues(rising(1.0, 0.5), signal=rising(30.0, -40.0))),
    ],
    "regression.minimum_norm_replace": [
        call(dim=6, samples=20.0, noise=0.5, generations=3, design="fresh", norm=0.8),
        call(dim=6, samples=3.5, noise=0.5, generations=3, design="fixed"),
        call(dim=6, samples=rising(2.5, 9.0), noise=Edge(0.0, 1), generations=2, design="fresh"),
    ],
    "regression.minimum_norm_mixed_labels": [
        call(spectrum(), samples=9.0, noise=0.5, real_weight=0.4, generations=3),
        call(spectrum(), samples=2.5, noise=0.5, real_weight=Edge(1.0, -1), generations=3),
        call(spectrum(), samples=9.0, noise=Edge(0.0, 1), real_weight=Edge(0.0, 1), generations=3),
    ],
    "regression.minimum_norm_mixed_labels_fresh": [
        call(dim=6, samples=9.0, noise=0.5, real_weight=0.4, generations=3, norm=0.8),
        call(dim=6, samples=3.0, noise=Edge(0.0, 1), real_weight=Edge(0.0, 1), generations=3),
    ],
    "regression.ols_edit": [
        call(dim=3, samples=20.0, noise=0.5, share=rising(0.5, 0.3, 0.6), mask="fresh", generations=3),
        call(dim=3, samples=20.0, noise=Edge(0.0, 1), share=0.3, mask="fixed", generations=3),
        call(dim=3, samples=20.0, noise=0.5, share=0.3, mask="disjoint", generations=3),
    ],
    "regression.ols_edit_limit": [
        call(dim=3, samples=30.0, noise=0.7, share=0.3),
        call(dim=3, samples=30.0, noise=Edge(0.0, 1), share=Edge(0.0, 1)),
    ],
    "regression.ols_edit_given_design": [
        call(ROWS.T, noise=0.5, share=rising(0.5, 0.3, 0.6), generations=3),
        call(ROWS.T, noise=0.5, share=Edge(1.0, -1), generations=3),
    ],
    "regression.ols_mix": [
        call(dim=3, samples=7.0, noise=0.5, real_samples=9.0, generations=3),
        call(dim=3, samples=SIZES, noise=Edge(0.0, 1), real_samples=rising(9.0, 2.0, 3.0), generations=3),
    ],
    "regression.ols_mix_estimates": [
        call(dim=3, samples=7.0, noise=0.5, real_samples=9.0, real_weight=0.4, real="fresh", generations=3),
        call(
            dim=3,
            samples=SIZES,
            noise=Edge(0.0, 1),
            real_samples=rising(9.0, 12.0, 13.0),
            real_weight=Edge(1.0, -1),
            real="fresh",
            generations=3,
        ),
        call(
            dim=3,
            samples=7.0,
            noise=0.5,
            real_samples=9.0,
            real_weight=rising(0.4, 0.2, 0.6),
            real="fixed",
            generations=3,
        ),
    ],
    "regression.ols_mix_contraction": [
        call(dim=3, samples=7.0, real_samples=9.0),
        call(dim=1, samples=7.0, real_samples=9.0),
    ],
    "regression.ols_mix_critical_dim": [call(samples=7.0, real_samples=9.0)],
    "regression.ols_strong_collapse": [
        call(dim=3, samples=7.0, real_samples=9.0, noise=0.5, bias=0.7),
        call(dim=3, samples=7.0, real_samples=9.0, noise=Edge(0.0, 1), bias=Edge(0.0, 1)),
    ],
    "regression.ridge_mix_contraction": [
        call(dim=6, samples=7.0, real_samples=9.0, penalty=0.2),
        call(dim=6, samples=2.0, real_samples=3.0, penalty=Held(0.0, "the slope is that of the minimum norm")),
    ],
    "regression.ridge_self_distilled": [
        call(spectrum(), samples=9.0, noise=0.5, penalty=0.2, mixing=-0.7),
        call(spectrum(), samples=3.0, noise=Edge(0.0, 1), penalty=0.2, mixing=0.0),
    ],
    "regression.ridge_two_penalties": [
        call(spectrum(), samples=9.0, noise=0.5, penalty=0.2, other_penalty=0.9),
        call(spectrum(), samples=3.0, noise=Edge(0.0, 1), penalty=0.2, other_penalty=0.2),
    ],
    "regression.ridge_self_distilled_mixing": [call(spectrum(), samples=9.0, noise=0.5, penalty=0.2)],
    "regression.ridge_self_distilled_least_rounds": [call(label_size=1.3, error=0.02)],
    "regression.ridge_self_distilled_rounds": [
        call(spectrum(), samples=9.0, noise=0.5, penalty=0.2, mixing=rising(-0.7, 0.4, 1.3), rounds=3),
        call(spectrum(), samples=3.0, noise=Edge(0.0, 1), penalty=0.2, mixing=0.0, rounds=2),
    ],
    "regression.ridge_self_distilled_rounds_mixing": [
        call(spectrum(), samples=9.0, noise=0.5, penalty=0.2, rounds=2),
    ],
    "regression.ols_verified_contraction": [
        call(distance=rising(0.4, 2.0), radius=0.8, noise=1.3),
        call(distance=Edge(0.0, 1), radius=0.3, noise=1.3),
    ],
    "regression.ols_verified_replace": [
        call(dim=3, samples=SIZES, bias=0.2, radius=0.8, noise=1.3, generations=3),
        call(dim=1, samples=9.0, bias=Edge(0.0, 1), radius=0.3, noise=1.3, generations=3),
    ],
    "regression.sgd_biased_labels": [
        call(dim=3, noise=0.5, rate=0.1, share=rising(0.2, 0.9, 0.4), bias=0.7, overlap=0.2, norm=0.8, steps=3),
        call(dim=3, noise=Edge(0.0, 1), rate=Edge(0.0, 1), share=Edge(1.0, -1), bias=Edge(0.0, 1), steps=3),
    ],
    "regression.ridge_sources": [
        call(
            GRAMS,
            samples=rising(3.0, 5.0),
            noise=rising(0.5, 0.8),
            coefficients=ROWS[:2, :2],
            penalty=0.1,
            weights=rising(1.0, 2.0),
            metric=KERNEL[:2, :2],
        ),
        call(GRAMS, samples=rising(3.0, 5.0), noise=0.5, coefficients=ROWS[0, :2], penalty=Held(0.0, "at the edge")),
    ],
    "regression.ridge_mixed_labels_limit": [
        call(spectrum(), samples=9.0, noise=0.5, penalty=0.2, real_weight=0.4),
        call(spectrum(), samples=3.0, noise=Edge(0.0, 1), penalty=1e-3, real_weight=Edge(1.0, -1)),
    ],
    "regression.ridge_mixed_labels_optimal_weight": [
        call(spectrum(), samples=9.0, noise=0.5, penalty=0.2),
        call(spectrum(), samples=3.0, noise=1.5, penalty=0.01),
    ],
    "regression.ridge_replace_optimal_schedule": [
        call(Held(spectrum(), "differences of all eigenvalues take minutes"), samples=9.0, noise=0.5, generations=2),
    ],
    "regression.poisson_information": [
        call(spectrum()),
        call(spectrum(), rows=ROWS),
        call(spectrum(zero=True)),
    ],
    "regression.pruned_accuracy": [
        call(spectrum(), samples=9.0, penalty=0.2, error_rate=0.3, keep_right=0.9, keep_wrong=0.4, real_samples=5.0),
        call(spectrum(), samples=9.0, penalty=0.2, error_rate=0.5),
        call(spectrum(), samples=9.0, penalty=0.2, error_rate=Edge(0.0, 1), real_samples=Edge(0.0, 1)),
    ],
    "regression.pruned_accuracy_limit": [
        call(spectrum(), penalty=0.2, error_rate=0.3, keep_right=0.9, keep_wrong=0.4, ratio=0.5),
        call(spectrum(), penalty=Edge(0.0, 1), error_rate=0.8),
    ],
    "regression.pruned_threshold": [call(keep_right=0.8, keep_wrong=0.3, ratio=0.5)],
    "regression.projected_kappa": [
        call(spectrum(), samples=9.0, penalty=0.2, width=7.0),
        call(spectrum(), samples=3.0, penalty=1e-4, width=7.0),
        bent(2.0**-16, spectrum(), samples=4.0, penalty=1e-9, width=4.0),
    ],
    "regression.projected_strong_collapse_terms": [call(spectrum(), **SHIFTED, width=7.0, generator_noise=0.3)],
    "regression.ridge_mix": [
        call(spectrum(), samples=SIZES, noise=0.5, penalty=0.2, real_samples=7.0, generations=3),
        call(
            spectrum(),
            samples=9.0,
            noise=0.5,
            penalty=0.2,
            real_samples=7.0,
            real_weight=0.4,
            generator_noise=0.3,
            generations=3,
        ),
        call(
            spectrum(),
            samples=9.0,
            noise=0.5,
            penalty=Held(0.0, "the corrections of finite size are those of no penalty"),
            real_samples=7.0,
            generations=3,
        ),
    ],
    "regression.ridge_pulled": [
        call(spectrum(), generator=rising(0.3, 0.1, -0.2, 0.4), samples=9.0, noise=0.5, penalty=0.2),
        call(spectrum(), generator=rising(0.3, 0.1, -0.2, 0.4), samples=9.0, noise=Edge(0.0, 1), penalty=0.2),
    ],
    "regression.ridge_replace": [
        call(spectrum(), samples=SIZES, noise=0.5, penalty=rising(0.2, 0.1, 0.3), generations=3),
        call(spectrum(zero=True), samples=3.0, noise=0.5, penalty=1e-3, generations=3),
        call(
            spectrum(),
            samples=9.0,
            noise=Edge(0.0, 1),
            penalty=Held(0.0, "the corrections of finite size are those of no penalty"),
            generations=2,
        ),
    ],
    "regression.ridge_replace_limit": [
        call(spectrum(), samples=9.0, noise=0.5, penalty=0.2, design="fresh"),
        call(spectrum(), samples=3.0, noise=0.5, penalty=0.01, design="fixed"),
    ],
    "discrete.bayesian_replace": [
        call(P, prior=rising(1.5, 0.4, 1.0), samples=8.0, generations=3),
        call(P_ZERO, prior=rising(1.5, 0.4, 1.0), samples=8.0, generations=3),
    ],
    "discrete.bayesian_replace_spectrum": [call(prior_total=2.5, samples=5)],
    "discrete.smoothed_replace": [
        call(P, prior=rising(0.2, 0.3, 0.5), prior_weight=0.15, samples=8.0, generations=3),
        call(P_ZERO, prior=P, prior_weight=Edge(0.0, 1), samples=8.0, generations=3),
    ],
    "discrete.coevolving_mix": [
        call(0.3, samples=6, real_samples=2, generations=3),
        call(Edge(0.0, 1), samples=6, real_samples=2, generations=3),
    ],
    "discrete.coevolving_replace": [
        call(0.3, samples=6, generations=3),
        call(Edge(1.0, -1), samples=6, generations=3),
    ],
    "discrete.coevolving_text_diversity": [
        call(P, means=rising(0.0, 1.0, 2.5), variances=rising(1.0, 0.7, 1.2), samples=8.0),
    ],
    "discrete.context_replace": [
        call(rising(0.3, 0.1), samples=6, generations=3),
        call(Edge(rising(0.0, 1.0), rising(1, -1)), samples=6, generations=3),
    ],
    "discrete.injected_replace_diversity": [
        call(P, samples=8.0, rate=0.3, mass=0.2, generations=3),
        call(P, samples=8.0, rate=Edge(0.0, 1), mass=Edge(1.0, -1), generations=3),
    ],
    "discrete.curated_mix_equilibrium": [
        call(P, rewards=TASTES, weights=rising(0.3, 0.7), real_share=0.2),
        call(P, rewards=TASTES, weights=rising(0.3, 0.7), real_share=Edge(1.0, -1)),
    ],
    "discrete.curated_replace_compromise": [call(gap=1.3)],
    "discrete.curated_replace_growth": [
        call(advantages=rising(1.0, -0.5), weights=rising(0.3, 0.7), candidates=3),
        call(advantages=rising(1.0, -0.5), weights=rising(0.3, 0.7)),
    ],
    "discrete.curated_replace_two_basins": [call(weight=0.4, gap=1.5, other_gap=2.2)],
    "gaussian.best_replace": [
        call(fraction=0.3, mutation=0.2, environment=0.7, generations=4),
        call(fraction=0.3, mutation=Edge(0.0, 1), environment=Edge(0.0, 1), generations=4),
    ],
    "gaussian.best_replace_limit": [call(fraction=0.3, mutation=0.2)],
    "gaussian.best_selected": [call(fraction=0.3)],
    "gaussian.truncated_replace": [
        call(cutoff=1.8, samples=9.0, generations=4),
        call(cutoff=0.05, samples=9.0, generations=2),
    ],
    "gaussian.extrapolated_error": [call(guidance=0.3, samples=9.0, own_samples=7.0, sampling_bias=0.85)],
    "gaussian.extrapolated_optimal_guidance": [call(samples=9.0, own_samples=7.0, sampling_bias=0.85)],
    "mean.accumulated_bias": [
        call(jc.Window(2), bias=rising(1.0, -0.5, 2.0), samples=SIZES, generations=3),
        call(jc.Accumulate(), generations=3),
    ],
    "mean.remaining_scale": [
        call(jc.Window(2), factor=0.6, samples=SIZES, generations=3),
        call(jc.Mix("fresh", weight=0.2), factor=Edge(0.0, 1), samples=9.0, generations=3),
        call(jc.Mix("fresh", weight=0.2), factor=1.4, added=Edge(0.0, 1), samples=9.0, generations=3),
    ],
    "mean.mean_mix_needed_share": [call(expansion=rising(0.7, 1.4))],
    "mean.mean_mix_sensitivity": [
        call(samples=9.0, real_share=0.2, expansion=1.1, generations=4),
        call(samples=9.0, real_share=Edge(1.0, -1), expansion=Edge(0.0, 1), generations=4),
    ],
    "mean.mean_bayesian_replace": [
        call(distance=0.7, prior_variance=0.4, samples=9.0, variance=1.3, generations=3),
        call(distance=Held(0.0, "nothing moves it"), prior_variance=0.4, samples=Edge(1.0, 1), generations=3),
    ],
    "mean.self_verified_replace": [call(samples=SIZES, radius=1.3, generations=3)],
    "mean.contaminated_mean_accumulate": [
        call(samples=9.0, real_share=0.6, generations=4),
        call(samples=SIZES, real_share=Edge(rising(0.5, 0.0, 1.0), rising(0, 1, -1)), generations=3),
    ],
    "mean.contaminated_mean_accumulate_debiased": [
        call(samples=9.0, real_share=0.6, generations=4),
        call(samples=SIZES, real_share=Edge(1.0, -1), generations=3),
    ],
    "regression.attention_mix": [
        call(spectrum(), samples=9.0, noise=0.5, real_samples=3.0, gain=1.1, generations=4),
        call(spectrum(True), samples=SIZES, noise=Edge(0.0, 1), real_samples=3.0, gain=R4, generations=3),
    ],
    "regression.attention_mix_needed_share": [call(dim=4, samples=40.0, gain=1.1)],
    "regression.sgd_replace": [
        call(spectrum(), rate=0.1, samples=5, noise=0.5, warm=False, generations=3),
        call(spectrum(), rate=0.1, samples=5, noise=Edge(0.0, 1), warm=True, generations=3),
    ],
    "regression.sgd_replace_forgotten": [call(decay=0.8, generations=4)],
    "gaussian.accumulated_error": [
        call(real_share=0.3, aligned=True, generations=3),
        call(real_share=Edge(0.0, 1), aligned=False, generations=3),
        call(real_share=Edge(1.0, -1), aligned=True, generations=3),
    ],
    "gaussian.guided_classes": [
        call("ode", guidance=0.5, within=1.0, between=0.5, generations=2),
        call("sde", guidance=Edge(0.0, 1), within=1.0, between=0.5, generations=2),
    ],
    "gaussian.guided_law": [
        call("ode", guidance=0.6, mean=0.3, variance=1.2, other_mean=-0.2, other_variance=0.7),
        call("ode", guidance=Edge(0.0, 1), mean=0.3, variance=1.2, other_mean=-0.2, other_variance=1.2),
        call("sde", guidance=0.6, mean=0.3, variance=1.2, other_mean=-0.2, other_variance=1.2),
        call("sde", guidance=Edge(0.0, 1), mean=0.3, variance=1.2, other_mean=-0.2, other_variance=2.7),
        call("langevin", guidance=0.6, mean=0.3, variance=1.2, other_mean=-0.2, other_variance=0.7),
        call("ode", guidance=0.6, mean=0.3, variance=1.2, other_mean=-0.2, other_variance=0.7, start=2.0),
        call("sde", guidance=0.6, mean=0.3, variance=1.2, other_mean=-0.2, other_variance=2.7, start=2.0),
    ],
    "gaussian.guided_replace_driftless": [call(samples=9.0, auxiliary_samples=7.0)],
    "gaussian.guided_replace_log_variance": [
        call(samples=9.0, auxiliary_samples=7.0, guidance=0.6, generations=2),
        call(samples=9.0, auxiliary_samples=7.0, guidance=Edge(0.0, 1), generations=2),
    ],
    "gaussian.guided_replace_moments": [
        call(samples=9.0, auxiliary_samples=7.0, guidance=0.6, generations=3),
        call(samples=9.0, auxiliary_samples=7.0, guidance=Edge(0.0, 1), generations=2),
    ],
    "gaussian.preserving_replace": [call(variance=1.7, time=0.8, generations=3)],
    "gaussian.ranged_replace": [
        call("ode", variance=1.2, sigma_min=0.3, sigma_max=3.0, generations=3),
        call("sde", variance=1.2, sigma_min=0.3, sigma_max=3.0, generations=3),
        call("ode", variance=1.2, sigma_min=Edge(0.0, 1), sigma_max=3.0, generations=3),
    ],
    "gaussian.kl_from_truth": [call(**CHAIN), call(**GROWING)],
    "gaussian.kl_to_truth": [call(**CHAIN), call(**GROWING)],
    "gaussian.wasserstein": [call(**CHAIN), call(**GROWING)],
    "gaussian.estimated_risk_cdf": [call(0.9, replications=100, **CHAIN), call(2.0, replications=50, **GROWING)],
    "gaussian.estimated_risk_quantile": [call(0.3, replications=100, **CHAIN)],
    "gaussian.variance_cdf": [
        call(0.4, **CHAIN),
        call(1.0, **CHAIN),
        call(2.0, **GROWING),
        call(1e-4, **CHAIN),
        call(0.5, **FEW),
    ],
    "gaussian.variance_maximum_quantile": [call(0.3, replications=100, **CHAIN), call(0.8, replications=10, **GROWING)],
    "gaussian.variance_quantile": [
        call(0.3, **CHAIN),
        bent(2.0**-12, 0.97, **CHAIN),
        call(1e-7, **GROWING),
        call(0.5, **FEW),
    ],
    "gaussian.variance_sf": [
        call(0.4, **CHAIN),
        call(20.0, **GROWING),
        call(1.0, samples=300.0, generations=1, ddof=0),
    ],
    "gaussian.log_determinant_mean": [call(dim=3, samples=9.0, generations=3)],
    "gaussian.log_determinant_variance": [call(dim=3, samples=9.0, generations=3)],
    "gaussian.lyapunov_exponents": [call(dim=3, samples=9.0)],
    "gaussian.trace_moments": [
        call(np.array([[1.0, 0.2], [0.2, 0.5]]), samples=9.0, generations=3),
        call(np.zeros((2, 2)), samples=9.0, generations=3),
    ],
    "gaussian.deviation_bound": [call(0.3, samples=9.0, generations=3)],
    "gaussian.first_passage": [call(0.05, samples=20.0, ddof=1), call(0.4, samples=5.0, ddof=0)],
    "gaussian.first_passage_cdf": [
        call(40.0, samples=20.0, threshold=0.05, ddof=1),
        call(rising(1.0, 9.0), samples=20.0, threshold=0.4, ddof=0),
    ],
    "gaussian.moments_accumulate_subsample": [call(samples=6.0, generations=4)],
    "gaussian.moments_mix": [
        call(samples=9.0, real="fresh", real_samples=7.0, sampling_bias=0.8, generations=4),
        call(
            samples=Edge(1.0, 1),
            real="fixed",
            real_samples=7.0,
            sampling_bias=Edge(rising(0.0, 1.2, 0.0), rising(1, 0, 1)),
            generations=3,
        ),
    ],
    "gaussian.moments_weighted": [
        call(jc.Mix("fresh", weight=0.3), samples=rising(9.0, 5.0, 14.0), ddof=1, generations=3),
        call(jc.Window(2), samples=9.0, ddof=0, generations=4),
    ],
    "gaussian.variance_accumulate_mean": [
        call(samples=9.0, generations=4, ddof=0),
        call(samples=9.0, generations=4, ddof=1),
    ],
    "gaussian.variance_accumulate_square": [call(samples=9.0, generations=4)],
    "gaussian.variance_mix_tempered": [
        call(samples=9.0, temperature=0.7, real_share=0.3, generations=4),
        call(temperature=0.7, real_share=Edge(0.0, 1), generations=4),
        call(samples=9.0, temperature=1.4, real_share=Edge(1.0, -1), generations=4),
    ],
    "gaussian.log_mellin": [call(1.7, **CHAIN), call(0.0, **GROWING), call(-1.5, **GROWING)],
    "gaussian.log_variance_mean": [call(**CHAIN), call(**GROWING)],
    "gaussian.log_variance_variance": [call(samples=SIZES, generations=3)],
    "gaussian.mean_square": [call(**CHAIN), call(**GROWING)],
    "gaussian.variance_mean": [call(**CHAIN), call(**GROWING)],
    "gaussian.variance_moment": [call(0.5, **CHAIN), call(-1.2, **GROWING), call(0.0, **FEW), call(1.0, **FEW)],
    "gaussian.variance_risk": [call(**CHAIN), call(**GROWING)],
    "graph.bounded": [call(Held(GRAPH, "a jump"))],
    "graph.drift": [call(Held(np.array([[0.0, 0.2, 0.8], [0.0, 0.6, 0.4]]), "a jump"))],
    "graph.mean_covariance": [
        call(GRAPH, samples=20.0, generations=3),
        call(np.array([[0.0, 1.0]]), samples=SIZES, generations=3),
        call(GRAPH, samples=20.0, provenance="chance", generations=3),
    ],
    "graph.ols_covariance": [
        call(GRAPH, dim=3, samples=20.0, noise=0.7, generations=3),
        call(GRAPH, dim=1, samples=SIZES, noise=Edge(rising(0.7, 0.0, 0.3), rising(0, 1, 0)), generations=3),
    ],
    "kernel_density.depths": [call(TRIANGLE)],
    "kernel_density.second_moment": [
        call(DEPTHS, bandwidth=0.4, variance=0.7),
        call(DEPTHS, bandwidth=Edge(0.0, 1), variance=Edge(0.0, 1)),
    ],
    "kernel_density.outside_unit_interval": [
        call(DEPTHS, bandwidth=0.4),
        call(DEPTHS, bandwidth=Edge(0.0, 1)),
    ],
    "kernel_density.mean_density": [
        call(rising(0.3, -1.0), DEPTHS, bandwidth=0.4, variance=0.7),
        call(0.0, DEPTHS, bandwidth=Edge(0.0, 1)),
    ],
    "kernel_density.model_variance": [
        call(samples=9.0, bandwidth=0.4, variance=0.7, generations=4),
        call(samples=Edge(1.0, 1), bandwidth=Edge(0.0, 1), variance=Edge(0.0, 1), generations=4),
    ],
    "kernel_density.squared_error": [
        call(samples=9.0, bandwidth=0.4, generations=4),
        call(samples=Edge(1.0, 1), bandwidth=0.4, generations=4),
    ],
    "kernel_density.optimal_bandwidth": [call(samples=100.0, generation=3), call(samples=8.0, generation=1)],
    "mutual.risk": [
        call(dim=3, **MUTUAL, private_weight=0.4, synthetic_weight=0.3, generations=3),
        call(dim=3, **MUTUAL, private_weight=Edge(0.0, 1), synthetic_weight=Edge(1.0, -1), generations=3),
    ],
    "mutual.risk_limit": [
        call(dim=3, **MUTUAL, private_weight=0.4, synthetic_weight=0.3),
        call(dim=3, **MUTUAL | dict(noise=Edge(0.0, 1)), private_weight=0.4, synthetic_weight=Edge(0.0, 1)),
    ],
    "mutual.disagreement": [
        call(dim=3, noise=0.7, private_samples=20.0, private_weight=0.4, synthetic_weight=0.3, generations=3),
    ],
    "mutual.given_designs": [
        call(
            **DESIGNS,
            **{name: value for name, value in MUTUAL.items() if name != "models"},
            private_weight=0.4,
            synthetic_weight=rising(0.0, 0.3, 0.5),
            generations=3,
        ),
    ],
    "networks.ancestral": [call(rising(0.1, 0.4, 0.8))],
    "networks.bigram_smoothed_accumulate": [
        call(PAIRS, rising(0.6, 0.4), samples=4, smoothing=0.1, generations=3),
        call(np.array([[0.7, 0.3]]), rising(1.0), samples=3, smoothing=Edge(1.0, -1), generations=2),
    ],
    "networks.bigram_smoothed_replace": [
        call(PAIRS, rising(0.6, 0.4), samples=4, smoothing=0.1, generations=3),
        call(np.array([[0.7, 0.3]]), rising(1.0), samples=3, smoothing=Edge(1.0, -1), generations=2),
    ],
    "networks.burstiness": [call(ON_ROWS)],
    "networks.collapse_time": [
        call(rising(2.0, 1.5), jc.Replace(), c=0.5),
        call(rising(2.0, 1.5), jc.Accumulate(), c=0.5),
    ],
    "networks.ddim": [call(rising(9.0, 2.0, 0.3)), call(rising(9.0, 2.0, 0.3), denoise=True, time=0.4)],
    "networks.denoised_mix_limit": [
        call(rising(4.0, 0.3), sigma=0.7, real_share=0.3),
        call(rising(4.0, 0.3), sigma=0.7, real_share=Edge(0.0, 1)),
    ],
    "networks.drift": [
        call(CURVED, np.diag([1.0, 3.0]), CURVED[::-1, ::-1], jc.Accumulate(), samples=90.0, generations=3),
        call(
            CURVED,
            np.diag([1.0, 3.0]),
            np.eye(2),
            jc.Mix("fresh", weight=0.3),
            samples=rising(60.0, 90.0, 300.0),
            cells=Held(rising(0.5, 0.5), "its size is checked, and no more"),
            generations=3,
        ),
    ],
    "networks.early_stopping_exponent": [
        call(rising(2.0, 0.3), networks.gradient_flow(1.5)),
        call(rising(2.0, 0.3), networks.gradient_descent(0.7, 3)),
        call(Edge(rising(2.0, 0.0), rising(0, 1)), networks.ridge_shrinkage(0.4)),
    ],
    "networks.early_stopping_squared_error": [
        call(spectrum(), networks.gradient_flow(1.5), jc.Accumulate(), samples=9.0, noise=0.5, generations=3),
        call(
            spectrum(),
            networks.gradient_descent(0.7, 3),
            jc.Mix("fresh", weight=0.3),
            samples=9.0,
            noise=Edge(0.0, 1),
            warm=True,
            generations=3,
        ),
        call(
            spectrum(zero=True),
            networks.ridge_shrinkage(0.4),
            jc.Weighted(TRIANGLE),
            samples=SIZES,
            noise=0.5,
            generations=3,
        ),
    ],
    "networks.edited_excess": [
        call(3.0, samples=90.0, share=0.4, generations=3),
        call(3.0, samples=90.0, share=Edge(1.0, -1), generations=3),
    ],
    "networks.edited_rows": [call(PAIRS, threshold=Held(0.5, "a jump"), generations=3)],
    "networks.excess": [
        call(3.0, jc.Accumulate(), samples=90.0, burstiness=1.4, generations=3),
        call(3.0, jc.Mix("fresh", weight=0.3), samples=SIZES, burstiness=1.4, generations=3),
    ],
    "networks.gradient_descent": [call(0.3, 4), call(0.3, 4, decay=Edge(0.0, 1))],
    "networks.gradient_flow": [call(0.3)],
    "networks.ideal_diffusion": [call(0.3), call(0.3, denoise=True, sigma_max=4.0)],
    "networks.matrices": [
        call(Held(softmax, "a function"), rising(np.log(2.5), np.log(1.5)), rising(0.5, 0.3, 0.2)),
    ],
    "networks.moments": [
        call(LAMBDA, networks.ddim(rising(9.0, 2.0, 0.3)), jc.Accumulate(), **MAP),
        call(
            rising(2.0, 2.0, 0.7),
            networks.ideal_diffusion(0.5, denoise=True, sigma_max=6.0),
            jc.Mix("fresh", weight=0.3, real_samples=7),
            samples=SIZES,
            generations=3,
        ),
        call(LAMBDA, networks.temperature(0.9, networks.ancestral(rising(0.1, 0.4, 0.8))), jc.Replace(), **MAP),
        call(LAMBDA, networks.ddim(rising(9.0, 2.0, 0.3), True, 0.8), jc.Weighted(TRIANGLE), **MAP),
        call(LAMBDA, networks.soft_threshold(0.1, 0.05), jc.Window(2), **MAP),
    ],
    "networks.noise_floor": [
        call(rising(5.0, 3.0), jc.Accumulate(), floor=0.7, dim=6, samples=30.0, generations=3),
        call(rising(5.0, 3.0), jc.Mix("fresh", weight=0.3), floor=0.7, dim=6, samples=30.0, generations=3),
    ],
    "networks.orbit": [
        call(LAMBDA, networks.soft_threshold(0.3, 0.1), jc.Accumulate(), samples=SIZES, generations=3),
        call(LAMBDA, networks.ideal_diffusion(0.3, denoise=True), jc.Mix("fixed", weight=0.3), generations=3),
        call(LAMBDA, networks.ancestral(rising(0.1, 0.4, 0.8)), jc.Replace(), generations=3),
    ],
    "networks.reconstruction": [call(0.3)],
    "networks.ridge_shrinkage": [call(0.3)],
    "networks.soft_threshold": [call(0.3), call(0.3, Edge(0.0, 1))],
    "networks.survives": [
        call(rising(3.0, 1.0), c=0.3, real_share=0.2),
        call(rising(3.0, 1.0), c=0.3, real_share=Edge(0.0, 1)),
        call(rising(3.0, 1.0), c=0.3, real_share=Edge(1.0, -1)),
    ],
    "networks.temperature": [call(0.7), call(Edge(0.0, 1), networks.soft_threshold(0.3))],
    "networks.trace": [
        call(LAMBDA, networks.soft_threshold(0.1), jc.Accumulate(), samples=SIZES, generations=3),
        call(LAMBDA, networks.temperature(0.9, networks.ideal_diffusion(0.3)), jc.Mix("fresh"), generations=3),
        call(LAMBDA, networks.soft_threshold(0.1, 0.05), jc.Mix("fixed", weight=0.3), generations=3),
    ],
}
