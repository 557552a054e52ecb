"""The preset `sift-ssim`: the earlier tool's judgement, pair by pair, on the full-size pictures.

Grey, scaled by 0.5, SIFT without a cap, brute force L2 with the ratio test; good matches must be
more than 0.1 of the descriptors, else the same is tried with ORB and Hamming distance; then SSIM of
the two pictures, the second resized to the first, must exceed 0.7. Every number is a setting. Only
the choice of pairs is ours: the candidates of the default method, not all with all.
"""

from __future__ import annotations

import functools
import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ..models import decode
from ..models.evidence import Evidence, Verdict
from ..models.similarity import WINDOW, Array, ssim
from . import candidates, groups, pairs
from .database import Catalog
from .group_store import put_groups
from .pairs import Judged, MatchSummary, Pair
from .pictures import Entry, entries
from .progress import Control, Meter, Report
from .settings import Settings, SiftSsimSettings
from .workers import Lost, WorkerPool

METHOD = "sift-ssim"
VERSION = 1
_BATCH = 16
_STRIDE = 1024


@dataclass(frozen=True, slots=True)
class Job:
    """Two files to compare."""

    pair: Pair
    first: bytes
    second: bytes


@dataclass(frozen=True, slots=True)
class Finding:
    """What the comparison of two files gave: which descriptors matched, how many, and SSIM."""

    kind: str
    """'sift', 'orb', or '' where neither matched."""
    good: int
    ssim: float | None


def find_pairs(
    catalog: Catalog, settings: Settings, report: Report, control: Control
) -> MatchSummary:
    """Judge the candidates the earlier tool's way and form groups of them."""
    started = time.monotonic()
    known = {entry.id: entry for entry in entries(catalog)}
    key = f"{VERSION};{settings.sift_ssim};{settings.match.hamming};{settings.match.neighbours}"
    keys = dict.fromkeys(known, key)
    new = pairs.stale(catalog, METHOD, keys)
    if new:
        meter = Meter(report, "learning visual words")
        found = candidates.propose(
            catalog, list(known.values()), new, settings.match, None, meter, control
        )
        pairs.put_candidates(catalog, METHOD, dict.fromkeys(sorted(new), key), found)
    proposed = pairs.count_candidates(catalog, METHOD)
    judged = _judge_all(catalog, known, settings, Meter(report, METHOD, proposed), control)
    edges = {
        (j.a_id, j.b_id): j.similarity
        for j in pairs.all_judged(catalog, METHOD)
        if j.verdict.is_duplicate
    }
    digests = {i: entry.digest for i, entry in known.items()}
    formed = groups.form(edges, digests, apart=pairs.cut_pairs(catalog))
    count, _ = put_groups(catalog, METHOD, formed, ())
    seconds = time.monotonic() - started
    return MatchSummary(len(known), proposed, judged, len(edges), count, 0, seconds)


def counts(catalog: Catalog) -> list[tuple[bytes, int]]:
    """Each file with the number of its duplicates, most first; files without any are left out."""
    files: dict[int, list[bytes]] = defaultdict(list)
    for content_id, root, path in catalog.connection.execute(
        "SELECT f.content_id, r.path, f.path FROM file f JOIN root r ON r.id = f.root_id"
        " WHERE f.present = 1 AND f.error IS NULL AND f.content_id IS NOT NULL"
        " AND r.role <> 'excluded'"
    ):
        files[content_id].append(os.path.join(root, path))
    found: Counter[int] = Counter()
    for judged in pairs.all_judged(catalog, METHOD):
        if judged.verdict.is_duplicate:
            found[judged.a_id] += len(files[judged.b_id])
            found[judged.b_id] += len(files[judged.a_id])
    listed = [
        (path, found[content_id] + len(paths) - 1)
        for content_id, paths in files.items()
        for path in paths
    ]
    return sorted((row for row in listed if row[1]), key=lambda row: (-row[1], row[0]))


def _judge_all(
    catalog: Catalog,
    known: dict[int, Entry],
    settings: Settings,
    meter: Meter,
    control: Control,
) -> int:
    limits = settings.index
    paths = _paths(catalog)
    with WorkerPool(
        compare_files,
        (settings.sift_ssim, int(limits.max_megapixels * 1_000_000)),
        workers=limits.workers,
        timeout=limits.timeout_seconds * 4,  # tens of thousands of keypoints, matched by force
        memory_mb=limits.worker_memory_mb * 2,
    ) as pool:
        while todo := pairs.candidates(catalog, METHOD, _STRIDE):
            jobs = [Job(p, paths[p[0]], paths[p[1]]) for p in todo if {*p} <= paths.keys()]
            batch = [_nothing(p) for p in todo if not {*p} <= paths.keys()]
            for job, found in pool.imap_unordered(jobs):
                control.checkpoint()
                if isinstance(found, Lost):
                    meter.failed += 1
                    batch.append(_nothing(job.pair))
                else:
                    batch.append(_verdict(job.pair, found, known, settings.sift_ssim))
                if len(batch) >= _BATCH:
                    batch = _stored(catalog, batch, meter)
            _stored(catalog, batch, meter)
    meter.tell()
    return meter.done


def _stored(catalog: Catalog, batch: Sequence[Judged], meter: Meter) -> list[Judged]:
    pairs.put_judged(catalog, METHOD, batch)
    meter.add(len(batch))
    return []


def _nothing(pair: Pair) -> Judged:
    return Judged(*pair, Verdict.UNRELATED, 0.0, Evidence())


def _verdict(
    pair: Pair, found: Finding, known: dict[int, Entry], settings: SiftSsimSettings
) -> Judged:
    evidence = Evidence(matches=found.good, ssim=found.ssim, method=found.kind)
    if found.ssim is None or found.ssim <= settings.ssim:
        return Judged(*pair, Verdict.UNRELATED, max(found.ssim or 0.0, 0.0), evidence)
    a, b = (known[i].facts for i in pair)
    same_size = (a.width, a.height) == (b.width, b.height)
    verdict = Verdict.REENCODED if same_size else Verdict.RESIZED
    return Judged(*pair, verdict, min(found.ssim, 0.999), evidence)


def _paths(catalog: Catalog) -> dict[int, bytes]:
    rows: Iterator[tuple[int, bytes, bytes]] = catalog.connection.execute(
        "SELECT f.content_id, r.path, f.path FROM file f JOIN root r ON r.id = f.root_id"
        " WHERE f.present = 1 AND f.error IS NULL AND f.content_id IS NOT NULL ORDER BY f.id DESC"
    )
    return {content_id: os.path.join(root, path) for content_id, root, path in rows}


def compare_files(job: Job, settings: SiftSsimSettings, max_pixels: int) -> Finding:
    """Compare two files, in a worker."""
    first = _read(job.first, settings.scale, max_pixels)
    second = _read(job.second, settings.scale, max_pixels)
    kind, good = "sift", _good_matches(first.sift, second.sift, cv2.NORM_L2, settings)
    if good <= settings.good_fraction * len(first.sift):
        kind, good = "orb", _good_matches(first.orb, second.orb, cv2.NORM_HAMMING, settings)
        if good <= settings.good_fraction * len(first.orb):
            return Finding("", good, None)
    size = first.grey.shape[::-1]
    if min(size) < WINDOW:
        return Finding(kind, good, None)
    other = second.grey
    if other.shape != first.grey.shape:
        other = cv2.resize(other, size, interpolation=cv2.INTER_AREA)
    return Finding(kind, good, ssim(first.grey, other))


@dataclass(frozen=True)
class _Read:
    """One file's scaled grey picture, described when asked."""

    grey: Array

    @functools.cached_property
    def sift(self) -> Array:
        found = cv2.SIFT.create().detectAndCompute(self.grey, None)[1]
        return np.zeros((0, 128), np.float32) if found is None else found

    @functools.cached_property
    def orb(self) -> Array:
        found = cv2.ORB.create().detectAndCompute(self.grey, None)[1]
        return np.zeros((0, 32), np.uint8) if found is None else found


@functools.lru_cache(maxsize=4)  # a picture's pairs come one after the other
def _read(path: bytes, scale: float, max_pixels: int) -> _Read:
    data = Path(os.fsdecode(path)).read_bytes()
    picture = decode.read(data, side=None, max_pixels=max_pixels)
    grey = np.asarray(picture.image.convert("L"))
    size = max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale))
    return _Read(cv2.resize(grey, size, interpolation=cv2.INTER_LINEAR))


def _good_matches(a: Array, b: Array, norm: int, settings: SiftSsimSettings) -> int:
    if len(a) < 1 or len(b) < 2:
        return 0
    found = cv2.BFMatcher(norm).knnMatch(a, b, k=2)
    return sum(
        1
        for two in found
        if len(two) == 2 and two[0].distance < settings.good_ratio * two[1].distance
    )
