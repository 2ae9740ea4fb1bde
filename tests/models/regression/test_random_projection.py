"""Ridge on a random projection: what it draws, what it fits, and what it keeps."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import ks_2samp

import jaxcollapse as jc
from stand_ins import by_default

Spectrum = jc.theory.Spectrum
pytestmark = pytest.mark.usefixtures("x64")


def spectrum():
    return Spectrum.from_eigenvalues(np.geomspace(1.0, 0.1, 6))


def model(width, *, penalty=0.1, sampling="exact", held=None):
    made = jc.RandomProjection(spectrum(), width=width, noise=0.5, penalty=penalty, sampling=sampling)
    if held is None:
        return made.prepare(jax.random.key(7), jnp.ones(1))
    return eqx.tree_at(lambda m: m.held, made, held, is_leaf=lambda leaf: leaf is None)


CASES = (
    (5, 4, 0.0, jc.Replace()),
    (9, 12, 0.05, jc.Replace()),
    (3, 9, 0.1, jc.Accumulate()),
)


@pytest.mark.slow
@pytest.mark.parametrize(("width", "samples", "penalty", "workflow"), by_default(CASES, CASES[1:2]))
def test_sums_have_the_law_of_rows(width, samples, penalty, workflow):
    """The minimum norm, more columns than features, and fewer of them than rows."""

    def risks(sampling, seed):
        projection = jc.RandomProjection(spectrum(), width=width, noise=0.5, penalty=penalty, sampling=sampling)
        run = lambda key: jc.simulate(projection, workflow, key=key, samples=samples, generations=3).risk  # noqa: E731
        keys = jax.random.split(jax.random.key(seed), 2000)
        return np.asarray(jax.jit(lambda keys: jax.lax.map(run, keys, batch_size=250))(keys))

    a, b = risks("exact", 1), risks("raw", 2)
    for g in range(3):
        assert ks_2samp(a[:, g], b[:, g]).pvalue > 1e-3 / 3 / len(CASES)


@pytest.mark.sampled(1)
@pytest.mark.parametrize(("width", "samples"), [(4, 3), (9, 30)])
def test_the_fit_minimises_its_loss(width, samples):
    """With a penalty the gradient vanishes; without one the fit is the pseudo-inverse on the projected rows."""
    ridge, free = model(width, sampling="raw"), model(width, penalty=0.0, sampling="raw")
    data = ridge.sample(jax.random.key(0), ridge.truth(), samples)
    x, y = data.rows
    z = x @ ridge.held
    v = jnp.linalg.solve(z.T @ z + 0.1 * samples * jnp.eye(width), z.T @ y)
    np.testing.assert_allclose(ridge.fit(data), ridge.held @ v, rtol=1e-9)
    np.testing.assert_allclose(ridge.fit(3.0 * data), ridge.fit(data), rtol=1e-9)  # a penalty is per sample
    np.testing.assert_allclose(free.fit(data), free.held @ jnp.linalg.pinv(z) @ y, rtol=1e-7)


@pytest.mark.slow
def test_a_square_projection_is_ridge_regression():
    """A multiple of the identity only scales the penalty: S of many columns is one, nearly."""
    scaled = model(6, penalty=0.1, held=2.0 * jnp.eye(6))
    ridge = jc.LinearRegression(spectrum(), noise=0.5, penalty=0.1 / 4)
    data = ridge.sample(jax.random.key(1), ridge.truth(), 20)
    np.testing.assert_allclose(scaled.fit(data), ridge.fit(data), rtol=1e-9)
    wide = model(100_000, penalty=0.1 * 100_000 / 6)
    np.testing.assert_allclose(wide.held @ wide.held.T * 6 / 100_000, jnp.eye(6), atol=0.03)


@pytest.mark.slow
def test_one_projection_serves_all_generations():
    run = jc.simulate(model(3), jc.Replace(), key=jax.random.key(0), samples=20, generations=12)
    assert np.linalg.matrix_rank(np.asarray(run.params), tol=1e-8) == 3
    other = jc.simulate(model(3), jc.Replace(), key=jax.random.key(1), samples=20, generations=2)
    both = np.concatenate([run.params, other.params])
    assert np.linalg.matrix_rank(both, tol=1e-8) == 5  # and every replication has its own


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: jc.RandomProjection(spectrum(), width=0, noise=1.0, penalty=0.1), "width must be at least 1"),
        (lambda: jc.RandomProjection(spectrum(), width=2.5, noise=1.0, penalty=0.1), "width must be an integer"),
        (lambda: jc.RandomProjection(spectrum(), width=2, noise=-1.0, penalty=0.1), "noise must be finite"),
        (
            lambda: jc.RandomProjection(spectrum(), width=2, noise=1.0, penalty=0.1, sampling="walk"),
            "sampling must be 'exact' or 'raw'",
        ),
        (
            lambda: jc.RandomProjection(spectrum(), width=2, noise=1.0, penalty=0.1).fit(
                jc.LinearRegression(spectrum(), noise=1.0).sample(jax.random.key(0), spectrum().signal, 5)
            ),
            "the fit depends on the projection",
        ),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments(make, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make()
