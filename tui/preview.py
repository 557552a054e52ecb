"""Pictures for the screen: loaded and drawn in a thread of their own, the next ones ahead."""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from ..catalog.database import Catalog
from ..catalog.review import load_preview
from .artist import OFF, Artist
from .catalog_thread import CatalogThread
from .drawn import Drawn
from .trouble import TROUBLE, in_words

_KEPT = 96  # drawn pictures; one is some 100 KB at 80 × 24


@dataclass(frozen=True, slots=True)
class Wanted:
    """A content's picture in a box of cells."""

    content_id: int
    columns: int
    rows: int


class Previews:
    """Draws pictures one after the other; what is wanted last is drawn first, the stale never."""

    def __init__(self, catalog_path: Path, artist: Artist, ready: Callable[[Wanted], None]) -> None:
        self.artist = artist
        """What draws them."""
        self._ready = ready
        self._drawn: OrderedDict[Wanted, Drawn] = OrderedDict()
        self._queue: list[Wanted] = []
        self._change = threading.Condition()
        self._closed = False
        self._thread = CatalogThread("previews", catalog_path, self._work)

    def get(self, wanted: Wanted) -> Drawn | None:
        """The drawn picture, or None while there is none yet."""
        if self.artist.is_off:
            return Drawn((), OFF)
        with self._change:
            drawn = self._drawn.get(wanted)
            if drawn is not None:
                self._drawn.move_to_end(wanted)
            return drawn

    def want(self, wanted: Sequence[Wanted]) -> None:
        """Draw these next, in this order; what was wanted before and isn't drawn is forgotten."""
        with self._change:
            self._queue = [w for w in wanted if w not in self._drawn and w.columns > 0 < w.rows]
            if self._queue:
                self._thread.start()
            self._change.notify()

    def forget(self) -> None:
        """Forget what is drawn: it no longer fits."""
        with self._change:
            self._drawn.clear()

    def close(self) -> None:
        """End the thread and wait for it."""
        with self._change:
            self._closed = True
            self._change.notify()
        self._thread.join()

    def _work(self, catalog: Catalog) -> None:
        while True:
            with self._change:
                while not self._queue and not self._closed:
                    self._change.wait()
                if self._closed:
                    return
                wanted = self._queue.pop(0)
            try:
                drawn = _draw(catalog, wanted, self.artist)
            except TROUBLE as error:
                drawn = Drawn((), in_words(error))
            with self._change:
                self._drawn[wanted] = drawn
                while len(self._drawn) > _KEPT:
                    self._drawn.popitem(last=False)
            self._ready(wanted)


def _draw(catalog: Catalog, wanted: Wanted, artist: Artist) -> Drawn:
    stored = load_preview(catalog, wanted.content_id)
    if stored is None:
        return Drawn((), "no picture: the file can't be decoded")
    try:
        with Image.open(io.BytesIO(stored)) as picture:
            return artist.draw(picture, wanted.columns, wanted.rows)
    except (OSError, ValueError, SyntaxError) as error:
        return Drawn((), f"the stored picture is damaged: {error}")
