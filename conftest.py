"""For all tests, those in docstrings included."""

import gc
import os
from pathlib import Path

import pytest
from jaxtyping import install_import_hook

# In the tests every function of the package checks the types and shapes that its signature promises.
# Where a signature says float an int will do, as PEP 484 has it.
install_import_hook("jaxcollapse", "signatures.checked")

LONG_EXAMPLES = {  # of docstrings: they compile or train for half a minute
    "Diffusion", "Equivariant", "Figure.draw", "adaptive_penalty", "mean_verified_break_even", "phase", "report",
    "ridge_mixed_labels_optimal_weight", "ridge_replace_optimal_schedule", "ridge_sources",
}  # fmt: skip


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Of a sweep that is `sampled` so many settings run in a push, spread over all; the others are slow tests."""
    sweeps = {}
    for item in items:
        if isinstance(item, pytest.DoctestItem) and item.name.endswith(tuple(f".{name}" for name in LONG_EXAMPLES)):
            item.add_marker(pytest.mark.slow)
        if item.get_closest_marker("sampled") and not item.get_closest_marker("slow"):
            sweeps.setdefault(item.nodeid.partition("[")[0], []).append(item)
    for settings in sweeps.values():
        count = settings[0].get_closest_marker("sampled").args[0]
        chosen = {i * len(settings) // count for i in range(count)}
        for place, item in enumerate(settings):
            if place not in chosen:
                item.add_marker(pytest.mark.slow)


def pytest_collection_finish():
    """The garbage collector need not look through all modules again and again: they stay."""
    gc.freeze()


@pytest.fixture(scope="module", autouse=True)
def forget_programs():
    """Compiled programs go with the tests of a file once they are many; small ones serve several files.

    Each holds several memory mappings. Linux gives a process 65,530 by default, and a compiler that gets no more
    crashes; all the programs of the suite together need more than that, and several gigabytes.
    """
    from jaxcollapse.machine import resources

    yield
    mappings, pages = Path("/proc/self/maps"), Path("/proc/self/statm")
    many = not mappings.exists() or mappings.read_bytes().count(b"\n") > 20_000
    if many or int(pages.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") > 2.5e9:
        resources.forget_programs()
