import dataclasses

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from jaxcollapse import plot


class Fixed:
    """An estimate with a mean and a standard error that the test chooses."""

    def __init__(self, mean, stderr):
        self.mean, self.stderr, self.count = np.asarray(mean, float), np.asarray(stderr, float), 100

    def interval(self, level=0.95):
        assert level in (0.95, 0.5)
        z = 1.959964 if level == 0.95 else 0.67449
        return self.mean - z * self.stderr, self.mean + z * self.stderr


@pytest.fixture(autouse=True)
def no_figures_left():
    before = dict(matplotlib.rcParams)
    yield
    assert dict(matplotlib.rcParams) == before
    plt.close("all")


def points(ax, index=0):
    return ax.containers[index].lines[0].get_xydata()


def bars(ax, index=0):
    return np.array([segment[:, 1] for segment in ax.containers[index].lines[2][0].get_segments()])


def hatched(ax):
    return [patch for patch in [*ax.collections, *ax.patches] if patch.get_hatch()]


def test_curves_show_means_intervals_and_theory():
    ax = plt.figure().subplots()
    assert plot.curves(Fixed([1.0, 2.0, 4.0], [0.1, 0.2, 0.3]), [1.0, 2.0, 3.0], ax=ax, ylabel="risk") is ax
    np.testing.assert_allclose(sorted(points(ax).tolist()), [[1, 1], [2, 2], [3, 4]])
    np.testing.assert_allclose(
        sorted(bars(ax).tolist()), [[1 - 0.196, 1 + 0.196], [2 - 0.392, 2 + 0.392], [4 - 0.588, 4 + 0.588]], atol=1e-4
    )
    line = next(line for line in ax.lines if line.get_label() == "theory")
    np.testing.assert_allclose(line.get_xydata(), [[1, 1], [2, 2], [3, 3]])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("generation g", "risk")
    assert all(tick == round(tick) for tick in ax.get_xticks())


def test_the_level_sets_the_width_of_the_bars():
    ax = plot.curves(Fixed([1.0], [0.1]), level=0.5)
    np.testing.assert_allclose(np.diff(bars(ax)), 2 * 0.067449, rtol=1e-4)
    assert ax.get_legend().get_texts()[0].get_text() == "simulation (50 % interval)"


def test_several_curves_differ_in_colour_marker_and_line():
    mean = np.arange(1.0, 13.0).reshape(3, 4)
    ax = plot.curves(Fixed(mean, 0.1 * mean), mean, label=["replace", "window", "accumulate"])
    drawn = [container.lines[0] for container in ax.containers]
    assert len({line.get_color() for line in drawn}) == len({line.get_marker() for line in drawn}) == 3
    theory = [line for line in ax.lines if len(line.get_xdata()) == 4 and line.get_linestyle() != "None"]
    assert len({line.get_linestyle() for line in theory}) == 3
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["replace", "window", "accumulate", "theory"]


def test_a_second_call_takes_the_next_colour_and_names_the_theory_once():
    ax = plot.curves(Fixed([1.0, 2.0], [0.1, 0.1]), [1.0, 2.0], label="replace")
    plot.curves(Fixed([1.0, 1.5], [0.1, 0.1]), [1.0, 1.5], ax=ax, label="accumulate")
    assert len({container.lines[0].get_color() for container in ax.containers}) == 2
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["replace", "accumulate", "theory"]


def test_markers_of_a_long_curve_are_evenly_apart_on_a_logarithmic_axis():
    ax = plt.figure().subplots()
    ax.set_xscale("log")
    plot.curves(Fixed(np.arange(1.0, 1001), np.ones(1000)), ax=ax)
    x = np.sort(points(ax)[:, 0])
    assert 15 < len(x) <= 30 and x[0] == 1 and x[-1] == 1000
    np.testing.assert_allclose(np.diff(np.log(x[x > 20])), np.log(1000) / 29, rtol=0.3)


def test_long_curves_have_few_markers_and_a_band():
    mean = np.linspace(1, 2, 500)
    ax = plot.curves(Fixed(mean, 0.1 * mean), mean)
    assert 20 <= len(points(ax)) <= 30
    band = next(c for c in ax.collections if isinstance(c, PolyCollection))
    assert band.get_paths()[0].vertices.shape[0] >= 2 * 500


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"theory": [1.0, 2.0]}, "theory must have the shape"),
        ({"x": [1.0, 2.0]}, "x must have shape"),
        ({"label": ["a", "b"]}, "label must be"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_shapes_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        plot.curves(Fixed([1.0, 2.0, 3.0], [0.1, 0.1, 0.1]), **arguments)
    with pytest.raises(ValueError, match="estimate must have shape"):
        plot.curves(Fixed(np.ones((2, 2, 2)), np.ones((2, 2, 2))))


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
    assert texts["doe-wrong"].startswith("✗ fails") and texts["doe-heavy"] == "? undecided"
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
