"""A picture that was searched with, and what was found: the two as the files of a group."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from ..models.errors import PictureError
from ..models.evidence import Evidence, Verdict
from ..models.features import Features
from ..models.text import printable
from . import store
from .database import Catalog
from .indexer import spec_of
from .query import Hit
from .review import GroupDetail, content_member, file_member
from .settings import Settings


def remember(catalog: Catalog, features: Features, settings: Settings) -> int:
    """The content of the picture searched with, stored if it wasn't; views are made from that.

    Features hang on the content, so they also serve when the picture is indexed one day.
    """
    key = spec_of(settings.index).key()
    with catalog.transaction() as connection:
        found = store.content_with(connection, features.digest, key)
        return found if found is not None else store.put_features(connection, features, key)


def as_group(catalog: Catalog, image: Path, content_id: int, hit: Hit) -> GroupDetail:
    """The picture searched with (first, as what stays) and a hit, with what the search found out.

    Raises:
        PictureError: one of them is no longer there.
    """
    path = os.fsencode(os.path.abspath(image))
    try:
        stat = os.stat(path)
    except OSError as error:
        raise PictureError(f"{printable(path)}: {error.strerror}", "search again") from error
    own, other = content_member(catalog, content_id), file_member(catalog, hit.file_id)
    if own is None or other is None:
        raise PictureError(f"{printable(hit.path)} is no longer in the catalog", "search again")
    own = replace(
        own,
        path=path,
        root=os.path.dirname(path),
        size=stat.st_size,
        mtime_ns=stat.st_mtime_ns,
        device=stat.st_dev,
        inode=stat.st_ino,
        is_representative=True,
        suggested=True,
        reason="the picture searched with",
    )
    same = own.digest == other.digest
    verdict = Verdict.IDENTICAL_FILE if same else hit.verdict or Verdict.UNRELATED
    evidence = Evidence(hamming=hit.hamming, method="digest" if same else "hash")
    other = replace(other, verdict=verdict, similarity=hit.similarity, evidence=evidence)
    return GroupDetail("", "duplicate", verdict, hit.similarity, (own, other))
