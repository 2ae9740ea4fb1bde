"""A saved run: what its folder holds, what it refuses, and what it does with a damaged file."""

import errno
import json
import os
import signal
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.machine import versions
from jaxcollapse.machine.precision import enable_x64
from jaxcollapse.replication import checkpoint
from jaxcollapse.replication.moments import State


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
    assert more.count == 20_000 and np.array_equal(more.mean, saved.mean)  # nothing is ever thrown away
    assert saved.refine(replications=30_000).count == 30_000
    assert jc.monte_carlo(draw, key, 100, save=folder).count == 30_000


@pytest.mark.parametrize("first", [1, 5, 1000, 1024, 1025, 3000])
@pytest.mark.parametrize("second", [1, 1000, 1030, 5000])
def test_a_cut_tile_is_saved_too(first, second, key, tmp_path):
    """Below one tile there is nothing else: it is kept, and another run is refused."""
    saved = jc.monte_carlo(draw, key, first, save=tmp_path)
    with np.load(tmp_path / "state.npz") as file:
        assert file["count"] == first - first % 1024 and file["rest_count"] == first % 1024
    with pytest.raises(ValueError, match="holds another run, which differs in seed"):
        jc.monte_carlo(draw, jax.random.key(7), first, save=tmp_path)
    again = jc.monte_carlo(draw, key, second, save=tmp_path)
    whole = jc.monte_carlo(draw, key, max(first, second))
    assert again.count == whole.count
    for name in ("mean", "stderr", "skewness", "minimum", "maximum"):
        assert np.array_equal(getattr(again, name), getattr(whole, name), equal_nan=True)
    assert saved.refine(replications=6000).count == 6000


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


@pytest.mark.parametrize("every", [pytest.param(1, marks=pytest.mark.slow), 97])
def test_no_damaged_file_is_believed_or_stands_in_the_way(every, key, tmp_path):
    """Every byte changed, in three ways, and every length: the same replications, or the file is set aside."""
    run = jc.replication.run.Run(draw, key, save=tmp_path)
    reference = run.extend(State(), 3000)
    content = (tmp_path / "state.npz").read_bytes()
    expected = {name: getattr(reference.whole, name).tobytes() for name in ("mean", "second", "maximum")}
    for place in range(0, len(content), every):
        flipped = [bytearray(content) for _ in range(3)]
        for copy, change in zip(flipped, (1, 0x80, 0xFF), strict=True):
            copy[place] ^= change
        for damaged in (*map(bytes, flipped), content[:place]):
            (tmp_path / "state.npz").write_bytes(damaged)
            with run._checkpoint as opened, warnings.catch_warnings():
                warnings.simplefilter("ignore")
                state = opened.load()
            if state.count:
                assert state.count == 3000
                assert {name: getattr(state.whole, name).tobytes() for name in expected} == expected
            else:
                assert not (tmp_path / "state.npz").exists()
                (tmp_path / "state.npz.corrupt-1").unlink()


def edited(arrays, name, value):
    return {**arrays, name: value}


EDITS = {
    "count": lambda a: edited(a, "count", a["count"] + 1024),
    "rest": lambda a: edited(a, "rest_count", a["rest_count"] - 1),
    "no rest": lambda a: edited(a, "rest_count", np.array(0)),
    **{f"{name} of {part or 'all'}": lambda a, name=name, part=part: edited(a, part + name, a[part + name] * 1.5 + 1)
       for part in ("", "rest_")
       for name in ("mean", "scale", "second", "third", "fourth", "minimum", "maximum", "nonfinite")},
    "failures": lambda a: edited(a, "failures", np.array([3])),
    "another shape": lambda a: edited(a, "mean", a["mean"][:1]),
    "another type": lambda a: edited(a, "mean", a["mean"].astype(np.float32)),
    "a name": lambda a: {{"mean": "median"}.get(name, name): value for name, value in a.items()},
    "one more": lambda a: edited(a, "more", np.ones(3)),
    "the identity": lambda a: edited(a, "identity", np.array(str(a["identity"]).replace("threefry", "threefly"))),
    "no digest": lambda a: {name: value for name, value in a.items() if name != "digest"},
    "another digest": lambda a: edited(a, "digest", np.array("0" * 64)),
}  # fmt: skip


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_an_edited_state_is_not_believed(edit, key, tmp_path):
    jc.monte_carlo(draw, key, 3000, save=tmp_path)
    with np.load(tmp_path / "state.npz") as file:
        arrays = {name: file[name] for name in file.files}
    np.savez(tmp_path / "state.npz", **edit(arrays))
    with pytest.warns(UserWarning, match="cannot be read .* the run starts anew"):
        estimate = jc.monte_carlo(draw, key, 2000, save=tmp_path)
    assert estimate.count == 2000


@pytest.mark.skipif(os.name == "nt", reason="links")
def test_no_write_follows_a_link(key, tmp_path):
    """Neither the state, nor what a temporary file is or was called, nor a lock that is somebody's file."""
    folder, victim = tmp_path / "run", tmp_path / "victim"
    folder.mkdir()
    for name in ("state.npz.tmp", "state.npz.0123456789abcdef.tmp", "state.npz"):
        victim.write_text("precious")
        (folder / name).symlink_to(victim)
        if name == "state.npz":
            with pytest.warns(UserWarning, match="cannot be read"):
                jc.monte_carlo(draw, key, 3000, save=folder)
        else:
            jc.monte_carlo(draw, key, 3000, save=folder)
        assert victim.read_text() == "precious"
        assert not (folder / "state.npz").is_symlink()
        (folder / "state.npz").unlink()


def test_a_file_that_is_called_lock_is_not_emptied(key, tmp_path):
    (tmp_path / "lock").write_text("precious")
    jc.monte_carlo(draw, key, 3000, save=tmp_path)
    assert (tmp_path / "lock").read_text() == "precious"


def test_what_killed_runs_left_is_removed(key, tmp_path):
    (tmp_path / "state.npz.0123456789abcdef.tmp").write_text("half")
    (tmp_path / "state.npz.tmp.mine").write_text("not ours")
    jc.monte_carlo(draw, key, 3000, save=tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["lock", "state.npz", "state.npz.tmp.mine"]


@pytest.mark.skipif(os.name == "nt", reason="folders are not opened there")
def test_a_folder_that_cannot_be_synced_keeps_the_state(key, tmp_path, monkeypatch):
    fsync = os.fsync

    def no_folders(descriptor):
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", no_folders)
    estimate = jc.monte_carlo(draw, key, 49_152, save=tmp_path)
    with np.load(tmp_path / "state.npz") as file:
        assert file["count"] == 49_152
    assert np.array_equal(estimate.mean, jc.monte_carlo(draw, key, 100, save=tmp_path).mean)


@pytest.mark.parametrize("handler", [signal.SIG_IGN, signal.SIG_DFL, signal.default_int_handler, lambda *_: None])
def test_an_ignored_interrupt_stays_ignored(handler, key, tmp_path, monkeypatch):
    """A shell has it so for what it runs in the background; whatever was there is there afterwards."""
    previous = signal.signal(signal.SIGINT, handler)
    seen = []
    take = checkpoint.Checkpoint.save
    look = lambda *a, **k: seen.append(signal.getsignal(signal.SIGINT)) or take(*a, **k)  # noqa: E731
    monkeypatch.setattr(checkpoint.Checkpoint, "save", look)
    try:
        jc.monte_carlo(draw, key, 3000, save=tmp_path)
        assert signal.getsignal(signal.SIGINT) == handler
    finally:
        signal.signal(signal.SIGINT, previous)
    assert seen and (set(seen) == {handler}) == (handler == signal.SIG_IGN)


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
