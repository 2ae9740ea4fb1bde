"""What this process may use of its machine."""

import platform

import numpy as np
import pytest

from jaxcollapse.machine.resources import forget_programs


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other allocators have their own ways")
def test_what_is_free_goes_back_to_the_system():
    """Also what lies below something that lives on, which the allocator keeps by itself."""

    def resident():
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * 4096

    below = [np.ones(8_000) for _ in range(2_000)]  # small enough for the heap
    kept = [np.ones(8_000) for _ in range(20)]
    before = resident()
    del below
    forget_programs()
    assert resident() < before - 90e6
    assert all(array.sum() == 8_000 for array in kept)
