"""The mean entropy of a chain: by enumeration, and the speed at which it falls."""

import itertools
import math

import numpy as np
import pytest

from jaxcollapse.theory import discrete

pytestmark = pytest.mark.usefixtures("x64")


def entropy(p):
    return -sum(x * math.log(x) for x in p if x > 0)


def outcomes(n, p):
    """All counts of three symbols with their probabilities."""
    for a, b in itertools.product(range(n + 1), repeat=2):
        if a + b <= n:
            ways = math.factorial(n) / math.factorial(a) / math.factorial(b) / math.factorial(n - a - b)
            yield np.array([a, b, n - a - b]) / n, ways * p[0] ** a * p[1] ** b * p[2] ** (n - a - b)


def test_two_generations_by_enumeration():
    n, p = 4, np.array([0.5, 0.3, 0.2])
    first = sum(chance * entropy(q) for q, chance in outcomes(n, p))
    second = sum(chance * again * entropy(r) for q, chance in outcomes(n, p) for r, again in outcomes(n, q))
    np.testing.assert_allclose(
        discrete.categorical_replace_entropy(p, samples=n, generations=2), [first, second], rtol=1e-12
    )


def test_it_falls_along_a_line_first_and_geometrically_at_last():
    n, p = 400, np.array([0.4, 0.3, 0.2, 0.1])
    curve = np.asarray(discrete.categorical_replace_entropy(p, samples=n, generations=5))
    np.testing.assert_allclose(-np.diff(curve), 3 / (2 * n), rtol=0.03)
    late = np.asarray(discrete.categorical_replace_entropy([0.5, 0.5], samples=10, generations=200))
    np.testing.assert_allclose(late[-1] / late[-2], 1 - 1 / 10, rtol=1e-9)
    assert discrete.categorical_replace_entropy([1.0], samples=5, generations=2).tolist() == [0.0, 0.0]
