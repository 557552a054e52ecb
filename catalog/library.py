"""The folders of the library as a person sees them: role, counts, and what couldn't be read."""

from __future__ import annotations

from dataclasses import dataclass

from .database import Catalog
from .review import absolute

ROLES = ("normal", "reference", "excluded")


@dataclass(frozen=True, slots=True)
class Folder:
    """One indexed folder (a root) with the state of its files."""

    id: int
    path: bytes
    """Absolute."""
    role: str
    """'normal', 'reference' (never touched) or 'excluded' (in no group)."""
    scanned_at: float | None
    """Seconds since the epoch; None until a scan of it has ended."""
    pictures: int
    """Files present whose picture was read."""
    pending: int
    """Files present that weren't read yet."""
    failed: int
    """Files present that can't be read, or aren't decodable."""
    size: int
    """Bytes of the pictures."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that can't be used, with the reason in one line."""

    path: bytes
    """Absolute."""
    reason: str


# A file that is neither a picture by name nor by content is remembered with this beginning of its
# error, so that it isn't opened again; it counts neither as a picture nor as a failure (nor does it
# in the schema's `standing`).
_NOT_A_PICTURE = "not a picture%"


def list_folders(catalog: Catalog) -> list[Folder]:
    """Every indexed folder, by path."""
    rows = catalog.connection.execute(
        "SELECT id, path, role, scanned_at, pictures, pending, failed, size"
        " FROM root JOIN tally ON root_id = id ORDER BY path"
    )
    return [Folder(*row) for row in rows]


def list_unreadable(catalog: Catalog, folder_id: int | None = None) -> list[Unreadable]:
    """The files present that can't be used, by path; of one folder, or of all."""
    rows = catalog.connection.execute(
        """
        SELECT r.path, f.path, coalesce(f.error, c.error)
          FROM file f JOIN root r ON r.id = f.root_id LEFT JOIN content c ON c.id = f.content_id
         WHERE f.present = 1 AND r.id = coalesce(?2, r.id)
           AND (f.error NOT LIKE ?1 OR (f.error IS NULL AND c.error IS NOT NULL))
         ORDER BY r.path, f.path
        """,
        (_NOT_A_PICTURE, folder_id),
    )
    return [Unreadable(absolute(root, path), reason) for root, path, reason in rows]


def set_role(catalog: Catalog, folder_id: int, role: str) -> None:
    """Give a folder another role; it counts for the next look at groups and plan."""
    with catalog.transaction() as connection:
        connection.execute("UPDATE root SET role = ? WHERE id = ?", (role, folder_id))
