"""What the exit status of every command means."""

import enum


class Status(enum.IntEnum):
    """The exit status of a command."""

    OK = 0
    """All well: every claim holds, the machine is healthy, the file is written."""
    FAILED = 1
    """Something is wrong: a claim fails, a check of `doctor` fails, a benchmark disagrees with the theory."""
    USAGE = 2
    """Wrong usage: an unknown name, a value that is not allowed, a file that cannot be written."""
    UNDECIDED = 3
    """No claim fails, but some are undecided."""
    INTERRUPTED = 130
    """Ctrl-C, SIGTERM or SIGHUP."""
