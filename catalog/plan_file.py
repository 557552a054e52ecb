"""Plans as files: to be read, edited, carried elsewhere and applied later, line by line.

JSON Lines in ASCII. The first line is the head, every further one a file that will leave its
place, each in one line:

    {"twinsift": "plan", "version": 1, "name": "2026-11-22-...", "machine": "...", "made": "..."}
    {"verb": "trash", "file": "/p/b.jpg", "to": "/p/.twinsift-trash/.../files/b.jpg",
     "keeper": "/p/a.jpg", "size": 5, "digest": "...", "mtime_ns": 1, "device": 1, "inode": 1,
     "links": 1, "keeper_digest": "...", "group": "...", "companions": [], "seal": "..."}

A person may remove lines, or put `#` before them; change paths (the folder may be mounted elsewhere
on another machine); make a move of a trash, or a deletion. What was judged may not be changed: that
this content goes because that one stays. The seal holds the two together; it is a guard against
slips and not against its owner. Digest and size of both files are compared with the disk before
anything happens; device and inode too where the plan was made on the same machine.

Names that aren't text hold lone surrogates (Python's surrogateescape), as in `groups --json`.
"""

from __future__ import annotations

import json
import os
import platform
import re
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from blake3 import blake3

from ..models.text import printable
from . import aftermath, plan_line, regular_file
from .database import Catalog
from .errors import CatalogError
from .plan import Companion, Plan, PlanItem
from .plan_line import Fault

_VERSION = 1
_LONGEST = 1 << 20  # bytes of a line
_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,100}")


def write(plan: Plan, place: Path) -> None:
    """Write a plan to a new file that nobody else can read; companions are read for their digests.

    Raises:
        CatalogError: there is such a file, or it can't be written.
        RefusedError, OSError: a companion can't be read.
    """
    lines = [json.dumps(_head(plan))]
    lines += [json.dumps(plan_line.written(_digested(item))) for item in plan.items]
    text = "".join(line + "\n" for line in lines)
    shown = printable(os.fsencode(place))
    try:
        descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="ascii", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as error:
        raise CatalogError(f"there is a file {shown} already", "choose another name") from error
    except OSError as error:
        raise CatalogError(f"{shown} can't be written: {error.strerror}") from error


def read(place: Path, catalog: Catalog) -> Plan:
    """A plan that was written, as it was edited since; files that this catalog knows have their id.

    Raises:
        CatalogError: the file can't be read, is of a newer version, or a line can't be used; the
            message names the line. No line of such a file is done.
    """
    shown = printable(os.fsencode(place))
    try:
        with open(place, "rb") as file:
            lines = _numbered(file, shown)
    except OSError as error:
        raise CatalogError(f"{shown} can't be read: {error.strerror}") from error
    if not lines:
        raise CatalogError(f"{shown} is empty", "write it with `twinsift plan --write FILE`")
    number, head = lines[0]
    try:
        name, is_local, follows = _read_head(head)
    except Fault as fault:
        raise CatalogError(f"{shown}, line {number}: {fault}", fault.remedy) from fault
    items: list[PlanItem] = []
    seen: dict[bytes, int] = {}
    for number, entry in lines[1:]:
        try:
            item = plan_line.read(entry, name, is_local)
            for path in (item.source, *(companion.source for companion in item.companions)):
                if path in seen:
                    raise Fault(f"its file is that of line {seen[path]} too", "remove one")
                seen[path] = number
        except Fault as fault:
            raise CatalogError(f"{shown}, line {number}: {fault}", fault.remedy) from fault
        items.append(_known(item, catalog))
    for item in items:
        if item.keeper in seen:
            raise CatalogError(
                f"{shown}, line {seen[item.source]}: what is kept, {printable(item.keeper)},"
                f" would go by line {seen[item.keeper]}",
                "remove one of the two lines",
            )
    return Plan(name, tuple(items), (), follows, is_from_file=True)


def _head(plan: Plan) -> dict[str, Any]:
    return {
        "twinsift": "plan",
        "version": _VERSION,
        "name": plan.name,
        "machine": _machine(),
        "follows_links": plan.follows_links,
        "made": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }


def _machine() -> str:
    """What tells this machine from others, without telling which it is."""
    try:
        identity = Path("/etc/machine-id").read_bytes()
    except OSError:
        identity = platform.node().encode()
    return blake3(b"twinsift plan" + identity).hexdigest()[:16]


def _digested(item: PlanItem) -> PlanItem:
    """The item with the digests of what goes along."""
    companions: list[Companion] = []
    for companion in item.companions:
        with regular_file.hold(companion.source, alone=False) as held:
            companions.append(
                replace(companion, digest=held.digest(), identity=held.identity, links=held.links)
            )
    return replace(item, companions=tuple(companions))


def _numbered(file: Iterable[bytes], shown: str) -> list[tuple[int, Any]]:
    """Number and JSON value of each line that says something."""
    found: list[tuple[int, Any]] = []
    for number, line in enumerate(file, start=1):
        if len(line) > _LONGEST:
            raise CatalogError(f"{shown}, line {number}: is longer than a plan's line can be")
        if not line.strip() or line.lstrip().startswith(b"#"):
            continue
        try:
            found.append((number, json.loads(line)))
        except (ValueError, RecursionError) as error:
            raise CatalogError(
                f"{shown}, line {number}: is not JSON, or not all of it",
                "one object a line; remove the line, or write the plan anew",
            ) from error
    return found


def _read_head(head: Any) -> tuple[str, bool, bool]:
    """Name, whether it was made on this machine, and whether folder links were followed."""
    if not isinstance(head, dict) or head.get("twinsift") != "plan":
        raise Fault("is not the head of a plan", "write it with `twinsift plan --write FILE`")
    version = head.get("version")
    if type(version) is not int or version < 1:
        raise Fault('"version" is no number')
    if version > _VERSION:
        raise Fault(f"is of version {version}, and this twinsift knows {_VERSION}", "update it")
    name, follows = head.get("name"), head.get("follows_links", False)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise Fault('"name" is not that of a batch')
    if type(follows) is not bool:
        raise Fault('"follows_links" is not true or false')
    return name, head.get("machine") == _machine(), follows


def _known(item: PlanItem, catalog: Catalog) -> PlanItem:
    """The item with its row's id, where this catalog knows the file with that content."""
    file_id = aftermath.file_at(catalog.connection, item.source)
    row = catalog.connection.execute(
        "SELECT 1 FROM file f JOIN content c ON c.id = f.content_id"
        " WHERE f.id = ? AND c.digest = ?",
        (file_id, item.digest),
    ).fetchone()
    return replace(item, file_id=file_id or 0) if row else item
