"""Text cut and padded to terminal cells, wide letters counted as two."""

from __future__ import annotations

from typing import Literal

from rich.cells import cell_len, set_cell_size

ELLIPSIS = "…"

Keep = Literal["start", "end", "middle"]


def clip(text: str, width: int, keep: Keep = "start") -> str:
    """The text in at most `width` cells; what had to go is replaced by an ellipsis.

    `keep` says which part stays: the start, the end (folders), or both ends (file names).
    """
    if width <= 0:
        return ""
    if cell_len(text) <= width:
        return text
    room = width - 1
    if keep == "start":
        return _head(text, room) + ELLIPSIS
    if keep == "end":
        return ELLIPSIS + _tail(text, room)
    tail = _tail(text, room // 2)
    return _head(text, room - cell_len(tail)) + ELLIPSIS + tail


def column(text: str, width: int, keep: Keep = "start", *, right: bool = False) -> str:
    """The text in exactly `width` cells, padded on the right, or on the left where `right`."""
    cut = clip(text, width, keep)
    padding = " " * max(0, width - cell_len(cut))
    return padding + cut if right else cut + padding


def _head(text: str, width: int) -> str:
    return set_cell_size(text, width).rstrip() if width > 0 else ""


def _tail(text: str, width: int) -> str:
    taken = 0
    start = len(text)
    while start > 0:
        taken += cell_len(text[start - 1])
        if taken > width:
            break
        start -= 1
    return text[start:]
