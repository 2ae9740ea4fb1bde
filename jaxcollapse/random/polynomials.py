"""Polynomials in place of functions: Horner's rule, and interpolation through Chebyshev points."""

from typing import Any

import numpy as np


def polynomial(coefficients: Any, x: Any) -> Any:
    """The polynomial with these coefficients, numbers or arrays, the constant first, by Horner's rule."""
    value = coefficients[-1]
    for c in coefficients[-2::-1]:
        value = value * x + c
    return value


def nodes(order: int, low: float, high: float) -> np.ndarray:
    """The Chebyshev points, at which an interpolating polynomial of this order meets its function."""
    return 0.5 * (low + high) + 0.5 * (high - low) * np.polynomial.chebyshev.chebpts1(order + 1)


def interpolant(values: np.ndarray) -> np.ndarray:
    """The coefficients of the polynomial in [-1, 1] with these values at its `nodes`, along the first axis."""
    order = len(values) - 1
    basis = np.polynomial.chebyshev.chebvander(np.polynomial.chebyshev.chebpts1(order + 1), order)
    weights = np.full(order + 1, 2 / (order + 1))
    weights[0] /= 2
    series = np.einsum("k,ik,i...->k...", weights, basis, values)
    return np.apply_along_axis(np.polynomial.chebyshev.cheb2poly, 0, series)
