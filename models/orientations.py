"""The eight ways a picture can be turned or mirrored, as maps of the plane (models.hashes)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MIRRORED = (1, 3, 4, 6)
"""The orientations that turn a picture over."""
UNDONE = (0, 1, 2, 3, 4, 7, 6, 5)
"""The orientation that undoes each: two are quarter turns."""
ROTATIONS = (0.0, 0.0, 180.0, 180.0, -90.0, -90.0, 90.0, 90.0)
"""Degrees by which a picture is turned counter-clockwise, mirror taken out, to become the other."""

# Maps of the unit square that undo each orientation: a(u) = b(M u) where a = b.transpose(t).
_MAPS = (
    ((1, 0, 0), (0, 1, 0)),
    ((-1, 0, 1), (0, 1, 0)),
    ((-1, 0, 1), (0, -1, 1)),
    ((1, 0, 0), (0, -1, 1)),
    ((0, 1, 0), (1, 0, 0)),
    ((0, -1, 1), (1, 0, 0)),
    ((0, -1, 1), (-1, 0, 1)),
    ((0, 1, 0), (-1, 0, 1)),
)


def dihedral(orientation: int, wa: int, ha: int, wb: int, hb: int) -> NDArray[np.float64]:
    """The 3x3 map from pixels of a (wa x ha) to those of b, where a = b turned by `orientation`."""
    turn = np.array([*_MAPS[orientation], (0, 0, 1)], np.float64)
    to_unit = np.array([[1 / wa, 0, 0.5 / wa], [0, 1 / ha, 0.5 / ha], [0, 0, 1]])
    from_unit = np.array([[wb, 0, -0.5], [0, hb, -0.5], [0, 0, 1]])
    return from_unit @ turn @ to_unit
