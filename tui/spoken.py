"""Groups in sentences: what the screens show by columns, places and pictures, said in lines."""

from __future__ import annotations

from collections.abc import Iterator

from ..catalog.group_table import GroupSummary
from ..catalog.review import GroupDetail, Member
from ..models.sentences import sentence
from ..models.text import printable
from .facts import facts
from .triage import Triage
from .wording import balance, count, home_short, percent, size

STEPS = {
    "decide": "the decision about this group",
    "clear": "forgetting this group's decisions",
    "distinct": "not duplicates",
    "accept": "the suggestions accepted together",
}
"""Steps of the undo history, in words."""


def overview(triage: Triage) -> str:
    """How many groups are listed, how many are decided, what they free, and which filters hold."""
    totals = triage.totals()
    noun = "group of near shots" if triage.kind == "near" else "group"
    many = "groups of near shots" if triage.kind == "near" else "groups"
    parts = [count(totals.groups, noun, many)]
    if triage.kind == "near" or not totals.decided:
        parts.append(f"{totals.decided:,} decided")
    if triage.kind == "duplicate":
        parts += balance(totals.groups, totals.decided, totals.freed, totals.reclaim)
    if triage.verdict is not None:
        parts.append(f"only {triage.verdict}")
    if triage.open_only:
        parts.append("only open ones")
    if triage.text:
        parts.append(f"only with {printable(triage.text)}")
    return ", ".join([*parts, f"by {triage.sort}"])


def summary(group: GroupSummary) -> str:
    """A group in one line."""
    state = "decided, " if group.is_decided else "partly decided, " if group.decided else ""
    freed = f", frees {size(group.frees)}" if group.kind == "duplicate" else ""
    return (
        f"{state}{group.verdict}, {percent(group.similarity)} alike,"
        f" {count(group.files, 'file')}{freed}:"
        f" {printable(group.name)} in {printable(home_short(group.folder))}"
    )


def group(detail: GroupDetail, triage: Triage) -> Iterator[str]:
    """The group at hand: where it stands in the list, then its files by their numbers."""
    current = triage.current
    freed = ""
    if current is not None and detail.kind == "duplicate":
        freed = f", frees {size(current.frees)}"
    yield ""
    yield (
        f"Group {triage.row + 1:,} of {len(triage.shown):,}: {detail.verdict},"
        f" {percent(detail.similarity)} alike, {count(len(detail.members), 'file')}{freed}"
    )
    for number, member in enumerate(detail.members, 1):
        yield f"{number}: {file(member)}"
    for holder in detail.shown_in:
        yield f"also seen in: {printable(home_short(holder.path))} (collage)"


def file(member: Member) -> str:
    """One file: path, facts, what it is to the others, and what is suggested or decided."""
    parts = [printable(home_short(member.path))]
    parts.append(f"{member.width} by {member.height} {member.format}".strip())
    if member.quality is not None:
        parts.append(f"quality {member.quality}")
    elif member.lossless:
        parts.append("lossless")
    parts.append(size(member.size))
    if member.captured_at:
        parts.append(f"taken {member.captured_at[:16]}")
    if member.reference:
        parts.append("in a reference folder")
    if not member.is_representative:
        parts.append(sentence(member.evidence, member.verdict))
    if member.suggested:
        parts.append(f"suggested to be kept: {member.reason}")
    if member.verb is not None:
        where = f" to {printable(home_short(member.target))}" if member.target is not None else ""
        parts.append(f"decided: {member.verb}{where}")
    return "; ".join(parts)


def all_facts(detail: GroupDetail) -> Iterator[str]:
    """Every known fact, a line each with the values of all files, the better ones marked."""
    for fact in facts(detail.members, all_of_them=True):
        values = [
            f"{number} {value}{' (better)' if number - 1 in fact.better else ''}"
            for number, value in enumerate(fact.values, 1)
        ]
        yield f"{fact.label}: {'; '.join(values)}"
    for number, member in enumerate(detail.members, 1):
        if not member.is_representative:
            yield f"evidence for {number}: {sentence(member.evidence, member.verdict)}"
