"""Closed forms of mutual training: large samples against given designs, those against rows, and their limits."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.theory import mean, mutual

pytestmark = pytest.mark.usefixtures("x64")

SIZES = dict(private_samples=30.0, public_samples=50.0, synthetic_samples=20.0)
WEIGHTS = dict(private_weight=0.4, noise=0.7)


def risk(generations=6, dim=3, models=4, synthetic_weight: object = 0.6, **changes):
    return mutual.risk(
        dim=dim,
        models=models,
        synthetic_weight=synthetic_weight,
        generations=generations,
        **{**SIZES, **WEIGHTS, **changes},
    )


def law(private, public, synthetic, synthetic_weight: object = 0.6, generations=6, **changes):
    return mutual.given_designs(
        private=private,
        public=public,
        synthetic=synthetic,
        synthetic_weight=synthetic_weight,
        generations=generations,
        **{**SIZES, **WEIGHTS, **changes},
    )


def equal_designs(gram, models=4):
    """Every Gram matrix the same per row."""
    private, public, synthetic = (n * gram for n in SIZES.values())
    return jnp.stack([private] * models), public, jnp.stack([synthetic] * models)


def test_identity_grams_give_the_large_sample_formulas():
    for alpha in (0.6, [0.9, 0.1, 0.8, 1.0, 0.0, 0.5]):
        exact = law(*equal_designs(jnp.eye(3)), alpha)
        np.testing.assert_allclose(exact.risk, risk(synthetic_weight=alpha), rtol=1e-12)
        apart = mutual.disagreement(dim=3, private_samples=30, **WEIGHTS, synthetic_weight=alpha, generations=6)
        np.testing.assert_allclose(exact.disagreement, apart, rtol=1e-12, atol=1e-15)


def test_one_design_for_all_scales_the_risk():
    gram = jnp.array([[2.0, 0.5, 0.0], [0.5, 1.0, 0.3], [0.0, 0.3, 0.5]])
    scale = jnp.trace(jnp.linalg.inv(gram)) / 3
    np.testing.assert_allclose(law(*equal_designs(gram)).risk, scale * risk(), rtol=1e-12)


def test_late_generations_reach_the_limit():
    fixed = dict(dim=3, models=4, **SIZES, **WEIGHTS)
    limit = mutual.risk_limit(**fixed, synthetic_weight=0.6)
    np.testing.assert_allclose(law(*equal_designs(jnp.eye(3)), generations=60).risk[-1], limit, rtol=1e-12)
    np.testing.assert_allclose(risk(generations=60)[-1], limit, rtol=1e-12)
    b, a, (n_p, n_s, m) = 0.4, 0.6, SIZES.values()
    printed = b**2 / (4 * n_p) + (1 - b) ** 2 / n_s + a**2 / ((1 - a**2) * 4 * m) + (1 - a) ** 2 * b**2 * 0.75 / n_p
    np.testing.assert_allclose(limit, 0.49 * 3 * printed, rtol=1e-12)
    assert mutual.risk_limit(**fixed, synthetic_weight=1.0) == jnp.inf
    silent = {**fixed, "noise": 0.0}
    assert mutual.risk_limit(**silent, synthetic_weight=1.0) == 0.0


def raw_models(designs, truths, noises, alpha, beta):
    """Weighted least squares on stacked rows, whose labels are those of the sources plus the given noises."""
    private, public, synthetic = designs
    *private_noise, public_noise = noises[0]
    models, theta = len(private), []
    shared = (public, public @ truths[-1] + public_noise)
    for g, synthetic_noise in enumerate(noises[1:]):
        a = alpha if g else 0.0
        labelled = [(x, x @ t + e) for x, t, e in zip(synthetic, theta, synthetic_noise, strict=True)] if g else []
        theta = []
        for k in range(models):
            own = (private[k], private[k] @ truths[k] + private_noise[k])
            sources = [(*own, (1 - a) * beta), (*shared, (1 - a) * (1 - beta))]
            sources += [(x, y, a / models) for x, y in labelled]
            rows = np.concatenate([np.sqrt(w / len(x)) * x for x, _, w in sources])
            right = np.concatenate([np.sqrt(w / len(x)) * y for x, y, w in sources])
            theta.append(np.linalg.lstsq(rows, right)[0])
    return np.stack(theta)


def test_given_designs_are_the_derivatives_of_fits_to_rows():
    """The models are linear in all truths and all noises: the law is in the derivatives, entry by entry."""
    rng = np.random.default_rng(0)
    dim, models, alpha, beta, sizes = 2, 3, 0.7, 0.4, (5, 6, 4)
    private, synthetic = rng.normal(size=(models, 5, dim)), rng.normal(size=(models, 4, dim))
    designs = (private, rng.normal(size=(6, dim)) * [1.0, 3.0], synthetic)
    names = ("private_samples", "public_samples", "synthetic_samples")
    grams = [jnp.asarray(np.swapaxes(x, -1, -2) @ x) for x in designs]
    exact = law(*grams, alpha, 4, private_weight=beta, **dict(zip(names, sizes, strict=True)))
    truths = rng.normal(size=(models + 1, dim))
    for g in (1, 2, 4):
        shapes = [(5,)] * models + [(6,)] + [(models, 4)] * g  # the first of the synthetic ones plays no role
        ends = np.cumsum([0, *(np.prod(shape) for shape in shapes)])

        def run(truths, noise, shapes=shapes, ends=ends):
            parts = [noise[a:b].reshape(shape) for a, b, shape in zip(ends, ends[1:], shapes, strict=False)]
            return raw_models(designs, truths, [parts[: models + 1], *parts[models + 1 :]], alpha, beta)

        silent, nothing = np.zeros(ends[-1]), np.zeros((models + 1, dim))
        jacobian = np.stack([run(nothing, unit) for unit in np.eye(ends[-1])], axis=-1)
        units = np.eye((models + 1) * dim).reshape(models + 1, dim, models + 1, dim)
        slopes = np.array([[run(unit, silent) for unit in row] for row in units])
        np.testing.assert_allclose(exact.transfer[g - 1], np.moveaxis(slopes, (0, 1), (2, 3)), atol=1e-12)
        covariance = 0.49 * np.einsum("kar,lbr->kalb", jacobian, jacobian)
        np.testing.assert_allclose(exact.covariance[g - 1], covariance, atol=1e-12)
        np.testing.assert_allclose(exact.risk[g - 1], 0.49 * (jacobian**2).sum() / models, rtol=1e-11)
        gaps = jacobian[[0, 0, 1]] - jacobian[[1, 2, 2]]
        np.testing.assert_allclose(exact.disagreement[g - 1], 0.49 * (gaps**2).sum() / 3, rtol=1e-11)
        np.testing.assert_allclose(exact.mean(jnp.asarray(truths))[g - 1], run(truths, silent), atol=1e-12)
    np.testing.assert_allclose(exact.mean(jnp.ones((models + 1, dim))), 1.0, rtol=1e-11)  # one truth: no bias


def test_a_single_model_is_a_mixture_with_fixed_real_data():
    """With private data alone: the weight matrix of the workflow."""
    curve = risk(models=1, private_weight=1.0, noise=1.0, synthetic_samples=30.0, dim=1)
    factors = mean.inflation(jc.Mix("fixed", weight=0.4), generations=6, samples=30.0)
    np.testing.assert_allclose(curve * 30, factors, rtol=1e-12)
    alone = law(*equal_designs(jnp.eye(3), models=1))
    np.testing.assert_allclose(alone.disagreement, 0.0, atol=1e-16)


def test_limits():
    np.testing.assert_allclose(risk(synthetic_weight=0.0), risk()[0], rtol=1e-12)  # the first fit, for ever
    np.testing.assert_allclose(risk(synthetic_weight=0.0, private_weight=1.0), 0.49 * 3 / 30, rtol=1e-12)
    walk = np.diff(risk(synthetic_weight=1.0))[1:]  # nothing but labels of labels: linear growth
    np.testing.assert_allclose(walk, 0.49 * 3 / (4 * 20), rtol=1e-12)
    np.testing.assert_allclose(risk(private_weight=0.0, models=10**12), 0.49 * 3 / 50, rtol=1e-9)
    many = risk(private_weight=1.0, models=10**12, synthetic_weight=0.5)[1:]
    np.testing.assert_allclose(many, 0.49 * 3 / 30 / 4, rtol=1e-9)  # the squared weight of its own data


@pytest.mark.parametrize("models", [1, 2, 5])
def test_a_little_synthetic_data_never_hurts_to_first_order(models):
    """It only averages private data: the derivative of the limit at ``alpha = 0``."""
    fixed = dict(dim=3, models=models, **SIZES, **WEIGHTS)
    slope = jax.grad(lambda a: mutual.risk_limit(**fixed, synthetic_weight=a))(0.0)
    np.testing.assert_allclose(slope, -2 * 0.49 * 3 * 0.16 * (1 - 1 / models) / 30, rtol=1e-12)


_LIMIT = dict(dim=3, models=4, **SIZES, **WEIGHTS)
_EYES = equal_designs(np.eye(3))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: risk(dim=0), "dim must be at least 1"),
        (lambda: risk(models=2.5), "models must be an integer"),
        (lambda: risk(generations=0), "generations must be at least 1"),
        (lambda: risk(private_samples=0), "private_samples must be positive"),
        (lambda: risk(public_samples=-1), "public_samples must be positive"),
        (lambda: risk(synthetic_samples=np.nan), "synthetic_samples must be positive"),
        (lambda: risk(private_weight=1.1), "private_weight must be at most 1"),
        (lambda: risk(synthetic_weight=-0.1), "synthetic_weight must be finite and at least 0"),
        (lambda: risk(synthetic_weight=[0.1, 0.2]), "synthetic_weight must be a number or have shape"),
        (lambda: risk(noise=-1.0), "noise must be finite and at least 0"),
        (lambda: mutual.risk_limit(**_LIMIT, synthetic_weight=[0.1, 0.2]), "must be one number for a limit"),
        (
            lambda: mutual.disagreement(dim=3, private_samples=0, **WEIGHTS, synthetic_weight=0.5, generations=2),
            "private_samples must be positive",
        ),
        (lambda: law(np.eye(3), *_EYES[1:]), r"private must have shape \(models, dim, dim\)"),
        (lambda: law(_EYES[0], np.eye(2), _EYES[2]), r"public must have shape \(3, 3\)"),
        (lambda: law(*_EYES[:2], np.ones((2, 3, 3))), r"synthetic must have shape \(4, 3, 3\)"),
        (lambda: law(np.full((4, 3, 3), np.nan), *_EYES[1:]), "private must be finite"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
