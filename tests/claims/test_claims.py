"""The claims can fail: each is rejected when its theory is moved by 3 % (an exponent by 0.05)."""

import dataclasses
import re
from pathlib import Path

import jax
import numpy as np
import pytest

import jaxcollapse as jc

CLAIMS = jc.claims.all(networks=True)
LEVEL = 1e-3 / len(CLAIMS)
TOPICS = (  # a claim without a paper may begin with them
    "ancestral", "descent", "early", "language", "linear", "molecule", "network", "ppca", "transformer", "vae",
)  # fmt: skip


def moved(claim):
    """The claim with its theory on either side, far enough to be false."""
    theory = claim.prediction()
    if claim.relation.name == "rate":
        return [theory + 0.05, theory - 0.05]
    if claim.relation.name in ("at_most", "at_least"):
        truth = jc.verify(claim, jax.random.key(1), level=LEVEL, progress=False).estimate.mean
        return [truth * (0.97 if claim.relation.name == "at_most" else 1.03)]
    return [1.03 * theory, 0.97 * theory]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("claim", [claim for claim in CLAIMS if not claim.networks], ids=lambda claim: claim.name)
def test_a_moved_theory_is_rejected(claim):
    for theory in moved(claim):
        verdict = jc.verify(dataclasses.replace(claim, theory=theory), jax.random.key(0), level=LEVEL, progress=False)
        assert verdict.outcome == "fails", verdict.summary()


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.name)
def test_a_claim_is_complete(claim):
    """What a reader of the report needs is there."""
    author, topic = claim.name.split("-")[:2]  # a topic tells two papers of one author and year apart
    assert (claim.reference is None) == (author in ("own", *TOPICS))
    if claim.reference is not None:
        assert claim.reference.key in (f"{author}{claim.reference.year}", f"{author}{claim.reference.year}{topic}")
    assert claim.formula and claim.protocol and claim.quantity and claim.statement.endswith(".")


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    "claim",
    [claim if place % 5 == 0 else pytest.param(claim, marks=pytest.mark.slow) for place, claim in enumerate(CLAIMS)],
    ids=lambda claim: claim.name,
)
def test_a_prediction_has_its_names(claim):
    """A finite number for each label, or for each row along the axis, and each point of the axis."""
    theory = claim.prediction()
    assert np.isfinite(theory).all()
    if claim.labels:
        assert len(claim.labels) in (theory.size, *(() if claim.axis is None else (theory[..., :1].size,)))
    if claim.axis is not None and claim.relation.name != "rate":
        assert np.shape(claim.axis.values) == theory.shape[-1:]


def test_papers_are_those_of_the_claims():
    papers = jc.claims.papers()
    assert {claim.reference.key: claim.reference for claim in CLAIMS if claim.reference} == papers
    assert len({paper.arxiv for paper in papers.values()}) == len(papers)
    for key, paper in papers.items():
        assert paper.key == key and paper.key in paper.bibtex and paper.arxiv in paper.bibtex
        assert re.fullmatch(r"\d{4}\.\d{5}", paper.arxiv)


def test_names_are_unique_and_those_without_a_paper_come_last():
    assert len({claim.name for claim in CLAIMS}) == len(CLAIMS)
    own = [claim.reference is None for claim in CLAIMS]
    assert any(own) and own == sorted(own)


def test_a_paper_is_cited_once_for_all_its_claims():
    """And no file sets up for itself what `jaxcollapse.claims.frame` has."""
    for file in Path(jc.claims.__file__).parent.rglob("*.py"):
        if file.name != "frame.py":
            source = file.read_text(encoding="utf-8")
            assert source.count("reference=REFERENCE") <= 1, file
            for own in ("dict[str, Any] = dict(", 'Axis("generation g"'):
                assert own not in source, file


def test_the_tour_has_one_claim_of_every_paper():
    """In the order of the papers; a name that no claim of the file bears would leave its paper out."""
    assert [claim.reference.key for claim in jc.claims.tour()] == list(jc.claims.papers())


def test_claims_of_a_paper_are_found_by_what_it_is_called():
    for paper in jc.claims.papers().values():
        mine = [claim for claim in jc.claims.all(networks=True) if claim.reference == paper]
        assert jc.claims.of(paper.key, networks=True) == jc.claims.of(f"arXiv:{paper.arxiv}", networks=True) == mine
    named = {claim.reference.key for claim in jc.claims.of("Dohmatob")}
    assert named == {key for key in jc.claims.papers() if key.startswith("dohmatob")}
    with pytest.raises(ValueError, match="paper must be a key, an arXiv number or a first author with claims, got 'x'"):
        jc.claims.of("x")
