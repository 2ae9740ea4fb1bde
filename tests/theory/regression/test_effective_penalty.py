"""The effective penalty: residuals over the whole range of numbers, and the risk where it is tiny."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxcollapse.machine.precision import enable_x64
from jaxcollapse.population.spectrum import Spectrum
from jaxcollapse.theory import regression
from jaxcollapse.theory.regression.effective_penalty import kappa_of_arrays


def settings(count, dim, double, seed):
    """Spectra over up to 400 powers of ten, as many rows as directions or nearly, and penalties down to zero."""
    rng = np.random.default_rng(seed)
    span = rng.choice([0, 1, 10, 100, 200] if double else [0, 1, 5, 15], count)[:, None]
    s = np.where(rng.random((count, dim)) < 0.05, 0.0, 10.0 ** (rng.uniform(-1, 1, (count, dim)) * span))
    s[:, 0] = np.where(s[:, 0] == 0, 1.0, s[:, 0])
    rank = (s > 0).sum(axis=1)
    kind = rng.integers(0, 4, count)
    near = np.maximum(rank + rng.integers(-3, 1, count), 1)
    rows = np.select([kind == 0, kind == 1, kind == 2], [rank, near, rank + 1.0], rng.uniform(0.3, 3, count) * dim)
    penalty = 10.0 ** np.where(rng.random(count) < 0.4, rng.uniform(-20, 0, count), rng.uniform(-300, 5, count))
    penalty = np.where(rng.random(count) < 0.15, 0.0, penalty if double else np.maximum(penalty, 1e-30))
    kind = np.float64 if double else np.float32
    return s.astype(kind), penalty.astype(kind), rows.astype(kind)


def excess(k, s, penalty, rows):
    """The sign of ``sum k/(s + k) + T - rank - T lambda/k``, from terms that do not cancel, in extended precision."""
    k, s, penalty, rows = (np.asarray(v, np.longdouble) for v in (k, s, penalty, rows))
    k, large = k[:, None], s >= k[:, None]
    lost = np.where(large, k / (s + k), 0).sum(axis=1)
    kept = np.where(~large, s / (s + k), 0).sum(axis=1)
    whole = rows - large.sum(axis=1)
    return lost + np.maximum(whole, 0) - kept - np.maximum(-whole, 0) - rows * penalty / k[:, 0]


def check_roots(count, double, seed):
    """A root lies between ``k (1 - tol)`` and ``k (1 + tol)``."""
    with enable_x64(double):
        for dim in (1, 2, 5, 12):
            s, penalty, rows = settings(count, dim, double, seed)
            k = np.asarray(jax.jit(jax.vmap(kappa_of_arrays))(s, penalty, rows))
            zero = (penalty == 0) & (rows >= (s > 0).sum(axis=1))
            assert (k[zero] == 0).all()
            k, s, penalty, rows = (v[~zero].astype(np.longdouble) for v in (k, s, penalty, rows))
            tol = 2e-14 if double else 3e-6
            wrong = (excess(k * (1 - tol), s, penalty, rows) > 0) | (excess(k * (1 + tol), s, penalty, rows) < 0)
            assert np.isfinite(k).all() and not wrong.any(), (s[wrong][:1], penalty[wrong][:1], rows[wrong][:1])


@pytest.mark.sampled(1)
@pytest.mark.parametrize("double", [True, False])
def test_the_equation_is_solved_to_rounding(double):
    check_roots(300, double, seed=0)


@pytest.mark.slow
@pytest.mark.parametrize("double", [True, False])
def test_the_equation_is_solved_to_rounding_at_many_points(double):
    check_roots(25_000, double, seed=1)


@pytest.mark.sampled(6)
@pytest.mark.parametrize("penalty", [1e-6, 1e-8, 1e-12, 1e-16, 1e-20, 1e-30])
@pytest.mark.parametrize("double", [True, False])
def test_as_many_rows_as_directions(penalty, double):
    """``kappa = (l + sqrt(l^2 + 4 l))/2``, and a variance of ``df2/(T - df2)``."""
    with enable_x64(double):
        right = (penalty + np.sqrt(penalty**2 + 4 * penalty)) / 2
        k = regression.kappa(jnp.ones(50), penalty=penalty, samples=50.0)
        np.testing.assert_allclose(k, right, rtol=1e-12 if double else 2e-6)
        silent = Spectrum.isotropic(50, norm=0.0)
        risk = regression.ridge_replace(silent, samples=50.0, noise=0.5, penalty=penalty, generations=1)[0]
        lost = right / (1 + right)
        np.testing.assert_allclose(risk, 0.25 * (1 - lost) ** 2 / (lost * (2 - lost)), rtol=1e-11 if double else 5e-5)


@pytest.mark.slow
@pytest.mark.parametrize(("samples", "penalty"), [(30.0, 0.2), (50.0, 1e-3), (70.0, 0.0)])
@pytest.mark.usefixtures("x64")
def test_three_derivatives(samples, penalty):
    """Against those of the closed form for unit eigenvalues."""

    def closed(x):
        b = x + (50 - samples) / samples
        return (b + jnp.sqrt(b**2 + 4 * x)) / 2

    for order in (1, 2, 3):
        ours, right = lambda x: regression.kappa(jnp.ones(50), penalty=x, samples=samples), closed
        for _ in range(order):
            ours, right = jax.grad(ours), jax.grad(right)
        np.testing.assert_allclose(ours(penalty), right(penalty), rtol=1e-7)
