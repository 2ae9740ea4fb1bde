"""The eight definitions of model collapse as eight numbers, each a function of expected curves over the generations.

A definition is met where its number is above its level. All numbers are differentiable functions of the curves, so
that they serve closed forms (`jaxcollapse.predict`) and simulated means alike.

Reference: Schaeffer, Kazdan, Arulandu and Koyejo 2025, arXiv:2503.03150, for the definitions in words.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxcollapse.arguments.check import check_above, check_length, check_nonnegative, check_numbers, check_positive
from jaxcollapse.arguments.types import Curve, Number
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.theory.curves import of_any_length


@lenient()
def catastrophic_increase(risk: Curve, *, null: Number) -> Float[Array, ""]:
    """Definition 1, a catastrophic increase of the risk: the last risk over that of having learnt nothing.

    Met above 1: no better than a model that has seen no data.

    **Arguments**

    - `risk`: the expected risk at generations ``1, ..., G``, at least 0.
    - `null`: the risk of a model that has learnt nothing, positive: ``|w0|^2`` for coefficients of zero.

    **Returns** a scalar.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** A definition. The probability of it in a single run of least squares on one design is one less
    `jaxcollapse.theory.regression.ols_replace_cdf`.

    **Reference** Schaeffer et al. 2025, arXiv:2503.03150, definition 1.

    ```python
    >>> float(catastrophic_increase([0.5, 1.0, 1.5], null=1.0))
    1.5

    ```
    """
    check_nonnegative("risk", risk)
    check_positive("null", null)
    return of_any_length("risk", risk)[-1] / null


@lenient()
def any_increase(risk: Curve) -> Float[Array, ""]:
    """Definition 2, any increase of the risk: the last risk over the first, that of a fit to real data.

    Met above 1.

    **Arguments**

    - `risk`: the expected risk at generations ``1, ..., G``, at least 0.

    **Returns** a scalar; NaN where both are zero.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** A definition. The probability of it in a single run of a mean is one less
    `jaxcollapse.theory.mean.improvement_probability`.

    **Reference** Schaeffer et al. 2025, arXiv:2503.03150, definition 2.

    ```python
    >>> float(any_increase([0.5, 1.0, 1.5]))
    3.0

    ```
    """
    check_nonnegative("risk", risk)
    curve = of_any_length("risk", risk)
    return curve[-1] / curve[0]


@lenient()
def diverging_risk(risk: Curve) -> Float[Array, ""]:
    """Definition 3, a risk that diverges: its growth from ``G/2`` to ``G`` over that from ``G/4`` to ``G/2``.

    A curve that rises by as much, or more, whenever the generations double has no limit: the number is 2 for linear
    growth and 1 for that of a logarithm, 1/2 where the curve tends to its limit like ``1/g`` and 0 where it has
    settled. Met above 3/4. No finite run can prove a limit: of a curve that has not yet turned the number is wrong.

    **Arguments**

    - `risk`: the expected risk at generations ``1, ..., G``, at least 0, ``G`` at least 4.

    **Returns** a scalar, not positive where the risk falls at last. A growth before of less than a hundredth of the
    risk counts as a hundredth.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** A definition.

    **Reference** Schaeffer et al. 2025, arXiv:2503.03150, definition 3; Cauchy's condensation test for the number.

    ```python
    >>> float(diverging_risk([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]))
    2.0

    ```
    """
    check_nonnegative("risk", risk)
    curve = _doubled("risk", risk)
    return _growth(curve, 0.01 * curve[1])


@lenient()
def collapsing_variance(log_variance: Curve) -> Float[Array, ""]:
    """Definition 4, a variance that collapses: the fall of its log from ``G/2`` to ``G`` over that before.

    The number of `diverging_risk` for minus the expected log of the variance, which tends to infinity where the
    variance tends to zero almost surely. Its mean may stay where it is meanwhile. Met above 3/4.

    **Arguments**

    - `log_variance`: the expected log of the model's variance at generations ``1, ..., G``, ``G`` at least 4.

    **Returns** a scalar. A fall before of less than a hundredth counts as a hundredth.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** A definition. `jaxcollapse.theory.gaussian.log_variance_mean` is the curve of a Gaussian.

    **Reference** Schaeffer et al. 2025, arXiv:2503.03150, definition 4.

    ```python
    >>> round(float(collapsing_variance([-0.1, -0.2, -0.3, -0.4])), 4)
    2.0

    ```
    """
    check_numbers("log_variance", log_variance)
    curve = -_doubled("log_variance", log_variance)
    return _growth(curve, jnp.full((), 0.01, curve.dtype))


@lenient()
def changed_scaling(risk: Curve, larger: Curve, *, factor: Number) -> Float[Array, ""]:
    """Definition 5, another scaling law: by which part the exponent of the last risk in the sample size is less.

    With ``alpha_g = log(risk_g(n)/risk_g(c n))/log c`` it is ``1 - alpha_G/alpha_1``. Met above 1/10.

    **Arguments**

    - `risk`: the expected risk at generations ``1, ..., G``, positive.
    - `larger`: the same with `factor` times as many samples in every batch.
    - `factor`: ``c``, above 1.

    **Returns** a scalar, negative where more data helps the last model more than the first.

    **Raises** `ValueError` or `TypeError` for other arguments and for curves of different lengths.

    **Exactness** A definition, of the exponent between two sizes.

    **Reference** Schaeffer et al. 2025, arXiv:2503.03150, definition 5.

    ```python
    >>> round(float(changed_scaling([1.0, 2.0], [0.25, 1.0], factor=4.0)), 4)
    0.5

    ```
    """
    check_positive("risk", risk)
    check_positive("larger", larger)
    check_above("factor", factor, 1.0)
    few, many = of_any_length("risk", risk), of_any_length("larger", larger)
    if few.shape != many.shape:
        raise ValueError(f"larger must have shape {few.shape}, as risk, got {many.shape}")
    return 1 - jnp.log(few[-1] / many[-1]) / jnp.log(few[0] / many[0])


@lenient()
def lost_modes(share: Curve) -> Float[Array, ""]:
    """Definition 6, real modes disappear: the expected share of them that the last model has lost. Met above 1/20.

    **Arguments**

    - `share`: of the modes lost, expected at generations ``1, ..., G``, in [0, 1].

    **Returns** a scalar.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** A definition. `jaxcollapse.theory.discrete.categorical_replace_lost` is the probability for each
    symbol.

    **Reference** Schaeffer et al. 2025, arXiv:2503.03150, definition 6.

    ```python
    >>> float(lost_modes([0.0, 0.25, 0.5]))
    0.5

    ```
    """
    check_nonnegative("share", share)
    return of_any_length("share", share)[-1]


@lenient()
def lost_tail(mass: Curve) -> Float[Array, ""]:
    """Definition 7, the tail of real data disappears: the real probability of what the last model cannot produce.

    Met above 1/20.

    **Arguments**

    - `mass`: the expected probability under the truth of what the model has lost, at generations ``1, ..., G``.

    **Returns** a scalar.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** A definition.

    **Reference** Schaeffer et al. 2025, arXiv:2503.03150, definition 7.

    ```python
    >>> round(float(lost_tail([0.01, 0.02, 0.1])), 4)
    0.1

    ```
    """
    check_nonnegative("mass", mass)
    return of_any_length("mass", mass)[-1]


@lenient()
def hallucinated_data(mass: Curve) -> Float[Array, ""]:
    """Definition 8, hallucinated data: the probability under the last model of what the truth cannot produce.

    Met above 1/20.

    **Arguments**

    - `mass`: the expected probability under the model of what the truth does not have, at generations ``1, ..., G``.

    **Returns** a scalar.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** A definition. `jaxcollapse.theory.kernel_density.outside_unit_interval` is the curve of a kernel
    density estimate of uniform data.

    **Reference** Schaeffer et al. 2025, arXiv:2503.03150, definition 8.

    ```python
    >>> round(float(hallucinated_data([0.1, 0.2, 0.3])), 4)
    0.3

    ```
    """
    check_nonnegative("mass", mass)
    return of_any_length("mass", mass)[-1]


def _doubled(name: str, curve: Curve) -> Float[Array, "3"]:
    """A curve at generations ``G/4``, ``G/2`` and ``G``, rounded up."""
    whole = of_any_length(name, curve)
    generations = len(whole)
    check_length(f"the generations of {name}", generations, minimum=4)
    return whole[jnp.array([(generations + 3) // 4 - 1, (generations + 1) // 2 - 1, generations - 1])]


def _growth(curve: Float[Array, "3"], least: Float[Array, ""]) -> Float[Array, ""]:
    """The last difference over the one before, which counts as `least` where it is less."""
    before, last = jnp.diff(curve)
    return last / jnp.maximum(jnp.abs(before), least)
