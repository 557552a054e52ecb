"""Ctrl-C for long work: the first lets it end at its next checkpoint, the second at once."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from ..catalog.progress import Control


@contextmanager
def stoppable() -> Iterator[Control]:
    """A control that SIGINT and SIGTERM stop while the block runs; call it from the main thread.

    What was finished is stored by then, and the work raises `Interrupted`.
    """
    control = Control()

    def stop(number: int, frame: FrameType | None) -> None:
        if control.stopped:
            raise KeyboardInterrupt
        control.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield control
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
