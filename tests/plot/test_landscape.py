import matplotlib.pyplot as plt
import numpy as np
import pytest

from jaxcollapse import plot
from stand_ins import Fixed, bars, points

pytestmark = pytest.mark.usefixtures("no_figures_left")

PENALTY = 10.0 ** np.arange(-2, 3)
RISK = np.array([[4.0, 1.0, 2.0, 3.0, 4.0], [5.0, 4.0, 3.0, 2.0, 6.0]])


def stars(ax):
    return [line for line in ax.lines if line.get_marker() == "*"]


def texts(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_the_risk_is_a_line_over_a_logarithmic_penalty():
    ax = plt.figure().subplots()
    assert plot.landscape(PENALTY, RISK[0], ax=ax) is ax
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), np.stack([PENALTY, RISK[0]], axis=1))
    assert (ax.get_xscale(), ax.get_xlabel(), ax.get_ylabel()) == ("log", "penalty λ", "risk")
    assert texts(ax) == ["theory", "optimum"]


def test_every_curve_has_its_own_optimum_colour_and_line():
    ax = plot.landscape(PENALTY, RISK, label=["g = 1", "g = 5"], ylabel="excess risk")
    np.testing.assert_allclose([star.get_xydata() for star in stars(ax)], [[[0.1, 1.0]], [[10.0, 2.0]]])
    curves = [line for line in ax.lines if line.get_marker() != "*"]
    assert len({line.get_color() for line in curves}) == len({line.get_linestyle() for line in curves}) == 2
    assert texts(ax) == ["g = 1", "g = 5", "optimum"]


@pytest.mark.parametrize("estimate", [None, Fixed(RISK[0], np.full(5, 0.1))], ids=["theory", "simulation"])
def test_a_second_call_takes_the_next_colour_and_names_the_optimum_once(estimate):
    ax = plot.landscape(PENALTY, RISK[0], estimate=estimate, label="a")
    plot.landscape(PENALTY, RISK[1], estimate=estimate, label="b", ax=ax)
    assert len({star.get_color() for star in stars(ax)}) == 2
    assert texts(ax) == (["a", "optimum", "b"] if estimate is None else ["a", "b", "theory", "optimum"])


def test_the_optimum_may_be_given_and_lies_on_the_curve():
    (star,) = stars(plot.landscape(PENALTY, RISK[0], best=np.sqrt(0.1)))
    np.testing.assert_allclose(star.get_xydata(), [[np.sqrt(0.1), 1.5]])
    both = stars(plot.landscape(PENALTY, RISK, best=1.0, ax=plt.figure().subplots()))
    assert [star.get_xydata().tolist() for star in both] == [[[1.0, 2.0]], [[1.0, 3.0]]]


def test_a_minimum_at_an_end_has_no_star():
    ax = plot.landscape(PENALTY, [np.arange(1.0, 6.0), [5.0, 4.0, np.inf, 2.0, 1.0]])
    assert not stars(ax) and texts(ax) == ["theory"]


def test_simulated_points_have_intervals():
    ax = plot.landscape(PENALTY, RISK, estimate=Fixed(RISK + 0.5, np.full((2, 5), 0.1)), label=["a", "b"])
    np.testing.assert_allclose(np.sort(points(ax, 1)[:, 1]), np.sort(RISK[1] + 0.5))
    np.testing.assert_allclose(np.diff(bars(ax)), 2 * 0.196, atol=1e-4)
    assert texts(ax) == ["a", "b", "theory", "optimum"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"penalty": [0.1, 1.0]}, r"penalty must have shape \(5,\), got \(2,\)"),
        ({"penalty": PENALTY[::-1]}, "penalty must rise"),
        ({"penalty": PENALTY - 0.01}, "penalty must be positive"),
        ({"risk": np.ones((2, 2, 5))}, r"risk must have shape .*got \(2, 2, 5\)"),
        ({"estimate": Fixed(RISK[0], RISK[0])}, r"estimate must have the shape of the risk, \(2, 5\), got \(1, 5\)"),
        ({"best": 1000.0}, "best must lie within the penalties, 0.01 to 100, got 1000"),
        ({"best": [1.0, 1.0, 1.0]}, r"best must be one number or one for each of the 2 curves, got shape \(3,\)"),
        ({"label": ["a", "b", "c"]}, "label must be"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        plot.landscape(**{"penalty": PENALTY, "risk": RISK, **arguments})
