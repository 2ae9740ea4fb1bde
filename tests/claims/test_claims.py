"""The claims can fail: each is rejected when its theory is moved by 3 % (an exponent by 0.05)."""

import dataclasses
from pathlib import Path

import jax
import numpy as np
import pytest

import jaxcollapse as jc

CLAIMS = jc.claims.all()
LEVEL = 1e-3 / len(CLAIMS)


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
@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.name)
def test_a_moved_theory_is_rejected(claim):
    for theory in moved(claim):
        verdict = jc.verify(dataclasses.replace(claim, theory=theory), jax.random.key(0), level=LEVEL, progress=False)
        assert verdict.outcome == "fails", verdict.summary()


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.name)
def test_a_claim_is_complete(claim):
    """What a reader of the report needs is there."""
    assert claim.reference is not None
    author, topic = claim.name.split("-")[:2]  # a topic tells two papers of one author and year apart
    assert claim.reference.key in (f"{author}{claim.reference.year}", f"{author}{claim.reference.year}{topic}")
    assert claim.formula and claim.protocol and claim.quantity and claim.statement.endswith(".")


@pytest.mark.parametrize(
    "claim",
    [claim if place % 5 == 0 else pytest.param(claim, marks=pytest.mark.slow) for place, claim in enumerate(CLAIMS)],
    ids=lambda claim: claim.name,
)
def test_a_prediction_has_its_names(claim):
    """A number for each label or point of the axis."""
    theory = claim.prediction()
    assert np.isfinite(theory).all()
    if claim.labels:
        assert len(claim.labels) == theory.size
    if claim.axis is not None and claim.relation.name != "rate":
        assert np.shape(claim.axis.values) == theory.shape


def test_the_readme_lists_the_claims():
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    table = readme.split("<!-- verified-claims: begin -->")[1].split("<!-- verified-claims: end -->")[0]
    rows = [line for line in table.splitlines() if line.startswith("| `")]
    assert rows == [f"| `{claim.name}` | {claim.statement} |" for claim in CLAIMS]


def test_papers_and_names():
    assert {claim.reference.key for claim in CLAIMS} == set(jc.claims.papers())
    assert {paper.arxiv for paper in jc.claims.papers().values()} == {
        "2404.01413",
        "2402.07712",
        "2410.04840",
        "2402.07043",
        "2505.13947",
        "2505.19046",
        "2502.18049",
        "2509.22341",
        "2505.18346",
        "1507.03003",
        "2505.21677",
        "2406.07515",
        "2412.17646",
        "2404.05090",
        "2305.17493",
        "2410.16713",
        "2307.01850",
        "2310.00429",
        "2501.19273",
        "2402.11778",
        "2407.09499",
        "2404.02325",
        "2502.08924",
        "2410.22812",
    }
    for paper in jc.claims.papers().values():
        assert paper.arxiv in paper.bibtex and paper.key in paper.bibtex
