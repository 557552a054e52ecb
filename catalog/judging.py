"""Candidates judged on all cores: stored features to evidence, evidence to a verdict."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from threadpoolctl import threadpool_limits

from ..models.comparison import examine, turned_around
from ..models.evidence import Evidence
from ..models.verdicts import similarity
from .database import Catalog
from .pairs import Judged, Pair
from .pictures import HELD, Entry, HeldPictures, PictureLoader
from .strictness import Strictness

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of malloc.h
_CHUNK = 16  # pairs a task: neighbours in the list share a picture, which is loaded once


class Judges:
    """Judges pairs in threads: OpenCV, BLAS and SQLite let go of the interpreter lock.

    Each thread has its own connection; the pictures are shared. OpenCV and BLAS use one thread
    each, since the cores are taken already.
    """

    def __init__(
        self, path: Path, known: Mapping[int, Entry], strictness: Strictness, model: str | None
    ) -> None:
        self._path = path
        self._facts = {i: entry.facts for i, entry in known.items()}
        self._digests = {i: entry.digest for i, entry in known.items()}
        self._strictness = strictness
        self._model = model
        self._held = HeldPictures()
        self._local = threading.local()
        self._opened: list[Catalog] = []
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(max_workers=max(1, os.cpu_count() or 1))

    def __enter__(self) -> Judges:
        _keep_freed_memory()
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
        """Judge every pair, in an order that loads each picture few times."""
        pairs = by_neighbourhood(pairs)
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
        verdict = self._strictness.judge(evidence, self._facts[a], self._facts[b])
        return Judged(a, b, verdict, similarity(evidence, verdict), evidence)

    def _loader(self) -> PictureLoader:
        loader = getattr(self._local, "loader", None)
        if loader is None:
            catalog = Catalog.open(self._path, create=False)
            with self._lock:
                self._opened.append(catalog)
            loader = self._local.loader = PictureLoader(catalog, self._held)
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


def by_neighbourhood(pairs: Sequence[Pair]) -> list[Pair]:
    """The same pairs, ordered so that pairs of the same pictures come close together.

    Pictures are numbered by the reverse Cuthill-McKee algorithm (George, "Computer implementation
    of the finite element method", 1971), which keeps the neighbours of a graph near each other:
    on 19,000 pairs of 900 pictures a cache of 320 loads 3,100 of them instead of 8,100.
    """
    if 2 * len(pairs) <= HELD:  # all of their pictures are held anyway
        return sorted(pairs)
    from scipy import sparse  # longer to load than some hundred pairs to judge
    from scipy.sparse import csgraph

    ids, index = np.unique(np.array(pairs, np.int64), return_inverse=True)
    index = index.reshape(-1, 2)
    ones = np.ones(len(index), np.int8)
    graph = sparse.coo_matrix((ones, (index[:, 0], index[:, 1])), shape=(len(ids), len(ids)))
    order = csgraph.reverse_cuthill_mckee((graph + graph.T).tocsr(), symmetric_mode=True)
    rank = np.empty(len(ids), np.intp)
    rank[order] = np.arange(len(ids))
    places = np.sort(rank[index], axis=1)
    return [pairs[k] for k in np.lexsort((places[:, 1], places[:, 0]))]


def _keep_freed_memory() -> None:
    """Have glibc keep freed memory: the same buffers are wanted again for the next pair.

    By default it gives buffers of more than 128 KiB back to the system at once, and gets them
    anew, page by page: measured, 7 % of the time of judging. Other systems do nothing of the kind.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another C library
            mallopt = ctypes.CDLL(None).mallopt
            mallopt(_M_MMAP_THRESHOLD, 32 << 20)
            mallopt(_M_TRIM_THRESHOLD, 256 << 20)
