"""A saved grid that grows: the same numbers as the whole grid at once, and nothing that is finished twice."""

import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse as jc

KEY = jax.random.key(5)
KINDS = {"plain": 1.0, "cubed": 3.0}


def drawn(key, *, shift, kind=1.0, scale=2.0):
    return scale * jax.random.normal(key) ** kind + shift


def estimate(folder, count=100, **axes):
    return jc.monte_carlo(drawn, KEY, count, grid=jc.Grid(**axes), save=folder)


def agree(grown, whole, *axes):
    """All that an estimate says, along these axes too."""
    assert grown.count == whole.count and grown.coordinates.keys() == whole.coordinates.keys()
    for one, other in ((grown, whole), *((grown.difference(axis), whole.difference(axis)) for axis in axes)):
        for name in ("mean", "stderr", "minimum", "maximum", "skewness"):
            np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(one.quantile([0.1, 0.5]), other.quantile([0.1, 0.5]), rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(one.replay(17), other.replay(17), rtol=1e-5, atol=1e-5)


@pytest.mark.slow
def test_a_grid_with_more_values_is_that_of_one_call(tmp_path):
    """More of both axes, in between and behind; then more replications, and the small grid again."""
    small, large = {"shift": [0.0, 10.0], "kind": {"plain": 1.0}}, {"shift": [0.0, 5.0, 10.0, 3.0], "kind": KINDS}
    assert estimate(tmp_path, **small).count == 100
    grown, whole = estimate(tmp_path, **large), estimate(None, **large)
    agree(grown, whole, "shift", "kind")
    agree(grown.refine(replications=1500), whole.refine(replications=1500), "kind")
    assert sorted(path.name for path in tmp_path.glob("more-*")) == ["more-1", "more-2"]
    again = estimate(tmp_path, **small)
    np.testing.assert_array_equal(again.mean, estimate(None, 1500, **small).mean)
    assert again.count == 1500


def test_another_axis_begins_with_the_default(tmp_path):
    estimate(tmp_path, shift=[0.0, 10.0])
    axes = {"shift": [0.0, 10.0, 3.0], "scale": [2.0, 0.5]}
    agree(estimate(tmp_path, **axes), estimate(None, **axes), "scale")
    with pytest.raises(ValueError, match="holds another run, which differs in grid"):
        estimate(tmp_path, shift=[0.0, 10.0], scale=[1.0, 2.0])


def test_what_is_finished_is_not_computed_again(tmp_path):
    seen = []

    def watched(key, *, shift):
        jax.debug.callback(lambda at: seen.append(float(at)), shift)
        return jax.random.normal(key) + shift

    def called(shift, save=tmp_path):
        seen.clear()
        found = jc.monte_carlo(watched, KEY, 8, grid=jc.Grid(shift=shift), save=save)
        jax.effects_barrier()
        return found.mean, sorted(seen)

    first, calls = called([0.0, 1.0, 2.0])
    state = (tmp_path / "state.npz").read_bytes()
    assert calls == sorted([0.0, 1.0, 2.0] * 8)
    more, calls = called([0.0, 1.0, 2.0, 3.0, 4.0])
    assert calls == sorted([0.0, 3.0, 4.0] * 8)  # the first again: differences are from it
    np.testing.assert_array_equal(more[:3], first)
    assert (tmp_path / "state.npz").read_bytes() == state
    assert called([0.0, 1.0, 2.0, 3.0, 4.0])[1] == []


def test_failures_are_those_of_all_points(tmp_path):
    def failing(key, *, shift):
        x = jax.random.uniform(key)
        return jnp.where(x < shift, jnp.nan, x)

    def found(shift, save):
        return jc.monte_carlo(failing, KEY, 60, grid=jc.Grid(shift=shift), save=save)

    found([0.05, 0.1], tmp_path)
    grown, whole = (found([0.05, 0.1, 0.2], save) for save in (tmp_path, None))
    np.testing.assert_array_equal(grown.nonfinite, whole.nonfinite)
    np.testing.assert_array_equal(grown.nonfinite_replications, whole.nonfinite_replications)


def test_it_can_be_pickled_and_refuses_what_is_no_part_of_it(tmp_path):
    estimate(tmp_path, shift=[1.0, 10.0])
    grown = estimate(tmp_path, shift=[1.0, 10.0, 3.0])
    again = pickle.loads(pickle.dumps(grown))
    np.testing.assert_array_equal(again.mean, grown.mean)
    with pytest.raises(ValueError, match=r"axis 'shift' must begin with 1.0, as the grid in the folder .* got 0.5"):
        estimate(tmp_path, shift=[0.5, 1.0, 10.0])
    with pytest.raises(ValueError, match="holds another run, which differs in grid"):
        estimate(tmp_path, shift=[1.0, 11.0])
    grid = jc.Grid(shift=[1.0, 10.0, 11.0])
    with pytest.raises(ValueError, match="holds another run, which differs in seed"):
        jc.monte_carlo(drawn, jax.random.key(6), 100, grid=grid, save=tmp_path)
    with pytest.raises(ValueError, match="holds another run, which differs in grid"):
        jc.monte_carlo(drawn, KEY, 100, grid=grid, save=tmp_path, independent=True)
