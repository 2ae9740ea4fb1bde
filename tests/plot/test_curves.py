import jax
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import PolyCollection

import jaxcollapse as jc
from jaxcollapse import plot
from stand_ins import Fixed, bars, points

pytestmark = pytest.mark.usefixtures("no_figures_left")


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


def test_a_prediction_is_a_line_that_says_what_it_is():
    prediction = jc.predict(jc.KernelDensity(0.5), jc.Replace(), samples=9, generations=3)
    only = jc.Prediction({"variance": prediction.forms["variance"]}, {})
    for theory in (only, prediction.forms["variance"]):
        ax = plot.curves(Fixed([1.0, 2.0, 4.0], [0.1, 0.2, 0.3]), theory, ax=plt.figure().subplots())
        line = next(line for line in ax.lines if line.get_label() == "theory (exact)")
        np.testing.assert_allclose(line.get_ydata(), prediction.variance)
    with pytest.raises(ValueError, match="theory predicts mean, variance, squared_error: say which"):
        plot.curves(Fixed([1.0, 2.0, 4.0], [0.1, 0.2, 0.3]), prediction)


def test_the_theory_may_be_known_at_places_of_its_own():
    mean, places = np.array([[1.0, 4.0], [2.0, 8.0]]), np.linspace(1.0, 2.0, 11)
    theory = np.stack([places**2, 2 * places**2])
    ax = plot.curves(Fixed(mean, 0.1 * mean), theory, theory_x=places, ax=plt.figure().subplots())
    lines = [line for line in ax.lines if len(line.get_xdata()) == 11]
    np.testing.assert_allclose([line.get_ydata() for line in lines], theory)
    np.testing.assert_allclose(lines[0].get_xdata(), places)
    with pytest.raises(
        ValueError, match=r"theory_x must have shape \(11,\), like the last axis of the theory, got \(2,\)"
    ):
        plot.curves(Fixed(mean, 0.1 * mean), theory, theory_x=[1.0, 2.0])


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


def test_quantiles_of_single_replications_are_a_second_band():
    mean = np.array([[1.0, 2.0, 4.0], [3.0, 3.0, 5.0]])
    ax = plot.curves(Fixed(mean, 0.1 * mean), mean, label=["replace", "window"], quantiles=(0.1, 0.75))
    bands = [c for c in ax.collections if isinstance(c, PolyCollection)]
    for row, band in zip(mean, bands, strict=True):
        corners = {tuple(corner) for corner in band.get_paths()[0].vertices.round(9)}
        assert corners == {(x, round(2 * q * m, 9)) for x, m in zip((1, 2, 3), row, strict=True) for q in (0.1, 0.75)}
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts == ["replace", "window", "10 % to 75 % of replications", "theory"]
    edges = [line for line in ax.lines if line.get_linewidth() == 0.5]
    assert len(edges) == 4 and len({line.get_linestyle() for line in edges}) == 2
    assert not [
        c for c in plot.curves(Fixed(mean, mean), ax=plt.figure().subplots()).collections if c.get_label()[0] != "_"
    ]


def test_the_quantiles_are_those_of_the_replications():
    estimate = jc.monte_carlo(lambda key: jax.random.normal(key, (3,)), jax.random.key(0), 500)
    (band,) = plot.curves(estimate, quantiles=(0.25, 0.75)).collections[-1:]
    reach = band.get_paths()[0].vertices[:, 1]
    low, high = estimate.quantile((0.25, 0.75))
    assert (reach.min(), reach.max()) == (low.min(), high.max())
    np.testing.assert_allclose([low, high], [[-0.6745] * 3, [0.6745] * 3], atol=0.25)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"theory": [1.0, 2.0]}, "theory must have the shape"),
        ({"x": [1.0, 2.0]}, "x must have shape"),
        ({"label": ["a", "b"]}, "label must be"),
        ({"quantiles": (0.9, 0.1)}, r"quantiles must be \(low, high\) with 0 <= low < high <= 1, got \(0.9, 0.1\)"),
        ({"quantiles": (-0.1, 0.5)}, "quantiles must be"),
        ({"quantiles": (0.5,)}, "quantiles must be"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_shapes_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        plot.curves(Fixed([1.0, 2.0, 3.0], [0.1, 0.1, 0.1]), **arguments)
    with pytest.raises(ValueError, match="estimate must have shape"):
        plot.curves(Fixed(np.ones((2, 2, 2)), np.ones((2, 2, 2))))


class Gridded(Fixed):
    """The same with what a grid says of its axes."""

    def __init__(self, mean, **coordinates):
        super().__init__(mean, 0.1 * np.asarray(mean))
        self.coordinates = {name: np.asarray(values) for name, values in coordinates.items()}


def texts(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_curves_are_called_after_the_grid():
    mean = 1.0 + np.arange(12.0).reshape(2, 2, 3)
    theory = 2 * mean
    estimate = Gridded(mean, workflow=["replace", "window"], samples=[50, 100])
    ax = plot.curves(estimate, theory, ax=plt.figure().subplots())
    assert texts(ax) == [f"{flow}, samples = {n}" for flow in ("replace", "window") for n in (50, 100)] + ["theory"]
    np.testing.assert_allclose(sorted(points(ax, 2).tolist()), [[g, mean[1, 0, g - 1]] for g in (1, 2, 3)])
    drawn = [line for line in ax.lines if line.get_linestyle() != "None" and len(line.get_xdata()) == 3]
    np.testing.assert_allclose([line.get_ydata() for line in drawn], theory.reshape(4, 3))
    assert ax.get_xlabel() == "generation g"
    named = plot.curves(estimate, label=["a", "b", "c", "d"], xlabel="time", ax=plt.figure().subplots())
    assert texts(named) == ["a", "b", "c", "d"] and named.get_xlabel() == "time"


def test_points_lie_where_the_grid_says():
    """Along its last axis, if the function gives one number."""
    estimate = Gridded([[1.0, 2.0, 4.0], [2.0, 4.0, 8.0]], noise=[0.5, 1.0], real_samples=[10, 20, 40])
    ax = plot.curves(estimate, ax=plt.figure().subplots())
    assert texts(ax) == ["noise = 0.5", "noise = 1"] and ax.get_xlabel() == "real samples"
    np.testing.assert_allclose(sorted(points(ax).tolist()), [[10, 1], [20, 2], [40, 4]])
    single = plot.curves(Gridded([1.0, 2.0], flow=["a", "b"]), ax=plt.figure().subplots())
    np.testing.assert_allclose(sorted(points(single).tolist()), [[1, 1], [2, 2]])


def test_axes_that_no_grid_names_are_refused():
    with pytest.raises(ValueError, match=r"estimate must have shape .* got \(2, 2, 3\)"):
        plot.curves(Gridded(np.ones((2, 2, 3)), samples=[50, 100]))
