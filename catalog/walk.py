"""Walking a folder: every regular file in it, in one fixed order.

- Names that begin with a dot are left out unless asked for; the trash always is.
- Symbolic links to files are never followed: a link isn't a copy. Links to folders are followed on
  request, each real folder once, and never into a folder that is walked anyway.
- Mounted file systems are entered unless asked not to.
- Special files (FIFO, sockets, devices) are passed over without being opened.
"""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from .fileops import PREFIX
from .identity import Identity
from .reading import os_reason
from .roots import is_inside
from .settings import IndexSettings


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A regular file."""

    path: bytes
    """Relative to the root, parts joined by '/'."""
    identity: Identity


@dataclass(frozen=True, slots=True)
class UnreadableFolder:
    """A folder whose content can't be told; what is known of it stays."""

    path: bytes
    """Relative to the root; empty for the root itself."""
    reason: str


@dataclass(frozen=True, slots=True)
class WalkRules:
    """What is left out."""

    hidden: bool = False
    follow_symlinks: bool = False
    one_file_system: bool = False
    ignored: Callable[[bytes], object] = field(default=lambda name: None)
    """Whether a name is to be left out."""
    closed: frozenset[bytes] = frozenset()
    """Absolute paths that are passed over: other roots, which are walked on their own; the trash;
    the catalog's own files, whose locks a second opening in one process would drop."""
    roots: tuple[bytes, ...] = ()
    """All roots, absolute: no link is followed into them."""

    @classmethod
    def of(
        cls, settings: IndexSettings, *, closed: frozenset[bytes], roots: tuple[bytes, ...]
    ) -> WalkRules:
        """The rules that the settings ask for."""
        patterns = [fnmatch.translate(pattern) for pattern in settings.ignore]
        ignored = re.compile(b"|".join(os.fsencode(p) for p in patterns)).match
        return cls(
            hidden=settings.hidden,
            follow_symlinks=settings.follow_symlinks,
            one_file_system=settings.one_file_system,
            ignored=ignored if patterns else lambda name: None,
            closed=closed,
            roots=roots,
        )


def walk(root: bytes, folder: bytes, rules: WalkRules) -> Iterator[FoundFile | UnreadableFolder]:
    """Every file below `root/folder`, ordered by the bytes of its path; nothing is opened.

    `root` is absolute and real, `folder` relative to it (empty: the root itself).
    """
    start = os.path.join(root, folder) if folder else root
    try:
        device = os.stat(start).st_dev
    except OSError as error:
        yield UnreadableFolder(folder, os_reason(error))
        return
    linked: set[tuple[int, int]] = set()
    stack: list[FoundFile | _Listing] = [_Listing(folder, start, False)]
    while stack:
        listing = stack.pop()
        if isinstance(listing, FoundFile):
            yield listing
            continue
        try:
            # Decided now, in the order of the walk, and not in that of a listing.
            if listing.linked and not _is_new_folder(listing.absolute, rules, device, linked):
                continue
            below = _children(listing, rules, device)
        except OSError as error:
            yield UnreadableFolder(listing.path, os_reason(error))
            continue
        stack.extend(reversed(below))


@dataclass(frozen=True, slots=True)
class _Listing:
    path: bytes
    absolute: bytes
    linked: bool
    """Whether a symbolic link led here."""


def _children(listing: _Listing, rules: WalkRules, device: int) -> list[FoundFile | _Listing]:
    """What is in a folder, in the order of the full paths: folders sort as if '/' ended them."""
    found: list[tuple[bytes, FoundFile | _Listing]] = []
    with os.scandir(listing.absolute) as entries:
        for entry in entries:
            name = entry.name
            hidden = name.startswith(b".") and not rules.hidden
            # PREFIX: the trash, and files that a file action is in the middle of
            if hidden or name.startswith(PREFIX) or rules.ignored(name):
                continue
            path = listing.path + b"/" + name if listing.path else name
            if entry.is_symlink():
                if rules.follow_symlinks and _is_folder_link(entry):
                    found.append((name + b"/", _Listing(path, entry.path, True)))
                continue
            try:
                if entry.is_dir(follow_symlinks=False):
                    if listing.linked or _is_open(entry, rules, device):
                        found.append((name + b"/", _Listing(path, entry.path, listing.linked)))
                elif entry.is_file(follow_symlinks=False) and entry.path not in rules.closed:
                    found.append((name, FoundFile(path, _identity(entry))))
            except FileNotFoundError:
                continue  # gone since the listing was read
    found.sort(key=lambda pair: pair[0])
    return [child for _, child in found]


def _is_open(entry: os.DirEntry[bytes], rules: WalkRules, device: int) -> bool:
    if entry.path in rules.closed:
        return False
    return not rules.one_file_system or entry.stat(follow_symlinks=False).st_dev == device


def _is_folder_link(entry: os.DirEntry[bytes]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False  # a link in a circle, or into a place that is closed to us


def _is_new_folder(
    path: bytes, rules: WalkRules, device: int, linked: set[tuple[int, int]]
) -> bool:
    """Whether a folder behind a link is reached neither by the walk itself nor by another link."""
    real = os.path.realpath(path)
    status = os.stat(real)
    key = (status.st_dev, status.st_ino)
    if (
        key in linked
        or real in rules.closed
        or _is_walked(real, rules)
        or (rules.one_file_system and status.st_dev != device)
    ):
        return False
    linked.add(key)
    return True


def _is_walked(real: bytes, rules: WalkRules) -> bool:
    return any(real == root or is_inside(real, root) for root in rules.roots)


def _identity(entry: os.DirEntry[bytes]) -> Identity:
    # On Windows the listing knows neither device nor inode.
    status = os.lstat(entry.path) if os.name == "nt" else entry.stat(follow_symlinks=False)
    return Identity.of(status)
