"""Sizes, times, verdicts and evidence in the words that the screens use."""

from __future__ import annotations

import math
import os
from datetime import datetime

from ..catalog import strictness
from ..models.evidence import Verdict

SHORT_VERDICTS: dict[Verdict, str] = {
    Verdict.IDENTICAL_FILE: "identical",
    Verdict.IDENTICAL_PIXELS: "same pixels",
    Verdict.REENCODED: "re-encoded",
    Verdict.RESIZED: "resized",
    Verdict.EDITED: "tone edited",
    Verdict.TURNED: "turned",
    Verdict.CROPPED: "cropped",
    Verdict.FRAMED: "framed",
    Verdict.NEAR_SHOT: "near shot",
    Verdict.UNRELATED: "unrelated",
}
"""Verdicts in at most 11 letters, for lists."""

_UNITS = ("B", "KB", "MB", "GB", "TB")


def balance(groups: int, decided: int, freed: int, most: int) -> list[str]:
    """What groups free, in parts: bytes `freed` by those decided, at `most` by those still open."""
    if not decided:
        return [f"frees up to {size(most)}"]
    told = [f"{decided:,} decided free{'s' if decided == 1 else ''} {size(freed)}"]
    return [*told, f"up to {size(most)} more"] if decided < groups else told


def size(count: int) -> str:
    """Bytes in at most 6 letters and a unit of 1,000: '812 B', '3.4 MB', '128 GB'."""
    value = float(count)
    for unit in _UNITS:
        if value < 999.5 or unit == _UNITS[-1]:
            if unit == "B" or value >= 99.95:
                return f"{value:.0f} {unit}"
            return f"{value:.1f} {unit}"
        value /= 1000.0
    raise AssertionError("the loop always returns")


def count(number: int, one: str, many: str = "") -> str:
    """A number with its noun: '1 file', '1,204 files'."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def percent(share: float) -> str:
    """A share 0..1 in whole per cent; only what is exactly equal says 100 %."""
    whole = round(share * 100)
    return f"{99 if whole == 100 and share < 1.0 else whole} %"


def duration(seconds: float) -> str:
    """A time span as a clock shows it: '0:07', '12:40', '3:05:00'."""
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def roughly(seconds: float) -> str:
    """A time span as a person says it: 'less than a minute', 'about 38 min', 'about 2 h 10 min'."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute"
    if minutes < 60:
        return f"about {minutes} min"
    hours, rest = divmod(round(minutes / 10) * 10, 60)
    return f"about {hours} h {rest} min" if rest else f"about {hours} h"


def rate(per_second: float) -> str:
    """Items a second: '38/s', '0.7/s'."""
    return f"{per_second:,.0f}/s" if per_second >= 9.95 else f"{per_second:.1f}/s"


def moment(seconds: float) -> str:
    """A time stamp in local time, to the minute."""
    return datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M")


def home_short(path: bytes) -> bytes:
    """The path with the home folder written as `~`."""
    home = os.fsencode(os.path.expanduser("~")).rstrip(b"/")
    if home and (path == home or path.startswith(home + b"/")):
        return b"~" + path[len(home) :]
    return path


def expected_false(name: str, pictures: int) -> str:
    """The false pairs that a strictness may make: 'at most about 3 false pairs in 900 pictures'."""
    most = max(1, math.ceil(strictness.expected_false(name, pictures)))
    return f"at most about {count(most, 'false pair')} in {count(pictures, 'picture')}"
