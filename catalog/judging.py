"""Candidates judged on all cores: stored features to evidence, evidence to a verdict."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from threadpoolctl import threadpool_limits

from ..models.comparison import examine, turned_around
from ..models.evidence import Evidence
from ..models.verdicts import Thresholds, judge, similarity
from .database import Catalog
from .pairs import Judged, Pair
from .pictures import Entry, PictureLoader

_CHUNK = 16  # pairs a task: neighbours in the list share a picture, which is loaded once


class Judges:
    """Judges pairs in threads: OpenCV, BLAS and SQLite let go of the interpreter lock.

    Each thread has its own connection and pictures; OpenCV and BLAS use one thread each, since the
    cores are taken already.
    """

    def __init__(
        self, path: Path, known: Mapping[int, Entry], thresholds: Thresholds, model: str | None
    ) -> None:
        self._path = path
        self._facts = {i: entry.facts for i, entry in known.items()}
        self._digests = {i: entry.digest for i, entry in known.items()}
        self._thresholds = thresholds
        self._model = model
        self._local = threading.local()
        self._opened: list[Catalog] = []
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(max_workers=max(1, os.cpu_count() or 1))

    def __enter__(self) -> Judges:
        self._threads = cv2.getNumThreads()
        cv2.setNumThreads(1)
        self._limits = threadpool_limits(limits=1)
        return self

    def __exit__(self, *error: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._limits.restore_original_limits()
        cv2.setNumThreads(self._threads)
        for catalog in self._opened:
            catalog.close()

    def judge(self, pairs: Sequence[Pair]) -> Iterator[Judged]:
        """Judge every pair, in their order."""
        chunks = [pairs[start : start + _CHUNK] for start in range(0, len(pairs), _CHUNK)]
        for judged in self._pool.map(self._chunk, chunks):
            yield from judged

    def _chunk(self, pairs: Sequence[Pair]) -> list[Judged]:
        loader = self._loader()
        found = []
        for a, b in pairs:
            found.append(self.verdict(a, b, self._examine(loader, a, b)))
        return found

    def _examine(self, loader: PictureLoader, a: int, b: int) -> Evidence:
        """The evidence, always taken from the lower digest to the higher.

        Measured the other way round it differs in the last digits, and ids go by the order of
        scanning, which must change nothing.
        """
        first, second, cosine = loader.load(a), loader.load(b), self._cosine(a, b)
        if self._digests[a] <= self._digests[b]:
            return examine(first, second, cosine=cosine)
        return turned_around(examine(second, first, cosine=cosine))

    def verdict(self, a: int, b: int, evidence: Evidence) -> Judged:
        """The verdict on evidence that is there already."""
        verdict = judge(evidence, self._facts[a], self._facts[b], self._thresholds)
        return Judged(a, b, verdict, similarity(evidence, verdict), evidence)

    def _loader(self) -> PictureLoader:
        loader = getattr(self._local, "loader", None)
        if loader is None:
            catalog = Catalog.open(self._path, create=False)
            with self._lock:
                self._opened.append(catalog)
            loader = self._local.loader = PictureLoader(catalog)
            self._local.catalog = catalog
        return loader

    def _cosine(self, a: int, b: int) -> float | None:
        if self._model is None:
            return None
        rows = self._local.catalog.connection.execute(
            "SELECT vector FROM embedding WHERE model = ? AND content_id IN (?, ?)",
            (self._model, a, b),
        ).fetchall()
        if len(rows) < 2:
            return None
        x, y = (np.frombuffer(row[0], "<f2").astype(np.float32) for row in rows)
        return float(x @ y)
