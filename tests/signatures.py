"""What the import hook of the tests checks: arguments and results of every function that is not made while one runs.

Functions within functions are made anew at each call, thousands of times in a run of all tests, and a check takes a
thousandth of a second to make: longer than most of them ever run.
"""

from collections.abc import Callable

from beartype import BeartypeConf, beartype

_check = beartype(conf=BeartypeConf(is_pep484_tower=True))


def checked(function: Callable) -> Callable:
    """With its signature checked at every call, unless it is made by a function."""
    return function if "<locals>" in function.__qualname__ else _check(function)
