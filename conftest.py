"""For all tests, those in docstrings included."""

import gc
from pathlib import Path

import jax
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
    crashes; all the programs of the suite together need more than that.
    """
    yield
    mappings = Path("/proc/self/maps")
    if not mappings.exists() or mappings.read_bytes().count(b"\n") > 20_000:
        jax.clear_caches()
