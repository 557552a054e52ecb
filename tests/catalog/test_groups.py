"""Groups: stars, not chains; the same whatever the order; cuts are kept."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st
from twinsift.catalog.groups import Group, form


def rank(count: int) -> dict[int, bytes]:
    """Digests that don't follow the ids."""
    return {i: bytes([i * 37 % 251, i % 251]) for i in range(count)}


@st.composite
def graphs(draw):
    count = draw(st.integers(2, 14))
    pair = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(
        lambda p: p[0] < p[1]
    )
    similarity = st.sampled_from([0.5, 0.7, 0.9, 1.0])
    edges = draw(st.dictionaries(pair, similarity, max_size=30))
    apart = draw(st.sets(pair, max_size=6))
    return count, edges, apart


@settings(max_examples=200, deadline=None)
@given(graph=graphs(), seed=st.integers(0, 10**6))
def test_members_match_their_representative_whatever_the_order(graph, seed):
    count, edges, apart = graph
    formed = form(edges, rank(count), apart=apart)
    shuffled = list(edges.items())
    random.Random(seed).shuffle(shuffled)
    assert form(dict(shuffled), rank(count), apart=set(apart)) == formed
    grouped = [member for group in formed for member in group.members]
    assert len(grouped) == len(set(grouped))
    for group in formed:
        assert group.representative in group.members
        assert len(group.members) > 1
        for member in group.members:
            if member != group.representative:
                pair = tuple(sorted((member, group.representative)))
                assert pair in edges
        for a in group.members:
            for b in group.members:
                assert (a, b) not in apart
    left = set(range(count)) - set(grouped)
    for a, b in edges:  # whoever is left over has no partner among the left over
        assert not ({a, b} <= left and (a, b) not in apart)


@settings(max_examples=100, deadline=None)
@given(graph=graphs(), seed=st.integers(0, 10**6))
def test_renumbering_the_pictures_changes_nothing(graph, seed):
    """Ids go by the order of scanning; the groups go by what the pictures are."""
    count, edges, apart = graph
    ids = list(range(count))
    random.Random(seed).shuffle(ids)
    digests = rank(count)

    def renamed(pair):
        return tuple(sorted((ids[pair[0]], ids[pair[1]])))

    other = form(
        {renamed(pair): value for pair, value in edges.items()},
        {ids[i]: digest for i, digest in digests.items()},
        apart={renamed(pair) for pair in apart},
    )
    back = {new: old for old, new in enumerate(ids)}
    turned = sorted(
        (back[g.representative], tuple(sorted(back[m] for m in g.members))) for g in other
    )
    formed = form(edges, digests, apart=apart)
    assert turned == sorted((g.representative, g.members) for g in formed)


def test_a_chain_is_not_one_group():
    chain = {(i, i + 1): 0.9 for i in range(9)}
    assert max(len(group.members) for group in form(chain, rank(10))) == 3


def test_pairs_two_steps_away_are_judged_before_anybody_is_left_out():
    asked: list[tuple[int, int]] = []

    def judge(pairs):
        asked.extend(pairs)
        return dict.fromkeys(pairs, 0.8)

    star = {(0, 1): 0.9, (0, 2): 0.9, (2, 3): 0.9}
    assert form(star, rank(4), judge=judge) == [Group(0, (0, 1, 2, 3))]
    assert asked == [(0, 3)]


def test_a_judge_may_say_no():
    star = {(0, 1): 0.9, (0, 2): 0.9, (2, 3): 0.9}
    formed = form(star, rank(4), judge=lambda pairs: {})
    assert [group.members for group in formed] == [(0, 1, 2)]


def test_a_container_joins_one_group_and_leads_none():
    """A collage (9) of two pictures, each with copies of its own."""
    edges = {(0, 1): 0.9, (2, 3): 0.9, (0, 9): 0.8, (1, 9): 0.8, (2, 9): 0.8, (3, 9): 0.8}
    assert form(edges, rank(10))[0].representative == 9
    formed = form(edges, rank(10), containers={9})
    assert sorted(group.members for group in formed) in (
        [(0, 1), (2, 3, 9)],
        [(0, 1, 9), (2, 3)],
    )
    # Where nobody else can, it does.
    assert form({(0, 9): 0.8}, rank(10), containers={9})[0].members == (0, 9)


def test_no_edges_no_groups():
    assert form({}, {}) == []
