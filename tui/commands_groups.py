"""The command `groups`: what was found, as text or as JSON Lines."""

from __future__ import annotations

import argparse
import itertools
import json
import os
from collections.abc import Iterator
from typing import Any

from ..catalog import freshness
from ..catalog.database import Catalog
from ..catalog.listing import groups_in_order
from ..catalog.review import GroupDetail, Member, load_groups
from ..catalog.settings import Settings
from ..models.text import printable
from . import plain, wording
from .status import Status
from .targets import catalog_path

_AT_ONCE = 100  # groups read at a time: the first are printed at once


def groups(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the groups."""
    return print_groups(
        arguments, settings, method=arguments.method, near=arguments.near, as_json=arguments.json
    )


def print_groups(
    arguments: argparse.Namespace,
    settings: Settings,
    *,
    method: str = "evidence",
    near: bool = False,
    as_json: bool = False,
) -> int:
    """Print every group of a kind, the most reclaimable first."""
    kind = "near" if near else "duplicate"
    total = reclaim = 0
    with Catalog.open(catalog_path(arguments), create=False) as catalog:
        for detail, freed in _in_order(catalog, method, kind, settings.keep.order):
            total += 1
            reclaim += freed
            if as_json:
                plain.say_json(group_json(detail, freed))
            else:
                _say_group(detail, freed)
        waiting = freshness.unmatched(catalog, method)
    if waiting:
        flag = "" if method == "evidence" else f" --method {method}"
        count = wording.count(waiting, "picture")
        plain.note(f"twinsift: {count} not compared yet; `twinsift match{flag}` does it")
    if not as_json:
        what = "group of near shots" if near else "group of duplicates"
        many = "groups of near shots" if near else "groups of duplicates"
        told = "" if near else f", {wording.size(reclaim)} to be freed"
        plain.say(f"{wording.count(total, what, many)}{told}")
    return Status.DONE


def _in_order(
    catalog: Catalog, method: str, kind: str, order: tuple[str, ...]
) -> Iterator[tuple[GroupDetail, int]]:
    """The groups and what each frees; those just regrouped are left out."""
    groups = groups_in_order(catalog, method=method, kind=kind)
    while freed := {group.id: group.reclaim for group in itertools.islice(groups, _AT_ONCE)}:
        for detail in load_groups(catalog, list(freed), method=method, kind=kind, order=order):
            yield detail, freed[detail.id]


def group_json(detail: GroupDetail, reclaim: int) -> dict[str, Any]:
    """One group as the object that `groups --json` prints; the suggested keeper comes first."""
    return {
        "id": detail.id,
        "kind": detail.kind,
        "verdict": str(detail.verdict),
        "similarity": round(detail.similarity, 4),
        "reclaim": reclaim,
        "files": [_member_json(member) for member in detail.members],
        "weakest": detail.weakest and os.fsdecode(detail.weakest.path),
        "shown_in": [os.fsdecode(holder.path) for holder in detail.shown_in],
    }


def _member_json(member: Member) -> dict[str, Any]:
    return {
        "path": os.fsdecode(member.path),
        "keep": member.suggested,
        "reason": member.reason,
        "verdict": str(member.verdict),
        "similarity": round(member.similarity, 4),
        "probability": member.probability and round(member.probability, 4),
        "holds_more": member.holds,
        "representative": member.is_representative,
        "decision": member.verb,
        "size": member.size,
        "width": member.width,
        "height": member.height,
        "format": member.format,
        "captured": member.captured_at,
        "digest": member.digest.hex(),
        "evidence": json.loads(member.evidence.to_json()),
    }


def _say_group(detail: GroupDetail, reclaim: int) -> None:
    plain.say(
        f"{detail.id}  {detail.verdict}  {wording.percent(detail.similarity)}"
        f"  {wording.count(len(detail.members), 'file')}, {wording.size(reclaim)} to be freed"
    )
    for member in detail.members:
        mark = "keep" if member.suggested else "    "
        facts = f"{member.width}x{member.height} {member.format} {wording.size(member.size)}"
        relation = "base of the comparison" if member.is_representative else str(member.verdict)
        share = "" if member.is_representative else f" {wording.percent(member.similarity)}"
        reason = f"; {member.reason}" if member.suggested else ""
        decided = f" [{member.verb}]" if member.verb else ""
        plain.say(f"  {mark} {printable(member.path)}  {facts}  {relation}{share}{reason}{decided}")
    for holder in detail.shown_in:
        plain.say(f"       also seen in: {printable(holder.path)} (collage)")
    plain.say()
