"""One picture against folders: ranked by the embedding's cosine, or by evidence without one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..models.comparison import examine
from ..models.decode import squeeze
from ..models.embedding import Embedder
from ..models.errors import PictureError
from ..models.evidence import Verdict
from ..models.extract import extract
from ..models.features import ExtractSpec, Features
from ..models.keypoints import Keypoints
from ..models.picture import Picture
from ..models.text import printable
from ..models.verdicts import Facts, similarity
from . import embedding_pass, network, strictness, vocabulary, words
from .database import Catalog
from .embedding_pass import Pixels
from .indexer import spec_of
from .pictures import PictureLoader
from .progress import Control, Meter, silent
from .settings import Settings
from .workers import Lost, WorkerPool

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
    digest: bytes
    facts: Facts
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
    facts = Facts(
        features.width,
        features.height,
        features.format,
        features.lossless,
        features.quality,
        features.metadata.captured_at,
        features.metadata.camera,
    )
    closely = _Closely(catalog, query, features.digest, facts, settings)
    if embedder is not None and pixels is not None:
        cosines = _cosines(catalog, pixels, rows, embedder)
        hits = [
            replace(closely.hit(row, distances[row.content_id]), similarity=value)
            for row in rows
            if (value := cosines.get(row.content_id, -1.0)) >= minimum
        ]
        missing = len(rows) - sum(row.content_id in cosines for row in rows)
        notice = f"{missing:,} files have no embedding: changed, gone or out of reach"
        return FindResult(_ranked(hits), "embedding", notice if missing else "", features)
    wanted = _worth_a_look(catalog, query, rows, distances)
    hits = [closely.hit(row, distances[row.content_id]) for row in rows if row.content_id in wanted]
    notice = f"hits are ranked by hashes and keypoints; {network.notice(settings.index)}"
    kept = [h for h in hits if h.similarity >= minimum and h.verdict is not Verdict.UNRELATED]
    return FindResult(_ranked(kept), "evidence", notice, features)


def _ranked(hits: Sequence[Hit]) -> tuple[Hit, ...]:
    return tuple(sorted(hits, key=lambda h: (-h.similarity, h.hamming, h.path)))


class _Closely:
    """Looks at files closely, each content once."""

    def __init__(
        self, catalog: Catalog, query: Picture, digest: bytes, facts: Facts, settings: Settings
    ) -> None:
        self._query = query
        self._digest = digest
        self._facts = facts
        self._loader = PictureLoader(catalog)
        self._strictness = strictness.of(settings.match)
        self._seen: dict[int, tuple[Verdict, float]] = {}

    def hit(self, row: _Row, hamming: int) -> Hit:
        """The file as a hit, its similarity by evidence."""
        if row.content_id not in self._seen:
            self._seen[row.content_id] = self._look(row)
        verdict, alike = self._seen[row.content_id]
        f = row.facts
        return Hit(row.file_id, row.path, alike, hamming, verdict, row.size, f.width, f.height)

    def _look(self, row: _Row) -> tuple[Verdict, float]:
        if row.digest == self._digest:
            return Verdict.IDENTICAL_FILE, 1.0
        evidence = examine(self._query, self._loader.load(row.content_id))
        verdict = self._strictness.judge(evidence, self._facts, row.facts)
        return verdict, similarity(evidence, verdict)


def _read(
    image: Path, settings: Settings, embedder: Embedder | None
) -> tuple[Features, Pixels | None]:
    """The features and pixels of the picture asked for, made in a worker like any other file's."""
    limits = settings.index
    size = None if embedder is None else (embedder.width, embedder.height)
    with WorkerPool(
        read_query,
        (spec_of(limits), size),
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
        SELECT f.id, c.id, r.path, f.path, f.size, f.device, f.inode, c.digest, h.value,
               c.width, c.height, c.format, c.lossless, c.quality, c.captured_at, c.camera
          FROM file f JOIN root r ON r.id = f.root_id AND r.role <> 'excluded'
          JOIN content c ON c.id = f.content_id AND c.error IS NULL
          JOIN hash h ON h.content_id = c.id AND h.kind = 'phash'
         WHERE f.present = 1 AND f.error IS NULL
        """
    ):
        file_id, content_id, root, relative, size, device, inode, digest, value, *rest = row
        path = os.path.join(root, relative)
        if not any(path.startswith(folder) for folder in below):
            continue
        if (device, inode) == (own.st_dev, own.st_ino):
            continue
        hashes = np.frombuffer(value, ">u8").astype(np.uint64)
        rows.append(_Row(file_id, content_id, path, size, digest, Facts(*rest), hashes))
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
