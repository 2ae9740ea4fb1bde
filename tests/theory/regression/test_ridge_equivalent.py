"""One ridge fit on several sources: every case against a derivation of its own, and against raw data."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxcollapse.theory import Spectrum, regression

pytestmark = pytest.mark.usefixtures("x64")

DIM = 40
POPULATIONS = (Spectrum.isotropic, lambda dim: Spectrum.power_law(dim, capacity=2.0, source=0.4))


def moments_of(vectors):
    vectors = jnp.asarray(vectors)
    return vectors[:, None] * vectors[None]


def isotropic_chain(aspect, noise, penalty):
    """The risk of a ridge chain on isotropic features with d/T = `aspect` and |w0| = 1, by two scalars."""
    mean, square, risks = 1.0, 1.0, []
    for phi, sigma, lam in zip(*np.broadcast_arrays(aspect, noise, penalty), strict=True):
        k = 0.5 * (lam + phi - 1 + np.sqrt((lam + phi - 1) ** 2 + 4 * lam))
        rho = 1 / (1 + k)
        square = rho**2 * (square * (1 + phi - 2 * phi * rho) + phi * sigma**2) / (1 - phi * rho**2)
        mean *= rho
        risks.append(square - 2 * mean + 1)
    return np.array(risks)


def test_a_ridge_chain_is_two_numbers_on_isotropic_features():
    samples, noise, penalty = np.array([50.0, 90, 30, 300]), np.array([0.3, 1, 0, 0.5]), np.array([0.1, 1e-3, 0.4, 2])
    chain = regression.ridge_replace(
        Spectrum.isotropic(DIM), samples=samples, noise=noise, penalty=penalty, generations=4
    )
    np.testing.assert_allclose(chain, isotropic_chain(DIM / samples, noise, penalty), rtol=1e-11)


def test_a_student_beats_an_underregularised_teacher():
    """Moniri and Hassani 2025, arXiv:2505.18346: a chain of two; 0.5 is the best penalty of teachers."""

    def risks(teacher, students):
        def risk(student):
            penalty, noise = jnp.stack([jnp.array(teacher), student]), jnp.array([1.0, 0.0])
            return regression.ridge_replace(
                Spectrum.isotropic(DIM), samples=80, noise=noise, penalty=penalty, generations=2
            )

        return jax.lax.map(risk, students)

    students = jnp.geomspace(0.01, 3, 100)
    careless, best = risks(0.025, students), risks(0.5, students)
    np.testing.assert_allclose(careless[50], isotropic_chain(0.5, [1, 0], [0.025, students[50]]), rtol=1e-11)
    np.testing.assert_allclose(careless[0, 0], 0.840, atol=5e-4)
    np.testing.assert_allclose(careless[:, 1].min(), 0.542, atol=5e-4)
    assert (best[:, 1] > best[:, 0]).all()


@pytest.mark.parametrize("population", POPULATIONS)
@pytest.mark.parametrize("samples", [25.0, 41.0, 400.0])
def test_strong_collapse_is_a_case_of_the_engine(population, samples):
    spectrum, fraction = population(DIM), 0.3
    shift = jnp.linspace(0.1, 0.02, DIM)
    setting = dict(fraction=fraction, penalty=0.05, samples=samples, noise=0.5, generator_noise=0.8)
    moments = jnp.zeros((2, 2, DIM)).at[0, 0].set(spectrum.signal**2).at[1, 1].set(shift)
    fit = regression.ridge_equivalent(
        spectrum,
        samples=[(1 - fraction) * samples, fraction * samples],
        noise=[0.5, 0.8],
        penalty=0.05,
        labellers=[[1, 0], [1, 1]],
        moments=moments,
    )
    terms = regression.ridge_strong_collapse_terms(spectrum, shift=shift, **setting)
    np.testing.assert_allclose(sum(terms), fit.risk(spectrum, moments=moments), rtol=1e-12)
    clean = regression.ridge_downstream_terms(
        spectrum, penalty=0.05, samples=samples, noise=0.5, generator_samples=1000
    )
    np.testing.assert_allclose(terms.bias, clean.bias, rtol=1e-12)


def test_a_fraction_of_synthetic_rows_leaves_a_plateau():
    spectrum, shift = Spectrum.isotropic(DIM), jnp.full(DIM, 0.01)
    setting = dict(shift=shift, penalty=1e-6, samples=1e13, noise=1.0)
    for fraction in (0.01, 0.1, 1.0):
        terms = regression.ridge_strong_collapse_terms(spectrum, fraction=fraction, **setting)
        np.testing.assert_allclose(sum(terms), fraction**2 * 0.01 * DIM, rtol=1e-4)


@pytest.mark.parametrize("population", POPULATIONS)
@pytest.mark.parametrize("sizes", [(15, 15, 12), (100, 60, DIM), (30, 14, DIM)])
def test_pooled_least_squares_is_exact(population, sizes):
    """The moments of matrix Beta distributions: risk_g = c risk_{g-1} + sigma^2 d/(T - d - 1)."""
    real, fake, dim = sizes
    total, start = real + fake, 2 * dim + 2.0
    c = fake * (fake + 2) / (total * (total + 2))
    c += fake * real * (total + 1) * (dim - 1) / (total * (total + 2) * (total - 1) * (total - dim - 1))
    chain = regression.ridge_mix(
        population(dim),
        real_samples=jnp.array([start, real, real, real]),
        samples=fake,
        noise=0.7,
        penalty=0.0,
        generations=4,
    )
    expected = [0.49 * dim / (start - dim - 1)]
    for _ in range(3):
        expected.append(c * expected[-1] + 0.49 * dim / (total - dim - 1))
    np.testing.assert_allclose(chain, expected, rtol=1e-11)
    if dim == 12:
        np.testing.assert_allclose(c, 0.428, atol=5e-4)


def test_weights_of_few_features():
    """He, Xu and Cheng 2025: the risk tends to (w^2 + k (1 - w)^2)/(w (2 - w)) sigma^2 d/n."""
    for k in (1.0, 0.1):
        for weight in (0.3, (np.sqrt(k**2 + 4 * k) - k) / 2):
            chain = regression.ridge_mix(
                Spectrum.isotropic(1),
                real_samples=1e8,
                samples=1e8 / k,
                noise=1.0,
                penalty=0.0,
                real_weight=weight,
                generations=60,
            )
            limit = (weight**2 + k * (1 - weight) ** 2) / (weight * (2 - weight))
            np.testing.assert_allclose(chain[-1] * 1e8, limit, rtol=1e-6)
    np.testing.assert_allclose(limit, weight, rtol=1e-12)


@pytest.mark.parametrize(
    ("aspect", "best"), [(1e-3, 0.618), (0.1, 0.623), (0.3, 0.634), (0.5, 0.647), (0.7, 0.664), (0.9, 0.685)]
)
def test_the_best_weight_rises_with_the_dimension(aspect, best):
    low, middle, high = _limits(aspect, jnp.array([best - 0.002, best, best + 0.002]))
    vertex = best + 0.001 * (low - high) / (low - 2 * middle + high)  # of the parabola through three points
    np.testing.assert_allclose(vertex, best, atol=6e-4)


@jax.jit  # once for all aspects
def _limits(aspect, weights):
    dim = 2000
    spectrum, samples = Spectrum.isotropic(dim), dim / aspect

    def limit(weight):
        setting = dict(real_samples=samples, samples=samples, noise=1.0, penalty=0.0, generations=50)
        return regression.ridge_mix(spectrum, real_weight=weight, **setting)[-1]

    return jax.lax.map(limit, weights)


def _raw_mixture(rng, spectrum, *, real, fake, noise, penalty, weight, generations, replications):
    """The risks of a chain on fresh real and fake rows, from raw data: shape (replications, generations)."""
    s, w0 = (np.asarray(value) for value in (spectrum.eigenvalues, spectrum.signal))
    w, risks = np.broadcast_to(w0, (replications, len(s))), []
    for g in range(generations):
        sizes = (real, 0) if g == 0 else (real, fake)
        x = rng.standard_normal((replications, sum(sizes), len(s))) * np.sqrt(s)
        labellers = np.where(np.arange(sum(sizes))[:, None] < real, w0, w[:, None])
        y = (x * labellers).sum(-1) + noise * rng.standard_normal(x.shape[:2])
        row = np.repeat([1.0] if g == 0 else [weight / real, (1 - weight) / fake], [real, fake][: 1 if g == 0 else 2])
        gram = np.swapaxes(x * row[:, None], 1, 2) @ x + penalty * row.sum() * np.eye(len(s))
        w = np.linalg.solve(gram, np.swapaxes(x * row[:, None], 1, 2) @ y[..., None])[..., 0]
        risks.append(((w - w0) ** 2 * s).sum(-1))
    return np.stack(risks, axis=1)


@pytest.mark.sampled(1)
@pytest.mark.parametrize(("penalty", "weight", "population"), [(0.0, 0.618, 0), (0.0, 0.3, 1), (0.05, 0.7, 1)])
def test_weighted_mixtures_agree_with_raw_data(penalty, weight, population):
    spectrum = POPULATIONS[population](DIM)
    setting = dict(noise=1.0, penalty=penalty, generations=8)
    rng = np.random.default_rng(1)
    risks = _raw_mixture(rng, spectrum, real=100, fake=80, weight=weight, replications=400, **setting)
    theory = regression.ridge_mix(spectrum, real_samples=100, samples=80, real_weight=weight, **setting)
    error = risks.std(axis=0) / np.sqrt(len(risks))
    gap = np.abs(risks.mean(axis=0) - theory)
    assert (gap < 4 * error + 0.6 / DIM * theory).all(), (risks.mean(axis=0), theory, error)


def test_interpolating_mixtures_of_labels():
    """Fresh labels w y + (1 - w) y~ on few isotropic rows: the fixed point is known at every size."""
    rows, weight, noise = 15, 0.4, 0.6
    spectrum, kept = Spectrum.isotropic(DIM), rows / DIM
    cross = square = jnp.zeros(DIM)
    blended = np.sqrt(weight**2 + (1 - weight) ** 2) * noise
    for _ in range(30):
        moments = jnp.stack([jnp.stack([spectrum.signal**2, cross]), jnp.stack([cross, square])])
        fit = regression.ridge_equivalent(
            spectrum, samples=[rows], noise=[blended], penalty=0.0, labellers=[[1, 1 - weight]], moments=moments
        )
        risk = fit.risk(spectrum, moments=moments)
        offset = fit.coefficients - jnp.array([[1.0], [0.0]])
        cross = offset[0] * spectrum.signal**2 + offset[1] * cross
        square = jnp.einsum("kj,klj,lj->j", offset, moments, offset) + fit.variance
    limit = (1 - kept + blended**2 * rows / (DIM - rows - 1)) / (1 - (1 - weight) ** 2 * kept)
    np.testing.assert_allclose(risk, limit, rtol=1e-11)


@pytest.mark.parametrize("penalty", [0.0, 0.1])
@pytest.mark.parametrize("population", POPULATIONS)
def test_sources_that_agree_are_one_source(population, penalty):
    spectrum = population(DIM)
    vectors = jax.random.normal(jax.random.key(0), (2, DIM))
    setting = dict(penalty=penalty, moments=moments_of(vectors))
    fit = regression.ridge_equivalent(
        spectrum, samples=[70, 30], noise=[0.5, 0.2], weights=[1, 0.3], labellers=jnp.eye(2), **setting
    )
    split = regression.ridge_equivalent(
        spectrum,
        samples=[20, 30, 50, 7],
        noise=[0.5, 0.2, 0.5, 9.0],
        weights=[10, 3, 10, 0],
        labellers=[[1, 0], [0, 1], [1, 0], [1, 1]],
        **setting,
    )
    np.testing.assert_allclose(split.variance, fit.variance, rtol=1e-12)
    np.testing.assert_allclose(split.coefficients, fit.coefficients, rtol=1e-12)
    np.testing.assert_allclose(split.kappa, fit.kappa, rtol=1e-12)


def test_weights_do_not_matter_to_a_fit_that_interpolates():
    vectors = jax.random.normal(jax.random.key(0), (2, DIM))
    fits = [
        regression.ridge_equivalent(
            POPULATIONS[1](DIM),
            samples=[12, 9],
            noise=[0.5, 0.2],
            weights=weights,
            penalty=0.0,
            labellers=jnp.eye(2),
            moments=moments_of(vectors),
        )
        for weights in ([1, 1], [1, 1e-3])
    ]
    np.testing.assert_allclose(fits[0].variance, fits[1].variance, rtol=1e-11)
    np.testing.assert_allclose(fits[1].shares, [12 / 21, 9 / 21], rtol=1e-12)


def test_infinite_means_stay():
    for few in (DIM - 1, DIM, DIM + 1):
        sizes = jnp.array([100.0, few, 100.0, 20.0])
        for population in POPULATIONS:
            chain = regression.ridge_replace(population(DIM), samples=sizes, noise=1.0, penalty=0.0, generations=4)
            assert np.isinf(chain).tolist() == [False, True, True, True]
            quiet = regression.ridge_replace(population(DIM), samples=sizes, noise=0.0, penalty=0.0, generations=4)
            assert np.isfinite(quiet).all()
    setting = dict(samples=[20, 20], penalty=0.0, noise=[0, 0], labellers=jnp.eye(2))
    moments = moments_of(jnp.ones((2, DIM)).at[1].set(2.0))
    fit = regression.ridge_equivalent(Spectrum.isotropic(DIM), moments=moments, **setting)
    assert np.isinf(fit.risk(Spectrum.isotropic(DIM), moments=moments))  # labellers that disagree are noise
    mixed = regression.ridge_mix(
        Spectrum.isotropic(DIM),
        real_samples=DIM,
        samples=jnp.array([0.0, 60, 0]),
        noise=1.0,
        penalty=0.0,
        generations=3,
    )
    assert np.isinf(mixed).all()


@pytest.mark.parametrize("population", POPULATIONS)
def test_the_collapse_term_of_few_fake_rows(population):
    """Dohmatob et al., equation 18: rho of generators with T0 < d rows that share a design."""
    spectrum, few, many, penalty = population(DIM), 15, 90, 0.05
    s = np.asarray(spectrum.eigenvalues)
    k0 = float(regression.ridge_equivalent(
        spectrum, samples=[few], noise=[0], penalty=0.0, labellers=[[1]], moments=moments_of(spectrum.signal[None])
    ).kappa)  # fmt: skip
    k = float(regression.ridge_equivalent(
        spectrum, samples=[many], noise=[0], penalty=penalty, labellers=[[1]], moments=moments_of(spectrum.signal[None])
    ).kappa)  # fmt: skip
    df2, df1_0, df2_0 = np.sum((s / (s + k)) ** 2), np.sum(s / (s + k0)), np.sum((s / (s + k0)) ** 2)
    inverse = 1 / ((s + k0) * (s + k)) ** 2
    top = np.sum(s**4 * inverse) + k**2 * np.sum(s**2 * inverse) * df2 / (many - df2)
    rho = top / (few - df2_0 - df2_0 / df1_0)
    setting = dict(penalty=penalty, samples=many, noise=0.3, generators=3, generator_samples=few, design="fixed")
    noisy, quiet = (regression.ridge_downstream(spectrum, generator_noise=noise, **setting) for noise in (0.7, 0.0))
    np.testing.assert_allclose(noisy - quiet, 3 * 0.49 * rho, rtol=1e-11)


@pytest.mark.parametrize("population", POPULATIONS)
def test_the_limit_of_a_chain_with_one_penalty(population):
    spectrum, setting = population(DIM), dict(samples=60.0, noise=0.7, penalty=0.2)
    curve = regression.ridge_replace(spectrum, generations=4000, **setting)
    limit = regression.ridge_replace_limit(spectrum, design="fresh", **setting)
    rtol = 1e-11 if population is Spectrum.isotropic else 2e-3  # small eigenvalues forget slowly, and noiselessly
    np.testing.assert_allclose(curve[-1], limit, rtol=rtol)
    s, rng = np.asarray(spectrum.eigenvalues), np.random.default_rng(0)
    exact = []
    for _ in range(300):  # given the design, the limit is exact
        x = rng.standard_normal((60, DIM)) * np.sqrt(s)
        cov = x.T @ x / 60
        exact.append(np.trace(s[:, None] * np.linalg.solve(2 * cov + 0.2 * np.eye(DIM), cov)) * 0.49 / (60 * 0.2))
    null = float(jnp.sum(spectrum.eigenvalues * spectrum.signal**2))
    fixed = float(regression.ridge_replace_limit(spectrum, design="fixed", **setting)) - null
    assert abs(np.mean(exact) - fixed) < 4 * np.std(exact) / 300**0.5 + 0.005 * fixed


@pytest.mark.slow
def test_gradients_through_the_fixed_point():
    vectors = moments_of(jax.random.normal(jax.random.key(1), (2, DIM)))

    def risk(penalty, weight, count, first):
        spectrum = Spectrum(jnp.ones(DIM).at[0].set(first), jnp.ones(DIM))
        fit = regression.ridge_equivalent(
            spectrum,
            samples=jnp.stack([count, 50.0]),
            noise=[0.3, 0.2],
            penalty=penalty,
            labellers=jnp.eye(2),
            moments=vectors,
            weights=jnp.stack([1.0, weight]),
        )
        return fit.risk(spectrum, moments=vectors)

    for point in ((0.1, 0.3, 60.0, 1.5), (0.0, 0.3, 60.0, 1.5)):
        point = tuple(map(jnp.float64, point))
        slopes = jax.grad(risk, argnums=(0, 1, 2, 3))(*point)
        for i in range(4) if point[0] > 0 else range(1, 4):
            up, down = (tuple(v + s * 1e-5 * (i == j) for j, v in enumerate(point)) for s in (1, -1))
            np.testing.assert_allclose(slopes[i], (risk(*up) - risk(*down)) / 2e-5, rtol=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(samples=[1.0]), "samples must have shape"),
        (dict(samples=[0.0, 0.0]), "samples must be positive for a source of positive weight"),
        (dict(noise=[-1.0, 0.0]), "noise must be finite"),
        (dict(weights=[1.0, -1.0]), "weights must be finite"),
        (dict(penalty=-1.0), "penalty must be finite"),
        (dict(labellers=[1.0, 2.0]), "labellers must have shape"),
        (dict(moments=jnp.ones((2, 2, 4))), "moments must have shape"),
        (dict(moments=jnp.full((2, 2, 3), jnp.inf)), "moments must be finite"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_sources(change, message):
    setting = dict(samples=[3.0, 4.0], noise=[1.0, 1.0], penalty=0.1, labellers=jnp.eye(2), moments=jnp.ones((2, 2, 3)))
    with pytest.raises(ValueError, match=message):
        regression.ridge_equivalent(Spectrum.isotropic(3), **{**setting, **change})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s, c: regression.ridge_mix(s, real_samples=0, **c), "real_samples must be positive"),
        (lambda s, c: regression.ridge_mix(s, real_samples=5, real_weight=1.5, **c), "real_weight must be at most 1"),
        (
            lambda s, c: regression.ridge_mix(s, real_samples=[5, 5, 5], **c),
            "real_samples must be a number or have shape",
        ),
        (lambda s, c: regression.ridge_replace_limit(s, samples=9, noise=1.0, penalty=0.0, design="fresh"), "penalty"),
        (lambda s, c: regression.ridge_replace_limit(s, samples=9, noise=1.0, penalty=1.0, design="new"), "design"),
        (
            lambda s, c: regression.ridge_strong_collapse_terms(
                s, shift=[0.1], fraction=0.5, penalty=0.1, samples=9, noise=1.0
            ),
            "shift must have shape",
        ),
        (
            lambda s, c: regression.ridge_strong_collapse_terms(
                s, shift=[0.1] * 3, fraction=2.0, penalty=0.1, samples=9, noise=1.0
            ),
            "fraction must be at most 1",
        ),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_chains(call, message):
    with pytest.raises(ValueError, match=message):
        call(Spectrum.isotropic(3), dict(samples=4, noise=1.0, penalty=0.1, generations=2))
