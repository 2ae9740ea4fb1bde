"""The tails of a language: what a learner that remembers has not seen, and what is lost when it learns from itself.

A text is a sequence of independent symbols, symbol ``i`` with probability ``p_i``. The learner answers a symbol right
if it has seen it. Its test error after ``T`` symbols of text from a source ``q`` is the true probability of those it
has not seen, on average ``sum_i p_i (1 - q_i)^T``. Under Zipf's law, ``p_i = i^-beta / zeta(beta)``, it falls like
``T^-c`` with ``c = 1 - 1/beta``.

Reference: Dohmatob, Feng, Yang, Charton and Kempe 2024, arXiv:2402.07043; the learner is that of Hutter 2021,
"Learning Curve Theory".
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import gammainc, gammaincc, gammaln, xlog1py, zeta
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import (
    check_above,
    check_at_least,
    check_length,
    check_nonnegative,
    check_probabilities,
    check_shape,
    check_share,
)
from jaxcollapse.arguments.numbers import as_floats
from jaxcollapse.arguments.types import Count, Curve, Number, Vector
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.curves import per_generation
from jaxcollapse.theory.special import log_gamma_rest, missing


@lenient()
def zipf(symbols: Count, *, exponent: Number) -> Float[Array, " symbols"]:
    """Zipf's law over finitely many symbols: probabilities ``i^-beta``, ``i = 1, ..., k``, divided by their sum.

    **Arguments**

    - `symbols`: ``k``, at least 1.
    - `exponent`: ``beta``, at least 0 (all symbols alike).

    **Returns** shape ``(symbols,)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact.

    ```python
    >>> [round(float(p), 4) for p in zipf(3, exponent=1.0)]
    [0.5455, 0.2727, 0.1818]

    ```
    """
    check_length("symbols", symbols)
    check_nonnegative("exponent", exponent)
    with jax.ensure_compile_time_eval():
        weights = jnp.arange(1.0, symbols + 1) ** -exponent
        return weights / weights.sum()


@lenient()
def unseen(probabilities: Vector, *, samples: Any, source: Vector | None = None) -> Float[Array, "..."]:
    """The mean test error ``sum_i p_i (1 - q_i)^T`` of the learner that remembers.

    **Arguments**

    - `probabilities`: ``p``, shape ``(symbols,)``, in [0, 1].
    - `samples`: ``T``, at least 0, a number or an array of them; `effective_samples` for text from the learner itself.
    - `source`: ``q``, from which the text is drawn; ``p`` by default. With a share ``pi`` of real text it is
      ``pi p + (1 - pi) q``.

    **Returns** the error in the shape of `samples`.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for ``T`` independent symbols. With `effective_samples` see there.

    **Reference** Dohmatob, Feng, Yang, Charton and Kempe 2024, arXiv:2402.07043.

    ```python
    >>> round(float(unseen([0.5, 0.5], samples=3)), 4)
    0.125

    ```
    """
    check_probabilities("probabilities", probabilities)
    if source is not None:
        check_probabilities("source", source)
        check_shape("source", source, np.shape(probabilities))
    p = as_floats(probabilities)
    missed = _missed(p if source is None else as_floats(source), samples)
    return jnp.tensordot(missed, p.astype(missed.dtype), axes=1)


@lenient()
def support(source: Vector, *, samples: Any) -> Float[Array, "..."]:
    """The mean number of different symbols in ``T`` symbols of text, ``sum_i 1 - (1 - q_i)^T``.

    **Arguments** as for `unseen`.

    **Returns** the number in the shape of `samples`.

    **Exactness** Exact for ``T`` independent symbols. With `effective_samples` see there.

    ```python
    >>> float(support([0.5, 0.5], samples=3))
    1.75

    ```
    """
    check_probabilities("source", source)
    return jnp.sum(1 - _missed(as_floats(source), samples), axis=-1)


@lenient()
def effective_samples(*, samples: Number | Curve, generations: Count) -> Float[Array, " generations"]:
    """The number ``a_g`` of real symbols of text that leave as much unseen as ``g`` generations of replacement.

    A symbol is missing from generation ``g`` with probability ``E (1 - p_i)^A``, where ``A`` is the number of symbols
    of the real text from which the text of generation ``g`` descends. ``a_g`` puts its mean in the place of the number
    of ancestors in every generation: ``x`` symbols of text descend from ``T (1 - (1 - 1/T)^x)`` of the ``T`` before
    them. For large ``T``, ``a_g = T h_g`` with ``h_1 = 1`` and ``h_{g+1} = 1 - exp(-h_g)``, about ``2/g``: the test
    error of `zipf_unseen` grows like ``(g/2)^c``, slower than the number of generations.

    **Arguments**

    - `samples`: ``T`` of each generation, at least 1, a number or shape ``(generations,)``.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``; `unseen` and `support` take it for their samples.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for ``g = 1`` and in the limit ``g -> infinity``, where one symbol is left. In between `unseen`
    of it is a lower bound, and `support` of it an upper one; ``sum_i p_i exp(-p_i T h_g)`` is an upper bound of the
    error, from the branching process. Under Zipf's law the relative gap of the lower bound is about ``0.1 g/T`` for
    small ``g/T``, and up to 4, 10 and 20 % for ``beta`` = 1.5, 2 and 3.

    **Reference** Derived here; ``h`` is the recursion of a Poisson branching process, see Suresh, Thangaraj and
    Khandavally 2024, arXiv:2412.17646.

    ```python
    >>> [round(float(a), 1) for a in effective_samples(samples=1000, generations=4)]
    [1000.0, 632.3, 468.8, 374.4]

    ```
    """
    check_length("generations", generations)
    check_at_least("samples", samples, 1.0)
    return _ancestors(per_generation("samples", samples, generations))


@lenient()
def zipf_unseen(*, samples: Any, exponent: Number) -> Float[Array, "..."]:
    """The mean test error after ``T`` symbols of text under Zipf's law: ``zeta^(-1/beta) B(c, T + 1)/beta``.

    With ``c = 1 - 1/beta`` it is ``C T^-c (1 - c (c + 1)/(2 T) + ...)``, where
    ``C = Gamma(c) zeta(beta)^(-1/beta)/beta``.

    **Arguments**

    - `exponent`: ``beta``, above 1.
    - `samples`: ``T``, at least 0, a number or an array of them; `effective_samples` for text from the learner itself.

    **Returns** the error in the shape of `samples`.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** The sum over infinitely many symbols as an integral. Its error decreases faster than any power of
    ``T``: relatively 4e-3, 2e-3 and 2e-2 at ``T = 10``, 4e-7, 1e-5 and 2e-3 at ``T = 100`` for ``beta`` = 1.5, 2 and 3.
    Of the first ``k`` symbols alone about ``k^(1 - beta)/((beta - 1) zeta(beta))`` less is unseen, if ``T p_k`` is
    small.

    **Reference** Dohmatob, Feng, Yang, Charton and Kempe 2024, arXiv:2402.07043, for the power law; the constant and
    the Beta function are derived here.

    ```python
    >>> [round(float(error), 4) for error in zipf_unseen(exponent=2.0, samples=jnp.array([100, 10_000]))]
    [0.0688, 0.0069]

    ```
    """
    return _whole(*_zipf_arguments(exponent, samples))


@lenient()
def zipf_cut_unseen(*, samples: Any, exponent: Number, cutoff: Number, real_share: Number = 0.0) -> Float[Array, "..."]:
    """The mean test error under Zipf's law if the text is cut: it has the first ``k`` symbols alone.

    Cut text has the probabilities ``q_i = p_i/(1 - t)`` for ``i <= k`` and leaves the tail
    ``t = sum_{i>k} p_i``, about ``k^(1-beta)/((beta - 1) zeta)``, unseen for ever: the error stops at a plateau. A
    share ``pi`` of real text in it ends the plateau once ``pi T p_k`` passes one, and then the error is that of
    ``pi T`` symbols of real text. With ``u = pi + (1 - pi)/(1 - t)`` and the incomplete Beta function
    ``I_x = I_x(c, T + 1)`` the error is ``zeta^(-1/beta) B(c, T + 1)/beta`` times
    ``u^-c (1 - I_{u p_k}) + pi^-c I_{pi p_k}``.

    **Arguments**

    - `exponent`: ``beta``, above 1.
    - `samples`: ``T``, at least 0, a number or an array of them.
    - `cutoff`: ``k``, at least 1.
    - `real_share`: ``pi`` in [0, 1]: each symbol of text is real with this probability, else from the cut source.

    **Returns** the error in the shape of `samples`.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Sums over symbols as integrals that meet at ``k + 1/2``: besides the error of `zipf_unseen`, a
    relative one of at most ``1.1 beta (beta - 1)/(24 k^2)``, and ``0.02/T^2`` from an incomplete Gamma
    function in the place of ``I``. The sum of the clean error and of the plateau, which gives the rates, is an upper
    bound; on the plateau the clean error has no part in it.

    **Reference** Dohmatob, Feng, Yang, Charton and Kempe 2024, arXiv:2402.07043, for the rates; derived here.

    ```python
    >>> errors = zipf_cut_unseen(exponent=2.0, samples=jnp.array([100, 10_000]), cutoff=20)
    >>> [round(float(error), 4) for error in errors]
    [0.0692, 0.0297]

    ```
    """
    exponent, samples = _zipf_arguments(exponent, samples)
    check_at_least("cutoff", cutoff, 1.0)
    check_share("real_share", real_share)
    return _cut(exponent, samples, jnp.asarray(cutoff, samples.dtype), jnp.asarray(real_share, samples.dtype))


def _zipf_arguments(exponent: Number, samples: Any) -> tuple[Float[Array, ""], Float[Array, "..."]]:
    check_above("exponent", exponent, 1.0)
    check_nonnegative("samples", samples)
    dtype = jnp.result_type(exponent, samples, float)
    return jnp.asarray(exponent, dtype), jnp.asarray(samples, dtype)


@jax.jit
def _whole(exponent: Float[Array, ""], samples: Float[Array, "..."]) -> Float[Array, "..."]:
    """The sum over all symbols of ``p (1 - p)^T``."""
    c, size = 1 - 1 / exponent, samples + 1
    return _scale(exponent) * jnp.exp(gammaln(c) - log_gamma_rest(size, c) - c * jnp.log(size))


@jax.jit
def _cut(
    exponent: Float[Array, ""], samples: Float[Array, "..."], cutoff: Float[Array, ""], share: Float[Array, ""]
) -> Float[Array, "..."]:
    """`zipf_cut_unseen`: the symbols that the cut text has, and the others."""
    c = 1 - 1 / exponent
    last = (cutoff + 0.5) ** -exponent / zeta(exponent, 1.0)
    tail = _scale(exponent) * last**c / c
    rate = share + (1 - share) / (1 - tail)
    whole = _whole(exponent, samples)
    size = samples + (c + 1) / 2  # I_x(c, T + 1) is P(c, -size log(1 - x)) up to O(1/T^2) (Wise 1950)
    head = whole * rate**-c * gammaincc(c, -size * jnp.log1p(-rate * last))
    rest = _unseen_tail(share, c, last, size, whole)
    # Exactly the tail without real text, and what `_whole` has of it where all is real.
    plateau = _unseen_tail(jnp.zeros_like(share), c, last, size, whole)
    return head + rest * (1 + (1 - share) * (tail / plateau - 1))


def _unseen_tail(share, c, last, size, whole):
    """``whole share^-c P(c, z)`` with ``z = -size log(1 - share last)``, which is smooth at a share of zero."""
    x = share * last
    few = x < 1e-4
    mean = jnp.where(few, 1 + x / 2 + x**2 / 3 + x**3 / 4, -jnp.log1p(-x) / jnp.where(few, 1.0, x))
    z = size * x * mean
    small = z < 1
    inner, outer = jnp.where(small, z, 0.0), jnp.where(small, 1.0, z)
    series = jnp.zeros_like(z)  # exp(z) z^-c P(c, z) Gamma(c + 1) = sum z^k/[(c + 1) ... (c + k)]
    for k in range(18, 0, -1):
        series = (1 + series) * inner / (c + k)
    near = jnp.exp(-inner - gammaln(c + 1)) * (1 + series)
    return whole * (size * last * mean) ** c * jnp.where(small, near, outer**-c * gammainc(c, outer))


@jax.jit
def _ancestors(sizes: Float[Array, " generations"]) -> Float[Array, " generations"]:
    """The number of symbols in the first text from which the text of each generation descends."""
    own = jnp.arange(len(sizes))

    def descend(count, older):
        size = sizes[older]
        few = size < 2  # a power has a derivative at a size of one, and no digits to lose
        many = -size * jnp.expm1(xlog1py(count, -1 / jnp.where(few, 2.0, size)))
        distinct = jnp.where(few, size * (1 - (1 - 1 / size) ** count), many)
        return jnp.where(own > older, distinct, count), None

    return jax.lax.scan(descend, sizes, own[:-1], reverse=True)[0]


def _scale(exponent: Float[Array, ""]) -> Float[Array, ""]:
    """``zeta^(-1/beta)/beta``: the symbols with probabilities in ``dp`` number ``p^(-1/beta - 1) dp`` times this."""
    return zeta(exponent, 1.0) ** (-1 / exponent) / exponent


def _missed(source: Float[Array, " symbols"], samples: Any) -> Float[Array, "... symbols"]:
    """The probability of every symbol not to be in the text."""
    check_nonnegative("samples", samples)
    size = jnp.asarray(samples)
    dtype = jnp.result_type(size, source)
    return missing(source.astype(dtype), size.astype(dtype)[..., None])
