"""Whether the groups are those that matching again would form, told without loading a picture."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path

from blake3 import blake3

from . import network
from .database import Catalog
from .pairs import METHOD, MatchSummary
from .settings import Settings

_FACT = "matched"
_LAYERS = (Path(__file__).parent.parent / "models", Path(__file__).parent)


def state(catalog: Catalog, settings: Settings) -> bytes:
    """A digest, 32 bytes, of everything that the groups hang on.

    That is: which files have which contents, by which extractor; which of them are embedded; what
    the person cut apart; the settings; and the program itself, by its files' sizes and times.
    """
    index = settings.index
    model = network.current_model(catalog, index)
    hasher = blake3()
    for part in (
        repr((settings.match, index.max_megapixels, index.worker_memory_mb, model)),
        *_program(),
    ):
        hasher.update(part.encode())
    for query, values in (
        (
            "SELECT f.id, f.content_id, f.size FROM file f JOIN root r ON r.id = f.root_id"
            " WHERE f.present = 1 AND f.error IS NULL AND r.role <> 'excluded' ORDER BY f.id",
            (),
        ),
        ("SELECT id, digest, extractor FROM content WHERE error IS NULL ORDER BY id", ()),
        ("SELECT content_id FROM embedding WHERE model = ? ORDER BY content_id", (model,)),
        ("SELECT low, high FROM distinct_pair ORDER BY low, high", ()),
    ):
        hasher.update(query.encode())
        for row in catalog.connection.execute(query, values):
            hasher.update(repr(row).encode())
    return hasher.digest()


def recall(catalog: Catalog, state: bytes) -> MatchSummary | None:
    """What the last run came to, if it was one over this very state and ran to its end."""
    started = time.monotonic()
    connection = catalog.connection
    row = connection.execute("SELECT value FROM fact WHERE name = ?", (_FACT,)).fetchone()
    if row != (state,):
        return None

    def count(query: str, *values: str) -> int:
        return connection.execute(query, values).fetchone()[0]

    groups = "SELECT count(*) FROM duplicate_group WHERE method = ? AND kind = ?"
    return MatchSummary(
        pictures=count(
            "SELECT count(DISTINCT f.content_id) FROM file f JOIN root r ON r.id = f.root_id"
            " JOIN content c ON c.id = f.content_id AND c.error IS NULL"
            " WHERE f.present = 1 AND f.error IS NULL AND r.role <> 'excluded'"
        ),
        candidates=0,
        judged=0,
        pairs=count(
            "SELECT count(*) FROM pair WHERE method = ? AND verdict <> 'unrelated'", METHOD
        ),
        groups=count(groups, METHOD, "duplicate"),
        near_groups=count(groups, METHOD, "near"),
        seconds=time.monotonic() - started,
    )


def remember(catalog: Catalog, state: bytes) -> None:
    """Note that a run over this state has ended."""
    with catalog.transaction() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)", (_FACT, state)
        )


def _program() -> Iterable[str]:
    """Each module that may decide what is a duplicate: no version number is raised for all."""
    for layer in _LAYERS:
        with os.scandir(layer) as entries:
            files = sorted((entry for entry in entries if entry.name.endswith(".py")), key=_name)
            for entry in files:
                status = entry.stat()
                yield f"{entry.name} {status.st_size} {status.st_mtime_ns}"


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name
