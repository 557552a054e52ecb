"""Inline pictures of iTerm2 (OSC 1337), which WezTerm and others show too: a JPEG a picture.

The terminal keeps none of them: each painting sends it all.
(https://iterm2.com/documentation-images.html)
"""

from __future__ import annotations

import base64
import io

from PIL import Image

from .allowance import allowance, within
from .drawn import KeepsNothing, Pixels

_QUALITY, _LOW_QUALITY = 75, 45
_BITS_A_PIXEL = 2.0  # of a photograph at that quality in base64; a first guess


class Iterm2Renderer(KeepsNothing):
    """Shows pictures by iTerm2's protocol."""

    def __init__(self, cell: tuple[int, int], *, low_bandwidth: bool = False) -> None:
        self.cell = cell
        """Width and height of a cell in pixels."""
        self._low = low_bandwidth

    def encode(self, picture: Image.Image, columns: int, rows: int) -> str:
        """JPEG in base64; the terminal scales it to the box."""
        width, height = columns * self.cell[0], rows * self.cell[1]
        most = allowance(columns, rows, low_bandwidth=self._low)

        def jpeg(detail: float) -> str:
            size = max(1, round(width * detail)), max(1, round(height * detail))
            small = picture.convert("RGB").resize(size, Image.Resampling.LANCZOS, reducing_gap=3)
            stored = io.BytesIO()
            small.save(
                stored, "JPEG", quality=_LOW_QUALITY if self._low else _QUALITY, optimize=True
            )
            return base64.b64encode(stored.getvalue()).decode()

        return within(most, jpeg, most * 8 / _BITS_A_PIXEL / (width * height))

    def paint(self, pixels: Pixels, column: int, row: int) -> str:
        """The whole picture at its cell."""
        size = len(pixels.code) // 4 * 3 - pixels.code.count("=", -2)
        return (
            f"\x1b[{row + 1};{column + 1}H\x1b]1337;File=inline=1;size={size};"
            f"width={pixels.columns};height={pixels.rows};preserveAspectRatio=0;"
            f"doNotMoveCursor=1:{pixels.code}\x07"
        )
