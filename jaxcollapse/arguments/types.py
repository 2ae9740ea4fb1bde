"""Annotations of numbers: what users may write, in Python, NumPy or JAX, and what NumPy gives back."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Real

Number: TypeAlias = Real[Any, ""] | float
"""A real number."""
Count: TypeAlias = int | np.integer
"""A whole number, known before compilation."""
Curve: TypeAlias = Real[Any, " generations"] | Sequence[Number]
"""A number for each generation."""
Vector: TypeAlias = Real[Any, " dim"] | Sequence[Number]
"""A number for each dimension."""
HostArray: TypeAlias = np.ndarray | np.number | np.bool_
"""What NumPy computes: an array, or a scalar where there are no dimensions."""
Matrix: TypeAlias = Real[Any, "rows columns"] | Sequence[Sequence[Number]]
"""A table of numbers."""
Shares: TypeAlias = Real[Any, " parts"] | Sequence[Number]
"""A number for each part of a whole."""
