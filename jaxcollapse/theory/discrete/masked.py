"""Masked diffusion in a loop: what becomes of the dependence of two tokens that may be unmasked in the same step.

Protocol: a model of two tokens is fitted by the frequencies of their pairs. Its sampler unmasks each token in one of
``N`` steps, uniformly: the first one from its law, the other one given the first, except where both are unmasked in the
same step, with probability ``1/N``, each from its law alone. One generation is fitted to real pairs, each later one to
real pairs of total weight ``w`` and to pairs that the last one has drawn. The laws of single tokens are kept in the
mean; with one step all dependence is lost at once.

Two tokens whose models are fitted to few pairs lose dependence as two loci of a genome do, by drift and recombination.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_at_least, check_length, check_share
from jaxcollapse.arguments.types import Count, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.curves import check_one_number


@lenient()
def masked_mix(
    *, steps: Number, samples: Number, real_samples: Number, real_share: Number, generations: Count
) -> Float[Array, " generations"]:
    """The mean dependence of two tokens in a loop of masked diffusion models, in units of that of the truth.

    Of the dependence ``D = P(a, b) - P(a) P(b)`` a sampler keeps ``k = 1 - 1/N``. With ``Q`` the covariance of the
    frequencies of ``a`` and of ``b``, both in units of the true dependence, ``D = 1 - 1/n_real`` and
    ``Q = 1/n_real`` at first, then ``Q' = w^2/n_real + (1 - w)^2 (Q + k D/n)`` and
    ``D' = w + (1 - w) (Q + k D) - Q'``. Of many samples ``w/(1 - (1 - w) k)`` is left in the end, of replaced ones
    nothing: ``D' = (1 - 1/n) k D``.

    **Arguments**

    - `steps`: ``N`` of the sampler, at least 1.
    - `samples`: ``n``, pairs from the last model, at least 1.
    - `real_samples`: ``n_real``, fresh real pairs in each generation, at least 1.
    - `real_share`: ``w``, their total weight from generation 2 on, in [0, 1].
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact, for tokens of any alphabets.

    ```python
    >>> sizes = dict(samples=1e6, real_samples=1e6, generations=50)
    >>> for share in (0.0, 0.1):
    ...     print(round(float(masked_mix(steps=8, real_share=share, **sizes)[-1]), 4))
    0.0014
    0.4706

    ```
    """
    check_length("generations", generations)
    for name, value in (("steps", steps), ("samples", samples), ("real_samples", real_samples)):
        check_one_number(name, value, "for all generations")
        check_at_least(name, value, 1.0)
    check_share("real_share", real_share)
    check_one_number("real_share", real_share, "for all generations")
    dtype = jnp.result_type(steps, samples, real_samples, real_share, float)
    number, n, real, w = (jnp.asarray(value, dtype) for value in (steps, samples, real_samples, real_share))
    kept = 1 - 1 / number

    def step(state, _):
        dependence, drift = state
        moved = w**2 / real + (1 - w) ** 2 * (drift + kept * dependence / n)
        after = w + (1 - w) * (drift + kept * dependence) - moved
        return (after, moved), dependence

    first = (1 - 1 / real, 1 / real)
    return jax.lax.scan(step, first, None, int(generations))[1]
