"""The groups as they come: read in a thread, again whenever the catalog was changed by another."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from textual.app import App

from ..catalog.database import Catalog
from ..catalog.group_table import GroupTable
from ..catalog.listing import count_groups, first_groups, list_groups, stamp
from .prepared import Prepared, prepare
from .triage import Triage
from .trouble import TROUBLE, in_words

_LOAD_SHARE = 5.0  # reading the groups again takes at most about a fifth of the time


@dataclass(frozen=True, slots=True)
class Reading:
    """The groups as read, ready to be shown."""

    prepared: tuple[Prepared, ...]
    """One for each of the feed's Triages."""
    missing: int
    """Groups that are still being read; 0 where these are all."""


class Feed:
    """Reads the list of groups and hands it on; of two readings under way the later one counts.

    The very first reading hands on the first groups before the rest, so that the list stands at
    once however long it is.
    """

    def __init__(
        self,
        app: App[int],
        catalog: Catalog,
        open_catalog: Callable[[], Catalog],
        triages: Sequence[Triage],
        shown: Callable[[], None],
        complain: Callable[[str], None],
    ) -> None:
        self._app = app
        self._catalog = catalog
        self._open_catalog = open_catalog
        self._triages = tuple(triages)
        self._show = shown
        self._complain = complain
        self._version = catalog.data_version()
        self._stamp = stamp(catalog)
        self._begun = 0
        self._shown = 0
        """Numbers of the latest reading that was begun, and that was handed on in full."""
        self._next = 0.0
        self._after: Callable[[], None] | None = None
        self.missing: int | None = None
        """Groups not read yet: None before anything was read, 0 once all were."""

    @property
    def readings(self) -> int:
        """How often the list was read, a reading under way counted in."""
        return self._begun

    @property
    def has_loaded(self) -> bool:
        """Whether groups were read at least once, be it the first ones only."""
        return self.missing is not None

    def poll(self) -> None:
        """Read again if another connection changed the groups: matcher, another program."""
        if self._begun != self._shown or time.monotonic() < self._next:
            return
        try:
            version = self._catalog.data_version()
            if version == self._version:
                return
            self._version = version
            found = stamp(self._catalog)
        except TROUBLE as error:
            self._complain(in_words(error))
            return
        if found != self._stamp:
            self._stamp = found
            self.reload()

    def reload(self, after: Callable[[], None] | None = None) -> None:
        """Read the groups anew in a thread; `after` is called when they were handed on."""
        self._begun += 1
        for triage in self._triages:
            triage.reading_begins()
        self._after = after or self._after
        self._app.run_worker(partial(self._load, self._begun), thread=True, group="groups")

    def _load(self, number: int) -> None:
        began = time.monotonic()
        reading = None
        try:
            with self._open_catalog() as catalog:
                if self.missing is None:
                    first = first_groups(catalog)
                    rest = sum(count_groups(catalog, t.kind) for t in self._triages) - len(first)
                    if first and rest > 0:
                        self._hand_on(number, self._prepared(first, rest))
                reading = self._prepared(list_groups(catalog, kind=None), 0)
        except TROUBLE as error:
            self._app.call_from_thread(self._complain, in_words(error))
        self._hand_on(number, reading, time.monotonic() - began)

    def _prepared(self, groups: GroupTable, missing: int) -> Reading:
        kinds = (groups.of_kind(triage.kind) for triage in self._triages)
        return Reading(tuple(prepare(of_kind) for of_kind in kinds), missing)

    def _hand_on(self, number: int, reading: Reading | None, seconds: float = 0.0) -> None:
        self._app.call_from_thread(self._take, number, reading, seconds)

    def _take(self, number: int, reading: Reading | None, seconds: float) -> None:
        if number != self._begun or not self._app.is_running:
            return  # a later reading is on its way, or the person has left
        if reading is None or reading.missing == 0:
            self._shown = number
            self._next = time.monotonic() + _LOAD_SHARE * seconds
        if reading is None:
            return
        self.missing = reading.missing
        for triage, prepared in zip(self._triages, reading.prepared, strict=True):
            triage.take(prepared)
        self._show()
        if reading.missing == 0:
            after, self._after = self._after, None
            if after is not None:
                after()
