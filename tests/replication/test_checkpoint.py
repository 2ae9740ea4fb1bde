"""A saved run: what its folder holds, what it refuses, and what it does with a damaged file."""

import errno
import json
import os

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.machine import versions
from jaxcollapse.machine.precision import enable_x64
from jaxcollapse.replication import checkpoint


def draw(key, scale=1.0, size=2):
    return scale * jax.random.normal(key, (size,))


@pytest.fixture
def key():
    return jax.random.key(1)


def test_a_saved_run_goes_on_and_gives_the_same_bits(key, tmp_path):
    folder = tmp_path / "deep" / "run"
    for replications in (5000, 9000, 9000, 20_000):
        saved = jc.monte_carlo(draw, key, replications, save=folder)
        whole = jc.monte_carlo(draw, key, replications)
        assert saved.count == replications
        assert np.array_equal(saved.mean, whole.mean) and np.array_equal(saved.skewness, whole.skewness)
    more = jc.monte_carlo(draw, key, 100, save=folder)
    assert more.count == 19456  # whole tiles are never thrown away
    assert saved.refine(replications=30_000).count == 30_000
    assert jc.monte_carlo(draw, key, 100, save=folder).count == 29696


def test_the_file_is_readable_with_numpy_alone(key, tmp_path):
    estimate = jc.monte_carlo(draw, key, 8192, save=tmp_path)
    with np.load(tmp_path / "state.npz", allow_pickle=False) as file:
        assert file["count"] == 8192
        assert np.array_equal(file["mean"], estimate.mean) and file["mean"].dtype == np.float64
        identity = json.loads(str(file["identity"]))
    assert identity["tile"] == "1024" and identity["jax version"] == jax.__version__
    assert sorted(os.listdir(tmp_path)) == ["lock", "state.npz"]


def other_calls(key):
    grid = jc.Grid(scale=[1.0, 2.0])
    return {
        "seed": lambda save: jc.monte_carlo(draw, jax.random.key(2), 9000, save=save),
        "key implementation": lambda save: jc.monte_carlo(draw, jax.random.key(1, impl="rbg"), 9000, save=save),
        "function": lambda save: jc.monte_carlo(lambda key: jnp.exp(draw(key)), key, 9000, save=save),
        "numbers in the function": lambda save: jc.monte_carlo(lambda key: draw(key, 2.0), key, 9000, save=save),
        "result": lambda save: jc.monte_carlo(lambda key: draw(key, size=3), key, 9000, save=save),
        "grid": lambda save: jc.monte_carlo(draw, key, 9000, grid=grid, save=save),
    }


@pytest.mark.parametrize("difference", other_calls(None))
def test_another_run_is_refused(difference, key, tmp_path):
    jc.monte_carlo(lambda key: draw(key, 1.5), key, 5000, save=tmp_path)
    before = (tmp_path / "state.npz").read_bytes()
    with pytest.raises(ValueError, match=f"holds another run, which differs in .*{difference}.*: repeat that run"):
        other_calls(key)[difference](tmp_path)
    assert (tmp_path / "state.npz").read_bytes() == before


def test_another_precision_version_or_grid_is_refused(key, tmp_path, monkeypatch):
    grid = jc.Grid(scale=[1.0, 2.0])
    jc.monte_carlo(draw, key, 9000, grid=grid, save=tmp_path)
    with pytest.raises(ValueError, match="differs in grid:"):
        jc.monte_carlo(draw, key, 9000, grid=jc.Grid(scale=[1.0, 3.0]), save=tmp_path)
    with pytest.raises(ValueError, match="differs in grid:"):
        jc.monte_carlo(draw, key, 9000, grid=grid, independent=True, save=tmp_path)
    with enable_x64(True), pytest.raises(ValueError, match="precision and grid and result"):
        jc.monte_carlo(draw, key, 9000, grid=grid, save=tmp_path)
    monkeypatch.setattr(versions, "__version__", "0.0.9")
    with pytest.raises(ValueError, match="differs in jaxcollapse version:"):
        jc.monte_carlo(draw, key, 9000, grid=grid, save=tmp_path)


def damages(content):
    flipped = bytearray(content)
    flipped[len(content) // 2] ^= 4
    lengths = [0, 1, 10, len(content) // 3, len(content) // 2, len(content) - 1]
    return [*(content[:n] for n in lengths), bytes(flipped), b"nonsense" * 100, b"\x80\x04K\x01."]


def test_a_damaged_file_is_set_aside(key, tmp_path):
    reference = jc.monte_carlo(draw, key, 9000, save=tmp_path)
    content = (tmp_path / "state.npz").read_bytes()
    for number, damaged in enumerate(damages(content), start=1):
        (tmp_path / "state.npz").write_bytes(damaged)
        with pytest.warns(UserWarning, match=f"cannot be read .* it is now 'state.npz.corrupt-{number}'"):
            estimate = jc.monte_carlo(draw, key, 9000, save=tmp_path)
        assert np.array_equal(estimate.mean, reference.mean)
        assert (tmp_path / f"state.npz.corrupt-{number}").read_bytes() == damaged
        assert (tmp_path / "state.npz").read_bytes() == content


def test_a_full_disk_leaves_the_old_state(key, tmp_path, monkeypatch):
    jc.monte_carlo(draw, key, 8192, save=tmp_path)
    before = (tmp_path / "state.npz").read_bytes()

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        message = r"cannot save to the folder .* \(the state of 8,192 replications is still there\): No space left"
        with pytest.raises(OSError, match=message) as error:
            jc.monte_carlo(draw, key, 50_000, save=tmp_path)
        assert error.value.errno == errno.ENOSPC
    assert (tmp_path / "state.npz").read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == ["lock", "state.npz"]
    assert np.array_equal(jc.monte_carlo(draw, key, 50_000, save=tmp_path).mean, jc.monte_carlo(draw, key, 50_000).mean)


def test_a_folder_that_cannot_be_written(key, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="cannot save to the folder .*file"):
        jc.monte_carlo(draw, key, 10, save=tmp_path / "file")
    with pytest.raises(OSError, match="cannot save to the folder .*file.*deeper"):
        jc.monte_carlo(draw, key, 10, save=tmp_path / "file" / "deeper")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder(key, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError, match="cannot save to the folder"):
        jc.monte_carlo(draw, key, 10, save=tmp_path)


def test_a_folder_in_use_is_refused(key, tmp_path):
    with checkpoint.Checkpoint(tmp_path, {}), pytest.raises(RuntimeError, match="another run is using the folder"):
        jc.monte_carlo(draw, key, 10, save=tmp_path)
    assert jc.monte_carlo(draw, key, 10, save=tmp_path).count == 10


def test_a_function_that_raises_leaves_the_folder_free(key, tmp_path):
    jc.monte_carlo(draw, key, 9000, save=tmp_path)

    def broken(x):
        raise KeyError("mine")

    def calls_back(key):
        return jax.pure_callback(broken, jnp.zeros(()), jax.random.uniform(key), vmap_method="broadcast_all")

    with pytest.raises(Exception, match="mine"):
        jc.monte_carlo(calls_back, key, 9000, save=tmp_path / "other")
    assert jc.monte_carlo(draw, key, 20_000, save=tmp_path).count == 20_000


def test_replications_that_are_not_finite_survive_the_folder(key, tmp_path):
    fragile = lambda key: jnp.where(jax.random.bernoulli(key, 0.001), jnp.nan, 1.0)  # noqa: E731
    jc.monte_carlo(fragile, key, 8192, save=tmp_path)
    resumed = jc.monte_carlo(fragile, key, 16_384, save=tmp_path)
    whole = jc.monte_carlo(fragile, key, 16_384)
    assert whole.nonfinite > 8
    assert resumed.nonfinite == whole.nonfinite
    assert resumed.nonfinite_replications == whole.nonfinite_replications
