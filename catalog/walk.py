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
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from .fileops import PREFIX
from .identity import Identity
from .reading import os_reason
from .roots import is_inside
from .settings import IndexSettings

_NO_MEDIA, _IGNORE = b".nomedia", b".twinsiftignore"
_DOT = ord(".")
_MARKERS = (_NO_MEDIA, _IGNORE)
_RUN = 1024  # most files in one go
_IGNORE_MOST = 1 << 16  # bytes of a .twinsiftignore that are read


def _nothing(name: bytes) -> object:
    """Leaves out no name."""


Found = tuple[bytes, int, int, int, int]
"""A regular file: its path, relative to the root and joined by '/', and its Identity's numbers.

A plain tuple: of hundreds of thousands of files nothing more is made than what is compared.
"""


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
    ignored: Callable[[bytes], object] = _nothing
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


def walk(root: bytes, folder: bytes, rules: WalkRules) -> Iterator[list[Found] | UnreadableFolder]:
    """Every file below `root/folder`, ordered by the bytes of its path, in runs; none is opened.

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
    closed: dict[bytes, set[bytes]] = defaultdict(set)
    for path in rules.closed:
        closed[os.path.dirname(path)].add(os.path.basename(path))
    stack: list[list[Found] | _Listing] = [_Listing(folder, start, False, ignored)]
    while stack:
        listing = stack.pop()
        if isinstance(listing, list):
            yield listing
            continue
        try:
            # Decided now, in the order of the walk, and not in that of a listing.
            if listing.linked and not _is_new_folder(listing.absolute, rules, device, linked):
                continue
            below = _children(listing, rules, device, closed)
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


def _children(
    listing: _Listing, rules: WalkRules, device: int, closed: Mapping[bytes, Set[bytes]]
) -> list[list[Found] | _Listing]:
    """What is in a folder, in the order of the full paths: folders sort as if '/' ended them."""
    ignored = _ignored(listing.absolute, listing.ignored) if rules.markers else listing.ignored
    if ignored is None:
        return []
    files: list[Found] = []
    folders: list[_Listing] = []
    all_pass = ignored is _nothing
    shut = closed.get(listing.absolute, frozenset())
    before = listing.path + b"/" if listing.path else b""
    with os.scandir(listing.absolute) as entries:
        for entry in entries:
            name = entry.name
            # PREFIX: the trash, and files that a file action is in the middle of
            if name[0] == _DOT and (
                not rules.hidden or name.startswith(PREFIX) or name in _MARKERS
            ):
                continue
            if not all_pass and ignored(name):
                continue
            try:
                if entry.is_file(follow_symlinks=False):
                    if not shut or name not in shut:
                        files.append(_found(before + name, entry))
                elif entry.is_symlink():
                    if rules.follow_symlinks and _is_folder_link(entry):
                        folders.append(_Listing(before + name, entry.path, True, ignored))
                elif entry.is_dir(follow_symlinks=False) and (
                    listing.linked or _is_open(entry, rules, device)
                ):
                    folders.append(_Listing(before + name, entry.path, listing.linked, ignored))
            except FileNotFoundError:
                continue  # gone since the listing was read
    files.sort()
    folders.sort(key=_end_of_folder)
    return _in_order(files, folders)


def _in_order(files: list[Found], folders: Sequence[_Listing]) -> list[list[Found] | _Listing]:
    """Sorted files and folders of one folder as one list: runs of files between the folders."""
    ordered: list[list[Found] | _Listing] = []
    start = 0
    for folder in (*folders, None):
        key = None if folder is None else (_end_of_folder(folder),)
        end = len(files) if key is None else bisect_left(files, key, start)
        ordered += [files[k : min(k + _RUN, end)] for k in range(start, end, _RUN)]
        if folder is not None:
            ordered.append(folder)
        start = end
    return ordered


def _end_of_folder(listing: _Listing) -> bytes:
    return listing.path + b"/"


def _found(path: bytes, entry: os.DirEntry[bytes]) -> Found:
    # On Windows the listing knows neither device nor inode.
    status = os.lstat(entry.path) if os.name == "nt" else entry.stat(follow_symlinks=False)
    device, inode = status.st_dev, status.st_ino
    if (device | inode) >> 63:  # more than SQLite holds as they are
        _, _, device, inode = Identity.of(status)
    return path, status.st_size, status.st_mtime_ns, device, inode


def _matcher(patterns: Sequence[bytes]) -> Callable[[bytes], object]:
    """Whether a name matches one of some globs."""
    if not patterns:
        return _nothing
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
    if own is _nothing or above is _nothing:
        return above if own is _nothing else own
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
