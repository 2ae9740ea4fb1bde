"""Features that are not Gaussian: their moments, and what a model does with them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.population.features import Rademacher, StudentT, Table, Uniform

EIGENVALUES = [0.5, 1.0, 2.0]
KINDS = {
    "rademacher": lambda: Rademacher(EIGENVALUES),
    "uniform": lambda: Uniform(EIGENVALUES),
    "own tails": lambda: StudentT(EIGENVALUES, df=9.0, shared=False),
    "shared tails": lambda: StudentT(EIGENVALUES, df=9.0, shared=True),
}


@pytest.mark.slow
@pytest.mark.sampled(2)
@pytest.mark.parametrize("kind", KINDS)
def test_rows_have_mean_zero_and_the_covariance_of_the_spectrum(kind, x64):
    n = 200_000
    rows = np.asarray(KINDS[kind]()(jax.random.key(0), n))
    products = rows[:, :, None] * rows[:, None, :]
    error = products.std(axis=0) / np.sqrt(n)
    assert (np.abs(rows.mean(axis=0)) < 4.5 * rows.std(axis=0) / np.sqrt(n)).all()
    assert (np.abs(products.mean(axis=0) - np.diag(EIGENVALUES)) < 4.5 * error + 1e-12).all()


MOMENTS = {"rademacher": (1.0, 1.0), "uniform": (1.8, 1.0), "own tails": (4.2, 1.0), "shared tails": (4.2, 1.4)}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("kind", KINDS)
def test_tails(kind, x64):
    """``E z^4`` is 3 (df - 2)/(df - 4) for Student's t; shared tails leave ``E z_1^2 z_2^2 = (df - 2)/(df - 4)``."""
    z = np.asarray(KINDS[kind]()(jax.random.key(1), 400_000)) / np.sqrt(EIGENVALUES)
    for values, expected in zip((z[:, 0] ** 4, z[:, 0] ** 2 * z[:, 1] ** 2), MOMENTS[kind], strict=True):
        assert abs(values.mean() - expected) < 5 * values.std() / np.sqrt(len(z)) + 1e-12


def test_a_table_is_resampled_in_its_eigenbasis(x64):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(40, 3)) @ rng.normal(size=(3, 3)) + 5.0
    table = Table(rows)
    np.testing.assert_allclose(table.spectrum.eigenvalues, np.linalg.eigvalsh(np.cov(rows.T, ddof=0))[::-1], rtol=1e-12)
    np.testing.assert_allclose(table.rows.T @ table.rows / 40, np.diag(table.spectrum.eigenvalues), atol=1e-12)
    drawn = np.asarray(table(jax.random.key(0), 4000))
    distance = np.abs(drawn[:, None] - np.asarray(table.rows)).sum(axis=2)
    counts = np.bincount(distance.argmin(axis=1), minlength=40)
    assert distance.min(axis=1).max() == 0
    assert ((counts - 100) ** 2 / 100).sum() < 80  # chi-square with 39 degrees of freedom


@pytest.mark.slow
def test_gaussian_features_are_those_of_the_model(x64):
    """The same rows through the door for others give the same curve; fresh and fixed."""
    spectrum = jc.theory.Spectrum.from_eigenvalues(EIGENVALUES)
    gaussian = lambda key, n: jnp.sqrt(spectrum.eigenvalues) * jc.random.normal(key, (n, 3), float)  # noqa: E731
    for design in ("fresh", "fixed"):
        a, b = (
            jc.LinearRegression(spectrum, noise=1.0, penalty=0.1, design=design, sampling="raw", features=features)
            for features in (None, gaussian)
        )
        runs = [
            jc.simulate(model, jc.Accumulate(), key=jax.random.key(0), samples=9, generations=3).risk
            for model in (a, b)
        ]
        np.testing.assert_allclose(*runs, rtol=1e-12)


@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments():
    spectrum = jc.theory.Spectrum.isotropic(3)
    for sampling in ("walk", "krylov", "bartlett"):
        with pytest.raises(ValueError, match='features must be a function .* needs sampling="raw"'):
            jc.LinearRegression(spectrum, noise=1.0, sampling=sampling, features=Rademacher(jnp.ones(3)))
    with pytest.raises(ValueError, match="features must be a function"):
        jc.LinearRegression(spectrum, noise=1.0, features="rademacher")
    model = jc.LinearRegression(spectrum, noise=1.0, features=Rademacher(jnp.ones(4)))
    with pytest.raises(ValueError, match=r"features\(key, n\) must have shape \(5, 3\), got \(5, 4\)"):
        jc.simulate(model, jc.Replace(), key=jax.random.key(0), samples=5, generations=2)
    with pytest.raises(ValueError, match="df must be finite and above 2"):
        StudentT(EIGENVALUES, df=2.0, shared=True)
    with pytest.raises(TypeError, match="shared must be True or False"):
        StudentT(EIGENVALUES, df=5.0, shared="yes")
    with pytest.raises(ValueError, match="eigenvalues must be positive"):
        Uniform([1.0, -1.0])
    with pytest.raises(ValueError, match=r"eigenvalues must have shape \(dim,\)"):
        Uniform(1.0)
    with pytest.raises(ValueError, match="rows must not all be the same"):
        Table(np.ones((3, 2)))
    for rows in (np.ones(3), np.ones((1, 3)), np.full((4, 2), np.nan)):
        with pytest.raises(ValueError, match="rows must be a table of finite numbers"):
            Table(rows)


def test_the_tangent_kernel_is_the_mean_of_inner_products_of_gradients():
    """Of two-layer networks ``sqrt(2/m) a'relu(W x)`` with normal weights."""
    rng, m = np.random.default_rng(0), 400_000
    x = np.array([[1.0, 0.5], [-0.2, 0.8], [-1.0, -0.4], [0.0, 0.0]])
    w, a = rng.normal(size=(m, 2)), rng.normal(size=m)
    z = x @ w.T
    hidden, active = np.maximum(z, 0), (z > 0) * a
    expected = 2 / m * (hidden @ hidden.T + (active @ active.T) * (x @ x.T))
    np.testing.assert_allclose(jc.kernels.tangent(x), expected, atol=0.012)
