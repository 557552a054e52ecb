"""Compositions: collages, contact sheets, album pages, which hold several other pictures reduced.

A composition is no copy of what it holds. It would join different pictures in one group, and
neither may be removed for the sake of the other: it shows them smaller, and more besides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ..models.evidence import Evidence

VERSION = 1
_OWN = 0.9  # of the container that the part takes up at the most
_OTHER = 0.6  # of the part that the container shows at least: collages cut to their cells
_REDUCED = 1.2  # a crop shows what it was cut from at its own size
_DISJOINT = 0.3  # of the smaller of two parts' places that the larger may cover

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Size:
    """Longest side of a picture in pixels, and the width and height of its working picture."""

    longest: int
    width: int
    height: int


@dataclass(frozen=True)
class Held:
    """A picture that another one shows with more around it."""

    container: int
    part: int
    corners: NDArray[np.float64]
    """The part's, in the container's working pixels, float64 (4, 2)."""
    reduced: bool
    """Whether the container shows it smaller than it is."""

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of the corners."""
        (left, top), (right, bottom) = self.corners.min(axis=0), self.corners.max(axis=0)
        return float(left), float(top), float(right), float(bottom)


def held(pair: Pair, e: Evidence, a: Size, b: Size) -> Held | None:
    """Which of a pair of copies shows the other with more around it, or None."""
    if e.cover_a is None or e.cover_b is None or e.transform is None or not e.scale:
        return None
    forth = np.reshape(e.transform, (3, 3))
    larger = e.scale * b.longest / max(a.longest, 1)
    if e.cover_a < _OWN and e.cover_b > _OTHER and e.cover_a < e.cover_b:
        return Held(pair[0], pair[1], _corners(np.linalg.inv(forth), b, a), larger > _REDUCED)
    if e.cover_b < _OWN and e.cover_a > _OTHER:
        return Held(pair[1], pair[0], _corners(forth, a, b), larger * _REDUCED < 1)
    return None


def _corners(transform: NDArray[np.float64], of: Size, within: Size) -> NDArray[np.float64]:
    corners = np.array(
        [[0, 0, 1], [of.width, 0, 1], [of.width, of.height, 1], [0, of.height, 1]], np.float64
    )
    placed = corners @ transform.T
    return np.clip(placed[:, :2] / placed[:, 2:], 0, (within.width, within.height))


def compositions(
    found: Iterable[Held], edges: Iterable[Pair], pasted: Callable[[Held], bool]
) -> dict[int, set[int]]:
    """Tell the compositions, each with all that it must not share a group with.

    `edges` are all pairs of copies; `pasted` is asked whether a part lies in its container behind
    seams. A composition has, at different places, pasted pictures that nothing but compositions
    joins: what it must keep away from are these and their copies. Else every picture of which two
    corners were cut out would be one.
    """
    parts: dict[int, list[Held]] = defaultdict(list)
    for one in found:
        parts[one.container].append(one)
    several = {
        container: apart
        for container, those in parts.items()
        if (apart := [(x, y) for x, y in combinations(those, 2) if _disjoint(x, y)])
    }
    pairs = list(edges)
    family = _families(pair for pair in pairs if not several.keys() & set(pair))
    result: dict[int, set[int]] = {}
    for container, apart in several.items():
        strangers = [(x, y) for x, y in apart if _name(family, x) != _name(family, y)]
        asked = {one.part: one for two in strangers for one in two}
        seamed = {part for part, one in sorted(asked.items()) if pasted(one)}
        if any(x.part in seamed and y.part in seamed for x, y in strangers):
            result[container] = set()
    members: dict[int, set[int]] = defaultdict(set)
    for item, name in family.items():
        members[name].add(item)
    for low, high in pairs:
        for container, other in ((low, high), (high, low)):
            if container in result and other not in result:
                result[container] |= members.get(family.get(other, other), {other})
    return result


def _name(family: Mapping[int, int], one: Held) -> int:
    return family.get(one.part, one.part)


def _disjoint(a: Held, b: Held) -> bool:
    across = min(a.box[2], b.box[2]) - max(a.box[0], b.box[0])
    down = min(a.box[3], b.box[3]) - max(a.box[1], b.box[1])
    smaller = min((x.box[2] - x.box[0]) * (x.box[3] - x.box[1]) for x in (a, b))
    return max(across, 0.0) * max(down, 0.0) <= _DISJOINT * smaller


def _families(pairs: Iterable[Pair]) -> Mapping[int, int]:
    """Each item with the least item that a chain of pairs leads to."""
    least: dict[int, int] = {}

    def root(item: int) -> int:
        while (up := least.setdefault(item, item)) != item:
            least[item] = least[up]
            item = up
        return item

    for a, b in pairs:
        x, y = root(a), root(b)
        if x != y:
            least[max(x, y)] = min(x, y)
    return {item: root(item) for item in list(least)}
