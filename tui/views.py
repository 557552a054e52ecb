"""What the views of a pair show, as pixels and words."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from ..catalog.alignment import Overlaid
from ..catalog.closeup import Closeup, Failed, Part
from ..catalog.identity import Identity
from ..models import frame
from ..models.difference import Difference
from ..models.sentences import sentence
from .colour_scale import colours
from .graphics import fit
from .viewport import Viewport, Window
from .wording import count, percent

_LINES = 20
_DIM = 0.5
_DOTTED = 6  # pixels of a cell from which all points are drawn, beside the lines
_SOFT = 1.25  # dots for one pixel of the preview from which the file itself is looked at

Pixels = NDArray[np.uint8]


class View(StrEnum):
    """A way to look at two pictures; the values are what it is called."""

    FLICKER = "flicker"
    DIFFERENCE = "difference"
    MATCHES = "matching points"
    ZOOM = "side by side"
    METADATA = "metadata"


@dataclass(frozen=True, slots=True)
class Side:
    """One file of the pair."""

    number: int
    """In its group, from 1."""
    content_id: int
    path: bytes
    identity: Identity
    full: tuple[int, int]
    """Width and height of the whole picture."""


@dataclass(frozen=True, slots=True)
class Grain:
    """How fine a cell is drawn."""

    dots: tuple[int, int] = (1, 2)
    """Dots that a cell has across and down: at 100 % each is one pixel of the picture."""
    fine: int = 2
    """Pixels to a dot, across and down, that the renderer is given."""
    ground: tuple[int, int, int] = (22, 26, 33)
    """The colour where a picture doesn't reach."""

    @property
    def pixels(self) -> tuple[int, int]:
        """Pixels of a cell."""
        return self.dots[0] * self.fine, self.dots[1] * self.fine


@dataclass(frozen=True, slots=True)
class Sight:
    """What is wanted: a view of a pair in a box of cells."""

    view: View
    first: Side
    second: Side
    port: Viewport
    columns: int
    rows: int


@dataclass(frozen=True, slots=True)
class Scene:
    """What a view shows."""

    pictures: tuple[Pixels, ...]
    """RGB uint8: one, or two of a size that take turns."""
    columns: int
    """Cells that they fill."""
    rows: int
    captions: tuple[str, str]
    """What is said of each file, or of the left and the right half."""
    summary: str
    wanted: tuple[Part, ...] = ()
    """Parts of the files that would show more than the previews."""


Closeups = Mapping[Part, Closeup | Failed]


def whole_zoom(laid: Overlaid, sight: Sight, grain: Grain) -> float:
    """The zoom at which one pixel of the finer picture is one dot."""
    window = Viewport().window(_size(laid), _box(sight), grain.dots)
    scales = [
        frame.scale(_part(window, grain).onto(to), full, _middle(window, grain)) / grain.fine
        for to, full in zip((laid.frame.to_a, laid.frame.to_b), laid.sizes, strict=True)
    ]
    return max(1.0, 1.0 / max(min(scales), 1e-6))


def window(laid: Overlaid, sight: Sight, grain: Grain) -> Window:
    """The part of the frame that is seen."""
    return sight.port.window(_size(laid), _box(sight), grain.dots)


def scene(sight: Sight, laid: Overlaid, closeups: Closeups, grain: Grain) -> Scene:
    """Draw a view; METADATA has no pictures."""
    match sight.view:
        case View.FLICKER | View.ZOOM:
            return _aligned(sight, laid, closeups, grain)
        case View.DIFFERENCE:
            return _difference(sight, laid, grain)
        case View.MATCHES:
            return _matches(sight, laid, grain)
        case View.METADATA:
            return Scene((), 0, 0, ("", ""), "")


def halves(columns: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """First column and the one after the last, of the left and the right half."""
    wide = (columns - 1) // 2
    return (0, wide), (columns - wide, columns)


# Flicker and side by side -------------------------------------------------------------------------


def _aligned(sight: Sight, laid: Overlaid, closeups: Closeups, grain: Grain) -> Scene:
    seen = window(laid, sight, grain)
    part = _part(seen, grain)
    pictures, wanted, captions = [], [], []
    sides = zip(
        (sight.first, sight.second),
        (laid.first, laid.second),
        (laid.frame.to_a, laid.frame.to_b),
        strict=True,
    )
    for side, preview, to_unit in sides:
        onto = part.onto(to_unit)
        size = part.width, part.height
        request = Part(side.path, side.identity, side.full, tuple(onto.ravel().tolist()), size)
        middle = _middle(seen, grain)
        dots = frame.scale(onto, (preview.shape[1], preview.shape[0]), middle) / grain.fine
        share = percent_of(frame.scale(onto, side.full, middle) / grain.fine)
        closeup = closeups.get(request)
        if isinstance(closeup, Closeup):
            pixels, inside = closeup.pixels, closeup.inside
        else:
            pixels, inside = frame.draw(preview, onto, size)
            if isinstance(closeup, Failed):
                share += f" from the preview: {closeup.reason}"
            elif dots > _SOFT and max(side.full) > max(preview.shape):
                wanted.append(request)
                share += " being read…"
        pictures.append(_grounded(pixels, inside, grain))
        captions.append(share)
    summary = _alignment(laid)
    if not sight.port.is_whole:
        summary = f"{_place(seen, laid, grain)}; {summary}"
    if sight.view is View.FLICKER:
        return Scene(
            tuple(pictures), seen.columns, seen.rows, _pair(captions), summary, tuple(wanted)
        )
    together = _beside(pictures, sight, grain)
    return Scene((together,), sight.columns, sight.rows, _pair(captions), summary, tuple(wanted))


def percent_of(scale: float) -> str:
    """A scale as '100 %', with as many digits as it is worth."""
    return f"{scale * 100:.0f} %" if scale >= 0.0995 else f"{scale * 100:.1f} %"


def _alignment(laid: Overlaid) -> str:
    if not laid.is_aligned:
        return "not aligned: nothing in common was found, so they lie edge to edge"
    return sentence(laid.evidence, laid.verdict)


def _place(seen: Window, laid: Overlaid, grain: Grain) -> str:
    """Which part is seen."""
    across, down = (min(1.0, share) for share in seen.seen(_size(laid), grain.dots))
    width, height = _size(laid)
    middle = (
        (seen.left + across * width / 2) / width, (seen.top + down * height / 2) / height
    )  # fmt: skip
    names = [
        "" if share > 0.99 else _THIRDS[axis][min(2, int(at * 3))]
        for axis, (share, at) in enumerate(zip((across, down), middle, strict=True))
    ]
    where = " ".join(name for name in reversed(names) if name) or "middle"
    return f"{percent(across)} × {percent(down)} of the frame, {where}"


_THIRDS = (("left", "", "right"), ("upper", "", "lower"))


# Difference ---------------------------------------------------------------------------------------


def _difference(sight: Sight, laid: Overlaid, grain: Grain) -> Scene:
    found = laid.difference
    if found is None:
        return Scene((), 0, 0, ("", ""), "they overlap too little to be compared")
    height, width = found.grey.shape
    columns, rows = fit(width, height, *_box(sight))
    size = columns * grain.pixels[0], rows * grain.pixels[1]
    grey = cv2.resize(found.grey, size, interpolation=cv2.INTER_AREA)
    inside = cv2.resize(found.inside.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    picture = np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[..., None], 3, axis=-1)
    # The largest amount of each pixel's area, not the mean: small differences must be seen.
    amount = cv2.dilate(found.amount, np.ones((_spread(found, size),) * 2, np.uint8))
    amount = np.asarray(cv2.resize(amount, size, interpolation=cv2.INTER_AREA), np.float32)
    pictures = [_grounded(p, inside, grain) for p in (picture, colours(amount))]
    return Scene(
        (_beside(pictures, sight, grain),),
        sight.columns,
        sight.rows,
        ("what both show", "bright: differs"),
        difference_words(found, laid.colour),
    )


def difference_words(found: Difference, colour: float = 0.0) -> str:
    """'SSIM 0.93; 4 % of the overlap differs, mostly lower right'; `colour` is Overlaid's."""
    parts = [f"SSIM {found.ssim:.2f}"]
    if found.share < 0.0005:
        parts.append("no visible difference in the overlap")
    else:
        share = "less than 1 %" if found.share < 0.01 else percent(found.share)
        where = f", mostly {found.where}" if found.where else ", here and there"
        parts.append(f"{share} of the overlap differs{where}")
    if colour > _COLOURED:
        parts.append("the colours differ")
    return "; ".join(parts)


_COLOURED = 4.0  # steps of chroma: strong noise and JPEG at quality 10 stay below


def _spread(found: Difference, size: tuple[int, int]) -> int:
    return max(1, round(found.grey.shape[1] / max(1, size[0])))


# Matches ------------------------------------------------------------------------------------------


def _matches(sight: Sight, laid: Overlaid, grain: Grain) -> Scene:
    pictures, places = [], []
    for edge, preview in zip(halves(sight.columns), (laid.first, laid.second), strict=True):
        height, width = preview.shape[:2]
        columns, rows = fit(width, height, edge[1] - edge[0], sight.rows)
        size = columns * grain.pixels[0], rows * grain.pixels[1]
        small = cv2.resize(preview, size, interpolation=cv2.INTER_AREA)
        pictures.append(np.asarray(small * _DIM, np.uint8))
        places.append((_corner(edge, (columns, rows), sight.rows, grain), size))
    together = _beside(pictures, sight, grain)
    found = laid.matches
    ends = [
        np.asarray(corner) + points * size
        for points, (corner, size) in zip((found.first, found.second), places, strict=True)
    ]
    drawn = _scattered(ends[0], _LINES)
    if min(grain.pixels) >= _DOTTED:  # in coarse cells they would hide the pictures
        for x, y in np.rint(np.vstack(ends)).astype(int):
            cv2.circle(together, (int(x), int(y)), 1, (235, 235, 235), -1)
    for turn, index in enumerate(drawn):
        hue = colorsys.hsv_to_rgb((turn * 0.618) % 1.0, 0.55, 1.0)
        from_, to = (tuple(round(float(v)) for v in end[index]) for end in ends)
        cv2.line(together, from_, to, [round(255 * part) for part in hue], 1, cv2.LINE_AA)
    return Scene((together,), sight.columns, sight.rows, ("", ""), _matches_words(laid, len(drawn)))


def _matches_words(laid: Overlaid, drawn: int) -> str:
    if laid.verdict.value.startswith("identical file"):
        return "identical files: nothing had to be matched" if not drawn else _counted(laid, drawn)
    if not drawn:
        return "no points match: they were compared as whole pictures, coarsely"
    return _counted(laid, drawn)


def _counted(laid: Overlaid, drawn: int) -> str:
    found = laid.matches
    told = f"{found.places:,} of {count(found.candidates, 'matching point')} agree"
    lines = "all lines" if drawn == len(found.first) else count(drawn, "line")
    return f"{told}; {lines} drawn"


def _scattered(points: NDArray[np.float64], most: int) -> list[int]:
    """Indices of at most so many points, each as far as can be from those before."""
    if len(points) == 0:
        return []
    chosen = [int(np.linalg.norm(points - points.mean(axis=0), axis=1).argmax())]
    distance = np.linalg.norm(points - points[chosen[0]], axis=1)
    while len(chosen) < min(most, len(points)):
        chosen.append(int(distance.argmax()))
        distance = np.minimum(distance, np.linalg.norm(points - points[chosen[-1]], axis=1))
    return chosen


# Shared -------------------------------------------------------------------------------------------


def _size(laid: Overlaid) -> tuple[float, float]:
    return laid.frame.width, laid.frame.height


def _box(sight: Sight) -> tuple[int, int]:
    """Columns and rows that one picture has."""
    if sight.view is View.FLICKER:
        return sight.columns, sight.rows
    left, right = halves(sight.columns)[0]
    return max(1, right - left), sight.rows


def _part(seen: Window, grain: Grain) -> frame.Part:
    across, down = grain.pixels
    step = seen.step / grain.fine
    return frame.Part(seen.left, seen.top, step, seen.columns * across, seen.rows * down)


def _middle(seen: Window, grain: Grain) -> tuple[float, float]:
    return seen.columns * grain.pixels[0] / 2, seen.rows * grain.pixels[1] / 2


def _grounded(pixels: Pixels, inside: NDArray[np.bool_], grain: Grain) -> Pixels:
    if inside.all():
        return pixels
    return np.where(inside[..., None], pixels, np.array(grain.ground, np.uint8)).astype(np.uint8)


def _corner(
    edge: tuple[int, int], cells: tuple[int, int], rows: int, grain: Grain
) -> tuple[int, int]:
    """Where a picture of some cells begins, in pixels, centred between two columns."""
    left = edge[0] + (edge[1] - edge[0] - cells[0]) // 2
    return left * grain.pixels[0], (rows - cells[1]) // 2 * grain.pixels[1]


def _beside(pictures: list[Pixels], sight: Sight, grain: Grain) -> Pixels:
    """Two pictures, each in the middle of its half."""
    across, down = grain.pixels
    together = np.empty((sight.rows * down, sight.columns * across, 3), np.uint8)
    together[:] = grain.ground
    for edge, picture in zip(halves(sight.columns), pictures, strict=True):
        cells = picture.shape[1] // across, picture.shape[0] // down
        left, top = _corner(edge, cells, sight.rows, grain)
        together[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    return together


def _pair(captions: list[str]) -> tuple[str, str]:
    first, second = captions
    return first, second
