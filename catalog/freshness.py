"""Whether the catalog holds anything, and whether its groups take in all that is indexed."""

from __future__ import annotations

from .database import Catalog


def is_empty(catalog: Catalog) -> bool:
    """Whether no folder was ever indexed."""
    return not catalog.connection.execute("SELECT EXISTS (SELECT 1 FROM root)").fetchone()[0]


def unmatched(catalog: Catalog, method: str = "evidence") -> int:
    """How many pictures, of files that are there, no match by this method has looked at yet."""
    row = catalog.connection.execute(
        "SELECT count(*) FROM content c WHERE c.error IS NULL"
        " AND EXISTS (SELECT 1 FROM file f JOIN root r ON r.id = f.root_id"
        "             WHERE f.content_id = c.id AND f.present = 1 AND r.role != 'excluded')"
        " AND NOT EXISTS (SELECT 1 FROM matched m WHERE m.content_id = c.id AND m.method = ?)",
        (method,),
    ).fetchone()
    return row[0]
