"""Weak data: a source that is seldom right, asked only where the model is wrong.

Protocol: the answers of the model are checked. Right ones are kept; for every wrong one a weak source is asked, which
is right with probability ``b``. The next model is fitted to the result. This is the simplest instance of the setting of
the paper, whose procedure has a noisy check and a mixture of data.

Reference: Amin et al. 2025, arXiv:2502.08924.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_length, check_share
from jaxcollapse.arguments.types import Count, Number
from jaxcollapse.machine.leniency import lenient


@lenient()
def weak_data_corrected(accuracy: Number | Float[Array, "..."], *, weak_accuracy: Number) -> Float[Array, "..."]:
    """The share of right answers after the weak source has been asked for the wrong ones: ``1 - (1 - b)(1 - a)``.

    **Arguments**

    - `accuracy`: ``a``, of the model, in [0, 1], any shape.
    - `weak_accuracy`: ``b``, of the weak source, in [0, 1].

    **Returns** the shape of `accuracy`.

    **Raises** `ValueError` for numbers outside [0, 1].

    **Exactness** Exact.

    ```python
    >>> round(float(weak_data_corrected(0.5, weak_accuracy=0.2)), 4)
    0.6

    ```
    """
    check_share("accuracy", accuracy)
    check_share("weak_accuracy", weak_accuracy)
    return 1 - (1 - jnp.asarray(weak_accuracy)) * (1 - jnp.asarray(accuracy))


@lenient()
def weak_data_accuracy(*, first: Number, weak_accuracy: Number, generations: Count) -> Float[Array, " generations"]:
    """The mean accuracy of each generation: ``1 - (1 - b)^(g-1) (1 - a)``.

    **Arguments**

    - `first`: ``a``, of the real data, in [0, 1].
    - `weak_accuracy`: ``b``, as for `weak_data_corrected`. Without weak data, ``b = 0``, nothing is learned.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for every number of answers.

    **Reference** Amin et al. 2025, arXiv:2502.08924, the simplest instance of their setting.

    ```python
    >>> [round(float(a), 4) for a in weak_data_accuracy(first=0.2, weak_accuracy=0.1, generations=3)]
    [0.2, 0.28, 0.352]

    ```
    """
    check_share("first", first)
    check_share("weak_accuracy", weak_accuracy)
    check_length("generations", generations)
    return 1 - (1 - jnp.asarray(weak_accuracy)) ** jnp.arange(int(generations)) * (1 - jnp.asarray(first))
