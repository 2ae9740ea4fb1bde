"""Functions in a pickle: by value where cloudpickle is installed, by name else, and words where neither is possible."""

import importlib.util
import pickle
from typing import Any


class Lost:
    """Stands in for a function that could not be taken along: it says so when it is called."""

    def __init__(self, reason: str):
        self.reason = reason

    def __call__(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError(self.reason)


def packed(value: Any) -> bytes:
    """Functions, or what holds some, as bytes that `unpacked` understands; nothing if they cannot be pickled."""
    by_value = importlib.util.find_spec("cloudpickle") is not None
    try:
        if by_value:
            import cloudpickle  # pyright: ignore[reportMissingImports]

            return cloudpickle.dumps(value)
        return pickle.dumps(value)
    except Exception:  # whatever the parts of a function make of it
        return b""


def unpacked(data: bytes, what: str) -> Any:
    """What was packed, or a `Lost` that says what is missing and how to take it along."""
    advice = "install cloudpickle before you pickle, or define what it needs in a module that both sides import"
    if not data:
        return Lost(f"{what} could not be pickled: {advice}")
    try:
        return pickle.loads(data)
    except Exception as error:
        return Lost(f"{what} could not be unpickled here ({type(error).__name__}: {error}): {advice}")
