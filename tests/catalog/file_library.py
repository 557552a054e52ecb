"""A library for tests of file actions: files with any bytes, and their rows written by INSERT."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from blake3 import blake3
from twinsift.catalog.database import Catalog
from twinsift.catalog.decisions import Choice, Verb, decide
from twinsift.catalog.plan import Plan
from twinsift.catalog.planning import build
from twinsift.catalog.settings import Settings

KEEPER, COPY, OTHER = b"the keeper", b"the copy", b"another copy"


class Library:
    """A catalog beside the folder `photos` that it indexes; `file` and `group` add to both."""

    def __init__(self, folder: Path, catalog: Catalog) -> None:
        self.folder = folder
        self.photos = folder / "photos"
        self.catalog = catalog

    @classmethod
    def create(cls, folder: Path) -> Library:
        """A new library in an empty folder."""
        made = cls(folder, Catalog.open(folder / "catalog.sqlite"))
        made.photos.mkdir()
        made.root(made.photos)
        return made

    @classmethod
    def reopen(cls, folder: Path) -> Library:
        """The library that `create` made there, as another process finds it."""
        return cls(folder, Catalog.open(folder / "catalog.sqlite", create=False))

    def __enter__(self) -> Library:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.catalog.close()

    def root(self, path: Path, role: str = "normal") -> int:
        """Index a folder."""
        path.mkdir(parents=True, exist_ok=True)
        with self.catalog.transaction() as connection:
            row = connection.execute(
                "INSERT INTO root (path, role, added_at) VALUES (?, ?, ?) RETURNING id",
                (os.fsencode(os.path.realpath(path)), role, time.time()),
            ).fetchone()
        return row[0]

    def file(self, name: str | bytes, data: bytes, root_id: int = 1) -> int:
        """Write a file below a root and its rows."""
        name = os.fsencode(name)
        root = self._one("SELECT path FROM root WHERE id = ?", root_id)
        path = os.path.join(root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        Path(os.fsdecode(path)).write_bytes(data)
        return self.row(name, data, root_id)

    def row(self, name: bytes, data: bytes, root_id: int = 1) -> int:
        """The rows of a file that is there already."""
        found = os.stat(
            os.path.join(self._one("SELECT path FROM root WHERE id = ?", root_id), name)
        )
        with self.catalog.transaction() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO content (digest, size) VALUES (?, ?)",
                (blake3(data).digest(), len(data)),
            )
            row = connection.execute(
                "INSERT INTO file (root_id, path, size, mtime_ns, device, inode, content_id)"
                " SELECT ?, ?, ?, ?, ?, ?, id FROM content WHERE digest = ? RETURNING id",
                (
                    root_id,
                    name,
                    found.st_size,
                    found.st_mtime_ns,
                    found.st_dev,
                    found.st_ino,
                    blake3(data).digest(),
                ),
            ).fetchone()
        return row[0]

    def group(
        self, file_ids: Sequence[int], *, kind: str = "duplicate", method: str = "evidence"
    ) -> str:
        """Form a group of files; the first one's content is the representative."""
        contents = list(dict.fromkeys(self.content_of(file_id) for file_id in file_ids))
        group_id = self._one("SELECT digest FROM content WHERE id = ?", contents[0]).hex()[:16]
        with self.catalog.transaction() as connection:
            connection.execute(
                "INSERT INTO duplicate_group (id, method, kind, verdict, similarity,"
                " representative_id) VALUES (?, ?, ?, 're-encoded', 0.97, ?)",
                (group_id, method, kind, contents[0]),
            )
            connection.executemany(
                "INSERT INTO group_member (method, kind, group_id, content_id) VALUES (?, ?, ?, ?)",
                [(method, kind, group_id, content) for content in contents],
            )
        return group_id

    def content_of(self, file_id: int) -> int:
        """The content id of a file."""
        return self._one("SELECT content_id FROM file WHERE id = ?", file_id)

    def path_of(self, file_id: int) -> Path:
        """Where the catalog says that a file is."""
        row = self.catalog.connection.execute(
            "SELECT r.path, f.path FROM file f JOIN root r ON r.id = f.root_id WHERE f.id = ?",
            (file_id,),
        ).fetchone()
        return Path(os.fsdecode(os.path.join(*row)))

    def is_present(self, file_id: int) -> bool:
        """Whether the catalog says that a file is there."""
        return bool(self._one("SELECT present FROM file WHERE id = ?", file_id))

    def verbs(self) -> dict[int, str]:
        """Every decision, by file."""
        return dict(self.catalog.connection.execute("SELECT file_id, verb FROM decision"))

    def actions(self) -> list[tuple[Any, ...]]:
        """Verb, state and reason of every action, for messages."""
        return self.catalog.connection.execute(
            "SELECT verb, state, reason FROM action ORDER BY id"
        ).fetchall()

    def _one(self, query: str, value: object) -> Any:
        return self.catalog.connection.execute(query, (value,)).fetchone()[0]


def contents_below(*folders: Path) -> dict[Path, bytes]:
    """Every regular file below some folders, catalogs and their locks left out."""
    return {
        Path(top) / name: (Path(top) / name).read_bytes()
        for folder in folders
        for top, _, names in os.walk(folder)
        for name in names
        if not name.startswith("catalog.sqlite") and (Path(top) / name).is_file()
    }


def marked(
    library: Library,
    verb: Verb,
    target: Path | None = None,
    *,
    settings: Settings | None = None,
    data: bytes = COPY,
) -> tuple[Plan, int]:
    """A library of a keeper and a copy in a subfolder; the plan of doing `verb` with the copy."""
    keeper = library.file("keep.jpg", KEEPER)
    copy = library.file("sub/copy.jpg", data)
    folder = None if target is None else bytes(target)
    decide(
        library.catalog,
        library.group([keeper, copy]),
        [
            Choice(keeper, library.content_of(keeper), Verb.KEEP),
            Choice(copy, library.content_of(copy), verb, folder),
        ],
    )
    return build(library.catalog, settings or Settings()), copy


def states(library: Library) -> list[tuple[str, str]]:
    """Verb and state of every action."""
    return library.catalog.connection.execute(
        "SELECT verb, state FROM action ORDER BY id"
    ).fetchall()
