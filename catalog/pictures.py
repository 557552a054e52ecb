"""Pictures as the matcher needs them: loaded from the catalog, never from the files."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from ..models.comparison import Picture
from ..models.keypoints import Keypoints
from ..models.verdicts import Facts
from .database import Catalog

_HELD = 160  # some 0.6 MB each


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


class PictureLoader:
    """Loads pictures by content id and holds the last ones; for one thread and its connection."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._held: OrderedDict[int, Picture] = OrderedDict()

    def load(self, content_id: int) -> Picture:
        """The picture of a decoded content."""
        picture = self._held.pop(content_id, None) or self._read(content_id)
        self._held[content_id] = picture
        if len(self._held) > _HELD:
            self._held.popitem(last=False)
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
        keypoints = Keypoints.unpack(kind, width, height, positions, vectors)
        return Picture(keypoints, np.frombuffer(hashes, ">u8").astype(np.uint64), preview)
