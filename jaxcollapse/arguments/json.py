"""Numbers that strict JSON can hold. Without JAX."""

from typing import Any


def for_json(values: Any) -> Any:
    """Numbers as nested lists of what strict JSON has: NaN is None, an infinity ``"Infinity"`` or ``"-Infinity"``."""
    import numpy as np

    array = np.asarray(values, float)
    if array.ndim:
        return [for_json(value) for value in array]
    value = float(array)
    return value if np.isfinite(value) else None if np.isnan(value) else "Infinity" if value > 0 else "-Infinity"
