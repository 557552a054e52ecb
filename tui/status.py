"""The exit statuses of the command line; they are a contract with scripts."""

from __future__ import annotations

from enum import IntEnum


class Status(IntEnum):
    """What a command's end means."""

    DONE = 0
    SOME_FAILED = 1
    """Done, but some files failed or were refused."""
    WRONG_USE = 2
    """Wrong use, or it could not go on."""
    DEFECT = 70
    """An error of twinsift's own (EX_SOFTWARE of sysexits.h)."""
    INTERRUPTED = 130
    PIPE_CLOSED = 141
    """The reader of standard output has left, as a shell reports it."""
