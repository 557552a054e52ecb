"""What a run of twinsift on a labelled set left in its catalog, by the names of files."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations
from pathlib import Path

import numpy as np
from twinsift.catalog import candidates, pairs, strictness
from twinsift.catalog.database import Catalog
from twinsift.catalog.indexer import index
from twinsift.catalog.matcher import match
from twinsift.catalog.pictures import entries
from twinsift.catalog.progress import Control, Meter, silent
from twinsift.catalog.settings import STRICTNESS, Settings
from twinsift.models.calibration import probability
from twinsift.models.evidence import Evidence, Verdict

import rivals
from labelled import Row, images_of
from rivals import Pair, UnavailableError, ordered

_METHOD = "evidence"
SAME_BYTES = "same bytes"
"""The generator that needs no comparison: one content, several files."""


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
    generators: Mapping[str, frozenset[Pair]]
    """Pairs that each generator of candidates proposes."""
    judged: Mapping[Pair, Judgement]
    unread: frozenset[str]
    pictures: int
    candidates: int
    levels: Mapping[str, frozenset[Pair]] = field(default_factory=dict)
    """Pairs that are judged copies at each strictness."""
    others: Mapping[str, frozenset[Pair]] = field(default_factory=dict)
    """Pairs found by other methods."""

    @cached_property
    def grouped(self) -> frozenset[Pair]:
        """Pairs that share a group of duplicates."""
        pairs = (combinations(names, 2) for names in self.groups)
        return frozenset(ordered(a, b) for several in pairs for a, b in several)

    @cached_property
    def found(self) -> frozenset[Pair]:
        """Pairs that the person sees together: in one group, or a collage listed beside it."""
        return self.grouped | self.shown

    @cached_property
    def proposed(self) -> frozenset[Pair]:
        """Pairs that any generator proposes."""
        return frozenset().union(*self.generators.values())


def run(
    folder: Path,
    truth: Mapping[str, Row],
    catalog: Path,
    settings: Settings,
    against: Sequence[str],
) -> Outcome:
    """Index and match the set's pictures, and read what was found; other methods beside it."""
    images = images_of(folder)
    index(catalog, [images], settings, report=silent)
    match(catalog, settings, report=silent)
    with Catalog.open(catalog, create=False) as opened:
        files = _files(opened, truth)
        generators, count = _proposed(opened, files, settings)
        groups = _groups(opened, files)
        outcome = Outcome(
            groups=groups,
            shown=_shown(opened, files, groups),
            generators=generators,
            judged=dict(_judged(opened, files)),
            unread=frozenset(truth) - {name for names in files.values() for name in names},
            pictures=len(files),
            candidates=count,
            levels=_at_levels(opened, files, settings),
        )
        others = _by_cosine(opened, files, settings.match.cosine)
    for package in against:
        try:
            others.update(rivals.found_by(package, images, sorted(truth)))
        except UnavailableError as error:
            print(f"left out: {error}", file=sys.stderr)
    return replace(outcome, others={name: frozenset(pairs) for name, pairs in others.items()})


def _files(catalog: Catalog, truth: Mapping[str, Row]) -> dict[int, list[str]]:
    """The set's file names by content; contents with an error are left out."""
    rows = catalog.connection.execute(
        """
        SELECT f.content_id, f.path FROM file f JOIN content c ON c.id = f.content_id
         WHERE f.present = 1 AND f.error IS NULL AND c.error IS NULL
        """
    )
    files: dict[int, list[str]] = defaultdict(list)
    for content, path in rows:
        name = path.decode("utf-8", "surrogateescape").rsplit("/", 1)[-1]
        if name in truth:
            files[content].append(name)
    return dict(files)


def _spread(
    files: Mapping[int, Sequence[str]], pairs: Iterable[tuple[int, int]]
) -> Iterable[tuple[Pair, tuple[int, int]]]:
    """Pairs of contents as pairs of files."""
    for a, b in pairs:
        for x in files.get(a, ()):
            for y in files.get(b, ()):
                yield ordered(x, y), (a, b)


def _groups(catalog: Catalog, files: Mapping[int, Sequence[str]]) -> tuple[tuple[str, ...], ...]:
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


def _shown(
    catalog: Catalog, files: Mapping[int, Sequence[str]], groups: Iterable[Sequence[str]]
) -> frozenset[Pair]:
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


def _proposed(
    catalog: Catalog, files: Mapping[int, Sequence[str]], settings: Settings
) -> tuple[dict[str, frozenset[Pair]], int]:
    """The candidates again (the catalog forgets them once judged), and how many there are."""
    known = entries(catalog)
    model = catalog.connection.execute("SELECT model FROM embedding LIMIT 1").fetchone()
    twins = (combinations(names, 2) for names in files.values())
    found = {SAME_BYTES: frozenset(ordered(a, b) for several in twins for a, b in several)}
    union: set[tuple[int, int]] = set()
    for name in candidates.GENERATORS:
        proposed = candidates.propose(
            catalog,
            known,
            {entry.id for entry in known},
            settings.match,
            model[0] if model else None,
            Meter(silent, "proposing"),
            Control(),
            [name],
        )
        ids = [(int(a), int(b)) for a, b in proposed]
        union.update(ids)
        if ids:
            found[name] = frozenset(pair for pair, _ in _spread(files, ids))
    return found, len(union)


def _judged(
    catalog: Catalog, files: Mapping[int, Sequence[str]]
) -> Iterable[tuple[Pair, Judgement]]:
    rows = catalog.connection.execute(
        "SELECT a_id, b_id, verdict, evidence FROM pair WHERE method = ?", (_METHOD,)
    ).fetchall()
    said = {(a, b): Judgement(Verdict(v), Evidence.from_json(e)) for a, b, v, e in rows}
    for pair, key in _spread(files, said):
        yield pair, said[key]
    for names in files.values():
        for a, b in combinations(names, 2):
            yield ordered(a, b), Judgement(Verdict.IDENTICAL_FILE, Evidence(method="digest"))


def _at_levels(
    catalog: Catalog, files: Mapping[int, Sequence[str]], settings: Settings
) -> dict[str, frozenset[Pair]]:
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
        found[name] = frozenset(pair for pair, _ in _spread(files, copies))
    return found


def _by_cosine(
    catalog: Catalog, files: Mapping[int, Sequence[str]], minimum: float
) -> dict[str, Iterable[Pair]]:
    rows = catalog.connection.execute("SELECT content_id, vector FROM embedding").fetchall()
    names, vectors = [], []
    for content, vector in rows:
        for name in files.get(content, ()):
            names.append(name)
            vectors.append(np.frombuffer(vector, "<f2").astype(np.float32))
    if not names:
        return {}
    return {f"cosine ≥ {minimum:.2f}": rivals.alike(names, np.stack(vectors), minimum)}
