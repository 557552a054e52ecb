"""File names made safe to show: they may hold escape sequences, bidi overrides and stray bytes."""

from __future__ import annotations

import os
import unicodedata

_SAFE_ODDITIES = frozenset(
    "\u200c\u200d"
)  # joiners: Persian names and emoji fall apart without them
_UNSHOWN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def printable(path: bytes | str) -> str:
    """A path or any foreign text as one line that can't steer the terminal.

    Control characters, escape, line separators and bidi overrides are shown as backslash escapes
    (`\\n`, `\\x1b`, `\\u202e`), bytes that aren't text in the file system's encoding as `\\xe9`.
    For showing only: two names may look the same, so nothing is ever looked up by the result.
    """
    text = os.fsdecode(path) if isinstance(path, bytes) else path
    if text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character in _NAMED:
        return _NAMED[character]
    if unicodedata.category(character) not in _UNSHOWN or character in _SAFE_ODDITIES:
        return character
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # surrogateescape's stand-in for one undecodable byte
        return f"\\x{code - 0xDC00:02x}"
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
