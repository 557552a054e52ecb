"""Pictures as the matcher needs them: loaded from the catalog, never from the files."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from ..models.features import PackedKeypoints
from ..models.keypoints import Keypoints
from ..models.picture import Picture
from ..models.verdicts import Facts
from .database import Catalog

HELD = 320
"""Pictures that are held for comparison, at most 0.9 MB each."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A decoded content: what its file says of itself, and what its candidates come from."""

    id: int
    digest: bytes
    pixel_digest: bytes
    contrast: float
    facts: Facts


def entries(catalog: Catalog) -> list[Entry]:
    """Every decoded content that a present file of a root in use has, by id."""
    rows = catalog.connection.execute(
        """
        SELECT c.id, c.digest, c.pixel_digest, c.contrast, c.width, c.height, c.format, c.lossless,
               c.quality, c.captured_at, c.camera
          FROM content c
         WHERE c.error IS NULL AND c.pixel_digest IS NOT NULL AND EXISTS (
               SELECT 1 FROM file f JOIN root r ON r.id = f.root_id
                WHERE f.content_id = c.id AND f.present = 1 AND f.error IS NULL
                  AND r.role <> 'excluded')
         ORDER BY c.id
        """
    )
    return [
        Entry(i, digest, pixels, contrast or 0.0, Facts(w, h, fmt, bool(lossless), *rest))
        for i, digest, pixels, contrast, w, h, fmt, lossless, *rest in rows
    ]


class HeldPictures:
    """The pictures that were used last, shared by the threads that compare them."""

    def __init__(self, most: int = HELD) -> None:
        self._most = most
        self._held: OrderedDict[int, Picture] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, content_id: int) -> Picture | None:
        """A picture that is held, None if it isn't."""
        with self._lock:
            if content_id in self._held:
                self._held.move_to_end(content_id)
            return self._held.get(content_id)

    def put(self, content_id: int, picture: Picture) -> None:
        """Hold a picture, and let go of the one that wasn't asked for the longest."""
        with self._lock:
            self._held[content_id] = picture
            if len(self._held) > self._most:
                self._held.popitem(last=False)


class PictureLoader:
    """Loads pictures by content id and holds the last ones; for one thread and its connection."""

    def __init__(self, catalog: Catalog, held: HeldPictures | None = None) -> None:
        self._catalog = catalog
        self._held = held or HeldPictures()

    def load(self, content_id: int) -> Picture:
        """The picture of a decoded content."""
        picture = self._held.get(content_id)
        if picture is None:
            picture = self._read(content_id)
            self._held.put(content_id, picture)
        return picture

    def _read(self, content_id: int) -> Picture:
        row = self._catalog.connection.execute(
            """
            SELECT d.kind, d.width, d.height, d.positions, d.vectors, h.value, p.jpeg
              FROM descriptor d
              JOIN hash h ON h.content_id = d.content_id AND h.kind = 'phash'
              JOIN preview p ON p.content_id = d.content_id
             WHERE d.content_id = ?
            """,
            (content_id,),
        ).fetchone()
        if row is None:
            raise LookupError(f"content {content_id} has no features")
        kind, width, height, positions, vectors, hashes, preview = row
        keypoints = Keypoints.unpack(PackedKeypoints(kind, width, height, positions, vectors))
        return Picture(keypoints, np.frombuffer(hashes, ">u8").astype(np.uint64), preview)
