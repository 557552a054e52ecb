"""The views of pairs, made in a thread of their own: the one wanted last, never a stale one."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image

from ..catalog.alignment import Overlaid, overlay
from ..catalog.closeup import Answer, Closeup, Failed, Magnifier, Part, Request, Tags
from ..catalog.database import Catalog
from ..catalog.settings import IndexSettings
from ..models.tags import Tag
from . import graphics, views
from .artist import OFF, Artist
from .catalog_thread import CatalogThread
from .drawn import Drawn
from .terminal import Drawing
from .trouble import TROUBLE, in_words
from .views import Grain, Scene, Sight, View

_PAIRS, _PARTS = 6, 8  # kept: a pair is some 2 MB, a part of a picture at most the screen's size
_SAME = (
    8  # steps of 255 that no eye sees in a cell: such cells aren't sent again when pictures flip
)

Told = tuple[Tag, ...] | str | None
"""A file's tags, why there are none, or None while they are being read."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A view, ready for the screen."""

    sight: Sight
    drawn: tuple[Drawn, ...] = ()
    captions: tuple[str, str] = ("", "")
    summary: str = ""
    whole: float = 1.0
    """The zoom at which one pixel of the finer picture is one dot."""
    seen: tuple[float, float] = (1.0, 1.0)
    """Shares of the frame that are seen."""
    tags: tuple[Told, Told] = (None, None)
    trouble: str = ""
    """Why there is nothing to show."""


class Studio:
    """Makes views, first from the previews and then, where that shows more, from the files."""

    def __init__(
        self,
        catalog_path: Path,
        artist: Artist,
        settings: IndexSettings,
        ready: Callable[[Shown], None],
    ) -> None:
        """`ready` is called from the thread."""
        self._artist = artist
        self._ready = ready
        self._magnifier = Magnifier(settings, self._take)
        self._pairs: OrderedDict[tuple[int, int], Overlaid] = OrderedDict()
        self._closeups: OrderedDict[Part, Closeup | Failed] = OrderedDict()
        self._tags: OrderedDict[Tags, Told] = OrderedDict()
        self._sight: Sight | None = None
        self._todo = False
        self._closed = False
        self._change = threading.Condition()
        self._thread = CatalogThread("views", catalog_path, self._work)

    @property
    def draws_pixels(self) -> bool:
        """Whether pictures are drawn in pixels instead of letters."""
        return self._artist.renderer is not None

    def box(self, columns: int, rows: int) -> tuple[int, int]:
        """The columns and rows that pictures may fill of a place: fewer where bytes are dear."""
        width, height = self._artist.terminal.cell
        return self._artist.fit(columns * width, rows * height, columns, rows)

    def want(self, sight: Sight | None) -> None:
        """Make this view next and forget all others; None: nothing is looked at."""
        with self._change:
            self._sight, self._todo = sight, sight is not None
            if sight is not None and not self._closed:
                self._thread.start()
            self._change.notify()
        self._magnifier.want(())

    def close(self) -> None:
        """End the threads and the processes, and wait for them."""
        with self._change:
            self._closed = True
            self._change.notify()
        self._magnifier.close()
        self._thread.join()

    # In the threads -------------------------------------------------------------------------------

    def _work(self, catalog: Catalog) -> None:
        while (sight := self._next()) is not None:
            try:
                shown, wanted = self._make(catalog, sight)
            except TROUBLE as error:
                shown, wanted = Shown(sight, trouble=in_words(error)), ()
            if sight != self._sight:
                continue
            self._ready(shown)
            if wanted:
                self._magnifier.want(wanted)

    def _next(self) -> Sight | None:
        with self._change:
            while not self._todo and not self._closed:
                self._change.wait()
            self._todo = False
            return None if self._closed else self._sight

    def _take(self, request: Request, answer: Answer) -> None:
        """Keep what the magnifier found, and make the view anew with it."""
        with self._change:
            match request, answer:
                case Part(), Closeup() | Failed():
                    _keep(self._closeups, request, answer, _PARTS)
                case Tags(), Failed(reason):
                    _keep(self._tags, request, reason, _PARTS)
                case Tags(), tuple():
                    _keep(self._tags, request, answer, _PARTS)
                case _:
                    raise TypeError(f"{request!r} was answered by {answer!r}")
            self._todo = self._sight is not None
            self._change.notify()

    def _make(self, catalog: Catalog, sight: Sight) -> tuple[Shown, tuple[Request, ...]]:
        if sight.view is View.METADATA:
            requests = tuple(Tags(s.path, s.identity) for s in (sight.first, sight.second))
            with self._change:
                first, second = (self._tags.get(request) for request in requests)
            missing = [r for r, told in zip(requests, (first, second), strict=True) if told is None]
            return Shown(sight, tags=(first, second)), tuple(missing)
        pair = sight.first.content_id, sight.second.content_id
        laid = self._pairs.get(pair) or overlay(catalog, *pair)
        _keep(self._pairs, pair, laid, _PAIRS)
        with self._change:
            closeups = dict(self._closeups)
        grain = self._grain()
        scene = views.scene(sight, laid, closeups, grain)
        seen = views.window(laid, sight, grain)
        shown = Shown(
            sight,
            self._draw(scene),
            scene.captions,
            scene.summary,
            views.whole_zoom(laid, sight, grain),
            seen.seen((laid.frame.width, laid.frame.height), grain.dots),
        )
        return shown, scene.wanted

    def _grain(self) -> Grain:
        """How fine a cell is drawn: by its pixels where there are any, else by half blocks."""
        if self._artist.terminal.drawing is Drawing.ASCII:
            return Grain(ground=(0, 0, 0))  # a blank
        if self._artist.renderer is None:
            return Grain()
        return Grain(dots=self._artist.terminal.cell, fine=1)

    def _draw(self, scene: Scene) -> tuple[Drawn, ...]:
        artist = self._artist
        if artist.is_off:
            return (Drawn((), OFF),)
        pictures = [Image.fromarray(picture) for picture in scene.pictures]
        if len(pictures) == 2 and artist.renderer is None:
            return self._draw_alike(pictures, scene.columns, scene.rows)
        return tuple(artist.fill(picture, scene.columns, scene.rows) for picture in pictures)

    def _draw_alike(
        self, pictures: list[Image.Image], columns: int, rows: int
    ) -> tuple[Drawn, ...]:
        """Two pictures in letters that are the same wherever they look the same.

        They are drawn as one, one above the other, so that one stretch of tones serves both; an
        even number of rows lies between their tops, since colours are dithered in blocks of two.
        """
        first, second = (graphics.reduce(picture, columns, rows) for picture in pictures)
        apart = np.abs(first.astype(np.int16) - second).max(axis=-1, keepdims=True)
        second = np.where(apart <= _SAME, first, second)
        between = rows + rows % 2
        sheet = np.zeros((2 * (between + rows), *first.shape[1:]), np.uint8)
        sheet[: 2 * rows], sheet[2 * between :] = first, second
        sheet[2 * rows : 2 * between] = first[-1]
        strips = self._artist.fill(Image.fromarray(sheet), columns, between + rows).strips
        return Drawn(strips[:rows]), Drawn(strips[between:])


_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


def _keep(kept: OrderedDict[_Key, _Value], key: _Key, value: _Value, most: int) -> None:
    """Put a value at the end, and let go of the oldest."""
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > most:
        kept.popitem(last=False)
