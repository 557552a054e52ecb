"""The pass that embeds what is indexed: workers decode, lanes compute; what is ready is stored.

One session serves all lanes, so that the weights are in memory once; on the CPU each lane computes
with one thread. Measured against one lane that uses all cores: docs/embedding.md.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from functools import partial
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from ..models.decode import squeeze
from ..models.embedding import BATCH, Embedder
from ..models.registry import Registry
from . import network, store
from .database import Catalog
from .progress import Control, Meter, Report
from .rereading import reread
from .roots import Scope
from .settings import IndexSettings
from .workers import cores

_COMMIT_SECONDS = 1.0

Pixels = NDArray[np.uint8]
"""A network's input: (height, width, 3)."""

Vectors = list[tuple[int, NDArray[np.float32]]]


def load(settings: IndexSettings, *, threads: int = 0) -> Embedder | None:
    """The network that the settings stand for, loaded; None where there is none.

    Raises:
        ModelError: it isn't installed, or can't be used.
    """
    path = Registry().resolve(settings.model)
    if path is None:
        return None
    return Embedder(path, settings.model_output, threads=threads, provider=settings.provider)


def embed_all(
    catalog: Catalog,
    covered: Iterable[Scope],
    settings: IndexSettings,
    key: str,
    report: Report,
    control: Control,
) -> int:
    """Embed every content of the scopes that the set network hasn't seen; how many it could not.

    `key` is that of `network.model_key`, which costs a look at the whole network. Each content is
    read from its file once more; what can't be read now, or has changed since it was indexed, is
    passed over, and tried again by the next pass.

    Raises:
        ModelError: the network can't be used.
        Interrupted: `control` asked for a stop; what was embedded is stored.
    """
    network.remember(catalog, key)
    todo = store.contents_without_embedding(catalog, covered, key)
    embedder = load(settings, threads=1) if todo else None
    if embedder is None:
        return 0
    meter = Meter(report, "embed", len(todo))
    size = (embedder.width, embedder.height)
    squeezed = partial(squeeze, size=size, max_pixels=settings.max_pixels)
    lanes = _Lanes(embedder, len(todo))
    with (
        _Store(catalog, embedder.key) as ready,
        closing(reread(catalog, todo, squeezed, settings)) as contents,
    ):
        try:
            for content_id, pixels in contents:
                control.checkpoint()
                if pixels is None:
                    meter.add(failed=1)
                    continue
                for vectors in lanes.take(content_id, pixels):
                    ready.take(vectors, meter)
            for vectors in lanes.rest():
                control.checkpoint()
                ready.take(vectors, meter)
        finally:
            for vectors in lanes.stop():
                ready.take(vectors, meter)
    meter.tell()
    return meter.failed


class _Lanes:
    """Threads that embed batches; each has one under way and one that waits, never more."""

    def __init__(self, embedder: Embedder, total: int) -> None:
        lanes = cores()
        self._embedder = embedder
        self._size = max(1, min(BATCH, -(-total // lanes)))
        self._most = 2 * lanes
        self._pool = ThreadPoolExecutor(max_workers=lanes)
        self._under_way: set[Future[Vectors]] = set()
        self._batch: list[tuple[int, Pixels]] = []

    def take(self, content_id: int, pixels: Pixels) -> Iterator[Vectors]:
        """Take one more; what is ready, and at least one batch where the lanes are full."""
        self._batch.append((content_id, pixels))
        if len(self._batch) == self._size:
            self._submit()
            yield from self._ready(0.0 if len(self._under_way) < self._most else None)

    def rest(self) -> Iterator[Vectors]:
        """All that is still to come."""
        if self._batch:
            self._submit()
        while self._under_way:
            yield from self._ready(None)

    def stop(self) -> Iterator[Vectors]:
        """End the threads; what they were at, where it came to an end."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        for future in self._under_way:
            if not future.cancelled() and future.exception() is None:
                yield future.result()
        self._under_way = set()

    def _submit(self) -> None:
        self._under_way.add(self._pool.submit(_embed, self._embedder, self._batch))
        self._batch = []

    def _ready(self, timeout: float | None) -> Iterator[Vectors]:
        ready, self._under_way = wait(self._under_way, timeout, FIRST_COMPLETED)
        for future in ready:
            yield future.result()


def _embed(embedder: Embedder, batch: Sequence[tuple[int, Pixels]]) -> Vectors:
    vectors = embedder.embed(np.stack([pixels for _, pixels in batch]))
    return list(zip([content_id for content_id, _ in batch], vectors, strict=True))


class _Store:
    """Vectors on their way to the catalog, committed in small batches; a stop loses none."""

    def __init__(self, catalog: Catalog, key: str) -> None:
        self._catalog = catalog
        self._key = key
        self._batch: Vectors = []
        self._committed = time.monotonic()

    def __enter__(self) -> _Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._flush()

    def take(self, vectors: Vectors, meter: Meter) -> None:
        """Take some, and store them every second at the latest."""
        self._batch += vectors
        meter.add(len(vectors))
        if len(self._batch) >= store.BATCH or time.monotonic() - self._committed > _COMMIT_SECONDS:
            self._flush()

    def _flush(self) -> None:
        if self._batch:
            with self._catalog.transaction() as connection:
                for content_id, vector in self._batch:
                    store.put_embedding(connection, content_id, self._key, vector)
            self._batch = []
        self._committed = time.monotonic()
