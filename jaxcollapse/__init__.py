"""Simulate, predict and verify model collapse: what happens when models train on what their predecessors made.

What the faces of `chain` and `models` pass on is public here: a new workflow or family needs no line in this file.
A room is entered when a name in it is first asked for, and JAX with it: the import alone takes a few hundredths of a
second.
"""

from threading import RLock as _RLock
from typing import TYPE_CHECKING

from jaxcollapse.machine.partners import start_together as _start_together
from jaxcollapse.machine.versions import __version__ as __version__
from jaxcollapse.machine.xla import turn_off_wrong_sums as _turn_off_wrong_sums

if TYPE_CHECKING:
    from jaxcollapse import claims as claims
    from jaxcollapse import figures as figures
    from jaxcollapse import plot as plot
    from jaxcollapse import random as random
    from jaxcollapse import report as report
    from jaxcollapse import theory as theory
    from jaxcollapse.arguments.reference import Reference as Reference
    from jaxcollapse.chain import *
    from jaxcollapse.chain import schedule as schedule
    from jaxcollapse.chain.predict import predict as predict
    from jaxcollapse.chain.simulate import Trajectory as Trajectory
    from jaxcollapse.chain.simulate import simulate as simulate
    from jaxcollapse.models import *
    from jaxcollapse.models import measures as measures
    from jaxcollapse.population import datasets as datasets
    from jaxcollapse.population import features as features
    from jaxcollapse.population import kernels as kernels
    from jaxcollapse.replication.estimate import Estimate as Estimate
    from jaxcollapse.replication.grid import Grid as Grid
    from jaxcollapse.replication.monte_carlo import monte_carlo as monte_carlo
    from jaxcollapse.replication.solve import Solution as Solution
    from jaxcollapse.replication.solve import solve as solve
    from jaxcollapse.report import typeset as typeset
    from jaxcollapse.verification import definitions as definitions
    from jaxcollapse.verification import relation as relation
    from jaxcollapse.verification.claim import Axis as Axis
    from jaxcollapse.verification.claim import Claim as Claim
    from jaxcollapse.verification.decision import verify as verify
    from jaxcollapse.verification.verdict import Verdict as Verdict
    from jaxcollapse.verification.verdict import Verification as Verification

_turn_off_wrong_sums()
_start_together()

_MODULES = {
    "claims": "claims",
    "datasets": "population.datasets",
    "definitions": "verification.definitions",
    "features": "population.features",
    "figures": "figures",
    "kernels": "population.kernels",
    "measures": "models.measures",
    "plot": "plot",
    "random": "random",
    "relation": "verification.relation",
    "report": "report",
    "schedule": "chain.schedule",
    "theory": "theory",
    "typeset": "report.typeset",
}
_HOMES = {
    "Axis": "verification.claim",
    "Claim": "verification.claim",
    "Estimate": "replication.estimate",
    "Grid": "replication.grid",
    "Reference": "arguments.reference",
    "Solution": "replication.solve",
    "Trajectory": "chain.simulate",
    "Verdict": "verification.verdict",
    "Verification": "verification.verdict",
    "monte_carlo": "replication.monte_carlo",
    "predict": "chain.predict",
    "simulate": "chain.simulate",
    "solve": "replication.solve",
    "verify": "verification.decision",
}
_ONE_AT_A_TIME = _RLock()  # two threads on their way into a room, one by a file and one by its face, block each other
_FACES = ("chain", "models")
"""Whose public names are all public here."""

if not TYPE_CHECKING:  # which reads the imports above instead, and so sees a name that is not there

    def __getattr__(name: str):
        """A public name, or a room, when it is first asked for; a star asks for `__all__`."""
        import importlib.util

        if name == "__all__":
            return __dir__()
        with _ONE_AT_A_TIME:
            if name in _MODULES:
                value = importlib.import_module(f"jaxcollapse.{_MODULES[name]}")
            elif name in _HOMES:
                value = getattr(importlib.import_module(f"jaxcollapse.{_HOMES[name]}"), name)
            elif name.startswith("_") or not name.isidentifier():
                raise AttributeError(f"module 'jaxcollapse' has no attribute {name!r}")
            elif importlib.util.find_spec(f"jaxcollapse.{name}"):
                value = importlib.import_module(f"jaxcollapse.{name}")
            elif name in (passed_on := _passed_on()):
                value = passed_on[name]
            else:
                from jaxcollapse.arguments.names import did_you_mean

                raise AttributeError(f"module 'jaxcollapse' has no attribute {name!r}{did_you_mean(name, __dir__())}")
        return globals().setdefault(name, value)


def _passed_on() -> dict:
    """The public names of the faces: files of a room, which are names of its face as well, are not among them."""
    import importlib
    from types import ModuleType

    faces = [importlib.import_module(f"jaxcollapse.{face}") for face in _FACES]
    named = {name: value for face in faces for name, value in vars(face).items() if not name.startswith("_")}
    return {name: value for name, value in named.items() if not isinstance(value, ModuleType)}


def __dir__() -> list[str]:
    """All public names, those that nobody has asked for yet included, and nothing else."""
    with _ONE_AT_A_TIME:
        return sorted(_MODULES.keys() | _HOMES.keys() | _passed_on().keys())
