"""Whether pairs that look the same have the same pixels: decided on the files, decoded in full."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from ..models import digests
from ..models.decode import full_pixels_digest
from ..models.evidence import Evidence, Verdict
from .database import Catalog
from .pairs import Judged
from .pictures import Entry
from .progress import Control, Meter
from .settings import IndexSettings
from .workers import Lost, WorkerPool


def may_be_equal(judged: Judged, a: Entry, b: Entry) -> bool:
    """Whether the stored evidence allows for the same pixels, so that decoding both is worth it.

    Equal reduced pixels call for a look; so does a picture stored without loss that can't be told
    from the other: its reduced pixels may differ by the decoder's scaling alone.
    """
    if not is_worth_a_look(a, b):
        return False
    if a.pixel_digest == b.pixel_digest:
        return True
    e = judged.evidence
    alike = (e.ssim or 0.0) >= 0.99 and (e.colour or 0.0) < 1.0
    return alike and e.hamming is not None and e.hamming <= 2


def is_worth_a_look(a: Entry, b: Entry) -> bool:
    """Whether two files may have the same pixels, by what is known of each."""
    if (a.facts.width, a.facts.height) != (b.facts.width, b.facts.height):
        return False
    return a.pixel_digest == b.pixel_digest or a.facts.lossless or b.facts.lossless


def confirm(
    catalog: Catalog,
    judged: Iterable[Judged],
    settings: IndexSettings,
    meter: Meter,
    control: Control,
) -> list[Judged]:
    """The pairs whose upright pixels are equal, with that verdict.

    Full pixel digests are taken once a content and stored; a file that can't be decoded any more,
    or isn't what was indexed, leaves its pairs as they were.
    """
    pairs = list(judged)
    wanted = {i for j in pairs for i in (j.a_id, j.b_id)}
    known = _stored(catalog, wanted)
    _take(catalog, sorted(wanted - set(known)), settings, meter, control)
    known = _stored(catalog, wanted)
    equal = [j for j in pairs if known.get(j.a_id) and known.get(j.a_id) == known.get(j.b_id)]
    return [_equal(j) for j in equal]


def _equal(judged: Judged) -> Judged:
    evidence = judged.evidence if judged.evidence.method else Evidence(hamming=0)
    return Judged(
        judged.a_id,
        judged.b_id,
        Verdict.IDENTICAL_PIXELS,
        1.0,
        replace(evidence, method="pixels"),
    )


def _stored(catalog: Catalog, ids: set[int]) -> dict[int, bytes]:
    rows = catalog.connection.execute(
        "SELECT id, full_pixel_digest FROM content WHERE full_pixel_digest IS NOT NULL"
    )
    return {i: digest for i, digest in rows if i in ids}


def _take(
    catalog: Catalog, ids: list[int], settings: IndexSettings, meter: Meter, control: Control
) -> None:
    meter.total = len(ids)
    if not ids:
        return
    jobs = list(_files(catalog, ids))
    context = (int(settings.max_megapixels * 1_000_000),)
    with WorkerPool(
        read_pixels,
        context,
        workers=settings.workers,
        timeout=settings.timeout_seconds,
        memory_mb=settings.worker_memory_mb,
    ) as pool:
        for (content_id, _, _), found in pool.imap_unordered(jobs):
            control.checkpoint()
            if isinstance(found, Lost) or found is None:
                meter.add(failed=1)
                continue
            with catalog.transaction() as connection:
                connection.execute(
                    "UPDATE content SET full_pixel_digest = ? WHERE id = ?", (found, content_id)
                )
            meter.add()
    meter.tell()


def _files(catalog: Catalog, ids: list[int]) -> Iterable[tuple[int, bytes, bytes]]:
    for content_id in ids:
        row = catalog.connection.execute(
            """
            SELECT r.path, f.path, c.digest FROM file f
              JOIN root r ON r.id = f.root_id JOIN content c ON c.id = f.content_id
             WHERE f.content_id = ? AND f.present = 1 AND f.error IS NULL
             ORDER BY f.id LIMIT 1
            """,
            (content_id,),
        ).fetchone()
        if row is not None:
            yield content_id, os.path.join(row[0], row[1]), row[2]


def read_pixels(job: tuple[int, bytes, bytes], max_pixels: int) -> bytes | None:
    """The full pixel digest of a file, in a worker; None where it isn't the content any more."""
    _, path, digest = job
    try:
        data = Path(os.fsdecode(path)).read_bytes()
    except OSError:
        return None
    return full_pixels_digest(data, max_pixels) if digests.of_bytes(data) == digest else None
