"""Which file of a group is suggested as the one to keep, and the reason in plain words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Candidate:
    """What the keeper rules look at; `path` is absolute, `captured_at` sorts as text."""

    path: bytes
    reference: bool
    width: int
    height: int
    lossless: bool
    size: int
    exif_count: int
    captured_at: str | None
    mtime_ns: int
    framed: bool = False
    """Whether it is a copy with something added around it: a border, a caption's bar."""
    holds: bool = False
    """Whether it shows the picture reduced among other things: a screenshot, an album's page."""
    stretched: bool = False
    """Whether its sides were changed in another proportion than the picture had."""
    format: str = ""
    quality: int | None = None
    """Estimated JPEG quality, 1..100."""


@dataclass(frozen=True, slots=True)
class _Rule:
    """A measure of which the larger is better, and what is said of the winner."""

    measure: Callable[[Candidate], float | tuple[float, ...]]
    words: Callable[[Candidate], str]
    applies: Callable[[Sequence[Candidate]], bool] = lambda _: True
    """Whether the measure can tell these files apart."""


def _taken(candidate: Candidate) -> tuple[float, ...]:
    """Older is better; a capture time outranks the time a copy was written."""
    if candidate.captured_at is None:
        return (0.0, -float(candidate.mtime_ns))
    digits = "".join(c for c in candidate.captured_at if c.isdigit())
    return (1.0, -float(digits or 0))


def _have_quality(candidates: Sequence[Candidate]) -> bool:
    """Estimates are comparable within one format only."""
    return len({c.format for c in candidates}) == 1 and all(c.quality for c in candidates)


_RULES: dict[str, _Rule] = {
    "unframed": _Rule(lambda c: not c.framed, lambda c: "without the border that was added"),
    "unstretched": _Rule(lambda c: not c.stretched, lambda c: "not stretched"),
    "resolution": _Rule(
        lambda c: c.width * c.height, lambda c: f"most pixels ({c.width}×{c.height})"
    ),
    "lossless": _Rule(lambda c: c.lossless, lambda c: "lossless format"),
    "quality": _Rule(
        lambda c: c.quality or 0, lambda c: f"best quality ({c.quality})", _have_quality
    ),
    "size": _Rule(lambda c: c.size, lambda c: "largest file"),
    "exif": _Rule(lambda c: c.exif_count, lambda c: f"most metadata ({c.exif_count} EXIF tags)"),
    "oldest": _Rule(
        _taken, lambda c: f"oldest ({c.captured_at})" if c.captured_at else "oldest file"
    ),
    "depth": _Rule(lambda c: -c.path.count(b"/") - c.path.count(b"\\"), lambda c: "shortest path"),
}


def suggest(candidates: Sequence[Candidate], order: Sequence[str]) -> tuple[int, str]:
    """Index of the file to keep and the rule that decided, whatever the order they come in.

    What only holds the picture is never a reason to remove the picture itself; then a file in a
    reference folder comes first. `order` names rules of KEEP_RULES; files that no rule tells apart
    are ordered by path.
    """
    left = [i for i, candidate in enumerate(candidates) if not candidate.holds]
    left = left or list(range(len(candidates)))
    if any(candidates[i].reference for i in left):
        left = [i for i in left if candidates[i].reference]
        if len(left) == 1:
            return left[0], "in a reference folder"
    for name in order:
        rule = _RULES[name]
        if not rule.applies([candidates[i] for i in left]):
            continue
        best = max(rule.measure(candidates[i]) for i in left)
        better = [i for i in left if rule.measure(candidates[i]) == best]
        if len(better) == 1 and len(left) > 1:
            return better[0], rule.words(candidates[better[0]])
        left = better
    first = min(left, key=lambda i: (len(candidates[i].path), candidates[i].path))
    return first, "equal in every rule; first by path" if len(left) > 1 else "the only file"
