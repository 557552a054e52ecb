"""How far a picture is reduced when read: not at all, to a longest side, to a network's input."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

SQUEEZED = "1, bilinear, 3x"
"""Names how a picture is squeezed; whatever is computed from it and kept says so."""

_MARGIN = 3  # times the size, left to the resampling: measured, see docs/embedding.md

Size = tuple[int, int]
"""(width, height)"""


@dataclass(frozen=True, slots=True)
class Whole:
    """Nothing is reduced."""

    def least(self, whole: Size) -> Size:
        """The size below which the decoder mustn't reduce."""
        return whole

    def apply(self, image: Image.Image) -> Image.Image:
        """A decoded upright picture at its final size."""
        return image


@dataclass(frozen=True, slots=True)
class Within:
    """The longest side is at most `side`; the shape is kept, and nothing enlarged."""

    side: int

    def least(self, whole: Size) -> Size:
        """As `Whole.least`."""
        return reduced_size(*whole, self.side)

    def apply(self, image: Image.Image) -> Image.Image:
        """As `Whole.apply`."""
        if max(image.size) <= self.side:
            return image
        # Hamming's window: nearly as free of aliases as Lanczos' at half its cost.
        return image.resize(
            reduced_size(*image.size, self.side), Image.Resampling.HAMMING, reducing_gap=2.0
        )


@dataclass(frozen=True, slots=True)
class Coarse:
    """Decoded as small as serves hashes and a preview, then kept within `most`.

    Hashes look at 32 x 32 cells: what is finer than some times that changes next to nothing in
    them. `hashed` is the shorter side that they want, `shown` the longer one of a preview. A JPEG
    of no more than `most` pixels a side and `largest` bytes is its own preview: only the hashes
    come from its pixels.
    """

    hashed: int
    shown: int
    most: int
    largest: int

    def least(self, whole: Size) -> Size:
        """As `Whole.least`."""
        return _scaled(whole, max(self.hashed / min(whole), self.shown / max(whole)))

    def least_hashed(self, whole: Size) -> Size:
        """The same where only hashes are wanted."""
        return _scaled(whole, self.hashed / min(whole))

    def apply(self, image: Image.Image) -> Image.Image:
        """As `Whole.apply`."""
        return Within(self.most).apply(image)


@dataclass(frozen=True, slots=True)
class Squeezed:
    """Exactly `size`, whatever the shape: what networks take."""

    size: Size

    def least(self, whole: Size) -> Size:
        """As `Whole.least`."""
        side = _MARGIN * max(self.size)  # whichever way round it is stored
        return (side, side) if min(whole) > side else whole

    def apply(self, image: Image.Image) -> Image.Image:
        """As `Whole.apply`; Pillow's filter spans what it shrinks, so no pixel is passed over."""
        return image.resize(self.size, Image.Resampling.BILINEAR)


Reduction = Whole | Within | Coarse | Squeezed


def _scaled(whole: Size, scale: float) -> Size:
    width, height = whole
    return whole if scale >= 1 else (max(1, round(width * scale)), max(1, round(height * scale)))


def reduced_size(width: int, height: int, side: int) -> Size:
    """The size with the longest side at most `side`."""
    return (width, height) if max(width, height) <= side else working_size(width, height, side)


def working_size(width: int, height: int, side: int) -> Size:
    """Width and height of the working picture: longest side `side`, smaller pictures enlarged."""
    scale = side / max(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))
