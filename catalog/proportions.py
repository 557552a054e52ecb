"""Which files of a group were stretched: enlarged along one side more than along the other."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..models.evidence import Evidence

_STRETCH = 0.03  # whole pixels change a thumbnail's proportions by one per cent
_BEND = 2e-5  # of perspective for a working pixel: what is seen aslant has no one proportion


@dataclass(frozen=True, slots=True)
class Shape:
    """A content's proportions beside those of the group's representative."""

    content_id: int
    stretch: float
    """Logarithm of the representative's width in it for the representative's height; 0: alike."""
    photographed: bool
    """Whether it says when it was taken."""


def stretch(e: Evidence, *, first: bool) -> float:
    """`Shape.stretch` of a content by its pair with the representative, which is a if `first`."""
    if e.transform is None:
        return 0.0
    onto = np.reshape(e.transform, (3, 3))
    if not first:
        onto = np.linalg.inv(onto)
    onto = onto / onto[2, 2]
    across, down = np.linalg.norm(onto[:2, :2], axis=0)
    if np.abs(onto[2, :2]).max() > _BEND or min(across, down) <= 0:
        return 0.0
    return math.log(across / down)


def stretched(shapes: Sequence[Shape]) -> set[int]:
    """Ids of the contents whose proportions are not those that most have.

    Of as many on either side those are right that say when they were taken; where that tells
    nothing either, nobody knows which was stretched, and none is.
    """
    alike: dict[int, list[Shape]] = defaultdict(list)
    reached, number = -math.inf, 0
    for shape in sorted(shapes, key=lambda shape: shape.stretch):
        number += shape.stretch - reached > _STRETCH
        reached = shape.stretch
        alike[number].append(shape)
    votes = {
        n: (len(those), any(shape.photographed for shape in those)) for n, those in alike.items()
    }
    most = max(votes.values(), default=(0, False))
    best = [n for n, vote in votes.items() if vote == most]
    if len(best) != 1:
        return set()
    return {shape.content_id for n, those in alike.items() if n != best[0] for shape in those}
