"""What a function says of itself while it is traced: how many generations its chains have."""

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

_HEARD: ContextVar[set[int] | None] = ContextVar("heard", default=None)


@contextlib.contextmanager
def heard_generations() -> Iterator[set[int]]:
    """The numbers of generations that are told within.

    ```python
    >>> with heard_generations() as heard:
    ...     tell_generations(5)
    >>> heard
    {5}

    ```
    """
    heard: set[int] = set()
    token = _HEARD.set(heard)
    try:
        yield heard
    finally:
        _HEARD.reset(token)


def tell_generations(number: int) -> None:
    """Says so to whoever listens."""
    if (heard := _HEARD.get()) is not None:
        heard.add(int(number))
