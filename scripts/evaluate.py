"""Run twinsift on a labelled set and say what it found, missed and got wrong.

    .venv/bin/python scripts/evaluate.py SET [--against imagehash,imagededup] [--model FILE]

SET is a folder as scripts/make_copies.py makes it: images/ and ground_truth.csv. A copy is found
when it is in one group with its original; a false pair is two files in one group whose labels name
different pictures. Candidate recall is the share of copies that were looked at together with their
original at all; verification recall, the share of those that were then found.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from pathlib import Path

import numpy as np
from twinsift.catalog import candidates
from twinsift.catalog.database import Catalog
from twinsift.catalog.indexer import index
from twinsift.catalog.matcher import match
from twinsift.catalog.pictures import entries
from twinsift.catalog.progress import Control, Meter, silent
from twinsift.catalog.settings import Settings
from twinsift.models.errors import TwinsiftError
from twinsift.models.evidence import Evidence, Verdict
from twinsift.models.verdicts import sentence

import rivals
from labelled import ORIGINAL, Row, images_of, read_truth
from rivals import Pair, UnavailableError, ordered

_METHOD = "evidence"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the program says of two files."""

    verdict: Verdict
    evidence: Evidence


@dataclass(frozen=True)
class Outcome:
    """What a run left in the catalog, by the names of files."""

    groups: tuple[tuple[str, ...], ...]
    """The groups of duplicates, the representative's first file first."""
    proposed: frozenset[Pair]
    """Pairs that the candidate search proposes, and those of the same bytes."""
    judged: Mapping[Pair, Judgement]
    unread: frozenset[str]
    pictures: int
    candidates: int
    others: Mapping[str, frozenset[Pair]]
    """Pairs found by other methods."""

    @cached_property
    def grouped(self) -> frozenset[Pair]:
        """Pairs that share a group of duplicates."""
        pairs = (combinations(names, 2) for names in self.groups)
        return frozenset(ordered(a, b) for several in pairs for a, b in several)


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
        proposed, count = _proposed(opened, files, settings)
        outcome = Outcome(
            groups=_groups(opened, files),
            proposed=proposed,
            judged=dict(_judged(opened, files)),
            unread=frozenset(truth) - {name for names in files.values() for name in names},
            pictures=len(files),
            candidates=count,
            others={},
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


def _proposed(
    catalog: Catalog, files: Mapping[int, Sequence[str]], settings: Settings
) -> tuple[frozenset[Pair], int]:
    """The candidates again (the catalog forgets them once they are judged), and their number."""
    known = entries(catalog)
    model = catalog.connection.execute("SELECT model FROM embedding LIMIT 1").fetchone()
    found = candidates.propose(
        catalog,
        known,
        {entry.id for entry in known},
        settings.match,
        model[0] if model else None,
        Meter(silent, "proposing"),
        Control(),
    )
    pairs = {pair for pair, _ in _spread(files, ((int(a), int(b)) for a, b in found))}
    for names in files.values():
        pairs.update(ordered(a, b) for a, b in combinations(names, 2))
    return frozenset(pairs), len(found)


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


def wrong(truth: Mapping[str, Row], pairs: Iterable[Pair]) -> list[Pair]:
    """The pairs whose files show different pictures."""
    return sorted(p for p in pairs if not truth[p[0]].groups & truth[p[1]].groups)


def wanted(truth: Mapping[str, Row]) -> dict[str, str]:
    """Each copy with the original that it should be found with."""
    originals = {row.group: name for name, row in truth.items() if row.transform == ORIGINAL}
    return {
        name: originals[row.group]
        for name, row in truth.items()
        if row.transform != ORIGINAL and row.group in originals
    }


def tables(truth: Mapping[str, Row], outcome: Outcome) -> list[str]:
    """The shares found by tier, family and transform, and the false pairs of each method."""
    copies = wanted(truth)
    pairs = {name: ordered(name, original) for name, original in copies.items()}
    methods: dict[str, frozenset[Pair]] = {"twinsift": outcome.grouped, **outcome.others}
    lines: list[str] = []
    headings = ["copies", *methods, "candidate", "verified"]
    for title, key in _KEYS:
        buckets: dict[str, list[str]] = defaultdict(list)
        for name in copies:
            buckets[key(truth[name])].append(name)
        if not buckets:
            continue
        width = max(len(title), *(len(bucket) for bucket in buckets))
        lines += ["", f"{title:<{width}}  " + "  ".join(f"{h:>9}" for h in headings)]
        for bucket in sorted(buckets):
            of = buckets[bucket]
            cells = [f"{len(of):>9}"]
            for heading, found in methods.items():
                hits = sum(pairs[name] in found for name in of)
                cells.append(f"{_share(hits, len(of)):>{max(9, len(heading))}}")
            looked = [name for name in of if pairs[name] in outcome.proposed]
            verified = sum(pairs[name] in outcome.grouped for name in looked)
            cells.append(f"{_share(len(looked), len(of)):>9}")
            cells.append(f"{_share(verified, len(looked)):>9}")
            lines.append(f"{bucket:<{width}}  " + "  ".join(cells))
    lines.append("")
    for method, found in methods.items():
        lines.append(f"{method}: {len(found)} pairs, {len(wrong(truth, found))} of them false")
    each = outcome.candidates / max(outcome.pictures, 1)
    lines.append(f"{outcome.pictures} pictures, {each:.1f} candidate pairs judged for each")
    lines += [f"could not be read: {name}" for name in sorted(outcome.unread)]
    return lines


_KEYS: tuple[tuple[str, Callable[[Row], str]], ...] = (
    ("tier", lambda row: row.tier),
    ("family", lambda row: row.family),
    ("transform", lambda row: f"{row.tier} {row.transform}"),
)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "–"


def findings(truth: Mapping[str, Row], outcome: Outcome, shown: int) -> list[str]:
    """The false pairs and the misses by kind, `shown` of each with what the evidence says."""
    said_so = {pair for pair, said in outcome.judged.items() if said.verdict.is_duplicate}
    grouped, judged = outcome.grouped, wrong(truth, said_so)
    missed = [p for n, o in wanted(truth).items() if (p := ordered(n, o)) not in grouped]
    lines = ["", f"false pairs: {len(wrong(truth, grouped))} in groups, {len(judged)} judged so"]
    lines += [*_mixed(truth, outcome), *_by_kind(truth, outcome, judged, shown)]
    return [*lines, "", f"missed: {len(missed)}", *_by_kind(truth, outcome, missed, shown)]


def _mixed(truth: Mapping[str, Row], outcome: Outcome) -> Iterator[str]:
    """The groups that hold different pictures, by the representative that brought them together."""
    for names in outcome.groups:
        false = wrong(truth, (ordered(a, b) for a, b in combinations(names, 2)))
        if false:
            shows = len({truth[name].group for name in names})
            yield (
                f"  a group of {len(names)} files shows {shows} pictures"
                f" ({len(false)} false pairs), all like {_named(truth[names[0]])} ({names[0]})"
            )


def _by_kind(
    truth: Mapping[str, Row], outcome: Outcome, pairs: Iterable[Pair], shown: int
) -> Iterator[str]:
    kinds: dict[tuple[str, ...], list[Pair]] = defaultdict(list)
    for pair in sorted(pairs):
        kinds[tuple(sorted({truth[name].transform for name in pair} - {ORIGINAL}))].append(pair)
    for kind, those in sorted(kinds.items()):
        files = {name for pair in those for name in pair}
        verdicts = Counter(_verdict(outcome, pair) for pair in those)
        tally = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.most_common())
        title = " ~ ".join(kind) or ORIGINAL
        yield f"  {title}: {len(those)} pairs of {len(files)} files: {tally}"
        yield from (f"    {_pair_line(truth, outcome, pair)}" for pair in those[:shown])
        if len(those) > shown:
            yield f"    … and {len(those) - shown} more"


def _verdict(outcome: Outcome, pair: Pair) -> str:
    said = outcome.judged.get(pair)
    if said is not None:
        return str(said.verdict)
    return "compared, nothing found" if pair in outcome.proposed else "no candidate"


def _named(row: Row) -> str:
    return f"{row.transform} of {row.group}"


def _pair_line(truth: Mapping[str, Row], outcome: Outcome, pair: Pair) -> str:
    a, b = sorted((truth[name] for name in pair), key=lambda row: row.transform == ORIGINAL)
    where = "" if pair in outcome.grouped else ", not grouped"
    line = f"{_named(a)} ~ {_named(b)} ({a.file} {b.file}{where}): {_verdict(outcome, pair)}"
    said = outcome.judged.get(pair)
    if said is None:
        return line
    return f"{line}; {sentence(said.evidence, said.verdict)} {{{measures(said)}}}"


def measures(said: Judgement) -> str:
    """The numbers that the verdict rests on, for whoever tunes it."""
    shown = []
    for name in Evidence.__dataclass_fields__:
        value = getattr(said.evidence, name)
        if name in ("transform", "orientation") or value in (None, False, ""):
            continue
        shown.append(f"{name} {value:.2f}" if isinstance(value, float) else f"{name} {value}")
    return ", ".join(shown)


def main() -> int:
    """Read the command line, run, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("set", type=Path, metavar="SET")
    parser.add_argument("--against", default="", help="other packages: imagehash,imagededup")
    parser.add_argument("--model", default="", help="ONNX network for embeddings")
    parser.add_argument("--model-output", default="", help="name of the network's output")
    parser.add_argument("--catalog", type=Path, help="catalog to use and keep (default: temporary)")
    parser.add_argument("--show", type=int, default=3, help="pairs shown of each kind (default 3)")
    args = parser.parse_args()
    settings = Settings()
    if args.model:
        model = replace(settings.index, model=args.model, model_output=args.model_output)
        settings = replace(settings, index=model)
    against = [name for name in args.against.split(",") if name]
    if unknown := set(against) - set(rivals.PACKAGES):
        parser.error(f"no such package to compare with: {', '.join(sorted(unknown))}")
    try:
        truth = read_truth(args.set)
        with tempfile.TemporaryDirectory(prefix="twinsift-evaluate-") as scratch:
            catalog = args.catalog or Path(scratch) / "catalog.db"
            outcome = run(args.set, truth, catalog, settings, against)
    except (ValueError, OSError, TwinsiftError) as error:
        print(f"evaluate: {error}", file=sys.stderr)
        return 2
    print("\n".join([*tables(truth, outcome), *findings(truth, outcome, args.show)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
