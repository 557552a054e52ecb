"""How fast a person decides, and from that how long the open groups will take."""

from __future__ import annotations

import statistics
import time
from collections import deque
from collections.abc import Callable

_RECENT = 50  # decisions: the pace changes with what comes
_FEWEST = 5
_PAUSE_SECONDS = 180.0  # who is away that long isn't deciding


class Pace:
    """The times between the decisions of this session."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds that only rise."""
        self._clock = clock
        self._between: deque[float] = deque(maxlen=_RECENT)
        self._last: float | None = None

    def decided(self) -> None:
        """A group was decided."""
        now = self._clock()
        if self._last is not None and 0.0 <= now - self._last <= _PAUSE_SECONDS:
            self._between.append(now - self._last)
        self._last = now

    def undone(self) -> None:
        """The last decision was taken back: the time until the next one counts for it anew."""
        now = self._clock()
        if self._between:
            self._between.pop()
        self._last = now

    def seconds_left(self, groups: int) -> float | None:
        """Seconds for so many groups at the median of the last decisions; None while unknown.

        The median, since one hard group among easy ones says little about those to come.
        """
        if len(self._between) < _FEWEST or groups <= 0:
            return None
        return groups * statistics.median(self._between)
