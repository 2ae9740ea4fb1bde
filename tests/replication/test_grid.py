"""Grid: snippet 7 of the manual, one compilation, common random numbers, differences of pairs."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse as jc


def shifted(key, *, scale, shift, kind):
    x = jax.random.normal(key, (3,))
    return scale * (jnp.exp(x) if kind == "log" else x) + shift


def simple_grid():
    return jc.Grid(shift=jnp.array([0.0, 10.0]), kind={"plain": "id", "lognormal": "log"}, scale=[1.0, 2.0, 4.0])


@pytest.fixture
def key():
    return jax.random.key(3)


def test_the_manual(key, tmp_path, compilations):
    """Snippet 7 as it is written, with a smaller model and fewer replications."""
    pytest.importorskip("xarray")
    spectrum = jc.theory.Spectrum.isotropic(4)

    def risk(key, *, samples, penalty, workflow):
        model = jc.LinearRegression(spectrum=spectrum, noise=1.0, penalty=penalty)
        return jc.simulate(model, workflow, key=key, samples=samples, generations=3).risk

    grid = jc.Grid(
        samples=jnp.array([15, 20, 40]),
        penalty=jnp.geomspace(1e-4, 1.0, 2),
        workflow={"replace": jc.Replace(), "accumulate": jc.Accumulate()},
    )
    est = jc.monte_carlo(risk, key, replications=100, grid=grid, dims=("generation",), save=tmp_path / "sweep")
    est = est.refine(rtol=0.03, max_replications=10_000)
    data = est.to_xarray()
    assert compilations.count == 1
    assert data["mean"].dims == ("samples", "penalty", "workflow", "generation")
    assert list(data["workflow"].values) == ["replace", "accumulate"]
    assert 100 < est.count < 10_000
    assert np.all(est.stderr <= 0.03 * est.mean)
    assert est.replay(17).shape == (3, 2, 2, 3)
    assert (tmp_path / "sweep" / "state.npz").exists()

    def single(key):
        return risk(key, samples=20, penalty=1.0, workflow=jc.Accumulate())

    alone = jc.monte_carlo(single, key, replications=est.count)
    at = data["mean"].sel(samples=20, workflow="accumulate").sel(penalty=1.0, method="nearest")
    np.testing.assert_allclose(at, alone.mean, rtol=1e-5)


def test_every_point_is_that_of_a_run_of_its_own(key):
    grid = simple_grid()
    estimate = jc.monte_carlo(shifted, key, 500, grid=grid)
    assert estimate.mean.shape == (2, 2, 3, 3)
    for i, shift in enumerate([0.0, 10.0]):
        for j, kind in enumerate(["id", "log"]):
            for k, scale in enumerate([1.0, 2.0, 4.0]):
                alone = jc.monte_carlo(lambda key: shifted(key, scale=scale, shift=shift, kind=kind), key, 500)  # noqa: B023
                np.testing.assert_allclose(estimate.mean[i, j, k], alone.mean, rtol=1e-5, atol=1e-5)
                np.testing.assert_allclose(estimate.stderr[i, j, k], alone.stderr, rtol=1e-4)
                np.testing.assert_allclose(
                    estimate.replay(321)[i, j, k],
                    shifted(jax.random.fold_in(key, 321), scale=scale, shift=shift, kind=kind),
                    rtol=1e-5,
                )


def test_differences_are_those_of_pairs(key):
    count = 100
    estimate = jc.monte_carlo(shifted, key, count, grid=simple_grid())
    values = np.array([estimate.replay(i) for i in range(count)], float)
    for axis, name in enumerate(("shift", "kind", "scale")):
        found = estimate.difference(name)
        gaps = np.delete(values, 0, axis + 1) - np.take(values, [0], axis + 1)
        np.testing.assert_allclose(found.mean, gaps.mean(0), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(found.stderr, gaps.std(0, ddof=1) / np.sqrt(count), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(found.replay(5), gaps[5], rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(
            found.quantile(0.3), np.quantile(gaps, 0.3, axis=0, method="inverted_cdf"), rtol=1e-6, atol=1e-6
        )
    assert np.all(estimate.difference("shift").stderr < 1e-6)  # the same numbers, shifted
    refined = estimate.difference("scale").refine(replications=5000)
    whole = jc.monte_carlo(shifted, key, 5000, grid=simple_grid()).difference("scale")
    assert np.array_equal(refined.mean, whole.mean) and np.array_equal(refined.stderr, whole.stderr)


def test_differences_have_names(key):
    pytest.importorskip("xarray")
    data = jc.monte_carlo(shifted, key, 50, grid=simple_grid(), dims=("entry",)).difference("scale").to_xarray()
    assert data["mean"].dims == ("shift", "kind", "scale", "entry")
    assert data["scale"].values.tolist() == [2.0, 4.0]


@pytest.mark.slow
def test_independent_points_do_not_share_numbers(key):
    grid = jc.Grid(scale=[1.0, 1.0], kind=["a", "b"])
    run = lambda key, scale, kind: scale * jax.random.normal(key)  # noqa: E731
    together = jc.monte_carlo(run, key, 2000, grid=grid)
    apart = jc.monte_carlo(run, key, 2000, grid=grid, independent=True)
    assert np.ptp(together.mean) == 0
    assert np.abs(np.corrcoef(np.array([apart.replay(i).ravel() for i in range(200)]).T) - np.eye(4)).max() < 0.3
    np.testing.assert_allclose(apart.difference("scale").stderr, np.sqrt(2 / 2000), rtol=0.1)


def test_an_array_axis_compiles_once_whatever_its_values(key, compilations):
    def run(key, *, scale, power, kind):
        x = jax.random.uniform(key) ** power
        return scale * (x if kind == "a" else jnp.sqrt(x))

    for start in (1.0, 2.0):
        grid = jc.Grid(scale=start + np.arange(5.0), power=start + np.arange(3.0), kind=["a", "b"])
        estimate = jc.monte_carlo(run, key, 1000, grid=grid)
        assert estimate.mean.shape == (5, 3, 2)
    assert compilations.count == 1


def test_bits_do_not_depend_on_threads_and_blocks(key):
    reference = jc.monte_carlo(shifted, key, 9000, grid=simple_grid(), threads=1, block=1)
    for threads, block in ((2, None), (3, 2)):
        estimate = jc.monte_carlo(shifted, key, 9000, grid=simple_grid(), threads=threads, block=block)
        assert np.array_equal(reference.mean, estimate.mean)
        assert np.array_equal(reference.difference("kind").stderr, estimate.difference("kind").stderr)


def test_points_with_and_without_linear_algebra(key):
    def run(key, *, kind, size):
        matrix = jax.random.normal(key, (3, 3)) + 9 * jnp.eye(3)
        return size * (jnp.linalg.det(matrix) if kind == "lu" else matrix.sum())

    estimate = jc.monte_carlo(run, key, 200, grid=jc.Grid(kind=["lu", "sum"], size=[1.0, 2.0]))
    expected = [run(jax.random.fold_in(key, 150), kind=kind, size=2.0) for kind in ("lu", "sum")]
    np.testing.assert_allclose(estimate.replay(150)[:, 1], expected, rtol=1e-5)


@pytest.mark.slow
def test_many_points_make_small_tiles():
    """All points of a tile are held at a time: their bytes are bounded."""
    grid = jc.Grid(scale=np.arange(3000.0))
    estimate = jc.monte_carlo(
        lambda key, scale: scale + jax.random.normal(key, (100,)), jax.random.key(0), 20, grid=grid
    )
    assert estimate._run.tile * 3000 * 100 * 4 <= 2**24
    np.testing.assert_allclose(estimate.mean - np.arange(3000.0)[:, None], np.zeros((3000, 100)), atol=1.5)


@pytest.mark.parametrize(
    ("axes", "error", "message"),
    [
        ({}, ValueError, "at least one axis"),
        ({"key": [1.0]}, ValueError, "first argument"),
        ({"a": []}, ValueError, "at least one entry"),
        ({"a": {}}, ValueError, "at least one entry"),
        ({"a": jnp.array(3.0)}, ValueError, "at least one dimension"),
        ({"a": 3.0}, TypeError, "array, a dictionary or a list"),
        ({"a": ["x", "x"]}, ValueError, "different labels"),
        ({"a": np.array(["x"])}, TypeError, "must hold numbers"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_axes(axes, error, message):
    with pytest.raises(error, match=message):
        jc.Grid(**axes)


@pytest.mark.usefixtures("unchecked")
def test_wrong_use(key):
    estimate = jc.monte_carlo(shifted, key, 10, grid=simple_grid())
    with pytest.raises(ValueError, match="must be one of the grid's axes"):
        estimate.difference("sclae")
    with pytest.raises(ValueError, match="differences already"):
        estimate.difference("scale").difference("kind")
    with pytest.raises(ValueError, match="same shape and type for all values of \\['size'\\]"):
        jc.monte_carlo(lambda key, size: jnp.zeros(size), key, 10, grid=jc.Grid(size={"small": 1, "large": 2}))
    with pytest.raises(TypeError, match="grid must be a jaxcollapse Grid"):
        jc.monte_carlo(shifted, key, 10, grid={"a": [1]})
    with pytest.raises(ValueError, match="dims must name the 1 axes"):
        jc.monte_carlo(shifted, key, 10, grid=simple_grid(), dims=("a", "b"))
    with pytest.raises(ValueError, match="dims must differ"):
        jc.monte_carlo(shifted, key, 10, grid=simple_grid(), dims=("scale",))


def test_an_axis_with_one_entry():
    """Nothing can be subtracted along it; everything else is as without it."""
    draw = lambda key, scale, shift=0.0: scale * jax.random.normal(key) + shift  # noqa: E731
    alone = jc.monte_carlo(draw, jax.random.key(0), 300, grid=jc.Grid(scale=[1.0, 2.0]))
    both = jc.monte_carlo(draw, jax.random.key(0), 300, grid=jc.Grid(scale=[1.0, 2.0], shift=[0.0]))
    np.testing.assert_allclose(both.mean[:, 0], alone.mean, rtol=1e-6)
    assert both.difference("shift").mean.shape == (2, 0) and both.difference("scale").mean.shape == (1, 1)
