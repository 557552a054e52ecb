"""Progress reports of long work, and the switch by which a person pauses or stops it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from .errors import Interrupted


@dataclass(frozen=True, slots=True)
class Progress:
    """One report: `done` of `total` items of a stage (total None while it isn't known yet)."""

    stage: str
    done: int
    total: int | None = None
    failed: int = 0
    rate: float = 0.0
    """Items a second over the last few seconds; 0.0 while unknown."""
    note: str = ""

    @property
    def eta_seconds(self) -> float | None:
        """Seconds left at the present rate, or None while that can't be told."""
        if self.total is None or self.rate <= 0:
            return None
        return max(0, self.total - self.done) / self.rate


Report = Callable[[Progress], None]


def silent(progress: Progress) -> None:
    """A report that tells nobody."""


class Control:
    """Pause, resume and stop for one piece of long work; safe to use from any thread."""

    def __init__(self) -> None:
        self._running = threading.Event()
        self._running.set()
        self._stopped = threading.Event()

    @property
    def paused(self) -> bool:
        """Whether work is held at its next checkpoint."""
        return not self._running.is_set()

    @property
    def stopped(self) -> bool:
        """Whether a stop was asked for."""
        return self._stopped.is_set()

    def pause(self) -> None:
        """Hold the work at its next checkpoint."""
        self._running.clear()

    def resume(self) -> None:
        """Let held work go on."""
        self._running.set()

    def stop(self) -> None:
        """Ask the work to end at its next checkpoint, paused or not."""
        self._stopped.set()
        self._running.set()

    def checkpoint(self) -> None:
        """Wait while paused.

        Raises:
            Interrupted: a stop was asked for.
        """
        self._running.wait()
        if self._stopped.is_set():
            raise Interrupted("stopped", "run the same command again to go on from here")


class Meter:
    """Counts items of one stage and reports at most ten times a second, with a recent rate."""

    def __init__(self, report: Report, stage: str, total: int | None = None) -> None:
        self._report = report
        self.stage = stage
        self.total = total
        self.done = 0
        self.failed = 0
        self._recent: deque[tuple[float, int]] = deque([(time.monotonic(), 0)], maxlen=64)
        self._told = 0.0

    def add(self, count: int = 1, *, failed: int = 0, note: str = "") -> None:
        """Count finished items and report if the last report is old enough."""
        self.done += count
        self.failed += failed
        now = time.monotonic()
        if now - self._told >= 0.1:
            self.tell(note)

    def tell(self, note: str = "") -> None:
        """Report now, whatever the time since the last report."""
        now = time.monotonic()
        self._told = now
        self._recent.append((now, self.done))
        start, count = self._recent[0]
        rate = (self.done - count) / (now - start) if now > start else 0.0
        self._report(Progress(self.stage, self.done, self.total, self.failed, rate, note))
