"""What tells the files of a group apart, as rows of a table with the better ones marked."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..catalog.review import Member
from ..models.tags import Tag
from ..models.text import printable
from . import wording

Rank = Callable[[Member], float]


@dataclass(frozen=True, slots=True)
class Fact:
    """One property of all files of a group."""

    label: str
    values: tuple[str, ...]
    """One a file, in their order; '' where it isn't known."""
    better: frozenset[int]
    """Indices of the files that are best in it; empty where none is, or where it's no contest."""
    is_path: bool = False
    """Whether the end of a value tells more than its start."""
    word: str = ""
    """What the better one is: 'more', 'larger'."""

    @property
    def differs(self) -> bool:
        """Whether the files differ in it."""
        return len(set(self.values)) > 1


def facts(
    members: Sequence[Member], *, numbers: Sequence[int] = (), all_of_them: bool = False
) -> list[Fact]:
    """The facts in which the files differ, the most telling first; or every known fact.

    `numbers` are the files' numbers in their group; without them they count from 1.
    """
    numbers = numbers or range(1, len(members) + 1)
    found = [
        _fact(
            members,
            "pixels",
            lambda m: f"{m.width}×{m.height}",
            lambda m: m.width * m.height,
            word="more",
        ),
        _fact(members, "size", _size_words(members), lambda m: m.size, word="larger"),
        _fact(members, "format", _format, _format_rank, word="better"),
        _taken(members),
        _fact(members, "folder", lambda m: _folder(m), None, is_path=True),
        _fact(members, "name", lambda m: printable(os.path.basename(m.path)), None),
        _fact(members, "changed", lambda m: wording.moment(m.mtime_ns / 1e9), None),
        _fact(members, "camera", lambda m: printable(m.camera or "–"), None),
        _fact(
            members,
            "EXIF",
            lambda m: wording.count(m.exif_count, "tag"),
            lambda m: m.exif_count,
            word="more",
        ),
        _fact(members, "links", lambda m: _links(m, members, numbers), None),
    ]
    if all_of_them:
        return [fact for fact in found if any(value not in ("", "–") for value in fact.values)]
    return [fact for fact in found if fact.differs]


def with_tags(rows: Sequence[Fact], first: Sequence[Tag], second: Sequence[Tag]) -> list[Fact]:
    """The facts of two files and, after them, all tags that no fact tells already."""
    told = {row.label.casefold() for row in rows}
    values: dict[str, list[str]] = {}
    for place, found in enumerate((first, second)):
        for tag in found:
            if tag.name.casefold() not in told:
                pair = values.setdefault(tag.name, ["", ""])
                pair[place] = pair[place] or tag.value
    return [*rows, *(Fact(n, (a, b), frozenset()) for n, (a, b) in values.items())]


def _fact(
    members: Sequence[Member],
    label: str,
    tell: Callable[[Member], str],
    rank: Rank | None,
    *,
    is_path: bool = False,
    word: str = "",
) -> Fact:
    values = tuple(tell(member) for member in members)
    better: frozenset[int] = frozenset()
    if rank is not None:
        ranks = [rank(member) for member in members]
        if min(ranks) < max(ranks):
            better = frozenset(i for i, r in enumerate(ranks) if r == max(ranks))
    return Fact(label, values, better, is_path, word)


def _size_words(members: Sequence[Member]) -> Callable[[Member], str]:
    """How sizes are told: rounded, or to the byte where rounding would make them equal."""
    rounded = {wording.size(member.size) for member in members}
    if len(rounded) < len({member.size for member in members}):
        return lambda member: f"{member.size:,} B"
    return lambda member: wording.size(member.size)


def _taken(members: Sequence[Member]) -> Fact:
    """The capture times, to the minute where that tells them apart as well as the seconds do."""
    exact = [member.captured_at or "–" for member in members]
    short = [time[:16] for time in exact]
    told = short if len(set(short)) == len(set(exact)) else exact
    return Fact("taken", tuple(told), frozenset())


def _format(member: Member) -> str:
    words = [member.format or "–"]
    if member.quality is not None:
        words.append(f"quality {member.quality}")
    elif member.lossless:
        words.append("lossless")
    return " ".join(words)


def _format_rank(member: Member) -> float:
    return 101 if member.lossless else member.quality or 0


def _folder(member: Member) -> str:
    folder = printable(wording.home_short(os.path.dirname(member.path)))
    return f"{folder} (reference)" if member.reference else folder


def _links(member: Member, members: Sequence[Member], numbers: Sequence[int]) -> str:
    same = [
        number
        for number, other in zip(numbers, members, strict=True)
        if other is not member and (other.device, other.inode) == (member.device, member.inode)
    ]
    return "hard link of " + ", ".join(map(str, same)) if same else ""
