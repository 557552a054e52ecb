"""A search as the screen runs it: what finds pictures is loaded only when it's wanted."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..catalog.database import Catalog
from ..catalog.decisions import Verb
from ..catalog.plan import Plan
from ..catalog.review import GroupDetail
from ..catalog.settings import Settings

if TYPE_CHECKING:
    from ..catalog.query import Hit


@dataclass(frozen=True, slots=True)
class Found:
    """The hits of one picture."""

    image: Path
    content_id: int
    """The picture's content; it's in the catalog now, so that views can be made of it."""
    hits: tuple[Hit, ...]
    measure: str
    notice: str

    def compared(self, catalog: Catalog, index: int) -> GroupDetail:
        """The picture and a hit as the files of a group.

        Raises:
            PictureError: one of them is no longer there.
        """
        from ..catalog import likeness

        return likeness.as_group(catalog, self.image, self.content_id, self.hits[index])


def search(
    catalog: Catalog, image: Path, folders: Sequence[bytes], minimum: int, settings: Settings
) -> Found:
    """Files of the folders that are at least `minimum` per cent like a picture.

    Raises:
        PictureError: the picture can't be read.
        ModelError: the network can't be loaded.
    """
    from ..catalog import likeness, query

    below = [Path(os.fsdecode(folder)) for folder in folders]
    result = query.find(catalog, image, below, minimum=minimum / 100, settings=settings)
    content_id = likeness.remember(catalog, result.features, settings)
    return Found(image, content_id, result.hits, result.measure, result.notice)


def plan_for(
    catalog: Catalog,
    settings: Settings,
    file_ids: Sequence[int],
    image: Path,
    verb: Verb,
    target: bytes | None,
) -> Plan:
    """The plan of doing `verb` with hits, justified by the picture searched with.

    Raises:
        RefusedError: the picture can't be read.
    """
    from ..catalog import planning

    return planning.for_files(catalog, settings, file_ids, image, verb, target)
