"""Candidates of a model that verifies itself: the probability from all outcomes, and the bound on their number."""

import itertools

import numpy as np
import pytest

from jaxcollapse.theory import discrete

pytestmark = pytest.mark.usefixtures("x64")
LAW = np.array([0.2, 0.5, 0.3])


def test_the_best_answer_is_missed_as_often_as_in_all_outcomes():
    missed = sum(np.prod(LAW[list(drawn)]) for drawn in itertools.product(range(3), repeat=4) if 1 not in drawn)
    np.testing.assert_allclose(discrete.self_verified_missed(confidence=0.5, candidates=4), missed, rtol=1e-12)


def test_so_many_candidates_miss_it_less_often_than_the_confidence():
    confidences = np.array([1e-3, 0.1, 0.4, 0.9])
    needed = discrete.self_verified_candidates(confidence=confidences)
    missed = discrete.self_verified_missed(confidence=confidences, candidates=np.maximum(needed, 1.0))
    assert (missed <= confidences).all()
    np.testing.assert_allclose(missed[0], confidences[0], rtol=0.01)  # and hardly one less would do
    assert discrete.self_verified_candidates(confidence=1.0) == 0


def test_confidences_are_probabilities():
    with pytest.raises(ValueError, match="confidence must be .* above 0"):
        discrete.self_verified_candidates(confidence=0.0)
    with pytest.raises(ValueError, match="candidates must be finite and at least 1"):
        discrete.self_verified_missed(confidence=0.5, candidates=0.5)
