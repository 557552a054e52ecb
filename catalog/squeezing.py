"""Contents read once more, at the size that a network takes: in workers, as files are hostile."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..models.decode import squeeze
from . import store
from .database import Catalog
from .reading import read_content
from .settings import IndexSettings
from .workers import Lost, WorkerPool

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Job:
    """One content to read."""

    content_id: int
    digest: bytes
    paths: tuple[bytes, ...]
    """Files that had it when they were indexed, absolute."""


def read_contents(
    catalog: Catalog, content_ids: Sequence[int], size: tuple[int, int], settings: IndexSettings
) -> Generator[tuple[int, Pixels | None], None, None]:
    """Each content's id and pixels, uint8 (height, width, 3) for a `size` of (width, height).

    None where no file has that content any more, or it can't be decoded now: what is there instead
    is never taken for it. They come as they are ready; as many as there are workers are read ahead.
    """
    context = (size, settings.max_pixels, settings.max_bytes)
    with WorkerPool[Job, Pixels | None](
        read_pixels,
        context,
        workers=settings.workers,
        timeout=settings.timeout_seconds,
        memory_mb=settings.worker_memory_mb,
    ) as pool:
        places = store.places(catalog, content_ids)
        jobs = (Job(content_id, digest, paths) for content_id, digest, paths in places)
        for job, found in pool.imap_unordered(jobs):
            yield job.content_id, None if isinstance(found, Lost) else found


def read_pixels(job: Job, size: tuple[int, int], max_pixels: int, largest: int) -> Pixels | None:
    """The content squeezed to `size`, from the first file that still has it; in a worker.

    Raises:
        PictureError, MissingExtraError, MemoryError: as models.decode.squeeze.
    """
    for path in job.paths:
        data = read_content(path, job.digest, largest)
        if data is not None:
            return squeeze(data, size, max_pixels=max_pixels)
    return None
