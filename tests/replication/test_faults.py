"""Runs that are killed, interrupted and shared: real processes, each with a time limit."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals and fork")

FUNCTION = """
    import errno, os, signal, sys
    import jax, jax.numpy as jnp, numpy as np
    import jaxcollapse as jc
    from jaxcollapse.replication import checkpoint

    TILES = 80
    def function(key):
        return jnp.cumsum(jnp.sin(jax.random.normal(key, (40,)))) ** 3

    def run(save, replications=TILES * 4096 + 5, seed=3, threads=None, devices=1):
        if devices > 1:  # known to XLA before it starts
            flag = f" --xla_force_host_platform_device_count={devices}"
            os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + flag
        estimate = jc.monte_carlo(function, jax.random.key(seed), replications, save=save, threads=threads, block=1)
        assert devices == 1 or jax.local_device_count() == devices
        return estimate
"""
# Imports once and forks for every run, before JAX has started any thread of its own.
NURSERY = (
    FUNCTION
    + """
    import traceback, warnings
    warnings.simplefilter("ignore")
    checkpoint._SECONDS_BETWEEN_SAVES = 0.0
    for line in sys.stdin:
        child = os.fork()
        if not child:
            try:
                exec(eval(line))
                os._exit(0)
            except BaseException:
                traceback.print_exc()
                os._exit(1)
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
)


class Nursery:
    """Runs programs in processes of their own that start at once."""

    def __init__(self, folder):
        self._log = folder / "log"
        self._process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(NURSERY)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=open(self._log, "w"), text=True,
        )  # fmt: skip

    def run(self, program, *, kill_after=None, first_save=None):
        """The exit code of a program, which is killed some seconds after it first writes a file."""
        before = _inode(first_save)
        self._process.stdin.write(repr(textwrap.dedent(program)) + "\n")
        self._process.stdin.flush()
        pid = int(self._process.stdout.readline())
        if kill_after is not None:
            with contextlib.suppress(ProcessLookupError):  # it is done
                while _inode(first_save) == before:
                    time.sleep(0.01)
                    os.kill(pid, 0)
                time.sleep(kill_after)
                os.kill(pid, signal.SIGKILL)
        return int(self._process.stdout.readline())

    def log(self):
        with open(self._log) as file:
            return file.read()

    def close(self):
        self._process.stdin.close()
        self._process.wait(10)


def _inode(file):
    return file.stat().st_ino if file is not None and file.exists() else None


@pytest.fixture(scope="module")
def nursery(tmp_path_factory):
    with contextlib.closing(Nursery(tmp_path_factory.mktemp("nursery"))) as nursery:
        yield nursery


@pytest.fixture(scope="module")
def reference(nursery, tmp_path_factory):
    """The result of a run that nobody disturbed."""
    file = tmp_path_factory.mktemp("reference") / "result.npy"
    assert nursery.run(f"np.save({str(file)!r}, run(None).mean)") == 0, nursery.log()
    return np.load(file)


def finish(nursery, folder, how=""):
    """The result of the run in a folder, which must not have started anew."""
    program = f"""
        with np.load({str(folder / "state.npz")!r}) as file:
            before = int(file["count"])
        estimate = run({str(folder)!r}{how})
        assert before >= 4096 and estimate.count == TILES * 4096 + 5
        np.save({str(folder / "result.npy")!r}, estimate.mean)
    """
    assert nursery.run(program) == 0, nursery.log()
    assert not list(folder.glob("*.corrupt-*"))
    return np.load(folder / "result.npy")


def kill_at_random(nursery, reference, folder, times, seed):
    """Several runs, each killed up to five times before it may finish, every time with other threads and devices."""
    generator = np.random.default_rng(seed)
    kills, used = 0, set()

    def other():
        threads, devices = (int(n) for n in generator.integers(1, 4, 2))
        used.add((threads, devices))
        return f", threads={threads}, devices={devices}"

    while kills < times:
        folder = folder / "next"
        for _ in range(5):
            wait = generator.uniform(0.0, 0.15)
            code = nursery.run(f"run({str(folder)!r}{other()})", kill_after=wait, first_save=folder / "state.npz")
            assert code in (0, -signal.SIGKILL), nursery.log()
            kills += code != 0
        assert np.array_equal(finish(nursery, folder, other()), reference)
    assert len(used) > 3


def test_killed_at_random_moments(nursery, reference, tmp_path):
    kill_at_random(nursery, reference, tmp_path, times=4, seed=0)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_at_random_moments_again_and_again(nursery, reference, tmp_path):
    kill_at_random(nursery, reference, tmp_path, times=60, seed=1)


STEPS = {
    "before the file is opened": "checkpoint.open = lambda *a: count() or open(*a)",
    "half written": "checkpoint.open = Half",
    "before the file is synced": "os.fsync = lambda d: count(2) or fsync(d)",
    "after the file is synced": "os.fsync = lambda d: fsync(d) or count(2)",
    "before it is renamed": "os.replace = lambda a, b: count() or replace(a, b)",
    "after it is renamed": "os.replace = lambda a, b: replace(a, b) or count()",
    "before the folder is synced": "os.fsync = lambda d: count(2, 1) or fsync(d)",
    "after the folder is synced": "os.fsync = lambda d: fsync(d) or count(2, 1)",
}
DIE = """
    calls = [0]
    fsync, replace = os.fsync, os.replace

    def count(every=1, offset=0):
        calls[0] += 1
        if calls[0] == every * 4 + offset:
            os.kill(os.getpid(), signal.SIGKILL)

    class Half:
        def __init__(self, path, mode):
            self.file = open(path, mode)
        def __enter__(self):
            return self
        def __exit__(self, *_):
            self.file.close()
        def write(self, content):
            self.file.write(content[: len(content) // 2])
            self.file.flush()
            count()
            self.file.write(content[len(content) // 2 :])
        def __getattr__(self, name):
            return getattr(self.file, name)
"""


@pytest.mark.slow
def test_killed_at_every_step_of_the_save(nursery, reference, tmp_path):
    """One after the other in the same folder; the state is valid after each, and further than before."""
    before = 0
    for name, patch in STEPS.items():
        program = textwrap.dedent(DIE) + f"\n{patch}\nrun({str(tmp_path)!r})"
        assert nursery.run(program) == -signal.SIGKILL, (name, nursery.log())
        with np.load(tmp_path / "state.npz") as file:
            assert file["count"] > before, name
            before = int(file["count"])
    assert np.array_equal(finish(nursery, tmp_path), reference)


@pytest.mark.slow
def test_a_file_that_may_not_grow(nursery, reference, tmp_path):
    """The system itself refuses to write: a clear error, and the state before it stays valid."""
    program = f"""
        import resource
        run({str(tmp_path)!r}, replications=3 * 4096)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        try:
            run({str(tmp_path)!r})
        except OSError as error:
            assert error.errno == errno.EFBIG and "12,288 replications is still there" in str(error), error
        else:
            raise AssertionError
    """
    assert nursery.run(program) == 0, nursery.log()
    assert np.array_equal(finish(nursery, tmp_path), reference)


def test_the_lock_of_a_dead_run_is_free(nursery, reference, tmp_path):
    program = f"""
        with checkpoint.Checkpoint({str(tmp_path)!r}, {{}}):
            pid = os.fork()
            if not pid:
                os.execv(sys.executable, [sys.executable, "-c", CODE])
            assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
            os.kill(os.getpid(), signal.SIGKILL)
    """
    inner = textwrap.dedent(f"""
        from jaxcollapse.replication import checkpoint
        try:
            checkpoint.Checkpoint({str(tmp_path)!r}, {{}}).__enter__()
        except RuntimeError as error:
            assert "another run is using the folder" in str(error)
        else:
            raise AssertionError
    """)
    assert nursery.run(f"CODE = {inner!r}\n" + textwrap.dedent(program)) == -signal.SIGKILL, nursery.log()
    assert nursery.run(f"run({str(tmp_path)!r}, replications=5 * 4096)") == 0, nursery.log()
    assert np.array_equal(finish(nursery, tmp_path), reference)


PRESS = (
    FUNCTION
    + """
    import threading, time
    times, folder = int(sys.argv[1]), sys.argv[2] or None
    tiles, handled, over = [], [], threading.Event()
    saved = checkpoint.Interrupt._interrupted
    checkpoint.Interrupt._interrupted = lambda *a: handled.append(0) or saved(*a)

    def press(x):
        tiles.append(0)
        if len(tiles) == 10:  # in the middle of a block
            for n in range(times):
                os.kill(os.getpid(), signal.SIGINT)
                while folder and len(handled) <= n:
                    time.sleep(0.01)
            if times == 2 or not folder:
                assert over.wait(20)
        return x

    def pressing(key):
        x = jax.random.normal(key)
        return jax.pure_callback(press, x, x, vmap_method="broadcast_all")

    # A shell that starts the tests in the background has its children ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        jc.monte_carlo(pressing, jax.random.key(3), 2**31, save=folder, block=1)
    finally:
        over.set()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
"""
)


def interrupt(folder, times):
    """A run that would take for ever presses Ctrl-C some times; its last words."""
    arguments = [sys.executable, "-c", textwrap.dedent(PRESS), str(times), str(folder or "")]
    result = subprocess.run(arguments, capture_output=True, text=True, timeout=60)
    assert result.returncode in (-signal.SIGINT, 130), result.stderr
    return result.stderr.strip().splitlines()[-1]


def test_one_interrupt_saves_and_says_so(tmp_path):
    message = interrupt(tmp_path, 1)
    assert "replications, saved in" in message and "the same call goes on from there" in message
    with np.load(tmp_path / "state.npz") as file:
        assert f"stopped after {int(file['count']):,} replications" in message
        assert 10 * 1024 <= file["count"] <= 40 * 1024


def test_two_interrupts_abort_at_once(tmp_path):
    assert interrupt(tmp_path, 2).rstrip(":") == "KeyboardInterrupt"


def test_an_interrupt_without_a_folder_is_an_ordinary_one():
    assert interrupt(None, 1).rstrip(":") == "KeyboardInterrupt"


DISTRIBUTED = (
    FUNCTION
    + """
    index, port, folder = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    if not hasattr(jax.config, "jax_cpu_collectives_implementation"):
        raise SystemExit("no collectives")
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    jax.distributed.initialize(f"127.0.0.1:{port}", 2, index)
    first = run(folder, replications=20 * 4096 + 5)
    estimate = run(folder)
    print(jax.process_count(), estimate.count, estimate.mean.tobytes().hex())
"""
)


def run_on_two_processes(code, *arguments, folder):
    """What each of two processes said, and its exit status."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    commands = [[*arguments, str(index), port, str(folder)] for index in range(2)]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code), *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for command in commands
    ]
    try:
        said, complained = zip(*(process.communicate(timeout=90) for process in processes), strict=True)
    finally:
        for process in processes:
            process.kill()
    print(*complained)
    return said, [process.returncode for process in processes]


def test_two_processes_give_the_bits_of_one(reference, tmp_path):
    said, codes = run_on_two_processes(DISTRIBUTED, folder=tmp_path / "run")
    assert codes == [0, 0]
    for words in said:
        assert words.split()[-3:] == ["2", str(80 * 4096 + 5), reference.tobytes().hex()]


DIFFERENT = """
    import os, sys, time
    import jax
    fault, index, port, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    jax.distributed.initialize(f"127.0.0.1:{port}", 2, index)
    import jax.numpy as jnp, jaxcollapse as jc

    scale, seed, replications, grid = jnp.asarray(1.0), 0, 5000, None
    function = lambda key, **_: scale * jax.random.normal(key, (3,))
    if index == 1:
        if fault == "function":
            function = lambda key: jax.random.uniform(key, (3,))
        if fault == "result":
            function = lambda key: scale * jax.random.normal(key, (4,))
        if fault == "numbers in the function":
            scale = jnp.asarray(1 + 1e-6)
        if fault == "seed":
            seed = 1
        if fault == "replications":
            replications = 300_000
        if fault == "grid":
            grid = jc.Grid(a=[1.0])
        if fault == "precision":
            jax.config.update("jax_enable_x64", True)
        if fault == "gone":
            os._exit(0)
        if fault == "late":
            time.sleep(5)
    began = time.time()
    try:
        estimate = jc.monte_carlo(function, jax.random.key(seed), replications, grid=grid, progress=False)
        print("same", estimate.count, estimate.mean.tobytes().hex(), flush=True)
    except (RuntimeError, ValueError) as error:
        assert time.time() - began < 60
        print(error, flush=True)
        os._exit(3)
"""
DIFFERENCES = ["function", "result", "numbers in the function", "seed", "replications", "grid", "precision"]


@pytest.mark.parametrize(
    "fault", [pytest.param(f, marks=() if f in ("seed", "replications") else pytest.mark.slow) for f in DIFFERENCES]
)
def test_processes_that_make_different_calls_are_told_what_differs(fault, tmp_path):
    said, codes = run_on_two_processes(DIFFERENT, fault, folder=tmp_path)
    assert codes == [3, 3]
    for index, words in enumerate(said):
        assert f"process {1 - index} makes another one than process {index}: they differ in" in words
        assert fault in words.split("differ in")[1]


def test_a_process_that_comes_late_is_waited_for(tmp_path):
    said, codes = run_on_two_processes(DIFFERENT, "late", folder=tmp_path)
    assert codes == [0, 0] and said[0].splitlines()[-1] == said[1].splitlines()[-1]


@pytest.mark.slow
def test_a_process_that_ends_early_ends_the_others_within_a_minute(tmp_path):
    said, codes = run_on_two_processes(DIFFERENT, "gone", folder=tmp_path)
    assert codes == [3, 0] and "process 1 has not made this call within 40 seconds: it has ended" in said[0]


BROKEN = """
    import os, signal, sys, threading
    import jax
    fault, index, port, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    jax.distributed.initialize(f"127.0.0.1:{port}", 2, index)
    import jaxcollapse as jc
    from jaxcollapse.replication import processes as _processes

    rounds = 0
    gathered = _processes._gathered

    def count_rounds(array):
        global rounds
        rounds += 1
        if fault == "killed" and index == 1 and rounds == 4:
            os.kill(os.getpid(), signal.SIGKILL)
        return gathered(array)

    def fail_later(run, *arguments):
        if rounds == 4:
            raise OSError("the disk of this worker is gone")
        return moments(run, *arguments)

    _processes._gathered = count_rounds
    moments = jc.replication.run.Run._moments
    if fault == "raises" and index == 1:
        jc.replication.run.Run._moments = fail_later
    try:
        jc.monte_carlo(lambda key: jax.random.normal(key), jax.random.key(0), 10**9, progress=False, save=folder)
    except (OSError, RuntimeError) as error:
        print(error, flush=True)
        os._exit(3)  # the orderly way out waits for the other process
"""


@pytest.mark.sampled(1)
@pytest.mark.parametrize("fault", ["killed", "raises"])
def test_no_process_waits_for_one_that_is_gone(fault, tmp_path):
    said, codes = run_on_two_processes(BROKEN, fault, folder=tmp_path / "run")
    if fault == "killed":
        assert codes == [3, -signal.SIGKILL] and "another process is gone" in said[0]
    else:
        assert codes == [3, 3] and "process 1 stopped" in said[0] and "the disk of this worker is gone" in said[1]
    with np.load(tmp_path / "run" / "state.npz") as state:
        assert state["count"] > 0
