"""The groups as they come: read in a thread, again whenever the catalog was changed by another."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from textual.app import App

from ..catalog.database import Catalog
from ..catalog.listing import GroupSummary, list_groups
from .trouble import TROUBLE, in_words

_LOAD_SHARE = 5.0  # reading the groups again takes at most about a fifth of the time


class Feed:
    """Reads the list of groups and hands it on; of two readings under way the later one counts."""

    def __init__(
        self,
        app: App[int],
        catalog: Catalog,
        open_catalog: Callable[[], Catalog],
        begin: Callable[[], None],
        take: Callable[[list[GroupSummary]], None],
        complain: Callable[[str], None],
    ) -> None:
        self._app = app
        self._catalog = catalog
        self._open_catalog = open_catalog
        self._begin = begin
        self._take = take
        self._complain = complain
        self._version = catalog.data_version()
        self._begun = 0
        self._shown = 0
        """Numbers of the latest reading that was begun, and that was handed on."""
        self._next = 0.0
        self._after: Callable[[], None] | None = None

    @property
    def has_loaded(self) -> bool:
        """Whether the groups were read at least once."""
        return self._shown > 0

    def poll(self) -> None:
        """Read again if another connection has written: indexer, matcher, another program."""
        if self._begun != self._shown or time.monotonic() < self._next:
            return
        try:
            version = self._catalog.data_version()
        except TROUBLE as error:
            self._complain(in_words(error))
            return
        if version != self._version:
            self._version = version
            self.reload()

    def reload(self, after: Callable[[], None] | None = None) -> None:
        """Read the groups anew in a thread; `after` is called when they were handed on."""
        self._begun += 1
        self._begin()
        self._after = after or self._after
        self._app.run_worker(partial(self._load, self._begun), thread=True, group="groups")

    def _load(self, number: int) -> None:
        began = time.monotonic()
        try:
            with self._open_catalog() as catalog:
                groups = list_groups(catalog, kind=None)
        except TROUBLE as error:
            self._app.call_from_thread(self._complain, in_words(error))
            groups = None
        self._app.call_from_thread(self._loaded, number, groups, time.monotonic() - began)

    def _loaded(self, number: int, groups: list[GroupSummary] | None, seconds: float) -> None:
        if number != self._begun:
            return  # a later reading is on its way
        self._shown = number
        self._next = time.monotonic() + _LOAD_SHARE * seconds
        if groups is None:
            return
        self._take(groups)
        after, self._after = self._after, None
        if after is not None:
            after()
