import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import QuadMesh
from matplotlib.colors import LogNorm
from matplotlib.contour import ContourSet

import jaxcollapse as jc
from jaxcollapse import plot

pytestmark = pytest.mark.usefixtures("no_figures_left")

X, Y = np.geomspace(1.0, 1000.0, 4), np.linspace(0.0, 1.0, 3)
VALUES = 1.0 + 10 * np.arange(4)[:, None] + np.arange(3)


def cells(ax):
    (mesh,) = [c for c in ax.collections if isinstance(c, QuadMesh)]
    return mesh


def contours(ax):
    return [c for c in ax.collections if isinstance(c, ContourSet)]


def test_every_value_is_the_colour_of_a_cell_around_its_place():
    ax = plot.phase(VALUES, x=X, y=Y, xlabel="samples n", ylabel="share", label="excess risk")
    mesh = cells(ax)
    np.testing.assert_array_equal(np.reshape(mesh.get_array(), (3, 4)), VALUES.T)
    corners = mesh.get_coordinates()
    np.testing.assert_allclose(corners[0, :, 0], 10.0 ** np.arange(-0.5, 4.0))
    np.testing.assert_allclose(corners[:, 0, 1], [-0.25, 0.25, 0.75, 1.25])
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "linear")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("samples n", "share")
    assert mesh.colorbar.ax.get_ylabel() == "excess risk"
    assert mesh.get_clim() == (1.0, 33.0)


def test_colours_may_be_logarithmic_and_what_is_not_finite_is_hatched():
    values = VALUES.copy()
    values[3, 2] = np.inf
    ax = plot.phase(values, scale="log")
    mesh = cells(ax)
    assert isinstance(mesh.norm, LogNorm) and mesh.get_clim() == (1.0, 32.0)
    assert np.ma.getmaskarray(mesh.get_array()).reshape(3, 4)[2].tolist() == [False, False, False, True]
    assert ax.patch.get_hatch()
    np.testing.assert_allclose(mesh.get_coordinates()[0, :, 0], [0.5, 1.5, 2.5, 3.5, 4.5])


def test_a_contour_of_the_theory_lies_where_it_takes_its_value():
    """The theory is x^2 y, so that its contours are straight lines between the points of a fine grid."""
    x, y = np.linspace(1, 3, 41), np.linspace(1, 2, 41)
    theory = x[:, None] ** 2 * y
    ax = plot.phase(theory, theory, x=x, y=y, levels=[5, 2, 100])
    (lines,) = contours(ax)
    assert lines.levels.tolist() == [2, 5]
    for level, path in zip(lines.levels, lines.get_paths(), strict=True):
        np.testing.assert_allclose(path.vertices[:, 0] ** 2 * path.vertices[:, 1], level, rtol=2e-3)
        assert len(path.vertices) > 20
    assert {text.get_text() for text in lines.labelTexts} == {"2", "5"}
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["theory"]


def test_levels_that_the_theory_does_not_reach_draw_nothing():
    ax = plot.phase(VALUES, VALUES, levels=[100.0])
    assert not contours(ax) and ax.get_legend() is None


def test_an_estimate_over_a_grid_brings_its_axes():
    grid = jc.Grid(samples=jnp.array([10.0, 20.0, 40.0, 80.0]), share=jnp.array([0.0, 0.5, 1.0]))
    estimate = jc.monte_carlo(lambda key, samples, share: samples + share, jax.random.key(0), 4, grid=grid)
    ax = plot.phase(estimate, x=[1.0, 2.0, 3.0, 4.0], ylabel="share of real data")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("samples", "share of real data")
    assert cells(ax).get_coordinates()[0, :, 0].tolist() == [0.5, 1.5, 2.5, 3.5, 4.5]
    np.testing.assert_allclose(np.reshape(cells(ax).get_array(), (3, 4))[1], [10.5, 20.5, 40.5, 80.5])
    later = plot.phase(estimate.difference("samples"), ax=plt.figure().subplots())
    assert later.get_xscale() == "log"
    assert later.get_xlim() == pytest.approx((20 / 2**0.5, 80 * 2**0.5))


@pytest.mark.usefixtures("unchecked")
def test_an_estimate_over_other_axes_is_refused():
    one = jc.monte_carlo(lambda key, n: n, jax.random.key(0), 2, grid=jc.Grid(n=jnp.arange(3.0)))
    with pytest.raises(ValueError, match=r"a grid of two axes, got the axes \('n',\) and shape \(3,\)"):
        plot.phase(one)
    grid = jc.Grid(n=jnp.arange(2.0), workflow={"replace": 0, "accumulate": 1})
    labels = jc.monte_carlo(lambda key, n, workflow: n + workflow, jax.random.key(0), 2, grid=grid)
    with pytest.raises(ValueError, match=r"'workflow' with the labels \['replace', 'accumulate'\]"):
        plot.phase(labels)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"values": np.ones(4)}, r"values must have shape \(x, y\).*got shape \(4,\)"),
        ({"values": np.full((4, 3), np.nan)}, "values must have a finite entry"),
        ({"x": [1, 2]}, r"x must have shape \(4,\), got \(2,\)"),
        ({"y": [2, 1, 0]}, "y must rise"),
        ({"theory": np.ones((3, 4))}, r"theory must have shape \(4, 3\), got \(3, 4\)"),
        ({"levels": [1]}, "levels are those of the theory"),
        ({"scale": "cubic"}, "scale must be 'linear' or 'log'"),
        ({"values": VALUES - 5, "scale": "log"}, r'positive where scale="log", got -4'),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        plot.phase(**{"values": VALUES, **arguments})


def test_generations_have_whole_ticks():
    ax = plot.phase(np.arange(6.0).reshape(2, 3), x=[0.5, 1.0], y=[1, 2, 3])
    assert all(tick == round(tick) for tick in ax.get_yticks()) and any(t != round(t) for t in ax.get_xticks())
