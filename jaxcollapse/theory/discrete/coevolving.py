"""Fits to as many rows as a symbol happens to have: contexts of text, and images of words that evolve with the text.

A language model ``p`` draws ``N`` words, and from each word a row of its own model: the next word in a context, or an
image. The model of a word is refitted to its ``n ~ Bin(N, p)`` rows by maximum likelihood, and stays as it is where
there are none. What it keeps of its variance (of an image) or of its diversity (of a distribution) is on average
``f(p) = 1 - E[1/n; n > 0]``: words that are rare lose it first. If the words are drawn from a text model that is
refitted too, words vanish, and images with them.

With the unbiased variance nothing is lost on average, and images drift without a bound.

Reference: the settings of Gao and Li 2025, arXiv:2503.08117 (text and images), and Riis 2026, arXiv:2604.08554
(contexts of text); derived here.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import (
    check_at_least,
    check_fits,
    check_length,
    check_positive,
    check_probabilities,
    check_shape,
    check_share,
)
from jaxcollapse.arguments.numbers import as_floats
from jaxcollapse.arguments.types import Count, Number, Vector
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.curves import check_one_number
from jaxcollapse.theory.gaussian.pooled import Moments
from jaxcollapse.theory.special import binomial_law


@lenient()
def context_replace(
    probabilities: Vector, *, samples: Count, generations: Count
) -> Float[Array, "generations contexts"]:
    """What contexts keep of their diversity, and words of the variance of their images, if the text stays: ``f^g``.

    Sums are kept: the squared distance of an image model from the truth has the mean ``1 - f^g``, in units of the true
    variance, and that of a distribution ``H (1 - f^g)``.

    **Arguments**

    - `probabilities`: of the contexts or words, shape ``(contexts,)``, each in [0, 1].
    - `samples`: ``N`` rows in every generation, a positive integer.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations, contexts)``, after ``g`` refits, each of which keeps what has no rows.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for frequencies and for Gaussian fits by maximum likelihood.

    ```python
    >>> left = context_replace([0.2, 0.02], samples=100, generations=20)
    >>> [round(float(kept), 3) for kept in left[-1]]
    [0.342, 0.0]

    ```
    """
    check_share("probabilities", probabilities)
    check_length("samples", samples)
    check_length("generations", generations)
    p = as_floats(probabilities)
    check_shape("probabilities", p, (p.size,))
    g = jnp.arange(1, int(generations) + 1)[:, None]
    return (jax.vmap(lambda q: binomial_law(q, draws=int(samples)))(p) @ _kept(int(samples), p.dtype)) ** g


@lenient()
def coevolving_replace(probability: Number, *, samples: Count, generations: Count) -> Float[Array, " generations"]:
    """What is left of the variance of the images of one word if the text is refitted as well, before the images.

    With ``v_0 = 1``: ``v_g(k) = sum_l Bin(N, k/N)(l) f(l/N) v_{g-1}(l)``, where ``k`` is how often the word occurred in
    the last text. At first it is less than with a text that stays (`context_replace`); later more, since the images of
    a word that has been lost are never touched again.

    **Arguments**

    - `probability`: of the word, in [0, 1].
    - `samples`: ``N`` words, and as many images, in every generation, a positive integer; the cost is ``N^2`` in each.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``, in units of the true variance.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for images that tell their words without doubt.

    ```python
    >>> together = coevolving_replace(0.2, samples=200, generations=200)
    >>> alone = context_replace([0.2], samples=200, generations=200)[:, 0]
    >>> [round(float(curve[g - 1]), 3) for g in (10, 200) for curve in (together, alone)]
    [0.743, 0.772, 0.029, 0.006]

    ```
    """
    check_share("probability", probability)
    check_one_number("probability", probability, "for one word")
    check_length("samples", samples)
    check_fits(f"samples={samples:,}: a square of that size", 16.0 * float(samples) ** 2, "take fewer")
    check_length("generations", generations)
    p = as_floats(probability)
    law = jax.vmap(lambda q: binomial_law(q, draws=int(samples)))
    move = law(jnp.arange(int(samples) + 1, dtype=p.dtype) / samples)
    factors = move @ _kept(int(samples), p.dtype)  # f at every share
    first = law(p[None])[0]

    def step(v, _):
        left = factors * v
        return move @ left, first @ left

    return jax.lax.scan(step, jnp.ones_like(factors), None, int(generations))[1]


@lenient()
def coevolving_text_diversity(
    probabilities: Vector, *, means: Vector, variances: Vector, samples: Number
) -> Float[Array, ""]:
    """The mean diversity of a text model after it was refitted to what its images look like.

    ``N`` words are drawn, an image from each, and the new probability of a word is its mean posterior probability given
    the images: ``E H' = H - (1/N) sum_i Var r_i`` with the posterior ``r``. Images that tell their words without doubt
    give ``H (1 - 1/N)``, those that all look alike nothing but ``H``.

    **Arguments**

    - `probabilities`: of the words, shape ``(words,)``, at least 0, summing to one.
    - `means`, `variances`: of the images of each word, one-dimensional Gaussians, shape ``(words,)``, variances
      positive.
    - `samples`: ``N``, at least 1.

    **Returns** a scalar: the mean of the probability that two words differ.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact, the integral over images to 1e-6 or better.

    ```python
    >>> words = [0.3, 0.7]
    >>> for gap in (0.5, 1.2, 2.0, 40.0):  # of the diversity 0.42, ten words lose a tenth of
    ...     after = coevolving_text_diversity(words, means=[0.0, gap], variances=[1.0, 1.0], samples=10)
    ...     print(round(float(10 * (1 - after / 0.42)), 4))
    0.0508
    0.2504
    0.527
    1.0

    ```
    """
    check_probabilities("probabilities", probabilities)
    p = as_floats(probabilities)
    check_shape("means", means, p.shape)
    check_at_least("means", means, -np.inf)
    check_shape("variances", variances, p.shape)
    check_positive("variances", variances)
    check_at_least("samples", samples, 1.0)
    check_one_number("samples", samples, "for one generation")
    m, v = (as_floats(value).astype(p.dtype) for value in (means, variances))
    grid = jnp.asarray(_GRID, p.dtype)
    images = m[:, None] + jnp.sqrt(v)[:, None] * grid  # of each word in turn
    gaps = images[None] - m[:, None, None]
    logs = -0.5 * (gaps**2 / v[:, None, None] + jnp.log(v)[:, None, None])
    weight = p[:, None, None] * jnp.exp(logs - jax.lax.stop_gradient(logs.max(axis=0)))
    posterior = weight / weight.sum(axis=0)
    law = jnp.exp(-0.5 * grid**2)
    squares = jnp.einsum("iwx,w,x->", posterior**2, p, law / law.sum())
    resolved = squares - p @ p  # the mean of the posterior is p
    return 1 - p @ p - resolved / jnp.asarray(samples, p.dtype)


@lenient()
def injected_replace_diversity(
    probabilities: Vector, *, samples: Number, rate: Number, mass: Number, generations: Count
) -> Float[Array, " generations"]:
    """The mean diversity of a text into which new words come.

    Before each generation, with probability ``a``, a new word takes the mass ``epsilon`` from all others; then ``N``
    words are drawn and the model is refitted. ``F' = 1/N + (1 - 1/N)(A F + a epsilon^2)``, where ``F`` is the
    probability that two words are alike and ``A = 1 - a + a (1 - epsilon)^2``. In the end ``F`` is about
    ``1/(1 + 2 a epsilon N)``: the infinite-alleles model of mutation.

    **Arguments**

    - `probabilities`: of the words, shape ``(words,)``, at least 0, summing to one.
    - `samples`: ``N``, one number, at least 1.
    - `rate`: ``a`` in [0, 1].
    - `mass`: ``epsilon`` in [0, 1].
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact.

    ```python
    >>> curve = injected_replace_diversity([0.5, 0.5], samples=100, rate=0.1, mass=0.1, generations=1000)
    >>> round(float(curve[-1]), 3)
    0.619

    ```
    """
    check_probabilities("probabilities", probabilities)
    check_at_least("samples", samples, 1.0)
    check_one_number("samples", samples, "for batches of one size")
    for name, value in (("rate", rate), ("mass", mass)):
        check_share(name, value)
        check_one_number(name, value, "for all generations")
    check_length("generations", generations)
    p = as_floats(probabilities)
    n, a, new = (jnp.asarray(value, p.dtype) for value in (samples, rate, mass))
    kept = 1 - a + a * (1 - new) ** 2

    def step(alike, _):
        after = 1 / n + (1 - 1 / n) * (kept * alike + a * new**2)
        return after, 1 - after

    return jax.lax.scan(step, p @ p, None, int(generations))[1]


@lenient()
def coevolving_mix(probability: Number, *, samples: Count, real_samples: Count, generations: Count) -> Moments:
    """The images of a word of a text that stays, if real images of it come in every generation.

    With ``n ~ Bin(N, p)`` own images and ``D = n + N_0``, the squared distance of the mean from the truth and the
    variance are ``a' = E[N_0/D^2] + E[n^2/D^2] a + E[n/D^2] V`` and ``V' = 1 - E[n/D] + E[n/D] (a + V) - a'``.

    **Arguments**

    - `probability`: ``p`` of the word, in [0, 1].
    - `samples`: ``N``, a positive integer.
    - `real_samples`: ``N_0`` fresh real images of the word, a positive integer.
    - `generations`: ``G``, a positive integer.

    **Returns** `Moments`, each of shape ``(generations,)``, after ``g`` refits from the truth on, in units of the true
    variance.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for Gaussian fits by maximum likelihood.

    ```python
    >>> loop = coevolving_mix(0.1, samples=200, real_samples=5, generations=500)
    >>> round(float(loop.mean_square[-1]), 4), round(float(loop.variance[-1]), 4)
    (0.1028, 0.8972)

    ```
    """
    check_share("probability", probability)
    check_one_number("probability", probability, "for one word")
    check_length("samples", samples)
    check_length("real_samples", real_samples)
    check_length("generations", generations)
    p = as_floats(probability)
    law = binomial_law(p, draws=int(samples))
    own = jnp.arange(int(samples) + 1, dtype=p.dtype)
    rows = own + int(real_samples)
    real, squares, noise, share = law @ jnp.stack(
        [int(real_samples) / rows**2, own**2 / rows**2, own / rows**2, own / rows], axis=1
    )

    def step(now, _):
        a = real + squares * now.mean_square + noise * now.variance
        after = Moments(a, 1 - share + share * (now.mean_square + now.variance) - a)
        return after, after

    start = Moments(jnp.zeros_like(real), jnp.ones_like(real))
    return jax.lax.scan(step, start, None, int(generations))[1]


def _kept(samples: int, dtype: np.dtype) -> Float[Array, " outcomes"]:
    """What a fit to each number of rows keeps: ``1 - 1/n``, and all without any."""
    n = np.arange(samples + 1)
    return jnp.asarray(1 - (n > 0) / np.maximum(n, 1), dtype)


_GRID = np.linspace(-9.0, 9.0, 1441)
