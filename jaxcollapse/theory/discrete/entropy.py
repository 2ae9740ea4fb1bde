"""The entropy of a categorical distribution that is refitted to its own draws.

How often one symbol occurs is a Markov chain of its own, whatever the others do: the mean of any function of its
frequency, summed over symbols, follows from one matrix.

Reference: Miller 1955, "Note on the bias of information estimates", for the first step; the loop is derived here.
"""

import jax
import jax.numpy as jnp
from jax.scipy.special import entr
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_fits, check_length, check_probabilities
from jaxcollapse.arguments.numbers import as_floats
from jaxcollapse.arguments.types import Count, Vector
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.special import binomial_law


@lenient()
def categorical_replace_entropy(
    probabilities: Vector, *, samples: Count, generations: Count
) -> Float[Array, " generations"]:
    """The mean entropy of each generation, in nats: ``sum_i E h(N_i/n)`` with ``h(x) = -x log x``.

    ``N_i`` is ``Bin(n, p_i)`` at first, and then ``Bin(n, N_i/n)`` again and again. While ``K`` symbols occur often, a
    generation loses about ``(K - 1)/(2n)``, whatever their probabilities: the entropy falls along a line, and
    geometrically, by ``1/n``, only in the end.

    **Arguments**

    - `probabilities`: true ones, shape ``(symbols,)``, not negative, summing to one.
    - `samples`: ``n`` draws in every generation, a positive integer; the cost is ``n^2`` in each generation.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact under `Replace`.

    ```python
    >>> curve = categorical_replace_entropy([0.25, 0.25, 0.25, 0.25], samples=50, generations=2)
    >>> round(float(curve[0] - curve[1]), 3)  # 3/100 and a little
    0.031

    ```
    """
    check_probabilities("probabilities", probabilities)
    check_length("samples", samples)
    check_fits(f"samples={samples:,}: a square of that size", 16.0 * float(samples) ** 2, "take fewer")
    check_length("generations", generations)
    p = as_floats(probabilities)
    share = jnp.arange(int(samples) + 1, dtype=p.dtype) / samples
    counts = jax.vmap(lambda q: binomial_law(q, draws=int(samples)))
    move, first = counts(share), counts(p).sum(axis=0)
    means = jax.lax.scan(lambda of, _: (move @ of, of), entr(share), None, int(generations))[1]
    return means @ first
