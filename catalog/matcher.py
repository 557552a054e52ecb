"""Candidates to judged pairs to groups; stopped at any moment, it goes on where it was."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..models import comparison, verdicts
from ..models.evidence import Evidence, Verdict
from ..models.verdicts import Thresholds
from . import candidates, embedding_pass, groups, pairs, pixel_equality, sift_ssim, words
from .database import Catalog
from .group_store import put_groups
from .judging import Judges
from .pairs import Judged, MatchSummary, Pair
from .pictures import entries
from .progress import Control, Meter, Report, silent
from .settings import Settings

METHOD = "evidence"
_BATCH = 64  # pairs a commit: a reviewer who writes meanwhile waits for milliseconds
_STRIDE = 4096
_HELD = 0.9  # of a picture that the other one covers
_REDUCED = 1.2


def match(
    catalog_path: Path,
    settings: Settings,
    *,
    method: str = METHOD,
    report: Report = silent,
    control: Control | None = None,
) -> MatchSummary:
    """Find the duplicates among all indexed pictures and form the groups.

    Only pictures that are new since the last run, or were matched with other settings, are
    compared with the rest. `method` 'sift-ssim' is the earlier tool's way (catalog.sift_ssim).

    Raises:
        Interrupted: `control` was stopped; what was judged is stored.
        CatalogError: another process matches on this catalog.
    """
    control = control or Control()
    with Catalog.open(catalog_path, create=False) as catalog, catalog.exclusive("match"):
        if method == sift_ssim.METHOD:
            return sift_ssim.find_pairs(catalog, settings, report, control)
        return _Run(catalog, settings, report, control).match()


class _Run:
    """One run of the default method."""

    def __init__(
        self, catalog: Catalog, settings: Settings, report: Report, control: Control
    ) -> None:
        self.catalog = catalog
        self.settings = settings
        self.report = report
        self.control = control
        self.started = time.monotonic()
        self.entries = {entry.id: entry for entry in entries(catalog)}
        self.model = embedding_pass.current_model(catalog)
        self.thresholds = Thresholds(
            settings.match.hamming, settings.match.inliers, settings.match.agreement
        )

    def match(self) -> MatchSummary:
        proposed = self._propose()
        with Judges(self.catalog.path, self.entries, self.thresholds, self.model) as judges:
            self._decide_anew(judges)
            judged = self._judge(judges)
            self._confirm_pixels()
            found, near = self._group(judges)
        related = self.catalog.connection.execute(
            "SELECT count(*) FROM pair WHERE method = ? AND verdict <> ?",
            (METHOD, str(Verdict.UNRELATED)),
        ).fetchone()[0]
        return MatchSummary(
            pictures=len(self.entries),
            candidates=proposed,
            judged=judged,
            pairs=related,
            groups=found,
            near_groups=near,
            seconds=time.monotonic() - self.started,
        )

    def _propose(self) -> int:
        extractors = dict(self.catalog.connection.execute("SELECT id, extractor FROM content"))
        key = _proposal_key(self.settings, self.model)
        # A picture whose embedding arrives after it was matched is to be proposed once more.
        embedded = embedding_pass.contents(self.catalog, self.model)
        keys = {i: f"{key};{extractors[i]};{int(i in embedded)}" for i in self.entries}
        new = pairs.stale(self.catalog, METHOD, keys)
        if not new:
            return 0
        found = candidates.propose(
            self.catalog,
            list(self.entries.values()),
            new,
            self.settings.match,
            self.model,
            Meter(self.report, "learning visual words"),
            self.control,
        )
        pairs.put_candidates(self.catalog, METHOD, {i: keys[i] for i in sorted(new)}, found)
        return len(found)

    def _judge(self, judges: Judges) -> int:
        total = pairs.count_candidates(self.catalog, METHOD)
        meter = Meter(self.report, "comparing candidates", total)
        while todo := pairs.candidates(self.catalog, METHOD, _STRIDE):
            gone = [pair for pair in todo if not self._present(pair)]
            self._drop(gone)
            batch: list[Judged] = []
            for judged in judges.judge([pair for pair in todo if self._present(pair)]):
                batch.append(judged)
                if len(batch) == _BATCH:
                    self._store(batch, meter)
                    batch = []
            self._store(batch, meter)
        meter.tell()
        return meter.done

    def _present(self, pair: Pair) -> bool:
        return pair[0] in self.entries and pair[1] in self.entries

    def _drop(self, gone: Sequence[Pair]) -> None:
        """Forget candidates whose files vanished, and that they were ever proposed."""
        if not gone:
            return
        with self.catalog.transaction() as connection:
            connection.executemany(
                "DELETE FROM candidate WHERE method = ? AND a_id = ? AND b_id = ?",
                ((METHOD, a, b) for a, b in gone),
            )
            connection.executemany(
                "DELETE FROM matched WHERE method = ? AND content_id = ?",
                ((METHOD, i) for pair in gone for i in pair if i not in self.entries),
            )

    def _store(self, batch: Sequence[Judged], meter: Meter) -> None:
        pairs.put_judged(self.catalog, METHOD, batch)
        meter.add(len(batch))
        self.control.checkpoint()

    def _decide_anew(self, judges: Judges) -> None:
        """Apply changed thresholds to the stored evidence, without looking at a picture."""
        name = "verdict key"
        key = f"{verdicts.VERSION};{self.thresholds}".encode()
        row = self.catalog.connection.execute("SELECT value FROM fact WHERE name = ?", (name,))
        if row.fetchone() == (key,):
            return
        changed = [
            judges.verdict(old.a_id, old.b_id, old.evidence)
            for old in pairs.all_judged(self.catalog, METHOD)
            if old.evidence.method != "pixels" and self._present((old.a_id, old.b_id))
        ]
        pairs.put_judged(self.catalog, METHOD, changed)
        with self.catalog.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)", (name, key)
            )

    def _confirm_pixels(self) -> None:
        stored = {(j.a_id, j.b_id): j for j in pairs.all_judged(self.catalog, METHOD)}
        nothing = Evidence()
        known = list(self.entries.values())
        for i, j in zip(*candidates.equal_pixels(known), strict=True):
            pair = known[i].id, known[j].id  # flat pictures leave no other evidence
            stored.setdefault(pair, Judged(*pair, Verdict.UNRELATED, 0.0, nothing))
        looked = [
            judged
            for pair, judged in stored.items()
            if judged.verdict is not Verdict.IDENTICAL_PIXELS
            and self._present(pair)
            and pixel_equality.may_be_equal(judged, *(self.entries[i] for i in pair))
        ]
        meter = Meter(self.report, "confirming equal pixels")
        equal = pixel_equality.confirm(
            self.catalog, looked, self.settings.index, meter, self.control
        )
        pairs.put_judged(self.catalog, METHOD, equal)

    def _group(self, judges: Judges) -> tuple[int, int]:
        digests = {i: entry.digest for i, entry in self.entries.items()}
        duplicates: dict[Pair, float] = {}
        containers: set[int] = set()
        near: dict[Pair, float] = {}
        unrelated: set[Pair] = set()
        for judged in pairs.all_judged(self.catalog, METHOD):
            pair = (judged.a_id, judged.b_id)
            if not self._present(pair):
                continue
            if judged.verdict.is_duplicate:
                duplicates[pair] = judged.similarity
                containers |= self._containers(judged)
            elif judged.verdict is Verdict.NEAR_SHOT:
                near[pair] = judged.similarity
            else:
                unrelated.add(pair)

        def judge(asked: Sequence[Pair]) -> Mapping[Pair, float]:
            self.control.checkpoint()
            found = list(judges.judge([p for p in asked if p not in unrelated and p not in near]))
            pairs.put_judged(self.catalog, METHOD, found)
            for judged in found:
                containers.update(self._containers(judged))
            near.update(
                ((j.a_id, j.b_id), j.similarity) for j in found if j.verdict is Verdict.NEAR_SHOT
            )
            return {(j.a_id, j.b_id): j.similarity for j in found if j.verdict.is_duplicate}

        cut = pairs.cut_pairs(self.catalog)
        formed = groups.form(duplicates, digests, apart=cut, containers=containers, judge=judge)
        group_of = {i: n for n, group in enumerate(formed) for i in group.members}
        # Copies of one picture may look like near shots of each other: that is settled already.
        apart = {
            pair: value
            for pair, value in near.items()
            if group_of.get(pair[0], -1) != group_of.get(pair[1], -2)
        }
        scenes = groups.form(apart, digests, apart=cut)
        return put_groups(self.catalog, METHOD, formed, scenes)

    def _containers(self, judged: Judged) -> set[int]:
        """The one of a pair that holds the other reduced, with more around it: a collage, say.

        A crop is no such thing: what it was cut from shows it at its own size or larger.
        """
        e = judged.evidence
        if not judged.verdict.is_duplicate or e.cover_a is None or e.cover_b is None:
            return set()
        a, b = self.entries[judged.a_id].facts, self.entries[judged.b_id].facts
        larger = e.scale * max(b.width, b.height) / max(a.width, a.height, 1)
        if e.cover_a < _HELD and e.cover_b > _HELD and larger > _REDUCED:
            return {judged.a_id}
        if e.cover_b < _HELD and e.cover_a > _HELD and larger * _REDUCED < 1:
            return {judged.b_id}
        return set()


def _proposal_key(settings: Settings, model: str | None) -> str:
    """Names everything that a content's candidates and their evidence hang on."""
    m = settings.match
    versions = f"{comparison.VERSION}.{words.VERSION}"
    return f"v{versions};{m.hamming};{m.cosine};{m.neighbours};{model or ''}"
