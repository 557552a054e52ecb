"""What a run of twinsift on a labelled set left in its catalog, by the names of files."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations, product
from pathlib import Path

import numpy as np
from twinsift.catalog import pairs, strictness
from twinsift.catalog.database import Catalog
from twinsift.catalog.indexer import index
from twinsift.catalog.matcher import match
from twinsift.catalog.pictures import entries
from twinsift.catalog.progress import silent
from twinsift.catalog.settings import STRICTNESS, Settings
from twinsift.models.calibration import probability
from twinsift.models.evidence import Evidence, Verdict
from twinsift.models.text import printable

import proposals
import rivals
from labelled import Row, images_of
from proposals import Names, Proposals, names_of, propose, spread
from rivals import Pair, UnavailableError, ordered

_METHOD = "evidence"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the program says of two files."""

    verdict: Verdict
    evidence: Evidence

    @property
    def probability(self) -> float | None:
        """Estimated probability that the pair is a copy."""
        return probability(self.evidence)


@dataclass(frozen=True)
class Outcome:
    """What a run left in the catalog, by the names of files."""

    groups: tuple[tuple[str, ...], ...]
    """The groups of duplicates, the representative's first file first."""
    shown: frozenset[Pair]
    """Collages with the files of each group in which they are listed, and what they hold."""
    proposals: Proposals
    judged: Mapping[Pair, Judgement]
    unread: frozenset[str]
    levels: Mapping[str, frozenset[Pair]] = field(default_factory=dict)
    """Pairs that are judged copies at each strictness."""
    others: Mapping[str, frozenset[Pair]] = field(default_factory=dict)
    """Pairs found by other methods."""
    strangers: frozenset[Pair] = frozenset()
    """Files of the set, each with an unlabelled one (its path) that is in one group with it."""

    @cached_property
    def grouped(self) -> frozenset[Pair]:
        """Pairs that share a group of duplicates."""
        pairs = (combinations(names, 2) for names in self.groups)
        return frozenset(ordered(a, b) for several in pairs for a, b in several)

    @cached_property
    def found(self) -> frozenset[Pair]:
        """Pairs that the person sees together: in one group, or a collage listed beside it."""
        return self.grouped | self.shown


def propose_only(
    folder: Path,
    truth: Mapping[str, Row],
    catalog: Path,
    settings: Settings,
    beside: Sequence[Path],
) -> Proposals:
    """Index the set's pictures, with those `beside`, and say what would be compared."""
    index(catalog, [images_of(folder), *beside], settings, report=silent)
    with Catalog.open(catalog, create=False) as opened:
        return propose(opened, names_of(opened, folder, truth), settings)


def run(
    folder: Path,
    truth: Mapping[str, Row],
    catalog: Path,
    settings: Settings,
    against: Sequence[str] = (),
    beside: Sequence[Path] = (),
) -> Outcome:
    """Index and match the set's pictures, and read what was found; other methods beside it.

    The pictures in the folders `beside` have no labels; they are matched with the set's.
    """
    images = images_of(folder)
    index(catalog, [images, *beside], settings, report=silent)
    match(catalog, settings, report=silent)
    with Catalog.open(catalog, create=False) as opened:
        files = names_of(opened, folder, truth)
        groups = _groups(opened, files)
        outcome = Outcome(
            groups=groups,
            shown=_shown(opened, files, groups),
            proposals=propose(opened, files, settings),
            judged=dict(_judged(opened, files)),
            unread=frozenset(truth) - {name for names in files.values() for name in names},
            levels=_at_levels(opened, files, settings),
            strangers=frozenset(_strangers(opened, files)),
        )
        others = _by_cosine(opened, files, settings.match.cosine)
    for package in against:
        try:
            others.update(rivals.found_by(package, images, sorted(truth)))
        except UnavailableError as error:
            print(f"left out: {error}", file=sys.stderr)
    return replace(outcome, others={name: frozenset(pairs) for name, pairs in others.items()})


def _groups(catalog: Catalog, files: Names) -> tuple[tuple[str, ...], ...]:
    members: dict[str, list[str]] = defaultdict(list)
    for group, content in catalog.connection.execute(
        """
        SELECT m.group_id, m.content_id FROM group_member m
          JOIN duplicate_group g ON g.method = m.method AND g.kind = m.kind AND g.id = m.group_id
         WHERE m.method = ? AND m.kind = 'duplicate'
         ORDER BY m.group_id, m.content_id <> g.representative_id, m.content_id
        """,
        (_METHOD,),
    ):
        members[group] += files.get(content, ())
    return tuple(tuple(names) for names in members.values())


def _shown(catalog: Catalog, files: Names, groups: Iterable[Sequence[str]]) -> frozenset[Pair]:
    group_of = {name: names for names in groups for name in names}
    rows = catalog.connection.execute(
        "SELECT part_id, container_id FROM holding WHERE method = ?", (_METHOD,)
    )
    shown: set[Pair] = set()
    for part, container in rows:
        for name in files.get(part, ()):
            beside = group_of.get(name, (name,))
            shown.update(ordered(x, y) for x in beside for y in files.get(container, ()))
    return frozenset(shown)


def _strangers(catalog: Catalog, names: Names) -> Iterable[Pair]:
    """Files of the set with the unlabelled ones that share their group."""
    paths: dict[int, list[str]] = defaultdict(list)
    for content, path in proposals.files(catalog):
        if content not in names:
            paths[content].append(printable(path))
    groups: dict[str, list[int]] = defaultdict(list)
    for group, content in catalog.connection.execute(
        "SELECT group_id, content_id FROM group_member WHERE method = ? AND kind = 'duplicate'",
        (_METHOD,),
    ):
        groups[group].append(content)
    for members in groups.values():
        ours = [name for content in members for name in names.get(content, ())]
        yield from product(ours, [path for content in members for path in paths[content]])


def _judged(catalog: Catalog, files: Names) -> Iterable[tuple[Pair, Judgement]]:
    rows = catalog.connection.execute(
        "SELECT a_id, b_id, verdict, evidence FROM pair WHERE method = ?", (_METHOD,)
    ).fetchall()
    said = {(a, b): Judgement(Verdict(v), Evidence.from_json(e)) for a, b, v, e in rows}
    for pair, key in spread(files, said):
        yield pair, said[key]
    for names in files.values():
        for a, b in combinations(names, 2):
            yield ordered(a, b), Judgement(Verdict.IDENTICAL_FILE, Evidence(method="digest"))


def _at_levels(catalog: Catalog, files: Names, settings: Settings) -> dict[str, frozenset[Pair]]:
    """The stored evidence decided at each strictness."""
    facts = {entry.id: entry.facts for entry in entries(catalog)}
    judged = [j for j in pairs.all_judged(catalog, _METHOD) if {j.a_id, j.b_id} <= facts.keys()]
    found = {}
    for name in STRICTNESS:
        level = strictness.of(replace(settings.match, strictness=name))
        copies = [
            (j.a_id, j.b_id)
            for j in judged
            if j.evidence.method == "pixels"
            or level.judge(j.evidence, facts[j.a_id], facts[j.b_id]).is_duplicate
        ]
        found[name] = frozenset(pair for pair, _ in spread(files, copies))
    return found


def _by_cosine(catalog: Catalog, files: Names, minimum: float) -> dict[str, Iterable[Pair]]:
    rows = catalog.connection.execute("SELECT content_id, vector FROM embedding").fetchall()
    names, vectors = [], []
    for content, vector in rows:
        for name in files.get(content, ()):
            names.append(name)
            vectors.append(np.frombuffer(vector, "<f2").astype(np.float32))
    if not names:
        return {}
    return {f"cosine ≥ {minimum:.2f}": rivals.alike(names, np.stack(vectors), minimum)}
