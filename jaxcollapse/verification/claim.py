"""A Claim is a theorem that runs: a prediction, an experiment, and the relation that should hold between them."""

import dataclasses
import re
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import numpy as np
from jaxtyping import Array, Key

from jaxcollapse.arguments.check import as_numpy, check_choice, check_flag, check_integer, check_numbers
from jaxcollapse.arguments.names import did_you_mean, shown
from jaxcollapse.arguments.reference import Reference
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.machine.pickles import packed, unpacked
from jaxcollapse.machine.precision import enable_x64
from jaxcollapse.verification.relation import RELATIONS, Relation

_FUNCTIONS = ("theory", "experiment", "numbers")


def facts(claim: "Claim") -> dict[str, Any]:
    """What a claim says, as `json` can write it: words only, nothing is computed."""
    reference = claim.reference
    return {
        "name": claim.name,
        "statement": claim.statement,
        "reference": reference
        and {name: getattr(reference, name) for name in ("key", "authors", "title", "year", "arxiv", "bibtex")},
        "relation": {"name": claim.relation.name, "description": claim.relation.describe()},
        "formula": claim.formula,
        "protocol": claim.protocol,
        "quantity": claim.quantity,
    }


class Axis(NamedTuple):
    """What the last axis of a claim's numbers is: its name and its values."""

    name: str
    values: Any


class Numbers(NamedTuple):
    """A table of exact numbers that belong to a claim: more than its experiment can test."""

    columns: tuple[str, ...]
    rows: tuple[tuple[float, ...], ...]


@dataclasses.dataclass(frozen=True)
class Claim:
    """A statement about a recursion of models: a prediction, a simulation and the relation between them.

    **Arguments**

    - `name`: unique, lower case, words joined by hyphens.
    - `statement`: one sentence.
    - `theory`: the prediction, an array, or a function without arguments that returns it.
    - `experiment`: a function of a key; one replication of what the theory predicts the mean of, of the same shape.
    - `relation`: ``"equal"``, ``"asymptotic"``, ``"at_most"``, ``"at_least"``, ``"rate"``, ``"probability"`` or
      ``"usually"``, or a relation of `jaxcollapse.relation` with its own tolerance.
    - `reference`: the paper; `formula`, `protocol`: the prediction and the experiment in words.
    - `axis`: name and values of the last axis; `labels`: a name for each entry, if the entries are separate cases, or,
      with an axis, for each row along it.
    - `quantity`: what is measured; `scale`: ``"linear"`` or ``"log"`` axes of the picture.
    - `first_look`: replications before the evidence is looked at first.
    - `numbers`: a function without arguments that returns `Numbers` for ``jaxcollapse show``.
    - `networks`: whether it trains networks for minutes, and is decided only where it is asked for.
    - `finite_variance`: set it to False where one replication has an infinite variance, and no mean will be tested.

    **Raises** `ValueError` for an unknown relation or a name that is not a slug.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> claim = jc.Claim(
    ...     name="uniform-mean", statement="A uniform variate has mean 1/2", relation="equal",
    ...     theory=0.5, experiment=jax.random.uniform)
    >>> jc.verify(claim, jax.random.key(0)).outcome
    'holds'

    ```
    """

    name: str
    statement: str
    theory: Any
    experiment: Callable[[Key[Array, ""]], Any]
    relation: Any
    reference: Reference | None = None
    formula: str = ""
    protocol: str = ""
    axis: Axis | None = None
    labels: tuple[str, ...] = ()
    quantity: str = ""
    scale: Literal["linear", "log"] = "linear"
    first_look: int = 4096
    numbers: Callable[[], Numbers] | None = None
    finite_variance: bool = True
    networks: bool = False

    def __post_init__(self):
        """Checks what is known before anything is computed."""
        if not isinstance(self.name, str) or re.fullmatch("[a-z0-9-]+", self.name) is None:
            raise ValueError(f"name must consist of lower-case letters, digits and hyphens, got {shown(self.name)}")
        if isinstance(self.relation, str):
            if self.relation not in RELATIONS:
                hint = did_you_mean(self.relation, RELATIONS)
                raise ValueError(f"relation must be one of {sorted(RELATIONS)}, got {shown(self.relation)}{hint}")
            object.__setattr__(self, "relation", RELATIONS[self.relation]())
        elif not isinstance(self.relation, Relation):
            raise TypeError(f"relation must be a name or a Relation, got {shown(self.relation)}")
        if not callable(self.experiment):
            raise TypeError(f"experiment must be a function of a key, got {shown(self.experiment)}")
        if not callable(self.theory):
            check_numbers("theory", self.theory)
        for name in ("statement", "formula", "protocol", "quantity"):
            if not isinstance(getattr(self, name), str):
                raise TypeError(f"{name} must be text, got {getattr(self, name)!r}")
        for name, kind in (("reference", Reference), ("axis", Axis)):
            if not isinstance(getattr(self, name), kind | None):
                raise TypeError(f"{name} must be a jaxcollapse {kind.__name__}, got {getattr(self, name)!r}")
        if not isinstance(self.labels, list | tuple) or not all(isinstance(label, str) for label in self.labels):
            raise TypeError(f"labels must be a tuple of texts, got {shown(self.labels)}")
        for name in ("networks", "finite_variance"):
            check_flag(name, getattr(self, name))
        check_choice("scale", self.scale, ("linear", "log"))
        check_integer("first_look", self.first_look, minimum=1)

    def __deepcopy__(self, memo: Any) -> "Claim":
        """Itself: a claim does not change."""
        return self

    def __getstate__(self) -> dict[str, Any]:
        """Its fields, with functions as `jaxcollapse.machine.pickles` packs them."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        functions = {name: packed(fields.pop(name)) for name in _FUNCTIONS if callable(fields[name])}
        return {"fields": fields, "functions": functions}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """A function that was lost says so when it is called; the words and numbers of the claim are there."""
        functions = {
            name: unpacked(data, f"{name} of claim {state['fields']['name']!r}")
            for name, data in state["functions"].items()
        }
        for name, value in {**state["fields"], **functions}.items():
            object.__setattr__(self, name, value)

    def prediction(self) -> np.ndarray:
        """The theory as float64 numbers."""
        with lenient(), enable_x64(True):
            prediction = as_numpy(self.theory() if callable(self.theory) else self.theory)
        if prediction.dtype.kind not in "biufc":
            raise TypeError(f"theory of claim {self.name!r} must return numbers, got {shown(prediction)}")
        if not prediction.size:
            raise ValueError(f"theory of claim {self.name!r} must hold one number or more, got none")
        if np.iscomplexobj(prediction):
            raise TypeError(
                f"theory of claim {self.name!r} must be real, got {shown(prediction, str)}: predict its parts"
            )
        return prediction.astype(np.float64)

    def exact_numbers(self) -> Numbers:
        """The table of numbers, in double precision."""
        if self.numbers is None:
            raise ValueError(f"claim {self.name!r} has no table of numbers")
        with lenient(), enable_x64(True):
            return self.numbers()
