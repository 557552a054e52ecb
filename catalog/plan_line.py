"""One line of a plan file: a file that will leave its place, as an object of JSON, and back.

Whatever a person has put there is either a line that could have been written, or is told: see
`catalog.plan_file` for what may be edited. The seal holds together what may not be.
"""

from __future__ import annotations

import json
import os
import re
from typing import Any

from blake3 import blake3

from ..models.text import printable
from . import trash
from .decisions import Verb
from .identity import Identity
from .options import nearest
from .plan import Companion, PlanItem

_VERBS = tuple(verb.value for verb in Verb if verb is not Verb.KEEP)
_COMMON = ("verb", "file", "to", "size", "digest", "mtime_ns", "device", "inode", "links")
_ITEM = (*_COMMON, "keeper", "keeper_digest", "group", "companions", "seal")
_INT64 = range(-(1 << 63), 1 << 63)


class Fault(Exception):  # noqa: N818 - becomes the plan file's error
    """What is wrong with a line, and what to do about it."""

    def __init__(
        self, message: str, remedy: str = "remove the line, or write the plan anew"
    ) -> None:
        super().__init__(message)
        self.remedy = remedy


def written(item: PlanItem) -> dict[str, Any]:
    """An item as the object that its line holds, sealed."""
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


def read(entry: Any, name: str, is_local: bool) -> PlanItem:
    """The item that a line's object tells of, of the plan `name`, made on this machine or not.

    Raises:
        Fault: it isn't one that `written` gave, edited as it may be.
    """
    _check_keys(entry, _ITEM)
    verb, source, destination, digest, identity, links = _read_about(entry, name, is_local)
    keeper, group = _path(entry, "keeper"), entry["group"]
    keeper_digest = _digest(entry, "keeper_digest")
    if keeper == source:
        raise Fault('"file" and "keeper" are the same')
    if not isinstance(group, str) or not isinstance(entry["companions"], list):
        raise Fault('"group" or "companions" is of the wrong kind')
    if verb.links and digest != keeper_digest:
        raise Fault("only a copy byte for byte can become a link", 'change "verb"')
    companions: list[Companion] = []
    for other in entry["companions"]:
        _check_keys(other, _COMMON)
        about = _read_about(other, name, is_local)
        if about[0] not in (Verb.TRASH, Verb.MOVE) or about[2] is None or verb.links:
            raise Fault("what goes along can only be moved, or go to the trash")
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
        raise Fault(
            "what was judged has been changed: digests, sizes and what goes along belong together",
            "write the plan anew; only verb, paths and whole lines can be edited",
        )
    return item


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


def _read_about(
    entry: dict[str, Any], name: str, is_local: bool
) -> tuple[Verb, bytes, bytes | None, bytes, Identity, int]:
    if entry["verb"] not in _VERBS:
        raise Fault(f'"verb" is not one of {", ".join(_VERBS)}')
    verb = Verb(entry["verb"])
    source = _path(entry, "file")
    destination = None if entry["to"] is None else _path(entry, "to")
    if (destination is not None) != (verb in (Verb.TRASH, Verb.MOVE)):
        raise Fault(
            f'"to" is {"missing" if destination is None else "too much"} for {verb}',
            "a trash and a move have a place to go to, anything else has null",
        )
    if destination is not None and trash.is_of_batch(destination, name) != (verb is Verb.TRASH):
        raise Fault(
            '"to" is in no trash of this plan, or a move leads into a trash',
            f"it has to hold {os.fsdecode(trash.FOLDER)}/{name}/files/",
        )
    if destination == source:
        raise Fault('"file" and "to" are the same')
    if trash.is_in_trash(source):
        raise Fault('"file" is in a trash', "`twinsift purge` empties it")
    numbers: list[int] = []
    for key in ("size", "mtime_ns", "device", "inode", "links"):
        value = entry[key]
        if type(value) is not int or value not in _INT64:
            raise Fault(f'"{key}" is no whole number')
        numbers.append(value)
    size, mtime_ns, device, inode, links = numbers
    if size < 0 or links < 1:
        raise Fault('"size" or "links" is too small')
    identity = Identity(size, mtime_ns, *((device, inode) if is_local else (0, 0)))
    return verb, source, destination, _digest(entry, "digest"), identity, links


def _check_keys(entry: Any, wanted: tuple[str, ...]) -> None:
    if not isinstance(entry, dict):
        raise Fault("is no object")
    for key in entry:
        if key not in wanted:
            likely = nearest(key, wanted)
            raise Fault(
                f"knows no key {printable(key)!r}"
                + (f"; did you mean {likely!r}?" if likely else "")
            )
    for key in wanted:
        if key not in entry:
            raise Fault(f'"{key}" is missing')


def _path(entry: dict[str, Any], key: str) -> bytes:
    value = entry[key]
    try:
        path = os.fsencode(value)
    except (TypeError, UnicodeEncodeError):
        path = b""
    if not isinstance(value, str) or b"\0" in path or not os.path.isabs(path):
        raise Fault(f'"{key}" is no absolute path')
    if os.path.normpath(path) != path:
        raise Fault(f'"{key}" is not in its shortest form', "without //, /./ and /../")
    return path


def _digest(entry: dict[str, Any], key: str) -> bytes:
    value = entry[key]
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{64}", value):
        raise Fault(f'"{key}" is no digest')
    return bytes.fromhex(value)
