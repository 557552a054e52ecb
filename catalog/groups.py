"""From judged pairs to groups without chaining: every member matches its group's representative."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np

from .components import components

VERSION = 1
"""Raised when the same pairs give other groups."""

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Group:
    """A representative and the members that match it, each directly; ids ascending."""

    representative: int
    members: tuple[int, ...]
    """The representative included."""


def form(
    edges: Mapping[Pair, float],
    rank: Mapping[int, bytes],
    *,
    apart: Iterable[Pair] = (),
    containers: Set[int] = frozenset(),
    judge: Callable[[Sequence[Pair]], Mapping[Pair, float]] | None = None,
) -> list[Group]:
    """Form star groups from `edges`, pairs (low, high) with a similarity 0..1.

    Within each connected component, which is the unit of work only, the item with the most matches
    (then the highest sum of similarities, then the lowest `rank`) becomes the representative and
    takes its direct matches; the rest goes on without them. `judge` is asked for the pairs of a
    representative with items two steps away that nobody has judged yet, and answers those that
    match. Pairs in `apart` never share a group. `containers` (collages, screenshots: items that
    hold others reduced) represent a group only where nobody else can, or one collage would join all
    the pictures on it. The result depends on the edges alone, not on
    their order.
    """
    cut = {_ordered(*pair) for pair in apart}
    linked = {pair: value for pair, value in edges.items() if pair not in cut}
    judged = set(edges) | cut
    groups: list[Group] = []
    for component in _components(linked):
        neighbours: dict[int, dict[int, float]] = defaultdict(dict)
        for low, high in component:
            neighbours[low][high] = neighbours[high][low] = linked[low, high]
        left = set(neighbours)
        while left:
            group = _next_group(neighbours, left, rank, cut, containers, judged, judge)
            if group is None:
                break
            groups.append(group)
            left -= set(group.members)
    groups.sort(key=lambda group: rank[group.representative])
    return groups


def _next_group(
    neighbours: dict[int, dict[int, float]],
    left: set[int],
    rank: Mapping[int, bytes],
    cut: set[Pair],
    containers: Set[int],
    judged: set[Pair],
    judge: Callable[[Sequence[Pair]], Mapping[Pair, float]] | None,
) -> Group | None:
    def standing(item: int) -> tuple[bool, bool, int, float, bytes]:
        near = [value for other, value in neighbours[item].items() if other in left]
        # Rounded: the order of adding must not decide between equals.
        return not near, item in containers, -len(near), -round(sum(near), 6), rank[item]

    seed = min(left, key=standing)
    if judge is not None:
        beyond = {
            other
            for near in neighbours[seed]
            for other in neighbours[near]
            if other in left and other != seed
        }
        unknown = sorted(
            pair for pair in (_ordered(seed, other) for other in beyond) if pair not in judged
        )
        judged.update(unknown)
        for (low, high), value in judge(unknown).items() if unknown else ():
            neighbours[low][high] = neighbours[high][low] = value
    members = [seed]
    matching = [(item, value) for item, value in neighbours[seed].items() if item in left]
    for item, _ in sorted(matching, key=lambda m: (-round(m[1], 6), rank[m[0]])):
        if not any(_ordered(item, other) in cut for other in members):
            members.append(item)
    return Group(seed, tuple(sorted(members))) if len(members) > 1 else None


def _components(edges: Mapping[Pair, float]) -> Iterable[list[Pair]]:
    if not edges:
        return []
    pairs = np.array(sorted(edges), np.int64)
    items, indices = np.unique(pairs, return_inverse=True)
    indices = indices.reshape(pairs.shape)
    _, label = components(len(items), indices)
    of_pair = label[indices[:, 0]]
    order = np.argsort(of_pair, kind="stable")
    bounds = np.flatnonzero(np.diff(of_pair[order])) + 1
    return [[(int(a), int(b)) for a, b in pairs[part]] for part in np.split(order, bounds)]


def _ordered(a: int, b: int) -> Pair:
    return (a, b) if a < b else (b, a)
