"""Strips of generations, and panels of a grid."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

from jaxcollapse import plot
from stand_ins import Fixed

pytestmark = pytest.mark.usefixtures("no_figures_left")
ROWS = np.random.default_rng(0).normal(size=(3, 200)) * np.array([[1.0], [0.5], [0.1]])


def test_histograms_share_bins_and_scale():
    axes = plot.strip(ROWS, generations=[1, 10, 50], bins=20, xlabel="x", ylabel="density")
    assert [ax.get_title() for ax in axes] == ["g = 1", "g = 10", "g = 50"] and axes[0].get_ylabel() == "density"
    edges = np.linspace(ROWS.min(), ROWS.max() + 1e-9, 21)
    for ax, rows in zip(axes, ROWS, strict=True):
        heights = [patch.get_height() for patch in ax.patches]
        np.testing.assert_allclose(heights, np.histogram(rows, edges, density=True)[0])
        assert ax.get_xlim() == axes[0].get_xlim() and ax.get_ylim() == axes[0].get_ylim()


def test_densities_lie_over_histograms_or_stand_alone():
    x = np.linspace(-3, 3, 11)
    lines = np.exp(-0.5 * (x / np.array([[1.0], [0.5], [0.1]])) ** 2)
    for rows in (ROWS, None):
        axes = plot.strip(rows, densities=(x, lines), axes=Figure().subplots(1, 3))
        for ax, line in zip(axes, lines, strict=True):
            np.testing.assert_array_equal(ax.lines[0].get_ydata(), line)


def test_points_of_the_plane_and_what_is_not_finite():
    points = np.random.default_rng(1).normal(size=(2, 30, 2))
    points[1, 3] = np.nan
    axes = plot.strip(points, axes=Figure().subplots(1, 2))
    np.testing.assert_array_equal(axes[1].lines[0].get_xydata(), points[1])
    gone = np.where(np.arange(200) < 100, ROWS, np.inf)
    assert sum(patch.get_height() > 0 for patch in plot.strip(gone, axes=Figure().subplots(1, 3))[0].patches) > 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(rows=None), "rows or densities must be given"),
        (dict(rows=np.ones(3)), "rows must have shape .panels, rows. or .panels, rows, 2., got .3,."),
        (dict(rows=np.full((2, 3), np.nan)), "rows must hold finite numbers"),
        (dict(rows=np.ones((13, 5))), "rows must have 1 to 12 panels, got 13"),
        (dict(rows=ROWS, generations=[1, 2]), "generations must name each of the 3 panels, got 2"),
        (dict(rows=ROWS, axes=[None]), "axes must be one for each of the 3 panels, got 1"),
        (dict(rows=ROWS, densities=(np.ones(4), np.ones((2, 4)))), "one for each panel, got .2, 3."),
        (dict(rows=ROWS, densities=np.ones(4)), "densities must be a pair"),
        (dict(rows=ROWS, densities=(np.ones(4), np.ones((3, 5)))), "got .4,. and .3, 5."),
    ],
)
def test_what_a_strip_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        plot.strip(**arguments)


def gridded():
    estimate = Fixed(np.arange(12.0).reshape(2, 2, 3) - 4, np.full((2, 2, 3), 0.1))
    estimate.coordinates = {"workflow": np.array(["replace", "accumulate"]), "samples": np.array([10, 20])}
    return estimate


def test_a_panel_for_each_entry_of_the_first_axis():
    """With the names of the other axes in the legend, and a scale for both signs."""
    theory = np.arange(12.0).reshape(2, 2, 3) - 3
    axes = plot.facets(gridded(), theory, yscale="symlog", ylabel="drift")
    assert [ax.get_title() for ax in axes] == ["replace", "accumulate"]
    for panel, ax in enumerate(axes):
        labels = ax.get_legend_handles_labels()[1]
        assert ax.get_yscale() == "symlog" and {"samples = 10", "samples = 20"} <= set(labels)
        means = [container.lines[0].get_ydata() for container in ax.containers]
        np.testing.assert_array_equal(means, gridded().mean[panel])
        drawn = [line.get_ydata() for line in ax.lines if np.array_equal(line.get_ydata(), theory[panel][0])]
        assert drawn
    plt.close("all")


def test_what_facets_refuse():
    with pytest.raises(ValueError, match="estimate must be of a grid, with two axes or more"):
        plot.facets(Fixed([1.0, 2.0], [0.1, 0.1]))
    with pytest.raises(ValueError, match="theory must have the shape of the estimate"):
        plot.facets(gridded(), np.ones(3))
    with pytest.raises(ValueError, match="axes must be one for each of the 2 panels"):
        plot.facets(gridded(), axes=[None])
