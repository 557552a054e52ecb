"""One picture against folders: ranked by the embedding's cosine, or by evidence without one."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ..models.comparison import examine
from ..models.decode import full_pixels_digest, squeeze
from ..models.embedding import Embedder
from ..models.errors import PictureError
from ..models.evidence import Evidence, Verdict
from ..models.extract import extract
from ..models.features import ExtractSpec, Features
from ..models.keypoints import Keypoints
from ..models.picture import Picture
from ..models.text import printable
from ..models.verdicts import Facts, similarity
from . import embedding_pass, network, pixel_equality, strictness, vocabulary, words
from .database import Catalog
from .embedding_pass import Pixels
from .indexer import spec_of
from .pairs import Judged
from .pictures import Entry, PictureLoader
from .progress import Control, Meter, silent
from .settings import IndexSettings, Settings
from .workers import Lost, WorkerPool

Found = TypeVar("Found")

_REACH = 16  # Hamming distance up to which a picture is looked at closely
_LOOKED_AT = 200  # pictures that share the most visual words, looked at closely


@dataclass(frozen=True, slots=True)
class Hit:
    """A file that is like the picture asked for."""

    file_id: int
    path: bytes
    """Absolute."""
    similarity: float
    """0..1, by the result's measure."""
    hamming: int
    """Smallest pHash distance over the 8 orientations: the cross-check."""
    verdict: Verdict | None
    """What the file is to the picture; None where it wasn't looked at closely."""
    size: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class FindResult:
    """The hits, best first, by which measure, and what the person should know."""

    hits: tuple[Hit, ...]
    measure: str
    """'embedding' or 'evidence'."""
    notice: str
    features: Features
    """Those of the picture searched with."""


@dataclass(frozen=True, slots=True)
class _Row:
    file_id: int
    content_id: int
    path: bytes
    size: int
    entry: Entry
    hashes: NDArray[np.uint64]


def find(
    catalog: Catalog,
    image: Path,
    folders: Sequence[Path],
    *,
    minimum: float,
    settings: Settings,
) -> FindResult:
    """Files below `folders` whose similarity to `image` is at least `minimum` (0..1), best first.

    The folders are searched as they were last indexed; the picture itself needn't be in the
    catalog, and is no hit of its own.

    Raises:
        PictureError: the picture can't be read.
        ModelError: the network can't be loaded.
    """
    embedder = embedding_pass.load(settings.index)
    features, pixels = _read(image, settings, embedder)
    rows = _rows(catalog, image, folders)
    query = Picture(
        Keypoints.unpack(features.keypoints),
        np.frombuffer(dict(features.hashes)["phash"], ">u8").astype(np.uint64),
        features.preview,
    )
    distances = {
        row.content_id: int(np.bitwise_count(query.hashes[0] ^ row.hashes).min()) for row in rows
    }
    closely = _Closely(catalog, query, image, _entry(features), settings)
    if embedder is not None and pixels is not None:
        cosines = _cosines(catalog, pixels, rows, embedder)
        near = [row for row in rows if cosines.get(row.content_id, -1.0) >= minimum]
        hits = [
            replace(hit, similarity=cosines[row.content_id])
            for row, hit in zip(near, closely.hits(near, distances), strict=True)
        ]
        missing = len(rows) - sum(row.content_id in cosines for row in rows)
        notice = f"{missing:,} files have no embedding: changed, gone or out of reach"
        return FindResult(_ranked(hits), "embedding", notice if missing else "", features)
    wanted = _worth_a_look(catalog, query, rows, distances)
    hits = closely.hits([row for row in rows if row.content_id in wanted], distances)
    notice = f"ranked by what is the same in them; {network.notice(settings.index)}"
    kept = [h for h in hits if h.similarity >= minimum and h.verdict is not Verdict.UNRELATED]
    return FindResult(_ranked(kept), "evidence", notice, features)


def _ranked(hits: Sequence[Hit]) -> tuple[Hit, ...]:
    return tuple(sorted(hits, key=lambda h: (-h.similarity, h.hamming, h.path)))


def _entry(features: Features) -> Entry:
    """The picture asked for, as one of the catalog's."""
    facts = Facts(
        features.width,
        features.height,
        features.format,
        features.lossless,
        features.quality,
        features.metadata.captured_at,
        features.metadata.camera,
    )
    return Entry(-1, features.digest, features.pixel_digest, features.contrast, facts)


class _Closely:
    """Looks at files closely, each content once."""

    def __init__(
        self, catalog: Catalog, query: Picture, image: Path, own: Entry, settings: Settings
    ) -> None:
        self._catalog = catalog
        self._query = query
        self._image = image
        self._own = own
        self._settings = settings
        self._loader = PictureLoader(catalog)
        self._strictness = strictness.of(settings.match)

    def hits(self, rows: Sequence[_Row], distances: dict[int, int]) -> list[Hit]:
        """The files as hits, in their order, their similarity by evidence."""
        entries = {row.content_id: row.entry for row in rows}
        judged = {i: self._look(entry) for i, entry in entries.items()}
        alike = {
            i
            for i, found in judged.items()
            if found.verdict is not Verdict.IDENTICAL_FILE
            and pixel_equality.may_be_equal(found, self._own, entries[i])
        }
        same = self._of_same_pixels(alike)
        hits = []
        for row in rows:
            found, f = judged[row.content_id], row.entry.facts
            verdict, similar = found.verdict, found.similarity
            if row.content_id in same:
                verdict, similar = Verdict.IDENTICAL_PIXELS, 1.0
            distance = distances[row.content_id]
            hits.append(
                Hit(row.file_id, row.path, similar, distance, verdict, row.size, f.width, f.height)
            )
        return hits

    def _look(self, entry: Entry) -> Judged:
        if entry.digest == self._own.digest:
            return Judged(self._own.id, entry.id, Verdict.IDENTICAL_FILE, 1.0, Evidence())
        evidence = examine(self._query, self._loader.load(entry.id))
        verdict = self._strictness.judge(evidence, self._own.facts, entry.facts)
        return Judged(self._own.id, entry.id, verdict, similarity(evidence, verdict), evidence)

    def _of_same_pixels(self, ids: set[int]) -> set[int]:
        """Those contents whose upright pixels are all the same as those of the picture."""
        if not ids:
            return set()
        limits, meter = self._settings.index, Meter(silent, "confirming equal pixels")
        own = _in_a_worker(self._image, limits, digest_of, (limits.max_pixels,))
        known = pixel_equality.full_digests(self._catalog, ids, limits, meter, Control())
        return {i for i, digest in known.items() if digest == own}


def _read(
    image: Path, settings: Settings, embedder: Embedder | None
) -> tuple[Features, Pixels | None]:
    """The features and pixels of the picture asked for, made in a worker like any other file's."""
    limits = settings.index
    size = None if embedder is None else (embedder.width, embedder.height)
    return _in_a_worker(image, limits, read_query, (spec_of(limits), size))


def _in_a_worker(
    image: Path, limits: IndexSettings, work: Callable[..., Found], further: tuple[object, ...]
) -> Found:
    """What a worker's `work` makes of the picture asked for.

    Raises:
        PictureError: it can't be read.
    """
    with WorkerPool[str, Found](
        work,
        further,
        workers=1,
        timeout=limits.timeout_seconds,
        memory_mb=limits.worker_memory_mb,
    ) as pool:
        for _, found in pool.imap_unordered([os.fspath(image)]):
            if isinstance(found, Lost):
                raise PictureError(
                    f"{printable(os.fspath(image))} can't be read: {found.reason}",
                    "choose another picture",
                )
            return found
    raise AssertionError("a pool gives an answer for every item")


def digest_of(path: str, max_pixels: int) -> bytes:
    """BLAKE3-256 of all upright pixels of one file; in a worker."""
    return full_pixels_digest(Path(path).read_bytes(), max_pixels)


def read_query(
    path: str, spec: ExtractSpec, size: tuple[int, int] | None
) -> tuple[Features, Pixels | None]:
    """One file's features, and its pixels for a network's `size`; in a worker."""
    data = Path(path).read_bytes()
    pixels = None if size is None else squeeze(data, size, max_pixels=spec.max_pixels)
    return extract(data, spec), pixels


def _rows(catalog: Catalog, image: Path, folders: Sequence[Path]) -> list[_Row]:
    """The decoded files below the folders, without the picture itself."""
    below = [os.path.join(os.fsencode(os.path.realpath(folder)), b"") for folder in folders]
    own = os.stat(image)
    rows = []
    for row in catalog.connection.execute(
        """
        SELECT f.id, c.id, r.path, f.path, f.size, f.device, f.inode, h.value,
               c.digest, c.pixel_digest, c.contrast, c.width, c.height, c.format, c.lossless,
               c.quality, c.captured_at, c.camera
          FROM file f JOIN root r ON r.id = f.root_id AND r.role <> 'excluded'
          JOIN content c ON c.id = f.content_id AND c.error IS NULL
          JOIN hash h ON h.content_id = c.id AND h.kind = 'phash'
         WHERE f.present = 1 AND f.error IS NULL
        """
    ):
        file_id, content_id, root, relative, size, device, inode, value, *rest = row
        path = os.path.join(root, relative)
        if not any(path.startswith(folder) for folder in below):
            continue
        if (device, inode) == (own.st_dev, own.st_ino):
            continue
        hashes = np.frombuffer(value, ">u8").astype(np.uint64)
        digest, pixel_digest, contrast, *facts = rest
        entry = Entry(content_id, digest, pixel_digest, contrast, Facts(*facts))
        rows.append(_Row(file_id, content_id, path, size, entry, hashes))
    return rows


def _cosines(
    catalog: Catalog, pixels: Pixels, rows: Sequence[_Row], embedder: Embedder
) -> dict[int, float]:
    query = embedder.embed(pixels[None])[0]
    wanted = {row.content_id for row in rows}
    return {
        content_id: _cosine(np.frombuffer(vector, "<f2").astype(np.float32), query)
        for content_id, vector in catalog.connection.execute(
            "SELECT content_id, vector FROM embedding WHERE model = ?", (embedder.key,)
        )
        if content_id in wanted
    }


def _cosine(stored: NDArray[np.float32], query: NDArray[np.float32]) -> float:
    """Of a vector that lost its exact length when it was stored, and a unit vector."""
    return float(stored @ query) / max(float(np.linalg.norm(stored)), 1e-12)


def _worth_a_look(
    catalog: Catalog, query: Picture, rows: Sequence[_Row], distances: dict[int, int]
) -> set[int]:
    """Contents near by hash, upright or inverted, or sharing the most visual words."""
    near = {
        row.content_id
        for row in rows
        if distances[row.content_id] <= _REACH
        or 64 - int(np.bitwise_count(query.hashes[0] ^ row.hashes).max()) <= _REACH
    }
    ids = sorted({row.content_id for row in rows})
    if query.keypoints.kind != "sift" or not len(query.keypoints) or not ids:
        return near
    learnt = vocabulary.ensure(catalog, ids, Meter(silent, "learning visual words"), Control())
    own, _ = vocabulary.load(catalog, ids)
    both = (query.keypoints, query.keypoints.mirrored)
    looked_up = [*own, *(learnt.assign(k.vectors).astype(np.uint16) for k in both)]
    only = np.arange(len(looked_up)) >= len(own)
    found = words.Index(own, learnt.size).propose(looked_up, neighbours=_LOOKED_AT, only=only)
    return near | {ids[i] for _, indices, _ in found for i in indices}
