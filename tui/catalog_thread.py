"""A thread that works with the catalog open, beside the interface."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from ..catalog.database import Catalog
from .trouble import TROUBLE


class CatalogThread:
    """Runs `work` in a thread of its own, once it is needed and until it returns."""

    def __init__(self, name: str, catalog_path: Path, work: Callable[[Catalog], None]) -> None:
        self._name = name
        self._catalog_path = catalog_path
        self._work = work
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start it, unless it was."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()

    def join(self) -> None:
        """Wait until the work has ended, for 5 seconds at most."""
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _run(self) -> None:
        try:
            catalog = Catalog.open(self._catalog_path, create=False)
        except TROUBLE:
            return  # the catalog went away under the interface, which says so elsewhere
        with catalog:
            self._work(catalog)
