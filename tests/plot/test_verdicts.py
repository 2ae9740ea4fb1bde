import dataclasses
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from jaxcollapse import plot
from stand_ins import bars, points

pytestmark = pytest.mark.usefixtures("no_figures_left")


def hatched(ax):
    return [patch for patch in [*ax.collections, *ax.patches] if patch.get_hatch()]


def test_agreement_has_a_ratio_with_its_tolerance(by_name):
    verdict = by_name["doe-equal"]
    top, bottom = plot.verdict(verdict)
    assert (top.get_ylabel(), bottom.get_xlabel()) == ("excess risk", "generation g")
    np.testing.assert_allclose(np.sort(points(top)[:, 1]), np.sort(verdict.estimate.mean))
    low, high = bars(bottom).T
    np.testing.assert_allclose(np.sort(low), np.sort(verdict.lower / verdict.theory))
    np.testing.assert_allclose(np.sort(high), np.sort(verdict.upper / verdict.theory))
    band = bottom.collections[0].get_paths()[0].vertices[:, 1]
    np.testing.assert_allclose([band.min(), band.max()], [0.99, 1.01])


def test_the_allowance_of_a_limit_formula_is_a_second_band(by_name):
    _, bottom = plot.verdict(by_name["doe-asymptotic"])
    heights = [np.ptp(c.get_paths()[0].vertices[:, 1]) for c in bottom.collections if isinstance(c, PolyCollection)]
    np.testing.assert_allclose(sorted(heights), [0.06, 0.08])


@pytest.mark.parametrize(("name", "above"), [("doe-at-most", True), ("doe-at-least", False)])
def test_the_forbidden_side_of_a_bound_is_hatched(by_name, name, above):
    verdict = by_name[name]
    (ax,) = plot.verdict(verdict)
    (area,) = hatched(ax)
    reach = area.get_paths()[0].vertices[:, 1]
    assert reach.min() == pytest.approx(verdict.theory.min() if above else ax.get_ylim()[0])
    assert reach.max() == pytest.approx(ax.get_ylim()[1] if above else verdict.theory.max())


def test_a_rate_is_on_logarithmic_axes_with_both_slopes(by_name):
    top, bottom = plot.verdict(by_name["roe-rate"])
    assert (top.get_xscale(), top.get_yscale(), bottom.get_yscale()) == ("log", "log", "linear")
    text = top.get_legend().get_texts()[0].get_text()
    assert text.startswith("slope −0.5") and text.endswith("theory −0.5")
    line = next(line for line in top.lines if line.get_label() == "slope of the theory")
    x, y = np.log(line.get_xydata()).T
    np.testing.assert_allclose(np.polyfit(x, y, 1)[0], -0.5)
    np.testing.assert_allclose(points(bottom)[:, 1], 1.0, atol=0.02)


def test_cases_are_rows_with_the_value_of_the_theory(by_name):
    (ax,) = plot.verdict(by_name["roe-cases"])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["d = 1", "d = 20", "d = 300"]
    right = ax.child_axes[0]
    assert [label.get_text() for label in right.get_yticklabels()] == ["1", "20", "300"]
    assert ax.get_xlabel() == "simulation / theory: risk"
    low, high = ax.get_xlim()
    assert low < 0.99 and high > 1.01


def test_a_claim_that_was_not_simulated_says_so(by_name):
    (ax,) = plot.verdict(by_name["doe-heavy"])
    assert ax.texts[0].get_text() == "not simulated"


def test_a_figure_of_the_caller_is_used(by_name):
    figure = Figure()
    left, _ = figure.subfigures(1, 2)
    top, bottom = plot.verdict(by_name["doe-equal"], figure=left)
    assert top.figure is left and bottom.figure is left
    assert not plt.get_fignums()


def test_the_strip_has_a_row_per_claim(verification):
    ax = plot.verdicts(verification)
    assert [label.get_text() for label in ax.get_yticklabels()] == [v.claim.name for v in verification]
    texts = {v.claim.name: t.get_text() for v, t in zip(verification, ax.texts, strict=True)}
    assert texts["doe-equal"].startswith("✓ holds, notices 0.9")
    assert re.fullmatch(r"✗ fails: theory/simulation\n1\.1 \(1\.\d+ to 1\.\d+\) at entry \d", texts["doe-wrong"])
    assert texts["doe-heavy"] == "? undecided"
    assert texts["roe-rate"].endswith("in the exponent")
    arrows = {line.get_ydata()[0] for line in ax.lines if line.get_marker() == "<"}
    names = [v.claim.name for v in verification]
    assert names.index("doe-wrong") in arrows and names.index("doe-equal") not in arrows


@pytest.mark.parametrize(
    ("x", "scale"),
    [((1, 2, 5, 10, 20, 50, 100, 200), "log"), (range(1, 9), "linear"), (range(100, 900, 100), "linear")],
)
def test_points_that_lie_farther_and_farther_apart_get_a_logarithmic_axis(by_name, x, scale):
    verdict = by_name["doe-equal"]
    claim = dataclasses.replace(verdict.claim, axis=verdict.claim.axis._replace(values=np.array(x)))
    top, bottom = plot.verdict(dataclasses.replace(verdict, claim=claim))
    assert top.get_xscale() == bottom.get_xscale() == scale
    if scale == "log":
        assert [label.get_text() for label in bottom.get_xticklabels()] == [str(value) for value in x]
