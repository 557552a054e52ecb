"""A plan as data: which file will leave its place, which goes along, what stays, what it frees.

`catalog.planning` makes one from decisions, `catalog.plan_file` writes and reads it, and
`catalog.apply` carries it out.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from .decisions import Verb
from .identity import Identity


@dataclass(frozen=True, slots=True)
class Companion:
    """A file that belongs to a picture (a sidecar, its RAW, its film) and goes where that goes."""

    verb: Verb
    """MOVE, or TRASH, also beside a picture that is deleted: nobody compared it with anything."""
    source: bytes
    destination: bytes
    identity: Identity
    """What was there when the plan was made."""
    links: int
    digest: bytes = b""
    """b'' where it wasn't read yet; the size and time of `identity` must do until it is held."""


@dataclass(frozen=True, slots=True)
class Glance:
    """What a file looked like when the plan was made, to tell without reading all of it again."""

    identity: Identity
    sample: bytes
    """`regular_file.sample_of` the file."""


@dataclass(frozen=True, slots=True)
class PlanItem:
    """One file that will leave its place, and the file that stays and so justifies it."""

    file_id: int
    """The catalog's row; 0 where the catalog doesn't know the file (a plan made elsewhere)."""
    group_id: str
    """'' where the file was found by a search."""
    verb: Verb
    """Any but KEEP."""
    source: bytes
    destination: bytes | None
    """Absolute; None but for TRASH and MOVE. It gets a number when the name is taken by then."""
    size: int
    digest: bytes
    mtime_ns: int
    device: int
    inode: int
    keeper: bytes
    keeper_digest: bytes
    links: int
    """Names that the file has; one of several frees nothing when it goes."""
    companions: tuple[Companion, ...] = ()
    glances: tuple[Glance, Glance] | None = None
    """The file's and the keeper's, where a quick check was asked for and will do."""

    @property
    def bytes_freed(self) -> int:
        """Bytes that this frees (for the trash: once it is emptied), companions with it."""
        if self.verb is Verb.MOVE:
            return 0
        own = self.size if self.links == 1 else 0
        along = [c.identity.size for c in self.companions if c.links == 1]
        return own + sum(along)

    @property
    def is_copy(self) -> bool:
        """Whether the file is the keeper's copy byte for byte."""
        return self.digest == self.keeper_digest


@dataclass(frozen=True, slots=True)
class Refusal:
    """A decision that can't be carried out, and why."""

    source: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What one apply will do."""

    name: str
    """Names the batch's folders in the trash."""
    items: tuple[PlanItem, ...]
    refusals: tuple[Refusal, ...]
    follows_links: bool = False
    """Whether folders behind symbolic links count as being where they are seen."""
    is_from_file: bool = False
    """Whether it was read from a plan file, which stands for the decisions."""

    @property
    def bytes_freed(self) -> int:
        """Bytes that all items free; hard links are not counted."""
        return sum(item.bytes_freed for item in self.items)

    @property
    def deletions(self) -> int:
        """How many items can't be undone."""
        return sum(item.verb is Verb.DELETE for item in self.items)

    @property
    def files(self) -> int:
        """How many files it touches, companions among them."""
        return len(self.items) + sum(len(item.companions) for item in self.items)

    def without(self, file_ids: Collection[int]) -> Plan:
        """The plan with some files left alone."""
        kept = tuple(item for item in self.items if item.file_id not in file_ids)
        return replace(self, items=kept)

    def linked(self, verb: Verb, file_ids: Collection[int] | None = None) -> Plan:
        """The plan with links in place of copies that would go to the trash.

        Only what is the keeper's copy byte for byte is linked; of the others, and of those that
        are not among `file_ids` where these are given, nothing changes.
        """
        return replace(self, items=tuple(as_link(i, verb, file_ids) for i in self.items))


def as_link(item: PlanItem, verb: Verb, file_ids: Collection[int] | None = None) -> PlanItem:
    """An item as a link instead of trash, where it can be one; companions stay with the link."""
    asked = file_ids is None or item.file_id in file_ids
    if not asked or item.verb is not Verb.TRASH or not item.is_copy:
        return item
    return replace(item, verb=verb, destination=None, companions=(), glances=None)
