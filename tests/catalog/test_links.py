"""Links in arrays: components as brute force tells them, each with a mark of its own."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twinsift.catalog.links import Links
from twinsift.models.evidence import Verdict

PRESENT = frozenset(range(12))
pair = st.tuples(st.integers(0, 11), st.integers(0, 11)).filter(lambda p: p[0] < p[1])
rows = st.dictionaries(
    pair, st.tuples(st.sampled_from(["re-encoded", "near shot"]), st.sampled_from([0.5, 0.9]))
)


def links(found: dict, cuts: set, present: frozenset[int] = PRESENT) -> Links:
    related = [(a, b, *said) for (a, b), said in sorted(found.items())]
    return Links(related, cuts, present, b"salt")


def components(pairs: set) -> list[set[int]]:
    parts: list[set[int]] = []
    for ends in map(set, pairs):
        touching = [part for part in parts if part & ends]
        parts = [part for part in parts if not part & ends]
        parts.append(ends.union(*touching))
    return parts


@settings(max_examples=150, deadline=None)
@given(found=rows, cuts=st.sets(pair, max_size=4))
def test_every_component_is_chosen_by_its_own_mark(found, cuts):
    made = links(found, cuts)
    expected = components(set(found) - cuts)
    assert len(made.fingerprints) == len(set(made.fingerprints)) == len(expected)
    chosen = []
    for mark in made.fingerprints:
        items, those = made.choose(lambda other, mark=mark: other == mark)
        assert {link.pair for link in those} == {p for p in set(found) - cuts if set(p) <= items}
        assert all(found[link.pair] == (str(link.verdict), link.similarity) for link in those)
        chosen.append(items)
    assert sorted(map(sorted, chosen)) == sorted(map(sorted, expected))
    assert made.items == set().union(*expected)


@settings(max_examples=150, deadline=None)
@given(found=rows, cuts=st.sets(pair, max_size=4), changed=pair)
def test_a_change_marks_its_own_component_anew_and_no_other(found, cuts, changed):
    before = set(links(found, cuts).fingerprints)
    other = {p: said for p, said in found.items() if p != changed}
    if changed not in found:
        other[changed] = ("re-encoded", 0.7)
    after = links(other, cuts)
    touched, _ = after.choose(lambda mark: mark not in before)
    near = [part for part in components((set(found) | {changed}) - cuts) if part & {*changed}]
    assert touched <= {*changed}.union(*near)
    if changed not in cuts and changed in other:
        assert {*changed} <= touched


def test_cuts_and_vanished_files_change_the_mark():
    found = {(0, 1): ("re-encoded", 0.9), (1, 2): ("re-encoded", 0.9), (4, 5): ("near shot", 0.5)}
    whole = links(found, set()).fingerprints
    assert len(whole) == 2
    assert len(set(whole) & set(links(found, {(0, 2)}).fingerprints)) == 1
    assert len(set(whole) & set(links(found, set(), PRESENT - {2}).fingerprints)) == 1
    assert links(found, {(0, 4)}).fingerprints == whole  # between two components: no matter
    assert links({}, {(0, 1)}).choose(lambda mark: True) == (set(), [])
    (near,) = links({(4, 5): found[4, 5]}, set()).choose(lambda mark: True)[1]
    assert near.verdict is Verdict.NEAR_SHOT
