"""The other processes of `jax.distributed`: that they are there, and what each of them has to say, within a time.

By the service that started the processes, which needs no common program, so that nobody waits for one who is gone.
"""

import contextlib
import sys
import time
import warnings

PATIENCE = 40.0
"""Seconds until all processes have come to the same line of their program."""


def start_together() -> None:
    """Starts JAX in all processes at the same time, once each has imported this package.

    Where one ends before that, the others would wait for it for minutes at their first array.
    """
    if "jax._src.distributed" not in sys.modules:  # nobody can have called jax.distributed.initialize
        return
    import jax
    from jax._src import distributed, xla_bridge

    client, processes = distributed.global_state.client, distributed.global_state.num_processes
    if client is None or (processes or 1) == 1 or xla_bridge.backends_are_initialized():
        return
    try:
        client.wait_at_barrier("jaxcollapse/import", int(1000 * PATIENCE))
    except Exception as error:
        if not _is_late(error):
            raise
        warnings.warn(
            f"not every process has imported jaxcollapse within {PATIENCE:.0f} seconds of this one", stacklevel=3
        )
    else:
        jax.devices()


def said_by_all(words: str, topic: str) -> list[str | None]:
    """What every process says about a topic, in their order, up to None for the first that says nothing in time."""
    import jax
    from jax._src import distributed

    client = distributed.global_state.client
    if client is None:
        raise RuntimeError("several processes need jax.distributed.initialize")
    client.key_value_set(f"jaxcollapse/{topic}/{jax.process_index()}", words)
    found: list[str | None] = []
    for process in range(jax.process_count()):
        try:
            found.append(client.blocking_key_value_get(f"jaxcollapse/{topic}/{process}", int(1000 * PATIENCE)))
        except Exception as error:
            if not _is_late(error):
                raise
            return [*found, None]
    return found


def part(topic: str) -> None:
    """Before this process gives up: waits until the others have heard why, the first one for longest.

    It is home to the service; when that is gone, JAX ends all processes at once, whatever they were about to say.
    """
    import jax
    from jax._src import distributed

    client = distributed.global_state.client
    with contextlib.suppress(Exception):
        assert client is not None
        client.wait_at_barrier(f"jaxcollapse/{topic}/part", int(1000 * PATIENCE))
    if jax.process_index() == 0:
        time.sleep(2.0)


def _is_late(error: Exception) -> bool:
    """Whether an error of the service, whose type differs between releases, is about a process that did not come."""
    said = ("DEADLINE_EXCEEDED", "UNAVAILABLE", "CANCELLED", "ABORTED", "timed out")
    return any(word in str(error) for word in said)
