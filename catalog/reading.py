"""What a worker does with one file: open it safely, digest it, and extract what isn't known yet."""

from __future__ import annotations

import errno
import functools
import os
import sqlite3
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ..models import digests, formats
from ..models.errors import TwinsiftError
from ..models.features import ExtractSpec, Features
from .identity import Identity

EMPTY = "the file is empty (0 bytes) (look for another copy of it)"

FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
)
"""Neither follow a link that was put there since the walk, nor wait for the other end of a FIFO."""
_REMEDIES = {
    errno.EACCES: "make it readable, then index again",
    errno.EPERM: "make it readable, then index again",
    errno.EIO: "the disk may be failing: copy what can still be read",
    errno.ENOENT: "it was removed meanwhile; index again",
    errno.ELOOP: "it became a symbolic link; index again",
}


@dataclass(frozen=True, slots=True)
class Job:
    """One file to read."""

    file_id: int
    path: bytes
    """Absolute."""
    blame: str = ""
    """Why decoding it already failed: a crash, say. It's then only digested."""


@dataclass(frozen=True, slots=True)
class ReadContext:
    """What all jobs of a run have in common."""

    catalog: Path
    spec: ExtractSpec
    attempt: str
    """Key of a failed attempt: spec, limits and decoders; with another one it's tried again."""
    largest: int
    """Most bytes of a file that are read into memory."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A picture that the catalog didn't have."""

    identity: Identity
    features: Features


@dataclass(frozen=True, slots=True)
class Known:
    """A file whose content the catalog has already, features or reason."""

    identity: Identity
    digest: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that is or claims to be a picture, and can't be decoded."""

    identity: Identity
    digest: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class NotPicture:
    """A file that is no picture and doesn't claim to be one."""

    identity: Identity


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that can't be read, or has nothing to read."""

    reason: str


Reading = Decoded | Known | Refused | NotPicture | Unreadable


def read_file(job: Job, context: ReadContext) -> Reading:
    """Read one file; whatever is wrong with it is part of the answer.

    Raises:
        MemoryError: decoding needs more than this process may take.
    """
    try:
        stream = _opened(job.path)
        if stream is None:
            return Unreadable("no longer a regular file (index again)")
        with stream:
            identity = Identity.of(os.fstat(stream.fileno()))
            reading = _read(stream, identity, job, context)
            if Identity.of(os.fstat(stream.fileno())) != identity:
                return Unreadable("changed while it was read (index again)")
            return reading
    except OSError as error:
        return Unreadable(os_reason(error))


def read_content(path: bytes, digest: bytes, largest: int) -> bytes | None:
    """A file's bytes if they are still the content of this digest, else None: also if it is gone.

    More than `largest` bytes are not read.
    """
    try:
        stream = _opened(path)
        if stream is None:
            return None
        with stream:
            if os.fstat(stream.fileno()).st_size > largest:
                return None
            data = stream.read()
    except OSError:
        return None
    return data if digests.of_bytes(data) == digest else None


def _opened(path: bytes) -> BinaryIO | None:
    """A regular file, open for reading; None for anything else.

    Raises:
        OSError: it can't be opened.
    """
    descriptor = os.open(path, FLAGS)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return open(descriptor, "rb")
    os.close(descriptor)
    return None


def os_reason(error: OSError) -> str:
    """The system's reason as one line, with a remedy where there is one."""
    text = (error.strerror or str(error)).lower()
    remedy = _REMEDIES.get(error.errno or 0)
    return f"{text} ({remedy})" if remedy else text


def _read(stream: BinaryIO, identity: Identity, job: Job, context: ReadContext) -> Reading:
    if identity.size == 0:
        return Unreadable(EMPTY)
    kind = formats.sniff(stream.read(formats.HEAD))
    if not kind and not formats.has_picture_extension(job.path):
        return NotPicture(identity)
    stream.seek(0)
    reason = job.blame
    if not kind:
        reason = "not a picture, whatever its name says (rename it, or look for another copy)"
    elif identity.size > context.largest:
        reason = (
            f"{identity.size >> 20} MiB are too many to be read into memory "
            "(raise index.worker_memory_mb)"
        )
    if reason:
        return Refused(identity, digests.of_stream(stream), reason)
    data = stream.read()
    digest = digests.of_bytes(data)
    if _is_known(digest, context):
        return Known(identity, digest)
    from ..models.extract import extract  # only workers decode: who gives them work starts quickly

    try:
        return Decoded(identity, extract(data, context.spec, digest=digest))
    except TwinsiftError as error:
        return Refused(identity, digest, str(error))


def _is_known(digest: bytes, context: ReadContext) -> bool:
    """Whether the catalog has this content from the same extractor: a copy costs no decode."""
    try:
        row = _connection(context.catalog).execute(
            "SELECT extractor = CASE WHEN error IS NULL THEN ? ELSE ? END FROM content"
            " WHERE digest = ?",
            (context.spec.key(), context.attempt, digest),
        )
        return (row.fetchone() or (0,))[0] == 1
    except sqlite3.Error:
        return False  # busy or gone: decoding once too often does no harm


@functools.cache
def _connection(catalog: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{catalog.absolute().as_uri()}?mode=ro", uri=True)
