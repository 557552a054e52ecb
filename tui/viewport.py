"""Which part of a frame is looked at, and how large: zoom and pan as plain numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace

DOTS = (1, 2)
"""What a cell of half blocks shows of a picture: a dot a half."""
_LARGEST = 8.0  # dots for one pixel of the finer picture
_STEP = 2.0
_PAN = 1 / 3  # of what is seen


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a frame in a box of cells."""

    columns: int
    rows: int
    left: float
    """In the frame's units, as all below."""
    top: float
    step: float
    """Frame units for one dot."""

    def seen(self, frame: tuple[float, float], dots: tuple[int, int] = DOTS) -> tuple[float, float]:
        """The shares of the frame that are seen, across and down."""
        return (
            self.columns * dots[0] * self.step / frame[0],
            self.rows * dots[1] * self.step / frame[1],
        )


@dataclass(frozen=True, slots=True)
class Viewport:
    """A place in the frame, 0..1 both ways, and how many times larger than whole it's shown."""

    x: float = 0.5
    y: float = 0.5
    zoom: float = 1.0

    @property
    def is_whole(self) -> bool:
        """Whether all of the frame is seen."""
        return self.zoom <= 1.0

    def window(
        self, frame: tuple[float, float], box: tuple[int, int], dots: tuple[int, int] = DOTS
    ) -> Window:
        """What of a frame (width, height) is seen in a box (columns, rows), dots a cell given."""
        width, height = frame
        step = fitting(frame, box, dots) / max(1.0, self.zoom)
        columns = max(1, min(box[0], round(width / step / dots[0])))
        rows = max(1, min(box[1], round(height / step / dots[1])))
        left = _inside(self.x * width, columns * dots[0] * step, width)
        top = _inside(self.y * height, rows * dots[1] * step, height)
        return Window(columns, rows, left, top, step)

    def magnified(self, steps: int, whole: float) -> Viewport:
        """Larger or smaller by steps of two; it stops at full size, at whole and at 8:1.

        `whole` is the zoom at which a pixel of the finer picture is one dot.
        """
        zoom = self.zoom
        for _ in range(abs(steps)):
            after = zoom * _STEP if steps > 0 else zoom / _STEP
            low, high = sorted((zoom, after))
            zoom = whole if low * 1.001 < whole < high / 1.001 else after
        return replace(self, zoom=max(1.0, min(zoom, max(1.0, _LARGEST * whole))))

    def panned(self, across: int, down: int, seen: tuple[float, float]) -> Viewport:
        """A third of what is seen further, its shares of the frame given; never beyond the edges.

        Where both ways all is seen, it stays.
        """
        half = [min(share, 1.0) / 2 for share in seen]
        x = self.x + across * _PAN * 2 * half[0]
        y = self.y + down * _PAN * 2 * half[1]
        return replace(
            self,
            x=min(max(x, half[0]), 1 - half[0]),
            y=min(max(y, half[1]), 1 - half[1]),
        )


def fitting(
    frame: tuple[float, float], box: tuple[int, int], dots: tuple[int, int] = DOTS
) -> float:
    """Frame units for one dot where a whole frame fits a box."""
    return max(frame[0] / (max(1, box[0]) * dots[0]), frame[1] / (max(1, box[1]) * dots[1]), 1e-6)


def _inside(middle: float, seen: float, whole: float) -> float:
    """Where the seen part begins so that it stays inside, centred where it's larger."""
    if seen >= whole:
        return (whole - seen) / 2
    return min(max(middle - seen / 2, 0.0), whole - seen)
