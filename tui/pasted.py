"""The path that a pasted or dropped text stands for, whatever the terminal made of it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes, urlsplit


def path_of(text: str) -> bytes:
    """The absolute path meant by a text: of a file that is there, else what was most likely meant.

    Terminals drop a file as its bare path, in quotes, with a backslash before each odd character,
    or as a `file://` URL (RFC 8089); people write `~`. Of several lines the first counts.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    readings = [_absolute(reading) for reading in _readings(lines[0] if lines else "")]
    return next((path for path in readings if os.path.exists(path)), readings[-1])


def _readings(text: str) -> Iterator[bytes]:
    """What a text may mean, the plainest first: a name may hold quotes and backslashes itself."""
    yield os.fsencode(text)
    if text.lower().startswith("file:"):
        yield unquote_to_bytes(urlsplit(text).path)
        return
    bare = text
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"":
        bare = text[1:-1].replace("'\\''", "'")
        yield os.fsencode(bare)
    if os.sep != "\\":
        yield os.fsencode(re.sub(r"\\(.)", r"\1", bare))


def _absolute(path: bytes) -> bytes:
    return os.path.join(os.fsencode(os.getcwd()), os.path.expanduser(path))
