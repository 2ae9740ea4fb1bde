"""What one fit makes of the eigenvalues of its data: a linear generative network is one function ``f`` of them.

Fitted to rows with second moments ``U diag(m) U'``, a linear network that is trained to its optimum generates rows of
``N(0, U diag(f(m)) U')``. Architectures differ in ``f`` and in nothing else.
"""

import abc
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import (
    check_above,
    check_flag,
    check_nonnegative,
    check_numbers,
    check_positive,
    check_scalar,
    is_traced,
)
from jaxcollapse.arguments.names import shown
from jaxcollapse.arguments.numbers import as_floats
from jaxcollapse.arguments.types import Number, Vector
from jaxcollapse.machine.leniency import lenient


class Filter(eqx.Module):
    """A linear generative network as a function of the eigenvalues of its data: call it on an array of them."""

    @abc.abstractmethod
    def __call__(self, eigenvalues: Any) -> Float[Array, "..."]:
        """The eigenvalues of what the network generates."""

    @property
    def affine(self) -> tuple[Any, Any] | None:
        """The numbers ``a, b`` for which ``f(x) = a x + b`` as long as no direction is lost, if there are any."""
        return None


@lenient()
def soft_threshold(c: Number, pixel: Number = 0.0) -> Filter:
    """A linear VAE that generates the mean of its decoder: ``f(x) = max(x - c, 0) + pixel``.

    With a decoder of variance ``sigma^2`` and the weight ``beta`` on the KL term, ``c = beta sigma^2``: every direction
    loses ``c`` at every fit, and is gone when nothing is left.

    **Arguments**

    - `c`: ``beta sigma^2``, positive.
    - `pixel`: the variance of the noise that is added to the mean, at least 0. With ``pixel = c = sigma^2``, the
      model's own law, ``f(x) = max(x, sigma^2)``: nothing drifts.

    **Returns** a `Filter`, which is a function of eigenvalues.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact: the global optimum of the ELBO with as many latent as visible dimensions, whether the posterior
    covariance is full or diagonal.

    **Reference** Lucas, Tucker, Grosse and Norouzi 2019, arXiv:1911.02469, for the optimum; the loop is derived here.

    ```python
    >>> soft_threshold(c=0.5)(jnp.array([2.0, 0.25])).tolist()
    [1.5, 0.0]

    ```
    """
    _check_number("c", c, check_positive)
    _check_number("pixel", pixel, check_nonnegative)
    return _SoftThreshold(as_floats(c), as_floats(pixel))


@lenient()
def ideal_diffusion(sigma_min: Number, denoise: bool = False, sigma_max: Number | None = None) -> Filter:
    """Linear denoisers at every noise level and the exact reverse flow, stopped at `sigma_min`.

    ``f(x) = x + sigma_min^2``: what is generated is the data with the noise that is left. With its last step denoised
    (``E[x | what is left]``) it is ``f(x) = x^2/(x + sigma_min^2)``, which shrinks.

    **Arguments**

    - `sigma_min`: where the flow stops, positive.
    - `denoise`: whether the last step is the posterior mean.
    - `sigma_max`: where the flow begins, positive, from ``N(0, sigma_max^2)`` in place of the law of the data with that
      noise: the values above are divided by ``1 + x/sigma_max^2``. By default the law is the right one.

    **Returns** a `Filter`, which is a function of eigenvalues.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact: the limit of `ddim` for infinitely many levels.

    **Reference** Derived here. With fresh data and exact scores, early stopping alone drives the loop to a mixture of
    smoothed copies of the data: Khelifa, Turner and Venkataramanan 2026, arXiv:2606.13796.

    ```python
    >>> [ideal_diffusion(sigma_min=1.0, denoise=last)(jnp.array([3.0])).tolist() for last in (False, True)]
    [[4.0], [2.25]]

    ```
    """
    _check_number("sigma_min", sigma_min, check_positive)
    check_flag("denoise", denoise)
    if sigma_max is not None:
        _check_number("sigma_max", sigma_max, check_positive)
        if not is_traced(sigma_max) and not is_traced(sigma_min) and not np.all(np.asarray(sigma_max) > sigma_min):
            raise ValueError(f"sigma_max must be above sigma_min = {sigma_min}, got {sigma_max}")
    return _Ideal(as_floats(sigma_min), None if sigma_max is None else as_floats(sigma_max), bool(denoise))


@lenient()
def ddim(sigmas: Vector, denoise: bool = False, time: Number | None = None) -> Filter:
    """Linear denoisers at some noise levels, and the deterministic sampler that goes down through them.

    From ``N(0, sigma_0^2)`` on, a step multiplies by ``r_i + (1 - r_i) A_i`` with ``r_i = sigma_{i+1}/sigma_i`` and the
    denoiser ``A_i = x/(x + sigma_i^2)``: ``f(x) = sigma_0^2 prod_i [r_i + (1 - r_i) A_i]^2``.

    **Arguments**

    - `sigmas`: the noise levels, positive and falling, shape ``(levels,)``. The last one is where the sampler ends.
    - `denoise`: whether what is left is multiplied by the denoiser of the last level.
    - `time`: of the gradient flow from zero on ``E|A x_sigma - x|^2`` that trains each denoiser, positive:
      ``A_i = x/(x + sigma_i^2) (1 - exp(-2 time (x + sigma_i^2)))``. By default they are trained to the end.

    **Returns** a `Filter`, which is a function of eigenvalues.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact.

    **Reference** Song, Meng and Ermon 2020, arXiv:2010.02502, for the sampler; the loop is derived here.

    ```python
    >>> few, many = (ddim(jnp.geomspace(20.0, 0.3, levels)) for levels in (12, 400))
    >>> [round(float(f(4.0)), 2) for f in (few, many)]  # of 4 + 0.3^2 less what the prior takes
    [3.37, 4.03]

    ```
    """
    check_positive("sigmas", sigmas)
    _check_ordered("sigmas", sigmas, "falling", lambda values: np.diff(values) < 0)
    check_flag("denoise", denoise)
    if time is not None:
        _check_number("time", time, check_positive)
    return _Deterministic(as_floats(sigmas), None if time is None else as_floats(time), bool(denoise))


@lenient()
def ancestral(alphas: Vector) -> Filter:
    """Linear denoisers and the ancestral sampler (DDPM), whose last step is denoised.

    At level ``i`` the data is ``alpha_i x + s_i z`` with ``s_i^2 = 1 - alpha_i^2``, and the denoiser
    ``A_i = alpha_i x/(alpha_i^2 x + s_i^2)``. The variance begins at 1, becomes ``g^2 v + d^2`` with
    ``d = (s_{i+1}/s_i) sqrt(1 - (alpha_i/alpha_{i+1})^2)`` and
    ``g = alpha_{i+1} A_i + sqrt(s_{i+1}^2 - d^2) (1 - alpha_i A_i)/s_i``, and ends as ``A^2 v``.

    **Arguments**

    - `alphas`: the signal at each level, between 0 and 1 and rising, shape ``(levels,)``.

    **Returns** a `Filter`, which is a function of eigenvalues (in units in which the noise has variance 1).

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact.

    **Reference** Ho, Jain and Abbeel 2020, arXiv:2006.11239, for the sampler; the loop is derived here.

    ```python
    >>> cosine = lambda levels: jnp.cos(0.5 * jnp.pi * jnp.linspace(0.98, 0.02, levels + 1)[:-1])
    >>> [round(float(ancestral(cosine(levels))(1.0)), 3) for levels in (10, 20, 40)]
    [0.687, 0.816, 0.898]

    ```
    """
    check_above("alphas", alphas, 0.0)
    _check_ordered("alphas", alphas, "rising and below 1", lambda values: np.diff(np.append(values, 1.0)) > 0)
    return _Ancestral(as_floats(alphas))


@lenient()
def temperature(psi: Number, network: Any = None) -> Filter:
    """A network whose noise is scaled by `psi` when it generates: ``psi^2 f(x)``.

    **Arguments**

    - `psi`: at least 0; below 1 it is a low temperature, or a truncation.
    - `network`: ``f``, a `Filter` or another function of eigenvalues; by default ``f(x) = x``, a Gaussian fit.

    **Returns** a `Filter`, which is a function of eigenvalues.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact.

    **Reference** Derived here.

    ```python
    >>> temperature(0.5)(jnp.array([4.0])).tolist()
    [1.0]

    ```
    """
    _check_number("psi", psi, check_nonnegative)
    if network is not None:
        check_network(network)
    return _Temperature(as_floats(psi), network)


def check_network(network: Any) -> None:
    """A function of eigenvalues."""
    if isinstance(network, type) or not callable(network):
        hint = f"the class {network.__name__}" if isinstance(network, type) else repr(network)
        raise TypeError(
            f"network must be a function of eigenvalues such as jaxcollapse.theory.networks.soft_threshold(0.1), "
            f"got {hint}"
        )


def applied(network: Callable, eigenvalues: Float[Array, "..."]) -> Float[Array, "..."]:
    """The function at every eigenvalue."""
    values = jnp.asarray(network(eigenvalues))
    if values.shape != eigenvalues.shape:
        raise ValueError(
            f"network must return an eigenvalue for each it is given: shape {eigenvalues.shape}, got {values.shape}"
        )
    return values


class _SoftThreshold(Filter):
    c: Float[Array, ""]
    pixel: Float[Array, ""]

    @lenient()
    def __call__(self, eigenvalues):
        return jnp.maximum(eigenvalues - self.c, 0.0) + self.pixel

    @property
    def affine(self):
        return jnp.ones_like(self.c), self.pixel - self.c


class _Ideal(Filter):
    sigma_min: Float[Array, ""]
    sigma_max: Float[Array, ""] | None
    denoise: bool = eqx.field(static=True)

    @lenient()
    def __call__(self, eigenvalues):
        noisy = eigenvalues + self.sigma_min**2
        values = eigenvalues**2 / noisy if self.denoise else noisy
        return values if self.sigma_max is None else values / (1 + eigenvalues / self.sigma_max**2)

    @property
    def affine(self):
        curved = self.denoise or self.sigma_max is not None
        return None if curved else (jnp.ones_like(self.sigma_min), self.sigma_min**2)


class _Deterministic(Filter):
    sigmas: Float[Array, " levels"]
    time: Float[Array, ""] | None
    denoise: bool = eqx.field(static=True)

    @lenient()
    def __call__(self, eigenvalues):
        x = jnp.asarray(eigenvalues)[..., None]
        noisy = x + self.sigmas**2
        denoisers = x / noisy
        if self.time is not None:
            denoisers = -denoisers * jnp.expm1(-2 * self.time * noisy)
        ratios = self.sigmas[1:] / self.sigmas[:-1]
        gain = self.sigmas[0] * jnp.prod(ratios + (1 - ratios) * denoisers[..., :-1], axis=-1)
        return (gain * denoisers[..., -1] if self.denoise else gain) ** 2


class _Ancestral(Filter):
    alphas: Float[Array, " levels"]

    @lenient()
    def __call__(self, eigenvalues):
        x = jnp.asarray(eigenvalues)
        squares = (1 - self.alphas) * (1 + self.alphas)  # s^2, without cancellation
        denoiser = lambda alpha, s2: alpha * x / (alpha**2 * x + s2)  # noqa: E731

        def step(v, levels):
            (alpha, after), (s2, s2_after) = levels
            a = denoiser(alpha, s2)
            fresh = s2_after * (after - alpha) * (after + alpha) / (after**2 * s2)  # d^2
            g = after * a + alpha * s2_after / (after * s2) * (1 - alpha * a)
            return g**2 * v + fresh, None

        pairs = [jnp.stack([array[:-1], array[1:]], axis=1) for array in (self.alphas, squares)]
        v = jax.lax.scan(step, jnp.ones_like(x, self.alphas.dtype), pairs)[0]
        return denoiser(self.alphas[-1], squares[-1]) ** 2 * v


class _Temperature(Filter):
    psi: Float[Array, ""]
    network: Any

    @lenient()
    def __call__(self, eigenvalues):
        inner = jnp.asarray(eigenvalues) if self.network is None else self.network(eigenvalues)
        return self.psi**2 * inner

    @property
    def affine(self):
        inner = (1.0, 0.0) if self.network is None else getattr(self.network, "affine", None)
        return None if inner is None else (self.psi**2 * inner[0], self.psi**2 * inner[1])


def _check_number(name: str, value: Any, check: Callable[[str, Any], None]) -> None:
    check_scalar(name, value)
    check(name, value)


def _check_ordered(name: str, value: Any, order: str, ordered: Callable[[np.ndarray], np.ndarray]) -> None:
    check_numbers(name, value)
    if np.ndim(value) != 1 or np.size(value) == 0:
        raise ValueError(f"{name} must have shape (levels,), got shape {np.shape(value)}")
    if not is_traced(value) and not np.all(ordered(np.asarray(value))):
        raise ValueError(f"{name} must be {order}, got {shown(value, str)}")
