"""Loops of probabilistic PCA, a linear VAE that learns the variance of its decoder: the noise floor leaks.

Protocol: rows of ``N(0, C)``, where ``C`` has a few large eigenvalues (spikes) on a floor; each generation keeps as
many of the largest eigenvalues of its data and puts the mean of the rest in the place of the others.

Reference: Tipping and Bishop 1999, "Probabilistic principal component analysis", J. R. Stat. Soc. B 61, for the fit;
the loop is derived here.
"""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_count, check_positive, check_scalar, is_traced
from jaxcollapse.arguments.types import Count, Number, Vector
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.curves import check_one_number
from jaxcollapse.theory.mean.workflow import inflation


@lenient()
def noise_floor(
    spikes: Vector, workflow: Any, *, floor: Number, dim: Count, samples: Number, generations: Count
) -> Float[Array, " generations"]:
    """The mean logarithm of the floor that each generation of probabilistic PCA learns.

    ``E log s_g = log s - c_g/n [sum_i l_i/(l_i - s) + 1/(dim - k)]`` with ``k`` spikes ``l_i`` on a floor ``s``. The
    trace of the data is kept by every fit; the eigenvectors of the spikes, which follow the noise of each batch, take
    variance out of the floor. The factor ``c_g`` is the `inflation` of the workflow: ``g`` under `Replace`,
    ``1 + 1/4 + ... + 1/g^2`` under `Accumulate`.

    **Arguments**

    - `spikes`: the eigenvalues above the floor, shape ``(k,)``.
    - `workflow`: any object with a method ``weights(samples)``, such as the workflows of `jaxcollapse`.
    - `floor`: ``s``, the variance of the noise, positive.
    - `dim`: number of dimensions, above ``k``.
    - `samples`: ``n``, one number, at least 1.
    - `generations`: ``G``, a positive integer.

    **Returns** shape ``(generations,)``.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Asymptotic for ``n`` above ``dim``, with an error of order ``1/n^2``.

    **Reference** Derived here.

    ```python
    >>> import jaxcollapse as jc
    >>> setting = dict(floor=1.0, dim=20, samples=100, generations=3)
    >>> print(np.round(np.asarray(noise_floor([10.0, 6.0, 4.0], jc.Replace(), **setting)), 3))
    [-0.037 -0.074 -0.111]

    ```
    """
    check_positive("spikes", spikes)
    check_scalar("floor", floor)
    check_positive("floor", floor)
    if np.ndim(spikes) != 1 or np.size(spikes) == 0:
        raise ValueError(f"spikes must have shape (k,), got shape {np.shape(spikes)}")
    if not is_traced(spikes) and not is_traced(floor) and not np.all(np.asarray(spikes) > np.asarray(floor)):
        raise ValueError(f"spikes must be above the floor {floor}, got {spikes}")
    check_count("dim", dim, minimum=1)
    if dim <= np.size(spikes):
        raise ValueError(f"dim must be above {np.size(spikes)}, the number of spikes, got {dim}")
    check_one_number("samples", samples, "for batches of one size")
    spikes, floor = jnp.asarray(spikes), jnp.asarray(floor)
    leak = jnp.sum(spikes / (spikes - floor)) + 1 / (dim - len(spikes))
    return jnp.log(floor) - inflation(workflow, samples=samples, generations=generations) * leak / samples
