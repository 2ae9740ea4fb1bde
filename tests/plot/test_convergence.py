import numpy as np
import pytest

from jaxcollapse import plot
from stand_ins import Fixed, bars, points

pytestmark = pytest.mark.usefixtures("no_figures_left")


def test_means_and_intervals_lie_at_their_counts():
    estimates = [Fixed(2.0 + 10 / n, 5 / n, count=n) for n in (10, 100, 1000)]
    ax = plot.convergence(estimates, 2.0, level=0.5, ylabel="risk")
    np.testing.assert_allclose(points(ax), [[10, 3.0], [100, 2.1], [1000, 2.01]])
    np.testing.assert_allclose(bars(ax)[0], [3.0 - 0.337245, 3.0 + 0.337245])
    np.testing.assert_allclose(np.diff(bars(ax))[:, 0] * [10, 100, 1000], 2 * 0.67449 * 5)
    (line,) = [line for line in ax.lines if line.get_label() == "theory"]
    assert set(line.get_ydata()) == {2.0}
    assert (ax.get_xscale(), ax.get_xlabel(), ax.get_ylabel()) == ("log", "replications", "risk")
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["simulation (50 % interval)", "theory"]


def test_a_theory_is_not_needed():
    ax = plot.convergence([Fixed(1.0, 0.1)])
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["simulation (95 % interval)"]


@pytest.mark.parametrize(
    ("estimates", "theory", "message"),
    [
        ([], None, "at least one estimate, got none"),
        ([Fixed(1.0, 0.1), Fixed([1.0, 2.0], [0.1, 0.1])], None, r"one number each, got a mean of shape \(2,\)"),
        ([Fixed(1.0, 0.1)], [1.0, 2.0], r"theory must be a number, got shape \(2,\)"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments_are_named(estimates, theory, message):
    with pytest.raises(ValueError, match=message):
        plot.convergence(estimates, theory)
