"""A folder of pictures and the catalog that it is indexed into, with a pool that starts nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from PIL import Image
from twinsift.catalog.database import Catalog
from twinsift.catalog.indexer import IndexSummary, index
from twinsift.catalog.reading import Job
from twinsift.catalog.settings import IndexSettings, Settings
from twinsift.catalog.workers import Lost

SETTINGS = Settings(index=IndexSettings(workers=1, working_side=128, keypoints=50))


class InProcess:
    """A pool that works in this process: quicker to start."""

    def __class_getitem__(cls, item: object) -> type[InProcess]:
        return cls

    def __init__(self, function: Callable, context: tuple, **options: object) -> None:
        self._function, self._context = function, context

    def __enter__(self) -> InProcess:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def imap_unordered(self, jobs: Iterable[Any]) -> Iterator[tuple[Any, object]]:
        for job in jobs:
            yield job, self.done(job)

    def done(self, job: Any) -> object:
        return self._function(job, *self._context)


class Losing(InProcess):
    """A pool that loses the pictures that are named deadly."""

    def done(self, job: Job) -> object:
        if b"deadly" in job.path and not job.blame:
            return Lost("timeout", "took longer than 60 s")
        return super().done(job)


class Shelf:
    """A folder of pictures, and the catalog that it is indexed into."""

    def __init__(self, tmp_path: Path, photograph: Callable[..., Image.Image]) -> None:
        self.folder = tmp_path / "photos"
        self.folder.mkdir()
        self.catalog = tmp_path / "catalog.sqlite"
        self._photograph = photograph

    def picture(self, name: str, seed: int) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        self._photograph(seed, 160, 120).save(path)
        return path

    def put(self, name: str, data: bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def index(self, *folders: Path, **options: object) -> IndexSummary:
        changed = replace(SETTINGS.index, **options)  # type: ignore[arg-type]
        given = folders or (self.folder,)
        return index(self.catalog, given, replace(SETTINGS, index=changed))

    def rows(self, statement: str, *values: object) -> list[tuple]:
        with Catalog.open(self.catalog) as catalog:
            return catalog.connection.execute(statement, values).fetchall()

    def files(self) -> dict[str, tuple[int, int | None]]:
        """Id and content of each file that is present, by path."""
        rows = self.rows("SELECT path, id, content_id FROM file WHERE present = 1")
        return {os.fsdecode(path): (file_id, content) for path, file_id, content in rows}

    def reasons(self, summary: IndexSummary) -> dict[str, str]:
        return {
            os.path.relpath(os.fsdecode(f.path), self.folder): f.reason for f in summary.failures
        }
