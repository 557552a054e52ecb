"""Progress of long work as one line that is written over, or as a line now and then in a log."""

from __future__ import annotations

import os
import shutil
import sys
import time
from typing import TextIO

from ..catalog.progress import Progress
from ..models.text import printable
from . import wording

LOG_SECONDS = 10.0


class ProgressLine:
    """Writes reports to standard error; call it with each, and `end` before other output.

    On a terminal each report replaces the one before. Elsewhere (a log, a pipe) a line is written
    for each stage, then one every ten seconds.
    """

    def __init__(self, stream: TextIO | None = None, *, live: bool | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        can = self._stream.isatty() and os.environ.get("TERM") != "dumb"
        self._live = can if live is None else live
        self._stage = ""
        self._told = 0.0
        self._shown = False

    def __call__(self, progress: Progress) -> None:
        """Show a report."""
        if self._live:
            columns = shutil.get_terminal_size().columns
            self._write("\r\x1b[K" + describe(progress)[: max(1, columns - 1)])
            self._shown = True
            return
        now = time.monotonic()
        if progress.stage != self._stage or now - self._told >= LOG_SECONDS:
            self._stage, self._told = progress.stage, now
            self._write(describe(progress) + "\n")

    def end(self) -> None:
        """Take the line away, so that other output can follow."""
        if self._shown:
            self._write("\r\x1b[K")
            self._shown = False

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def describe(progress: Progress) -> str:
    """A report in words: stage, counts, share, rate, time left, failures, note."""
    parts = [f"{progress.stage}: {progress.done:,}"]
    if progress.total is not None:
        parts[0] += f" of {progress.total:,}"
        if progress.total:
            parts.append(f"{100 * progress.done // progress.total} %")
    if progress.rate > 0:
        parts.append(f"{progress.rate:,.0f}/s" if progress.rate >= 10 else f"{progress.rate:.1f}/s")
    if progress.eta_seconds is not None and progress.done < (progress.total or 0):
        parts.append(f"{wording.duration(progress.eta_seconds)} left")
    if progress.failed:
        parts.append(f"{progress.failed:,} failed")
    if progress.note:
        parts.append(printable(progress.note))
    return "  ".join(parts)
