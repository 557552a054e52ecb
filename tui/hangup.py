"""Noticing that the terminal went away: a closed window, a lost connection, a killed tmux."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sys
from collections.abc import Callable


class Terminal:
    """The terminal that the program was started on, if there is one."""

    def __init__(self) -> None:
        try:
            self._descriptor = sys.__stdin__.fileno() if sys.__stdin__ else -1
            self._was_there = os.isatty(self._descriptor)
        except (OSError, ValueError):
            self._was_there = False

    @property
    def is_gone(self) -> bool:
        """Whether there was a terminal and nobody is at its other end any more.

        A program that ignores SIGHUP (under nohup, say) is told nothing else, and Textual would
        read the end of its input again and again.
        """
        if not self._was_there or not hasattr(select, "poll"):
            return False
        poll = select.poll()
        poll.register(self._descriptor, 0)  # hang-ups are told without being asked for
        gone = select.POLLHUP | select.POLLERR | select.POLLNVAL
        return any(event & gone for _, event in poll.poll(0))


def on_hangup(leave: Callable[[], object]) -> None:
    """Have `leave` called when the terminal hangs up, from the main thread's event loop."""
    if hasattr(signal, "SIGHUP"):
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, leave)
