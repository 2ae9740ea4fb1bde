"""verify: how often it errs, what it refuses, and that nothing but key and name decides the random numbers."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

import jaxcollapse as jc
from jaxcollapse.machine.precision import enable_x64
from jaxcollapse.verification import decision as module
from jaxcollapse.verification.relation import Asymptotic, AtLeast, AtMost, Equal, Probability, Rate, Usually

KEY = jax.random.key(0)
SIZES = 2.0 ** np.arange(4)


def normals(key):
    """Four means of 1, with a relative spread of one half."""
    return 1 + 0.5 * jax.random.normal(key, (4,))


def pairs(key):
    """Two rows of four."""
    return 1 + 0.5 * jax.random.normal(key, (2, 4))


def normal(key):
    return 1 + 0.1 * jax.random.normal(key)


def coins(key):
    return jax.random.uniform(key, (2,)) < jnp.array([0.3, 0.6])


def decay(key):
    return SIZES**-0.5 * (1 + 0.2 * jax.random.normal(key, (4,)))


def pareto(key):
    """Mean 3, infinite variance: the tail of ``P(X > x) = x^(-3/2)``."""
    return jax.random.uniform(key) ** (-2 / 3)


def cauchy(key):
    """Symmetric about 1, without a mean."""
    return 1 + jax.random.cauchy(key)


def inverse_chi_square(key):
    """The inverse of a chi-square variable with 3 degrees of freedom: mean 1, infinite variance."""
    return 1 / jnp.sum(jax.random.normal(key, (3,)) ** 2)


def claim(**fields):
    basic = dict(name="stand-in", statement="The mean is one.", theory=1.0, experiment=normal, relation="equal")
    return jc.Claim(**{**basic, **fields})


def outcomes(one, seeds, level):
    verdicts = [jc.verify(one, jax.random.key(seed), level=level, progress=False) for seed in range(seeds)]
    return [verdict.outcome for verdict in verdicts]


# How often a verdict is wrong


TRUE = {
    "equal": (claim(theory=np.ones(4), experiment=normals, relation=Equal(tolerance=0.02)), 0.059),
    "at_most": (claim(theory=np.ones(4), experiment=normals, relation=AtMost(tolerance=0.02)), 0.059),
    "at_least": (claim(theory=np.ones(4), experiment=normals, relation=AtLeast(tolerance=0.02)), 0.059),
    "asymptotic": (
        claim(theory=np.full(4, 1 / 1.02), experiment=normals, relation=Asymptotic(tolerance=0.02, allowance=0.02)),
        0.030,
    ),
    "probability": (
        claim(theory=np.array([0.3, 0.6]), experiment=coins, relation=Probability(tolerance=0.03)),
        0.05,
    ),
    "usually": (
        claim(theory=np.array([0.3, 0.6]), experiment=coins, relation=Usually(tolerance=0.05), first_look=4096),
        0.05,
    ),
    "rate": (
        claim(
            theory=-0.52, experiment=decay, relation=Rate(allowance=0.02), axis=jc.Axis("n", SIZES)
        ),
        0.030,
    ),
}  # fmt: skip


def check_calibration(name, seeds):
    """At level 0.1 the first look alone spends 0.061: alarms lie between what it must raise and what is allowed.

    Half of that where the truth sits at one end of an allowance: the other end is far away. The bounds on the number
    of alarms are binomial, missed once in 10,000 choices of the seeds.
    """
    one, least = TRUE[name]
    found = outcomes(one, seeds, 0.1)
    assert set(found) <= {"holds", "fails"}
    alarms = found.count("fails")
    assert stats.binom.ppf(1e-4, seeds, least) <= alarms <= stats.binom.ppf(1 - 1e-4, seeds, 0.1), alarms


@pytest.mark.parametrize(("name", "seeds"), [pytest.param("equal", 400, marks=pytest.mark.slow), ("at_most", 60)])
def test_true_claims_are_rejected_as_often_as_the_level_says(name, seeds):
    check_calibration(name, seeds)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", TRUE)
def test_true_claims_of_every_kind_are_rejected_as_often_as_the_level_says(name):
    check_calibration(name, 4000)


WRONG = {
    "equal-above": claim(theory=np.full(4, 1.02), experiment=normals, relation=Equal(tolerance=0.02)),
    "equal-below": claim(theory=np.full(4, 0.98), experiment=normals, relation=Equal(tolerance=0.02)),
    "one-entry": claim(theory=np.array([1, 1, 1.02, 1]), experiment=normals, relation=Equal(tolerance=0.02)),
    "asymptotic": claim(theory=1 / 1.03, relation=Asymptotic(tolerance=0.01, allowance=0.02)),
    "at-most": claim(theory=0.99, relation="at_most"),
    "at-least": claim(theory=1.01, relation="at_least"),
    "probability": claim(theory=np.array([0.309, 0.6]), experiment=coins, relation=Probability(tolerance=0.03)),
    "usually": claim(theory=np.array([0.3, 0.618]), experiment=coins, relation=Usually(tolerance=0.03)),
    "rate": claim(theory=-0.53, experiment=decay, relation=Rate(allowance=0.02), axis=jc.Axis("n", SIZES)),
}


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", WRONG)
def test_a_theory_that_is_wrong_by_the_tolerance_is_rejected(name):
    """A tolerance away from the truth, or half an allowance beyond its end for a rate, whatever the seed."""
    assert outcomes(WRONG[name], 10, 1e-3) == 10 * ["fails"]


@pytest.mark.slow
def test_usually_keeps_its_level_over_many_looks_at_few_replications():
    """The event has the probability that is the share: the hardest true claim, looked at from 32 replications on.

    At level 0.2 the looks may raise 0.2 alarms in all and accept it as often as they like. Exact limits spend less
    than they may at 32 replications: at least half of what the first look has is raised.
    """
    one = claim(
        theory=0.5, experiment=lambda key: jax.random.uniform(key) < 0.5, relation=Usually(tolerance=0.1), first_look=32
    )
    found = outcomes(one, 300, 0.2)
    assert stats.binom.ppf(1e-4, 300, 0.06) <= found.count("fails") <= stats.binom.ppf(1 - 1e-4, 300, 0.2)
    false = claim(theory=0.5, experiment=lambda key: jax.random.uniform(key) < 0.45, relation=Usually(tolerance=0.1))
    found = outcomes(dataclasses.replace(false, first_look=32), 300, 0.2)
    assert found.count("holds") <= stats.binom.ppf(1 - 1e-4, 300, 0.2)


def test_usually_decides_by_few_replications_and_counts_what_is_no_number():
    rises = claim(theory=np.full(3, 0.5), experiment=lambda key: jax.random.uniform(key, (3,)) < 0.99,
                  relation="usually", first_look=32)  # fmt: skip
    verdict = jc.verify(rises, KEY, level=5e-6)
    assert (verdict.outcome, verdict.replications) == ("holds", 32)
    assert verdict.reason.startswith("the rarest event happened in 3")
    broken = lambda key: jnp.where(jax.random.uniform(key, (3,)) < 0.1, jnp.nan, 1.0)  # noqa: E731
    for relation in ("usually", "probability"):
        verdict = jc.verify(dataclasses.replace(rises, experiment=broken, relation=relation), KEY)
        assert verdict.outcome == "undecided" and "of 32 replications are infinite or not a number" in verdict.reason
    falls = jc.verify(dataclasses.replace(rises, experiment=lambda key: jax.random.uniform(key, (3,)) < 0.2), KEY)
    assert falls.outcome == "fails" and "theory/simulation is" in falls.summary()


def test_a_true_theory_holds():
    assert outcomes(TRUE["equal"][0], 10, 1e-3) == 10 * ["holds"]


def test_precision_scales_the_tolerance():
    """An error of 1 % is within what "quick" resolves, not within what "default" does."""
    one = claim(theory=1 / 1.012, relation=Equal(tolerance=0.01), experiment=lambda key: 1 + jax.random.normal(key))
    tolerances = {}
    for precision in ("quick", "default", "high"):
        verdict = jc.verify(one, KEY, precision=precision)
        tolerances[precision] = float(verdict.relation.tolerance), verdict.replications
    assert [tolerances[name][0] for name in tolerances] == pytest.approx([0.03, 0.01, 0.003])
    assert tolerances["quick"][1] < tolerances["default"][1]


# How the level is spent


@pytest.fixture
def levels(monkeypatch):
    """The levels at which estimates are judged."""
    spent = []
    judge = Equal.judge

    def record(self, estimate, theory, x, level):
        spent.append(level)
        return judge(self, estimate, theory, x, level)

    monkeypatch.setattr(Equal, "judge", record)
    return spent


def test_the_level_is_shared_by_claims_and_looks(levels):
    several = [claim(name=f"claim-{i}", relation=Equal(tolerance=0.0005)) for i in range(5)]
    each = []

    def next_claim(verdict):
        each.append(levels.copy())
        levels.clear()

    verification = jc.verify(several, KEY, level=0.02, on_verdict=next_claim)
    assert [verdict.level for verdict in verification] == 5 * [0.02 / 5]
    for spent in each:
        assert len(spent) >= 3 and sum(spent) < 0.02 / 5
        np.testing.assert_allclose(spent, 0.02 / 5 * 6 / (np.pi * np.arange(1, len(spent) + 1)) ** 2)


def test_the_limits_of_a_verdict_are_at_the_level_of_its_look():
    verdict = jc.verify([claim(), claim(name="other")], KEY, level=0.02).verdicts[0]
    z = stats.t.isf(0.02 / 2 * 6 / np.pi**2 / 2, 4095)
    assert verdict.replications == 4096
    assert abs(verdict.estimate.stderr / (0.1 / 64) - 1) < 4 / np.sqrt(2 * 4096)
    np.testing.assert_allclose(verdict.upper, verdict.estimate.mean + z * verdict.estimate.stderr)
    np.testing.assert_allclose(verdict.lower, verdict.estimate.mean - z * verdict.estimate.stderr)
    np.testing.assert_allclose(verdict.notices, (z + stats.norm.isf(0.05)) * verdict.estimate.stderr)


# What is refused


def test_an_infinite_theory_is_refused():
    """Least squares with two more rows than coefficients has a finite risk, with one more an infinite one."""
    model = jc.LinearRegression(jc.theory.Spectrum.isotropic(5), noise=1.0)
    one = claim(
        theory=lambda: jc.theory.regression.ols_replace(dim=5, samples=6, noise=1.0, generations=3),
        experiment=lambda key: jc.simulate(model, jc.Replace(), key=key, samples=6, generations=3).risk,
    )
    verdict = jc.verify(one, KEY)
    assert np.isinf(verdict.theory).all() and verdict.outcome == "undecided" and verdict.replications == 0
    assert verdict.reason.startswith("the theory is infinite or undefined")
    assert verdict.reason.endswith("test its logarithm, a quantile or a probability instead")
    assert jc.verify(claim(theory=np.nan), KEY).outcome == "undecided"


def test_a_declared_infinite_variance_is_refused():
    verdict = jc.verify(claim(finite_variance=False), KEY)
    assert verdict.outcome == "undecided" and verdict.replications == 0
    assert "infinite variance" in verdict.reason and "quantile" in verdict.reason


@pytest.mark.sampled(1)
@pytest.mark.parametrize(("experiment", "mean"), [(pareto, 3.0), (inverse_chi_square, 1.0), (cauchy, 1.0)])
def test_a_heavy_tail_is_found_and_refused(monkeypatch, experiment, mean):
    """Whether the theory is right or not, a mean without a usable standard error decides nothing."""
    monkeypatch.setattr(module, "_LARGEST_RUN", 2**16)
    for theory in (mean, 2 * mean):
        for seed in range(5):
            verdict = jc.verify(claim(theory=theory, experiment=experiment), jax.random.key(seed))
            assert verdict.outcome == "undecided" and verdict.replications == 2**16
            assert "heavy tail" in verdict.reason and verdict.reason.endswith("a probability instead")
            assert np.isnan(verdict.lower).all() and verdict.needed is None


def collapsing(key):
    """An unbiased variance, fitted again and again to five draws: its mean stays 1, carried by ever fewer chains."""
    run = jc.simulate(jc.Gaussian(ddof=1), jc.Replace(), key=key, samples=5, generations=100)
    return run.variance[-1]


@pytest.mark.sampled(1)
@pytest.mark.parametrize("theory", [1.0, pytest.param(1e-6, marks=pytest.mark.slow), np.array([1.0, 1.0])])
def test_a_tail_that_no_number_of_replications_tames_is_refused_soon(theory):
    """Where one of 65,536 replications is a quarter of the spread, as it was at both looks before, more do not help."""
    experiment = collapsing if np.ndim(theory) == 0 else lambda key: jnp.stack([normal(key), collapsing(key)])
    verdict = jc.verify(claim(theory=theory, experiment=experiment), KEY)
    assert verdict.outcome == "undecided" and "heavy tail" in verdict.reason
    assert verdict.replications <= 2**20 and float(np.max(verdict.estimate.heaviest)) > 0.25


def test_a_rare_event_is_waited_for():
    """One event in some thousand replications is most of the spread at first, and no heavy tail."""
    rare = lambda key: 1 + 10 * (jax.random.uniform(key) < 2e-4)  # noqa: E731
    verdict = jc.verify(claim(theory=1.002, experiment=rare), KEY)
    assert verdict.outcome == "holds"


def test_a_heavy_tail_can_be_tested_by_its_logarithm_or_a_probability():
    verification = jc.verify(
        [
            claim(name="logarithm", theory=2 / 3, experiment=lambda key: jnp.log(pareto(key))),
            claim(name="tail", theory=4**-1.5, experiment=lambda key: pareto(key) > 4, relation=Probability(0.03)),
        ],
        KEY,
    )
    assert [verdict.outcome for verdict in verification] == ["holds", "holds"]


@pytest.mark.parametrize("bad", [jnp.nan, jnp.inf])
def test_replications_that_are_not_finite_are_refused_at_once(bad):
    def experiment(key):
        x = jax.random.uniform(key, (2,))
        return jnp.where(x < jnp.array([0.0, 0.01]), bad, 0.5 + x)

    for relation in ("equal", "at_most"):
        verdict = jc.verify(claim(theory=np.ones(2), experiment=experiment, relation=relation), KEY)
        assert verdict.outcome == "undecided" and verdict.replications == 4096
        count = int(verdict.estimate.nonfinite[1])
        assert verdict.reason.startswith(f"{count} of 4,096 replications are infinite or not a number") and count > 20


@pytest.mark.parametrize("relation", ["equal", "asymptotic", "probability"])
def test_a_theory_of_zero_has_no_relative_tolerance(relation):
    verdict = jc.verify(claim(theory=np.array([1.0, 0.0]), experiment=coins, relation=relation), KEY)
    assert verdict.outcome == "undecided" and verdict.replications == 0
    assert "theory is zero" in verdict.reason and "test a bound" in verdict.reason


def test_zero_is_a_bound_and_an_exponent():
    shifted = claim(theory=0.0, experiment=lambda key: normal(key) - 1.01, relation="at_most")
    assert jc.verify(shifted, KEY).outcome == "holds"
    assert jc.verify(dataclasses.replace(shifted, relation=AtLeast()), KEY).outcome == "fails"
    flat = claim(
        theory=0.0, experiment=lambda key: decay(key) * SIZES**0.5, relation=Rate(), axis=jc.Axis("n", SIZES)
    )  # fmt: skip
    assert jc.verify(flat, KEY).outcome == "holds"


# What remains undecided


def test_an_undecided_claim_says_how_many_replications_would_decide(monkeypatch):
    one = claim(relation=Equal(tolerance=0.0004))
    monkeypatch.setattr(module, "_LARGEST_RUN", 2**16)
    short = jc.verify(one, KEY)
    assert short.outcome == "undecided" and short.replications <= 2**16 < short.needed
    assert f"about {short.needed:,} replications would decide" in short.summary()
    assert "would notice" not in short.summary()
    assert (short.lower < 1.0) & (1.0 < short.upper) and short.upper - short.lower > 2 * 0.0004
    monkeypatch.setattr(module, "_LARGEST_RUN", 2 * short.needed)
    long = jc.verify(one, KEY)
    assert long.outcome == "holds" and 0.5 * short.needed < long.replications <= 2 * short.needed


# Wrong arguments


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(relation="equals"), "relation must be one of .*got 'equals': did you mean 'equal'"),
        (dict(relation="at-most"), "did you mean 'at_most'"),
        (dict(relation="zzz"), r"got 'zzz'$"),
        (dict(relation=Equal), "relation must be a name or a Relation"),
        (dict(relation=None), "relation must be a name or a Relation"),
        (dict(name="Two Words"), "name must consist of lower-case letters, digits and hyphens, got 'Two Words'"),
        (dict(name=""), "name must consist of"),
        (dict(name=3), "name must consist of"),
        (dict(experiment=1.0), "experiment must be a function of a key, got 1.0"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_claims(change, message):
    with pytest.raises((ValueError, TypeError), match=message):
        claim(**change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(theory=np.ones(3)), r"experiment of claim 'stand-in' has shape \(\), .* match theory \(3,\)"),
        (dict(experiment=normals), r"experiment of claim 'stand-in' has shape \(4,\), .* match theory \(\)"),
        (dict(theory=np.ones((4, 1)), experiment=normals), "does not match theory"),
        (dict(experiment=lambda key: {"risk": normal(key)}), "must return one array, got dict"),
        (dict(experiment=lambda key: (normal(key), normal(key))), "must return one array, got tuple"),
        (dict(theory=np.ones(4), experiment=normals, axis=jc.Axis("n", [1, 2, 3])), "axis of claim .* has 3 values"),
        (dict(theory=np.ones(4), experiment=normals, labels=("a", "b")), r"labels of claim .* must be 4 .* got 2"),
        (
            dict(theory=np.ones((2, 4)), experiment=pairs, axis=jc.Axis("n", range(4)), labels=("a", "b", "c")),
            r"labels of claim .* must be 2 or 8 for a theory of shape \(2, 4\), got 3",
        ),
        (dict(theory=-0.5, experiment=decay, relation="rate"), "axis must hold at least three sizes"),
        (dict(theory=np.full(4, -0.5), experiment=decay, relation="rate"), "does not match theory"),
        (dict(theory=0.5, experiment=jax.random.uniform, relation="probability"), "must return events"),
        (dict(theory=0.5, experiment=jax.random.uniform, relation="usually"), "must return events"),
        (dict(theory=1.0, experiment=coins, relation="usually"), "theory must be a share between 0 and 1"),
        (dict(theory=1.0, experiment=lambda key: 2 * coins(key)[0], relation="probability"), "must return events"),
        (dict(relation=Equal(tolerance=np.full(3, 0.01))), r"tolerance of claim 'stand-in' has shape \(3,\)"),
        (dict(relation=Asymptotic(allowance=np.full(2, 0.01))), r"allowance of claim 'stand-in' has shape \(2,\)"),
    ],
)
def test_theory_and_experiment_that_do_not_match(change, message):
    with pytest.raises((ValueError, TypeError), match=message):
        jc.verify(claim(**change), KEY)


@pytest.mark.parametrize(
    ("claims", "options", "message"),
    [
        ([claim(), claim(theory=2.0)], {}, r"claims must have different names, got \['stand-in', 'stand-in'\]"),
        ([claim(), 1.0], {}, "claims must be a Claim or a sequence of Claims, got 1.0"),
        ("stand-in", {}, "claims must be a Claim"),
        (claim(), dict(level=0.0), "level must lie between 0 and 1, got 0.0"),
        (claim(), dict(level=1.0), "level must lie between 0 and 1"),
        (claim(), dict(level=float("nan")), "level must lie between 0 and 1"),
        (claim(), dict(precision="fine"), "precision must be 'quick' or 'default' or 'high', got 'fine'"),
        (claim(), dict(key=0), "key must be a typed key"),
        (claim(), dict(key=jax.random.PRNGKey(0)), "key must be a typed key"),
        (claim(), dict(key=jax.random.split(jax.random.key(0))), "key must be a single key"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments(claims, options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        jc.verify(claims, **options)


# Determinism and precision


def bits(verdict):
    return [np.asarray(getattr(verdict.estimate, name)).tobytes() for name in ("mean", "stderr", "skewness", "maximum")]


def test_key_and_name_alone_decide_the_random_numbers():
    one, other = claim(theory=np.ones(4), experiment=normals, relation=Equal(0.1)), claim(name="other")
    first = jc.verify(one, KEY)
    assert bits(first) == bits(jc.verify(one, KEY)) == bits(jc.verify(one))
    together = jc.verify([other, one], KEY)
    assert together.verdicts[1].claim is one and bits(together.verdicts[1]) == bits(first)
    assert bits(jc.verify(one, jax.random.key(1))) != bits(first)
    assert bits(jc.verify(dataclasses.replace(one, name="renamed"), KEY)) != bits(first)


def test_a_claim_is_decided_in_double_precision_whatever_the_default():
    """In single precision the experiment below would be a multiple of 8."""
    seen = []

    def experiment(key):
        x = jax.random.uniform(key)
        seen.append((x.dtype, jnp.ones(()).dtype))
        return (1e8 + x) - 1e8

    def theory():
        seen.append((jnp.asarray(0.5).dtype, jnp.ones(()).dtype))
        return 1 / (jnp.asarray(2.0) + 1e-12)

    assert jnp.ones(()).dtype == jnp.float32
    verdict = jc.verify(claim(theory=theory, experiment=experiment), KEY)
    assert verdict.outcome == "holds" and set(seen) == {(np.dtype("float64"), np.dtype("float64"))}
    assert verdict.theory == 1 / (2 + 1e-12) != 0.5
    assert jnp.ones(()).dtype == jnp.float32


def test_double_precision_is_left_when_a_claim_breaks():
    def broken(key):
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        jc.verify(claim(experiment=broken), KEY)
    assert jnp.ones(()).dtype == jnp.float32


# What a reader gets


@pytest.fixture(scope="module")
def verification():
    claims = [
        claim(name="true-claim"),
        claim(name="false-claim", theory=1.1, statement="The mean is 1.1."),
        claim(name="refused", theory=np.inf),
        claim(name="slope", theory=-0.5, experiment=decay, relation=Rate(0.05), axis=jc.Axis("n", SIZES)),
    ]
    with enable_x64(True):
        key = jax.random.key(2**40 + 7)
    return jc.verify(claims, key, precision="quick", level=0.01)


def test_summary_of_a_verdict(verification):
    true, false, refused, slope = verification
    lines = true.summary().splitlines()
    assert lines[:3] == ["true-claim: holds", "  The mean is one.", "  every mean agrees with the theory"]
    assert lines[3] == f"  would notice an error of {100 * true.notices:.2g} % (95 % power)" and true.notices < 0.03
    assert lines[4] == f"  4,096 replications, {true.seconds:.1f} s" and len(lines) == 5
    lines = false.summary().splitlines()
    assert lines[:2] == ["false-claim: fails", "  The mean is 1.1."]
    assert lines[2].startswith("  1 of 1 entries disagree: ") and lines[2].endswith(" simulated against 1.1")
    assert "notice" not in refused.summary() and "would decide" not in refused.summary()
    assert refused.summary().endswith("  0 replications, 0.0 s")
    assert f"would notice an error of {slope.notices:.2g} in the exponent" in slope.summary()


@pytest.mark.parametrize(("relation", "theory"), [("at_most", [10.0, 1.0]), ("at_least", [0.1, 1.3])])
def test_the_gap_is_that_of_an_entry_that_fails(relation, theory):
    """An entry that respects its bound by far is not what made the claim fail."""
    draw = lambda key: 1.15 + 0.1 * jax.random.normal(key, (2,))  # noqa: E731
    verdict = jc.verify(claim(theory=np.array(theory), experiment=draw, relation=relation), KEY)
    assert verdict.outcome == "fails" and verdict.reason.endswith("at entry 2")
    quotient, low, high = (theory[1] / float(a[1]) for a in (verdict.estimate.mean, verdict.upper, verdict.lower))
    assert verdict.gap() == f"theory/simulation is {quotient:.5g} ({low:.5g} to {high:.5g}) at entry 2"
    assert f"({low:.2g} to {high:.2g})" in verdict.gap(digits=2)


def test_the_gap_is_that_of_an_entry_beyond_its_allowance():
    draw = lambda key: jnp.array([1.2, 1.1]) + 0.1 * jax.random.normal(key, (2,))  # noqa: E731
    limit = Asymptotic(allowance=np.array([0.5, 0.01]))
    verdict = jc.verify(claim(theory=np.ones(2), experiment=draw, relation=limit), KEY)
    assert verdict.outcome == "fails" and verdict.reason.endswith("at entry 2") and verdict.gap().endswith("at entry 2")


def test_a_claim_that_fails_says_nothing_of_what_it_would_have_noticed(verification):
    """Nor does any claim say that it noticed an error of zero."""
    true, false, refused, slope = verification
    assert np.isfinite(false.notices) and not false.noticed() and not refused.noticed()
    assert "notice" not in false.summary() and "notice" not in verification.summary().splitlines()[1]
    assert true.noticed().endswith(" %") and slope.noticed().endswith(" in the exponent")
    for one in (true, slope):
        none = dataclasses.replace(one, notices=0.0)
        assert not none.noticed() and "notice" not in none.summary()


def test_summary_of_a_verification(verification):
    lines = verification.summary().splitlines()
    assert len(verification) == 4 and len(lines) == 5
    assert [line.split()[:2] for line in lines[:4]] == [
        ["true-claim", "holds"], ["false-claim", "fails"], ["refused", "undecided"], ["slope", "holds"]
    ]  # fmt: skip
    assert "the theory is infinite" in lines[2] and lines[0].endswith("%, 4,096 replications")
    assert lines[4] == (
        "4 claims: 2 hold, 1 fail, 1 undecided; the chance that any true claim is rejected is at most 0.01"
    )


def test_a_verification_says_how_it_came_about(verification):
    assert (verification.seed, verification.precision, verification.level) == (2**40 + 7, "quick", 0.01)
    assert verification.seconds >= sum(verdict.seconds for verdict in verification) > 0
    assert {"jaxcollapse", "jax", "jaxlib", "numpy", "python", "platform", "device"} == set(verification.versions)
    assert verification.versions["jax"] == jax.__version__
    assert jc.verify([claim()], jax.random.key(7)).seed == 7


def test_callbacks_are_called_in_order():
    heard = []
    claims = [claim(), claim(name="other")]
    verification = jc.verify(
        claims,
        KEY,
        on_start=lambda one, index, total: heard.append((one.name, index, total)),
        on_verdict=lambda verdict: heard.append(verdict),
    )
    first, second = verification
    assert heard == [("stand-in", 0, 2), first, ("other", 1, 2), second]


def test_one_claim_gives_a_verdict_and_several_a_verification():
    assert isinstance(jc.verify(claim(), KEY), jc.Verdict)
    assert isinstance(jc.verify((claim(),), KEY), jc.Verification)
    assert len(jc.verify([], KEY)) == 0


@pytest.mark.parametrize(
    ("authors", "short", "listed"),
    [
        ("Jane Doe", "Doe 2024", "Jane Doe"),
        ("Jane Doe and John Roe", "Doe and Roe 2024", "Jane Doe and John Roe"),
        ("Jane Doe, John Roe and Ann Poe", "Doe et al. 2024", "Jane Doe and John Roe and Ann Poe"),
        ("Jane Doe, John Roe, and Ann Poe", "Doe et al. 2024", "Jane Doe and John Roe and Ann Poe"),
    ],
)
def test_references(authors, short, listed):
    paper = jc.Reference("doe2024", authors, "On walks", 2024, "2401.00001")
    assert paper.short == short
    assert paper.bibtex == (
        "@misc{doe2024,\n  title = {On walks},\n  author = {" + listed + "},\n  year = {2024},\n"
        "  eprint = {2401.00001},\n  archivePrefix = {arXiv}\n}"
    )


def test_exponents_keep_their_shape():
    """One for all sizes, or one for each of several cases: neither has the shape of the means."""
    sizes, slopes = 2.0 ** np.arange(3, 8), np.array([-0.5, -1.0])
    axis = jc.Axis("samples n", sizes)
    noise = lambda key, shape: 1 + 0.1 * jax.random.normal(key, shape)  # noqa: E731
    one = jc.Claim(
        name="doe-slope", statement="It falls.", theory=-0.5, relation=Rate(), axis=axis,
        experiment=lambda key: sizes**-0.5 * noise(key, (5,)),
    )  # fmt: skip
    two = jc.Claim(
        name="doe-slopes", statement="Both fall.", theory=slopes, relation=Rate(), axis=axis,
        experiment=lambda key: sizes ** slopes[:, None] * noise(key, (2, 5)),
    )  # fmt: skip
    for claim, shape in ((one, ()), (two, (2,))):
        verdict = jc.verify(claim, jax.random.key(0), progress=False)
        assert verdict.outcome == "holds" and np.shape(verdict.lower) == np.shape(verdict.theory) == shape
