"""Numbers as sentences have them. Without JAX."""

from typing import Any


def percent(share: Any) -> str:
    """A share with two digits, and never in powers of ten above one: ``"0.83 %"``, ``"100 %"``, ``"1,200 %"``.

    ```python
    >>> percent(0.0083), percent(0.9999), percent(12.34), percent(1e-10)
    ('0.83 %', '100 %', '1,234 %', '1e-08 %')

    ```
    """
    size = 100 * float(share)
    return f"{size:,.0f} %" if 99.5 <= abs(size) < 1e6 else f"{size:.2g} %"
