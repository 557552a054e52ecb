"""What an outcome is worth against the labels: tables of shares found, false pairs, misses."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from twinsift.models.evidence import Evidence
from twinsift.models.sentences import sentence

from labelled import ORIGINAL, Row
from outcome import Judgement, Outcome
from proposals import Proposals
from rivals import Pair, ordered


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
    copies = {name: ordered(name, original) for name, original in wanted(truth).items()}
    methods: dict[str, frozenset[Pair]] = {"twinsift": outcome.found, **outcome.others}
    proposed = outcome.proposals.union

    def cells(pairs: list[Pair]) -> Iterator[str]:
        for found in methods.values():
            yield _share(sum(pair in found for pair in pairs), len(pairs))
        looked = [pair for pair in pairs if pair in proposed]
        yield _share(len(looked), len(pairs))
        yield _share(sum(pair in outcome.found for pair in looked), len(looked))

    lines = list(_by_label(truth, copies, [*methods, "candidate", "verified"], cells))
    lines += ["", *_by_generator(outcome.proposals, list(copies.values()))]
    lines += ["", *_by_strictness(truth, outcome, list(copies.values())), ""]
    for method, found in methods.items():
        lines.append(f"{method}: {len(found)} pairs, {len(wrong(truth, found))} of them false")
    lines.append(_count(outcome.proposals))
    return [*lines, *(f"could not be read: {name}" for name in sorted(outcome.unread))]


def candidate_tables(truth: Mapping[str, Row], proposals: Proposals) -> list[str]:
    """Candidate recall alone: by tier, family and transform, by generator, and at what cost."""
    copies = {name: ordered(name, original) for name, original in wanted(truth).items()}

    def cells(pairs: list[Pair]) -> Iterator[str]:
        yield _share(sum(pair in proposals.union for pair in pairs), len(pairs))

    lines = list(_by_label(truth, copies, ["candidate"], cells))
    lines += ["", *_by_generator(proposals, list(copies.values())), "", _count(proposals)]
    missed = sorted(name for name, pair in copies.items() if pair not in proposals.union)
    return [*lines, *(f"no candidate: {_named(truth[name])} ({name})" for name in missed)]


def _by_label(
    truth: Mapping[str, Row],
    copies: Mapping[str, Pair],
    headings: Sequence[str],
    cells: Callable[[list[Pair]], Iterable[str]],
) -> Iterator[str]:
    """A table each by tier, family and transform; `cells` says what to show of some pairs."""
    widths = [max(9, len(heading)) for heading in ("copies", *headings)]
    for title, key in _KEYS if copies else ():
        buckets: dict[str, list[Pair]] = defaultdict(list)
        for name, pair in copies.items():
            buckets[key(truth[name])].append(pair)
        width = max(len(title), *(len(bucket) for bucket in buckets))
        yield ""
        yield _line(title, width, ("copies", *headings), widths)
        for bucket, pairs in sorted(buckets.items()):
            yield _line(bucket, width, (str(len(pairs)), *cells(pairs)), widths)


def _line(title: str, width: int, cells: Iterable[str], widths: Sequence[int]) -> str:
    shown = (f"{cell:>{room}}" for cell, room in zip(cells, widths, strict=True))
    return "  ".join((f"{title:<{width}}", *shown))


def _count(proposals: Proposals) -> str:
    each = proposals.candidates / max(proposals.pictures, 1)
    median, most = proposals.partners
    return (
        f"{proposals.pictures} pictures, {each:.1f} candidate pairs judged for each"
        f" (half are compared with {median} others or fewer, none with more than {most})"
    )


def _by_generator(proposals: Proposals, wanted: list[Pair]) -> Iterator[str]:
    """Candidate recall of each generator, and what only it finds; equal bytes need no judgement."""
    yield f"{'candidates by':<16}{'pairs':>8}{'copies':>10}{'alone':>10}"
    for name, pairs in proposals.generators.items():
        others = [those for other, those in proposals.generators.items() if other != name]
        hits = [pair for pair in wanted if pair in pairs]
        alone = sum(not any(pair in those for those in others) for pair in hits)
        shares = f"{_share(len(hits), len(wanted)):>10}{_share(alone, len(wanted)):>10}"
        yield f"{name:<16}{len(pairs):>8}{shares}"


def _by_strictness(truth: Mapping[str, Row], outcome: Outcome, wanted: list[Pair]) -> Iterator[str]:
    """What each strictness makes of the pairs that were compared, before groups are formed."""
    compared = len(wrong(truth, outcome.proposals.union))
    looked = [pair for pair in wanted if pair in outcome.proposals.union]
    for name, copies in outcome.levels.items():
        hits = _share(sum(pair in copies for pair in looked), len(looked))
        false = len(wrong(truth, copies))
        yield f"{name}: {hits} of the copies compared, {false} false of {compared} other pairs"


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
    found, judged = outcome.found, wrong(truth, said_so)
    missed = [p for n, o in wanted(truth).items() if (p := ordered(n, o)) not in found]
    lines = ["", f"false pairs: {len(wrong(truth, found))} in groups, {len(judged)} judged so"]
    lines += [*_mixed(truth, outcome), *_by_kind(truth, outcome, judged, shown)]
    lines += _beside(truth, outcome)
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


def _beside(truth: Mapping[str, Row], outcome: Outcome) -> Iterator[str]:
    """What has no label and is in one group with the set's: a person says if it shows the same."""
    shared: dict[tuple[str, str], int] = Counter(
        (path, truth[name].group) for name, path in outcome.strangers
    )
    for (path, group), count in sorted(shared.items()):
        yield f"  {path}: in one group with {count} files of picture {group}; has no label"


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
    return "compared, nothing found" if pair in outcome.proposals.union else "no candidate"


def _named(row: Row) -> str:
    return f"{row.transform} of {row.group}"


def _pair_line(truth: Mapping[str, Row], outcome: Outcome, pair: Pair) -> str:
    a, b = sorted((truth[name] for name in pair), key=lambda row: row.transform == ORIGINAL)
    where = "" if pair in outcome.found else ", not grouped"
    line = f"{_named(a)} ~ {_named(b)} ({a.file} {b.file}{where}): {_verdict(outcome, pair)}"
    said = outcome.judged.get(pair)
    if said is None:
        return line
    return f"{line}; {sentence(said.evidence, said.verdict)} {{{measures(said)}}}"


def measures(said: Judgement) -> str:
    """The numbers that the verdict rests on, for whoever tunes it."""
    shown = [] if said.probability is None else [f"p {said.probability:.3f}"]
    for name in Evidence.__dataclass_fields__:
        value = getattr(said.evidence, name)
        if name in ("transform", "orientation") or value in (None, False, ""):
            continue
        shown.append(f"{name} {value:.2f}" if isinstance(value, float) else f"{name} {value}")
    return ", ".join(shown)
