"""For all tests, those in docstrings included."""

import gc
import os
from pathlib import Path

import pytest
from jaxtyping import install_import_hook

# In the tests every function of the package checks the types and shapes that its signature promises.
# Where a signature says float an int will do, as PEP 484 has it.
install_import_hook("jaxcollapse", "signatures.checked")


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
