"""The population of a regression problem: the spectrum of the covariance and the true coefficients."""

import functools
import inspect
from collections.abc import Callable
from typing import Any, ParamSpec

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import (
    check_above,
    check_length,
    check_nonnegative,
    check_numbers,
    check_positive,
    check_scalar,
    check_shape,
    is_traced,
)
from jaxcollapse.arguments.names import shown
from jaxcollapse.arguments.numbers import as_floats, at_once, common_type, is_numeric
from jaxcollapse.arguments.types import Count, Matrix, Number, Vector
from jaxcollapse.machine.leniency import in_range, lenient

P = ParamSpec("P")


def check_spectrum(value: Any) -> None:
    """The value is a `Spectrum`."""
    if not isinstance(value, Spectrum):
        hint = ": write Spectrum(eigenvalues, signal) or Spectrum.isotropic(dim)"
        raise TypeError(f"spectrum must be a jaxcollapse.theory.Spectrum, got {shown(value)}{hint}")


def eigenvalues_of(value: Any) -> Float[Array, " dim"]:
    """The eigenvalues of a `Spectrum`, or a vector of them; anything else is refused."""
    if isinstance(value, Spectrum):
        return value.eigenvalues
    if not is_numeric(value) or np.ndim(value) != 1 or np.size(value) == 0:
        raise TypeError(
            f"spectrum must be a jaxcollapse.theory.Spectrum or eigenvalues of shape (dim,), got {shown(value)}: "
            f"write Spectrum.isotropic(dim)"
        )
    return as_floats(value)


def _two_exponents(power_law: Callable[P, "Spectrum"]) -> Callable[P, "Spectrum"]:
    """A power law has two exponents, which have names of their own here: says so to whom gives another."""
    known = inspect.signature(power_law).parameters

    @functools.wraps(power_law)
    def checked(*args: P.args, **named: P.kwargs) -> "Spectrum":
        if not {"capacity", "source"} <= set(named) <= set(known):
            got = ", ".join(f"{name}={value!r}" for name, value in named.items() if name != "dim") or "neither"
            raise TypeError(
                f"power_law needs capacity, the decay j^-capacity of the eigenvalues, and source, the smoothness of "
                f"the target, got {got}: write Spectrum.power_law(dim, capacity=1.5, source=0.5)"
            )
        return power_law(*args, **named)

    return checked


class Spectrum(eqx.Module):
    """Eigenvalues of the covariance of the features, and the true coefficients in its eigenbasis.

    ``x ~ N(0, diag(eigenvalues))`` and ``y = x'signal + noise``: any covariance takes this form after a rotation.
    Use a constructor: `isotropic`, `power_law` or `from_eigenvalues`.

    ```python
    >>> Spectrum.isotropic(4).trace.item()
    4.0

    ```
    """

    eigenvalues: Float[Array, " dim"]
    signal: Float[Array, " dim"]

    def __init__(self, eigenvalues: Vector, signal: Vector):
        for name, value in (("eigenvalues", eigenvalues), ("signal", signal)):
            if not is_numeric(value) or np.ndim(value) == 0:
                raise TypeError(
                    f"{name} must have shape (dim,), got {shown(value)}: "
                    f"write Spectrum.isotropic(dim) or Spectrum.from_eigenvalues([1.0, 0.5])"
                )
        self.eigenvalues, self.signal = (
            in_range(value) if isinstance(value, jax.Array) else as_floats(value) for value in (eigenvalues, signal)
        )

    def __check_init__(self):
        """One coefficient for each eigenvalue."""
        check_shape("signal", self.signal, self.eigenvalues.shape)

    @property
    def dim(self) -> int:
        """The number of features."""
        return self.eigenvalues.shape[0]

    @property
    @lenient()
    def trace(self) -> Float[Array, ""]:
        """The trace of the covariance."""
        return self.eigenvalues.sum()

    @staticmethod
    @lenient()
    def isotropic(dim: Count, norm: Number = 1.0) -> "Spectrum":
        """The identity covariance, with coefficients of Euclidean norm `norm` spread evenly.

        **Arguments**

        - `dim`: number of features, at least 1.
        - `norm`: length of the true coefficients, at least 0.

        **Raises** `ValueError` or `TypeError` for other arguments.

        ```python
        >>> round(float((Spectrum.isotropic(9, norm=2.0).signal ** 2).sum()), 5)
        4.0

        ```
        """
        check_length("dim", dim)
        check_scalar("norm", norm)
        check_nonnegative("norm", norm)
        with jax.ensure_compile_time_eval():  # known before compilation, also inside of a traced function
            if isinstance(norm, jax.Array):
                return Spectrum(jnp.ones(dim), jnp.ones(dim) * norm / dim**0.5)
            # The same bits by NumPy, for which JAX would compile four programs: XLA divides by way of the inverse.
            ones = np.ones(dim, common_type(float))
            one = ones.dtype.type(1)
            signal = ones * ones.dtype.type(norm) * (one / ones.dtype.type(dim**0.5))
            return Spectrum(*jax.device_put((ones, signal)))

    @staticmethod
    @lenient()
    @_two_exponents
    def power_law(dim: Count, *, capacity: Number, source: Number) -> "Spectrum":
        """Eigenvalues ``j^-capacity`` and coefficients ``j^-(delta/2)``, ``delta = 1 + capacity (2 source - 1)``.

        The capacity and source conditions of kernel regression. The coefficients are not normalised.

        **Arguments**

        - `dim`: number of features, at least 1.
        - `capacity`: decay of the eigenvalues, above 1.
        - `source`: smoothness of the target, positive: ``sum_j eigenvalue_j^(1 - 2 source) signal_j^2`` is at the
          edge of convergence.

        **Raises** `ValueError` or `TypeError` for other arguments.

        **Reference** Dohmatob, Feng and Kempe 2024, arXiv:2402.07712, section 5.

        ```python
        >>> Spectrum.power_law(2, capacity=2.0, source=0.5).eigenvalues.tolist()
        [1.0, 0.25]

        ```
        """
        check_length("dim", dim)
        check_scalar("capacity", capacity)
        check_scalar("source", source)
        check_above("capacity", capacity, 1.0)
        check_positive("source", source)
        with jax.ensure_compile_time_eval():
            j = jnp.arange(1.0, dim + 1)
            return Spectrum(j**-capacity, j ** (-0.5 * (1 + capacity * (2 * source - 1))))

    @staticmethod
    @lenient()
    def from_eigenvalues(eigenvalues: Vector, signal: Vector | None = None) -> "Spectrum":
        """Any eigenvalues, and any coefficients (of norm one, spread evenly, by default).

        **Arguments**

        - `eigenvalues`: shape ``(dim,)``, positive: a direction in which features do not vary has no part in any risk.
        - `signal`: shape ``(dim,)``.

        **Raises** `ValueError` or `TypeError` for eigenvalues that are not positive and mismatched shapes.

        ```python
        >>> Spectrum.from_eigenvalues([1.0, 0.5]).dim
        2

        ```
        """
        check_positive("eigenvalues", eigenvalues)
        with jax.ensure_compile_time_eval():
            values = jnp.asarray(eigenvalues)
            values = values.astype(common_type(values, float))
        if values.ndim != 1 or values.size == 0:
            raise ValueError(f"eigenvalues must have shape (dim,), got shape {values.shape}")
        if signal is not None:
            check_shape("signal", signal, values.shape)
        with jax.ensure_compile_time_eval():
            spread = jnp.full_like(values, values.size**-0.5)
            return Spectrum(values, spread if signal is None else jnp.asarray(signal, values.dtype))

    @lenient()
    def weighted(self, weights: Vector) -> "Spectrum":
        """The population in which the penalty ``lambda sum_j weights_j w_j^2`` is the plain one, ``lambda |u|^2``.

        With ``u_j = sqrt(weights_j) w_j`` and ``x_j / sqrt(weights_j)`` for ``x_j``, labels, fits and risks are the
        same. A model or a formula of ridge regression that is given this spectrum is one of weighted ridge regression.

        **Arguments**

        - `weights`: shape ``(dim,)``, positive.

        **Returns** eigenvalues ``eigenvalues / weights`` and coefficients ``sqrt(weights) * signal``.

        **Raises** `ValueError` or `TypeError` for weights of another sign or shape.

        ```python
        >>> Spectrum.isotropic(2).weighted([1.0, 4.0]).eigenvalues.tolist()
        [1.0, 0.25]

        ```
        """
        check_positive("weights", weights)
        check_shape("weights", weights, self.signal.shape)
        with at_once(weights, self):
            values = jnp.asarray(weights, self.eigenvalues.dtype)
            return Spectrum(self.eigenvalues / values, jnp.sqrt(values) * self.signal)

    @staticmethod
    @lenient()
    def from_kernel(kernel: Matrix, targets: Vector) -> "Spectrum":
        """A finite population of points under a kernel, as one of linear regression.

        With the eigenvectors ``U`` of ``kernel = N U Lambda U'``, point ``i`` of ``N`` has the features
        ``sqrt(N) Lambda^(1/2) U_i``: their inner products are the kernel, their covariance over the population is
        ``Lambda``, and the coefficients ``Lambda^(-1/2) U'targets / sqrt(N)`` give the targets. Kernel ridge regression
        on points drawn from the population is ridge regression on these features.

        **Arguments**

        - `kernel`: shape ``(N, N)``, symmetric and positive semi-definite.
        - `targets`: the true function at every point, shape ``(N,)``.

        **Returns** a `Spectrum` of ``N`` directions, in the order of their eigenvalues, largest first.

        **Raises** `ValueError` or `TypeError` for other shapes and a kernel with a negative eigenvalue.

        **Exactness** Exact, but that eigenvalues below the rounding error of the largest are raised to it, so that no
        target is out of reach. The features are bounded and not Gaussian: what theory says of them is asymptotic. It
        has no points that are drawn twice, and no risk at points that were trained on: it needs ``T`` well below ``N``.

        **Reference** Dohmatob, Feng and Kempe 2024, arXiv:2402.07712, appendix C.

        ```python
        >>> population = Spectrum.from_kernel([[2.0, 1.0], [1.0, 2.0]], [1.0, 3.0])
        >>> population.eigenvalues.round(4).tolist(), population.signal.shape
        ([1.5, 0.5], (2,))

        ```
        """
        check_numbers("kernel", kernel)
        check_numbers("targets", targets)
        traced = is_traced(kernel) or is_traced(targets)
        with at_once(kernel, targets):
            matrix, values = jnp.asarray(kernel), jnp.asarray(targets)
            dtype = common_type(matrix, values, float)
            if values.ndim != 1 or values.size == 0:
                raise ValueError(f"targets must have shape (points,), got {values.shape}")
            points = len(values)
            check_shape("kernel", matrix, (points, points))
            eigenvalues, vectors = jnp.linalg.eigh(matrix.astype(dtype) / points)
            eigenvalues, vectors = eigenvalues[::-1], vectors[:, ::-1]
            rounding = points * jnp.finfo(dtype).eps * eigenvalues[0]
            if not traced and not (eigenvalues[0] > 0 and eigenvalues[-1] >= -rounding):
                raise ValueError(
                    f"kernel must be positive semi-definite, got the eigenvalue {points * eigenvalues[-1]}"
                )
            eigenvalues = jnp.maximum(eigenvalues, rounding)
            return Spectrum(eigenvalues, vectors.T @ values.astype(dtype) / jnp.sqrt(points * eigenvalues))
