"""What an outcome is worth against the labels: tables of shares found, false pairs, misses."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import combinations

from twinsift.models.evidence import Evidence
from twinsift.models.sentences import sentence

from labelled import ORIGINAL, Row
from outcome import Judgement, Outcome
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
    copies = wanted(truth)
    pairs = {name: ordered(name, original) for name, original in copies.items()}
    methods: dict[str, frozenset[Pair]] = {"twinsift": outcome.found, **outcome.others}
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
            verified = sum(pairs[name] in outcome.found for name in looked)
            cells.append(f"{_share(len(looked), len(of)):>9}")
            cells.append(f"{_share(verified, len(looked)):>9}")
            lines.append(f"{bucket:<{width}}  " + "  ".join(cells))
    lines += ["", *_by_generator(outcome, [pairs[name] for name in copies])]
    lines += ["", *_by_strictness(truth, outcome, [pairs[name] for name in copies]), ""]
    for method, found in methods.items():
        lines.append(f"{method}: {len(found)} pairs, {len(wrong(truth, found))} of them false")
    each = outcome.candidates / max(outcome.pictures, 1)
    lines.append(f"{outcome.pictures} pictures, {each:.1f} candidate pairs judged for each")
    lines += [f"could not be read: {name}" for name in sorted(outcome.unread)]
    return lines


def _by_generator(outcome: Outcome, wanted: list[Pair]) -> Iterator[str]:
    """Candidate recall of each generator, and what only it finds; equal bytes need no judgement."""
    yield f"{'candidates by':<16}{'pairs':>8}{'copies':>10}{'alone':>10}"
    for name, pairs in outcome.generators.items():
        others = [those for other, those in outcome.generators.items() if other != name]
        hits = [pair for pair in wanted if pair in pairs]
        alone = sum(not any(pair in those for those in others) for pair in hits)
        shares = f"{_share(len(hits), len(wanted)):>10}{_share(alone, len(wanted)):>10}"
        yield f"{name:<16}{len(pairs):>8}{shares}"


def _by_strictness(truth: Mapping[str, Row], outcome: Outcome, wanted: list[Pair]) -> Iterator[str]:
    """What each strictness makes of the pairs that were compared, before groups are formed."""
    compared = len(wrong(truth, outcome.proposed))
    looked = [pair for pair in wanted if pair in outcome.proposed]
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
