"""Every relation decides at the thresholds of its definition; limits, power and planning against other computations."""

import jax
import numpy as np
import pytest
from scipy import stats

from jaxcollapse.replication.estimate import Estimate
from jaxcollapse.replication.moments import Moments, State
from jaxcollapse.replication.run import Run
from jaxcollapse.verification.relation import (
    RELATIONS,
    Asymptotic,
    AtLeast,
    AtMost,
    Equal,
    Probability,
    Rate,
    Usually,
)

LEVEL = 0.01
SIZES = np.array([1.0, 2.0, 4.0, 8.0, 16.0])


class Sampled(Run):
    """What an estimate asks of the run that it came from: the places of its numbers."""

    grid, structure, ignores_key = None, jax.tree.structure(0.0), False

    def __init__(self, shape):
        self.shape = shape

    def section(self, axis):
        return [(slice(None), self.shape)]


def estimate(mean, stderr, count=10_000):
    """A symmetric sample of `count` replications with this mean and standard error."""
    mean = np.asarray(mean, float)
    variance = np.broadcast_to(np.asarray(stderr, float) ** 2 * count, mean.shape)
    nothing, reach = np.zeros_like(mean), 3 * np.sqrt(variance)
    powers = (variance * (count - 1), nothing, 3 * variance**2 * count)
    parts = (mean, np.ones_like(mean), *powers, mean - reach, mean + reach, nothing)
    moments = Moments(count, *(np.ravel(part) for part in parts), np.array([], np.uint32))
    return Estimate(Sampled(mean.shape), State(moments), None)


def events(hits, count):
    """`hits` events in `count` replications."""
    share = np.asarray(hits, float) / count
    return estimate(share, np.sqrt(share * (1 - share) / (count - 1)), count)


def judge(relation, mean, stderr, theory, *, x=None, level=LEVEL, count=10_000):
    return relation.judge(estimate(mean, stderr, count), np.asarray(theory, float), x, level)


def power_law(exponent, sizes=SIZES):
    return sizes ** np.asarray(exponent)[..., None]


# A two-sided limit at level 0.01 lies 2.5758 standard errors away, a one-sided one 2.3263. The standard error is
# 0.006 and the theory 2, so that a tolerance of 1 % is 0.02 and the limits lie 0.015455 and 0.013958 away.
@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize(
    ("relation", "gap", "outcome"),
    [
        (Equal(), 0.0045, "holds"),
        (Equal(), 0.0046, "undecided"),
        (Equal(), 0.0154, "undecided"),
        (Equal(), 0.0155, "fails"),
        (Equal(tolerance=0.02), 0.0154, "holds"),
        (Equal(tolerance=0.02), 0.0155, "fails"),
        (Asymptotic(allowance=0.01), 0.0245, "holds"),
        (Asymptotic(allowance=0.01), 0.0246, "undecided"),
        (Asymptotic(allowance=0.01), 0.0354, "undecided"),
        (Asymptotic(allowance=0.01), 0.0355, "fails"),
        (Asymptotic(allowance=0.0), 0.0045, "holds"),
        (Asymptotic(allowance=0.0), 0.0155, "fails"),
    ],
)
def test_two_sided_thresholds(relation, gap, outcome, side):
    assert judge(relation, 2 + side * gap, 0.006, 2.0).outcome == outcome


@pytest.mark.parametrize(("relation", "side"), [(AtMost(), 1), (AtLeast(), -1)])
@pytest.mark.parametrize(
    ("excess", "outcome"),
    [(-1.9, "holds"), (0.0060, "holds"), (0.0061, "undecided"), (0.0139, "undecided"), (0.0140, "fails")],
)
def test_one_sided_thresholds(relation, side, excess, outcome):
    assert judge(relation, 2 + side * excess, 0.006, 2.0).outcome == outcome


def test_a_bound_has_one_side():
    """What violates one bound by far respects the other."""
    assert judge(AtMost(), 5.0, 0.006, 2.0).outcome == judge(AtLeast(), 0.1, 0.006, 2.0).outcome == "fails"
    assert judge(AtMost(), 0.1, 0.006, 2.0).outcome == judge(AtLeast(), 5.0, 0.006, 2.0).outcome == "holds"
    assert "the closest is at 0.05 of it" in judge(AtMost(), 0.1, 0.006, 2.0).reason
    assert "the closest is at 2.5 of it" in judge(AtLeast(), [5.0, 7.0], 0.006, [2.0, 2.0]).reason


def test_a_negative_bound_keeps_its_direction():
    ruling = judge(AtMost(), -2.1, 0.006, -2.0)
    assert (ruling.outcome, ruling.reason) == ("holds", "every mean respects the bound")
    assert judge(AtMost(), -1.9, 0.006, -2.0).outcome == "fails"
    assert judge(AtLeast(), -2.1, 0.006, -2.0).outcome == "fails"


def test_a_bound_of_zero_can_be_decided():
    assert judge(AtMost(), -0.1, 0.01, 0.0).outcome == judge(AtLeast(), 0.1, 0.01, 0.0).outcome == "holds"
    assert judge(AtMost(), 0.1, 0.01, 0.0).outcome == "fails"
    undecided = judge(AtMost(), 0.01, 0.01, 0.0)
    assert undecided.outcome == "undecided" and undecided.needed is None


@pytest.mark.parametrize("entries", [1, 5])
def test_limits_are_quantiles_of_student_shared_by_the_entries(entries):
    mean, stderr = np.linspace(1.0, 2.0, entries), np.linspace(0.01, 0.03, entries)
    for relation, alpha in [(Equal(), LEVEL / 2), (Asymptotic(), LEVEL / 2), (AtMost(), LEVEL), (AtLeast(), LEVEL)]:
        ruling = judge(relation, mean, stderr, mean)
        half = stats.t.isf(alpha / entries, 10_000 - 1) * stderr
        np.testing.assert_allclose(ruling.lower, mean - half, rtol=1e-12)
        np.testing.assert_allclose(ruling.upper, mean + half, rtol=1e-12)


def test_one_wrong_entry_decides_and_is_named():
    ruling = judge(Equal(), [1.0, 2.2, 3.0], [0.001, 0.01, 1.0], [1.0, 2.0, 3.0])
    assert ruling.outcome == "fails" and ruling.needed is None
    assert ruling.reason == "1 of 3 entries disagree: 2.2 simulated against 2 at entry 2"


def test_one_imprecise_entry_leaves_all_undecided():
    assert judge(Equal(), [1.0, 2.0], [0.001, 0.05], [1.0, 2.0]).outcome == "undecided"
    assert judge(AtMost(), [0.5, 2.0], [0.001, 0.05], [1.0, 2.0]).outcome == "undecided"


# Probability


@pytest.mark.parametrize("count", [50, 1000])
@pytest.mark.parametrize("entries", [1, 3])
def test_probability_limits_are_those_of_clopper_and_pearson(count, entries):
    for hits in (0, 1, count // 3, count - 1, count):
        ruling = Probability().judge(events([hits] * entries, count), np.full(entries, 0.4), None, LEVEL)
        exact = stats.binomtest(hits, count).proportion_ci(1 - LEVEL / entries, method="exact")
        np.testing.assert_allclose(ruling.lower, exact.low, rtol=1e-8, atol=1e-300)
        np.testing.assert_allclose(ruling.upper, exact.high, rtol=1e-8)


def test_probability_fails_where_a_binomial_tail_is_small_enough():
    count, theory = 400, 0.3
    rejected = np.zeros(count + 1, bool)
    for hits in range(count + 1):
        ruling = Probability(tolerance=0.5).judge(events(hits, count), np.array(theory), None, LEVEL)
        rejected[hits] = ruling.outcome == "fails"
    hits, law = np.arange(count + 1), stats.binom(count, theory)
    np.testing.assert_array_equal(rejected, (law.cdf(hits) < LEVEL / 2) | (law.sf(hits - 1) < LEVEL / 2))
    assert 0.5 * LEVEL < law.pmf(hits[rejected]).sum() <= LEVEL


def test_probability_holds_where_the_limits_are_within_the_tolerance():
    count, theory, relation = 4000, 0.3, Probability(tolerance=0.1)
    outcomes = {}
    for hits in range(1100, 1301):
        limits = stats.binomtest(hits, count).proportion_ci(1 - LEVEL, method="exact")
        inside = limits.low >= theory - 0.03 and limits.high <= theory + 0.03
        outcomes[hits] = relation.judge(events(hits, count), np.array(theory), None, LEVEL).outcome
        assert (outcomes[hits] == "holds") == (inside and limits.low <= theory <= limits.high)
    assert {"holds", "undecided", "fails"} == set(outcomes.values())


# What usually happens


@pytest.mark.parametrize("share", [0.5, 0.8])
@pytest.mark.parametrize("entries", [1, 5])
def test_usually_decides_where_a_binomial_tail_is_small_enough(share, entries):
    """Holds where so many hits, or more, are rarer than the level if the share is the probability; fails likewise."""
    count = 40
    hits, law = np.arange(count + 1), stats.binom(count, share)
    low = stats.binom(count, share * (1 - 0.02))
    found = [
        Usually(tolerance=0.02).judge(events([h] * entries, count), np.full(entries, share), None, LEVEL).outcome
        for h in hits
    ]
    np.testing.assert_array_equal(np.equal(found, "fails"), law.cdf(hits) < LEVEL / entries)
    np.testing.assert_array_equal(np.equal(found, "holds"), low.sf(hits - 1) <= LEVEL / entries)
    assert set(found) == {"holds", "undecided", "fails"}


def test_usually_takes_one_sided_limits_of_clopper_and_pearson():
    for hits in (0, 1, 30, 32):
        ruling = Usually().judge(events([hits] * 3, 32), np.full(3, 0.5), None, LEVEL)
        for alternative, side in (("greater", "low"), ("less", "high")):
            exact = stats.binomtest(hits, 32, alternative=alternative).proportion_ci(1 - LEVEL / 3, method="exact")
            limit = ruling.lower if side == "low" else ruling.upper
            np.testing.assert_allclose(limit, getattr(exact, side), rtol=1e-8, atol=1e-300)


def test_a_few_replications_decide_what_usually_happens():
    """As the first look at one of 200 claims: 29 of 32 for one event, 30 for the rarest of five."""
    level = 1e-3 / 200 * 6 / np.pi**2
    for entries, least in ((1, 29), (5, 30)):
        for hits, outcome in ((least - 1, "undecided"), (least, "holds"), (32, "holds")):
            rarest = events([32] * (entries - 1) + [hits], 32)
            ruling = Usually().judge(rarest, np.full(entries, 0.5), None, level)
            assert (ruling.outcome, outcome == "holds") == (outcome, ruling.needed is None)
            assert f"happened in {hits} of 32 replications" in ruling.reason
    assert Usually().judge(events(1, 32), np.array(0.5), None, level).outcome == "fails"


def test_what_usually_notices_is_rejected_with_the_stated_power():
    """A probability that is smaller than the share by `notices` is rejected in 95 of 100 runs, by the binomial law."""
    for count, share in ((32, 0.5), (1000, 0.5), (200_000, 0.9)):
        notices = Usually().judge(events(count // 2, count), np.array(share), None, LEVEL).notices
        critical = stats.binom(count, share).ppf(LEVEL) - 1
        np.testing.assert_allclose(stats.binom(count, share * (1 - notices)).cdf(critical), 0.95, rtol=1e-8)
    assert np.isnan(Usually().judge(events(2, 4), np.array(0.5), None, LEVEL).notices)  # nothing could be rejected


def test_usually_wants_a_share():
    for share in (0.0, 1.0, -0.1, [0.5, 1.5]):
        with pytest.raises(ValueError, match="theory must be a share between 0 and 1, both excluded, for 'usually'"):
            Usually().check(np.asarray(share, float))
    Usually().check(np.array([0.1, 0.9]))


# Rates


def test_a_rate_is_the_log_log_slope_of_the_three_largest_sizes():
    """Slope and standard error by NumPy's least squares with the covariance carried through the fit."""
    sizes = np.array([1.0, 3.0, 10.0, 25.0, 90.0])
    mean = np.array([[9.0, 5.0, 3.0, 2.0, 1.2], [1.0, 2.0, 4.0, 9.0, 20.0]])
    relative = np.array([[0.1, 0.1, 0.01, 0.02, 0.03], [0.1, 0.1, 0.004, 0.02, 0.01]])
    ruling = judge(Rate(), mean, mean * relative, np.array([-0.4, 0.7]), x=sizes)
    z = stats.t.isf(LEVEL / 4, 10_000 - 1)
    for row in range(2):
        columns = np.stack([np.log(sizes[-3:]), np.ones(3)], axis=1)
        fit = np.linalg.pinv(columns)
        slope, _ = np.polyfit(np.log(sizes[-3:]), np.log(mean[row, -3:]), 1)
        spread = np.sqrt((fit @ np.diag(relative[row, -3:] ** 2) @ fit.T)[0, 0])
        np.testing.assert_allclose([ruling.lower[row], ruling.upper[row]], [slope - z * spread, slope + z * spread])


# With equal relative errors of 0.004 at three sizes that double, the slope has the standard error
# 0.004 / (sqrt(2) log 2) = 0.0040806, and its limit at level 0.01 lies 0.010511 away.
@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize(
    ("gap", "outcome"), [(0.0194, "holds"), (0.0196, "undecided"), (0.0304, "undecided"), (0.0306, "fails")]
)
def test_rate_thresholds(gap, outcome, side):
    mean = power_law(-0.5 + side * gap)
    assert judge(Rate(allowance=0.02), mean, 0.004 * mean, -0.5, x=SIZES).outcome == outcome


def test_a_rate_forgets_small_sizes_and_tells_the_drift():
    mean = power_law(-0.5)
    mean[:2] *= 3
    assert judge(Rate(), mean, 0.001 * mean, -0.5, x=SIZES).outcome == "holds"
    mean = np.array([1.0, 2.0, 4.0, 8.0, 16.0 * 2**0.25])
    assert "drifts by 0.2 " in judge(Rate(), mean, 0.001 * mean, 1.0, x=SIZES).reason


def test_a_rate_needs_three_sizes_and_positive_means():
    for sizes in (None, SIZES[:2]):
        with pytest.raises(ValueError, match="axis must hold at least three sizes"):
            judge(Rate(), np.ones(2), 0.1, 0.0, x=sizes)
    mean = np.array([4.0, 3.0, 2.0, 1.0, -0.1])
    with np.errstate(all="raise"):
        ruling = judge(Rate(), mean, 0.1, -0.5, x=SIZES)
    assert ruling.outcome == "undecided" and "no logarithm" in ruling.reason and ruling.needed is None


# What would have been noticed


def power(relation, truth, stderr, theory, runs=2000):
    """How often the claim is rejected if the mean is `truth`."""
    noise = np.random.default_rng(0).standard_normal((runs, *np.shape(truth)))
    x = SIZES if isinstance(relation, Rate) else None
    return sum(judge(relation, mean, stderr, theory, x=x).outcome == "fails" for mean in truth + stderr * noise)


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("relation", "side"),
    [(Equal(), 1), (Equal(), -1), (Asymptotic(allowance=0.03), 1), (Asymptotic(allowance=0.03), -1)]
    + [(AtMost(), 1), (AtLeast(), -1)],
)
def test_a_mean_off_by_what_is_noticed_is_rejected_with_the_stated_power(relation, side):
    """A theory off by `notices`, on a side that the relation sees, fails in 95 % of 2,000 simulated runs."""
    theory, stderr = 2.0, 0.02
    notices = judge(relation, theory, stderr, theory).notices
    rejected = power(relation, theory * (1 + side * notices), stderr, theory)
    assert stats.binom.ppf(1e-4, 2000, 0.95) <= rejected <= stats.binom.ppf(1 - 1e-4, 2000, 0.95)


@pytest.mark.slow
def test_an_exponent_off_by_what_is_noticed_is_rejected_with_the_stated_power():
    mean = power_law(-0.5)
    notices = judge(Rate(), mean, 0.004 * mean, -0.5, x=SIZES).notices
    truth = power_law(-0.5 + notices)
    rejected = power(Rate(), truth, 0.004 * truth, -0.5)
    assert stats.binom.ppf(1e-4, 2000, 0.95) <= rejected <= stats.binom.ppf(1 - 1e-4, 2000, 0.95)


@pytest.mark.parametrize("side", [1, -1])
def test_a_probability_off_by_what_is_noticed_is_rejected_with_about_the_stated_power(side):
    """The power follows from the binomial law; `notices` takes it for normal, with the spread under the theory."""
    count, theory = 20_000, 0.3
    notices = Probability().judge(events(6000, count), np.array(theory), None, LEVEL).notices
    law = stats.binom(count, theory * (1 + side * notices))
    null = stats.binom(count, theory)
    rejected = law.sf(null.isf(LEVEL / 2)) if side > 0 else law.cdf(null.ppf(LEVEL / 2) - 1)
    assert abs(rejected - 0.95) < 0.01


def test_what_is_noticed_is_the_worst_entry_with_its_own_allowance():
    theory, stderr, allowance = np.array([1.0, -4.0]), np.array([0.02, 0.04]), np.array([0.0, 0.05])
    factor = stats.t.isf(LEVEL / 4, 10_000 - 1) + stats.norm.isf(0.05)
    ruling = judge(Asymptotic(allowance=allowance), theory, stderr, theory)
    np.testing.assert_allclose(ruling.notices, max(0.02 * factor, 0.05 + 0.01 * factor))
    np.testing.assert_allclose(judge(Equal(), theory, stderr, theory).notices, 0.02 * factor)


# How many replications are needed


def at_theory(relation, spread, count=1000, gap=0.0):
    """Ruling and spread of evidence whose mean is the theory, shifted by `gap` times it."""
    if relation.events:
        return relation.judge(events(round(0.3 * (1 + gap) * count), count), np.array(0.3), None, LEVEL)
    if isinstance(relation, Rate):
        mean = power_law(-0.5 + gap)
        return judge(relation, mean, spread * mean / count**0.5, -0.5, x=SIZES, count=count)
    return judge(relation, 2.0 * (1 + gap), 2 * spread / count**0.5, 2.0, count=count)


ALL = [Equal(), Asymptotic(), AtMost(), AtLeast(), Rate(), Probability(tolerance=0.02), Usually(tolerance=0.02)]


@pytest.mark.parametrize("relation", ALL, ids=lambda relation: relation.name)
def test_the_needed_replications_decide_and_few_of_them_do_not(relation):
    """At most 2.1 times as many as the same mean and spread ask for: a margin of one standard error for chance."""
    needed = at_theory(relation, 3.0).needed
    assert needed > 10_000
    assert at_theory(relation, 3.0, needed).outcome == "holds"
    assert at_theory(relation, 3.0, int(needed / 2.1)).outcome == "undecided"


@pytest.mark.parametrize("relation", ALL, ids=lambda relation: relation.name)
def test_the_needed_replications_grow_with_the_spread_and_fall_with_the_tolerance(relation):
    if relation.events:  # the theory is the spread
        counts = [at_theory(relation.scaled(factor), None).needed for factor in (2.0, 1.0, 0.5)]
    else:
        counts = [at_theory(relation, spread).needed for spread in (1.5, 3.0, 6.0)]
    np.testing.assert_allclose(np.divide(counts[1:], counts[:-1]), 4.0, rtol=1e-3)


@pytest.mark.parametrize(
    ("gap", "outcomes"),
    [(0.2, {"holds"}), (0.5, {"holds", "fails"}), (0.75, {"holds", "fails"}), (1.5, {"fails"}), (5.0, {"fails"})],
)
@pytest.mark.parametrize("relation", ALL, ids=lambda relation: relation.name)
def test_whatever_the_gap_the_plan_leads_to_a_verdict(relation, gap, outcomes):
    """A gap in units of the room between "holds" and "fails", from a first look that knows nothing."""
    resolved = relation.allowance / 2 if isinstance(relation, Rate) else relation.tolerance
    gap = getattr(relation, "allowance", 0.0) + gap * resolved
    count, looks = 1000, 0
    while (ruling := at_theory(relation, 3.0, count, -gap if relation.side < 0 else gap)).needed:
        assert ruling.outcome == "undecided" and ruling.needed >= count + count // 4
        count, looks = ruling.needed, looks + 1
    assert ruling.outcome in outcomes and looks <= 16


@pytest.mark.parametrize(("relation", "mean"), [(AtMost(), 1.0), (AtLeast(), 19.0)])
def test_a_bound_that_is_far_away_needs_few_replications(relation, mean):
    """Nine units of room at five units of standard error: not the number that would resolve 1 % of the bound."""
    needed = judge(relation, mean, 5.0, 10.0, count=1000).needed
    z = stats.t.isf(LEVEL, 1000 - 1)
    assert 1000 * (z * 5 / 9.1) ** 2 < needed <= 1000 * ((z + 1.0) * 5 / 9.1) ** 2
    assert judge(relation, mean, 5.0 * (1000 / needed) ** 0.5, 10.0, count=needed).outcome == "holds"


def test_a_gap_that_is_no_chance_needs_few_replications():
    """Five standard errors at a level that asks for 5.7: the wrong side is near, the tolerance far."""
    ruling = judge(Equal(), 1.1, 0.02, 1.0, level=1e-8)
    assert ruling.outcome == "undecided" and ruling.needed < 10 * 10_000
    assert judge(Equal(), 1.1, 0.02 / 10**0.5, 1.0, level=1e-8).outcome == "fails"


def test_the_least_precise_entry_says_how_many_are_needed():
    alone = judge(Equal(), [1.0], [0.1], [1.0], level=LEVEL / 3).needed
    assert judge(Equal(), [1.0, 1.0, 1.0], [0.01, 0.1, 0.0], [1.0, 1.0, 1.0]).needed == alone


# Tolerances


def test_every_entry_has_its_own_tolerance():
    mean, stderr, theory = np.array([1.0, 1.0]), np.array([0.002, 0.02]), np.ones(2)
    assert judge(Equal(np.array([0.01, 0.1])), mean, stderr, theory).outcome == "holds"
    assert judge(Equal(np.array([0.1, 0.01])), mean, stderr, theory).outcome == "undecided"
    assert judge(AtMost(np.array([0.01, 0.1])), mean, stderr, theory).outcome == "holds"
    assert judge(AtMost(np.array([0.1, 0.01])), mean, stderr, theory).outcome == "undecided"
    mean = np.array([1.0, 1.1])
    assert judge(Asymptotic(allowance=np.array([0.0, 0.1])), mean, 0.001, theory).outcome == "holds"
    assert judge(Asymptotic(allowance=np.array([0.1, 0.0])), mean, 0.001, theory).outcome == "fails"
    hits = events([3000, 30], 10_000)
    assert Probability(np.array([0.1, 0.9])).judge(hits, hits.mean, None, LEVEL).outcome == "holds"
    assert Probability(np.array([0.9, 0.1])).judge(hits, hits.mean, None, LEVEL).outcome == "undecided"
    mean = np.stack([power_law(0.5), power_law(1.05)])
    theory = np.array([0.5, 1.0])
    assert judge(Rate(allowance=np.array([0.01, 0.06])), mean, 0.0001 * mean, theory, x=SIZES).outcome == "holds"
    assert judge(Rate(allowance=np.array([0.06, 0.01])), mean, 0.0001 * mean, theory, x=SIZES).outcome == "fails"


def test_scaled_changes_the_tolerance_alone():
    relation = Asymptotic(tolerance=np.array([0.01, 0.04]), allowance=0.03)
    wider = relation.scaled(3.0)
    assert type(wider) is Asymptotic and wider.allowance == 0.03
    np.testing.assert_allclose(wider.tolerance, [0.03, 0.12])
    np.testing.assert_allclose(relation.tolerance, [0.01, 0.04])
    assert judge(Equal(), 2.0, 0.02, 2.0).outcome == "undecided"
    assert judge(Equal().scaled(3.0), 2.0, 0.02, 2.0).outcome == "holds"


def test_names_and_words():
    assert set(RELATIONS) == {"equal", "asymptotic", "at_most", "at_least", "rate", "probability", "usually"}
    assert all(relation.name == name for name, relation in RELATIONS.items())
    assert "resolved to 1 %" in Equal().describe()
    assert "resolved to 2 to 5 %" in Equal(tolerance=np.array([0.02, 0.05])).describe()
    assert "up to 3 %" in Asymptotic(allowance=0.03).describe()
    assert "at most the bound" in AtMost().describe() and "at least the bound" in AtLeast().describe()
    assert "± 0.05" in Rate(allowance=0.05).describe() and "probability" in Probability().describe()
    assert "above the stated share" in Usually().describe()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Equal(tolerance=0.0), "tolerance must be positive and finite, got 0.0"),
        (lambda: AtMost(tolerance=np.array([0.01, -0.01])), "tolerance must be positive"),
        (lambda: Probability(tolerance=np.inf), "tolerance must be positive and finite"),
        (lambda: Equal(tolerance="1 %"), "tolerance must be a number"),
        (lambda: Asymptotic(allowance=-0.01), "allowance must be finite and at least 0"),
        (lambda: Rate(allowance=np.nan), "allowance must be finite"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_tolerances(make, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make()
