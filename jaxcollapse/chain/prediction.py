"""What is known of the metrics of a chain before it is simulated: closed forms, or why there is none."""

from collections.abc import Callable
from typing import Any, Literal, TypeAlias

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Scalar

from jaxcollapse.arguments.check import check_choice
from jaxcollapse.arguments.names import did_you_mean, shown
from jaxcollapse.arguments.numbers import as_floats
from jaxcollapse.arguments.reference import Reference

Exactness: TypeAlias = Literal["exact", "asymptotic", "lower bound", "upper bound"]


class ClosedForm(eqx.Module):
    """The mean of a metric at every generation, as a formula gives it.

    **Arguments**

    - `curve`: the mean at generations ``1, ..., G``, shape ``(generations, ...)``.
    - `name`: of the formula, such as ``"theory.regression.ols_replace"``; or the function itself.
    - `exactness`: ``"exact"`` for every finite size, ``"asymptotic"``, a ``"lower bound"`` or an ``"upper bound"``.
    - `order`: of the relative error of an asymptotic one, such as ``"1/n"``.
    - `reference`: the paper it is from, if it is from one.

    **Raises** `ValueError` or `TypeError` for another exactness, an asymptotic form without an order, any other with
    one, and a name or reference of another kind.

    ```python
    >>> import jax.numpy as jnp, jaxcollapse as jc
    >>> form = jc.ClosedForm(jnp.array([0.5, 1.0]), "my formula", "asymptotic", order="1/n")
    >>> str(form)
    'asymptotic, error of order 1/n: my formula'

    ```
    """

    curve: Float[Array, "generations ..."]
    name: str = eqx.field(static=True)
    exactness: Exactness = eqx.field(static=True)
    order: str = eqx.field(static=True)
    reference: Reference | None = eqx.field(static=True)

    def __init__(
        self,
        curve: Any,
        name: str | Callable,
        exactness: Exactness = "exact",
        *,
        order: str = "",
        reference: Reference | None = None,
    ):
        check_choice("exactness", exactness, ("exact", "asymptotic", "lower bound", "upper bound"))
        if (exactness == "asymptotic") != bool(order):
            raise ValueError(f"order must be given for an asymptotic form and for no other, got {shown(order)}")
        if not (callable(name) or (isinstance(name, str) and name)):
            raise TypeError(f"name must be text or a function, got {shown(name)}")
        if not isinstance(reference, Reference | None):
            raise TypeError(f"reference must be a jaxcollapse Reference, got {shown(reference)}")
        self.curve = as_floats(curve)
        self.name = _public_name(name) if callable(name) else name
        self.exactness, self.order, self.reference = exactness, order, reference

    def times(self, factor: Scalar | float, plus: Scalar | float = 0.0) -> "ClosedForm":
        """The same for `factor` times the metric, and `plus` added."""
        return eqx.tree_at(lambda form: form.curve, self, jnp.asarray(factor) * self.curve + plus)

    @property
    def words(self) -> str:
        """Its exactness, and of an asymptotic form the order of the error."""
        return f"{self.exactness}, error of order {self.order}" if self.order else self.exactness

    def __str__(self) -> str:
        paper = f" ({self.reference.short}, arXiv:{self.reference.arxiv})" if self.reference else ""
        return f"{self.words}: {self.name}{paper}"


class NotKnown(eqx.Module):
    """That no closed form of a metric is known.

    **Arguments**

    - `why`: what of the setting rules the known ones out.
    - `nearest`: the nearest setting that has one, and its name.
    """

    why: str = eqx.field(static=True)
    nearest: str = eqx.field(static=True, default="")

    def __str__(self) -> str:
        return f"none is known: {self.why}" + (f"; nearest: {self.nearest}" if self.nearest else "")


Forms: TypeAlias = dict[str, ClosedForm | NotKnown]
"""What a model says of its metrics, by name."""


class Prediction(eqx.Module):
    """What is known of a chain in advance: `jaxcollapse.predict` returns it.

    The curve of a metric is an attribute, as in a `Trajectory`: ``prediction.risk``. A pytree of curves: a function
    that returns one can be compiled, vectorised and differentiated.
    """

    forms: dict[str, ClosedForm]
    """The closed form of each metric that has one."""
    unknown: dict[str, NotKnown]
    """The other metrics, and why they have none."""

    @property
    def metrics(self) -> dict[str, Array]:
        """The curves by the name of the metric, each of shape ``(generations, ...)``."""
        return {name: form.curve for name, form in self.forms.items()}

    def __getattr__(self, name: str) -> Array:
        """The curve of the metric called `name`."""
        if name.startswith("_") or name in ("forms", "unknown"):
            raise AttributeError(name)
        if name in self.forms:
            return self.forms[name].curve
        if name in self.unknown:
            raise AttributeError(f"of {name} {self.unknown[name]}")
        known = [*self.forms, *self.unknown]
        hint = did_you_mean(name, known) or f"; it has {sorted(known)}"
        raise AttributeError(f"this prediction has no metric {name!r}{hint}")

    def summary(self) -> str:
        """One line for each metric: its exactness, formula and paper, or why there is none.

        ```python
        >>> import jaxcollapse as jc
        >>> print(jc.predict(jc.NormalMean(0.0), jc.Replace(), samples=10, generations=2).summary())
        estimate: exact: unbiased
        squared_error: exact: theory.mean.inflation (Dey and Donoho 2024, arXiv:2410.22812)

        ```
        """
        return "\n".join(f"{name}: {entry}" for name, entry in (self.forms | self.unknown).items())

    @property
    def bibtex(self) -> str:
        """The BibTeX entries of all papers that the curves are from."""
        papers = {form.reference: None for form in self.forms.values() if form.reference is not None}
        return "\n\n".join(paper.bibtex for paper in papers)


def _public_name(function: Callable) -> str:
    """The name under which a function of `theory` is public; that of its module for another one."""
    module, name = function.__module__, function.__name__
    parts = module.split(".")
    return ".".join([*parts[1:3], name]) if parts[:2] == ["jaxcollapse", "theory"] else f"{module}.{name}"
