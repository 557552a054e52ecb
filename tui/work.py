"""Indexing and matching in the background: one piece after the other, paused and stopped at will.

While a folder is indexed, what is in the catalog so far is matched from time to time, so that the
first groups can be reviewed long before the last picture is read.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..catalog.errors import Interrupted
from ..catalog.progress import Control, Progress
from ..catalog.settings import Settings
from ..models.manifest import NONE
from .trouble import TROUBLE, in_words
from .wording import count, duration, rate

_FIRST_MATCH_SECONDS = 6.0
_TELL_SECONDS = 0.5  # each telling draws a line, and what a key changes waits for that
_MATCH_SHARE = 5.0  # matching on the way takes at most about a fifth of the time


@dataclass(frozen=True, slots=True)
class WorkState:
    """What goes on in the background."""

    running: bool = False
    paused: bool = False
    progress: Progress | None = None
    finished: str = ""
    """What the last piece of work came to, in words; '' while one is under way."""
    error: str = ""
    """Why the last piece ended early, with its remedy."""
    missing: tuple[bytes, ...] = ()
    """Folders that weren't there."""
    defect: Exception | None = None
    """An error that nobody expected."""

    def words(self, goes_on: str) -> tuple[str, ...]:
        """The state in parts, the most important first; none where nothing goes on.

        `goes_on` says by which key it does, where it is paused.
        """
        if not self.running:
            return ()
        if self.progress is None:
            return ("paused", goes_on) if self.paused else ("starting…",)
        told = self.progress
        total = "" if told.total is None else f"/{told.total:,}"
        done = f"{told.done:,}{total}"
        if self.paused:
            return (f"paused at {done}", goes_on)
        parts = [f"{told.stage} {done}"]
        if told.eta_seconds is not None:
            parts.append(f"{duration(told.eta_seconds)} left")
        if told.rate > 0:
            parts.append(rate(told.rate))
        return tuple(parts)


class Work:
    """Runs what is asked for in threads, and tells a callback from there how it goes."""

    def __init__(
        self, catalog_path: Path, settings: Settings, tell: Callable[[WorkState], None]
    ) -> None:
        self._catalog_path = catalog_path
        self._settings = settings
        self._tell = tell
        self._lock = threading.Lock()
        self._state = WorkState()
        self._queue: list[tuple[Path, ...]] = []
        self._control = Control()
        self._thread: threading.Thread | None = None
        self._told_next = 0.0

    @property
    def state(self) -> WorkState:
        """What goes on now."""
        with self._lock:
            return self._state

    def index(self, folders: Sequence[Path]) -> None:
        """Index folders (none: all known ones), then match; after what is already under way."""
        with self._lock:
            self._queue.append(tuple(folders))
            if self._thread is not None and self._thread.is_alive() and self._state.running:
                return
            self._control = Control()
            self._state = WorkState(running=True)
            self._thread = threading.Thread(target=self._run, name="index", daemon=True)
            self._thread.start()

    def pause(self) -> bool:
        """Pause, or go on with what is paused; returns whether it is paused now."""
        with self._lock:
            if not self._state.running:
                return False
            paused = not self._control.paused
            (self._control.pause if paused else self._control.resume)()
            self._state = replace(self._state, paused=paused)
            state = self._state
        self._tell(state)
        return paused

    def stop(self) -> None:
        """Stop and wait until the workers have ended; what was finished is stored."""
        with self._lock:
            self._queue.clear()
            self._control.stop()
            thread = self._thread
        if thread is not None:
            thread.join(timeout=20)

    # In the threads -------------------------------------------------------------------------------

    def _run(self) -> None:
        said: list[str] = []
        missing: tuple[bytes, ...] = ()
        while True:
            with self._lock:
                if not self._queue:
                    self._state = WorkState(finished=" · ".join(said), missing=missing)
                    break
                folders = self._queue.pop(0)
            try:
                told, missing = self._index_and_match(folders)
                said = told
            except Interrupted:
                with self._lock:
                    self._state = WorkState(finished="stopped; index again to go on")
                break
            except TROUBLE as error:
                with self._lock:
                    self._queue.clear()
                    self._state = WorkState(error=in_words(error))
                break
            except Exception as defect:
                with self._lock:
                    self._queue.clear()
                    self._state = WorkState(error="a defect", defect=defect)
                break
        self._tell(self.state)

    def _index_and_match(self, folders: Sequence[Path]) -> tuple[list[str], tuple[bytes, ...]]:
        from ..catalog import network
        from ..catalog.indexer import index  # OpenCV loads when there is something to read
        from ..catalog.matcher import match

        over = threading.Event()
        along = threading.Thread(target=self._match_along, args=(over,), name="match", daemon=True)
        along.start()
        try:
            indexed = index(
                self._catalog_path,
                folders,
                self._settings,
                report=self._report,
                control=self._control,
            )
        finally:
            over.set()
            along.join()
        matched = match(
            self._catalog_path, self._settings, report=self._report, control=self._control
        )
        said = [count(indexed.pictures, "picture"), count(matched.groups, "group")]
        if matched.near_groups:
            said.append(count(matched.near_groups, "near-shot group"))
        if indexed.failed:
            said.append(f"{count(indexed.failed, 'file')} can't be read: see the library")
        lacking = network.notice(self._settings.index)
        if lacking and self._settings.index.model != NONE:
            said.append(lacking)
        return said, tuple(indexed.missing_roots)

    def _match_along(self, over: threading.Event) -> None:
        """Match what there is so far, until `over`; what fails here is told by the last match."""
        from ..catalog.matcher import match

        def tell(progress: Progress) -> None:
            if over.is_set():  # until then it's the reading whose progress is told
                self._report(progress)

        pause = _FIRST_MATCH_SECONDS
        while not over.wait(pause):
            began = time.monotonic()
            try:
                match(self._catalog_path, self._settings, report=tell, control=self._control)
            except Exception:
                return  # the last match comes upon it too, and tells it
            pause = max(_FIRST_MATCH_SECONDS, _MATCH_SHARE * (time.monotonic() - began))

    def _report(self, progress: Progress) -> None:
        now = time.monotonic()
        with self._lock:
            before = self._state.progress
            self._state = replace(self._state, running=True, progress=progress)
            state = self._state
            is_due = before is None or before.stage != progress.stage or now >= self._told_next
            if is_due:
                self._told_next = now + _TELL_SECONDS
        if is_due:
            self._tell(state)
