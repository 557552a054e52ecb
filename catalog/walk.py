"""Walking a folder: every regular file in it, in one fixed order.

- Names that begin with a dot are left out unless asked for; the trash always is.
- Symbolic links to files are never followed: a link isn't a copy. Links to folders are followed on
  request, each real folder once, and never into a folder that is walked anyway.
- Mounted file systems are entered unless asked not to.
- Special files (FIFO, sockets, devices) are passed over without being opened.
- A folder that holds a `.nomedia` is left out with all below it, as phones do. A `.twinsiftignore`
  holds glob patterns, one a line (`#` begins a comment), of file and folder names to be left out in
  its folder and below. These are the only files that are opened.
"""

from __future__ import annotations

import fnmatch
import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from .fileops import PREFIX
from .identity import Identity
from .reading import os_reason
from .roots import is_inside
from .settings import IndexSettings

_NO_MEDIA, _IGNORE = b".nomedia", b".twinsiftignore"
_MARKERS = (_NO_MEDIA, _IGNORE)
_IGNORE_MOST = 1 << 16  # bytes of a .twinsiftignore that are read


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
    markers: bool = False
    """Whether `.nomedia` and `.twinsiftignore` are obeyed."""

    @classmethod
    def of(
        cls, settings: IndexSettings, *, closed: frozenset[bytes], roots: tuple[bytes, ...]
    ) -> WalkRules:
        """The rules that the settings ask for."""
        return cls(
            hidden=settings.hidden,
            follow_symlinks=settings.follow_symlinks,
            one_file_system=settings.one_file_system,
            ignored=_matcher([os.fsencode(pattern) for pattern in settings.ignore]),
            closed=closed,
            roots=roots,
            markers=settings.markers,
        )


def walk(root: bytes, folder: bytes, rules: WalkRules) -> Iterator[FoundFile | UnreadableFolder]:
    """Every file below `root/folder`, ordered by the bytes of its path; none is opened.

    `root` is absolute and real, `folder` relative to it (empty: the root itself).
    """
    start = os.path.join(root, folder) if folder else root
    try:
        device = os.stat(start).st_dev
    except OSError as error:
        yield UnreadableFolder(folder, os_reason(error))
        return
    linked: set[tuple[int, int]] = set()
    ignored = _ignored_above(root, folder, rules)
    if ignored is None:
        return
    stack: list[FoundFile | _Listing] = [_Listing(folder, start, False, ignored)]
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
    ignored: Callable[[bytes], object]
    """As in WalkRules, with what the folders above ask for."""


def _children(listing: _Listing, rules: WalkRules, device: int) -> list[FoundFile | _Listing]:
    """What is in a folder, in the order of the full paths: folders sort as if '/' ended them."""
    found: list[tuple[bytes, FoundFile | _Listing]] = []
    ignored = _ignored(listing.absolute, listing.ignored) if rules.markers else listing.ignored
    if ignored is None:
        return []
    with os.scandir(listing.absolute) as entries:
        for entry in entries:
            name = entry.name
            hidden = name.startswith(b".") and not rules.hidden
            # PREFIX: the trash, and files that a file action is in the middle of
            if hidden or name.startswith(PREFIX) or ignored(name) or name in _MARKERS:
                continue
            path = listing.path + b"/" + name if listing.path else name
            if entry.is_symlink():
                if rules.follow_symlinks and _is_folder_link(entry):
                    found.append((name + b"/", _Listing(path, entry.path, True, ignored)))
                continue
            try:
                if entry.is_dir(follow_symlinks=False):
                    if listing.linked or _is_open(entry, rules, device):
                        below = _Listing(path, entry.path, listing.linked, ignored)
                        found.append((name + b"/", below))
                elif entry.is_file(follow_symlinks=False) and entry.path not in rules.closed:
                    found.append((name, FoundFile(path, _identity(entry))))
            except FileNotFoundError:
                continue  # gone since the listing was read
    found.sort(key=lambda pair: pair[0])
    return [child for _, child in found]


def _matcher(patterns: Sequence[bytes]) -> Callable[[bytes], object]:
    """Whether a name matches one of some globs."""
    if not patterns:
        return lambda name: None
    expressions = (os.fsencode(fnmatch.translate(os.fsdecode(pattern))) for pattern in patterns)
    return re.compile(b"|".join(expressions)).match


def _ignored(folder: bytes, above: Callable[[bytes], object]) -> Callable[[bytes], object] | None:
    """What is left out in a folder by its markers and by what is `above`; None: all of it.

    A `.twinsiftignore` that can't be read leaves out everything: what a person wanted to be left
    alone isn't known.
    """
    if os.path.lexists(os.path.join(folder, _NO_MEDIA)):
        return None
    place = os.path.join(folder, _IGNORE)
    try:
        if not stat.S_ISREG(os.stat(place).st_mode):
            return None
        with open(place, "rb") as file:
            lines = file.read(_IGNORE_MOST).splitlines()
    except FileNotFoundError:
        return above
    except OSError:
        return None
    own = _matcher([line.strip() for line in lines if line.strip() and not line.startswith(b"#")])
    return lambda name: own(name) or above(name)


def _ignored_above(
    root: bytes, folder: bytes, rules: WalkRules
) -> Callable[[bytes], object] | None:
    """What the folders from `root` down to the parent of `folder` leave out; None: `folder` too."""
    ignored: Callable[[bytes], object] | None = rules.ignored
    absolute = root
    for name in folder.split(b"/") if folder and rules.markers else ():
        ignored = _ignored(absolute, ignored)
        if ignored is None or ignored(name):
            return None
        absolute = os.path.join(absolute, name)
    return ignored


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
