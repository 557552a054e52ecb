"""Whether pairs that look the same have the same pixels: decided on the files, decoded in full."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from functools import partial

from ..models.decode import full_pixels_digest
from ..models.evidence import Evidence, Verdict
from .database import Catalog
from .pairs import Judged
from .pictures import Entry
from .progress import Control, Meter
from .rereading import reread
from .settings import IndexSettings


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
    known = full_digests(catalog, wanted, settings, meter, control)
    equal = [j for j in pairs if known.get(j.a_id) and known.get(j.a_id) == known.get(j.b_id)]
    return [_equal(j) for j in equal]


def full_digests(
    catalog: Catalog, ids: set[int], settings: IndexSettings, meter: Meter, control: Control
) -> dict[int, bytes]:
    """The full pixel digests of contents; those that aren't stored yet are taken, and stored."""
    known = _stored(catalog, ids)
    _take(catalog, sorted(ids - set(known)), settings, meter, control)
    return _stored(catalog, ids)


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
    compute = partial(full_pixels_digest, max_pixels=settings.max_pixels)
    with closing(reread(catalog, ids, compute, settings)) as contents:
        for content_id, found in contents:
            control.checkpoint()
            if found is None:
                meter.add(failed=1)
                continue
            with catalog.transaction() as connection:
                connection.execute(
                    "UPDATE content SET full_pixel_digest = ? WHERE id = ?", (found, content_id)
                )
            meter.add()
    meter.tell()
