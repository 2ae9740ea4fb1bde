"""The figures of the papers: what is drawn is what is said, and the points lie on the lines."""

import jax
import matplotlib.figure
import numpy as np
import pytest
from matplotlib.container import ErrorbarContainer

import jaxcollapse as jc
from jaxcollapse import figures
from jaxcollapse.figures.figure import Runs
from jaxcollapse.figures.legend import covered, make_room
from jaxcollapse.plot import file

pytestmark = pytest.mark.usefixtures("no_figures_left")
EXACT = ("gerstgrasser2024-regression", "kazdan2024-gaussian-mean", "suresh2024-survival", "seddik2024-4")
SEEDS = ("gerstgrasser2024", "dohmatob2024", "xu2025", "barzilai2025")


def deviations(ax):
    """How far simulated points are from the line of their place, in half widths of their intervals."""
    points = [c for c in ax.containers if isinstance(c, ErrorbarContainer)]
    lines = [line for line in ax.lines if len(line.get_xdata()) > 2 and line.get_linestyle() not in ("None", ":")]
    lines = lines[: len(points)]
    found = []
    for container, line in zip(points, lines, strict=True):
        x, y = container.lines[0].get_data()
        ends = np.array([segment[:, 1] for segment in container.lines[2][0].get_segments()])
        found.append((y - np.interp(x, *line.get_data())) / np.maximum((ends[:, 1] - ends[:, 0]) / 2, 1e-12))
    return np.abs(np.concatenate(found))


def test_the_four_papers_have_figures_and_no_two_share_a_name():
    entries = figures.all()
    assert set(SEEDS) <= {entry.reference.key for entry in entries} and len(entries) >= 12
    assert len({entry.name for entry in entries}) == len(entries)
    assert all(entry.reference == jc.claims.papers()[entry.reference.key] for entry in entries)


def test_a_paper_is_found_by_any_of_its_names():
    for name in ("xu2025", "xu", "Xu", "2505.13947", "arXiv:2505.13947", "2505.13947v3"):
        assert figures.get(name, "3") is figures.of("xu2025")[0]
    with pytest.raises(ValueError, match="a first author with figures, got 'xu2026': did you mean 'xu2025'"):
        figures.get("xu2026", "3")
    with pytest.raises(ValueError, match="number must be one of 1a, 1b, 2 for Dohmatob et al. 2024, got '1c'"):
        figures.get("dohmatob2024", "1c")


@pytest.mark.slow
def test_simulated_points_lie_on_the_exact_lines():
    """Replaced, accumulated on one design and on fresh ones: 60 points, of which none may be 2.2 half widths away."""
    picture = figures.get("gerstgrasser2024", "regression").draw(replications=1000)
    (ax,) = picture.axes
    off = deviations(ax)
    assert off.size == 60 and off.max() < 2.2
    assert ax.get_legend_handles_labels()[1][:3] == ["theory", "replace", "accumulate, one design"]
    words = picture.get_suptitle()
    assert words.startswith("Gerstgrasser et al. 2024, regression: least squares")
    assert "d = 10, n = 32, σ = 1, isotropic. 1,000 replications." in words


def test_a_legend_hides_nothing():
    """Lines to every corner: whichever corner is taken, one passes; and a legend that is in nobody's way stays."""
    for scale in ("linear", "log"):
        picture = matplotlib.figure.Figure()
        crossed, free = picture.subplots(1, 2)
        for ax in (crossed, free):
            ax.set_yscale(scale)
            ax.plot([1, 10], [2, 2 if ax is free else 9], label="a line")
        crossed.plot([1, 10], [9, 2], label="another")
        crossed.fill_between([1, 10], 2, 9, alpha=0.1)
        free.axvline(9.0)
        before = free.get_ylim()
        for ax in (crossed, free):
            ax.legend()
        assert covered(crossed, crossed.get_legend().get_window_extent())
        make_room(picture)
        picture.draw_without_rendering()
        assert not covered(crossed, crossed.get_legend().get_window_extent())
        assert crossed.get_ylim()[1] > 10 and free.get_ylim() == before


@pytest.mark.slow
def test_the_largest_of_many_chains_lies_where_its_law_says(x64):
    """Five maxima of 10,000 chains each: that none lies in the band of 90 % has probability 1e-5."""
    ax = matplotlib.figure.Figure().subplots()
    figures.get("xu", "3").panels[1](ax, Runs(jax.random.key(0), 10_000))
    band, (_, points) = ax.collections[0].get_paths()[0].vertices, ax.lines
    inside = 0
    for x, y in points.get_xydata():
        limits = band[np.isclose(band[:, 0], x), 1]
        inside += limits.min() <= y <= limits.max()
    assert len(points.get_xdata()) == 5 and inside >= 3


@pytest.mark.slow
@pytest.mark.parametrize("entry", figures.all(), ids=lambda entry: entry.name)
def test_every_figure_is_drawn(entry):
    picture = entry.draw(replications=entry.few)
    assert len(picture.axes) == len(entry.panels) and f"{entry.few:,} replications" in picture.get_suptitle()
    for ax in picture.axes:
        assert ax.get_xlabel() and ax.get_ylabel() and ax.get_legend_handles_labels()[1]
        assert np.isfinite([*ax.get_xlim(), *ax.get_ylim()]).all()
        if entry.name in EXACT and any(isinstance(c, ErrorbarContainer) for c in ax.containers):
            assert deviations(ax).max() < 3


def test_arguments_are_checked():
    entry = figures.get("gerstgrasser", "regression")
    with pytest.raises(ValueError, match="replications must be at least 2, got 1"):
        entry.draw(replications=1)
    with pytest.raises(TypeError, match="key must be a typed key"):
        entry.draw(key=0)


@pytest.mark.parametrize("suffix", file.SUFFIXES)
def test_a_file_says_how_it_was_made_and_has_the_same_bytes_again(suffix, tmp_path):
    def write(path):
        picture = matplotlib.figure.Figure()
        picture.subplots().plot([1, 2], [3, 4], label="a line")
        file.write(picture, path, made_by="jaxcollapse 1", about="seed = 7, σ")
        return path.read_bytes()

    first = write(tmp_path / f"one{suffix}")
    assert first == write(tmp_path / f"two{suffix}")
    heads = {".png": b"\x89PNG", ".pdf": b"%PDF", ".svg": b"<?xml"}
    assert first.startswith(heads[suffix]) and b"jaxcollapse 1" in first
