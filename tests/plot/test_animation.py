import matplotlib.animation
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.animation import AbstractMovieWriter, MovieWriterRegistry
from PIL import Image

from jaxcollapse import plot

pytestmark = pytest.mark.usefixtures("no_figures_left")

X = np.linspace(-1.0, 1.0, 5)
DENSITIES = np.array([[0.0, 1.0, 2.0, 1.0, 0.0], [0.0, 0.5, 4.0, 0.5, 0.0], [0.0, 0.0, 8.0, 0.0, 0.0]])


class Frames(AbstractMovieWriter):
    """Keeps what a film would show: the title, the model's line and the height of its area."""

    isAvailable = staticmethod(lambda: True)
    made = []

    def __init__(self, fps=5, **settings):
        super().__init__(fps=fps)
        self.shown = []
        self.made.append(self)

    def setup(self, fig, outfile, dpi=None):
        super().setup(fig, outfile, dpi)

    def grab_frame(self, **settings):
        (self.ax,) = self.fig.axes
        line = next(line for line in self.ax.lines if line.get_label() == "model")
        corners = self.ax.collections[0].get_paths()[0].vertices[:, 1]
        self.shown.append((self.ax.get_title(), line.get_ydata().copy(), corners.max()))

    def finish(self):
        with open(self.outfile, "w") as file:
            file.write("film")


@pytest.fixture
def film(tmp_path, monkeypatch):
    """What `save` writes where ffmpeg exists."""
    registry = MovieWriterRegistry()
    registry.register("ffmpeg")(Frames)
    monkeypatch.setattr(matplotlib.animation, "writers", registry)

    def record(animation):
        path = plot.save(animation, str(tmp_path / "collapse.mp4"))
        assert path == tmp_path / "collapse.mp4" and path.read_text() == "film"
        return Frames.made.pop()

    return record


def test_every_frame_is_one_generation(film):
    titles, heights, corners = zip(*film(plot.animate(X, DENSITIES)).shown, strict=True)
    assert titles == ("generation g = 1", "generation g = 2", "generation g = 3")
    np.testing.assert_array_equal(heights, DENSITIES)
    assert corners == (2.0, 4.0, 8.0)
    assert not plt.get_fignums()


def test_the_truth_is_dashed_and_the_axes_hold_all_generations(film):
    ax = film(plot.animate(X, DENSITIES, truth=DENSITIES[0] / 2, xlabel="x")).ax
    truth = next(line for line in ax.lines if line.get_label() == "truth")
    np.testing.assert_array_equal(truth.get_ydata(), DENSITIES[0] / 2)
    assert truth.get_linestyle() == "--"
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_xlim()) == ("x", "density", (-1.0, 1.0))
    assert ax.get_ylim() == pytest.approx((0.0, 1.05 * 8))


def test_a_density_that_collapses_leaves_the_axes_at_ten_times_the_truth(film):
    ax = film(plot.animate(X, [*DENSITIES, 100 * DENSITIES[0]], truth=DENSITIES[0])).ax
    assert ax.get_ylim() == pytest.approx((0.0, 1.05 * 20))


def test_a_gif_has_a_frame_for_every_generation(tmp_path):
    path = plot.save(plot.animate(X, DENSITIES), tmp_path / "collapse.gif")
    assert path == tmp_path / "collapse.gif"
    with Image.open(path) as film:
        assert (film.format, film.n_frames, film.info["duration"]) == ("GIF", 3, 500)


@pytest.mark.parametrize("name", ["collapse.gif", "collapse.mp4"])
def test_without_its_writer_a_film_is_a_page(tmp_path, monkeypatch, name):
    monkeypatch.setattr(matplotlib.animation, "writers", MovieWriterRegistry())
    path = plot.save(plot.animate(X, DENSITIES), tmp_path / name)
    assert path == tmp_path / "collapse.html"
    assert [found.name for found in tmp_path.iterdir()] == ["collapse.html"]
    assert path.read_text(encoding="utf-8").count("data:image/png;base64") == 3


@pytest.mark.parametrize(("generations", "frames_per_second"), [(3, 2), (40, 5), (1000, 25)])
def test_a_film_lasts_about_eight_seconds(film, generations, frames_per_second):
    made = film(plot.animate(X, np.ones((generations, 5))))
    assert (made.fps, len(made.shown)) == (frames_per_second, generations)


def test_a_page_may_be_asked_for(tmp_path):
    path = plot.save(plot.animate(X, DENSITIES), tmp_path / "collapse.html")
    assert path == tmp_path / "collapse.html" and "<script" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"densities": DENSITIES[0]}, r"densities must have shape \(generations, points\).*got shape \(5,\)"),
        ({"densities": -DENSITIES}, "densities must be finite and at least 0, got -1"),
        ({"densities": np.full((3, 5), np.nan)}, "densities must be finite"),
        ({"x": [0.0, 1.0]}, r"x must rise and have shape \(5,\), like a density, got shape \(2,\)"),
        ({"x": X[::-1]}, "x must rise"),
        ({"truth": [1.0]}, r"truth must have shape \(5,\), like a density, got \(1,\)"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        plot.animate(**{"x": X, "densities": DENSITIES, **arguments})


@pytest.mark.usefixtures("unchecked")
def test_another_ending_is_refused(tmp_path):
    with pytest.raises(ValueError, match="path must end in .gif, .mp4 or .html, got '.*collapse.png'"):
        plot.save(None, tmp_path / "collapse.png")
