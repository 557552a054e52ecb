"""The connected components of a graph, by numpy alone: scipy takes longer to load than to use."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def components(count: int, edges: NDArray[np.integer]) -> tuple[int, NDArray[np.intp]]:
    """How many components `count` nodes fall into, and the number of each node's, intp (count,).

    `edges` are indices of nodes, integer (n, 2). Components are numbered in the order of their
    lowest nodes. Roots are hooked to lower roots, then paths are cut short, until no edge joins two
    trees (Shiloach and Vishkin, "An O(log n) parallel connectivity algorithm", 1982).
    """
    root = np.arange(count)
    a, b = edges[:, 0], edges[:, 1]
    while True:
        at_a, at_b = root[a], root[b]
        apart = at_a != at_b
        if not apart.any():
            break
        a, b, at_a, at_b = a[apart], b[apart], at_a[apart], at_b[apart]
        np.minimum.at(root, np.maximum(at_a, at_b), np.minimum(at_a, at_b))
        while not np.array_equal(shorter := root[root], root):
            root = shorter
    roots, label = np.unique(root, return_inverse=True)
    return len(roots), label
