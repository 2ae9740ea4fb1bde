import numpy as np
import pytest
from matplotlib.collections import PolyCollection

from jaxcollapse import plot

pytestmark = pytest.mark.usefixtures("no_figures_left")

PATHS = np.arange(1.0, 101.0)[:, None] * np.array([1.0, 2.0, 3.0, 4.0])
"""A hundred replications whose quantiles are known: the share q of them lies at or below 100 q x."""


def lines(ax, **wanted):
    return [line for line in ax.lines if all(line.properties()[name] == value for name, value in wanted.items())]


def test_the_median_and_the_band_are_those_of_the_replications():
    ax = plot.trajectories(np.random.default_rng(0).permutation(PATHS), quantiles=(0.1, 0.8), ylabel="variance")
    (median,) = lines(ax, label="median")
    np.testing.assert_array_equal(median.get_xydata(), [[1, 50], [2, 100], [3, 150], [4, 200]])
    (band,) = [c for c in ax.collections if isinstance(c, PolyCollection)]
    corners = {tuple(corner) for corner in band.get_paths()[0].vertices}
    assert corners == {(x, edge * x) for x in (1, 2, 3, 4) for edge in (10.0, 80.0)}
    edges = sorted(line.get_ydata()[-1] for line in lines(ax, color=median.get_color()) if line is not median)
    assert edges == [40.0, 320.0]
    assert band.get_label() == "10 % to 80 % of replications"
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("generation g", "variance")


def test_the_first_replications_are_drawn_behind_them():
    ax = plot.trajectories(PATHS, shown=3, x=[0, 10, 20, 30])
    grey = lines(ax, color="0.6")
    np.testing.assert_array_equal([line.get_ydata() for line in grey], PATHS[:3])
    np.testing.assert_array_equal(grey[0].get_xdata(), [0, 10, 20, 30])
    (median,) = lines(ax, label="median")
    assert max(line.get_zorder() for line in grey) < median.get_zorder()
    assert [text.get_text() for text in ax.get_legend().get_texts()][0] == "3 of 100 replications"


def test_no_more_replications_are_drawn_than_there_are():
    assert len(lines(plot.trajectories(PATHS[:5], shown=20), color="0.6")) == 5
    ax = plot.trajectories(PATHS[:7], shown=0)
    assert [text.get_text() for text in ax.get_legend().get_texts()][-2:] == ["10 % to 90 % of replications", "median"]


def test_the_truth_is_a_horizontal_line_of_another_style():
    ax = plot.trajectories(PATHS, truth=2.5)
    (truth,) = lines(ax, label="truth")
    assert set(truth.get_ydata()) == {2.5} and truth.get_linestyle() == "-."


def test_a_replication_that_is_not_a_number_leaves_a_gap_and_an_infinite_one_counts():
    paths = PATHS.copy()
    paths[3, 2], paths[:20, 1] = np.nan, np.inf
    (median,) = lines(plot.trajectories(paths), label="median")
    np.testing.assert_array_equal(median.get_ydata(), [50, 2 * 70, np.nan, 200])


@pytest.mark.parametrize(
    ("paths", "arguments", "message"),
    [
        (np.ones(4), {}, r"paths must have shape \(replications, points\).*got shape \(4,\)"),
        (np.ones((2, 3, 4)), {}, r"paths must have shape .*got shape \(2, 3, 4\)"),
        (np.ones((0, 4)), {}, r"paths must have shape .*got shape \(0, 4\)"),
        (np.ones((4, 1)), {}, "at least two points"),
        (PATHS, {"x": [1, 2]}, r"x must have shape \(4,\), like the last axis of the paths, got \(2,\)"),
        (PATHS, {"quantiles": (0.9, 0.1)}, "0 <= low < high <= 1"),
        (PATHS, {"quantiles": (0.1, 0.5, 0.9)}, "0 <= low < high <= 1"),
        (PATHS, {"shown": -1}, "shown must be at least 0, got -1"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments_are_named(paths, arguments, message):
    with pytest.raises(ValueError, match=message):
        plot.trajectories(paths, **arguments)
