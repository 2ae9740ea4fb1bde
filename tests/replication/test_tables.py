"""What an estimate, a verdict and a model look like in a table."""

from html.parser import HTMLParser

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse as jc

pandas = pytest.importorskip("pandas")
KEY = jax.random.key(0)


@pytest.fixture(scope="module")
def estimate():
    """A grid of one axis, and leaves of two shapes."""

    def run(key, scale):
        curve = scale * jax.random.normal(key, (3,)) + jnp.arange(3.0)
        return {"curve": curve, "last": curve[-1] > 0}

    return jc.monte_carlo(run, KEY, 500, grid=jc.Grid(scale=[1.0, 2.0]), dims=["generation"], progress=False)


def test_a_tidy_table_has_every_number_once(estimate):
    table = estimate.to_pandas()
    assert len(table) == 2 * 3 + 2 and (table.replications == 500).all()
    rows = table[(table.variable == "curve") & (table.scale == 2.0)]
    assert rows.generation.tolist() == [1, 2, 3]
    np.testing.assert_array_equal(rows["mean"], estimate.mean["curve"][1])
    np.testing.assert_array_equal(rows.stderr, estimate.stderr["curve"][1])
    lower, upper = estimate.interval(0.95)
    np.testing.assert_array_equal(rows.lower, lower["curve"][1])
    np.testing.assert_array_equal(rows.upper, upper["curve"][1])
    last = table[table.variable == "last"]
    assert last.scale.tolist() == [1.0, 2.0] and last.generation.isna().all()
    assert last.usable.tolist() == estimate.usable["last"].tolist()


@pytest.mark.parametrize(
    "tree",
    [{"a": {"b": 0}, "a.b": 0, "a_b": 0}, {"": 0, "mean": 0}, {1: 0, 2: 0}, {"variable": 0, "stderr": 0}, [0, (0, 0)]],
)
def test_no_two_leaves_have_one_name(tree):
    count = len(jax.tree.leaves(tree))
    run = lambda key: jax.tree.map(lambda leaf: leaf + jax.random.normal(key), tree)  # noqa: E731
    estimate = jc.monte_carlo(run, KEY, 50, progress=False)
    assert estimate.to_pandas().variable.nunique() == count and len(estimate.to_xarray().data_vars) == 2 * count


@pytest.mark.parametrize("name", ["variable", "mean", "stderr", "lower", "upper", "usable", "replications", "axis_0"])
@pytest.mark.parametrize("named", [False, True])
def test_an_axis_may_be_called_as_a_column_is(name, named):
    def run(key, **point):
        curve = point[name] + jax.random.normal(key, (3,))
        return {"curve": curve} if named else curve

    estimate = jc.monte_carlo(run, KEY, 50, grid=jc.Grid(**{name: [10.0, 20.0]}), progress=False)
    table, data = estimate.to_pandas(), estimate.to_xarray()
    axis = name if name == "axis_0" else f"grid_{name}"
    assert len(table) == 6 and table.columns.is_unique
    assert table[axis].tolist() == [10.0] * 3 + [20.0] * 3
    np.testing.assert_array_equal(table["mean"], np.ravel(jax.tree.leaves(estimate.mean)[0]))
    assert data.coords[name].values.tolist() == [10.0, 20.0]
    assert any(np.array_equal(v.values, jax.tree.leaves(estimate.mean)[0]) for v in data.data_vars.values())


def test_axes_without_a_name_count_from_zero():
    one = jc.monte_carlo(lambda key: jax.random.normal(key, (2, 2)), KEY, 50, progress=False)
    table = one.to_pandas()
    assert list(table.columns[:2]) == ["axis_0", "axis_1"] and table.axis_1.tolist() == [0, 1, 0, 1]
    assert one.to_pandas(dims=("row", "column")).column.tolist() == [0, 1, 0, 1]
    with pytest.raises(ValueError, match="dims must name 2 axes"):
        one.to_pandas(dims=("row",))


def test_latex_has_means_with_the_digits_of_their_errors(estimate):
    text = estimate.to_latex()
    assert text.startswith("\\begin{tabular}") and text.count("\\\\") == 1 + 8
    mean, stderr = estimate.mean["curve"][0, 1], estimate.stderr["curve"][0, 1]  # some .04
    assert f"{mean:.3f}({1000 * stderr:.0f})" in text


class Texts(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.tags, self.texts = set(), []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)

    def handle_data(self, data):
        self.texts.append(data)


def test_notebooks_show_tables(estimate):
    page = Texts(estimate._repr_html_())
    assert page.tags == {"table", "caption", "tr", "th", "td"}
    assert page.texts[0] == "500 replications" and {"curve", "last"} <= set(page.texts)
    model = Texts(jc.LinearRegression(jc.theory.Spectrum.isotropic(3), noise=0.5)._repr_html_())
    assert model.texts[0] == "LinearRegression" and "noise" in model.texts


def test_what_a_claim_says_is_text(by_name, verification):
    page = Texts(verification._repr_html_())
    assert page.tags == {"table", "caption", "tr", "th", "td"} and set(by_name) <= set(page.texts)
    verdict = next(iter(by_name.values()))
    assert Texts(verdict._repr_html_()).texts[0] == verdict.summary().splitlines()[0]


def test_the_axis_of_generations_has_its_name():
    """That of a trajectory, wherever in the function it is simulated; not one that is as long by chance."""

    def run(key, n):
        return jc.simulate(jc.NormalMean(0.0), jc.Replace(), key=key, samples=n, generations=3).metrics

    chains = jc.monte_carlo(run, KEY, 64, grid=jc.Grid(n=[5.0, 9.0]), progress=False)
    table = chains.to_pandas()
    assert table.generation.tolist()[:3] == [1, 2, 3] and "axis_0" not in table
    pytest.importorskip("xarray")
    assert chains.to_xarray().generation.values.tolist() == [1, 2, 3]
    last = jc.monte_carlo(lambda key: run(key, 5)["squared_error"][1:], KEY, 64, progress=False)
    assert "axis_0" in last.to_pandas()
    assert "axis_0" in jc.monte_carlo(lambda key: jax.random.normal(key, (3,)), KEY, 64, progress=False).to_pandas()


def test_names_of_metrics_are_completed():
    run = jc.simulate(jc.NormalMean(0.0), jc.Replace(), key=KEY, samples=5, generations=2)
    assert {"squared_error", "metrics", "params"} <= set(dir(run))
