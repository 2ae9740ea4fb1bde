"""True theorems whose mean is carried by what is rarely seen: undecided, never rejected; and what a verdict says."""

import dataclasses
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.verification import decision as module
from jaxcollapse.verification.relation import Asymptotic, AtLeast, AtMost, Equal, Rate

KEY = jax.random.key(0)
SIZES = 2.0 ** np.arange(4)


def claim(**fields):
    basic = dict(name="stand-in", statement="The mean is one.", theory=1.0, relation="equal")
    return jc.Claim(**{**basic, **fields})


def unbiased_variance(generations):
    """Its mean is 1 at every generation; nearly every replication is nearly 0, and in the end exactly so."""
    chain = jc.Gaussian(ddof=1)
    return lambda key: jc.simulate(chain, jc.Replace(), key=key, samples=5, generations=generations).variance[-1]


def martingale(sigma):
    """exp(sigma x - sigma^2 / 2) has mean 1."""
    return lambda key: jnp.exp(sigma * jax.random.normal(key) - sigma**2 / 2)


def lottery(probability):
    """A prize of one on average."""
    return lambda key: jnp.where(jax.random.uniform(key) < probability, 1 / probability, 0.0)


def beside(experiment):
    """The same next to an ordinary entry of mean 1."""
    return lambda key: jnp.stack([experiment(key), 1 + 0.01 * jax.random.normal(key)])


RARE = {
    **{f"variance {g}": unbiased_variance(g) for g in (100, 500, 2000, 6000)},
    **{f"martingale {s}": martingale(s) for s in (4.0, 10.0, 40.0)},
    **{f"lottery {p}": lottery(p) for p in (1e-4, 1e-6, 1e-9)},
}


SLOW = [name for name in RARE if name.startswith("variance") and name != "variance 2000"]


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in RARE])
@pytest.mark.sampled(5)
@pytest.mark.parametrize("relation", [Equal(), Asymptotic(), AtLeast()], ids=lambda relation: relation.name)
def test_a_true_theorem_is_not_rejected(name, relation, monkeypatch):
    monkeypatch.setattr(module, "_LARGEST_RUN", 2**13)
    verdict = jc.verify(claim(experiment=RARE[name], relation=relation, first_look=1024), KEY, progress=False)
    assert verdict.outcome == "undecided", verdict.summary()
    assert re.search(r"heavy tail|all .* replications are 0 against 1", verdict.reason)
    assert "notice" not in verdict.summary() and verdict.reason.endswith("probability instead")


@pytest.mark.parametrize("probability", [1e-4, 1e-9])
def test_a_true_upper_bound_is_not_rejected(probability, monkeypatch):
    monkeypatch.setattr(module, "_LARGEST_RUN", 2**13)
    rarely = lottery(probability)
    verdict = jc.verify(claim(theory=-1.0, experiment=lambda key: -rarely(key), relation="at_most"), KEY)
    assert verdict.outcome == "undecided"


def test_what_is_seldom_seen_hides_no_error_of_another_entry(monkeypatch):
    monkeypatch.setattr(module, "_LARGEST_RUN", 2**13)
    one = claim(theory=np.ones(2), experiment=beside(lottery(1e-9)))
    assert jc.verify(one, KEY).outcome == "undecided"
    wrong = claim(theory=np.array([1.0, 1.05]), experiment=beside(lottery(1e-9)))
    verdict = jc.verify(wrong, KEY)
    assert verdict.outcome == "fails" and "1 of 2 entries disagree" in verdict.reason and "entry 2" in verdict.reason


def test_replications_that_agree_may_hold():
    """Also where theory and simulation are rounded differently."""
    third = lambda key: jnp.stack([jnp.asarray(0.1) + 0.2, 1 + 0.01 * jax.random.normal(key)])  # noqa: E731
    assert jc.verify(claim(theory=np.array([0.3, 1.0]), experiment=third), KEY).outcome == "holds"
    zero = lambda key: 0 * jax.random.normal(key)  # noqa: E731
    assert jc.verify(claim(experiment=zero, relation="at_most"), KEY).outcome == "holds"


@pytest.mark.parametrize("relation", [Equal(), AtMost(), AtLeast()], ids=lambda relation: relation.name)
def test_an_experiment_that_draws_nothing_is_compared_as_it_is(relation):
    for first_look in (1, 4096):
        same = claim(experiment=lambda key: jnp.asarray(2.0), relation=relation, first_look=first_look)
        exact = lambda theory, same=same: jc.verify(dataclasses.replace(same, theory=theory), KEY)  # noqa: E731
        assert exact(2.0).outcome == exact(2.0 + 1e-12).outcome == "holds"
        assert exact(1.9 if relation.name == "at_most" else 2.1).outcome == "fails"
        assert "does not use its key" in exact(2.0).reason and exact(2.0).replications == max(first_look, 2)


@pytest.mark.parametrize("spread", [0.0, 1e-30, 1e-12, 1e-3])
def test_no_error_of_zero_is_noticed(spread):
    for relation in (Equal(), AtMost(tolerance=0.1), Asymptotic(allowance=0.0)):
        for uses in (0, 1):
            experiment = lambda key: 1 + spread * jax.random.normal(key) * uses  # noqa: E731, B023
            verdict = jc.verify([claim(experiment=experiment, relation=relation)], KEY)
            assert verdict.verdicts[0].outcome == "holds"
            for words in (verdict.summary(), verdict.verdicts[0].summary()):
                assert not re.search(r"\b0 %", words), words


def test_a_failed_claim_says_how_far_theory_is_from_simulation():
    def experiment(key):
        return jnp.array([1.0, 2.0, 3.0]) * (1 + 0.1 * jax.random.normal(key, (3,)))

    verdict = jc.verify(claim(theory=np.array([1.0, 2.04, 3.0]), experiment=experiment), KEY)
    said = re.search(r"theory/simulation is ([\d.]+) \(([\d.]+) to ([\d.]+)\) at entry 2", verdict.summary())
    ratio, low, high = map(float, said.groups())
    assert 1 < low < ratio < high and low < 1.02 < high
    assert "notice" not in verdict.summary()
    np.testing.assert_allclose([low, high], 2.04 / np.array([verdict.upper[1], verdict.lower[1]]), rtol=1e-4)
    np.testing.assert_allclose(ratio, 2.04 / verdict.estimate.mean[1], rtol=1e-4)
    several = jc.verify([claim(theory=np.array([1.0, 2.04, 3.0]), experiment=experiment)], KEY)
    assert "fails      theory/simulation is 1.0" in several.summary()


def test_a_failed_claim_about_an_exponent_or_near_zero_gives_both_numbers():
    decay = lambda key: SIZES**-0.5 * (1 + 0.01 * jax.random.normal(key, (4,)))  # noqa: E731
    slope = jc.verify(claim(theory=-0.6, experiment=decay, relation=Rate(), axis=jc.Axis("n", SIZES)), KEY)
    assert re.search(r"theory -0.6, simulation -0.5\d* \(-0.50\d* to -0.4\d*\)", slope.summary()), slope.summary()
    near = jc.verify(claim(theory=0.1, experiment=lambda key: 0.01 * jax.random.normal(key)), KEY)
    assert near.outcome == "fails" and "theory 0.1, simulation" in near.summary()
    negative = jc.verify(claim(theory=-1.1, experiment=lambda key: -1 + 0.01 * jax.random.normal(key)), KEY)
    assert re.search(r"theory/simulation is 1.(09|1)", negative.summary())


def test_an_expensive_experiment_may_begin_with_few():
    """It is looked at once there are 256, and then as often as the level allows."""
    verdict = jc.verify(claim(experiment=lambda key: 1 + 0.01 * jax.random.normal(key), first_look=16), KEY)
    assert verdict.outcome == "holds" and verdict.replications == 256
