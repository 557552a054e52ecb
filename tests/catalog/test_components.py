"""The components of graphs, held against scipy's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from twinsift.catalog.components import components

_NODES = 30
_EDGES = st.lists(st.tuples(*[st.integers(0, _NODES - 1)] * 2), max_size=60)


@given(_EDGES)
def test_components_and_their_numbers_are_those_of_scipy(edges: list[tuple[int, int]]) -> None:
    given_ = np.array(edges, np.intp).reshape(-1, 2)
    ones = np.ones(len(given_), np.int8)
    graph = sparse.coo_matrix((ones, (given_[:, 0], given_[:, 1])), shape=(_NODES, _NODES))
    count, label = connected_components(graph, directed=False)
    found = components(_NODES, given_)
    assert found[0] == count
    assert found[1].tolist() == label.tolist()


@pytest.mark.parametrize("seed", [1, 2])
def test_a_long_chain_in_any_order_is_one_component(seed: int) -> None:
    nodes = np.random.default_rng(seed).permutation(20_000)
    count, label = components(20_000, np.stack([nodes[:-1], nodes[1:]], axis=1))
    assert count == 1
    assert not label.any()
