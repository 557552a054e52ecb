"""Sizes, times, verdicts and evidence in the words that the screens use."""

from __future__ import annotations

import math
import os
from datetime import datetime

from ..catalog import strictness
from ..models.evidence import Evidence, Verdict

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


def evidence_sentence(verdict: Verdict, evidence: Evidence) -> str:
    """What was found out about a file and the group's representative, in one line.

    For example 'mirrored crop, 52 % of the area; 143 matching points; SSIM 0.93 where they overlap'
    (in one line).
    """
    if evidence.method == "digest" or verdict is Verdict.IDENTICAL_FILE:
        return "identical file, byte for byte"
    if verdict is Verdict.IDENTICAL_PIXELS:
        return "identical pixels, other file format or metadata"
    parts = [_what(verdict, evidence)]
    if evidence.inliers:
        parts.append(count(evidence.inliers, "matching point"))
    if evidence.ssim is not None:
        where = " where they overlap" if _cover(evidence) < 0.97 else ""
        parts.append(f"SSIM {evidence.ssim:.2f}{where}")
    if evidence.hamming is not None:
        parts.append(f"pHash {evidence.hamming} of 64 bits apart")
    if evidence.cosine is not None:
        parts.append(f"cosine {evidence.cosine:.2f}")
    return "; ".join(parts)


def _cover(evidence: Evidence) -> float:
    covers = [c for c in (evidence.cover_a, evidence.cover_b) if c is not None]
    return min(covers, default=1.0)


def _what(verdict: Verdict, evidence: Evidence) -> str:
    turns = []
    if evidence.mirrored:
        turns.append("mirrored")
    if abs(evidence.rotation) >= 1.0:
        turns.append(f"rotated {round(abs(evidence.rotation))}°")
    if evidence.inverted:
        turns.append("inverted")
    words = str(verdict)
    if verdict is Verdict.TURNED:
        return ", ".join(turns) or words
    covered = _cover(evidence)
    if verdict is Verdict.CROPPED:
        words = " ".join([*turns, "crop"])
        return f"{words}, {percent(covered)} of the area"
    if verdict is Verdict.FRAMED and covered < 0.97:
        words += f", {percent(covered)} in common"
    return ", ".join([words, *turns])


def expected_false(name: str, pictures: int) -> str:
    """The false pairs that a strictness may make: 'at most about 3 false pairs in 900 pictures'."""
    most = max(1, math.ceil(strictness.expected_false(name, pictures)))
    return f"at most about {count(most, 'false pair')} in {count(pictures, 'picture')}"
