"""Stand-ins that the tests of pictures, reports and the command line share: claims that are decided in milliseconds."""

import json
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxcollapse.arguments.reference import Reference
from jaxcollapse.verification.claim import Axis, Claim
from jaxcollapse.verification.relation import Asymptotic, AtLeast, AtMost, Equal, Probability, Rate, Usually

PAPER = Reference("doe2024", "Jane Doe, John Roe and Ann <Poe>", "On <walks> & means", 2024, "2401.00001")
OTHER = Reference("roe2025", "John Roe", "Rates", 2025, "2501.00002")
_G = np.arange(1.0, 9.0)


def _noisy(truth, spread=0.1):
    """An experiment whose mean is `truth`, with independent normal noise of relative size `spread`."""
    truth = np.asarray(truth, float)
    return lambda key: truth * (1 + spread * jax.random.normal(key, truth.shape))


def make_claims() -> list[Claim]:
    """One claim of every kind that a picture knows, all true."""
    sizes = 2.0 ** np.arange(3, 9)
    return [
        Claim(
            "doe-equal", "The risk grows linearly: <b>R(g) = g</b>.", _G, _noisy(_G), Equal(), PAPER,
            formula="R(g) = g σ² d/(n − d − 1)", protocol="8 generations, fresh & clean data",
            axis=Axis("generation g", _G), quantity="excess risk",
        ),
        Claim(
            "doe-asymptotic", "The risk is g up to 3 %.", _G, _noisy(_G * (1 + 0.02 / _G)), Asymptotic(allowance=0.03),
            PAPER, axis=Axis("generation g", _G), quantity="excess risk", scale="log",
        ),
        Claim(
            "doe-at-most", "The risk stays below π²/6.", np.full(8, np.pi**2 / 6), _noisy(np.cumsum(1 / _G**2)),
            AtMost(), PAPER, axis=Axis("generation g", _G), quantity="excess risk / (σ² d/n)",
        ),
        Claim(
            "doe-at-least", "The risk is at least g.", _G, _noisy(1.2 * _G), AtLeast(), PAPER,
            axis=Axis("generation g", _G), quantity="excess risk",
        ),
        Claim(
            "roe-rate", "The error decays like n^(−1/2).", -0.5, _noisy(3 * sizes**-0.5, 0.02), Rate(), OTHER,
            axis=Axis("samples n", sizes), quantity="error", scale="log",
        ),
        Claim(
            "roe-probability", "An event has probability 0.3.", np.array([0.3, 0.6]),
            lambda key: jax.random.uniform(key, (2,)) < jnp.array([0.3, 0.6]), Probability(tolerance=0.05), OTHER,
            axis=Axis("generation g", np.array([1.0, 2.0])), quantity="P(collapse)",
        ),
        Claim(
            "roe-usually", "Most variates are small.", np.array([0.5, 0.5]),
            lambda key: jax.random.uniform(key, (2,)) < jnp.array([0.7, 0.9]), Usually(), OTHER,
            axis=Axis("generation g", np.array([1.0, 2.0])), quantity="P(small)",
        ),
        Claim(
            "roe-cases", "Three separate cases agree.", np.array([1.0, 20.0, 300.0]), _noisy([1.0, 20.0, 300.0]),
            Equal(), OTHER, labels=("d = 1", "d = 20", "d = 300"), quantity="risk",
        ),
        Claim("roe-number", "A single number.", 2.0, _noisy(2.0), Equal(), None, quantity="risk"),
    ]  # fmt: skip


def make_wrong() -> Claim:
    """A claim that is false by 10 %."""
    return Claim("doe-wrong", "A false formula.", 1.1 * _G, _noisy(_G), Equal(), PAPER, axis=Axis("generation g", _G))


def make_undecided() -> Claim:
    """A claim that the engine refuses to test by a mean."""
    return Claim(
        "doe-heavy",
        "An infinite expectation.",
        np.inf,
        _noisy(1.0),
        Equal(),
        PAPER,
        quantity="risk",
        protocol="n = d + 1",
    )


def words(text: str) -> str:
    """A text without the frame and the line breaks that the terminal's width makes."""
    return re.sub(r"[\s│╭╮╰╯─]+", " ", text)


def strict(text: str):
    """A text that is JSON and nothing else, without the numbers that JSON does not have."""

    def refuse(constant):
        raise ValueError(constant)

    return json.loads(text, parse_constant=refuse)


class Fixed:
    """An estimate with a mean and a standard error that the test chooses."""

    def __init__(self, mean, stderr, count=100):
        self.mean, self.stderr, self.count = np.asarray(mean, float), np.asarray(stderr, float), count

    def interval(self, level=0.95):
        assert level in (0.95, 0.5)
        z = 1.959964 if level == 0.95 else 0.67449
        return self.mean - z * self.stderr, self.mean + z * self.stderr

    def quantile(self, q):
        """One replication lies between 0 and twice the mean, evenly."""
        return np.multiply.outer(np.asarray(q), 2 * self.mean)


def points(ax, index=0):
    """Where the markers of a simulation are."""
    return ax.containers[index].lines[0].get_xydata()


def bars(ax, index=0):
    """The ends of its error bars."""
    return np.array([segment[:, 1] for segment in ax.containers[index].lines[2][0].get_segments()])


def by_default(cases, chosen):
    """All of the cases; those that were not chosen are slow."""
    return [case if case in chosen else pytest.param(*case, marks=pytest.mark.slow) for case in cases]
