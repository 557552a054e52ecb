"""The command `find`: folders ranked by likeness to one picture, and what to do with the hits."""

from __future__ import annotations

import argparse
import os

from ..catalog.database import Catalog
from ..catalog.decisions import Verb
from ..catalog.planning import for_files
from ..catalog.query import FindResult
from ..catalog.query import find as search
from ..catalog.settings import Settings
from ..models.text import printable
from . import plain, wording
from .commands_files import carry_out, show_plan
from .commands_index import run_index
from .targets import absolute, catalog_path, folders, picture


def find(arguments: argparse.Namespace, settings: Settings) -> int:
    """Rank the files of folders by their likeness to one picture; act on them where asked to."""
    image = picture(arguments.image)
    places = folders(arguments.paths)
    path = catalog_path(arguments)
    status = run_index(path, places, settings, quiet=True)
    with Catalog.open(path) as catalog:
        minimum = arguments.min / 100.0
        result = search(catalog, image, places, minimum=minimum, settings=settings)
        _say_hits(result, arguments.json)
        verb = _verb(arguments)
        if verb is None:
            return status
        target = None if arguments.move is None else os.fsencode(absolute(arguments.move))
        ids = [hit.file_id for hit in result.hits]
        drawn = for_files(catalog, settings, ids, image, verb, target)
        show_plan(drawn)
        return max(status, carry_out(catalog, drawn, arguments))


def _verb(arguments: argparse.Namespace) -> Verb | None:
    if arguments.trash:
        return Verb.TRASH
    if arguments.delete:
        return Verb.DELETE
    return Verb.MOVE if arguments.move is not None else None


def _say_hits(result: FindResult, as_json: bool) -> None:
    if result.notice:
        plain.note(f"twinsift: {result.notice}")
    for hit in result.hits:
        if as_json:
            plain.say_json(
                {
                    "path": os.fsdecode(hit.path),
                    "similarity": round(hit.similarity, 4),
                    "measure": result.measure,
                    "hamming": hit.hamming,
                    "verdict": None if hit.verdict is None else str(hit.verdict),
                    "size": hit.size,
                    "width": hit.width,
                    "height": hit.height,
                }
            )
            continue
        verdict = "" if hit.verdict is None else f"  {hit.verdict}"
        plain.say(
            f"{100 * hit.similarity:6.2f} %  pHash {hit.hamming:2}  {printable(hit.path)}"
            f"  {hit.width}x{hit.height} {wording.size(hit.size)}{verdict}"
        )
    if not as_json:
        plain.say(f"{wording.count(len(result.hits), 'file')} found by {result.measure}")
