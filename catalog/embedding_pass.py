"""The pass that embeds what is indexed, in lanes; what is ready is stored at once.

One session serves all lanes, so that the weights are in memory once; on the CPU each lane computes
with one thread. Measured against one lane that uses all cores: docs/embedding.md.
"""

from __future__ import annotations

import io
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..models.embedding import BATCH, Embedder, identify
from ..models.manifest import NONE
from ..models.registry import Registry
from . import store
from .database import Catalog
from .progress import Control, Meter, Report
from .settings import IndexSettings

_COMMIT_SECONDS = 1.0
_MODEL_FACT = "embedding model"  # key of the network that embedded last

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


def notice(settings: IndexSettings) -> str:
    """In one line, why there are no embeddings and how to have them; '' where there are."""
    if settings.model == NONE:
        return "no network is used (index.model = none)"
    if not settings.model and Registry().default() is None:
        return "no network for embeddings is installed: `twinsift model pull vgg16` gets one"
    return ""


def model_key(settings: IndexSettings) -> str | None:
    """The key of the embeddings that the settings stand for, without loading the network.

    Raises:
        ModelError: it isn't installed, or its file is no network or has no such output.
    """
    path = Registry().resolve(settings.model)
    return None if path is None else identify(path, settings.model_output)


def embed_all(catalog: Catalog, settings: IndexSettings, report: Report, control: Control) -> int:
    """Embed every content that the set network hasn't seen, from its stored preview; how many.

    Raises:
        ModelError: the network can't be used.
        Interrupted: `control` asked for a stop; what was embedded is stored.
    """
    key = model_key(settings)
    if key is None:
        return 0
    with catalog.transaction() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)",
            (_MODEL_FACT, key.encode()),
        )
    todo = store.contents_without_embedding(catalog, key)
    embedder = load(settings, threads=1) if todo else None
    if embedder is None:
        return 0
    meter = Meter(report, "embed", len(todo))
    lanes = os.cpu_count() or 1
    size = max(1, min(BATCH, -(-len(todo) // lanes)))
    done: Vectors = []
    stored = time.monotonic()
    with ThreadPoolExecutor(max_workers=lanes) as pool:
        try:
            for vectors in _computed(catalog, embedder, pool, _chunks(todo, size), lanes, control):
                done += vectors
                meter.add(len(vectors))
                if len(done) >= store.BATCH or time.monotonic() - stored > _COMMIT_SECONDS:
                    _store(catalog, embedder.key, done)
                    stored, done = time.monotonic(), []
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            _store(catalog, embedder.key, done)
    meter.tell()
    return meter.done


def current_model(catalog: Catalog) -> str | None:
    """The key of the network that embedded last, or None where there are no embeddings."""
    row = catalog.connection.execute(
        "SELECT model FROM embedding GROUP BY model ORDER BY model = coalesce((SELECT CAST(value AS"
        " TEXT) FROM fact WHERE name = ?), '') DESC, count(*) DESC, model LIMIT 1",
        (_MODEL_FACT,),
    ).fetchone()
    return row[0] if row else None


def contents(catalog: Catalog, model: str | None) -> set[int]:
    """Ids of the contents that a network has embedded."""
    rows = catalog.connection.execute("SELECT content_id FROM embedding WHERE model = ?", (model,))
    return {content_id for (content_id,) in rows}


def _computed(
    catalog: Catalog,
    embedder: Embedder,
    pool: ThreadPoolExecutor,
    chunks: Iterator[Sequence[int]],
    lanes: int,
    control: Control,
) -> Iterator[Vectors]:
    """The chunks' vectors as they get ready; each lane has one under way and one that waits."""
    under_way: set[Future[Vectors]] = set()
    while True:
        control.checkpoint()
        for chunk in chunks:
            found = store.previews(catalog, chunk)
            under_way.add(pool.submit(_embed, embedder, found))
            if len(under_way) >= 2 * lanes:
                break
        if not under_way:
            return
        ready, under_way = wait(under_way, return_when=FIRST_COMPLETED)
        for future in ready:
            yield future.result()


def _embed(embedder: Embedder, previews: Sequence[tuple[int, bytes]]) -> Vectors:
    if not previews:
        return []
    images = [Image.open(io.BytesIO(jpeg)) for _, jpeg in previews]
    return list(zip([i for i, _ in previews], embedder.embed(images), strict=True))


def _store(catalog: Catalog, key: str, vectors: Vectors) -> None:
    if vectors:
        with catalog.transaction() as connection:
            for content_id, vector in vectors:
                store.put_embedding(connection, content_id, key, vector)


def _chunks(ids: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]
