"""Candidates to judged pairs to groups; stopped at any moment, it goes on where it was."""

from __future__ import annotations

import time
from collections.abc import Sequence

from ..models import comparison, verdicts
from ..models.evidence import Evidence, Verdict
from . import candidates, network, pairs, pixel_equality, strictness
from .database import Catalog
from .grouping import regroup
from .judging import Judges
from .pairs import METHOD, Judged, MatchSummary, Pair
from .pictures import entries
from .progress import Control, Meter, Report
from .settings import Settings

_BATCH = 64  # pairs a commit: a reviewer who writes meanwhile waits for milliseconds
_STRIDE = 1 << 17  # pairs put in order at a time


class Matching:
    """One run of the default method over a catalog."""

    def __init__(
        self, catalog: Catalog, settings: Settings, report: Report, control: Control
    ) -> None:
        self.catalog = catalog
        self.settings = settings
        self.report = report
        self.control = control
        self.started = time.monotonic()
        self.unread = 0
        """Contents whose files were to be read once more and couldn't be."""
        self.entries = {entry.id: entry for entry in entries(catalog)}
        self.model = network.current_model(catalog, settings.index)
        self.strictness = strictness.of(settings.match)

    def match(self) -> MatchSummary:
        """Find the duplicates; see catalog.matcher.

        Raises:
            Interrupted: a stop was asked for.
        """
        proposed = self._propose()
        with Judges(self.catalog.path, self.entries, self.strictness, self.model) as judges:
            self._decide_anew(judges)
            judged = self._judge(judges)
            self._confirm_pixels()
            formed = regroup(self.catalog, METHOD, self.entries, judges, self.control)
        related = self.catalog.connection.execute(
            "SELECT count(*) FROM pair WHERE method = ? AND verdict <> ?",
            (METHOD, str(Verdict.UNRELATED)),
        ).fetchone()[0]
        return MatchSummary(
            pictures=len(self.entries),
            candidates=proposed,
            judged=judged + formed.judged,
            pairs=related,
            groups=formed.groups,
            near_groups=formed.near_groups,
            formed=formed.formed,
            seconds=time.monotonic() - self.started,
        )

    def _propose(self) -> int:
        extractors = dict(self.catalog.connection.execute("SELECT id, extractor FROM content"))
        key = _proposal_key(self.settings, self.model)
        # A picture whose embedding arrives after it was matched is to be proposed once more.
        embedded = network.embedded(self.catalog, self.model)
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
        """Apply another strictness to the stored evidence, without looking at a picture."""
        name = "verdict key"
        key = f"{verdicts.VERSION};{self.strictness}".encode()
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
        known = list(self.entries.values())
        star = [
            (known[i].id, known[j].id) for i, j in zip(*candidates.equal_pixels(known), strict=True)
        ]
        # Evidence is read of those pairs only whose files allow for equal pixels: there are few.
        like = [
            (a, b)
            for a, b, verdict, _ in pairs.related(self.catalog, METHOD)
            if verdict != str(Verdict.IDENTICAL_PIXELS)
            and self._present((a, b))
            and pixel_equality.is_worth_a_look(self.entries[a], self.entries[b])
        ]
        wanted = sorted({*star, *like})
        stored = {(j.a_id, j.b_id): j for j in pairs.find(self.catalog, METHOD, wanted)}
        nothing = Evidence()
        looked = [
            judged
            for pair in wanted  # flat pictures leave no other evidence than their equal pixels
            if (judged := stored.get(pair, Judged(*pair, Verdict.UNRELATED, 0.0, nothing))).verdict
            is not Verdict.IDENTICAL_PIXELS
            and pixel_equality.may_be_equal(judged, *(self.entries[i] for i in pair))
        ]
        meter = Meter(self.report, "confirming equal pixels")
        equal = pixel_equality.confirm(
            self.catalog, looked, self.settings.index, meter, self.control
        )
        pairs.put_judged(self.catalog, METHOD, equal)
        self.unread = meter.failed


def _proposal_key(settings: Settings, model: str | None) -> str:
    """Names everything that a content's candidates and their evidence hang on."""
    m = settings.match
    versions = f"{comparison.VERSION}.{candidates.VERSION}"
    return f"v{versions};{m.hamming};{m.cosine};{m.neighbours};{model or ''}"
