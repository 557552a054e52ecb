"""Parts of the whole pictures for a person to look at, decoded in processes that can be killed."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ..models import decode
from ..models.errors import TwinsiftError
from ..models.frame import draw, scale
from ..models.tags import Tag, tags
from .identity import Identity
from .reading import FLAGS, os_reason
from .settings import IndexSettings
from .workers import Lost, WorkerError, WorkerPool

_SCALES = (0.125, 0.25, 0.5)  # at which JPEGs decode fast; what is decoded serves all near them
_HELD_BYTES = 160 << 20  # a worker holds no more than that of what it decoded


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a picture, wanted as `size` pixels."""

    path: bytes
    """Absolute."""
    identity: Identity
    """The file as it was indexed."""
    full: tuple[int, int]
    """Width and height of the upright picture."""
    onto: tuple[float, ...]
    """The map from pixels of the part to the picture's unit square, 3x3, row by row."""
    size: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Tags:
    """All that a file's metadata say."""

    path: bytes
    identity: Identity


Request = Part | Tags


@dataclass(frozen=True, slots=True)
class Closeup:
    """A part as pixels: RGB uint8 (h, w, 3), and where the picture reaches, bool (h, w)."""

    pixels: NDArray[np.uint8]
    inside: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Failed:
    """Why there is nothing to show, as one line."""

    reason: str


Answer = Closeup | tuple[Tag, ...] | Failed


class Magnifier:
    """Answers requests in a thread of its own; those wanted last count, the others are dropped."""

    def __init__(self, settings: IndexSettings, ready: Callable[[Request, Answer], None]) -> None:
        """`ready` is called from the thread."""
        self._settings = settings
        self._ready = ready
        self._queue: list[Request] = []
        self._under_way: frozenset[Request] = frozenset()
        self._change = threading.Condition()
        self._closed = False
        self._pool: WorkerPool[Request, Answer] | None = None
        self._thread: threading.Thread | None = None

    def want(self, requests: Sequence[Request]) -> None:
        """Answer these next; what was wanted before and isn't begun is forgotten."""
        with self._change:
            self._queue = [request for request in requests if request not in self._under_way]
            if self._queue and self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._work, name="closeups", daemon=True)
                self._thread.start()
            self._change.notify()

    def close(self) -> None:
        """Kill what is under way and end the thread."""
        with self._change:
            self._closed = True
            self._queue = []
            if self._pool is not None:
                self._pool.kill()
            self._change.notify()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _work(self) -> None:
        settings = self._settings
        limits = (int(settings.max_megapixels * 1_000_000),)
        with WorkerPool[Request, Answer](
            look,
            limits,
            workers=2,  # a pair is looked at
            timeout=settings.timeout_seconds,
            memory_mb=settings.worker_memory_mb,
        ) as pool:
            self._pool = pool
            while requests := self._next():
                try:
                    for request, answer in pool.imap_unordered(requests):
                        if self._closed:
                            return
                        lost = isinstance(answer, Lost)
                        self._ready(request, Failed(answer.reason) if lost else answer)
                except WorkerError as error:
                    for request in requests:
                        self._ready(request, Failed(str(error)))

    def _next(self) -> list[Request]:
        with self._change:
            self._under_way = frozenset()
            while not self._queue and not self._closed:
                self._change.wait()
            requests, self._queue = self._queue, []
            self._under_way = frozenset(requests)
            return requests


def look(request: Request, max_pixels: int) -> Answer:
    """What a worker does with one request; whatever is wrong with the file is the answer.

    Raises:
        MemoryError: decoding needs more than this process may take.
    """
    try:
        if isinstance(request, Tags):
            with _opened(request) as stream:
                return tags(stream)
        onto = np.reshape(request.onto, (3, 3))
        pixels = _decoded(request, _side(request, onto), max_pixels)
        return Closeup(*draw(pixels, onto, request.size))
    except OSError as error:
        return Failed(os_reason(error))
    except TwinsiftError as error:
        return Failed(str(error))


def _side(request: Part, onto: NDArray[Any]) -> int | None:
    """The longest side at which the picture is decoded: whole, or the next of a few scales."""
    width, height = request.size
    wanted = scale(onto, request.full, (width / 2, height / 2))
    for step in _SCALES:
        if wanted <= step:
            return max(1, round(max(request.full) * step))
    return None


_held: dict[tuple[bytes, Identity, int | None], NDArray[np.uint8]] = {}
"""What this process decoded last: panning over a picture decodes it once."""


def _decoded(request: Part, side: int | None, max_pixels: int) -> NDArray[np.uint8]:
    key = request.path, request.identity, side
    found = _held.pop(key, None)
    if found is None:
        with _opened(request) as stream:
            data = stream.read()
        while _held and sum(p.nbytes for p in _held.values()) + _bytes(request) > _HELD_BYTES:
            del _held[next(iter(_held))]
        found = np.asarray(decode.read(data, side=side, max_pixels=max_pixels).image)
    _held[key] = found
    return found


def _bytes(request: Part) -> int:
    return 3 * request.full[0] * request.full[1]


@contextmanager
def _opened(request: Request) -> Iterator[BinaryIO]:
    """The file, if it is the one that was indexed.

    Raises:
        OSError: it can't be read.
        TwinsiftError: it is another one by now.
    """
    with open(os.open(request.path, FLAGS), "rb") as stream:
        status = os.fstat(stream.fileno())
        if not stat.S_ISREG(status.st_mode) or Identity.of(status) != request.identity:
            raise TwinsiftError("the file has changed since it was indexed", "index again")
        yield stream
