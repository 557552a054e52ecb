"""Pictures of no group as the files of one: a search with its hit, ★ and collages it is seen in."""

from __future__ import annotations

import json
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


def beside_collages(catalog: Catalog, detail: GroupDetail) -> GroupDetail:
    """The suggested keeper of a group (first) and the collages that show the group's picture.

    Each collage has the evidence of its pair with ★, or with another file of the group. The keeper
    is alone where they went away meanwhile.
    """
    keeper = replace(detail.keeper, is_representative=True)
    group = json.dumps([member.content_id for member in detail.members])
    found = []
    for holder in detail.shown_in:
        member = file_member(catalog, holder.file_id)
        row = catalog.connection.execute(
            """
            SELECT p.verdict, p.similarity, p.evidence
              FROM json_each(?1) j CROSS JOIN pair p ON p.method = 'evidence'
                   AND p.a_id = min(j.value, ?2) AND p.b_id = max(j.value, ?2)
             WHERE p.verdict <> 'unrelated'
             ORDER BY j.value <> ?3, p.similarity DESC LIMIT 1
            """,
            (group, holder.content_id, keeper.content_id),
        ).fetchone()
        if member is not None and row is not None:
            evidence = Evidence.from_json(row[2])
            found.append(
                replace(member, verdict=Verdict(row[0]), similarity=row[1], evidence=evidence)
            )
    if found:
        detail = replace(detail, verdict=found[0].verdict, similarity=found[0].similarity)
    return replace(detail, id="", members=(keeper, *found), shown_in=())
