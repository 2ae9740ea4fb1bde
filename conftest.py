"""For all tests, those in docstrings included."""

import jax
import pytest
from jaxtyping import install_import_hook

# In the tests every function of the package checks the types and shapes that its signature promises.
# Where a signature says float an int will do, as PEP 484 has it.
install_import_hook("jaxcollapse", "beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))")


@pytest.fixture(scope="module", autouse=True)
def forget_programs():
    """Compiled programs go with the tests of a file.

    Each holds several memory mappings. Linux gives a process 65,530 by default, and a compiler that gets no more
    crashes; all the programs of the suite together need more than that.
    """
    yield
    jax.clear_caches()
