"""Every argument of every closed form that is given a thing of another kind is named, with what it must be."""

import inspect

import numpy as np
import pytest

from jaxcollapse.theory import Spectrum
from theory.settings import SETTINGS, Edge, Held, public_functions

FUNCTIONS = public_functions()


class Thing:
    def __repr__(self):
        return "<a thing>"


def plain(value):
    return value.value if isinstance(value, Edge | Held) else value


def wrong(value):
    """What stands in for an argument: no number, no record of numbers, no table."""
    others = ["a word", Thing(), {"a": 1}, [[1], [2, 3]]]
    if isinstance(value, Spectrum) or hasattr(value, "weights"):
        others += [20, 0.5, [1.0, 2.0], np.ones(3), Spectrum]
    return others


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_thing_of_another_kind_is_refused(name):
    function = FUNCTIONS[name]
    setting = SETTINGS[name][0]
    signature = inspect.signature(function)
    given = signature.bind(*map(plain, setting.positional), **{n: plain(v) for n, v in setting.named.items()})
    for argument, value in given.arguments.items():
        vector = argument == "spectrum" and name in ("regression.kappa", "regression.degrees_of_freedom")
        tried = [bad for bad in wrong(value) if not (vector and np.ndim(np.asarray(bad, object)) == 1)]
        if signature.parameters[argument].default is inspect.Parameter.empty:
            tried.append(None)
        for bad in tried:
            bound = signature.bind(*given.args, **given.kwargs)
            bound.arguments[argument] = bad
            with pytest.raises((TypeError, ValueError), match=rf"{argument}\b.*must ") as caught:
                function(*bound.args, **bound.kwargs)
            assert len(str(caught.value)) < 500, argument
