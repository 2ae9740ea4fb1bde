"""What a model still tells of the truth after generations of its own data: mutual information in nats.

For a Gaussian mean with a Gaussian prior all is linear, and the information is a function of the error that the
workflow leaves. It falls algebraically, like ``tau^2/(2 c_g)``, and not exponentially.

Reference: Cover and Thomas 2006, "Elements of Information Theory", chapter 9, for the Gaussian channel; the loops are
derived here.
"""

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_positive
from jaxcollapse.arguments.numbers import as_floats
from jaxcollapse.arguments.types import Count, Curve, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.curves import check_one_number, per_generation
from jaxcollapse.theory.mean.workflow import inflation


@lenient()
def mean_information(
    workflow: Any, *, samples: Number | Curve, prior_variance: Number, variance: Number = 1.0, generations: Count
) -> Float[Array, " generations"]:
    """The mutual information of a true mean and the one of each generation: ``1/2 log(1 + tau^2/e_g)``.

    ``e_g = sigma^2 c_g/n_1`` is the squared error with the factors of `inflation`. The best guess of the truth from
    model ``g`` has the squared error ``tau^2 exp(-2 I_g)``.

    **Arguments**

    - `workflow`: one with a matrix of weights, such as `jaxcollapse.Accumulate`.
    - `samples`: ``n``, at least 1, a number or shape ``(generations,)``.
    - `prior_variance`: ``tau^2`` of the true mean, positive.
    - `variance`: ``sigma^2`` of a row, positive.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``, in nats.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact for a Gaussian mean of known variance (`jaxcollapse.NormalMean`), one dimension.

    ```python
    >>> import jaxcollapse as jc
    >>> curve = mean_information(jc.Replace(), samples=10, prior_variance=1.0, generations=100)
    >>> round(float(curve[0]), 4), round(float(curve[-1]), 4)
    (1.1989, 0.0477)

    ```
    """
    check_positive("prior_variance", prior_variance)
    check_one_number("prior_variance", prior_variance, "for one mean")
    check_positive("variance", variance)
    check_one_number("variance", variance, "for all rows")
    factors = inflation(workflow, samples=samples, generations=generations)
    first = per_generation("samples", samples, generations)[0]
    return 0.5 * jnp.log1p(as_floats(prior_variance) * first / (as_floats(variance) * factors))


@lenient()
def information_lost(
    workflow: Any, *, samples: Number | Curve | None = None, generations: Count
) -> Float[Array, " generations"]:
    """How much less than the first fit each generation tells of a parameter, for many rows: ``1/2 log c_g``.

    With the factors of `inflation`. Accumulation costs at most ``1/2 log(pi^2/6) = 0.2489`` nats a parameter for ever,
    training on a random part of all ``1/2 log(pi^2/2 - 2) = 0.5383``, replacement ``1/2 log g``.

    **Arguments** as for `inflation`.

    **Returns** shape ``(generations,)``, in nats a parameter.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Asymptotic: for batches that grow with the same ratios, and every regular estimator.

    ```python
    >>> import jaxcollapse as jc
    >>> round(float(information_lost(jc.Accumulate(), generations=1000)[-1]), 4)
    0.2485

    ```
    """
    return 0.5 * jnp.log(inflation(workflow, samples=samples, generations=generations))
