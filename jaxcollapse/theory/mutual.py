"""Linear models that train on each other's data: what they lose, and how far they stay apart.

Protocol: each of ``K`` models has its own ``n_P`` real rows, and all share ``n_*`` more. Generation 1 is the least
squares fit to real data, with weight ``beta`` on the private and ``1 - beta`` on the public rows; every later one
minimises ``(1 - alpha) [beta L_k + (1 - beta) L_*] + (alpha/K) sum_j L_j'``, where ``L_k`` and ``L_*`` are the mean
squared errors on the private and public rows, which stay, and ``L_j'`` that on ``m`` rows that model ``j`` of the
generation before has just labelled. `jaxcollapse.Mutual` simulates it.

Weights multiply *means* over rows. With sums in their place the formulas below hold only for ``n_P = n_* = m``.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import (
    check_at_least,
    check_count,
    check_integer,
    check_length,
    check_nonnegative,
    check_positive,
    check_shape,
    check_share,
)
from jaxcollapse.arguments.types import Count, Curve, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.curves import check_one_number, from_the_second


@lenient()
def risk(
    *,
    dim: Count,
    noise: Number,
    models: Count,
    private_samples: Number,
    public_samples: Number,
    synthetic_samples: Number,
    private_weight: Number,
    synthetic_weight: Number | Curve,
    generations: Count,
) -> Float[Array, " generations"]:
    """The mean squared error of a model, when many rows make every Gram matrix a multiple of the covariance.

    Private data enters a model directly and through all others: ``risk_g = sigma^2 d [beta^2/(K n_P)
    + (1 - beta)^2/n_* + s_g + (1 - alpha_g)^2 beta^2 (1 - 1/K)/n_P]`` with ``alpha_1 = s_1 = 0`` and
    ``s_g = alpha_g^2 (s_{g-1} + 1/(K m))``.

    **Arguments**

    - `dim`: ``d``, a positive integer.
    - `models`: ``K``, a positive integer.
    - `private_samples`, `public_samples`, `synthetic_samples`: ``n_P``, ``n_*`` and ``m``, each of one data set,
      positive.
    - `private_weight`: ``beta``, the weight of private among real data, in [0, 1].
    - `synthetic_weight`: ``alpha``, in [0, 1], a number or shape ``(generations,)``; the first entry is not used.
    - `noise`: ``sigma``, at least 0, of all labels.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Asymptotic, with a relative error of order ``d/n`` in the smallest of the sizes; the error is that of
    predictions for any covariance, that of coefficients for the identity. If all data sets have one design of ``T``
    rows, the risk is exactly ``T/(T - d - 1)`` times this one.

    **Reference** Vu, Reeves and Wenger 2025, arXiv:2505.21677; the closed form is derived here.

    ```python
    >>> sizes = dict(private_samples=100, public_samples=100, synthetic_samples=100)
    >>> curve = risk(dim=10, models=4, **sizes, private_weight=0.5, synthetic_weight=0.5, noise=1.0, generations=3)
    >>> [round(float(v), 5) for v in curve]
    [0.05, 0.04219, 0.04375]

    ```
    """
    check_count("dim", dim, minimum=1)
    check_length("generations", generations)
    _check_training(models, private_weight, synthetic_weight, noise)
    _check_sizes(private_samples, public_samples, synthetic_samples)
    alpha = from_the_second("synthetic_weight", synthetic_weight, generations, first=0.0)

    def relabel(s, a):
        s = a**2 * (s + 1)
        return s, s

    labels = jax.lax.scan(relabel, jnp.zeros((), alpha.dtype), alpha)[1] / (models * synthetic_samples)
    return noise**2 * dim * (_from_real(models, private_samples, public_samples, private_weight, alpha) + labels)


@lenient()
def risk_limit(
    *,
    dim: Count,
    noise: Number,
    models: Count,
    private_samples: Number,
    public_samples: Number,
    synthetic_samples: Number,
    private_weight: Number,
    synthetic_weight: Number,
) -> Float[Array, ""]:
    """The risk of `risk` after infinitely many generations.

    ``sigma^2 d [beta^2/(K n_P) + (1 - beta)^2/n_* + alpha^2/((1 - alpha^2) K m)
    + (1 - alpha)^2 beta^2 (1 - 1/K)/n_P]``: more models make the labels less noisy and, where private data counts,
    each of them better.

    **Arguments** as for `risk`; `synthetic_weight` is one number.

    **Returns** a scalar, infinite at ``synthetic_weight = 1``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** As for `risk`.

    **Reference** Vu, Reeves and Wenger 2025, arXiv:2505.21677; the closed form is derived here.

    ```python
    >>> sizes = dict(private_samples=100, public_samples=100, synthetic_samples=100)
    >>> limit = risk_limit(dim=10, models=4, **sizes, private_weight=0.5, synthetic_weight=0.5, noise=1.0)
    >>> round(float(limit), 4)
    0.0443

    ```
    """
    check_count("dim", dim, minimum=1)
    check_one_number("synthetic_weight", synthetic_weight, "for a limit")
    _check_training(models, private_weight, synthetic_weight, noise)
    _check_sizes(private_samples, public_samples, synthetic_samples)
    alpha = jnp.asarray(synthetic_weight, jnp.result_type(synthetic_weight, float))
    unit = noise**2 * dim
    once = unit * alpha**2 / (models * synthetic_samples)
    real = _from_real(models, private_samples, public_samples, private_weight, alpha)
    return unit * real + jnp.where(once > 0, once / (1 - alpha**2), 0.0)


@lenient()
def disagreement(
    *,
    dim: Count,
    noise: Number,
    private_samples: Number,
    private_weight: Number,
    synthetic_weight: Number | Curve,
    generations: Count,
) -> Float[Array, " generations"]:
    """The mean squared distance of two models: ``2 d sigma^2 (1 - alpha_g)^2 beta^2/n_P``, with ``alpha_1 = 0``.

    All models see the same public and synthetic data: only their private data keeps them apart, and training on each
    other's data draws them together at once, by the factor ``1 - alpha``, however many they are.

    **Arguments** as for `risk`.

    **Returns** shape ``(generations,)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** As for `risk`.

    **Reference** Vu, Reeves and Wenger 2025, arXiv:2505.21677; the closed form is derived here.

    ```python
    >>> apart = disagreement(dim=10, private_samples=100, private_weight=0.5, synthetic_weight=0.5, noise=1.0,
    ...                      generations=3)
    >>> [round(float(v), 4) for v in apart]
    [0.05, 0.0125, 0.0125]

    ```
    """
    check_count("dim", dim, minimum=1)
    check_length("generations", generations)
    _check_training(2, private_weight, synthetic_weight, noise)
    check_positive("private_samples", private_samples)
    alpha = from_the_second("synthetic_weight", synthetic_weight, generations, first=0.0)
    return 2 * dim * noise**2 * (1 - alpha) ** 2 * private_weight**2 / private_samples


class MutualLaw(eqx.Module):
    """The law of the models at every generation, given the designs: a Gaussian, linear in the truths of the sources.

    Sources are the private data sets of the models in order, then the public one.
    """

    transfer: Float[Array, "generations models dim sources dim"]
    """The mean of the models as a function of the coefficients that label the sources."""
    covariance: Float[Array, "generations models dim models dim"]
    """The covariance of the models, from the noise of all labels."""

    @lenient()
    def mean(self, truths: Float[Array, "sources dim"]) -> Float[Array, "generations models dim"]:
        """The means of the models when each source has its own true coefficients."""
        return jnp.einsum("gkasb,sb->gka", self.transfer, truths)

    @property
    @lenient()
    def risk(self) -> Float[Array, " generations"]:
        """The mean squared error of the coefficients, averaged over models, when all sources have one truth."""
        return jnp.einsum("gkaka->g", self.covariance) / self.covariance.shape[1]

    @property
    @lenient()
    def disagreement(self) -> Float[Array, " generations"]:
        """The mean squared distance of two different models, when all sources have one truth; 0 for a single model."""
        count = self.covariance.shape[1]
        return 2 / max(count - 1, 1) * (count * self.risk - jnp.einsum("gkala->g", self.covariance) / count)


@lenient()
def given_designs(
    *,
    noise: Number,
    private: Float[Array, "models dim dim"],
    public: Float[Array, "dim dim"],
    synthetic: Float[Array, "models dim dim"],
    private_samples: Number,
    public_samples: Number,
    synthetic_samples: Number,
    private_weight: Number,
    synthetic_weight: Number | Curve,
    generations: Count,
) -> MutualLaw:
    """The law of the models when all designs are known, and those of the synthetic data stay.

    With the Gram matrices as means over rows, ``S = G/n``, let ``H_k`` be the inverse of
    ``(1 - alpha)[beta S_k + (1 - beta) S_*] + (alpha/K) sum_j S_j'``. The models are linear in the real data and in
    their predecessors: ``theta <- P z + Q (theta + w)`` with ``P_k = (1 - alpha) H_k [beta S_k, (1 - beta) S_*]`` and
    ``Q_kj = (alpha/K) H_k S_j'``. So ``B <- P + Q B`` and ``C <- Q (C + C_w) Q'`` give the mean ``B mu`` and the
    covariance ``B C_z B' + C``.

    **Arguments**

    - `private`, `public`, `synthetic`: Gram matrices ``X'X`` of the private data sets, the public one, and the
      designs that the models label.
    - the others as for `risk`.

    **Returns** a `MutualLaw`. Not finite where the real data alone do not determine the models.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact.

    **Reference** Vu, Reeves and Wenger 2025, arXiv:2505.21677.

    ```python
    >>> gram = 100 * jnp.eye(10)
    >>> law = given_designs(private=jnp.stack([gram] * 4), public=gram, synthetic=jnp.stack([gram] * 4),
    ...                     private_samples=100, public_samples=100, synthetic_samples=100, private_weight=0.5,
    ...                     synthetic_weight=0.5, noise=1.0, generations=3)
    >>> [round(float(v), 5) for v in law.risk]
    [0.05, 0.04219, 0.04375]

    ```
    """
    grams = [("private", private), ("public", public), ("synthetic", synthetic)]
    for name, gram in grams:
        check_at_least(name, gram, -jnp.inf)
    if jnp.ndim(private) != 3:
        raise ValueError(f"private must have shape (models, dim, dim), got {jnp.shape(private)}")
    models, dim = jnp.shape(private)[:2]
    for (name, gram), shape in zip(grams, ((models, dim, dim), (dim, dim), (models, dim, dim)), strict=True):
        check_shape(name, gram, shape)
    check_length("generations", generations)
    _check_training(models, private_weight, synthetic_weight, noise)
    _check_sizes(private_samples, public_samples, synthetic_samples)
    alpha = from_the_second("synthetic_weight", synthetic_weight, generations, first=0.0)
    dtype = jnp.result_type(private, public, synthetic, alpha)
    real = jnp.concatenate([jnp.asarray(private), jnp.asarray(public)[None]]).astype(dtype)
    scalars = (private_weight / private_samples, (1 - private_weight) / public_samples, noise**2)
    weights = [jnp.asarray(value, dtype) for value in scalars]
    labelled = jnp.asarray(synthetic, dtype)
    rows = jnp.asarray(models * synthetic_samples, dtype)
    return MutualLaw(*_law(real, labelled, alpha.astype(dtype), *weights, rows))


@jax.jit
def _law(real, labelled, alpha, private_weight, public_weight, variance, rows):
    """`given_designs`, from sums: weights are per row, and models are carried as functions of the moments ``X'y``."""
    models, dim = labelled.shape[:2]
    pool = labelled.sum(axis=0)
    own = jnp.eye(models, models + 1, dtype=real.dtype)
    shown = private_weight * own + public_weight * jnp.eye(models + 1, dtype=real.dtype)[-1]  # of sources to models
    shown_grams = jnp.einsum("ks,sab->kab", shown, real)

    def generation(state, a):
        moments, noise = state
        inverse = jnp.linalg.inv((1 - a) * shown_grams + a / rows * pool)
        q = a / rows * jnp.einsum("kab,jbc->kajc", inverse, labelled)
        p = (1 - a) * jnp.einsum("ks,kac->kasc", shown, inverse)
        moments = p + jnp.einsum("kajb,jbsc->kasc", q, moments)
        fresh = (a / rows) ** 2 * jnp.einsum("kab,bc,ldc->kald", inverse, pool, inverse)
        noise = jnp.einsum("kajb,jbmc,ldmc->kald", q, noise, q) + fresh
        given = jnp.einsum("kasb,sbc,ldsc->kald", moments, real, moments)
        transfer = jnp.einsum("kasb,sbc->kasc", moments, real)
        return (moments, noise), (transfer, variance * (given + noise))

    start = (jnp.zeros((models, dim, models + 1, dim), real.dtype), jnp.zeros((models, dim, models, dim), real.dtype))
    return jax.lax.scan(generation, start, alpha)[1]


def _from_real(models, private_samples, public_samples, private_weight, alpha):
    """What the noise of the real labels adds, in units of ``sigma^2 d``: shared by all models, and of each its own."""
    private = private_weight**2 / private_samples
    shared = private / models + (1 - private_weight) ** 2 / public_samples
    return shared + (1 - alpha) ** 2 * private * (1 - 1 / models)


def _check_sizes(private_samples, public_samples, synthetic_samples) -> None:
    check_positive("private_samples", private_samples)
    check_positive("public_samples", public_samples)
    check_positive("synthetic_samples", synthetic_samples)


def _check_training(models, private_weight, synthetic_weight, noise) -> None:
    check_integer("models", models, minimum=1)
    for name, value in (("private_weight", private_weight), ("synthetic_weight", synthetic_weight)):
        check_share(name, value)
    check_nonnegative("noise", noise)
