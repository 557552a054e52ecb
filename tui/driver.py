"""Textual's driver with a guard at its input: what the terminal answers is never read as keys."""

from __future__ import annotations

import os
import selectors
from codecs import getincrementaldecoder
from collections.abc import Iterable
from time import monotonic

from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from .replies import ReplyFilter

_POLL_SECONDS = 0.1
_KEY_SECONDS = 0.05  # the beginning of a reply that waits longer for the rest may be a key: Escape
_REPLY_SECONDS = 2.0  # and what is no key is waited for this long


class GuardedParser(XTermParser):
    """Textual's parser of input, without the terminal's replies."""

    def __init__(self, debug: bool = False) -> None:
        self._filter = ReplyFilter()
        self._waiting_since = 0.0
        super().__init__(debug)

    def feed(self, data: str) -> Iterable[Message]:
        """The messages of what was typed; nothing is the end of all input."""
        if not data:
            yield from super().feed("")
            return
        typed = self._filter.feed(data)
        self._waiting_since = monotonic()
        if typed:
            yield from super().feed(typed)

    def tick(self) -> Iterable[Message]:
        """The messages of keys that were taken for the beginning of something longer."""
        waited = monotonic() - self._waiting_since
        if self._filter.is_waiting and waited > _KEY_SECONDS:
            typed = self._filter.give_up(patient=waited < _REPLY_SECONDS)
            if typed:
                yield from super().feed(typed)
        yield from super().tick()


class GuardedDriver(LinuxDriver):
    """The driver for Linux and macOS with a guarded parser."""

    def run_input_thread(self) -> None:
        """Read what is typed until the driver is told to stop or the terminal is gone."""
        parser = GuardedParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(_POLL_SECONDS):
                    try:
                        data = os.read(self.fileno, 4096)
                    except OSError:
                        return  # the terminal is gone; the interface looks for that itself
                    if not data:
                        return
                    for message in parser.feed(decode(data)) if data else ():
                        self.process_message(message)
                for message in parser.tick():
                    self.process_message(message)
