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
from . import aftermath, fileops, trash
from .database import Catalog
from .decisions import Verb
from .errors import CatalogError
from .identity import Identity
from .options import nearest
from .plan import Companion, Plan, PlanItem

_VERSION = 1
_LONGEST = 1 << 20  # bytes of a line
_VERBS = tuple(verb.value for verb in Verb if verb is not Verb.KEEP)
_COMMON = ("verb", "file", "to", "size", "digest", "mtime_ns", "device", "inode", "links")
_ITEM = (*_COMMON, "keeper", "keeper_digest", "group", "companions", "seal")
_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,100}")
_INT64 = range(-(1 << 63), 1 << 63)


def write(plan: Plan, place: Path) -> None:
    """Write a plan to a new file that nobody else can read; companions are read for their digests.

    Raises:
        CatalogError: there is such a file, or it can't be written.
        RefusedError, OSError: a companion can't be read.
    """
    lines = [json.dumps(_head(plan))]
    lines += [json.dumps(_line(_digested(item))) for item in plan.items]
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
    except _Fault as fault:
        raise CatalogError(f"{shown}, line {number}: {fault}", fault.remedy) from fault
    items: list[PlanItem] = []
    seen: dict[bytes, int] = {}
    for number, entry in lines[1:]:
        try:
            item = _read_item(entry, name, is_local)
            for path in (item.source, *(companion.source for companion in item.companions)):
                if path in seen:
                    raise _Fault(f"its file is that of line {seen[path]} too", "remove one")
                seen[path] = number
        except _Fault as fault:
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


class _Fault(Exception):  # noqa: N818 - never leaves this module
    """What is wrong with a line, and what to do about it."""

    def __init__(
        self, message: str, remedy: str = "remove the line, or write the plan anew"
    ) -> None:
        super().__init__(message)
        self.remedy = remedy


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
        with fileops.hold(companion.source, alone=False) as held:
            companions.append(
                replace(companion, digest=held.digest(), identity=held.identity, links=held.links)
            )
    return replace(item, companions=tuple(companions))


def _line(item: PlanItem) -> dict[str, Any]:
    identity = Identity(item.size, item.mtime_ns, item.device, item.inode)
    return {
        **_about(item.verb, item.source, item.destination, item.digest, identity, item.links),
        "keeper": os.fsdecode(item.keeper),
        "keeper_digest": item.keeper_digest.hex(),
        "group": item.group_id,
        "companions": [
            _about(c.verb, c.source, c.destination, c.digest, c.identity, c.links)
            for c in item.companions
        ],
        "seal": _seal(item),
    }


def _about(
    verb: Verb,
    source: bytes,
    destination: bytes | None,
    digest: bytes,
    identity: Identity,
    links: int,
) -> dict[str, Any]:
    return {
        "verb": verb.value,
        "file": os.fsdecode(source),
        "to": None if destination is None else os.fsdecode(destination),
        "size": identity.size,
        "digest": digest.hex(),
        "mtime_ns": identity.mtime_ns,
        "device": identity.device,
        "inode": identity.inode,
        "links": links,
    }


def _seal(item: PlanItem) -> str:
    """What holds together which content goes, which stays for it, and what goes along."""
    along = [
        [os.fsdecode(os.path.basename(c.source)), c.digest.hex(), c.identity.size]
        for c in item.companions
    ]
    judged = [item.digest.hex(), item.size, item.keeper_digest.hex(), along]
    text = json.dumps(judged, separators=(",", ":")).encode("ascii")
    return blake3(text, derive_key_context="twinsift plan, version 1").hexdigest()[:32]


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
        raise _Fault("is not the head of a plan", "write it with `twinsift plan --write FILE`")
    version = head.get("version")
    if type(version) is not int or version < 1:
        raise _Fault('"version" is no number')
    if version > _VERSION:
        raise _Fault(f"is of version {version}, and this twinsift knows {_VERSION}", "update it")
    name, follows = head.get("name"), head.get("follows_links", False)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise _Fault('"name" is not that of a batch')
    if type(follows) is not bool:
        raise _Fault('"follows_links" is not true or false')
    return name, head.get("machine") == _machine(), follows


def _read_item(entry: Any, name: str, is_local: bool) -> PlanItem:
    _check_keys(entry, _ITEM)
    verb, source, destination, digest, identity, links = _read_about(entry, name, is_local)
    keeper, group = _path(entry, "keeper"), entry["group"]
    keeper_digest = _digest(entry, "keeper_digest")
    if keeper == source:
        raise _Fault('"file" and "keeper" are the same')
    if not isinstance(group, str) or not isinstance(entry["companions"], list):
        raise _Fault('"group" or "companions" is of the wrong kind')
    if verb.links and digest != keeper_digest:
        raise _Fault("only a copy byte for byte can become a link", 'change "verb"')
    companions: list[Companion] = []
    for other in entry["companions"]:
        _check_keys(other, _COMMON)
        about = _read_about(other, name, is_local)
        if about[0] not in (Verb.TRASH, Verb.MOVE) or about[2] is None or verb.links:
            raise _Fault("what goes along can only be moved, or go to the trash")
        companions.append(Companion(about[0], about[1], about[2], about[4], about[5], about[3]))
    item = PlanItem(
        0,
        group,
        verb,
        source,
        destination,
        identity.size,
        digest,
        identity.mtime_ns,
        identity.device,
        identity.inode,
        keeper,
        keeper_digest,
        links,
        tuple(companions),
    )
    if entry["seal"] != _seal(item):
        raise _Fault(
            "what was judged has been changed: digests, sizes and what goes along belong together",
            "write the plan anew; only verb, paths and whole lines can be edited",
        )
    return item


def _read_about(
    entry: dict[str, Any], name: str, is_local: bool
) -> tuple[Verb, bytes, bytes | None, bytes, Identity, int]:
    if entry["verb"] not in _VERBS:
        raise _Fault(f'"verb" is not one of {", ".join(_VERBS)}')
    verb = Verb(entry["verb"])
    source = _path(entry, "file")
    destination = None if entry["to"] is None else _path(entry, "to")
    if (destination is not None) != (verb in (Verb.TRASH, Verb.MOVE)):
        raise _Fault(
            f'"to" is {"missing" if destination is None else "too much"} for {verb}',
            "a trash and a move have a place to go to, anything else has null",
        )
    if destination is not None and trash.is_of_batch(destination, name) != (verb is Verb.TRASH):
        raise _Fault(
            '"to" is in no trash of this plan, or a move leads into a trash',
            f"it has to hold {os.fsdecode(trash.FOLDER)}/{name}/files/",
        )
    if destination == source:
        raise _Fault('"file" and "to" are the same')
    if trash.is_in_trash(source):
        raise _Fault('"file" is in a trash', "`twinsift purge` empties it")
    numbers: list[int] = []
    for key in ("size", "mtime_ns", "device", "inode", "links"):
        value = entry[key]
        if type(value) is not int or value not in _INT64:
            raise _Fault(f'"{key}" is no whole number')
        numbers.append(value)
    size, mtime_ns, device, inode, links = numbers
    if size < 0 or links < 1:
        raise _Fault('"size" or "links" is too small')
    identity = Identity(size, mtime_ns, *((device, inode) if is_local else (0, 0)))
    return verb, source, destination, _digest(entry, "digest"), identity, links


def _check_keys(entry: Any, wanted: tuple[str, ...]) -> None:
    if not isinstance(entry, dict):
        raise _Fault("is no object")
    for key in entry:
        if key not in wanted:
            likely = nearest(key, wanted)
            raise _Fault(
                f"knows no key {printable(key)!r}"
                + (f"; did you mean {likely!r}?" if likely else "")
            )
    for key in wanted:
        if key not in entry:
            raise _Fault(f'"{key}" is missing')


def _path(entry: dict[str, Any], key: str) -> bytes:
    value = entry[key]
    try:
        path = os.fsencode(value)
    except (TypeError, UnicodeEncodeError):
        path = b""
    if not isinstance(value, str) or b"\0" in path or not os.path.isabs(path):
        raise _Fault(f'"{key}" is no absolute path')
    if os.path.normpath(path) != path:
        raise _Fault(f'"{key}" is not in its shortest form', "without //, /./ and /../")
    return path


def _digest(entry: dict[str, Any], key: str) -> bytes:
    value = entry[key]
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{64}", value):
        raise _Fault(f'"{key}" is no digest')
    return bytes.fromhex(value)


def _known(item: PlanItem, catalog: Catalog) -> PlanItem:
    """The item with its row's id, where this catalog knows the file with that content."""
    file_id = aftermath.file_at(catalog.connection, item.source)
    row = catalog.connection.execute(
        "SELECT 1 FROM file f JOIN content c ON c.id = f.content_id"
        " WHERE f.id = ? AND c.digest = ?",
        (file_id, item.digest),
    ).fetchone()
    return replace(item, file_id=file_id or 0) if row else item
