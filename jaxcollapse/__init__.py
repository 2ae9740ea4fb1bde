"""Simulate, predict and verify model collapse: what happens when models train on what their predecessors made.

What the faces of `chain` and `models` pass on is public here: a new workflow or family needs no line in this file.
"""

from types import ModuleType
from typing import TYPE_CHECKING

from jaxcollapse import chain, models
from jaxcollapse.chain.simulate import Trajectory as Trajectory
from jaxcollapse.chain.simulate import simulate as simulate
from jaxcollapse.machine.partners import start_together as _start_together
from jaxcollapse.machine.versions import __version__ as __version__
from jaxcollapse.machine.xla import turn_off_wrong_sums as _turn_off_wrong_sums
from jaxcollapse.replication.estimate import Estimate as Estimate
from jaxcollapse.replication.grid import Grid as Grid
from jaxcollapse.replication.monte_carlo import monte_carlo as monte_carlo

if TYPE_CHECKING:
    from jaxcollapse import claims as claims
    from jaxcollapse import plot as plot
    from jaxcollapse import random as random
    from jaxcollapse import report as report
    from jaxcollapse import theory as theory
    from jaxcollapse.chain import *
    from jaxcollapse.chain import schedule as schedule
    from jaxcollapse.models import *
    from jaxcollapse.population import datasets as datasets
    from jaxcollapse.population import features as features
    from jaxcollapse.population import kernels as kernels
    from jaxcollapse.verification import relation as relation
    from jaxcollapse.verification.claim import Axis as Axis
    from jaxcollapse.verification.claim import Claim as Claim
    from jaxcollapse.verification.decision import verify as verify
    from jaxcollapse.verification.reference import Reference as Reference
    from jaxcollapse.verification.verdict import Verdict as Verdict
    from jaxcollapse.verification.verdict import Verification as Verification

_turn_off_wrong_sums()
_start_together()

_MODULES = {
    "claims": "claims",
    "datasets": "population.datasets",
    "features": "population.features",
    "kernels": "population.kernels",
    "plot": "plot",
    "random": "random",
    "relation": "verification.relation",
    "report": "report",
    "schedule": "chain.schedule",
    "theory": "theory",
}
_OF_CLAIM = frozenset({"Axis", "Claim", "Reference", "Verdict", "Verification", "verify"})

for _face in (chain, models):
    # A star at this place would bring the files along, which are names of a face as well.
    globals().update({n: v for n, v in vars(_face).items() if not (n.startswith("_") or isinstance(v, ModuleType))})

if not TYPE_CHECKING:  # which reads the imports above instead, and so sees a name that is not there

    def __getattr__(name: str):
        """The rooms that a simulation does not need are imported when they are first entered."""
        import importlib

        if name in _MODULES:
            return importlib.import_module(f"jaxcollapse.{_MODULES[name]}")
        if name in _OF_CLAIM:
            return getattr(importlib.import_module("jaxcollapse.verification"), name)
        from jaxcollapse.arguments.names import did_you_mean

        hint = "" if name.startswith("_") else did_you_mean(name, __dir__())
        raise AttributeError(f"module 'jaxcollapse' has no attribute {name!r}{hint}")


def __dir__() -> list[str]:
    """All public names, those imported late included, and nothing else."""
    ours = {n for n, v in globals().items() if str(getattr(v, "__module__", "")).startswith("jaxcollapse.")}
    return sorted({name for name in ours if not name.startswith("_")} | _MODULES.keys() | _OF_CLAIM)
