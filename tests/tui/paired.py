"""Groups of real files with all features, for what looks at their pictures."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from twinsift.catalog import store
from twinsift.catalog.identity import Identity
from twinsift.models.evidence import Evidence, Verdict
from twinsift.models.extract import extract
from twinsift.models.features import ExtractSpec

from .conftest import Library


@dataclass(frozen=True)
class Made:
    """A file that was written and indexed."""

    path: Path
    content_id: int
    identity: Identity


def indexed(library: Library, path: Path, image: Image.Image, **save: object) -> Made:
    """Write a picture as JPEG (or as its suffix says) and store it as the indexer would."""
    stream = io.BytesIO()
    image.save(stream, {".png": "PNG"}.get(path.suffix, "JPEG"), **save)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(stream.getvalue())
    identity = Identity.of(path.stat())
    root = library.root(os.fsencode(path.parent))
    with library.catalog.transaction() as connection:
        features = extract(stream.getvalue(), ExtractSpec())
        content_id = store.put_features(connection, features, "")
        connection.execute(
            "INSERT INTO file (root_id, path, size, mtime_ns, device, inode, content_id)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (root, os.fsencode(path.name), *identity, content_id),
        )
    return Made(path, content_id, identity)


def group(library: Library, *made: Made) -> None:
    """Put files into one group, whose representative is the first."""
    first = made[0].content_id
    with library.catalog.transaction() as connection:
        connection.execute(
            "INSERT INTO duplicate_group (id, kind, verdict, similarity, representative_id)"
            " VALUES (?, 'duplicate', ?, 0.9, ?)",
            (f"{first:016x}", Verdict.CROPPED, first),
        )
        for one in made:
            connection.execute(
                "INSERT OR IGNORE INTO group_member (method, kind, group_id, content_id)"
                " VALUES ('evidence', 'duplicate', ?, ?)",
                (f"{first:016x}", one.content_id),
            )
            if one.content_id != first:
                evidence = Evidence(inliers=90, cover_a=0.5, cover_b=1.0, method="keypoints")
                connection.execute(
                    "INSERT INTO pair (a_id, b_id, verdict, similarity, evidence)"
                    " VALUES (?, ?, ?, 0.9, ?)",
                    (*sorted((first, one.content_id)), Verdict.CROPPED, evidence.to_json()),
                )
