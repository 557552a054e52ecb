"""The command `find`: folders ranked by likeness to one picture, and what to do with the hits."""

from __future__ import annotations

import argparse
import os
from collections import Counter

from ..catalog.database import Catalog
from ..catalog.decisions import Verb
from ..catalog.errors import CatalogError
from ..catalog.planning import for_files
from ..catalog.query import FindResult, Hit
from ..catalog.query import find as search
from ..catalog.settings import Settings
from ..models.text import printable
from . import plain, wording
from .commands_files import carry_out, show_plan
from .commands_index import run_index
from .targets import absolute, catalog_path, folders, picture


def find(arguments: argparse.Namespace, settings: Settings) -> int:
    """Rank the files of folders by their likeness to one picture; act on the copies if asked to."""
    verb = _verb(arguments)
    if arguments.any_verdict and verb is None:
        raise CatalogError("--any-verdict needs something to do", "add --trash, --move or --delete")
    image = picture(arguments.image)
    places = folders(arguments.paths)
    path = catalog_path(arguments)
    status = run_index(path, places, settings, quiet=True)
    with Catalog.open(path) as catalog:
        minimum = arguments.min / 100.0
        result = search(catalog, image, places, minimum=minimum, settings=settings)
        _say_hits(result, arguments.json)
        if verb is None:
            return status
        target = None if arguments.move is None else os.fsencode(absolute(arguments.move))
        ids = [hit.file_id for hit in result.hits if arguments.any_verdict or _is_copy(hit)]
        _say_left_alone(result, len(result.hits) - len(ids))
        drawn = for_files(catalog, settings, ids, image, verb, target)
        show_plan(drawn)
        return max(status, carry_out(catalog, drawn, arguments))


def _verb(arguments: argparse.Namespace) -> Verb | None:
    if arguments.trash:
        return Verb.TRASH
    if arguments.delete:
        return Verb.DELETE
    return Verb.MOVE if arguments.move is not None else None


def _is_copy(hit: Hit) -> bool:
    return hit.verdict is not None and hit.verdict.is_duplicate


def _say_left_alone(result: FindResult, count: int) -> None:
    """Likeness alone is no reason to remove a picture."""
    if count:
        verdicts = Counter(str(hit.verdict) for hit in result.hits if not _is_copy(hit))
        kinds = ", ".join(f"{number:,} {verdict}" for verdict, number in verdicts.most_common())
        plain.note(
            f"twinsift: {wording.count(count, 'file')} left alone, no copies of the picture"
            f" ({kinds}); --any-verdict takes them too"
        )


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
