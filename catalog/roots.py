"""Indexed folders: which file belongs to which of them, and which parts of them a run covers."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..models.text import printable
from .database import Catalog
from .errors import CatalogError


@dataclass(frozen=True, slots=True)
class Root:
    """One indexed folder. Roots may lie inside each other; a file belongs to the innermost."""

    id: int
    path: bytes
    """Absolute, no symbolic link in it."""
    role: str
    """'normal', 'reference' or 'excluded'."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The part of a root that a run covers: all of it, or one folder below it."""

    root: Root
    folder: bytes = b""
    """Relative to the root, parts joined by '/'; empty: the whole root."""

    @property
    def path(self) -> bytes:
        """The absolute folder."""
        return os.path.join(self.root.path, self.folder) if self.folder else self.root.path

    @property
    def bounds(self) -> tuple[int, bytes, bytes]:
        """Root id, and the range low <= path < high that the rows of the scope's files lie in."""
        if not self.folder:
            return self.root.id, b"", b"\xff" * 256  # above every name: they have 255 bytes at most
        return self.root.id, self.folder + b"/", self.folder + b"0"  # '0' follows '/'


def list_roots(catalog: Catalog) -> list[Root]:
    """Every indexed folder, by path."""
    rows = catalog.connection.execute("SELECT id, path, role FROM root ORDER BY path")
    return [Root(*row) for row in rows]


def add_root(catalog: Catalog, folder: Path | bytes, role: str = "normal") -> Root:
    """Make a folder an indexed one, and return it; one that is indexed already keeps its role.

    What is known of files in it under an enclosing root moves to the new one, decisions and all, so
    that no file is ever known twice.

    Raises:
        CatalogError: there is no such folder.
    """
    path = os.path.realpath(os.fsencode(folder))
    if not os.path.isdir(path):
        raise CatalogError(f"{printable(path)} is not a folder", "give an existing folder")
    with catalog.transaction() as connection:
        connection.execute(
            "INSERT INTO root (path, role, added_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            (path, role, time.time()),
        )
        root = Root(
            *connection.execute(
                "SELECT id, path, role FROM root WHERE path = ?", (path,)
            ).fetchone()
        )
        outer = _innermost(
            [known for known in list_roots(catalog) if known.id != root.id], os.path.dirname(path)
        )
        if outer is not None:
            inside = Scope(outer, _below(path, outer.path))
            connection.execute(
                "UPDATE file SET root_id = ?, path = substr(path, ?)"
                " WHERE root_id = ? AND path >= ? AND path < ?",
                (root.id, len(inside.folder) + 2, *inside.bounds),
            )
    return root


def scopes(catalog: Catalog, folders: Sequence[Path]) -> list[Scope]:
    """What a run over `folders` covers (none: every root), each file by one scope only.

    A folder inside a known root is covered as a part of that root; one that isn't becomes a root.
    Roots inside a folder are covered too. Excluded roots are not.

    Raises:
        CatalogError: a folder doesn't exist, is excluded, or none is given and none is known.
    """
    if not folders:
        known = list_roots(catalog)
        if not known:
            raise CatalogError("no folder is indexed yet", "run `twinsift index FOLDER`")
        return [Scope(root) for root in known if root.role != "excluded"]
    found = [_scope(catalog, os.path.realpath(os.fsencode(folder))) for folder in folders]
    for outer in list(found):
        found += [
            Scope(root)
            for root in list_roots(catalog)
            if root.role != "excluded" and is_inside(root.path, outer.path)
        ]
    return _without_repeats(found)


def is_inside(path: bytes, folder: bytes) -> bool:
    """Whether an absolute path lies below a folder."""
    return path != folder and path.startswith(os.path.join(folder, b""))


def _scope(catalog: Catalog, path: bytes) -> Scope:
    root = _innermost(list_roots(catalog), path)
    if root is None:
        return Scope(add_root(catalog, path))
    if root.role == "excluded":
        raise CatalogError(
            f"{printable(root.path)} is excluded from the library", "give it another role first"
        )
    if root.path == path:
        return Scope(root)  # even where it isn't there now: the scan says so
    if not os.path.isdir(path):
        raise CatalogError(f"{printable(path)} is not a folder", "give an existing folder")
    return Scope(root, _below(path, root.path))


def _innermost(roots: Iterable[Root], path: bytes) -> Root | None:
    around = [root for root in roots if root.path == path or is_inside(path, root.path)]
    return max(around, key=lambda root: len(root.path), default=None)


def _below(path: bytes, folder: bytes) -> bytes:
    return os.path.relpath(path, folder).replace(os.fsencode(os.sep), b"/")


def _without_repeats(found: Iterable[Scope]) -> list[Scope]:
    kept: list[Scope] = []
    # With '/' at the end what lies in a folder comes right after it, and before its neighbours.
    for scope in sorted(set(found), key=lambda scope: (scope.root.path, *scope.bounds)):
        last = kept[-1] if kept else None
        covered = (
            last is not None
            and last.root == scope.root
            and (not last.folder or scope.folder.startswith(last.folder + b"/"))
        )
        if not covered:
            kept.append(scope)
    return kept
